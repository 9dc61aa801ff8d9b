// SPDX-License-Identifier: GPL-2.0
/*
 * pma_block_kunit.c - how an arena serves blocks, those of its slab pages among them
 */
#include "pma_adapt.h"
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"
#include "pma_place.h"

#define LIVE_MAX	256
#define SLOTS		3

static u32 kind_of(struct kunit *test, struct pma_arena *arena, u64 handle)
{
	struct pma_block block = {};

	KUNIT_EXPECT_EQ(test, pma_place_query(arena, handle, false, &block), 0);
	return block.kind;
}

static bool is_zero(struct pma_arena *arena, const struct pma_block *block)
{
	return pma_kunit_is_zero(pma_kunit_ptr(arena->pool, block->handle), block->size);
}

/* Dirty every byte of the region, and leave it free. */
static void dirty(struct kunit *test, struct pma_arena *arena, u8 byte)
{
	u64 handle = pma_kunit_alloc(test, arena, arena->pool->region.bytes);

	memset(arena->pool->region.base, byte, arena->pool->region.bytes);
	pma_kunit_free(test, arena, handle);
}

/* Sizes on both sides of every boundary of a pool, smallest first. */
static u32 sizes_of(const struct pma_pool *pool, u32 *sizes, u32 nr)
{
	u32 page_size = pma_region_page_size(&pool->region), slab_max = pool->classes->slab_max;
	const u32 table[] = {
		1, 7, 8, 9, 15, 16, 17, 63, 64, 65, slab_max - 1, slab_max, slab_max + 1,
		page_size - page_size / 8 - 1, page_size - page_size / 8, page_size - 1,
		page_size, page_size + 1, 2 * page_size - page_size / 4 - 1,
		2 * page_size - page_size / 4, 2 * page_size, 3 * page_size + 5,
		7 * page_size - 7 * page_size / 8 - 1, 9 * page_size + 1,
	};
	u32 i, n = 0;

	for (i = 0; i < ARRAY_SIZE(table) && n < nr; i++)
		if (table[i] <= pool->region.bytes)
			sizes[n++] = table[i];
	return n;
}

static void expect_block(struct kunit *test, struct pma_arena *arena, u32 size,
			 const struct pma_block *block)
{
	unsigned long address = (unsigned long)pma_kunit_ptr(arena->pool, block->handle);
	struct pma_route route;

	pma_pool_route(arena->pool, size, 0, &route);
	if (arena->adapt)
		pma_adapt_route(arena, size, 0, &route);
	/* No size has earned slab pages yet, but those that are never put into a mixed run. */
	if (arena->adapt && route.kind == PMA_KIND_SLAB && size <= 2048)
		route.kind = PMA_KIND_HEAP;
	KUNIT_EXPECT_GE_MSG(test, block->size, size, "size %u", size);
	KUNIT_EXPECT_LE(test, block->handle + block->size, arena->pool->region.bytes);
	KUNIT_EXPECT_EQ_MSG(test, address & (size < 16 ? 7 : 15), 0, "size %u", size);
	KUNIT_EXPECT_EQ_MSG(test, kind_of(test, arena, block->handle), route.kind, "size %u", size);
	pma_kunit_fill(pma_kunit_ptr(arena->pool, block->handle), block->size, size);
	pma_kunit_expect_live(test, arena, 1, block->size);
	pma_kunit_expect_sound(test, arena->pool);
}

static void alloc_of_every_size(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block;
	u32 sizes[32], n, i;

	n = sizes_of(pool, sizes, ARRAY_SIZE(sizes));
	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_EQ_MSG(test, pma_block_alloc(arena, sizes[i], 0, 0, &block), 0,
				    "size %u", sizes[i]);
		expect_block(test, arena, sizes[i], &block);
		pma_kunit_free(test, arena, block.handle);
		KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	}
}

/* All at once, each with its own contents. */
static void alloc_keeps_blocks_apart(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block *blocks = kunit_kcalloc(test, 64, sizeof(*blocks), GFP_KERNEL);
	u32 sizes[32], n, i, got = 0;

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	n = sizes_of(pool, sizes, ARRAY_SIZE(sizes));
	for (i = 0; i < 2 * n; i++)
		if (!pma_block_alloc(arena, sizes[i % n], 0, PMA_ZERO, &blocks[got])) {
			KUNIT_EXPECT_TRUE(test, is_zero(arena, &blocks[got]));
			pma_kunit_fill(pma_kunit_ptr(pool, blocks[got].handle), blocks[got].size,
				       got);
			got++;
		}
	pma_kunit_expect_sound(test, pool);
	for (i = 0; i < got; i++) {
		KUNIT_EXPECT_TRUE_MSG(test,
				      pma_kunit_is_filled(pma_kunit_ptr(pool, blocks[i].handle),
							  blocks[i].size, i),
				      "block %u of %llu", i, blocks[i].size);
		pma_kunit_free(test, arena, blocks[i].handle);
	}
}

