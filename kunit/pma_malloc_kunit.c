// SPDX-License-Identifier: GPL-2.0
/*
 * pma_malloc_kunit.c - the kernel interface of blocks, as its users see it
 *
 * Only what include/linux/pma.h declares is called (and the pool handed to
 * pma_kunit_exit(), which looks for leaks).
 */
#include <linux/pma.h>

#include "pma_kunit.h"

static struct pma_arena *create_arena(struct kunit *test, u32 page_size, size_t bytes)
{
	struct pma_pool_params params = { .page_size = page_size };
	struct pma_pool *pool = pma_pool_create("malloc", bytes, &params);
	struct pma_arena *arena;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	pma_kunit_adopt(test, pool);
	arena = pma_arena_create(pool, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
	return arena;
}

static void alloc_and_free(struct kunit *test)
{
	static const size_t sizes[] = { 1, 8, 15, 16, 100, 2048, 2049, 3000, 4096, 4097, 20000 };
	struct pma_arena *arena = create_arena(test, 4096, SZ_1M);
	void *blocks[ARRAY_SIZE(sizes)];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		blocks[i] = pma_alloc(arena, sizes[i]);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		KUNIT_EXPECT_EQ(test, (unsigned long)blocks[i] & (sizes[i] < 16 ? 7 : 15), 0);
		KUNIT_EXPECT_GE(test, pma_usable_size(arena, blocks[i]), sizes[i]);
		pma_kunit_fill(blocks[i], pma_usable_size(arena, blocks[i]), i);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(blocks[i],
							    pma_usable_size(arena, blocks[i]), i));
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	}
}

static void alloc_refuses_bad_requests(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, 4096, SZ_64K);
	const struct {
		size_t size;
		size_t align;
		u32 flags;
		bool bad_args;
	} table[] = {
		{ 0, 0, 0, true },		{ 8, 3, 0, true },
		{ 8, 8192, 0, true },		{ 8, SIZE_MAX, 0, true },
		{ 8, 0, 2, true },		{ SZ_64K + 1, 0, 0, false },
		{ SIZE_MAX, 0, 0, false },	{ SIZE_MAX, 4096, PMA_ZERO, false },
	};
	struct pma_stats stats;
	u32 i, bad_args = 0;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_NULL(test, pma_alloc_aligned(arena, table[i].size, table[i].align,
							  table[i].flags));
		bad_args += table[i].bad_args;
		stats = pma_kunit_stats(arena);
		KUNIT_EXPECT_EQ(test, stats.bad_args, bad_args);
		KUNIT_EXPECT_EQ(test, stats.failed, i + 1 - bad_args);
		KUNIT_EXPECT_EQ(test, stats.allocs, 0);
	}
}

static void alloc_whole_region(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, 4096, SZ_64K);
	void *block = pma_alloc(arena, SZ_64K);

	KUNIT_ASSERT_NOT_NULL(test, block);
	memset(block, 0xff, SZ_64K);
	KUNIT_EXPECT_EQ(test, pma_usable_size(arena, block), SZ_64K);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, 1));
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	block = pma_alloc_aligned(arena, SZ_64K, 4096, PMA_ZERO);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(block, SZ_64K));
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
}

/* The pointer, not only the handle: with pages larger than a frame, too. */
static void alloc_aligns_pointers(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, 65536, SZ_1M);
	size_t align;
	void *block;

	for (align = 1; align <= 65536; align *= 2) {
		block = pma_alloc_aligned(arena, 100, align, 0);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ_MSG(test, (unsigned long)block & (align - 1), 0, "align %zu",
				    align);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	}
}

