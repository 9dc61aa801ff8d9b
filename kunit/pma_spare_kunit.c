// SPDX-License-Identifier: GPL-2.0
/*
 * pma_spare_kunit.c - spare pages of CPUs, and who else may have what is free in them
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_free.h"
#include "pma_kunit.h"

#define PAGE_BLOCKS	2	/* of 128 bytes, in a page */
#define NR_PAGES	(8 * PMA_CPU_SPARES + 1)

static const struct pma_kunit_config one_page = { "one_page", 1, 4096, 0, 0 };
static const struct pma_kunit_config two_pages = { "two_pages", 2, 4096, 0, 0 };
static const struct pma_kunit_config many_pages = { "many_pages", 4096, 256, 0, 0 };

/* Room for the blocks of so many pages. */
static void **blocks_of(struct kunit *test, u32 nr_pages)
{
	void **blocks = kunit_kcalloc(test, nr_pages * PAGE_BLOCKS, sizeof(*blocks), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	return blocks;
}

/* Free the one or the other block of each of so many pages. */
static void free_each(struct kunit *test, struct pma_arena *arena, void **blocks, u32 nr_pages,
		      u32 which)
{
	u32 i;

	for (i = 0; i < nr_pages; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS + which]), 0);
}

/* So many full pages, in order; the CPU takes from the last one. */
static void fill_pages(struct kunit *test, struct pma_arena *arena, void **blocks, u32 nr_pages)
{
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 128, 0, nr_pages * PAGE_BLOCKS, blocks),
			nr_pages * PAGE_BLOCKS);
	KUNIT_ASSERT_EQ(test, arena->stats.slab_pages, nr_pages);
}

/* Full pages that are freed to become the CPU's, up to a number, and are the next to be used. */
static void full_pages_become_spare(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages);
	void **blocks = blocks_of(test, PMA_CPU_SPARES + 2), *again[PMA_CPU_SPARES + 1];
	u32 i;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	fill_pages(test, arena, blocks, PMA_CPU_SPARES + 2);
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1);
	for (i = 0; i < ARRAY_SIZE(again); i++) {
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), 0);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), -EALREADY);
		KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1 + min(i + 1, PMA_CPU_SPARES));
	}
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 128, 0, i, again), i);
	KUNIT_EXPECT_PTR_EQ(test, again[--i], blocks[PMA_CPU_SPARES * PAGE_BLOCKS]);
	while (i--)
		KUNIT_EXPECT_PTR_EQ(test, again[i],
				    blocks[(PMA_CPU_SPARES - 1 - i) * PAGE_BLOCKS]);
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, PMA_CPU_SPARES + 2);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* Of so many pages that are emptied, of four times as many, how many does the CPU not give back? */
static u32 nr_stay(struct kunit *test, const struct pma_kunit_config *config, u32 nr_pages)
{
	struct pma_arena *arena = pma_kunit_percpu(test, config);
	void **blocks = blocks_of(test, 4 * nr_pages);
	u32 i;

	fill_pages(test, arena, blocks, 4 * nr_pages);
	for (i = 0; i < nr_pages * PAGE_BLOCKS; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	i = arena->stats.slab_pages - 3 * nr_pages;
	pma_kunit_expect_live(test, arena, 3 * nr_pages * PAGE_BLOCKS,
			      3 * nr_pages * PAGE_BLOCKS * 128);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
	return i;
}

/* Where half of the pages are free, more of those that get empty stay; but never all. */
static void empty_spares_stay_where_there_is_plenty(struct kunit *test)
{
	static const struct pma_kunit_config config = { .page_size = 256, .nr_pages = 200 };

	if (!pma_kunit_percpu(test, &config)->cpu)
		kunit_skip(test, "CPUs have no pages");
	KUNIT_EXPECT_EQ(test, nr_stay(test, &many_pages, 3 * PMA_CPU_SPARES), 8);
	KUNIT_EXPECT_EQ(test, nr_stay(test, &config, PMA_CPU_SPARES), 2);
}

/* A CPU that only frees goes on to adopt the pages that it frees to. */
static void cpu_that_only_frees_has_places(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages);
	u32 nr = 3 * PMA_CPU_SPARES * PAGE_BLOCKS, i, had;
	void **blocks = blocks_of(test, 3 * PMA_CPU_SPARES);

	if (!pma_kunit_move_to_cpu(0) || !pma_kunit_move_to_cpu(1))
		kunit_skip(test, "there are no two CPUs");
	fill_pages(test, arena, blocks, 3 * PMA_CPU_SPARES);
	pma_kunit_move_to_cpu(0);
	for (i = 0; i < nr - PAGE_BLOCKS; i++) {
		had = pma_kunit_cpu_pages(arena);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
		if (!(i % PAGE_BLOCKS))
			KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), had + 1);
	}
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* Of more spare pages than empty ones may be, an empty one stays when a free is refused. */
static void refused_free_leaves_empty_spares(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages);
	void *blocks[12 * PAGE_BLOCKS];
	u32 i, nr_pages, had;

	fill_pages(test, arena, blocks, 12);
	for (i = 0; i < 8 * PAGE_BLOCKS; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[8 * PAGE_BLOCKS]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[9 * PAGE_BLOCKS]), 0);
	nr_pages = arena->stats.slab_pages;
	had = pma_kunit_cpu_pages(arena);
	for (i = 0; i < 8 * PAGE_BLOCKS; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), -EALREADY);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, nr_pages);
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), had);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/*
 * All blocks of a pool are out, but for those of a page that another CPU has as a spare:
 * they are had by who needs one, and so is the page when it is empty.
 */
