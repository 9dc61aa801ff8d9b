// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kept_kunit.c - big blocks and chunks that a CPU keeps
 */
#include "pma_block.h"
#include "pma_drain.h"
#include "pma_dump.h"
#include "pma_kunit_kept.h"

static const size_t sizes[] = { PMA_KUNIT_RUN, PMA_KUNIT_CHUNK };

/* Of the one block that there is. */
static void expect_requested(struct kunit *test, struct pma_arena *arena, size_t size)
{
	struct pma_block_rec rec = { };
	u64 cursor = 0;

	KUNIT_EXPECT_EQ(test, pma_dump_blocks(arena, &cursor, &rec, 1), 1);
	KUNIT_EXPECT_EQ(test, rec.requested, size);
}

/* What is freed is the next of its size, and till then free for everybody who asks. */
static void freed_block_is_next(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *block = pma_alloc(arena, sizes[i]);
		size_t usable = pma_usable_size(arena, block);
		u32 held = pma_kunit_held_pages(arena);

		pma_kunit_expect_live(test, arena, 1, usable);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		pma_kunit_expect_live(test, arena, 0, 0);
		KUNIT_EXPECT_EQ(test, pma_usable_size(arena, block), 0);
		KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena),
				held + (sizes[i] == PMA_KUNIT_RUN ? 5 : 0));
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, sizes[i]), block);
		KUNIT_EXPECT_EQ(test, pma_usable_size(arena, block), usable);
		pma_kunit_expect_live(test, arena, 1, usable);
		KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), held);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		/* A few bytes less are recorded as such. */
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, sizes[i] - 20), block);
		expect_requested(test, arena, sizes[i] - 20);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	}
}

static void kept_block_is_zeroed(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *block = pma_alloc(arena, sizes[i]);
		size_t usable = pma_usable_size(arena, block);

		pma_kunit_fill(block, usable, i);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		KUNIT_EXPECT_PTR_EQ(test, pma_zalloc(arena, sizes[i]), block);
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(block, usable));
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	}
}

/* Each misuse gets the answer that it gets of a block that is free. */
static void misuse_is_refused(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *block = pma_alloc(arena, sizes[i]);
		struct pma_stats stats;

		KUNIT_EXPECT_EQ(test, pma_free(arena, block + 16), -EBADSLT);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block + 1), -EBADSLT);
		KUNIT_EXPECT_EQ(test, pma_free(other, block), -EACCES);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), -EALREADY);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block + 16), -EALREADY);
		KUNIT_EXPECT_EQ(test, pma_free(other, block), -EACCES);
		KUNIT_EXPECT_NULL(test, pma_realloc(arena, block, sizes[i] + 4096, 0));
		KUNIT_EXPECT_NULL(test, pma_realloc(arena, block, 16, 0));
		pma_arena_stats(arena, &stats);
		KUNIT_EXPECT_EQ(test, stats.bad_free, (i + 1) * 4);
		pma_kunit_expect_live(test, arena, 0, 0);
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, sizes[i]), block);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		pma_kunit_expect_sound(test, arena->pool);
	}
}

/* A kept run is told of as held, a kept chunk as none. */
static void dump_tells_of_no_kept_block(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	void *freed[] = {
		pma_alloc(arena, PMA_KUNIT_RUN), pma_alloc(arena, PMA_KUNIT_CHUNK),
		pma_alloc(arena, PMA_KUNIT_CHUNK),
	};
	void *last = pma_alloc(arena, PMA_KUNIT_CHUNK);
	struct pma_stats stats;
	struct pma_block_rec blocks[4];
	struct pma_page_rec pages[8];
	u64 cursor = 0;
	u32 held = 0, n, i;

	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(freed), freed), 0);
	pma_arena_stats(arena, &stats);
	KUNIT_EXPECT_EQ(test, stats.held_pages, 5);
	KUNIT_EXPECT_EQ(test, stats.big_pages, 0);
	KUNIT_EXPECT_EQ(test, stats.arena_pages, stats.heap_pages);
	KUNIT_EXPECT_EQ(test, pma_dump_blocks(arena, &cursor, blocks, ARRAY_SIZE(blocks)), 1);
	KUNIT_EXPECT_EQ(test, blocks[0].handle,
			last - pma_kunit_ptr(arena->pool, 0));
	cursor = 0;
	n = pma_dump_pages(arena->pool, arena, &cursor, pages, ARRAY_SIZE(pages));
	for (i = 0; i < n; i++)
		if (pages[i].kind == PMA_KIND_HELD && pages[i].owner == arena->id)
			held += pages[i].nr_pages;
	KUNIT_EXPECT_EQ(test, held, 5);
	KUNIT_EXPECT_EQ(test, pma_free(arena, last), 0);
}

