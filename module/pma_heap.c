// SPDX-License-Identifier: GPL-2.0
/*
 * pma_heap.c - chunks of any size, by boundary tags over granules
 *
 * For sizes that neither a slab class nor whole pages serve well.  A heap has
 * *segments*, page runs of its arena, cut into *chunks* by pma_fit over
 * granules:
 *
 *	segment	| page 4               | page 5               |
 *	chunks	[ used 2400 )[ used 3120        )[ free 2672  )
 *	shadow	  tag    tag               tag       tag
 *
 * A granule's number is the handle divided by the granule, so one table of tags,
 * the shadow of the pages, serves all heaps of a pool, and coalescing never
 * crosses a segment: its first chunk has no one before it, its last none after.
 * The smallest chunk is at most the largest slab block: hardly anything smaller is
 * asked of a heap, so a shorter remainder would only be a hole.  It is no longer
 * than makes the tags of a page at least as long as a slab page's bitmap, since
 * they share the shadow.
 *
 * A segment comes with its first chunk and goes with its last one.
 */
#include "pma_fit_check.h"
#include "pma_heap.h"

static u32 unit_of(const struct pma_heap *heap, u64 handle)
{
	return handle >> heap->geo.granule_shift;
}

static u64 handle_of(const struct pma_heap *heap, u32 unit)
{
	return (u64)unit << heap->geo.granule_shift;
}

static u32 units_for(const struct pma_heap *heap, size_t size)
{
	u32 units = (size + (1U << heap->geo.granule_shift) - 1) >> heap->geo.granule_shift;

	return max(units, pma_fit_min_units(&heap->fit));
}

static u32 units_of_pages(const struct pma_heap *heap, u32 nr_pages)
{
	return nr_pages << (heap->pages->region->page_shift - heap->geo.granule_shift);
}

/* Descriptor of the first page of the segment that @unit lies in. */
static struct pma_page *segment_of(const struct pma_heap *heap, u32 unit)
{
	u32 pgno = pma_region_pgno(heap->pages->region, handle_of(heap, unit));

	return &heap->pages->desc[heap->pages->desc[pgno].heap.segment];
}

/* What an operation did to the heap's totals, it did to this segment. */
static void account(struct pma_heap *heap, u32 unit, int used_chunks, u32 free_units_before)
{
	struct pma_page *segment = segment_of(heap, unit);

	segment->heap.used_chunks += used_chunks;
	segment->heap.used_units -= heap->fit.free_units - free_units_before;
}

/**
 * pma_heap_plan() - choose the units of a pool's heaps
 * @region: of the pool
 * @slab_max: largest slab block
 *
 * A granule is 1/256 of a page, but at least 16 bytes, and as large as it takes
 * to count the region's granules in 32 bits.
 *
 * Return: the units.
 */
struct pma_heap_geometry pma_heap_plan(const struct pma_region *region, u32 slab_max)
{
	struct pma_heap_geometry geo = { .granule_shift = ilog2(PMA_BLOCK_MIN) };
	/* A bit for each PMA_BLOCK_MIN bytes is as long as a tag for each of these. */
	u32 bitmap_shift = ilog2(PMA_BLOCK_MIN * 8 * sizeof(struct pma_fit_tag));
	/* And with no shorter chunks there is a bit for each of its bytes at most. */
	u32 chunk_shift_min = bitmap_shift - ilog2(PMA_BLOCK_MIN);
	u32 chunk_shift = clamp_t(u32, ilog2(slab_max), chunk_shift_min, bitmap_shift);
	u32 windows;

	geo.granule_shift = max_t(u32, geo.granule_shift, max(region->page_shift, 8) - 8);
	while ((u64)region->bytes >> geo.granule_shift >= PMA_NONE)
		geo.granule_shift++;
	if (chunk_shift > geo.granule_shift)
		geo.window_shift = chunk_shift - geo.granule_shift;
	windows = 1U << (region->page_shift - geo.granule_shift - geo.window_shift);
	geo.tag_bytes = windows * sizeof(struct pma_fit_tag);
	return geo;
}

