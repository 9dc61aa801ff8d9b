// SPDX-License-Identifier: GPL-2.0
/*
 * pma_block.c - how an arena serves blocks
 *
 *	alloc	route, then: the lowest block of the class's first partial page;
 *		a chunk of the heap; a run
 *	free	find (is it a block of ours, in use, and this its start?), then
 *		give it to its engine; a page or segment that holds nothing more
 *		goes back to the pool at once
 *
 * Slab pages and chunks are small, so what must be done to their bytes (zeroing,
 * copying) is done under the lock.  A big block can be huge: it is BUSY
 * meanwhile, out of reach of any other call, and the lock is free.  Either way
 * no byte is touched of a block that another thread could free at that moment,
 * and that could be another arena's by then.
 */
#include "pma_adapt.h"
#include "pma_block.h"
#include "pma_chunks.h"
#include "pma_drain.h"
#include "pma_keepers.h"
#include "pma_place.h"
#include "pma_share.h"
#include "pma_slabs.h"

/* Runs that pma_block_free_all() frees before it lets others have the lock. */
#define FREE_RUNS	64

/* Pages that a chunk may take the place of. */
#define CHUNK_PAGES_MAX	8

static struct pma_page *page_of(const struct pma_arena *arena, u32 pgno)
{
	return &arena->pool->pages.desc[pgno];
}

/* Big blocks. */

/* One that needs nothing done to its bytes. */
static int big_alloc_at_once(struct pma_arena *arena, size_t size, u32 nr_pages,
			     struct pma_block *block)
{
	struct pma_page *page;
	unsigned long irq;
	u32 pgno;

	block->size = pma_region_handle(&arena->pool->region, nr_pages);
	raw_spin_lock_irqsave(&arena->lock, irq);
	pgno = pma_arena_take_run(arena, nr_pages, PMA_FIT_M);
	if (pgno == PMA_NONE) {
		raw_spin_unlock_irqrestore(&arena->lock, irq);
		return -ENOMEM;
	}
	page = page_of(arena, pgno);
	pma_big_record(page, block->size, size);
	pma_arena_push(arena, &arena->big, pgno);
	/* From now on it may be freed without the lock. */
	pma_big_mark(&arena->pool->pages, pgno, PMA_KIND_BIG, arena->id);
	pma_arena_count_pages(arena, &arena->stats.big_pages, nr_pages);
	pma_arena_count_allocs(arena, 1, block->size);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	block->handle = pma_region_handle(&arena->pool->region, pgno);
	return 0;
}

/* One that needs nothing done to its bytes either, and is BUSY; the lock is held. */
static void big_free_at_once(struct pma_arena *arena, u32 pgno)
{
	pma_arena_count_frees(arena, 1, pma_arena_big_bytes(arena, pgno));
	pma_arena_big_give_at_once(arena, pgno);
}

/* One that is zeroed, or cleaned for its new owner, out of reach and without the lock. */
static int big_alloc(struct pma_arena *arena, size_t size, u32 nr_pages, u32 flags,
		     struct pma_block *block)
{
	u32 pgno = pma_arena_big_take(arena, nr_pages);
	unsigned long irq;

	if (pgno == PMA_NONE)
		return -ENOMEM;
	block->handle = pma_region_handle(&arena->pool->region, pgno);
	block->size = pma_arena_big_bytes(arena, pgno);
	if (flags & PMA_ZERO)
		memset(pma_region_ptr(&arena->pool->region, block->handle), 0, block->size);
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_arena_big_publish(arena, pgno, size);
	pma_arena_count_allocs(arena, 1, block->size);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return 0;
}

/* Where classes adapt: a mixed run's block, unless the request is for a slab page. */
static noinline int alloc_mixed(struct pma_arena *arena, size_t size,
				const struct pma_route *route, u32 flags, struct pma_block *block)
{
	if (route->align > PMA_BLOCK_MIN)
		return -ENOMEM;
	if (route->kind == PMA_KIND_SLAB &&
	    (route->align > 1 || !pma_adapt_ask(arena, size, route->class, 1)))
		return -ENOMEM;
	return pma_mixed_alloc(arena, size, flags, block);
}

/*
 * There is no page for the class any more: a block of a larger one, or a chunk, if
 * a page, a magazine or a segment has one.  O(classes * CPUs), and only for who would have
 * nothing else.
 * Not for processes: there a size means a class, so that libpma need not ask.
 */
