/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_world.h - an arena and a class, for the suites of an arena's slab pages
 */
#ifndef _PMA_KUNIT_WORLD_H
#define _PMA_KUNIT_WORLD_H

#include "pma_kunit.h"

#define PMA_KUNIT_WORLD_SIZE	256
#define PMA_KUNIT_WORLD_BLOCKS	16	/* of a page */

/**
 * struct pma_kunit_world - an arena and a class
 * @arena: the arena
 * @class: of PMA_KUNIT_WORLD_SIZE
 * @irq: of whoever has the arena's lock
 * @bits: what was lent last
 */
struct pma_kunit_world {
	struct pma_arena *arena;
	u32 class;
	unsigned long irq;
	u32 bits[PMA_KUNIT_WORLD_BLOCKS];
};

static inline struct pma_kunit_world pma_kunit_world_of(struct kunit *test, u32 flags)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_kunit_world world = { .arena = pma_kunit_arena(test, pool, flags) };
	struct pma_route route;

	KUNIT_ASSERT_EQ(test, pma_pool_route(pool, PMA_KUNIT_WORLD_SIZE, 0, &route), 0);
	KUNIT_ASSERT_EQ(test, route.kind, PMA_KIND_SLAB);
	world.class = route.class;
	KUNIT_ASSERT_EQ(test, pool->classes->class[world.class].nr_blocks,
			PMA_KUNIT_WORLD_BLOCKS);
	return world;
}

/* One with magazines. */
static inline struct pma_kunit_world pma_kunit_world_percpu(struct kunit *test)
{
	struct pma_kunit_world world = pma_kunit_world_of(test, PMA_ARENA_PERCPU);

	if (!world.arena->kept)
		kunit_skip(test, "CPUs have no magazines");
	pma_kunit_move_to_cpu(0);
	return world;
}

static inline void pma_kunit_world_lock(struct pma_kunit_world *world)
	__acquires(&world->arena->lock)
{
	raw_spin_lock_irqsave(&world->arena->lock, world->irq);
}

static inline void pma_kunit_world_unlock(struct pma_kunit_world *world)
	__releases(&world->arena->lock)
{
	raw_spin_unlock_irqrestore(&world->arena->lock, world->irq);
}

static inline struct pma_page *pma_kunit_world_page(const struct pma_kunit_world *world, u32 pgno)
{
	return &world->arena->pool->pages.desc[pgno];
}

/* The first page of each of its lists. */
static inline void pma_kunit_world_lists(struct kunit *test, const struct pma_kunit_world *world,
					 u32 partial, u32 full)
{
	KUNIT_EXPECT_EQ(test, world->arena->partial[world->class], partial);
	KUNIT_EXPECT_EQ(test, world->arena->full, full);
}

#endif /* _PMA_KUNIT_WORLD_H */
