// SPDX-License-Identifier: GPL-2.0
/*
 * pma_cpu_kunit.c - slab blocks where each CPU has some at hand
 *
 * By the kernel interface, as its users meet them.
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_kunit_magazine.h"

#define NR_THREADS	4
#define NR_SLOTS	64

/* A block that is freed stays with the CPU, and its page goes back when CPUs are drained. */
static void drain_gives_pages_back(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	void *block = pma_alloc(arena, 64);

	KUNIT_ASSERT_NOT_NULL(test, block);
	pma_kunit_expect_live(test, arena, 1, 64);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	pma_kunit_expect_live(test, arena, 0, 0);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 1);
	pma_drain_begin(arena);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 0);
	/* Meanwhile it works, and no CPU gets a block. */
	block = pma_alloc(arena, 64);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	pma_drain_end(arena);
}

/*
 * Each misuse gets its answer, and changes nothing: of a page with blocks of 112
 * bytes, in which @a and @b are the last in use.
 */
static void expect_misuse_refused(struct kunit *test, struct pma_arena *arena, void *a, void *b)
{
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU);
	void *base = pma_kunit_ptr(arena->pool, 0);
	void *page = base + (a - base) / 4096 * 4096;
	void *tail = page + 4096 / 112 * 112;
	void *wrong[] = { a + 16, a + 1, tail, base - 1, base + arena->pool->region.bytes };
	struct pma_stats stats;
	u64 live;

	pma_arena_get_stats(arena, &stats);
	live = stats.live_blocks;
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(wrong), wrong), ARRAY_SIZE(wrong));
	KUNIT_EXPECT_EQ(test, pma_free(arena, a + 16), -EBADSLT);
	KUNIT_EXPECT_EQ(test, pma_free(arena, a + 1), -EBADSLT);
	KUNIT_EXPECT_EQ(test, pma_free(other, a), -EACCES);
	KUNIT_EXPECT_EQ(test, pma_free(arena, tail), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_free(arena, base + arena->pool->region.bytes), -ERANGE);
	KUNIT_EXPECT_EQ(test, pma_free(arena, base - 1), -ERANGE);
	pma_kunit_expect_live(test, arena, live, live * 112);
	KUNIT_EXPECT_EQ(test, pma_free(arena, a), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, a), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_free(arena, b), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, b), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_free(arena, NULL), 0);
	pma_kunit_expect_live(test, arena, live - 2, (live - 2) * 112);
	pma_kunit_expect_sound(test, arena->pool);
}

static void free_refuses_misuse(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	void *a = pma_alloc(arena, 112), *b = pma_alloc(arena, 112);

	KUNIT_ASSERT_NOT_NULL(test, b);
	expect_misuse_refused(test, arena, a, b);
}

/* The same where CPUs have none: in pages full, with a free block, with two in use. */
static void free_refuses_misuse_elsewhere(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	void *blocks[3 * 36];
	u32 i;

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 112, 0, ARRAY_SIZE(blocks), blocks),
			ARRAY_SIZE(blocks));
	pma_drain_begin(arena);
	expect_misuse_refused(test, arena, blocks[0], blocks[1]);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[36]), 0);
	expect_misuse_refused(test, arena, blocks[37], blocks[38]);
	for (i = 2; i < 36; i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[2 * 36 + i]), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 3);
	expect_misuse_refused(test, arena, blocks[2 * 36], blocks[2 * 36 + 1]);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 2);
	pma_drain_end(arena);
	pma_block_free_all(arena);
}

/* And of blocks that came from another CPU: who frees one has it next. */
static void free_keeps_blocks_of_other_cpus(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	void *blocks[36];

	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 112, 0, 36, blocks), 36);
	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[7]), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[7]), -EALREADY);
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[7]), -EALREADY);
	KUNIT_EXPECT_PTR_NE(test, pma_alloc(arena, 112), blocks[7]);
	pma_kunit_move_to_cpu(0);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 112), blocks[7]);
	expect_misuse_refused(test, arena, blocks[7], blocks[8]);
	pma_block_free_all(arena);
}

/* What a CPU had that goes offline is given back: blocks, runs and chunks. */
static void offline_cpu_has_nothing(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	void *blocks[3];
	u32 i, had;

	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	blocks[0] = pma_alloc(arena, 64);
	blocks[1] = pma_alloc(arena, 3000);
	blocks[2] = pma_alloc(arena, 4096);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
	pma_kunit_move_to_cpu(0);
	blocks[0] = pma_alloc(arena, 64);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 2);
	KUNIT_EXPECT_GT(test, pma_kunit_magazine(arena, 1, 64)->nr, 0);
	had = pma_kunit_magazine(arena, 0, 64)->nr;
	if (!pma_kunit_offline_cpu(1))
		kunit_skip(test, "no CPU can go offline");
	/* That is done a moment later. */
	for (i = 0; i < 500 && READ_ONCE(arena->stats.arena_pages) > 1; i++)
		pma_kunit_sleep();
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), had);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine(arena, 0, 64)->nr, had);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 1);
	pma_kunit_expect_live(test, arena, 1, 64);
	pma_kunit_online_cpu(1);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[0]), 0);
}

