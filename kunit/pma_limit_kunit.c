// SPDX-License-Identifier: GPL-2.0
/*
 * pma_limit_kunit.c - how many pages an arena may have, and is sure to get
 */
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"
#include "pma_limit.h"
#include "pma_resize.h"

static int set(struct pma_arena *arena, u32 flags, u32 limit, u32 reserve, bool may_raise)
{
	struct pma_limit_args want = { .flags = flags, .limit = limit, .reserve = reserve };

	return pma_limit_set(arena, &want, may_raise);
}

static int set_limit(struct pma_arena *arena, u32 limit)
{
	return set(arena, PMA_LIMIT_LIMIT, limit, 0, true);
}

static int set_reserve(struct pma_arena *arena, u32 reserve)
{
	return set(arena, PMA_LIMIT_RESERVE, 0, reserve, true);
}

static u32 used(struct pma_arena *arena)
{
	struct pma_limit_args args;

	pma_limit_get(arena, &args);
	return args.used;
}

static u32 available(struct pma_arena *arena)
{
	struct pma_limit_args args;

	pma_limit_get(arena, &args);
	return args.available;
}

static u32 page_bytes(const struct pma_arena *arena)
{
	return pma_region_page_size(&arena->pool->region);
}

/* Blocks of a page each, until there is no more; how many. */
static u32 fill(struct pma_arena *arena, u32 most)
{
	struct pma_block block;
	u32 n;

	for (n = 0; n < most; n++)
		if (pma_block_alloc(arena, page_bytes(arena), 0, 0, &block))
			break;
	return n;
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
	KUNIT_EXPECT_EQ(test, available(user), 5);
	KUNIT_EXPECT_EQ(test, available(kernel), 16);
	KUNIT_EXPECT_EQ(test, fill(user, 100), 5);
	KUNIT_EXPECT_EQ(test, fill(kernel, 100), 11);
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
	KUNIT_ASSERT_EQ(test, set_limit(arena, limit), 0);
	for (size = 8, step = 0; step < 2000; step++) {
		pma_block_alloc(arena, size, 0, 0, &block);
		size = size * 5 / 4 > limit * page_bytes(arena) ? 8 : size * 5 / 4 + 1;
		KUNIT_EXPECT_LE(test, used(arena), limit);
	}
	KUNIT_EXPECT_EQ(test, used(arena), limit);
	KUNIT_EXPECT_EQ(test, available(arena), 0);
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, used(arena), 0);

	/* A page with room after it. */
	pma_kunit_largest_run(pool);
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, page_bytes(arena), 0, 0, &big), 0);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, big.handle, (limit + 1) * page_bytes(arena),
					       0, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, used(arena), 1);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, big.handle, limit * page_bytes(arena), 0, 0,
					       &block), 0);
	KUNIT_EXPECT_EQ(test, used(arena), limit);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, block.handle, page_bytes(arena), 0, 0,
					       &block), 0);
	KUNIT_EXPECT_EQ(test, used(arena), 1);
	pma_kunit_free(test, arena, block.handle);
}

static void limit_below_use_takes_nothing(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 small = pma_kunit_alloc(test, arena, 64), first;
	struct pma_block block;

	first = pma_kunit_alloc(test, arena, 8 * 4096);
	KUNIT_EXPECT_EQ(test, set_limit(arena, 3), 0);
	KUNIT_EXPECT_EQ(test, used(arena), 9);
	KUNIT_EXPECT_EQ(test, available(arena), 0);
	KUNIT_EXPECT_EQ(test, fill(arena, 1), 0);
	/* What needs no page is served. */
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, 64, 0, 0, &block), 0);
	pma_kunit_free(test, arena, block.handle);
	pma_kunit_free(test, arena, first);
	KUNIT_EXPECT_EQ(test, fill(arena, 10), 2);
	KUNIT_EXPECT_EQ(test, used(arena), 3);
	KUNIT_EXPECT_EQ(test, set_limit(arena, 0), 0);
	pma_kunit_free(test, arena, small);
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, fill(arena, 10), 0);
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

	KUNIT_ASSERT_EQ(test, fill(other, 10), 10);
	KUNIT_ASSERT_EQ(test, set(arena, PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, 20, 10, true), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pma_limit_get(arena, &before);
		KUNIT_EXPECT_EQ_MSG(test, set(arena, cases[i].flags, cases[i].limit,
					      cases[i].reserve, cases[i].may_raise), cases[i].err,
				    "case %u", i);
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

	KUNIT_ASSERT_EQ(test, set_reserve(sure, reserve), 0);
	for (round = 0; round < 3; round++) {
		KUNIT_EXPECT_EQ(test, available(greedy), nr_pages - reserve);
		KUNIT_EXPECT_EQ(test, fill(greedy, nr_pages), nr_pages - reserve);
		KUNIT_EXPECT_EQ(test, available(greedy), 0);
		KUNIT_EXPECT_EQ(test, available(sure), reserve);
		KUNIT_EXPECT_EQ(test, pma_pool_take(pool, NULL, 1, 0), PMA_NONE);
		KUNIT_EXPECT_EQ(test, fill(sure, nr_pages), reserve);
		pma_kunit_expect_sound(test, pool);
		pma_block_free_all(sure);
		/* It is promised again. */
		KUNIT_EXPECT_EQ(test, fill(greedy, nr_pages), 0);
		pma_block_free_all(greedy);
	}
	/* Beyond its reserve it is one of many. */
	KUNIT_EXPECT_EQ(test, fill(sure, nr_pages), nr_pages);
	KUNIT_EXPECT_EQ(test, fill(greedy, nr_pages), 0);
	pma_block_free_all(sure);
	pma_arena_delete(sure);
	KUNIT_EXPECT_EQ(test, pool->promised, 0);
	KUNIT_EXPECT_EQ(test, fill(greedy, nr_pages), nr_pages);
	pma_block_free_all(greedy);
}

