/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_resize.h - change a block's size, contents kept
 */
#ifndef _PMA_RESIZE_H
#define _PMA_RESIZE_H

#include "pma_arena.h"

int pma_resize_try(struct pma_arena *arena, u64 handle, size_t size, size_t align, u32 flags,
		   struct pma_block *block);
int pma_resize_block(struct pma_arena *arena, u64 handle, size_t size, size_t align, u32 flags,
		     struct pma_block *block);

#endif /* _PMA_RESIZE_H */
