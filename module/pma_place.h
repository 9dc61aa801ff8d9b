/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_place.h - what is at a handle
 */
#ifndef _PMA_PLACE_H
#define _PMA_PLACE_H

#include "pma_arena.h"

struct pma_claim;

/**
 * struct pma_place - what a handle was found to be
 * @kind: PMA_KIND_SLAB, PMA_KIND_BIG, PMA_KIND_HEAP or PMA_PAGE_MIXED
 * @pgno: the page; of a big block its first
 * @start: handle of the block's start
 * @claim: if it is a shared block, the arena's hold of it
 */
struct pma_place {
	u32 kind;
	u32 pgno;
	u64 start;
	struct pma_claim *claim;
};

int pma_place_find(struct pma_arena *arena, u64 handle, struct pma_place *place);
void pma_place_describe(struct pma_arena *arena, const struct pma_place *place,
			struct pma_block *block);
void pma_place_record(struct pma_arena *arena, const struct pma_place *place, size_t size);
bool pma_place_pages(struct pma_arena *arena, u64 handle, bool write, u32 *first, u32 *nr_pages,
		     bool *writable);
int pma_place_query(struct pma_arena *arena, u64 handle, bool interior, struct pma_block *block);
int pma_place_read(struct pma_arena *arena, u64 handle, void *to, size_t bytes);
int pma_place_write(struct pma_arena *arena, u64 handle, const void *from, size_t bytes);

/**
 * pma_place_in_use() - does a slab block in use begin there?
 * @arena: who asks; its CPUs have magazines
 * @bit: of its start, it is said; in the region
 * @page: descriptor of its page
 * @word: what that says if the page is a slab page of @arena, of the class
 *
 * Nobody but who may free the block changes the answer.  Of a block that is free it may be
 * wrong, if all of its page is given back and cut again, for the same class, between two looks.
 *
 * Context: Any; takes no lock.
 */
static __always_inline bool pma_place_in_use(const struct pma_arena *arena, size_t bit,
					     const struct pma_page *page, u32 word)
{
	/* If the page has gone, that was no bit of its bitmap any more. */
	return pma_page_read(page) == word && !test_bit_acquire(bit, arena->fast.shadow) &&
	       pma_page_read(page) == word;
}

/**
 * pma_place_look_slab() - what pma_place_find() would find, if it is a slab block
 * @arena: who asks
 * @handle: any number
 *
 * As pma_place_in_use().
 *
 * Context: Any; takes no lock.
 * Return: the class of the block in use of @arena that starts there; or NULL if none is there,
 * if it is no slab block, or if CPUs have no magazines.
 */
static __always_inline const struct pma_class *
pma_place_look_slab(const struct pma_arena *arena, size_t handle)
{
	size_t bit = handle >> arena->fast.bit_shift;
	const struct pma_page *page;
	u8 class;

	if (bit >= arena->fast.nr_bits || handle % PMA_BLOCK_MIN)
		return NULL;
	page = &arena->fast.desc[handle >> arena->fast.page_shift];
	class = pma_page_id(page).class;
	if (!pma_place_in_use(arena, bit, page, pma_page_word(PMA_KIND_SLAB, class, arena->id)))
		return NULL;
	return &arena->pool->classes->class[class];
}

#endif /* _PMA_PLACE_H */
