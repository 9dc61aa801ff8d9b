/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench_peer.h - the allocators, under one interface
 *
 * A peer's calls are inlined into the loops that time them: a loop is written
 * once, as an inline function of a constant peer, and the compiler makes one for
 * each.  So nothing is measured that a direct caller would not pay.
 *
 * With init_on_alloc on, every peer zeroes: pma by its flag, gen_pool, which has
 * none, by a memset() here.
 */
#ifndef _BENCH_PEER_H
#define _BENCH_PEER_H

#include <linux/genalloc.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/pma.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

/**
 * struct bench_need - what a case wants of a heap
 * @region: bytes, where a heap has a region
 * @size: of all blocks; 0 if they differ
 * @gen_pool_order: log2 of gen_pool's unit; 0 for what suits @size
 * @gfp: for the peers that take it
 */
struct bench_need {
	size_t region;
	size_t size;
	u32 gen_pool_order;
	gfp_t gfp;
};

/**
 * struct bench_heap - what a peer allocates from
 * @gfp: for the peers that take it
 * @pma_flags: for pma
 * @zero: blocks are to be zeroed
 * @order: of all blocks, for alloc_pages
 * @pool: of pma
 * @arena: of pma
 * @cache: of kmem_cache and mempool
 * @mempool: of mempool
 * @gen_pool: of gen_pool
 * @region: of gen_pool
 * @random: of the loops that play it
 * @block: blocks in use, where a loop keeps some
 * @size: of @block, as it was asked for
 * @nr: of @block
 */
struct bench_heap {
	gfp_t gfp;
	u32 pma_flags;
	bool zero;
	unsigned int order;
	struct pma_pool *pool;
	struct pma_arena *arena;
	struct kmem_cache *cache;
	mempool_t *mempool;
	struct gen_pool *gen_pool;
	void *region;

	struct bench_random random;
	void **block;
	u32 *size;
	u32 nr;
};

/**
 * struct bench_peer - an allocator
 * @name: in the results
 * @open: make a heap; 0 or an error
 * @close: free it, and nothing is in use
 * @alloc: a block or NULL
 * @free: give it back; @size is what was asked for
 * @zalloc: a block that reads as zeroes
 * @realloc: change its size, contents kept
 * @alloc_aligned: a block at a multiple of @align
 */
struct bench_peer {
	const char *name;
	int (*open)(struct bench_heap *heap, const struct bench_need *need);
	void (*close)(struct bench_heap *heap);
	void *(*alloc)(struct bench_heap *heap, size_t size);
	void (*free)(struct bench_heap *heap, void *block, size_t size);
	void *(*zalloc)(struct bench_heap *heap, size_t size);
	void *(*realloc)(struct bench_heap *heap, void *block, size_t old, size_t size);
	void *(*alloc_aligned)(struct bench_heap *heap, size_t size, size_t align);
};

bool bench_peer_plays(const struct bench_peer *peer);
int bench_peer_open(const struct bench_peer *peer, struct bench_heap *heap,
		    const struct bench_need *need);
void bench_peer_close(const struct bench_peer *peer, struct bench_heap *heap);

int bench_peer_open_nothing(struct bench_heap *heap, const struct bench_need *need);
void bench_peer_close_nothing(struct bench_heap *heap);
int bench_peer_open_pma(struct bench_heap *heap, const struct bench_need *need);
int bench_peer_open_adaptive(struct bench_heap *heap, const struct bench_need *need);
void bench_peer_close_pma(struct bench_heap *heap);
int bench_peer_open_cache(struct bench_heap *heap, const struct bench_need *need);
void bench_peer_close_cache(struct bench_heap *heap);
int bench_peer_open_mempool(struct bench_heap *heap, const struct bench_need *need);
void bench_peer_close_mempool(struct bench_heap *heap);
int bench_peer_open_gen_pool(struct bench_heap *heap, const struct bench_need *need);
void bench_peer_close_gen_pool(struct bench_heap *heap);

/* The control: what a loop costs without an allocator. */

static __always_inline void *bench_control_alloc(struct bench_heap *heap, size_t size)
{
	void *block = heap;

	OPTIMIZER_HIDE_VAR(block);
	OPTIMIZER_HIDE_VAR(size);
	return block;
}

