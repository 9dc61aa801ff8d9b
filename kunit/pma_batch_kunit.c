// SPDX-License-Identifier: GPL-2.0
/*
 * pma_batch_kunit.c - many operations under one lock
 *
 * What is done has the answer of the single call; what is not plain work ends the
 * section, and nothing has been done about it.
 */
#include "pma_block.h"
#include "pma_kunit_batch.h"
#include "pma_kunit_configs.h"
#include "pma_place.h"

#define UNTOUCHED	12345

static struct pma_batch_entry alloc_of(u64 size)
{
	return (struct pma_batch_entry){ .op = PMA_BATCH_ALLOC, .result = UNTOUCHED,
					 .size = size };
}

static struct pma_batch_entry free_of(u64 handle)
{
	return (struct pma_batch_entry){ .op = PMA_BATCH_FREE, .result = UNTOUCHED,
					 .handle = handle };
}

/* As many equal blocks as a section does, of a class and of the heap, there and back. */
static void do_serves_equal_blocks(struct kunit *test)
{
	static const u64 sizes[] = { 1, 16, 64, 2048, 2560 };
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct pma_batch_entry entries[PMA_BATCH_CHUNK];
	u32 i, k, done;

	for (k = 0; k < ARRAY_SIZE(sizes); k++) {
		for (i = 0; i < PMA_BATCH_CHUNK; i++)
			entries[i] = alloc_of(sizes[k]);
		for (done = 0; done < PMA_BATCH_CHUNK; done += i) {
			i = pma_batch_do(arena, entries + done, PMA_BATCH_CHUNK - done);
			KUNIT_ASSERT_NE(test, i, 0);
		}
		KUNIT_EXPECT_EQ(test, arena->stats.live_blocks, PMA_BATCH_CHUNK);
		for (i = 0; i < PMA_BATCH_CHUNK; i++) {
			KUNIT_ASSERT_EQ(test, entries[i].result, 0);
			KUNIT_ASSERT_GE(test, entries[i].usable, sizes[k]);
			pma_kunit_fill(pma_kunit_ptr(pool, entries[i].handle), sizes[k], i);
		}
		for (i = 0; i < PMA_BATCH_CHUNK; i++) {
			void *bytes = pma_kunit_ptr(pool, entries[i].handle);

			KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(bytes, sizes[k], i));
			entries[i] = free_of(entries[i].handle);
		}
		KUNIT_EXPECT_EQ(test, pma_batch_do(arena, entries, PMA_BATCH_CHUNK),
				PMA_BATCH_CHUNK);
		for (i = 0; i < PMA_BATCH_CHUNK; i++)
			KUNIT_EXPECT_EQ(test, entries[i].result, 0);
		pma_kunit_expect_live(test, arena, 0, 0);
		KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	}
}

/* No section is longer than it may be. */
static void do_is_bounded(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_batch_entry entries[PMA_BATCH_CHUNK + 1];
	u32 i;

	for (i = 0; i <= PMA_BATCH_CHUNK; i++)
		entries[i] = alloc_of(64);
	KUNIT_EXPECT_EQ(test, pma_batch_do(arena, entries, PMA_BATCH_CHUNK + 1), PMA_BATCH_CHUNK);
	KUNIT_EXPECT_EQ(test, entries[PMA_BATCH_CHUNK].result, UNTOUCHED);
	pma_block_free_all(arena);
	/* Blocks of different classes are a page each, and pages may have to be zeroed. */
	for (i = 0; i < PMA_BATCH_CHUNK; i++)
		entries[i] = alloc_of(i < 16 ? 2048 - 128 * i : 128);
	i = pma_batch_do(arena, entries, PMA_BATCH_CHUNK);
	KUNIT_EXPECT_LE(test, arena->stats.arena_pages, 17);
	pma_block_free_all(arena);
}

