// SPDX-License-Identifier: GPL-2.0
/*
 * pma_arena.c - one client's own set of pages
 *
 * An arena takes runs from its pool and serves blocks from them by the engine
 * that the pool's route names.  Every page it owns is in exactly one of its
 * lists: a class's partial slab pages, full slab pages, big blocks, segments.
 *
 *	alloc	route, then: first block of the class's first partial page;
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
#include "pma_place.h"

/* Runs that pma_arena_reset() frees before it lets others have the lock. */
#define RESET_RUNS	64

static struct pma_page *page_of(const struct pma_arena *arena, u32 pgno)
{
	return &arena->pool->pages.desc[pgno];
}

static const struct pma_class *class_of(const struct pma_arena *arena, const struct pma_page *page)
{
	return &arena->pool->classes->class[page->class];
}

/* Lists of runs. */

static void list_push(struct pma_arena *arena, u32 *head, u32 pgno)
{
	struct pma_link *link = pma_pool_link(arena->pool, pgno);

	link->next = *head;
	link->prev = PMA_NONE;
	if (*head != PMA_NONE)
		pma_pool_link(arena->pool, *head)->prev = pgno;
	*head = pgno;
}

static void list_drop(struct pma_arena *arena, u32 *head, u32 pgno)
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

static void count_pages(struct pma_arena *arena, u32 *of_kind, s32 nr_pages)
{
	*of_kind += nr_pages;
	arena->stats.arena_pages += nr_pages;
	arena->stats.peak_pages = max(arena->stats.peak_pages, arena->stats.arena_pages);
}

/**
 * pma_arena_count_bytes() - count bytes that became live, or are no longer
 * @arena: whose
 * @bytes: how many, negative for no longer
 *
 * Context: The arena's lock is held.
 */
void pma_arena_count_bytes(struct pma_arena *arena, s64 bytes)
{
	lockdep_assert_held(&arena->lock);
	arena->stats.live_bytes += bytes;
	arena->stats.peak_bytes = max(arena->stats.peak_bytes, arena->stats.live_bytes);
}

/**
 * pma_arena_count_allocs() - count blocks handed out
 * @arena: whose
 * @nr: how many
 * @bytes: that may be used, of all together
 *
 * Context: The arena's lock is held.
 */
void pma_arena_count_allocs(struct pma_arena *arena, u32 nr, u64 bytes)
{
	arena->stats.allocs += nr;
	arena->stats.live_blocks += nr;
	pma_arena_count_bytes(arena, bytes);
}

static void count_free(struct pma_arena *arena, u64 bytes)
{
	arena->stats.frees++;
	arena->stats.live_blocks--;
	arena->stats.live_bytes -= bytes;
}

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
		       err == -EBADSLT ? &stats->bad_interior : &stats->bad_args;

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

/* Runs: from the pool and back. */

static u32 take_run(struct pma_arena *arena, u32 nr_pages, u32 client_flags)
{
	if (arena->flags & PMA_ARENA_USER)
		client_flags |= PMA_FIT_A;
	return pma_pool_take(arena->pool, nr_pages, client_flags);
}

static void clean_run(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	if (pma_pool_isolates(arena->pool))
		pma_pages_clean(&arena->pool->pages, pgno, nr_pages, arena->uid);
}

static void retire_run(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	if (pma_pool_isolates(arena->pool))
		pma_pages_retire(&arena->pool->pages, pgno, nr_pages, arena->uid);
	else
		pma_page_set(page_of(arena, pgno), PMA_KIND_FREE, 0, 0);
}

static void give_run(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	retire_run(arena, pgno, nr_pages);
	pma_pool_give(arena->pool, pgno);
}

/* Slab blocks. */

