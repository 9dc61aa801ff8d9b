// SPDX-License-Identifier: GPL-2.0
/*
 * pma_magazine_kunit.c - the magazines of one CPU, step by step
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_drain.h"
#include "pma_kunit_configs.h"
#include "pma_kunit_magazine.h"

#define SIZE	128
#define BLOCKS	32	/* of that size, in a page */
#define FULL	120	/* of them in a magazine */
#define FILL	88	/* at most, lent in one go; here a page's */
#define FLUSH	60	/* at most, given back in one go */

static const struct pma_kunit_config one_page = { "one_page", 1, 4096, 0, 0 };

static struct pma_arena *create_arena(struct kunit *test, const struct pma_kunit_config *config)
{
	struct pma_arena *arena = pma_kunit_percpu(test, config);

	if (!arena->kept)
		kunit_skip(test, "CPUs have no magazines");
	return arena;
}

/* So many blocks in use, none in the magazine. */
static void **create_blocks(struct kunit *test, struct pma_arena *arena, size_t size, u32 nr)
{
	void **blocks = pma_kunit_blocks(test, nr);

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, size, 0, nr, blocks), nr);
	pma_kunit_drain(arena);
	return blocks;
}

/* Filled with blocks of a fresh page, lowest first, and with no more than one page has. */
static void fresh_page_serves_lowest_first(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, &pma_kunit_many_pages);
	struct pma_magazine *magazine = pma_kunit_magazine(arena, 0, SIZE);
	char *first = pma_alloc(arena, SIZE), *tiny = pma_alloc(arena, 16);
	u32 i;

	KUNIT_EXPECT_EQ(test, magazine->nr, BLOCKS - 1);
	KUNIT_EXPECT_EQ(test, magazine->max, FULL);
	KUNIT_EXPECT_EQ(test, (first - (char *)pma_kunit_ptr(arena->pool, 0)) % 4096, 0);
	for (i = 1; i < BLOCKS; i++)
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), (void *)(first + i * SIZE));
	KUNIT_EXPECT_EQ(test, magazine->nr, 0);
	/* One more page has more of those than are lent. */
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine(arena, 0, 16)->nr, FILL - 1);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 16), (void *)(tiny + 16));
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 2);
	pma_kunit_expect_live(test, arena, BLOCKS + 2, BLOCKS * SIZE + 2 * 16);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* A page that is partial is lent of as well, what is free of it. */
static void partial_page_is_lent(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, &pma_kunit_many_pages);
	void **blocks = create_blocks(test, arena, SIZE, BLOCKS);
	static const u32 freed[] = { 3, 17, 31 };
	u32 i;

	pma_drain_begin(arena);
	for (i = 0; i < ARRAY_SIZE(freed); i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[freed[i]]), 0);
	pma_drain_end(arena);
	for (i = 0; i < ARRAY_SIZE(freed); i++) {
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), blocks[freed[i]]);
		KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 2 - i);
	}
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 1);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* The last that was freed is the first to be had. */
static void last_in_is_first_out(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, &pma_kunit_many_pages);
	void **blocks = create_blocks(test, arena, SIZE, FULL);
	u32 i;

	for (i = 0; i < FULL; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	pma_kunit_expect_live(test, arena, 0, 0);
	while (i--)
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), blocks[i]);
	pma_kunit_expect_live(test, arena, FULL, FULL * SIZE);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, FULL, blocks), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), FULL);
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, SIZE, 0, FULL, blocks), FULL);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, FULL, blocks), 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/* Where it is full the oldest ones go back to their pages, and the new one has room. */
static void full_magazine_parts_with_oldest(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, &pma_kunit_many_pages);
	struct pma_magazine *magazine = pma_kunit_magazine(arena, 0, SIZE);
	void **blocks = create_blocks(test, arena, SIZE, FULL + 1);
	u32 i, pages = arena->stats.slab_pages;

	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, FULL, blocks), 0);
	KUNIT_EXPECT_EQ(test, magazine->nr, FULL);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, pages);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[FULL]), 0);
	KUNIT_EXPECT_EQ(test, magazine->nr, FULL - FLUSH + 1);
	for (i = 0; i < magazine->nr; i++)
		KUNIT_EXPECT_PTR_EQ(test, pma_kunit_entry(arena, magazine, i), blocks[FLUSH + i]);
	/* A page's worth of them was a page. */
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, pages - 1);
	pma_kunit_expect_live(test, arena, 0, 0);
	pma_kunit_drain(arena);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/* A batch longer than a magazine goes on with what is made room for. */
