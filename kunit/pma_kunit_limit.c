// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_limit.c - what the suites of limits and reserves share
 */
#include "pma_block.h"
#include "pma_kunit_limit.h"

int pma_kunit_limit_set(struct pma_arena *arena, u32 flags, u32 limit, u32 reserve, bool may_raise)
{
	struct pma_limit_args want = { .flags = flags, .limit = limit, .reserve = reserve };

	return pma_limit_set(arena, &want, may_raise);
}

int pma_kunit_limit_to(struct pma_arena *arena, u32 limit)
{
	return pma_kunit_limit_set(arena, PMA_LIMIT_LIMIT, limit, 0, true);
}

int pma_kunit_limit_reserve(struct pma_arena *arena, u32 reserve)
{
	return pma_kunit_limit_set(arena, PMA_LIMIT_RESERVE, 0, reserve, true);
}

u32 pma_kunit_limit_used(struct pma_arena *arena)
{
	struct pma_limit_args args;

	pma_limit_get(arena, &args);
	return args.used;
}

u32 pma_kunit_limit_available(struct pma_arena *arena)
{
	struct pma_limit_args args;

	pma_limit_get(arena, &args);
	return args.available;
}

/* Blocks of a page each, until there is no more; how many. */
u32 pma_kunit_limit_fill(struct pma_arena *arena, u32 most)
{
	u32 page_bytes = pma_region_page_size(&arena->pool->region), n;
	struct pma_block block;

	for (n = 0; n < most; n++)
		if (pma_block_alloc(arena, page_bytes, 0, 0, &block))
			break;
	return n;
}

/* Of pma_limit_charge() and its kin one, under the pool's lock. */
bool pma_kunit_limit_charge(struct pma_arena *arena, u32 nr_pages)
{
	unsigned long irq;
	bool charged;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	charged = pma_limit_charge(arena, nr_pages);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
	return charged;
}

void pma_kunit_limit_count(struct pma_arena *arena, u32 nr_pages,
			   void (*how)(struct pma_arena *, u32))
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	how(arena, nr_pages);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
}
