/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_configs.h - pools of every sort, as a parameter of cases, and sizes for them
 */
#ifndef _PMA_KUNIT_CONFIGS_H
#define _PMA_KUNIT_CONFIGS_H

#include "pma_kunit.h"

static const struct pma_kunit_config pma_kunit_configs[] = {
	{ "page_4096", 64, 4096, 0, 0 },
	{ "isolate_track", 64, 4096, 0, PMA_POOL_ISOLATE | PMA_POOL_TRACK },
	{ "pow2", 64, 4096, 0, PMA_POOL_POW2 },
	{ "adaptive", 64, 4096, 0, PMA_POOL_ADAPTIVE },
	{ "adaptive_512", 100, 512, 0, PMA_POOL_ADAPTIVE | PMA_POOL_ISOLATE | PMA_POOL_TRACK },
	{ "adaptive_65536", 24, 65536, 0, PMA_POOL_ADAPTIVE },
	{ "slab_max_64", 64, 4096, 64, PMA_POOL_TRACK },
	{ "slab_max_1000", 64, 4096, 1000, PMA_POOL_ISOLATE },
	{ "pow2_slab_max_100", 64, 4096, 100, PMA_POOL_POW2 },
	{ "page_256", 256, 256, 0, PMA_POOL_TRACK },
	{ "page_512", 100, 512, 0, PMA_POOL_ISOLATE },
	{ "page_65536", 24, 65536, 0, PMA_POOL_ISOLATE | PMA_POOL_TRACK },
	{ "one_page", 1, 4096, 0, PMA_POOL_TRACK },
	{ "two_pages", 2, 4096, 0, 0 },
	{ "two_pages_256", 2, 256, 0, PMA_POOL_ISOLATE },
};

__maybe_unused
KUNIT_ARRAY_PARAM_DESC(pma_kunit_configs, pma_kunit_configs, name);

/* Those that isolate. */
static const struct pma_kunit_config __maybe_unused pma_kunit_isolating_configs[] = {
	{ "isolate", 64, 4096, 0, PMA_POOL_ISOLATE },
	{ "isolate_track", 64, 4096, 0, PMA_POOL_ISOLATE | PMA_POOL_TRACK },
	{ "pow2", 64, 4096, 0, PMA_POOL_ISOLATE | PMA_POOL_POW2 },
	{ "page_512", 100, 512, 0, PMA_POOL_ISOLATE },
	{ "page_65536", 24, 65536, 0, PMA_POOL_ISOLATE },
	{ "two_pages_256", 2, 256, 0, PMA_POOL_ISOLATE },
};

__maybe_unused
KUNIT_ARRAY_PARAM_DESC(pma_kunit_isolating_configs, pma_kunit_isolating_configs, name);

/* Sizes on both sides of every boundary of a pool, smallest first. */
static inline u32 pma_kunit_sizes(const struct pma_pool *pool, u32 *sizes, u32 nr)
{
	u32 page_size = pma_region_page_size(&pool->region), slab_max = pool->classes->slab_max;
	const u32 table[] = {
		1, 7, 8, 9, 15, 16, 17, 63, 64, 65, slab_max - 1, slab_max, slab_max + 1,
		page_size - page_size / 8 - 1, page_size - page_size / 8, page_size - 1,
		page_size, page_size + 1, 2 * page_size - page_size / 4 - 1,
		2 * page_size - page_size / 4, 2 * page_size, 3 * page_size + 5,
		7 * page_size - 7 * page_size / 8 - 1, 9 * page_size + 1,
	};
	u32 i, n = 0;

	for (i = 0; i < ARRAY_SIZE(table) && n < nr; i++)
		if (table[i] <= pool->region.bytes)
			sizes[n++] = table[i];
	return n;
}

#endif /* _PMA_KUNIT_CONFIGS_H */
