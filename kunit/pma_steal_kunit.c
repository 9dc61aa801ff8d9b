// SPDX-License-Identifier: GPL-2.0
/*
 * pma_steal_kunit.c - what a CPU has in its magazines is there for all
 *
 * CPU 1 has it, and CPU 0 steals it; or a thread steals, and others allocate and free.
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_drain.h"
#include "pma_kunit_magazine.h"

#define SIZE	128
#define BLOCKS	32	/* of that size, in a page */

static u32 class_of(const struct pma_arena *arena)
{
	return pma_slab_class_of(arena->pool->classes, SIZE, 1);
}

/* Blocks in CPU 1's magazine, from @blocks[0], the oldest, on; all of others are in use. */
static struct pma_arena *lend_to_cpu_1(struct kunit *test, void **blocks, u32 nr)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	u32 i;

	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, nr, blocks), nr);
	pma_kunit_flush_own(arena, class_of(arena), 0);
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, pma_free(arena, blocks[i]), 0);
	KUNIT_ASSERT_EQ(test, pma_kunit_magazine(arena, 1, SIZE)->nr, nr);
	pma_kunit_move_to_cpu(0);
	return arena;
}

/* Ask for what there will be soon: after a failure all CPUs are drained. */
static void *alloc_soon(struct pma_arena *arena)
{
	void *block = NULL;
	u32 tries;

	for (tries = 0; !block && tries < 500; tries++) {
		pma_kunit_sleep();
		block = pma_alloc(arena, SIZE);
	}
	cancel_delayed_work_sync(&arena->pool->drain);
	return block;
}

/* All of a pool is in use but what a magazine has: all but the last at once, and that soon. */
static void last_block_can_be_had_soon(struct kunit *test)
{
	static const struct pma_kunit_config config = { "few", 16, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	u32 nr = config.nr_pages * BLOCKS;
	void **blocks = pma_kunit_blocks(test, nr);

	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, nr, blocks), nr);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 4, blocks), 0);
	KUNIT_ASSERT_EQ(test, pma_kunit_magazine(arena, 1, SIZE)->nr, 4);
	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, SIZE, 0, 4, blocks), 3);
	blocks[3] = alloc_soon(arena);
	KUNIT_EXPECT_NOT_NULL(test, blocks[3]);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, SIZE));
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, nr, blocks), 0);
	cancel_delayed_work_sync(&arena->pool->drain);
	pma_kunit_expect_sound(test, arena->pool);
}

/* All of it is free, but for what a magazine has: all can be had, soon. */
static void all_of_pool_can_be_had_again(struct kunit *test)
{
	static const struct pma_kunit_config config = { "few", 16, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	u32 nr = config.nr_pages * BLOCKS, got;
	void **blocks = pma_kunit_blocks(test, nr);

	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, nr, blocks), nr);
	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, nr, blocks), 0);
	pma_kunit_move_to_cpu(1);
	got = pma_alloc_batch(arena, SIZE, 0, nr, blocks);
	KUNIT_EXPECT_GE(test, got, nr - 1);
	for (; got < nr; got++) {
		blocks[got] = pma_alloc(arena, SIZE) ?: alloc_soon(arena);
		KUNIT_ASSERT_NOT_NULL(test, blocks[got]);
	}
	pma_kunit_expect_live(test, arena, nr, nr * SIZE);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, nr, blocks), 0);
	cancel_delayed_work_sync(&arena->pool->drain);
	pma_kunit_expect_sound(test, arena->pool);
}

/* What is free of a page can be had, whoever has others of its blocks in a magazine. */
static void lend_beside_magazine(struct kunit *test, const struct pma_kunit_config *config,
				 u32 limit)
{
	struct pma_arena *arena = pma_kunit_percpu(test, config);
	u32 nr = limit * BLOCKS, i;
	void **blocks = pma_kunit_blocks(test, nr);

	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	KUNIT_ASSERT_EQ(test, pma_arena_set_limit(arena, limit), 0);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, nr, blocks), nr);
	/* Every page's second block is its own, and its third in the magazine. */
	for (i = 1; i < nr; i += BLOCKS)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	pma_kunit_flush_own(arena, class_of(arena), 0);
	for (i = 2; i < nr; i += BLOCKS)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	KUNIT_ASSERT_EQ(test, pma_kunit_magazine(arena, 1, SIZE)->nr, limit);
	pma_kunit_move_to_cpu(0);
	/* They come first; the others must be stolen, and the last one can't be. */
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, SIZE, 0, nr, blocks), 2 * limit - 1);
	pma_kunit_expect_live(test, arena, nr - 1, (nr - 1) * SIZE);
	cancel_delayed_work_sync(&arena->pool->drain);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

