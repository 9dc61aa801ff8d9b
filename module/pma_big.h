/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_big.h - blocks that take whole contiguous pages
 */
#ifndef _PMA_BIG_H
#define _PMA_BIG_H

#include "pma_fit.h"
#include "pma_page.h"

/* How far back an interior handle is looked up in a pool without body pages. */
#define PMA_BIG_LOOK_BACK	512

void pma_big_mark_body(struct pma_pages *pages, u32 first, u32 from, u32 to, u16 owner);
u32 pma_big_find(const struct pma_pages *pages, const struct pma_fit *runs, u32 pgno);

/**
 * pma_big_mark() - say what the first page of a block is
 * @pages: the table
 * @first: the block's first page
 * @kind: PMA_KIND_BIG, PMA_PAGE_BUSY, or PMA_KIND_FREE
 * @owner: number of the owning arena
 */
static inline void pma_big_mark(struct pma_pages *pages, u32 first, u8 kind, u16 owner)
{
	pma_page_set(&pages->desc[first], kind, 0, owner);
	pages->desc[first].big.first = first;
}

#endif /* _PMA_BIG_H */
