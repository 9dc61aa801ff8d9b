// SPDX-License-Identifier: GPL-2.0
/*
 * bench_peer.c - heaps of the peers, made and freed
 */
#include <linux/mm.h>

#include "bench.h"
#include "bench_peer.h"

/* gen_pool counts in units of 16 bytes, unless a case knows better. */
#define UNIT_ORDER	4

#define MEMPOOL_MIN	16

/**
 * bench_peer_plays() - is it to be measured?
 * @peer: the peer
 *
 * Return: true, unless there is another that is to be measured alone.
 */
bool bench_peer_plays(const struct bench_peer *peer)
{
	return !bench_only || peer == &bench_control || !strcmp(peer->name, bench_only);
}

/**
 * bench_peer_open() - make a heap
 * @peer: whose
 * @heap: to fill in
 * @need: what it is to be
 *
 * Return: 0 or a negative errno.
 */
int bench_peer_open(const struct bench_peer *peer, struct bench_heap *heap,
		    const struct bench_need *need)
{
	bool zero = want_init_on_alloc(0);

	*heap = (struct bench_heap){
		.gfp = need->gfp,
		.zero = zero,
		.pma_flags = zero ? PMA_ZERO : 0,
		.order = get_order(need->size ?: 1),
		.random = bench_random_begin(0),
	};
	return peer->open(heap, need);
}

/**
 * bench_peer_close() - free a heap
 * @peer: whose
 * @heap: made by bench_peer_open(), which answered 0
 */
void bench_peer_close(const struct bench_peer *peer, struct bench_heap *heap)
{
	peer->close(heap);
}

int bench_peer_open_nothing(struct bench_heap *heap, const struct bench_need *need)
{
	return 0;
}

void bench_peer_close_nothing(struct bench_heap *heap)
{
}

static int open_pma(struct bench_heap *heap, const struct bench_need *need, u32 flags)
{
	const struct pma_pool_params params = { .flags = flags };

	heap->pool = pma_pool_create("bench", need->region, &params);
	if (IS_ERR(heap->pool))
		return PTR_ERR(heap->pool);
	heap->arena = pma_arena_create(heap->pool, "bench");
	if (!IS_ERR(heap->arena))
		return 0;
	pma_pool_destroy(heap->pool, 0);
	return PTR_ERR(heap->arena);
}

int bench_peer_open_pma(struct bench_heap *heap, const struct bench_need *need)
{
	return open_pma(heap, need, 0);
}

int bench_peer_open_adaptive(struct bench_heap *heap, const struct bench_need *need)
{
	return open_pma(heap, need, PMA_POOL_ADAPTIVE);
}

void bench_peer_close_pma(struct bench_heap *heap)
{
	pma_arena_destroy(heap->arena);
	pma_pool_destroy(heap->pool, 0);
}

int bench_peer_open_cache(struct bench_heap *heap, const struct bench_need *need)
{
	heap->cache = kmem_cache_create("pma_bench", need->size, 0, 0, NULL);
	return heap->cache ? 0 : -ENOMEM;
}

void bench_peer_close_cache(struct bench_heap *heap)
{
	kmem_cache_destroy(heap->cache);
}

int bench_peer_open_mempool(struct bench_heap *heap, const struct bench_need *need)
{
	int err = bench_peer_open_cache(heap, need);

	if (err)
		return err;
	heap->mempool = mempool_create_slab_pool(MEMPOOL_MIN, heap->cache);
	if (heap->mempool)
		return 0;
	bench_peer_close_cache(heap);
	return -ENOMEM;
}

void bench_peer_close_mempool(struct bench_heap *heap)
{
	mempool_destroy(heap->mempool);
	bench_peer_close_cache(heap);
}

int bench_peer_open_gen_pool(struct bench_heap *heap, const struct bench_need *need)
{
	u32 order = need->gen_pool_order ?: need->size ? ilog2(need->size) : UNIT_ORDER;

	heap->region = vmalloc(need->region);
	heap->gen_pool = gen_pool_create(order, NUMA_NO_NODE);
	if (heap->region && heap->gen_pool &&
	    !gen_pool_add(heap->gen_pool, (unsigned long)heap->region, need->region, NUMA_NO_NODE))
		return 0;
	if (heap->gen_pool)
		gen_pool_destroy(heap->gen_pool);
	vfree(heap->region);
	return -ENOMEM;
}

void bench_peer_close_gen_pool(struct bench_heap *heap)
{
	gen_pool_destroy(heap->gen_pool);
	vfree(heap->region);
}
