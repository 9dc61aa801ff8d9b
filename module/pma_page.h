/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_page.h - the descriptor table: what is known of each page
 */
#ifndef _PMA_PAGE_H
#define _PMA_PAGE_H

#include "pma_types.h"

/* Kinds of a descriptor: those of enum pma_kind, and four that only live here. */
#define PMA_PAGE_BODY	8	/* a big block's page, but not its first */
#define PMA_PAGE_BUSY	9	/* first page of a big block that is not to be had just now */
#define PMA_PAGE_KEPT	10	/* first page of one that is free, but kept by a CPU (pma_kept.c) */
#define PMA_PAGE_MIXED	11	/* a mixed run's; called PMA_KIND_HEAP outside */

/**
 * struct pma_page - descriptor of one page
 * @kind: &enum pma_kind or PMA_PAGE_*
 * @class: of a slab page: its class
 * @owner: number of the owning arena, 0 for none
 * @slab: of a slab page
 * @slab.first_free: bit of its bitmap: no block below is free
 * @slab.nr_free: free blocks, without those that CPUs have, see pma_cpu.c
 * @slab.block_size: bytes of a block
 * @slab.cpu: that has cut it
 * @big: of a big block's first page; the other pages know only @big.first
 * @big.first: number of the block's first page
 * @big.slack: bytes of the block that were not asked for; PMA_SLACK_UNKNOWN if
 *	they are not counted
 * @heap: of a heap segment's pages; but for @heap.segment only of the first
 * @heap.segment: number of the segment's first page
 * @heap.used_chunks: chunks in use
 * @heap.used_units: granules in use
 * @mixed: of a mixed run's pages
 * @mixed.run: number of the run's first page
 * @mixed.largest: of the first page: units of the run's longest free piece
 * @mixed.used: of the first page: pieces in use
 * @mixed.hints: of the second and third, if there are three: halves of the run's hints
 * @free: of a free page
 * @free.first: what @big.first was, for who has just seen a body here
 * @free.dirty: uid of the arena that left its bytes here, PMA_DIRTY_UNKNOWN if it
 *	is that or more; 0 if they are zero; kept only in pools that isolate
 *
 * A descriptor is written under the lock of the arena that owns the page, but for what
 * CPUs may do with a big block (pma_kept.c); a free page's by whoever takes it or gives it
 * back.  @kind and @owner are read without that lock to tell whose a handle is: they change
 * together, by pma_page_set().  What a class says of its pages is not repeated here, but for
 * the block size; the length of a run is in its tag.
 */
struct pma_page {
	u8 kind;
	u8 class;
	u16 owner;
	union {
		struct {
			u16 first_free;
			u16 nr_free;
			u16 block_size;
			u16 cpu;
		} slab;
		struct {
			u32 first;
			u32 slack;
		} big;
		struct {
			u32 segment;
			u16 used_chunks;
			u16 used_units;
		} heap;
		struct {
			u32 run;
			union {
				struct {
					u16 largest;
					u16 used;
				};
				u32 hints;
			};
		} mixed;
		struct {
			u32 first;
			u32 dirty;
		} free;
	};
};

static_assert(sizeof(struct pma_page) == 12);

#define PMA_SLACK_UNKNOWN	U32_MAX
#define PMA_DIRTY_UNKNOWN	U32_MAX

/**
 * struct pma_pages - the descriptor table of a region
 * @desc: a descriptor a page
 * @shadow: @shadow_bytes a page: a slab page's bitmap, a heap page's tags, a mixed run's
 *	bitmap; of all others tags without a head or foot, so that a segment need not begin
 *	with clearing them
 * @shadow_bytes: a power of two, at least 8
 * @per_line: pages whose shadows are in one cache line: a power of two
 * @bit_shift: log2 of the bytes that a bit of a slab page's bitmap stands for
 * @slack: what is over of each slab or mixed block, see pma_pages_record(); NULL if that
 *	is not recorded
 * @region: what it describes
 */
struct pma_pages {
	struct pma_page *desc;
	void *shadow;
	u32 shadow_bytes;
	u8 per_line;
	u8 bit_shift;
	u8 *slack;
	const struct pma_region *region;
};

#define PMA_SLACK_BYTES	16	/* of the region, for a byte of slack */

/* What of a descriptor may be read without its owner's lock: its first word. */
struct pma_page_id {
	u8 kind;
	u8 class;
	u16 owner;
};

union pma_page_first {
	struct pma_page_id id;
	u32 word;
};

static_assert(sizeof(struct pma_page_id) == sizeof(u32));