static int alloc_roomier(struct pma_arena *arena, size_t size, const struct pma_route *route,
			 u32 flags, struct pma_block *block)
{
	const struct pma_classes *classes = arena->pool->classes;
	u32 class;

	if (arena->flags & PMA_ARENA_USER)
		return -ENOMEM;
	for (class = route->class + 1; class < classes->nr; class++) {
		block->size = classes->class[class].block_size;
		if (block->size & (route->align - 1))
			continue;
		if (pma_slabs_alloc(arena, class, size, flags | PMA_NO_GROWTH, 1, &block->handle))
			return 0;
	}
	if (arena->adapt && route->align <= PMA_BLOCK_MIN &&
	    !pma_mixed_alloc(arena, size, flags, block))
		return 0;
	if (route->align > 1U << arena->pool->geo.granule_shift)
		return -ENOMEM;
	return pma_chunks_alloc(arena, size, 1, flags, block);
}

static int alloc_big(struct pma_arena *arena, size_t size, u32 nr_pages, u32 flags,
		     struct pma_block *block)
{
	if (flags & PMA_ZERO || pma_pool_isolates(arena->pool))
		return big_alloc(arena, size, nr_pages, flags, block);
	return big_alloc_at_once(arena, size, nr_pages, block);
}

/* Calls. */

/**
 * pma_block_make_do() - choose the heap for a big block that no run is left for
 * @arena: who asks
 * @align: of the block, or 0 for the natural alignment
 * @route: to whole pages; to the heap if the answer is true
 *
 * A process is refused, as it is told to count on whole pages; so is what would be
 * too long to be copied or zeroed under the lock.
 *
 * Return: true if a chunk may do.
 */
bool pma_block_make_do(const struct pma_arena *arena, size_t align, struct pma_route *route)
{
	if (arena->flags & PMA_ARENA_USER || route->nr_pages > CHUNK_PAGES_MAX ||
	    align > 1U << arena->pool->geo.granule_shift)
		return false;
	route->kind = PMA_KIND_HEAP;
	return true;
}

/**
 * pma_block_alloc_small() - take a slab block or a chunk
 * @arena: whose it will be
 * @size: bytes wanted
 * @route: to a slab or the heap
 * @flags: PMA_ZERO, PMA_MAKE_DO
 * @block: its handle and size
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: 0 or -ENOMEM, not counted.
 */
int pma_block_alloc_small(struct pma_arena *arena, size_t size, const struct pma_route *route,
			  u32 flags, struct pma_block *block)
{
	lockdep_assert_held(&arena->lock);
	if (unlikely(arena->adapt) && !alloc_mixed(arena, size, route, flags, block))
		return 0;
	if (route->kind == PMA_KIND_HEAP)
		return pma_chunks_alloc(arena, size, route->nr_pages, flags, block);
	block->size = arena->pool->classes->class[route->class].block_size;
	if (pma_slabs_alloc(arena, route->class, size, flags, 1, &block->handle))
		return 0;
	/* What CPUs keep comes first. */
	if (!(flags & PMA_MAKE_DO) && READ_ONCE(arena->keeps))
		return -ENOMEM;
	return alloc_roomier(arena, size, route, flags, block);
}

/**
 * pma_block_free_place() - free a block that was found
 * @arena: whose it is, and no other arena's too
 * @place: from pma_place_find(), which answered 0
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: 0; of a big block in a pool that isolates its pages, which the caller owes
 * to pma_arena_big_give() without the lock; -EALREADY if a CPU has freed it meanwhile,
 * without the lock, and then nothing is changed.
 */
s64 pma_block_free_place(struct pma_arena *arena, const struct pma_place *place)
{
	struct pma_page *page = page_of(arena, place->pgno);

	lockdep_assert_held(&arena->lock);
	if (place->kind == PMA_KIND_SLAB)
		return pma_slabs_free(arena, page, place->start) ? 0 : -EALREADY;
	if (place->kind == PMA_KIND_HEAP) {
		pma_chunks_free(arena, place->start);
		return 0;
	}
	if (place->kind == PMA_PAGE_MIXED) {
		pma_mixed_free(arena, place->start);
		return 0;
	}
	if (READ_ONCE(page->kind) != PMA_PAGE_BUSY &&
	    !pma_big_claim(&arena->pool->pages, place->pgno, arena->id))
		return -EALREADY;
	if (!pma_pool_isolates(arena->pool)) {
		big_free_at_once(arena, place->pgno);
		return 0;
	}
	pma_arena_count_frees(arena, 1, pma_arena_big_bytes(arena, place->pgno));
	return pma_arena_big_unlink(arena, place->pgno);
}

/**
 * pma_block_check_request() - judge a request's size, alignment and flags
 * @arena: who asks
 * @size: bytes wanted
 * @align: power of two up to the page size, or 0
 * @flags: PMA_ZERO
 * @route: which engine will serve it
 *
 * Context: Any but NMI; takes the arena's lock on error.
 * Return: 0 or the errors of pma_pool_route(), of which only -EINVAL is counted.
 */