static __always_inline void bench_control_free(struct bench_heap *heap, void *block, size_t size)
{
	OPTIMIZER_HIDE_VAR(block);
	OPTIMIZER_HIDE_VAR(size);
}

static __always_inline void *bench_control_realloc(struct bench_heap *heap, void *block,
						   size_t old, size_t size)
{
	bench_control_free(heap, block, old);
	return bench_control_alloc(heap, size);
}

static __always_inline void *bench_control_alloc_aligned(struct bench_heap *heap, size_t size,
							 size_t align)
{
	OPTIMIZER_HIDE_VAR(align);
	return bench_control_alloc(heap, size);
}

static const struct bench_peer bench_control = {
	.name = "control",
	.open = bench_peer_open_nothing,
	.close = bench_peer_close_nothing,
	.alloc = bench_control_alloc,
	.free = bench_control_free,
	.zalloc = bench_control_alloc,
	.realloc = bench_control_realloc,
	.alloc_aligned = bench_control_alloc_aligned,
};

static __always_inline void *bench_pma_alloc(struct bench_heap *heap, size_t size)
{
	return likely(!heap->pma_flags) ? pma_alloc(heap->arena, size) :
					  pma_zalloc(heap->arena, size);
}

static __always_inline void *bench_pma_zalloc(struct bench_heap *heap, size_t size)
{
	return pma_zalloc(heap->arena, size);
}

static __always_inline void *bench_pma_realloc(struct bench_heap *heap, void *block, size_t old,
					       size_t size)
{
	return pma_realloc(heap->arena, block, size, heap->pma_flags);
}

static __always_inline void *bench_pma_alloc_aligned(struct bench_heap *heap, size_t size,
						     size_t align)
{
	return pma_alloc_aligned(heap->arena, size, align, heap->pma_flags);
}

static __always_inline void bench_pma_free(struct bench_heap *heap, void *block, size_t size)
{
	pma_free(heap->arena, block);
}

static const struct bench_peer bench_pma = {
	.name = "pma",
	.open = bench_peer_open_pma,
	.close = bench_peer_close_pma,
	.alloc = bench_pma_alloc,
	.free = bench_pma_free,
	.zalloc = bench_pma_zalloc,
	.realloc = bench_pma_realloc,
	.alloc_aligned = bench_pma_alloc_aligned,
};

/* The same in a pool with adaptive classes. */
static const struct bench_peer bench_adaptive = {
	.name = "pma-adaptive",
	.open = bench_peer_open_adaptive,
	.close = bench_peer_close_pma,
	.alloc = bench_pma_alloc,
	.free = bench_pma_free,
	.zalloc = bench_pma_zalloc,
	.realloc = bench_pma_realloc,
	.alloc_aligned = bench_pma_alloc_aligned,
};

static __always_inline void *bench_kmalloc_alloc(struct bench_heap *heap, size_t size)
{
	return kmalloc(size, heap->gfp);
}

static __always_inline void *bench_kmalloc_zalloc(struct bench_heap *heap, size_t size)
{
	return kzalloc(size, heap->gfp);
}

static __always_inline void *bench_kmalloc_realloc(struct bench_heap *heap, void *block,
						   size_t old, size_t size)
{
	return krealloc(block, size, heap->gfp);
}

/* Powers of two are aligned to themselves. */
static __always_inline void *bench_kmalloc_alloc_aligned(struct bench_heap *heap, size_t size,
							 size_t align)
{
	return kmalloc(roundup_pow_of_two(max(size, align)), heap->gfp);
}

static __always_inline void bench_kmalloc_free(struct bench_heap *heap, void *block, size_t size)
{
	kfree(block);
}

static const struct bench_peer bench_kmalloc = {
	.name = "kmalloc",
	.open = bench_peer_open_nothing,
	.close = bench_peer_close_nothing,
	.alloc = bench_kmalloc_alloc,
	.free = bench_kmalloc_free,
	.zalloc = bench_kmalloc_zalloc,
	.realloc = bench_kmalloc_realloc,
	.alloc_aligned = bench_kmalloc_alloc_aligned,
};

static __always_inline void *bench_kvmalloc_alloc(struct bench_heap *heap, size_t size)
{
	return kvmalloc(size, GFP_KERNEL);
}

static __always_inline void bench_kvmalloc_free(struct bench_heap *heap, void *block, size_t size)
{
	kvfree(block);
}

