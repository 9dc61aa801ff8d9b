// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_slab.c - what the suites of pages cut into blocks share
 */
#include "pma_heap.h"
#include "pma_kunit_slab.h"
#include "pma_region.h"

#define PGNO	PMA_KUNIT_SLAB_PGNO
#define OTHER	0xa5	/* all bytes of what is known of the other pages */

int pma_kunit_slab_create(struct kunit *test)
{
	const struct pma_kunit_geometry *geometry = test->param_value;
	struct pma_kunit_slab *slab = kunit_kzalloc(test, sizeof(*slab), GFP_KERNEL);
	struct pma_heap_geometry geo;
	int err;

	if (!slab)
		return -ENOMEM;
	err = pma_region_init(&slab->region, 3 * geometry->page_size, geometry->page_size);
	if (err)
		return err;
	test->priv = slab;
	/* As a pool has it. */
	geo = pma_heap_plan(&slab->region, geometry->slab_max);
	err = pma_pages_init(&slab->pages, &slab->region, geo.tag_bytes, false);
	if (err)
		return err;
	slab->classes = pma_slab_classes_create(geometry->page_size, geometry->slab_max,
						slab->pages.bit_shift, false);
	slab->page = &slab->pages.desc[PGNO];
	slab->bitmap = pma_pages_shadow(&slab->pages, PGNO);
	memset(slab->pages.desc, OTHER, 3 * sizeof(*slab->pages.desc));
	memset(slab->pages.shadow, OTHER, 3 * geo.tag_bytes);
	return slab->classes ? 0 : -ENOMEM;
}

void pma_kunit_slab_destroy(struct kunit *test)
{
	struct pma_kunit_slab *slab = test->priv;

	if (!slab)
		return;
	pma_slab_classes_destroy(slab->classes);
	pma_pages_exit(&slab->pages);
	pma_region_exit(&slab->region);
}

u32 pma_kunit_slab_errors(const struct pma_kunit_slab *slab)
{
	return pma_slab_check(&slab->pages, PGNO, slab->class);
}

static bool others_are_untouched(const struct pma_kunit_slab *slab)
{
	const struct pma_pages *pages = &slab->pages;

	return !memchr_inv(&pages->desc[PGNO - 1], OTHER, sizeof(*pages->desc)) &&
	       !memchr_inv(&pages->desc[PGNO + 1], OTHER, sizeof(*pages->desc)) &&
	       !memchr_inv(pma_pages_shadow(pages, PGNO - 1), OTHER, pages->shadow_bytes) &&
	       !memchr_inv(pma_pages_shadow(pages, PGNO + 1), OTHER, pages->shadow_bytes);
}

/* Cut the page into each class in turn; it must be sound after @run. */
void pma_kunit_slab_each_class(struct kunit *test,
			       void (*run)(struct kunit *test, struct pma_kunit_slab *slab))
{
	struct pma_kunit_slab *slab = test->priv;
	u32 i;

	for (i = 0; i < slab->classes->nr; i++) {
		slab->class = &slab->classes->class[i];
		pma_slab_page_init(&slab->pages, PGNO, slab->class);
		run(test, slab);
		KUNIT_EXPECT_EQ_MSG(test, pma_kunit_slab_errors(slab), 0, "blocks of %u",
				    slab->class->block_size);
		KUNIT_EXPECT_TRUE_MSG(test, others_are_untouched(slab), "blocks of %u",
				      slab->class->block_size);
	}
}

/* In the page. */
u32 pma_kunit_slab_bit(const struct pma_kunit_slab *slab, u32 index)
{
	return index * slab->class->block_size >> slab->pages.bit_shift;
}

u64 pma_kunit_slab_handle(const struct pma_kunit_slab *slab, u32 index)
{
	return slab->region.bytes / 3 + index * slab->class->block_size;
}

bool pma_kunit_slab_seems_free(const struct pma_kunit_slab *slab, u32 index)
{
	return test_bit(pma_kunit_slab_bit(slab, index), slab->bitmap);
}

unsigned int pma_kunit_slab_take(struct pma_kunit_slab *slab, unsigned int nr)
{
	return pma_slab_take(&slab->pages, PGNO, slab->class, nr, slab->handles);
}

void pma_kunit_slab_give(struct pma_kunit_slab *slab, u32 index)
{
	__set_bit(pma_kunit_slab_bit(slab, index), slab->bitmap);
	pma_slab_count_given(slab->page, 1, pma_kunit_slab_bit(slab, index));
}

/* Take all, and give every @nth back, from the first on; how many it were. */
u32 pma_kunit_slab_take_all_but(struct pma_kunit_slab *slab, u32 nth)
{
	u32 nr = 0, i;

	pma_kunit_slab_take(slab, slab->class->nr_blocks);
	for (i = 0; i < slab->class->nr_blocks; i += nth, nr++)
		pma_kunit_slab_give(slab, i);
	return nr;
}
