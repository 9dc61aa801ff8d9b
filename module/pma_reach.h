/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_reach.h - how much of a claimed block is mapped, and when
 */
#ifndef _PMA_REACH_H
#define _PMA_REACH_H

#include "pma_share.h"

/* Claims that are mapped ahead at most, before one waits for its fault again. */
#define PMA_AHEAD_MAX	15

/* What no fault has found is in no mapping; it finds nothing since pma_share_leave(). */
static inline bool pma_reach_is_empty(const struct pma_claim *claim)
{
	return claim->reach_end <= claim->reach_first;
}

/*
 * A claim that was not mapped ahead was touched first where it begins, or was not: so
 * will the next be, and each time that is so more of them.
 */
static inline void pma_reach_expect(struct pma_arena *arena, bool touched)
{
	arena->ahead_max = touched ? min(2 * arena->ahead_max + 1, PMA_AHEAD_MAX) : 0;
	WRITE_ONCE(arena->ahead, arena->ahead_max);
}

void pma_reach_window(struct pma_claim *claim, u32 pgno, u32 *first, u32 *nr_pages);
bool pma_reach_ahead(struct pma_arena *arena, u32 pgno, bool *writable);

#endif /* _PMA_REACH_H */
