// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slabs_lend_kunit.c - blocks of an arena's slab pages that are lent to CPUs
 *
 * What a CPU does with its magazine (pma_cpu.c) is played here.
 */
#include <linux/pma.h>

#include "pma_cpu.h"
#include "pma_block.h"
#include "pma_kunit_world.h"
#include "pma_slabs.h"

#define SIZE	PMA_KUNIT_WORLD_SIZE
#define BLOCKS	PMA_KUNIT_WORLD_BLOCKS
#define LOOKS	8	/* partial pages that are looked at */

static u32 bit_of(const struct pma_kunit_world *world, u32 pgno, u32 index)
{
	u32 step = world->arena->pool->classes->class[world->class].step;

	return pma_pages_first_bit(&world->arena->pool->pages, pgno) + index * step;
}

static u32 lend(struct pma_kunit_world *world, u32 nr, u32 flags)
{
	u32 got;

	pma_kunit_world_lock(world);
	got = pma_slabs_lend(world->arena, world->class, nr, world->bits, flags);
	pma_kunit_world_unlock(world);
	return got;
}

/* The page of what was lent last. */
static u32 lent_page(const struct pma_kunit_world *world)
{
	return world->bits[0] >> world->arena->fast.page_bits_shift;
}

static void put_back(struct pma_kunit_world *world, u32 nr, const u32 *bits)
{
	pma_kunit_world_lock(world);
	pma_slabs_put_back(world->arena, world->class, nr, bits);
	pma_kunit_world_unlock(world);
}

static void put_back_one(struct pma_kunit_world *world, u32 pgno, u32 index)
{
	u32 bit = bit_of(world, pgno, index);

	put_back(world, 1, &bit);
}

static void recount(struct pma_kunit_world *world, u32 pgno)
{
	pma_kunit_world_lock(world);
	pma_slabs_recount(world->arena, pgno);
	pma_kunit_world_unlock(world);
}

/* A page with its first blocks in use, where no other can lend any. */
static u32 new_page(struct kunit *test, struct pma_kunit_world *world, u32 nr_used)
{
	u32 pgno, i;

	KUNIT_ASSERT_EQ(test, lend(world, BLOCKS, 0), BLOCKS);
	pgno = lent_page(world);
	for (i = 0; i < nr_used; i++)
		__clear_bit(bit_of(world, pgno, i), world->arena->fast.shadow);
	pma_kunit_world_lock(world);
	pma_arena_count_allocs(world->arena, nr_used, nr_used * SIZE);
	pma_kunit_world_unlock(world);
	put_back(world, BLOCKS - nr_used, world->bits);
	return pgno;
}

static void free_block(struct kunit *test, struct pma_kunit_world *world, u32 pgno, u32 index)
{
	struct pma_pool *pool = world->arena->pool;
	u64 handle = pma_region_handle(&pool->region, pgno) + index * SIZE;

	pma_kunit_world_lock(world);
	KUNIT_EXPECT_TRUE(test, pma_slabs_free(world->arena, pma_kunit_world_page(world, pgno),
					       handle));
	pma_kunit_world_unlock(world);
}

static void expect_page(struct kunit *test, const struct pma_kunit_world *world, u32 pgno,
			u32 nr_free, u32 first_free)
{
	KUNIT_EXPECT_EQ(test, pma_kunit_world_page(world, pgno)->slab.nr_free, nr_free);
	KUNIT_EXPECT_EQ(test, pma_kunit_world_page(world, pgno)->slab.first_free,
			bit_of(world, 0, first_free));
}

/* The lowest last; and they are no calls of anybody's yet. */
static void lend_takes_from_partial_page_first(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 pgno = new_page(test, &world, 3), i;

	pma_kunit_world_lists(test, &world, pgno, PMA_NONE);
	KUNIT_EXPECT_EQ(test, lend(&world, 4, 0), 4);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, world.bits[i], bit_of(&world, pgno, 6 - i));
		KUNIT_EXPECT_TRUE(test, test_bit(world.bits[i], world.arena->fast.shadow));
	}
	expect_page(test, &world, pgno, BLOCKS - 7, 7);
	pma_kunit_world_lists(test, &world, pgno, PMA_NONE);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, 1);
	KUNIT_EXPECT_EQ(test, world.arena->stats.allocs, 3);
	put_back(&world, 4, world.bits);
	expect_page(test, &world, pgno, BLOCKS - 3, 3);
	pma_kunit_expect_sound(test, world.arena->pool);
	pma_block_free_all(world.arena);
}

