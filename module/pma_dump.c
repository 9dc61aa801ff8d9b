// SPDX-License-Identifier: GPL-2.0
/*
 * pma_dump.c - records of pages and of blocks
 *
 * What /proc/pma, the DUMP ioctl and the list of leaked blocks print, so that
 * there is one reader of the metadata and printing is elsewhere.  Each call goes
 * on from a cursor, does a bounded amount of work under the lock and says where
 * to go on; it may write no record and yet not be at the end.
 */
#include "pma_adapt.h"
#include "pma_dump.h"
#include "pma_place.h"
#include "pma_share.h"

/* Pages or tags that a call looks at, records or not. */
#define LOOK_PAGES	4096

/* By its class alone: it may be another arena's, which is just parting with it. */
static void dump_slab(const struct pma_pool *pool, u32 pgno, const struct pma_class *class,
		      struct pma_page_rec *rec)
{
	const unsigned long *bitmap = pma_pages_shadow(&pool->pages, pgno);
	u32 i;

	rec->block_size = class->block_size;
	rec->nr_blocks = class->nr_blocks;
	rec->free_blocks = class->nr_blocks -
			   min(class->nr_blocks, pma_slab_nr_used(&pool->pages, pgno));
	rec->free_bytes = rec->free_blocks * rec->block_size;
	for (i = 0; i < class->nr_blocks && !test_bit(i * class->step, bitmap); i++)
		;
	if (i < class->nr_blocks)
		rec->first_free = pma_region_handle(&pool->region, pgno) + i * rec->block_size;
}

static void dump_segment(const struct pma_pool *pool, u32 pgno, struct pma_page_rec *rec)
{
	const struct pma_page *page = &pool->pages.desc[pgno];

	rec->block_size = pma_region_handle(&pool->region, rec->nr_pages);
	rec->free_blocks = pma_heap_look_free(&pool->pages, &pool->geo, pgno, rec->nr_pages,
					      &rec->first_free);
	rec->nr_blocks = rec->free_blocks + READ_ONCE(page->heap.used_chunks);
	rec->free_bytes = rec->block_size -
			  ((u64)READ_ONCE(page->heap.used_units) << pool->geo.granule_shift);
}

static void dump_mixed(const struct pma_pool *pool, u32 pgno, struct pma_page_rec *rec)
{
	u64 bytes = pma_region_handle(&pool->region, rec->nr_pages);
	struct pma_mix_sum sum = pma_mix_sum(pma_pages_shadow(&pool->pages, pgno),
					     bytes / PMA_MIX_UNIT);

	rec->kind = PMA_KIND_HEAP;
	rec->block_size = bytes;
	rec->nr_blocks = sum.used + sum.free;
	rec->free_blocks = sum.free;
	rec->free_bytes = bytes - (u64)sum.used_units * PMA_MIX_UNIT;
	if (sum.free)
		rec->first_free = pma_region_handle(&pool->region, pgno) +
				  sum.first_free * PMA_MIX_UNIT;
}

/* One run; the pool's lock is held. */
static void dump_run(const struct pma_pool *pool, u32 pgno, struct pma_page_rec *rec)
{
	struct pma_page_id id = pma_page_id(&pool->pages.desc[pgno]);

	*rec = (struct pma_page_rec){
		.first_page = pgno,
		.nr_pages = pma_fit_units(pool->runs, pgno),
		.kind = id.kind,
		.owner = id.owner,
		.first_free = PMA_HANDLE_NONE,
	};
	if (pma_fit_is_free(pool->runs, pgno)) {
		rec->kind = PMA_KIND_FREE;
		rec->owner = 0;
		rec->first_free = pma_region_handle(&pool->region, pgno);
		rec->free_bytes = pma_region_handle(&pool->region, rec->nr_pages);
	} else if (id.kind == PMA_KIND_SLAB) {
		dump_slab(pool, pgno, &pool->classes->class[id.class], rec);
	} else if (id.kind == PMA_KIND_HEAP) {
		dump_segment(pool, pgno, rec);
	} else if (id.kind == PMA_PAGE_MIXED) {
		dump_mixed(pool, pgno, rec);
	} else if (id.kind == PMA_PAGE_KEPT) {
		rec->kind = PMA_KIND_HELD;
	} else if (id.kind != PMA_KIND_HELD) {
		/* A big block, or one on its way to or from an arena. */
		rec->kind = PMA_KIND_BIG;
		rec->block_size = pma_region_handle(&pool->region, rec->nr_pages);
		rec->nr_blocks = 1;
	}
}

static u32 dump_runs(const struct pma_pool *pool, u32 *pgno, struct pma_page_rec *recs, u32 nr)
{
	u32 done = 0, look = LOOK_PAGES;

	while (done < nr && look-- && *pgno < pool->region.nr_pages) {
		/* Where a run was when the call before ended, there may be none now. */
		if (!pma_fit_is_piece(pool->runs, *pgno)) {
			(*pgno)++;
			continue;
		}
		dump_run(pool, *pgno, &recs[done]);
		*pgno += recs[done++].nr_pages;
	}
	return done;
}

static u32 dump_pages(struct pma_pool *pool, u64 *cursor, struct pma_page_rec *recs, u32 nr)
{
	u32 pgno = min_t(u64, *cursor, pool->region.nr_pages);
	unsigned long irq;
	u32 done;

	raw_spin_lock_irqsave(&pool->lock, irq);
	pma_runs_join(pool);
	done = dump_runs(pool, &pgno, recs, nr);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	*cursor = pgno < pool->region.nr_pages ? pgno : PMA_HANDLE_NONE;
	return done;
}

