// SPDX-License-Identifier: GPL-2.0
/*
 * pma_keepers_kunit.c - who finds no room gets what CPUs keep
 *
 * By the kernel interface, as its users meet them.  Those of one CPU stay on it.
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_keepers.h"
#include "pma_kept.h"
#include "pma_kunit.h"

static const struct pma_kunit_config large = { "large", 1024, 4096, 0, 0 };

#define RUN	(5 * 4096)	/* bytes of a big block */
#define CHUNK	3000

/* Let CPUs of an arena keep what they can, of many lengths. */
static void keep_much(struct kunit *test, struct pma_arena *arena)
{
	void *blocks[3][14];
	u32 cpu, i;

	for (cpu = 0; cpu < 2; cpu++) {
		pma_kunit_move_to_cpu(cpu);
		for (i = 0; i < ARRAY_SIZE(blocks[0]); i++) {
			blocks[0][i] = pma_alloc(arena, (i + 1) * 4096);
			blocks[1][i] = pma_alloc(arena, 2100 + i * 100);
			blocks[2][i] = pma_alloc(arena, 4200 + i * 100);
			KUNIT_ASSERT_NOT_NULL(test, blocks[2][i]);
		}
		for (i = 0; i < ARRAY_SIZE(blocks); i++)
			KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks[0]),
							     blocks[i]), 0);
	}
	KUNIT_EXPECT_GT(test, pma_kunit_held_pages(arena), 20);
}

/* No request fails for what is kept: by its own arena, by others, on any CPU. */
static void nothing_fails_for_what_is_kept(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU);
	struct pma_arena *plain = pma_kunit_arena(test, arena->pool, 0);
	struct pma_arena *all[] = { arena, other, plain };
	size_t bytes = arena->pool->region.bytes, nr_pages = bytes / 4096, before;
	void *block;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		keep_much(test, arena);
		keep_much(test, other);
		block = pma_alloc(all[i], bytes);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena) + pma_kunit_held_pages(other), 0);
		KUNIT_EXPECT_EQ(test, pma_free(all[i], block), 0);
		/* The same, around the block's own page. */
		block = pma_alloc(all[i], 64);
		keep_much(test, arena);
		keep_much(test, other);
		before = (block - pma_kunit_ptr(arena->pool, 0)) / 4096;
		block = pma_realloc(all[i], block, max(before, nr_pages - before - 1) * 4096, 0);
		KUNIT_EXPECT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ(test, pma_free(all[i], block), 0);
		KUNIT_EXPECT_EQ(test, all[i]->stats.failed, 0);
	}
}

/*
 * Fill a pool of 64 pages, but for a slab page of blocks of 64; the arena seems to keep
 * something then, but does not.  The last block of a page.
 */
static void *fill_and_keep_nothing(struct kunit *test, struct pma_arena *arena)
{
	void *page;

	pma_kunit_move_to_cpu(0);
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 64));
	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, 4096)), 0);
	page = pma_alloc(arena, 4096);
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 62 * 4096));
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
	KUNIT_ASSERT_TRUE(test, arena->keeps);
	return page;
}

/* An arena that seems to keep something, but does not, makes do with a larger class. */
static void nothing_kept_is_no_failure(struct kunit *test)
{
	static const struct pma_kunit_config config = { "sixty_four", 64, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	void *block;

	fill_and_keep_nothing(test, arena);
	block = pma_alloc(arena, 48);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, pma_usable_size(arena, block), 64);
	pma_block_free_all(arena);
}

/*
 * What is kept may all have been given back since a request failed, and no arena is in the
 * list of keepers any more, or one that keeps nothing: it is tried once more.
 */
