// SPDX-License-Identifier: GPL-2.0
/*
 * pma_adapt_kunit.c - slab pages only for sizes that are asked for a lot
 */
#include "pma_drain.h"
#include "pma_kunit_adapt.h"
#include "pma_resize.h"

/* How often @size is served by a mixed run before it has slab pages; @most if it never has. */
static u32 asked_before_slab(struct kunit *test, struct pma_arena *arena, size_t size, u32 most)
{
	u32 nr, kind;

	for (nr = 0; nr < most; nr++) {
		void *block = pma_alloc(arena, size);

		KUNIT_ASSERT_NOT_NULL(test, block);
		kind = pma_kunit_kind_of(arena, block);
		KUNIT_ASSERT_EQ(test, pma_free(arena, block), 0);
		if (kind == PMA_KIND_SLAB)
			break;
		KUNIT_ASSERT_EQ(test, kind, PMA_KIND_HEAP);
	}
	return nr;
}

/* 32 pages of it; rounded up to 16 bytes, sizes count together. */
static void asked_sizes_earn_slab_pages(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);

	KUNIT_EXPECT_EQ(test, asked_before_slab(test, arena, 64, 3000), 2047);
	KUNIT_EXPECT_EQ(test, asked_before_slab(test, arena, 64, 1), 0);
	KUNIT_EXPECT_EQ(test, asked_before_slab(test, arena, 500, 100), 100);
	KUNIT_EXPECT_EQ(test, asked_before_slab(test, arena, 512, 200), 155);
	KUNIT_EXPECT_EQ(test, asked_before_slab(test, arena, 2048, 100), 63);
	KUNIT_EXPECT_EQ(test, asked_before_slab(test, arena, 1, 9000), 8191);
}

/* Pages full of these would leave more than a 16th. */
static void unsuitable_sizes_earn_none(struct kunit *test)
{
	static const u16 sizes[] = { 1032, 1400, 1900, 272, 528 };
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_EQ_MSG(test, asked_before_slab(test, arena, sizes[i], 1000), 1000,
				    "size %u", sizes[i]);
}

static void batches_earn_too(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	void *blocks[64];
	u32 i;

	for (i = 0; i < 32; i++) {
		KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 64, 0, 64, blocks), 64);
		KUNIT_EXPECT_EQ(test, pma_kunit_kind_of(arena, blocks[63]), PMA_KIND_SLAB);
		KUNIT_ASSERT_EQ(test, pma_free_batch(arena, 64, blocks), 0);
	}
	KUNIT_EXPECT_EQ(test, asked_before_slab(test, arena, 64, 1), 0);
}

/* libpma counts on a size being a class. */
static void processes_have_classes(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_adaptive_small);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	u64 handle = pma_kunit_alloc(test, arena, 1032);

	KUNIT_EXPECT_NULL(test, arena->adapt);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 1);
	pma_kunit_free(test, arena, handle);
}

/* Bytes, and what serves them in a region of 4096 pages and in one of 256. */
static void whole_pages_are_for_what_fills_them(struct kunit *test)
{
	static const struct {
		u32 size;
		u32 in_large;
		u32 in_small;
	} table[] = {
		{ 3000, PMA_KIND_HEAP, PMA_KIND_HEAP },
		{ 4096 - 16, PMA_KIND_HEAP, PMA_KIND_BIG },
		{ 4096 - 15, PMA_KIND_BIG, PMA_KIND_BIG },
		{ 4096, PMA_KIND_BIG, PMA_KIND_BIG },
		{ 5000, PMA_KIND_HEAP, PMA_KIND_HEAP },
		{ 8 * 4096 - 16, PMA_KIND_HEAP, PMA_KIND_BIG },
		{ 8 * 4096, PMA_KIND_BIG, PMA_KIND_BIG },
		{ 8 * 4096 + 1, PMA_KIND_BIG, PMA_KIND_BIG },
	};
	struct pma_arena *in_large = pma_kunit_adaptive(test, &pma_kunit_adaptive_large);
	struct pma_arena *in_small = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		void *a = pma_alloc(in_large, table[i].size);
		void *b = pma_alloc(in_small, table[i].size);

		KUNIT_EXPECT_EQ_MSG(test, pma_kunit_kind_of(in_large, a), table[i].in_large,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pma_kunit_kind_of(in_small, b), table[i].in_small,
				    "row %u", i);
		KUNIT_EXPECT_EQ(test, pma_free(in_large, a), 0);
		KUNIT_EXPECT_EQ(test, pma_free(in_small, b), 0);
	}
}

