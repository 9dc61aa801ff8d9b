/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_pool.h - a region, its free runs and its arenas
 */
#ifndef _PMA_POOL_H
#define _PMA_POOL_H

#include "pma_big.h"
#include "pma_fit.h"
#include "pma_heap.h"
#include "pma_limit.h"
#include "pma_page.h"
#include "pma_region.h"
#include "pma_slab.h"
#include "pma_table.h"

#define PMA_NAME_MAX		32
#define PMA_ARENAS_MAX		(PMA_OWNER_SHARED - 1)
#define PMA_POOL_LOOSE		16	/* runs that may be loose */

/*
 * Beside a run's PMA_FIT_* flags: while half of the pool is free, a page whose shadow shares no
 * cache line with that of a slab page which another CPU has cut.
 */
#define PMA_RUN_APART		BIT(7)

#define PMA_POOL_FLAGS		(PMA_POOL_TRACK | PMA_POOL_POW2 | PMA_POOL_ISOLATE | \
				 PMA_POOL_ADAPTIVE)

struct pma_arena;
struct pma_client;
struct pma_pool;
struct pma_token;
struct pma_wait;

/**
 * struct pma_pool_ops - what a front-end does for a pool whose arenas are mapped
 * @revoke: make a freed run unreachable through any mapping of its arena; true
 *	if no frame of it is pinned.  May sleep.
 * @zap: make a run that stays in use unreachable through any mapping of this arena.
 *	May sleep.
 * @expect_read_only: the arena will hold pages that it may not write
 * @is_idle: is no frame of a revoked run pinned any more?
 * @freed: an arena may have more room than before, or, without one, all may; any
 *	context, locks are held.  Called only while somebody waits.
 * @crossed: an arena has fewer pages left than its low-water mark; as @freed
 * @shifted: so may others have; asks for pma_limit_look(); as @freed
 */
struct pma_pool_ops {
	bool (*revoke)(struct pma_arena *arena, u32 pgno, u32 nr_pages);
	void (*zap)(struct pma_arena *arena, u32 pgno, u32 nr_pages);
	void (*expect_read_only)(struct pma_arena *arena);
	bool (*is_idle)(struct pma_pool *pool, u32 pgno, u32 nr_pages);
	void (*freed)(struct pma_pool *pool, struct pma_arena *arena);
	void (*crossed)(struct pma_arena *arena);
	void (*shifted)(struct pma_pool *pool);
};

/* Tokens that random bits are drawn for at once, but for the first of them. */
#define PMA_TOKENS_DRAWN	31

/**
 * struct pma_token_random - the part of a token that nobody can guess
 * @words: 96 bits
 */
struct pma_token_random {
	u32 words[3];
};

/**
 * struct pma_token_stock - what the next token is made of
 * @spare: a token that is not in use, or NULL
 * @nr_drawn: how many there are random bits for
 * @drawn: these bits; zero from there on
 */
struct pma_token_stock {
	struct pma_token *spare;
	u32 nr_drawn;
	struct pma_token_random drawn[PMA_TOKENS_DRAWN];
};

/**
 * struct pma_pool - a region, its free runs and its arenas
 * @region: the memory
 * @pages: its descriptors
 * @classes: class map of its slab pages
 * @geo: units of its heaps
 * @flags: PMA_POOL_*
 * @ops: the front-end's, NULL if no arena is ever mapped
 * @name: for people
 * @node: in the list of all pools
 * @arena_limit: of a process's arena, in pages, when it begins
 * @lock: of @runs, @generation and all that is below it, and of budgets, shared blocks,
 *	their tokens, and the list of keepers
 * @runs: runs of pages, free and in use
 * @loose: runs given back but not joined with their neighbours yet, by length
 * @loose_pages: in them
 * @promised: free pages that are kept back for arenas, see pma_limit.c
 * @waiting: how many wait for pages
 * @nr_low: how many arenas have a low-water mark
 * @low_max: none has a higher one
 * @quarantine: runs with pinned frames, see pma_held.c
 * @quarantine_pages: in them
 * @has_plenty: half of its pages are free, or more
 * @generation: changes whenever a run does
 * @shares: big blocks that several arenas hold, see pma_share.c
 * @tokens: to claim them with, by number
 * @token_ids: numbers in use
 * @token_stock: for more of them
 * @keepers: arenas that keep something, see pma_keepers.c
 * @moving: big blocks on their way between the pool and an arena, in no list
 * @drain: asks all CPUs for what they have, as there was too little, see pma_drain.c
 * @next_drain: when that may be again, in jiffies
 * @nr_drains: how often that was done
 * @drain_all: it is for all arenas, not only for those that say so
 * @wait: of those who wait for pages of it; the front-end's
 * @arenas_mutex: of @arenas, @nr_arenas and @last_uid
 * @arenas: its arenas
 * @nr_arenas: how many
 * @last_uid: of the youngest arena
 * @ids: arena numbers in use
 */
struct pma_pool {
	struct pma_region region;
	struct pma_pages pages;
	struct pma_classes *classes;
	struct pma_heap_geometry geo;
	u32 flags;
	const struct pma_pool_ops *ops;
	char name[PMA_NAME_MAX];
	struct list_head node;

	u32 arena_limit;