static void alloc_honours_alignment(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	size_t page_size = pma_region_page_size(&pool->region), align;
	struct pma_block first, second;
	u32 sizes[32], n, i;

	n = sizes_of(pool, sizes, ARRAY_SIZE(sizes));
	for (align = 1; align <= page_size; align *= 2) {
		for (i = 0; i < n; i++) {
			if (pma_block_alloc(arena, sizes[i], align, 0, &first))
				continue;
			KUNIT_EXPECT_EQ_MSG(test, (unsigned long)pma_kunit_ptr(pool, first.handle) &
					    (align - 1), 0, "size %u, align %zu", sizes[i], align);
			/* Not only the first of a page. */
			if (!pma_block_alloc(arena, sizes[i], align, 0, &second)) {
				KUNIT_EXPECT_EQ_MSG(test, second.handle & (align - 1), 0,
						    "size %u, align %zu", sizes[i], align);
				pma_kunit_free(test, arena, second.handle);
			}
			pma_kunit_free(test, arena, first.handle);
		}
	}
	/* Nothing but want of room is a reason to fail. */
	KUNIT_EXPECT_EQ(test, arena->stats.bad_args, 0);
}

static void alloc_whole_region(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block, other;

	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, pool->region.bytes, 0, PMA_ZERO, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, 0);
	KUNIT_EXPECT_EQ(test, block.size, pool->region.bytes);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, 1, 0, 0, &other), -ENOMEM);
	pma_kunit_free(test, arena, block.handle);
	pma_kunit_alloc(test, arena, 1);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, pool->region.bytes, 0, 0, &block), -ENOMEM);
	pma_block_free_all(arena);
}

static void alloc_refuses_bad_requests(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	size_t page_size = pma_region_page_size(&pool->region), bytes = pool->region.bytes;
	const struct {
		size_t size;
		size_t align;
		u32 flags;
		int err;
	} table[] = {
		{ 0, 0, 0, -EINVAL },			{ 0, 0, PMA_ZERO, -EINVAL },
		{ 8, 3, 0, -EINVAL },			{ 8, 2 * page_size, 0, -EINVAL },
		{ 8, SIZE_MAX, 0, -EINVAL },		{ 8, 0, PMA_ZERO << 1, -EINVAL },
		{ 8, 0, ~0U, -EINVAL },			{ bytes + 1, 0, 0, -ENOMEM },
		{ SIZE_MAX, 0, 0, -ENOMEM },		{ SIZE_MAX, 0, PMA_ZERO, -ENOMEM },
		{ SIZE_MAX - 7, 8, 0, -ENOMEM },	{ SIZE_MAX, 3, 0, -EINVAL },
		{ bytes + 1, page_size, 0, -ENOMEM },
	};
	struct pma_kunit_before before;
	struct pma_block block;
	u64 handle = 0;
	u32 i;

	pma_kunit_alloc(test, arena, 24);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		pma_kunit_watch(&before, arena);
		KUNIT_EXPECT_EQ_MSG(test, pma_block_alloc(arena, table[i].size, table[i].align,
							  table[i].flags, &block),
				    table[i].err, "row %u", i);
		pma_kunit_expect_refused(test, &before, arena, table[i].err, "alloc");
		if (table[i].align)
			continue;
		pma_kunit_watch(&before, arena);
		KUNIT_EXPECT_EQ(test, pma_block_alloc_batch(arena, table[i].size, table[i].flags, 1,
							    &handle), 0);
		pma_kunit_expect_refused(test, &before, arena, table[i].err, "batch");
	}
	pma_block_free_all(arena);
}

