// SPDX-License-Identifier: GPL-2.0
/*
 * pma_unsure_kunit.c - a CPU uses its magazine while others steal from it
 *
 * What the one does just when the other looks away, step by step where that can be had (on the
 * host); and on threads.
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_drain.h"
#include "pma_kunit_magazine.h"

#define SIZE		128
#define NR_BLOCKS	6
#define NR_THREADS	4
#define NR_SLOTS	32
#define BATCH		48

static u32 class_of(const struct pma_arena *arena)
{
	return pma_slab_class_of(arena->pool->classes, SIZE, 1);
}

/**
 * struct race - CPU 0 steals, and CPU 1 acts just after that has changed an entry
 * @arena: whose blocks they are
 * @magazine: CPU 1's
 * @blocks: that are in it, the oldest first
 * @in_use: others of the class
 */
struct race {
	struct pma_arena *arena;
	struct pma_magazine *magazine;
	void *blocks[NR_BLOCKS];
	void *in_use[NR_BLOCKS];
};

static struct race *create_race(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	pma_kunit_need_two_cpus(test);
	pma_kunit_move_to_cpu(1);
	for (i = 0; i < NR_BLOCKS; i++) {
		race->in_use[i] = pma_alloc(race->arena, SIZE);
		race->blocks[i] = pma_alloc(race->arena, SIZE);
		KUNIT_ASSERT_NOT_NULL(test, race->blocks[i]);
	}
	pma_kunit_flush_own(race->arena, class_of(race->arena), 0);
	KUNIT_ASSERT_EQ(test, pma_free_batch(race->arena, NR_BLOCKS, race->blocks), 0);
	race->magazine = pma_kunit_magazine(race->arena, 1, SIZE);
	KUNIT_ASSERT_EQ(test, race->magazine->nr, NR_BLOCKS);
	pma_kunit_move_to_cpu(0);
	return race;
}

static void skip_race(struct kunit *test, struct race *race)
{
	pma_block_free_all(race->arena);
	kunit_skip(test, "nobody says when others act");
}

/* CPU 1 had looked at its entries before one was changed: it gets what was there. */
static void pop(struct race *race, u32 nr)
{
	while (nr--) {
		clear_bit(pma_cpu_bit(race->arena, race->blocks[--race->magazine->nr]),
			  race->arena->fast.shadow);
		race->magazine->allocs++;
	}
}

static void push(struct race *race, void *block)
{
	u32 bit = pma_cpu_bit(race->arena, block);

	race->magazine->bits[race->magazine->nr++] = bit;
	set_bit(bit, race->arena->fast.shadow);
}

static void pop_all_but_one(void *context)
{
	pop(context, NR_BLOCKS - 1);
}

static void pop_all(void *context)
{
	pop(context, NR_BLOCKS);
}

static void pop_all_and_push_others(void *context)
{
	struct race *race = context;

	pop(race, NR_BLOCKS);
	push(race, race->in_use[0]);
	push(race, race->in_use[1]);
	race->in_use[0] = race->blocks[0];
	race->in_use[1] = race->blocks[1];
}

/* The same blocks are where they were. */
static void pop_all_and_push_the_same(void *context)
{
	struct race *race = context;
	u32 i;

	pop(race, NR_BLOCKS);
	for (i = 0; i < NR_BLOCKS; i++)
		push(race, race->blocks[i]);
}

static void pop_some(void *context)
{
	pop(context, NR_BLOCKS - 2);
}

/**
 * struct act - what CPU 1 does
 * @name: of the parameter
 * @act: that
 * @stolen: can be told to be, of one that is asked for
 * @unsure: of another nobody can tell
 * @live: blocks in use afterwards
 */
struct act {
	char name[32];
	void (*act)(void *context);
	u32 stolen;
	u32 unsure;
	u32 live;
};

static const struct act acts[] = {
	{ "leaves_two", pop_some, 1, 0, 2 * NR_BLOCKS - 2 },
	{ "leaves_the_one", pop_all_but_one, 0, 1, 2 * NR_BLOCKS - 1 },
	{ "leaves_none", pop_all, 0, 1, 2 * NR_BLOCKS },
	{ "has_others_instead", pop_all_and_push_others, 0, 1, 2 * NR_BLOCKS - 2 },
	{ "has_the_same_again", pop_all_and_push_the_same, 1, 1, NR_BLOCKS },
};

KUNIT_ARRAY_PARAM_DESC(acts, acts, name);

