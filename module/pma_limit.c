// SPDX-License-Identifier: GPL-2.0
/*
 * pma_limit.c - how many pages an arena may have, and is sure to get
 *
 * Every arena has a budget.  A page that it gets from the pool is charged to it
 * from that moment until the pool has it back: so a page that is freed but held
 * (pma_held.c), or in quarantine, counts, and no arena exceeds its limit by what
 * it has freed.  Pages of others that it claims are charged to it too.
 *
 *	limit	  used + claimed never grow beyond it; a limit that is set below
 *		  them refuses growth and takes nothing away
 *	reserve	  pages that the arena is sure to get: what it does not use of
 *		  them is promised
 *
 * The pool keeps as many pages free as it has promised: it gives a page only if
 * afterwards free >= promised, where a page that an arena takes out of its own
 * promise counts as kept.  So what is promised are single pages: any request that
 * single pages serve succeeds within the reserve.  That they lie side by side can
 * not be promised, as others' pages are never moved.
 *
 * Who waits for pages (pma_wait.c) is told whenever some come back, and who has
 * set a low-water mark when fewer than that are left: of what the arena itself
 * takes and gives each crossing is told, of what others do those that last until
 * somebody looks.
 *
 * All of it is a few sums under the pool's lock, in the section that takes or
 * gives the run: O(1), whatever the number of arenas.
 */
#include "pma_arena.h"

static u32 less(u32 a, u32 b)
{
	return a > b ? a - b : 0;
}

/* Free pages that are promised to nobody. */
static u32 unpromised(const struct pma_pool *pool)
{
	return less(pma_pool_nr_free(pool), pool->promised);
}

static bool within_limit(const struct pma_budget *budget, u32 nr_pages)
{
	return (u64)budget->used + budget->claimed + nr_pages <= budget->limit;
}

/* Pages that the arena could be given now, one by one. */
static u32 pages_left(const struct pma_pool *pool, const struct pma_budget *budget)
{
	u32 room = less(budget->limit, budget->used + budget->claimed);

	return min(room, budget->promised + unpromised(pool));
}

static struct pma_arena *arena_of(struct pma_budget *budget)
{
	return container_of(budget, struct pma_arena, budget);
}

/* Tell of a crossing of the arena's low-water mark, once for each. */
static void look_at(struct pma_pool *pool, struct pma_budget *budget)
{
	bool is_low = budget->low && pages_left(pool, budget) < budget->low;

	if (is_low && !budget->is_low && pool->ops)
		pool->ops->crossed(arena_of(budget));
	budget->is_low = is_low;
}

/*
 * Promise what the arena does not use of its reserve.  What it has just given
 * back is free, so that it can be promised; only for what left it in another way
 * (pma_limit_disown()) there may be nothing left, and then it stays short until
 * the next time.
 */
static void promise(struct pma_pool *pool, struct pma_budget *budget)
{
	u32 wanted = less(budget->reserve, budget->used);
	u32 promised = min(wanted, budget->promised + unpromised(pool));

	pool->promised += promised - budget->promised;
	budget->promised = promised;
}

/*
 * So many pages have moved, either way; @budget, if any, is settled.  The others'
 * marks are out of reach here: whoever can sleep shall look at them, if the pool
 * has or had so few pages that one may be concerned.
 */
static void moved(struct pma_pool *pool, struct pma_budget *budget, u32 nr_pages, bool back)
{
	if (budget)
		look_at(pool, budget);
	if (pool->low_max && unpromised(pool) < (u64)pool->low_max + nr_pages && pool->ops)
		pool->ops->shifted(pool);
	if (!back)
		return;
	if (budget && budget->waiting)
		pool->ops->freed(pool, arena_of(budget));
	if (pool->waiting)
		pool->ops->freed(pool, NULL);
}

/**
 * pma_limit_begin() - open an arena's account
 * @budget: the arena's
 * @limit: pages, or PMA_LIMIT_NONE
 */
void pma_limit_begin(struct pma_budget *budget, u32 limit)
{
	*budget = (struct pma_budget){ .limit = limit };
}

static void set_low(struct pma_pool *pool, struct pma_budget *budget, u32 low)
{
	pool->nr_low += !!low - !!budget->low;
	pool->low_max = pool->nr_low ? max(pool->low_max, low) : 0;
	budget->low = low;
}

