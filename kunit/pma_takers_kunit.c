// SPDX-License-Identifier: GPL-2.0
/*
 * pma_takers_kunit.c - slab blocks and pages that several want at the same time
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_drain.h"
#include "pma_kunit_magazine.h"

#define PAGE_BLOCKS	2	/* of 128 bytes, in a page */
#define FEW_PAGES	8

static const struct pma_kunit_config short_pages = { "short_pages", 4096, 256, 0, 0 };

#define TAKERS		4
#define TAKEN_BLOCKS	96

/**
 * struct takers - threads that have blocks, or take them out of others' magazines
 * @arena: whose they are
 * @failed: frees refused
 * @ops: of who frees
 * @done: it has done so
 */
struct takers {
	struct pma_arena *arena;
	atomic_t failed;
	u32 ops;
	u32 done;
};

static struct takers *create_takers(struct kunit *test, const struct pma_kunit_config *config)
{
	struct takers *takers = kunit_kzalloc(test, sizeof(*takers), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, takers);
	takers->arena = pma_kunit_percpu(test, config);
	takers->ops = pma_kunit_ops() / 40;
	return takers;
}

static void expect_all_free(struct kunit *test, struct pma_arena *arena)
{
	pma_kunit_expect_live(test, arena, 0, 0);
	pma_kunit_expect_sound(test, arena->pool);
}

static void allocate_and_free(struct takers *takers)
{
	void *blocks[TAKEN_BLOCKS];
	u32 n, i, nr;

	for (n = 0; n < takers->ops; n++) {
		nr = pma_alloc_batch(takers->arena, 256, 0, ARRAY_SIZE(blocks), blocks);
		for (i = 0; i < nr; i++)
			pma_kunit_write_block(blocks[i], 256, n + i);
		for (i = 0; i < nr; i++)
			if (!pma_kunit_drop_block(takers->arena, blocks[i]))
				atomic_inc(&takers->failed);
		cond_resched();
	}
	WRITE_ONCE(takers->done, 1);
}

static void take_from_magazines(void *context, u32 index)
{
	struct takers *takers = context;
	u32 class = pma_slab_class_of(takers->arena->pool->classes, 256, 1);

	pma_kunit_move_to_cpu(index);
	if (!index) {
		allocate_and_free(takers);
		return;
	}
	while (!READ_ONCE(takers->done)) {
		if (!pma_kunit_steal_and_put_back(takers->arena, class))
			atomic_inc(&takers->failed);
		/* What nobody can tell whose it is would end all theft by and by. */
		if (pma_kunit_nr_unsure(takers->arena) == PMA_UNSURE_MAX)
			pma_kunit_drain(takers->arena);
		cond_resched();
	}
}

/* A block in a magazine is its CPU's, or whose who steals it. */
static void block_has_one_taker_threads(struct kunit *test)
{
	struct takers *takers = create_takers(test, &pma_kunit_many_pages);

	if (!takers->arena->kept)
		kunit_skip(test, "CPUs have no magazines");
	pma_kunit_threads(test, TAKERS, take_from_magazines, takers);
	KUNIT_EXPECT_EQ(test, atomic_read(&takers->failed), 0);
	expect_all_free(test, takers->arena);
}

/**
 * struct pair - one takes what is free in a page, and another frees there just then
 * @arena: whose page it is
 * @block: to be freed by the other one; NULL when it is
 * @wrong: answers that were
 * @ops: of the first one
 * @done: it has done so
 */
struct pair {
	struct pma_arena *arena;
	void *block;
	atomic_t wrong;
	u32 ops;
	u32 done;
};

/* Under the lock, so that the page gets it back. */
static void free_of_pair(struct pair *pair)
{
	void *base = pma_kunit_ptr(pair->arena->pool, 0), *block;

	while (!READ_ONCE(pair->done)) {
		block = READ_ONCE(pair->block);
		if (block) {
			if (pma_block_free(pair->arena, block - base))
				atomic_inc(&pair->wrong);
			WRITE_ONCE(pair->block, NULL);
		}
		cond_resched();
	}
}

static void take_all(void *context, u32 index)
{
	struct pair *pair = context;
	void *first, *second, *own[PAGE_BLOCKS];
	u32 n;

	pma_kunit_move_to_cpu(index);
	if (index) {
		free_of_pair(pair);
		return;
	}
	first = pma_alloc(pair->arena, 128);
	second = pma_alloc(pair->arena, 128);
	own[0] = pma_alloc(pair->arena, 128);
	own[1] = pma_alloc(pair->arena, 128);
	for (n = 0; n < pair->ops; n++) {
		if (pma_free(pair->arena, first))
			atomic_inc(&pair->wrong);
		WRITE_ONCE(pair->block, second);
		first = pma_alloc(pair->arena, 128);
		while (READ_ONCE(pair->block))
			cond_resched();
		second = pma_alloc(pair->arena, 128);
		if (!first || !second || pair->arena->stats.slab_pages > FEW_PAGES)
			atomic_inc(&pair->wrong);
		/* Have its magazine change, and sometimes flushed. */
		if (pma_free(pair->arena, own[0]) || pma_free(pair->arena, own[1]))
			atomic_inc(&pair->wrong);
		own[0] = pma_alloc(pair->arena, 128);
		own[1] = pma_alloc(pair->arena, 128);
	}
	WRITE_ONCE(pair->done, 1);
	pma_free(pair->arena, own[0]);
	pma_free(pair->arena, own[1]);
	pma_free(pair->arena, first);
	pma_free(pair->arena, second);
}

