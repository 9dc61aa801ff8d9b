// SPDX-License-Identifier: GPL-2.0
/*
 * pma_arena.c - one client's own set of pages
 *
 * An arena takes runs from its pool, keeps them in lists while they hold blocks
 * (pma_block.c), and gives them back.  Every page it owns is in exactly one list: a
 * class's partial slab pages, full slab pages, big blocks, segments, mixed runs, or,
 * freed, the held ones.  Its end gives back all of them.  What it holds together with
 * others (pma_share.c) is in a list of its own, and counted with its big blocks.
 */
#include "pma_adapt.h"
#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_held.h"
#include "pma_keepers.h"

/* Counters. */

/**
 * pma_arena_count_error_locked() - count a refusal
 * @arena: whose call was refused
 * @err: why
 *
 * Context: The arena's lock is held.
 * Return: @err.
 */
int pma_arena_count_error_locked(struct pma_arena *arena, int err)
{
	struct pma_stats *stats = &arena->stats;
	u64 *counter = err == -ENOMEM ? &stats->failed :
		       err == -ERANGE ? &stats->bad_range :
		       err == -EALREADY ? &stats->bad_free :
		       err == -EACCES ? &stats->bad_owner :
		       err == -EBADSLT ? &stats->bad_interior :
		       err == -EKEYREJECTED ? &stats->bad_token : &stats->bad_args;

	lockdep_assert_held(&arena->lock);
	(*counter)++;
	return err;
}

/**
 * pma_arena_count_error() - count a refusal
 * @arena: whose call was refused
 * @err: why
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: @err.
 */
int pma_arena_count_error(struct pma_arena *arena, int err)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_arena_count_error_locked(arena, err);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return err;
}

/**
 * pma_arena_count_failure() - count a want of memory, when nothing more is tried against it
 * @arena: whose call it is
 * @err: what it answers; all but -ENOMEM is counted already
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: @err.
 */
int pma_arena_count_failure(struct pma_arena *arena, int err)
{
	return err == -ENOMEM ? pma_arena_count_error(arena, err) : err;
}

/* Runs: from the pool and back. */

/**
 * pma_arena_take_held() - as pma_arena_take_run(), of what a mapped arena holds
 * @arena: whose it will be
 * @nr_pages: its length
 * @client_flags: of its tags
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: its first page, or PMA_NONE.
 */
u32 pma_arena_take_held(struct pma_arena *arena, u32 nr_pages, u32 client_flags)
{
	u32 pgno = pma_held_take(arena, nr_pages, client_flags);

	if (pgno != PMA_NONE)
		return pgno;
	return pma_runs_take_irqs_off(arena->pool, &arena->budget, nr_pages, client_flags);
}

/**
 * pma_arena_take_back() - as pma_arena_take_run(), where the pool could not serve
 * @arena: whose it will be
 * @nr_pages: its length
 * @client_flags: of its tags
 *
 * What is missing may be pages that are empty but for blocks that this CPU has: those of few
 * large ones come first.
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: its first page, or PMA_NONE.
 */
u32 pma_arena_take_back(struct pma_arena *arena, u32 nr_pages, u32 client_flags)
{
	u32 class = arena->kept ? arena->pool->classes->nr : 0, pgno;

	lockdep_assert_held(&arena->lock);
	while (class--) {
		if (!pma_drain_give_back(arena, class))
			continue;
		pgno = pma_runs_take_irqs_off(arena->pool, &arena->budget, nr_pages, client_flags);
		if (pgno != PMA_NONE)
			return pgno;
	}
	return PMA_NONE;
}

/**
 * pma_arena_clean_run() - zero what others left in pages just taken
 * @arena: whose they are now
 * @pgno: the first
 * @nr_pages: how many
 */
void pma_arena_clean_run(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	if (pma_pool_isolates(arena->pool))
		pma_pages_clean(&arena->pool->pages, pgno, nr_pages, arena->uid);
}

static void retire_run(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	if (pma_pool_isolates(arena->pool))
		pma_pages_retire(&arena->pool->pages, pgno, nr_pages, arena->uid);
	else
		pma_page_set(&arena->pool->pages.desc[pgno], PMA_KIND_FREE, 0, 0);
}

