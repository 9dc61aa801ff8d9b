// SPDX-License-Identifier: GPL-2.0
/*
 * pma_reach_kunit.c - how much of a claimed block is mapped, and when
 *
 * What is to be mapped, as the answers are: without a front-end nothing is.
 */
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_place.h"
#include "pma_reach.h"

/**
 * struct world - a block that an arena shares, again and again
 * @pool: the pool
 * @owner: whose own it was
 * @other: who claims it
 * @handle: of the block
 * @pgno: its first page
 */
struct world {
	struct pma_pool *pool;
	struct pma_arena *owner;
	struct pma_arena *other;
	u64 handle;
	u32 pgno;
};

static struct world *create_world(struct kunit *test, u32 nr_pages)
{
	static const struct pma_kunit_config config = {
		"reach", 128, 4096, 0, PMA_POOL_ISOLATE
	};
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, world);
	world->pool = pma_kunit_pool(test, &config);
	world->owner = pma_kunit_arena(test, world->pool, PMA_ARENA_USER);
	world->other = pma_kunit_arena(test, world->pool, PMA_ARENA_USER);
	/* So that no window is aligned to more than the block. */
	pma_kunit_alloc(test, world->owner, 3 * 4096);
	world->handle = pma_kunit_alloc(test, world->owner, nr_pages * 4096);
	world->pgno = pma_region_pgno(&world->pool->region, world->handle);
	return world;
}

static void exit_world(struct world *world)
{
	pma_block_free_all(world->other);
	pma_block_free_all(world->owner);
}

static void claim(struct kunit *test, struct world *world, bool writable)
{
	struct pma_block block;
	u64 token[2];

	KUNIT_ASSERT_EQ(test, pma_share_block(world->owner, world->handle,
					      writable ? PMA_SHARE_WRITE : 0, 1, token), 0);
	KUNIT_ASSERT_EQ(test, pma_share_claim(world->other, token, &block), 0);
	pma_kunit_expect_sound(test, world->pool);
}

/* At a page of the block: which of its pages are to be mapped. */
static void expect_fault(struct kunit *test, struct world *world, struct pma_arena *arena,
			 u32 page, u32 wanted_first, u32 wanted_nr)
{
	u64 handle = world->handle + page * 4096;
	u32 first = PMA_NONE, nr = 0;
	bool found, writable;
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	found = pma_place_pages(arena, handle, false, &first, &nr, &writable);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	KUNIT_EXPECT_TRUE(test, found);
	KUNIT_EXPECT_EQ_MSG(test, first - world->pgno, wanted_first, "page %u", page);
	KUNIT_EXPECT_EQ_MSG(test, nr, wanted_nr, "page %u", page);
}

/* What is touched, and more of it each time; in the end all, and never more than that. */
static void faults_of_claims_map_windows(struct kunit *test)
{
	static const struct {
		u32 page, first, nr;
	} up[] = { { 0, 0, 1 }, { 1, 1, 7 }, { 8, 8, 56 }, { 64, 64, 36 }, { 99, 0, 100 } },
	  down[] = { { 99, 99, 1 }, { 98, 96, 3 }, { 95, 64, 32 }, { 63, 0, 64 }, { 80, 0, 100 } },
	  within[] = { { 20, 20, 1 }, { 90, 88, 8 }, { 50, 0, 64 }, { 70, 0, 100 } },
	  past_end[] = { { 97, 97, 1 }, { 99, 98, 2 }, { 5, 0, 64 } };
	static const struct {
		const typeof(up[0]) *faults;
		u32 nr;
	} table[] = {
		{ up, ARRAY_SIZE(up) }, { down, ARRAY_SIZE(down) },
		{ within, ARRAY_SIZE(within) }, { past_end, ARRAY_SIZE(past_end) },
	};
	struct world *world = create_world(test, 100);
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		claim(test, world, false);
		for (j = 0; j < table[i].nr; j++) {
			const typeof(up[0]) *want = &table[i].faults[j];

			expect_fault(test, world, world->other, want->page, want->first, want->nr);
			/* Whose own it was goes on as before. */
			expect_fault(test, world, world->owner, want->page, 0, 100);
		}
		pma_kunit_free(test, world->other, world->handle);
	}
	exit_world(world);
}

/* May the block be mapped ahead?  If so, once only. */
static bool is_ahead(struct kunit *test, const struct world *world, struct pma_arena *arena,
		     bool expected_writable)
{
	bool writable = !expected_writable;
	bool ahead = pma_reach_ahead(arena, world->pgno, &writable);

	if (ahead) {
		KUNIT_EXPECT_EQ(test, writable, expected_writable);
		KUNIT_EXPECT_FALSE(test, pma_reach_ahead(arena, world->pgno, &writable));
	}
	return ahead;
}

/*
 * After a claim that was touched the next is mapped ahead; as often as one that is not
 * is touched again, more of them are, up to 15; and none when one was not touched, or
 * not where it begins.
 */
static void claims_are_mapped_ahead_while_they_are_touched(struct kunit *test)
{
	/* touched, ahead, neither, or touched elsewhere */
	static const char order[] =
		"--ta-tataaa--tataaataaaaaaataaaaaaaaaaaaaaataaaaaaaaaaaaaaa-taee-tataaae-ta-t";
	struct world *world = create_world(test, 3);
	struct pma_arena *third = pma_kunit_arena(test, world->pool, PMA_ARENA_USER);
	u32 i;

	for (i = 0; order[i]; i++) {
		bool writable = i % 2;

		claim(test, world, writable);
		KUNIT_EXPECT_EQ_MSG(test, is_ahead(test, world, world->other, writable),
				    order[i] == 'a', "claim %u", i);
		/* Nobody else's, and not what whoever shared it has mapped for long. */
		KUNIT_EXPECT_FALSE(test, is_ahead(test, world, world->owner, true));
		KUNIT_EXPECT_FALSE(test, is_ahead(test, world, third, true));
		if (order[i] == 't' || order[i] == 'e') {
			u32 page = order[i] == 'e';

			expect_fault(test, world, world->other, page, page, 1);
			KUNIT_EXPECT_FALSE(test, is_ahead(test, world, world->other, writable));
		} else if (order[i] == 'a' && i % 3) {
			/* It counts as the first fault did, but not as one. */
			expect_fault(test, world, world->other, 1, 1, 2);
		}
		pma_kunit_free(test, world->other, world->handle);
		KUNIT_EXPECT_FALSE(test, is_ahead(test, world, world->other, writable));
	}
	exit_world(world);
	/* What is its own it does not hold. */
	world->handle = pma_kunit_alloc(test, world->other, 3 * 4096);
	world->pgno = pma_region_pgno(&world->pool->region, world->handle);
	KUNIT_EXPECT_FALSE(test, is_ahead(test, world, world->other, true));
	exit_world(world);
}

static struct kunit_case pma_reach_cases[] = {
	KUNIT_CASE(faults_of_claims_map_windows),
	KUNIT_CASE(claims_are_mapped_ahead_while_they_are_touched),
	{}
};

static struct kunit_suite pma_reach_suite = {
	.name = "pma_reach",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_reach_cases,
};

kunit_test_suite(pma_reach_suite);
