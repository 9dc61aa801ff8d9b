// SPDX-License-Identifier: GPL-2.0
/*
 * pma_held.c - runs that are freed, but kept back
 *
 * A page that a process can reach through a mapping must be out of its reach
 * before another arena gets it.  Revoking that takes time and may sleep, and a
 * run is freed under locks; so a mapped arena holds its freed runs:
 *
 *	freed --> held by the arena --> revoked --> the pool
 *		       |                   |
 *		       +--> used again     +--> quarantine, while a frame is pinned
 *			    by the arena	(then the pool)
 *
 * The arena may use a held run again as it is: the bytes are its own.  Settling
 * revokes what is more than a small reserve, so that a client that frees and
 * allocates in turns does not pay for it each time.  A frame that somebody has
 * pinned (vmsplice, direct I/O, io_uring) stays in quarantine until it is let go.
 *
 * Held runs are in use for the pool and free for everybody else: their
 * descriptors say PMA_KIND_HELD.  They are charged to their arena all the while,
 * in quarantine too: else pinned frames would be a way round its limit.
 */
#include "pma_held.h"

/* Runs taken from the arena at a time. */
#define SETTLE_RUNS	32

/**
 * pma_held_put() - hold a freed run
 * @arena: whose it was; mapped; it is in none of its lists any more
 * @pgno: its first page; the descriptors say free
 * @nr_pages: its length
 *
 * Context: The arena's lock is held.
 */
void pma_held_put(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	lockdep_assert_held(&arena->lock);
	pma_page_set(&arena->pool->pages.desc[pgno], PMA_KIND_HELD, 0, arena->id);
	pma_arena_push(arena, &arena->held, pgno);
	arena->stats.held_pages += nr_pages;
}

static void drop(struct pma_arena *arena, u32 pgno)
{
	pma_arena_drop(arena, &arena->held, pgno);
	arena->stats.held_pages -= pma_pool_run_pages(arena->pool, pgno);
	pma_page_set(&arena->pool->pages.desc[pgno], PMA_KIND_FREE, 0, 0);
}

/**
 * pma_held_take() - use a held run again
 * @arena: whose it is
 * @nr_pages: wanted length
 * @client_flags: wanted flags of its tag
 *
 * Only the run that was held last is looked at.
 *
 * Context: The arena's lock is held.
 * Return: its first page, or PMA_NONE.
 */
u32 pma_held_take(struct pma_arena *arena, u32 nr_pages, u32 client_flags)
{
	u32 pgno = arena->held, head;

	lockdep_assert_held(&arena->lock);
	if (pgno == PMA_NONE)
		return PMA_NONE;
	head = READ_ONCE(pma_fit_tag(arena->pool->runs, pgno)->head);
	if (head >> PMA_FIT_FLAG_BITS != nr_pages || (head & PMA_FIT_CLIENT) != client_flags)
		return PMA_NONE;
	drop(arena, pgno);
	return pgno;
}

/* Take runs out, newest first, until no more than @keep_pages are held. */
static u32 take_some(struct pma_arena *arena, u32 keep_pages, u32 *runs)
{
	unsigned long irq;
	u32 n;

	raw_spin_lock_irqsave(&arena->lock, irq);
	for (n = 0; n < SETTLE_RUNS && arena->stats.held_pages > keep_pages; n++) {
		runs[n] = arena->held;
		drop(arena, runs[n]);
	}
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return n;
}

static void quarantine(struct pma_pool *pool, u32 pgno)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	pma_page_set(&pool->pages.desc[pgno], PMA_KIND_HELD, 0, 0);
	pma_fit_link(pool->runs, pgno)->next = pool->quarantine;
	pool->quarantine = pgno;
	pool->quarantine_pages += pma_fit_units(pool->runs, pgno);
	pool->generation++;
	raw_spin_unlock_irqrestore(&pool->lock, irq);
}

/* Revoke a run and give it to the pool; false if it goes to quarantine first. */
static bool revoke(struct pma_arena *arena, struct pma_budget *budget, u32 pgno)
{
	struct pma_pool *pool = arena->pool;

	if (!pool->ops->revoke(arena, pgno, pma_pool_run_pages(pool, pgno))) {
		quarantine(pool, pgno);
		return false;
	}
	pma_runs_give(pool, budget, pgno);
	return true;
}

