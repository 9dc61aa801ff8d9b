// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slabs_kunit.c - an arena's slab pages
 *
 * Which list a page is in, and when it goes back.  Of arenas without magazines mostly; what
 * is lent to them is for pma_slabs_lend_kunit.c.
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_kunit_world.h"
#include "pma_slabs.h"

#define SIZE	PMA_KUNIT_WORLD_SIZE
#define BLOCKS	PMA_KUNIT_WORLD_BLOCKS

static struct pma_kunit_world create_world(struct kunit *test)
{
	return pma_kunit_world_of(test, 0);
}

static u32 slab_pages(const struct pma_kunit_world *world)
{
	return world->arena->stats.slab_pages;
}

/* The page of the last of them. */
static u32 alloc(struct kunit *test, struct pma_kunit_world *world, u32 nr)
{
	u64 handles[4 * BLOCKS];

	KUNIT_ASSERT_LE(test, nr, ARRAY_SIZE(handles));
	pma_kunit_world_lock(world);
	KUNIT_EXPECT_EQ(test, pma_slabs_alloc(world->arena, world->class, SIZE, 0, nr, handles),
			nr);
	pma_kunit_world_unlock(world);
	return pma_region_pgno(&world->arena->pool->region, handles[nr - 1]);
}

static bool free_block(struct pma_kunit_world *world, u32 pgno, u32 index)
{
	u64 handle = pma_region_handle(&world->arena->pool->region, pgno) + index * SIZE;
	bool freed;

	pma_kunit_world_lock(world);
	freed = pma_slabs_free(world->arena, pma_kunit_world_page(world, pgno), handle);
	pma_kunit_world_unlock(world);
	return freed;
}

static u32 release(struct pma_kunit_world *world, u32 most)
{
	u32 nr;

	pma_kunit_world_lock(world);
	nr = pma_slabs_release(world->arena, most);
	pma_kunit_world_unlock(world);
	return nr;
}

/* Partial with its first block, full with its last; and the other way round. */
static void page_goes_from_list_to_list(struct kunit *test)
{
	struct pma_kunit_world world = create_world(test);
	u32 pgno = alloc(test, &world, 1), i;

	pma_kunit_world_lists(test, &world, pgno, PMA_NONE);
	KUNIT_EXPECT_EQ(test, alloc(test, &world, BLOCKS - 1), pgno);
	pma_kunit_world_lists(test, &world, PMA_NONE, pgno);
	for (i = 0; i < BLOCKS; i++) {
		KUNIT_EXPECT_EQ(test, slab_pages(&world), 1);
		free_block(&world, pgno, i);
		pma_kunit_world_lists(test, &world, i < BLOCKS - 1 ? pgno : PMA_NONE, PMA_NONE);
	}
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_world_page(&world, pgno)->kind, PMA_KIND_FREE);
}

/* Who asks for more than a page has gets them of several. */
static void alloc_goes_on_in_the_next_page(struct kunit *test)
{
	struct pma_kunit_world world = create_world(test);

	alloc(test, &world, 3);
	alloc(test, &world, 2 * BLOCKS);
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 3);
	pma_kunit_expect_live(test, world.arena, 2 * BLOCKS + 3, (2 * BLOCKS + 3) * SIZE);
	pma_kunit_expect_sound(test, world.arena->pool);
	KUNIT_EXPECT_EQ(test, release(&world, 64), 3);
}

/* The second time nothing is changed. */
static void free_is_refused_twice(struct kunit *test)
{
	struct pma_kunit_world world = create_world(test);
	u32 pgno = alloc(test, &world, 3);

	KUNIT_EXPECT_TRUE(test, free_block(&world, pgno, 1));
	KUNIT_EXPECT_FALSE(test, free_block(&world, pgno, 1));
	KUNIT_EXPECT_FALSE(test, free_block(&world, pgno, 3));
	KUNIT_EXPECT_EQ(test, pma_kunit_world_page(&world, pgno)->slab.nr_free, BLOCKS - 2);
	KUNIT_EXPECT_EQ(test, world.arena->stats.frees, 1);
	pma_kunit_expect_live(test, world.arena, 2, 2 * SIZE);
	pma_kunit_expect_sound(test, world.arena->pool);
	KUNIT_EXPECT_EQ(test, release(&world, 64), 1);
}

