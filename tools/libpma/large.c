// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * large.c - blocks above half a page
 *
 * A request is rounded up to its class, at most by an eighth or to whole pages, and
 * served from what is parked.  Pieces up to 32 KiB have magazines; of the larger
 * ones, and of those of all threads together, the depot has what there is.
 *
 * The kernel has the last word where memory is short: all that is parked goes back
 * before a request fails, and a size that does not fit when rounded up is asked for
 * as it is.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib.h"

/* What is in the magazine, or the depot; hints may be out of date. */
static APART void *pop_slow(struct pma *pma, unsigned int class)
{
	struct bin *bin = pma_bin(pma, class);
	struct cache *cache;
	void *block;

	while (bin->nr) {
		block = bin->blocks[bin->nr--];
		if (pma_piece_unpark(pma, block, class))
			return block;
	}
	cache = pma_cache_get(pma);
	while (cache && (block = pma_cache_reload(pma, cache, class)))
		if (pma_piece_unpark(pma, block, class))
			return block;
	return NULL;
}

/**
 * pma_large_pop() - a parked piece
 * @pma: the arena
 * @size: above slab_max
 *
 * No call of the kernel gives or takes memory here.
 *
 * Return: the block; NULL if none is parked.
 */
void *pma_large_pop(struct pma *pma, size_t size)
{
	unsigned int class;
	void *block;

	if (size > pma->large_max)
		return NULL;
	class = pma_piece_class(pma, size);
	block = pma_large_take(pma, class);
	return likely(block) ? block : pop_slow(pma, class);
}

static APART void *malloc_far(struct pma *pma, size_t size)
{
	void *block = NULL;

	if (size <= pma->large_max)
		block = pma_large_take(pma, pma_piece_far_class(pma, size));
	return likely(block) ? block : pma_malloc_slow(pma, size);
}

/**
 * pma_large_malloc() - what pma_malloc() does for more than slab_max
 * @pma: the arena
 * @size: above slab_max
 */
void *pma_large_malloc(struct pma *pma, size_t size)
{
	void *block;

	if (!pma_piece_is_near(pma, size))
		return malloc_far(pma, size);
	/* Where there are no such classes, this is 0, which has nothing. */
	block = pma_large_take(pma, pma->large_near[(size - 1) >> pma->near_shift]);
	return likely(block) ? block : pma_malloc_slow(pma, size);
}

/* From the kernel: more than one, where they were wanted before. */
static void *alloc_class(struct pma *pma, unsigned int class, uint32_t flags)
{
	struct cache *cache = pma_cache_get(pma);
	void *block = NULL;

	if (cache && !flags && cache->bins[class].limit > 2)
		block = pma_cache_fill(pma, cache, class);
	return block ? block : pma_alloc_call(pma, 0, pma_class_bytes(pma, class), flags, class);
}

/**
 * pma_large_alloc() - a block from the kernel
 * @pma: the arena
 * @size: above slab_max
 * @flags: PMA_ZERO or 0
 *
 * Return: the block; NULL and errno.
 */
void *pma_large_alloc(struct pma *pma, size_t size, uint32_t flags)
{
	unsigned int class = size <= pma->large_max ? pma_piece_class(pma, size) : 0;
	void *block = NULL;

	if (class) {
		block = alloc_class(pma, class, flags);
		if (block || errno != ENOMEM)
			return block;
		pma_cache_reclaim(pma);
		block = pma_alloc_call(pma, 0, pma_class_bytes(pma, class), flags, class);
	}
	if (!block)
		block = pma_alloc_call(pma, 0, size, flags, 0);
	if (block || class || errno != ENOMEM)
		return block;
	pma_cache_reclaim(pma);
	return pma_alloc_call(pma, 0, size, flags, 0);
}

/* Others may have shared it by a call of their own: then it is not only ours to free. */
static bool is_shared(struct pma *pma, const void *block)
{
	struct pma_query_args args = { .handle = pma_offset(pma, block) };

	if (likely(!atomic_load_explicit(pma->fd_is_out, memory_order_relaxed)))
		return false;
	return ioctl(pma->fd, PMA_IOC_QUERY, &args) || args.block_flags & PMA_BLOCK_SHARED;
}

/**
 * pma_large_park() - free a piece, if that is no concern of the kernel
 * @pma: the arena
 * @block: inside the region
 * @may_call: the kernel may be given blocks back
 *
 * Return: 1 if it is done, 0 if the kernel has to do it; -1 and errno if it is free.
 */
int pma_large_park(struct pma *pma, void *block, bool may_call)
{
	struct cache *cache;
	int class;

	if (pma_large_push(pma, block))
		return 1;
	class = pma_piece_park(pma, block);
	if (unlikely(class <= 0))
		return class;
	cache = pma_cache_get(pma);
	if (cache && !is_shared(pma, block) && pma_cache_put(pma, cache, class, block, may_call))
		return 1;
	/* As it was, but for the kernel to judge; or somebody short of memory was faster. */
	return pma_piece_drop(pma, block, class) ? 0 : 1;
}

/* In the kernel: where it is if that can be, or elsewhere. */
static void *resize_call(struct pma *pma, const void *block, size_t size, unsigned int class)
{
	struct pma_realloc_args args = {
		.handle = pma_offset(pma, block),
		.size = class ? pma_class_bytes(pma, class) : size,
	};

	if (ioctl(pma->fd, PMA_IOC_REALLOC, &args))
		return NULL;
	pma_table_learn(pma, args.handle, 0, args.usable, class);
	return pma->base + args.handle;
}

static void *resize_or_reclaim(struct pma *pma, const void *block, size_t size)
{
	unsigned int class = size > pma->slab_max && size <= pma->large_max ?
			     pma_piece_class(pma, size) : 0;
	void *other = resize_call(pma, block, size, class);

	if (other || errno != ENOMEM)
		return other;
	pma_cache_reclaim(pma);
	other = resize_call(pma, block, size, class);
	return other || !class ? other : resize_call(pma, block, size, 0);
}

/**
 * pma_large_resize() - change a size in the kernel, which judges the block
 * @pma: the arena
 * @block: inside the region
 * @size: not 0; above slab_max if the arena is not exact
 *
 * Return: the block, where it is now; NULL and errno, and nothing has changed.
 */
void *pma_large_resize(struct pma *pma, void *block, size_t size)
{
	size_t offset = pma_offset(pma, block);
	void *other;
	int class = 0;

	if (!pma->exact && offset < pma->region_bytes)
		class = pma_piece_forget(pma, block);
	if (class < 0)
		return NULL;
	other = resize_or_reclaim(pma, block, size);
	if (!other && class)
		pma_piece_learn(pma, offset, pma_class_bytes(pma, class), class);
	return other;
}
