// SPDX-License-Identifier: GPL-2.0
/*
 * pma_arena_kunit.c - one client's own set of pages
 */
#include "pma_arena.h"
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"

static void new_is_empty(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_arena_new(pool, NULL, PMA_ARENA_USER);
	struct pma_stats stats;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
	KUNIT_EXPECT_STREQ(test, arena->name, "");
	KUNIT_EXPECT_EQ(test, arena->flags, PMA_ARENA_USER);
	KUNIT_EXPECT_EQ(test, pool->nr_arenas, 1);
	pma_arena_get_stats(arena, &stats);
	KUNIT_EXPECT_EQ(test, stats.allocs, 0);
	KUNIT_EXPECT_EQ(test, stats.pool_pages, 64);
	KUNIT_EXPECT_EQ(test, stats.pool_free_pages, 64);
	KUNIT_EXPECT_EQ(test, stats.pool_arenas, 1);
}

static void new_cuts_long_names(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena;
	char name[100];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	arena = pma_arena_new(pool, name, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
	KUNIT_EXPECT_EQ(test, strlen(arena->name), PMA_NAME_MAX - 1);
}

/* The number in descriptors is used again, the one in dirty pages never. */
static void new_numbers(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arenas[3];
	u64 uid;
	u32 i;

	for (i = 0; i < 3; i++) {
		arenas[i] = pma_kunit_arena(test, pool, 0);
		KUNIT_EXPECT_EQ(test, arenas[i]->id, i + 1);
		KUNIT_EXPECT_NE(test, arenas[i]->uid, 0);
	}
	uid = arenas[2]->uid;
	pma_arena_delete(arenas[1]);
	KUNIT_EXPECT_EQ(test, pool->nr_arenas, 2);
	arenas[1] = pma_kunit_arena(test, pool, 0);
	KUNIT_EXPECT_EQ(test, arenas[1]->id, 2);
	KUNIT_EXPECT_GT(test, arenas[1]->uid, uid);
	KUNIT_EXPECT_EQ(test, pool->nr_arenas, 3);
}

static void new_fails_beyond_the_last_number(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena;
	u32 i;

	for (i = 1; i < PMA_ARENAS_MAX; i++)
		KUNIT_ASSERT_EQ(test, ida_alloc_range(&pool->ids, 1, PMA_ARENAS_MAX, GFP_KERNEL),
				i);
	arena = pma_kunit_arena(test, pool, 0);
	KUNIT_EXPECT_EQ(test, arena->id, PMA_ARENAS_MAX);
	KUNIT_EXPECT_EQ(test, PTR_ERR(pma_arena_new(pool, "one too many", 0)), -ENOSPC);
	KUNIT_EXPECT_EQ(test, pool->nr_arenas, 1);
	pma_kunit_free(test, arena, pma_kunit_alloc(test, arena, 100));
	for (i = 1; i < PMA_ARENAS_MAX; i++)
		ida_free(&pool->ids, i);
}

static void new_fails_without_memory(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena;
	u32 nth;

	for (nth = 1; pma_kunit_fail_begin(nth); nth++) {
		arena = pma_arena_new(pool, "poor", 0);
		if (!pma_kunit_fail_end()) {
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
			break;
		}
		if (!IS_ERR(arena)) {
			pma_arena_delete(arena);
			continue;
		}
		KUNIT_EXPECT_EQ(test, PTR_ERR(arena), -ENOMEM);
		KUNIT_EXPECT_EQ(test, pool->nr_arenas, 0);
	}
}

static void delete_frees_everything(struct kunit *test)
{
	static const u32 parts[] = { 1, 8, 10, 16, 33, 80 };
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	u32 unit = pma_region_page_size(&pool->region) / 16, i;
	u64 kept = pma_kunit_alloc(test, other, 8);
	struct pma_block block;

	pma_kunit_fill(pma_kunit_ptr(pool, kept), 8, 1);
	for (i = 0; i < 10 * ARRAY_SIZE(parts); i++)
		pma_block_alloc(arena, parts[i % ARRAY_SIZE(parts)] * unit, 0, 0, &block);
	pma_arena_delete(arena);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), pool->region.nr_pages - 1);
	pma_kunit_expect_sound(test, pool);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(pool, kept), 8, 1));
	pma_kunit_free(test, other, kept);
}