static void flushed_since_is_tried_again(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, 0);
	void *block = pma_alloc(arena, RUN);
	u32 rounds = 0;

	/* Flushed, and about to be off the list: in the first round, and later. */
	for (; rounds < 2; rounds++) {
		u32 round = rounds;

		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		KUNIT_EXPECT_TRUE(test, pma_kept_flush(arena));
		KUNIT_EXPECT_FALSE(test, list_empty(&arena->keeper));
		KUNIT_EXPECT_TRUE(test, pma_keepers_make_room(other, RUN, &round));
		KUNIT_EXPECT_TRUE(test, list_empty(&arena->keeper));
		KUNIT_EXPECT_EQ(test, round, rounds + 1);
		block = pma_alloc(arena, RUN);
	}
	/* Off the list: in the first round. */
	rounds = 0;
	KUNIT_EXPECT_TRUE(test, pma_keepers_make_room(other, RUN, &rounds));
	KUNIT_EXPECT_FALSE(test, pma_keepers_make_room(other, RUN, &rounds));
	rounds = 0;
	KUNIT_EXPECT_TRUE(test, pma_keepers_make_room(arena, RUN, &rounds));
	KUNIT_EXPECT_FALSE(test, pma_keepers_make_room(arena, RUN, &rounds));
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
}

/* Two flush what an arena keeps: it is off the list when the last one is done. */
static void flushed_arena_is_off_the_list(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, 0);
	void *block = pma_alloc(arena, RUN);
	u32 rounds = 0;

	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	arena->flushers++;
	KUNIT_EXPECT_TRUE(test, pma_keepers_make_room(other, RUN, &rounds));
	KUNIT_EXPECT_FALSE(test, list_empty(&arena->keeper));
	KUNIT_EXPECT_FALSE(test, arena->keeps);
	arena->flushers--;
	KUNIT_EXPECT_TRUE(test, pma_keepers_make_room(other, RUN, &rounds));
	KUNIT_EXPECT_TRUE(test, list_empty(&arena->keeper));
}

/*
 * Somebody is about to give back what an arena keeps, and has said so: requests that find no
 * room meanwhile, of that arena and of others, do it with them.
 */
static void flush_under_way_is_joined(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_arena *others[] = {
		arena,
		pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU),
		pma_kunit_arena(test, arena->pool, 0),
	};
	unsigned long irq;
	void *most, *block;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		keep_much(test, arena);
		raw_spin_lock_irqsave(&arena->pool->lock, irq);
		arena->flushers++;
		arena->keeps = false;
		raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
		most = pma_alloc(others[i], (size_t)pma_pool_free_pages(arena->pool, NULL) * 4096);
		block = pma_alloc(others[i], 4096);
		KUNIT_EXPECT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ(test, others[i]->stats.failed, 0);
		raw_spin_lock_irqsave(&arena->pool->lock, irq);
		arena->flushers--;
		raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
		KUNIT_EXPECT_EQ(test, pma_free(others[i], block), 0);
		KUNIT_EXPECT_EQ(test, pma_free(others[i], most), 0);
	}
	pma_kunit_expect_sound(test, arena->pool);
}

/* A request ends that finds no room, though others keep something again each time. */
static void request_ends_though_others_keep(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	void *run = pma_alloc(arena, RUN);
	u32 rounds = 0, n = 0;

	do {
		/* A request that failed has CPUs drained: nothing is kept meanwhile. */
		cancel_delayed_work_sync(&arena->pool->drain);
		KUNIT_EXPECT_EQ(test, pma_free(arena, run), 0);
		KUNIT_EXPECT_TRUE(test, arena->keeps || !arena->kept);
		run = NULL;
		if (pma_keepers_make_room(arena, 4096, &rounds))
			run = pma_alloc(arena, RUN);
	} while (run && ++n < 100);
	KUNIT_EXPECT_LE(test, n, PMA_KEEPERS_ROUNDS);
	KUNIT_EXPECT_EQ(test, pma_keepers_flags(rounds - 1), 0);
	KUNIT_EXPECT_EQ(test, pma_keepers_flags(rounds), arena->kept ? PMA_MAKE_DO : 0);
	pma_block_free_all(arena);
}

