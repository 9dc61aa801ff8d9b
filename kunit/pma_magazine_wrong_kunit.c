// SPDX-License-Identifier: GPL-2.0
/*
 * pma_magazine_wrong_kunit.c - wrong frees, whatever magazines have just then
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_drain.h"
#include "pma_kunit_magazine.h"

#define SIZE		112
#define BLOCKS		36	/* of that size, in a page */
#define FULL		16	/* of them in a magazine */
#define NR_THREADS	3
#define ROUND_BLOCKS	48

static const struct pma_kunit_config config = { "wrong", 256, 4096, 0, 0 };

/* What the magazine has, of so many blocks in use. */

static void make_empty(struct pma_arena *arena, void **blocks)
{
	u32 i;

	for (i = 0; pma_kunit_magazine(arena, 0, SIZE)->nr; i++)
		blocks[2 * BLOCKS + i] = pma_alloc(arena, SIZE);
}

static void make_full(struct pma_arena *arena, void **blocks)
{
	u32 i;

	make_empty(arena, blocks);
	for (i = 0; pma_kunit_magazine(arena, 0, SIZE)->nr < FULL; i++)
		pma_free(arena, blocks[i]);
}

static void leave_as_it_is(struct pma_arena *arena, void **blocks)
{
}

static void make_drained(struct pma_arena *arena, void **blocks)
{
	pma_kunit_drain(arena);
}

static void begin_drain(struct pma_arena *arena, void **blocks)
{
	pma_drain_begin(arena);
}

static const struct state {
	char name[16];
	void (*make)(struct pma_arena *arena, void **blocks);
	bool is_draining;
} states[] = {
	{ "empty", make_empty },
	{ "some", leave_as_it_is },
	{ "full", make_full },
	{ "drained", make_drained },
	{ "draining", begin_drain, true },
};

KUNIT_ARRAY_PARAM_DESC(states, states, name);

static u64 magazines_of(const struct pma_arena *arena, struct pma_magazine *copy)
{
	u32 nr = arena->pool->classes->nr;

	memcpy(copy, per_cpu_ptr(arena->fast.magazines, 0), nr * sizeof(*copy));
	return nr * sizeof(*copy);
}

/* The right answer, a batch counts it as well, and nothing is changed, nor is the magazine. */
static void expect_wrong(struct kunit *test, struct pma_arena *arena, void *block, int err,
			 const char *what)
{
	static struct pma_magazine before[PMA_CLASSES_MAX];
	u64 bytes = magazines_of(arena, before);
	struct pma_kunit_before watched;

	pma_kunit_watch(&watched, arena);
	KUNIT_EXPECT_EQ_MSG(test, pma_free(arena, block), err, "%s", what);
	pma_kunit_expect_refused(test, &watched, arena, err, what);
	pma_kunit_watch(&watched, arena);
	KUNIT_EXPECT_EQ_MSG(test, pma_free_batch(arena, 1, &block), 1, "%s", what);
	pma_kunit_expect_refused(test, &watched, arena, err, what);
	KUNIT_EXPECT_TRUE_MSG(test, !memcmp(before, per_cpu_ptr(arena->fast.magazines, 0), bytes),
			      "%s: magazine", what);
}

static void wrong_free_changes_nothing(struct kunit *test)
{
	const struct state *state = test->param_value;
	struct pma_arena *arena = pma_kunit_percpu(test, &config), *other;
	void **blocks = pma_kunit_blocks(test, 3 * BLOCKS), *base, *used, *free, *others;
	u32 nr = 2 * BLOCKS - 1;

	if (!arena->kept)
		kunit_skip(test, "CPUs have no magazines");
	other = pma_kunit_arena(test, arena->pool, PMA_ARENA_PERCPU);
	base = pma_kunit_ptr(arena->pool, 0);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, SIZE, 0, nr, blocks), nr);
	others = pma_alloc(other, SIZE);
	used = blocks[nr - 1];
	free = blocks[nr - 2];
	KUNIT_EXPECT_EQ(test, pma_free(arena, free), 0);
	state->make(arena, blocks);
	/* Then that is in use again. */
	if (state->make == make_empty)
		free = NULL;
	else if (state->make == make_full)
		free = blocks[0];
	if (free)
		expect_wrong(test, arena, free, -EALREADY, "twice");
	if (free)
		expect_wrong(test, arena, free + 16, -EALREADY, "inside a free one");
	expect_wrong(test, arena, used + 16, -EBADSLT, "inside");
	expect_wrong(test, arena, used + 1, -EBADSLT, "misaligned");
	expect_wrong(test, arena, base + (used - base) / 4096 * 4096 + BLOCKS * SIZE, -EALREADY,
		     "tail");
	expect_wrong(test, arena, others, -EACCES, "other arena's");
	expect_wrong(test, arena, base - 16, -ERANGE, "below");
	expect_wrong(test, arena, base - 1, -ERANGE, "just below");
	expect_wrong(test, arena, base + arena->pool->region.bytes, -ERANGE, "above");
	KUNIT_EXPECT_EQ(test, pma_free(arena, NULL), 0);
	KUNIT_EXPECT_EQ(test, pma_free(arena, used), 0);
	expect_wrong(test, arena, used, -EALREADY, "twice in a row");
	if (state->is_draining)
		pma_drain_end(arena);
	KUNIT_EXPECT_EQ(test, pma_free(other, others), 0);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* A batch goes on after what is refused, to whatever class and page. */