static void batch_is_longer_than_magazine(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, &pma_kunit_many_pages);
	struct pma_magazine *magazine = pma_kunit_magazine(arena, 0, SIZE);
	u32 nr = 5 * FULL, i;
	void **blocks = pma_kunit_blocks(test, nr);
	struct pma_stats stats;

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, nr, blocks), nr);
	for (i = 0; i < nr; i++)
		pma_kunit_write_block(blocks[i], SIZE, i);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_block(blocks[i], SIZE));
	pma_kunit_expect_live(test, arena, nr, nr * SIZE);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, nr, blocks), 0);
	KUNIT_EXPECT_GT(test, magazine->nr, FULL - FLUSH);
	KUNIT_EXPECT_LE(test, magazine->nr, FULL);
	stats = pma_kunit_stats(arena);
	KUNIT_EXPECT_EQ(test, stats.allocs, nr);
	KUNIT_EXPECT_EQ(test, stats.frees, nr);
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, SIZE, PMA_ZERO, nr, blocks), nr);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(blocks[i], SIZE));
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, nr, blocks), 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/* How many blocks CPU 0 may have, after it has had one. */
static u32 most_of(struct kunit *test, const struct pma_kunit_config *config, size_t size)
{
	struct pma_arena *arena = create_arena(test, config);
	void *block = pma_alloc(arena, size);

	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	pma_kunit_expect_live(test, arena, 0, 0);
	return pma_kunit_magazine(arena, 0, size)->max;
}

/* Of a class a CPU has so many bytes, and a block for so many pages of the region, no more. */
static void region_and_bytes_are_caps(struct kunit *test)
{
	static const struct pma_kunit_config pages_640 = { "pages_640", 640, 4096, 0, 0 };

	KUNIT_EXPECT_EQ(test, most_of(test, &pma_kunit_default, SIZE), 4);
	KUNIT_EXPECT_EQ(test, most_of(test, &pages_640, SIZE), 40);
	KUNIT_EXPECT_EQ(test, most_of(test, &pma_kunit_many_pages, 1024), 32);
	KUNIT_EXPECT_EQ(test, most_of(test, &pma_kunit_many_pages, 16), FULL);
}

/* Fewer where less than half of the pool is free, at the next fill or flush. */
static void scarce_pool_is_a_cap(struct kunit *test)
{
	static const struct pma_kunit_config config = { "scarce", 2048, 256, 0, 0 };
	struct pma_arena *arena = create_arena(test, &config);
	struct pma_magazine *magazine = pma_kunit_magazine(arena, 0, 64);
	void **blocks = create_blocks(test, arena, 64, FULL + 1), *big;

	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, FULL, blocks), 0);
	KUNIT_EXPECT_EQ(test, magazine->nr, FULL);
	big = pma_alloc(arena, 1100 * 256);
	KUNIT_ASSERT_NOT_NULL(test, big);
	KUNIT_EXPECT_EQ(test, magazine->nr, FULL);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[FULL]), 0);
	KUNIT_EXPECT_EQ(test, magazine->max, 32);
	KUNIT_EXPECT_EQ(test, magazine->nr, 32 / 2 + 1);
	pma_kunit_expect_live(test, arena, 1, 1100 * 256);
	KUNIT_EXPECT_EQ(test, pma_free(arena, big), 0);
	pma_kunit_drain(arena);
	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, 64)), 0);
	KUNIT_EXPECT_EQ(test, magazine->max, FULL);
}

/* A request that finds no page has this CPU part with its blocks, large ones first. */
static void own_blocks_make_room(struct kunit *test)
{
	static const struct pma_kunit_config config = { "two_pages", 2, 4096, 0, 0 };
	struct pma_arena *arena = create_arena(test, &config);
	void *small = pma_alloc(arena, 64), *large = pma_alloc(arena, 1024), *block;

	KUNIT_EXPECT_EQ(test, pma_free(arena, small), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, large), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 2);
	block = pma_alloc(arena, SIZE);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine(arena, 0, 1024)->nr, 0);
	KUNIT_EXPECT_GT(test, pma_kunit_magazine(arena, 0, 64)->nr, 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	/* And all of them for whole pages. */
	block = pma_alloc(arena, 2 * 4096);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).failed, 0);
}

/* What this CPU has serves whoever goes by the lock, if there is no other page. */
static void own_blocks_serve_all_calls(struct kunit *test)
{
	static const struct pma_kunit_config two_pages = { "two_pages", 2, 4096, 0, 0 };
	struct pma_arena *one = create_arena(test, &one_page);
	struct pma_arena *two = create_arena(test, &two_pages);
	void *block;

	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(one, 2048));
	KUNIT_EXPECT_NOT_NULL(test, pma_alloc_aligned(one, 2048, 64, 0));
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(two, 2048));
	block = pma_alloc(two, 64);
	KUNIT_EXPECT_NOT_NULL(test, pma_realloc(two, block, 2048, 0));
	KUNIT_EXPECT_EQ(test, one->stats.failed + two->stats.failed, 0);
	pma_block_free_all(one);
	pma_block_free_all(two);
}

