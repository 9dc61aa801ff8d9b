// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_batch.c - what the suites of batches share
 */
#include "pma_kunit_batch.h"

/* A block that was just allocated, filled with what tells it from others. */
void pma_kunit_live_add(struct pma_pool *pool, struct pma_kunit_live *live, u64 handle, u32 size)
{
	pma_kunit_fill(pma_kunit_ptr(pool, handle), size, handle);
	live->handle[live->nr] = handle;
	live->size[live->nr++] = size;
}

/* Any block, which is to be freed. */
u64 pma_kunit_live_drop(struct pma_kunit_rng *rng, struct pma_kunit_live *live, u32 *size)
{
	u32 at = pma_kunit_below(rng, live->nr--);
	u64 handle = live->handle[at];

	*size = live->size[at];
	live->handle[at] = live->handle[live->nr];
	live->size[at] = live->size[live->nr];
	return handle;
}

/* Four threads of @run in an arena: no free is refused, and nothing is left. */
void pma_kunit_contest_run(struct kunit *test, void (*run)(void *contest, u32 index))
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_kunit_contest contest = { .arena = pma_kunit_arena(test, pool, 0) };

	pma_kunit_threads(test, 4, run, &contest);
	KUNIT_EXPECT_EQ(test, atomic_read(&contest.failed), 0);
	pma_kunit_expect_live(test, contest.arena, 0, 0);
}