static void alloc_zeroes_all_of_the_block(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block;
	u32 sizes[32], n, i;

	n = sizes_of(pool, sizes, ARRAY_SIZE(sizes));
	for (i = 0; i < n; i++) {
		dirty(test, arena, 0xdd);
		KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, sizes[i], 0, PMA_ZERO, &block), 0);
		KUNIT_EXPECT_TRUE_MSG(test, is_zero(arena, &block), "size %u", sizes[i]);
		/* And nothing else. */
		KUNIT_EXPECT_TRUE_MSG(test, !memchr_inv(pool->region.base, 0xdd, block.handle),
				      "size %u", sizes[i]);
		KUNIT_EXPECT_TRUE_MSG(test,
				      !memchr_inv(pma_kunit_ptr(pool, block.handle + block.size),
						  0xdd, pool->region.bytes - block.handle -
						  block.size), "size %u", sizes[i]);
		pma_kunit_free(test, arena, block.handle);
	}
}

/* Until there is nothing left: the right error, no change, and a way back. */
static void exhaust(struct kunit *test, struct pma_arena *arena, u32 size)
{
	struct pma_block block, last = { .handle = PMA_HANDLE_NONE };
	struct pma_kunit_before before;
	struct pma_route route;
	u32 n;

	pma_pool_route(arena->pool, size, 0, &route);
	for (n = 0; !pma_block_alloc(arena, size, 0, 0, &block); n++)
		last = block;
	KUNIT_EXPECT_LT_MSG(test, pma_kunit_largest_run(arena->pool),
			    route.kind == PMA_KIND_SLAB ? 1 : pma_kunit_fit_bound(route.nr_pages),
			    "size %u", size);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 1);
	KUNIT_EXPECT_EQ(test, arena->stats.allocs, n);
	pma_kunit_watch(&before, arena);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, size, 0, 0, &block), -ENOMEM);
	pma_kunit_expect_refused(test, &before, arena, -ENOMEM, "alloc");
	pma_kunit_expect_sound(test, arena->pool);
	/* One back, one again. */
	pma_kunit_free(test, arena, last.handle);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, size, 0, 0, &block), 0);
}

static void alloc_exhausts_pool(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 sizes[32], n, i;

	n = sizes_of(pool, sizes, ARRAY_SIZE(sizes));
	for (i = 0; i < n; i++) {
		/* The smallest ones only where there aren't so many of them. */
		if (pool->region.bytes / sizes[i] > 2000)
			continue;
		exhaust(test, arena, sizes[i]);
		pma_block_free_all(arena);
	}
}

/* A chunk whose roomy segment can't be had gets one of just its pages. */
static void alloc_takes_tight_segment(struct kunit *test)
{
	struct pma_kunit_config config = { "tight", 512, 4096, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 handle;

	/* The roomy one first. */
	handle = pma_kunit_alloc(test, arena, 5000);
	KUNIT_EXPECT_EQ(test, arena->stats.heap_pages, PMA_HEAP_PAGES_MAX);
	pma_kunit_free(test, arena, handle);
	pma_kunit_alloc(test, arena, 510 * 4096);
	handle = pma_kunit_alloc(test, arena, 5000);
	KUNIT_EXPECT_EQ(test, arena->stats.heap_pages, 2);
	KUNIT_EXPECT_EQ(test, kind_of(test, arena, handle), PMA_KIND_HEAP);
	pma_block_free_all(arena);
}

/* Without a page for its class, a request gets a roomier block, aligned as it asked. */
static void alloc_takes_roomier_class(struct kunit *test)
{
	struct pma_kunit_config config = { "roomier", 4, 4096, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block;

	pma_kunit_alloc(test, arena, 1024);
	pma_kunit_alloc(test, arena, 3 * 4096);
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, 100, 0, PMA_ZERO, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, 1024);
	KUNIT_EXPECT_EQ(test, block.size, 1024);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(pma_region_ptr(&pool->region, 1024), 1024));
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, 16, 512, 0, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, 2048);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, 16, 2048, 0, &block), -ENOMEM);
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, 8, 0, 0, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, 3072);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, 8, 0, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 2);
	KUNIT_EXPECT_EQ(test, pma_kunit_errors(pool), 0);
	pma_block_free_all(arena);
}