/* Of what is not plain work nothing is done; of what comes before it, all. */
static void do_stops_before_others(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct pma_arena *other = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	u64 keep = pma_kunit_alloc(test, arena, 128), freed = pma_kunit_alloc(test, arena, 128);
	u64 chunk = pma_kunit_alloc(test, arena, 2560), big = pma_kunit_alloc(test, arena, 16384);
	u64 theirs = pma_kunit_alloc(test, other, 64);
	struct pma_batch_entry others[] = {
		{ .op = 0 },
		{ .op = 3, .size = 64 },
		{ .op = PMA_BATCH_ALLOC },
		{ .op = PMA_BATCH_ALLOC, .size = 64, .flags = PMA_ZERO },
		{ .op = PMA_BATCH_ALLOC, .size = 64, .flags = 1U << 31 },
		{ .op = PMA_BATCH_ALLOC, .size = 64, .align = 3 },
		{ .op = PMA_BATCH_ALLOC, .size = 16384 },
		{ .op = PMA_BATCH_ALLOC, .size = U64_MAX },
		{ .op = PMA_BATCH_FREE, .handle = PMA_HANDLE_NONE },
		{ .op = PMA_BATCH_FREE, .handle = keep, .size = 1 },
		{ .op = PMA_BATCH_FREE, .handle = keep, .align = 8 },
		{ .op = PMA_BATCH_FREE, .handle = keep, .flags = 1 },
		{ .op = PMA_BATCH_FREE, .handle = keep + 16 },
		{ .op = PMA_BATCH_FREE, .handle = chunk + 16 },
		{ .op = PMA_BATCH_FREE, .handle = freed },
		{ .op = PMA_BATCH_FREE, .handle = big },
		{ .op = PMA_BATCH_FREE, .handle = theirs },
		{ .op = PMA_BATCH_FREE, .handle = pool->region.bytes },
	};
	u32 i;

	pma_kunit_free(test, arena, freed);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		struct pma_batch_entry entries[] = {
			alloc_of(64), alloc_of(64), others[i], alloc_of(64),
		};
		struct pma_stats before = arena->stats;

		entries[2].result = UNTOUCHED;
		KUNIT_ASSERT_EQ_MSG(test, pma_batch_do(arena, entries, 4), 2, "entry %u", i);
		KUNIT_EXPECT_EQ_MSG(test, entries[2].result, UNTOUCHED, "entry %u", i);
		KUNIT_EXPECT_EQ_MSG(test, entries[3].result, UNTOUCHED, "entry %u", i);
		/* After frees of the same page, too. */
		entries[0] = free_of(entries[0].handle);
		entries[1] = free_of(entries[1].handle);
		KUNIT_EXPECT_EQ_MSG(test, pma_batch_do(arena, entries, 4), 2, "entry %u", i);
		KUNIT_EXPECT_EQ_MSG(test, entries[2].result, UNTOUCHED, "entry %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pma_batch_do(arena, entries + 2, 2), 0, "entry %u", i);
		before.allocs += 2;
		before.frees += 2;
		before.peak_bytes = arena->stats.peak_bytes;
		before.peak_pages = arena->stats.peak_pages;
		KUNIT_EXPECT_FALSE_MSG(test, memcmp(&arena->stats, &before, sizeof(before)),
				       "entry %u", i);
	}
	pma_block_free_all(arena);
	pma_block_free_all(other);
}

/* A double free within a batch is found there. */
static void do_finds_double_free(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 a = pma_kunit_alloc(test, arena, 64), b = pma_kunit_alloc(test, arena, 64);
	struct pma_batch_entry entries[] = { free_of(a), free_of(a), free_of(b) };

	KUNIT_EXPECT_EQ(test, pma_batch_do(arena, entries, 3), 1);
	KUNIT_EXPECT_EQ(test, entries[1].result, UNTOUCHED);
	pma_kunit_expect_live(test, arena, 1, 64);
	KUNIT_EXPECT_EQ(test, pma_batch_do(arena, entries + 2, 1), 1);
	pma_kunit_expect_live(test, arena, 0, 0);
}

/* A page is judged once, but each handle in it on its own. */
static void do_judges_handles_of_one_page(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 keep = pma_kunit_alloc(test, arena, 112), page = keep & ~4095ULL;
	const u64 wrong[] = {
		keep + 1, keep + 16, keep + 111, page + 4096 / 112 * 112, page + 4095,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct pma_batch_entry entries[] = {
			free_of(pma_kunit_alloc(test, arena, 112)), free_of(wrong[i]),
		};

		KUNIT_EXPECT_EQ_MSG(test, pma_batch_do(arena, entries, 2), 1, "handle %u", i);
		KUNIT_EXPECT_EQ_MSG(test, entries[1].result, UNTOUCHED, "handle %u", i);
		pma_kunit_expect_live(test, arena, 1, 112);
		pma_kunit_expect_sound(test, pool);
	}
	pma_kunit_free(test, arena, keep);
}