/**
 * pma_dump_pages() - records of a pool's runs, in order
 * @pool: the pool
 * @arena: one of its arenas, whose pages' counts shall be one moment's; or NULL
 * @cursor: page to begin at; where to go on, or PMA_HANDLE_NONE at the end
 * @recs: the records
 * @nr: room for them
 *
 * Context: Any but NMI; takes the arena's lock, then the pool's.
 * Return: records written.
 */
u32 pma_dump_pages(struct pma_pool *pool, struct pma_arena *arena, u64 *cursor,
		   struct pma_page_rec *recs, u32 nr)
{
	unsigned long irq;
	u32 done;

	if (!arena)
		return dump_pages(pool, cursor, recs, nr);
	raw_spin_lock_irqsave(&arena->lock, irq);
	done = dump_pages(pool, cursor, recs, nr);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return done;
}

static void dump_block(struct pma_arena *arena, u64 handle, struct pma_block_rec *rec)
{
	struct pma_place place;
	struct pma_block block;

	if (WARN_ON_ONCE(pma_place_find(arena, handle, &place)))
		return;
	pma_place_describe(arena, &place, &block);
	*rec = (struct pma_block_rec){
		.handle = block.handle,
		.size = block.size,
		.usable = block.size,
		.requested = block.requested,
		.kind = block.kind,
		.flags = block.flags,
		.owner = place.claim ? PMA_OWNER_SHARED : arena->id,
	};
}

/* The next block of a slab page from @offset on; PMA_HANDLE_NONE if there is none. */
static u64 next_in_slab(const struct pma_pool *pool, u32 pgno, u32 offset)
{
	u32 page_bits = pool->pages.shadow_bytes * BITS_PER_BYTE;
	u8 shift = pool->pages.bit_shift;
	u32 bit = DIV_ROUND_UP(offset, 1U << shift);

	bit = find_next_zero_bit(pma_pages_shadow(&pool->pages, pgno), page_bits, bit);
	if (bit >= page_bits)
		return PMA_HANDLE_NONE;
	return pma_region_handle(&pool->region, pgno) + (bit << shift);
}

/* Where a run ends that has @first as its first page. */
static u64 run_end(const struct pma_pool *pool, u32 first)
{
	return pma_region_handle(&pool->region, first + pma_pool_run_pages(pool, first));
}

/* The next chunk in use from @handle on; PMA_HANDLE_NONE if the segment has none. */
static u64 next_in_segment(struct pma_arena *arena, u64 handle)
{
	u64 start;

	if (!pma_heap_find(arena->heap, handle, &start))
		return start;
	return pma_heap_next(arena->heap, start);
}

/* The same of a mixed run. */
static u64 next_in_mixed(struct pma_arena *arena, u64 handle)
{
	u64 start;

	if (!pma_mixed_find(arena, handle, &start))
		return start;
	return pma_mixed_next(arena, start);
}

/*
 * Does the arena have a block in the page (or segment) at *@handle, from there
 * on?  Then that is its handle; else *@handle is where to look next.
 */
static bool find_block(struct pma_arena *arena, u64 *handle)
{
	const struct pma_pool *pool = arena->pool;
	u32 pgno = pma_region_pgno(&pool->region, *handle);
	u32 offset = *handle - pma_region_handle(&pool->region, pgno);
	struct pma_page_id id = pma_page_id(&pool->pages.desc[pgno]);
	u64 end = pma_region_handle(&pool->region, pgno + 1), found = PMA_HANDLE_NONE;

	if (id.owner == arena->id && id.kind == PMA_KIND_SLAB) {
		found = next_in_slab(pool, pgno, offset);
	} else if (id.owner == arena->id && id.kind == PMA_KIND_HEAP) {
		found = next_in_segment(arena, *handle);
		end = run_end(pool, pool->pages.desc[pgno].heap.segment);
	} else if (id.owner == arena->id && id.kind == PMA_PAGE_MIXED) {
		found = next_in_mixed(arena, *handle);
		end = run_end(pool, pool->pages.desc[pgno].mixed.run);
	} else if (id.owner == arena->id && id.kind == PMA_KIND_BIG && !offset) {
		found = *handle;
	} else if (id.owner == PMA_OWNER_SHARED && !offset && pma_share_find(arena, pgno)) {
		found = *handle;
	}
	*handle = min(found, end);
	return found != PMA_HANDLE_NONE;
}

/**
 * pma_dump_blocks() - records of an arena's blocks, in order
 * @arena: the arena
 * @cursor: handle to begin at; where to go on, or PMA_HANDLE_NONE at the end
 * @recs: the records
 * @nr: room for them
 *
 * A big block that is being reallocated is left out.
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: records written.
 */
u32 pma_dump_blocks(struct pma_arena *arena, u64 *cursor, struct pma_block_rec *recs, u32 nr)
{
	u64 bytes = arena->pool->region.bytes, handle = *cursor;
	u32 done = 0, look = LOOK_PAGES;
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	while (done < nr && look-- && handle < bytes) {
		if (!find_block(arena, &handle))
			continue;
		dump_block(arena, handle, &recs[done]);
		handle += recs[done++].size;
	}
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	*cursor = handle < bytes ? handle : PMA_HANDLE_NONE;
	return done;
}
