/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_adapt.h - slab pages only for sizes that are asked for a lot
 */
#ifndef _PMA_ADAPT_H
#define _PMA_ADAPT_H

#include "pma_arena.h"
#include "pma_mix.h"

#define PMA_ADAPT_SIZES		128U	/* that slab pages can be earned for: up to 2 KiB */
#define PMA_ADAPT_LISTS		257	/* as pma_fit_list_of() says of a run's units */

/**
 * struct pma_adapt - what an arena has learnt, and its mixed runs
 * @nr_pages: of mixed runs
 * @lists: which of @mixed are not empty
 * @mixed: runs, by pma_fit_list_of() the length of their longest free piece
 * @asked: by (size - 1) / PMA_BLOCK_MIN: how often, where that has earned no class
 *
 * Under the arena's lock.
 */
struct pma_adapt {
	u32 nr_pages;
	DECLARE_BITMAP(lists, PMA_ADAPT_LISTS);
	u32 mixed[PMA_ADAPT_LISTS];
	u32 asked[PMA_ADAPT_SIZES];
};

int pma_adapt_init(struct pma_arena *arena);
void pma_adapt_exit(struct pma_arena *arena);
void pma_adapt_route(const struct pma_arena *arena, size_t size, size_t align,
		     struct pma_route *route);
bool pma_adapt_ask(struct pma_arena *arena, size_t size, u32 class, unsigned int nr);
int pma_adapt_alloc(struct pma_arena *arena, size_t size, u32 flags, struct pma_block *block);
void pma_adapt_free(struct pma_arena *arena, u64 handle);
bool pma_adapt_resize(struct pma_arena *arena, u64 handle, size_t size);
int pma_adapt_find(const struct pma_arena *arena, u64 handle, u64 *start);
void pma_adapt_describe(const struct pma_arena *arena, u64 handle, struct pma_block *block);
void pma_adapt_record(struct pma_arena *arena, u64 handle, size_t size);
u64 pma_adapt_next(const struct pma_arena *arena, u64 handle);
u64 pma_adapt_hints(const struct pma_arena *arena, u32 run);
u32 pma_adapt_release(struct pma_arena *arena, u32 most);

#endif /* _PMA_ADAPT_H */