/**
 * pma_heap_create() - make an empty heap
 * @pages: descriptor table of the pool
 * @geo: from pma_heap_plan()
 *
 * Context: May sleep.
 * Return: the heap, or NULL without memory.
 */
struct pma_heap *pma_heap_create(struct pma_pages *pages, const struct pma_heap_geometry *geo)
{
	u32 page_units = 1U << (pages->region->page_shift - geo->granule_shift);
	u32 max_units = PMA_HEAP_PAGES_MAX * page_units;
	struct pma_heap *heap;

	heap = kvzalloc(sizeof(*heap) + pma_fit_nr_lists(max_units) * sizeof(u32), GFP_KERNEL);
	if (!heap)
		return NULL;
	heap->pages = pages;
	heap->geo = *geo;
	pma_fit_init(&heap->fit, pages->shadow, geo->window_shift, max_units);
	return heap;
}

/**
 * pma_heap_destroy() - free an empty heap
 * @heap: the heap or NULL
 */
void pma_heap_destroy(struct pma_heap *heap)
{
	kvfree(heap);
}

/**
 * pma_heap_add() - give a heap a segment, and take its first chunk
 * @heap: the heap
 * @pgno: first page of a run of the arena, whose shadow has no head or foot
 * @nr_pages: its length, at most PMA_HEAP_PAGES_MAX
 * @owner: number of the arena
 * @size: bytes wanted of the chunk, which the run has
 * @client_flags: PMA_FIT_A or 0
 *
 * O(@nr_pages).
 *
 * Return: the chunk's handle.
 */
u64 pma_heap_add(struct pma_heap *heap, u32 pgno, u32 nr_pages, u16 owner, size_t size,
		 u32 client_flags)
{
	struct pma_page *segment = &heap->pages->desc[pgno], *end = segment + nr_pages, *page;
	u32 word = pma_page_word(PMA_KIND_HEAP, 0, owner);
	u32 unit = units_of_pages(heap, pgno);
	struct pma_fit_tag *tag = pma_fit_tag(&heap->fit, unit);

	pma_fit_add_used(&heap->fit, unit, units_of_pages(heap, nr_pages), units_for(heap, size),
			 client_flags);
	tag->link.next = size;
	segment->heap.used_chunks = 1;
	segment->heap.used_units = pma_fit_head_units(&heap->fit, tag->head);
	/* As long as all the rest. */
#pragma GCC unroll 4
	for (page = segment; page != end; page++) {
		page->heap.segment = pgno;
		pma_page_set_word(page, word);
	}
	return handle_of(heap, unit);
}

/**
 * pma_heap_discard() - free every chunk of a segment and take it out
 * @heap: the heap
 * @pgno: its first page
 * @nr_pages: its length
 *
 * O(chunks of a segment), which are few.
 */
void pma_heap_discard(struct pma_heap *heap, u32 pgno, u32 nr_pages)
{
	u32 unit = unit_of(heap, pma_region_handle(heap->pages->region, pgno));
	u32 end = unit + units_of_pages(heap, nr_pages);

	while (unit < end) {
		u32 next = unit + pma_fit_units(&heap->fit, unit);

		if (!pma_fit_is_free(&heap->fit, unit)) {
			/* What is free after it becomes a part of it. */
			if (next < end && pma_fit_is_free(&heap->fit, next))
				next += pma_fit_units(&heap->fit, next);
			pma_fit_free_or_remove(&heap->fit, unit);
		}
		unit = next;
	}
}

/**
 * pma_heap_used_bytes() - bytes of a segment's chunks in use
 * @heap: the heap
 * @pgno: its first page
 *
 * Return: bytes.
 */
u64 pma_heap_used_bytes(const struct pma_heap *heap, u32 pgno)
{
	return handle_of(heap, heap->pages->desc[pgno].heap.used_units);
}

/**
 * pma_heap_alloc() - take a chunk
 * @heap: the heap
 * @size: bytes wanted
 * @client_flags: PMA_FIT_A or 0
 *
 * Return: its handle, aligned to a granule, or PMA_HANDLE_NONE.
 */
