/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_chunks.h - an arena's heap segments
 */
#ifndef _PMA_CHUNKS_H
#define _PMA_CHUNKS_H

#include "pma_arena.h"

int pma_chunks_alloc(struct pma_arena *arena, size_t size, u32 need, u32 flags,
		     struct pma_block *block);
bool pma_chunks_free(struct pma_arena *arena, u64 handle);
bool pma_chunks_give(struct pma_arena *arena, u64 handle);
u32 pma_chunks_release(struct pma_arena *arena, u32 most);

#endif /* _PMA_CHUNKS_H */
