/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_adapt.h - what the suites of adaptive classes share
 */
#ifndef _PMA_KUNIT_ADAPT_H
#define _PMA_KUNIT_ADAPT_H

#include <linux/pma.h>

#include "pma_adapt.h"
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_place.h"

static const struct pma_kunit_config __maybe_unused pma_kunit_adaptive_small = {
	"small", 256, 4096, 0, PMA_POOL_ADAPTIVE
};

static const struct pma_kunit_config __maybe_unused pma_kunit_adaptive_large = {
	"large", 4096, 4096, 0, PMA_POOL_ADAPTIVE
};

/* An arena that learns; its test stays on CPU 0. */
static inline struct pma_arena *pma_kunit_adaptive(struct kunit *test,
						   const struct pma_kunit_config *config)
{
	struct pma_arena *arena = pma_kunit_percpu(test, config);

	KUNIT_ASSERT_NOT_NULL(test, arena->adapt);
	pma_kunit_move_to_cpu(0);
	return arena;
}

static inline u64 pma_kunit_handle_of(const struct pma_arena *arena, const void *block)
{
	return block - arena->pool->region.base;
}

/* Which kind of page serves a block? */
static inline u32 pma_kunit_kind_of(struct pma_arena *arena, const void *block)
{
	struct pma_block found = {};

	pma_place_query(arena, pma_kunit_handle_of(arena, block), false, &found);
	return found.kind;
}

#endif /* _PMA_KUNIT_ADAPT_H */
