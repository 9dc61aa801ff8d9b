/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_adapt.h - slab pages only for sizes that are asked for a lot
 */
#ifndef _PMA_ADAPT_H
#define _PMA_ADAPT_H

#include "pma_mixed.h"

#define PMA_ADAPT_SIZES		128U	/* that slab pages can be earned for: up to 2 KiB */

/**
 * struct pma_adapt - what an arena has learnt, and its mixed runs
 * @mixed: the runs
 * @asked: by (size - 1) / PMA_BLOCK_MIN: how often, where that has earned no class
 *
 * Under the arena's lock.
 */
struct pma_adapt {
	struct pma_mixed mixed;
	u32 asked[PMA_ADAPT_SIZES];
};

int pma_adapt_init(struct pma_arena *arena);
void pma_adapt_exit(struct pma_arena *arena);
void pma_adapt_route(const struct pma_arena *arena, size_t size, size_t align,
		     struct pma_route *route);
bool pma_adapt_ask(struct pma_arena *arena, size_t size, u32 class, unsigned int nr);
void pma_adapt_take_back(struct pma_arena *arena, size_t size);

#endif /* _PMA_ADAPT_H */
