// SPDX-License-Identifier: GPL-2.0
/*
 * pma_spare_words_kunit.c - pages of CPUs whose bitmaps are of several words
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_kept.h"
#include "pma_kunit_spare.h"

#define WORD_BLOCKS	256	/* of 16 bytes, in a page of 4096 */
#define WORD_PAGES	10

static const struct pma_kunit_config words = { "words", 256, 4096, 0, 0 };

static void **fill_words(struct kunit *test, struct pma_arena *arena, u32 nr_pages)
{
	u32 nr = nr_pages * WORD_BLOCKS;
	void **blocks = kunit_kcalloc(test, nr, sizeof(*blocks), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 16, 0, nr, blocks), nr);
	KUNIT_ASSERT_EQ(test, arena->stats.slab_pages, nr_pages);
	return blocks;
}

/* Of pages with several words, none is let go, or parted with, that has a free block in another. */
static void free_blocks_of_other_words_are_next(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &words);
	void **blocks = fill_words(test, arena, 2);
	u32 i;

	/* One of the page that the CPU takes from, two of a spare one. */
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[WORD_BLOCKS + 10]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[3]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[200]), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_NOT_NULL(test, pma_alloc(arena, 16));
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 2);
	pma_kunit_expect_live(test, arena, 2 * WORD_BLOCKS, 2 * WORD_BLOCKS * 16);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* A spare page is not empty where only its first word and its last one are. */
static void spare_page_is_empty_in_all_words(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &words);
	void **blocks = fill_words(test, arena, WORD_PAGES + 1);
	u32 i;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	for (i = 0; i < WORD_PAGES; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * WORD_BLOCKS]), 0);
	for (i = 1; i < BITS_PER_LONG; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	for (i = WORD_BLOCKS - BITS_PER_LONG; i < WORD_BLOCKS; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), WORD_PAGES + 1);
	KUNIT_EXPECT_FALSE(test, pma_kept_flush(arena));
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), WORD_PAGES + 1);
	for (i = BITS_PER_LONG; i < WORD_BLOCKS - BITS_PER_LONG; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), WORD_PAGES);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, WORD_PAGES);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* A page that others have freed to at the moment it was let go is gone on with in a word of it. */
static void page_not_let_go_is_gone_on_with(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &words);
	struct pma_cpu_page *page;
	unsigned long irq;
	void **blocks;
	u32 pgno;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	pma_kunit_move_to_cpu(0);
	blocks = fill_words(test, arena, 2);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[200]), 0);
	local_irq_save(irq);
	page = pma_kunit_spare_cpu_page(arena, 16);
	pgno = pma_cpu_take_spare(page);
	/* As pma_cpu_let_go() leaves it then. */
	WRITE_ONCE(arena->fast.desc[pgno].slab.first_free, WORD_BLOCKS);
	pma_cpu_go_on_with(arena, page, pgno);
	KUNIT_EXPECT_PTR_EQ(test, page->word, pma_cpu_bitmap(arena, pgno) + 200 / BITS_PER_LONG);
	local_irq_restore(irq);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 16), blocks[200]);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(free_blocks_of_other_words_are_next),
	KUNIT_CASE(spare_page_is_empty_in_all_words),
	KUNIT_CASE(page_not_let_go_is_gone_on_with),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_spare_words",
	.init = pma_kunit_spare_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