int pma_block_check_request(struct pma_arena *arena, size_t size, size_t align, u32 flags,
			    struct pma_route *route)
{
	int err = flags & ~PMA_ALLOC_FLAGS ? -EINVAL :
		  pma_pool_route(arena->pool, size, align, route);

	if (err)
		return err == -EINVAL ? pma_arena_count_error(arena, err) : err;
	if (unlikely(arena->adapt))
		pma_adapt_route(arena, size, align, route);
	return 0;
}

static int alloc_routed(struct pma_arena *arena, size_t size, const struct pma_route *route,
			u32 flags, struct pma_block *block)
{
	unsigned long irq;
	int err;

	if (route->kind == PMA_KIND_BIG)
		return alloc_big(arena, size, route->nr_pages, flags, block);
	raw_spin_lock_irqsave(&arena->lock, irq);
	err = pma_block_alloc_small(arena, size, route, flags, block);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return err;
}

/**
 * pma_block_try() - allocate a block, and if there is no room, count no failure
 * @arena: whose it will be
 * @size: bytes wanted
 * @align: power of two up to the page size, or 0 for the natural alignment
 * @flags: PMA_ZERO
 * @block: its handle and size
 *
 * For who has something else to try then; see pma_arena_count_failure().
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: as pma_block_alloc().
 */
int pma_block_try(struct pma_arena *arena, size_t size, size_t align, u32 flags,
		  struct pma_block *block)
{
	struct pma_route route;
	int err = pma_block_check_request(arena, size, align, flags, &route);
	u32 rounds = 0;

	if (err)
		return err;
	do {
		err = alloc_routed(arena, size, &route, flags | pma_keepers_flags(rounds), block);
	} while (unlikely(err) && pma_keepers_make_room(arena, size, &rounds));
	if (unlikely(err) && route.kind == PMA_KIND_BIG && pma_block_make_do(arena, align, &route))
		err = alloc_routed(arena, size, &route, flags | PMA_MAKE_DO, block);
	return err;
}

/**
 * pma_block_alloc() - allocate a block
 * @arena: whose it will be
 * @size: bytes wanted
 * @align: power of two up to the page size, or 0 for the natural alignment
 * @flags: PMA_ZERO
 * @block: its handle and size
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: 0; -EINVAL for a bad argument; -ENOMEM if nothing is left that fits; counted.
 */
int pma_block_alloc(struct pma_arena *arena, size_t size, size_t align, u32 flags,
		    struct pma_block *block)
{
	int err = pma_block_try(arena, size, align, flags, block);

	return unlikely(err) ? pma_arena_count_failure(arena, err) : 0;
}

/**
 * pma_block_alloc_batch() - allocate equal blocks
 * @arena: whose they will be
 * @size: bytes of each
 * @flags: PMA_ZERO
 * @nr: how many
 * @handles: of those there are
 *
 * Context: Any but NMI; takes the arena's lock, for slab blocks once.
 * Return: how many were allocated, from the first on.
 */
unsigned int pma_block_alloc_batch(struct pma_arena *arena, size_t size, u32 flags,
				   unsigned int nr, u64 *handles)
{
	struct pma_route route;
	struct pma_block block;
	unsigned int done = 0, got;
	unsigned long irq;
	u32 rounds = 0;
	int err = pma_block_check_request(arena, size, 0, flags, &route);

	if (err) {
		pma_arena_count_failure(arena, err);
		return 0;
	}
	if (route.kind == PMA_KIND_SLAB) {
		do {
			raw_spin_lock_irqsave(&arena->lock, irq);
			if (unlikely(arena->adapt))
				pma_adapt_ask(arena, size, route.class, nr - done);
			got = pma_slabs_alloc(arena, route.class, size, flags, nr - done,
					      handles + done);
			raw_spin_unlock_irqrestore(&arena->lock, irq);
			done += got;
			rounds = got ? 0 : rounds;
		} while (done < nr && pma_keepers_make_room(arena, size, &rounds));
		if (done < nr)
			pma_arena_count_error(arena, -ENOMEM);
		return done;
	}
	for (; done < nr && !pma_block_alloc(arena, size, 0, flags, &block); done++)
		handles[done] = block.handle;
	return done;
}

/* If a big block of the arena's own starts there, put it out of reach.  Its lock is held. */
static bool claim_big(struct pma_arena *arena, u64 handle)
{
	const struct pma_region *region = &arena->pool->region;

	return pma_region_has(region, handle) && !(handle & (pma_region_page_size(region) - 1)) &&
	       pma_big_claim(&arena->pool->pages, pma_region_pgno(region, handle), arena->id);
}

/**
 * pma_block_free_and_unlock() - as pma_block_free(), where the lock is held already
 * @arena: whose it is
 * @handle: of its start; any number
 * @irq: what local_irq_restore() is to get then
 *
 * Context: The arena's lock is held, and released then; takes the pool's; then as
 * pma_block_free().
 * Return: as pma_block_free().
 */