static void spares_are_there_for_all(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages), *other;
	u32 nr = many_pages.nr_pages * PAGE_BLOCKS, had;
	void **blocks;

	if (!pma_kunit_move_to_cpu(0) || !pma_kunit_move_to_cpu(1))
		kunit_skip(test, "there are no two CPUs");
	blocks = kunit_kcalloc(test, nr, sizeof(*blocks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	other = pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU);
	fill_pages(test, arena, blocks, many_pages.nr_pages);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128), blocks[0]);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, 128));
	/* That had all CPUs drained: not in between. */
	cancel_delayed_work_sync(&arena->pool->drain);
	/* Two spare pages, of blocks 2 and 3, and 4 and 5: one gets empty. */
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[2]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[4]), 0);
	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[3]), 0);
	had = pma_kunit_cpu_pages(arena);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(other, 64), blocks[2]);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, many_pages.nr_pages - 1);
	/* The other one still is a CPU's. */
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), had - 1);
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128), blocks[4]);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(other);
	pma_block_free_all(arena);
}

/* NR_PAGES full pages that were filled on CPU 1, for CPU 0 to free to. */
static struct pma_arena *pages_of_other(struct kunit *test, void **blocks)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages);

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
	void **blocks = blocks_of(test, NR_PAGES);
	struct pma_arena *arena = pages_of_other(test, blocks);

	free_each(test, arena, blocks, PMA_CPU_SPARES, 0);
	free_each(test, arena, blocks, PMA_CPU_SPARES, 1);
	expect_adopted(test, arena, &blocks[PMA_CPU_SPARES * PAGE_BLOCKS]);
}

/* So are those of pages that somebody else has taken. */
static void places_taken_by_others_are_used_again(struct kunit *test)
{
	void **blocks = blocks_of(test, NR_PAGES);
	struct pma_arena *arena = pages_of_other(test, blocks);
	int class = pma_slab_class_of(arena->pool->classes, 128, 1);
	unsigned long irq;

	free_each(test, arena, blocks, PMA_CPU_SPARES, 0);
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
	void **blocks = blocks_of(test, NR_PAGES);
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

/* CPU 0's page of the class that blocks of so many bytes are of. */
static struct pma_cpu_page *page_of_cpu_0(const struct pma_arena *arena, u32 size)
{
	int class = pma_slab_class_of(arena->pool->classes, size, 1);

	return &per_cpu_ptr(arena->cpu, 0)->pages[class];
}

/*
 * The CPU has spare pages in all places; another empties the one in that place, and the CPU
 * frees to others until it finds that out.
 */
static void empty_place(struct kunit *test, struct pma_arena *arena, void **blocks, u32 place)
{
	u32 pages = arena->stats.slab_pages, i;
	struct pma_cpu_page *page;

	free_each(test, arena, blocks, PMA_CPU_SPARES, 0);
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[place * PAGE_BLOCKS + 1]), 0);
	pma_kunit_move_to_cpu(0);
	for (i = PMA_CPU_SPARES; i < NR_PAGES && arena->stats.slab_pages == pages; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PAGE_BLOCKS]), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, pages - 1);
	page = page_of_cpu_0(arena, 128);
	KUNIT_EXPECT_EQ(test, page->nr_spares, PMA_CPU_SPARES - 1);
	KUNIT_EXPECT_EQ(test, page->spares[PMA_CPU_SPARES - 1], PMA_NONE);
}