/* In its last try a request makes do with a larger class, or a short segment. */
static void last_try_makes_do(struct kunit *test)
{
	static const struct pma_kunit_config config = { "sixty_four", 64, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	struct pma_route route;
	struct pma_block block;
	void *last = fill_and_keep_nothing(test, arena);
	unsigned long irq;

	KUNIT_ASSERT_EQ(test, pma_pool_route(arena->pool, 48, 0, &route), 0);
	raw_spin_lock_irqsave(&arena->lock, irq);
	KUNIT_EXPECT_EQ(test, pma_block_alloc_small(arena, 48, &route, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_block_alloc_small(arena, 48, &route, PMA_MAKE_DO, &block), 0);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	KUNIT_EXPECT_EQ(test, block.size, 64);
	KUNIT_EXPECT_EQ(test, pma_free(arena, last), 0);
	KUNIT_ASSERT_EQ(test, pma_pool_route(arena->pool, CHUNK, 0, &route), 0);
	raw_spin_lock_irqsave(&arena->lock, irq);
	KUNIT_EXPECT_EQ(test, pma_block_alloc_small(arena, CHUNK, &route, 0, &block), -ENOMEM);
	KUNIT_EXPECT_EQ(test, pma_block_alloc_small(arena, CHUNK, &route, PMA_MAKE_DO, &block), 0);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	pma_block_free_all(arena);
}

/* A slab page, a segment, a limit and a reserve: each needs pages that are kept. */
static void kept_pages_serve_all_engines(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU);
	u32 nr_pages = arena->pool->region.nr_pages, i;
	void *most, *block;

	for (i = 0; i < 3; i++) {
		static const size_t need[] = { 64, CHUNK, 4096 };

		keep_much(test, arena);
		most = pma_alloc(other, (size_t)(nr_pages - pma_kunit_held_pages(arena) -
						 arena->stats.heap_pages) * 4096);
		block = pma_alloc(other, need[i]);
		KUNIT_EXPECT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ(test, pma_free(other, block), 0);
		KUNIT_EXPECT_EQ(test, pma_free(other, most), 0);
		pma_block_free_all(other);
		pma_block_free_all(arena);
	}
	keep_much(test, arena);
	KUNIT_EXPECT_EQ(test, pma_arena_set_limit(arena, 600), 0);
	block = pma_alloc(arena, 600 * 4096);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	KUNIT_EXPECT_EQ(test, pma_arena_set_limit(arena, PMA_LIMIT_NONE), 0);
	keep_much(test, arena);
	KUNIT_EXPECT_EQ(test, pma_arena_set_reserve(other, nr_pages), 0);
	KUNIT_EXPECT_EQ(test, pma_arena_set_reserve(other, 0), 0);
}

/* What its own limit refuses takes nothing from others. */
static void own_limit_flushes_no_other(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU);
	u32 held;

	keep_much(test, other);
	held = pma_kunit_held_pages(other);
	KUNIT_EXPECT_EQ(test, pma_arena_set_limit(arena, 4), 0);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, RUN));
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(other), held);
}

#define CONTEST_THREADS	4
#define CONTEST_SLOTS	48

/**
 * struct contest - what threads contend for
 * @arenas: each block is of one of them
 * @slots: blocks, each put there by one thread and freed by any
 * @failed: contents that were not as they were left, frees refused, unsound metadata
 * @seed: of their random numbers
 */
struct contest {
	struct pma_arena *arenas[2];
	void *slots[CONTEST_SLOTS];
	atomic_t failed;
	u64 seed;
};

/* A block's tag tells its arena, by being odd or not. */
static void *make_block(struct contest *contest, struct pma_kunit_rng *rng)
{
	u32 size = pma_kunit_size(rng, 2049, 65536), tag = pma_kunit_random(rng);

	return pma_kunit_make_block(contest->arenas[tag & 1], size, tag);
}

static void drop_block(struct contest *contest, void *block)
{
	if (block && !pma_kunit_drop_block(contest->arenas[pma_kunit_block_tag(block) & 1], block))
		atomic_inc(&contest->failed);
}

