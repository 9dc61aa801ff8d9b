// SPDX-License-Identifier: GPL-2.0
/*
 * pma_limit_kunit.c - how many pages an arena may have, and is sure to get
 */
#include "pma_block.h"
#include "pma_kunit_configs.h"
#include "pma_kunit_limit.h"
#include "pma_resize.h"

static u32 page_bytes(const struct pma_arena *arena)
{
	return pma_region_page_size(&arena->pool->region);
}

static void begins_without(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_limit_args args;

	pma_limit_get(arena, &args);
	KUNIT_EXPECT_EQ(test, args.limit, PMA_LIMIT_NONE);
	KUNIT_EXPECT_EQ(test, args.reserve, 0);
	KUNIT_EXPECT_EQ(test, args.low, 0);
	KUNIT_EXPECT_EQ(test, args.used, 0);
	KUNIT_EXPECT_EQ(test, args.available, 64);
}

static void begins_with_the_pools(struct kunit *test)
{
	struct pma_pool_params params = { .arena_limit = 5 };
	struct pma_pool *pool = pma_pool_new("limited", SZ_64K, &params);
	struct pma_arena *user, *kernel;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	pma_kunit_adopt(test, pool);
	user = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	kernel = pma_kunit_arena(test, pool, 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(user), 5);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(kernel), 16);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(user, 100), 5);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(kernel, 100), 11);
	pma_block_free_all(user);
	pma_block_free_all(kernel);
}

/* Whatever the engine, and growing in place too. */
static void limit_holds_for_all(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 limit = min_t(u32, pool->region.nr_pages / 2, 10), size, step;
	struct pma_block block, big;

	if (!limit)
		return;
	KUNIT_ASSERT_EQ(test, pma_kunit_limit_to(arena, limit), 0);
	for (size = 8, step = 0; step < 2000; step++) {
		pma_block_alloc(arena, size, 0, 0, &block);
		size = size * 5 / 4 > limit * page_bytes(arena) ? 8 : size * 5 / 4 + 1;
		KUNIT_EXPECT_LE(test, pma_kunit_limit_used(arena), limit);
	}
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), limit);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(arena), 0);
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), 0);

	/* A page with room after it. */
	pma_kunit_largest_run(pool);
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, page_bytes(arena), 0, 0, &big), 0);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, big.handle, (limit + 1) * page_bytes(arena),
					       0, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), 1);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, big.handle, limit * page_bytes(arena), 0, 0,
					       &block), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), limit);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, block.handle, page_bytes(arena), 0, 0,
					       &block), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), 1);
	pma_kunit_free(test, arena, block.handle);
}

static void limit_below_use_takes_nothing(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 small = pma_kunit_alloc(test, arena, 64), first;
	struct pma_block block;

	first = pma_kunit_alloc(test, arena, 8 * 4096);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_to(arena, 3), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), 9);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(arena), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(arena, 1), 0);
	/* What needs no page is served. */
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, 64, 0, 0, &block), 0);
	pma_kunit_free(test, arena, block.handle);
	pma_kunit_free(test, arena, first);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(arena, 10), 2);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), 3);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_to(arena, 0), 0);
	pma_kunit_free(test, arena, small);
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(arena, 10), 0);
}

static void set_refuses(struct kunit *test)
{
	static const struct {
		u32 flags, limit, reserve;
		bool may_raise;
		int err;
	} cases[] = {
		{ PMA_LIMIT_LIMIT, 21, 0, false, -EPERM },
		{ PMA_LIMIT_LIMIT, PMA_LIMIT_NONE, 0, false, -EPERM },
		{ PMA_LIMIT_RESERVE, 0, 11, false, -EPERM },
		{ PMA_LIMIT_LIMIT, 9, 0, true, -EINVAL },
		{ PMA_LIMIT_RESERVE, 0, 21, true, -EINVAL },
		{ PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, 64, 55, true, -ENOMEM },
		{ PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, 64, 54, true, 0 },
		{ PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, 20, 10, false, 0 },
		{ PMA_LIMIT_LIMIT, 20, 0, false, 0 },
		{ PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, 8, 8, false, 0 },
		{ PMA_LIMIT_LIMIT, 9, 0, false, -EPERM },
		{ 0, 1000, 1000, false, 0 },
	};
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	struct pma_limit_args before, after;
	u32 i;

	KUNIT_ASSERT_EQ(test, pma_kunit_limit_fill(other, 10), 10);
	KUNIT_ASSERT_EQ(test, pma_kunit_limit_set(arena, PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE,
						  20, 10, true), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pma_limit_get(arena, &before);
		KUNIT_EXPECT_EQ_MSG(test, pma_kunit_limit_set(arena, cases[i].flags, cases[i].limit,
							      cases[i].reserve,
							      cases[i].may_raise),
				    cases[i].err, "case %u", i);
		pma_limit_get(arena, &after);
		if (cases[i].err || !cases[i].flags)
			KUNIT_EXPECT_TRUE(test, before.limit == after.limit &&
					  before.reserve == after.reserve &&
					  before.available == after.available);
		pma_kunit_expect_sound(test, pool);
	}
	pma_block_free_all(other);
}