int pma_block_free_and_unlock(struct pma_arena *arena, u64 handle, unsigned long irq)
	__releases(&arena->lock)
{
	struct pma_place place;
	s64 owed = 0;
	int err;

	if (!pma_pool_isolates(arena->pool) && claim_big(arena, handle)) {
		big_free_at_once(arena, pma_region_pgno(&arena->pool->region, handle));
		raw_spin_unlock_irqrestore(&arena->lock, irq);
		return 0;
	}
	err = pma_place_find(arena, handle, &place);
	if (err)
		pma_arena_count_error_locked(arena, err);
	else if (place.claim)
		pma_share_leave(arena, place.claim);
	else
		owed = pma_block_free_place(arena, &place);
	if (unlikely(owed < 0))
		err = pma_arena_count_error_locked(arena, owed);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (owed > 0)
		pma_arena_big_give(arena, place.pgno, owed);
	if (!err && place.claim)
		pma_share_release(arena, place.claim);
	return err;
}

/**
 * pma_block_free() - free a block
 * @arena: whose it is
 * @handle: of its start, or PMA_HANDLE_NONE, which does nothing
 *
 * Of a block that it holds with others the arena gives up its claim.
 *
 * Context: Any but NMI, and may sleep where the pool's arenas share; takes the
 * arena's lock.
 * Return: 0, or the errors of pma_place_find(), counted, and nothing changed.
 */
int pma_block_free(struct pma_arena *arena, u64 handle)
{
	unsigned long irq;

	if (handle == PMA_HANDLE_NONE)
		return 0;
	raw_spin_lock_irqsave(&arena->lock, irq);
	return pma_block_free_and_unlock(arena, handle, irq);
}

/* Free one published big block; its pages, or 0 if there is none. */
static u32 release_big(struct pma_arena *arena, u32 *pgno)
{
	for (*pgno = arena->big; *pgno != PMA_NONE; *pgno = pma_pool_link(arena->pool, *pgno)->next)
		if (page_of(arena, *pgno)->kind == PMA_KIND_BIG)
			break;
	if (*pgno == PMA_NONE)
		return 0;
	pma_arena_count_frees(arena, 1, pma_arena_big_bytes(arena, *pgno));
	return pma_arena_big_unlink(arena, *pgno);
}

/* Leave one shared block; the claim, or NULL if there is none. */
static struct pma_claim *release_claim(struct pma_arena *arena)
{
	struct pma_claim *claim;

	if (list_empty(&arena->claim_list))
		return NULL;
	claim = list_entry(arena->claim_list.next, struct pma_claim, of_arena);
	pma_share_leave(arena, claim);
	return claim;
}

/* Free up to FREE_RUNS runs; were there any? */
static bool release_some(struct pma_arena *arena)
{
	u32 left = FREE_RUNS, big_pages, big;
	struct pma_claim *claim;
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	left -= pma_slabs_release(arena, left);
	left -= pma_chunks_release(arena, left);
	if (arena->adapt)
		left -= pma_mixed_release(arena, left);
	big_pages = release_big(arena, &big);
	claim = release_claim(arena);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (big_pages)
		pma_arena_big_give(arena, big, big_pages);
	if (claim)
		pma_share_release(arena, claim);
	return left < FREE_RUNS || big_pages || claim;
}

/**
 * pma_block_free_all() - free all blocks
 * @arena: the arena
 *
 * O(pages); others get the lock in between.  A block that another thread
 * allocates meanwhile is freed, or not; one that is being reallocated is not.
 * The counters begin anew, and there is no root.
 *
 * Context: May sleep.
 */
void pma_block_free_all(struct pma_arena *arena)
{
	u64 most = arena->pool->region.nr_pages;
	unsigned long irq;

	pma_drain_begin(arena);
	/* A client that allocates as fast as it is freed must not keep us here. */
	while (most-- && release_some(arena))
		cond_resched();
	raw_spin_lock_irqsave(&arena->lock, irq);
	arena->root = PMA_HANDLE_NONE;
	arena->frees_told = 0;
	arena->stats = (struct pma_stats){
		.live_blocks = arena->stats.live_blocks,
		.live_bytes = arena->stats.live_bytes,
		.peak_bytes = arena->stats.live_bytes,
		.arena_pages = arena->stats.arena_pages,
		.peak_pages = arena->stats.arena_pages,
		.slab_pages = arena->stats.slab_pages,
		.big_pages = arena->stats.big_pages,
		.heap_pages = arena->stats.heap_pages,
		.held_pages = arena->stats.held_pages,
	};
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	pma_drain_end(arena);
}
