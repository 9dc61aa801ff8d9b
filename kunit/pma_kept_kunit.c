// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kept_kunit.c - big blocks and chunks that a CPU keeps
 *
 * By the kernel interface, as its users meet them.  Those of one CPU stay on it.
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_dump.h"
#include "pma_kept.h"
#include "pma_kunit.h"

static const struct pma_kunit_config large = { "large", 1024, 4096, 0, 0 };
static const struct pma_kunit_config short_pages = { "short_pages", 8192, 256, 0, 0 };

#define RUN	(5 * 4096)	/* bytes of a big block */
#define CHUNK	3000

static const size_t sizes[] = { RUN, CHUNK };

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
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
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
				held + (sizes[i] == RUN ? 5 : 0));
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

/* A few of a length are kept, of long ones of about that; the others go back. */
static void few_of_a_length_are_kept(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_arena *most = pma_kunit_percpu(test, &short_pages);
	static const u32 longest[] = { 255, 256, 257, 512 };
	void *blocks[PMA_KEPT_DEPTH + 2], *other;
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, RUN);
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

	expect_kept(test, &large, 128);
	expect_kept(test, &adaptive, 64);
}

/* Where less than half of the pool is free, nothing is kept. */
static void nothing_is_kept_of_a_full_pool(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	void *most = pma_alloc(arena, 508 * 4096), *run = pma_alloc(arena, RUN);
	void *chunk = pma_alloc(arena, CHUNK);

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
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	void *blocks[2 * 8], *most, *other;
	u32 i, frees;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, sizes[i / 8]);
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

/* A chunk serves what it is up to a sixteenth longer than, and nothing by more than an eighth. */
static void kept_chunk_serves_shorter_ones(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	void *block = pma_alloc(arena, CHUNK), *other;
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

static void kept_block_is_zeroed(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
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
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
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
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	void *freed[] = { pma_alloc(arena, RUN), pma_alloc(arena, CHUNK), pma_alloc(arena, CHUNK) };
	void *last = pma_alloc(arena, CHUNK);
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
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	void *blocks[] = { pma_alloc(arena, RUN), pma_alloc(arena, CHUNK) };

	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 2, blocks), 0);
	KUNIT_EXPECT_NE(test, arena->stats.arena_pages, 0);
	pma_drain_begin(arena);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	blocks[0] = pma_alloc(arena, RUN);
	blocks[1] = pma_alloc(arena, CHUNK);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 2, blocks), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	pma_drain_end(arena);
}

/* However often blocks are kept and flushed, no more are told of than there ever were. */
static void peak_is_bounded(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_stats stats;
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < 1000; i++) {
		void *block = pma_alloc(arena, sizes[i % 2]);

		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		KUNIT_EXPECT_TRUE(test, pma_kept_flush(arena));
	}
	pma_arena_stats(arena, &stats);
	KUNIT_EXPECT_LE(test, stats.peak_bytes, 2 * RUN);
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
	race->arena = pma_kunit_percpu(test, &large);
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
			blocks[i] = pma_kunit_make_block(takers->arena, RUN, n + i);
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
	takers->arena = pma_kunit_percpu(test, &large);
	takers->ops = pma_kunit_ops() / 20;
	pma_kunit_threads(test, RACE_THREADS, take_or_flush, takers);
	KUNIT_EXPECT_EQ(test, atomic_read(&takers->failed), 0);
	pma_kunit_expect_live(test, takers->arena, 0, 0);
	pma_kunit_expect_sound(test, takers->arena->pool);
}

static struct pma_kept *kept_of_cpu_0(struct pma_arena *arena)
{
	return &per_cpu_ptr(arena->cpu, 0)->kept;
}

/* Have a run kept, which is what the next shedding looks at first. */
static void keep_run_to_shed(struct kunit *test, struct pma_arena *arena)
{
	struct pma_kept *kept = kept_of_cpu_0(arena);

	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, RUN)), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 5);
	kept->next_shed = pma_kept_run_bin(kept, 5) - kept->places + 1;
}

