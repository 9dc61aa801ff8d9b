// SPDX-License-Identifier: GPL-2.0
/*
 * pma_api.c - the kernel interface: pools and arenas (include/linux/pma.h)
 */
#include <linux/export.h>

#include "pma_check.h"
#include "pma_dump.h"
#include "pma_keepers.h"
#include "pma_limit.h"

/* Lines that pma_pool_destroy() spends on the blocks it lists. */
#define LIST_BLOCKS_MAX	1000
#define LIST_RECS	8

/**
 * pma_pool_create() - reserve a region and make a pool of it
 * @name: for people: dumps and messages
 * @bytes: size of the region, a whole number of pages
 * @params: what it is to be, or NULL for the defaults
 *
 * Context: May sleep.
 * Return: the pool, or ERR_PTR(): -EINVAL for a size, page size, slab_max or flag
 * that is not as &struct pma_pool_params says; -ENOMEM.
 */
struct pma_pool *pma_pool_create(const char *name, size_t bytes,
				 const struct pma_pool_params *params)
{
	return pma_pool_new(name, bytes, params);
}
EXPORT_SYMBOL_GPL(pma_pool_create);

static u64 live_blocks(struct pma_pool *pool)
{
	struct pma_arena *arena;
	struct pma_stats stats;
	u64 nr = 0;

	mutex_lock(&pool->arenas_mutex);
	list_for_each_entry(arena, &pool->arenas, node) {
		pma_arena_get_stats(arena, &stats);
		nr += stats.live_blocks;
	}
	mutex_unlock(&pool->arenas_mutex);
	return nr;
}

static void list_blocks(struct pma_arena *arena, u32 *lines)
{
	struct pma_block_rec recs[LIST_RECS];
	u64 cursor = 0;
	u32 n, i;

	while (*lines && cursor != PMA_HANDLE_NONE) {
		n = pma_dump_blocks(arena, &cursor, recs, min_t(u32, *lines, LIST_RECS));
		for (i = 0; i < n; i++)
			pr_warn("%s: arena %u (%s): block at 0x%llx, %llu bytes\n",
				arena->pool->name, arena->id, arena->name,
				recs[i].handle, recs[i].requested);
		*lines -= n;
	}
}

/**
 * pma_pool_destroy() - end a pool and give its memory back
 * @pool: the pool, or NULL or an ERR_PTR(), which do nothing
 * @flags: PMA_DESTROY_FORCE: even if blocks are out; the first 1000 are listed in
 *	the log.  Using them afterwards is a use after free.
 *
 * Its arenas end with it: nobody may use them during the call or after it.
 *
 * Context: May sleep.
 * Return: 0; -EINVAL for unknown flags; -EBUSY if blocks are out, and then
 * nothing has changed.
 */
int pma_pool_destroy(struct pma_pool *pool, u32 flags)
{
	struct pma_arena *arena, *next;
	u32 lines = LIST_BLOCKS_MAX;
	u64 nr;

	if (flags & ~PMA_DESTROY_FORCE)
		return -EINVAL;
	if (IS_ERR_OR_NULL(pool))
		return 0;
	nr = live_blocks(pool);
	if (nr && !(flags & PMA_DESTROY_FORCE))
		return -EBUSY;
	if (nr)
		pr_warn("%s: destroyed with %llu blocks out\n", pool->name, nr);
	list_for_each_entry_safe(arena, next, &pool->arenas, node) {
		list_blocks(arena, &lines);
		pma_arena_delete(arena);
	}
	pma_pool_delete(pool);
	return 0;
}
EXPORT_SYMBOL_GPL(pma_pool_destroy);

/**
 * pma_arena_create() - make an arena for one client
 * @pool: whose pages it will own
 * @name: for people: dumps and messages
 *
 * Context: May sleep.
 * Return: the arena, or ERR_PTR(): -ENOMEM; -ENOSPC for more than 65534 arenas.
 */
struct pma_arena *pma_arena_create(struct pma_pool *pool, const char *name)
{
	return pma_arena_new(pool, name, PMA_ARENA_PERCPU);
}
EXPORT_SYMBOL_GPL(pma_arena_create);

/**
 * pma_arena_destroy() - end an arena; all its blocks are freed
 * @arena: the arena, which nobody else uses any more; or NULL or an ERR_PTR(),
 *	which do nothing
 *
 * O(pages).
 * Context: May sleep.
 */
void pma_arena_destroy(struct pma_arena *arena)
{
	if (!IS_ERR_OR_NULL(arena))
		pma_arena_delete(arena);
}
EXPORT_SYMBOL_GPL(pma_arena_destroy);

/**
 * pma_arena_set_limit() - bound the pages an arena may have
 * @arena: the arena
 * @nr_pages: most that it may have; PMA_LIMIT_NONE for no limit
 *
 * One below what it has now refuses growth and takes nothing away.
 *
 * Context: Any but NMI.
 * Return: 0; -EINVAL if that is less than its reserve.
 */
int pma_arena_set_limit(struct pma_arena *arena, u32 nr_pages)
{
	struct pma_limit_args want = { .flags = PMA_LIMIT_LIMIT, .limit = nr_pages };

	return pma_limit_set(arena, &want, true);
}
EXPORT_SYMBOL_GPL(pma_arena_set_limit);

/**
 * pma_arena_set_reserve() - make sure that an arena gets so many pages
 * @arena: the arena
 * @nr_pages: pages that it is sure to get, together with those it has
 *
 * What it does not use of them the pool gives to nobody else.  Guaranteed are
 * pages, not runs of them: any request that single pages serve.
 *
 * Context: Any but NMI.
 * Return: 0; -EINVAL if that is more than its limit; -ENOMEM if the pool has not so
 * many pages left to promise.
 */
int pma_arena_set_reserve(struct pma_arena *arena, u32 nr_pages)
{
	struct pma_limit_args want = { .flags = PMA_LIMIT_RESERVE, .reserve = nr_pages };
	u32 rounds = 0;
	int err;

	do {
		err = pma_limit_set(arena, &want, true);
	} while (err == -ENOMEM && pma_keepers_make_room(arena, 0, &rounds));
	return err;
}
EXPORT_SYMBOL_GPL(pma_arena_set_reserve);

/**
 * pma_arena_stats() - an arena's counters, and its pool's
 * @arena: the arena
 * @stats: filled in
 *
 * Context: Any but NMI; never sleeps.
 */
void pma_arena_stats(struct pma_arena *arena, struct pma_stats *stats)
{
	pma_arena_get_stats(arena, stats);
}
EXPORT_SYMBOL_GPL(pma_arena_stats);

/**
 * pma_check() - prove a pool's metadata sound
 * @pool: the pool
 * @result: if not NULL, what was found
 *
 * Walks all of it: every page is in exactly one place, every tag matches at both
 * ends, every free count equals its bitmap's weight.
 *
 * Context: May sleep; holds each lock for a time that grows with the pages.
 * Return: 0, or -EUCLEAN if an invariant is broken.
 */
int pma_check(struct pma_pool *pool, struct pma_check_args *result)
{
	struct pma_check_args found = { .first_bad_page = PMA_NONE };

	pma_check_pool(pool, &found);
	if (result)
		*result = found;
	return found.errors ? -EUCLEAN : 0;
}
EXPORT_SYMBOL_GPL(pma_check);
