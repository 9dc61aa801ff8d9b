// SPDX-License-Identifier: GPL-2.0
/*
 * pma_mixed_kunit.c - an arena's mixed runs
 */
#include "pma_cpu.h"
#include "pma_kunit_adapt.h"

/* Whatever their sizes, with nothing between them. */
static void blocks_lie_side_by_side(struct kunit *test)
{
	static const u16 sizes[] = { 100, 1032, 16, 2500, 31, 48 };
	static const u16 bytes[] = { 112, 1040, 32, 2512, 32, 48 };
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	void *block, *next = NULL;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		block = pma_alloc(arena, sizes[i]);
		KUNIT_ASSERT_NOT_NULL(test, block);
		if (next)
			KUNIT_EXPECT_PTR_EQ(test, block, next);
		KUNIT_EXPECT_EQ(test, pma_usable_size(arena, block), bytes[i]);
		next = block + bytes[i];
	}
	KUNIT_EXPECT_EQ(test, arena->stats.heap_pages, 1);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 0);
	pma_block_free_all(arena);
}

/* Is what is before it in use, or the beginning of the run? */
static void blocks_tell_what_is_before(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	struct pma_block found;
	u64 handles[3];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(handles); i++)
		handles[i] = pma_kunit_handle_of(arena, pma_alloc(arena, 100));
	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		KUNIT_ASSERT_EQ(test, pma_place_query(arena, handles[i], false, &found), 0);
		KUNIT_EXPECT_EQ(test, found.flags & PMA_BLOCK_P, PMA_BLOCK_P);
	}
	pma_kunit_free(test, arena, handles[1]);
	KUNIT_ASSERT_EQ(test, pma_place_query(arena, handles[2], false, &found), 0);
	KUNIT_EXPECT_EQ(test, found.flags & PMA_BLOCK_P, 0);
	pma_block_free_all(arena);
}

/* They may be zeroed or copied under the lock: what is longer is a chunk of a segment. */
static void blocks_of_mixed_runs_are_bounded(struct kunit *test)
{
	static const struct pma_kunit_config config = {
		"adaptive_65536", 24, 65536, 0, PMA_POOL_ADAPTIVE
	};
	struct pma_arena *arena = pma_kunit_adaptive(test, &config);
	void *block = pma_alloc(arena, 100), *longer;

	KUNIT_EXPECT_PTR_EQ(test, pma_realloc(arena, block, PMA_MIXED_SIZE_MAX, 0), block);
	KUNIT_EXPECT_EQ(test, arena->adapt->mixed.nr_pages, 1);
	KUNIT_EXPECT_EQ(test, arena->segments, PMA_NONE);
	longer = pma_realloc(arena, block, PMA_MIXED_SIZE_MAX + 1, 0);
	KUNIT_EXPECT_EQ(test, arena->adapt->mixed.nr_pages, 0);
	KUNIT_EXPECT_NE(test, arena->segments, PMA_NONE);
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, PMA_MIXED_SIZE_MAX + 1));
	KUNIT_EXPECT_EQ(test, arena->adapt->mixed.nr_pages, 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, longer), 0);
	pma_block_free_all(arena);
}

static void realloc_stays_in_place(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	u8 *block = pma_alloc(arena, 1000), *next, *moved;

	KUNIT_ASSERT_NOT_NULL(test, block);
	pma_kunit_fill(block, 1000, 7);
	KUNIT_EXPECT_PTR_EQ(test, pma_realloc(arena, block, 3000, 0), (void *)block);
	KUNIT_EXPECT_EQ(test, pma_usable_size(arena, block), 3008);
	KUNIT_EXPECT_PTR_EQ(test, pma_realloc(arena, block, 500, 0), (void *)block);
	next = pma_alloc(arena, 100);
	KUNIT_EXPECT_PTR_EQ(test, (void *)next, (void *)block + 512);
	moved = pma_realloc(arena, block, 600, 0);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_PTR_NE(test, (void *)moved, (void *)block);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(moved, 500, 7));
	pma_kunit_expect_live(test, arena, 2, 608 + 112);
	/* To whole pages, and back. */
	moved = pma_realloc(arena, moved, 40000, 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_kind_of(arena, moved), PMA_KIND_BIG);
	moved = pma_realloc(arena, moved, 700, 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_kind_of(arena, moved), PMA_KIND_HEAP);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(moved, 500, 7));
	pma_block_free_all(arena);
}

static void misuse_is_refused(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, 0);
	u8 *block = pma_alloc(arena, 100), *freed = pma_alloc(arena, 100);

	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 100));
	KUNIT_EXPECT_EQ(test, pma_free(arena, freed), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, freed), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_free(arena, freed + 16), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block + 1), -EBADSLT);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block + 16), -EBADSLT);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block + 111), -EBADSLT);
	KUNIT_EXPECT_EQ(test, pma_free(other, block), -EACCES);
	KUNIT_EXPECT_EQ(test, pma_usable_size(other, block), 0);
	pma_kunit_expect_live(test, arena, 2, 224);
	pma_block_free_all(arena);
}