/* A page that others free to while it becomes full, or partial, is not lost. */
static void free_while_page_is_taken_from_threads(struct kunit *test)
{
	struct pair *pair = kunit_kzalloc(test, sizeof(*pair), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pair);
	pair->arena = pma_kunit_percpu(test, &short_pages);
	if (!pma_kunit_move_to_cpu(1) || !pma_kunit_move_to_cpu(0))
		kunit_skip(test, "there are no two CPUs");
	pair->ops = pma_kunit_rounds();
	pma_kunit_threads(test, 2, take_all, pair);
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->wrong), 0);
	expect_all_free(test, pair->arena);
}

static void alloc_all_at_once(void *context, u32 index)
{
	struct takers *takers = context;
	void *blocks[3 * PMA_MAGAZINE_BLOCKS / 2];
	u32 n, i;

	pma_kunit_move_to_cpu(0);
	for (n = 0; n < takers->ops; n++) {
		for (i = 0; i < ARRAY_SIZE(blocks); i++)
			blocks[i] = pma_alloc(takers->arena, 128);
		for (i = 0; i < ARRAY_SIZE(blocks); i++)
			if (pma_free(takers->arena, blocks[i]))
				atomic_inc(&takers->failed);
		cond_resched();
	}
}

/* A magazine is changed with interrupts off: who is on the same CPU sees none of it. */
static void magazine_of_shared_cpu_threads(struct kunit *test)
{
	struct takers *takers = create_takers(test, &short_pages);

	pma_kunit_threads(test, TAKERS, alloc_all_at_once, takers);
	KUNIT_EXPECT_EQ(test, atomic_read(&takers->failed), 0);
	expect_all_free(test, takers->arena);
}

/**
 * struct stale - one allocates and frees a page's only block, others ask for one that is free
 * @arena: whose they are; CPUs have no blocks just now
 * @block: the other block of that page
 * @wrong: answers that it is in use
 * @granted: the same, to a realloc
 * @moved: allocs that got a block of another page
 * @refused: frees
 * @ops: of who allocates
 * @done: it has done so
 */
struct stale {
	struct pma_arena *arena;
	char *block;
	atomic_t wrong, granted, moved, refused;
	u32 ops;
	u32 done;
};

static void ask_of_stale(void *context, u32 index)
{
	struct stale *stale = context;
	char *block;
	u32 n;

	pma_kunit_move_to_cpu(index);
	while (index && !READ_ONCE(stale->done)) {
		if (pma_usable_size(stale->arena, stale->block))
			atomic_inc(&stale->wrong);
		if (pma_realloc(stale->arena, stale->block, 128, 0))
			atomic_inc(&stale->granted);
		cond_resched();
	}
	for (n = 0; !index && n < stale->ops; n++) {
		block = pma_alloc(stale->arena, 128);
		if (block + 128 != stale->block)
			atomic_inc(&stale->moved);
		if (pma_free(stale->arena, block))
			atomic_inc(&stale->refused);
	}
	if (!index)
		WRITE_ONCE(stale->done, 1);
}

/* A block that is free is never in use, also while its page goes. */
static void free_block_stays_free_threads(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &short_pages);
	struct stale stale = { .arena = arena, .ops = pma_kunit_ops() / 4 };
	char *block;

	if (!arena->kept)
		kunit_skip(test, "CPUs have no magazines");
	pma_drain_begin(arena);
	block = pma_alloc(arena, 128);
	stale.block = block + 128;
	KUNIT_EXPECT_EQ(test, pma_free(arena, block), 0);
	pma_kunit_threads(test, 2, ask_of_stale, &stale);
	pma_drain_end(arena);
	/* But if it has gone and come back between two looks at it. */
	KUNIT_EXPECT_LE(test, atomic_read(&stale.wrong), stale.ops / 5000);
	KUNIT_EXPECT_LE(test, atomic_read(&stale.granted), stale.ops / 5000);
	KUNIT_EXPECT_EQ(test, atomic_read(&stale.moved), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&stale.refused), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(block_has_one_taker_threads),
	KUNIT_CASE(free_while_page_is_taken_from_threads),
	KUNIT_CASE(magazine_of_shared_cpu_threads),
	KUNIT_CASE(free_block_stays_free_threads),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_takers",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