static void alloc_takes_chunk_for_small(struct kunit *test)
{
	struct pma_kunit_config config = { "chunk", 8, 4096, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 segment_pages;
	u64 handle;

	pma_kunit_alloc(test, arena, 5000);
	segment_pages = arena->stats.heap_pages;
	pma_kunit_alloc(test, arena, (8 - segment_pages) * 4096);
	handle = pma_kunit_alloc(test, arena, 10);
	KUNIT_EXPECT_EQ(test, kind_of(test, arena, handle), PMA_KIND_HEAP);
	KUNIT_EXPECT_EQ(test, arena->stats.heap_pages, segment_pages);
	pma_block_free_all(arena);
}

/* A chunk is aligned to its granule, which is 256 bytes in pages of 64 KiB. */
static void alloc_takes_chunk_for_aligned(struct kunit *test)
{
	struct pma_kunit_config config = { "granule", 8, 65536, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block;

	pma_kunit_alloc(test, arena, 80000);
	pma_kunit_alloc(test, arena, (8 - arena->stats.heap_pages) * 65536);
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, 10, 256, 0, &block), 0);
	KUNIT_EXPECT_EQ(test, kind_of(test, arena, block.handle), PMA_KIND_HEAP);
	KUNIT_EXPECT_EQ(test, block.handle % 256, 0);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, 10, 512, 0, &block), -ENOMEM);
	pma_block_free_all(arena);
}

/* Where no run is left a chunk will do, but not for whom it would be too short a promise. */
static void alloc_takes_chunk_for_big(struct kunit *test)
{
	struct pma_kunit_config config = { "chunks", 512, 4096, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *process = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct pma_block block;
	u64 handle;

	pma_kunit_alloc(test, arena, 2100);
	pma_kunit_alloc(test, process, 2100);
	pma_kunit_alloc(test, arena, (u64)pma_pool_free_pages(pool, NULL) * 4096);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(process, 4096, 0, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, 9 * 4096, 0, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, 4096, 32, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 2);
	handle = pma_kunit_alloc(test, arena, 4096);
	KUNIT_EXPECT_EQ(test, kind_of(test, arena, handle), PMA_KIND_HEAP);
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, 8 * 4096, 16, PMA_ZERO, &block), 0);
	KUNIT_EXPECT_EQ(test, kind_of(test, arena, block.handle), PMA_KIND_HEAP);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(pma_kunit_ptr(pool, block.handle), 8 * 4096));
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 2);
	pma_kunit_expect_sound(test, pool);
	pma_block_free_all(arena);
	pma_block_free_all(process);
}

/* Batches. */

static const struct {
	u32 size;
	u32 nr;
	u32 flags;
} batches[] = {
	{ 8, 1, 0 }, { 8, 64, PMA_ZERO }, { 8, 65, 0 }, { 8, 1500, PMA_ZERO }, { 100, 37, 0 },
	{ 2048, 3, PMA_ZERO }, { 3000, 5, PMA_ZERO }, { 4096, 4, 0 }, { 20000, 2, PMA_ZERO },
};

static void batch(struct kunit *test, struct pma_arena *arena, u32 row, u64 *handles)
{
	u32 size = batches[row].size, nr = batches[row].nr, i;

	KUNIT_ASSERT_EQ(test, pma_block_alloc_batch(arena, size, batches[row].flags, nr, handles),
			nr);
	KUNIT_EXPECT_EQ(test, arena->stats.live_blocks, nr);
	pma_kunit_expect_sound(test, arena->pool);
	for (i = 0; i < nr; i++) {
		void *block = pma_kunit_ptr(arena->pool, handles[i]);

		if (batches[row].flags & PMA_ZERO)
			KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(block, size));
		pma_kunit_fill(block, size, i);
	}
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(arena->pool, handles[i]),
							    size, i));
		pma_kunit_free(test, arena, handles[i]);
	}
}

static void batch_gives_as_many(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 *handles = kunit_kcalloc(test, 1500, sizeof(*handles), GFP_KERNEL);
	u32 row;

	KUNIT_ASSERT_NOT_NULL(test, handles);
	dirty(test, arena, 0xdd);
	for (row = 0; row < ARRAY_SIZE(batches); row++)
		batch(test, arena, row, handles);
}

/* None: not even a page for them. */
static void batch_of_none_changes_nothing(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	static const u32 sizes[] = { 64, 3000, 4096 };
	u64 handle;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_EQ(test, pma_block_alloc_batch(arena, sizes[i], 0, 0, &handle), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 0);
}