/* Nothing fails while there is room anywhere: in a slab page, a mixed run or the heap. */
static void what_is_left_serves(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	void *blocks[2], *block;

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 1024, 0, 2, blocks), 2);
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 255 * 4096));
	KUNIT_ASSERT_EQ(test, pma_block_free(arena, pma_kunit_handle_of(arena, blocks[0])), 0);
	block = pma_alloc(arena, 100);
	KUNIT_EXPECT_EQ(test, pma_kunit_kind_of(arena, block), PMA_KIND_SLAB);
	KUNIT_EXPECT_EQ(test, pma_usable_size(arena, block), 1024);
	pma_block_free_all(arena);

	block = pma_alloc(arena, 100);
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 255 * 4096));
	/* A batch is of slab blocks; one alone may be of the run with the first block. */
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, 512, 0, 1, blocks), 0);
	block = pma_alloc(arena, 512);
	KUNIT_EXPECT_EQ(test, pma_kunit_kind_of(arena, block), PMA_KIND_HEAP);
	pma_block_free_all(arena);
}

/* To its end, however much longer it is than what was asked for. */
static void what_is_left_is_zeroed(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	void *blocks[2], *block;

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 1024, 0, 2, blocks), 2);
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 255 * 4096));
	pma_kunit_fill(blocks[0], 1024, 1);
	KUNIT_ASSERT_EQ(test, pma_block_free(arena, pma_kunit_handle_of(arena, blocks[0])), 0);
	block = pma_zalloc(arena, 100);
	KUNIT_EXPECT_PTR_EQ(test, block, blocks[0]);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(block, 1024));
	pma_block_free_all(arena);
}

/* Tried by the short way first, or not. */
static void what_fails_is_not_asked_more_often(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	const u32 *asked = &arena->adapt->asked[99 / PMA_BLOCK_MIN];
	struct pma_block block;
	u32 by_any_way;

	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 256 * 4096));
	KUNIT_EXPECT_EQ(test, pma_block_alloc(arena, 100, 0, 0, &block), -ENOMEM);
	by_any_way = *asked;
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, 100));
	KUNIT_EXPECT_EQ(test, *asked, 2 * by_any_way);
	KUNIT_EXPECT_NULL(test, pma_zalloc(arena, 100));
	KUNIT_EXPECT_EQ(test, *asked, 3 * by_any_way);
	pma_block_free_all(arena);
}

/* Where a size has earned pages, but there is none, a mixed run does as well. */
static void earned_sizes_may_be_mixed(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	void *block;

	KUNIT_EXPECT_EQ(test, asked_before_slab(test, arena, 64, 3000), 2047);
	/* The run shall not lie beside the page, which is there as long as the magazine is. */
	pma_drain_begin(arena);
	pma_drain_end(arena);
	block = pma_alloc(arena, 100);
	KUNIT_EXPECT_EQ(test, pma_kunit_kind_of(arena, block), PMA_KIND_HEAP);
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 255 * 4096));
	block = pma_alloc(arena, 64);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, pma_kunit_kind_of(arena, block), PMA_KIND_HEAP);
	KUNIT_EXPECT_EQ(test, pma_usable_size(arena, block), 64);
	pma_block_free_all(arena);
}

/* Slab pages that are there for another reason serve a size that has not earned them. */
static void slab_pages_that_are_there_serve(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_adaptive_small);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_block block;
	u64 handle;

	KUNIT_ASSERT_EQ(test, pma_block_alloc_batch(arena, 64, 0, 1, &handle), 1);
	KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, 64, 0, 0, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, handle + 64);
	pma_block_free_all(arena);
}

static void alignments_are_honoured(struct kunit *test)
{
	static const u16 sizes[] = { 30, 1000, 3000, 4000, 5000, 20000 };
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_large);
	u32 i, align;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (align = 1; align <= 4096; align *= 2) {
			void *block = pma_alloc_aligned(arena, sizes[i], align, 0);

			KUNIT_ASSERT_NOT_NULL(test, block);
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((uintptr_t)block, align),
					      "size %u, align %u", sizes[i], align);
		}
	pma_block_free_all(arena);
}

static void requested_sizes_are_recorded(struct kunit *test)
{
	static const struct pma_kunit_config config = {
		"track", 64, 4096, 0, PMA_POOL_ADAPTIVE | PMA_POOL_TRACK
	};
	struct pma_arena *arena = pma_kunit_arena(test, pma_kunit_pool(test, &config), 0);
	static const u16 sizes[] = { 1, 17, 100, 1032, 2049, 5000 };
	struct pma_block block, found;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_ASSERT_EQ(test, pma_block_alloc(arena, sizes[i], 0, 0, &block), 0);
		KUNIT_ASSERT_EQ(test, pma_place_query(arena, block.handle, false, &found), 0);
		KUNIT_EXPECT_EQ(test, found.requested, sizes[i]);
		KUNIT_EXPECT_EQ(test, pma_resize_block(arena, block.handle, sizes[i] + 1, 0, 0,
						       &block), 0);
		KUNIT_ASSERT_EQ(test, pma_place_query(arena, block.handle, false, &found), 0);
		KUNIT_EXPECT_EQ(test, found.requested, sizes[i] + 1);
	}
	pma_block_free_all(arena);
}

/* Threads that free what others have allocated, while sizes earn their pages. */
struct churn {
	struct pma_arena *arena;
	void *slots[64];
	u64 seed;
	u32 ops;
	atomic_t wrong;
};

