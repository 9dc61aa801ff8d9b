/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_types.h - the words of the design, as types
 *
 * Words (one meaning each; the kernel's own pages are called frames):
 *
 *  region	the contiguous vmalloc range of a pool
 *  page	one of the region's equal units
 *  descriptor	the entry of one page in the descriptor table (struct pma_page)
 *  block	what an alloc call returns
 *  class	a block size that slab pages are cut into
 *  run		contiguous pages, free or taken
 *  chunk	a piece of the heap, free or taken, in units of granules
 *  piece	what pma_fit keeps: a run (over pages) or a chunk (over granules); and what
 *		pma_mix does: a block of a mixed run, or what is free between
 *  mixed run	pages in which blocks of any size lie side by side
 *  arena	one client's own set of pages
 *  pool	a region, its free runs and its arenas
 *  handle	a block's offset in its region
 *
 * Locks:
 *
 *  pma_arena.lock	the arena's lists, counters and heap, the descriptors and
 *			shadows of its own pages
 *  pma_pool.lock	the free runs, all page tags, and the links of free pages;
 *			a page changes owner under both
 *  pma_pool.arenas_mutex the list of arenas
 *  pools_mutex		the list of pools
 *
 * Order: pools_mutex, arenas_mutex, arena, pool.  Never two arenas.  The spinlocks are raw
 * and taken with interrupts off: every section under them is of bounded length
 * and callers may be in any context but NMI.
 */
#ifndef _PMA_TYPES_H
#define _PMA_TYPES_H

#include "pma_os.h"
#include <linux/pma.h>

/* No page, no unit, no piece: the end of a list in a side table. */
#define PMA_NONE	(~0U)

#define PMA_PAGE_SHIFT_MIN	8	/* 256 B */
#define PMA_PAGE_SHIFT_MAX	16	/* 64 KiB */

/*
 * Page tags hold a length in 26 bits (see pma_fit.h), so a region has at most
 * 2^26 - 1 pages: 256 GiB of 4 KiB pages.
 */
#define PMA_NR_PAGES_MAX	(BIT(26) - 1)

#define PMA_BLOCK_MIN		16	/* smallest slab block, in bytes; all are aligned to it */

/**
 * struct pma_link - neighbours in a list kept in a side table
 * @next: page or unit, or PMA_NONE
 * @prev: page or unit, or PMA_NONE at the head
 */
struct pma_link {
	u32 next;
	u32 prev;
};

/**
 * struct pma_region - contiguous memory, cut into equal pages
 * @memory: what vmalloc gave
 * @base: first byte; aligned to a frame and to a page
 * @bytes: its size, a whole number of pages
 * @nr_pages: pages in it
 * @page_shift: log2 of a page's bytes
 * @huge: it is mapped by huge pages: the frames of PMD_SIZE bytes lie side by side
 */
struct pma_region {
	void *memory;
	void *base;
	size_t bytes;
	u32 nr_pages;
	u8 page_shift;
	bool huge;
};

static inline size_t pma_region_page_size(const struct pma_region *region)
{
	return (size_t)1 << region->page_shift;
}

static inline bool pma_region_has(const struct pma_region *region, u64 handle)
{
	return handle < region->bytes;
}

static inline u32 pma_region_pgno(const struct pma_region *region, u64 handle)
{
	return handle >> region->page_shift;
}

static inline u64 pma_region_handle(const struct pma_region *region, u32 pgno)
{
	return (u64)pgno << region->page_shift;
}

static inline void *pma_region_ptr(const struct pma_region *region, u64 handle)
{
	return (char *)region->base + handle;
}

/**
 * struct pma_block - what is known of a block
 * @handle: of its start
 * @size: bytes it takes from the region; all of them may be used
 * @requested: bytes that were asked for, or 0 where that is not recorded
 * @kind: &enum pma_kind
 * @flags: PMA_BLOCK_*
 */
struct pma_block {
	u64 handle;
	u64 size;
	u64 requested;
	u32 kind;
	u32 flags;
};

#endif /* _PMA_TYPES_H */