static void free_in_use(struct kunit *test, struct race *race)
{
	struct pma_stats stats;
	u32 i, freed = 0;

	for (i = 0; i < NR_BLOCKS; i++)
		freed += !pma_free(race->arena, race->in_use[i]);
	for (i = 0; i < NR_BLOCKS; i++)
		freed += !pma_free(race->arena, race->blocks[i]);
	pma_arena_get_stats(race->arena, &stats);
	KUNIT_EXPECT_EQ(test, stats.live_blocks, 0);
	KUNIT_EXPECT_GE(test, freed, NR_BLOCKS);
}

/*
 * What the CPU may have had in its hands is not stolen; whose it is tells the next drain, and then
 * nothing is lost.
 */
static void theft_in_doubt_is_none(struct kunit *test)
{
	const struct act *act = test->param_value;
	struct race *race = create_race(test);
	struct pma_arena *arena = race->arena;
	u32 bit, got;

	if (!pma_kunit_let_others(act->act, race))
		skip_race(test, race);
	got = pma_kunit_steal(arena, class_of(arena), 1, &bit);
	KUNIT_EXPECT_EQ(test, got, act->stolen);
	KUNIT_EXPECT_EQ(test, pma_kunit_nr_unsure(arena), act->unsure);
	if (act->unsure)
		KUNIT_EXPECT_EQ(test, arena->unsure[0],
				(race->blocks[0] - pma_kunit_ptr(arena->pool, 0)) / 4096);
	if (got)
		KUNIT_EXPECT_PTR_EQ(test, pma_cpu_pointer(arena, bit), race->blocks[act->unsure]);
	pma_kunit_put_back(arena, class_of(arena), got, &bit);
	pma_kunit_drain(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_nr_unsure(arena), 0);
	pma_kunit_expect_live(test, arena, act->live, act->live * SIZE);
	pma_kunit_expect_sound(test, arena->pool);
	free_in_use(test, race);
	pma_kunit_drain(arena);
	KUNIT_EXPECT_EQ(test, arena->stats.slab_pages, 0);
}

/* A block is lost, as if of a theft in doubt its CPU had seen that it is gone. */
static void lose_oldest(struct race *race)
{
	struct pma_arena *arena = race->arena;

	race->magazine->bits[0] = pma_pages_no_bit(&arena->pool->pages);
	arena->unsure[arena->nr_unsure++] = (race->blocks[0] - pma_kunit_ptr(arena->pool, 0)) /
					    4096;
}

/* The next drain finds it, also in a page that seemed full, or is empty but for that. */
static void drain_finds_lost_block(struct kunit *test)
{
	struct race *race = create_race(test);
	struct pma_arena *arena = race->arena;
	u32 nr_free;

	lose_oldest(race);
	pma_kunit_drain(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_nr_unsure(arena), 0);
	nr_free = arena->pool->pages.desc[arena->partial[class_of(arena)]].slab.nr_free;
	KUNIT_EXPECT_EQ(test, nr_free, 4096 / SIZE - NR_BLOCKS);
	pma_kunit_expect_live(test, arena, NR_BLOCKS, NR_BLOCKS * SIZE);
	pma_kunit_expect_sound(test, arena->pool);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, NR_BLOCKS, race->in_use), 0);
}

static void drain_frees_page_of_lost_block(struct kunit *test)
{
	struct race *race = create_race(test);

	lose_oldest(race);
	/* Twice the same page, which is no more then. */
	race->arena->unsure[race->arena->nr_unsure++] = race->arena->unsure[0];
	KUNIT_EXPECT_EQ(test, pma_free_batch(race->arena, NR_BLOCKS, race->in_use), 0);
	pma_kunit_drain(race->arena);
	KUNIT_EXPECT_EQ(test, race->arena->stats.arena_pages, 0);
	pma_kunit_expect_sound(test, race->arena->pool);
}

static void drain_finds_lost_block_of_full_page(struct kunit *test)
{
	static const struct pma_kunit_config one_page = { "one_page", 1, 4096, 0, 0 };
	struct pma_arena *arena = pma_kunit_percpu(test, &one_page);
	struct pma_magazine *magazine;
	void *blocks[4096 / SIZE];

	if (!arena->kept)
		kunit_skip(test, "CPUs have no magazines");
	magazine = pma_kunit_magazine(arena, 0, SIZE);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, ARRAY_SIZE(blocks), blocks),
			ARRAY_SIZE(blocks));
	KUNIT_ASSERT_EQ(test, pma_free(arena, blocks[7]), 0);
	magazine->bits[0] = pma_pages_no_bit(&arena->pool->pages);
	arena->nr_unsure = 1;
	KUNIT_EXPECT_NULL(test, pma_alloc(arena, SIZE));
	cancel_delayed_work_sync(&arena->pool->drain);
	pma_kunit_drain(arena);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), blocks[7]);
	pma_kunit_expect_live(test, arena, ARRAY_SIZE(blocks), 4096);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/* All of them, whatever pages they are of. */