static void reserve_is_kept_from_others(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *sure = pma_kunit_arena(test, pool, 0);
	struct pma_arena *greedy = pma_kunit_arena(test, pool, 0);
	u32 nr_pages = pool->region.nr_pages, reserve = nr_pages / 3 + 1, round;

	KUNIT_ASSERT_EQ(test, pma_kunit_limit_reserve(sure, reserve), 0);
	for (round = 0; round < 3; round++) {
		KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(greedy), nr_pages - reserve);
		KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(greedy, nr_pages), nr_pages - reserve);
		KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(greedy), 0);
		KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(sure), reserve);
		KUNIT_EXPECT_EQ(test, pma_runs_take(pool, NULL, 1, 0), PMA_NONE);
		KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(sure, nr_pages), reserve);
		pma_kunit_expect_sound(test, pool);
		pma_block_free_all(sure);
		/* It is promised again. */
		KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(greedy, nr_pages), 0);
		pma_block_free_all(greedy);
	}
	/* Beyond its reserve it is one of many. */
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(sure, nr_pages), nr_pages);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(greedy, nr_pages), 0);
	pma_block_free_all(sure);
	pma_arena_delete(sure);
	KUNIT_EXPECT_EQ(test, pool->promised, 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(greedy, nr_pages), nr_pages);
	pma_block_free_all(greedy);
}

static void reserves_are_bounded_by_the_pool(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *a = pma_kunit_arena(test, pool, 0);
	struct pma_arena *b = pma_kunit_arena(test, pool, 0);

	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(a, 40), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(a, 10), 10);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(b, 25), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(b, 24), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(a, 41), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(a, 5), 0);
	/* What it has beyond its reserve is not promised to it. */
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(b, 54), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(b, 55), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(a, 1), 0);
	pma_block_free_all(a);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(b, 59), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(b, 60), -ENOMEM);
}

static void charge_counts_for_the_limit(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *owner = pma_kunit_arena(test, pool, 0);
	struct pma_arena *claimer = pma_kunit_arena(test, pool, 0);

	KUNIT_ASSERT_EQ(test, pma_kunit_limit_set(claimer, PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE,
						  20, 8, true), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(owner, 15), 15);
	KUNIT_EXPECT_TRUE(test, pma_kunit_limit_charge(claimer, 15));
	KUNIT_EXPECT_FALSE(test, pma_kunit_limit_charge(claimer, 6));
	KUNIT_EXPECT_FALSE(test, pma_kunit_limit_charge(claimer, PMA_NONE));
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(claimer), 15);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(claimer), 5);
	KUNIT_EXPECT_TRUE(test, pma_limit_is_in_the_way(claimer, 6));
	KUNIT_EXPECT_FALSE(test, pma_limit_is_in_the_way(claimer, 5));
	/* The reserve is of the pool's pages still. */
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(owner), 64 - 15 - 8);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(claimer, 10), 5);
	pma_kunit_limit_count(claimer, 15, pma_limit_uncharge);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(claimer, 20), 15);
	pma_block_free_all(owner);
	pma_block_free_all(claimer);
}

/* Pages that leave an arena without coming back can't be promised again at once. */
static void disown_is_made_good_later(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	u32 pgno;

	KUNIT_ASSERT_EQ(test, pma_kunit_limit_reserve(arena, 10), 0);
	pgno = pma_runs_take(pool, &arena->budget, 10, 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(other, 64), 54);
	pma_kunit_limit_count(arena, 10, pma_limit_disown);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), 10);
	pma_kunit_limit_count(arena, 10, pma_limit_own);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), 10);
	pma_kunit_limit_count(arena, 10, pma_limit_disown);
	pma_kunit_limit_count(arena, 10, pma_limit_uncharge);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(arena), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(arena), 0);
	KUNIT_EXPECT_EQ(test, pool->promised, 0);
	/* Short as it is, it may be set to what it is. */
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_reserve(arena, 10), 0);
	KUNIT_EXPECT_EQ(test, pool->promised, 0);
	pma_runs_give(pool, NULL, pgno);
	/* The next page it takes or gives reminds the pool. */
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(arena, 1), 1);
	KUNIT_EXPECT_EQ(test, pool->promised, 9);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(other, 64), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_limit_fill(arena, 64), 9);
	pma_block_free_all(arena);
	pma_block_free_all(other);
}

/* One that takes what it can, and one that never fails within its reserve. */

struct contest {
	struct pma_arena *sure;
	struct pma_arena *greedy;
	atomic_t failed;
};

static void contend(void *context, u32 index)
{
	struct contest *contest = context;
	u32 round;

	for (round = 0; round < pma_kunit_rounds(); round++) {
		if (index) {
			pma_kunit_limit_fill(contest->greedy, 64);
			pma_block_free_all(contest->greedy);
			continue;
		}
		if (pma_kunit_limit_fill(contest->sure, 16) != 16)
			atomic_inc(&contest->failed);
		pma_block_free_all(contest->sure);
	}
}

static void reserve_holds_threads(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct contest contest = {
		.sure = pma_kunit_arena(test, pool, 0),
		.greedy = pma_kunit_arena(test, pool, 0),
	};

	KUNIT_ASSERT_EQ(test, pma_kunit_limit_reserve(contest.sure, 16), 0);
	pma_kunit_threads(test, 3, contend, &contest);
	KUNIT_EXPECT_EQ(test, atomic_read(&contest.failed), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(begins_without),
	KUNIT_CASE(begins_with_the_pools),
	KUNIT_CASE_PARAM(limit_holds_for_all, pma_kunit_configs_gen_params),
	KUNIT_CASE(limit_below_use_takes_nothing),
	KUNIT_CASE(set_refuses),
	KUNIT_CASE_PARAM(reserve_is_kept_from_others, pma_kunit_configs_gen_params),
	KUNIT_CASE(reserves_are_bounded_by_the_pool),
	KUNIT_CASE(charge_counts_for_the_limit),
	KUNIT_CASE(disown_is_made_good_later),
	KUNIT_CASE_SLOW(reserve_holds_threads),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_limit",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
