/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_block.h - how an arena serves blocks
 */
#ifndef _PMA_BLOCK_H
#define _PMA_BLOCK_H

#include "pma_arena.h"

int pma_block_try(struct pma_arena *arena, size_t size, size_t align, u32 flags,
		  struct pma_block *block);
int pma_block_alloc(struct pma_arena *arena, size_t size, size_t align, u32 flags,
		    struct pma_block *block);
unsigned int pma_block_alloc_batch(struct pma_arena *arena, size_t size, u32 flags,
				   unsigned int nr, u64 *handles);
int pma_block_free(struct pma_arena *arena, u64 handle);
void pma_block_free_all(struct pma_arena *arena);

/* For the rest of L3. */
struct pma_place;

int pma_block_check_request(struct pma_arena *arena, size_t size, size_t align, u32 flags,
			    struct pma_route *route);
bool pma_block_make_do(const struct pma_arena *arena, size_t align, struct pma_route *route);
int pma_block_alloc_small(struct pma_arena *arena, size_t size, const struct pma_route *route,
			  u32 flags, struct pma_block *block);
int pma_block_free_and_unlock(struct pma_arena *arena, u64 handle, unsigned long irq)
	__releases(&arena->lock);
s64 pma_block_free_place(struct pma_arena *arena, const struct pma_place *place);

#endif /* _PMA_BLOCK_H */
