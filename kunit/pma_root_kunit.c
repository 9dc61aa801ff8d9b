// SPDX-License-Identifier: GPL-2.0
/*
 * pma_root_kunit.c - the block of an arena that leads to all others
 */
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"
#include "pma_root.h"

static void set_and_get_any_kind(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	static const size_t sizes[] = { 8, 100, 5000, 3 * 4096 };
	u64 handle;
	u32 i;

	KUNIT_EXPECT_EQ(test, pma_root_get(arena), PMA_HANDLE_NONE);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		handle = pma_kunit_alloc(test, arena, sizes[i]);
		KUNIT_EXPECT_EQ(test, pma_root_set(arena, handle), 0);
		KUNIT_EXPECT_EQ(test, pma_root_get(arena), handle);
		/* Not pinned: freed, it is none. */
		pma_kunit_free(test, arena, handle);
		KUNIT_EXPECT_EQ(test, pma_root_get(arena), PMA_HANDLE_NONE);
	}
	KUNIT_EXPECT_EQ(test, pma_root_set(arena, PMA_HANDLE_NONE), 0);
	KUNIT_EXPECT_EQ(test, pma_root_get(arena), PMA_HANDLE_NONE);
}

static void set_refuses_what_is_no_block(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	u64 ours = pma_kunit_alloc(test, arena, 100), theirs = pma_kunit_alloc(test, other, 100);
	u64 freed = pma_kunit_alloc(test, arena, 3 * 4096);
	struct { u64 handle; int err; } cases[] = {
		{ ours + 8, -EBADSLT }, { theirs, -EACCES }, { freed, -EALREADY },
		{ pool->region.bytes, -ERANGE }, { PMA_HANDLE_NONE - 1, -ERANGE },
	};
	struct pma_kunit_before before;
	u32 i;

	pma_kunit_free(test, arena, freed);
	KUNIT_EXPECT_EQ(test, pma_root_set(arena, ours), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pma_kunit_watch(&before, arena);
		KUNIT_EXPECT_EQ(test, pma_root_set(arena, cases[i].handle), cases[i].err);
		pma_kunit_expect_refused(test, &before, arena, cases[i].err, "root");
		KUNIT_EXPECT_EQ(test, pma_root_get(arena), ours);
	}
	pma_kunit_free(test, arena, ours);
	pma_kunit_free(test, other, theirs);
}

static void free_all_leaves_none(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 handle = pma_kunit_alloc(test, arena, 100);

	KUNIT_EXPECT_EQ(test, pma_root_set(arena, handle), 0);
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_alloc(test, arena, 100), handle);
	KUNIT_EXPECT_EQ(test, pma_root_get(arena), PMA_HANDLE_NONE);
	pma_block_free_all(arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(set_and_get_any_kind),
	KUNIT_CASE(set_refuses_what_is_no_block),
	KUNIT_CASE(free_all_leaves_none),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_root",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
