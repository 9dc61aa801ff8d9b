// SPDX-License-Identifier: GPL-2.0
/*
 * pma_batch_equal_kunit.c - many equal blocks, and many frees, under one lock
 */
#include "pma_block.h"
#include "pma_kunit_batch.h"
#include "pma_kunit_configs.h"
#include "pma_place.h"

#define CHUNK	PMA_BATCH_CHUNK

/* They are blocks of their own, of that size, and say what was asked for. */
static void expect_blocks(struct kunit *test, struct pma_arena *arena, const u64 *handles, u32 nr,
			  u32 size, u64 usable)
{
	struct pma_pool *pool = arena->pool;
	struct pma_block block;
	u32 i;

	KUNIT_EXPECT_GE(test, usable, size);
	for (i = 0; i < nr; i++)
		pma_kunit_fill(pma_kunit_ptr(pool, handles[i]), usable, handles[i]);
	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_EQ(test, pma_place_query(arena, handles[i], false, &block), 0);
		KUNIT_EXPECT_EQ(test, block.handle, handles[i]);
		if (block.kind == PMA_KIND_SLAB)
			KUNIT_EXPECT_EQ(test, block.size, usable);
		KUNIT_EXPECT_GE(test, block.size, usable);
		if (pool->pages.slack)
			KUNIT_EXPECT_EQ(test, block.requested, size);
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(pool, handles[i]),
							    usable, handles[i]));
	}
}

/* Of each class and of the heap, as many as one section does, there and back. */
static void equal_serves_all_sizes(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	u32 i, k, nr, size, classes = pool->classes->nr;
	u64 handles[CHUNK], usable;

	for (i = 0; i <= classes; i++) {
		size = i < classes ? pool->classes->class[i].block_size - i % 2 :
				     pool->classes->slab_max + 1;
		nr = pma_batch_alloc_equal(arena, size, 0, 0, CHUNK, handles, &usable);
		if (i < classes)
			KUNIT_EXPECT_EQ(test, usable, pool->classes->class[i].block_size);
		/* Of the heap as far as a section may take pages. */
		KUNIT_ASSERT_GE(test, nr, i < classes ? min(2 * pool->region.nr_pages, CHUNK) :
							pool->region.nr_pages / 32);
		pma_kunit_expect_sound(test, pool);
		expect_blocks(test, arena, handles, nr, size, usable);
		KUNIT_EXPECT_EQ(test, arena->stats.live_blocks, nr);
		/* In two parts, the first of which leaves holes. */
		for (k = 0; k < nr / 2; k++)
			swap(handles[k], handles[2 * k]);
		KUNIT_EXPECT_EQ(test, pma_batch_free(arena, nr / 2, handles), nr / 2);
		pma_kunit_expect_sound(test, pool);
		KUNIT_EXPECT_EQ(test, pma_batch_free(arena, nr - nr / 2, handles + nr / 2),
				nr - nr / 2);
		pma_kunit_expect_live(test, arena, 0, 0);
		KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	}
}

static void equal_zeroes(struct kunit *test)
{
	static const u32 sizes[] = { 1, 100, 2048, 2560 };
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 handles[CHUNK], usable;
	u32 i, k, nr;

	memset(pool->region.base, 0xa5, pool->region.bytes);
	for (k = 0; k < ARRAY_SIZE(sizes); k++) {
		nr = pma_batch_alloc_equal(arena, sizes[k], 0, PMA_ZERO, CHUNK, handles, &usable);
		KUNIT_ASSERT_GT(test, nr, 0);
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_TRUE(test, !memchr_inv(pma_kunit_ptr(pool, handles[i]), 0,
							    usable));
	}
	pma_block_free_all(arena);
}

static void equal_is_aligned(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 handles[CHUNK], usable;
	u32 align, nr, i;

	for (align = 1; align <= 2048; align *= 2) {
		nr = pma_batch_alloc_equal(arena, 40, align, 0, CHUNK, handles, &usable);
		KUNIT_ASSERT_EQ(test, nr, CHUNK);
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_EQ(test, handles[i] & (align - 1), 0);
		expect_blocks(test, arena, handles, nr, 40, usable);
		pma_block_free_all(arena);
	}
}

/* No section is longer than it may be, in blocks and in pages. */
static void equal_is_bounded(struct kunit *test)
{
	static const u32 sizes[] = { 64, 2048, 2049, 4500, 9000 };
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 handles[CHUNK + 1], usable;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		handles[CHUNK] = 1;
		KUNIT_EXPECT_LE(test, pma_batch_alloc_equal(arena, sizes[i], 0, 0, CHUNK + 1,
							    handles, &usable), CHUNK);
		KUNIT_EXPECT_EQ(test, handles[CHUNK], 1);
		KUNIT_EXPECT_LE(test, arena->stats.arena_pages, 31);
		pma_block_free_all(arena);
	}
}