/* Where memory runs out, what there is has been served, and no failure counted. */
static void do_ends_with_memory(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_batch_entry entries[PMA_BATCH_CHUNK];
	u64 served = 0, nr = pool->region.bytes / 256;
	u32 i, done;

	do {
		for (i = 0; i < 7; i++)
			entries[i] = alloc_of(256);
		done = pma_batch_do(arena, entries, 7);
		for (i = done; i < 7; i++)
			KUNIT_EXPECT_EQ(test, entries[i].result, UNTOUCHED);
		served += done;
	} while (done);
	KUNIT_EXPECT_EQ(test, served, nr);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 0);
	pma_kunit_expect_live(test, arena, nr, nr * 256);
	pma_block_free_all(arena);
}

/* One block, as a single call would give it; or nothing is done. */
static void alloc_serves_plain_wishes(struct kunit *test)
{
	static const struct {
		u64 size;
		u32 align, usable;	/* 0: it is left to the single call */
	} table[] = {
		{ 1, 0, 16 },	{ 64, 0, 64 },	{ 64, 64, 64 },	{ 128, 128, 128 }, { 0, 0, 0 },
		{ 64, 3, 0 },	{ 64, 8192, 0 }, { 2560, 0, 0 }, { 4096, 0, 0 }, { 4097, 0, 0 },
		{ 16384, 0, 0 }, { 1ULL << 32, 0, 0 }, { (1ULL << 32) + 64, 0, 0 },
		{ U64_MAX, 0, 0 },
	};
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct pma_block block;
	u64 handle, usable;
	u32 i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct pma_stats before = arena->stats;
		bool done = pma_batch_alloc(arena, table[i].size, table[i].align, &handle, &usable);

		KUNIT_EXPECT_EQ_MSG(test, done, !!table[i].usable, "row %u", i);
		if (!done) {
			KUNIT_EXPECT_FALSE(test, memcmp(&arena->stats, &before, sizeof(before)));
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, usable, table[i].usable, "row %u", i);
		KUNIT_EXPECT_EQ(test, handle & (max(table[i].align, 16U) - 1), 0);
		KUNIT_ASSERT_EQ(test, pma_place_query(arena, handle, false, &block), 0);
		KUNIT_EXPECT_EQ(test, block.size, usable);
		KUNIT_EXPECT_EQ(test, arena->stats.live_blocks, ++nr);
	}
	pma_kunit_expect_sound(test, pool);
	pma_block_free_all(arena);
}

/* When there is no page left, that is for the single call to say and to count. */
static void serve_whole_pool(struct kunit *test, u32 size)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	u64 handle, usable, nr = 0;
	struct pma_block block;

	while (pma_batch_alloc(arena, size - nr % 3, 0, &handle, &usable)) {
		pma_place_query(arena, handle, false, &block);
		if (block.handle != handle || block.requested != size - nr % 3)
			break;
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, pool->region.bytes / size);
	KUNIT_EXPECT_EQ(test, arena->stats.failed, 0);
	pma_kunit_expect_live(test, arena, nr, nr * size);
	pma_kunit_expect_sound(test, pool);
	pma_block_free_all(arena);
}

/* Of pages with one bitmap word, and with four. */
static void alloc_ends_with_memory(struct kunit *test)
{
	serve_whole_pool(test, 256);
	serve_whole_pool(test, 16);
}

static void make_entries(struct pma_kunit_rng *rng, struct pma_kunit_live *live, u32 slab_max,
			 struct pma_batch_entry *entries, u32 nr)
{
	u32 size = pma_kunit_size(rng, 1, 2 * slab_max), i, unused;

	for (i = 0; i < nr; i++) {
		if (live->nr && pma_kunit_below(rng, 256) < live->nr) {
			entries[i] = free_of(pma_kunit_live_drop(rng, live, &unused));
			continue;
		}
		/* Mostly runs of equal ones. */
		if (!pma_kunit_below(rng, 8))
			size = pma_kunit_size(rng, 1, 2 * slab_max);
		entries[i] = alloc_of(size);
	}
}