/* A block that is freed sheds a piece that is kept, where the pool fills up, and only there. */
static void freed_block_sheds(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_large);
	struct pma_kept *kept = per_cpu_ptr(arena->kept, 0);
	void *blocks[3], *most;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, 1000);
	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, 5 * 4096)), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 5);
	kept->next_shed = pma_kept_run_bin(kept, 5) - kept->places + 1;
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 5);
	most = pma_alloc(arena, 2100 * 4096);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[1]), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[2]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, most), 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/* What fits exactly comes before what is longer. */
static void shortest_run_serves(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_large);
	void *block = pma_alloc(arena, 4096 - 112), *other = pma_alloc(arena, 1000);

	KUNIT_ASSERT_EQ(test, arena->adapt->mixed.nr_pages, 2);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 113), other + 1008);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 112), block + 4096 - 112);
	pma_block_free_all(arena);
}

/* A run that stays in its list keeps its place there, whatever becomes of its blocks. */
static void runs_stay_in_their_list(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	void *before = pma_alloc(arena, 2000), *after = pma_alloc(arena, 2112);

	KUNIT_ASSERT_EQ(test, arena->adapt->mixed.nr_pages, 2);
	KUNIT_EXPECT_PTR_EQ(test, pma_realloc(arena, after, 2000, 0), after);
	KUNIT_ASSERT_EQ(test, pma_fit_list_of(131), pma_fit_list_of(130));
	KUNIT_EXPECT_PTR_EQ(test, pma_realloc(arena, before, 2016, 0), before);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 100), after + 2000);
	pma_block_free_all(arena);
}

/* More of them make longer runs; where there is none so long, a shorter one does. */
static void runs_grow_with_their_number(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	u32 pages = 0, longest = 0, all;

	while ((all = arena->stats.heap_pages) < 250) {
		if (!pma_alloc(arena, 1032))
			break;
		pages = arena->stats.heap_pages - all;
		KUNIT_EXPECT_LE(test, pages, max(1U, all));
		longest = max(longest, pages);
	}
	KUNIT_EXPECT_EQ(test, longest, 16);
	while (pma_alloc(arena, 1032))
		;
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 256);
	pma_block_free_all(arena);
}

/* Where none is so long as the next one should be, half of that does, and so on. */
static void runs_are_as_long_as_there_is_room(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);

	while (arena->adapt->mixed.nr_pages < 16)
		KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 1032));
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 230 * 4096));
	while (arena->adapt->mixed.nr_pages == 16)
		KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 1032));
	KUNIT_EXPECT_EQ(test, arena->adapt->mixed.nr_pages, 16 + 8);
	pma_block_free_all(arena);
}

/* Where a block was, and is shorter now, a free piece may begin again. */
static void what_is_cut_off_is_found(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	u8 *block = pma_alloc(arena, 17000), *next = pma_alloc(arena, 100);

	KUNIT_EXPECT_PTR_EQ(test, (void *)next, (void *)block + 17008);
	KUNIT_ASSERT_EQ(test, pma_mixed_hints(arena, 0) & 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, pma_realloc(arena, block, 100, 0), (void *)block);
	pma_kunit_expect_sound(test, arena->pool);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 16500), (void *)block + 112);
	pma_block_free_all(arena);
}

/* A run that does not know where its free pieces begin would not find them. */
static void check_sees_lost_hints(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_adaptive(test, &pma_kunit_adaptive_small);
	struct pma_page *page = NULL;
	void *block = NULL;
	u32 run = 0;

	while (arena->adapt->mixed.nr_pages < 32) {
		block = pma_alloc(arena, 1032);
		KUNIT_ASSERT_NOT_NULL(test, block);
	}
	page = &arena->pool->pages.desc[pma_kunit_handle_of(arena, block) / 4096];
	run = page->mixed.run;
	page = &arena->pool->pages.desc[run];
	KUNIT_ASSERT_EQ(test, pma_mixed_hints(arena, run) & ~3ULL, 0);
	page[1].mixed.hints = 0;
	KUNIT_EXPECT_NE(test, pma_kunit_errors(arena->pool), 0);
	page[1].mixed.hints = 3;
	KUNIT_EXPECT_EQ(test, pma_kunit_errors(arena->pool), 0);
	pma_block_free_all(arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(blocks_lie_side_by_side),
	KUNIT_CASE(blocks_tell_what_is_before),
	KUNIT_CASE(blocks_of_mixed_runs_are_bounded),
	KUNIT_CASE(realloc_stays_in_place),
	KUNIT_CASE(misuse_is_refused),
	KUNIT_CASE(freed_block_sheds),
	KUNIT_CASE(shortest_run_serves),
	KUNIT_CASE(runs_stay_in_their_list),
	KUNIT_CASE(runs_grow_with_their_number),
	KUNIT_CASE(runs_are_as_long_as_there_is_room),
	KUNIT_CASE(what_is_cut_off_is_found),
	KUNIT_CASE(check_sees_lost_hints),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_mixed",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
