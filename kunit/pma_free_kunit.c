// SPDX-License-Identifier: GPL-2.0
/*
 * pma_free_kunit.c - free a block where CPUs have magazines
 *
 * The way is chosen by what the page's kind was a moment ago: so each must do right by
 * each kind of page, and by what is no block.
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_free.h"
#include "pma_kunit.h"
#include "pma_place.h"

#define SIZE	256
#define BLOCKS	16	/* of that size, in a page */

/* An arena, a block of it to be freed, and more blocks in use. */

struct world {
	struct pma_arena *arena;
	void *blocks[2 * BLOCKS];
};

static struct world create_world(struct kunit *test, struct pma_pool *pool)
{
	struct world world = { .arena = pma_kunit_arena(test, pool, PMA_ARENA_PERCPU) };

	if (!world.arena->kept)
		kunit_skip(test, "CPUs have no magazines");
	pma_kunit_move_to_cpu(0);
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(world.arena, SIZE, 0, 2 * BLOCKS, world.blocks),
			2 * BLOCKS);
	return world;
}

/* CPU 0's, where all cases stay. */
static struct pma_magazine *magazine_of(struct world *world)
{
	return per_cpu_ptr(pma_cpu_magazine_for(world->arena, SIZE), 0);
}

static void *with_room(struct kunit *test, struct world *world)
{
	return world->blocks[0];
}

static void *without_room(struct kunit *test, struct world *world)
{
	u32 i = 2 * BLOCKS;

	while (magazine_of(world)->nr < magazine_of(world)->max && --i)
		KUNIT_EXPECT_EQ(test, pma_free(world->arena, world->blocks[i]), 0);
	KUNIT_ASSERT_GT(test, i, 1);
	return world->blocks[0];
}

static void *after_a_drain(struct kunit *test, struct world *world)
{
	KUNIT_EXPECT_EQ(test, pma_free(world->arena, world->blocks[1]), 0);
	pma_drain_begin(world->arena);
	pma_drain_end(world->arena);
	return world->blocks[0];
}

static void *in_segment(struct kunit *test, struct world *world)
{
	return pma_alloc(world->arena, 3000);
}

static void *in_big_block(struct kunit *test, struct world *world)
{
	return pma_alloc(world->arena, 3 * 4096);
}

static void *in_mixed_run(struct kunit *test, struct world *world)
{
	/* Not the last one there: then the run would go. */
	KUNIT_ASSERT_NOT_NULL(test, pma_alloc(world->arena, 1000));
	return pma_alloc(world->arena, 1000);
}

static const struct page_kind {
	char name[16];
	void *(*block)(struct kunit *test, struct world *world);
	u8 kind;
} page_kinds[] = {
	{ "with_room", with_room, PMA_KIND_SLAB },
	{ "without_room", without_room, PMA_KIND_SLAB },
	{ "after_a_drain", after_a_drain, PMA_KIND_SLAB },
	{ "segment", in_segment, PMA_KIND_HEAP },
	{ "big", in_big_block, PMA_KIND_BIG },
	{ "mixed", in_mixed_run, PMA_PAGE_MIXED },
};

KUNIT_ARRAY_PARAM_DESC(page_kinds, page_kinds, name);

/* Of these blocks are freed without the lock. */
static const struct page_kind lockless_kinds[] = {
	{ "with_room", with_room, PMA_KIND_SLAB },
	{ "big", in_big_block, PMA_KIND_BIG },
};

KUNIT_ARRAY_PARAM_DESC(lockless_kinds, lockless_kinds, name);

/* The ways. */

static int big(struct pma_arena *arena, u64 handle, struct pma_page *page, unsigned long irq)
{
	return pma_free_big(arena, handle, irq);
}

static int other(struct pma_arena *arena, u64 handle, struct pma_page *page, unsigned long irq)
{
	return pma_free_other(arena, handle, irq);
}

static const struct way {
	const char *name;
	int (*free)(struct pma_arena *arena, u64 handle, struct pma_page *page,
		    unsigned long irq);
} ways[] = {
	{ "slab", pma_free_of_slab },
	{ "big", big },
	{ "other", other },
	{ "mixed", pma_free_of_mixed },
};

static int free_by(const struct way *way, struct pma_arena *arena, u64 handle)
{
	struct pma_page *page = &arena->pool->pages.desc[handle >> arena->fast.page_shift];
	unsigned long irq;

	local_irq_save(irq);
	return way->free(arena, handle, page, irq);
}

static void expect_refused_by(struct kunit *test, const struct way *way, struct pma_arena *arena,
			      u64 handle, int err)
{
	struct pma_kunit_before before;

	pma_kunit_watch(&before, arena);
	KUNIT_EXPECT_EQ_MSG(test, free_by(way, arena, handle), err, "way of %s", way->name);
	pma_kunit_expect_refused(test, &before, arena, err, way->name);
}