/* Nor is more zeroed in one, though the arena has room and need not grow. */
static void equal_zeroes_are_bounded(struct kunit *test)
{
	enum { NR_SEGMENTS = 20, SIZE = 4096 * 61 / 10, PIN = 4096 * 32 / 10 };
	static const struct pma_kunit_config config = { "", 512, 4096, 0, PMA_POOL_ISOLATE };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	u64 free[2 * NR_SEGMENTS], handles[CHUNK], usable;
	u32 nr, i;

	for (i = 0; i < ARRAY_SIZE(free); i += 2) {
		free[i] = pma_kunit_alloc(test, arena, SIZE);
		free[i + 1] = pma_kunit_alloc(test, arena, SIZE);
		pma_kunit_alloc(test, arena, PIN);
	}
	for (i = 0; i < ARRAY_SIZE(free); i++)
		pma_kunit_free(test, arena, free[i]);
	nr = pma_batch_alloc_equal(arena, SIZE, 0, PMA_ZERO, CHUNK, handles, &usable);
	KUNIT_EXPECT_GE(test, nr, 1);
	KUNIT_EXPECT_LE(test, nr * usable, 16 * 4096);
	KUNIT_EXPECT_EQ(test, pma_batch_alloc_equal(arena, SIZE, 0, 0, CHUNK, handles, &usable),
			CHUNK);
	pma_block_free_all(arena);
}

/* What is not plain work is left alone. */
static void equal_leaves_others(struct kunit *test)
{
	static const struct {
		u64 size;
		u32 align;
	} table[] = {
		{ 0 }, { 64, 3 }, { 64, 8192 }, { 4096 }, { 16384 }, { U64_MAX },
		{ (1ULL << 32) + 64 }, { 64 * 4096 + 1 },
	};
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct pma_stats before = arena->stats;
	u64 handles[2], usable;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_EQ_MSG(test, pma_batch_alloc_equal(arena, table[i].size,
								table[i].align, 0, 2, handles,
								&usable), 0, "row %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, memcmp(&arena->stats, &before, sizeof(before)),
				       "row %u", i);
	}
}

/* Where memory runs out, what there is has been served, and no failure counted. */
static void equal_ends_with_memory(struct kunit *test)
{
	static const u32 sizes[] = { 16, 256, 2048 };
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 handles[CHUNK], usable, nr;
	u32 i, k, got;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		nr = 0;
		do {
			got = pma_batch_alloc_equal(arena, sizes[i], 0, 0, 7, handles, &usable);
			for (k = 0; k < got; k++)
				pma_kunit_fill(pma_kunit_ptr(pool, handles[k]), sizes[i], 1);
			nr += got;
		} while (got);
		KUNIT_EXPECT_EQ(test, nr, pool->region.bytes / sizes[i]);
		KUNIT_EXPECT_EQ(test, arena->stats.failed, 0);
		pma_kunit_expect_live(test, arena, nr, nr * sizes[i]);
		pma_kunit_expect_sound(test, pool);
		pma_block_free_all(arena);
	}
}

/* Before a handle that is wrong, or of a big block, and without a word of it. */
static void free_stops_before_others(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct pma_arena *other = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	u64 keep = pma_kunit_alloc(test, arena, 112), freed = pma_kunit_alloc(test, arena, 112);
	u64 chunk = pma_kunit_alloc(test, arena, 2560), big = pma_kunit_alloc(test, arena, 16384);
	u64 page = keep & ~4095ULL;
	const u64 wrong[] = {
		PMA_HANDLE_NONE, keep + 1, keep + 16, keep + 111, page + 4096 / 112 * 112,
		page + 4095, chunk + 16, freed, big, pma_kunit_alloc(test, other, 64),
		pool->region.bytes, keep - 4096, 1ULL << 63 | keep, 1ULL << 36 | keep,
	};
	u64 handles[5], usable;
	struct pma_stats before;
	u32 i;

	pma_kunit_free(test, arena, freed);
	before = arena->stats;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		KUNIT_ASSERT_EQ(test, pma_batch_alloc_equal(arena, 112, 0, 0, 2, handles, &usable),
				2);
		/* Those beside it lie in the page that was judged last. */
		handles[2] = wrong[i];
		handles[3] = keep;
		KUNIT_EXPECT_EQ_MSG(test, pma_batch_free(arena, 4, handles), 2, "handle %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pma_batch_free(arena, 2, handles + 2), 0, "handle %u", i);
		before.allocs += 2;
		before.frees += 2;
		before.peak_bytes = arena->stats.peak_bytes;
		KUNIT_EXPECT_FALSE_MSG(test, memcmp(&arena->stats, &before, sizeof(before)),
				       "handle %u", i);
		pma_kunit_expect_sound(test, pool);
	}
	pma_block_free_all(arena);
	pma_block_free_all(other);
}

