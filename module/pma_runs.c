// SPDX-License-Identifier: GPL-2.0
/*
 * pma_runs.c - runs of pages, taken from a pool and given back
 *
 * A run that is given back is *loose* at first: still in use for pma_fit, and kept
 * by its length, one of each.  Who asks for that length gets it as it is, without
 * a search, a split and a join.  It is joined with its neighbours when another one
 * of its slot comes back, when a request finds nothing else, or when somebody
 * looks.  Loose runs are free: they are counted so, and their descriptors say so.
 */
#include "pma_runs.h"

/**
 * pma_runs_join() - join loose runs with their neighbours
 * @pool: the pool
 *
 * Context: The pool's lock is held.
 * Return: true if there was one.
 */
bool pma_runs_join(struct pma_pool *pool)
{
	u32 i;

	lockdep_assert_held(&pool->lock);
	if (!pool->loose_pages)
		return false;
	for (i = 0; i < PMA_POOL_LOOSE; i++) {
		if (pool->loose[i] != PMA_NONE)
			pma_fit_free(pool->runs, pool->loose[i]);
		pool->loose[i] = PMA_NONE;
	}
	pool->loose_pages = 0;
	return true;
}

/* A run, loose or cut for it; the pool's lock is held. */
static __always_inline u32 take_run(struct pma_pool *pool, u32 nr_pages, u32 client_flags)
{
	u32 *slot = &pool->loose[pma_pool_loose_slot(nr_pages)], pgno = *slot;

	if (pgno != PMA_NONE && pma_pool_run_pages(pool, pgno) == nr_pages) {
		*slot = PMA_NONE;
		pool->loose_pages -= nr_pages;
		pma_fit_set_client(pool->runs, pgno, client_flags);
		return pgno;
	}
	pgno = pma_fit_alloc(pool->runs, nr_pages, client_flags);
	if (pgno == PMA_NONE && pma_runs_join(pool))
		pgno = pma_fit_alloc(pool->runs, nr_pages, client_flags);
	return pgno;
}

/* Keep a run loose, and join the one that was kept for its length; the lock is held. */
static __always_inline void give_run(struct pma_pool *pool, u32 pgno, u32 nr_pages)
{
	u32 *slot = &pool->loose[pma_pool_loose_slot(nr_pages)];

	if (*slot != PMA_NONE) {
		pool->loose_pages -= pma_pool_run_pages(pool, *slot);
		pma_fit_free(pool->runs, *slot);
	}
	pma_fit_set_client(pool->runs, pgno, 0);
	*slot = pgno;
	pool->loose_pages += nr_pages;
}

/* Is another CPU at work on the bitmap of a slab page in the same cache line, presumably? */
static bool is_crowded(const struct pma_pool *pool, u32 pgno)
{
	const struct pma_page *page;
	u32 near, i;

	for (i = 1; i < pool->pages.per_line; i++) {
		near = pgno ^ i;
		page = &pool->pages.desc[near];
		/* A page of any arena, which may change just now. */
		if (near < pool->region.nr_pages && pma_page_id(page).kind == PMA_KIND_SLAB &&
		    READ_ONCE(page->slab.cpu) != smp_processor_id())
			return true;
	}
	return false;
}

/* For a page that is crowded another one, if that is not: a single one, or of a longer run. */
static noinline u32 take_apart(struct pma_pool *pool, u32 pgno, u32 client_flags)
{
	u32 nr, other;

	for (nr = 1; nr <= pool->pages.per_line && is_crowded(pool, pgno); nr *= 2) {
		other = take_run(pool, nr, client_flags);
		if (other == PMA_NONE)
			break;
		/* What is over stays free, for the next page that this CPU cuts. */
		if (nr > 1)
			pma_fit_resize(pool->runs, other, 1);
		give_run(pool, pgno, 1);
		pgno = other;
	}
	return pgno;
}

/* Some run has changed; the pool's lock is held. */
static void note_change(struct pma_pool *pool)
{
	WRITE_ONCE(pool->has_plenty, pma_pool_nr_free(pool) >= pool->region.nr_pages / 2);
	pool->generation++;
}

static bool resize_run(struct pma_pool *pool, u32 pgno, u32 nr_pages)
{
	return pma_fit_resize(pool->runs, pgno, nr_pages) ||
	       (pma_runs_join(pool) && pma_fit_resize(pool->runs, pgno, nr_pages));
}

