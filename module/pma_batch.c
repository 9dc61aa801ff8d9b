// SPDX-License-Identifier: GPL-2.0
/*
 * pma_batch.c - many operations under one lock
 *
 * A batch's entries are done in order, as far as that is plain work: small blocks
 * of no special wish, and handles that are right.  Whatever else comes - a big
 * block, flags, a mistake, memory that has run out - ends the section before it is
 * touched, and is left to the call for a single one: that alone refuses, counts
 * refusals and knows what to do about them.
 *
 *	entries   a a a a  F  f f f f f f  a  Z  ...
 *		  |        |  |            |  +- left to the single call
 *		  |        |  +- frees of one slab page are settled once
 *		  |        +- judged by pma_place_find(), as any
 *		  +- equal allocs: as many as a page has, at once
 */
#include "pma_batch.h"
#include "pma_block.h"
#include "pma_place.h"
#include "pma_slabs.h"

/* Pages an arena may get in one section: they may have to be zeroed in it. */
#define GROW_PAGES	16

static bool is_free(const struct pma_batch_entry *entry)
{
	return entry->op == PMA_BATCH_FREE && !(entry->size | entry->align | entry->flags);
}

static bool is_alloc(const struct pma_batch_entry *entry)
{
	return entry->op == PMA_BATCH_ALLOC && !entry->flags && entry->size <= SIZE_MAX;
}

static bool is_same_alloc(const struct pma_batch_entry *a, const struct pma_batch_entry *b)
{
	return !((a->op ^ b->op) | (a->size ^ b->size) | (a->align ^ b->align) | b->flags);
}

static void answer(struct pma_batch_entry *entry, u64 handle, u64 usable)
{
	entry->result = 0;
	entry->handle = handle;
	entry->usable = usable;
}

static u32 alloc_slab_blocks(struct pma_arena *arena, u32 class,
			     struct pma_batch_entry *entries, u32 nr)
{
	u32 block_size = arena->pool->classes->class[class].block_size;
	u64 handles[PMA_BATCH_CHUNK] __uninitialized;
	u32 n, i;

	for (n = 1; n < nr && is_same_alloc(&entries[0], &entries[n]); n++)
		;
	n = pma_slabs_alloc(arena, class, entries->size, 0, n, handles);
	for (i = 0; i < n; i++)
		answer(&entries[i], handles[i], block_size);
	return n;
}

static u32 alloc_some(struct pma_arena *arena, struct pma_batch_entry *entries, u32 nr)
{
	struct pma_route route;
	struct pma_block block;

	if (pma_pool_route(arena->pool, entries->size, entries->align, &route))
		return 0;
	if (route.kind == PMA_KIND_SLAB)
		return alloc_slab_blocks(arena, route.class, entries, nr);
	if (route.kind == PMA_KIND_BIG ||
	    pma_block_alloc_small(arena, entries->size, &route, 0, &block))
		return 0;
	answer(entries, block.handle, block.size);
	return 1;
}

/* Frees of blocks of the slab page that the first one is of. */
static u32 free_slab_blocks(struct pma_arena *arena, u32 pgno, u32 nr, const u64 *handles)
{
	struct pma_pages *pages = &arena->pool->pages;
	struct pma_page *page = &pages->desc[pgno];
	unsigned long *bitmap = pma_pages_shadow(pages, pgno);
	u64 start = pma_region_handle(&arena->pool->region, pgno);
	const struct pma_class *class = &arena->pool->classes->class[pma_page_id(page).class];
	u32 page_bits = pages->shadow_bytes * BITS_PER_BYTE, lowest = page_bits, n;

	for (n = 0; n < nr; n++) {
		u64 bit = ror64(handles[n] - start, pages->bit_shift);

		if (bit >= page_bits || test_and_set_bit(bit, bitmap))
			break;
		lowest = min_t(u32, lowest, bit);
	}
	if (n)
		pma_slabs_freed(arena, page, pgno, class->nr_blocks, n, lowest);
	return n;
}

static u32 free_some(struct pma_arena *arena, u32 nr, const u64 *handles)
{
	struct pma_place place;

	if (pma_place_find(arena, *handles, &place) || place.kind == PMA_KIND_BIG)
		return 0;
	if (place.kind == PMA_KIND_SLAB)
		return free_slab_blocks(arena, place.pgno, nr, handles);
	return !pma_block_free_place(arena, &place);
}

static u32 free_plainly(struct pma_arena *arena, u32 nr, const u64 *handles)
{
	u32 done = 0, some = 1;

	for (; some && done < nr; done += some)
		some = free_some(arena, nr - done, handles + done);
	return done;
}

static u32 free_entries(struct pma_arena *arena, struct pma_batch_entry *entries, u32 nr)
{
	u64 handles[PMA_BATCH_CHUNK] __uninitialized;
	u32 n, i;

	for (n = 0; n < nr && is_free(&entries[n]); n++)
		handles[n] = entries[n].handle;
	n = free_plainly(arena, n, handles);
	for (i = 0; i < n; i++)
		entries[i].result = 0;
	return n;
}

