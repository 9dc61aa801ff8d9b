// SPDX-License-Identifier: GPL-2.0
/*
 * pma_apart_kunit.c - CPUs cut slab pages whose bitmaps share no cache line
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_kunit_magazine.h"

#define PAGES	64
#define CPUS	2
#define NOBODY	U8_MAX

/* A block takes half a page. */
static const struct pma_kunit_config geometries[] = {
	{ "256", PAGES, 256, 0, 0 },
	{ "2048", PAGES, 2048, 0, 0 },
	{ "4096", PAGES, 4096, 0, 0 },
	{ "65536", PAGES, 65536, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(geometries, geometries, name);

/* @owner: of each page: the CPU that has cut it */
struct world {
	struct pma_arena *arena;
	u32 near;
	u8 owner[PAGES];
};

static struct world create_world(struct kunit *test)
{
	struct world world = { .arena = pma_kunit_percpu(test, test->param_value) };

	pma_kunit_need_two_cpus(test);
	world.near = world.arena->pool->pages.per_line;
	memset(world.owner, NOBODY, sizeof(world.owner));
	return world;
}

/* Have a CPU cut a page, and use all of it. */
static u32 cut(struct kunit *test, struct world *world, u32 cpu)
{
	const struct pma_region *region = &world->arena->pool->region;
	u32 size = pma_region_page_size(region) / 2, i, pgno[2];

	pma_kunit_move_to_cpu(cpu);
	for (i = 0; i < ARRAY_SIZE(pgno); i++) {
		void *block = pma_alloc(world->arena, size);

		KUNIT_ASSERT_NOT_NULL(test, block);
		pgno[i] = pma_region_pgno(region, (uintptr_t)block - (uintptr_t)region->base);
	}
	KUNIT_ASSERT_EQ(test, pgno[0], pgno[1]);
	KUNIT_ASSERT_EQ(test, world->owner[pgno[0]], NOBODY);
	world->owner[pgno[0]] = cpu;
	pma_kunit_move_to_cpu(0);
	return pgno[0];
}

/* Has the other CPU cut a page whose bitmap is in the same line? */
static bool is_crowded(const struct world *world, u32 pgno)
{
	u32 i;

	for (i = pgno & -world->near; i < (pgno | (world->near - 1)) + 1; i++)
		if (world->owner[i] != NOBODY && world->owner[i] != world->owner[pgno])
			return true;
	return false;
}

/* Lines that a CPU's pages are in. */
static u32 nr_lines(const struct world *world, u32 cpu)
{
	u32 nr = 0, i;

	for (i = 0; i < PAGES; i += world->near)
		nr += !!memchr(world->owner + i, cpu, world->near);
	return nr;
}

static void end(struct kunit *test, struct world *world)
{
	pma_kunit_expect_sound(test, world->arena->pool);
	pma_block_free_all(world->arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_largest_run(world->arena->pool), PAGES);
}

/* However they take turns; and none leaves a line that it has not filled for another. */
static void pages_of_cpus_lie_apart(struct kunit *test)
{
	static const char * const turns[] = {
		"0101010101010101", "0011010110100101", "0000111110101010", "1111111100000000",
	};
	struct world world;
	const char *turn;
	u32 pgno, i;

	for (i = 0; i < ARRAY_SIZE(turns); i++) {
		world = create_world(test);
		for (turn = turns[i]; *turn; turn++) {
			pgno = cut(test, &world, *turn - '0');
			KUNIT_EXPECT_FALSE(test, is_crowded(&world, pgno));
		}
		KUNIT_EXPECT_EQ(test, nr_lines(&world, 0), DIV_ROUND_UP(8, world.near));
		KUNIT_EXPECT_EQ(test, nr_lines(&world, 1), DIV_ROUND_UP(8, world.near));
		end(test, &world);
	}
}

/* Where less than half of the pool is free, room comes first: one after the other. */
static void pages_lie_close_where_few_are_left(struct kunit *test)
{
	struct world world = create_world(test);
	u32 page_size = pma_region_page_size(&world.arena->pool->region), i;

	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(world.arena, (PAGES / 2 + 1) * page_size));
	for (i = 0; i < PAGES / 2 - 1; i++)
		KUNIT_EXPECT_EQ(test, cut(test, &world, i % CPUS), PAGES / 2 + 1 + i);
	end(test, &world);
}

/* What is looked at is not charged. */
static void limit_is_no_lower(struct kunit *test)
{
	struct world world = create_world(test);
	u32 i;

	KUNIT_ASSERT_EQ(test, pma_arena_set_limit(world.arena, 7), 0);
	for (i = 0; i < 7; i++)
		KUNIT_EXPECT_FALSE(test, is_crowded(&world, cut(test, &world, i % CPUS)));
	KUNIT_EXPECT_EQ(test, pma_kunit_stats(world.arena).charged_pages, 7);
	end(test, &world);
}

/* Single pages in lines of another CPU's are left alone, as long as there are others. */
static void holes_in_lines_of_others_are_left(struct kunit *test)
{
	struct world world = create_world(test);
	u32 page_size = pma_region_page_size(&world.arena->pool->region), i;
	void *blocks[4];

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		KUNIT_EXPECT_EQ(test, cut(test, &world, 1), 2 * i);
		blocks[i] = pma_alloc(world.arena, page_size);
		KUNIT_EXPECT_PTR_EQ(test, blocks[i],
				    pma_kunit_ptr(world.arena->pool, (2 * i + 1) * page_size));
	}
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		KUNIT_EXPECT_EQ(test, pma_free(world.arena, blocks[i]), 0);
	pma_kept_flush(world.arena);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_FALSE(test, is_crowded(&world, cut(test, &world, 0)));
	/* They are there for who has the line. */
	if (world.near > 1)
		KUNIT_EXPECT_LT(test, cut(test, &world, 1), 8);
	end(test, &world);
}