static void free_blocks_of_full_pool_can_be_had(struct kunit *test)
{
	static const struct pma_kunit_config config = { "few", 4, 4096, 0, 0 };

	lend_beside_magazine(test, &config, config.nr_pages);
}

static void free_blocks_within_limit_can_be_had(struct kunit *test)
{
	lend_beside_magazine(test, &pma_kunit_many_pages, 4);
}

/* While half of the pool is free, a page costs less than a look into all magazines. */
static void look_comes_before_page_where_few_are_left(struct kunit *test)
{
	static const u32 taken[] = { 1000, 1100 };	/* of 2048 pages */
	struct pma_arena *arena;
	void *blocks[4];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		arena = lend_to_cpu_1(test, blocks, ARRAY_SIZE(blocks));
		KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, taken[i] * 4096));
		KUNIT_EXPECT_NOT_NULL(test, pma_alloc(arena, SIZE));
		KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 2 - i);
		pma_kunit_expect_sound(test, arena->pool);
		pma_block_free_all(arena);
	}
}

/* Who gets no block of the class, and no page, gets a larger one of another CPU's. */
static void larger_block_is_stolen(struct kunit *test)
{
	static const struct pma_kunit_config one_page = { "one_page", 1, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &one_page);
	void *blocks[BLOCKS];
	u32 i;

	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, BLOCKS, blocks), BLOCKS);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 3, blocks), 0);
	pma_kunit_move_to_cpu(0);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 20), blocks[i]);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, 20));
	cancel_delayed_work_sync(&arena->pool->drain);
	pma_kunit_expect_live(test, arena, BLOCKS - 1, (BLOCKS - 1) * SIZE);
	pma_block_free_all(arena);
}

/* By single calls, and under the lock. */
static void each_call_steals(struct kunit *test)
{
	static const struct pma_kunit_config one_page = { "one_page", 1, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &one_page);
	void *blocks[BLOCKS], *block;

	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, BLOCKS, blocks), BLOCKS);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 4, blocks), 0);
	KUNIT_ASSERT_EQ(test, pma_kunit_magazine(arena, 1, SIZE)->nr, 4);
	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc_aligned(arena, SIZE, 64, 0), blocks[0]);
	block = pma_zalloc(arena, SIZE);
	KUNIT_EXPECT_TRUE(test, block && pma_kunit_is_zero(block, SIZE));
	/* It was filled by that. */
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine(arena, 0, SIZE)->nr, 1);
	KUNIT_EXPECT_NOT_NULL(test, pma_alloc(arena, SIZE));
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, SIZE));
	cancel_delayed_work_sync(&arena->pool->drain);
	pma_kunit_expect_live(test, arena, BLOCKS - 1, (BLOCKS - 1) * SIZE);
	/* CPU 1 has the last one, and passes over those that are gone. */
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), blocks[3]);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, SIZE));
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 0);
	pma_kunit_expect_live(test, arena, BLOCKS, BLOCKS * SIZE);
	pma_block_free_all(arena);
}

/* The oldest go first, the last one never, whoever asks for how many. */
static void oldest_are_stolen_first(struct kunit *test)
{
	void *blocks[6];
	struct pma_arena *arena = lend_to_cpu_1(test, blocks, ARRAY_SIZE(blocks));
	u32 bits[8], i;

	KUNIT_EXPECT_EQ(test, pma_kunit_steal(arena, class_of(arena), 2, bits), 2);
	KUNIT_EXPECT_EQ(test, pma_kunit_steal(arena, class_of(arena), 6, bits + 2), 3);
	KUNIT_EXPECT_EQ(test, pma_kunit_steal(arena, class_of(arena), 1, bits + 5), 0);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_PTR_EQ(test, pma_cpu_pointer(arena, bits[i]), blocks[i]);
	KUNIT_EXPECT_EQ(test, pma_kunit_nr_unsure(arena), 0);
	pma_kunit_put_back(arena, class_of(arena), 5, bits);
	pma_kunit_expect_live(test, arena, 0, 0);
}

