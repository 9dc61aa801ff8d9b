// SPDX-License-Identifier: GPL-2.0
/*
 * pma_big.c - blocks that take whole contiguous pages
 *
 * A big block is a run in use (pma_fit.c over pages), and a descriptor:
 *
 *	page	  7      8      9     10
 *	desc	| BIG  | BODY | BODY | BODY |	a block of four pages at page 7
 *
 * Allocation, freeing and coalescing are the run's: O(1).  The body's pages have
 * a descriptor only where somebody needs to know whose each page is, in pools
 * that isolate; elsewhere they look free, and only the run's tag at the first
 * page tells.
 *
 * While a block is filled, moved or resized without a lock, its first page is
 * BUSY: it belongs to its arena but no call can reach it.
 */
#include "pma_big.h"

/**
 * pma_big_mark_body() - say whose pages after the first are
 * @pages: the table
 * @first: the block's first page
 * @from: first page to mark, after @first
 * @to: page to stop before
 * @owner: number of the owning arena
 *
 * O(@to - @from); for pools that isolate.
 */
void pma_big_mark_body(struct pma_pages *pages, u32 first, u32 from, u32 to, u16 owner)
{
	for (; from < to; from++) {
		WRITE_ONCE(pages->desc[from].big.first, first);
		pma_page_set(&pages->desc[from], PMA_PAGE_BODY, 0, owner);
	}
}

/**
 * pma_big_find() - the block that a page without an owner of its own lies in
 * @pages: the table
 * @runs: the pool's runs
 * @pgno: a page whose descriptor says free
 *
 * For error paths and queries: looks back PMA_BIG_LOOK_BACK pages at most.
 * Context: The pool's lock is held.
 * Return: the block's first page, or PMA_NONE if the page is free, or too far
 * inside a block to tell.
 */
u32 pma_big_find(const struct pma_pages *pages, const struct pma_fit *runs, u32 pgno)
{
	u32 first = pma_fit_find(runs, pgno, PMA_BIG_LOOK_BACK);

	if (first == PMA_NONE || pma_fit_is_free(runs, first) ||
	    pma_page_id(&pages->desc[first]).kind != PMA_KIND_BIG)
		return PMA_NONE;
	return first;
}