static const struct bench_peer bench_kvmalloc = {
	.name = "kvmalloc",
	.open = bench_peer_open_nothing,
	.close = bench_peer_close_nothing,
	.alloc = bench_kvmalloc_alloc,
	.free = bench_kvmalloc_free,
};

static __always_inline void *bench_vmalloc_alloc(struct bench_heap *heap, size_t size)
{
	return vmalloc(size);
}

static __always_inline void bench_vmalloc_free(struct bench_heap *heap, void *block, size_t size)
{
	vfree(block);
}

static const struct bench_peer bench_vmalloc = {
	.name = "vmalloc",
	.open = bench_peer_open_nothing,
	.close = bench_peer_close_nothing,
	.alloc = bench_vmalloc_alloc,
	.free = bench_vmalloc_free,
};

static __always_inline void *bench_alloc_pages_alloc(struct bench_heap *heap, size_t size)
{
	return alloc_pages(heap->gfp, heap->order);
}

static __always_inline void bench_alloc_pages_free(struct bench_heap *heap, void *block,
						   size_t size)
{
	__free_pages(block, heap->order);
}

static const struct bench_peer bench_alloc_pages = {
	.name = "alloc_pages",
	.open = bench_peer_open_nothing,
	.close = bench_peer_close_nothing,
	.alloc = bench_alloc_pages_alloc,
	.free = bench_alloc_pages_free,
};

static __always_inline void *bench_cache_alloc(struct bench_heap *heap, size_t size)
{
	return kmem_cache_alloc(heap->cache, heap->gfp);
}

static __always_inline void bench_cache_free(struct bench_heap *heap, void *block, size_t size)
{
	kmem_cache_free(heap->cache, block);
}

static const struct bench_peer bench_cache = {
	.name = "kmem_cache",
	.open = bench_peer_open_cache,
	.close = bench_peer_close_cache,
	.alloc = bench_cache_alloc,
	.free = bench_cache_free,
};

static __always_inline void *bench_mempool_alloc(struct bench_heap *heap, size_t size)
{
	return mempool_alloc(heap->mempool, heap->gfp);
}

static __always_inline void bench_mempool_free(struct bench_heap *heap, void *block, size_t size)
{
	mempool_free(block, heap->mempool);
}

static const struct bench_peer bench_mempool = {
	.name = "mempool",
	.open = bench_peer_open_mempool,
	.close = bench_peer_close_mempool,
	.alloc = bench_mempool_alloc,
	.free = bench_mempool_free,
};

static __always_inline void *bench_gen_pool_alloc(struct bench_heap *heap, size_t size)
{
	void *block = (void *)gen_pool_alloc(heap->gen_pool, size);

	if (heap->zero && block)
		memset(block, 0, size);
	return block;
}

static __always_inline void *bench_gen_pool_zalloc(struct bench_heap *heap, size_t size)
{
	void *block = (void *)gen_pool_alloc(heap->gen_pool, size);

	return block ? memset(block, 0, size) : NULL;
}

static __always_inline void bench_gen_pool_free(struct bench_heap *heap, void *block, size_t size)
{
	gen_pool_free(heap->gen_pool, (unsigned long)block, size);
}

static __always_inline void *bench_gen_pool_realloc(struct bench_heap *heap, void *block,
						    size_t old, size_t size)
{
	void *new = bench_gen_pool_alloc(heap, size);

	if (!new)
		return NULL;
	memcpy(new, block, min(old, size));
	bench_gen_pool_free(heap, block, old);
	return new;
}

static __always_inline void *bench_gen_pool_alloc_aligned(struct bench_heap *heap, size_t size,
							  size_t align)
{
	struct genpool_data_align data = { .align = align };

	return (void *)gen_pool_alloc_algo(heap->gen_pool, size, gen_pool_first_fit_align, &data);
}

static const struct bench_peer bench_gen_pool = {
	.name = "gen_pool",
	.open = bench_peer_open_gen_pool,
	.close = bench_peer_close_gen_pool,
	.alloc = bench_gen_pool_alloc,
	.free = bench_gen_pool_free,
	.zalloc = bench_gen_pool_zalloc,
	.realloc = bench_gen_pool_realloc,
	.alloc_aligned = bench_gen_pool_alloc_aligned,
};

#endif /* _BENCH_PEER_H */
