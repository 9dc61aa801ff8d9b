/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_mix.h - blocks of any size side by side, a bit for each 16 bytes
 */
#ifndef _PMA_MIX_H
#define _PMA_MIX_H

#include "pma_types.h"

#define PMA_MIX_UNIT		PMA_BLOCK_MIN	/* bytes that a bit stands for */
#define PMA_MIX_UNITS_MIN	2U		/* of a piece */
#define PMA_MIX_STRETCH		64U		/* units for a hint, of which there are 64 */

/**
 * struct pma_mix_sum - what is in a run
 * @used: pieces in use
 * @free: free ones
 * @used_units: in those in use
 * @largest: units of the longest free one
 * @first_free: unit of the first of them, or PMA_NONE
 * @hints: a bit for each stretch where one begins
 * @errors: broken invariants
 */
struct pma_mix_sum {
	u32 used;
	u32 free;
	u32 used_units;
	u32 largest;
	u32 first_free;
	u64 hints;
	u32 errors;
};

void pma_mix_init(unsigned long *map, u32 units);
u32 pma_mix_alloc(unsigned long *map, u32 end, u32 units, u64 *hints, u32 *largest);
u32 pma_mix_free(unsigned long *map, u32 end, u32 unit, u32 units, u64 *hints);
bool pma_mix_resize(unsigned long *map, u32 end, u32 unit, u32 units, u64 *hints, u32 *largest);
u32 pma_mix_find(const unsigned long *map, u32 unit);
struct pma_mix_sum pma_mix_sum(const unsigned long *map, u32 end);

/* Units for a block of @size bytes. */
static inline u32 pma_mix_units_for(size_t size)
{
	return max_t(u32, DIV_ROUND_UP(size, PMA_MIX_UNIT), PMA_MIX_UNITS_MIN);
}

/* Is the piece that starts at @unit free? */
static inline bool pma_mix_is_free(const unsigned long *map, u32 unit)
{
	return test_bit(unit + 1, map);
}

/* Does a piece start at @unit? */
static inline bool pma_mix_is_start(const unsigned long *map, u32 unit)
{
	if (!test_bit(unit, map))
		return false;
	if (!unit || !test_bit(unit - 1, map))
		return true;
	return unit > 1 && test_bit(unit - 2, map);
}

/* Units of the piece that starts at @unit. */
static inline u32 pma_mix_units(const unsigned long *map, u32 end, u32 unit)
{
	const unsigned long *word, *stop = map + BITS_TO_LONGS(end);
	u32 from = unit + PMA_MIX_UNITS_MIN;
	unsigned long bits;

	if (unlikely(from >= end))
		return end - unit;
	word = map + from / BITS_PER_LONG;
	bits = READ_ONCE(*word) & BITMAP_FIRST_WORD_MASK(from);
	while (!bits) {
		if (++word == stop)
			return end - unit;
		bits = READ_ONCE(*word);
	}
	return min_t(u32, (word - map) * BITS_PER_LONG + __ffs(bits), end) - unit;
}

/* Units of the piece at @unit that was taken for @units: a rest of one, which is none, stays. */
static inline u32 pma_mix_taken(const unsigned long *map, u32 end, u32 unit, u32 units)
{
	return units + (unit + units < end && !test_bit(unit + units, map));
}

#endif /* _PMA_MIX_H */