static void free_finds_double_free(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 a = pma_kunit_alloc(test, arena, 64), b = pma_kunit_alloc(test, arena, 64);
	const u64 handles[] = { a, a, b };

	KUNIT_EXPECT_EQ(test, pma_batch_free(arena, 3, handles), 1);
	pma_kunit_expect_live(test, arena, 1, 64);
	/* Nor where its page is nobody's any more. */
	KUNIT_EXPECT_EQ(test, pma_batch_free(arena, 1, handles + 2), 1);
	KUNIT_EXPECT_EQ(test, pma_batch_free(arena, 3, handles), 0);
	pma_kunit_expect_live(test, arena, 0, 0);
}

static void alloc_random(struct kunit *test, struct pma_arena *arena, struct pma_kunit_rng *rng,
			 struct pma_kunit_live *live)
{
	u32 size = pma_kunit_size(rng, 1, 2 * arena->pool->classes->slab_max), i;
	u32 most = min_t(u32, CHUNK, ARRAY_SIZE(live->handle) - live->nr), nr;
	u64 handles[CHUNK], usable;

	if (!most)
		return;
	nr = pma_batch_alloc_equal(arena, size, 0, 0, pma_kunit_between(rng, 1, most), handles,
				   &usable);
	for (i = 0; i < nr; i++)
		pma_kunit_live_add(arena->pool, live, handles[i], size);
}

static void free_random(struct kunit *test, struct pma_arena *arena, struct pma_kunit_rng *rng,
			struct pma_kunit_live *live)
{
	u32 nr = min(pma_kunit_between(rng, 1, CHUNK), live->nr), i, at, size;
	u64 handles[CHUNK];

	for (i = 0; i < nr; i++) {
		handles[i] = pma_kunit_live_drop(rng, live, &size);
		KUNIT_ASSERT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(arena->pool, handles[i]),
							    size, handles[i]));
	}
	for (i = 0; i < nr; ) {
		at = pma_batch_free(arena, nr - i, handles + i);
		if (!at) {
			KUNIT_ASSERT_EQ(test, pma_block_free(arena, handles[i]), 0);
			at = 1;
		}
		i += at;
	}
}

/* Contents are kept, and the metadata sound.  The most operations on the first of the pools. */
static void random_equal(struct kunit *test)
{
	u32 most = pma_kunit_ops() / (test->param_value == pma_kunit_configs ? 10 : 400), ops;
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct pma_kunit_live *live = kunit_kzalloc(test, sizeof(*live), GFP_KERNEL);
	struct pma_kunit_rng rng;

	KUNIT_ASSERT_NOT_NULL(test, live);
	pma_kunit_rng_init(&rng, test, "random_equal");
	for (ops = 0; ops < most; ops++) {
		if (pma_kunit_below(&rng, 2))
			alloc_random(test, arena, &rng, live);
		else
			free_random(test, arena, &rng, live);
		KUNIT_ASSERT_EQ(test, arena->stats.live_blocks, live->nr);
		if (ops % 16 == 0)
			pma_kunit_expect_sound(test, pool);
	}
	pma_block_free_all(arena);
}

static void run_equal(void *context, u32 index)
{
	struct pma_kunit_contest *contest = context;
	u64 handles[8], usable;
	u32 round, nr;

	for (round = 0; round < pma_kunit_ops() / 100; round++) {
		nr = pma_batch_alloc_equal(contest->arena, 16 * (index / 2 + 1), 0, 0,
					   ARRAY_SIZE(handles), handles, &usable);
		if (pma_batch_free(contest->arena, nr, handles) != nr)
			atomic_inc(&contest->failed);
	}
}

static void equal_threads(struct kunit *test)
{
	pma_kunit_contest_run(test, run_equal);
}

static struct kunit_case pma_batch_equal_cases[] = {
	KUNIT_CASE_PARAM(equal_serves_all_sizes, pma_kunit_configs_gen_params),
	KUNIT_CASE(equal_zeroes),
	KUNIT_CASE(equal_is_aligned),
	KUNIT_CASE(equal_is_bounded),
	KUNIT_CASE(equal_zeroes_are_bounded),
	KUNIT_CASE(equal_leaves_others),
	KUNIT_CASE(equal_ends_with_memory),
	KUNIT_CASE(free_stops_before_others),
	KUNIT_CASE(free_finds_double_free),
	KUNIT_CASE_PARAM(random_equal, pma_kunit_configs_gen_params),
	KUNIT_CASE(equal_threads),
	{}
};

static struct kunit_suite pma_batch_equal_suite = {
	.name = "pma_batch_equal",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_batch_equal_cases,
};

kunit_test_suite(pma_batch_equal_suite);