static void contend(void *context, u32 index)
{
	struct contest *contest = context;
	struct pma_kunit_rng rng = { .state = contest->seed + index };
	u32 ops = pma_kunit_ops() / 40, i;

	for (i = 0; i < ops; i++) {
		void **slot = &contest->slots[pma_kunit_below(&rng, CONTEST_SLOTS)];

		drop_block(contest, xchg(slot, make_block(contest, &rng)));
		if (!index && !(i % 256) && pma_check(contest->arenas[0]->pool, NULL))
			atomic_inc(&contest->failed);
		/* Flush all, of both. */
		if (index == 1 && !(i % 64) &&
		    pma_alloc(contest->arenas[0], contest->arenas[0]->pool->region.bytes))
			atomic_inc(&contest->failed);
		cond_resched();
	}
}

static void alloc_free_and_flush_threads(struct kunit *test)
{
	struct contest *contest = kunit_kzalloc(test, sizeof(*contest), GFP_KERNEL);
	struct pma_pool *pool = pma_kunit_pool(test, &large);
	struct pma_kunit_rng rng;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, contest);
	pma_kunit_rng_init(&rng, test, "contest");
	contest->seed = rng.state;
	for (i = 0; i < 2; i++)
		contest->arenas[i] = pma_kunit_arena(test, pool, PMA_ARENA_PERCPU);
	/* So that the whole region is never to be had. */
	contest->slots[0] = make_block(contest, &rng);
	pma_kunit_threads(test, CONTEST_THREADS, contend, contest);
	for (i = 0; i < CONTEST_SLOTS; i++)
		drop_block(contest, contest->slots[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&contest->failed), 0);
}

#define CHURN_BLOCKS	2400	/* of 440 bytes on average: a quarter of the region */

static u32 churn_size(struct pma_kunit_rng *rng)
{
	u32 order = 4 + pma_kunit_below(rng, 6);

	if (pma_kunit_below(rng, 100) >= 98)
		return pma_kunit_between(rng, 2560, 20 * 1024);
	return pma_kunit_between(rng, (1U << order) + 1, 2U << order);
}

/* In a region that is mostly empty nothing fails, however long it is used. */
static void churn_does_not_fail(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &large);
	void **blocks = kunit_kcalloc(test, CHURN_BLOCKS, sizeof(*blocks), GFP_KERNEL);
	struct pma_kunit_rng rng;
	u32 failed = 0, i;

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	pma_kunit_rng_init(&rng, test, "churn");
	for (i = 0; i < pma_kunit_ops(); i++) {
		void **block = &blocks[pma_kunit_below(&rng, CHURN_BLOCKS)];

		KUNIT_EXPECT_EQ(test, pma_free(arena, *block), 0);
		*block = pma_alloc(arena, churn_size(&rng));
		failed += !*block;
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* What is kept comes before a short segment, by the short way as well. */
static void kept_run_comes_before_short_segment(struct kunit *test)
{
	static const struct pma_kunit_config config = { "sixty_four", 64, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	void *most, *chunk;

	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, RUN)), 0);
	most = pma_alloc(arena, 58 * 4096);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 5);
	chunk = pma_alloc(arena, CHUNK);
	KUNIT_EXPECT_EQ(test, pma_kunit_held_pages(arena), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.heap_pages, 2);
	KUNIT_EXPECT_EQ(test, pma_free(arena, chunk), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, most), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(nothing_fails_for_what_is_kept),
	KUNIT_CASE(nothing_kept_is_no_failure),
	KUNIT_CASE(kept_run_comes_before_short_segment),
	KUNIT_CASE(flushed_since_is_tried_again),
	KUNIT_CASE(flushed_arena_is_off_the_list),
	KUNIT_CASE(flush_under_way_is_joined),
	KUNIT_CASE(request_ends_though_others_keep),
	KUNIT_CASE(last_try_makes_do),
	KUNIT_CASE(kept_pages_serve_all_engines),
	KUNIT_CASE(own_limit_flushes_no_other),
	KUNIT_CASE(alloc_free_and_flush_threads),
	KUNIT_CASE(churn_does_not_fail),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_keepers",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