static void batch_ends_with_the_pool(struct kunit *test)
{
	static const struct pma_kunit_config config = { "two", 2, 4096, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 handles[40];

	KUNIT_EXPECT_EQ(test, pma_block_alloc_batch(arena, 256, 0, 40, handles), 32);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 1);
	pma_kunit_expect_live(test, arena, 32, 32 * 256);
	KUNIT_EXPECT_EQ(test, pma_block_alloc_batch(arena, 256, 0, 40, handles), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 2);
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_block_alloc_batch(arena, 4096, 0, 40, handles), 2);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 1);
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_block_alloc_batch(arena, 3000, 0, 40, handles), 2);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 1);
	pma_block_free_all(arena);
}

/* Freeing. */

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
	n = sizes_of(pool, sizes, ARRAY_SIZE(sizes));
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

static void stats_count(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 slab = pma_kunit_alloc(test, arena, 100);
	u64 heap = pma_kunit_alloc(test, arena, 3000);
	u64 big = pma_kunit_alloc(test, arena, 8000);
	struct pma_stats stats;

	pma_arena_get_stats(arena, &stats);
	KUNIT_EXPECT_EQ(test, stats.allocs, 3);
	KUNIT_EXPECT_EQ(test, stats.frees, 0);
	KUNIT_EXPECT_EQ(test, stats.live_blocks, 3);
	KUNIT_EXPECT_EQ(test, stats.live_bytes, 112 + 3008 + 8192);
	KUNIT_EXPECT_EQ(test, stats.peak_bytes, stats.live_bytes);
	KUNIT_EXPECT_EQ(test, stats.slab_pages, 1);
	KUNIT_EXPECT_EQ(test, stats.heap_pages, 2);
	KUNIT_EXPECT_EQ(test, stats.big_pages, 2);
	KUNIT_EXPECT_EQ(test, stats.arena_pages, 5);
	KUNIT_EXPECT_EQ(test, stats.peak_pages, 5);
	KUNIT_EXPECT_EQ(test, stats.pool_pages, 64);
	KUNIT_EXPECT_EQ(test, stats.pool_free_pages, 59);
	KUNIT_EXPECT_EQ(test, stats.pool_largest_run, 59);
	KUNIT_EXPECT_EQ(test, stats.pool_arenas, 1);
	pma_kunit_free(test, arena, heap);
	pma_kunit_free(test, arena, big);
	pma_kunit_free(test, arena, slab);
	pma_arena_get_stats(arena, &stats);
	KUNIT_EXPECT_EQ(test, stats.frees, 3);
	KUNIT_EXPECT_EQ(test, stats.peak_bytes, 112 + 3008 + 8192);
	KUNIT_EXPECT_EQ(test, stats.peak_pages, 5);
}

/* Isolation. */

/* With every kind of block, what an arena gets that another has left. */
static void expect_clean(struct kunit *test, struct pma_arena *arena)
{
	struct pma_block block;
	u32 sizes[32], n, i;

	n = sizes_of(arena->pool, sizes, ARRAY_SIZE(sizes));
	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, sizes[i], 0, 0, &block), 0);
		KUNIT_EXPECT_TRUE_MSG(test, is_zero(arena, &block), "size %u", sizes[i]);
		pma_kunit_free(test, arena, block.handle);
	}
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, arena->pool->region.bytes, 0, 0, &block), 0);
	KUNIT_EXPECT_TRUE(test, is_zero(arena, &block));
	pma_kunit_free(test, arena, block.handle);
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

/*
 * Random operations of several arenas against a model: live blocks, each painted
 * with a byte that tells its arena and itself, and a map of who has what.
 */

struct live {
	u64 handle;
	u32 size;
	u32 requested;
	u32 slot;
	u8 paint;
};

struct model {
	struct kunit *test;
	struct pma_pool *pool;
	struct pma_arena *arenas[SLOTS];
	struct pma_stats want[SLOTS];
	struct pma_kunit_map map;	/* of the least block's bytes */
	struct pma_kunit_rng rng;
	struct live live[LIVE_MAX];
	u32 nr_live;
	u32 most;
};

static void *live_ptr(const struct model *m, const struct live *live)
{
	return pma_kunit_ptr(m->pool, live->handle);
}

/* Upper half: the arena's, as long as it lives; lower half: the block's. */
static u8 paint_of(struct model *m, u32 slot)
{
	return (1 + (u32)m->arenas[slot]->uid % 15) << 4 | pma_kunit_below(&m->rng, 16);
}

static void paint(struct model *m, struct live *live)
{
	live->paint = paint_of(m, live->slot);
	memset(live_ptr(m, live), live->paint, live->size);
}

