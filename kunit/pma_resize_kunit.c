// SPDX-License-Identifier: GPL-2.0
/*
 * pma_resize_kunit.c - change a block's size, contents kept
 */
#include "pma_block.h"
#include "pma_kunit_configs.h"
#include "pma_kunit_resize.h"

static void *ptr(const struct pma_arena *arena, u64 handle)
{
	return pma_kunit_ptr(arena->pool, handle);
}

/* Between every two of these, in sixteenths of a page (and a few bytes less). */
static const struct {
	const char *name;
	u32 sixteenths;
	u32 kind;
} steps[] = {
	{ "small slab", 1, PMA_KIND_SLAB },
	{ "slab", 3, PMA_KIND_SLAB },
	{ "largest slab", 8, PMA_KIND_SLAB },
	{ "chunk", 9, PMA_KIND_HEAP },
	{ "larger chunk", 13, PMA_KIND_HEAP },
	{ "chunk of two pages", 20, PMA_KIND_HEAP },
	{ "page", 16, PMA_KIND_BIG },
	{ "two pages", 32, PMA_KIND_BIG },
	{ "five pages", 80, PMA_KIND_BIG },
};

static void resize(struct kunit *test, struct pma_arena *arena, u32 from, u32 to, u32 flags)
{
	u32 page_size = pma_region_page_size(&arena->pool->region);
	u32 old_size = page_size / 16 * steps[from].sixteenths - 3;
	u32 size = page_size / 16 * steps[to].sixteenths - 2, kept;
	u64 handle = pma_kunit_alloc(test, arena, old_size);
	struct pma_block old = pma_kunit_resize_look(test, arena, handle), new, block;
	const char *what = steps[from].name, *into = steps[to].name;

	KUNIT_EXPECT_EQ(test, old.kind, steps[from].kind);
	pma_kunit_fill(ptr(arena, handle), old.size, from);
	KUNIT_ASSERT_EQ_MSG(test, pma_resize_block(arena, handle, size, 0, flags, &new), 0,
			    "%s to %s", what, into);
	block = pma_kunit_resize_look(test, arena, new.handle);
	KUNIT_EXPECT_EQ_MSG(test, block.kind, steps[to].kind, "%s to %s", what, into);
	KUNIT_EXPECT_EQ(test, block.size, new.size);
	KUNIT_EXPECT_GE(test, block.size, size);
	if (block.flags & PMA_BLOCK_REQUESTED)
		KUNIT_EXPECT_EQ(test, block.requested, size);
	kept = pma_kunit_resize_kept(&old, size, flags);
	KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_filled(ptr(arena, new.handle), kept, from),
			      "%s to %s, %u bytes", what, into, kept);
	if (flags & PMA_ZERO)
		KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_zero(ptr(arena, new.handle) + kept,
							      block.size - kept),
				      "%s to %s, from %u on", what, into, kept);
	pma_kunit_expect_live(test, arena, 1, block.size);
	pma_kunit_expect_sound(test, arena->pool);
	pma_kunit_free(test, arena, new.handle);
	if (new.handle != handle)
		KUNIT_EXPECT_EQ(test, pma_block_free(arena, handle), -EALREADY);
}

static void resize_between_every_two_kinds(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 from, to;

	for (from = 0; from < ARRAY_SIZE(steps); from++) {
		for (to = 0; to < ARRAY_SIZE(steps); to++) {
			resize(test, arena, from, to, 0);
			resize(test, arena, from, to, PMA_ZERO);
		}
	}
}

/* In place, or moved: what stands after the block decides. */
static const struct {
	u32 old;
	u32 after;		/* allocated after it */
	u32 size;
	bool stays;
} places[] = {
	{ 100, 0, 112, true },			/* the same class */
	{ 112, 0, 97, true },
	{ 112, 0, 96, false },
	{ 112, 0, 113, false },
	{ 3000, 0, 3500, true },		/* a chunk: room after it */
	{ 3000, 0, 2500, true },
	{ 2100, 2100, 2500, false },
	{ 2500, 2500, 2100, true },
	{ 8192, 0, 16384, true },		/* pages */
	{ 8192, 4096, 12288, false },
	{ 16384, 4096, 8192, true },
	{ 8192, 4096, 8000, true },
	{ 8192, 4096, 8192, true },
	{ 4096, 0, 64 * 4096, true },		/* the whole region */
};

