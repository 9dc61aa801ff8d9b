/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_configs.h - pools of every sort, as a parameter of cases
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

#endif /* _PMA_KUNIT_CONFIGS_H */
