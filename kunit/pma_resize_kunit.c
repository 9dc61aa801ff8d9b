// SPDX-License-Identifier: GPL-2.0
/*
 * pma_resize_kunit.c - change a block's size, contents kept
 */
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"
#include "pma_place.h"
#include "pma_resize.h"

static const struct pma_kunit_config configs[] = {
	{ "plain", 63, 4096, 0, 0 },
	{ "track", 63, 4096, 0, PMA_POOL_TRACK },
	{ "isolate_track", 63, 4096, 0, PMA_POOL_ISOLATE | PMA_POOL_TRACK },
	{ "pow2", 63, 4096, 0, PMA_POOL_POW2 },
	{ "page_256", 63, 256, 0, 0 },
	{ "page_65536", 24, 65536, 0, PMA_POOL_ISOLATE },
};

KUNIT_ARRAY_PARAM_DESC(configs, configs, name);

/* Where a size tells no kind. */
static const struct pma_kunit_config adaptive_configs[] = {
	{ "plain", 63, 4096, 0, PMA_POOL_ADAPTIVE },
	{ "track", 63, 4096, 0, PMA_POOL_ADAPTIVE | PMA_POOL_TRACK },
	{ "isolate_512", 100, 512, 0, PMA_POOL_ADAPTIVE | PMA_POOL_ISOLATE },
};

KUNIT_ARRAY_PARAM_DESC(adaptive_configs, adaptive_configs, name);

static void *ptr(const struct pma_arena *arena, u64 handle)
{
	return pma_kunit_ptr(arena->pool, handle);
}

static struct pma_block describe(struct kunit *test, struct pma_arena *arena, u64 handle)
{
	struct pma_block block = {};

	KUNIT_EXPECT_EQ(test, pma_place_query(arena, handle, false, &block), 0);
	return block;
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

/* What stays: what was asked for, if it is known and the rest shall be zeroes. */
static u32 bytes_kept(const struct pma_block *old, u32 size, u32 flags)
{
	return min_t(u32, flags & PMA_ZERO ? old->requested : old->size, size);
}

static void resize(struct kunit *test, struct pma_arena *arena, u32 from, u32 to, u32 flags)
{
	u32 page_size = pma_region_page_size(&arena->pool->region);
	u32 old_size = page_size / 16 * steps[from].sixteenths - 3;
	u32 size = page_size / 16 * steps[to].sixteenths - 2, kept;
	u64 handle = pma_kunit_alloc(test, arena, old_size);
	struct pma_block old = describe(test, arena, handle), new, block;
	const char *what = steps[from].name, *into = steps[to].name;

	KUNIT_EXPECT_EQ(test, old.kind, steps[from].kind);
	pma_kunit_fill(ptr(arena, handle), old.size, from);
	KUNIT_ASSERT_EQ_MSG(test, pma_resize_block(arena, handle, size, 0, flags, &new), 0,
			    "%s to %s", what, into);
	block = describe(test, arena, new.handle);
	KUNIT_EXPECT_EQ_MSG(test, block.kind, steps[to].kind, "%s to %s", what, into);
	KUNIT_EXPECT_EQ(test, block.size, new.size);
	KUNIT_EXPECT_GE(test, block.size, size);
	if (block.flags & PMA_BLOCK_REQUESTED)
		KUNIT_EXPECT_EQ(test, block.requested, size);
	kept = bytes_kept(&old, size, flags);
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

static void empty_pool(struct pma_pool *pool)
{
	struct pma_arena *arena;

	list_for_each_entry(arena, &pool->arenas, node)
		pma_block_free_all(arena);
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
		old = describe(test, arena, handle);
		pma_kunit_fill(ptr(arena, handle), old.size, row);
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
			KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_zero(ptr(arena, block.handle) +
								      size, block.size - size),
					      "row %u", row);
		}
		KUNIT_EXPECT_GE(test, block.size, size);
		if (!err)
			size = min(size, tight[row].old * unit);
		KUNIT_EXPECT_TRUE_MSG(test,
				      pma_kunit_is_filled(ptr(arena, block.handle), size, row),
				      "row %u", row);
		pma_kunit_expect_sound(test, pool);
		empty_pool(pool);
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