static void calloc_checks_overflow(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, 4096, SZ_64K);
	static const struct {
		size_t nmemb;
		size_t size;
		u64 failed;
		u64 bad_args;
	} table[] = {
		{ SIZE_MAX, 2, 1, 0 },			{ 2, SIZE_MAX, 2, 0 },
		{ SIZE_MAX / 2 + 1, 2, 3, 0 },		{ 1UL << 32, 1UL << 32, 4, 0 },
		{ SIZE_MAX, SIZE_MAX, 5, 0 },		{ SIZE_MAX, 1, 6, 0 },
		{ SZ_64K, 2, 7, 0 },			{ SZ_64K / 2 + 1, 2, 8, 0 },
		{ 0, 8, 8, 1 },				{ 8, 0, 8, 2 },
		{ 0, SIZE_MAX, 8, 3 },
	};
	struct pma_stats stats;
	char *block;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_NULL(test, pma_calloc(arena, table[i].nmemb, table[i].size));
		stats = pma_kunit_stats(arena);
		KUNIT_EXPECT_EQ_MSG(test, stats.failed, table[i].failed, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, stats.bad_args, table[i].bad_args, "row %u", i);
	}
	block = pma_calloc(arena, SZ_64K / 2, 2);
	KUNIT_ASSERT_NOT_NULL(test, block);
	memset(block, 0xff, SZ_64K);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	block = pma_calloc(arena, 7, 13);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(block, pma_usable_size(arena, block)));
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
}

static void zalloc_zeroes(struct kunit *test)
{
	static const size_t sizes[] = { 1, 100, 2048, 3000, 4096, 20000 };
	struct pma_arena *arena = create_arena(test, 4096, SZ_64K);
	char *block = pma_alloc(arena, SZ_64K);
	u32 i;

	memset(block, 0xff, SZ_64K);
	pma_free(arena, block);
	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		/* Of what was just freed, the second time. */
		block = i % 2 ? pma_alloc_aligned(arena, sizes[i / 2], 0, PMA_ZERO) :
				pma_zalloc(arena, sizes[i / 2]);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(block, pma_usable_size(arena, block)));
		memset(block, 0xff, pma_usable_size(arena, block));
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	}
}

/* All of a block is zeroed, and nothing of those beside it, whether it was freed before or not. */
static void zalloc_zeroes_no_more(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, 4096, SZ_1M);
	char *blocks[3];
	size_t size, i;

	pma_kunit_move_to_cpu(0);
	for (size = 16; size <= 512; size += 16) {
		for (i = 0; i < ARRAY_SIZE(blocks); i++) {
			blocks[i] = pma_alloc(arena, size);
			KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
			memset(blocks[i], 0xff, pma_usable_size(arena, blocks[i]));
		}
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[1]), 0);
		KUNIT_EXPECT_PTR_EQ(test, pma_zalloc(arena, size), (void *)blocks[1]);
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(blocks[1],
							  pma_usable_size(arena, blocks[1])));
		for (i = 0; i < pma_usable_size(arena, blocks[0]); i++)
			KUNIT_ASSERT_EQ(test, blocks[0][i] & blocks[2][i] & 0xff, 0xff);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), (void **)blocks),
				0);
	}
}

static void realloc_keeps_contents(struct kunit *test)
{
	static const size_t sizes[] = { 10, 100, 3000, 2000, 20000, 8192, 50, 40000, 3500, 1 };
	struct pma_arena *arena = create_arena(test, 4096, SZ_1M);
	size_t kept = sizes[0];
	char *block, *same;
	u32 i;

	block = pma_realloc(arena, NULL, sizes[0], 0);
	KUNIT_ASSERT_NOT_NULL(test, block);
	for (i = 1; i < ARRAY_SIZE(sizes); i++) {
		pma_kunit_fill(block, kept, i);
		block = pma_realloc(arena, block, sizes[i], 0);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(block, min(kept, sizes[i]), i));
		kept = sizes[i];
	}
	same = pma_realloc(arena, block, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, same, block);
	KUNIT_EXPECT_NULL(test, pma_realloc(arena, block, 0, 0));
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).live_blocks, 0);
	KUNIT_EXPECT_NULL(test, pma_realloc(arena, NULL, 0, 0));
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).bad_args, 1);
}