/**
 * pma_limit_end() - close an arena's account: its promise is void
 * @arena: whose; it has given back all it could
 *
 * Context: Any but NMI; takes the pool's lock.
 */
void pma_limit_end(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	arena->budget.reserve = 0;
	set_low(pool, &arena->budget, 0);
	promise(pool, &arena->budget);
	moved(pool, NULL, 0, true);
	pool->generation++;
	raw_spin_unlock_irqrestore(&pool->lock, irq);
}

/**
 * pma_limit_keeps_promises() - may so many pages be taken, for what others have reserved?
 * @pool: from it
 * @budget: for whom, or NULL for nobody in particular
 * @nr_pages: how many
 *
 * Context: The pool's lock is held.
 * Return: false if they are promised to others.
 */
bool pma_limit_keeps_promises(const struct pma_pool *pool, const struct pma_budget *budget,
			      u32 nr_pages)
{
	u32 own = budget ? budget->promised : 0;

	lockdep_assert_held(&pool->lock);
	return less(nr_pages, own) <= unpromised(pool);
}

/**
 * pma_limit_count_all() - as pma_limit_count(), whoever there is to tell
 * @pool: the pool, whose free pages are counted already
 * @budget: whose they are or were, or NULL
 * @nr_pages: how many, negative if they were given back
 *
 * Context: The pool's lock is held.
 */
void pma_limit_count_all(struct pma_pool *pool, struct pma_budget *budget, s32 nr_pages)
{
	lockdep_assert_held(&pool->lock);
	if (budget) {
		WRITE_ONCE(budget->used, budget->used + nr_pages);
		if (budget->reserve)
			promise(pool, budget);
	}
	moved(pool, budget, abs(nr_pages), nr_pages < 0);
}

/**
 * pma_limit_charge() - charge an arena for pages that another arena had
 * @arena: who claims them
 * @nr_pages: how many
 *
 * They count for its limit, and not for its reserve, which is of the pool's free
 * pages.
 *
 * Context: The pool's lock is held.
 * Return: false if the limit forbids it, and then nothing has changed.
 */
bool pma_limit_charge(struct pma_arena *arena, u32 nr_pages)
{
	lockdep_assert_held(&arena->pool->lock);
	if (!within_limit(&arena->budget, nr_pages))
		return false;
	arena->budget.claimed += nr_pages;
	look_at(arena->pool, &arena->budget);
	return true;
}

/**
 * pma_limit_uncharge() - undo pma_limit_charge()
 * @arena: who was charged
 * @nr_pages: how many of those pages it is charged for no longer
 *
 * Context: The pool's lock is held.
 */
void pma_limit_uncharge(struct pma_arena *arena, u32 nr_pages)
{
	lockdep_assert_held(&arena->pool->lock);
	arena->budget.claimed -= nr_pages;
	moved(arena->pool, &arena->budget, 0, true);
}

/**
 * pma_limit_disown() - charge an arena for its own pages as for those of others
 * @arena: who had them from the pool
 * @nr_pages: how many; whoever gives them back says so for nobody
 *
 * Context: The pool's lock is held.
 */
void pma_limit_disown(struct pma_arena *arena, u32 nr_pages)
{
	arena->budget.claimed += nr_pages;
	pma_limit_count(arena->pool, &arena->budget, -(s32)nr_pages);
}

/**
 * pma_limit_own() - undo pma_limit_disown()
 * @arena: who disowned them
 * @nr_pages: how many
 *
 * Context: The pool's lock is held.
 */
void pma_limit_own(struct pma_arena *arena, u32 nr_pages)
{
	arena->budget.claimed -= nr_pages;
	pma_limit_count(arena->pool, &arena->budget, nr_pages);
}

/**
 * pma_limit_is_in_the_way() - is it its own limit that keeps an arena from pages?
 * @arena: the arena
 * @nr_pages: how many it wants
 *
 * Context: Any but NMI; takes the pool's lock.
 * Return: true if it would exceed its limit.
 */
bool pma_limit_is_in_the_way(struct pma_arena *arena, u32 nr_pages)
{
	unsigned long irq;
	bool within;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	within = within_limit(&arena->budget, nr_pages);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
	return !within;
}

/**
 * pma_limit_wait_begin() - from now on tell when an arena may have more room
 * @arena: the arena, of a pool whose front-end is told
 *
 * Whoever then fails to get a page, and sleeps, is told of each one that comes
 * back after that: it is looked for and given under the same locks.
 *
 * Context: Any but NMI; takes the pool's lock.
 */
