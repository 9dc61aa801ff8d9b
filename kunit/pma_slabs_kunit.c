// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slabs_kunit.c - an arena's slab pages
 *
 * Which list a page is in, and when it goes back.  What a CPU does with a page that
 * it has (pma_cpu.c) is played here, so that it is seen where no CPU has any.
 */
#include "pma_kunit.h"
#include "pma_slabs.h"

#define SIZE	256
#define BLOCKS	16	/* of a page */

/**
 * struct world - an arena and a class
 * @arena: the arena
 * @class: of SIZE
 * @irq: of whoever has the arena's lock
 */
struct world {
	struct pma_arena *arena;
	u32 class;
	unsigned long irq;
};

static struct world create_world(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct world world = { .arena = pma_kunit_arena(test, pool, 0) };
	struct pma_route route;

	KUNIT_ASSERT_EQ(test, pma_pool_route(pool, SIZE, 0, &route), 0);
	KUNIT_ASSERT_EQ(test, route.kind, PMA_KIND_SLAB);
	world.class = route.class;
	KUNIT_ASSERT_EQ(test, pool->classes->class[world.class].nr_blocks, BLOCKS);
	return world;
}

static void lock(struct world *world)
	__acquires(&world->arena->lock)
{
	raw_spin_lock_irqsave(&world->arena->lock, world->irq);
}

static void unlock(struct world *world)
	__releases(&world->arena->lock)
{
	raw_spin_unlock_irqrestore(&world->arena->lock, world->irq);
}

static struct pma_page *page_of(const struct world *world, u32 pgno)
{
	return &world->arena->pool->pages.desc[pgno];
}

static u32 slab_pages(const struct world *world)
{
	return world->arena->stats.slab_pages;
}

/* The page of the last of them. */
static u32 alloc(struct kunit *test, struct world *world, u32 nr)
{
	u64 handles[4 * BLOCKS];

	KUNIT_ASSERT_LE(test, nr, ARRAY_SIZE(handles));
	lock(world);
	KUNIT_EXPECT_EQ(test, pma_slabs_alloc(world->arena, world->class, SIZE, 0, nr, handles),
			nr);
	unlock(world);
	return pma_region_pgno(&world->arena->pool->region, handles[nr - 1]);
}

static void free_block(struct world *world, u32 pgno, u32 index)
{
	lock(world);
	pma_slabs_free(world->arena, page_of(world, pgno), pgno, BLOCKS, index);
	unlock(world);
}

/* Let a CPU have a page, and take it from it again. */
static u32 activate(struct world *world)
{
	u32 pgno;

	lock(world);
	pgno = pma_slabs_activate(world->arena, world->class);
	unlock(world);
	return pgno;
}

static void settle(struct world *world, u32 pgno)
{
	lock(world);
	pma_slabs_settle(world->arena, pgno);
	unlock(world);
}

static u32 release(struct world *world, u32 most)
{
	u32 nr;

	lock(world);
	nr = pma_slabs_release(world->arena, most);
	unlock(world);
	return nr;
}

static void expect_lists(struct kunit *test, const struct world *world, u32 partial, u32 full)
{
	KUNIT_EXPECT_EQ(test, world->arena->partial[world->class], partial);
	KUNIT_EXPECT_EQ(test, world->arena->full, full);
}

/* Partial with its first block, full with its last; and the other way round. */
static void page_goes_from_list_to_list(struct kunit *test)
{
	struct world world = create_world(test);
	u32 pgno = alloc(test, &world, 1), i;

	expect_lists(test, &world, pgno, PMA_NONE);
	KUNIT_EXPECT_EQ(test, alloc(test, &world, BLOCKS - 1), pgno);
	expect_lists(test, &world, PMA_NONE, pgno);
	for (i = 0; i < BLOCKS; i++) {
		KUNIT_EXPECT_EQ(test, slab_pages(&world), 1);
		free_block(&world, pgno, i);
		expect_lists(test, &world, i < BLOCKS - 1 ? pgno : PMA_NONE, PMA_NONE);
	}
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 0);
	KUNIT_EXPECT_EQ(test, page_of(&world, pgno)->kind, PMA_KIND_FREE);
}

/* Who asks for more than a page has gets them of several. */
static void alloc_goes_on_in_the_next_page(struct kunit *test)
{
	struct world world = create_world(test);

	alloc(test, &world, 3);
	alloc(test, &world, 2 * BLOCKS);
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 3);
	pma_kunit_expect_live(test, world.arena, 2 * BLOCKS + 3, (2 * BLOCKS + 3) * SIZE);
	pma_kunit_expect_sound(test, world.arena->pool);
	KUNIT_EXPECT_EQ(test, release(&world, 64), 3);
}

/* A CPU gets what there is; only where there is nothing, a new page. */
static void activate_takes_a_partial_page(struct kunit *test)
{
	struct world world = create_world(test);
	u32 pgno = alloc(test, &world, 3), fresh;

	KUNIT_EXPECT_EQ(test, activate(&world), pgno);
	expect_lists(test, &world, PMA_NONE, pgno);
	fresh = activate(&world);
	KUNIT_EXPECT_NE(test, fresh, PMA_NONE);
	KUNIT_EXPECT_NE(test, fresh, pgno);
	expect_lists(test, &world, PMA_NONE, fresh);
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 2);
	/* Nobody has taken a block of it. */
	settle(&world, fresh);
	expect_lists(test, &world, PMA_NONE, pgno);
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 1);
	settle(&world, pgno);
	expect_lists(test, &world, pgno, PMA_NONE);
	KUNIT_EXPECT_EQ(test, page_of(&world, pgno)->slab.nr_free, BLOCKS - 3);
	KUNIT_EXPECT_EQ(test, page_of(&world, pgno)->slab.first_free, 3);
	pma_kunit_expect_sound(test, world.arena->pool);
	KUNIT_EXPECT_EQ(test, alloc(test, &world, 1), pgno);
	KUNIT_EXPECT_EQ(test, release(&world, 64), 1);
}

