/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_resize.h - what the suites of pma_resize share
 */
#ifndef _PMA_KUNIT_RESIZE_H
#define _PMA_KUNIT_RESIZE_H

#include "pma_kunit.h"
#include "pma_resize.h"

static const struct pma_kunit_config __maybe_unused pma_kunit_resize_configs[] = {
	{ "plain", 63, 4096, 0, 0 },
	{ "track", 63, 4096, 0, PMA_POOL_TRACK },
	{ "isolate_track", 63, 4096, 0, PMA_POOL_ISOLATE | PMA_POOL_TRACK },
	{ "pow2", 63, 4096, 0, PMA_POOL_POW2 },
	{ "page_256", 63, 256, 0, 0 },
	{ "page_65536", 24, 65536, 0, PMA_POOL_ISOLATE },
};

__maybe_unused
KUNIT_ARRAY_PARAM_DESC(pma_kunit_resize_configs, pma_kunit_resize_configs, name);

struct pma_block pma_kunit_resize_look(struct kunit *test, struct pma_arena *arena, u64 handle);
u32 pma_kunit_resize_kept(const struct pma_block *old, u32 size, u32 flags);
void pma_kunit_resize_empty(struct pma_pool *pool);

#endif /* _PMA_KUNIT_RESIZE_H */