static bool alloc_one(struct pma_kunit_world *world, u64 *handle)
{
	bool done;

	pma_kunit_world_lock(world);
	done = pma_slabs_alloc_one(world->arena, world->class, SIZE, handle);
	pma_kunit_world_unlock(world);
	return done;
}

/* The short way takes neither a page's first block nor its last. */
static void alloc_one_changes_no_list(struct kunit *test)
{
	struct pma_kunit_world world = create_world(test);
	u32 pgno, i;
	u64 handle;

	KUNIT_EXPECT_FALSE(test, alloc_one(&world, &handle));
	pgno = alloc(test, &world, 1);
	for (i = 1; i < BLOCKS - 1; i++) {
		KUNIT_EXPECT_TRUE(test, alloc_one(&world, &handle));
		KUNIT_EXPECT_EQ(test, handle, pma_region_handle(&world.arena->pool->region, pgno) +
					      i * SIZE);
	}
	KUNIT_EXPECT_FALSE(test, alloc_one(&world, &handle));
	pma_kunit_world_lists(test, &world, pgno, PMA_NONE);
	pma_kunit_expect_live(test, world.arena, BLOCKS - 1, (BLOCKS - 1) * SIZE);
	pma_kunit_expect_sound(test, world.arena->pool);
	KUNIT_EXPECT_EQ(test, release(&world, 64), 1);
}

static u32 alloc_without_growth(struct pma_kunit_world *world, u32 nr)
{
	u64 handles[BLOCKS];
	u32 got;

	pma_kunit_world_lock(world);
	got = pma_slabs_alloc(world->arena, world->class, SIZE, PMA_NO_GROWTH, nr, handles);
	pma_kunit_world_unlock(world);
	return got;
}

/* With magazines or without. */
static void alloc_without_growth_takes_what_is_there(struct kunit *test)
{
	struct pma_kunit_world worlds[] = { create_world(test), pma_kunit_world_percpu(test) };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(worlds); i++) {
		KUNIT_EXPECT_EQ(test, alloc_without_growth(&worlds[i], 1), 0);
		alloc(test, &worlds[i], BLOCKS - 3);
		KUNIT_EXPECT_EQ(test, alloc_without_growth(&worlds[i], 5), 3);
		KUNIT_EXPECT_EQ(test, alloc_without_growth(&worlds[i], 5), 0);
		KUNIT_EXPECT_EQ(test, slab_pages(&worlds[i]), 1);
		pma_kunit_expect_live(test, worlds[i].arena, BLOCKS, BLOCKS * SIZE);
		KUNIT_EXPECT_EQ(test, release(&worlds[i], 64), 1);
	}
}

/* Under the lock: what this CPU has, then what pages have, more than one page's. */
static void alloc_takes_as_if_lent(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	struct pma_arena *arena = world.arena;
	void *block = pma_alloc(arena, SIZE);
	u64 first = block - arena->pool->region.base, handles[2 * BLOCKS];
	u32 had = pma_kunit_magazine_blocks(arena), i;

	KUNIT_ASSERT_GT(test, had, 0);
	pma_kunit_world_lock(&world);
	KUNIT_EXPECT_EQ(test, pma_slabs_alloc(arena, world.class, SIZE, 0, 2 * BLOCKS, handles),
			2 * BLOCKS);
	pma_kunit_world_unlock(&world);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(arena), 0);
	for (i = 0; i < had; i++)
		KUNIT_EXPECT_EQ(test, handles[i], first + (i + 1) * SIZE);
	for (i = 0; i < 2 * BLOCKS; i++)
		KUNIT_EXPECT_FALSE(test, test_bit(handles[i] >> arena->fast.bit_shift,
						  arena->fast.shadow));
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 3);
	pma_kunit_expect_live(test, arena, 2 * BLOCKS + 1, (2 * BLOCKS + 1) * SIZE);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* Of a page with many more blocks than are taken in one go. */
