/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_slab.h - what the suites of pages cut into blocks share
 */
#ifndef _PMA_KUNIT_SLAB_H
#define _PMA_KUNIT_SLAB_H

#include "pma_kunit.h"
#include "pma_page.h"
#include "pma_slab.h"

#define PMA_KUNIT_SLAB_BLOCKS	4096	/* of 16 bytes, in a page of 64 KiB */
#define PMA_KUNIT_SLAB_PGNO	1	/* of 3 */

struct pma_kunit_geometry {
	char name[16];
	u32 page_size;
	u32 slab_max;
	u8 bit_shift;
};

/* From a bit for each byte to one for each 16. */
static const struct pma_kunit_geometry pma_kunit_slabs[] = {
	{ "256", 256, 128, 0 },
	{ "256_64", 256, 64, 0 },
	{ "512", 512, 256, 1 },
	{ "4096", 4096, 2048, 4 },
	{ "4096_64", 4096, 64, 0 },
	{ "4096_512", 4096, 512, 2 },
	{ "65536", 65536, 32768, 4 },
	{ "65536_64", 65536, 64, 1 },
};

__maybe_unused
KUNIT_ARRAY_PARAM_DESC(pma_kunit_slabs, pma_kunit_slabs, name);

/**
 * struct pma_kunit_slab - a page between two others, which nothing may touch
 * @region: of three pages
 * @pages: its table
 * @classes: a map
 * @class: that the page is cut into
 * @page: its descriptor
 * @bitmap: its shadow
 * @handles: blocks that were taken
 * @bits: blocks that were lent
 */
struct pma_kunit_slab {
	struct pma_region region;
	struct pma_pages pages;
	struct pma_classes *classes;
	const struct pma_class *class;
	struct pma_page *page;
	unsigned long *bitmap;
	u64 handles[PMA_KUNIT_SLAB_BLOCKS];
	u32 bits[PMA_KUNIT_SLAB_BLOCKS];
};

int pma_kunit_slab_create(struct kunit *test);
void pma_kunit_slab_destroy(struct kunit *test);
void pma_kunit_slab_each_class(struct kunit *test,
			       void (*run)(struct kunit *test, struct pma_kunit_slab *slab));
u32 pma_kunit_slab_errors(const struct pma_kunit_slab *slab);

/* The model: where bits and blocks are. */
u32 pma_kunit_slab_bit(const struct pma_kunit_slab *slab, u32 index);
u64 pma_kunit_slab_handle(const struct pma_kunit_slab *slab, u32 index);
bool pma_kunit_slab_seems_free(const struct pma_kunit_slab *slab, u32 index);

unsigned int pma_kunit_slab_take(struct pma_kunit_slab *slab, unsigned int nr);
void pma_kunit_slab_give(struct pma_kunit_slab *slab, u32 index);
u32 pma_kunit_slab_take_all_but(struct pma_kunit_slab *slab, u32 nth);

#endif /* _PMA_KUNIT_SLAB_H */
