/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_arena.h - one client's own set of pages
 */
#ifndef _PMA_ARENA_H
#define _PMA_ARENA_H

#include "pma_runs.h"

#define PMA_ARENA_USER		BIT(0)	/* a process's, not the kernel's */
#define PMA_ARENA_PERCPU	BIT(1)	/* CPUs have magazines, and keep runs and chunks */

/* Pages of which it may be unsure, until the next drain, how many blocks are free. */
#define PMA_UNSURE_MAX		4U

/* Of struct pma_magazine. */
#define PMA_MAGAZINE_BYTES	512U

/* Beside PMA_ZERO, within: a larger class or a short segment will do, whatever CPUs keep. */
#define PMA_MAKE_DO		BIT(31)
/* The same: only what slab pages there are. */
#define PMA_NO_GROWTH		BIT(30)

/**
 * struct pma_arena_fast - what a call without the lock needs, in one cache line
 * @base: of the region
 * @desc: of the region
 * @size_max: largest slab block; 0 if CPUs have no magazines
 * @page_mask: page size less 1
 * @page_shift: log2 of a page's bytes
 * @bit_shift: log2 of the bytes of the region that a bit of the shadow stands for
 * @page_bits_shift: log2 of a page's bits
 * @nr_bits: of the shadow; 0 if CPUs have no magazines
 * @shadow: of the region
 * @kept_size_max: bytes of the longest run that a CPU may keep; 0 if they keep none
 * @magazines: of each CPU, for each class (see pma_cpu.h)
 */
struct pma_arena_fast {
	uintptr_t base;
	struct pma_page *desc;
	size_t size_max;
	size_t nr_bits;
	u32 page_mask;
	u8 page_shift;
	u8 bit_shift;
	u8 page_bits_shift;
	void *shadow;
	u32 kept_size_max;
	struct pma_magazine __percpu *magazines;
};

/**
 * struct pma_arena - one client's own set of pages
 * @fast: for calls without the lock
 * @kept: what each CPU keeps; NULL if they keep nothing, and have no magazines
 * @pool: whose pages they are
 * @id: its number, the owner in descriptors; used again after its end
 * @flags: PMA_ARENA_*
 * @name: for people
 * @node: in the pool's list
 * @budget: its account of pages; the pool's lock is of it
 * @wait: of those who wait for it to have room; the front-end's
 * @client: whose it is; the front-end's
 * @lock: of all below, and of the descriptors and shadows of its pages
 * @partial: for each class, slab pages with a free block and one in use
 * @partial_last: the last of each list
 * @full: slab pages without a free block
 * @big: big blocks
 * @segments: heap segments
 * @held: runs that are freed but not revoked yet, see pma_held.c
 * @claim_list: shared blocks that it holds, see pma_share.c
 * @claims: the same by their first pages
 * @spare_claim: for its next one, or NULL; who wants it takes it by xchg()
 * @ahead: how many more claims are mapped before they are touched, see pma_reach.c
 * @ahead_max: what that was at first
 * @nr_tokens: that it has out; under the pool's lock
 * @keeper: in the pool's list of arenas that keep something, see pma_keepers.c
 * @keeps: it has said so since it was flushed
 * @flushers: how many are at work on what it keeps; all three under the pool's lock
 * @mapped: a process has had it mapped, so runs must be revoked
 * @root: handle of the block that leads to the others, see pma_root.c
 * @drain: its pool's next drain is for it, too
 * @draining: how many want CPUs to have no blocks
 * @unsure: pages that a block may have been lost of, see pma_cpu_steal()
 * @nr_unsure: how many
 * @lent: the answer of pma_cpu_lent(); with @kept
 * @frees_told: of the last pma_cpu_add_stats(): who counts by it sees none go back
 * @stats: its counters; what concerns the pool is filled in by pma_arena_get_stats()
 * @heap: over @segments
 * @adapt: what it has learnt, and its mixed runs; NULL where classes do not adapt
 * @front: the front-end's
 * @uid: a number no other arena of the pool had before it
 * @magazine_at: of a size, by (size - 1) / PMA_BLOCK_MIN: where among a CPU's magazines the
 *	one for it is, bytes; see pma_arena_class_of()
 *
 * Lists go through the links of the runs' tags; each holds first pages.
 */
struct pma_arena {
	struct pma_arena_fast fast;
	struct pma_kept __percpu *kept;
	struct pma_pool *pool;
	u16 id;
	u32 flags;
	char name[PMA_NAME_MAX];
	struct list_head node;
	struct pma_budget budget;	/* the pool's lock */
	struct pma_wait *wait;
	struct pma_client *client;