static u32 slab_grow(struct pma_arena *arena, u32 class)
{
	struct pma_pool *pool = arena->pool;
	u32 pgno = take_run(arena, 1, 0);

	if (pgno == PMA_NONE)
		return PMA_NONE;
	clean_run(arena, pgno, 1);
	pma_slab_page_init(page_of(arena, pgno), pma_pages_shadow(&pool->pages, pgno),
			   &pool->classes->class[class]);
	pma_page_set(page_of(arena, pgno), PMA_KIND_SLAB, class, arena->id);
	list_push(arena, &arena->partial[class], pgno);
	count_pages(arena, &arena->stats.slab_pages, 1);
	return pgno;
}

static void slab_release(struct pma_arena *arena, u32 *list, u32 pgno)
{
	list_drop(arena, list, pgno);
	count_pages(arena, &arena->stats.slab_pages, -1);
	give_run(arena, pgno, 1);
}

/* Take blocks from one page, up to 64, and say where they are. */
static unsigned int slab_alloc_some(struct pma_arena *arena, u32 class, size_t size,
				    unsigned int nr, u64 *handles)
{
	struct pma_pool *pool = arena->pool;
	u32 pgno = arena->partial[class];
	struct pma_page *page;
	u16 indices[64];
	unsigned int i;

	if (pgno == PMA_NONE)
		pgno = slab_grow(arena, class);
	if (pgno == PMA_NONE)
		return 0;
	page = page_of(arena, pgno);
	nr = pma_slab_take(page, pma_pages_shadow(&pool->pages, pgno),
			   pool->classes->class[class].nr_blocks,
			   min_t(unsigned int, nr, ARRAY_SIZE(indices)), indices);
	for (i = 0; i < nr; i++) {
		handles[i] = pma_region_handle(&pool->region, pgno) +
			     indices[i] * page->slab.block_size;
		pma_pages_record(&pool->pages, handles[i], page->slab.block_size, size);
	}
	if (!page->slab.nr_free) {
		list_drop(arena, &arena->partial[class], pgno);
		list_push(arena, &arena->full, pgno);
	}
	return nr;
}

static unsigned int slab_alloc(struct pma_arena *arena, u32 class, size_t size, u32 flags,
			       unsigned int nr, u64 *handles)
{
	u32 block_size = arena->pool->classes->class[class].block_size;
	unsigned int done = 0, got, i;

	do {
		got = slab_alloc_some(arena, class, size, nr - done, handles + done);
		done += got;
	} while (got && done < nr);
	if (flags & PMA_ZERO)
		for (i = 0; i < done; i++)
			memset(pma_region_ptr(&arena->pool->region, handles[i]), 0, block_size);
	pma_arena_count_allocs(arena, done, (u64)done * block_size);
	return done;
}

static void slab_free(struct pma_arena *arena, const struct pma_place *place)
{
	struct pma_page *page = page_of(arena, place->pgno);
	u32 *partial = &arena->partial[page->class];
	bool was_full = !page->slab.nr_free;

	count_free(arena, page->slab.block_size);
	pma_slab_give(page, pma_pages_shadow(&arena->pool->pages, place->pgno), place->index);
	if (page->slab.nr_free == class_of(arena, page)->nr_blocks) {
		slab_release(arena, was_full ? &arena->full : partial, place->pgno);
	} else if (was_full) {
		list_drop(arena, &arena->full, place->pgno);
		list_push(arena, partial, place->pgno);
	}
}

/* Chunks of the heap. */

/* A segment for a chunk of @need pages: a roomy one, or just what is needed. */
static bool heap_grow(struct pma_arena *arena, u32 need)
{
	u32 nr_pages = clamp_t(u32, arena->pool->region.nr_pages / 32, need, PMA_HEAP_PAGES_MAX);
	u32 pgno = take_run(arena, nr_pages, 0);

	if (pgno == PMA_NONE && nr_pages > need) {
		nr_pages = need;
		pgno = take_run(arena, nr_pages, 0);
	}
	if (pgno == PMA_NONE)
		return false;
	clean_run(arena, pgno, nr_pages);
	pma_heap_add(arena->heap, pgno, nr_pages, arena->id);
	list_push(arena, &arena->segments, pgno);
	count_pages(arena, &arena->stats.heap_pages, nr_pages);
	return true;
}