static bool is_painted(const struct model *m, const struct live *live, u32 bytes)
{
	return !memchr_inv(live_ptr(m, live), live->paint, bytes);
}

/* No byte that another arena has painted: looked for here and there. */
static bool is_isolated(struct model *m, const struct live *live)
{
	const u8 *bytes = live_ptr(m, live);
	u8 own = 1 + (u32)m->arenas[live->slot]->uid % 15;
	u32 i, at;

	for (i = 0; i < 32; i++) {
		at = pma_kunit_below(&m->rng, live->size);
		if (bytes[at] && bytes[at] >> 4 != own)
			return false;
	}
	return true;
}

static void count_live(struct model *m, u32 slot, int blocks, s64 bytes)
{
	m->want[slot].live_blocks += blocks;
	m->want[slot].live_bytes += bytes;
}

/* Is there really no room for it? */
static void expect_no_room(struct model *m, u32 size, u32 align)
{
	struct pma_route route;

	KUNIT_ASSERT_EQ(m->test, pma_pool_route(m->pool, size, align, &route), 0);
	KUNIT_ASSERT_LT(m->test, pma_kunit_largest_run(m->pool),
			route.kind == PMA_KIND_SLAB ? 1 : pma_kunit_fit_bound(route.nr_pages));
}

static void model_alloc(struct model *m)
{
	u32 slot = pma_kunit_below(&m->rng, SLOTS), size = pma_kunit_size(&m->rng, 1, m->most);
	u32 align = pma_kunit_below(&m->rng, 8) ? 0 : BIT(pma_kunit_below(&m->rng, 13));
	u32 flags = pma_kunit_below(&m->rng, 4) ? 0 : PMA_ZERO;
	struct live *live = &m->live[m->nr_live];
	struct pma_block block;

	align = min_t(u32, align, pma_region_page_size(&m->pool->region));
	if (pma_block_alloc(m->arenas[slot], size, align, flags, &block)) {
		expect_no_room(m, size, align);
		return;
	}
	*live = (struct live){ block.handle, block.size, size, slot, 0 };
	KUNIT_ASSERT_GE(m->test, block.size, size);
	KUNIT_ASSERT_EQ(m->test, block.handle & (max_t(u64, align, 8) - 1), 0);
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_take(&m->map, block.handle / 8, block.size / 8));
	if (flags & PMA_ZERO)
		KUNIT_ASSERT_TRUE(m->test, is_painted(m, live, block.size));
	else if (pma_pool_isolates(m->pool))
		KUNIT_ASSERT_TRUE(m->test, is_isolated(m, live));
	paint(m, live);
	count_live(m, slot, 1, block.size);
	m->nr_live++;
}

static void forget(struct model *m, u32 i)
{
	struct live live = m->live[i];

	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_give(&m->map, live.handle / 8, live.size / 8));
	count_live(m, live.slot, -1, -(s64)live.size);
	m->live[i] = m->live[--m->nr_live];
}

static void model_free(struct model *m, u32 i)
{
	struct live *live = &m->live[i];

	KUNIT_ASSERT_TRUE(m->test, is_painted(m, live, live->size));
	KUNIT_ASSERT_EQ(m->test, pma_block_free(m->arenas[live->slot], live->handle), 0);
	forget(m, i);
}

static struct live *find_live(struct model *m, u64 handle)
{
	u32 i;

	for (i = 0; i < m->nr_live; i++)
		if (handle - m->live[i].handle < m->live[i].size)
			return &m->live[i];
	return NULL;
}

/* What a handle is to an arena, by the model. */
static int judge(struct model *m, u32 slot, u64 handle)
{
	struct live *live = find_live(m, handle);
	struct pma_page_id id;

	if (handle >= m->pool->region.bytes)
		return -ERANGE;
	if (live)
		return live->slot != slot ? -EACCES : live->handle == handle ? 0 : -EBADSLT;
	id = pma_page_id(&m->pool->pages.desc[pma_region_pgno(&m->pool->region, handle)]);
	return id.owner && id.owner != m->arenas[slot]->id ? -EACCES : -EALREADY;
}

static void model_bad_free(struct model *m)
{
	u32 slot = pma_kunit_below(&m->rng, SLOTS);
	u64 handle = pma_kunit_below(&m->rng, m->pool->region.bytes + 64);
	int err;

	if (m->nr_live && pma_kunit_below(&m->rng, 2)) {
		handle = m->live[pma_kunit_below(&m->rng, m->nr_live)].handle;
		handle += pma_kunit_below(&m->rng, 2) * 8;
	}
	err = judge(m, slot, handle);
	if (err)
		KUNIT_ASSERT_EQ_MSG(m->test, pma_block_free(m->arenas[slot], handle), err,
				    "handle 0x%llx", handle);
}

