/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_arena.h - one client's own set of pages
 */
#ifndef _PMA_ARENA_H
#define _PMA_ARENA_H

#include "pma_pool.h"

#define PMA_ARENA_USER		BIT(0)	/* a process's, not the kernel's */

/**
 * struct pma_arena - one client's own set of pages
 * @pool: whose pages they are
 * @id: its number, the owner in descriptors; used again after its end
 * @uid: a number no other arena of the pool had before it
 * @flags: PMA_ARENA_*
 * @name: for people
 * @node: in the pool's list
 * @lock: of all below, and of the descriptors and shadows of its pages
 * @partial: for each class, slab pages with a free block and one in use
 * @full: slab pages without a free block
 * @big: big blocks
 * @segments: heap segments
 * @heap: over @segments
 * @stats: its counters; what concerns the pool is filled in by pma_arena_stats()
 *
 * Lists go through the links of the runs' tags; each holds first pages.
 */
struct pma_arena {
	struct pma_pool *pool;
	u16 id;
	u32 uid;
	u32 flags;
	char name[PMA_NAME_MAX];
	struct list_head node;

	raw_spinlock_t lock;		/* all below */
	u32 partial[PMA_CLASSES_MAX];
	u32 full;
	u32 big;
	u32 segments;
	struct pma_heap *heap;
	struct pma_stats stats;
};

struct pma_arena *pma_arena_new(struct pma_pool *pool, const char *name, u32 flags);
void pma_arena_delete(struct pma_arena *arena);
void pma_arena_reset(struct pma_arena *arena);

int pma_arena_alloc(struct pma_arena *arena, size_t size, size_t align, u32 flags,
		    struct pma_block *block);
unsigned int pma_arena_alloc_batch(struct pma_arena *arena, size_t size, u32 flags,
				   unsigned int nr, u64 *handles);
int pma_arena_free(struct pma_arena *arena, u64 handle);
void pma_arena_get_stats(struct pma_arena *arena, struct pma_stats *stats);

/* For the rest of L3. */
struct pma_place;

int pma_arena_check_request(struct pma_arena *arena, size_t size, size_t align, u32 flags,
			    struct pma_route *route);
int pma_arena_alloc_small(struct pma_arena *arena, size_t size, const struct pma_route *route,
			  u32 flags, struct pma_block *block);
u32 pma_arena_free_place(struct pma_arena *arena, const struct pma_place *place);
u32 pma_arena_big_take(struct pma_arena *arena, u32 nr_pages);
void pma_arena_big_publish(struct pma_arena *arena, u32 pgno, size_t requested);
void pma_arena_big_drop(struct pma_arena *arena, u32 pgno);
bool pma_arena_big_resize(struct pma_arena *arena, u32 pgno, u32 nr_pages);
u64 pma_arena_big_bytes(const struct pma_arena *arena, u32 pgno);
void pma_arena_big_give(struct pma_arena *arena, u32 pgno, u32 nr_pages);
void pma_arena_count_allocs(struct pma_arena *arena, u32 nr, u64 bytes);
void pma_arena_count_bytes(struct pma_arena *arena, s64 bytes);
int pma_arena_count_error(struct pma_arena *arena, int err);
int pma_arena_count_error_locked(struct pma_arena *arena, int err);

#endif /* _PMA_ARENA_H */
