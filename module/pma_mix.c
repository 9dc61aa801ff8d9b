// SPDX-License-Identifier: GPL-2.0
/*
 * pma_mix.c - blocks of any size side by side, a bit for each 16 bytes
 *
 * A *mixed* run is tiled by pieces, in units of 16 bytes.  The first bit of each is
 * set; of a free one the second is too.  That one bit a unit tells all, in no more
 * room than the bitmap of a slab page, takes two rules: no piece is shorter than two
 * units, and no two free ones are neighbours.
 *
 *	pieces	[ used 4  )[ free 3 )[ used 2 )[ free 2 )[ used 3 ...
 *	bits	  1 0 0 0   1 1 0     1 0       1 1       1 0 0
 *
 * So a bit after a 0 is the first of a piece; one after a single 1 is the second of a
 * free piece; and one after two of them is again a first.  More than three never
 * follow each other.
 *
 * A request gets the shortest free piece that is long enough.  All is O(units), a
 * word of the bitmap at a time; but most words have no free piece, so a *hint* tells of
 * each stretch of 64 units whether one may begin there.
 */
#include "pma_mix.h"

/* Does a piece start at @unit? */
static bool is_start(const unsigned long *map, u32 unit)
{
	if (!test_bit(unit, map))
		return false;
	if (!unit || !test_bit(unit - 1, map))
		return true;
	return unit > 1 && test_bit(unit - 2, map);
}

static void write_free(unsigned long *map, u32 unit, u64 *hints)
{
	__set_bit(unit, map);
	__set_bit(unit + 1, map);
	*hints |= BIT_ULL(unit / PMA_MIX_STRETCH);
}

/**
 * pma_mix_init() - make a run one free piece
 * @map: its bitmap
 * @units: its length, at most 64 stretches
 *
 * Its hints are 1 then; where they have no place to be kept, they are always ~0.
 */
void pma_mix_init(unsigned long *map, u32 units)
{
	bitmap_zero(map, ALIGN(units, BITS_PER_LONG));
	write_free(map, 0, &(u64){ 0 });
}

/**
 * struct search - the free pieces of a run, seen for a request
 * @units: that it wants
 * @best: the shortest piece that is long enough, or PMA_NONE
 * @best_units: its length
 * @largest: length of the longest of the others
 */
struct search {
	u32 units;
	u32 best;
	u32 best_units;
	u32 largest;
};

static void see(struct search *search, u32 unit, u32 units)
{
	if (units < search->units || units >= search->best_units) {
		search->largest = max(search->largest, units);
		return;
	}
	if (search->best != PMA_NONE)
		search->largest = max(search->largest, search->best_units);
	search->best = unit;
	search->best_units = units;
}

/* Free pieces begin where there are two bits in a row, and none before.  Were there any? */
static bool look_in_word(struct search *search, const unsigned long *map, u32 end, u32 word)
{
	unsigned long here = map[word], before = word ? map[word - 1] : 0, starts, left;
	unsigned long after = word + 1 < BITS_TO_LONGS(end) ? map[word + 1] : 0;
	u32 unit;

	starts = here & (here >> 1 | after << (BITS_PER_LONG - 1)) &
		 ~(here << 1 | before >> (BITS_PER_LONG - 1));
	for (left = starts; left; left &= left - 1) {
		unit = word * BITS_PER_LONG + __ffs(left);
		see(search, unit, pma_mix_units(map, end, unit));
	}
	return starts;
}

static bool look_in_stretch(struct search *search, const unsigned long *map, u32 end, u32 stretch)
{
	u32 words = PMA_MIX_STRETCH / BITS_PER_LONG, word = stretch * words;
	u32 last = min_t(u32, word + words, BITS_TO_LONGS(end));
	bool any = false;

	for (; word < last; word++)
		any |= look_in_word(search, map, end, word);
	return any;
}

/* All free pieces; hints that were in vain are taken back. */
static void look(struct search *search, const unsigned long *map, u32 end, u64 *hints)
{
	u64 left = *hints;
	u32 stretch;

	for (; left; left &= left - 1) {
		stretch = __ffs64(left);
		if (stretch * PMA_MIX_STRETCH >= end)
			break;
		if (!look_in_stretch(search, map, end, stretch))
			*hints &= ~BIT_ULL(stretch);
	}
}

/**
 * pma_mix_alloc() - take a piece
 * @map: the run's bitmap
 * @end: its length
 * @units: wanted, at least PMA_MIX_UNITS_MIN
 * @hints: of stretches where a free piece may begin
 * @largest: the longest free piece that is left, also if the request fails
 *
 * A rest that would be too short for a piece stays with it.
 *
 * Return: its first unit, or PMA_NONE.
 */