/* A block of a larger class serves who would have nothing else: of a magazine, or of a page. */
static void larger_block_serves_smaller_size(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, &one_page);
	void *blocks[8];

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 512, 0, 8, blocks), 8);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, 512));
	cancel_delayed_work_sync(&arena->pool->drain);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[3]), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine(arena, 0, 512)->nr, 1);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 256), blocks[3]);
	pma_drain_begin(arena);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[3]), 0);
	pma_drain_end(arena);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 256), blocks[3]);
	pma_kunit_expect_live(test, arena, 8, 4096);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 8, blocks), 0);
	cancel_delayed_work_sync(&arena->pool->drain);
}

/* After a drain no magazine has any, and as long as it lasts it stays so. */
static void drained_cpu_has_no_blocks(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, &pma_kunit_many_pages);
	void **blocks = create_blocks(test, arena, SIZE, 2 * FULL), *moved;
	u32 i;

	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 100, blocks), 0);
	pma_drain_begin(arena);
	pma_drain_begin(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 0);
	pma_drain_end(arena);
	/* One drain lasts. */
	for (i = 100; i < FULL; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, FULL, blocks), FULL);
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, SIZE, PMA_ZERO, FULL, blocks), FULL);
	moved = pma_realloc(arena, blocks[0], 300, 0);
	KUNIT_EXPECT_NOT_NULL(test, moved);
	blocks[0] = moved;
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(blocks[1], SIZE));
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 0);
	pma_drain_end(arena);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[1]), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 1);
	blocks[1] = NULL;
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 2 * FULL, blocks), 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/* From magazine to magazine, and within a class, contents kept; the old block is to be had next. */
static void realloc_moves_between_magazines(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, &pma_kunit_many_pages);
	void *block, *moved, *next;

	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, 512)), 0);
	next = pma_kunit_entry(arena, pma_kunit_magazine(arena, 0, 512),
			       pma_kunit_magazine(arena, 0, 512)->nr - 1);
	block = pma_kunit_make_block(arena, SIZE, 7);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_PTR_EQ(test, pma_realloc(arena, block, SIZE - 5, 0), block);
	moved = pma_realloc(arena, block, 512, 0);
	KUNIT_ASSERT_TRUE(test, moved == next && pma_kunit_is_block(moved, SIZE));
	pma_kunit_expect_live(test, arena, 1, 512);
	KUNIT_EXPECT_PTR_EQ(test, pma_realloc(arena, moved, 64, 0),
			    pma_kunit_entry(arena, pma_kunit_magazine(arena, 0, 64),
					    pma_kunit_magazine(arena, 0, 64)->nr));
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), block);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 512), moved);
	pma_kunit_expect_live(test, arena, 3, 64 + SIZE + 512);
	KUNIT_EXPECT_NULL(test, pma_realloc(arena, moved + 16, 64, 0));
	pma_kunit_expect_live(test, arena, 3, 64 + SIZE + 512);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* Each class of each sort of pool: filled, used up, flushed and drained. */
static void each_class_has_magazines(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test, test->param_value);
	u32 class, i, nr, size;
	void *blocks[160];

	for (class = 0; class < arena->pool->classes->nr; class++) {
		size = arena->pool->classes->class[class].block_size;
		nr = pma_alloc_batch(arena, size, 0, ARRAY_SIZE(blocks), blocks);
		KUNIT_EXPECT_GT(test, nr, 0);
		for (i = 0; i < nr; i++)
			pma_kunit_write_block(blocks[i], size, i);
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_TRUE(test, pma_kunit_is_block(blocks[i], size));
		KUNIT_EXPECT_EQ(test, pma_usable_size(arena, blocks[0]), size);
		pma_kunit_expect_live(test, arena, nr, nr * size);
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), 0);
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i]), -EALREADY);
		pma_kunit_expect_live(test, arena, 0, 0);
		pma_kunit_expect_sound(test, arena->pool);
		cancel_delayed_work_sync(&arena->pool->drain);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(fresh_page_serves_lowest_first),
	KUNIT_CASE(partial_page_is_lent),
	KUNIT_CASE(last_in_is_first_out),
	KUNIT_CASE(full_magazine_parts_with_oldest),
	KUNIT_CASE(batch_is_longer_than_magazine),
	KUNIT_CASE(region_and_bytes_are_caps),
	KUNIT_CASE(scarce_pool_is_a_cap),
	KUNIT_CASE(own_blocks_make_room),
	KUNIT_CASE(own_blocks_serve_all_calls),
	KUNIT_CASE(larger_block_serves_smaller_size),
	KUNIT_CASE(drained_cpu_has_no_blocks),
	KUNIT_CASE(realloc_moves_between_magazines),
	KUNIT_CASE_PARAM(each_class_has_magazines, pma_kunit_configs_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_magazine",
	.init = pma_kunit_magazine_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
