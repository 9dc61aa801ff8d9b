// SPDX-License-Identifier: GPL-2.0
/*
 * bench_sizes.c - sizes of blocks, drawn at random before anything is timed
 */
#include <linux/kernel.h>
#include <linux/sizes.h>

#include "bench_sizes.h"

/* Above 2^@low and up to 2^@high, each power of two as likely as the next. */
static u32 by_octaves(struct bench_random *random, u32 low, u32 high)
{
	u32 octave = low + bench_random_below(random, high - low);

	return (1U << octave) + 1 + bench_random_below(random, 1U << octave);
}

static u32 evenly(struct bench_random *random, u32 low, u32 high)
{
	return low + bench_random_below(random, high - low + 1);
}

static u32 draw(struct bench_random *random, enum bench_blend blend)
{
	u32 percent = bench_random_below(random, 100);

	switch (blend) {
	case BENCH_SMALL:
		return by_octaves(random, 4, 11);
	case BENCH_MEDIUM:
		return evenly(random, 2560, 20 * SZ_1K);
	case BENCH_MIX:
		return percent < 98 ? by_octaves(random, 4, 10) : evenly(random, 2560, 20 * SZ_1K);
	default:
		return percent < 90 ? by_octaves(random, 4, 11) :
		       percent < 98 ? evenly(random, 2560, 20 * SZ_1K) :
		       evenly(random, SZ_16K, SZ_256K);
	}
}

/**
 * bench_sizes() - a table of sizes
 * @blend: what sizes
 *
 * Return: BENCH_SIZES of them, the same for the same seed, until the next call.
 */
const u32 *bench_sizes(enum bench_blend blend)
{
	static u32 sizes[BENCH_SIZES];
	struct bench_random random = bench_random_begin(1 + blend);
	u32 i;

	for (i = 0; i < BENCH_SIZES; i++)
		sizes[i] = draw(&random, blend);
	return sizes;
}