	raw_spinlock_t lock;		/* all below */
	u32 partial[PMA_CLASSES_MAX];
	u32 partial_last[PMA_CLASSES_MAX];
	u32 full;
	u32 big;
	u32 segments;
	u32 held;
	struct list_head claim_list;
	struct pma_table claims;
	struct pma_claim *spare_claim;
	u8 ahead;
	u8 ahead_max;
	u32 nr_tokens;
	struct list_head keeper;
	bool keeps;
	u32 flushers;
	bool mapped;
	u64 root;
	u32 drain;
	u32 draining;
	u32 unsure[PMA_UNSURE_MAX];
	u32 nr_unsure;
	unsigned long *lent;
	u64 frees_told;
	struct pma_stats stats;

	/* What does not change: between what does, and what all CPUs read. */
	struct pma_heap *heap;
	struct pma_adapt *adapt;
	void *front;
	u64 uid;
	u16 magazine_at[];
};

static_assert(sizeof(struct pma_arena_fast) <= 64);

struct pma_arena *pma_arena_new(struct pma_pool *pool, const char *name, u32 flags);
void pma_arena_delete(struct pma_arena *arena);
struct pma_arena *pma_arena_by_uid(struct pma_pool *pool, u64 uid);
void pma_arena_get_stats(struct pma_arena *arena, struct pma_stats *stats);

/**
 * pma_arena_class_of() - the class whose slab pages serve a size
 * @arena: the arena
 * @i: the size, as (size - 1) / PMA_BLOCK_MIN
 *
 * Return: the class, or how many there are, if that size has not earned slab pages.
 */
static inline u32 pma_arena_class_of(const struct pma_arena *arena, u32 i)
{
	return READ_ONCE(arena->magazine_at[i]) / PMA_MAGAZINE_BYTES;
}

/**
 * pma_arena_set_class() - say which class's slab pages serve a size
 * @arena: the arena, nobody else's yet or with its lock held
 * @i: the size, as (size - 1) / PMA_BLOCK_MIN
 * @class: the class, or how many there are
 */
static inline void pma_arena_set_class(struct pma_arena *arena, u32 i, u32 class)
{
	WRITE_ONCE(arena->magazine_at[i], class * PMA_MAGAZINE_BYTES);
}

/* For the rest of L3. */
u32 pma_arena_take_back(struct pma_arena *arena, u32 nr_pages, u32 client_flags);
u32 pma_arena_take_held(struct pma_arena *arena, u32 nr_pages, u32 client_flags);
void pma_arena_clean_run(struct pma_arena *arena, u32 pgno, u32 nr_pages);
void pma_arena_give_held(struct pma_arena *arena, u32 pgno, u32 nr_pages);
u32 pma_arena_big_take(struct pma_arena *arena, u32 nr_pages);
void pma_arena_big_publish(struct pma_arena *arena, u32 pgno, size_t requested);
void pma_arena_big_drop(struct pma_arena *arena, u32 pgno);
bool pma_arena_big_resize(struct pma_arena *arena, u32 pgno, u32 nr_pages);
void pma_arena_big_give(struct pma_arena *arena, u32 pgno, u32 nr_pages);
u32 pma_arena_big_unlink(struct pma_arena *arena, u32 pgno);
void pma_arena_big_give_at_once(struct pma_arena *arena, u32 pgno);
int pma_arena_count_error(struct pma_arena *arena, int err);
int pma_arena_count_failure(struct pma_arena *arena, int err);
int pma_arena_count_error_locked(struct pma_arena *arena, int err);

/**
 * pma_arena_take_run() - take a run from the pool
 * @arena: whose it will be
 * @nr_pages: its length
 * @client_flags: PMA_FIT_M or PMA_FIT_END or 0, and PMA_RUN_APART
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: its first page, or PMA_NONE.
 */
static inline u32 pma_arena_take_run(struct pma_arena *arena, u32 nr_pages, u32 client_flags)
{
	u32 pgno;

	lockdep_assert_held(&arena->lock);
	if (arena->flags & PMA_ARENA_USER)
		client_flags |= PMA_FIT_A;
	if (arena->mapped)
		return pma_arena_take_held(arena, nr_pages, client_flags);
	pgno = pma_runs_take_irqs_off(arena->pool, &arena->budget, nr_pages, client_flags);
	if (unlikely(pgno == PMA_NONE))
		pgno = pma_arena_take_back(arena, nr_pages, client_flags);
	return pgno;
}

/**
 * pma_arena_give_run() - give a run back to the pool, or hold it for that
 * @arena: whose it was; it is in none of its lists any more
 * @pgno: its first page
 * @nr_pages: its length
 *
 * Context: The arena's lock is held; takes the pool's.  O(@nr_pages) in a pool
 * that isolates.
 */
static inline void pma_arena_give_run(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	lockdep_assert_held(&arena->lock);
	if (pma_pool_isolates(arena->pool)) {
		pma_arena_give_held(arena, pgno, nr_pages);
		return;
	}
	pma_page_set(&arena->pool->pages.desc[pgno], PMA_KIND_FREE, 0, 0);
	pma_runs_give_irqs_off(arena->pool, &arena->budget, pgno);
}

/* Lists of runs. */

