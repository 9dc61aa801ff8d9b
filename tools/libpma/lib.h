/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lib.h - what the files of libpma share
 *
 *	table	(shared by all processes of an arena) the class of each page, the size
 *		of each class, the class for each size
 *	piece	the same for blocks that are larger than a slab page has, one by one
 *	depot	free blocks that are between threads, or kept for later
 *	cache	a thread's magazines of an arena
 *	large	larger blocks
 *	block	the calls of pma.h
 *
 * Words as in the kernel's design; here a *class* is a number that stands for a
 * block size, and 0 is none.  Those of slab blocks the table gave out; sizes above
 * have eight classes a doubling, and blocks of these are *pieces*, be they chunks
 * or big blocks.  A block that is free but not given back to the kernel is *parked*.
 */
#ifndef LIB_H
#define LIB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "pma.h"

#define HIDDEN		__attribute__((visibility("hidden")))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define SLOW		__attribute__((noinline, cold))
/* Not cold, as gcc would then copy and zero by the byte, which is short. */
#define APART		__attribute__((noinline))

#define ARENAS_MAX	32	/* open at a time in a process */
#define CLASSES_MAX	256
#define CLASS_LARGE	140	/* the first of those of pieces */
#define CLASS_PIECE	(CLASSES_MAX - 2)	/* of a page: it has pieces, which see */
#define CLASS_INSIDE	(CLASSES_MAX - 1)	/* of a page, the shim's: a pointer into a block */
#define NR_LARGE	(CLASS_PIECE - CLASS_LARGE)
#define LARGE_STEPS	8	/* classes of pieces in a doubling */
#define LARGE_NEAR	128	/* of their sizes, by steps of the smallest ones: up to 32 KiB */
#define LARGE_MAX	(1UL << 20)	/* of the largest class, at most */
#define SIZE_STEP_SHIFT	3	/* class sizes are multiples of 8 */
#define BIN_BLOCKS	254
#define CALL_BLOCKS	64	/* in a call, as threads may have small stacks */
#define FEW_BYTES	64	/* zeroed and copied in place */

/**
 * struct pma - an open arena
 * @base: of the mapping of its region
 * @region_bytes: length of it
 * @page_shift: of a page's size
 * @slab_max: largest size that is served by a slab page
 * @large_max: largest size that has a class
 * @piece_shift: of the stretch in which one piece begins at most
 * @near_shift: of a step of @large_near
 * @page_class: table: class of each page
 * @size_class: table: class of each multiple of 8 bytes
 * @class_size: table: block size of each class
 * @pieces: table: what is known of pieces, by where they begin
 * @fd_is_out: table: others than this library may do calls on the file
 * @table: all of them
 * @table_bytes: its length
 * @large_class: the class of each step of sizes above @slab_max
 * @large_near: the same by even steps, for the smaller of them
 * @depot: of its number
 * @number: index of its caches in a thread
 * @fd: the open file
 * @exact: without magazines
 * @alone: this process's only: a child has neither the mapping nor the table's changes;
 *	and the shim's: it asks for 16 bytes at least
 */
