// SPDX-License-Identifier: GPL-2.0
/*
 * pma_reach.c - how much of a claimed block is mapped, and when
 *
 * Who claims a block may look at a byte of it, read it all, or pass it on untouched.
 * Each fault costs, each page that is mapped costs when it is zapped, and all a claim
 * can go by is what was touched before:
 *
 *	claim	maps the first page ahead of its fault, where the arena's claims before
 *		it were touched there (pma_reach_ahead())
 *	fault	maps a page at first, and each further one eight times as many
 *		(pma_reach_window())
 *
 * What a claim has *reached* is the stretch of pages from the first to the last that
 * may be mapped: no more than that is zapped when it ends.  Who shared the block as its
 * own has reached all of it.
 *
 * This only says what to map: the judge of handles (pma_place.c) asks for a fault, and
 * pma_mmap.c for a claim.
 */
#include "pma_reach.h"

/* What a fault maps of a claimed block, over what the fault before did; a power of 2. */
#define WINDOW_GROWTH	8

/**
 * pma_reach_window() - what of a block a fault shall map
 * @claim: the faulting arena's hold of it
 * @pgno: page of the block that is touched
 * @first: the first page to map
 * @nr_pages: how many
 *
 * Who claims a block may look at a byte of it, or read it all.  So the first fault
 * maps a page, and each further one eight times as many around it: what is never
 * touched need be neither mapped nor zapped, and the whole block takes few faults,
 * in whatever order it is touched.
 *
 * Context: The arena's lock is held.
 */
void pma_reach_window(struct pma_claim *claim, u32 pgno, u32 *first, u32 *nr_pages)
{
	const struct pma_share *share = claim->share;
	u32 start = share->pgno, end = start + share->nr_pages;

	lockdep_assert_held(&claim->arena->lock);
	if (pma_reach_is_empty(claim))
		pma_reach_expect(claim->arena, pgno == share->pgno);
	if (claim->window < share->nr_pages) {
		start += ALIGN_DOWN(pgno - share->pgno, claim->window);
		end = min(end, start + claim->window);
		claim->window *= WINDOW_GROWTH;
	}
	/* What lies beyond the touched page as seen from there is not mapped again. */
	if (pgno >= claim->reach_end)
		start = max(start, claim->reach_end);
	if (pgno < claim->reach_first)
		end = min(end, claim->reach_first);
	claim->reach_first = min(claim->reach_first, start);
	claim->reach_end = max(claim->reach_end, end);
	*first = start;
	*nr_pages = end - start;
}

/**
 * pma_reach_ahead() - map the first page of a claim before it is touched?
 * @arena: whose claim it is
 * @pgno: first page of the block, where the claim may have ended already
 * @writable: it may be written
 *
 * A fault takes longer than it does to map a page, and zapping one that was never
 * touched takes longer still.  So the claims of an arena are mapped ahead that come
 * after one that was touched there: first one, then more, up to PMA_AHEAD_MAX; after them
 * one is left to be touched, to see whether that is still so.
 *
 * Context: Takes the arena's lock.  As for a fault, nobody zaps until it is mapped.
 * Return: true if the caller is to map it.
 */
bool pma_reach_ahead(struct pma_arena *arena, u32 pgno, bool *writable)
{
	struct pma_claim *claim;
	unsigned long irq;
	bool ahead;

	raw_spin_lock_irqsave(&arena->lock, irq);
	claim = pma_table_get(&arena->claims, pgno);
	ahead = claim && pma_reach_is_empty(claim) && arena->ahead;
	if (ahead) {
		WRITE_ONCE(arena->ahead, arena->ahead - 1);
		claim->reach_first = pgno;
		claim->reach_end = pgno + 1;
		claim->window *= WINDOW_GROWTH;
		*writable = claim->writable;
	}
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return ahead;
}