static __always_inline u32 pma_page_word(u8 kind, u8 class, u16 owner)
{
	union pma_page_first first = {
		.id = { .kind = kind, .class = class, .owner = owner },
	};

	return first.word;
}

/* What a word says. */
static __always_inline struct pma_page_id pma_page_id_of(u32 word)
{
	union pma_page_first first = { .word = word };

	return first.id;
}

/* The first word of a descriptor, as pma_page_word() makes it. */
static inline u32 pma_page_read(const struct pma_page *page)
{
	return READ_ONCE(*(const u32 *)page);
}

static inline struct pma_page_id pma_page_id(const struct pma_page *page)
{
	return pma_page_id_of(pma_page_read(page));
}

static __always_inline void pma_page_set_word(struct pma_page *page, u32 word)
{
	/* Who acts on it without a lock sees all that was written of the page before. */
	smp_store_release((u32 *)page, word);
}

static inline void pma_page_set(struct pma_page *page, u8 kind, u8 class, u16 owner)
{
	pma_page_set_word(page, pma_page_word(kind, class, owner));
}

/* Without a lock: if the first word of a descriptor is @was, which was just read, make it @new. */
static __always_inline bool pma_page_swap_now(struct pma_page *page, u32 was, u32 new)
{
	return try_cmpxchg((u32 *)page, &was, new);
}

/* Without a lock: if the first word of a descriptor is @was, make it @new. */
static __always_inline bool pma_page_swap(struct pma_page *page, u32 was, u32 new)
{
	return pma_page_read(page) == was && pma_page_swap_now(page, was, new);
}

static inline void *pma_pages_shadow(const struct pma_pages *pages, u32 pgno)
{
	return (char *)pages->shadow + (size_t)pgno * pages->shadow_bytes;
}

/* The number of a page's first bit among all pages' bits. */
static inline u64 pma_pages_first_bit(const struct pma_pages *pages, u32 pgno)
{
	return pma_region_handle(pages->region, pgno) >> pages->bit_shift;
}

/* The number of one that is always 0. */
static inline u64 pma_pages_no_bit(const struct pma_pages *pages)
{
	return pages->region->bytes >> pages->bit_shift;
}

/* Clear the shadow of pages that are to be given back: of a segment's the heap has done so. */
static inline void pma_pages_clear_shadow(const struct pma_pages *pages, u32 pgno, u32 nr_pages)
{
	unsigned long *word = pma_pages_shadow(pages, pgno);
	unsigned long *end = pma_pages_shadow(pages, pgno + nr_pages);

	/* Who looks at a slab page without the lock does so still. */
	for (; word != end; word++)
		WRITE_ONCE(*word, 0);
}

/**
 * pma_pages_record_equal() - record what was asked of equal slab blocks
 * @pages: the table
 * @nr: how many they are
 * @handles: starts of the blocks
 * @block_size: bytes of each
 * @requested: bytes that were asked for
 *
 * A block from 32 bytes on covers two bytes of slack, which hold any; one of 16
 * has a byte.
 */
static inline void pma_pages_record_equal(struct pma_pages *pages, u32 nr, const u64 *handles,
					  u32 block_size, u32 requested)
{
	bool has_two = block_size >= 2 * PMA_SLACK_BYTES;
	u32 slack = block_size - requested;
	u8 *bytes = pages->slack, *at;

	if (!bytes)
		return;
	while (nr--) {
		at = &bytes[*handles++ / PMA_SLACK_BYTES];
		at[0] = slack & 0xff;
		at[has_two] = slack >> (has_two ? 8 : 0);
	}
}

/**
 * pma_pages_record() - record what was asked of a slab block
 * @pages: the table
 * @handle: start of the block
 * @block_size: its bytes
 * @requested: bytes that were asked for
 */
static inline void pma_pages_record(struct pma_pages *pages, u64 handle, u32 block_size,
				    u32 requested)
{
	pma_pages_record_equal(pages, 1, &handle, block_size, requested);
}

int pma_pages_init(struct pma_pages *pages, const struct pma_region *region,
		   u32 shadow_bytes, bool track);
void pma_pages_exit(struct pma_pages *pages);
size_t pma_pages_metadata_bytes(const struct pma_pages *pages);
u32 pma_pages_requested(const struct pma_pages *pages, u64 handle, u32 block_size);
void pma_pages_retire(struct pma_pages *pages, u32 pgno, u32 nr_pages, u64 uid);
void pma_pages_clean(struct pma_pages *pages, u32 pgno, u32 nr_pages, u64 uid);

#endif /* _PMA_PAGE_H */