u64 pma_heap_alloc(struct pma_heap *heap, size_t size, u32 client_flags)
{
	u32 free_units = heap->fit.free_units;
	u32 unit = pma_fit_alloc(&heap->fit, units_for(heap, size), client_flags);

	if (unit == PMA_NONE)
		return PMA_HANDLE_NONE;
	pma_fit_link(&heap->fit, unit)->next = size;
	account(heap, unit, 1, free_units);
	return handle_of(heap, unit);
}

/**
 * pma_heap_free() - give a chunk back, and its segment with the last one
 * @heap: the heap
 * @handle: start of a chunk in use
 *
 * The descriptors of a segment that is given back are left to the caller.
 *
 * Return: first page of the segment if it held nothing more and is not the heap's now, else
 * PMA_NONE.
 */
u32 pma_heap_free(struct pma_heap *heap, u64 handle)
{
	u32 free_units = heap->fit.free_units;
	u32 unit = unit_of(heap, handle);

	if (pma_fit_free_or_remove(&heap->fit, unit))
		return segment_of(heap, unit)->heap.segment;
	account(heap, unit, -1, free_units);
	return PMA_NONE;
}

/**
 * pma_heap_resize() - make a chunk shorter or longer where it is
 * @heap: the heap
 * @handle: start of a chunk in use
 * @size: bytes wanted
 *
 * Return: true if it is now at least that long; else nothing has changed.
 */
bool pma_heap_resize(struct pma_heap *heap, u64 handle, size_t size)
{
	u32 free_units = heap->fit.free_units;
	u32 unit = unit_of(heap, handle);

	if (!pma_fit_resize(&heap->fit, unit, units_for(heap, size)))
		return false;
	pma_fit_link(&heap->fit, unit)->next = size;
	account(heap, unit, 0, free_units);
	return true;
}

/**
 * pma_heap_find() - what is at a handle
 * @heap: the heap
 * @handle: any handle in one of its segments
 * @start: start of the chunk it lies in
 *
 * O(1) at the start of a chunk, else it looks back to the segment's start at
 * most.
 *
 * Return: 0 at the start of a chunk in use; -EBADSLT inside one; -EALREADY in a
 * free one, or one that a CPU keeps.
 */
int pma_heap_find(const struct pma_heap *heap, u64 handle, u64 *start)
{
	const struct pma_region *region = heap->pages->region;
	u32 segment = heap->pages->desc[pma_region_pgno(region, handle)].heap.segment;
	u32 first = unit_of(heap, pma_region_handle(region, segment));
	u32 unit = unit_of(heap, handle);
	u32 windows = ((unit - first) >> heap->geo.window_shift) + 1;

	if (!pma_fit_is_piece(&heap->fit, unit))
		unit = pma_fit_find(&heap->fit, unit, windows);
	if (WARN_ON_ONCE(unit == PMA_NONE))
		return -EBADSLT;
	*start = handle_of(heap, unit);
	if (pma_fit_flags(&heap->fit, unit) & (PMA_FIT_FREE | PMA_FIT_KEPT))
		return -EALREADY;
	return *start == handle ? 0 : -EBADSLT;
}

/**
 * pma_heap_record() - record what was asked for
 * @heap: the heap
 * @handle: start of a chunk in use
 * @size: bytes
 */
void pma_heap_record(const struct pma_heap *heap, u64 handle, size_t size)
{
	pma_fit_link(&heap->fit, unit_of(heap, handle))->next = size;
}

/**
 * pma_heap_block() - describe a chunk in use
 * @heap: the heap
 * @handle: its start
 * @block: to fill in, but for the A flag of other kinds
 */
void pma_heap_block(const struct pma_heap *heap, u64 handle, struct pma_block *block)
{
	u32 unit = unit_of(heap, handle);
	u32 flags = pma_fit_flags(&heap->fit, unit);

	*block = (struct pma_block){
		.handle = handle,
		.size = handle_of(heap, pma_fit_units(&heap->fit, unit)),
		.requested = pma_fit_link(&heap->fit, unit)->next,
		.kind = PMA_KIND_HEAP,
		.flags = (flags & PMA_FIT_P ? PMA_BLOCK_P : 0) |
			 (flags & PMA_FIT_A ? PMA_BLOCK_A : 0),
	};
}

