// SPDX-License-Identifier: GPL-2.0
/*
 * bench_contest.c - a case played by several peers in turn
 *
 * The median of many repetitions is taken, less the control's: an interrupt, or
 * a neighbour on the machine, falls into some of them only.
 */
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sort.h>

#include "bench_contest.h"
#include "bench_report.h"

/* Repetitions that warm caches up and count for nothing. */
#define WARM_UP		3

/**
 * struct stand - how an entrant stands
 * @heap: its heap
 * @samples: of each repetition
 * @err: it is out
 */
struct stand {
	struct bench_heap heap;
	u64 *samples;
	int err;
};

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/**
 * bench_median() - the middle one
 * @samples: get sorted
 * @nr: of samples
 */
u64 bench_median(u64 *samples, u32 nr)
{
	sort(samples, nr, sizeof(*samples), compare, NULL);
	return samples[nr / 2];
}

static void begin(const struct bench_contest *contest, u32 i, struct stand *stand)
{
	const struct bench_entrant *entrant = &contest->entrants[i];

	if (bench_peer_plays(entrant->peer))
		stand->err = bench_peer_open(entrant->peer, &stand->heap, &contest->need);
	else
		stand->err = -ENODEV;
	if (stand->err)
		return;
	if (entrant->fill)
		stand->err = entrant->fill(&stand->heap, &contest->work);
	if (stand->err)
		bench_peer_close(entrant->peer, &stand->heap);
}

static void end(const struct bench_contest *contest, u32 i, struct stand *stand)
{
	const struct bench_entrant *entrant = &contest->entrants[i];

	if (stand->err)
		return;
	if (entrant->drain)
		entrant->drain(&stand->heap, &contest->work);
	bench_peer_close(entrant->peer, &stand->heap);
}

static void repeat(const struct bench_contest *contest, u32 i, struct stand *stand, u32 sample)
{
	u64 ticks;

	if (stand->err)
		return;
	ticks = contest->entrants[i].repeat(&stand->heap, &contest->work);
	if (ticks == BENCH_FAILED) {
		end(contest, i, stand);
		stand->err = -ENOMEM;
	} else if (sample >= WARM_UP) {
		stand->samples[sample - WARM_UP] = ticks;
	}
	cond_resched();
}

static u32 repetitions(const struct bench_contest *contest)
{
	return contest->repetitions * max(bench_times, 1);
}

static void play_one_by_one(const struct bench_contest *contest, u32 nr, struct stand *stands)
{
	u32 i, sample;

	for (i = 0; i < nr; i++) {
		begin(contest, i, &stands[i]);
		for (sample = 0; sample < repetitions(contest) + WARM_UP; sample++)
			repeat(contest, i, &stands[i], sample);
		end(contest, i, &stands[i]);
	}
}

static void play_in_turn(const struct bench_contest *contest, u32 nr, struct stand *stands)
{
	u32 i, sample;

	for (i = 0; i < nr; i++)
		begin(contest, i, &stands[i]);
	for (sample = 0; sample < repetitions(contest) + WARM_UP; sample++)
		for (i = 0; i < nr; i++)
			repeat(contest, i, &stands[i], sample);
	for (i = 0; i < nr; i++)
		end(contest, i, &stands[i]);
}

static void report(const struct bench_contest *contest, u32 nr, struct stand *stands)
{
	u64 control = bench_median(stands[0].samples, repetitions(contest));
	u64 ticks;
	u32 i;

	for (i = 1; i < nr; i++) {
		const char *name = contest->entrants[i].peer->name;

		if (stands[i].err == -ENODEV)
			continue;
		if (stands[i].err) {
			pr_warn("pma_bench: %s: %s is out: %pe\n", contest->name, name,
				ERR_PTR(stands[i].err));
			continue;
		}
		ticks = bench_median(stands[i].samples, repetitions(contest));
		bench_report_ticks(contest->name, name, ticks > control ? ticks - control : 0,
				   contest->blocks);
	}
}

/**
 * bench_contest_run() - play a case and report the results
 * @contest: the case
 *
 * A peer that fails has no result, and a line in the log.
 *
 * Return: 0 or -ENOMEM.
 */
int bench_contest_run(const struct bench_contest *contest)
{
	struct stand *stands;
	u64 *samples;
	u32 nr = 0, i;

	while (contest->entrants[nr].peer)
		nr++;
	stands = kcalloc(nr, sizeof(*stands), GFP_KERNEL);
	samples = kvcalloc(nr * repetitions(contest), sizeof(*samples), GFP_KERNEL);
	if (stands && samples) {
		for (i = 0; i < nr; i++)
			stands[i].samples = samples + i * repetitions(contest);
		if (contest->one_by_one)
			play_one_by_one(contest, nr, stands);
		else
			play_in_turn(contest, nr, stands);
		report(contest, nr, stands);
	}
	i = stands && samples;
	kvfree(samples);
	kfree(stands);
	return i ? 0 : -ENOMEM;
}