static void model_query(struct model *m)
{
	struct live *live = &m->live[pma_kunit_below(&m->rng, m->nr_live)];
	u64 handle = live->handle + pma_kunit_below(&m->rng, live->size);
	struct pma_block block;

	KUNIT_ASSERT_EQ(m->test,
			pma_place_query(m->arenas[live->slot], handle, true, &block), 0);
	KUNIT_ASSERT_EQ(m->test, block.handle, live->handle);
	KUNIT_ASSERT_EQ(m->test, block.size, live->size);
	if (block.flags & PMA_BLOCK_REQUESTED)
		KUNIT_ASSERT_EQ(m->test, block.requested, live->requested);
}

/* All blocks of an arena at once, and maybe the arena itself. */
static void model_free_all(struct model *m, bool anew)
{
	u32 slot = pma_kunit_below(&m->rng, SLOTS), i;

	if (anew) {
		pma_arena_delete(m->arenas[slot]);
		m->arenas[slot] = pma_kunit_arena(m->test, m->pool, slot ? PMA_ARENA_USER : 0);
	} else {
		pma_block_free_all(m->arenas[slot]);
	}
	for (i = m->nr_live; i--;)
		if (m->live[i].slot == slot)
			forget(m, i);
}

static void model_check(struct model *m)
{
	struct pma_stats stats;
	u32 slot;

	KUNIT_ASSERT_EQ(m->test, pma_kunit_errors(m->pool), 0);
	for (slot = 0; slot < SLOTS; slot++) {
		pma_arena_get_stats(m->arenas[slot], &stats);
		KUNIT_ASSERT_EQ(m->test, stats.live_blocks, m->want[slot].live_blocks);
		KUNIT_ASSERT_EQ(m->test, stats.live_bytes, m->want[slot].live_bytes);
		KUNIT_ASSERT_EQ(m->test, stats.allocs - stats.frees, stats.live_blocks);
	}
}

static void model_step(struct model *m, u32 step)
{
	u32 dice = pma_kunit_below(&m->rng, 1000);

	if (!m->nr_live || (dice < (step & 1024 ? 500 : 350) && m->nr_live < LIVE_MAX))
		model_alloc(m);
	else if (dice < 850)
		model_free(m, pma_kunit_below(&m->rng, m->nr_live));
	else if (dice < 920)
		model_bad_free(m);
	else if (dice < 998)
		model_query(m);
	else
		model_free_all(m, dice == 999);
}

/* The most operations on the first of the pools. */
static void random_arenas(struct kunit *test)
{
	u32 ops = pma_kunit_ops() / (test->param_value == pma_kunit_configs ? 1 : 40), step;
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->pool = pma_kunit_pool(test, test->param_value);
	m->most = max_t(u32, m->pool->region.bytes / 6, 1);
	for (step = 0; step < SLOTS; step++)
		m->arenas[step] = pma_kunit_arena(test, m->pool, step ? PMA_ARENA_USER : 0);
	pma_kunit_map_init(test, &m->map, m->pool->region.bytes / 8);
	pma_kunit_rng_init(&m->rng, test, __func__);
	for (step = 0; step < ops; step++) {
		model_step(m, step);
		if (step % 100 == 0)
			model_check(m);
	}
	while (m->nr_live)
		model_free(m, m->nr_live - 1);
	for (step = 0; step < SLOTS; step++)
		KUNIT_EXPECT_EQ(test, m->arenas[step]->stats.arena_pages, 0);
}

/* Threads. */

#define THREADS	4

struct race {
	struct pma_pool *pool;
	struct pma_arena *arenas[THREADS];
	atomic_t errors;
	atomic_t running;
	bool resets;
	struct pma_kunit_rng rngs[THREADS];
};