static void heap_release(struct pma_arena *arena, u32 pgno)
{
	u32 nr_pages = pma_pool_run_pages(arena->pool, pgno), i;

	list_drop(arena, &arena->segments, pgno);
	count_pages(arena, &arena->stats.heap_pages, -nr_pages);
	/* Descriptors first: the interior of a free run must not look like a heap's. */
	for (i = 0; i < nr_pages; i++)
		pma_page_set(page_of(arena, pgno + i), PMA_KIND_FREE, 0, 0);
	give_run(arena, pgno, nr_pages);
}

static int heap_alloc(struct pma_arena *arena, size_t size, u32 need, u32 flags,
		      struct pma_block *block)
{
	u32 client_flags = arena->flags & PMA_ARENA_USER ? PMA_FIT_A : 0;
	u64 handle = pma_heap_alloc(arena->heap, size, client_flags);

	if (handle == PMA_HANDLE_NONE && heap_grow(arena, need))
		handle = pma_heap_alloc(arena->heap, size, client_flags);
	if (handle == PMA_HANDLE_NONE)
		return -ENOMEM;
	pma_heap_block(arena->heap, handle, block);
	if (flags & PMA_ZERO)
		memset(pma_region_ptr(&arena->pool->region, handle), 0, block->size);
	pma_arena_count_allocs(arena, 1, block->size);
	return 0;
}

static void heap_free(struct pma_arena *arena, const struct pma_place *place)
{
	struct pma_block block;
	u32 segment;

	pma_heap_block(arena->heap, place->start, &block);
	count_free(arena, block.size);
	segment = pma_heap_free(arena->heap, place->start);
	if (segment == PMA_NONE)
		return;
	pma_heap_remove(arena->heap, segment);
	heap_release(arena, segment);
}

/* Big blocks.  They are made BUSY, filled without the lock, and then published. */

/**
 * pma_arena_big_bytes() - length of a big block
 * @arena: whose it is
 * @pgno: its first page
 *
 * Return: bytes.
 */
u64 pma_arena_big_bytes(const struct pma_arena *arena, u32 pgno)
{
	return pma_region_handle(&arena->pool->region, pma_pool_run_pages(arena->pool, pgno));
}

static void big_mark_body(struct pma_arena *arena, u32 pgno, u32 from, u32 to)
{
	if (pma_pool_isolates(arena->pool))
		pma_big_mark_body(&arena->pool->pages, pgno, from, to, arena->id);
}

/**
 * pma_arena_big_take() - take a big block that no call can reach yet
 * @arena: whose it will be
 * @nr_pages: its length
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: its first page, BUSY, or PMA_NONE.
 */
u32 pma_arena_big_take(struct pma_arena *arena, u32 nr_pages)
{
	unsigned long irq;
	u32 pgno;

	atomic_inc(&arena->pool->moving);
	pgno = take_run(arena, nr_pages, PMA_FIT_M);
	if (pgno == PMA_NONE) {
		atomic_dec(&arena->pool->moving);
		return PMA_NONE;
	}
	clean_run(arena, pgno, nr_pages);
	big_mark_body(arena, pgno, pgno + 1, pgno + nr_pages);
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_big_mark(&arena->pool->pages, pgno, PMA_PAGE_BUSY, arena->id);
	list_push(arena, &arena->big, pgno);
	count_pages(arena, &arena->stats.big_pages, nr_pages);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
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
	page_of(arena, pgno)->big.requested = requested;
	pma_big_mark(&arena->pool->pages, pgno, PMA_KIND_BIG, arena->id);
}

/* Take a block out of the arena; then the caller owes it to pma_arena_big_give(). */
static u32 big_unlink(struct pma_arena *arena, u32 pgno)
{
	u32 nr_pages = pma_pool_run_pages(arena->pool, pgno);

	atomic_inc(&arena->pool->moving);
	list_drop(arena, &arena->big, pgno);
	count_pages(arena, &arena->stats.big_pages, -nr_pages);
	pma_big_mark(&arena->pool->pages, pgno, PMA_KIND_FREE, 0);
	return nr_pages;
}