void pma_limit_wait_begin(struct pma_arena *arena)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	WRITE_ONCE(arena->budget.waiting, arena->budget.waiting + 1);
	WRITE_ONCE(arena->pool->waiting, arena->pool->waiting + 1);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
}

/**
 * pma_limit_wait_end() - undo pma_limit_wait_begin()
 * @arena: the arena
 *
 * Context: Any but NMI; takes the pool's lock.
 */
void pma_limit_wait_end(struct pma_arena *arena)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	WRITE_ONCE(arena->budget.waiting, arena->budget.waiting - 1);
	WRITE_ONCE(arena->pool->waiting, arena->pool->waiting - 1);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
}

/**
 * pma_limit_is_low() - has an arena fewer pages left than its low-water mark?
 * @arena: the arena
 *
 * Context: Any but NMI; takes the pool's lock.
 * Return: true if so.
 */
bool pma_limit_is_low(struct pma_arena *arena)
{
	unsigned long irq;
	bool is_low;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	is_low = pages_left(arena->pool, &arena->budget) < arena->budget.low;
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
	return is_low;
}

/**
 * pma_limit_look() - look at all low-water marks, as pages have moved
 * @pool: the pool
 *
 * Context: May sleep; takes the arenas' mutex.
 */
void pma_limit_look(struct pma_pool *pool)
{
	struct pma_arena *arena;
	unsigned long irq;

	mutex_lock(&pool->arenas_mutex);
	list_for_each_entry(arena, &pool->arenas, node) {
		raw_spin_lock_irqsave(&pool->lock, irq);
		look_at(pool, &arena->budget);
		raw_spin_unlock_irqrestore(&pool->lock, irq);
	}
	mutex_unlock(&pool->arenas_mutex);
}

/* Judge a new budget; the pool's lock is held. */
static int check_budget(const struct pma_pool *pool, const struct pma_budget *old,
			const struct pma_budget *new, bool may_raise)
{
	if (new->reserve > new->limit)
		return -EINVAL;
	if (!may_raise && (new->limit > old->limit || new->reserve > old->reserve))
		return -EPERM;
	if (new->reserve > old->reserve &&
	    less(new->reserve, old->used) > old->promised + unpromised(pool))
		return -ENOMEM;
	return 0;
}

/**
 * pma_limit_set() - set an arena's limit, reserve or low-water mark
 * @arena: whose
 * @want: which of them, in flags: PMA_LIMIT_FIELDS; and to what
 * @may_raise: a limit or reserve may become more than it was
 *
 * Context: Any but NMI; takes the pool's lock.
 * Return: 0; -EINVAL for a reserve above the limit; -EPERM for more than it was
 * without @may_raise; -ENOMEM if the pool has not so many pages to promise.
 */
int pma_limit_set(struct pma_arena *arena, const struct pma_limit_args *want, bool may_raise)
{
	struct pma_pool *pool = arena->pool;
	struct pma_budget *budget = &arena->budget;
	struct pma_budget new;
	unsigned long irq;
	int err;

	raw_spin_lock_irqsave(&pool->lock, irq);
	new = *budget;
	if (want->flags & PMA_LIMIT_LIMIT)
		new.limit = want->limit;
	if (want->flags & PMA_LIMIT_RESERVE)
		new.reserve = want->reserve;
	if (want->flags & PMA_LIMIT_LOW)
		new.low = want->low;
	err = check_budget(pool, budget, &new, may_raise);
	if (!err) {
		budget->limit = new.limit;
		budget->reserve = new.reserve;
		set_low(pool, budget, new.low);
		promise(pool, budget);
		/* Pages that were promised may be anybody's now, or the other way round. */
		moved(pool, budget, pool->region.nr_pages, true);
		pool->generation++;
	}
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return err;
}

/**
 * pma_limit_get() - an arena's limit, reserve, low-water mark and use
 * @arena: whose
 * @args: filled in, but for flags
 *
 * Context: Any but NMI; takes the pool's lock.
 */
void pma_limit_get(struct pma_arena *arena, struct pma_limit_args *args)
{
	struct pma_pool *pool = arena->pool;
	const struct pma_budget *budget = &arena->budget;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	args->limit = budget->limit;
	args->reserve = budget->reserve;
	args->low = budget->low;
	args->used = budget->used + budget->claimed;
	args->available = pages_left(pool, budget);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
}