static void lists_keep_order(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 pages[4], head = PMA_NONE, i;

	for (i = 0; i < 4; i++)
		pages[i] = pma_runs_take(pool, NULL, 1, 0);
	for (i = 0; i < 4; i++)
		pma_arena_push(arena, &head, pages[i]);
	for (i = 4; i--;) {
		KUNIT_EXPECT_EQ(test, head, pages[i]);
		KUNIT_EXPECT_EQ(test, pma_pool_link(pool, head)->prev, PMA_NONE);
		pma_arena_drop(arena, &head, pages[i]);
	}
	KUNIT_EXPECT_EQ(test, head, PMA_NONE);
	/* From the middle and the end, too. */
	for (i = 0; i < 4; i++)
		pma_arena_push(arena, &head, pages[i]);
	pma_arena_drop(arena, &head, pages[2]);
	KUNIT_EXPECT_EQ(test, pma_pool_link(pool, pages[3])->next, pages[1]);
	KUNIT_EXPECT_EQ(test, pma_pool_link(pool, pages[1])->prev, pages[3]);
	pma_arena_drop(arena, &head, pages[0]);
	KUNIT_EXPECT_EQ(test, pma_pool_link(pool, pages[1])->next, PMA_NONE);
	KUNIT_EXPECT_EQ(test, head, pages[3]);
	for (i = 0; i < 4; i++)
		pma_runs_give(pool, NULL, pages[i]);
}

/* A big block's way: taken and busy, published, unlinked, given back. */
static void big_block_comes_and_goes(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	u32 pgno = pma_arena_big_take(arena, 3);
	struct pma_page *page = &pool->pages.desc[pgno];
	unsigned long irq;
	u32 nr_pages;

	KUNIT_EXPECT_EQ(test, page[0].kind, PMA_PAGE_BUSY);
	KUNIT_EXPECT_EQ(test, page[1].kind, PMA_PAGE_BODY);
	KUNIT_EXPECT_EQ(test, page[2].kind, PMA_PAGE_BODY);
	KUNIT_EXPECT_EQ(test, page[3].kind, PMA_KIND_FREE);
	KUNIT_EXPECT_EQ(test, pma_fit_flags(pool->runs, pgno) & PMA_FIT_CLIENT,
			PMA_FIT_A | PMA_FIT_M);
	KUNIT_EXPECT_EQ(test, arena->big, pgno);
	KUNIT_EXPECT_EQ(test, arena->stats.big_pages, 3);
	KUNIT_EXPECT_EQ(test, arena->stats.live_blocks, 0);
	KUNIT_EXPECT_EQ(test, pma_arena_big_bytes(arena, pgno), 3 * 4096);
	KUNIT_EXPECT_TRUE(test, pma_arena_big_resize(arena, pgno, 5));
	KUNIT_EXPECT_EQ(test, page[4].kind, PMA_PAGE_BODY);
	KUNIT_EXPECT_TRUE(test, pma_arena_big_resize(arena, pgno, 2));
	KUNIT_EXPECT_EQ(test, page[2].kind, PMA_KIND_FREE);
	KUNIT_EXPECT_EQ(test, arena->stats.big_pages, 2);
	KUNIT_EXPECT_EQ(test, arena->stats.peak_pages, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->moving), 0);
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_arena_big_publish(arena, pgno, 5000);
	pma_arena_count_allocs(arena, 1, 8192);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	pma_kunit_expect_sound(test, pool);
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_arena_count_frees(arena, 1, 8192);
	nr_pages = pma_arena_big_unlink(arena, pgno);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	KUNIT_EXPECT_EQ(test, nr_pages, 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->moving), 1);
	pma_arena_big_give(arena, pgno, nr_pages);
}