static void alloc_of_many_from_one_page(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	const struct pma_region *region = &world.arena->pool->region;
	struct pma_kunit_map map;
	u64 handles[100];
	u32 i;

	pma_kunit_map_init(test, &map, ARRAY_SIZE(handles));
	pma_kunit_world_lock(&world);
	KUNIT_EXPECT_EQ(test, pma_slabs_alloc(world.arena, 0, 16, 0, 100, handles), 100);
	pma_kunit_world_unlock(&world);
	/* The page's first ones, each once. */
	for (i = 0; i < 100; i++) {
		u32 offset = handles[i] & (pma_region_page_size(region) - 1);

		KUNIT_EXPECT_TRUE(test, pma_kunit_map_take(&map, offset / 16, 1));
	}
	KUNIT_EXPECT_EQ(test, slab_pages(&world), 1);
	pma_block_free_all(world.arena);
}

/*
 * Where there is no page, and this CPU has nothing: what is left beside that which another
 * has, and all of that but one.
 */
static void alloc_takes_from_other_cpus(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	struct pma_arena *arena = world.arena;
	u64 handles[BLOCKS];

	if (!pma_kunit_move_to_cpu(1))
		kunit_skip(test, "there is one CPU");
	KUNIT_EXPECT_EQ(test, pma_free(arena, pma_alloc(arena, SIZE)), 0);
	KUNIT_ASSERT_GT(test, pma_kunit_magazine_blocks(arena), 1);
	pma_kunit_move_to_cpu(0);
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(arena, 63 * 4096));
	pma_kunit_world_lock(&world);
	KUNIT_EXPECT_EQ(test, pma_slabs_alloc(arena, world.class, SIZE, 0, BLOCKS, handles),
			BLOCKS - 1);
	pma_kunit_world_unlock(&world);
	pma_kunit_expect_live(test, arena, BLOCKS, 63 * 4096 + (BLOCKS - 1) * SIZE);
	pma_kunit_expect_sound(test, arena->pool);
	pma_block_free_all(arena);
}

/* To its end, however much less was asked for; and no other. */
static void alloc_zeroes_what_it_takes(struct kunit *test)
{
	struct pma_kunit_world world = create_world(test);
	struct pma_pool *pool = world.arena->pool;
	u32 pgno = alloc(test, &world, 1);
	u8 *base = pma_kunit_ptr(pool, pma_region_handle(&pool->region, pgno));
	u64 handles[2];

	memset(base, 0xee, BLOCKS * SIZE);
	pma_kunit_world_lock(&world);
	KUNIT_EXPECT_EQ(test, pma_slabs_alloc(world.arena, world.class, SIZE - 9, PMA_ZERO, 2,
					      handles), 2);
	pma_kunit_world_unlock(&world);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(base + SIZE, 2 * SIZE));
	KUNIT_EXPECT_TRUE(test, !memchr_inv(base, 0xee, SIZE));
	KUNIT_EXPECT_TRUE(test, !memchr_inv(base + 3 * SIZE, 0xee, (BLOCKS - 3) * SIZE));
	KUNIT_EXPECT_EQ(test, release(&world, 64), 1);
}

/* A page of one block in use more goes back with it, and leaves nothing in the shadow. */
static void page_goes_back_clean(struct kunit *test)
{
	struct pma_kunit_world world = create_world(test);
	struct pma_pages *pages = &world.arena->pool->pages;
	u32 pgno = alloc(test, &world, 1);

	KUNIT_EXPECT_TRUE(test, free_block(&world, pgno, 0));
	KUNIT_EXPECT_EQ(test, pma_page_read(pma_kunit_world_page(&world, pgno)),
			pma_page_word(PMA_KIND_FREE, 0, 0));
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(pma_pages_shadow(pages, pgno),
						  pages->shadow_bytes));
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(world.arena->pool, NULL), 64);
}

/* So many pages and no more, and all that was in them is freed. */
static void release_is_bounded(struct kunit *test)
{
	struct pma_kunit_world world = create_world(test);
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
	KUNIT_CASE(free_is_refused_twice),
	KUNIT_CASE(alloc_one_changes_no_list),
	KUNIT_CASE(alloc_without_growth_takes_what_is_there),
	KUNIT_CASE(alloc_takes_as_if_lent),
	KUNIT_CASE(alloc_of_many_from_one_page),
	KUNIT_CASE(alloc_takes_from_other_cpus),
	KUNIT_CASE(alloc_zeroes_what_it_takes),
	KUNIT_CASE(page_goes_back_clean),
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