/* Give a retired run to the pool, or hold it for that; the lock is held. */
static void part_with(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	if (arena->mapped)
		pma_held_put(arena, pgno, nr_pages);
	else
		pma_runs_give_irqs_off(arena->pool, &arena->budget, pgno);
}

/**
 * pma_arena_give_held() - as pma_arena_give_run(), in a pool that isolates
 * @arena: whose it was; it is in none of its lists any more
 * @pgno: its first page
 * @nr_pages: its length
 *
 * Context: The arena's lock is held; takes the pool's.  O(@nr_pages).
 */
void pma_arena_give_held(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	lockdep_assert_held(&arena->lock);
	retire_run(arena, pgno, nr_pages);
	part_with(arena, pgno, nr_pages);
}

/* Big blocks.  They are made BUSY, filled without the lock, and then published. */

static void big_mark_body(struct pma_arena *arena, u32 pgno, u32 from, u32 to)
{
	if (pma_pool_isolates(arena->pool))
		pma_big_mark_body(&arena->pool->pages, pgno, from, to, arena->id);
}

static void big_link(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	pma_big_mark(&arena->pool->pages, pgno, PMA_PAGE_BUSY, arena->id);
	pma_arena_push(arena, &arena->big, pgno);
	pma_arena_count_pages(arena, &arena->stats.big_pages, nr_pages);
}

/**
 * pma_arena_big_take() - take a big block that no call can reach yet
 * @arena: whose it will be
 * @nr_pages: its length
 *
 * Context: Any but NMI; takes the arena's lock, then the pool's.
 * Return: its first page, BUSY, or PMA_NONE.
 */
u32 pma_arena_big_take(struct pma_arena *arena, u32 nr_pages)
{
	bool isolates = pma_pool_isolates(arena->pool);
	unsigned long irq;
	u32 pgno;

	atomic_inc(&arena->pool->moving);
	raw_spin_lock_irqsave(&arena->lock, irq);
	pgno = pma_arena_take_run(arena, nr_pages, PMA_FIT_M);
	if (pgno != PMA_NONE && !isolates)
		big_link(arena, pgno, nr_pages);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	/* What is O(pages) is done without the lock. */
	if (pgno != PMA_NONE && isolates) {
		pma_arena_clean_run(arena, pgno, nr_pages);
		big_mark_body(arena, pgno, pgno + 1, pgno + nr_pages);
		raw_spin_lock_irqsave(&arena->lock, irq);
		big_link(arena, pgno, nr_pages);
		raw_spin_unlock_irqrestore(&arena->lock, irq);
	}
	atomic_dec(&arena->pool->moving);
	return pgno;
}

/**
 * pma_arena_big_publish() - let calls reach a BUSY block
 * @arena: whose it is
 * @pgno: its first page
 * @requested: bytes that were asked for
 *
 * Context: The arena's lock is held.
 */
void pma_arena_big_publish(struct pma_arena *arena, u32 pgno, size_t requested)
{
	lockdep_assert_held(&arena->lock);
	pma_big_record(&arena->pool->pages.desc[pgno], pma_arena_big_bytes(arena, pgno), requested);
	pma_big_mark(&arena->pool->pages, pgno, PMA_KIND_BIG, arena->id);
}

/**
 * pma_arena_big_unlink() - take a big block out of the arena
 * @arena: whose it is
 * @pgno: its first page
 *
 * Then the caller owes the run to pma_arena_big_give().
 *
 * Context: The arena's lock is held.
 * Return: its pages.
 */
u32 pma_arena_big_unlink(struct pma_arena *arena, u32 pgno)
{
	u32 nr_pages = pma_pool_run_pages(arena->pool, pgno);

	atomic_inc(&arena->pool->moving);
	pma_arena_drop(arena, &arena->big, pgno);
	pma_arena_count_pages(arena, &arena->stats.big_pages, -nr_pages);
	pma_big_mark(&arena->pool->pages, pgno, PMA_KIND_FREE, 0);
	return nr_pages;
}