static void big_block_without_room(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 pgno = pma_arena_big_take(arena, 64);

	KUNIT_EXPECT_EQ(test, pma_arena_big_take(arena, 1), PMA_NONE);
	KUNIT_EXPECT_FALSE(test, pma_arena_big_resize(arena, pgno, 65));
	KUNIT_EXPECT_EQ(test, arena->stats.big_pages, 64);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->moving), 0);
	pma_arena_big_drop(arena, pgno);
	KUNIT_EXPECT_EQ(test, arena->stats.big_pages, 0);
	KUNIT_EXPECT_EQ(test, arena->big, PMA_NONE);
}

static void errors_are_counted(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	const struct {
		int err;
		u64 *counter;
	} table[] = {
		{ -ENOMEM, &arena->stats.failed },
		{ -EINVAL, &arena->stats.bad_args },
		{ -ERANGE, &arena->stats.bad_range },
		{ -EALREADY, &arena->stats.bad_free },
		{ -EACCES, &arena->stats.bad_owner },
		{ -EBADSLT, &arena->stats.bad_interior },
	};
	struct pma_kunit_before before;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		pma_kunit_watch(&before, arena);
		KUNIT_EXPECT_EQ(test, pma_arena_count_error(arena, table[i].err), table[i].err);
		KUNIT_EXPECT_EQ(test, *table[i].counter, 1);
		pma_kunit_expect_refused(test, &before, arena, table[i].err, "counter");
	}
}

static void peaks_are_kept(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 a = pma_kunit_alloc(test, arena, 8 * 4096), b;

	pma_kunit_free(test, arena, a);
	b = pma_kunit_alloc(test, arena, 3 * 4096);
	KUNIT_EXPECT_EQ(test, arena->stats.peak_bytes, 8 * 4096);
	KUNIT_EXPECT_EQ(test, arena->stats.peak_pages, 8);
	KUNIT_EXPECT_EQ(test, arena->stats.live_bytes, 3 * 4096);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 3);
	pma_kunit_free(test, arena, b);
}

/* Arenas come and go on all sides; no two have a number at the same time. */

struct race {
	struct pma_pool *pool;
	u8 in_use[64];
	atomic_t errors;
	struct pma_kunit_rng rngs[4];
};

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	struct pma_arena *arena;
	struct pma_block block;
	u32 i;

	for (i = 0; i < pma_kunit_rounds(); i++) {
		arena = pma_arena_new(race->pool, "race", 0);
		if (IS_ERR(arena) || arena->id >= ARRAY_SIZE(race->in_use) ||
		    READ_ONCE(race->in_use[arena->id])) {
			atomic_inc(&race->errors);
			return;
		}
		WRITE_ONCE(race->in_use[arena->id], 1);
		pma_block_alloc(arena, pma_kunit_size(&race->rngs[index], 1, 10000), 0, 0, &block);
		WRITE_ONCE(race->in_use[arena->id], 0);
		pma_arena_delete(arena);
	}
}

static void new_and_delete_threads(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->pool = pma_kunit_pool(test, &pma_kunit_isolating);
	pma_kunit_rng_init(&race->rngs[0], test, __func__);
	for (i = 1; i < ARRAY_SIZE(race->rngs); i++)
		race->rngs[i].state = race->rngs[0].state + i;
	pma_kunit_threads(test, ARRAY_SIZE(race->rngs), race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->errors), 0);
	KUNIT_EXPECT_EQ(test, race->pool->nr_arenas, 0);
}

static struct kunit_case pma_arena_cases[] = {
	KUNIT_CASE(new_is_empty),
	KUNIT_CASE(new_cuts_long_names),
	KUNIT_CASE(new_numbers),
	KUNIT_CASE(new_fails_beyond_the_last_number),
	KUNIT_CASE(new_fails_without_memory),
	KUNIT_CASE_PARAM(delete_frees_everything, pma_kunit_configs_gen_params),
	KUNIT_CASE(lists_keep_order),
	KUNIT_CASE(big_block_comes_and_goes),
	KUNIT_CASE(big_block_without_room),
	KUNIT_CASE(errors_are_counted),
	KUNIT_CASE(peaks_are_kept),
	KUNIT_CASE_SLOW(new_and_delete_threads),
	{}
};

static struct kunit_suite pma_arena_suite = {
	.name = "pma_arena",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_arena_cases,
};

kunit_test_suite(pma_arena_suite);