/* Nobody steals from himself. */
static void own_blocks_are_not_stolen(struct kunit *test)
{
	void *blocks[4];
	struct pma_arena *arena = lend_to_cpu_1(test, blocks, ARRAY_SIZE(blocks));
	u32 bits[4];

	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_kunit_steal(arena, class_of(arena), 4, bits), 0);
}

/* What is stolen is passed over, one by one and in batches; and counted as what it is. */
static void stolen_entries_are_passed_over(struct kunit *test)
{
	void *blocks[6], *more[4];
	struct pma_arena *arena = lend_to_cpu_1(test, blocks, ARRAY_SIZE(blocks));
	struct pma_magazine *magazine = pma_kunit_magazine(arena, 1, SIZE);
	struct pma_stats before = pma_kunit_stats(arena), stats;
	u32 bits[3];

	KUNIT_ASSERT_EQ(test, pma_kunit_steal(arena, class_of(arena), 3, bits), 3);
	pma_kunit_move_to_cpu(1);
	/* Three of the magazine's, then what is had under the lock, and nothing is left. */
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, SIZE, 0, 4, more), 4);
	KUNIT_EXPECT_PTR_EQ(test, more[0], blocks[5]);
	KUNIT_EXPECT_PTR_EQ(test, more[2], blocks[3]);
	KUNIT_EXPECT_EQ(test, magazine->nr, 0);
	pma_kunit_expect_live(test, arena, 4, 4 * SIZE);
	pma_kunit_put_back(arena, class_of(arena), 3, bits);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 4, more), 0);
	stats = pma_kunit_stats(arena);
	KUNIT_EXPECT_EQ(test, stats.allocs, before.allocs + 4);
	KUNIT_EXPECT_EQ(test, stats.frees, before.frees + 4);
	pma_kunit_expect_live(test, arena, 0, 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/* By single calls: those below the last are gone, so that it is filled anew. */
static void alloc_passes_over_stolen(struct kunit *test)
{
	void *blocks[3], *first, *second;
	struct pma_arena *arena = lend_to_cpu_1(test, blocks, ARRAY_SIZE(blocks));
	struct pma_stats before = pma_kunit_stats(arena), stats;
	u32 bits[2];

	KUNIT_ASSERT_EQ(test, pma_kunit_steal(arena, class_of(arena), 2, bits), 2);
	pma_kunit_move_to_cpu(1);
	first = pma_alloc(arena, SIZE);
	second = pma_alloc(arena, SIZE);
	KUNIT_EXPECT_PTR_EQ(test, first, blocks[2]);
	KUNIT_EXPECT_NOT_NULL(test, second);
	KUNIT_EXPECT_PTR_NE(test, second, blocks[0]);
	KUNIT_EXPECT_PTR_NE(test, second, blocks[1]);
	pma_kunit_put_back(arena, class_of(arena), 2, bits);
	KUNIT_EXPECT_EQ(test, pma_free(arena, first), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, second), 0);
	stats = pma_kunit_stats(arena);
	KUNIT_EXPECT_EQ(test, stats.allocs, before.allocs + 2);
	KUNIT_EXPECT_EQ(test, stats.frees, before.frees + 2);
}

/* A batch frees to a magazine that others have stolen from, and a flush gives back the rest. */
static void flush_passes_over_stolen(struct kunit *test)
{
	void *blocks[8];
	struct pma_arena *arena = lend_to_cpu_1(test, blocks, ARRAY_SIZE(blocks));
	u32 bits[3];

	KUNIT_ASSERT_EQ(test, pma_kunit_steal(arena, class_of(arena), 3, bits), 3);
	pma_kunit_move_to_cpu(1);
	pma_kunit_flush_own(arena, class_of(arena), 2);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine(arena, 1, SIZE)->nr, 2);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), blocks[7]);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), blocks[6]);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine(arena, 1, SIZE)->nr, 0);
	pma_kunit_put_back(arena, class_of(arena), 3, bits);
	pma_kunit_expect_live(test, arena, 2, 2 * SIZE);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* So does who takes from the magazine under the lock. */
