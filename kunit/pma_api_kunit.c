// SPDX-License-Identifier: GPL-2.0
/*
 * pma_api_kunit.c - the kernel interface of pools and arenas, as its users see it
 *
 * Only what include/linux/pma.h declares is called (and the pool handed to
 * pma_kunit_exit(), which looks for leaks).
 */
#include <linux/pma.h>

#include "pma_kunit.h"

static struct pma_pool *create_pool(struct kunit *test, size_t bytes, u32 flags)
{
	struct pma_pool_params params = { .page_size = 4096, .flags = flags };
	struct pma_pool *pool = pma_pool_create("api", bytes, &params);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	pma_kunit_adopt(test, pool);
	return pool;
}

static struct pma_arena *create_arena(struct kunit *test, struct pma_pool *pool)
{
	struct pma_arena *arena = pma_arena_create(pool, "kunit");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
	return arena;
}

/* The example at the top of the header, to the letter. */
static void example_works(struct kunit *test)
{
	struct pma_pool *pool = pma_pool_create("mydrv", SZ_1M, NULL);
	struct pma_arena *arena;
	char *buf;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	arena = pma_arena_create(pool, "rx");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
	buf = pma_alloc(arena, 1536);
	KUNIT_EXPECT_NOT_NULL(test, buf);
	memset(buf, 0x55, 1536);
	KUNIT_EXPECT_EQ(test, pma_free(arena, buf), 0);
	pma_arena_destroy(arena);
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(pool, 0), 0);
}

static void create_refuses_bad_params(struct kunit *test)
{
	static const struct {
		size_t bytes;
		struct pma_pool_params params;
		int err;
	} table[] = {
		{ 0, {}, -EINVAL },
		{ 100, {}, -EINVAL },
		{ 65536, { .page_size = 100 }, -EINVAL },
		{ 65536, { .page_size = 4096, .slab_max = 4096 }, -EINVAL },
		{ 65536, { .flags = 1U << 31 }, -EINVAL },
		{ 1UL << 41, { .page_size = 65536 }, -ENOMEM },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(pma_pool_create("bad", table[i].bytes,
								  &table[i].params)),
				    table[i].err, "row %u", i);
}

/* All of it, with each allocation failing in turn. */
static void create_fails_without_memory(struct kunit *test)
{
	struct pma_pool *pool;
	struct pma_arena *arena = NULL;
	bool failed = true;
	u32 nth;

	for (nth = 1; failed && pma_kunit_fail_begin(nth); nth++) {
		pool = pma_pool_create("poor", SZ_64K, NULL);
		if (!IS_ERR(pool))
			arena = pma_arena_create(pool, "poor");
		failed = pma_kunit_fail_end();
		if (IS_ERR(pool))
			KUNIT_EXPECT_EQ(test, PTR_ERR(pool), -ENOMEM);
		else if (IS_ERR(arena))
			KUNIT_EXPECT_EQ(test, PTR_ERR(arena), -ENOMEM);
		KUNIT_EXPECT_EQ(test, pma_pool_destroy(pool, 0), 0);
	}
}

static void destroy_of_nothing(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(ERR_PTR(-ENOMEM), PMA_DESTROY_FORCE), 0);
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(NULL, PMA_DESTROY_FORCE << 1), -EINVAL);
	pma_arena_destroy(NULL);
	pma_arena_destroy(ERR_PTR(-ENOSPC));
}

static void destroy_refuses_while_blocks_are_out(struct kunit *test)
{
	struct pma_pool *pool = create_pool(test, SZ_64K, 0);
	struct pma_arena *one = create_arena(test, pool), *two = create_arena(test, pool);
	char *block = pma_alloc(two, 100);

	memset(block, 0x77, 100);
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(pool, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(pool, ~0U), -EINVAL);
	/* Nothing has changed. */
	KUNIT_EXPECT_TRUE(test, !memchr_inv(block, 0x77, 100));
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(one).pool_arenas, 2);
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(two).live_blocks, 1);
	KUNIT_EXPECT_EQ(test, pma_check(pool, NULL), 0);
	KUNIT_EXPECT_EQ(test, pma_free(two, block), 0);
	pma_kunit_forget(test, pool);
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(pool, 0), 0);
}

static u32 count_lines(const char *text, const char *with)
{
	u32 n = 0;

	while ((text = strstr(text, with))) {
		text++;
		n++;
	}
	return n;
}

/* By force: gone with its blocks, which the log names where we can read it. */
static void destroy_by_force_lists_blocks(struct kunit *test)
{
	struct pma_pool *pool = create_pool(test, SZ_64K, PMA_POOL_TRACK);
	struct pma_arena *one = create_arena(test, pool), *two = create_arena(test, pool);
	char *text = kunit_kzalloc(test, 4096, GFP_KERNEL);
	bool logs;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, text);
	pma_alloc(one, 100);
	pma_alloc(two, 3000);
	pma_alloc(two, 8192);
	pma_kunit_forget(test, pool);
	logs = pma_kunit_log_begin(text, 4096);
	err = pma_pool_destroy(pool, PMA_DESTROY_FORCE);
	pma_kunit_log_end();
	KUNIT_EXPECT_EQ(test, err, 0);
	if (!logs)
		return;
	KUNIT_EXPECT_EQ(test, count_lines(text, "api: destroyed with 3 blocks out\n"), 1);
	KUNIT_EXPECT_EQ(test, count_lines(text, "block at 0x"), 3);
	KUNIT_EXPECT_EQ(test, count_lines(text, "block at 0x0, 100 bytes\n"), 1);
	KUNIT_EXPECT_EQ(test, count_lines(text, "arena 2 (kunit): "), 2);
	KUNIT_EXPECT_EQ(test, count_lines(text, ", 3000 bytes\n"), 1);
	KUNIT_EXPECT_EQ(test, count_lines(text, ", 8192 bytes\n"), 1);
}

