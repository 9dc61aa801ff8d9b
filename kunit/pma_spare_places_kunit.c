// SPDX-License-Identifier: GPL-2.0
/*
 * pma_spare_places_kunit.c - the places that a CPU has for spare pages, used again and again
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_kept.h"
#include "pma_kunit_spare.h"

/* A CPU that only frees goes on to adopt the pages that it frees to. */
static void cpu_that_only_frees_has_places(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	u32 nr = 3 * PMA_CPU_SPARES * PMA_KUNIT_PAIR, i, had;
	void **blocks = pma_kunit_spare_blocks(test, 3 * PMA_CPU_SPARES);

	if (!pma_kunit_move_to_cpu(0) || !pma_kunit_move_to_cpu(1))
		kunit_skip(test, "there are no two CPUs");
	pma_kunit_spare_fill(test, arena, blocks, 3 * PMA_CPU_SPARES);
	pma_kunit_move_to_cpu(0);
	for (i = 0; i < nr - PMA_KUNIT_PAIR; i++) {
		had = pma_kunit_cpu_pages(arena);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
		if (!(i % PMA_KUNIT_PAIR))
			KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), had + 1);
	}
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* By and by the CPU adopts as many pages as it has places. */
static void expect_adopted(struct kunit *test, struct pma_arena *arena, void **blocks)
{
	u32 had = 0, i;

	for (i = 0; i < 6 * PMA_CPU_SPARES; i++) {
		u64 handle = blocks[i * PMA_KUNIT_PAIR] - pma_kunit_ptr(arena->pool, 0);

		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PMA_KUNIT_PAIR]), 0);
		had += !!(arena->pool->pages.desc[handle / 256].kind & PMA_SLAB_CPU);
	}
	KUNIT_EXPECT_EQ(test, had, PMA_CPU_SPARES);
	for (i = 0; i < 6 * PMA_CPU_SPARES; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PMA_KUNIT_PAIR]), -EALREADY);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* Places of pages that went back are used again, not only the last one. */
static void places_between_are_used_again(struct kunit *test)
{
	void **blocks = pma_kunit_spare_blocks(test, PMA_KUNIT_SPARE_PAGES);
	struct pma_arena *arena = pma_kunit_spare_other(test, blocks);

	pma_kunit_spare_free(test, arena, blocks, PMA_CPU_SPARES, 0);
	pma_kunit_spare_free(test, arena, blocks, PMA_CPU_SPARES, 1);
	expect_adopted(test, arena, &blocks[PMA_CPU_SPARES * PMA_KUNIT_PAIR]);
}

/* So are those of pages that somebody else has taken. */
static void places_taken_by_others_are_used_again(struct kunit *test)
{
	void **blocks = pma_kunit_spare_blocks(test, PMA_KUNIT_SPARE_PAGES);
	struct pma_arena *arena = pma_kunit_spare_other(test, blocks);
	int class = pma_slab_class_of(arena->pool->classes, 128, 1);
	unsigned long irq;

	pma_kunit_spare_free(test, arena, blocks, PMA_CPU_SPARES, 0);
	pma_kunit_move_to_cpu(1);
	raw_spin_lock_irqsave(&arena->lock, irq);
	KUNIT_EXPECT_TRUE(test, pma_drain_give_class(arena, class));
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	pma_kunit_move_to_cpu(0);
	expect_adopted(test, arena, &blocks[PMA_CPU_SPARES * PMA_KUNIT_PAIR]);
}

/* And those of pages that others have emptied. */
static void places_of_empty_pages_are_used_again(struct kunit *test)
{
	void **blocks = pma_kunit_spare_blocks(test, PMA_KUNIT_SPARE_PAGES);
	struct pma_arena *arena = pma_kunit_spare_other(test, blocks);
	u32 i;

	for (i = 0; i < 2 * PMA_CPU_SPARES; i++) {
		pma_kunit_move_to_cpu(0);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PMA_KUNIT_PAIR]), 0);
		pma_kunit_move_to_cpu(1);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PMA_KUNIT_PAIR + 1]), 0);
	}
	pma_kunit_move_to_cpu(0);
	expect_adopted(test, arena, &blocks[i * PMA_KUNIT_PAIR]);
}

/*
 * The CPU has spare pages in all places; another empties the one in that place, and the CPU
 * frees to others until it finds that out.
 */