/**
 * pma_batch_alloc() - allocate one block, if that is plain work
 * @arena: whose it will be
 * @size: bytes wanted
 * @align: as for pma_block_alloc()
 * @handle: of the block
 * @usable: bytes that may be used
 *
 * Context: Any but NMI; takes the arena's lock, then the pool's.
 * Return: true if it was; else nothing has been done, and it is for a single call.
 */
bool pma_batch_alloc(struct pma_arena *arena, u64 size, u32 align, u64 *handle, u64 *usable)
{
	struct pma_route route;
	unsigned long irq;
	bool done;

	if (size > SIZE_MAX || pma_pool_route(arena->pool, size, align, &route) ||
	    route.kind != PMA_KIND_SLAB)
		return false;
	raw_spin_lock_irqsave(&arena->lock, irq);
	done = pma_slabs_alloc_one(arena, route.class, size, handle) ||
	       pma_slabs_alloc(arena, route.class, size, 0, 1, handle);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	*usable = arena->pool->classes->class[route.class].block_size;
	return done;
}

static u32 alloc_chunks(struct pma_arena *arena, size_t size, const struct pma_route *route,
			u32 flags, u32 nr, u64 *handles, u64 *usable)
{
	u32 most_pages = arena->stats.arena_pages + GROW_PAGES, n;
	struct pma_block block;

	/* As many are zeroed at most, whether the arena grows or has room. */
	if (flags & PMA_ZERO)
		nr = clamp_t(u64, pma_region_handle(&arena->pool->region, GROW_PAGES) / size,
			     1, nr);
	for (n = 0; n < nr && arena->stats.arena_pages < most_pages; n++) {
		if (pma_block_alloc_small(arena, size, route, flags, &block))
			break;
		handles[n] = block.handle;
		*usable = n ? min(*usable, block.size) : block.size;
	}
	return n;
}

/**
 * pma_batch_alloc_equal() - allocate equal blocks, as long as that is plain work
 * @arena: whose they will be
 * @size: bytes wanted of each
 * @align: as for pma_block_alloc()
 * @flags: PMA_ZERO
 * @nr: how many, at least 1
 * @handles: of those that were, PMA_BATCH_CHUNK at most
 * @usable: bytes that may be used of each; of slab blocks exactly
 *
 * Context: Any but NMI; takes the arena's lock once, then the pool's.
 * Return: how many were.  If none was, nothing has been done, and it is for a single call.
 */
u32 pma_batch_alloc_equal(struct pma_arena *arena, u64 size, u32 align, u32 flags, u32 nr,
			  u64 *handles, u64 *usable)
{
	struct pma_route route;
	unsigned long irq;

	if (size > SIZE_MAX || pma_pool_route(arena->pool, size, align, &route) ||
	    route.kind == PMA_KIND_BIG)
		return 0;
	nr = min(nr, PMA_BATCH_CHUNK);
	raw_spin_lock_irqsave(&arena->lock, irq);
	if (route.kind == PMA_KIND_SLAB)
		nr = pma_slabs_alloc(arena, route.class, size, flags, nr, handles);
	else
		nr = alloc_chunks(arena, size, &route, flags, nr, handles, usable);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (route.kind == PMA_KIND_SLAB)
		*usable = arena->pool->classes->class[route.class].block_size;
	return nr;
}

/**
 * pma_batch_free() - free blocks, as long as that is plain work
 * @arena: whose they are
 * @nr: how many, at most PMA_BATCH_CHUNK
 * @handles: of them
 *
 * Context: Any but NMI; takes the arena's lock once, then the pool's.
 * Return: how many were, from the first on.  The next, if any, is for a single call.
 */
u32 pma_batch_free(struct pma_arena *arena, u32 nr, const u64 *handles)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	nr = free_plainly(arena, nr, handles);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return nr;
}

/**
 * pma_batch_do() - do a batch's entries as long as that is plain work
 * @arena: whose blocks they are
 * @entries: in order; what is done has its answer
 * @nr: how many
 *
 * Context: Any but NMI; takes the arena's lock once, then the pool's.
 * Return: how many were done, at most PMA_BATCH_CHUNK; of the others nothing has
 * been done, and if there were none, the first is for a single call.
 */
u32 pma_batch_do(struct pma_arena *arena, struct pma_batch_entry *entries, u32 nr)
{
	u32 done = 0, some, most_pages;
	unsigned long irq;

	nr = min(nr, PMA_BATCH_CHUNK);
	raw_spin_lock_irqsave(&arena->lock, irq);
	most_pages = arena->stats.arena_pages + GROW_PAGES;
	do {
		if (is_alloc(&entries[done]))
			some = alloc_some(arena, entries + done, nr - done);
		else if (is_free(&entries[done]))
			some = free_entries(arena, entries + done, nr - done);
		else
			some = 0;
		done += some;
	} while (some && done < nr && arena->stats.arena_pages < most_pages);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return done;
}
