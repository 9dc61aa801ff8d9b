// SPDX-License-Identifier: GPL-2.0
/*
 * pma_page.c - the descriptor table: what is known of each page
 *
 * Tables beside the region, an entry a page, none of them reachable through it:
 *
 *	desc	 12 bytes: kind, owner, and what the kind needs
 *	tags	 16 bytes: the boundary tags of runs (pma_fit.c, kept by the pool)
 *	shadow	 the bitmap of a slab page or mixed run, or the tags of a heap's
 *		 chunks: a page is one of them, so they share the room
 *	slack	 if wanted, a byte for each 16 of the region: what is over of each
 *		 slab or mixed block
 *
 * Every page of a free run has a descriptor that says so.  Of a big block only the
 * first page is sure to have one; in a pool that isolates, every page has.
 */
#include "pma_page.h"

/**
 * pma_pages_init() - make the table
 * @pages: to fill in
 * @region: what it shall describe
 * @shadow_bytes: wanted of the shadow, for a page: a power of two, at least 8 and a bit for
 *	each byte at most
 * @track: record the requested size of slab blocks
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int pma_pages_init(struct pma_pages *pages, const struct pma_region *region,
		   u32 shadow_bytes, bool track)
{
	*pages = (struct pma_pages){ .region = region, .shadow_bytes = shadow_bytes };
	pages->per_line = max_t(u32, SMP_CACHE_BYTES / shadow_bytes, 1);
	pages->bit_shift = region->page_shift - ilog2(shadow_bytes * BITS_PER_BYTE);
	pages->desc = kvcalloc(region->nr_pages, sizeof(*pages->desc), GFP_KERNEL);
	/* And a word that is always 0, see pma_pages_no_bit(). */
	pages->shadow = kvzalloc((size_t)region->nr_pages * shadow_bytes + sizeof(long),
				 GFP_KERNEL);
	if (track)
		pages->slack = kvzalloc(region->bytes / PMA_SLACK_BYTES, GFP_KERNEL);
	if (pages->desc && pages->shadow && (!track || pages->slack))
		return 0;
	pma_pages_exit(pages);
	return -ENOMEM;
}

/**
 * pma_pages_exit() - free the table
 * @pages: from pma_pages_init()
 */
void pma_pages_exit(struct pma_pages *pages)
{
	kvfree(pages->slack);
	kvfree(pages->shadow);
	kvfree(pages->desc);
	*pages = (struct pma_pages){};
}

/**
 * pma_pages_metadata_bytes() - size of the table
 * @pages: the table
 *
 * Return: bytes.
 */
size_t pma_pages_metadata_bytes(const struct pma_pages *pages)
{
	size_t bytes = (size_t)pages->region->nr_pages *
		       (sizeof(*pages->desc) + pages->shadow_bytes);

	if (pages->slack)
		bytes += pages->region->bytes / PMA_SLACK_BYTES;
	return bytes;
}

/**
 * pma_pages_requested() - what was asked of a slab block
 * @pages: the table
 * @handle: start of the block
 * @block_size: its bytes
 *
 * Return: bytes, or 0 if that is not recorded.
 */
u32 pma_pages_requested(const struct pma_pages *pages, u64 handle, u32 block_size)
{
	const u8 *byte;

	if (!pages->slack)
		return 0;
	byte = &pages->slack[handle / PMA_SLACK_BYTES];
	if (block_size >= 2 * PMA_SLACK_BYTES)
		return block_size - (byte[0] | byte[1] << 8);
	return block_size - byte[0];
}

/* Arenas as descriptors of free pages know them: those too young for 32 bits are one. */
static u32 mark_of(u64 uid)
{
	return min_t(u64, uid, PMA_DIRTY_UNKNOWN);
}

/**
 * pma_pages_retire() - remember whose bytes a run holds that has no owner any more
 * @pages: the table
 * @pgno: first page
 * @nr_pages: pages
 * @uid: of the arena that owned them
 *
 * O(@nr_pages); for pools that isolate.
 */
void pma_pages_retire(struct pma_pages *pages, u32 pgno, u32 nr_pages, u64 uid)
{
	u32 mark = mark_of(uid);

	for (; nr_pages--; pgno++) {
		pma_page_set(&pages->desc[pgno], PMA_KIND_FREE, 0, 0);
		pages->desc[pgno].free.dirty = mark;
	}
}

/**
 * pma_pages_clean() - zero what another arena left in a run
 * @pages: the table
 * @pgno: first page; the run is taken, but nobody else knows yet
 * @nr_pages: pages
 * @uid: of the arena that will own them
 *
 * O(@nr_pages); for pools that isolate.
 */
void pma_pages_clean(struct pma_pages *pages, u32 pgno, u32 nr_pages, u64 uid)
{
	for (; nr_pages--; pgno++) {
		u32 dirty = pages->desc[pgno].free.dirty;
		u64 handle = pma_region_handle(pages->region, pgno);

		/* Of whom nothing is known is another, be it this one. */
		if (dirty && (dirty != uid || dirty == PMA_DIRTY_UNKNOWN))
			memset(pma_region_ptr(pages->region, handle), 0,
			       pma_region_page_size(pages->region));
	}
}
