// SPDX-License-Identifier: GPL-2.0
/*
 * bench_live.c - random sizes, with a number of blocks in use
 *
 * An operation frees one of the blocks in use, whichever, and allocates another
 * in its stead.
 *
 *  medium	2.5 to 20 KiB, 512 blocks in use, a third of the region
 *  medium-1	the same with one block in use
 *  mix-N	mixed sizes, N blocks in use
 *  region-SIZE	mixed sizes, 256 blocks in use, in a region of this size
 */
#include <linux/sizes.h>

#include "bench_contest.h"
#include "bench_sizes.h"

#define REPLACED	256	/* blocks, in a repetition */
#define REPETITIONS	101

static __always_inline int fill(const struct bench_peer *peer, struct bench_heap *heap,
				const struct bench_work *work)
{
	heap->block = kvcalloc(work->live, sizeof(*heap->block), GFP_KERNEL);
	heap->size = kvcalloc(work->live, sizeof(*heap->size), GFP_KERNEL);
	if (!heap->block || !heap->size)
		goto free;
	for (heap->nr = 0; heap->nr < work->live; heap->nr++) {
		u32 size = work->sizes[heap->nr % BENCH_SIZES];

		heap->block[heap->nr] = peer->alloc(heap, size);
		heap->size[heap->nr] = size;
		if (!heap->block[heap->nr])
			goto drain;
		if (!(heap->nr % BENCH_SIZES))
			cond_resched();
	}
	return 0;

drain:
	while (heap->nr--)
		peer->free(heap, heap->block[heap->nr], heap->size[heap->nr]);
free:
	kvfree(heap->size);
	kvfree(heap->block);
	return -ENOMEM;
}

static __always_inline void drain(const struct bench_peer *peer, struct bench_heap *heap)
{
	u32 i;

	for (i = 0; i < heap->nr; i++) {
		if (heap->block[i])
			peer->free(heap, heap->block[i], heap->size[i]);
		if (!(i % BENCH_SIZES))
			cond_resched();
	}
	kvfree(heap->size);
	kvfree(heap->block);
}

static __always_inline u64 replace(const struct bench_peer *peer, struct bench_heap *heap,
				   const struct bench_work *work)
{
	struct bench_random random = heap->random;
	u64 begin = bench_now();
	u32 i;

	for (i = 0; i < REPLACED; i++) {
		u32 at = bench_random_below(&random, heap->nr);
		u32 size = work->sizes[bench_random_next(&random) % BENCH_SIZES];

		peer->free(heap, heap->block[at], heap->size[at]);
		heap->block[at] = peer->alloc(heap, size);
		heap->size[at] = size;
		if (unlikely(!heap->block[at]))
			return BENCH_FAILED;
	}
	heap->random = random;
	return bench_now() - begin;
}

#define LIVE(of)								\
	static noinline int fill_##of(struct bench_heap *heap,			\
				      const struct bench_work *work)		\
	{									\
		return fill(&bench_##of, heap, work);				\
	}									\
	static noinline u64 replace_##of(struct bench_heap *heap,		\
					 const struct bench_work *work)		\
	{									\
		return replace(&bench_##of, heap, work);			\
	}									\
	static noinline void drain_##of(struct bench_heap *heap,		\
					const struct bench_work *work)		\
	{									\
		drain(&bench_##of, heap);					\
	}

LIVE(control)
LIVE(pma)
LIVE(kmalloc)
LIVE(gen_pool)
LIVE(kvmalloc)

#define ENTRANT(of) {								\
	.peer = &bench_##of,							\
	.fill = fill_##of,							\
	.repeat = replace_##of,							\
	.drain = drain_##of,							\
}

static const struct bench_entrant medium_entrants[] = {
	ENTRANT(control), ENTRANT(pma), ENTRANT(kmalloc), ENTRANT(gen_pool), ENTRANT(kvmalloc), {}
};

static const struct bench_entrant mix_entrants[] = {
	ENTRANT(control), ENTRANT(pma), ENTRANT(kmalloc), ENTRANT(gen_pool), {}
};

/* First fit, from the region's start over each free hole, takes minutes here. */
static const struct bench_entrant mix_many_entrants[] = {
	ENTRANT(control), ENTRANT(pma), ENTRANT(kmalloc), {}
};

static const struct bench_entrant region_entrants[] = {
	ENTRANT(control), ENTRANT(pma), ENTRANT(gen_pool), {}
};

static int run(const struct bench_case *what, const struct bench_entrant *entrants,
	       enum bench_blend blend, size_t region, u32 live)
{
	return bench_contest_run(&(struct bench_contest){
		.name = what->name,
		.entrants = entrants,
		.need = {
			.region = region,
			/* A tenth of the smallest block. */
			.gen_pool_order = blend == BENCH_MEDIUM ? 8 : 0,
			.gfp = GFP_KERNEL,
		},
		.work = { .live = live, .sizes = bench_sizes(blend) },
		.repetitions = REPETITIONS,
		.blocks = REPLACED,
		.one_by_one = region >= SZ_64M,
	});
}

static int run_medium(const struct bench_case *what)
{
	return run(what, medium_entrants, BENCH_MEDIUM, SZ_16M, what->arg);
}

static int run_mix(const struct bench_case *what)
{
	/* On average 440 bytes a block; the region is half empty. */
	size_t region = roundup_pow_of_two(what->arg * 640);

	return run(what, what->arg > 10000 ? mix_many_entrants : mix_entrants, BENCH_MIX,
		   region, what->arg);
}

static int run_region(const struct bench_case *what)
{
	return run(what, region_entrants, BENCH_MIX, what->arg, 256);
}

const struct bench_case bench_live_cases[] = {
	{ "medium", run_medium, 512 },
	{ "medium-1", run_medium, 1 },
	{ "mix-1e3", run_mix, 1000 },
	{ "mix-1e5", run_mix, 100000 },
	{ "mix-1e6", run_mix, 1000000 },
	{ "region-1M", run_region, SZ_1M },
	{ "region-16M", run_region, SZ_16M },
	{ "region-256M", run_region, SZ_256M },
	{ "region-1G", run_region, SZ_1G },
	{}
};