u32 pma_mix_alloc(unsigned long *map, u32 end, u32 units, u64 *hints, u32 *largest)
{
	struct search search = { .units = units, .best = PMA_NONE, .best_units = PMA_NONE };
	u32 rest;

	look(&search, map, end, hints);
	*largest = search.largest;
	if (search.best == PMA_NONE)
		return PMA_NONE;
	__clear_bit(search.best + 1, map);
	rest = search.best_units - units;
	if (rest >= PMA_MIX_UNITS_MIN) {
		write_free(map, search.best + units, hints);
		*largest = max(*largest, rest);
	}
	return search.best;
}

/* Join the free piece after a piece with it, if there is one; its length, or 0. */
static u32 absorb_next(unsigned long *map, u32 end, u32 next)
{
	u32 units;

	if (next >= end || !pma_mix_is_free(map, next))
		return 0;
	units = pma_mix_units(map, end, next);
	__clear_bit(next, map);
	__clear_bit(next + 1, map);
	return units;
}

/**
 * pma_mix_free() - give a piece back
 * @map: the run's bitmap
 * @end: its length
 * @unit: first of a piece in use
 * @units: its length
 * @hints: of stretches where a free piece may begin
 *
 * Return: the length of the free piece that it is part of now.
 */
u32 pma_mix_free(unsigned long *map, u32 end, u32 unit, u32 units, u64 *hints)
{
	u32 before;

	units += absorb_next(map, end, unit + units);
	before = unit ? pma_mix_find(map, unit - 1) : unit;
	if (before != unit && pma_mix_is_free(map, before)) {
		__clear_bit(unit, map);
		return unit + units - before;
	}
	write_free(map, unit, hints);
	return units;
}

/**
 * pma_mix_resize() - make a piece shorter or longer where it is
 * @map: the run's bitmap
 * @end: its length
 * @unit: first of a piece in use
 * @units: wanted, at least PMA_MIX_UNITS_MIN
 * @hints: of stretches where a free piece may begin
 *
 * Return: false if there is no room after it; then nothing has changed.
 */
bool pma_mix_resize(unsigned long *map, u32 end, u32 unit, u32 units, u64 *hints)
{
	u32 have = pma_mix_units(map, end, unit), next = unit + have;

	if (next < end && pma_mix_is_free(map, next))
		have += pma_mix_units(map, end, next);
	if (have < units)
		return false;
	absorb_next(map, end, next);
	if (have - units >= PMA_MIX_UNITS_MIN)
		write_free(map, unit + units, hints);
	return true;
}

/**
 * pma_mix_largest() - the longest free piece
 * @map: the run's bitmap
 * @end: its length
 * @hints: of stretches where a free piece may begin
 *
 * Return: its length, or 0.
 */
u32 pma_mix_largest(const unsigned long *map, u32 end, u64 *hints)
{
	struct search search = { .units = PMA_NONE, .best = PMA_NONE };

	look(&search, map, end, hints);
	return search.largest;
}

/**
 * pma_mix_find() - the piece that a unit lies in
 * @map: the run's bitmap
 * @unit: any of the run
 *
 * Return: its first unit.
 */
u32 pma_mix_find(const unsigned long *map, u32 unit)
{
	u32 word = unit / BITS_PER_LONG;
	unsigned long bits = map[word] & BITMAP_LAST_WORD_MASK(unit + 1);

	/* There is one at or before it, as the run begins with one. */
	unit = bits ? word * BITS_PER_LONG + __fls(bits) : find_last_bit(map, word * BITS_PER_LONG);
	return is_start(map, unit) ? unit : unit - 1;
}

/**
 * pma_mix_sum() - go through the pieces of a run
 * @map: its bitmap
 * @end: its length
 *
 * Safe for a bitmap that changes meanwhile, or is wrong.
 *
 * Return: what there is.
 */
struct pma_mix_sum pma_mix_sum(const unsigned long *map, u32 end)
{
	struct pma_mix_sum sum = { .first_free = PMA_NONE };
	bool after_free = false;
	u32 unit, units;

	sum.errors = !test_bit(0, map);
	for (unit = 0; unit + PMA_MIX_UNITS_MIN <= end; unit += units) {
		units = pma_mix_units(map, end, unit);
		if (!pma_mix_is_free(map, unit)) {
			sum.used++;
			sum.used_units += units;
			after_free = false;
			continue;
		}
		sum.errors += after_free;
		after_free = true;
		sum.free++;
		sum.largest = max(sum.largest, units);
		sum.first_free = min(sum.first_free, unit);
		sum.hints |= BIT_ULL(unit / PMA_MIX_STRETCH);
	}
	sum.errors += unit != end;
	return sum;
}