static void locked_call_passes_over_stolen(struct kunit *test)
{
	void *blocks[4];
	struct pma_arena *arena = lend_to_cpu_1(test, blocks, ARRAY_SIZE(blocks));
	struct pma_stats before = pma_kunit_stats(arena), stats;
	u32 bits[2], own[4];
	unsigned long irq;

	KUNIT_ASSERT_EQ(test, pma_kunit_steal(arena, class_of(arena), 2, bits), 2);
	pma_kunit_move_to_cpu(1);
	raw_spin_lock_irqsave(&arena->lock, irq);
	KUNIT_EXPECT_EQ(test, pma_cpu_take_own(arena, class_of(arena), 1, own), 1);
	KUNIT_EXPECT_EQ(test, pma_cpu_take_own(arena, class_of(arena), 4, own + 1), 1);
	KUNIT_EXPECT_EQ(test, pma_cpu_take_own(arena, class_of(arena), 4, own + 2), 0);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	KUNIT_EXPECT_PTR_EQ(test, pma_cpu_pointer(arena, own[0]), blocks[3]);
	KUNIT_EXPECT_PTR_EQ(test, pma_cpu_pointer(arena, own[1]), blocks[2]);
	pma_kunit_put_back(arena, class_of(arena), 2, bits);
	pma_kunit_put_back(arena, class_of(arena), 2, own);
	stats = pma_kunit_stats(arena);
	KUNIT_EXPECT_EQ(test, stats.allocs, before.allocs);
	KUNIT_EXPECT_EQ(test, stats.frees, before.frees);
	pma_kunit_expect_sound(test, arena->pool);
}

/* A realloc to a class whose next block is gone finds another, contents kept. */
static void realloc_passes_over_stolen(struct kunit *test)
{
	void *blocks[2], *block, *moved;
	struct pma_arena *arena = lend_to_cpu_1(test, blocks, ARRAY_SIZE(blocks));
	u32 bit;

	KUNIT_ASSERT_EQ(test, pma_kunit_steal(arena, class_of(arena), 1, &bit), 1);
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), blocks[1]);
	block = pma_kunit_make_block(arena, 64, 1);
	KUNIT_ASSERT_NOT_NULL(test, block);
	moved = pma_realloc(arena, block, SIZE, 0);
	KUNIT_EXPECT_TRUE(test, moved && moved != blocks[0] && pma_kunit_is_block(moved, 64));
	pma_kunit_put_back(arena, class_of(arena), 1, &bit);
	pma_kunit_expect_live(test, arena, 2, 2 * SIZE);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* What a drain leaves is right, whatever was stolen before. */
static void drain_after_theft_leaves_nothing(struct kunit *test)
{
	void *blocks[8];
	struct pma_arena *arena = lend_to_cpu_1(test, blocks, ARRAY_SIZE(blocks));
	u32 bits[5];

	KUNIT_ASSERT_EQ(test, pma_kunit_steal(arena, class_of(arena), 5, bits), 5);
	pma_kunit_put_back(arena, class_of(arena), 5, bits);
	pma_kunit_drain(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	pma_kunit_expect_sound(test, arena->pool);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(last_block_can_be_had_soon),
	KUNIT_CASE(all_of_pool_can_be_had_again),
	KUNIT_CASE(free_blocks_of_full_pool_can_be_had),
	KUNIT_CASE(free_blocks_within_limit_can_be_had),
	KUNIT_CASE(look_comes_before_page_where_few_are_left),
	KUNIT_CASE(larger_block_is_stolen),
	KUNIT_CASE(each_call_steals),
	KUNIT_CASE(oldest_are_stolen_first),
	KUNIT_CASE(own_blocks_are_not_stolen),
	KUNIT_CASE(stolen_entries_are_passed_over),
	KUNIT_CASE(alloc_passes_over_stolen),
	KUNIT_CASE(flush_passes_over_stolen),
	KUNIT_CASE(locked_call_passes_over_stolen),
	KUNIT_CASE(realloc_passes_over_stolen),
	KUNIT_CASE(drain_after_theft_leaves_nothing),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_steal",
	.init = pma_kunit_magazine_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