static void batch_goes_on_after_wrong_ones(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &config);
	void *a = pma_alloc(arena, SIZE), *b = pma_alloc(arena, SIZE), *c = pma_alloc(arena, 64);
	void *d = pma_alloc(arena, 3000), *e = pma_alloc(arena, 4096), *f = pma_alloc(arena, 64);
	void *blocks[] = { a, NULL, a, a + 16, b, c, c + 1, d, e, e, NULL, f };
	struct pma_stats stats;

	KUNIT_ASSERT_TRUE(test, a && b && c && d && e && f);
	/* Again, inside, misaligned, again. */
	KUNIT_EXPECT_EQ(test, pma_free_batch(arena, ARRAY_SIZE(blocks), blocks), 4);
	stats = pma_kunit_stats(arena);
	KUNIT_EXPECT_EQ(test, stats.frees, 6);
	KUNIT_EXPECT_EQ(test, stats.bad_free + stats.bad_interior, 4);
	pma_kunit_expect_live(test, arena, 0, 0);
	pma_kunit_expect_sound(test, arena->pool);
}

/**
 * struct twice - two free the same blocks, and a third one steals and checks
 * @arena: whose they are
 * @blocks: that are to be freed
 * @round: of those
 * @freed: in that round
 * @done: the round that the other one is done with
 * @wrong: answers
 * @over: no more rounds
 */
struct twice {
	struct pma_arena *arena;
	void *blocks[ROUND_BLOCKS];
	u32 round;
	atomic_t freed;
	u32 done;
	atomic_t wrong;
	u32 over;
};

static void free_all_of_round(struct twice *twice)
{
	u32 i;
	int err;

	for (i = 0; i < ROUND_BLOCKS; i++) {
		err = pma_free(twice->arena, twice->blocks[i]);
		if (!err)
			atomic_inc(&twice->freed);
		else if (err != -EALREADY)
			atomic_inc(&twice->wrong);
	}
}

static void begin_rounds(struct twice *twice)
{
	u32 rounds = pma_kunit_rounds() / 4, round;

	for (round = 1; round <= rounds; round++) {
		if (pma_alloc_batch(twice->arena, SIZE, 0, ROUND_BLOCKS, twice->blocks) !=
		    ROUND_BLOCKS)
			atomic_inc(&twice->wrong);
		atomic_set(&twice->freed, 0);
		smp_store_release(&twice->round, round);	/* after its blocks */
		free_all_of_round(twice);
		/* He reads the blocks no more. */
		while (smp_load_acquire(&twice->done) != round)
			cond_resched();
		if (atomic_read(&twice->freed) != ROUND_BLOCKS)
			atomic_inc(&twice->wrong);
	}
	WRITE_ONCE(twice->over, 1);
}

static void follow_rounds(struct twice *twice)
{
	u32 seen = 0, round;

	while (!READ_ONCE(twice->over)) {
		round = smp_load_acquire(&twice->round);	/* before its blocks */
		if (round != seen)
			free_all_of_round(twice);
		seen = round;
		smp_store_release(&twice->done, round);	/* after all reads of its blocks */
		cond_resched();
	}
}

static void disturb_rounds(struct twice *twice)
{
	u32 class = pma_slab_class_of(twice->arena->pool->classes, SIZE, 1), bits[8], nr, i;

	for (i = 0; !READ_ONCE(twice->over); i++) {
		/* None is used meanwhile: to free it twice would be right then. */
		nr = pma_kunit_steal(twice->arena, class, ARRAY_SIZE(bits), bits);
		pma_kunit_put_back(twice->arena, class, nr, bits);
		if (!(i % 64) && pma_check(twice->arena->pool, NULL))
			atomic_inc(&twice->wrong);
		cond_resched();
	}
}

static void free_twice(void *context, u32 index)
{
	pma_kunit_move_to_cpu(index);
	if (!index)
		begin_rounds(context);
	else if (index == 1)
		follow_rounds(context);
	else
		disturb_rounds(context);
}

/* Of two frees of a block at once one succeeds; its page stays, as others of it are in use. */
static void one_of_two_frees_succeeds_threads(struct kunit *test)
{
	struct twice *twice = kunit_kzalloc(test, sizeof(*twice), GFP_KERNEL);
	void **blocks = pma_kunit_blocks(test, 8 * BLOCKS);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, twice);
	twice->arena = pma_kunit_percpu(test, &config);
	/* Pages that stay, of which but one block is in use each. */
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(twice->arena, SIZE, 0, 8 * BLOCKS, blocks),
			8 * BLOCKS);
	for (i = 0; i < 8 * BLOCKS; i++)
		if (i % BLOCKS)
			KUNIT_ASSERT_EQ(test, pma_free(twice->arena, blocks[i]), 0);
	pma_kunit_drain(twice->arena);
	pma_kunit_threads(test, NR_THREADS, free_twice, twice);
	KUNIT_EXPECT_EQ(test, atomic_read(&twice->wrong), 0);
	pma_kunit_expect_live(test, twice->arena, 8, 8 * SIZE);
	pma_kunit_expect_sound(test, twice->arena->pool);
	pma_block_free_all(twice->arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(wrong_free_changes_nothing, states_gen_params),
	KUNIT_CASE(batch_goes_on_after_wrong_ones),
	KUNIT_CASE(one_of_two_frees_succeeds_threads),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_magazine_wrong",
	.init = pma_kunit_magazine_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
