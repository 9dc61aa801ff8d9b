// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kept_bins_kunit.c - which of the chunks that a CPU keeps serve which lengths
 */
#include "pma_kunit_kept.h"

/* A chunk serves what it is up to a sixteenth longer than, and nothing by more than an eighth. */
static void kept_chunk_serves_shorter_ones(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	void *block = pma_alloc(arena, PMA_KUNIT_CHUNK), *other;
	size_t usable = pma_usable_size(arena, block), shortest = DIV_ROUND_UP(usable * 16, 17);

	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	other = pma_alloc(arena, usable + 1);
	KUNIT_EXPECT_PTR_NE(test, other, block);
	KUNIT_EXPECT_EQ(test, pma_free(arena, other), 0);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, shortest), block);
	KUNIT_EXPECT_EQ(test, pma_usable_size(arena, block), usable);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	other = pma_alloc(arena, ALIGN_DOWN(usable * 8 / 9, 16) - 16);
	KUNIT_EXPECT_PTR_NE(test, other, block);
	KUNIT_EXPECT_EQ(test, pma_free(arena, other), 0);
}

/* A bin has another one after it. */
static void bins_are_within_places(struct kunit *test)
{
	static const struct pma_kunit_config configs[] = {
		{ "page_256", 256, 256, 64, 0 }, { "page_4096", 64, 4096, 0, 0 },
		{ "page_65536", 24, 65536, 0, 0 }, { "slab_max_64", 24, 65536, 64, 0 },
	};
	u32 i, units;
	size_t bin;

	for (i = 0; i < ARRAY_SIZE(configs); i++) {
		struct pma_kept *kept = pma_kunit_kept(pma_kunit_percpu(test, &configs[i]));

		for (units = 1; units < 100000; units++)
			if (pma_kept_chunk_bin(kept, units, &bin))
				KUNIT_ASSERT_LE(test, bin + 2, PMA_KEPT_CHUNK_BINS);
	}
}

/* Does each bin of chunks know how many of its places say a length? */
static void expect_filled(struct kunit *test, struct pma_kept *kept)
{
	u32 bin, i, filled;

	for (bin = 0; bin < PMA_KEPT_CHUNK_BINS; bin++) {
		for (filled = i = 0; i < PMA_KEPT_CHUNK_DEPTH; i++)
			filled += !!pma_kept_chunks(kept, bin)[i].length;
		KUNIT_EXPECT_EQ_MSG(test, kept->filled[bin], filled, "bin %u", bin);
	}
}

/* Chunks that are kept where others have emptied the places are found again. */
static void bins_know_what_is_in_them(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	struct pma_kept *kept = pma_kunit_kept(arena);
	void *blocks[PMA_KEPT_CHUNK_DEPTH];
	u32 round, i;

	pma_kunit_move_to_cpu(0);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(blocks); i++)
			blocks[i] = pma_alloc(arena, PMA_KUNIT_CHUNK + (i % 2) * 400);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks) - round, blocks), 0);
		expect_filled(test, kept);
		blocks[0] = pma_alloc(arena, PMA_KUNIT_CHUNK);
		expect_filled(test, kept);
		KUNIT_EXPECT_TRUE(test, pma_kept_flush(arena));
		KUNIT_EXPECT_EQ(test, pma_kept_bytes(kept), 0);
		blocks[1] = pma_alloc(arena, PMA_KUNIT_CHUNK);
		expect_filled(test, kept);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 2, blocks), 0);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, round,
						     blocks + ARRAY_SIZE(blocks) - round), 0);
		expect_filled(test, kept);
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, PMA_KUNIT_CHUNK), blocks[0]);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
	}
}

/* So does the next bin, of which a shorter one is served. */
static void next_bin_knows_what_is_in_it(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	struct pma_kept *kept;
	size_t shorter;
	void *block;

	pma_kunit_move_to_cpu(0);
	kept = pma_kunit_kept(arena);
	block = pma_alloc(arena, PMA_KUNIT_CHUNK);
	shorter = DIV_ROUND_UP(pma_usable_size(arena, block) * 16, 17);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	expect_filled(test, kept);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, shorter), block);
	expect_filled(test, kept);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	expect_filled(test, kept);
}

/* A granule more is too much of few. */
static void kept_short_chunk_serves_its_length(struct kunit *test)
{
	static const struct pma_kunit_config config = { "slab_max_64", 64, 4096, 64, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	void *block = pma_alloc(arena, 96), *other;

	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	other = pma_alloc(arena, 80);
	KUNIT_EXPECT_PTR_NE(test, other, block);
	KUNIT_EXPECT_EQ(test, pma_free(arena, other), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(bins_are_within_places),
	KUNIT_CASE(bins_know_what_is_in_them),
	KUNIT_CASE(next_bin_knows_what_is_in_it),
	KUNIT_CASE(kept_short_chunk_serves_its_length),
	KUNIT_CASE(kept_chunk_serves_shorter_ones),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_kept_bins",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