/**
 * pma_runs_take() - take a run of pages
 * @pool: the pool
 * @budget: that it is charged to, or NULL
 * @nr_pages: its length
 * @client_flags: PMA_FIT_CLIENT flags of its tags
 *
 * Context: Any but NMI; takes the pool's lock.
 * Return: the first page, or PMA_NONE: there is none, or not for this budget.
 */
u32 pma_runs_take(struct pma_pool *pool, struct pma_budget *budget, u32 nr_pages,
		  u32 client_flags)
{
	unsigned long irq;
	u32 pgno;

	local_irq_save(irq);
	pgno = pma_runs_take_irqs_off(pool, budget, nr_pages, client_flags);
	local_irq_restore(irq);
	return pgno;
}

/**
 * pma_runs_take_irqs_off() - as pma_runs_take(), with interrupts off
 * @pool: the pool
 * @budget: that it is charged to, or NULL
 * @nr_pages: its length
 * @client_flags: PMA_FIT_CLIENT flags of its tags, PMA_FIT_END, PMA_RUN_APART
 *
 * Context: Interrupts are off; takes the pool's lock.
 * Return: the first page, or PMA_NONE: there is none, or not for this budget.
 */
u32 pma_runs_take_irqs_off(struct pma_pool *pool, struct pma_budget *budget, u32 nr_pages,
			   u32 client_flags)
{
	u32 pgno = PMA_NONE;

	raw_spin_lock(&pool->lock);
	if (pma_limit_admits(pool, budget, nr_pages))
		pgno = take_run(pool, nr_pages, client_flags);
	if (client_flags & PMA_RUN_APART && pgno != PMA_NONE && pool->has_plenty &&
	    is_crowded(pool, pgno))
		pgno = take_apart(pool, pgno, client_flags);
	if (pgno != PMA_NONE)
		pma_limit_count(pool, budget, nr_pages);
	note_change(pool);
	raw_spin_unlock(&pool->lock);
	return pgno;
}

/**
 * pma_runs_give() - give a run back
 * @pool: the pool
 * @budget: that it was charged to, or NULL
 * @pgno: its first page; its descriptors say free
 *
 * Context: Any but NMI; takes the pool's lock.
 */
void pma_runs_give(struct pma_pool *pool, struct pma_budget *budget, u32 pgno)
{
	unsigned long irq;

	local_irq_save(irq);
	pma_runs_give_irqs_off(pool, budget, pgno);
	local_irq_restore(irq);
}

/**
 * pma_runs_give_irqs_off() - as pma_runs_give(), with interrupts off
 * @pool: the pool
 * @budget: that it was charged to, or NULL
 * @pgno: its first page; its descriptors say free
 *
 * Context: Interrupts are off; takes the pool's lock.
 */
void pma_runs_give_irqs_off(struct pma_pool *pool, struct pma_budget *budget, u32 pgno)
{
	u32 nr_pages;

	raw_spin_lock(&pool->lock);
	nr_pages = pma_pool_run_pages(pool, pgno);
	give_run(pool, pgno, nr_pages);
	pma_limit_count(pool, budget, -(s32)nr_pages);
	note_change(pool);
	raw_spin_unlock(&pool->lock);
}

/**
 * pma_runs_resize() - make a run in use shorter or longer where it is
 * @pool: the pool
 * @budget: that it is charged to, or NULL
 * @pgno: its first page
 * @nr_pages: wanted length
 *
 * Context: Any but NMI; takes the pool's lock.
 * Return: true if it has that length now, else nothing has changed.
 */
bool pma_runs_resize(struct pma_pool *pool, struct pma_budget *budget, u32 pgno, u32 nr_pages)
{
	unsigned long irq;
	bool done;
	u32 had;

	raw_spin_lock_irqsave(&pool->lock, irq);
	had = pma_fit_units(pool->runs, pgno);
	done = (nr_pages <= had || pma_limit_admits(pool, budget, nr_pages - had)) &&
	       resize_run(pool, pgno, nr_pages);
	if (done)
		pma_limit_count(pool, budget, (s32)(nr_pages - had));
	note_change(pool);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return done;
}
