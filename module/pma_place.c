// SPDX-License-Identifier: GPL-2.0
/*
 * pma_place.c - what is at a handle
 *
 * The judge of handles: every query, read and write asks here, and every refusal
 * comes from here.  A free that is right may be done by a shorter way (pma_free.c,
 * pma_batch.c), and so may a realloc (pma_place_look_slab()); none grants what would be
 * refused here.  A handle is any number; it leads to a page, the page's descriptor to its
 * owner and kind, and the kind's metadata to a block:
 *
 *	outside the region				-ERANGE
 *	a free page, block or chunk			-EALREADY
 *	another arena's page				-EACCES
 *	inside a block					-EBADSLT
 *	the start of a block of ours			0
 *
 * A block is ours too if we hold it together with others (pma_share.c).
 */
#include "pma_adapt.h"
#include "pma_place.h"
#include "pma_reach.h"
#include "pma_share.h"

static struct pma_page *page_of(const struct pma_arena *arena, u32 pgno)
{
	return &arena->pool->pages.desc[pgno];
}

static const struct pma_class *class_of(const struct pma_arena *arena, const struct pma_page *page)
{
	return &arena->pool->classes->class[pma_page_id(page).class];
}

/*
 * Where the block that a body belongs to may begin: any number.  The page can be
 * another's by now, or come and go with its block, and all that is written without
 * our lock.
 */
static u32 first_hint(const struct pma_page *page)
{
	/* A hint only: what is found there decides. */
	return data_race(READ_ONCE(page->big.first));
}

/*
 * A page that is not this arena's own, but may be of a block that it holds with
 * others: if so, it has a claim where the block begins.
 */
static int find_shared(struct pma_arena *arena, u64 handle, struct pma_place *place)
{
	const struct pma_page *page = page_of(arena, place->pgno);
	u32 first = pma_page_id(page).kind == PMA_PAGE_BODY ? first_hint(page) : place->pgno;
	struct pma_claim *claim = pma_share_find(arena, first);

	if (!claim || place->pgno < first || place->pgno - first >= claim->share->nr_pages)
		return -EACCES;
	place->kind = PMA_KIND_BIG;
	place->pgno = first;
	place->start = pma_region_handle(&arena->pool->region, first);
	place->claim = claim;
	return place->start == handle ? 0 : -EBADSLT;
}

/* A body of a block of ours, if one is there that reaches so far. */
static int find_big(struct pma_arena *arena, u64 handle, struct pma_place *place)
{
	u32 first = first_hint(page_of(arena, place->pgno));
	struct pma_page_id id;

	if (first > place->pgno)
		return -EALREADY;
	id = pma_page_id(page_of(arena, first));
	if (id.owner == PMA_OWNER_SHARED)
		return find_shared(arena, handle, place);
	if (id.kind != PMA_KIND_BIG || id.owner != arena->id ||
	    place->pgno - first >= pma_pool_run_pages(arena->pool, first))
		return -EALREADY;
	place->kind = PMA_KIND_BIG;
	place->pgno = first;
	place->start = pma_region_handle(&arena->pool->region, first);
	return place->start == handle ? 0 : -EBADSLT;
}

/* A page that says free may be the body of a big block, where bodies are not marked. */
static int find_unmarked(struct pma_arena *arena, u64 handle, struct pma_place *place)
{
	u32 first;

	if (pma_pool_isolates(arena->pool))
		return -EALREADY;
	first = pma_pool_find_big(arena->pool, place->pgno);
	if (first == PMA_NONE)
		return -EALREADY;
	if (pma_page_id(page_of(arena, first)).owner != arena->id)
		return -EACCES;
	place->pgno = first;
	return find_big(arena, handle, place);
}

/**
 * pma_place_find() - what is at a handle
 * @arena: who asks
 * @handle: any number
 * @place: the block found, if the answer is 0 or -EBADSLT
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: 0 at the start of a block of @arena in use; -ERANGE outside the region;
 * -EALREADY where memory is free; -EACCES where it is another arena's; -EBADSLT
 * inside a block.
 */