static void resize_in_place(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block;
	u64 handle;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		/* Looking joins what the row before has left, so that pages go in order. */
		KUNIT_ASSERT_EQ(test, pma_kunit_largest_run(pool), 64);
		handle = pma_kunit_alloc(test, arena, places[i].old);
		if (places[i].after)
			pma_kunit_alloc(test, arena, places[i].after);
		pma_kunit_fill(ptr(arena, handle), places[i].old, i);
		KUNIT_EXPECT_EQ(test, pma_resize_block(arena, handle, places[i].size, 0, 0,
						       &block), 0);
		KUNIT_EXPECT_EQ_MSG(test, block.handle == handle, places[i].stays, "row %u", i);
		KUNIT_EXPECT_GE(test, block.size, places[i].size);
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(ptr(arena, block.handle),
							    min(places[i].old, places[i].size), i));
		/* Counted as another block only if it is one. */
		KUNIT_EXPECT_EQ(test, arena->stats.allocs,
				1 + !!places[i].after + !places[i].stays);
		pma_kunit_expect_sound(test, pool);
		pma_block_free_all(arena);
	}
}

/* Pages that a big block no longer needs are the pool's again. */
static void resize_gives_pages_back(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	size_t page_size = pma_region_page_size(&pool->region);
	u64 handle = pma_kunit_alloc(test, arena, 8 * page_size);
	struct pma_block block;

	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, handle, 3 * page_size, 0, 0, &block), 0);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), pool->region.nr_pages - 3);
	KUNIT_EXPECT_EQ(test, arena->stats.big_pages, 3);
	KUNIT_EXPECT_EQ(test, pma_block_free(arena, handle + 5 * page_size), -EALREADY);
	pma_kunit_free(test, arena, handle);
}

static void resize_of_nothing_allocates(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_kunit_before before;
	struct pma_block block;

	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, PMA_HANDLE_NONE, 100, 0, PMA_ZERO, &block),
			0);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(ptr(arena, block.handle), 100));
	KUNIT_EXPECT_EQ(test, block.size, 112);
	pma_kunit_watch(&before, arena);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, PMA_HANDLE_NONE, 0, 0, 0, &block), -EINVAL);
	pma_kunit_expect_refused(test, &before, arena, -EINVAL, "nothing to nothing");
	pma_block_free_all(arena);
}

static void resize_to_nothing_frees(struct kunit *test)
{
	static const u32 sizes[] = { 8, 2048, 3000, 4096, 20000 };
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 handle = pma_kunit_alloc(test, arena, sizes[i]);

		KUNIT_EXPECT_EQ(test, pma_resize_block(arena, handle, 0, 0, 0, &block), 0);
		KUNIT_EXPECT_EQ(test, block.handle, PMA_HANDLE_NONE);
		pma_kunit_expect_live(test, arena, 0, 0);
		KUNIT_EXPECT_EQ(test, pma_resize_block(arena, handle, 0, 0, 0, &block), -EALREADY);
	}
}

static void resize_refuses_bad_requests(struct kunit *test)
{
	static const u32 sizes[] = { 8, 2048, 3000, 4096, 20000 };
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	static const struct {
		size_t size;
		size_t align;
		u32 flags;
		int err;
	} table[] = {
		{ 64 * 4096 + 1, 0, 0, -ENOMEM },	{ SIZE_MAX, 0, 0, -ENOMEM },
		{ SIZE_MAX, 0, PMA_ZERO, -ENOMEM },	{ 100, 3, 0, -EINVAL },
		{ 100, 8192, 0, -EINVAL },		{ 100, 0, PMA_ZERO << 1, -EINVAL },
		{ 0, 3, 0, -EINVAL },			{ 0, 0, ~0U, -EINVAL },
	};
	struct pma_kunit_before before;
	struct pma_block block;
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		u64 handle = pma_kunit_alloc(test, arena, sizes[s]);

		pma_kunit_fill(ptr(arena, handle), sizes[s], s);
		for (i = 0; i < ARRAY_SIZE(table); i++) {
			pma_kunit_watch(&before, arena);
			KUNIT_EXPECT_EQ_MSG(test, pma_resize_block(arena, handle, table[i].size,
								   table[i].align, table[i].flags,
								   &block),
					    table[i].err, "row %u", i);
			pma_kunit_expect_refused(test, &before, arena, table[i].err, "resize");
		}
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(ptr(arena, handle), sizes[s], s));
		pma_kunit_free(test, arena, handle);
	}
}