static const struct realloc_row {
	char name[24];
	size_t old;
	size_t new;
	u32 flags;
	bool stays;
} realloc_table[] = {
	{ "same class", 100, 110, 0, true },
	{ "longer", 100, 1000, 0, false },
	{ "shorter", 1000, 100, 0, false },
	{ "same class, zeroed", 100, 99, PMA_ZERO, true },
	{ "longer, zeroed", 16, 2048, PMA_ZERO, false },
	{ "shorter, zeroed", 2048, 17, PMA_ZERO, false },
};

KUNIT_ARRAY_PARAM_DESC(realloc_table, realloc_table, name);

/* A slab block becomes another, or stays, and only CPUs count it. */
static void realloc_takes_no_lock(struct kunit *test)
{
	const struct realloc_row *row = test->param_value;
	struct pma_arena *arena = create_arena(test, 4096, SZ_1M);
	size_t kept, usable;
	struct pma_stats stats;
	char *block, *new;
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < 3; i++) {
		/* Pages for the CPU; the second time, and from then on, it has them. */
		pma_free(arena, pma_alloc(arena, row->new));
		block = pma_alloc(arena, row->old);
		kept = min(pma_usable_size(arena, block), row->new);
		memset(block, 0xff, pma_usable_size(arena, block));
		pma_kunit_fill(block, kept, i);
		stats = arena->stats;
		new = pma_realloc(arena, block, row->new, row->flags);
		KUNIT_ASSERT_NOT_NULL(test, new);
		KUNIT_EXPECT_EQ(test, new == block, row->stays);
		KUNIT_EXPECT_EQ(test, arena->stats.allocs, stats.allocs);
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(new, kept, i));
		usable = pma_usable_size(arena, new);
		KUNIT_EXPECT_GE(test, usable, row->new);
		if (row->flags & PMA_ZERO)
			KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(new + kept, usable - kept));
		if (!row->stays)
			KUNIT_EXPECT_EQ(test, pma_free(arena, block), -EALREADY);
		stats = pma_kunit_stats(arena);
		KUNIT_EXPECT_EQ(test, stats.live_blocks, 1);
		KUNIT_EXPECT_EQ(test, stats.live_bytes, usable);
		KUNIT_EXPECT_EQ(test, stats.allocs, (i + 1) * (row->stays ? 2 : 3));
		KUNIT_EXPECT_EQ(test, stats.frees, stats.allocs - 1);
		KUNIT_EXPECT_EQ(test, pma_free(arena, new), 0);
	}
}

/* But in a pool that isolates, it does of a block that is not of the CPU's own page. */
static void realloc_where_pools_isolate_takes_lock(struct kunit *test)
{
	static const struct pma_kunit_config config = { "isolates", 256, 4096, 0,
							PMA_POOL_ISOLATE };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	struct pma_stats stats;
	char *block;

	if (!pma_kunit_move_to_cpu(1) || !pma_kunit_move_to_cpu(0))
		kunit_skip(test, "there are no two CPUs");
	block = pma_alloc(arena, 100);
	pma_kunit_fill(block, 100, 1);
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, 1000)), 0);
	stats = arena->stats;
	block = pma_realloc(arena, block, 1000, 0);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, arena->stats.allocs, stats.allocs + 1);
	KUNIT_EXPECT_EQ(test, arena->stats.frees, stats.frees + 1);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(block, 100, 1));
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
}

