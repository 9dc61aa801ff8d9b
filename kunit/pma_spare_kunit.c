// SPDX-License-Identifier: GPL-2.0
/*
 * pma_spare_kunit.c - spare pages of CPUs, and who else may have what is free in them
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_kunit.h"

#define PAGE_BLOCKS	2	/* of 128 bytes, in a page */
#define NR_PAGES	105

static const struct pma_kunit_config one_page = { "one_page", 1, 4096, 0, 0 };
static const struct pma_kunit_config two_pages = { "two_pages", 2, 4096, 0, 0 };
static const struct pma_kunit_config many_pages = { "many_pages", 4096, 256, 0, 0 };

static struct pma_arena *arena_of(struct kunit *test, const struct pma_kunit_config *config)
{
	return pma_kunit_arena(test, pma_kunit_pool(test, config), PMA_ARENA_PERCPU);
}

/* So many full pages, in order; the CPU takes from the last one. */
static void fill_pages(struct kunit *test, struct pma_arena *arena, void **blocks, u32 nr_pages)
{
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 128, 0, nr_pages * PAGE_BLOCKS, blocks),
			nr_pages * PAGE_BLOCKS);
	KUNIT_ASSERT_EQ(test, arena->stats.slab_pages, nr_pages);
}

/* NR_PAGES full pages that were filled on CPU 1, for CPU 0 to free to. */
static struct pma_arena *pages_of_other(struct kunit *test, void **blocks)
{
	struct pma_arena *arena = arena_of(test, &many_pages);

	if (!pma_kunit_move_to_cpu(0) || !pma_kunit_move_to_cpu(1))
		kunit_skip(test, "there are no two CPUs");
	fill_pages(test, arena, blocks, NR_PAGES);
	pma_kunit_move_to_cpu(0);
	return arena;
}

/* By and by the CPU adopts as many pages as it has places. */
static void expect_adopted(struct kunit *test, struct pma_arena *arena, void **blocks)
{
	u32 had = 0, i;

	for (i = 0; i < 6 * PMA_CPU_SPARES; i++) {
		u64 handle = blocks[i * PAGE_BLOCKS] - pma_kunit_ptr(arena->pool, 0);

		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), 0);
		had += !!(arena->pool->pages.desc[handle / 256].kind & PMA_SLAB_CPU);
	}
	KUNIT_EXPECT_EQ(test, had, PMA_CPU_SPARES);
	for (i = 0; i < 6 * PMA_CPU_SPARES; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), -EALREADY);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* Places of pages that went back are used again, not only the last one. */
static void places_between_are_used_again(struct kunit *test)
{
	void *blocks[NR_PAGES * PAGE_BLOCKS];
	struct pma_arena *arena = pages_of_other(test, blocks);
	u32 i;

	for (i = 0; i < PMA_CPU_SPARES; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), 0);
	for (i = 0; i < PMA_CPU_SPARES; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS + 1]), 0);
	expect_adopted(test, arena, &blocks[PMA_CPU_SPARES * PAGE_BLOCKS]);
}

/* So are those of pages that somebody else has taken. */
static void places_taken_by_others_are_used_again(struct kunit *test)
{
	void *blocks[NR_PAGES * PAGE_BLOCKS];
	struct pma_arena *arena = pages_of_other(test, blocks);
	int class = pma_slab_class_of(arena->pool->classes, 128, 1);
	unsigned long irq;
	u32 i;

	for (i = 0; i < PMA_CPU_SPARES; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), 0);
	pma_kunit_move_to_cpu(1);
	raw_spin_lock_irqsave(&arena->lock, irq);
	KUNIT_EXPECT_TRUE(test, pma_drain_give_class(arena, class));
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	pma_kunit_move_to_cpu(0);
	expect_adopted(test, arena, &blocks[PMA_CPU_SPARES * PAGE_BLOCKS]);
}

/* And those of pages that others have emptied. */
static void places_of_empty_pages_are_used_again(struct kunit *test)
{
	void *blocks[NR_PAGES * PAGE_BLOCKS];
	struct pma_arena *arena = pages_of_other(test, blocks);
	u32 i;

	for (i = 0; i < 2 * PMA_CPU_SPARES; i++) {
		pma_kunit_move_to_cpu(0);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), 0);
		pma_kunit_move_to_cpu(1);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS + 1]), 0);
	}
	pma_kunit_move_to_cpu(0);
	expect_adopted(test, arena, &blocks[i * PAGE_BLOCKS]);
}

/*
 * The CPU has spare pages in all places; another empties the one in that place, and the CPU
 * frees to others until it finds that out.
 */
