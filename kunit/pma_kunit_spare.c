// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_spare.c - what the suites of spare pages share
 */
#include <linux/pma.h>

#include "pma_kunit_spare.h"

const struct pma_kunit_config pma_kunit_many_pages = { "many_pages", 4096, 256, 0, 0 };

/* The cases say what one CPU has: unless they move, they stay on CPU 0. */
int pma_kunit_spare_init(struct kunit *test)
{
	pma_kunit_move_to_cpu(0);
	return pma_kunit_init(test);
}

/* Room for the blocks of so many pages. */
void **pma_kunit_spare_blocks(struct kunit *test, u32 nr_pages)
{
	void **blocks = kunit_kcalloc(test, nr_pages * PMA_KUNIT_PAIR, sizeof(*blocks),
				      GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	return blocks;
}

/* Free the one or the other block of each of so many pages. */
void pma_kunit_spare_free(struct kunit *test, struct pma_arena *arena, void **blocks, u32 nr_pages,
			  u32 which)
{
	u32 i;

	for (i = 0; i < nr_pages; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PMA_KUNIT_PAIR + which]), 0);
}

/* So many full pages, in order; the CPU takes from the last one. */
void pma_kunit_spare_fill(struct kunit *test, struct pma_arena *arena, void **blocks, u32 nr_pages)
{
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 128, 0, nr_pages * PMA_KUNIT_PAIR, blocks),
			nr_pages * PMA_KUNIT_PAIR);
	KUNIT_ASSERT_EQ(test, arena->stats.slab_pages, nr_pages);
}

/* PMA_KUNIT_SPARE_PAGES full pages that were filled on CPU 1, for CPU 0 to free to. */
struct pma_arena *pma_kunit_spare_other(struct kunit *test, void **blocks)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);

	if (!pma_kunit_move_to_cpu(0) || !pma_kunit_move_to_cpu(1))
		kunit_skip(test, "there are no two CPUs");
	pma_kunit_spare_fill(test, arena, blocks, PMA_KUNIT_SPARE_PAGES);
	pma_kunit_move_to_cpu(0);
	return arena;
}

/* CPU 0's page of the class that blocks of so many bytes are of. */
struct pma_cpu_page *pma_kunit_spare_cpu_page(const struct pma_arena *arena, u32 size)
{
	int class = pma_slab_class_of(arena->pool->classes, size, 1);

	return &per_cpu_ptr(arena->cpu, 0)->pages[class];
}
