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
bool pma_slabs_claim(struct pma_page *page);
bool pma_slabs_free_of_cpu(struct pma_arena *arena, const struct pma_page *page,
			   unsigned long *bitmap, u32 index);
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

/**
 * pma_slabs_freed() - what follows when blocks of a slab page were put back
 * @arena: whose the page is
 * @page: its descriptor, which pma_slabs_claim() answered true of
 * @pgno: its number
 * @nr_blocks: that it has
 * @nr: how many were put back, at least 1; their bits are set
 * @lowest: the first of them in the page
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
 * @pgno: the page's number
 * @nr_blocks: that it has
 * @index: the block's number there
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: false if it is free already.
 */
static __always_inline bool pma_slabs_free(struct pma_arena *arena, struct pma_page *page,
					   u32 pgno, u32 nr_blocks, u32 index)
{
	unsigned long *bitmap = pma_pages_shadow(&arena->pool->pages, pgno);

	u8 kind = READ_ONCE(page->kind);

	if (kind & PMA_SLAB_GIVEN)
		return pma_slabs_free_of_cpu(arena, page, bitmap, index);
	if (kind != PMA_KIND_SLAB) {
		/* First this, as a refusal shall change nothing. */
		if (test_bit(index, bitmap))
			return false;
		if (!pma_slabs_claim(page))
			return pma_slabs_free_of_cpu(arena, page, bitmap, index);
	}
	if (__test_and_set_bit(index, bitmap))
		return false;
	pma_slabs_freed(arena, page, pgno, nr_blocks, 1, index);
	return true;
}

#endif /* _PMA_SLABS_H */
