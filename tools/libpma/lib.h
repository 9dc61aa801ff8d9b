/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lib.h - what the files of libpma share
 *
 *	table	(shared by all processes of an arena) the class of each page, the size
 *		of each class, the class for each size
 *	cache	a thread's magazines of an arena
 *	block	the calls of pma.h
 *
 * Words as in the kernel's design; here a *class* is a number that the table gave
 * to a block size, and 0 is none: big blocks, chunks, what is not known.
 */
#ifndef LIB_H
#define LIB_H

#include <stdatomic.h>
#include <stdbool.h>

#include "pma.h"

#define HIDDEN		__attribute__((visibility("hidden")))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define ARENAS_MAX	32	/* open at a time in a process */
#define CLASSES_MAX	256
#define CLASS_INSIDE	(CLASSES_MAX - 1)	/* the shim's: a pointer into a block */
#define SIZE_STEP_SHIFT	3	/* class sizes are multiples of 8 */
#define BIN_BLOCKS	126

/**
 * struct pma - an open arena
 * @base: of the mapping of its region
 * @region_bytes: length of it
 * @page_shift: of a page's size
 * @slab_max: largest size that is served by a slab page
 * @page_class: table: class of each page
 * @size_class: table: class of each multiple of 8 bytes
 * @class_size: table: block size of each class
 * @table_bytes: all three
 * @number: index of its caches in a thread
 * @fd: the open file
 * @exact: without magazines
 * @alone: this process's only: a child has neither the mapping nor the table's changes
 */
struct pma {
	char *base;
	size_t region_bytes;
	unsigned int page_shift;
	unsigned int slab_max;
	atomic_uchar *page_class;
	atomic_uchar *size_class;
	atomic_uint *class_size;
	size_t table_bytes;
	unsigned int number;
	int fd;
	bool exact;
	bool alone;
};

/**
 * struct bin - a magazine: free blocks of one class
 * @nr: how many
 * @limit: how many it takes; 0 in a bin that was not used yet
 * @blocks: from 1 on; [0] is NULL, so that [nr] is the block freed last
 */
struct bin {
	uint32_t nr;
	uint32_t limit;
	void *blocks[BIN_BLOCKS + 1];
};

/**
 * struct cache - a thread's magazines of an arena
 * @bins: by class; [0] and [CLASS_INSIDE] are never used
 *
 * All zero is empty, and that is what a child finds after a fork.
 */
struct cache {
	struct bin bins[CLASSES_MAX];
};

/* The thread's caches by arena; one that is always empty where there is none. */
extern __thread struct cache *pma_caches[ARENAS_MAX] HIDDEN;

/* block.c */
HIDDEN struct pma *pma_open_alone(const char *path);

/* table.c */
HIDDEN int pma_table_open(struct pma *pma, const struct pma_info *info);
HIDDEN void pma_table_close(struct pma *pma);
HIDDEN unsigned int pma_table_learn(struct pma *pma, uint64_t handle, size_t size, size_t usable);

/* cache.c */
HIDDEN struct pma *pma_cache_open(void);
HIDDEN void pma_cache_close(struct pma *pma);
HIDDEN void pma_cache_abandon(struct pma *pma);
HIDDEN void pma_cache_lock(void);
HIDDEN void pma_cache_unlock(void);
HIDDEN struct cache *pma_cache_get(struct pma *pma);
HIDDEN void pma_cache_flush(struct pma *pma, struct cache *cache);
HIDDEN void *pma_cache_fill(struct pma *pma, struct cache *cache, size_t size);
HIDDEN bool pma_cache_put(struct pma *pma, struct cache *cache, unsigned int class, void *block);

/* The table, without a call. */

static inline size_t pma_offset(const struct pma *pma, const void *block)
{
	return (uintptr_t)block - (uintptr_t)pma->base;
}

/* Of a block at @offset, which is inside the region. */
static inline unsigned int pma_class_at(const struct pma *pma, size_t offset)
{
	return atomic_load_explicit(&pma->page_class[offset >> pma->page_shift],
				    memory_order_relaxed);
}

/* For a size up to slab_max. */
static inline unsigned int pma_class_for(const struct pma *pma, size_t size)
{
	return atomic_load_explicit(&pma->size_class[(size + 7) >> SIZE_STEP_SHIFT],
				    memory_order_relaxed);
}

static inline size_t pma_class_bytes(const struct pma *pma, unsigned int class)
{
	return atomic_load_explicit(&pma->class_size[class], memory_order_relaxed);
}

/* The fast way of pma_malloc() and pma_free(): what the thread's magazines can do. */

static inline void *pma_cache_pop(const struct pma *pma, size_t size)
{
	struct bin *bin;

	if (unlikely(size > pma->slab_max))
		return NULL;
	/* Size 0 has no class, and so nothing in its bin. */
	bin = &pma_caches[pma->number]->bins[pma_class_for(pma, size)];
	return likely(bin->nr) ? bin->blocks[bin->nr--] : NULL;
}

static inline bool pma_cache_push(const struct pma *pma, void *block)
{
	size_t offset = pma_offset(pma, block);
	struct bin *bin;

	if (unlikely(offset >= pma->region_bytes))
		return false;
	bin = &pma_caches[pma->number]->bins[pma_class_at(pma, offset)];
	if (unlikely(bin->nr >= bin->limit || bin->blocks[bin->nr] == block))
		return false;
	bin->blocks[++bin->nr] = block;
	return true;
}

#endif /* LIB_H */