int pma_place_find(struct pma_arena *arena, u64 handle, struct pma_place *place)
{
	struct pma_page_id id;

	lockdep_assert_held(&arena->lock);
	if (!pma_region_has(&arena->pool->region, handle))
		return -ERANGE;
	place->claim = NULL;
	place->pgno = pma_region_pgno(&arena->pool->region, handle);
	id = pma_page_id(page_of(arena, place->pgno));
	if (id.kind == PMA_KIND_FREE)
		return find_unmarked(arena, handle, place);
	if (id.kind == PMA_KIND_HELD)
		return -EALREADY;
	if (id.owner != arena->id)
		return find_shared(arena, handle, place);
	place->kind = id.kind;
	switch (id.kind) {
	case PMA_KIND_SLAB:
		return pma_slab_find(&arena->pool->pages, handle,
				     class_of(arena, page_of(arena, place->pgno)), &place->start);
	case PMA_KIND_HEAP:
		return pma_heap_find(arena->heap, handle, &place->start);
	case PMA_PAGE_MIXED:
		return pma_mixed_find(arena, handle, &place->start);
	case PMA_KIND_BIG:	/* its first page */
		place->start = pma_region_handle(&arena->pool->region, place->pgno);
		return place->start == handle ? 0 : -EBADSLT;
	default:
		return find_big(arena, handle, place);
	}
}

static void describe_slab(struct pma_arena *arena, const struct pma_place *place,
			  struct pma_block *block)
{
	const struct pma_page *page = page_of(arena, place->pgno);
	const struct pma_pages *pages = &arena->pool->pages;
	u64 before = place->start - page->slab.block_size;

	*block = (struct pma_block){
		.handle = place->start,
		.size = page->slab.block_size,
		.requested = pma_pages_requested(&arena->pool->pages, place->start,
						 page->slab.block_size),
		.kind = PMA_KIND_SLAB,
	};
	if (!(place->start & (pma_region_page_size(pages->region) - 1)) ||
	    !test_bit(before >> pages->bit_shift, pages->shadow))
		block->flags |= PMA_BLOCK_P;
}

/* Flags of a run in use; a loose run before it is free, and must not seem in use. */
static u32 run_flags(struct pma_pool *pool, u32 pgno)
{
	unsigned long irq;
	u32 flags;

	raw_spin_lock_irqsave(&pool->lock, irq);
	pma_runs_join(pool);
	flags = pma_fit_flags(pool->runs, pgno);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return flags;
}

static void describe_big(struct pma_arena *arena, const struct pma_place *place,
			 struct pma_block *block)
{
	u32 tag_flags = run_flags(arena->pool, place->pgno);
	u64 bytes = pma_arena_big_bytes(arena, place->pgno);

	*block = (struct pma_block){
		.handle = place->start,
		.size = bytes,
		.requested = pma_big_requested(page_of(arena, place->pgno), bytes),
		.kind = PMA_KIND_BIG,
		.flags = tag_flags & PMA_FIT_M ? PMA_BLOCK_M : 0,
	};
	if (tag_flags & PMA_FIT_P)
		block->flags |= PMA_BLOCK_P;
	if (place->claim)
		block->flags |= PMA_BLOCK_SHARED;
	if (place->claim && !place->claim->writable)
		block->flags |= PMA_BLOCK_READ_ONLY;
}

/**
 * pma_place_describe() - all that is known of a block
 * @arena: whose it is
 * @place: from pma_place_find()
 * @block: the answer
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_place_describe(struct pma_arena *arena, const struct pma_place *place,
			struct pma_block *block)
{
	lockdep_assert_held(&arena->lock);
	if (place->kind == PMA_KIND_SLAB)
		describe_slab(arena, place, block);
	else if (place->kind == PMA_KIND_HEAP)
		pma_heap_block(arena->heap, place->start, block);
	else if (place->kind == PMA_PAGE_MIXED)
		pma_mixed_describe(arena, place->start, block);
	else
		describe_big(arena, place, block);
	if (arena->flags & PMA_ARENA_USER)
		block->flags |= PMA_BLOCK_A;
	if (block->requested)
		block->flags |= PMA_BLOCK_REQUESTED;
	else
		block->requested = block->size;
}

/* The run that a handle's page is reached with: @place's page is its first. */
static bool find_run(struct pma_arena *arena, u64 handle, struct pma_place *place)
{
	u32 pgno = pma_region_pgno(&arena->pool->region, handle);
	/* Once: a body's may change at any moment, to another arena's slab page even. */
	struct pma_page_id id = pma_page_id(page_of(arena, pgno));
	int err = 0;

	*place = (struct pma_place){ .pgno = pgno };
	if (id.kind == PMA_KIND_HELD)
		return false;
	if (id.owner == arena->id && id.kind == PMA_KIND_HEAP)
		place->pgno = page_of(arena, pgno)->heap.segment;
	else if (id.owner != arena->id || id.kind != PMA_KIND_SLAB)
		err = id.owner == arena->id ? find_big(arena, handle, place) :
					      find_shared(arena, handle, place);
	return !err || err == -EBADSLT;
}

