/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_batch.h - what the suites of batches share
 */
#ifndef _PMA_KUNIT_BATCH_H
#define _PMA_KUNIT_BATCH_H

#include "pma_batch.h"
#include "pma_kunit.h"

/**
 * struct pma_kunit_live - what a random run has allocated
 * @handle: of each block
 * @size: bytes wanted of it
 * @nr: how many
 */
struct pma_kunit_live {
	u64 handle[512];
	u32 size[512];
	u32 nr;
};

void pma_kunit_live_add(struct pma_pool *pool, struct pma_kunit_live *live, u64 handle, u32 size);
u64 pma_kunit_live_drop(struct pma_kunit_rng *rng, struct pma_kunit_live *live, u32 *size);

/**
 * struct pma_kunit_contest - threads that share an arena
 * @arena: it
 * @failed: frees that were refused
 */
struct pma_kunit_contest {
	struct pma_arena *arena;
	atomic_t failed;
};

void pma_kunit_contest_run(struct kunit *test, void (*run)(void *contest, u32 index));

#endif /* _PMA_KUNIT_BATCH_H */