/* All blocks of all pages are served, each once, and then no more. */
static void serve_whole_pool(struct kunit *test, struct pma_arena *arena, u32 size)
{
	u32 nr = arena->pool->region.bytes / size, i;
	void **blocks = kvcalloc(nr, sizeof(*blocks), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	for (i = 0; i < nr; i++) {
		blocks[i] = pma_alloc(arena, size);
		if (!blocks[i])
			break;
		pma_kunit_fill(blocks[i], size, i);
	}
	KUNIT_ASSERT_EQ(test, i, nr);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, size));
	pma_kunit_expect_live(test, arena, nr, (u64)nr * size);
	for (i = 0; i < nr && pma_kunit_is_filled(blocks[i], size, i); i++)
		;
	KUNIT_EXPECT_EQ(test, i, nr);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, nr, blocks), 0);
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, size, 0, nr, blocks), nr);
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, size));
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, nr, blocks), 0);
	kvfree(blocks);
}

/* Of pages with one bitmap word, and with four. */
static void alloc_serves_whole_pool(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);

	serve_whole_pool(test, arena, 256);
	serve_whole_pool(test, arena, 16);
}

/* With two full pages: a block freed in either is the next to be had. */
static void freed_block_is_next(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	static const u32 of_both[] = { 3, 19, 4, 20 };
	void *blocks[32];
	u32 i;

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 256, 0, 32, blocks), 32);
	for (i = 0; i < 32; i = i * 5 + 3) {
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[i % 32]), 0);
		pma_kunit_expect_live(test, arena, 31, 31 * 256);
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 256), blocks[i % 32]);
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[(i + 16) % 32]), 0);
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 256), blocks[(i + 16) % 32]);
		pma_kunit_expect_sound(test, arena->pool);
	}
	for (i = 0; i < ARRAY_SIZE(of_both); i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[of_both[i]]), 0);
	while (i--)
		KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, 256), blocks[of_both[i]]);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 2);
	pma_kunit_expect_live(test, arena, 32, 32 * 256);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* All that is freed to a page is found again, in whatever word of its bitmap it is. */
static void freed_blocks_of_all_words_are_found(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	void **blocks = kunit_kcalloc(test, 2 * 256, sizeof(*blocks), GFP_KERNEL);
	static const u32 freed[] = { 200, 3, 130, 70 };
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 16, 0, 2 * 256, blocks), 2 * 256);
	for (i = 0; i < ARRAY_SIZE(freed); i++)
		KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[freed[i]]), 0);
	pma_kunit_expect_live(test, arena, 2 * 256 - i, (2 * 256 - i) * 16);
	for (i = 0; i < ARRAY_SIZE(freed); i++)
		KUNIT_EXPECT_NOT_NULL(test, pma_alloc(arena, 16));
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 2);
	pma_kunit_expect_live(test, arena, 2 * 256, 2 * 256 * 16);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* A block in use is judged by itself, whatever CPUs have beside it in its page. */
static void free_refuses_misuse_beside_lent(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	void *blocks[2 * 36];

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 112, 0, ARRAY_SIZE(blocks), blocks),
			ARRAY_SIZE(blocks));
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[5]), 0);
	expect_misuse_refused(test, arena, blocks[0], blocks[1]);
	KUNIT_EXPECT_EQ(test, pma_alloc_batch(arena, 112, 0, 3, blocks), 3);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[2]), 0);
	if (pma_kunit_move_to_cpu(1))
		expect_misuse_refused(test, arena, blocks[0], blocks[1]);
	pma_block_free_all(arena);
}