static void drain_finds_all_lost_blocks(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	static const u32 lost[] = { 40, 70 };
	struct pma_magazine *magazine;
	void *blocks[3 * 4096 / SIZE];
	u32 i;

	if (!arena->kept)
		kunit_skip(test, "CPUs have no magazines");
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, ARRAY_SIZE(blocks), blocks),
			ARRAY_SIZE(blocks));
	pma_kunit_drain(arena);
	magazine = pma_kunit_magazine(arena, 0, SIZE);
	for (i = 0; i < ARRAY_SIZE(lost); i++) {
		KUNIT_ASSERT_EQ(test, pma_free(arena, blocks[lost[i]]), 0);
		magazine->bits[i] = pma_pages_no_bit(&arena->pool->pages);
		arena->unsure[arena->nr_unsure++] =
			(blocks[lost[i]] - pma_kunit_ptr(arena->pool, 0)) / 4096;
		blocks[lost[i]] = NULL;
	}
	pma_kunit_drain(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_nr_unsure(arena), 0);
	pma_kunit_expect_live(test, arena, ARRAY_SIZE(blocks) - i,
			      (ARRAY_SIZE(blocks) - i) * SIZE);
	pma_kunit_expect_sound(test, arena->pool);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 0);
}

/* Where there is no place for one more doubt nobody steals. */
static void doubts_end_theft(struct kunit *test)
{
	struct race *race = create_race(test);
	struct pma_arena *arena = race->arena;
	u32 bits[NR_BLOCKS];

	for (arena->nr_unsure = 0; arena->nr_unsure < PMA_UNSURE_MAX; arena->nr_unsure++)
		arena->unsure[arena->nr_unsure] = 0;
	KUNIT_EXPECT_EQ(test, pma_kunit_steal(arena, class_of(arena), NR_BLOCKS, bits), 0);
	pma_kunit_move_to_cpu(1);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(arena, SIZE), race->blocks[NR_BLOCKS - 1]);
	pma_kunit_move_to_cpu(0);
	arena->nr_unsure--;
	KUNIT_EXPECT_EQ(test, pma_kunit_steal(arena, class_of(arena), 1, bits), 1);
	pma_kunit_put_back(arena, class_of(arena), 1, bits);
	KUNIT_EXPECT_EQ(test, pma_free(arena, race->blocks[NR_BLOCKS - 1]), 0);
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, NR_BLOCKS, race->in_use), 0);
}

/* Another CPU tries to steal the last block just when that is to be had. */
static void change_last_entry(void *context)
{
	struct race *race = context;
	struct pma_magazine *magazine = race->magazine;

	magazine->bits[magazine->nr - 1] = pma_pages_no_bit(&race->arena->pool->pages);
	race->arena->unsure[race->arena->nr_unsure++] = 0;
}

/* A realloc has the block that it has seen before it freed the old one. */
static void realloc_has_what_it_has_seen(struct kunit *test)
{
	struct race *race = create_race(test);
	void *block, *moved;

	pma_kunit_move_to_cpu(1);
	block = pma_kunit_make_block(race->arena, 64, 1);
	KUNIT_ASSERT_NOT_NULL(test, block);
	if (!pma_kunit_let_others(change_last_entry, race))
		skip_race(test, race);
	moved = pma_realloc(race->arena, block, SIZE, 0);
	KUNIT_EXPECT_PTR_EQ(test, moved, race->blocks[NR_BLOCKS - 1]);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_block(moved, 64));
	KUNIT_EXPECT_EQ(test, pma_free(race->arena, moved), 0);
	KUNIT_EXPECT_EQ(test, pma_free_batch(race->arena, NR_BLOCKS, race->in_use), 0);
}

/* A CPU is in the midst of taking blocks: no counter wraps around, or goes back. */
static void stats_meanwhile_do_not_go_back(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_many_pages);
	struct pma_magazine *magazine;
	struct pma_stats stats;
	void *block;
	u32 i;

	if (!arena->kept)
		kunit_skip(test, "CPUs have no magazines");
	for (i = 0; i < 3; i++) {
		block = pma_alloc(arena, SIZE);
		magazine = pma_kunit_magazine(arena, 0, SIZE);
		magazine->nr -= 3;
		stats = pma_kunit_stats(arena);
		magazine->nr += 3;
		KUNIT_EXPECT_EQ(test, stats.frees, i);
		KUNIT_EXPECT_EQ(test, stats.allocs, i + 1);
		KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
		KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).frees, i + 1);
	}
	pma_block_free_all(arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(arena).frees, 0);
}

/**
 * struct contest - threads that allocate and free, that steal, and that drain and check
 * @arena: all of them are at
 * @slots: blocks, for any to free
 * @wrong: answers and contents
 * @seed: of random numbers
 * @done: threads that allocate no more
 */