/* As many as it has, and then it is full. */
static void lend_makes_full(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 pgno = new_page(test, &world, 3);

	KUNIT_EXPECT_EQ(test, lend(&world, BLOCKS, 0), BLOCKS - 3);
	pma_kunit_world_lists(test, &world, PMA_NONE, pgno);
	KUNIT_EXPECT_EQ(test, pma_kunit_world_page(&world, pgno)->slab.nr_free, 0);
	put_back(&world, 1, world.bits);
	pma_kunit_world_lists(test, &world, pgno, PMA_NONE);
	put_back(&world, BLOCKS - 4, world.bits + 1);
	pma_kunit_expect_sound(test, world.arena->pool);
	pma_block_free_all(world.arena);
}

static void lend_grows(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 pgno;

	KUNIT_EXPECT_EQ(test, lend(&world, 2, PMA_NO_GROWTH), 0);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, 0);
	KUNIT_EXPECT_EQ(test, lend(&world, 2, 0), 2);
	pgno = lent_page(&world);
	expect_page(test, &world, pgno, BLOCKS - 2, 2);
	pma_kunit_world_lists(test, &world, pgno, PMA_NONE);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, 1);
	put_back(&world, 2, world.bits);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_world_page(&world, pgno)->kind, PMA_KIND_FREE);
}

/* Pages that are not whole, and the first, which is looked at last and is. */
static void lend_of_all_but_first(struct kunit *test, struct pma_kunit_world *world, u32 *pages)
{
	u32 i;

	for (i = 0; i <= LOOKS; i++)
		pages[i] = new_page(test, world, BLOCKS);
	for (i = 0; i <= LOOKS; i++) {
		free_block(test, world, pages[i], 3);
		free_block(test, world, pages[i], 5);
		if (!i)
			continue;
		KUNIT_EXPECT_EQ(test, lend(world, 1, PMA_NO_GROWTH), 1);
		KUNIT_EXPECT_EQ(test, world->bits[0], bit_of(world, pages[i], 3));
	}
}

static void end_lending(struct kunit *test, struct pma_kunit_world *world, const u32 *pages)
{
	u32 i;

	for (i = 0; i <= LOOKS; i++)
		put_back_one(world, pages[i], 3);
	pma_kunit_expect_sound(test, world->arena->pool);
	pma_block_free_all(world->arena);
}

/* What a CPU has of a page: nobody knows which blocks are the page's. */
static void lend_skips_pages_that_are_not_whole(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 pages[LOOKS + 1];

	lend_of_all_but_first(test, &world, pages);
	/* Where there is no other page more are looked at. */
	KUNIT_EXPECT_EQ(test, lend(&world, 1, PMA_NO_GROWTH), 1);
	KUNIT_EXPECT_EQ(test, world.bits[0], bit_of(&world, pages[0], 3));
	KUNIT_EXPECT_EQ(test, lend(&world, 1, PMA_NO_GROWTH), 0);
	put_back_one(&world, pages[1], 3);
	KUNIT_EXPECT_EQ(test, lend(&world, 1, PMA_NO_GROWTH), 1);
	KUNIT_EXPECT_EQ(test, world.bits[0], bit_of(&world, pages[1], 3));
	KUNIT_EXPECT_EQ(test, lend(&world, 1, 0), 1);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, LOOKS + 2);
	put_back(&world, 1, world.bits);
	end_lending(test, &world, pages);
}

/* So that what lies behind it is found the next time. */
static void what_is_not_whole_comes_last(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 pages[LOOKS + 1];

	lend_of_all_but_first(test, &world, pages);
	KUNIT_EXPECT_EQ(test, lend(&world, 1, 0), 1);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, LOOKS + 2);
	put_back(&world, 1, world.bits);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, LOOKS + 1);
	KUNIT_EXPECT_EQ(test, lend(&world, 1, 0), 1);
	KUNIT_EXPECT_EQ(test, world.bits[0], bit_of(&world, pages[0], 3));
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, LOOKS + 1);
	end_lending(test, &world, pages);
}

