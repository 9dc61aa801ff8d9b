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
	pages->desc[first].big.first = first;
	pma_page_set(&pages->desc[first], kind, 0, owner);
}

/**
 * pma_big_record() - record what was asked for
 * @page: descriptor of the block's first page
 * @bytes: of the block
 * @requested: bytes that were asked for, at least 1
 */
static inline void pma_big_record(struct pma_page *page, u64 bytes, u64 requested)
{
	page->big.slack = min_t(u64, bytes - requested, PMA_SLACK_UNKNOWN);
}

/**
 * pma_big_requested() - what was asked for
 * @page: descriptor of the block's first page
 * @bytes: of the block
 *
 * Return: bytes, or 0 if that is not known: where 4 GiB or more are over, as of a
 * block that could not part with pages that are pinned.
 */
static inline u64 pma_big_requested(const struct pma_page *page, u64 bytes)
{
	return page->big.slack == PMA_SLACK_UNKNOWN ? 0 : bytes - page->big.slack;
}

/**
 * pma_big_claim() - take a block out of all others' reach
 * @pages: the table
 * @first: a page of the region
 * @owner: number of the arena whose block it must be
 *
 * It is BUSY then.  Without a lock: one of those who try at the same time succeeds.
 *
 * Return: true if a block that calls could reach started there.
 */
static inline bool pma_big_claim(struct pma_pages *pages, u32 first, u16 owner)
{
	return pma_page_swap(&pages->desc[first], pma_page_word(PMA_KIND_BIG, 0, owner),
			     pma_page_word(PMA_PAGE_BUSY, 0, owner));
}

#endif /* _PMA_BIG_H */
