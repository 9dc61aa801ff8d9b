/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_mixed.h - an arena's mixed runs
 */
#ifndef _PMA_MIXED_H
#define _PMA_MIXED_H

#include "pma_arena.h"
#include "pma_mix.h"

/* Bytes of the longest block in a mixed run: it may be zeroed or copied under the lock. */
#define PMA_MIXED_SIZE_MAX	SZ_32K

#define PMA_MIXED_LISTS		257	/* as pma_fit_list_of() says of a run's units */

/**
 * struct pma_mixed - the mixed runs of an arena
 * @nr_pages: in all of them
 * @lists: which of @runs are not empty
 * @runs: by pma_fit_list_of() the length of their longest free piece
 *
 * Under the arena's lock.
 */
struct pma_mixed {
	u32 nr_pages;
	DECLARE_BITMAP(lists, PMA_MIXED_LISTS);
	u32 runs[PMA_MIXED_LISTS];
};

void pma_mixed_init(struct pma_mixed *mixed);
int pma_mixed_alloc(struct pma_arena *arena, size_t size, u32 flags, struct pma_block *block);
bool pma_mixed_free(struct pma_arena *arena, u64 handle);
bool pma_mixed_resize(struct pma_arena *arena, u64 handle, size_t size);
int pma_mixed_find(const struct pma_arena *arena, u64 handle, u64 *start);
void pma_mixed_describe(const struct pma_arena *arena, u64 handle, struct pma_block *block);
void pma_mixed_record(struct pma_arena *arena, u64 handle, size_t size);
u64 pma_mixed_next(const struct pma_arena *arena, u64 handle);
u64 pma_mixed_hints(const struct pma_arena *arena, u32 first);
u32 pma_mixed_release(struct pma_arena *arena, u32 most);

#endif /* _PMA_MIXED_H */
