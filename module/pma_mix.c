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

#define STRETCH_WORDS	(PMA_MIX_STRETCH / BITS_PER_LONG)

/* The first unit of the piece that @unit lies in. */
static __always_inline u32 find(const unsigned long *map, u32 unit)
{
	const unsigned long *word = map + unit / BITS_PER_LONG;
	unsigned long bits = *word & BITMAP_LAST_WORD_MASK(unit + 1);

	/* A run begins with one, or is broken. */
	if (unlikely(!(*map & 1)))
		return 0;
	while (!bits)
		bits = *--word;
	unit = (word - map) * BITS_PER_LONG + __fls(bits);
	return pma_mix_is_start(map, unit) ? unit : unit - 1;
}

static __always_inline void write_free(unsigned long *map, u32 unit, u64 *hints)
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
 * @best_units: its length, or PMA_NONE
 * @largest: length of the longest of the others
 */
struct search {
	u32 units;
	u32 best;
	u32 best_units;
	u32 largest;
};

static __always_inline void see(struct search *search, u32 unit, u32 units)
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

/* Free pieces begin where there are two bits in a row, and none before. */
static __always_inline unsigned long starts_in(const unsigned long *map, u32 end, u32 word)
{
	unsigned long here = map[word], next = here >> 1, starts;

	if ((long)here < 0 && word + 1 < BITS_TO_LONGS(end))
		next |= map[word + 1] << (BITS_PER_LONG - 1);
	starts = here & next & ~(here << 1);
	return starts & 1 && word && (long)map[word - 1] < 0 ? starts - 1 : starts;
}

/* As pma_mix_units(), of a piece that starts in @map[@word]. */
static __always_inline u32 units_in(const unsigned long *map, u32 end, u32 word, u32 bit)
{
	unsigned long rest = map[word] >> bit >> PMA_MIX_UNITS_MIN;
	u32 unit = word * BITS_PER_LONG + bit;

	return rest ? min(PMA_MIX_UNITS_MIN + (u32)__ffs(rest), end - unit) :
		      pma_mix_units(map, end, unit);
}

/* All free pieces of a stretch; were there any? */
static __always_inline bool look_in_stretch(struct search *search, const unsigned long *map,
					    u32 end, u32 stretch)
{
	u32 word = stretch * STRETCH_WORDS, i, bit;
	unsigned long starts, any = 0;

	for (i = 0; i < STRETCH_WORDS && (!i || word < BITS_TO_LONGS(end)); i++, word++) {
		starts = starts_in(map, end, word);
		any |= starts;
		for (; starts; starts &= starts - 1) {
			bit = __ffs(starts);
			see(search, word * BITS_PER_LONG + bit, units_in(map, end, word, bit));
		}
	}
	return any;
}

/* A stretch has lost a free piece: was it the last one? */
static void forget_if_vain(const unsigned long *map, u32 end, u32 stretch, u64 *hints)
{
	u32 word = stretch * STRETCH_WORDS, i;

	for (i = 0; i < STRETCH_WORDS && (!i || word < BITS_TO_LONGS(end)); i++, word++)
		if (starts_in(map, end, word))
			return;
	*hints &= ~BIT_ULL(stretch);
}

/* All free pieces; hints that were in vain are taken back. */
static __always_inline struct search look(const unsigned long *map, u32 end, u32 units, u64 *hints)
{
	struct search search = { .units = units, .best = PMA_NONE, .best_units = PMA_NONE };
	u64 left = *hints & GENMASK_ULL((end - 1) / PMA_MIX_STRETCH, 0);
	u32 stretch;

	for (; left; left &= left - 1) {
		stretch = __ffs64(left);
		if (!look_in_stretch(&search, map, end, stretch))
			*hints &= ~BIT_ULL(stretch);
	}
	return search;
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
	struct search search = look(map, end, units, hints);
	u32 rest;

	*largest = search.largest;
	if (search.best == PMA_NONE)
		return PMA_NONE;
	__clear_bit(search.best + 1, map);
	forget_if_vain(map, end, search.best / PMA_MIX_STRETCH, hints);
	rest = search.best_units - units;
	if (rest >= PMA_MIX_UNITS_MIN) {
		write_free(map, search.best + units, hints);
		*largest = max(*largest, rest);
	}
	return search.best;
}

/* Join the free piece after a piece with it, if there is one; its length, or 0. */
static __always_inline u32 absorb_next(unsigned long *map, u32 end, u32 next)
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
	before = unit ? find(map, unit - 1) : unit;
	if (before != unit && pma_mix_is_free(map, before)) {
		__clear_bit(unit, map);
		return unit + units - before;
	}
	write_free(map, unit, hints);
	return units;
}

static noinline u32 find_largest(const unsigned long *map, u32 end, u64 *hints)
{
	return look(map, end, PMA_NONE, hints).largest;
}

/**
 * pma_mix_resize() - make a piece shorter or longer where it is
 * @map: the run's bitmap
 * @end: its length
 * @unit: first of a piece in use
 * @units: wanted, at least PMA_MIX_UNITS_MIN
 * @hints: of stretches where a free piece may begin
 * @largest: the longest free piece, or 0: as it is, then as it is afterwards
 *
 * Return: false if there is no room after it; then nothing has changed.
 */
bool pma_mix_resize(unsigned long *map, u32 end, u32 unit, u32 units, u64 *hints, u32 *largest)
{
	u32 have = pma_mix_units(map, end, unit), next = unit + have, gap = 0, rest;

	if (next < end && pma_mix_is_free(map, next))
		gap = pma_mix_units(map, end, next);
	if (have + gap < units)
		return false;
	absorb_next(map, end, next);
	rest = have + gap - units;
	if (rest >= PMA_MIX_UNITS_MIN)
		write_free(map, unit + units, hints);
	else
		rest = 0;
	if (rest >= *largest)
		*largest = rest;
	else if (gap == *largest)
		*largest = find_largest(map, end, hints);
	return true;
}

/**
 * pma_mix_find() - the piece that a unit lies in
 * @map: the run's bitmap
 * @unit: any of the run
 *
 * Return: its first unit; 0 if the bitmap is wrong.
 */
u32 pma_mix_find(const unsigned long *map, u32 unit)
{
	return find(map, unit);
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