static void empty_place(struct kunit *test, struct pma_arena *arena, void **blocks, u32 place)
{
	u32 pages = arena->stats.slab_pages, i;

	for (i = 0; i < PMA_CPU_SPARES; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), 0);
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[place * PAGE_BLOCKS + 1]), 0);
	pma_kunit_move_to_cpu(0);
	for (; i < NR_PAGES && arena->stats.slab_pages == pages; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, pages - 1);
}

/* The page in the last place moves to one that is empty. */
static void last_spare_page_moves(struct kunit *test)
{
	static const u32 places[] = { 0, 5, PMA_CPU_SPARES - 1 };
	u32 last = (PMA_CPU_SPARES - 1) * PAGE_BLOCKS, pages, i;
	void *blocks[NR_PAGES * PAGE_BLOCKS];
	struct pma_arena *arena;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		arena = pages_of_other(test, blocks);
		empty_place(test, arena, blocks, places[i]);
		/* It is where its CPU looks for it, and gives it back when it is empty. */
		pages = arena->stats.slab_pages;
		if (places[i] * PAGE_BLOCKS != last)
			KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[last + 1]), 0);
		KUNIT_EXPECT_EQ(test, arena->stats.slab_pages,
				pages - (places[i] * PAGE_BLOCKS != last));
		pma_block_free_all(arena);
		/* And there only. */
		pma_kunit_move_to_cpu(1);
		fill_pages(test, arena, blocks, NR_PAGES);
		pma_kunit_move_to_cpu(0);
		empty_place(test, arena, blocks, places[i]);
		pma_kunit_expect_sound(test, arena->pool);
		pma_block_free_all(arena);
	}
}

/* What this CPU takes from serves whoever goes by the lock, if there is no other page. */
static void own_page_serves_all_calls(struct kunit *test)
{
	struct pma_arena *one = arena_of(test, &one_page), *two = arena_of(test, &two_pages);
	void *block;

	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(one, 2048));
	KUNIT_EXPECT_NOT_NULL(test, pma_alloc_aligned(one, 2048, 64, 0));
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(two, 2048));
	block = pma_alloc(two, 64);
	KUNIT_EXPECT_NOT_NULL(test, pma_realloc(two, block, 2048, 0));
	KUNIT_EXPECT_EQ(test, one->stats.failed + two->stats.failed, 0);
	pma_block_free_all(one);
	pma_block_free_all(two);
}

/* A spare page of a larger class serves who would have nothing else. */
static void spare_page_serves_smaller_class(struct kunit *test)
{
	struct pma_arena *arena = arena_of(test, &one_page);
	void *blocks[8];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, 512);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, 512));
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[3]), 0);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 256), blocks[3]);
	pma_block_free_all(arena);
}

/* Of two frees of a block one is refused, also where one has adopted the page only just now. */
static void free_while_page_is_adopted(struct kunit *test)
{
	void *blocks[NR_PAGES * PAGE_BLOCKS];
	struct pma_arena *arena = pages_of_other(test, blocks);
	u32 pgno = (blocks[0] - pma_kunit_ptr(arena->pool, 0)) / 256;
	struct pma_page *desc = &arena->fast.desc[pgno];
	u32 word = *(u32 *)desc, live = NR_PAGES * PAGE_BLOCKS - 1;
	struct pma_cpu_page *page;
	unsigned long irq;

	/* CPU 0 is on its way: the page is its own already. */
	KUNIT_ASSERT_EQ(test, desc->kind, PMA_KIND_SLAB | PMA_SLAB_FULL);
	KUNIT_ASSERT_TRUE(test, pma_page_swap(desc, word,
					      pma_page_slab_word(word, PMA_SLAB_FULL ^
								       PMA_SLAB_CPU)));
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
	pma_kunit_move_to_cpu(0);
	local_irq_save(irq);
	page = &this_cpu_ptr(arena->cpu)->pages[desc->class];
	KUNIT_EXPECT_FALSE(test, pma_cpu_give_to_adopted(arena, page, desc, pgno, 0));
	local_irq_restore(irq);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), -EALREADY);
	pma_kunit_expect_live(test, arena, live, live * 128);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(places_between_are_used_again),
	KUNIT_CASE(places_taken_by_others_are_used_again),
	KUNIT_CASE(places_of_empty_pages_are_used_again),
	KUNIT_CASE(last_spare_page_moves),
	KUNIT_CASE(own_page_serves_all_calls),
	KUNIT_CASE(spare_page_serves_smaller_class),
	KUNIT_CASE(free_while_page_is_adopted),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_spare",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