static void reserves_are_bounded_by_the_pool(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *a = pma_kunit_arena(test, pool, 0);
	struct pma_arena *b = pma_kunit_arena(test, pool, 0);

	KUNIT_EXPECT_EQ(test, set_reserve(a, 40), 0);
	KUNIT_EXPECT_EQ(test, fill(a, 10), 10);
	KUNIT_EXPECT_EQ(test, set_reserve(b, 25), -ENOMEM);
	KUNIT_EXPECT_EQ(test, set_reserve(b, 24), 0);
	KUNIT_EXPECT_EQ(test, set_reserve(a, 41), -ENOMEM);
	KUNIT_EXPECT_EQ(test, set_reserve(a, 5), 0);
	/* What it has beyond its reserve is not promised to it. */
	KUNIT_EXPECT_EQ(test, set_reserve(b, 54), 0);
	KUNIT_EXPECT_EQ(test, set_reserve(b, 55), -ENOMEM);
	KUNIT_EXPECT_EQ(test, fill(a, 1), 0);
	pma_block_free_all(a);
	KUNIT_EXPECT_EQ(test, set_reserve(b, 59), 0);
	KUNIT_EXPECT_EQ(test, set_reserve(b, 60), -ENOMEM);
}

/* Of pma_limit_charge() and its kin one, under the pool's lock. */
static bool charge(struct pma_arena *arena, u32 nr_pages)
{
	unsigned long irq;
	bool charged;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	charged = pma_limit_charge(arena, nr_pages);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
	return charged;
}

static void count(struct pma_arena *arena, u32 nr_pages, void (*how)(struct pma_arena *, u32))
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	how(arena, nr_pages);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
}

static void charge_counts_for_the_limit(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *owner = pma_kunit_arena(test, pool, 0);
	struct pma_arena *claimer = pma_kunit_arena(test, pool, 0);

	KUNIT_ASSERT_EQ(test, set(claimer, PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, 20, 8, true), 0);
	KUNIT_EXPECT_EQ(test, fill(owner, 15), 15);
	KUNIT_EXPECT_TRUE(test, charge(claimer, 15));
	KUNIT_EXPECT_FALSE(test, charge(claimer, 6));
	KUNIT_EXPECT_FALSE(test, charge(claimer, PMA_NONE));
	KUNIT_EXPECT_EQ(test, used(claimer), 15);
	KUNIT_EXPECT_EQ(test, available(claimer), 5);
	KUNIT_EXPECT_TRUE(test, pma_limit_is_in_the_way(claimer, 6));
	KUNIT_EXPECT_FALSE(test, pma_limit_is_in_the_way(claimer, 5));
	/* The reserve is of the pool's pages still. */
	KUNIT_EXPECT_EQ(test, available(owner), 64 - 15 - 8);
	KUNIT_EXPECT_EQ(test, fill(claimer, 10), 5);
	count(claimer, 15, pma_limit_uncharge);
	KUNIT_EXPECT_EQ(test, fill(claimer, 20), 15);
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

	KUNIT_ASSERT_EQ(test, set_reserve(arena, 10), 0);
	pgno = pma_pool_take(pool, &arena->budget, 10, 0);
	KUNIT_EXPECT_EQ(test, fill(other, 64), 54);
	count(arena, 10, pma_limit_disown);
	KUNIT_EXPECT_EQ(test, used(arena), 10);
	count(arena, 10, pma_limit_own);
	KUNIT_EXPECT_EQ(test, used(arena), 10);
	count(arena, 10, pma_limit_disown);
	count(arena, 10, pma_limit_uncharge);
	KUNIT_EXPECT_EQ(test, used(arena), 0);
	KUNIT_EXPECT_EQ(test, available(arena), 0);
	KUNIT_EXPECT_EQ(test, pool->promised, 0);
	/* Short as it is, it may be set to what it is. */
	KUNIT_EXPECT_EQ(test, set_reserve(arena, 10), 0);
	KUNIT_EXPECT_EQ(test, pool->promised, 0);
	pma_pool_give(pool, NULL, pgno);
	/* The next page it takes or gives reminds the pool. */
	KUNIT_EXPECT_EQ(test, fill(arena, 1), 1);
	KUNIT_EXPECT_EQ(test, pool->promised, 9);
	KUNIT_EXPECT_EQ(test, fill(other, 64), 0);
	KUNIT_EXPECT_EQ(test, fill(arena, 64), 9);
	pma_block_free_all(arena);
	pma_block_free_all(other);
}

