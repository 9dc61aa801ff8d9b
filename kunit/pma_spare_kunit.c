// SPDX-License-Identifier: GPL-2.0
/*
 * pma_spare_kunit.c - spare pages of CPUs, and who else may have what is free in them
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_free.h"
#include "pma_kunit_spare.h"

static const struct pma_kunit_config one_page = { "one_page", 1, 4096, 0, 0 };
static const struct pma_kunit_config two_pages = { "two_pages", 2, 4096, 0, 0 };

/* Full pages that are freed to become the CPU's, up to a number, and are the next to be used. */
static void full_pages_become_spare(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	void **blocks = pma_kunit_spare_blocks(test, PMA_CPU_SPARES + 2);
	void *again[PMA_CPU_SPARES + 1];
	u32 i;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	pma_kunit_spare_fill(test, arena, blocks, PMA_CPU_SPARES + 2);
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1);
	for (i = 0; i < ARRAY_SIZE(again); i++) {
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PMA_KUNIT_PAIR]), 0);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i * PMA_KUNIT_PAIR]), -EALREADY);
		KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1 + min(i + 1, PMA_CPU_SPARES));
	}
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 128, 0, i, again), i);
	KUNIT_EXPECT_PTR_EQ(test, again[--i], blocks[PMA_CPU_SPARES * PMA_KUNIT_PAIR]);
	while (i--)
		KUNIT_EXPECT_PTR_EQ(test, again[i],
				    blocks[(PMA_CPU_SPARES - 1 - i) * PMA_KUNIT_PAIR]);
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), 1);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, PMA_CPU_SPARES + 2);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* Of so many pages that are emptied, of four times as many, how many does the CPU not give back? */
static u32 nr_stay(struct kunit *test, const struct pma_kunit_config *config, u32 nr_pages)
{
	struct pma_arena *arena = pma_kunit_percpu(test, config);
	void **blocks = pma_kunit_spare_blocks(test, 4 * nr_pages);
	u32 i;

	pma_kunit_spare_fill(test, arena, blocks, 4 * nr_pages);
	for (i = 0; i < nr_pages * PMA_KUNIT_PAIR; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	i = arena->stats.slab_pages - 3 * nr_pages;
	pma_kunit_expect_live(test, arena, 3 * nr_pages * PMA_KUNIT_PAIR,
			      3 * nr_pages * PMA_KUNIT_PAIR * 128);
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
	KUNIT_EXPECT_EQ(test, nr_stay(test, &pma_kunit_many_pages, 3 * PMA_CPU_SPARES), 8);
	KUNIT_EXPECT_EQ(test, nr_stay(test, &config, PMA_CPU_SPARES), 2);
}

/* Of more spare pages than empty ones may be, an empty one stays when a free is refused. */
static void refused_free_leaves_empty_spares(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	void *blocks[12 * PMA_KUNIT_PAIR];
	u32 i, nr_pages, had;

	pma_kunit_spare_fill(test, arena, blocks, 12);
	for (i = 0; i < 8 * PMA_KUNIT_PAIR; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[8 * PMA_KUNIT_PAIR]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[9 * PMA_KUNIT_PAIR]), 0);
	nr_pages = arena->stats.slab_pages;
	had = pma_kunit_cpu_pages(arena);
	for (i = 0; i < 8 * PMA_KUNIT_PAIR; i++)
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
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages), *other;
	u32 nr = pma_kunit_many_pages.nr_pages * PMA_KUNIT_PAIR, had;
	void **blocks;

	if (!pma_kunit_move_to_cpu(0) || !pma_kunit_move_to_cpu(1))
		kunit_skip(test, "there are no two CPUs");
	blocks = kunit_kcalloc(test, nr, sizeof(*blocks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	other = pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU);
	pma_kunit_spare_fill(test, arena, blocks, pma_kunit_many_pages.nr_pages);
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
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, pma_kunit_many_pages.nr_pages - 1);
	/* The other one still is a CPU's. */
	KUNIT_EXPECT_EQ(test, pma_kunit_cpu_pages(arena), had - 1);
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 128), blocks[4]);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(other);
	pma_block_free_all(arena);
}

/* A spare page that has more than one free block becomes the one that the CPU takes from. */
static void spare_page_with_more_is_gone_on_with(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	void *blocks[2 * PMA_KUNIT_PAIR];
	struct pma_page *desc;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	pma_kunit_spare_fill(test, arena, blocks, 2);
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
	void **blocks = pma_kunit_spare_blocks(test, PMA_KUNIT_SPARE_PAGES);
	struct pma_arena *arena = pma_kunit_spare_other(test, blocks);
	u32 pgno = (blocks[0] - pma_kunit_ptr(arena->pool, 0)) / 256;
	struct pma_page *desc = &arena->fast.desc[pgno];
	u32 word = *(u32 *)desc, live = PMA_KUNIT_SPARE_PAGES * PMA_KUNIT_PAIR - 1;
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

/* Others had looked for room in vain; a free that had a spare page out of its place tells them. */
static void expect_told(struct kunit *test, struct pma_arena *arena, u64 handle, int err)
{
	struct pma_page *page = &arena->fast.desc[handle >> arena->fast.page_shift];
	unsigned long irq;

	WRITE_ONCE(arena->keeps, false);
	local_irq_save(irq);
	KUNIT_EXPECT_EQ(test, pma_free_of_spare(arena, handle, page, irq,
						pma_cpu_own(arena, page)), err);
	KUNIT_EXPECT_TRUE(test, arena->keeps);
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
	expect_told(test, arena, handle, 0);
	/* So does one that is refused. */
	expect_told(test, arena, handle, -EALREADY);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/*
 * The same of one that is empty, which nobody else has freed to: a refused free had it out of its
 * place as well.
 */
static void empty_page_is_told_of(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	void *blocks[2 * PMA_KUNIT_PAIR];
	struct pma_page *desc;
	u64 handle;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	pma_kunit_move_to_cpu(0);
	pma_kunit_spare_fill(test, arena, blocks, 2);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[1]), 0);
	handle = blocks[0] - pma_kunit_ptr(arena->pool, 0);
	desc = &arena->fast.desc[handle / 256];
	KUNIT_EXPECT_EQ(test, desc->kind, PMA_KIND_SLAB | PMA_SLAB_CPU);
	/* Who found no room looked just when the page was out of its place. */
	expect_told(test, arena, handle, -EALREADY);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(full_pages_become_spare),
	KUNIT_CASE(empty_spares_stay_where_there_is_plenty),
	KUNIT_CASE(refused_free_leaves_empty_spares),
	KUNIT_CASE(spares_are_there_for_all),
	KUNIT_CASE(spare_page_with_more_is_gone_on_with),
	KUNIT_CASE(own_page_serves_all_calls),
	KUNIT_CASE(spare_page_serves_smaller_class),
	KUNIT_CASE(free_while_page_is_adopted),
	KUNIT_CASE(given_page_is_told_of),
	KUNIT_CASE(empty_page_is_told_of),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_spare",
	.init = pma_kunit_spare_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