/* Soon after a failure: a page that is empty but for what an idle CPU has. */
static void idle_cpus_are_drained_soon(struct kunit *test)
{
	static const struct pma_kunit_config config = { "two_pages", 2, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	void *used, *block;
	u32 tries;

	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	used = pma_alloc(arena, 128);
	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, 64)), 0);
	pma_kunit_move_to_cpu(0);
	block = pma_alloc(arena, 4096);
	KUNIT_EXPECT_NULL(test, block);
	for (tries = 0; !block && tries < 500; tries++) {
		pma_kunit_sleep();
		block = pma_alloc(arena, 4096);
	}
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	/* The last failure may have set off another drain. */
	cancel_delayed_work_sync(&arena->pool->drain);
	KUNIT_EXPECT_EQ(test, pma_free(arena, used), 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/* Also for who has no CPUs, or fails on the CPU that has all of a page of another arena's. */
static void idle_cpus_are_drained_for_all(struct kunit *test)
{
	static const struct pma_kunit_config config = { "two_pages", 2, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &config), *others[2];
	void *block;
	u32 i, tries;

	others[0] = pma_kunit_arena(test, arena->pool, 0);
	others[1] = pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU);
	pma_kunit_move_to_cpu(0);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		block = pma_alloc(arena, 64);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		block = pma_alloc(others[i], 2 * 4096);
		for (tries = 0; !block && tries < 500; tries++) {
			pma_kunit_sleep();
			block = pma_alloc(others[i], 2 * 4096);
		}
		KUNIT_EXPECT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ(test, pma_free(others[i], block), 0);
		cancel_delayed_work_sync(&arena->pool->drain);
	}
	pma_kunit_expect_sound(test, arena->pool);
}

/* Nobody is drained for who is refused for its own limit. */
static void own_limit_drains_no_others(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	struct pma_arena *other = pma_kunit_arena(test, arena->pool, 0);
	void *block = pma_alloc(arena, 64);
	u32 had;

	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	had = pma_kunit_magazine_blocks(arena);
	KUNIT_EXPECT_EQ(test, pma_arena_set_limit(other, 1), 0);
	KUNIT_EXPECT_NULL(test, pma_alloc(other, 2 * 4096));
	pma_kunit_sleep();
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), had);
}

/**
 * struct contest - what threads contend for
 * @arena: all of them allocate from it
 * @slots: blocks, each put there by one thread and freed by any
 * @failed: contents that were not as they were left, frees refused
 * @seed: of their random numbers
 * @ops: of each thread
 */
struct contest {
	struct pma_arena *arena;
	void *slots[NR_SLOTS];
	atomic_t failed;
	u64 seed;
	u32 ops;
};

static void *make_block(struct contest *contest, struct pma_kunit_rng *rng)
{
	u32 size = pma_kunit_between(rng, 16, 3000);

	return pma_kunit_make_block(contest->arena, size, pma_kunit_random(rng));
}

static void drop_block(struct contest *contest, void *block)
{
	if (block && !pma_kunit_drop_block(contest->arena, block))
		atomic_inc(&contest->failed);
}

static void contend(void *context, u32 index)
{
	struct contest *contest = context;
	struct pma_kunit_rng rng = { .state = contest->seed + index };
	u32 i;

	for (i = 0; i < contest->ops; i++) {
		void **slot = &contest->slots[pma_kunit_below(&rng, NR_SLOTS)];

		drop_block(contest, xchg(slot, make_block(contest, &rng)));
		if (!index && !(i % 512) && pma_check(contest->arena->pool, NULL))
			atomic_inc(&contest->failed);
		cond_resched();
	}
}

static void alloc_and_free_anywhere_threads(struct kunit *test)
{
	struct contest *contest = kunit_kzalloc(test, sizeof(*contest), GFP_KERNEL);
	struct pma_kunit_rng rng;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, contest);
	pma_kunit_rng_init(&rng, test, "contest");
	contest->arena = pma_kunit_percpu(test, &pma_kunit_default);
	contest->seed = rng.state;
	contest->ops = pma_kunit_ops() / NR_THREADS;
	pma_kunit_threads(test, NR_THREADS, contend, contest);
	for (i = 0; i < NR_SLOTS; i++)
		drop_block(contest, contest->slots[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&contest->failed), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(drain_gives_pages_back),
	KUNIT_CASE(free_refuses_misuse),
	KUNIT_CASE(free_refuses_misuse_elsewhere),
	KUNIT_CASE(free_keeps_blocks_of_other_cpus),
	KUNIT_CASE(offline_cpu_has_nothing),
	KUNIT_CASE(alloc_serves_whole_pool),
	KUNIT_CASE(freed_block_is_next),
	KUNIT_CASE(freed_blocks_of_all_words_are_found),
	KUNIT_CASE(free_refuses_misuse_beside_lent),
	KUNIT_CASE(idle_cpus_are_drained_soon),
	KUNIT_CASE(idle_cpus_are_drained_for_all),
	KUNIT_CASE(own_limit_drains_no_others),
	KUNIT_CASE(alloc_and_free_anywhere_threads),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_cpu",
	.init = pma_kunit_magazine_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