/**
 * pma_held_revoke() - give a freed run to the pool once nobody can reach it
 * @arena: who had it last; it is held by none, and charged to none
 * @pgno: its first page; its descriptors say free
 *
 * Context: May sleep.
 */
void pma_held_revoke(struct pma_arena *arena, u32 pgno)
{
	revoke(arena, NULL, pgno);
}

/**
 * pma_held_settle() - revoke held runs and give them to the pool
 * @arena: whose they are
 * @keep_pages: pages it may keep
 *
 * Context: May sleep.
 * Return: true if the pool got any.
 */
bool pma_held_settle(struct pma_arena *arena, u32 keep_pages)
{
	struct pma_pool *pool = arena->pool;
	u32 runs[SETTLE_RUNS];
	bool gave = false;
	u32 n, i;

	if (pma_held_pages(arena) <= keep_pages)
		return false;
	atomic_inc(&pool->moving);
	while ((n = take_some(arena, keep_pages, runs))) {
		for (i = 0; i < n; i++)
			gave |= revoke(arena, &arena->budget, runs[i]);
		cond_resched();
	}
	atomic_dec(&pool->moving);
	return gave;
}

/**
 * pma_held_settle_all() - give all that any arena holds to the pool
 * @pool: the pool, which has run out
 *
 * Context: May sleep.
 * Return: true if it got any.
 */
bool pma_held_settle_all(struct pma_pool *pool)
{
	struct pma_arena *arena;
	u32 before = READ_ONCE(pool->quarantine_pages);
	bool gave = before && pma_held_release_idle(pool) < before;

	mutex_lock(&pool->arenas_mutex);
	list_for_each_entry(arena, &pool->arenas, node)
		gave |= pma_held_settle(arena, 0);
	mutex_unlock(&pool->arenas_mutex);
	return gave;
}

/**
 * pma_held_make_room() - give back what is held, as a request has found no room
 * @arena: whose request it is
 * @bytes: that it asks for
 *
 * What the arena holds itself comes first; what others hold is no help where it is
 * its own limit that is in the way.
 *
 * Context: May sleep.
 * Return: true if the pool got any, so that it is worth another try.
 */
bool pma_held_make_room(struct pma_arena *arena, u64 bytes)
{
	const struct pma_region *region = &arena->pool->region;
	u32 nr_pages = DIV_ROUND_UP(min_t(u64, bytes, region->bytes), pma_region_page_size(region));

	if (pma_held_settle(arena, 0))
		return true;
	return !pma_limit_is_in_the_way(arena, nr_pages) && pma_held_settle_all(arena->pool);
}

/* Take the whole quarantine. */
static u32 empty_quarantine(struct pma_pool *pool)
{
	unsigned long irq;
	u32 pgno;

	raw_spin_lock_irqsave(&pool->lock, irq);
	pgno = pool->quarantine;
	pool->quarantine = PMA_NONE;
	pool->quarantine_pages = 0;
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return pgno;
}

/* Give a run that was in quarantine to the pool; its arena may have ended. */
static void release(struct pma_pool *pool, u32 pgno)
{
	u64 uid = pool->pages.desc[pgno].free.dirty;
	struct pma_arena *arena;

	pma_page_set(&pool->pages.desc[pgno], PMA_KIND_FREE, 0, 0);
	mutex_lock(&pool->arenas_mutex);
	arena = pma_arena_by_uid(pool, uid);
	pma_runs_give(pool, arena ? &arena->budget : NULL, pgno);
	mutex_unlock(&pool->arenas_mutex);
}

/**
 * pma_held_release_idle() - give what nobody has pinned any more to the pool
 * @pool: the pool
 *
 * Context: May sleep.
 * Return: pages still in quarantine.
 */
u32 pma_held_release_idle(struct pma_pool *pool)
{
	u32 pgno, next;

	atomic_inc(&pool->moving);
	for (pgno = empty_quarantine(pool); pgno != PMA_NONE; pgno = next) {
		next = pma_pool_link(pool, pgno)->next;
		if (pool->ops->is_idle(pool, pgno, pma_pool_run_pages(pool, pgno)))
			release(pool, pgno);
		else
			quarantine(pool, pgno);
	}
	atomic_dec(&pool->moving);
	return READ_ONCE(pool->quarantine_pages);
}
