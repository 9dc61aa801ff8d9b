// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kept_bounds_kunit.c - how much a CPU keeps, and what goes back when it is too much
 */
#include "pma_block.h"
#include "pma_kunit_kept.h"

static const struct pma_kunit_config short_pages = { "short_pages", 8192, 256, 0, 0 };

/* A few of a length are kept, of long ones of about that; the others go back. */
static void few_of_a_length_are_kept(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	struct pma_arena *most = pma_kunit_percpu(test, &short_pages);
	static const u32 longest[] = { 255, 256, 257, 512 };
	void *blocks[PMA_KEPT_DEPTH + 2], *other;
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, PMA_KUNIT_RUN);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), PMA_KEPT_DEPTH * 5);
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
	for (i = 0; i < 3; i++)
		blocks[i] = pma_alloc(arena, (17 + i) * 4096);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 3, blocks), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 17 + 18 + 19);
	/* Longer ones that are in the same bin are none for it. */
	other = pma_alloc(arena, 16 * 4096);
	KUNIT_EXPECT_EQ(test, pma_usable_size(arena, other), 16 * 4096);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 17 + 18 + 19);
	for (i = 3; i--; )
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, (17 + i) * 4096), blocks[i]);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
	/* The shortest and the longest of the last bins. */
	for (i = 0; i < ARRAY_SIZE(longest); i++) {
		other = pma_alloc(most, longest[i] * 256);
		KUNIT_EXPECT_EQ(test, pma_free(most, other), 0);
		KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(most), longest[i] <= PMA_KEPT_RUN_PAGES ?
							longest[i] : 0);
		pma_block_free_all(most);
	}
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
}

static void expect_kept(struct kunit *test, const struct pma_kunit_config *config, u32 nr_pages)
{
	struct pma_arena *arena = pma_kunit_percpu(test, config);
	u32 part = nr_pages / 64, i, round;
	void *blocks[9], *all;

	pma_kunit_move_to_cpu(0);
	/* What is flushed in between counts no more. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 8; i++)
			blocks[i] = pma_alloc(arena, (i / 2 + 7) * part * 4096);
		blocks[8] = pma_alloc(arena, 6 * part * 4096);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
		KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), nr_pages);
		KUNIT_EXPECT_EQ(test, nr_pages, (7 + 7 + 8 + 8 + 9 + 9 + 10 + 6) * part);
		all = pma_alloc(arena, 1024 * 4096);
		KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
		KUNIT_EXPECT_EQ(test, pma_free(arena, all), 0);
	}
	pma_kunit_expect_live(test, arena, 0, 0);
}

/* And no more than an eighth of the region, or a sixteenth where classes adapt. */
static void a_part_of_the_region_is_kept(struct kunit *test)
{
	static const struct pma_kunit_config adaptive = {
		"adaptive", 1024, 4096, 0, PMA_POOL_ADAPTIVE
	};

	expect_kept(test, &pma_kunit_keeping, 128);
	expect_kept(test, &adaptive, 64);
}

/* Where less than half of the pool is free, nothing is kept. */
static void nothing_is_kept_of_a_full_pool(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	void *most = pma_alloc(arena, 508 * 4096), *run = pma_alloc(arena, PMA_KUNIT_RUN);
	void *chunk = pma_alloc(arena, PMA_KUNIT_CHUNK);

	KUNIT_ASSERT_NOT_NULL(test, chunk);
	KUNIT_EXPECT_EQ(test, pma_free(arena, run), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, chunk), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.heap_pages, 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, most), 0);
}

/* Of a pool that fills up what is kept goes back with the blocks that are freed. */
static void kept_pieces_are_shed(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	void *blocks[2 * 8], *most, *other;
	u32 i, frees;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, i < 8 ? PMA_KUNIT_RUN : PMA_KUNIT_CHUNK);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 8 * 5);
	/* Each free looks at some places only. */
	other = pma_alloc(arena, 9 * 4096);
	most = pma_alloc(arena, 513 * 4096);
	for (frees = 0; frees < 2 * 8 + PMA_KEPT_PLACES / PMA_KEPT_SHED_LOOKS; frees++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, other + 16), -EBADSLT);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 8 * 5);
	for (; frees; frees--) {
		KUNIT_EXPECT_EQ(test, pma_free(arena, other), 0);
		other = pma_alloc(arena, 9 * 4096);
	}
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.heap_pages, 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, other), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, most), 0);
	pma_kunit_expect_live(test, arena, 0, 0);
}

/* Have a run kept, which is what the next shedding looks at first. */
static void keep_run_to_shed(struct kunit *test, struct pma_arena *arena)
{
	struct pma_kept *kept = pma_kunit_kept(arena);

	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, PMA_KUNIT_RUN)), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 5);
	kept->next_shed = pma_kept_run_bin(kept, 5) - kept->places + 1;
}

/* A chunk that is freed and not kept sheds a piece where the pool fills up, and only there. */
static void freed_chunk_sheds(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	void *blocks[PMA_KEPT_CHUNK_DEPTH + 1], *stays, *other, *most;
	size_t usable;
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, PMA_KUNIT_CHUNK);
	usable = pma_usable_size(arena, blocks[0]);
	stays = pma_alloc(arena, 2 * PMA_KUNIT_CHUNK);
	other = pma_alloc(arena, PMA_KUNIT_CHUNK);
	keep_run_to_shed(test, arena);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 5);
	KUNIT_EXPECT_EQ(test, pma_kept_bytes(pma_kunit_kept(arena)),
			PMA_KUNIT_RUN + PMA_KEPT_CHUNK_DEPTH * usable);
	most = pma_alloc(arena, 513 * 4096);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 5);
	KUNIT_EXPECT_EQ(test, pma_free(arena, other), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, stays), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, most), 0);
}

/* But if its segment goes back, that is enough. */
static void last_chunk_sheds_nothing(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	void *chunk, *most;

	pma_kunit_move_to_cpu(0);
	chunk = pma_alloc(arena, PMA_KUNIT_CHUNK);
	keep_run_to_shed(test, arena);
	most = pma_alloc(arena, 513 * 4096);
	KUNIT_EXPECT_EQ(test, pma_free(arena, chunk), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.heap_pages, 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 5);
	KUNIT_EXPECT_EQ(test, pma_free(arena, most), 0);
}

/* Of chunks, too, no more than a part of the region is kept. */
static void kept_chunks_are_bounded(struct kunit *test)
{
	static const struct pma_kunit_config config = { "sixty_four", 64, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	const struct pma_kept *kept = pma_kunit_kept(arena);
	void *blocks[14];
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, 2100 + i / 4 * 400);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
	KUNIT_EXPECT_LE(test, pma_kept_bytes(kept), kept->bytes_max);
	KUNIT_EXPECT_GT(test, pma_kept_bytes(kept), kept->bytes_max / 2);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(few_of_a_length_are_kept),
	KUNIT_CASE(a_part_of_the_region_is_kept),
	KUNIT_CASE(nothing_is_kept_of_a_full_pool),
	KUNIT_CASE(kept_pieces_are_shed),
	KUNIT_CASE(freed_chunk_sheds),
	KUNIT_CASE(last_chunk_sheds_nothing),
	KUNIT_CASE(kept_chunks_are_bounded),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_kept_bounds",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
