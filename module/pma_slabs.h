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

#endif /* _PMA_SLABS_H */