static void race_round(struct race *race, struct pma_arena *arena, u32 index)
{
	struct pma_kunit_rng *rng = &race->rngs[index];
	struct pma_block blocks[12];
	u32 i, n = 0, size;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		size = pma_kunit_size(rng, 1, 12000);
		if (pma_block_alloc(arena, size, 0, i & 1 ? PMA_ZERO : 0, &blocks[n]))
			continue;
		if (!race->resets && (i & 1) &&
		    !pma_kunit_is_zero(pma_kunit_ptr(race->pool, blocks[n].handle), size))
			atomic_inc(&race->errors);
		if (!race->resets)
			pma_kunit_fill(pma_kunit_ptr(race->pool, blocks[n].handle),
				       blocks[n].size, index * 64 + n);
		n++;
	}
	while (n--) {
		void *bytes = pma_kunit_ptr(race->pool, blocks[n].handle);

		if (race->resets)
			pma_block_free(arena, blocks[n].handle);
		else if (!pma_kunit_is_filled(bytes, blocks[n].size, index * 64 + n) ||
			 pma_block_free(arena, blocks[n].handle))
			atomic_inc(&race->errors);
	}
}

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	u32 i;

	if (race->resets && !index) {
		while (atomic_read(&race->running)) {
			pma_block_free_all(race->arenas[0]);
			cond_resched();
		}
		return;
	}
	for (i = 0; i < pma_kunit_rounds(); i++)
		race_round(race, race->arenas[index], index);
	atomic_dec(&race->running);
}

static void run_race(struct kunit *test, bool one_arena, bool resets)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->pool = pma_kunit_pool(test, &pma_kunit_isolating);
	race->resets = resets;
	for (i = 0; i < THREADS; i++)
		race->arenas[i] = i && one_arena ? race->arenas[0] :
						   pma_kunit_arena(test, race->pool, 0);
	pma_kunit_rng_init(&race->rngs[0], test, one_arena ? "one" : "many");
	for (i = 1; i < THREADS; i++)
		race->rngs[i].state = race->rngs[0].state + i;
	atomic_set(&race->running, THREADS - 1);
	pma_kunit_threads(test, THREADS, race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->errors), 0);
	if (resets)
		pma_block_free_all(race->arenas[0]);
}

static void alloc_of_one_arena_threads(struct kunit *test)
{
	run_race(test, true, false);
}

static void alloc_of_many_arenas_threads(struct kunit *test)
{
	run_race(test, false, false);
}

/* A thread's blocks may be gone when it frees them, and another's in their place. */
static void free_all_during_alloc_threads(struct kunit *test)
{
	run_race(test, true, true);
}

static struct kunit_case pma_block_cases[] = {
	KUNIT_CASE_PARAM(alloc_of_every_size, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(alloc_keeps_blocks_apart, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(alloc_honours_alignment, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(alloc_whole_region, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(alloc_refuses_bad_requests, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(alloc_zeroes_all_of_the_block, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(alloc_exhausts_pool, pma_kunit_configs_gen_params),
	KUNIT_CASE(alloc_takes_tight_segment),
	KUNIT_CASE(alloc_takes_roomier_class),
	KUNIT_CASE(alloc_takes_chunk_for_small),
	KUNIT_CASE(alloc_takes_chunk_for_aligned),
	KUNIT_CASE(alloc_takes_chunk_for_big),
	KUNIT_CASE(batch_gives_as_many),
	KUNIT_CASE(batch_of_none_changes_nothing),
	KUNIT_CASE(batch_ends_with_the_pool),
	KUNIT_CASE(free_of_nothing),
	KUNIT_CASE(free_moves_slab_pages),
	KUNIT_CASE(free_of_only_block),
	KUNIT_CASE(free_gives_segments_back),
	KUNIT_CASE_PARAM(free_coalesces_big_blocks, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(free_all_frees_everything, pma_kunit_configs_gen_params),
	KUNIT_CASE(free_all_of_many_runs),
	KUNIT_CASE(stats_count),
	KUNIT_CASE_PARAM(isolation_hides_bytes_from_others,
			 pma_kunit_isolating_configs_gen_params),
	KUNIT_CASE(isolation_outlives_the_arena),
	KUNIT_CASE(isolation_outlives_many_arenas),
	KUNIT_CASE(isolation_leaves_own_bytes),
	KUNIT_CASE_PARAM(random_arenas, pma_kunit_configs_gen_params),
	KUNIT_CASE_SLOW(alloc_of_one_arena_threads),
	KUNIT_CASE_SLOW(alloc_of_many_arenas_threads),
	KUNIT_CASE_SLOW(free_all_during_alloc_threads),
	{}
};

static struct kunit_suite pma_block_suite = {
	.name = "pma_block",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_block_cases,
};

kunit_test_suite(pma_block_suite);