/**
 * pma_heap_next() - the next chunk in use of the same segment
 * @heap: the heap
 * @handle: start of a chunk, free or in use
 *
 * Return: handle of the first chunk in use after that one, or PMA_HANDLE_NONE.
 */
u64 pma_heap_next(const struct pma_heap *heap, u64 handle)
{
	u32 unit = unit_of(heap, handle);

	do {
		if (pma_fit_flags(&heap->fit, unit) & PMA_FIT_LAST)
			return PMA_HANDLE_NONE;
		unit += pma_fit_units(&heap->fit, unit);
	} while (pma_fit_flags(&heap->fit, unit) & (PMA_FIT_FREE | PMA_FIT_KEPT));
	return handle_of(heap, unit);
}

/**
 * pma_heap_look_free() - the free chunks of a segment
 * @pages: descriptor table
 * @geo: units
 * @pgno: first page of the segment
 * @nr_pages: its length
 * @first: handle of the first of them, or PMA_HANDLE_NONE
 *
 * Only reads the tags one by one, so it may be asked of another arena's segment
 * without that arena's lock; then the answer may be out of date.
 *
 * Return: how many there are.
 */
u32 pma_heap_look_free(const struct pma_pages *pages, const struct pma_heap_geometry *geo,
		       u32 pgno, u32 nr_pages, u64 *first)
{
	const struct pma_fit_tag *tags = pma_pages_shadow(pages, pgno);
	u32 windows = nr_pages * (geo->tag_bytes / sizeof(*tags));
	u32 nr = 0, i;

	*first = PMA_HANDLE_NONE;
	for (i = 0; i < windows; i++) {
		u32 head = READ_ONCE(tags[i].head);
		u32 offset = (head >> PMA_FIT_FLAG_BITS) & ((1U << geo->window_shift) - 1);

		if (head & PMA_FIT_FREE && !nr++)
			*first = pma_region_handle(pages->region, pgno) +
				 ((((u64)i << geo->window_shift) + offset) << geo->granule_shift);
	}
	return nr;
}

/* Chunks in use that are not marked as their arena's, or with more asked than there is. */
static u32 check_chunks(const struct pma_heap *heap, u32 unit, u32 end, u32 client_flags)
{
	u32 errors = 0, units;

	for (; unit < end; unit += units) {
		u32 requested = pma_fit_link(&heap->fit, unit)->next;

		units = pma_fit_units(&heap->fit, unit);
		if (pma_fit_is_free(&heap->fit, unit))
			continue;
		errors += (pma_fit_flags(&heap->fit, unit) & PMA_FIT_CLIENT) != client_flags;
		errors += !requested || requested > handle_of(heap, units);
	}
	return errors;
}

/**
 * pma_heap_check() - prove a segment
 * @heap: the heap
 * @pgno: its first page
 * @nr_pages: its length
 * @client_flags: of its chunks in use
 * @sum: counts are added here
 *
 * Return: number of errors, those of the tags included.
 */
u32 pma_heap_check(const struct pma_heap *heap, u32 pgno, u32 nr_pages, u32 client_flags,
		   struct pma_fit_sum *sum)
{
	const struct pma_page *page = &heap->pages->desc[pgno];
	u32 unit = unit_of(heap, pma_region_handle(heap->pages->region, pgno));
	u32 units = units_of_pages(heap, nr_pages);
	struct pma_fit_sum own = {};
	u32 errors = 0, i;

	pma_fit_check_span(&heap->fit, unit, units, &own);
	/* Only tags that are sound lead from chunk to chunk. */
	errors += own.errors ?: check_chunks(heap, unit, unit + units, client_flags);
	errors += own.pieces - own.free_pieces != page->heap.used_chunks;
	errors += units - own.free_units != page->heap.used_units;
	for (i = 0; i < nr_pages; i++)
		errors += page[i].kind != PMA_KIND_HEAP || page[i].heap.segment != pgno ||
			  page[i].owner != page->owner;
	sum->pieces += own.pieces;
	sum->free_pieces += own.free_pieces;
	sum->free_units += own.free_units;
	sum->free_starts += own.free_starts;
	sum->errors += own.errors;
	return errors;
}
