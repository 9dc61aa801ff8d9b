// SPDX-License-Identifier: GPL-2.0
/*
 * pma_resize_full_kunit.c - change a block's size where there is no room for it, or hardly any
 */
#include "pma_block.h"
#include "pma_kunit_resize.h"

/* A pool with no page left, a block of @size in it, and nothing beside that. */
static u64 fill_pool(struct kunit *test, struct pma_arena *arena, u32 size)
{
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, 0);
	u64 handle = pma_kunit_alloc(test, arena, size);
	struct pma_block block;

	while (!pma_block_alloc(other, pma_region_page_size(&arena->pool->region), 0, 0, &block))
		;
	return handle;
}

/* Sixteenths of a page again: what can't be had, and what can in the block itself. */
static const struct {
	u32 old;
	u32 size;
	bool fails;
} tight[] = {
	{ 1, 2, true }, { 1, 8, true }, { 1, 9, true }, { 1, 16, true }, { 8, 9, true },
	{ 9, 17, true }, { 13, 40, true }, { 9, 48, true }, { 20, 48, true }, { 16, 17, true },
	{ 16, 32, true }, { 80, 96, true },
	{ 8, 3, false }, { 9, 3, false }, { 13, 9, false }, { 20, 9, false }, { 20, 3, false },
	{ 20, 16, false }, { 16, 3, false }, { 16, 9, false }, { 80, 16, false },
	{ 80, 20, false },
};

static void resize_without_room(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 unit = pma_region_page_size(&pool->region) / 16, i, flags;
	struct pma_kunit_before before;
	struct pma_block old, block;
	u64 handle;
	bool fails;
	int err;

	for (i = 0; i < 2 * ARRAY_SIZE(tight); i++) {
		u32 row = i / 2, size = tight[row].size * unit;

		flags = i & 1 ? PMA_ZERO : 0;
		handle = fill_pool(test, arena, tight[row].old * unit);
		old = pma_kunit_resize_look(test, arena, handle);
		pma_kunit_fill(pma_kunit_ptr(pool, handle), old.size, row);
		pma_kunit_watch(&before, arena);
		/* Where the rest of a segment was too short to part with, the chunk has it. */
		fails = tight[row].fails && size > old.size;
		err = pma_resize_block(arena, handle, size, 0, flags, &block);
		KUNIT_EXPECT_EQ_MSG(test, err, fails ? -ENOMEM : 0, "row %u", row);
		if (err) {
			pma_kunit_expect_refused(test, &before, arena, err, "resize");
			block = old;
			size = old.size;
		} else if (flags) {
			KUNIT_EXPECT_TRUE_MSG(test,
					      pma_kunit_is_zero(pma_kunit_ptr(pool, block.handle) +
								size, block.size - size),
					      "row %u", row);
		}
		KUNIT_EXPECT_GE(test, block.size, size);
		if (!err)
			size = min(size, tight[row].old * unit);
		KUNIT_EXPECT_TRUE_MSG(test,
				      pma_kunit_is_filled(pma_kunit_ptr(pool, block.handle), size,
							  row),
				      "row %u", row);
		pma_kunit_expect_sound(test, pool);
		pma_kunit_resize_empty(pool);
	}
}

/* Beside a neighbour, so that it has no choice but to stay or to fail. */
static void resize_of_chunk_without_room(struct kunit *test)
{
	static const struct pma_kunit_config config = { "two", 2, 4096, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 a = pma_kunit_alloc(test, arena, 5000), b = pma_kunit_alloc(test, arena, 2500);
	struct pma_block block;

	pma_kunit_fill(pma_kunit_ptr(pool, a), 5000, 1);
	pma_kunit_fill(pma_kunit_ptr(pool, b), 2500, 2);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, a, 6000, 0, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, b, 3600, 0, 0, &block), -ENOMEM);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(pool, a), 5000, 1));
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(pool, b), 2500, 2));
	/* It keeps its place, and what is over of it, until it can give that back. */
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, b, 100, 0, PMA_ZERO, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, b);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(pool, b), 100, 2));
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(pma_kunit_ptr(pool, b) + 100, block.size - 100));
	pma_kunit_expect_sound(test, pool);
	pma_block_free_all(arena);
}

/* A block of the kernel's grows into a chunk where no run is left, a process's does not. */
static void resize_to_chunk_for_big(struct kunit *test)
{
	struct pma_kunit_config config = { "chunks", 512, 4096, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	u32 flags;

	for (flags = 0; flags <= PMA_ARENA_USER; flags += PMA_ARENA_USER) {
		struct pma_arena *arena = pma_kunit_arena(test, pool, flags);
		u64 handle = pma_kunit_alloc(test, arena, 2000);
		struct pma_block block = {};

		pma_kunit_alloc(test, arena, 2100);
		pma_kunit_fill(pma_kunit_ptr(pool, handle), 2000, 5);
		pma_kunit_alloc(test, arena, (u64)pma_pool_free_pages(pool, NULL) * 4096);
		KUNIT_EXPECT_EQ(test, pma_resize_block(arena, handle, 5 * 4096, 0, 0, &block),
				flags ? -ENOMEM : 0);
		KUNIT_EXPECT_EQ(test, arena->stats.failed, flags ? 1 : 0);
		KUNIT_EXPECT_EQ(test, block.size, flags ? 0 : 5 * 4096);
		if (!flags)
			handle = block.handle;
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(pool, handle), 2000, 5));
		pma_kunit_expect_sound(test, pool);
		pma_block_free_all(arena);
	}
}

/* Without room, an unaligned block can't serve. */
static void resize_aligns_or_fails(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 first = pma_kunit_alloc(test, arena, 48), second;
	struct pma_block block;

	second = fill_pool(test, arena, 48);
	KUNIT_EXPECT_NE(test, second, first);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, second, 48, 64, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, first, 48, 64, 0, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, first);
	pma_kunit_resize_empty(pool);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(resize_without_room, pma_kunit_resize_configs_gen_params),
	KUNIT_CASE(resize_of_chunk_without_room),
	KUNIT_CASE(resize_to_chunk_for_big),
	KUNIT_CASE(resize_aligns_or_fails),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_resize_full",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