/* The page in the last place moves to one that is empty. */
static void last_spare_page_moves(struct kunit *test)
{
	static const u32 places[] = { 0, 5, PMA_CPU_SPARES - 1 };
	u32 last = (PMA_CPU_SPARES - 1) * PAGE_BLOCKS, pages, i;
	void **blocks = blocks_of(test, NR_PAGES);
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

/* A place whose page has been used up is there for another one. */
static void places_of_used_pages_are_used_again(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages);
	void **blocks = blocks_of(test, PMA_CPU_SPARES + 1);
	u32 round, i;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	fill_pages(test, arena, blocks, PMA_CPU_SPARES + 1);
	for (round = 0; round < 3; round++) {
		free_each(test, arena, blocks, PMA_CPU_SPARES, 0);
		KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1 + PMA_CPU_SPARES);
		for (i = PMA_CPU_SPARES; i--;)
			KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128), blocks[i * PAGE_BLOCKS]);
		KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1);
	}
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* What is empty is given back of all places; below those a page is found again. */
static void spares_below_empty_places_are_found(struct kunit *test)
{
	void **blocks = blocks_of(test, NR_PAGES);
	struct pma_arena *arena = pages_of_other(test, blocks);

	free_each(test, arena, blocks, PMA_CPU_SPARES, 0);
	pma_kunit_move_to_cpu(1);
	free_each(test, arena, blocks + PAGE_BLOCKS, PMA_CPU_SPARES - 1, 1);
	KUNIT_EXPECT_TRUE(test, pma_kept_flush(arena));
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, NR_PAGES - PMA_CPU_SPARES + 1);
	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128), blocks[0]);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* A spare page that has more than one free block becomes the one that the CPU takes from. */
static void spare_page_with_more_is_gone_on_with(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages);
	void *blocks[2 * PAGE_BLOCKS];
	struct pma_page *desc;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	fill_pages(test, arena, blocks, 2);
	desc = arena->fast.desc;
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[1]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128), blocks[1]);
	desc += (blocks[0] - pma_kunit_ptr(arena->pool, 0)) / 256;
	KUNIT_EXPECT_EQ(test, desc->kind, PMA_KIND_SLAB | PMA_SLAB_CPU);
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128), blocks[0]);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

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
	page = page_of_cpu_0(arena, 16);
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

/* After a drain no place is used, whatever is freed meanwhile. */
static void drained_cpu_uses_no_place(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages);
	void **blocks = blocks_of(test, PMA_CPU_SPARES);

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	pma_kunit_move_to_cpu(0);
	fill_pages(test, arena, blocks, PMA_CPU_SPARES);
	free_each(test, arena, blocks, 3, 0);
	pma_drain_begin(arena);
	KUNIT_EXPECT_EQ(test, page_of_cpu_0(arena, 128)->nr_spares, 0);
	free_each(test, arena, blocks + 3 * PAGE_BLOCKS, PMA_CPU_SPARES - 3, 0);
	KUNIT_EXPECT_EQ(test, page_of_cpu_0(arena, 128)->nr_spares, 0);
	pma_drain_end(arena);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* What this CPU takes from serves whoever goes by the lock, if there is no other page. */
static void own_page_serves_all_calls(struct kunit *test)
{
	struct pma_arena *one = pma_kunit_percpu(test, &one_page);
	struct pma_arena *two = pma_kunit_percpu(test, &two_pages);
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
	struct pma_arena *arena = pma_kunit_percpu(test, &one_page);
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
	void **blocks = blocks_of(test, NR_PAGES);
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
	/* Its only free block is taken: it is no CPU's any more, though others had freed there. */
	KUNIT_EXPECT_EQ(test, desc->kind, PMA_KIND_SLAB | PMA_SLAB_CPU | PMA_SLAB_GIVEN);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128), blocks[0]);
	KUNIT_EXPECT_EQ(test, desc->kind, PMA_KIND_SLAB | PMA_SLAB_FULL);
	pma_kunit_expect_live(test, arena, live + 1, (live + 1) * 128);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