/**
 * pma_arena_big_give() - give the run of a freed big block back to the pool
 * @arena: whose it was
 * @pgno: its first page
 * @nr_pages: its length
 *
 * Context: Any but NMI, without the arena's lock; takes the pool's.  O(@nr_pages)
 * in a pool that isolates.
 */
void pma_arena_big_give(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	give_run(arena, pgno, nr_pages);
	atomic_dec(&arena->pool->moving);
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
	nr_pages = big_unlink(arena, pgno);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	pma_arena_big_give(arena, pgno, nr_pages);
}

/**
 * pma_arena_big_resize() - make a BUSY block shorter or longer where it is
 * @arena: whose it is
 * @pgno: its first page
 * @nr_pages: wanted length
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: true if it has that length now, else nothing has changed.
 */
bool pma_arena_big_resize(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	u32 have = pma_pool_run_pages(arena->pool, pgno);
	unsigned long irq;

	if (nr_pages < have && pma_pool_isolates(arena->pool))
		pma_pages_retire(&arena->pool->pages, pgno + nr_pages, have - nr_pages, arena->uid);
	if (!pma_pool_resize(arena->pool, pgno, nr_pages))
		return false;
	if (nr_pages > have) {
		clean_run(arena, pgno + have, nr_pages - have);
		big_mark_body(arena, pgno, pgno + have, pgno + nr_pages);
	}
	raw_spin_lock_irqsave(&arena->lock, irq);
	count_pages(arena, &arena->stats.big_pages, (s32)(nr_pages - have));
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return true;
}

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

/* Calls. */

/**
 * pma_arena_alloc_small() - take a slab block or a chunk
 * @arena: whose it will be
 * @size: bytes wanted
 * @route: to a slab or the heap
 * @flags: PMA_ZERO
 * @block: its handle and size
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: 0 or -ENOMEM, not counted.
 */
int pma_arena_alloc_small(struct pma_arena *arena, size_t size, const struct pma_route *route,
			  u32 flags, struct pma_block *block)
{
	lockdep_assert_held(&arena->lock);
	if (route->kind == PMA_KIND_HEAP)
		return heap_alloc(arena, size, route->nr_pages, flags, block);
	block->size = arena->pool->classes->class[route->class].block_size;
	return slab_alloc(arena, route->class, size, flags, 1, &block->handle) ? 0 : -ENOMEM;
}

/**
 * pma_arena_free_place() - free a block that was found
 * @arena: whose it is
 * @place: from pma_place_find(), which answered 0
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: 0; of a big block its pages, which the caller owes to
 * pma_arena_big_give() without the lock.
 */
u32 pma_arena_free_place(struct pma_arena *arena, const struct pma_place *place)
{
	lockdep_assert_held(&arena->lock);
	if (place->kind == PMA_KIND_SLAB) {
		slab_free(arena, place);
		return 0;
	}
	if (place->kind == PMA_KIND_HEAP) {
		heap_free(arena, place);
		return 0;
	}
	count_free(arena, pma_arena_big_bytes(arena, place->pgno));
	return big_unlink(arena, place->pgno);
}

/**
 * pma_arena_check_request() - judge a request's size, alignment and flags
 * @arena: who asks
 * @size: bytes wanted
 * @align: power of two up to the page size, or 0
 * @flags: PMA_ZERO
 * @route: which engine will serve it
 *
 * Context: Any but NMI; takes the arena's lock on error.
 * Return: 0 or the errors of pma_pool_route(), counted.
 */
int pma_arena_check_request(struct pma_arena *arena, size_t size, size_t align, u32 flags,
			    struct pma_route *route)
{
	int err = flags & ~PMA_ALLOC_FLAGS ? -EINVAL :
		  pma_pool_route(arena->pool, size, align, route);