/**
 * pma_place_pages() - the pages that a fault at a handle shall map
 * @arena: who wants to reach them
 * @handle: in the region
 * @write: to write there
 * @first: the first page
 * @nr_pages: how many
 * @writable: they may be written
 *
 * Of a slab page that page, of a heap page its segment, of a big block all of it;
 * but of one that was claimed what pma_reach_window() says.
 *
 * Context: The arena's lock is held.
 * Return: false if the page is not the arena's to reach now, or to write.
 */
bool pma_place_pages(struct pma_arena *arena, u64 handle, bool write, u32 *first, u32 *nr_pages,
		     bool *writable)
{
	struct pma_place place;

	lockdep_assert_held(&arena->lock);
	if (!find_run(arena, handle, &place))
		return false;
	*writable = !place.claim || place.claim->writable;
	if (write && !*writable)
		return false;
	*first = place.pgno;
	*nr_pages = pma_pool_run_pages(arena->pool, place.pgno);
	if (place.claim)
		pma_reach_window(place.claim, pma_region_pgno(&arena->pool->region, handle), first,
				 nr_pages);
	return true;
}

/**
 * pma_place_record() - record what was asked for
 * @arena: whose it is
 * @place: from pma_place_find(), which answered 0
 * @size: bytes
 *
 * Context: The arena's lock is held.
 */
void pma_place_record(struct pma_arena *arena, const struct pma_place *place, size_t size)
{
	struct pma_page *page = page_of(arena, place->pgno);

	lockdep_assert_held(&arena->lock);
	if (place->kind == PMA_KIND_BIG)
		pma_big_record(page, pma_arena_big_bytes(arena, place->pgno), size);
	else if (place->kind == PMA_KIND_HEAP)
		pma_heap_record(arena->heap, place->start, size);
	else if (place->kind == PMA_PAGE_MIXED)
		pma_mixed_record(arena, place->start, size);
	else
		pma_pages_record(&arena->pool->pages, place->start, page->slab.block_size, size);
}

/* A block to look at: its start, or, where @interior, any byte of it. */
static int find_block(struct pma_arena *arena, u64 handle, bool interior, struct pma_block *block)
{
	struct pma_place place;
	int err = pma_place_find(arena, handle, &place);

	if (err && !(err == -EBADSLT && interior))
		return pma_arena_count_error_locked(arena, err);
	pma_place_describe(arena, &place, block);
	return 0;
}

/**
 * pma_place_query() - describe the block at a handle
 * @arena: who asks
 * @handle: any number
 * @interior: a handle inside a block will do
 * @block: the answer
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: 0 or the errors of pma_place_find(), counted.
 */
int pma_place_query(struct pma_arena *arena, u64 handle, bool interior, struct pma_block *block)
{
	unsigned long irq;
	int err;

	raw_spin_lock_irqsave(&arena->lock, irq);
	err = find_block(arena, handle, interior, block);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return err;
}

/* The bytes [handle, handle + bytes), if they lie in one block; the lock is held. */
static void *find_bytes(struct pma_arena *arena, u64 handle, size_t bytes, bool write)
{
	struct pma_block block;
	int err = find_block(arena, handle, true, &block);

	if (!err && bytes > block.handle + block.size - handle)
		err = pma_arena_count_error_locked(arena, -EBADSLT);
	if (!err && write && block.flags & PMA_BLOCK_READ_ONLY)
		err = pma_arena_count_error_locked(arena, -EROFS);
	return err ? ERR_PTR(err) : pma_region_ptr(&arena->pool->region, handle);
}

/**
 * pma_place_read() - copy out of a block
 * @arena: whose it is
 * @handle: of the first byte
 * @to: where to
 * @bytes: how many, in one block; copied under the lock, so be modest
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: 0 or the errors of pma_place_find(), counted; -EBADSLT too if the block
 * ends before.
 */
int pma_place_read(struct pma_arena *arena, u64 handle, void *to, size_t bytes)
{
	unsigned long irq;
	void *from;

	raw_spin_lock_irqsave(&arena->lock, irq);
	from = find_bytes(arena, handle, bytes, false);
	if (!IS_ERR(from))
		memcpy(to, from, bytes);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return PTR_ERR_OR_ZERO(from);
}

/**
 * pma_place_write() - copy into a block
 * @arena: whose it is
 * @handle: of the first byte
 * @from: where from
 * @bytes: how many, in one block; copied under the lock, so be modest
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: as pma_place_read(); -EROFS too if the block was claimed read-only.
 */
int pma_place_write(struct pma_arena *arena, u64 handle, const void *from, size_t bytes)
{
	unsigned long irq;
	void *to;

	raw_spin_lock_irqsave(&arena->lock, irq);
	to = find_bytes(arena, handle, bytes, true);
	if (!IS_ERR(to))
		memcpy(to, from, bytes);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return PTR_ERR_OR_ZERO(to);
}