static void free_one(struct kunit *test, const struct way *way, struct pma_arena *stranger)
{
	const struct page_kind *kind = test->param_value;
	struct world world = create_world(test, stranger->pool);
	struct pma_arena *arena = world.arena;
	void *block = kind->block(test, &world);
	struct pma_stats before, after;
	u64 handle;

	KUNIT_ASSERT_NOT_NULL(test, block);
	handle = (uintptr_t)block - arena->fast.base;
	KUNIT_EXPECT_EQ(test, arena->pool->pages.desc[handle >> 12].kind, kind->kind);
	expect_refused_by(test, way, stranger, handle, -EACCES);
	expect_refused_by(test, way, arena, handle + 16, -EBADSLT);
	/* What is between bits is no slab's. */
	if (way->free != pma_free_of_slab)
		expect_refused_by(test, way, arena, handle + 8, -EBADSLT);
	pma_arena_get_stats(arena, &before);
	KUNIT_EXPECT_EQ_MSG(test, free_by(way, arena, handle), 0, "%s, by the way of %s",
			    kind->name, way->name);
	pma_arena_get_stats(arena, &after);
	KUNIT_EXPECT_EQ(test, after.frees, before.frees + 1);
	KUNIT_EXPECT_EQ(test, after.live_blocks, before.live_blocks - 1);
	expect_refused_by(test, way, arena, handle, -EALREADY);
	pma_block_free_all(arena);
	pma_kunit_expect_sound(test, arena->pool);
}

static void every_way_does_right(struct kunit *test)
{
	static const struct pma_kunit_config adaptive = {
		"adaptive", 64, 4096, 0, PMA_POOL_ADAPTIVE
	};
	const struct page_kind *kind = test->param_value;
	struct pma_pool *pool = pma_kunit_pool(test, kind->kind == PMA_PAGE_MIXED ?
						     &adaptive : &pma_kunit_default);
	struct pma_arena *stranger = pma_kunit_arena(test, pool, PMA_ARENA_PERCPU);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		free_one(test, &ways[i], stranger);
}

/* A CPU frees the block while another call, which has found it, holds the lock. */
static void found_block_is_freed_once(struct kunit *test)
{
	const struct page_kind *kind = test->param_value;
	struct world world = create_world(test, pma_kunit_pool(test, &pma_kunit_default));
	void *block = kind->block(test, &world);
	struct pma_place place;
	unsigned long irq;

	raw_spin_lock_irqsave(&world.arena->lock, irq);
	KUNIT_EXPECT_EQ(test, pma_place_find(world.arena, (uintptr_t)block - world.arena->fast.base,
					     &place), 0);
	raw_spin_unlock_irqrestore(&world.arena->lock, irq);
	KUNIT_EXPECT_EQ(test, pma_free(world.arena, block), 0);
	raw_spin_lock_irqsave(&world.arena->lock, irq);
	KUNIT_EXPECT_EQ(test, pma_block_free_place(world.arena, &place), -EALREADY);
	raw_spin_unlock_irqrestore(&world.arena->lock, irq);
	pma_kunit_expect_sound(test, world.arena->pool);
	pma_block_free_all(world.arena);
	pma_kunit_expect_sound(test, world.arena->pool);
}

static u32 nr_free_of_page(const struct world *world, const void *block)
{
	return world->arena->fast.desc[pma_cpu_bit(world->arena, block) >>
				       world->arena->fast.page_bits_shift].slab.nr_free;
}

/* A magazine without room parts with blocks first, and has the block then. */
static void free_makes_room(struct kunit *test)
{
	struct world world = create_world(test, pma_kunit_pool(test, &pma_kunit_default));
	void *block = without_room(test, &world);
	u32 max = magazine_of(&world)->max, nr_free = nr_free_of_page(&world, block);

	KUNIT_EXPECT_EQ(test, pma_free(world.arena, block), 0);
	KUNIT_EXPECT_LT(test, magazine_of(&world)->nr, max);
	KUNIT_EXPECT_EQ(test, nr_free_of_page(&world, block), nr_free);
	KUNIT_EXPECT_PTR_EQ(test, pma_alloc(world.arena, SIZE), block);
	pma_block_free_all(world.arena);
}

/* While CPUs are to have no blocks, it goes to its page. */
static void free_while_draining(struct kunit *test)
{
	struct world world = create_world(test, pma_kunit_pool(test, &pma_kunit_default));
	u32 nr_free;

	pma_drain_begin(world.arena);
	nr_free = nr_free_of_page(&world, world.blocks[0]);
	KUNIT_EXPECT_EQ(test, pma_free(world.arena, world.blocks[0]), 0);
	KUNIT_EXPECT_EQ(test, nr_free_of_page(&world, world.blocks[0]), nr_free + 1);
	KUNIT_EXPECT_EQ(test, pma_kunit_magazine_blocks(world.arena), 0);
	pma_drain_end(world.arena);
	pma_block_free_all(world.arena);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(every_way_does_right, page_kinds_gen_params),
	KUNIT_CASE_PARAM(found_block_is_freed_once, lockless_kinds_gen_params),
	KUNIT_CASE(free_makes_room),
	KUNIT_CASE(free_while_draining),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_free",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
