// SPDX-License-Identifier: GPL-2.0
/*
 * pma_block_free_kunit.c - what goes back with a block, and with all of an arena's
 */
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"

static void free_of_nothing(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_kunit_before before;

	pma_kunit_watch(&before, arena);
	KUNIT_EXPECT_EQ(test, pma_block_free(arena, PMA_HANDLE_NONE), 0);
	pma_kunit_expect_refused(test, &before, arena, 0, "free of nothing");
}

/* A slab page is in the right list after each step, and goes with its last block. */
static void free_moves_slab_pages(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 class = pma_slab_class_of(pool->classes, 1024, 0);
	u64 handles[5];
	u32 i;

	for (i = 0; i < 5; i++)
		handles[i] = pma_kunit_alloc(test, arena, 1024);
	KUNIT_EXPECT_EQ(test, arena->full, 0);
	KUNIT_EXPECT_EQ(test, arena->partial[class], 1);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 2);
	pma_kunit_free(test, arena, handles[2]);
	KUNIT_EXPECT_EQ(test, arena->full, PMA_NONE);
	KUNIT_EXPECT_EQ(test, arena->partial[class], 0);
	/* The page that was full last serves first, with the block that is free. */
	KUNIT_EXPECT_EQ(test, pma_kunit_alloc(test, arena, 1024), handles[2]);
	KUNIT_EXPECT_EQ(test, arena->full, 0);
	pma_kunit_free(test, arena, handles[4]);
	KUNIT_EXPECT_EQ(test, arena->partial[class], PMA_NONE);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 1);
	for (i = 0; i < 4; i++)
		pma_kunit_free(test, arena, handles[i]);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 0);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), 64);
}

/* A page of a class with blocks so large that full and empty are one step apart. */
static void free_of_only_block(struct kunit *test)
{
	static const struct pma_kunit_config config = { "one", 1, 4096, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 a = pma_kunit_alloc(test, arena, 2048), b = pma_kunit_alloc(test, arena, 2048);

	KUNIT_EXPECT_EQ(test, arena->full, 0);
	pma_kunit_free(test, arena, a);
	pma_kunit_expect_sound(test, pool);
	pma_kunit_free(test, arena, b);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
}

static void free_gives_segments_back(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 a = pma_kunit_alloc(test, arena, 2100), b, c;
	u32 pgno;

	b = pma_kunit_alloc(test, arena, 6000);
	c = pma_kunit_alloc(test, arena, 6000);
	pma_kunit_free(test, arena, b);
	pma_kunit_free(test, arena, a);
	KUNIT_EXPECT_GT(test, arena->stats.heap_pages, 0);
	pma_kunit_free(test, arena, c);
	KUNIT_EXPECT_EQ(test, arena->stats.heap_pages, 0);
	KUNIT_EXPECT_EQ(test, arena->segments, PMA_NONE);
	for (pgno = 0; pgno < 64; pgno++)
		KUNIT_EXPECT_EQ(test, pool->pages.desc[pgno].kind, PMA_KIND_FREE);
}

static void free_coalesces_big_blocks(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	static const u8 order[] = { 1, 4, 2, 0, 3, 5 };
	u64 handles[6];
	u32 i, nr = max_t(u32, pool->region.nr_pages / 6, 1);

	for (i = 0; i < 6; i++)
		handles[i] = i >= pool->region.nr_pages ? PMA_HANDLE_NONE :
			     pma_kunit_alloc(test, arena,
					     (size_t)nr * pma_region_page_size(&pool->region));
	for (i = 0; i < 6; i++) {
		pma_kunit_free(test, arena, handles[order[i]]);
		pma_kunit_expect_sound(test, pool);
	}
	KUNIT_EXPECT_EQ(test, pma_kunit_largest_run(pool), pool->region.nr_pages);
}

static void free_all_frees_everything(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	struct pma_block block;
	u64 kept = pma_kunit_alloc(test, other, 32);
	u32 sizes[32], n, i;

	pma_kunit_fill(pma_kunit_ptr(pool, kept), 32, 1);
	n = pma_kunit_sizes(pool, sizes, ARRAY_SIZE(sizes));
	for (i = 0; i < 5 * n; i++)
		pma_block_alloc(arena, sizes[i % n], 0, PMA_ZERO, &block);
	pma_block_free(arena, block.handle + 1);
	pma_block_free_all(arena);
	/* The counters begin anew, all of them. */
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(&arena->stats, sizeof(arena->stats)));
	pma_kunit_expect_sound(test, pool);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), pool->region.nr_pages - 1);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(pool, kept), 32, 1));
	pma_block_free_all(arena);
	pma_kunit_expect_live(test, other, 1, 32);
	pma_kunit_free(test, other, kept);
}

/* More runs of each kind than are freed in one go. */
static void free_all_of_many_runs(struct kunit *test)
{
	static const struct pma_kunit_config config = { "many", 1024, 256, 0, PMA_POOL_ISOLATE };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	static const u32 sizes[] = { 128, 100, 200, 256, 8 };
	struct pma_block block;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (n = 0; n < 200; n++)
			pma_block_alloc(arena, sizes[i], 0, 0, &block);
		pma_kunit_expect_sound(test, pool);
	}
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), 1024);
	while (!pma_block_alloc(arena, 256, 0, 0, &block))
		;
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), 1024);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(free_of_nothing),
	KUNIT_CASE(free_moves_slab_pages),
	KUNIT_CASE(free_of_only_block),
	KUNIT_CASE(free_gives_segments_back),
	KUNIT_CASE_PARAM(free_coalesces_big_blocks, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(free_all_frees_everything, pma_kunit_configs_gen_params),
	KUNIT_CASE(free_all_of_many_runs),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_block_free",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
