// SPDX-License-Identifier: GPL-2.0
/*
 * pma_adapt.c - slab pages only for sizes that are asked for a lot
 *
 * A slab page of a size that is hardly asked for stays nearly empty, one of a size
 * that does not suit it leaves much at its end, and whole pages leave some of the last.
 * So in a kernel arena of a pool with adaptive classes all sizes up to PMA_MIXED_SIZE_MAX
 * begin in *mixed* runs, where blocks of any size lie side by side (pma_mixed.c), and how
 * often each is asked for is counted there.  A size *earns* slab pages of its class when
 * as much of it has been asked for as fills EARN_PAGES, if pages full of it leave no
 * more than a WASTE_PARTS-th.
 *
 *	magazine_at[]	(of the arena) the magazine that a CPU takes from, or one that always is
 *			empty (see pma_cpu.c), so that nothing is counted or looked up on the way
 *			of the sizes that have earned theirs
 *	asked[]		of the others, how often
 *
 * What a size has earned stays, until the arena ends.
 */
#include "pma_adapt.h"

#define EARN_PAGES	32
#define WASTE_PARTS	16

/*
 * Whole pages are left to big blocks if so few bytes of the last are over, or if the
 * region has not so many times as many: mixed runs would be in the way of long ones.
 */
#define BIG_REST	16
#define BIG_PARTS	512

static u32 size_index(size_t size)
{
	return (size - 1) / PMA_BLOCK_MIN;
}

/* Its beginning and end. */

/**
 * pma_adapt_init() - let an arena learn which sizes are asked for
 * @arena: the arena, nobody else's yet
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM; then all sizes have slab pages.
 */
int pma_adapt_init(struct pma_arena *arena)
{
	const struct pma_classes *classes = arena->pool->classes;
	u32 sizes = min(classes->slab_max / PMA_BLOCK_MIN, PMA_ADAPT_SIZES), i;
	struct pma_adapt *adapt = kvzalloc(sizeof(*adapt), GFP_KERNEL);

	if (!adapt)
		return -ENOMEM;
	pma_mixed_init(&adapt->mixed);
	for (i = 0; i < sizes; i++)
		pma_arena_set_class(arena, i, classes->nr);
	arena->adapt = adapt;
	return 0;
}

/**
 * pma_adapt_exit() - end what pma_adapt_init() began
 * @arena: the arena, which has no mixed runs any more
 */
void pma_adapt_exit(struct pma_arena *arena)
{
	kvfree(arena->adapt);
	arena->adapt = NULL;
}

/* What is learnt. */

/**
 * pma_adapt_route() - send what whole pages would serve to a mixed run
 * @arena: who asks; its classes adapt
 * @size: bytes wanted
 * @align: of the block, or 0 for the natural alignment
 * @route: from pma_pool_route(); to the heap, if that is better
 */
void pma_adapt_route(const struct pma_arena *arena, size_t size, size_t align,
		     struct pma_route *route)
{
	const struct pma_region *region = &arena->pool->region;

	if (route->kind == PMA_KIND_BIG && size <= PMA_MIXED_SIZE_MAX &&
	    align <= PMA_BLOCK_MIN && route->nr_pages * BIG_PARTS <= region->nr_pages &&
	    pma_region_handle(region, route->nr_pages) - size >= BIG_REST)
		route->kind = PMA_KIND_HEAP;
}

/* Do pages full of blocks for a size, of the class, leave hardly anything? */
static bool suits(const struct pma_arena *arena, u32 size, u32 class)
{
	u32 page_size = pma_region_page_size(&arena->pool->region);
	u32 used = arena->pool->classes->class[class].nr_blocks * size;

	return (page_size - used) * WASTE_PARTS <= page_size;
}

/**
 * pma_adapt_ask() - is a small request one for a mixed run?
 * @arena: whose it is
 * @size: bytes of each block
 * @class: that serves the size
 * @nr: how many blocks
 *
 * It is counted.
 *
 * Context: The arena's lock is held.
 * Return: false if it is one for the class's slab pages.
 */
bool pma_adapt_ask(struct pma_arena *arena, size_t size, u32 class, unsigned int nr)
{
	struct pma_adapt *adapt = arena->adapt;
	u32 i = size_index(size), rounded = (i + 1) * PMA_BLOCK_MIN;

	lockdep_assert_held(&arena->lock);
	if (i >= PMA_ADAPT_SIZES || pma_arena_class_of(arena, i) == class)
		return false;
	adapt->asked[i] += nr;
	if ((adapt->asked[i] + 1ULL) * rounded >
	    EARN_PAGES * pma_region_page_size(&arena->pool->region) &&
	    suits(arena, rounded, class)) {
		pma_arena_set_class(arena, i, class);
		return false;
	}
	/* A page that is there already, for an alignment or a batch, may as well be used. */
	return arena->partial[class] == PMA_NONE;
}

/**
 * pma_adapt_take_back() - count a request no more that is to be asked for again
 * @arena: whose it is
 * @size: bytes; pma_adapt_ask() said that it is one for a mixed run, just now
 *
 * Context: The arena's lock is held.
 */
void pma_adapt_take_back(struct pma_arena *arena, size_t size)
{
	lockdep_assert_held(&arena->lock);
	arena->adapt->asked[size_index(size)]--;
}
