// SPDX-License-Identifier: GPL-2.0
/*
 * bench_worst.c - each of 10^6 operations by itself
 *
 * Allocs and frees at random, at every fill: the bytes in use follow a target that
 * goes up to nine tenths of the region and down again, several times.  Interrupts
 * are off around an operation, so that nothing but it is timed.  A value is one
 * operation's, not a pair's: the highest, the one that 1 in 10^4 exceeds, and the
 * median.
 *
 *  worst-*	small, medium and large sizes
 *  medium-*	2.5 to 20 KiB
 */
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "bench_contest.h"
#include "bench_report.h"
#include "bench_sizes.h"

#define OPERATIONS	1000000
#define WAVES		8	/* of the target */
#define REGION		SZ_32M
#define MOST_BYTES	(REGION / 10 * 9)

/* Operations by their ticks; what takes longer is counted in the last one. */
#define TICKS_MAX	BIT(17)

/**
 * struct tally - what the operations took
 * @ticks: how many took so long
 * @max: the longest
 * @nr: of operations
 * @failed: of them, allocs without an answer
 */
struct tally {
	u32 ticks[TICKS_MAX];
	u64 max;
	u32 nr;
	u32 failed;
};

static void count(struct tally *tally, u64 ticks)
{
	tally->ticks[min(ticks, TICKS_MAX - 1)]++;
	tally->max = max(tally->max, ticks);
	tally->nr++;
}

/* The least number of ticks that at most @above operations exceed. */
static u64 quantile(const struct tally *tally, u32 above)
{
	u32 ticks = TICKS_MAX - 1;
	u32 seen = 0;

	if (tally->ticks[ticks] > above)
		return tally->max;
	while (ticks && seen + tally->ticks[ticks] <= above)
		seen += tally->ticks[ticks--];
	return ticks;
}

/* Bytes that shall be in use at operation @i: a triangle's side, up or down. */
static u64 target_at(u32 i)
{
	u32 half = OPERATIONS / WAVES / 2;
	u32 phase = i % (2 * half);

	return div_u64((u64)MOST_BYTES * (phase < half ? phase : 2 * half - phase), half);
}

static __always_inline void play(const struct bench_peer *peer, struct bench_heap *heap,
				 const struct bench_work *work, struct tally *tally)
{
	struct bench_random random = heap->random;
	u64 bytes = 0, begin, ticks;
	unsigned long irq;
	u32 i;

	for (i = 0; i < work->nr; i++) {
		bool wants = bench_random_below(&random, 4) < (bytes < target_at(i) ? 3 : 1);
		u32 size = work->sizes[bench_random_next(&random) % BENCH_SIZES];
		u32 at = bench_random_below(&random, heap->nr ?: 1);
		void *block;

		if (heap->nr == work->live || (heap->nr && !wants)) {
			block = heap->block[at];
			size = heap->size[at];
			heap->block[at] = heap->block[--heap->nr];
			heap->size[at] = heap->size[heap->nr];
			bytes -= size;
			local_irq_save(irq);
			begin = bench_now();
			peer->free(heap, block, size);
			ticks = bench_now() - begin;
			local_irq_restore(irq);
		} else {
			local_irq_save(irq);
			begin = bench_now();
			block = peer->alloc(heap, size);
			ticks = bench_now() - begin;
			local_irq_restore(irq);
			tally->failed += !block;
			if (block) {
				heap->block[heap->nr] = block;
				heap->size[heap->nr++] = size;
				bytes += size;
			}
		}
		count(tally, ticks);
		if (!(i % 4096))
			cond_resched();
	}
	while (heap->nr--)
		peer->free(heap, heap->block[heap->nr], heap->size[heap->nr]);
}

#define PLAY(of)								\
	static noinline void play_##of(struct bench_heap *heap,			\
				       const struct bench_work *work,		\
				       struct tally *tally)			\
	{									\
		play(&bench_##of, heap, work, tally);				\
	}

PLAY(control)
PLAY(pma)
PLAY(kmalloc)
PLAY(gen_pool)

/**
 * struct player - a peer and its loop
 * @peer: the peer
 * @play: fills a tally
 * @nr: operations; fewer where each takes very long
 */
struct player {
	const struct bench_peer *peer;
	void (*play)(struct bench_heap *heap, const struct bench_work *work, struct tally *tally);
	u32 nr;
};

static const struct player players[] = {
	{ &bench_control, play_control, OPERATIONS / WAVES },
	{ &bench_pma, play_pma, OPERATIONS },
	{ &bench_kmalloc, play_kmalloc, OPERATIONS },
	{ &bench_gen_pool, play_gen_pool, OPERATIONS / WAVES },
};

static void report(const char *prefix, const char *allocator, const struct tally *tally,
		   u64 control)
{
	const struct {
		const char *suffix;
		u64 ticks;
	} lines[] = {
		{ "max", tally->max },
		{ "p9999", quantile(tally, tally->nr / 10000) },
		{ "median", quantile(tally, tally->nr / 2) },
	};
	char name[32];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		scnprintf(name, sizeof(name), "%s-%s", prefix, lines[i].suffix);
		bench_report_ticks(name, allocator,
				   lines[i].ticks > control ? lines[i].ticks - control : 0, 1);
	}
	if (tally->failed)
		pr_info("pma_bench: %s: %s refused %u of %u operations\n", prefix, allocator,
			tally->failed, tally->nr);
}

static int run_player(const char *prefix, const struct player *player, struct bench_work *work,
		      struct tally *tally, u64 *control)
{
	const struct bench_need need = {
		.region = REGION,
		.gen_pool_order = 8,
		.gfp = GFP_ATOMIC | __GFP_NOWARN,
	};
	struct bench_heap heap;
	int err = bench_peer_open(player->peer, &heap, &need);

	if (err)
		return err;
	work->nr = player->nr;
	heap.block = kvcalloc(work->live, sizeof(*heap.block), GFP_KERNEL);
	heap.size = kvcalloc(work->live, sizeof(*heap.size), GFP_KERNEL);
	if (heap.block && heap.size) {
		memset(tally, 0, sizeof(*tally));
		player->play(&heap, work, tally);
		if (player->peer == &bench_control)
			*control = quantile(tally, tally->nr / 2);
		else
			report(prefix, player->peer->name, tally, *control);
	} else {
		err = -ENOMEM;
	}
	kvfree(heap.size);
	kvfree(heap.block);
	bench_peer_close(player->peer, &heap);
	return err;
}

static int run_worst(const struct bench_case *what)
{
	const char *prefix = what->arg == BENCH_MEDIUM ? "medium" : "worst";
	struct bench_work work = {
		.live = MOST_BYTES / 256,
		.sizes = bench_sizes(what->arg),
	};
	struct tally *tally = vmalloc(sizeof(*tally));
	u64 control = 0;
	int err = 0;
	u32 i;

	if (!tally)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(players) && !err; i++)
		if (bench_peer_plays(players[i].peer))
			err = run_player(prefix, &players[i], &work, tally, &control);
	vfree(tally);
	return err;
}

const struct bench_case bench_worst_cases[] = {
	{ "worst", run_worst, BENCH_WIDE },
	{ "medium-worst", run_worst, BENCH_MEDIUM },
	{}
};
