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

/* Where requests fail CPUs are asked for what they have no more often than this. */
#define PERIOD		HZ

/**
 * pma_drain_give_back() - let this CPU part with its blocks of a class
 * @arena: the arena, whose CPUs have magazines
 * @class: of them
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: true if the pool has got pages back.
 */
bool pma_drain_give_back(struct pma_arena *arena, u32 class)
{
	u32 had = arena->stats.slab_pages;

	pma_cpu_flush(arena, &this_cpu_ptr(arena->fast.magazines)[class], 0);
	return arena->stats.slab_pages < had;
}

static void drain_class(struct pma_arena *arena, struct pma_magazine *magazine)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_cpu_flush(arena, magazine, 0);
	magazine->max = 0;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

/* Others may have the lock in between. */
static void drain_cpu(struct pma_arena *arena, struct pma_magazine *magazines,
		      struct pma_kept *kept)
{
	unsigned long irq;
	u32 class;

	for (class = 0; class < arena->pool->classes->nr; class++)
		drain_class(arena, &magazines[class]);
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_kept_fold(arena, kept);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

static void drain_this_cpu(void *data)
{
	struct pma_arena *arena = data;

	drain_cpu(arena, this_cpu_ptr(arena->fast.magazines), this_cpu_ptr(arena->kept));
}

/* Of the CPUs that are offline; cpus_read_lock() is held. */
static void drain_offline_cpus(struct pma_arena *arena)
{
	int n;

	for_each_possible_cpu(n)
		if (!cpu_online(n))
			drain_cpu(arena, per_cpu_ptr(arena->fast.magazines, n),
				  per_cpu_ptr(arena->kept, n));
}

/* Blocks may have been lost by pma_cpu_steal(); now that no CPU has any, that can be told. */
static void be_sure(struct pma_arena *arena)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	while (arena->nr_unsure)
		pma_slabs_recount(arena, arena->unsure[--arena->nr_unsure]);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

/**
 * pma_drain_begin() - let all CPUs part with what they have, and get nothing else
 * @arena: the arena
 *
 * Until pma_drain_end() everything happens under the arena's lock.
 *
 * Context: May sleep.
 */
void pma_drain_begin(struct pma_arena *arena)
{
	unsigned long irq;

	if (!arena->kept)
		return;
	raw_spin_lock_irqsave(&arena->lock, irq);
	WRITE_ONCE(arena->draining, arena->draining + 1);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	cpus_read_lock();
	on_each_cpu(drain_this_cpu, arena, 1);
	drain_offline_cpus(arena);
	cpus_read_unlock();
	be_sure(arena);
	pma_kept_flush(arena);
}

/**
 * pma_drain_end() - let CPUs have blocks again
 * @arena: the arena
 */
void pma_drain_end(struct pma_arena *arena)
{
	unsigned long irq;

	if (!arena->kept)
		return;
	raw_spin_lock_irqsave(&arena->lock, irq);
	WRITE_ONCE(arena->draining, arena->draining - 1);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

static void drain_offline(struct pma_arena *arena)
{
	if (!arena->kept)
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
 * The last block of a magazine, and pages, can't be taken from CPUs here, as that would take a
 * barrier in every allocation; they must do it, and it takes a context that may sleep to
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
