// SPDX-License-Identifier: GPL-2.0
/*
 * pma_takers_kunit.c - slab pages that several want at the same time
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_kunit.h"

#define PAGE_BLOCKS	2	/* of 128 bytes, in a page */

static const struct pma_kunit_config many_pages = { "many_pages", 4096, 256, 0, 0 };

#define TAKERS		4
#define TAKEN_PAGES	6

/**
 * struct takers - threads that have spare pages, or take them out of their places
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

static void free_to_spares(struct takers *takers)
{
	void *blocks[TAKEN_PAGES * PAGE_BLOCKS * 8];
	u32 n, i, nr;

	for (n = 0; n < takers->ops; n++) {
		nr = pma_alloc_batch(takers->arena, 256, 0, ARRAY_SIZE(blocks), blocks);
		for (i = 0; i < nr; i++)
			if (pma_free(takers->arena, blocks[i]))
				atomic_inc(&takers->failed);
		cond_resched();
	}
	WRITE_ONCE(takers->done, 1);
}

static void take_spares(void *context, u32 index)
{
	struct takers *takers = context;
	u32 class = pma_slab_class_of(takers->arena->pool->classes, 256, 1);
	unsigned long irq;

	pma_kunit_move_to_cpu(index);
	if (!index) {
		free_to_spares(takers);
		return;
	}
	while (!READ_ONCE(takers->done)) {
		raw_spin_lock_irqsave(&takers->arena->lock, irq);
		pma_drain_give_class(takers->arena, class);
		raw_spin_unlock_irqrestore(&takers->arena->lock, irq);
		cond_resched();
	}
}

/* A spare page is its CPU's, or whose who takes it out of its place. */
static void spare_page_has_one_taker_threads(struct kunit *test)
{
	static const struct pma_kunit_config config = { "large", 64, 4096, 0, 0 };
	struct takers *takers = create_takers(test, &config);

	if (!takers->arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	pma_kunit_threads(test, TAKERS, take_spares, takers);
	KUNIT_EXPECT_EQ(test, atomic_read(&takers->failed), 0);
	expect_all_free(test, takers->arena);
}

/**
 * struct pair - one takes the last free block of a page, and another frees there just then
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

/* Under the lock, so that this CPU does not adopt the page. */
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

static void take_and_let_go(void *context, u32 index)
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
		/* There are no other pages, so what was freed is found again. */
		second = pma_alloc(pair->arena, 128);
		if (!first || !second || pair->arena->stats.slab_pages > 2)
			atomic_inc(&pair->wrong);
		/* Now the CPU takes from their page; have it take from the other one again. */
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

/* A page that others free to while it is let go is not lost. */
static void free_while_page_is_let_go_threads(struct kunit *test)
{
	struct pair *pair = kunit_kzalloc(test, sizeof(*pair), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pair);
	pair->arena = pma_kunit_percpu(test, &many_pages);
	if (!pma_kunit_move_to_cpu(1) || !pma_kunit_move_to_cpu(0))
		kunit_skip(test, "there are no two CPUs");
	pair->ops = pma_kunit_rounds();
	pma_kunit_threads(test, 2, take_and_let_go, pair);
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->wrong), 0);
	expect_all_free(test, pair->arena);
}

static void alloc_of_spares(void *context, u32 index)
{
	struct takers *takers = context;
	void *blocks[4 * PAGE_BLOCKS];
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

/* Going from page to page is done with interrupts off: who is on the same CPU sees none of it. */
static void spares_of_shared_cpu_threads(struct kunit *test)
{
	struct takers *takers = create_takers(test, &many_pages);

	pma_kunit_threads(test, TAKERS, alloc_of_spares, takers);
	KUNIT_EXPECT_EQ(test, atomic_read(&takers->failed), 0);
	expect_all_free(test, takers->arena);
}

/**
 * struct stale - one allocates and frees a page's only block, others ask for one that is free
 * @arena: whose they are; CPUs have no pages just now
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
	struct pma_arena *arena = pma_kunit_percpu(test, &many_pages);
	struct stale stale = { .arena = arena, .ops = pma_kunit_ops() / 4 };
	char *block;

	if (!arena->cpu)
		kunit_skip(test, "CPUs have no pages");
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
	KUNIT_CASE(spare_page_has_one_taker_threads),
	KUNIT_CASE(free_while_page_is_let_go_threads),
	KUNIT_CASE(spares_of_shared_cpu_threads),
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