	pma_kunit_fill(ptr(arena, a), 5000, 1);
	pma_kunit_fill(ptr(arena, b), 2500, 2);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, a, 6000, 0, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, b, 3600, 0, 0, &block), -ENOMEM);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(ptr(arena, a), 5000, 1));
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(ptr(arena, b), 2500, 2));
	/* It keeps its place, and what is over of it, until it can give that back. */
	KUNIT_EXPECT_EQ(test, pma_resize_block(arena, b, 100, 0, PMA_ZERO, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, b);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(ptr(arena, b), 100, 2));
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(ptr(arena, b) + 100, block.size - 100));
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
		pma_kunit_fill(ptr(arena, handle), 2000, 5);
		pma_kunit_alloc(test, arena, (u64)pma_pool_free_pages(pool, NULL) * 4096);
		KUNIT_EXPECT_EQ(test, pma_resize_block(arena, handle, 5 * 4096, 0, 0, &block),
				flags ? -ENOMEM : 0);
		KUNIT_EXPECT_EQ(test, arena->stats.failed, flags ? 1 : 0);
		KUNIT_EXPECT_EQ(test, block.size, flags ? 0 : 5 * 4096);
		if (!flags)
			handle = block.handle;
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(ptr(arena, handle), 2000, 5));
		pma_kunit_expect_sound(test, pool);
		pma_block_free_all(arena);
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
	empty_pool(pool);
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
	empty_pool(pool);
}

/* Random sizes for a few blocks; nothing of theirs is lost. */

struct live {
	u64 handle;
	u32 size;
	u32 filled;		/* bytes that are surely as filled */
	u32 tag;
};

static void random_resize(struct kunit *test, struct pma_arena *arena, struct live *live,
			  struct pma_kunit_rng *rng)
{
	u32 size = pma_kunit_size(rng, 1, arena->pool->region.bytes / 8);
	u32 flags = pma_kunit_below(rng, 3) ? 0 : PMA_ZERO, kept;
	struct pma_block old = describe(test, arena, live->handle), new;
	int err = pma_resize_block(arena, live->handle, size, 0, flags, &new);

	if (err) {
		KUNIT_ASSERT_EQ(test, err, -ENOMEM);
		KUNIT_ASSERT_GT(test, size, old.size);
		new = old;
		size = old.size;
		kept = live->filled;
	} else {
		kept = min(live->filled, bytes_kept(&old, size, flags));
		if (flags)
			KUNIT_ASSERT_TRUE(test, pma_kunit_is_zero(ptr(arena, new.handle) +
								  bytes_kept(&old, size, flags),
								  new.size -
								  bytes_kept(&old, size, flags)));
	}
	KUNIT_ASSERT_GE(test, new.size, size);
	KUNIT_ASSERT_TRUE(test, pma_kunit_is_filled(ptr(arena, new.handle), kept, live->tag));
	*live = (struct live){ new.handle, new.size, kept, live->tag };
	if (err || pma_kunit_below(rng, 2))
		return;
	live->tag = pma_kunit_random(rng);
	live->filled = new.size;
	pma_kunit_fill(ptr(arena, new.handle), new.size, live->tag);
}

static void random_resizes(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct live lives[12];
	struct pma_kunit_rng rng;
	u32 i, step;

	pma_kunit_rng_init(&rng, test, __func__);
	for (i = 0; i < ARRAY_SIZE(lives); i++) {
		lives[i] = (struct live){ pma_kunit_alloc(test, arena, 8), 8, 8, i };
		pma_kunit_fill(ptr(arena, lives[i].handle), 8, i);
	}
	for (step = 0; step < pma_kunit_ops() / 20; step++) {
		random_resize(test, arena, &lives[pma_kunit_below(&rng, ARRAY_SIZE(lives))], &rng);
		if (step % 100 == 0)
			KUNIT_ASSERT_EQ(test, pma_kunit_errors(pool), 0);
	}
	KUNIT_EXPECT_EQ(test, arena->stats.live_blocks, ARRAY_SIZE(lives));
	for (i = 0; i < ARRAY_SIZE(lives); i++)
		pma_kunit_free(test, arena, lives[i].handle);
}

static void random_adaptive_resizes(struct kunit *test)
{
	random_resizes(test);
}

/*
 * Threads of one arena that resize, free and write to the same handles, right and
 * wrong, at the same time, next to another arena.  Anything may become of their
 * blocks, but no byte of the other arena is ever seen in them, or written to.
 */

#define FOREIGN	0xbb
#define OWN	0x11

struct race {
	struct pma_pool *pool;
	struct pma_arena *arena;
	struct pma_arena *other;
	u64 handles[4];
	atomic_t seen;
	atomic_t lost;
	struct pma_kunit_rng rngs[4];
};