	return err ? pma_arena_count_error(arena, err) : 0;
}

/**
 * pma_arena_alloc() - allocate a block
 * @arena: whose it will be
 * @size: bytes wanted
 * @align: power of two up to the page size, or 0 for the natural alignment
 * @flags: PMA_ZERO
 * @block: its handle and size
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: 0; -EINVAL for a bad argument; -ENOMEM if nothing is left that fits.
 */
int pma_arena_alloc(struct pma_arena *arena, size_t size, size_t align, u32 flags,
		    struct pma_block *block)
{
	struct pma_route route;
	unsigned long irq;
	int err = pma_arena_check_request(arena, size, align, flags, &route);

	if (err)
		return err;
	if (route.kind == PMA_KIND_BIG) {
		err = big_alloc(arena, size, route.nr_pages, flags, block);
	} else {
		raw_spin_lock_irqsave(&arena->lock, irq);
		err = pma_arena_alloc_small(arena, size, &route, flags, block);
		raw_spin_unlock_irqrestore(&arena->lock, irq);
	}
	return err ? pma_arena_count_error(arena, err) : 0;
}

/**
 * pma_arena_alloc_batch() - allocate equal blocks
 * @arena: whose they will be
 * @size: bytes of each
 * @flags: PMA_ZERO
 * @nr: how many
 * @handles: of those there are
 *
 * Context: Any but NMI; takes the arena's lock, for slab blocks once.
 * Return: how many were allocated, from the first on.
 */
unsigned int pma_arena_alloc_batch(struct pma_arena *arena, size_t size, u32 flags,
				   unsigned int nr, u64 *handles)
{
	struct pma_route route;
	struct pma_block block;
	unsigned long irq;
	unsigned int done;

	if (pma_arena_check_request(arena, size, 0, flags, &route))
		return 0;
	if (route.kind == PMA_KIND_SLAB) {
		raw_spin_lock_irqsave(&arena->lock, irq);
		done = slab_alloc(arena, route.class, size, flags, nr, handles);
		if (done < nr)
			pma_arena_count_error_locked(arena, -ENOMEM);
		raw_spin_unlock_irqrestore(&arena->lock, irq);
		return done;
	}
	for (done = 0; done < nr && !pma_arena_alloc(arena, size, 0, flags, &block); done++)
		handles[done] = block.handle;
	return done;
}

/**
 * pma_arena_free() - free a block
 * @arena: whose it is
 * @handle: of its start, or PMA_HANDLE_NONE, which does nothing
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: 0, or the errors of pma_place_find(), counted, and nothing changed.
 */
int pma_arena_free(struct pma_arena *arena, u64 handle)
{
	struct pma_place place;
	unsigned long irq;
	u32 run_pages = 0;
	int err;

	if (handle == PMA_HANDLE_NONE)
		return 0;
	raw_spin_lock_irqsave(&arena->lock, irq);
	err = pma_place_find(arena, handle, &place);
	if (err)
		pma_arena_count_error_locked(arena, err);
	else
		run_pages = pma_arena_free_place(arena, &place);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (run_pages)
		pma_arena_big_give(arena, place.pgno, run_pages);
	return err;
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
	raw_spin_unlock_irqrestore(&arena->lock, irq);
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
	struct pma_arena *arena = kvzalloc(sizeof(*arena), GFP_KERNEL);
	int id, i;

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
	raw_spin_lock_init(&arena->lock);
	for (i = 0; i < PMA_CLASSES_MAX; i++)
		arena->partial[i] = PMA_NONE;
	arena->full = PMA_NONE;
	arena->big = PMA_NONE;
	arena->segments = PMA_NONE;
	mutex_lock(&pool->arenas_mutex);
	arena->uid = ++pool->last_uid;
	pool->nr_arenas++;
	list_add_tail(&arena->node, &pool->arenas);
	mutex_unlock(&pool->arenas_mutex);
	return arena;
}