static void lend_needs_a_page(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u64 all = pma_kunit_alloc(test, world.arena, world.arena->pool->region.bytes);

	KUNIT_EXPECT_EQ(test, lend(&world, 1, 0), 0);
	pma_kunit_world_lists(test, &world, PMA_NONE, PMA_NONE);
	pma_kunit_free(test, world.arena, all);
}

/* Where there is no page, this CPU parts with what it has, and that may be what is there. */
static void lend_after_parting_with_all(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	void *blocks[BLOCKS];
	u32 pgno;

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(world.arena, SIZE, 0, BLOCKS, blocks), BLOCKS);
	pgno = world.arena->full;
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(world.arena, 63 * 4096));
	KUNIT_EXPECT_EQ(test, pma_free_batch(world.arena, 2, blocks + 3), 0);
	KUNIT_ASSERT_EQ(test, pma_kunit_magazine_blocks(world.arena), 2);
	KUNIT_EXPECT_EQ(test, lend(&world, 3, PMA_NO_GROWTH), 0);
	KUNIT_EXPECT_EQ(test, lend(&world, 3, 0), 2);
	KUNIT_EXPECT_EQ(test, world.bits[1], bit_of(&world, pgno, 3));
	pma_kunit_world_lists(test, &world, PMA_NONE, pgno);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(world.arena), 0);
	put_back(&world, 2, world.bits);
	pma_block_free_all(world.arena);
}

/* In any order, and with what other CPUs have taken in between. */
static void put_back_of_several_pages(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 none = pma_pages_no_bit(&world.arena->pool->pages);
	u32 a = new_page(test, &world, 1), b, c;

	KUNIT_EXPECT_EQ(test, lend(&world, BLOCKS, 0), BLOCKS - 1);
	b = new_page(test, &world, 4);
	KUNIT_EXPECT_EQ(test, lend(&world, BLOCKS, 0), BLOCKS - 4);
	KUNIT_EXPECT_EQ(test, lend(&world, BLOCKS, 0), BLOCKS);
	c = lent_page(&world);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, 3);
	put_back(&world, 10, (u32[]){
		none, bit_of(&world, a, 9), bit_of(&world, a, 6), bit_of(&world, a, 8),
		bit_of(&world, b, 15), none, none, bit_of(&world, b, 5), bit_of(&world, a, 7),
		none,
	});
	expect_page(test, &world, a, 4, 6);
	expect_page(test, &world, b, 2, 5);
	KUNIT_EXPECT_EQ(test, world.arena->full, c);
	KUNIT_EXPECT_EQ(test, pma_pool_link(world.arena->pool, c)->next, PMA_NONE);
	/* One that was full goes back at once. */
	put_back(&world, BLOCKS, world.bits);
	KUNIT_EXPECT_EQ(test, pma_kunit_world_page(&world, c)->kind, PMA_KIND_FREE);
	KUNIT_EXPECT_EQ(test, world.arena->full, PMA_NONE);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, 2);
	put_back(&world, 0, world.bits);
	put_back(&world, 2, (u32[]){ none, none });
	/* What was not put back is lost. */
	recount(&world, a);
	recount(&world, b);
	expect_page(test, &world, a, BLOCKS - 1, 0);
	expect_page(test, &world, b, BLOCKS - 4, 0);
	pma_kunit_expect_sound(test, world.arena->pool);
	pma_block_free_all(world.arena);
}

/* The first block of a page is the next bit after all those of the page before. */
static void put_back_of_neighbours(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 a, b;

	KUNIT_EXPECT_EQ(test, lend(&world, BLOCKS, 0), BLOCKS);
	a = lent_page(&world);
	KUNIT_EXPECT_EQ(test, lend(&world, BLOCKS, 0), BLOCKS);
	b = lent_page(&world);
	KUNIT_ASSERT_EQ(test, a ^ b, 1);
	put_back(&world, 3, (u32[]){
		bit_of(&world, a, 0), bit_of(&world, b, 0), bit_of(&world, a, 1),
	});
	expect_page(test, &world, a, 2, 0);
	expect_page(test, &world, b, 1, 0);
	recount(&world, a);
	recount(&world, b);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, 0);
}