/**
 * pma_arena_big_give() - give the run of a freed big block back to the pool
 * @arena: whose it was
 * @pgno: its first page
 * @nr_pages: its length
 *
 * Context: Any but NMI; takes the arena's lock, then the pool's.  O(@nr_pages) in
 * a pool that isolates.
 */
void pma_arena_big_give(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	unsigned long irq;

	retire_run(arena, pgno, nr_pages);
	raw_spin_lock_irqsave(&arena->lock, irq);
	part_with(arena, pgno, nr_pages);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	atomic_dec(&arena->pool->moving);
}

/**
 * pma_arena_big_give_at_once() - give back a big block that was counted as freed
 * @arena: whose it is, in a pool that does not isolate
 * @pgno: its first page, which no call can reach
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_arena_big_give_at_once(struct pma_arena *arena, u32 pgno)
{
	u32 nr_pages = pma_pool_run_pages(arena->pool, pgno);

	lockdep_assert_held(&arena->lock);
	pma_arena_drop(arena, &arena->big, pgno);
	pma_arena_count_pages(arena, &arena->stats.big_pages, -nr_pages);
	pma_arena_give_run(arena, pgno, nr_pages);
}

/**
 * pma_arena_big_drop() - give a BUSY block up again
 * @arena: whose it is
 * @pgno: its first page
 *
 * Context: Any but NMI; takes the arena's lock.
 */
void pma_arena_big_drop(struct pma_arena *arena, u32 pgno)
{
	unsigned long irq;
	u32 nr_pages;

	raw_spin_lock_irqsave(&arena->lock, irq);
	nr_pages = pma_arena_big_unlink(arena, pgno);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	pma_arena_big_give(arena, pgno, nr_pages);
}

/**
 * pma_arena_big_resize() - make a BUSY block shorter or longer where it is
 * @arena: whose it is
 * @pgno: its first page
 * @nr_pages: wanted length
 *
 * Context: Any but NMI; takes the arena's lock.  May sleep if the arena is mapped.
 * Return: true if it is at least that long now, else nothing has changed.
 */
bool pma_arena_big_resize(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	u32 have = pma_pool_run_pages(arena->pool, pgno);
	unsigned long irq;

	/* What is pinned can't be parted with now: it stays with the block. */
	if (nr_pages < have && READ_ONCE(arena->mapped) &&
	    !arena->pool->ops->revoke(arena, pgno + nr_pages, have - nr_pages))
		return true;
	if (nr_pages < have && pma_pool_isolates(arena->pool))
		pma_pages_retire(&arena->pool->pages, pgno + nr_pages, have - nr_pages, arena->uid);
	if (!pma_runs_resize(arena->pool, &arena->budget, pgno, nr_pages))
		return false;
	if (nr_pages > have) {
		pma_arena_clean_run(arena, pgno + have, nr_pages - have);
		big_mark_body(arena, pgno, pgno + have, pgno + nr_pages);
	}
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_arena_count_pages(arena, &arena->stats.big_pages, (s32)(nr_pages - have));
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return true;
}

/**
 * pma_arena_get_stats() - an arena's counters, and its pool's
 * @arena: the arena
 * @stats: filled in
 *
 * Context: Any but NMI; takes the arena's lock, then the pool's.
 */
void pma_arena_get_stats(struct pma_arena *arena, struct pma_stats *stats)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	*stats = arena->stats;
	pma_cpu_add_stats(arena, stats);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	stats->charged_pages = READ_ONCE(arena->budget.used) + READ_ONCE(arena->budget.claimed);
	stats->limit_pages = READ_ONCE(arena->budget.limit);
	stats->pool_pages = arena->pool->region.nr_pages;
	stats->pool_free_pages = pma_pool_free_pages(arena->pool, &stats->pool_largest_run);
	stats->pool_arenas = READ_ONCE(arena->pool->nr_arenas);
}

/* Its beginning and end. */

/**
 * pma_arena_new() - make an arena
 * @pool: whose pages it will own
 * @name: for people; cut to PMA_NAME_MAX - 1 characters
 * @flags: PMA_ARENA_*
 *
 * Context: May sleep.
 * Return: the arena, or ERR_PTR(-ENOMEM, -ENOSPC for too many arenas).
 */
