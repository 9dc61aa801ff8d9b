// SPDX-License-Identifier: GPL-2.0
/*
 * pma_chunks.c - an arena's heap segments
 *
 * The heap (pma_heap.c) deals in chunks; this gets it segments from the pool when it
 * has no room, and gives each back that holds nothing more.
 */
#include "pma_chunks.h"

static struct pma_page *page_of(const struct pma_arena *arena, u32 pgno)
{
	return &arena->pool->pages.desc[pgno];
}

/* A chunk of a new segment: a roomy one, or just the pages that are needed. */
static u64 grow(struct pma_arena *arena, size_t size, u32 need, u32 flags, u32 client_flags)
{
	u32 roomy = min_t(u32, arena->pool->region.nr_pages / 32, PMA_HEAP_PAGES_MAX);
	u32 nr_pages = max(roomy, need), pgno;
	u64 handle;

	/* As where classes adapt and pages are small. */
	if (need > PMA_HEAP_PAGES_MAX)
		return PMA_HANDLE_NONE;
	pgno = pma_arena_take_run(arena, nr_pages, 0);
	/* What CPUs keep comes before a segment that soon is in the way of others. */
	if (pgno == PMA_NONE && nr_pages > need &&
	    (flags & PMA_MAKE_DO || !READ_ONCE(arena->keeps))) {
		nr_pages = need;
		pgno = pma_arena_take_run(arena, nr_pages, 0);
	}
	if (pgno == PMA_NONE)
		return PMA_HANDLE_NONE;
	pma_arena_clean_run(arena, pgno, nr_pages);
	handle = pma_heap_add(arena->heap, pgno, nr_pages, arena->id, size, client_flags);
	pma_arena_push(arena, &arena->segments, pgno);
	pma_arena_count_pages(arena, &arena->stats.heap_pages, nr_pages);
	return handle;
}

static void release(struct pma_arena *arena, u32 pgno)
{
	pma_arena_drop(arena, &arena->segments, pgno);
	pma_arena_give_heap(arena, pgno, pma_pool_run_pages(arena->pool, pgno));
}

/**
 * pma_chunks_alloc() - take a chunk
 * @arena: whose it will be
 * @size: bytes wanted
 * @need: pages of a segment that is long enough for it
 * @flags: PMA_ZERO, PMA_MAKE_DO
 * @block: its handle and size
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: 0 or -ENOMEM, not counted.
 */
int pma_chunks_alloc(struct pma_arena *arena, size_t size, u32 need, u32 flags,
		     struct pma_block *block)
{
	u32 client_flags = arena->flags & PMA_ARENA_USER ? PMA_FIT_A : 0;
	u64 handle = pma_heap_alloc(arena->heap, size, client_flags);

	lockdep_assert_held(&arena->lock);
	if (handle == PMA_HANDLE_NONE)
		handle = grow(arena, size, need, flags, client_flags);
	if (handle == PMA_HANDLE_NONE)
		return -ENOMEM;
	block->handle = handle;
	block->size = pma_heap_bytes(arena->heap, handle);
	if (flags & PMA_ZERO)
		memset(pma_region_ptr(&arena->pool->region, handle), 0, block->size);
	pma_arena_count_allocs(arena, 1, block->size);
	return 0;
}

/**
 * pma_chunks_give() - give a chunk back to the heap that was counted as freed
 * @arena: whose it is
 * @handle: its start
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: true if its segment went back to the pool with it.
 */
bool pma_chunks_give(struct pma_arena *arena, u64 handle)
{
	u32 segment = pma_heap_free(arena->heap, handle);

	lockdep_assert_held(&arena->lock);
	if (segment == PMA_NONE)
		return false;
	release(arena, segment);
	return true;
}

/**
 * pma_chunks_free() - free a chunk
 * @arena: whose it is
 * @handle: its start; it is in use
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: as pma_chunks_give().
 */
bool pma_chunks_free(struct pma_arena *arena, u64 handle)
{
	pma_arena_count_frees(arena, 1, pma_heap_bytes(arena->heap, handle));
	return pma_chunks_give(arena, handle);
}

/**
 * pma_chunks_release() - free segments, whatever is in them
 * @arena: whose they are; no CPU keeps any of their chunks
 * @most: how many at most
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: how many.
 */
u32 pma_chunks_release(struct pma_arena *arena, u32 most)
{
	u32 n;

	lockdep_assert_held(&arena->lock);
	for (n = 0; n < most && arena->segments != PMA_NONE; n++) {
		const struct pma_page *page = page_of(arena, arena->segments);
		u32 used = page->heap.used_chunks;

		arena->stats.frees += used;
		arena->stats.live_blocks -= used;
		arena->stats.live_bytes -= pma_heap_used_bytes(arena->heap, arena->segments);
		pma_heap_discard(arena->heap, arena->segments,
				 pma_pool_run_pages(arena->pool, arena->segments));
		release(arena, arena->segments);
	}
	return n;
}