/* Nothing in use, and the last of what was lent comes back. */
static void put_back_of_all_gives_page_back(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 pgno, i;

	KUNIT_EXPECT_EQ(test, lend(&world, BLOCKS, 0), BLOCKS);
	pgno = lent_page(&world);
	for (i = 0; i < BLOCKS; i++) {
		KUNIT_EXPECT_EQ(test, pma_kunit_world_page(&world, pgno)->kind, PMA_KIND_SLAB);
		put_back_one(&world, pgno, i);
		pma_kunit_world_lists(test, &world, i < BLOCKS - 1 ? pgno : PMA_NONE, PMA_NONE);
	}
	KUNIT_EXPECT_EQ(test, pma_kunit_world_page(&world, pgno)->kind, PMA_KIND_FREE);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, 0);
}

/* A block that was lent and is in no magazine: of a partial page, and a full one. */
static void recount_finds_lost_block(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 pgno = new_page(test, &world, 3);

	KUNIT_EXPECT_EQ(test, lend(&world, 2, 0), 2);
	put_back(&world, 1, world.bits);
	recount(&world, pgno);
	expect_page(test, &world, pgno, BLOCKS - 3, 0);
	pma_kunit_world_lists(test, &world, pgno, PMA_NONE);
	pma_kunit_expect_sound(test, world.arena->pool);

	KUNIT_EXPECT_EQ(test, lend(&world, BLOCKS, 0), BLOCKS - 3);
	pma_kunit_world_lists(test, &world, PMA_NONE, pgno);
	recount(&world, pgno);
	expect_page(test, &world, pgno, BLOCKS - 3, 0);
	pma_kunit_world_lists(test, &world, pgno, PMA_NONE);
	pma_kunit_expect_sound(test, world.arena->pool);

	pma_block_free_all(world.arena);
}

static void recount_gives_empty_page_back(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	u32 pgno;

	KUNIT_EXPECT_EQ(test, lend(&world, 1, 0), 1);
	pgno = lent_page(&world);
	recount(&world, pgno);
	KUNIT_EXPECT_EQ(test, pma_kunit_world_page(&world, pgno)->kind, PMA_KIND_FREE);
	pma_kunit_world_lists(test, &world, PMA_NONE, PMA_NONE);
	KUNIT_EXPECT_EQ(test, lend(&world, BLOCKS, 0), BLOCKS);
	recount(&world, lent_page(&world));
	pma_kunit_world_lists(test, &world, PMA_NONE, PMA_NONE);
	KUNIT_EXPECT_EQ(test, world.arena->stats.slab_pages, 0);
}

/* It may have gone, and be another's, or hold something else. */
static void recount_leaves_others_alone(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_percpu(test);
	struct pma_kunit_world other = { .class = world.class };
	struct pma_page *before;
	u32 theirs, pgno;

	before = kunit_kcalloc(test, 64, sizeof(*before), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	other.arena = pma_kunit_arena(test, world.arena->pool, PMA_ARENA_PERCPU);
	theirs = new_page(test, &other, 3);
	KUNIT_EXPECT_EQ(test, lend(&other, 2, 0), 2);
	KUNIT_EXPECT_EQ(test, lent_page(&other), theirs);
	/* One of its own that is right, a big block and a segment. */
	new_page(test, &world, 3);
	pma_kunit_alloc(test, world.arena, 3 * 4096);
	pma_kunit_alloc(test, world.arena, 3000);
	memcpy(before, pma_kunit_world_page(&world, 0), 64 * sizeof(*before));
	for (pgno = 0; pgno < 64; pgno++)
		recount(&world, pgno);
	KUNIT_EXPECT_MEMEQ(test, pma_kunit_world_page(&world, 0), before, 64 * sizeof(*before));
	put_back(&other, 2, other.bits);
	pma_kunit_expect_sound(test, world.arena->pool);
	pma_block_free_all(world.arena);
	pma_block_free_all(other.arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(lend_takes_from_partial_page_first),
	KUNIT_CASE(lend_makes_full),
	KUNIT_CASE(lend_grows),
	KUNIT_CASE(lend_skips_pages_that_are_not_whole),
	KUNIT_CASE(what_is_not_whole_comes_last),
	KUNIT_CASE(lend_needs_a_page),
	KUNIT_CASE(lend_after_parting_with_all),
	KUNIT_CASE(put_back_of_several_pages),
	KUNIT_CASE(put_back_of_neighbours),
	KUNIT_CASE(put_back_of_all_gives_page_back),
	KUNIT_CASE(recount_finds_lost_block),
	KUNIT_CASE(recount_gives_empty_page_back),
	KUNIT_CASE(recount_leaves_others_alone),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_slabs_lend",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
