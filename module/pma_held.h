/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_held.h - runs that are freed, but kept back
 */
#ifndef _PMA_HELD_H
#define _PMA_HELD_H

#include "pma_arena.h"

/* Pages that a mapped arena keeps for itself, so that not every free zaps. */
#define PMA_HELD_RESERVE	64

/* How many pages an arena holds; without the lock, as many as a moment ago. */
static inline u32 pma_held_pages(const struct pma_arena *arena)
{
	return READ_ONCE(arena->stats.held_pages);
}

void pma_held_put(struct pma_arena *arena, u32 pgno, u32 nr_pages);
void pma_held_revoke(struct pma_arena *arena, u32 pgno);
u32 pma_held_take(struct pma_arena *arena, u32 nr_pages, u32 client_flags);
bool pma_held_settle(struct pma_arena *arena, u32 keep_pages);
bool pma_held_settle_all(struct pma_pool *pool);
bool pma_held_make_room(struct pma_arena *arena, u64 bytes);
u32 pma_held_release_idle(struct pma_pool *pool);

#endif /* _PMA_HELD_H */
