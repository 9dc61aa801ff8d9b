// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_resize.c - what the suites of pma_resize share
 */
#include "pma_block.h"
#include "pma_kunit_resize.h"
#include "pma_place.h"

struct pma_block pma_kunit_resize_look(struct kunit *test, struct pma_arena *arena, u64 handle)
{
	struct pma_block block = {};

	KUNIT_EXPECT_EQ(test, pma_place_query(arena, handle, false, &block), 0);
	return block;
}

/* What stays: what was asked for, if it is known and the rest shall be zeroes. */
u32 pma_kunit_resize_kept(const struct pma_block *old, u32 size, u32 flags)
{
	return min_t(u32, flags & PMA_ZERO ? old->requested : old->size, size);
}

void pma_kunit_resize_empty(struct pma_pool *pool)
{
	struct pma_arena *arena;

	list_for_each_entry(arena, &pool->arenas, node)
		pma_block_free_all(arena);
}