	raw_spinlock_t lock;		/* runs, generation, budgets, shares, tokens, keepers */
	struct pma_fit *runs;
	u32 loose[PMA_POOL_LOOSE];
	u32 loose_pages;
	u32 promised;
	u32 waiting;
	u32 nr_low;
	u32 low_max;
	u32 quarantine;
	u32 quarantine_pages;
	bool has_plenty;
	u64 generation;
	struct list_head shares;
	struct pma_table tokens;
	struct ida token_ids;
	struct pma_token_stock token_stock;
	struct list_head keepers;
	atomic_t moving;
	struct delayed_work drain;
	unsigned long next_drain;
	u32 nr_drains;
	u32 drain_all;
	struct pma_wait *wait;

	struct mutex arenas_mutex;	/* arenas, nr_arenas, last_uid */
	struct list_head arenas;
	u32 nr_arenas;
	u64 last_uid;
	struct ida ids;
};

/**
 * struct pma_route - which engine serves a request
 * @kind: PMA_KIND_SLAB, PMA_KIND_HEAP or PMA_KIND_BIG
 * @class: for a slab
 * @nr_pages: whole pages it takes: of a big block, or of a segment at least
 * @align: of the block, 1 for the natural alignment
 */
struct pma_route {
	u32 kind;
	u32 class;
	u32 nr_pages;
	u32 align;
};

struct pma_pool *pma_pool_new(const char *name, size_t bytes, const struct pma_pool_params *params);
void pma_pool_delete(struct pma_pool *pool);
size_t pma_pool_metadata_bytes(const struct pma_pool *pool);
void pma_pool_info(const struct pma_pool *pool, struct pma_info *info);
int pma_pool_route(const struct pma_pool *pool, size_t size, size_t align, struct pma_route *route);
u32 pma_pool_find_big(struct pma_pool *pool, u32 pgno);
u32 pma_pool_free_pages(struct pma_pool *pool, u32 *largest_run);

void pma_pool_list_lock(void);
void pma_pool_list_unlock(void);
struct pma_pool *pma_pool_next(struct pma_pool *pool);

static inline bool pma_pool_isolates(const struct pma_pool *pool)
{
	return pool->flags & PMA_POOL_ISOLATE;
}

/* Whole pages serve a request if at most one part in so many is waste. */
#define PMA_POOL_WASTE_PARTS	8

/* Is so little of @bytes left over that they serve @size well? */
static inline bool pma_pool_bytes_fit(u64 bytes, size_t size)
{
	return (bytes - size) * PMA_POOL_WASTE_PARTS <= bytes;
}

/* The same of whole pages. */
static inline bool pma_pool_pages_fit(const struct pma_region *region, size_t size, u32 nr_pages)
{
	return pma_pool_bytes_fit(pma_region_handle(region, nr_pages), size);
}

/* Where a loose run of a length is. */
static inline u32 pma_pool_loose_slot(u32 nr_pages)
{
	return nr_pages % PMA_POOL_LOOSE;
}

/* Free pages; the pool's lock is held. */
static inline u32 pma_pool_nr_free(const struct pma_pool *pool)
{
	return pool->runs->free_units + pool->loose_pages;
}

/* Pages of the run in use whose tag that is: a window of runs is a page. */
static inline u32 pma_pool_tag_pages(const struct pma_fit_tag *tag)
{
	return READ_ONCE(tag->head) >> PMA_FIT_FLAG_BITS;
}

/* Pages of a run in use.  Its owner needs no lock: its neighbours only change flags. */
static inline u32 pma_pool_run_pages(const struct pma_pool *pool, u32 pgno)
{
	return pma_pool_tag_pages(&pool->runs->tags[pgno]);
}

/* Link of a run in use: its arena's to keep it in a list. */
static inline struct pma_link *pma_pool_link(const struct pma_pool *pool, u32 pgno)
{
	return pma_fit_link(pool->runs, pgno);
}

/**
 * pma_limit_admits() - may so many pages be taken?
 * @pool: from it
 * @budget: for whom, or NULL for nobody in particular
 * @nr_pages: how many
 *
 * Context: The pool's lock is held.
 * Return: false if they are beyond the limit, or promised to others.
 */
static inline bool pma_limit_admits(struct pma_pool *pool, const struct pma_budget *budget,
				    u32 nr_pages)
{
	lockdep_assert_held(&pool->lock);
	if (budget && (u64)budget->used + budget->claimed + nr_pages > budget->limit)
		return false;
	return likely(!pool->promised) || pma_limit_keeps_promises(pool, budget, nr_pages);
}

/**
 * pma_limit_count() - count pages that were taken from the pool, or given back
 * @pool: the pool, whose free pages are counted already
 * @budget: whose they are or were, or NULL
 * @nr_pages: how many, negative if they were given back
 *
 * Context: The pool's lock is held.
 */
static inline void pma_limit_count(struct pma_pool *pool, struct pma_budget *budget, s32 nr_pages)
{
	lockdep_assert_held(&pool->lock);
	/* Mostly nothing is promised to anybody, and nobody is to be told. */
	if (likely(budget && !(budget->reserve | budget->low | budget->waiting |
			       pool->low_max | pool->waiting)))
		WRITE_ONCE(budget->used, budget->used + nr_pages);
	else
		pma_limit_count_all(pool, budget, nr_pages);
}

/**
 * pma_pool_has_plenty() - may CPUs have pages that others could use?
 * @pool: the pool
 *
 * Half of a pool's pages must be free for that, by what it had a moment ago.
 *
 * Context: Any; takes no lock.
 */
static inline bool pma_pool_has_plenty(const struct pma_pool *pool)
{
	return READ_ONCE(pool->has_plenty);
}

#endif /* _PMA_POOL_H */