/**
 * pma_arena_push() - put a run at the head of one of the arena's lists
 * @arena: whose it is
 * @head: of the list
 * @pgno: the run's first page
 *
 * Context: The arena's lock is held.
 */
static inline void pma_arena_push(struct pma_arena *arena, u32 *head, u32 pgno)
{
	struct pma_link *link = pma_pool_link(arena->pool, pgno);

	link->next = *head;
	link->prev = PMA_NONE;
	if (*head != PMA_NONE)
		pma_pool_link(arena->pool, *head)->prev = pgno;
	*head = pgno;
}

/**
 * pma_arena_drop() - take a run out of one of the arena's lists
 * @arena: whose it is
 * @head: of the list
 * @pgno: the run's first page
 *
 * Context: The arena's lock is held.
 */
static inline void pma_arena_drop(struct pma_arena *arena, u32 *head, u32 pgno)
{
	struct pma_link *link = pma_pool_link(arena->pool, pgno);

	if (link->next != PMA_NONE)
		pma_pool_link(arena->pool, link->next)->prev = link->prev;
	if (link->prev != PMA_NONE)
		pma_pool_link(arena->pool, link->prev)->next = link->next;
	else
		*head = link->next;
}

/* Counters. */

/**
 * pma_arena_count_pages() - count pages that became the arena's, or are no longer
 * @arena: whose
 * @of_kind: the counter of their kind
 * @nr_pages: how many, negative for no longer
 *
 * Context: The arena's lock is held.
 */
static inline void pma_arena_count_pages(struct pma_arena *arena, u32 *of_kind, s32 nr_pages)
{
	*of_kind += nr_pages;
	arena->stats.arena_pages += nr_pages;
	arena->stats.peak_pages = max(arena->stats.peak_pages, arena->stats.arena_pages);
}

/**
 * pma_limit_freed() - a block was freed or became shorter, a page perhaps not
 * @arena: whose
 *
 * Context: The arena's lock is held.
 */
static inline void pma_limit_freed(struct pma_arena *arena)
{
	if (unlikely(READ_ONCE(arena->budget.waiting)))
		arena->pool->ops->freed(arena->pool, arena);
}

/**
 * pma_arena_count_bytes() - count bytes that became live, or are no longer
 * @arena: whose
 * @bytes: how many, negative for no longer
 *
 * Context: The arena's lock is held.
 */
static inline void pma_arena_count_bytes(struct pma_arena *arena, s64 bytes)
{
	lockdep_assert_held(&arena->lock);
	arena->stats.live_bytes += bytes;
	/* Without what CPUs did on their own, it can be below 0. */
	if ((s64)arena->stats.live_bytes > (s64)arena->stats.peak_bytes)
		arena->stats.peak_bytes = arena->stats.live_bytes;
	if (bytes < 0)
		pma_limit_freed(arena);
}

/**
 * pma_arena_count_allocs() - count blocks handed out
 * @arena: whose
 * @nr: how many
 * @bytes: that may be used, of all together
 *
 * Context: The arena's lock is held.
 */
static inline void pma_arena_count_allocs(struct pma_arena *arena, u32 nr, u64 bytes)
{
	arena->stats.allocs += nr;
	arena->stats.live_blocks += nr;
	pma_arena_count_bytes(arena, bytes);
}

/**
 * pma_arena_count_frees() - count blocks that were freed
 * @arena: whose
 * @nr: how many
 * @bytes: that could be used, of all together
 *
 * Context: The arena's lock is held.
 */
static inline void pma_arena_count_frees(struct pma_arena *arena, u32 nr, u64 bytes)
{
	arena->stats.frees += nr;
	arena->stats.live_blocks -= nr;
	arena->stats.live_bytes -= bytes;
	pma_limit_freed(arena);
}

/**
 * pma_arena_give_heap() - give back a heap segment or a mixed run
 * @arena: whose it was; it is in none of its lists any more
 * @pgno: its first page
 * @nr_pages: its length
 *
 * Context: The arena's lock is held; takes the pool's.  O(@nr_pages).
 */
static inline void pma_arena_give_heap(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	struct pma_page *page = &arena->pool->pages.desc[pgno], *end = page + nr_pages;

	pma_arena_count_pages(arena, &arena->stats.heap_pages, -nr_pages);
	/* Descriptors first: the interior of a free run must not look like a heap's. */
	for (; page < end; page++)
		pma_page_set(page, PMA_KIND_FREE, 0, 0);
	pma_arena_give_run(arena, pgno, nr_pages);
}

/**
 * pma_arena_big_bytes() - length of a big block
 * @arena: whose it is
 * @pgno: its first page
 *
 * Return: bytes.
 */
static inline u64 pma_arena_big_bytes(const struct pma_arena *arena, u32 pgno)
{
	return pma_region_handle(&arena->pool->region, pma_pool_run_pages(arena->pool, pgno));
}

#endif /* _PMA_ARENA_H */