/* What is free, or inside a block, is no block, whether its class is wanted or another. */
static void realloc_refuses_what_is_no_block(struct kunit *test)
{
	static const size_t sizes[] = { 100, 16, 1000, 3000 };
	struct pma_arena *arena = create_arena(test, 4096, SZ_1M);
	char *block, *other;
	u32 i, flags;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, sizes[i])), 0);
	other = pma_alloc(arena, 100);
	block = pma_alloc(arena, 100);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		flags = i % 2 ? PMA_ZERO : 0;
		KUNIT_EXPECT_NULL(test, pma_realloc(arena, block, sizes[i / 2], flags));
		KUNIT_EXPECT_NULL(test, pma_realloc(arena, other + 16, sizes[i / 2], flags));
		KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).bad_free, i + 1);
		KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).bad_interior, i + 1);
		KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).live_blocks, 1);
	}
	KUNIT_EXPECT_EQ(test, pma_free(arena, other), 0);
}

/* Of a longer block no more is copied than the shorter one has. */
static void realloc_leaves_the_next_alone(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, 4096, SZ_1M);
	char *before, *block, *after;
	u32 i;

	pma_kunit_move_to_cpu(0);
	before = pma_alloc(arena, 64);
	block = pma_alloc(arena, 64);
	after = pma_alloc(arena, 64);
	memset(after, 0x55, 64);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	block = pma_alloc(arena, 2048);
	memset(block, 0xaa, 2048);
	block = pma_realloc(arena, block, 64, 0);
	KUNIT_EXPECT_PTR_EQ(test, block, before + 64);
	for (i = 0; i < 64; i++)
		KUNIT_ASSERT_EQ(test, after[i], 0x55);
	KUNIT_EXPECT_EQ(test, pma_free(arena, before), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, after), 0);
}

static void realloc_failure_keeps_block(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, 4096, SZ_64K);
	char *block = pma_alloc(arena, 5000), *small = pma_alloc(arena, 100);

	KUNIT_EXPECT_NULL(test, pma_realloc(arena, small, 100, 2));
	KUNIT_EXPECT_NULL(test, pma_realloc(arena, small, 1000, 2));
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).bad_args, 2);
	KUNIT_EXPECT_EQ(test, pma_free(arena, small), 0);
	pma_kunit_fill(block, 5000, 9);
	KUNIT_EXPECT_NULL(test, pma_realloc(arena, block, SZ_64K + 1, 0));
	KUNIT_EXPECT_NULL(test, pma_realloc(arena, block, SIZE_MAX, 0));
	KUNIT_EXPECT_NULL(test, pma_realloc(arena, block, 100, 2));
	KUNIT_EXPECT_NULL(test, pma_realloc(arena, block + 1, 100, 0));
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(block, 5000, 9));
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
}

/* Pointers that are no blocks, each with its own error, and nothing is freed. */
static void free_refuses_what_is_no_block(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, 4096, SZ_64K);
	struct pma_arena *other = pma_arena_create(arena->pool, "other");
	char *block = pma_alloc(arena, 64), *second = pma_alloc(arena, 64);
	char *theirs = pma_alloc(other, 64), *region = arena->pool->region.base;
	const struct {
		void *block;
		int err;
	} table[] = {
		{ block + 1, -EBADSLT },	{ block + 63, -EBADSLT },
		{ second, -EALREADY },		{ second + 5, -EALREADY },
		{ theirs, -EACCES },		{ theirs + 1, -EACCES },
		{ region - 1, -ERANGE },	{ region + SZ_64K, -ERANGE },
		{ (void *)8, -ERANGE },		{ (void *)-1L, -ERANGE },
		{ &arena, -ERANGE },		{ region + SZ_64K - 8, -EALREADY },
	};
	struct pma_kunit_before before;
	u32 i;

	KUNIT_EXPECT_EQ(test, pma_free(arena, second), 0);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		pma_kunit_watch(&before, arena);
		KUNIT_EXPECT_EQ_MSG(test, pma_free(arena, table[i].block), table[i].err,
				    "row %u", i);
		pma_kunit_expect_refused(test, &before, arena, table[i].err, "free");
		pma_kunit_watch(&before, arena);
		KUNIT_EXPECT_EQ_MSG(test, pma_usable_size(arena, table[i].block), 0, "row %u", i);
		pma_kunit_expect_refused(test, &before, arena, table[i].err, "usable size");
		KUNIT_EXPECT_NULL(test, pma_realloc(arena, table[i].block, 10, 0));
	}
	KUNIT_EXPECT_EQ(test, pma_free(arena, NULL), 0);
	KUNIT_EXPECT_EQ(test, pma_usable_size(arena, NULL), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_free(other, theirs), 0);
}

