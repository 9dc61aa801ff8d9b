// SPDX-License-Identifier: GPL-2.0
/*
 * bench_smp.c - two CPUs on one heap; measures nothing on a machine with one
 *
 *  remote	128 blocks of 64 bytes, allocated on one CPU and freed on the other
 *  smp1	pairs of 64 bytes on one CPU
 *  smp2	the same on two at a time; the value is the time that passes for a
 *		pair of either, so half of smp1's is perfect
 */
#include <linux/cpumask.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "bench_contest.h"
#include "bench_report.h"

#define SIZE		64
#define REMOTE_BLOCKS	128
#define PAIRS		20000	/* on each CPU */
#define REPETITIONS	51

/**
 * struct task - what one CPU is to do
 * @work: queued on it
 * @heap: to play with
 * @play: does it
 * @waiting: CPUs that have not begun
 * @begin: ticks
 * @end: ticks
 */
struct task {
	struct work_struct work;
	struct bench_heap *heap;
	void (*play)(struct bench_heap *heap);
	atomic_t *waiting;
	u64 begin;
	u64 end;
};

static void task_work(struct work_struct *work)
{
	struct task *task = container_of(work, struct task, work);

	atomic_dec(task->waiting);
	while (atomic_read(task->waiting))
		cpu_relax();
	task->begin = bench_now();
	task->play(task->heap);
	task->end = bench_now();
}

/* Do the same on the first @nr of @cpus at a time; from the first begin to the last end. */
static u64 play_on(const unsigned int *cpus, u32 nr, struct bench_heap *heap,
		   void (*play)(struct bench_heap *heap))
{
	atomic_t waiting = ATOMIC_INIT(nr);
	struct task tasks[2];
	u64 begin = U64_MAX, end = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		tasks[i] = (struct task){ .heap = heap, .play = play, .waiting = &waiting };
		INIT_WORK_ONSTACK(&tasks[i].work, task_work);
		schedule_work_on(cpus[i], &tasks[i].work);
	}
	for (i = 0; i < nr; i++) {
		flush_work(&tasks[i].work);
		destroy_work_on_stack(&tasks[i].work);
		begin = min(begin, tasks[i].begin);
		end = max(end, tasks[i].end);
	}
	return end - begin;
}

static __always_inline void alloc_all(const struct bench_peer *peer, struct bench_heap *heap)
{
	u32 i;

	for (i = 0; i < REMOTE_BLOCKS; i++)
		heap->block[i] = peer->alloc(heap, SIZE);
}

static __always_inline void free_all(const struct bench_peer *peer, struct bench_heap *heap)
{
	u32 i;

	for (i = 0; i < REMOTE_BLOCKS; i++)
		if (heap->block[i])
			peer->free(heap, heap->block[i], SIZE);
}

static __always_inline void pairs(const struct bench_peer *peer, struct bench_heap *heap)
{
	u32 i;

	for (i = 0; i < PAIRS; i++) {
		void *block = peer->alloc(heap, SIZE);

		if (block)
			peer->free(heap, block, SIZE);
	}
}

#define SMP(of)									\
	static noinline void alloc_all_##of(struct bench_heap *heap)		\
	{									\
		alloc_all(&bench_##of, heap);					\
	}									\
	static noinline void free_all_##of(struct bench_heap *heap)		\
	{									\
		free_all(&bench_##of, heap);					\
	}									\
	static noinline void pairs_##of(struct bench_heap *heap)		\
	{									\
		pairs(&bench_##of, heap);					\
	}

SMP(control)
SMP(pma)
SMP(kmalloc)
SMP(cache)

/**
 * struct player - a peer and its loops
 * @peer: the peer
 * @alloc_all: fills @block
 * @free_all: frees it
 * @pairs: PAIRS pairs
 */
struct player {
	const struct bench_peer *peer;
	void (*alloc_all)(struct bench_heap *heap);
	void (*free_all)(struct bench_heap *heap);
	void (*pairs)(struct bench_heap *heap);
};

#define PLAYER(of) { &bench_##of, alloc_all_##of, free_all_##of, pairs_##of }

static const struct player players[] = {
	PLAYER(control), PLAYER(pma), PLAYER(kmalloc), PLAYER(cache),
};

static u64 repeat(const struct player *player, struct bench_heap *heap,
		  const unsigned int *cpus, u32 nr_cpus)
{
	void *blocks[REMOTE_BLOCKS];

	if (nr_cpus)
		return play_on(cpus, nr_cpus, heap, player->pairs);
	heap->block = blocks;
	return play_on(cpus, 1, heap, player->alloc_all) +
	       play_on(cpus + 1, 1, heap, player->free_all);
}

static int measure(const struct player *player, const unsigned int *cpus, u32 nr_cpus, u64 *ticks)
{
	const struct bench_need need = { .region = SZ_16M, .size = SIZE, .gfp = GFP_KERNEL };
	struct bench_heap heap;
	u64 samples[REPETITIONS];
	u32 i;
	int err = bench_peer_open(player->peer, &heap, &need);

	if (err)
		return err;
	for (i = 0; i < REPETITIONS; i++)
		samples[i] = repeat(player, &heap, cpus, nr_cpus);
	bench_peer_close(player->peer, &heap);
	*ticks = bench_median(samples, REPETITIONS);
	return 0;
}

/* @arg: CPUs, or 0 for remote. */
static int run_smp(const struct bench_case *what)
{
	u32 nr = what->arg ? PAIRS * what->arg : REMOTE_BLOCKS;
	unsigned int cpus[2];
	u64 control, ticks;
	u32 i;
	int err;

	cpus[0] = cpumask_first(cpu_online_mask);
	cpus[1] = cpumask_next(cpus[0], cpu_online_mask);
	if (cpus[1] >= nr_cpu_ids)
		return 0;
	err = measure(&players[0], cpus, what->arg, &control);
	for (i = 1; i < ARRAY_SIZE(players) && !err; i++) {
		if (!bench_peer_plays(players[i].peer))
			continue;
		err = measure(&players[i], cpus, what->arg, &ticks);
		if (!err)
			bench_report_ticks(what->name, players[i].peer->name,
					   ticks > control ? ticks - control : 0, nr);
	}
	return err;
}

const struct bench_case bench_smp_cases[] = {
	{ "remote", run_smp, 0 },
	{ "smp1", run_smp, 1 },
	{ "smp2", run_smp, 2 },
	{}
};