static void empty_place(struct kunit *test, struct pma_arena *arena, void **blocks, u32 place)
{
	u32 pages = arena->stats.slab_pages, i;
	struct pma_cpu_page *page;

	pma_kunit_spare_free(test, arena, blocks, PMA_CPU_SPARES, 0);
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[place * PMA_KUNIT_PAIR + 1]), 0);
	pma_kunit_move_to_cpu(0);
	for (i = PMA_CPU_SPARES; i < PMA_KUNIT_SPARE_PAGES && arena->stats.slab_pages == pages; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PMA_KUNIT_PAIR]), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, pages - 1);
	page = pma_kunit_spare_cpu_page(arena, 128);
	KUNIT_EXPECT_EQ(test, page->nr_spares, PMA_CPU_SPARES - 1);
	KUNIT_EXPECT_EQ(test, page->spares[PMA_CPU_SPARES - 1], PMA_NONE);
}

/* The page in the last place moves to one that is empty. */
static void last_spare_page_moves(struct kunit *test)
{
	static const u32 places[] = { 0, 5, PMA_CPU_SPARES - 1 };
	u32 last = (PMA_CPU_SPARES - 1) * PMA_KUNIT_PAIR, pages, i;
	void **blocks = pma_kunit_spare_blocks(test, PMA_KUNIT_SPARE_PAGES);
	struct pma_arena *arena;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		arena = pma_kunit_spare_other(test, blocks);
		empty_place(test, arena, blocks, places[i]);
		/* It is where its CPU looks for it, and gives it back when it is empty. */
		pages = arena->stats.slab_pages;
		if (places[i] * PMA_KUNIT_PAIR != last)
			KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[last + 1]), 0);
		KUNIT_EXPECT_EQ(test, arena->stats.slab_pages,
				pages - (places[i] * PMA_KUNIT_PAIR != last));
		pma_block_free_all(arena);
		/* And there only. */
		pma_kunit_move_to_cpu(1);
		pma_kunit_spare_fill(test, arena, blocks, PMA_KUNIT_SPARE_PAGES);
		pma_kunit_move_to_cpu(0);
		empty_place(test, arena, blocks, places[i]);
		pma_kunit_expect_sound(test, arena->pool);
		pma_block_free_all(arena);
	}
}

/* A place whose page has been used up is there for another one. */
static void places_of_used_pages_are_used_again(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	void **blocks = pma_kunit_spare_blocks(test, PMA_CPU_SPARES + 1);
	u32 round, i;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	pma_kunit_spare_fill(test, arena, blocks, PMA_CPU_SPARES + 1);
	for (round = 0; round < 3; round++) {
		pma_kunit_spare_free(test, arena, blocks, PMA_CPU_SPARES, 0);
		KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1 + PMA_CPU_SPARES);
		for (i = PMA_CPU_SPARES; i--;)
			KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128),
					    blocks[i * PMA_KUNIT_PAIR]);
		KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1);
	}
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* What is empty is given back of all places; below those a page is found again. */
static void spares_below_empty_places_are_found(struct kunit *test)
{
	void **blocks = pma_kunit_spare_blocks(test, PMA_KUNIT_SPARE_PAGES);
	struct pma_arena *arena = pma_kunit_spare_other(test, blocks);

	pma_kunit_spare_free(test, arena, blocks, PMA_CPU_SPARES, 0);
	pma_kunit_move_to_cpu(1);
	pma_kunit_spare_free(test, arena, blocks + PMA_KUNIT_PAIR, PMA_CPU_SPARES - 1, 1);
	KUNIT_EXPECT_TRUE(test, pma_kept_flush(arena));
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, PMA_KUNIT_SPARE_PAGES - PMA_CPU_SPARES + 1);
	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128), blocks[0]);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* After a drain no place is used, whatever is freed meanwhile. */
static void drained_cpu_uses_no_place(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	void **blocks = pma_kunit_spare_blocks(test, PMA_CPU_SPARES);

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	pma_kunit_move_to_cpu(0);
	pma_kunit_spare_fill(test, arena, blocks, PMA_CPU_SPARES);
	pma_kunit_spare_free(test, arena, blocks, 3, 0);
	pma_drain_begin(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_spare_cpu_page(arena, 128)->nr_spares, 0);
	pma_kunit_spare_free(test, arena, blocks + 3 * PMA_KUNIT_PAIR, PMA_CPU_SPARES - 3, 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_spare_cpu_page(arena, 128)->nr_spares, 0);
	pma_drain_end(arena);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(cpu_that_only_frees_has_places),
	KUNIT_CASE(places_between_are_used_again),
	KUNIT_CASE(places_taken_by_others_are_used_again),
	KUNIT_CASE(places_of_empty_pages_are_used_again),
	KUNIT_CASE(last_spare_page_moves),
	KUNIT_CASE(places_of_used_pages_are_used_again),
	KUNIT_CASE(spares_below_empty_places_are_found),
	KUNIT_CASE(drained_cpu_uses_no_place),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_spare_places",
	.init = pma_kunit_spare_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