/* Drained CPUs keep nothing, and go on keeping nothing until they may again. */
static void drained_cpus_keep_nothing(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	void *blocks[] = { pma_alloc(arena, PMA_KUNIT_RUN), pma_alloc(arena, PMA_KUNIT_CHUNK) };

	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 2, blocks), 0);
	KUNIT_EXPECT_NE(test, arena->stats.arena_pages, 0);
	pma_drain_begin(arena);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	blocks[0] = pma_alloc(arena, PMA_KUNIT_RUN);
	blocks[1] = pma_alloc(arena, PMA_KUNIT_CHUNK);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 2, blocks), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	pma_drain_end(arena);
}

/* However often blocks are kept and flushed, no more are told of than there ever were. */
static void peak_is_bounded(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	struct pma_stats stats;
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < 1000; i++) {
		void *block = pma_alloc(arena, sizes[i % 2]);

		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		KUNIT_EXPECT_TRUE(test, pma_kept_flush(arena));
	}
	pma_arena_stats(arena, &stats);
	KUNIT_EXPECT_LE(test, stats.peak_bytes, 2 * PMA_KUNIT_RUN);
	KUNIT_EXPECT_EQ(test, stats.live_bytes, 0);
}

#define MODEL_BLOCKS	300

/**
 * struct model_block - a block as it should be
 * @start: where it is, or NULL
 * @bytes: that can be used
 * @tag: of what it is filled with
 */
struct model_block {
	void *start;
	size_t bytes;
	u32 tag;
};

static void make_model_block(struct kunit *test, struct pma_arena *arena,
			     struct pma_kunit_rng *rng, struct model_block *block)
{
	size_t page_size = pma_region_page_size(&arena->pool->region);
	u32 size = pma_kunit_size(rng, page_size / 4, page_size * 8);
	bool zeroed = pma_kunit_below(rng, 2);

	block->start = zeroed ? pma_zalloc(arena, size) : pma_alloc(arena, size);
	if (!block->start)
		return;
	block->bytes = pma_usable_size(arena, block->start);
	KUNIT_EXPECT_GE(test, block->bytes, size);
	if (zeroed)
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(block->start, block->bytes));
	block->tag = pma_kunit_random(rng);
	pma_kunit_fill(block->start, block->bytes, block->tag);
}

static void expect_stats(struct kunit *test, struct pma_arena *arena,
			 const struct model_block *blocks)
{
	u64 live_blocks = 0, live_bytes = 0;
	struct pma_stats stats;
	u32 i;

	/* A request that failed has CPUs drained: not while we look. */
	cancel_delayed_work_sync(&arena->pool->drain);
	for (i = 0; i < MODEL_BLOCKS; i++) {
		live_blocks += !!blocks[i].start;
		live_bytes += blocks[i].start ? blocks[i].bytes : 0;
	}
	pma_arena_stats(arena, &stats);
	KUNIT_EXPECT_EQ(test, stats.live_blocks, live_blocks);
	KUNIT_EXPECT_EQ(test, stats.live_bytes, live_bytes);
	KUNIT_EXPECT_EQ(test, stats.pool_free_pages + stats.arena_pages + stats.held_pages,
			stats.pool_pages);
	KUNIT_EXPECT_EQ(test, pma_pool_has_plenty(arena->pool),
			stats.pool_free_pages >= stats.pool_pages / 2);
}

static const struct pma_kunit_config model_configs[] = {
	{ "page_4096", 1024, 4096, 0, 0 },
	{ "page_256_slab_max_64", 2048, 256, 64, 0 },
	{ "page_4096_slab_max_256", 1024, 4096, 256, PMA_POOL_ISOLATE },
	{ "page_65536", 256, 65536, 0, 0 },
	{ "adaptive", 1024, 4096, 0, PMA_POOL_ADAPTIVE },
};

KUNIT_ARRAY_PARAM_DESC(model_configs, model_configs, name);

/* Whatever is kept, shed and flushed meanwhile, what STATS tell is so. */
static void stats_are_exact(struct kunit *test)
{
	struct model_block *blocks = kunit_kcalloc(test, MODEL_BLOCKS, sizeof(*blocks), GFP_KERNEL);
	struct pma_arena *arena = pma_kunit_percpu(test, test->param_value);
	u32 ops = pma_kunit_ops() / 10, i;
	struct pma_kunit_rng rng;

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	pma_kunit_rng_init(&rng, test, "stats");
	for (i = 0; i < ops; i++) {
		struct model_block *block = &blocks[pma_kunit_below(&rng, MODEL_BLOCKS)];

		if (!(i % 16))
			pma_kunit_move_to_cpu(pma_kunit_below(&rng, 2));
		if (block->start) {
			KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(block->start, block->bytes,
								    block->tag));
			KUNIT_EXPECT_EQ(test, pma_free(arena, block->start), 0);
			block->start = NULL;
		} else {
			make_model_block(test, arena, &rng, block);
		}
		if (!(i % 64))
			expect_stats(test, arena, blocks);
	}
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