/* What the front-end is told. */

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
	KUNIT_EXPECT_EQ(test, set_limit(arena, 50), 0);
	KUNIT_EXPECT_EQ(test, told.freed_arena, 1);
	KUNIT_EXPECT_TRUE(test, charge(arena, 5));
	KUNIT_EXPECT_EQ(test, told.freed_arena, 1);
	count(arena, 5, pma_limit_uncharge);
	KUNIT_EXPECT_EQ(test, told.freed_arena, 2);
	KUNIT_EXPECT_EQ(test, set_reserve(third, 3), 0);
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

	fill(arena, 60);
	KUNIT_EXPECT_FALSE(test, pma_limit_is_low(arena));
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, told.crossed + told.shifted, 0);
	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &want, false), 0);
	for (round = 1; round <= 3; round++) {
		fill(arena, 54);
		KUNIT_EXPECT_EQ(test, told.crossed, round - 1);
		KUNIT_EXPECT_FALSE(test, pma_limit_is_low(arena));
		fill(arena, 1);
		KUNIT_EXPECT_EQ(test, told.crossed, round);
		KUNIT_EXPECT_TRUE(test, pma_limit_is_low(arena));
		fill(arena, 64);
		KUNIT_EXPECT_EQ(test, told.crossed, round);
		pma_block_free_all(arena);
	}
	/* By others: seen when somebody looks, and asked for only when pages are few. */
	told.shifted = 0;
	fill(other, 53);
	KUNIT_EXPECT_EQ(test, told.shifted, 0);
	fill(other, 2);
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
	KUNIT_EXPECT_EQ(test, set_limit(arena, 12), 0);
	KUNIT_EXPECT_TRUE(test, charge(arena, 3));
	KUNIT_EXPECT_EQ(test, told.crossed, 6);
	count(arena, 3, pma_limit_uncharge);
	/* Without a mark nobody is told, whatever the others do. */
	want.low = 0;
	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &want, false), 0);
	told.shifted = 0;
	fill(other, 64);
	KUNIT_EXPECT_EQ(test, told.shifted, 0);
	KUNIT_EXPECT_FALSE(test, pma_limit_is_low(arena));
	pma_block_free_all(other);
}

/* Random budgets and runs beside the sums done anew. */

#define NR_ARENAS	4
#define NR_RUNS		24

/**
 * struct model - what is known of one arena
 * @arena: the arena
 * @limit: its limit
 * @reserve: its reserve
 * @claimed: pages charged for
 * @runs: first pages of its runs, or PMA_NONE
 * @pages: their lengths
 */
struct model {
	struct pma_arena *arena;
	u32 limit, reserve, claimed;
	u32 runs[NR_RUNS];
	u32 pages[NR_RUNS];
};

static u32 model_used(const struct model *model)
{
	u32 sum = 0, i;

	for (i = 0; i < NR_RUNS; i++)
		sum += model->pages[i];
	return sum;
}

static u32 model_promise(const struct model *model)
{
	u32 sum = model_used(model);

	return model->reserve > sum ? model->reserve - sum : 0;
}

/* Pages that may be taken for @model, if they lie well. */
static u32 model_room(const struct model *models, const struct model *model)
{
	u32 free_pages = models->arena->pool->region.nr_pages, promised = 0, have, i;

	for (i = 0; i < NR_ARENAS; i++) {
		free_pages -= model_used(&models[i]);
		if (&models[i] != model)
			promised += model_promise(&models[i]);
	}
	have = model_used(model) + model->claimed;
	return min(free_pages - promised, model->limit > have ? model->limit - have : 0);
}

