/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_share.h - big blocks that several arenas hold
 */
#ifndef _PMA_SHARE_H
#define _PMA_SHARE_H

#include "pma_arena.h"
#include "pma_token.h"

/**
 * struct pma_share - a big block that several arenas hold
 * @pgno: its first page
 * @nr_pages: its pages
 * @nr_holders: length of @claims
 * @claimed: another arena has held it
 * @mapped: an arena that was mapped has held it, so it must be revoked at its end
 * @claims: of those who hold it
 * @node: in the pool's list
 *
 * @pgno and @nr_pages never change; the rest is under the pool's lock.
 */
struct pma_share {
	u32 pgno;
	u32 nr_pages;
	u32 nr_holders;
	bool claimed;
	bool mapped;
	struct list_head claims;
	struct list_head node;
};

/**
 * struct pma_claim - one arena's hold of a shared block
 * @share: the block
 * @arena: who holds it
 * @writable: it may be written
 * @mapped: the arena was mapped when it let go
 * @alone: nobody else held the block then, and nobody could any more
 * @window: pages that its next fault shall map, see pma_reach.c; the arena's lock, as
 *	for the next two
 * @reach_first: first page that a fault may have mapped
 * @reach_end: the one after the last; not above @reach_first if there is none
 * @nr_tokens: length of @tokens
 * @tokens: that it has given out and that are not used up; the pool's lock
 * @of_share: in the share's list; the pool's lock
 * @of_arena: in the arena's list; the arena's lock
 */
struct pma_claim {
	struct pma_share *share;
	struct pma_arena *arena;
	bool writable;
	bool mapped;
	bool alone;
	u32 window;
	u32 reach_first;
	u32 reach_end;
	u32 nr_tokens;
	struct list_head tokens;
	struct list_head of_share;
	struct list_head of_arena;
};

int pma_share_block(struct pma_arena *arena, u64 handle, u32 flags, u32 nr_claims, u64 *token);
int pma_share_claim(struct pma_arena *arena, const u64 *token, struct pma_block *block);
int pma_share_revoke(struct pma_arena *arena, const u64 *token);

/* For the rest of L3. */
struct pma_claim *pma_share_find(const struct pma_arena *arena, u32 pgno);
void pma_share_leave(struct pma_arena *arena, struct pma_claim *claim);
void pma_share_release(struct pma_arena *arena, struct pma_claim *claim);

#endif /* _PMA_SHARE_H */