/* Free all slab pages of a list, whatever is in them. */
static u32 release_slabs(struct pma_arena *arena, u32 *list, u32 most)
{
	u32 n;

	for (n = 0; n < most && *list != PMA_NONE; n++) {
		const struct pma_page *page = page_of(arena, *list);
		u32 used = class_of(arena, page)->nr_blocks - page->slab.nr_free;

		arena->stats.frees += used;
		arena->stats.live_blocks -= used;
		arena->stats.live_bytes -= (u64)used * page->slab.block_size;
		slab_release(arena, list, *list);
	}
	return n;
}

static u32 release_segments(struct pma_arena *arena, u32 most)
{
	u32 n;

	for (n = 0; n < most && arena->segments != PMA_NONE; n++) {
		const struct pma_page *page = page_of(arena, arena->segments);
		u32 used = page->heap.used_chunks;

		arena->stats.frees += used;
		arena->stats.live_blocks -= used;
		arena->stats.live_bytes -= pma_heap_used_bytes(arena->heap, arena->segments);
		pma_heap_discard(arena->heap, arena->segments,
				 pma_pool_run_pages(arena->pool, arena->segments));
		heap_release(arena, arena->segments);
	}
	return n;
}

/* Free one published big block; its pages, or 0 if there is none. */
static u32 release_big(struct pma_arena *arena, u32 *pgno)
{
	for (*pgno = arena->big; *pgno != PMA_NONE; *pgno = pma_pool_link(arena->pool, *pgno)->next)
		if (page_of(arena, *pgno)->kind == PMA_KIND_BIG)
			break;
	if (*pgno == PMA_NONE)
		return 0;
	count_free(arena, pma_arena_big_bytes(arena, *pgno));
	return big_unlink(arena, *pgno);
}

/* Free up to RESET_RUNS runs; were there any? */
static bool release_some(struct pma_arena *arena)
{
	u32 left = RESET_RUNS, big_pages, big, i;
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	left -= release_slabs(arena, &arena->full, left);
	for (i = 0; i < arena->pool->classes->nr; i++)
		left -= release_slabs(arena, &arena->partial[i], left);
	left -= release_segments(arena, left);
	big_pages = release_big(arena, &big);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (big_pages)
		pma_arena_big_give(arena, big, big_pages);
	return left < RESET_RUNS || big_pages;
}

/**
 * pma_arena_reset() - free all blocks
 * @arena: the arena
 *
 * O(pages); others get the lock in between.  A block that another thread
 * allocates meanwhile is freed, or not; one that is being reallocated is not.
 * The counters begin anew.
 *
 * Context: May sleep.
 */
void pma_arena_reset(struct pma_arena *arena)
{
	u64 most = arena->pool->region.nr_pages;
	unsigned long irq;

	/* A client that allocates as fast as it is freed must not keep us here. */
	while (most-- && release_some(arena))
		cond_resched();
	raw_spin_lock_irqsave(&arena->lock, irq);
	arena->stats = (struct pma_stats){
		.live_blocks = arena->stats.live_blocks,
		.live_bytes = arena->stats.live_bytes,
		.peak_bytes = arena->stats.live_bytes,
		.arena_pages = arena->stats.arena_pages,
		.peak_pages = arena->stats.arena_pages,
		.slab_pages = arena->stats.slab_pages,
		.big_pages = arena->stats.big_pages,
		.heap_pages = arena->stats.heap_pages,
	};
	raw_spin_unlock_irqrestore(&arena->lock, irq);
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
	pma_arena_reset(arena);
	mutex_lock(&pool->arenas_mutex);
	list_del(&arena->node);
	pool->nr_arenas--;
	mutex_unlock(&pool->arenas_mutex);
	WARN_ON_ONCE(arena->stats.arena_pages || arena->stats.live_blocks);
	ida_free(&pool->ids, arena->id);
	pma_heap_destroy(arena->heap);
	kvfree(arena);
}