struct pma {
	char *base;
	size_t region_bytes;
	unsigned int page_shift;
	unsigned int slab_max;
	atomic_uchar *page_class;
	atomic_uchar *size_class;
	atomic_uint *class_size;
	unsigned int number;
	unsigned int piece_shift;
	unsigned int near_shift;
	size_t large_max;
	atomic_ulong *pieces;
	atomic_uint *fd_is_out;
	void *table;
	size_t table_bytes;
	struct depot *depot;
	unsigned char large_class[NR_LARGE];
	unsigned char large_near[LARGE_NEAR];
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
 * @bins: by class; [0], [CLASS_PIECE] and [CLASS_INSIDE] are never used
 * @big_class: of the one block above 32 KiB that may be here
 *
 * All zero is empty, and that is what a child finds after a fork.
 */
struct cache {
	struct bin bins[CLASSES_MAX];
	unsigned int big_class;
};

/* The thread's caches by arena; one that is always empty where there is none. */
extern __thread struct cache *pma_caches[ARENAS_MAX] HIDDEN;

/* block.c */
HIDDEN struct pma *pma_open_alone(const char *path);
HIDDEN void *pma_malloc_slow(struct pma *pma, size_t size);
HIDDEN void *pma_cached_alloc(struct pma *pma, size_t size);
HIDDEN bool pma_cached_free(struct pma *pma, void *block);
HIDDEN ssize_t pma_known_size(const struct pma *pma, const void *block);
HIDDEN void *pma_alloc_call(struct pma *pma, size_t align, size_t size, uint32_t flags,
			    unsigned int class);
HIDDEN int pma_free_call(struct pma *pma, const void *block);

/* table.c */
HIDDEN int pma_table_open(struct pma *pma, const struct pma_info *info);
HIDDEN void pma_table_close(struct pma *pma);
HIDDEN unsigned int pma_table_learn(struct pma *pma, uint64_t handle, size_t size, size_t usable,
				    unsigned int class);

/* piece.c */
HIDDEN void pma_piece_plan(struct pma *pma);
HIDDEN unsigned int pma_piece_far_class(const struct pma *pma, size_t size);
HIDDEN void pma_piece_learn(struct pma *pma, uint64_t handle, size_t usable, unsigned int class);
HIDDEN ssize_t pma_piece_bytes(const struct pma *pma, const void *block);
HIDDEN bool pma_piece_is_parked(const struct pma *pma, size_t offset);
HIDDEN int pma_piece_park(struct pma *pma, const void *block);
HIDDEN int pma_piece_forget(struct pma *pma, const void *block);
HIDDEN bool pma_piece_drop(struct pma *pma, const void *block, unsigned int class);
HIDDEN void *pma_piece_steal(struct pma *pma, size_t *at);

/* depot.c */
HIDDEN void *pma_depot_map(size_t kept, size_t bytes);
HIDDEN struct depot *pma_depot_create(void);
HIDDEN void pma_depot_reset(struct depot *depot);
HIDDEN uint32_t pma_depot_put(struct pma *pma, unsigned int class, void **blocks, uint32_t nr);
HIDDEN uint32_t pma_depot_take(struct pma *pma, unsigned int class, void **blocks, uint32_t nr);
HIDDEN size_t pma_depot_bytes(const struct pma *pma);
HIDDEN bool pma_depot_is_due(struct pma *pma);
HIDDEN void pma_depot_tidy(struct pma *pma);
HIDDEN void pma_depot_flush(struct pma *pma);

/* cache.c */
HIDDEN struct pma *pma_cache_open(void);
HIDDEN void pma_cache_close(struct pma *pma);
HIDDEN void pma_cache_abandon(struct pma *pma);
HIDDEN void pma_cache_lock(void);
HIDDEN void pma_cache_unlock(void);
HIDDEN struct cache *pma_cache_get(struct pma *pma);
HIDDEN void pma_cache_flush(struct pma *pma, struct cache *cache);
HIDDEN void pma_cache_reclaim(struct pma *pma);
HIDDEN void pma_cache_give_back(struct pma *pma, unsigned int class, void **blocks, uint32_t nr);
HIDDEN void *pma_cache_reload(struct pma *pma, struct cache *cache, unsigned int class);
HIDDEN void *pma_cache_fill(struct pma *pma, struct cache *cache, unsigned int class);
HIDDEN bool pma_cache_put(struct pma *pma, struct cache *cache, unsigned int class, void *block,
			  bool may_call);

/* large.c */
HIDDEN void *pma_large_pop(struct pma *pma, size_t size);
HIDDEN void *pma_large_malloc(struct pma *pma, size_t size);
HIDDEN void *pma_large_alloc(struct pma *pma, size_t size, uint32_t flags);
HIDDEN int pma_large_park(struct pma *pma, void *block, bool may_call);
HIDDEN void *pma_large_resize(struct pma *pma, void *block, size_t size);

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

/* Most of the time it is known: then the line stays with those who read it. */
static inline void pma_class_set(const struct pma *pma, size_t offset, unsigned int class)
{
	if (pma_class_at(pma, offset) != class)
		atomic_store_explicit(&pma->page_class[offset >> pma->page_shift], class,
				      memory_order_relaxed);
}

/* For a size up to slab_max. */
static inline unsigned int pma_class_for(const struct pma *pma, size_t size)
{
	return atomic_load_explicit(&pma->size_class[(size + 7) >> SIZE_STEP_SHIFT],
				    memory_order_relaxed);
}

/* Of a class that is neither CLASS_PIECE nor CLASS_INSIDE. */
static inline size_t pma_class_bytes(const struct pma *pma, unsigned int class)
{
	return atomic_load_explicit(&pma->class_size[class], memory_order_relaxed);
}

/* Its blocks all lie in slab pages of theirs. */
static inline bool pma_class_is_slab(unsigned int class)
{
	return class - 1 < CLASS_LARGE - 1;
}

/* To stay: shorter by less than half is not worth a copy. */
static inline bool pma_is_good_for(size_t have, size_t size)
{
	return size <= have && size > have / 2;
}

/* The fast way of pma_malloc() and pma_free(): what the thread's magazines can do. */

/* Its address is computed once: left to itself, gcc adds the parts up at each use. */
static inline struct bin *pma_bin(const struct pma *pma, unsigned int class)
{
	struct bin *bin = &pma_caches[pma->number]->bins[class];

	__asm__("" : "+r" (bin));
	return bin;
}

static inline void *pma_cache_pop(const struct pma *pma, size_t size)
{
	struct bin *bin;
	void *block;

	if (unlikely(size > pma->slab_max))
		return NULL;
	/* Size 0 has no class, and so nothing in its bin. */
	bin = pma_bin(pma, pma_class_for(pma, size));
	if (unlikely(!bin->nr))
		return NULL;
	block = bin->blocks[bin->nr--];
	if (!block)
		__builtin_unreachable();
	return block;
}

/* In a page of @class. */
static inline bool pma_cache_push_at(const struct pma *pma, unsigned int class, void *block)
{
	struct bin *bin = pma_bin(pma, class);

	if (unlikely(bin->nr >= bin->limit || bin->blocks[bin->nr] == block))
		return false;
	bin->blocks[++bin->nr] = block;
	return true;
}

static inline bool pma_cache_push(const struct pma *pma, void *block)
{
	size_t offset = pma_offset(pma, block);

	return likely(offset < pma->region_bytes) &&
	       pma_cache_push_at(pma, pma_class_at(pma, offset), block);
}

/*
 * Pieces: see piece.c.  A word is the offset where the piece begins, its class, and its
 * state; 0 if there is none.
 */

#define PIECE_OUT	1UL
#define PIECE_PARKED	2UL
#define PIECE_STATE	3UL	/* mask */
#define PIECE_CLASS_SHIFT	2
#define PIECE_CLASS	((CLASSES_MAX - 1UL) << PIECE_CLASS_SHIFT)	/* mask */
#define PIECE_START_SHIFT	10

static inline bool pma_piece_is_near(const struct pma *pma, size_t size)
{
	return likely((size - 1) >> pma->near_shift < LARGE_NEAR);
}

/* For a size above slab_max, up to large_max. */
static inline unsigned int pma_piece_class(const struct pma *pma, size_t size)
{
	return pma_piece_is_near(pma, size) ? pma->large_near[(size - 1) >> pma->near_shift] :
					      pma_piece_far_class(pma, size);
}

static inline atomic_ulong *pma_piece_at(const struct pma *pma, size_t offset)
{
	return &pma->pieces[offset >> pma->piece_shift];
}

static inline unsigned int pma_piece_class_of(unsigned long word)
{
	return (word & PIECE_CLASS) >> PIECE_CLASS_SHIFT;
}

static inline unsigned long pma_piece_make(size_t offset, unsigned int class,
					   unsigned long state)
{
	return offset << PIECE_START_SHIFT | class << PIECE_CLASS_SHIFT | state;
}

/* Hand out what a hint says is parked: true if it is, and is the caller's now. */
static inline bool pma_piece_unpark(const struct pma *pma, const void *block, unsigned int class)
{
	size_t offset = pma_offset(pma, block);
	unsigned long parked = pma_piece_make(offset, class, PIECE_PARKED);

	return atomic_compare_exchange_strong(pma_piece_at(pma, offset), &parked,
					      parked - PIECE_PARKED + PIECE_OUT);
}

/* The fast way to get a piece, of the class of @bin. */
static inline void *pma_large_take(const struct pma *pma, unsigned int class)
{
	struct bin *bin = pma_bin(pma, class);
	void *block;

	if (unlikely(!bin->nr))
		return NULL;
	block = bin->blocks[bin->nr--];
	if (!block)
		__builtin_unreachable();
	return likely(pma_piece_unpark(pma, block, class)) ? block : NULL;
}

/* The fast way to free a piece; false if it has to be looked at. */
static inline bool pma_large_push(const struct pma *pma, void *block)
{
	size_t offset = pma_offset(pma, block);
	atomic_ulong *at = pma_piece_at(pma, offset);
	unsigned long word = atomic_load_explicit(at, memory_order_relaxed);
	struct bin *bin;

	if (unlikely((word & ~PIECE_CLASS) != pma_piece_make(offset, 0, PIECE_OUT) ||
		     atomic_load_explicit(pma->fd_is_out, memory_order_relaxed)))
		return false;
	bin = pma_bin(pma, pma_piece_class_of(word));
	if (unlikely(bin->nr >= bin->limit ||
		     !atomic_compare_exchange_strong(at, &word,
						     word - PIECE_OUT + PIECE_PARKED)))
		return false;
	bin->blocks[++bin->nr] = block;
	return true;
}

/* The fast way to free anything. */
static inline bool pma_push(const struct pma *pma, void *block)
{
	size_t offset = pma_offset(pma, block);

	if (unlikely(offset >= pma->region_bytes))
		return false;
	if (likely(pma_cache_push_at(pma, pma_class_at(pma, offset), block)))
		return true;
	/* Looked up again, so that what is most frequent keeps nothing for this. */
	__asm__("" : "+r" (block));
	return pma_class_at(pma, pma_offset(pma, block)) == CLASS_PIECE &&
	       pma_large_push(pma, block);
}

/*
 * Few bytes, in place.  Classes from 16 bytes on are multiples of 16, and their blocks
 * are aligned to it: a block has what a size is rounded up by.
 */

#define GRANULE	long long __attribute__((vector_size(16), may_alias))

static inline void *pma_zero(void *block, size_t bytes)
{
	const GRANULE zero = { };
	GRANULE *to = block;
	size_t last = (bytes - 1) / sizeof(zero);

	if (unlikely(bytes > FEW_BYTES))
		return memset(block, 0, bytes);
	if (bytes <= 8)
		return memset(block, 0, 8);
	to[0] = zero;
	to[last] = zero;
	if (bytes > 2 * sizeof(zero)) {
		to[1] = zero;
		to[last - 1] = zero;
	}
	return block;
}

/* Between two blocks that both have so many bytes. */
static inline void pma_copy(void *block, const void *other, size_t bytes)
{
	const GRANULE *from = other;
	GRANULE *to = block;
	size_t last = (bytes - 1) / sizeof(*to);

	if (unlikely(bytes > FEW_BYTES)) {
		memcpy(block, other, bytes);
	} else if (bytes <= 8) {
		memcpy(block, other, 8);
	} else {
		to[0] = from[0];
		to[last] = from[last];
		if (bytes > 2 * sizeof(*to)) {
			to[1] = from[1];
			to[last - 1] = from[last - 1];
		}
	}
}

#endif /* LIB_H */
