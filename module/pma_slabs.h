/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_slabs.h - an arena's slab pages
 */
#ifndef _PMA_SLABS_H
#define _PMA_SLABS_H

#include "pma_arena.h"

unsigned int pma_slabs_alloc(struct pma_arena *arena, u32 class, size_t size, u32 flags,
			     unsigned int nr, u64 *handles);
unsigned int pma_slabs_lend(struct pma_arena *arena, u32 class, unsigned int nr, u32 *bits,
			    u32 flags);
void pma_slabs_put_back(struct pma_arena *arena, u32 class, unsigned int nr, const u32 *bits);
void pma_slabs_recount(struct pma_arena *arena, u32 pgno);
void pma_slabs_place(struct pma_arena *arena, u32 pgno, bool was_full);
u32 pma_slabs_release(struct pma_arena *arena, u32 most);

/**
 * pma_slabs_alloc_one() - take a slab block where nothing but the page has to change
 * @arena: whose it will be
 * @class: of it
 * @size: bytes wanted
 * @handle: of it
 *
 * Context: The arena's lock is held; its CPUs have no blocks.
 * Return: false if nothing was done, and it is for pma_slabs_alloc().
 */
static __always_inline bool pma_slabs_alloc_one(struct pma_arena *arena, u32 class, size_t size,
						u64 *handle)
{
	struct pma_pages *pages = &arena->pool->pages;
	u32 pgno = arena->partial[class], block_size;

	if (unlikely(pgno == PMA_NONE) ||
	    !pma_slab_take_one(pages, pgno, &arena->pool->classes->class[class], handle))
		return false;
	block_size = pages->desc[pgno].slab.block_size;
	pma_pages_record(pages, *handle, block_size, size);
	pma_arena_count_allocs(arena, 1, block_size);
	return true;
}

/**
 * pma_slabs_freed() - what follows when blocks of a slab page were put back
 * @arena: whose the page is
 * @page: its descriptor
 * @pgno: its number
 * @nr_blocks: that it has
 * @nr: how many were put back, at least 1; their bits are set
 * @lowest: the first bit of them in the page
 *
 * Where this changes only counts, nothing is called.
 *
 * Context: The arena's lock is held; takes the pool's.
 */
static __always_inline void pma_slabs_freed(struct pma_arena *arena, struct pma_page *page,
					    u32 pgno, u32 nr_blocks, u32 nr, u32 lowest)
{
	bool was_full = !page->slab.nr_free;

	lockdep_assert_held(&arena->lock);
	pma_arena_count_frees(arena, nr, nr * page->slab.block_size);
	pma_slab_count_given(page, nr, lowest);
	if (was_full || page->slab.nr_free == nr_blocks)
		pma_slabs_place(arena, pgno, was_full);
}

/**
 * pma_slabs_free() - free a slab block
 * @arena: whose it is
 * @page: descriptor of its page
 * @handle: of its start
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: false if it is free already.
 */
static __always_inline bool pma_slabs_free(struct pma_arena *arena, struct pma_page *page,
					   u64 handle)
{
	struct pma_pages *pages = &arena->pool->pages;
	u32 pgno = pma_region_pgno(pages->region, handle);
	u32 bit = (handle & (pma_region_page_size(pages->region) - 1)) >> pages->bit_shift;

	/* A CPU may be freeing it, or another. */
	if (test_and_set_bit(bit, pma_pages_shadow(pages, pgno)))
		return false;
	pma_slabs_freed(arena, page, pgno,
			arena->pool->classes->class[pma_page_id(page).class].nr_blocks, 1, bit);
	return true;
}

#endif /* _PMA_SLABS_H */