static void resize_aligns_result(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	static const struct {
		u32 old;
		u32 size;
		u32 align;
	} table[] = {
		{ 48, 48, 32 }, { 48, 48, 64 }, { 48, 40, 4096 }, { 100, 112, 128 },
		{ 2500, 2500, 64 }, { 2500, 2500, 4096 }, { 2500, 2400, 16 }, { 20, 2500, 32 },
		{ 8192, 8192, 4096 }, { 8192, 100, 2048 }, { 64, 64, 64 },
	};
	struct pma_block block;
	u32 i, n;
	u64 handle;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		/* The first of a page or segment is aligned by chance. */
		for (n = 0; n < 2; n++) {
			handle = pma_kunit_alloc(test, arena, table[i].old);
			pma_kunit_fill(ptr(arena, handle), table[i].old, i);
			KUNIT_EXPECT_EQ(test, pma_resize_block(arena, handle, table[i].size,
							       table[i].align, 0, &block), 0);
			KUNIT_EXPECT_EQ_MSG(test, block.handle & (table[i].align - 1), 0,
					    "row %u", i);
			KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(ptr(arena, block.handle),
								    min(table[i].old,
									table[i].size), i));
			handle = pma_kunit_alloc(test, arena, table[i].old);
		}
		pma_kunit_expect_sound(test, pool);
		pma_block_free_all(arena);
	}
	/* An aligned block stays where it is. */
	handle = pma_kunit_alloc(test, arena, 128);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, handle, 120, 128, 0, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, handle);
	pma_block_free_all(arena);
}

/*
 * With PMA_ZERO all that nobody asked for reads as zeroes, in steps: what was
 * asked for before, what is now, and how many bytes of the old are left.
 */
static const struct {
	u32 sizes[4];
	u32 kept[4];
} zero_table[] = {
	{ { 100, 105, 112, 97 }, { 100, 100, 100, 97 } },
	{ { 100, 20, 100, 200 }, { 100, 20, 20, 20 } },
	{ { 3000, 2500, 3500, 3001 }, { 3000, 2500, 2500, 2500 } },
	{ { 8000, 8192, 5000, 20000 }, { 8000, 8000, 5000, 5000 } },
	{ { 3000, 10, 3000, 8192 }, { 3000, 10, 10, 10 } },
};

static void resize_zeroes_what_was_not_asked_for(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block;
	u32 row, i;

	for (row = 0; row < ARRAY_SIZE(zero_table); row++) {
		const u32 *sizes = zero_table[row].sizes, *kept = zero_table[row].kept;

		KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, sizes[0], 0, 0, &block), 0);
		pma_kunit_fill(ptr(arena, block.handle), block.size, row);
		for (i = 1; i < 4; i++) {
			KUNIT_ASSERT_EQ(test, pma_resize_block(arena, block.handle, sizes[i], 0,
							       PMA_ZERO, &block), 0);
			KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_filled(ptr(arena, block.handle),
									kept[i], row),
					      "row %u, step %u", row, i);
			KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_zero(ptr(arena, block.handle) +
								      kept[i],
								      block.size - kept[i]),
					      "row %u, step %u", row, i);
		}
		pma_kunit_free(test, arena, block.handle);
	}
}

/* Pages it grows into may be another arena's of before. */
static void resize_in_place_shows_no_foreign_bytes(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	size_t page_size = pma_region_page_size(&pool->region), bytes = pool->region.bytes;
	u64 handle = pma_kunit_alloc(test, other, bytes);
	struct pma_block block;

	memset(ptr(other, handle), 0xcc, bytes);
	pma_kunit_free(test, other, handle);
	handle = pma_kunit_alloc(test, arena, page_size);
	pma_kunit_fill(ptr(arena, handle), page_size, 1);
	KUNIT_ASSERT_EQ(test, pma_resize_block(arena, handle, bytes, 0, 0, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, handle);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(ptr(arena, handle), page_size, 1));
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(ptr(arena, handle) + page_size,
						  bytes - page_size));
	/* And what it gives back is another's then, without its bytes. */
	memset(ptr(arena, handle), 0xdd, bytes);
	KUNIT_ASSERT_EQ(test, pma_resize_block(arena, handle, page_size, 0, 0, &block), 0);
	KUNIT_ASSERT_EQ(test, pma_block_alloc(other, bytes - page_size, 0, 0, &block), 0);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(ptr(other, block.handle), bytes - page_size));
	pma_kunit_resize_empty(pool);
}

static struct kunit_case pma_resize_cases[] = {
	KUNIT_CASE_PARAM(resize_between_every_two_kinds, pma_kunit_resize_configs_gen_params),
	KUNIT_CASE(resize_in_place),
	KUNIT_CASE_PARAM(resize_gives_pages_back, pma_kunit_resize_configs_gen_params),
	KUNIT_CASE(resize_of_nothing_allocates),
	KUNIT_CASE(resize_to_nothing_frees),
	KUNIT_CASE(resize_refuses_bad_requests),
	KUNIT_CASE(resize_aligns_result),
	KUNIT_CASE(resize_zeroes_what_was_not_asked_for),
	KUNIT_CASE_PARAM(resize_in_place_shows_no_foreign_bytes,
			 pma_kunit_isolating_configs_gen_params),
	{}
};

static struct kunit_suite pma_resize_suite = {
	.name = "pma_resize",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_resize_cases,
};

kunit_test_suite(pma_resize_suite);
