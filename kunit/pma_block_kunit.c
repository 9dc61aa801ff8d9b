// SPDX-License-Identifier: GPL-2.0
/*
 * pma_block_kunit.c - how an arena serves blocks, those of its slab pages among them
 */
#include "pma_adapt.h"
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"
#include "pma_place.h"

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

	n = pma_kunit_sizes(pool, sizes, ARRAY_SIZE(sizes));
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
	n = pma_kunit_sizes(pool, sizes, ARRAY_SIZE(sizes));
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

	n = pma_kunit_sizes(pool, sizes, ARRAY_SIZE(sizes));
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

	n = pma_kunit_sizes(pool, sizes, ARRAY_SIZE(sizes));
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

	n = pma_kunit_sizes(pool, sizes, ARRAY_SIZE(sizes));
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
	KUNIT_CASE(stats_count),
	{}
};

static struct kunit_suite pma_block_suite = {
	.name = "pma_block",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_block_cases,
};

kunit_test_suite(pma_block_suite);
