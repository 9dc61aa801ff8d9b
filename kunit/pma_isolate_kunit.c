// SPDX-License-Identifier: GPL-2.0
/*
 * pma_isolate_kunit.c - no arena gets to see what another has left
 */
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"

static void expect_clean_block(struct kunit *test, struct pma_arena *arena, size_t size)
{
	struct pma_block block;

	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, size, 0, 0, &block), 0);
	KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_zero(pma_kunit_ptr(arena->pool, block.handle),
						      block.size), "size %zu", size);
	pma_kunit_free(test, arena, block.handle);
}

/* With every kind of block, what an arena gets that another has left. */
static void expect_clean(struct kunit *test, struct pma_arena *arena)
{
	u32 sizes[32], n, i;

	n = pma_kunit_sizes(arena->pool, sizes, ARRAY_SIZE(sizes));
	for (i = 0; i < n; i++)
		expect_clean_block(test, arena, sizes[i]);
	expect_clean_block(test, arena, arena->pool->region.bytes);
}

/* Leave bytes in every page by way of each kind of block. */
static void leave_bytes(struct kunit *test, struct pma_arena *arena, u32 size)
{
	struct pma_block block;

	while (!pma_block_alloc(arena, size, 0, 0, &block))
		memset(pma_kunit_ptr(arena->pool, block.handle), 0xcc, block.size);
	pma_block_free_all(arena);
}

static void isolation_hides_bytes_from_others(struct kunit *test)
{
	static const u32 parts[] = { 64, 4, 1 };	/* of a page: slab, heap or big, big */
	const struct pma_kunit_config *config = test->param_value;
	struct pma_pool *pool = pma_kunit_pool(test, config);
	struct pma_arena *one = pma_kunit_arena(test, pool, 0);
	struct pma_arena *two = pma_kunit_arena(test, pool, 0);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		leave_bytes(test, one, config->page_size / parts[i]);
		expect_clean(test, two);
		leave_bytes(test, one, 5 * config->page_size / 8);
		expect_clean(test, two);
	}
}

/* The number of an arena that is gone is used again; its bytes are not. */
static void isolation_outlives_the_arena(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *one = pma_kunit_arena(test, pool, 0);
	u16 id = one->id;

	leave_bytes(test, one, 4096);
	pma_arena_delete(one);
	one = pma_kunit_arena(test, pool, 0);
	KUNIT_EXPECT_EQ(test, one->id, id);
	expect_clean(test, one);
}

/* Nor does it help to wait until the number that is never used again is. */
static void isolation_outlives_many_arenas(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena;
	u32 i;

	pool->last_uid = U32_MAX - 2;
	for (i = 0; i < 5; i++) {
		arena = pma_kunit_arena(test, pool, 0);
		expect_clean(test, arena);
		leave_bytes(test, arena, 4096);
		pma_arena_delete(arena);
	}
}

/* A process's own bytes may stay: zeroing them would be for nothing. */
static void isolation_leaves_own_bytes(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block;

	leave_bytes(test, arena, 4096);
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, 8192, 0, 0, &block), 0);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(pma_kunit_ptr(pool, block.handle), 0xcc, 8192));
	pma_kunit_free(test, arena, block.handle);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(isolation_hides_bytes_from_others,
			 pma_kunit_isolating_configs_gen_params),
	KUNIT_CASE(isolation_outlives_the_arena),
	KUNIT_CASE(isolation_outlives_many_arenas),
	KUNIT_CASE(isolation_leaves_own_bytes),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_isolate",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
