// SPDX-License-Identifier: GPL-2.0
/*
 * pma_drain.c - take from CPUs what they have of an arena
 *
 * Some of it, where there is no room; all of it for a drain, when a CPU is gone, and a
 * moment after a request has failed.
 */
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_slabs.h"

/* Spare pages taken from a CPU before others get the lock. */
#define GIVE_PAGES	16U

/* Where requests fail CPUs are asked for what they have no more often than this. */
#define PERIOD		HZ

/* Take a spare page out of its place, unless its CPU is quicker; the arena's lock is held. */
static bool settle_spare(struct pma_arena *arena, u32 *place, u32 pgno)
{
	if (pgno == PMA_NONE || cmpxchg(place, pgno, PMA_NONE) != pgno)
		return false;
	pma_slabs_settle(arena, pgno);
	return true;
}

/* Places of a CPU's spare pages; those that it fills or empties meanwhile are in it or not. */
static u32 nr_places(const struct pma_cpu_page *page)
{
	return READ_ONCE(page->nr_spares);
}

static bool settle_spares(struct pma_arena *arena, struct pma_cpu_page *page)
{
	u32 nr = nr_places(page), i;
	bool had = false;

	for (i = 0; i < nr; i++)
		had |= settle_spare(arena, &page->spares[i], READ_ONCE(page->spares[i]));
	return had;
}

/**
 * pma_drain_give_back() - let this CPU part with what it takes from, for the sake of empty pages
 * @arena: the arena
 *
 * O(classes), where there is no page left.
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: true if the pool has got pages back.
 */
bool pma_drain_give_back(struct pma_arena *arena)
{
	u32 had = arena->stats.slab_pages, class;

	lockdep_assert_held(&arena->lock);
	if (!arena->cpu)
		return false;
	for (class = 0; class < arena->pool->classes->nr; class++)
		pma_cpu_part_with(arena, &this_cpu_ptr(arena->cpu)->pages[class]);
	return arena->stats.slab_pages < had;
}

/**
 * pma_drain_give_class() - take from all CPUs the spare pages of a class
 * @arena: the arena
 * @class: of which there is no page with a free block else
 *
 * Context: The arena's lock is held; takes the pool's.  O(CPUs).
 * Return: true if there were any.
 */
bool pma_drain_give_class(struct pma_arena *arena, u32 class)
{
	bool gave = false;
	int n;

	lockdep_assert_held(&arena->lock);
	if (!arena->cpu)
		return false;
	for_each_possible_cpu(n)
		gave |= settle_spares(arena, &per_cpu_ptr(arena->cpu, n)->pages[class]);
	return gave;
}

/* Of one class, how many it were; what its CPU does meanwhile may be missed. */
static u32 give_empty_of_class(struct pma_arena *arena, struct pma_cpu_page *page)
{
	u32 nr = nr_places(page), done = 0, pgno, i;

	for (i = 0; i < nr; i++) {
		pgno = READ_ONCE(page->spares[i]);
		if (pgno != PMA_NONE &&
		    pma_cpu_is_empty(page, pma_pages_shadow(&arena->pool->pages, pgno)))
			done += settle_spare(arena, &page->spares[i], pgno);
	}
	return done;
}

/* Let a CPU part with some of its spare pages that are empty; how many it were. */
static u32 give_some_empty(struct pma_arena *arena, struct pma_cpu *cpu)
{
	u32 done = 0, class;
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	for (class = 0; class < arena->pool->classes->nr && done < GIVE_PAGES; class++)
		done += give_empty_of_class(arena, &cpu->pages[class]);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return done;
}

/**
 * pma_drain_give_empty() - let CPUs part with their spare pages that are empty
 * @arena: the arena
 *
 * Context: Any but NMI; takes the arena's lock, then the pool's.  O(CPUs).
 * Return: true if there was one.
 */
bool pma_drain_give_empty(struct pma_arena *arena)
{
	bool gave = false;
	u32 nr;
	int n;

	for_each_possible_cpu(n)
		do {
			nr = give_some_empty(arena, per_cpu_ptr(arena->cpu, n));
			gave |= nr;
		} while (nr >= GIVE_PAGES);
	return gave;
}

static void drain_class(struct pma_arena *arena, struct pma_cpu_page *page)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	settle_spares(arena, page);
	page->nr_spares = 0;
	pma_cpu_part_with(arena, page);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

