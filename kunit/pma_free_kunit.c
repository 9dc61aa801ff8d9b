// SPDX-License-Identifier: GPL-2.0
/*
 * pma_free_kunit.c - free a block where CPUs have pages
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

/* Pages, each with a block to be freed, and more blocks in use. */

struct world {
	struct pma_arena *arena;
	void *blocks[2 * BLOCKS];
};

static struct world create_world(struct kunit *test, struct pma_pool *pool)
{
	struct world world = { .arena = pma_kunit_arena(test, pool, PMA_ARENA_PERCPU) };

	if (!world.arena->cpu)
		kunit_skip(test, "CPUs have no pages");
	KUNIT_ASSERT_EQ(test, pma_alloc_batch(world.arena, SIZE, 0, 2 * BLOCKS, world.blocks),
			2 * BLOCKS);
	return world;
}

static void *in_page_taken_from(struct kunit *test, struct world *world)
{
	return world->blocks[BLOCKS];
}

static void *in_full_page(struct kunit *test, struct world *world)
{
	return world->blocks[0];
}

static void *in_spare_page(struct kunit *test, struct world *world)
{
	KUNIT_EXPECT_EQ(test, pma_free(world->arena, world->blocks[1]), 0);
	return world->blocks[0];
}

static void *in_partial_page(struct kunit *test, struct world *world)
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
	{ "taken_from", in_page_taken_from, PMA_KIND_SLAB | PMA_SLAB_CPU },
	{ "full", in_full_page, PMA_KIND_SLAB | PMA_SLAB_FULL },
	{ "spare", in_spare_page, PMA_KIND_SLAB | PMA_SLAB_CPU },
	{ "partial", in_partial_page, PMA_KIND_SLAB },
	{ "segment", in_segment, PMA_KIND_HEAP },
	{ "big", in_big_block, PMA_KIND_BIG },
	{ "mixed", in_mixed_run, PMA_PAGE_MIXED },
};

KUNIT_ARRAY_PARAM_DESC(page_kinds, page_kinds, name);

/* Of these blocks are freed without the lock. */
static const struct page_kind lockless_kinds[] = {
	{ "taken_from", in_page_taken_from, PMA_KIND_SLAB | PMA_SLAB_CPU },
	{ "full", in_full_page, PMA_KIND_SLAB | PMA_SLAB_FULL },
	{ "spare", in_spare_page, PMA_KIND_SLAB | PMA_SLAB_CPU },
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

static int full(struct pma_arena *arena, u64 handle, struct pma_page *page, unsigned long irq)
{
	return pma_free_of_full(arena, handle, page, irq, pma_cpu_own(arena, page));
}

static int spare(struct pma_arena *arena, u64 handle, struct pma_page *page, unsigned long irq)
{
	return pma_free_of_spare(arena, handle, page, irq, pma_cpu_own(arena, page));
}

static const struct way {
	const char *name;
	int (*free)(struct pma_arena *arena, u64 handle, struct pma_page *page,
		    unsigned long irq);
} ways[] = {
	{ "full", full },
	{ "spare", spare },
	{ "partial", pma_free_of_partial },
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

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(every_way_does_right, page_kinds_gen_params),
	KUNIT_CASE_PARAM(found_block_is_freed_once, lockless_kinds_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_free",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