static int free_of_spare(struct pma_arena *arena, u64 handle, struct pma_page *page,
			 unsigned long irq)
{
	return pma_free_of_spare(arena, handle, page, irq, pma_cpu_own(arena, page));
}

/*
 * Others have freed to a spare page, and who found no room has looked since: a free that had
 * the page out of its place says once more that it may be empty.
 */
static void given_page_is_told_of(struct kunit *test)
{
	static const struct pma_kunit_config config = { "large", 1024, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	struct pma_page *desc;
	void *blocks[2 * 16];
	unsigned long irq;
	u64 handle;

	if (!pma_kunit_move_to_cpu(1) || !pma_kunit_move_to_cpu(0))
		kunit_skip(test, "there are no two CPUs");
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 256, 0, 2 * 16, blocks), 2 * 16);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
	handle = blocks[1] - pma_kunit_ptr(arena->pool, 0);
	desc = &arena->fast.desc[handle / 4096];
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[2]), 0);
	KUNIT_EXPECT_EQ(test, desc->kind, PMA_KIND_SLAB | PMA_SLAB_CPU | PMA_SLAB_GIVEN);
	pma_kunit_move_to_cpu(0);
	WRITE_ONCE(arena->keeps, false);
	local_irq_save(irq);
	KUNIT_EXPECT_EQ(test, free_of_spare(arena, handle, desc, irq), 0);
	KUNIT_EXPECT_TRUE(test, arena->keeps);
	/* So does one that is refused. */
	WRITE_ONCE(arena->keeps, false);
	local_irq_save(irq);
	KUNIT_EXPECT_EQ(test, free_of_spare(arena, handle, desc, irq), -EALREADY);
	KUNIT_EXPECT_TRUE(test, arena->keeps);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/*
 * The same of one that is empty, which nobody else has freed to: a refused free had it out of its
 * place as well.
 */
static void empty_page_is_told_of(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages);
	void *blocks[2 * PAGE_BLOCKS];
	struct pma_page *desc;
	unsigned long irq;
	u64 handle;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	pma_kunit_move_to_cpu(0);
	fill_pages(test, arena, blocks, 2);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[1]), 0);
	handle = blocks[0] - pma_kunit_ptr(arena->pool, 0);
	desc = &arena->fast.desc[handle / 256];
	KUNIT_EXPECT_EQ(test, desc->kind, PMA_KIND_SLAB | PMA_SLAB_CPU);
	/* Who found no room looked just when the page was out of its place. */
	WRITE_ONCE(arena->keeps, false);
	local_irq_save(irq);
	KUNIT_EXPECT_EQ(test, free_of_spare(arena, handle, desc, irq), -EALREADY);
	KUNIT_EXPECT_TRUE(test, arena->keeps);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(full_pages_become_spare),
	KUNIT_CASE(empty_spares_stay_where_there_is_plenty),
	KUNIT_CASE(cpu_that_only_frees_has_places),
	KUNIT_CASE(refused_free_leaves_empty_spares),
	KUNIT_CASE(spares_are_there_for_all),
	KUNIT_CASE(places_between_are_used_again),
	KUNIT_CASE(places_taken_by_others_are_used_again),
	KUNIT_CASE(places_of_empty_pages_are_used_again),
	KUNIT_CASE(last_spare_page_moves),
	KUNIT_CASE(places_of_used_pages_are_used_again),
	KUNIT_CASE(spares_below_empty_places_are_found),
	KUNIT_CASE(spare_page_with_more_is_gone_on_with),
	KUNIT_CASE(free_blocks_of_other_words_are_next),
	KUNIT_CASE(spare_page_is_empty_in_all_words),
	KUNIT_CASE(page_not_let_go_is_gone_on_with),
	KUNIT_CASE(drained_cpu_uses_no_place),
	KUNIT_CASE(own_page_serves_all_calls),
	KUNIT_CASE(spare_page_serves_smaller_class),
	KUNIT_CASE(free_while_page_is_adopted),
	KUNIT_CASE(given_page_is_told_of),
	KUNIT_CASE(empty_page_is_told_of),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_spare",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
