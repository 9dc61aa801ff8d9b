// SPDX-License-Identifier: GPL-2.0
/*
 * pma_keepers.c - arenas of which CPUs keep something, and room for who finds none
 *
 * What CPUs keep (pma_kept.c) is there for all: a
 * request that finds no room, and holds no lock then, flushes what its own arena's CPUs
 * keep, then what others' do, arena by arena, on whatever CPU; so none fails for what is
 * kept.  Who keeps something is in the pool's list of keepers:
 *
 *	a CPU puts a piece into its place	smp_mb()	is it known (keeps)?
 *	who flushes says it is not known	smp_mb()	looks at the places
 *
 * so that one of the two sees the other.  As others may keep something anew each time, a
 * request ends after PMA_KEEPERS_ROUNDS rounds at the latest.
 */
#include "pma_drain.h"
#include "pma_keepers.h"
#include "pma_kept.h"

/* As long as a flush may take, in microseconds. */
#define FLUSH_US	100

/**
 * pma_keepers_join() - say that an arena keeps something
 * @arena: the arena
 *
 * Context: Interrupts are off; takes the pool's lock.
 */
void pma_keepers_join(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;

	raw_spin_lock(&pool->lock);
	if (list_empty(&arena->keeper))
		list_add_tail(&arena->keeper, &pool->keepers);
	WRITE_ONCE(arena->keeps, true);
	raw_spin_unlock(&pool->lock);
}

/*
 * From now on an arena that keeps something anew has to say so.  It stays in the list until
 * this is over: who finds no room meanwhile joins in, lest what is being given back is
 * in nobody's sight.  The pool's lock is held.
 */
static void begin_flush(struct pma_arena *arena)
{
	lockdep_assert_held(&arena->pool->lock);
	arena->flushers++;
	/* Then we look what there is. */
	smp_store_mb(arena->keeps, false);
}

static void end_flush(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	arena->flushers--;
	if (!arena->flushers && !arena->keeps)
		list_del_init(&arena->keeper);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
}

/*
 * Give back what an arena's own CPUs keep.  Even if that was nothing another try is due,
 * as only what keeps nothing makes do with a larger class or a short segment.
 */
static bool flush_own(struct pma_arena *arena)
{
	unsigned long irq;
	bool kept;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	kept = !list_empty(&arena->keeper);
	if (kept)
		begin_flush(arena);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
	if (!kept)
		return false;
	pma_kept_flush(arena);
	end_flush(arena);
	return true;
}

/* The next arena that keeps something, to be flushed, or NULL when it is @first again. */
static struct pma_arena *get_keeper(struct pma_pool *pool, const struct pma_arena *first)
{
	struct pma_arena *arena = NULL;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	if (!list_empty(&pool->keepers))
		arena = list_entry(pool->keepers.next, struct pma_arena, keeper);
	if (arena == first)
		arena = NULL;
	if (arena) {
		list_move_tail(&arena->keeper, &pool->keepers);
		begin_flush(arena);
	}
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return arena;
}

/*
 * Give back what others keep, arena by arena, until one gave any, or all did.  Was there a
 * keeper?  If it gave nothing, somebody else may have flushed it just before.
 */
static bool flush_others(struct pma_pool *pool, bool all)
{
	struct pma_arena *keeper, *first = NULL;
	bool gave = false;
	u32 n;

	for (n = 0; n < READ_ONCE(pool->nr_arenas) && (all || !gave); n++) {
		keeper = get_keeper(pool, first);
		if (!keeper)
			break;
		first = first ?: keeper;
		gave |= pma_kept_flush(keeper);
		end_flush(keeper);
	}
	return first;
}

/**
 * pma_keepers_make_room() - give back what is kept, as a request has found no room
 * @arena: whose request it is
 * @bytes: that it asks for
 * @rounds: tries so far after the first one, counted here: 0 at first
 *
 * What its own CPUs keep comes first; what others do is no help where its limit is in
 * the way.  If that is all in vain, CPUs are asked soon for what else they have.  A second
 * try is due in any case: what was kept as the first one failed may all have been given back
 * since, for others.
 *
 * Context: Any but NMI; takes one arena's lock after the other.  O(arenas that keep
 * something), which are none after it.
 * Return: true if it is worth another try, with pma_keepers_flags(): it is the second one, or
 * there was an arena that keeps something.  PMA_KEEPERS_ROUNDS times at most.
 */
bool pma_keepers_make_room(struct pma_arena *arena, u64 bytes, u32 *rounds)
{
	struct pma_pool *pool = arena->pool;
	u32 nr_pages = DIV_ROUND_UP(min_t(u64, bytes, pool->region.bytes),
				    pma_region_page_size(&pool->region));
	bool others_may_help, kept;

	if (*rounds == PMA_KEEPERS_ROUNDS)
		return false;
	kept = flush_own(arena);
	if (++*rounds < PMA_KEEPERS_ROUNDS && kept)
		return true;
	others_may_help = !pma_limit_is_in_the_way(arena, nr_pages);
	if ((others_may_help && flush_others(pool, *rounds > 1)) || *rounds == 1)
		return true;
	if (others_may_help || arena->kept)
		pma_drain_soon(arena, others_may_help);
	return kept;
}

/**
 * pma_keepers_leave() - be no keeper any more
 * @arena: which ends; nobody else uses it any more, and nothing is kept
 *
 * Context: May sleep.
 */
void pma_keepers_leave(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;
	unsigned long irq;
	bool busy;

	/* Somebody who found no room may look for what it keeps just now. */
	do {
		raw_spin_lock_irqsave(&pool->lock, irq);
		busy = arena->flushers;
		if (!busy)
			list_del_init(&arena->keeper);
		raw_spin_unlock_irqrestore(&pool->lock, irq);
		if (busy)
			fsleep(FLUSH_US);
	} while (busy);
}
