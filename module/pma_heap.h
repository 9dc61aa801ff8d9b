/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_heap.h - chunks of any size, by boundary tags over granules
 */
#ifndef _PMA_HEAP_H
#define _PMA_HEAP_H

#include "pma_fit.h"
#include "pma_page.h"

struct pma_fit_sum;

#define PMA_HEAP_PAGES_MAX	16	/* of a segment */

/**
 * struct pma_heap_geometry - units of a pool's heaps
 * @granule_shift: log2 of a granule's bytes
 * @window_shift: log2 of the smallest chunk's granules
 * @tag_bytes: of tags, for a page
 */
struct pma_heap_geometry {
	u8 granule_shift;
	u8 window_shift;
	u32 tag_bytes;
};

static inline size_t pma_heap_chunk_min(const struct pma_heap_geometry *geo)
{
	return (size_t)1 << (geo->granule_shift + geo->window_shift);
}

/**
 * struct pma_heap - an arena's heap
 * @pages: descriptor table; its shadow holds the tags
 * @geo: units
 * @fit: over granules
 */
struct pma_heap {
	struct pma_pages *pages;
	struct pma_heap_geometry geo;
	struct pma_fit fit;
};

struct pma_heap_geometry pma_heap_plan(const struct pma_region *region, u32 slab_max);
struct pma_heap *pma_heap_create(struct pma_pages *pages, const struct pma_heap_geometry *geo);
void pma_heap_destroy(struct pma_heap *heap);

u64 pma_heap_add(struct pma_heap *heap, u32 pgno, u32 nr_pages, u16 owner, size_t size,
		 u32 client_flags);
void pma_heap_discard(struct pma_heap *heap, u32 pgno, u32 nr_pages);
u64 pma_heap_used_bytes(const struct pma_heap *heap, u32 pgno);

u64 pma_heap_alloc(struct pma_heap *heap, size_t size, u32 client_flags);
u32 pma_heap_free(struct pma_heap *heap, u64 handle);
bool pma_heap_resize(struct pma_heap *heap, u64 handle, size_t size);
int pma_heap_find(const struct pma_heap *heap, u64 handle, u64 *start);
void pma_heap_record(const struct pma_heap *heap, u64 handle, size_t size);
void pma_heap_block(const struct pma_heap *heap, u64 handle, struct pma_block *block);
u64 pma_heap_next(const struct pma_heap *heap, u64 handle);
u32 pma_heap_look_free(const struct pma_pages *pages, const struct pma_heap_geometry *geo,
		       u32 pgno, u32 nr_pages, u64 *first);
u32 pma_heap_check(const struct pma_heap *heap, u32 pgno, u32 nr_pages, u32 client_flags,
		   struct pma_fit_sum *sum);

/**
 * pma_heap_bytes() - length of a chunk
 * @heap: the heap
 * @handle: its start
 *
 * Return: bytes.
 */
static inline u64 pma_heap_bytes(const struct pma_heap *heap, u64 handle)
{
	u8 shift = heap->geo.granule_shift;

	return (u64)pma_fit_units(&heap->fit, handle >> shift) << shift;
}

/**
 * pma_heap_used_units() - length of a chunk in use that no CPU keeps
 * @heap: the heap
 * @handle: any handle in one of its segments
 * @tag: of its window
 *
 * Return: granules, or 0 if no such chunk starts there.
 */
static inline u32 pma_heap_used_units(const struct pma_heap *heap, u64 handle,
				      const struct pma_fit_tag *tag)
{
	u8 shift = heap->geo.granule_shift;
	u32 unit = handle >> shift, mask = pma_fit_min_units(&heap->fit) - 1;
	u32 head = READ_ONCE(tag->head);

	/* Where no tag is, the length is 0. */
	if (((head >> PMA_FIT_FLAG_BITS) ^ unit) & mask ||
	    head & (PMA_FIT_FREE | PMA_FIT_KEPT) || (u64)unit << shift != handle)
		return 0;
	return pma_fit_head_units(&heap->fit, head);
}

/* Mark a chunk in use as kept by a CPU, and as not kept any more. */
static inline void pma_heap_keep(struct pma_fit_tag *tag)
{
	atomic_or(PMA_FIT_KEPT, (atomic_t *)&tag->head);
}

static inline void pma_heap_use_kept(struct pma_fit_tag *tag)
{
	/* From now on it may be freed, and be another's. */
	smp_mb__before_atomic();
	atomic_andnot(PMA_FIT_KEPT, (atomic_t *)&tag->head);
}

#endif /* _PMA_HEAP_H */