/* One in a line of its own a CPU takes, though the next at hand is another's. */
static void hole_in_own_line_is_taken(struct kunit *test)
{
	struct world world = create_world(test);
	u32 page_size = pma_region_page_size(&world.arena->pool->region), i;
	void *blocks[2];

	if (world.near != 2)
		kunit_skip(test, "a line is not of two pages");
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		KUNIT_EXPECT_EQ(test, cut(test, &world, i), 2 * i);
		blocks[i] = pma_alloc(world.arena, page_size);
	}
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(world.arena, page_size));
	KUNIT_EXPECT_EQ(test, pma_free_batch(world.arena, 2, blocks), 0);
	pma_kept_flush(world.arena);
	KUNIT_EXPECT_EQ(test, cut(test, &world, 0), 1);
	end(test, &world);
}

/* Other pages have no bitmap that CPUs change. */
static void only_slab_pages_crowd(struct kunit *test)
{
	struct world world = create_world(test);
	u32 page_size = pma_region_page_size(&world.arena->pool->region);

	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(world.arena, page_size));
	KUNIT_EXPECT_EQ(test, cut(test, &world, 1), 1);
	end(test, &world);
}

static struct kunit_case pma_apart_cases[] = {
	KUNIT_CASE_PARAM(pages_of_cpus_lie_apart, geometries_gen_params),
	KUNIT_CASE_PARAM(holes_in_lines_of_others_are_left, geometries_gen_params),
	KUNIT_CASE_PARAM(hole_in_own_line_is_taken, geometries_gen_params),
	KUNIT_CASE_PARAM(only_slab_pages_crowd, geometries_gen_params),
	KUNIT_CASE_PARAM(pages_lie_close_where_few_are_left, geometries_gen_params),
	KUNIT_CASE_PARAM(limit_is_no_lower, geometries_gen_params),
	{}
};

static struct kunit_suite pma_apart_suite = {
	.name = "pma_apart",
	.init = pma_kunit_magazine_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_apart_cases,
};

kunit_test_suite(pma_apart_suite);