static void activate_needs_a_page(struct kunit *test)
{
	struct world world = create_world(test);
	struct pma_pool *pool = world.arena->pool;
	u64 all = pma_kunit_alloc(test, world.arena, pool->region.bytes);

	KUNIT_EXPECT_EQ(test, activate(&world), PMA_NONE);
	expect_lists(test, &world, PMA_NONE, PMA_NONE);
	pma_kunit_free(test, world.arena, all);
}

/* The page stays where it is, and is counted when the CPU parts with it. */
static void free_to_a_page_of_a_cpu(struct kunit *test)
{
	struct world world = create_world(test);
	u32 pgno = alloc(test, &world, BLOCKS - 1), i;

	KUNIT_EXPECT_EQ(test, activate(&world), pgno);
	for (i = 0; i < 2; i++) {
		free_block(&world, pgno, 2 * i + 1);
		expect_lists(test, &world, PMA_NONE, pgno);
		KUNIT_EXPECT_TRUE(test, page_of(&world, pgno)->kind & PMA_SLAB_GIVEN);
		pma_kunit_expect_live(test, world.arena, BLOCKS - 2 - i, (BLOCKS - 2 - i) * SIZE);
	}
	settle(&world, pgno);
	expect_lists(test, &world, pgno, PMA_NONE);
	KUNIT_EXPECT_EQ(test, page_of(&world, pgno)->slab.nr_free, 3);
	KUNIT_EXPECT_EQ(test, page_of(&world, pgno)->slab.first_free, 1);
	pma_kunit_expect_sound(test, world.arena->pool);
	KUNIT_EXPECT_EQ(test, release(&world, 64), 1);
}

/* One that is used up stays full. */
static void settle_of_a_full_page(struct kunit *test)
{
	struct world world = create_world(test);
	u32 pgno = alloc(test, &world, BLOCKS);

	settle(&world, pgno);
	expect_lists(test, &world, PMA_NONE, pgno);
	KUNIT_EXPECT_EQ(test, page_of(&world, pgno)->slab.nr_free, 0);
	pma_kunit_expect_sound(test, world.arena->pool);
	KUNIT_EXPECT_EQ(test, release(&world, 64), 1);
}

/* So many pages and no more, and all that was in them is freed. */
static void release_is_bounded(struct kunit *test)
{
	struct world world = create_world(test);
	struct pma_stats *stats = &world.arena->stats;

	alloc(test, &world, 2 * BLOCKS + 1);
	pma_kunit_alloc(test, world.arena, 64);
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 4);
	KUNIT_EXPECT_EQ(test, release(&world, 0), 0);
	KUNIT_EXPECT_EQ(test, release(&world, 1), 1);
	pma_kunit_expect_live(test, world.arena, BLOCKS + 2, (BLOCKS + 1) * SIZE + 64);
	KUNIT_EXPECT_EQ(test, stats->frees, BLOCKS);
	pma_kunit_expect_sound(test, world.arena->pool);
	KUNIT_EXPECT_EQ(test, release(&world, 2), 2);
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 1);
	KUNIT_EXPECT_EQ(test, release(&world, 64), 1);
	KUNIT_EXPECT_EQ(test, release(&world, 64), 0);
	KUNIT_EXPECT_EQ(test, stats->frees, stats->allocs);
	pma_kunit_expect_live(test, world.arena, 0, 0);
}

/* Pages of small blocks are the kernel's last ones, all others the first. */
static void small_blocks_lie_apart(struct kunit *test)
{
	static const struct {
		u32 size;
		bool user;
		bool at_end;
	} table[] = {
		{ 16, false, true }, { 64, false, true }, { 65, false, false },
		{ 2048, false, false }, { 16, true, false }, { 64, true, false },
	};
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arenas[] = {
		pma_kunit_arena(test, pool, 0), pma_kunit_arena(test, pool, PMA_ARENA_USER),
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		u64 handle = pma_kunit_alloc(test, arenas[table[i].user], table[i].size);

		KUNIT_EXPECT_EQ_MSG(test, pma_region_pgno(&pool->region, handle),
				    table[i].at_end ? pool->region.nr_pages - 1 : 0, "row %u", i);
		pma_kunit_expect_sound(test, pool);
		pma_kunit_free(test, arenas[table[i].user], handle);
		/* Or its page would be taken as it is. */
		KUNIT_EXPECT_EQ(test, pma_kunit_largest_run(pool), pool->region.nr_pages);
	}
}

static struct kunit_case pma_slabs_cases[] = {
	KUNIT_CASE(page_goes_from_list_to_list),
	KUNIT_CASE(alloc_goes_on_in_the_next_page),
	KUNIT_CASE(activate_takes_a_partial_page),
	KUNIT_CASE(activate_needs_a_page),
	KUNIT_CASE(free_to_a_page_of_a_cpu),
	KUNIT_CASE(settle_of_a_full_page),
	KUNIT_CASE(release_is_bounded),
	KUNIT_CASE(small_blocks_lie_apart),
	{}
};

static struct kunit_suite pma_slabs_suite = {
	.name = "pma_slabs",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_slabs_cases,
};

kunit_test_suite(pma_slabs_suite);
