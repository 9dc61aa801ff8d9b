/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma: a page memory allocator - the kernel interface
 *
 * A *pool* owns one contiguous region of vmalloc memory; an *arena* is one
 * client's own set of the pool's pages.  Make a pool (this may sleep), make an
 * arena in it (this may sleep), and then allocate and free from any context
 * but NMI: those calls never sleep, never reclaim, and take a bounded time.
 *
 *	pool = pma_pool_create("mydrv", SZ_16M, NULL);
 *	arena = pma_arena_create(pool, "rx");
 *	buf = pma_alloc(arena, 1536);
 *	...
 *	pma_free(arena, buf);
 *	pma_arena_destroy(arena);
 *	pma_pool_destroy(pool, 0);
 *
 * Every free is checked against metadata that lies outside the region: a
 * double, foreign, interior or other arena's pointer is refused, counted and
 * changes nothing.
 */
#ifndef _LINUX_PMA_H
#define _LINUX_PMA_H

#include <linux/bits.h>
#include <linux/types.h>
#include <uapi/linux/pma.h>

struct pma_pool;
struct pma_arena;

/**
 * struct pma_pool_params - what a pool is to be; zero means the default
 * @page_size: bytes of a page, a power of two, 256 to 65536; default PAGE_SIZE
 * @slab_max: largest block served by slab pages, 64 to page_size/2;
 *	default page_size/2
 * @flags: PMA_POOL_*; with PMA_POOL_ADAPTIVE, which excludes PMA_POOL_POW2, arenas of the
 *	kernel take less room and more time, see docs/design.md
 * @arena_limit: pages that an arena of a process may have, unless it is told
 *	otherwise; default no limit
 */
struct pma_pool_params {
	u32 page_size;
	u32 slab_max;
	u32 flags;
	u32 arena_limit;
};

/* For pma_pool_destroy(). */
#define PMA_DESTROY_FORCE	BIT(0)	/* even if blocks are out: list them, then go */

struct pma_pool *pma_pool_create(const char *name, size_t bytes,
				 const struct pma_pool_params *params);
int pma_pool_destroy(struct pma_pool *pool, u32 flags);

struct pma_arena *pma_arena_create(struct pma_pool *pool, const char *name);
void pma_arena_destroy(struct pma_arena *arena);
int pma_arena_set_limit(struct pma_arena *arena, u32 nr_pages);
int pma_arena_set_reserve(struct pma_arena *arena, u32 nr_pages);

void *pma_alloc(struct pma_arena *arena, size_t size);
void *pma_zalloc(struct pma_arena *arena, size_t size);
void *pma_alloc_aligned(struct pma_arena *arena, size_t size, size_t align, u32 flags);
void *pma_realloc(struct pma_arena *arena, void *block, size_t size, u32 flags);
int pma_free(struct pma_arena *arena, void *block);
size_t pma_usable_size(struct pma_arena *arena, const void *block);

unsigned int pma_alloc_batch(struct pma_arena *arena, size_t size, u32 flags,
			     unsigned int nr, void **blocks);
unsigned int pma_free_batch(struct pma_arena *arena, unsigned int nr, void **blocks);

void *pma_calloc(struct pma_arena *arena, size_t nmemb, size_t size);

void pma_arena_stats(struct pma_arena *arena, struct pma_stats *stats);
int pma_check(struct pma_pool *pool, struct pma_check_args *result);

#endif /* _LINUX_PMA_H */
