// SPDX-License-Identifier: GPL-2.0
/*
 * bench_pair.c - a block and its free, and batches of them
 *
 *  pair-SIZE	alloc and free, again and again; nothing else is in use
 *  batchN-SIZE	N blocks of one size, then their frees: by one call each where
 *		there is one (kmem_cache, pma), by N calls of kmalloc
 *  big-SIZE	as pair, of sizes that whole pages serve
 */
#include <linux/sizes.h>

#include "bench_contest.h"

#define PAIRS		200
#define BIG_PAIRS	16
#define BATCHES		16
#define REPETITIONS	101
#define REGION		SZ_16M

static __always_inline u64 pair(const struct bench_peer *peer, struct bench_heap *heap,
				const struct bench_work *work)
{
	size_t size = work->size;
	u64 begin = bench_now();
	u32 i;

	for (i = 0; i < work->nr; i++) {
		void *block = peer->alloc(heap, size);

		if (unlikely(!block))
			return BENCH_FAILED;
		peer->free(heap, block, size);
	}
	return bench_now() - begin;
}

#define PAIR(of)								\
	static noinline u64 pair_##of(struct bench_heap *heap,			\
				      const struct bench_work *work)		\
	{									\
		return pair(&bench_##of, heap, work);				\
	}

PAIR(control)
PAIR(pma)
PAIR(adaptive)
PAIR(kmalloc)
PAIR(cache)
PAIR(gen_pool)
PAIR(mempool)
PAIR(alloc_pages)
PAIR(vmalloc)
PAIR(kvmalloc)

static const struct bench_entrant pair_entrants[] = {
	{ .peer = &bench_control, .repeat = pair_control },
	{ .peer = &bench_pma, .repeat = pair_pma },
	{ .peer = &bench_adaptive, .repeat = pair_adaptive },
	{ .peer = &bench_kmalloc, .repeat = pair_kmalloc },
	{ .peer = &bench_cache, .repeat = pair_cache },
	{ .peer = &bench_gen_pool, .repeat = pair_gen_pool },
	{ .peer = &bench_mempool, .repeat = pair_mempool },
	{}
};

static const struct bench_entrant big_entrants[] = {
	{ .peer = &bench_control, .repeat = pair_control },
	{ .peer = &bench_pma, .repeat = pair_pma },
	{ .peer = &bench_alloc_pages, .repeat = pair_alloc_pages },
	{ .peer = &bench_vmalloc, .repeat = pair_vmalloc },
	{ .peer = &bench_kvmalloc, .repeat = pair_kvmalloc },
	{}
};

static int run_pairs(const struct bench_case *what)
{
	return bench_contest_run(&(struct bench_contest){
		.name = what->name,
		.entrants = pair_entrants,
		.need = { .region = REGION, .size = what->arg, .gfp = GFP_KERNEL },
		.work = { .size = what->arg, .nr = PAIRS },
		.repetitions = REPETITIONS,
		.blocks = PAIRS,
	});
}

static int run_big(const struct bench_case *what)
{
	return bench_contest_run(&(struct bench_contest){
		.name = what->name,
		.entrants = big_entrants,
		.need = { .region = REGION, .size = what->arg, .gfp = GFP_KERNEL },
		.work = { .size = what->arg, .nr = BIG_PAIRS },
		.repetitions = REPETITIONS,
		.blocks = BIG_PAIRS,
	});
}

/* Batches: each peer has a call of its own for them, or none. */

#define BATCH_MAX	64

static __always_inline u64 batch(bool (*alloc)(struct bench_heap *heap, size_t size, u32 nr,
					       void **blocks),
				 void (*free)(struct bench_heap *heap, u32 nr, void **blocks),
				 struct bench_heap *heap, const struct bench_work *work)
{
	void *blocks[BATCH_MAX];
	u64 begin = bench_now();
	u32 i;

	for (i = 0; i < BATCHES; i++) {
		if (unlikely(!alloc(heap, work->size, work->nr, blocks)))
			return BENCH_FAILED;
		free(heap, work->nr, blocks);
	}
	return bench_now() - begin;
}

static __always_inline bool batch_alloc_control(struct bench_heap *heap, size_t size, u32 nr,
						void **blocks)
{
	OPTIMIZER_HIDE_VAR(blocks);
	return blocks;
}

static __always_inline void batch_free_control(struct bench_heap *heap, u32 nr, void **blocks)
{
	OPTIMIZER_HIDE_VAR(blocks);
}

static __always_inline bool batch_alloc_pma(struct bench_heap *heap, size_t size, u32 nr,
					    void **blocks)
{
	return pma_alloc_batch(heap->arena, size, heap->pma_flags, nr, blocks) == nr;
}

static __always_inline void batch_free_pma(struct bench_heap *heap, u32 nr, void **blocks)
{
	pma_free_batch(heap->arena, nr, blocks);
}

static __always_inline bool batch_alloc_cache(struct bench_heap *heap, size_t size, u32 nr,
					      void **blocks)
{
	return kmem_cache_alloc_bulk(heap->cache, heap->gfp, nr, blocks) == nr;
}

static __always_inline void batch_free_cache(struct bench_heap *heap, u32 nr, void **blocks)
{
	kmem_cache_free_bulk(heap->cache, nr, blocks);
}

static __always_inline bool batch_alloc_kmalloc(struct bench_heap *heap, size_t size, u32 nr,
						void **blocks)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		blocks[i] = kmalloc(size, heap->gfp);
		if (unlikely(!blocks[i]))
			return false;
	}
	return true;
}

static __always_inline void batch_free_kmalloc(struct bench_heap *heap, u32 nr, void **blocks)
{
	u32 i;

	for (i = 0; i < nr; i++)
		kfree(blocks[i]);
}

#define BATCH(of)								\
	static noinline u64 batch_##of(struct bench_heap *heap,			\
				       const struct bench_work *work)		\
	{									\
		return batch(batch_alloc_##of, batch_free_##of, heap, work);	\
	}

BATCH(control)
BATCH(pma)
BATCH(cache)
BATCH(kmalloc)

static const struct bench_entrant batch_entrants[] = {
	{ .peer = &bench_control, .repeat = batch_control },
	{ .peer = &bench_pma, .repeat = batch_pma },
	{ .peer = &bench_cache, .repeat = batch_cache },
	{ .peer = &bench_kmalloc, .repeat = batch_kmalloc },
	{}
};

static int run_batches(const struct bench_case *what)
{
	return bench_contest_run(&(struct bench_contest){
		.name = what->name,
		.entrants = batch_entrants,
		.need = { .region = REGION, .size = 64, .gfp = GFP_KERNEL },
		.work = { .size = 64, .nr = what->arg },
		.repetitions = REPETITIONS,
		.blocks = what->arg * BATCHES,
	});
}

const struct bench_case bench_pair_cases[] = {
	{ "pair-16", run_pairs, 16 },
	{ "pair-64", run_pairs, 64 },
	{ "pair-256", run_pairs, 256 },
	{ "pair-1024", run_pairs, 1024 },
	{ "pair-2048", run_pairs, 2048 },
	{ "batch16-64", run_batches, 16 },
	{ "batch64-64", run_batches, 64 },
	{ "big-4K", run_big, SZ_4K },
	{ "big-16K", run_big, SZ_16K },
	{ "big-64K", run_big, SZ_64K },
	{ "big-1M", run_big, SZ_1M },
	{}
};