#define RACE_BLOCKS	32
#define RACE_THREADS	4

/**
 * struct race - threads that all free the same blocks
 * @arena: whose they are
 * @blocks: the blocks
 * @freed: how often one was
 */
struct race {
	struct pma_arena *arena;
	void *blocks[RACE_BLOCKS];
	atomic_t freed;
};

static void free_all_of_them(void *context, u32 index)
{
	struct race *race = context;
	u32 i;

	for (i = 0; i < RACE_BLOCKS; i++)
		if (!pma_free(race->arena, race->blocks[i]))
			atomic_inc(&race->freed);
}

/* Of two frees of a block one is refused, whichever comes first. */
static void double_free_is_refused_threads(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 round, i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < RACE_BLOCKS; i++)
			race->blocks[i] = pma_alloc(race->arena, sizes[i % ARRAY_SIZE(sizes)]);
		atomic_set(&race->freed, 0);
		pma_kunit_threads(test, RACE_THREADS, free_all_of_them, race);
		KUNIT_EXPECT_EQ(test, atomic_read(&race->freed), RACE_BLOCKS);
		pma_kunit_expect_live(test, race->arena, 0, 0);
	}
}

/**
 * struct takers - one has what it keeps handed out again, and others give it back
 * @arena: whose it is
 * @failed: frees refused, contents that were not as they were left
 * @ops: of the one
 * @done: it is
 */
struct takers {
	struct pma_arena *arena;
	atomic_t failed;
	u32 ops;
	u32 done;
};

static void take_again(struct takers *takers)
{
	void *blocks[PMA_KEPT_DEPTH];
	u32 n, i;

	for (n = 0; n < takers->ops; n++) {
		for (i = 0; i < ARRAY_SIZE(blocks); i++)
			blocks[i] = pma_kunit_make_block(takers->arena, PMA_KUNIT_RUN, n + i);
		for (i = 0; i < ARRAY_SIZE(blocks); i++)
			if (!blocks[i] || !pma_kunit_drop_block(takers->arena, blocks[i]))
				atomic_inc(&takers->failed);
		cond_resched();
	}
	WRITE_ONCE(takers->done, 1);
}

static void take_or_flush(void *context, u32 index)
{
	struct takers *takers = context;

	pma_kunit_move_to_cpu(index);
	if (!index) {
		take_again(takers);
		return;
	}
	while (!READ_ONCE(takers->done)) {
		pma_kept_flush(takers->arena);
		cond_resched();
	}
}

/* A kept piece is handed out, or given back, and never both. */
static void kept_piece_has_one_taker_threads(struct kunit *test)
{
	struct takers *takers = kunit_kzalloc(test, sizeof(*takers), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, takers);
	takers->arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	takers->ops = pma_kunit_ops() / 20;
	pma_kunit_threads(test, RACE_THREADS, take_or_flush, takers);
	KUNIT_EXPECT_EQ(test, atomic_read(&takers->failed), 0);
	pma_kunit_expect_live(test, takers->arena, 0, 0);
	pma_kunit_expect_sound(test, takers->arena->pool);
}

/* While CPUs are drained nothing of what they keep is handed out. */
static void draining_hands_out_nothing(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_keeping);
	struct pma_kept *kept = pma_kunit_kept(arena);
	void *blocks[2];
	u64 allocs;
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, sizes[i])), 0);
	allocs = kept->allocs;
	arena->draining++;
	for (i = 0; i < 2; i++)
		blocks[i] = pma_alloc(arena, sizes[i]);
	KUNIT_EXPECT_EQ(test, kept->allocs, allocs);
	arena->draining--;
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 2, blocks), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(freed_block_is_next),
	KUNIT_CASE(draining_hands_out_nothing),
	KUNIT_CASE(kept_block_is_zeroed),
	KUNIT_CASE(misuse_is_refused),
	KUNIT_CASE(dump_tells_of_no_kept_block),
	KUNIT_CASE(drained_cpus_keep_nothing),
	KUNIT_CASE(peak_is_bounded),
	KUNIT_CASE_PARAM(stats_are_exact, model_configs_gen_params),
	KUNIT_CASE(double_free_is_refused_threads),
	KUNIT_CASE(kept_piece_has_one_taker_threads),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_kept",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