struct contest {
	struct pma_arena *arena;
	void *slots[NR_SLOTS];
	atomic_t wrong;
	u64 seed;
	atomic_t done;
};

static void expect(struct contest *contest, bool right)
{
	if (!right)
		atomic_inc(&contest->wrong);
}

static void swap_blocks(struct contest *contest, struct pma_kunit_rng *rng)
{
	void **slot = &contest->slots[pma_kunit_below(rng, NR_SLOTS)];
	void *block = pma_kunit_make_block(contest->arena, SIZE, pma_kunit_random(rng));

	block = xchg(slot, block);
	expect(contest, !block || pma_kunit_drop_block(contest->arena, block));
}

static void move_block(struct contest *contest, struct pma_kunit_rng *rng)
{
	void *block = pma_kunit_make_block(contest->arena, 64, pma_kunit_random(rng)), *moved;

	if (!block)
		return;
	moved = pma_realloc(contest->arena, block, SIZE, 0);
	expect(contest, !moved || pma_kunit_is_block(moved, 64));
	expect(contest, pma_kunit_drop_block(contest->arena, moved ?: block));
}

static void take_batch(struct contest *contest, struct pma_kunit_rng *rng)
{
	u32 nr = pma_kunit_between(rng, 1, BATCH), tag = pma_kunit_random(rng), i;
	void *blocks[BATCH];

	nr = pma_alloc_batch(contest->arena, SIZE, 0, nr, blocks);
	for (i = 0; i < nr; i++)
		pma_kunit_write_block(blocks[i], SIZE, tag + i);
	for (i = 0; i < nr; i++)
		expect(contest, pma_kunit_is_block(blocks[i], SIZE));
	expect(contest, !pma_free_batch(contest->arena, nr, blocks));
}

static void disturb(struct contest *contest, u32 round)
{
	expect(contest, pma_kunit_steal_and_put_back(contest->arena, class_of(contest->arena)));
	if (!(round % 256))
		expect(contest, !pma_check(contest->arena->pool, NULL));
	else if (pma_kunit_nr_unsure(contest->arena) == PMA_UNSURE_MAX)
		pma_kunit_drain(contest->arena);
}

static void contend(void *context, u32 index)
{
	struct contest *contest = context;
	struct pma_kunit_rng rng = { .state = contest->seed + index };
	u32 ops = 4 * pma_kunit_rounds(), i;

	pma_kunit_move_to_cpu(index);
	for (i = 0; index < NR_THREADS - 1 && i < ops; i++) {
		swap_blocks(contest, &rng);
		move_block(contest, &rng);
		if (!(i % 4))
			take_batch(contest, &rng);
		cond_resched();
	}
	atomic_inc(&contest->done);
	for (i = 0; atomic_read(&contest->done) < NR_THREADS; i++) {
		disturb(contest, i);
		cond_resched();
	}
}

/* Each block is one thread's, of a pool where there is plenty, and of one where it is not. */
static void contend_for(struct kunit *test, const struct pma_kunit_config *config)
{
	struct contest *contest = kunit_kzalloc(test, sizeof(*contest), GFP_KERNEL);
	struct pma_kunit_rng rng;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, contest);
	pma_kunit_rng_init(&rng, test, "unsure");
	contest->seed = rng.state;
	contest->arena = pma_kunit_percpu(test, config);
	pma_kunit_threads(test, NR_THREADS, contend, contest);
	for (i = 0; i < NR_SLOTS; i++)
		if (contest->slots[i])
			expect(contest, pma_kunit_drop_block(contest->arena, contest->slots[i]));
	KUNIT_EXPECT_EQ(test, atomic_read(&contest->wrong), 0);
	pma_kunit_expect_live(test, contest->arena, 0, 0);
	pma_kunit_expect_sound(test, contest->arena->pool);
}

static void block_is_one_threads_threads(struct kunit *test)
{
	static const struct pma_kunit_config three_pages = { "three_pages", 3, 4096, 0, 0 };

	contend_for(test, &pma_kunit_many_pages);
	contend_for(test, &three_pages);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(theft_in_doubt_is_none, acts_gen_params),
	KUNIT_CASE(drain_finds_lost_block),
	KUNIT_CASE(drain_frees_page_of_lost_block),
	KUNIT_CASE(drain_finds_lost_block_of_full_page),
	KUNIT_CASE(drain_finds_all_lost_blocks),
	KUNIT_CASE(doubts_end_theft),
	KUNIT_CASE(realloc_has_what_it_has_seen),
	KUNIT_CASE(stats_meanwhile_do_not_go_back),
	KUNIT_CASE(block_is_one_threads_threads),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_unsure",
	.init = pma_kunit_magazine_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