/* Others may have the lock in between. */
static void drain_cpu(struct pma_arena *arena, struct pma_cpu *cpu)
{
	unsigned long irq;
	u32 class;

	for (class = 0; class < arena->pool->classes->nr; class++)
		drain_class(arena, &cpu->pages[class]);
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_kept_fold(arena, &cpu->kept);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

static void drain_this_cpu(void *data)
{
	struct pma_arena *arena = data;

	drain_cpu(arena, this_cpu_ptr(arena->cpu));
}

/* Of the CPUs that are offline; cpus_read_lock() is held. */
static void drain_offline_cpus(struct pma_arena *arena)
{
	int n;

	for_each_possible_cpu(n)
		if (!cpu_online(n))
			drain_cpu(arena, per_cpu_ptr(arena->cpu, n));
}

/**
 * pma_drain_begin() - let all CPUs part with their pages, and get no others
 * @arena: the arena
 *
 * Until pma_drain_end() everything happens under the arena's lock.
 *
 * Context: May sleep.
 */
void pma_drain_begin(struct pma_arena *arena)
{
	unsigned long irq;

	if (!arena->cpu)
		return;
	raw_spin_lock_irqsave(&arena->lock, irq);
	WRITE_ONCE(arena->draining, arena->draining + 1);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	cpus_read_lock();
	on_each_cpu(drain_this_cpu, arena, 1);
	drain_offline_cpus(arena);
	cpus_read_unlock();
	pma_kept_flush(arena);
}

/**
 * pma_drain_end() - let CPUs have pages again
 * @arena: the arena
 */
void pma_drain_end(struct pma_arena *arena)
{
	unsigned long irq;

	if (!arena->cpu)
		return;
	raw_spin_lock_irqsave(&arena->lock, irq);
	/* Release: for pma_cpu_adopt(). */
	smp_store_release(&arena->draining, arena->draining - 1);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

static void drain_offline(struct pma_arena *arena)
{
	if (!arena->cpu)
		return;
	cpus_read_lock();
	drain_offline_cpus(arena);
	cpus_read_unlock();
	pma_kept_flush(arena);
}

/**
 * pma_drain_offline() - take from CPUs that are offline what they have
 *
 * Of all arenas of all pools.
 *
 * Context: May sleep.
 */
void pma_drain_offline(void)
{
	struct pma_pool *pool = NULL;
	struct pma_arena *arena;

	pma_pool_list_lock();
	while ((pool = pma_pool_next(pool))) {
		mutex_lock(&pool->arenas_mutex);
		list_for_each_entry(arena, &pool->arenas, node)
			drain_offline(arena);
		mutex_unlock(&pool->arenas_mutex);
	}
	pma_pool_list_unlock();
}

/**
 * pma_drain_soon() - have all CPUs part with what they have
 * @arena: whose request has just failed
 * @all: not only of that arena, but of all of its pool
 *
 * What CPUs take slab blocks from can't be taken from them here, as that would take a
 * check in every allocation; they must do it, and it takes a context that may sleep to
 * wait for them.  That is at once, or a second after the last time.
 *
 * Context: Any but NMI.
 */
void pma_drain_soon(struct pma_arena *arena, bool all)
{
	struct pma_pool *pool = arena->pool;
	unsigned long now = jiffies, next = READ_ONCE(pool->next_drain);

	WRITE_ONCE(*(all ? &pool->drain_all : &arena->drain), 1);
	/* Where jiffies wrap, what was long ago may seem to be to come. */
	schedule_delayed_work(&pool->drain,
			      time_before(now, next) ? min(next - now, (unsigned long)PERIOD) : 0);
}

/**
 * pma_drain_pool() - do what pma_drain_soon() asked for
 * @work: the pool's
 *
 * Context: May sleep.
 */
void pma_drain_pool(struct work_struct *work)
{
	struct pma_pool *pool = container_of(work, struct pma_pool, drain.work);
	u32 all = xchg(&pool->drain_all, 0);
	struct pma_arena *arena;

	WRITE_ONCE(pool->next_drain, jiffies + PERIOD);
	mutex_lock(&pool->arenas_mutex);
	list_for_each_entry(arena, &pool->arenas, node) {
		if (!(xchg(&arena->drain, 0) | all))
			continue;
		pma_drain_begin(arena);
		pma_drain_end(arena);
	}
	mutex_unlock(&pool->arenas_mutex);
	WRITE_ONCE(pool->nr_drains, pool->nr_drains + 1);
}