static void churn(void *context, u32 index)
{
	struct churn *shared = context;
	struct pma_kunit_rng rng = { .state = shared->seed + index };
	u32 i;

	for (i = 0; i < shared->ops; i++) {
		u32 slot = pma_kunit_below(&rng, ARRAY_SIZE(shared->slots));
		u32 size = 16 << pma_kunit_below(&rng, 9);
		void *block = pma_kunit_make_block(shared->arena, size - pma_kunit_below(&rng, 8),
						   index + 1);

		block = xchg(&shared->slots[slot], block);
		if (block && !pma_kunit_drop_block(shared->arena, block))
			atomic_inc(&shared->wrong);
	}
}

static void sizes_are_learnt_threads(struct kunit *test)
{
	struct churn *shared = kunit_kzalloc(test, sizeof(*shared), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, shared);
	shared->arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_large);
	shared->seed = pma_kunit_seed();
	shared->ops = pma_kunit_ops() / 4;
	pma_kunit_threads(test, 4, churn, shared);
	KUNIT_EXPECT_EQ(test, atomic_read(&shared->wrong), 0);
	for (i = 0; i < ARRAY_SIZE(shared->slots); i++)
		if (shared->slots[i])
			KUNIT_EXPECT_TRUE(test, pma_kunit_drop_block(shared->arena,
								     shared->slots[i]));
	KUNIT_EXPECT_LT(test, pma_arena_class_of(shared->arena, 3),
			shared->arena->pool->classes->nr);
	pma_kunit_expect_live(test, shared->arena, 0, 0);
}

/* Longer than any segment: where there is no room for a mixed run, the heap has none either. */
static void longer_than_a_segment(struct kunit *test)
{
	static const struct pma_kunit_config config = {
		"adaptive_256", 16384, 256, 0, PMA_POOL_ADAPTIVE
	};
	struct pma_arena *arena = pma_kunit_percpu(test, &config);

	KUNIT_EXPECT_EQ(test, pma_arena_set_limit(arena, PMA_HEAP_PAGES_MAX), 0);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, (PMA_HEAP_PAGES_MAX + 1) * 256 - 16));
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/* Pieces of mixed runs are aligned to 16 bytes, chunks to granules. */
static void alignment_is_kept(struct kunit *test)
{
	static const struct pma_kunit_config config = {
		"adaptive_16384", 64, 16384, 0, PMA_POOL_ADAPTIVE
	};
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	void *before = pma_alloc(arena, 16), *block;
	u32 align;

	for (align = 16; align <= 16384; align *= 2) {
		block = pma_alloc_aligned(arena, 9000, align, 0);
		KUNIT_EXPECT_EQ(test, (block - arena->pool->region.base) % align, 0);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	}
	KUNIT_EXPECT_EQ(test, pma_free(arena, before), 0);
}

/* Sizes that are too long to be learnt have slab pages from the beginning, as has any without. */
static void sizes_begin_with_their_class(struct kunit *test)
{
	static const struct pma_kunit_config configs[] = {
		{ "adaptive_65536", 24, 65536, 0, PMA_POOL_ADAPTIVE },
		{ "adaptive_slab_max_64", 24, 4096, 64, PMA_POOL_ADAPTIVE },
		{ "page_65536", 24, 65536, 0, 0 },
		{ "page_256", 24, 256, 0, 0 },
	};
	const struct pma_classes *classes;
	struct pma_arena *arena;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(configs); i++) {
		arena = pma_kunit_percpu(test, &configs[i]);
		classes = arena->pool->classes;
		for (n = 0; n < classes->slab_max / PMA_BLOCK_MIN; n++)
			KUNIT_ASSERT_EQ(test, pma_arena_class_of(arena, n),
					arena->adapt && n < PMA_ADAPT_SIZES ?
					classes->nr : classes->of_size[n]);
	}
}

static struct kunit_case pma_adapt_cases[] = {
	KUNIT_CASE(longer_than_a_segment),
	KUNIT_CASE(alignment_is_kept),
	KUNIT_CASE(sizes_begin_with_their_class),
	KUNIT_CASE(asked_sizes_earn_slab_pages),
	KUNIT_CASE(unsuitable_sizes_earn_none),
	KUNIT_CASE(batches_earn_too),
	KUNIT_CASE(processes_have_classes),
	KUNIT_CASE(whole_pages_are_for_what_fills_them),
	KUNIT_CASE(what_is_left_serves),
	KUNIT_CASE(what_is_left_is_zeroed),
	KUNIT_CASE(what_fails_is_not_asked_more_often),
	KUNIT_CASE(earned_sizes_may_be_mixed),
	KUNIT_CASE(slab_pages_that_are_there_serve),
	KUNIT_CASE(alignments_are_honoured),
	KUNIT_CASE(requested_sizes_are_recorded),
	KUNIT_CASE(sizes_are_learnt_threads),
	{}
};

static struct kunit_suite pma_adapt_suite = {
	.name = "pma_adapt",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_adapt_cases,
};

kunit_test_suite(pma_adapt_suite);
