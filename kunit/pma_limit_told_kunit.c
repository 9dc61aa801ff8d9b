// SPDX-License-Identifier: GPL-2.0
/*
 * pma_limit_told_kunit.c - what the front-end is told of room, and of how much is left
 */
#include "pma_block.h"
#include "pma_kunit_limit.h"
#include "pma_resize.h"

static struct {
	u32 freed_pool, freed_arena, crossed, shifted;
} told;

static void tell_freed(struct pma_pool *pool, struct pma_arena *arena)
{
	told.freed_pool += !arena;
	told.freed_arena += !!arena;
}

static void tell_crossed(struct pma_arena *arena)
{
	told.crossed++;
}

static void tell_shifted(struct pma_pool *pool)
{
	told.shifted++;
}

static const struct pma_pool_ops telling_ops = {
	.freed = tell_freed,
	.crossed = tell_crossed,
	.shifted = tell_shifted,
};

static struct pma_arena *telling_arena(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);

	memset(&told, 0, sizeof(told));
	pool->ops = &telling_ops;
	return pma_kunit_arena(test, pool, 0);
}

static void waiting_is_told_of_all_that_makes_room(struct kunit *test)
{
	struct pma_arena *arena = telling_arena(test);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, 0);
	struct pma_arena *third = pma_kunit_arena(test, arena->pool, 0);
	u64 a = pma_kunit_alloc(test, arena, 64), b = pma_kunit_alloc(test, arena, 64);
	u64 c = pma_kunit_alloc(test, other, 64), d = pma_kunit_alloc(test, arena, 3 * 4096);
	struct pma_block block;

	/* Nobody waits, nobody is told. */
	pma_kunit_free(test, arena, pma_kunit_alloc(test, arena, 8192));
	KUNIT_EXPECT_EQ(test, told.freed_pool + told.freed_arena, 0);
	pma_limit_wait_begin(arena);
	pma_kunit_free(test, arena, a);		/* a block of a page that stays */
	KUNIT_EXPECT_EQ(test, told.freed_arena, 1);
	KUNIT_EXPECT_EQ(test, told.freed_pool, 0);
	pma_kunit_free(test, other, c);		/* a page, to the pool */
	KUNIT_EXPECT_EQ(test, told.freed_arena, 1);
	KUNIT_EXPECT_EQ(test, told.freed_pool, 1);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, d, 4096, 0, 0, &block), 0);
	KUNIT_EXPECT_GT(test, told.freed_arena, 1);
	KUNIT_EXPECT_EQ(test, told.freed_pool, 2);
	told.freed_arena = 0;
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_to(arena, 50), 0);
	KUNIT_EXPECT_EQ(test, told.freed_arena, 1);
	KUNIT_EXPECT_TRUE(test, pma_kunit_limit_charge(arena, 5));
	KUNIT_EXPECT_EQ(test, told.freed_arena, 1);
	pma_kunit_limit_count(arena, 5, pma_limit_uncharge);
	KUNIT_EXPECT_EQ(test, told.freed_arena, 2);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(third, 3), 0);
	told.freed_pool = 0;
	pma_arena_delete(third);		/* what was promised to it */
	KUNIT_EXPECT_EQ(test, told.freed_pool, 1);
	pma_limit_wait_end(arena);
	told.freed_pool = 0;
	told.freed_arena = 0;
	pma_kunit_free(test, arena, b);
	pma_kunit_free(test, arena, block.handle);
	KUNIT_EXPECT_EQ(test, told.freed_pool + told.freed_arena, 0);
}

/* The highest mark is known as long as there is any. */
static void low_ends_with_its_arena(struct kunit *test)
{
	struct pma_arena *arena = telling_arena(test);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, 0);
	struct pma_limit_args want = { .flags = PMA_LIMIT_LOW, .low = 10 };
	struct pma_pool *pool = arena->pool;

	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &want, false), 0);
	want.low = 7;
	KUNIT_EXPECT_EQ(test, pma_limit_set(other, &want, false), 0);
	KUNIT_EXPECT_EQ(test, pool->nr_low, 2);
	KUNIT_EXPECT_EQ(test, pool->low_max, 10);
	pma_arena_delete(arena);
	KUNIT_EXPECT_EQ(test, pool->nr_low, 1);
	pma_arena_delete(other);
	KUNIT_EXPECT_EQ(test, pool->nr_low, 0);
	KUNIT_EXPECT_EQ(test, pool->low_max, 0);
}

static void low_is_told_once_a_crossing(struct kunit *test)
{
	struct pma_arena *arena = telling_arena(test);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, 0);
	struct pma_limit_args want = { .flags = PMA_LIMIT_LOW, .low = 10 };
	u32 round;

	pma_kunit_limit_fill(arena, 60);
	KUNIT_EXPECT_FALSE(test, pma_limit_is_low(arena));
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, told.crossed + told.shifted, 0);
	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &want, false), 0);
	for (round = 1; round <= 3; round++) {
		pma_kunit_limit_fill(arena, 54);
		KUNIT_EXPECT_EQ(test, told.crossed, round - 1);
		KUNIT_EXPECT_FALSE(test, pma_limit_is_low(arena));
		pma_kunit_limit_fill(arena, 1);
		KUNIT_EXPECT_EQ(test, told.crossed, round);
		KUNIT_EXPECT_TRUE(test, pma_limit_is_low(arena));
		pma_kunit_limit_fill(arena, 64);
		KUNIT_EXPECT_EQ(test, told.crossed, round);
		pma_block_free_all(arena);
	}
	/* By others: seen when somebody looks, and asked for only when pages are few. */
	told.shifted = 0;
	pma_kunit_limit_fill(other, 53);
	KUNIT_EXPECT_EQ(test, told.shifted, 0);
	pma_kunit_limit_fill(other, 2);
	KUNIT_EXPECT_GT(test, told.shifted, 0);
	KUNIT_EXPECT_EQ(test, told.crossed, 3);
	pma_limit_look(arena->pool);
	KUNIT_EXPECT_EQ(test, told.crossed, 4);
	pma_limit_look(arena->pool);
	KUNIT_EXPECT_EQ(test, told.crossed, 4);
	pma_block_free_all(other);
	pma_limit_look(arena->pool);
	/* A new mark, limit or charge crosses too. */
	want.low = 65;
	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &want, false), 0);
	KUNIT_EXPECT_EQ(test, told.crossed, 5);
	want.low = 10;
	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &want, false), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_to(arena, 12), 0);
	KUNIT_EXPECT_TRUE(test, pma_kunit_limit_charge(arena, 3));
	KUNIT_EXPECT_EQ(test, told.crossed, 6);
	pma_kunit_limit_count(arena, 3, pma_limit_uncharge);
	/* Without a mark nobody is told, whatever the others do. */
	want.low = 0;
	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &want, false), 0);
	told.shifted = 0;
	pma_kunit_limit_fill(other, 64);
	KUNIT_EXPECT_EQ(test, told.shifted, 0);
	KUNIT_EXPECT_FALSE(test, pma_limit_is_low(arena));
	pma_block_free_all(other);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(waiting_is_told_of_all_that_makes_room),
	KUNIT_CASE(low_ends_with_its_arena),
	KUNIT_CASE(low_is_told_once_a_crossing),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_limit_told",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
