/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_dump.h - records of pages and of blocks
 */
#ifndef _PMA_DUMP_H
#define _PMA_DUMP_H

#include "pma_arena.h"

u32 pma_dump_pages(struct pma_pool *pool, struct pma_arena *arena, u64 *cursor,
		   struct pma_page_rec *recs, u32 nr);
u32 pma_dump_blocks(struct pma_arena *arena, u64 *cursor, struct pma_block_rec *recs, u32 nr);

#endif /* _PMA_DUMP_H */
