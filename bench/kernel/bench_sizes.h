/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench_sizes.h - sizes of blocks, drawn at random before anything is timed
 */
#ifndef _BENCH_SIZES_H
#define _BENCH_SIZES_H

#include "bench.h"

#define BENCH_SIZES		4096	/* in a table */

/**
 * enum bench_blend - what sizes a table has
 * @BENCH_SMALL: 17 to 2048 bytes, each power of two as likely as the next
 * @BENCH_MEDIUM: 2.5 to 20 KiB, evenly
 * @BENCH_MIX: 98 % from 17 to 1024 bytes, each power of two as likely as the next,
 *	and 2 % medium ones
 * @BENCH_WIDE: 90 % small, 8 % medium, 2 % from 16 to 256 KiB
 */
enum bench_blend {
	BENCH_SMALL,
	BENCH_MEDIUM,
	BENCH_MIX,
	BENCH_WIDE,
};

const u32 *bench_sizes(enum bench_blend blend);

#endif /* _BENCH_SIZES_H */
