/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_slabs.h - an arena's slab pages
 */
#ifndef _PMA_SLABS_H
#define _PMA_SLABS_H

#include "pma_arena.h"

unsigned int pma_slabs_alloc(struct pma_arena *arena, u32 class, size_t size, u32 flags,
			     unsigned int nr, u64 *handles);
void pma_slabs_place(struct pma_arena *arena, u32 pgno, bool was_full);
void pma_slabs_free(struct pma_arena *arena, u32 pgno, u32 index);
void pma_slabs_freed(struct pma_arena *arena, u32 pgno, u32 nr, u32 lowest);
u32 pma_slabs_activate(struct pma_arena *arena, u32 class);
void pma_slabs_settle(struct pma_arena *arena, u32 pgno);
u32 pma_slabs_release(struct pma_arena *arena, u32 most);

/**
 * pma_slabs_alloc_one() - take a slab block where nothing but the page has to change
 * @arena: whose it will be
 * @class: of it
 * @size: bytes wanted
 * @handle: of it
 *
 * Context: The arena's lock is held.
 * Return: false if nothing was done, and it is for pma_slabs_alloc().
 */
static __always_inline bool pma_slabs_alloc_one(struct pma_arena *arena, u32 class, size_t size,
						u64 *handle)
{
	struct pma_pages *pages = &arena->pool->pages;
	u32 pgno = arena->partial[class], index;
	struct pma_page *page = &pages->desc[pgno];

	if (unlikely(pgno == PMA_NONE) ||
	    !pma_slab_take_one(page, pma_pages_shadow(pages, pgno), &index))
		return false;
	*handle = pma_region_handle(&arena->pool->region, pgno) + index * page->slab.block_size;
	pma_pages_record(pages, *handle, page->slab.block_size, size);
	pma_arena_count_allocs(arena, 1, page->slab.block_size);
	return true;
}

#endif /* _PMA_SLABS_H */