struct pma_arena *pma_arena_new(struct pma_pool *pool, const char *name, u32 flags)
{
	/* Of a process's arena nobody asks. */
	u32 sizes = flags & PMA_ARENA_USER ? 0 : pool->classes->slab_max / PMA_BLOCK_MIN, i;
	struct pma_arena *arena = kvzalloc(struct_size(arena, magazine_at, sizes), GFP_KERNEL);
	int id;

	if (!arena)
		return ERR_PTR(-ENOMEM);
	arena->heap = pma_heap_create(&pool->pages, &pool->geo);
	id = arena->heap ? ida_alloc_range(&pool->ids, 1, PMA_ARENAS_MAX, GFP_KERNEL) : -ENOMEM;
	if (id < 0) {
		pma_heap_destroy(arena->heap);
		kvfree(arena);
		return ERR_PTR(id);
	}
	arena->pool = pool;
	arena->id = id;
	arena->flags = flags;
	strscpy(arena->name, name ?: "", sizeof(arena->name));
	pma_limit_begin(&arena->budget,
			flags & PMA_ARENA_USER ? pool->arena_limit : PMA_LIMIT_NONE);
	raw_spin_lock_init(&arena->lock);
	for (i = 0; i < PMA_CLASSES_MAX; i++)
		arena->partial[i] = PMA_NONE;
	for (i = 0; i < sizes; i++)
		pma_arena_set_class(arena, i, pool->classes->of_size[i]);
	arena->full = PMA_NONE;
	arena->big = PMA_NONE;
	arena->segments = PMA_NONE;
	arena->held = PMA_NONE;
	INIT_LIST_HEAD(&arena->claim_list);
	INIT_LIST_HEAD(&arena->keeper);
	pma_table_init(&arena->claims, pool->region.nr_pages);
	arena->root = PMA_HANDLE_NONE;
	/* Without memory for these, it takes more room, or the lock more often. */
	if (pool->flags & PMA_POOL_ADAPTIVE && !(flags & PMA_ARENA_USER))
		pma_adapt_init(arena);
	if (flags & PMA_ARENA_PERCPU)
		pma_cpu_init(arena);
	mutex_lock(&pool->arenas_mutex);
	arena->uid = ++pool->last_uid;
	pool->nr_arenas++;
	list_add_tail(&arena->node, &pool->arenas);
	mutex_unlock(&pool->arenas_mutex);
	return arena;
}

/**
 * pma_arena_delete() - end an arena; all its blocks are freed
 * @arena: the arena; nobody else uses it any more
 *
 * Context: May sleep.
 */
void pma_arena_delete(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;

	/* Only then off the list, or a check meanwhile would miss its pages. */
	pma_block_free_all(arena);
	pma_held_settle(arena, 0);
	mutex_lock(&pool->arenas_mutex);
	list_del(&arena->node);
	pool->nr_arenas--;
	pma_limit_end(arena);
	mutex_unlock(&pool->arenas_mutex);
	WARN_ON_ONCE(arena->stats.arena_pages || arena->stats.live_blocks ||
		     arena->stats.held_pages);
	ida_free(&pool->ids, arena->id);
	pma_table_exit(&arena->claims);
	kfree(arena->spare_claim);
	pma_keepers_leave(arena);
	pma_cpu_exit(arena);
	pma_adapt_exit(arena);
	pma_heap_destroy(arena->heap);
	kvfree(arena);
}

/**
 * pma_arena_by_uid() - find an arena by what no other arena is called
 * @pool: where it was
 * @uid: its number
 *
 * Context: The pool's arenas_mutex is held, which keeps it there.  O(arenas).
 * Return: the arena, or NULL if it has ended.
 */
struct pma_arena *pma_arena_by_uid(struct pma_pool *pool, u64 uid)
{
	struct pma_arena *arena;

	lockdep_assert_held(&pool->arenas_mutex);
	list_for_each_entry(arena, &pool->arenas, node)
		if (arena->uid == uid)
			return arena;
	return NULL;
}