static void batches_alloc_and_free(struct kunit *test)
{
	static const struct {
		size_t size;
		u32 nr;
	} table[] = {
		{ 8, 1 }, { 8, 16 }, { 8, 17 }, { 100, 100 }, { 105, 100 },
		{ 3000, 9 }, { 4096, 3 }, { 4096, 3 },
	};
	struct pma_arena *arena = create_arena(test, 4096, SZ_1M);
	void *blocks[100];
	size_t usable;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		n = pma_alloc_batch(arena, table[i].size, PMA_ZERO, table[i].nr, blocks);
		KUNIT_ASSERT_EQ(test, n, table[i].nr);
		while (n--) {
			usable = pma_usable_size(arena, blocks[n]);
			KUNIT_EXPECT_GE(test, usable, table[i].size);
			KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(blocks[n], usable));
			memset(blocks[n], 0xff, usable);
		}
		KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).live_blocks, table[i].nr);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, table[i].nr, blocks), 0);
		KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).live_blocks, 0);
	}
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, 8, 0, 0, blocks), 0);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 0, blocks), 0);
	/* CPUs may have kept a page each: the check lets them part with it. */
	KUNIT_EXPECT_EQ(test, pma_check(arena->pool, NULL), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).arena_pages, 0);
}

/* What can't be had ends a batch, and counts once, as one call that failed would. */
static void batches_end_with_the_pool(struct kunit *test)
{
	static const struct {
		size_t size;
		u32 got;
	} table[] = { { 64, 128 }, { 100, 72 }, { 2048, 4 }, { 3000, 2 }, { 4096, 2 } };
	struct pma_arena *arena = create_arena(test, 4096, 8192);
	void **blocks = kunit_kcalloc(test, 140, sizeof(*blocks), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, table[i].size, 0, 140, blocks),
				table[i].got);
		KUNIT_EXPECT_EQ_MSG(test, pma_kunit_stats(arena).failed, i + 1, "row %u", i);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, table[i].got, blocks), 0);
	}
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, 0, 0, 10, blocks), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).bad_args, 1);
}

/* One that is refused does not stop the others. */
static void batches_free_what_is_right(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, 4096, SZ_64K);
	void *blocks[6];

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 64, 0, 4, blocks), 4);
	blocks[4] = NULL;
	blocks[5] = blocks[3];
	blocks[3] += 1;
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 6, blocks), 1);
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).bad_interior, 1);
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).frees, 4);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(alloc_and_free),
	KUNIT_CASE(alloc_refuses_bad_requests),
	KUNIT_CASE(alloc_whole_region),
	KUNIT_CASE(alloc_aligns_pointers),
	KUNIT_CASE(calloc_checks_overflow),
	KUNIT_CASE(zalloc_zeroes),
	KUNIT_CASE(zalloc_zeroes_no_more),
	KUNIT_CASE(realloc_keeps_contents),
	KUNIT_CASE_PARAM(realloc_takes_no_lock, realloc_table_gen_params),
	KUNIT_CASE(realloc_where_pools_isolate_takes_lock),
	KUNIT_CASE(realloc_refuses_what_is_no_block),
	KUNIT_CASE(realloc_leaves_the_next_alone),
	KUNIT_CASE(realloc_failure_keeps_block),
	KUNIT_CASE(free_refuses_what_is_no_block),
	KUNIT_CASE(batches_alloc_and_free),
	KUNIT_CASE(batches_end_with_the_pool),
	KUNIT_CASE(batches_free_what_is_right),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_malloc",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
