/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_batch.h - many operations under one lock
 */
#ifndef _PMA_BATCH_H
#define _PMA_BATCH_H

#include "pma_arena.h"

#define PMA_BATCH_CHUNK	32U	/* entries that one lock section does, at most */

u32 pma_batch_do(struct pma_arena *arena, struct pma_batch_entry *entries, u32 nr);

#endif /* _PMA_BATCH_H */
