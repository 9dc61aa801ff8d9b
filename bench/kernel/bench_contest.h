/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench_contest.h - a case played by several peers in turn
 */
#ifndef _BENCH_CONTEST_H
#define _BENCH_CONTEST_H

#include "bench.h"
#include "bench_peer.h"

/**
 * struct bench_work - what a repetition is to do
 * @size: of blocks
 * @nr: operations, or blocks of a batch
 * @live: blocks to be in use
 * @sizes: of blocks, where they differ: a table of BENCH_SIZES
 */
struct bench_work {
	size_t size;
	u32 nr;
	u32 live;
	const u32 *sizes;
};

/**
 * struct bench_entrant - a peer and its loops
 * @peer: the peer
 * @fill: before the first repetition: bring the heap into the case's state
 * @repeat: a repetition: ticks or BENCH_FAILED
 * @drain: after the last one: free what is in use
 */
struct bench_entrant {
	const struct bench_peer *peer;
	int (*fill)(struct bench_heap *heap, const struct bench_work *work);
	u64 (*repeat)(struct bench_heap *heap, const struct bench_work *work);
	void (*drain)(struct bench_heap *heap, const struct bench_work *work);
};

#define BENCH_ENTRANTS_MAX	8

/**
 * struct bench_contest - a case played by several peers in turn
 * @name: of the case
 * @entrants: the first is the control, and one without a peer is the end
 * @need: of all heaps
 * @work: of each repetition
 * @repetitions: how many
 * @blocks: in a repetition, that the value is per
 * @one_by_one: a heap is freed before the next is made, for large ones; else the
 *	peers take turns, so that whatever disturbs the machine disturbs all
 */
struct bench_contest {
	const char *name;
	const struct bench_entrant *entrants;
	struct bench_need need;
	struct bench_work work;
	u32 repetitions;
	u32 blocks;
	bool one_by_one;
};

int bench_contest_run(const struct bench_contest *contest);
u64 bench_median(u64 *samples, u32 nr);

#endif /* _BENCH_CONTEST_H */