static void step_run(struct kunit *test, struct model *models, struct model *model,
		     struct pma_kunit_rng *rng)
{
	u32 slot = pma_kunit_below(rng, NR_RUNS), nr_pages = pma_kunit_size(rng, 1, 12);
	u32 room = model_room(models, model), had = model->pages[slot];
	struct pma_pool *pool = model->arena->pool;

	if (!had) {
		model->runs[slot] = pma_pool_take(pool, &model->arena->budget, nr_pages, 0);
		if (model->runs[slot] != PMA_NONE)
			model->pages[slot] = nr_pages;
		else
			KUNIT_EXPECT_TRUE(test, nr_pages > 1 || !room);
		KUNIT_EXPECT_TRUE(test, !model->pages[slot] || nr_pages <= room);
	} else if (pma_kunit_below(rng, 3)) {
		pma_pool_give(pool, &model->arena->budget, model->runs[slot]);
		model->pages[slot] = 0;
	} else if (pma_pool_resize(pool, &model->arena->budget, model->runs[slot], nr_pages)) {
		KUNIT_EXPECT_TRUE(test, nr_pages <= had || nr_pages - had <= room);
		model->pages[slot] = nr_pages;
	}
}

static void step_limit(struct kunit *test, struct model *models, struct model *model,
		       struct pma_kunit_rng *rng)
{
	u32 limit = pma_kunit_below(rng, 80), reserve = pma_kunit_below(rng, 40);
	u32 old_limit = model->limit, old_reserve = model->reserve, room;
	int err;

	model->limit = PMA_LIMIT_NONE;
	room = model_room(models, model) + model_used(model);
	model->limit = old_limit;
	err = set(model->arena, PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, limit, reserve, true);
	KUNIT_EXPECT_EQ(test, err, reserve > limit ? -EINVAL :
			reserve > old_reserve && reserve > room ? -ENOMEM : 0);
	if (err)
		return;
	model->limit = limit;
	model->reserve = reserve;
}

static void step_charge(struct kunit *test, struct model *model, struct pma_kunit_rng *rng)
{
	u32 nr_pages = pma_kunit_size(rng, 1, 12);
	bool may = model_used(model) + model->claimed + nr_pages <= model->limit;

	if (model->claimed) {
		count(model->arena, model->claimed, pma_limit_uncharge);
		model->claimed = 0;
	} else if (charge(model->arena, nr_pages)) {
		KUNIT_EXPECT_TRUE(test, may);
		model->claimed = nr_pages;
	} else {
		KUNIT_EXPECT_FALSE(test, may);
	}
}

static void random_against_model(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct model *models = kunit_kzalloc(test, NR_ARENAS * sizeof(*models), GFP_KERNEL);
	struct pma_kunit_rng rng;
	u32 step, i, n;

	KUNIT_ASSERT_NOT_NULL(test, models);
	pma_kunit_rng_init(&rng, test, __func__);
	for (i = 0; i < NR_ARENAS; i++) {
		models[i].arena = pma_kunit_arena(test, pool, 0);
		models[i].limit = PMA_LIMIT_NONE;
	}
	for (step = 0; step < pma_kunit_ops(); step++) {
		struct model *model = &models[pma_kunit_below(&rng, NR_ARENAS)];

		n = pma_kunit_below(&rng, 20);
		if (n == 0)
			step_limit(test, models, model, &rng);
		else if (n == 1)
			step_charge(test, model, &rng);
		else
			step_run(test, models, model, &rng);
		KUNIT_EXPECT_EQ(test, used(model->arena), model_used(model) + model->claimed);
		KUNIT_EXPECT_EQ(test, available(model->arena), model_room(models, model));
		if (!(step % 100)) {
			KUNIT_EXPECT_LE(test, pool->promised, pma_pool_free_pages(pool, NULL));
			cond_resched();
		}
	}
	for (i = 0; i < NR_ARENAS; i++) {
		for (n = 0; n < NR_RUNS; n++)
			if (models[i].pages[n])
				pma_pool_give(pool, &models[i].arena->budget, models[i].runs[n]);
		count(models[i].arena, models[i].claimed, pma_limit_uncharge);
	}
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
			fill(contest->greedy, 64);
			pma_block_free_all(contest->greedy);
			continue;
		}
		if (fill(contest->sure, 16) != 16)
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

	KUNIT_ASSERT_EQ(test, set_reserve(contest.sure, 16), 0);
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
	KUNIT_CASE(waiting_is_told_of_all_that_makes_room),
	KUNIT_CASE(low_ends_with_its_arena),
	KUNIT_CASE(low_is_told_once_a_crossing),
	KUNIT_CASE_SLOW(random_against_model),
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
