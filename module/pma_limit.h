/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_limit.h - how many pages an arena may have, and is sure to get
 */
#ifndef _PMA_LIMIT_H
#define _PMA_LIMIT_H

#include "pma_types.h"

struct pma_arena;
struct pma_pool;

/**
 * struct pma_budget - an arena's account of pages; the pool's lock is its lock
 * @limit: most of @used and @claimed together; PMA_LIMIT_NONE for none
 * @reserve: pages it is sure to get
 * @low: low-water mark: fewer than so many left are few; 0 for none
 * @used: pages it has had from the pool and the pool has not got back
 * @claimed: pages of others that it is charged for, see pma_limit_charge()
 * @promised: pages the pool keeps back for it
 * @waiting: how many wait for it to have room
 * @is_low: fewer than @low were left when last looked at
 */
struct pma_budget {
	u32 limit;
	u32 reserve;
	u32 low;
	u32 used;
	u32 claimed;
	u32 promised;
	u32 waiting;
	bool is_low;
};

/* What of a budget pma_limit_set() shall set. */
#define PMA_LIMIT_FIELDS	(PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE | PMA_LIMIT_LOW)

void pma_limit_begin(struct pma_budget *budget, u32 limit);
void pma_limit_end(struct pma_arena *arena);
bool pma_limit_keeps_promises(const struct pma_pool *pool, const struct pma_budget *budget,
			      u32 nr_pages);
void pma_limit_count_all(struct pma_pool *pool, struct pma_budget *budget, s32 nr_pages);

bool pma_limit_charge(struct pma_arena *arena, u32 nr_pages);
void pma_limit_uncharge(struct pma_arena *arena, u32 nr_pages);
void pma_limit_disown(struct pma_arena *arena, u32 nr_pages);
void pma_limit_own(struct pma_arena *arena, u32 nr_pages);

bool pma_limit_is_in_the_way(struct pma_arena *arena, u32 nr_pages);
void pma_limit_wait_begin(struct pma_arena *arena);
void pma_limit_wait_end(struct pma_arena *arena);
bool pma_limit_is_low(struct pma_arena *arena);
void pma_limit_look(struct pma_pool *pool);
int pma_limit_set(struct pma_arena *arena, const struct pma_limit_args *want, bool may_raise);
void pma_limit_get(struct pma_arena *arena, struct pma_limit_args *args);

#endif /* _PMA_LIMIT_H */