/* A chunk that is freed and not kept sheds a piece where the pool fills up, and only there. */
static void freed_chunk_sheds(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	void *blocks[PMA_KEPT_CHUNK_DEPTH + 1], *stays, *other, *most;
	size_t usable;
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, CHUNK);
	usable = pma_usable_size(arena, blocks[0]);
	stays = pma_alloc(arena, 2 * CHUNK);
	other = pma_alloc(arena, CHUNK);
	keep_run_to_shed(test, arena);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 5);
	KUNIT_EXPECT_EQ(test, pma_kept_bytes(kept_of_cpu_0(arena)),
			RUN + PMA_KEPT_CHUNK_DEPTH * usable);
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
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	void *chunk, *most;

	pma_kunit_move_to_cpu(0);
	chunk = pma_alloc(arena, CHUNK);
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
	const struct pma_kept *kept = kept_of_cpu_0(arena);
	void *blocks[14];
	u32 i;

	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_alloc(arena, 2100 + i / 4 * 400);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
	KUNIT_EXPECT_LE(test, pma_kept_bytes(kept), kept->bytes_max);
	KUNIT_EXPECT_GT(test, pma_kept_bytes(kept), kept->bytes_max / 2);
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
		struct pma_kept *kept = kept_of_cpu_0(pma_kunit_percpu(test, &configs[i]));

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
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_kept *kept = kept_of_cpu_0(arena);
	void *blocks[PMA_KEPT_CHUNK_DEPTH];
	u32 round, i;

	pma_kunit_move_to_cpu(0);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(blocks); i++)
			blocks[i] = pma_alloc(arena, CHUNK + (i % 2) * 400);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks) - round, blocks), 0);
		expect_filled(test, kept);
		blocks[0] = pma_alloc(arena, CHUNK);
		expect_filled(test, kept);
		KUNIT_EXPECT_TRUE(test, pma_kept_flush(arena));
		KUNIT_EXPECT_EQ(test, pma_kept_bytes(kept), 0);
		blocks[1] = pma_alloc(arena, CHUNK);
		expect_filled(test, kept);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, 2, blocks), 0);
		KUNIT_EXPECT_EQ(test, pma_free_batch(arena, round,
						     blocks + ARRAY_SIZE(blocks) - round), 0);
		expect_filled(test, kept);
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, CHUNK), blocks[0]);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
	}
}

/* So does the next bin, of which a shorter one is served. */
static void next_bin_knows_what_is_in_it(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_kept *kept;
	size_t shorter;
	void *block;

	pma_kunit_move_to_cpu(0);
	kept = kept_of_cpu_0(arena);
	block = pma_alloc(arena, CHUNK);
	shorter = DIV_ROUND_UP(pma_usable_size(arena, block) * 16, 17);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	expect_filled(test, kept);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, shorter), block);
	expect_filled(test, kept);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	expect_filled(test, kept);
}

/* While CPUs are drained nothing of what they keep is handed out. */
static void draining_hands_out_nothing(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_kept *kept = kept_of_cpu_0(arena);
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
	KUNIT_CASE(freed_block_is_next),
	KUNIT_CASE(few_of_a_length_are_kept),
	KUNIT_CASE(a_part_of_the_region_is_kept),
	KUNIT_CASE(nothing_is_kept_of_a_full_pool),
	KUNIT_CASE(kept_pieces_are_shed),
	KUNIT_CASE(freed_chunk_sheds),
	KUNIT_CASE(last_chunk_sheds_nothing),
	KUNIT_CASE(kept_chunks_are_bounded),
	KUNIT_CASE(bins_are_within_places),
	KUNIT_CASE(bins_know_what_is_in_them),
	KUNIT_CASE(next_bin_knows_what_is_in_it),
	KUNIT_CASE(draining_hands_out_nothing),
	KUNIT_CASE(kept_short_chunk_serves_its_length),
	KUNIT_CASE(kept_chunk_serves_shorter_ones),
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