static void look(struct race *race, u64 handle)
{
	u8 bytes[64];

	if (!pma_place_read(race->arena, handle, bytes, sizeof(bytes)) &&
	    memchr(bytes, FOREIGN, sizeof(bytes)))
		atomic_inc(&race->seen);
}

static void meddle(struct race *race, struct pma_kunit_rng *rng)
{
	u64 *slot = &race->handles[pma_kunit_below(rng, ARRAY_SIZE(race->handles))];
	u64 handle = READ_ONCE(*slot), inside = handle + pma_kunit_below(rng, 12) * 1024;
	u8 bytes[64];
	struct pma_block block;

	memset(bytes, OWN, sizeof(bytes));
	switch (pma_kunit_below(rng, 8)) {
	case 0:
		pma_block_free(race->arena, handle);
		break;
	case 1:
		pma_block_free(race->arena, inside);
		break;
	case 2:
		pma_place_write(race->arena, inside, bytes, sizeof(bytes));
		break;
	case 3:
		look(race, inside);
		break;
	default:
		if (pma_resize_block(race->arena, handle, pma_kunit_size(rng, 64, 40000), 0, 0,
				     &block) &&
		    pma_block_alloc(race->arena, 10000, 0, 0, &block))
			break;
		WRITE_ONCE(*slot, block.handle);
		look(race, block.handle);
		look(race, block.handle + block.size - 64);
	}
}

static void mind_own_business(struct race *race, struct pma_kunit_rng *rng)
{
	struct pma_block block;

	if (pma_block_alloc(race->other, pma_kunit_size(rng, 64, 40000), 0, 0, &block))
		return;
	memset(pma_kunit_ptr(race->pool, block.handle), FOREIGN, block.size);
	cond_resched();
	if (memchr_inv(pma_kunit_ptr(race->pool, block.handle), FOREIGN, block.size) ||
	    pma_block_free(race->other, block.handle))
		atomic_inc(&race->lost);
}

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	u32 i;

	for (i = 0; i < 4 * pma_kunit_rounds(); i++) {
		if (index)
			meddle(race, &race->rngs[index]);
		else
			mind_own_business(race, &race->rngs[index]);
	}
}

static void resize_and_free_same_handles_threads(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->pool = pma_kunit_pool(test, &pma_kunit_isolating);
	race->arena = pma_kunit_arena(test, race->pool, 0);
	race->other = pma_kunit_arena(test, race->pool, 0);
	pma_kunit_rng_init(&race->rngs[0], test, __func__);
	for (i = 0; i < 4; i++) {
		race->rngs[i].state = race->rngs[0].state + i;
		race->handles[i] = pma_kunit_alloc(test, race->arena, 10000);
	}
	pma_kunit_threads(test, 4, race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->seen), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->lost), 0);
	pma_kunit_expect_sound(test, race->pool);
	empty_pool(race->pool);
}

static struct kunit_case pma_resize_cases[] = {
	KUNIT_CASE_PARAM(resize_between_every_two_kinds, configs_gen_params),
	KUNIT_CASE(resize_in_place),
	KUNIT_CASE_PARAM(resize_gives_pages_back, configs_gen_params),
	KUNIT_CASE(resize_of_nothing_allocates),
	KUNIT_CASE(resize_to_nothing_frees),
	KUNIT_CASE(resize_refuses_bad_requests),
	KUNIT_CASE_PARAM(resize_without_room, configs_gen_params),
	KUNIT_CASE(resize_of_chunk_without_room),
	KUNIT_CASE(resize_to_chunk_for_big),
	KUNIT_CASE(resize_aligns_result),
	KUNIT_CASE(resize_aligns_or_fails),
	KUNIT_CASE(resize_zeroes_what_was_not_asked_for),
	KUNIT_CASE_PARAM(resize_in_place_shows_no_foreign_bytes,
			 pma_kunit_isolating_configs_gen_params),
	KUNIT_CASE_PARAM(random_resizes, configs_gen_params),
	KUNIT_CASE_PARAM(random_adaptive_resizes, adaptive_configs_gen_params),
	KUNIT_CASE_SLOW(resize_and_free_same_handles_threads),
	{}
};

static struct kunit_suite pma_resize_suite = {
	.name = "pma_resize",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_resize_cases,
};

kunit_test_suite(pma_resize_suite);