static void expect_kept(struct kunit *test, struct pma_pool *pool,
			const struct pma_kunit_live *live)
{
	u32 i;

	for (i = 0; i < live->nr; i++) {
		void *bytes = pma_kunit_ptr(pool, live->handle[i]);

		KUNIT_ASSERT_TRUE(test, pma_kunit_is_filled(bytes, live->size[i],
							    live->handle[i]));
	}
}

/*
 * Random batches, what ends a section done by single calls, contents kept.  The most
 * operations on the first of the pools.
 */
static void random_batches(struct kunit *test)
{
	u32 most = pma_kunit_ops() / (test->param_value == pma_kunit_configs ? 1 : 40);
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct pma_kunit_live *live = kunit_kzalloc(test, sizeof(*live), GFP_KERNEL);
	struct pma_batch_entry entries[16];
	struct pma_kunit_rng rng;
	struct pma_block block;
	u32 ops, nr, i, done;

	KUNIT_ASSERT_NOT_NULL(test, live);
	pma_kunit_rng_init(&rng, test, "random_batches");
	for (ops = 0; ops < most; ops += nr) {
		nr = pma_kunit_between(&rng, 1, ARRAY_SIZE(entries));
		make_entries(&rng, live, pool->classes->slab_max, entries, nr);
		for (i = 0; i < nr; i += done) {
			done = pma_batch_do(arena, entries + i, nr - i);
			if (done)
				continue;
			done = 1;
			if (entries[i].op == PMA_BATCH_FREE) {
				KUNIT_ASSERT_EQ(test, pma_block_free(arena, entries[i].handle), 0);
			} else {
				entries[i].result = pma_block_alloc(arena, entries[i].size, 0, 0,
								    &block);
				entries[i].handle = block.handle;
				entries[i].usable = block.size;
			}
		}
		for (i = 0; i < nr; i++) {
			if (entries[i].op == PMA_BATCH_FREE || entries[i].result)
				continue;
			KUNIT_ASSERT_GE(test, entries[i].usable, entries[i].size);
			pma_kunit_live_add(pool, live, entries[i].handle, entries[i].size);
		}
		KUNIT_ASSERT_EQ(test, arena->stats.live_blocks, live->nr);
		if (ops % 128 < nr)
			pma_kunit_expect_sound(test, pool);
		if (ops % 64 < nr)
			expect_kept(test, pool, live);
	}
	pma_block_free_all(arena);
}

static void run_batches(void *context, u32 index)
{
	struct pma_kunit_contest *contest = context;
	struct pma_batch_entry entries[8];
	u32 round, i, done;

	for (round = 0; round < pma_kunit_ops() / 100; round++) {
		for (i = 0; i < ARRAY_SIZE(entries); i++)
			entries[i] = alloc_of(16 * (index + 1) + 512 * (i / 4));
		done = pma_batch_do(contest->arena, entries, ARRAY_SIZE(entries));
		for (i = 0; i < done; i++)
			entries[i] = free_of(entries[i].handle);
		if (pma_batch_do(contest->arena, entries, done ?: 1) != done)
			atomic_inc(&contest->failed);
	}
}

static void batches_threads(struct kunit *test)
{
	pma_kunit_contest_run(test, run_batches);
}

static struct kunit_case pma_batch_cases[] = {
	KUNIT_CASE(do_serves_equal_blocks),
	KUNIT_CASE(do_is_bounded),
	KUNIT_CASE(do_stops_before_others),
	KUNIT_CASE(do_finds_double_free),
	KUNIT_CASE(do_judges_handles_of_one_page),
	KUNIT_CASE(do_ends_with_memory),
	KUNIT_CASE(alloc_serves_plain_wishes),
	KUNIT_CASE(alloc_ends_with_memory),
	KUNIT_CASE_PARAM(random_batches, pma_kunit_configs_gen_params),
	KUNIT_CASE(batches_threads),
	{}
};

static struct kunit_suite pma_batch_suite = {
	.name = "pma_batch",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_batch_cases,
};

kunit_test_suite(pma_batch_suite);
