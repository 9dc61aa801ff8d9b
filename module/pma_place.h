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
 * @index: of a slab block
 * @start: handle of the block's start
 * @claim: if it is a shared block, the arena's hold of it
 */
struct pma_place {
	u32 kind;
	u32 pgno;
	u32 index;
	u64 start;
	struct pma_claim *claim;
};

int pma_place_find(struct pma_arena *arena, u64 handle, struct pma_place *place);
const struct pma_class *pma_place_look_slab(const struct pma_arena *arena, u64 handle);
void pma_place_describe(struct pma_arena *arena, const struct pma_place *place,
			struct pma_block *block);
void pma_place_record(struct pma_arena *arena, const struct pma_place *place, size_t size);
bool pma_place_pages(struct pma_arena *arena, u64 handle, bool write, u32 *first, u32 *nr_pages,
		     bool *writable);
int pma_place_query(struct pma_arena *arena, u64 handle, bool interior, struct pma_block *block);
int pma_place_read(struct pma_arena *arena, u64 handle, void *to, size_t bytes);
int pma_place_write(struct pma_arena *arena, u64 handle, const void *from, size_t bytes);

#endif /* _PMA_PLACE_H */