static void destroy_by_force_lists_so_many(struct kunit *test)
{
	struct pma_pool *pool = create_pool(test, SZ_64K, 0);
	struct pma_arena *arena = create_arena(test, pool);
	char *text = kunit_kzalloc(test, 200000, GFP_KERNEL);
	bool logs;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	logs = pma_kunit_log_begin(text, 200000);
	pma_kunit_forget(test, pool);
	/* On a console that is slow, a few will do. */
	for (i = 0; i < (logs ? 1500 : 10); i++)
		pma_alloc(arena, 8);
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(pool, PMA_DESTROY_FORCE), 0);
	pma_kunit_log_end();
	if (logs)
		KUNIT_EXPECT_EQ(test, count_lines(text, "block at 0x"), 1000);
}

static void destroy_by_force_of_empty_pool(struct kunit *test)
{
	struct pma_pool *pool = create_pool(test, SZ_64K, 0);
	char text[64] = "";

	create_arena(test, pool);
	pma_kunit_forget(test, pool);
	pma_kunit_log_begin(text, sizeof(text));
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(pool, PMA_DESTROY_FORCE), 0);
	pma_kunit_log_end();
	KUNIT_EXPECT_STREQ(test, text, "");
}

/* Blocks of one pool are nothing to another. */
static void pools_are_apart(struct kunit *test)
{
	struct pma_pool *pools[3];
	struct pma_arena *arenas[3];
	void *blocks[3];
	u32 i;

	for (i = 0; i < 3; i++) {
		pools[i] = create_pool(test, SZ_64K, i == 1 ? PMA_POOL_ISOLATE : 0);
		arenas[i] = create_arena(test, pools[i]);
		blocks[i] = pma_alloc(arenas[i], 5000);
		memset(blocks[i], i + 1, 5000);
	}
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, pma_free(arenas[i], blocks[(i + 1) % 3]), -ERANGE);
		KUNIT_EXPECT_TRUE(test, !memchr_inv(blocks[i], i + 1, 5000));
		KUNIT_EXPECT_EQ(test, pma_kunit_stats(arenas[i]).pool_arenas, 1);
	}
	pma_kunit_forget(test, pools[1]);
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(pools[1], 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, pma_free(arenas[1], blocks[1]), 0);
	KUNIT_EXPECT_EQ(test, pma_pool_destroy(pools[1], 0), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arenas[0], blocks[0]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arenas[2], blocks[2]), 0);
}

static void check_tells_sound_from_broken(struct kunit *test)
{
	struct pma_pool *pool = create_pool(test, SZ_64K, 0);
	struct pma_arena *arena = create_arena(test, pool);
	void *block = pma_alloc(arena, 5000);
	struct pma_check_args result;

	memset(&result, 0xff, sizeof(result));
	KUNIT_EXPECT_EQ(test, pma_check(pool, &result), 0);
	KUNIT_EXPECT_EQ(test, result.errors, 0);
	KUNIT_EXPECT_EQ(test, result.pages, 16);
	KUNIT_EXPECT_EQ(test, result.blocks, 1);
	KUNIT_EXPECT_EQ(test, result.first_bad_page, U32_MAX);
	KUNIT_EXPECT_EQ(test, result.flags, 0);
	KUNIT_EXPECT_EQ(test, result.reserved, 0);
	pool->runs->free_units++;
	KUNIT_EXPECT_EQ(test, pma_check(pool, &result), -EUCLEAN);
	KUNIT_EXPECT_GT(test, result.errors, 0);
	KUNIT_EXPECT_EQ(test, pma_check(pool, NULL), -EUCLEAN);
	pool->runs->free_units--;
	KUNIT_EXPECT_EQ(test, pma_check(pool, NULL), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
}

static struct kunit_case pma_api_cases[] = {
	KUNIT_CASE(example_works),
	KUNIT_CASE(create_refuses_bad_params),
	KUNIT_CASE(create_fails_without_memory),
	KUNIT_CASE(destroy_of_nothing),
	KUNIT_CASE(destroy_refuses_while_blocks_are_out),
	KUNIT_CASE(destroy_by_force_lists_blocks),
	KUNIT_CASE(destroy_by_force_lists_so_many),
	KUNIT_CASE(destroy_by_force_of_empty_pool),
	KUNIT_CASE(pools_are_apart),
	KUNIT_CASE(check_tells_sound_from_broken),
	{}
};

static struct kunit_suite pma_api_suite = {
	.name = "pma_api",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_api_cases,
};

kunit_test_suite(pma_api_suite);
