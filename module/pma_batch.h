/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_batch.h - many operations under one lock
 */
#ifndef _PMA_BATCH_H
#define _PMA_BATCH_H

#include "pma_arena.h"

#define PMA_BATCH_CHUNK	32U	/* blocks that one lock section does, at most */

bool pma_batch_alloc(struct pma_arena *arena, u64 size, u32 align, u64 *handle, u64 *usable);
u32 pma_batch_alloc_equal(struct pma_arena *arena, u64 size, u32 align, u32 flags, u32 nr,
			  u64 *handles, u64 *usable);
u32 pma_batch_free(struct pma_arena *arena, u32 nr, const u64 *handles);
u32 pma_batch_do(struct pma_arena *arena, struct pma_batch_entry *entries, u32 nr);

#endif /* _PMA_BATCH_H */
