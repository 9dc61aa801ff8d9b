// SPDX-License-Identifier: GPL-2.0
/*
 * pma_check.c - prove the metadata sound
 *
 * Three proofs, each under the lock of what it reads:
 *
 *	runs	the pool's pages are tiled by runs; the tags of each match at both
 *		ends; every free run is in exactly one free list, that of its length
 *	arena	every page of its lists is its own, of the list's kind, in a run in
 *		use, linked both ways; every free count equals its bitmap's weight;
 *		every segment is tiled by chunks; the sums are its counters
 *	pool	both, for all arenas; and where nothing moved meanwhile, the arenas'
 *		pages and the free ones are all there are: each page is in exactly
 *		one place
 */
#include "pma_check.h"

/* One proof under way. */
struct proof {
	struct pma_arena *arena;
	struct pma_check_args *result;
	struct pma_fit_sum chunks;
	u32 pages;
	u64 blocks;
	bool busy;
};

static void report(struct pma_check_args *result, u32 errors, u32 pgno)
{
	if (!errors)
		return;
	result->errors += errors;
	result->first_bad_page = min(result->first_bad_page, pgno);
}

static void check_slab(struct proof *proof, u32 pgno)
{
	struct pma_pool *pool = proof->arena->pool;
	const struct pma_page *page = &pool->pages.desc[pgno];
	const struct pma_class *class = &pool->classes->class[page->class];
	u32 errors = pma_slab_check(page, pma_pages_shadow(&pool->pages, pgno), class->nr_blocks);

	errors += page->slab.block_size != class->block_size;
	report(proof->result, errors, pgno);
	proof->blocks += class->nr_blocks - page->slab.nr_free;
}

static void check_segment(struct proof *proof, u32 pgno, u32 nr_pages)
{
	const struct pma_heap *heap = proof->arena->heap;

	report(proof->result, pma_heap_check(heap, pgno, nr_pages, &proof->chunks), pgno);
	proof->blocks += heap->pages->desc[pgno].heap.used_chunks;
}

static void check_big(struct proof *proof, u32 pgno, u32 nr_pages)
{
	const struct pma_pool *pool = proof->arena->pool;
	const struct pma_page *page = &pool->pages.desc[pgno];
	u32 errors = page->big.first != pgno, i;

	if (page->kind == PMA_PAGE_BUSY) {
		proof->busy = true;
		return;
	}
	for (i = 1; pma_pool_isolates(pool) && i < nr_pages; i++)
		errors += page[i].kind != PMA_PAGE_BODY || page[i].owner != page->owner ||
			  page[i].big.first != pgno;
	errors += page->big.requested > pma_region_handle(&pool->region, nr_pages);
	report(proof->result, errors, pgno);
	proof->blocks++;
}

/* Is the page what its list says it is? */
static bool belongs(const struct proof *proof, u32 pgno, u32 kind, int class, bool full)
{
	const struct pma_page *page = &proof->arena->pool->pages.desc[pgno];

	if (page->owner != proof->arena->id || pma_fit_is_free(proof->arena->pool->runs, pgno))
		return false;
	if (kind == PMA_KIND_SLAB)
		return page->kind == kind && (full ? !page->slab.nr_free :
					      page->slab.nr_free && page->class == class);
	return page->kind == kind || (kind == PMA_KIND_BIG && page->kind == PMA_PAGE_BUSY);
}

static void check_list(struct proof *proof, u32 head, u32 kind, int class, bool full)
{
	struct pma_pool *pool = proof->arena->pool;
	u32 pgno, prev = PMA_NONE, nr_pages;

	for (pgno = head; pgno != PMA_NONE; pgno = pma_pool_link(pool, pgno)->next) {
		if (pgno >= pool->region.nr_pages || !belongs(proof, pgno, kind, class, full) ||
		    pma_pool_link(pool, pgno)->prev != prev ||
		    proof->pages > pool->region.nr_pages) {
			report(proof->result, 1, pgno);
			return;		/* what follows can't be trusted */
		}
		nr_pages = pma_pool_run_pages(pool, pgno);
		proof->pages += nr_pages;
		if (kind == PMA_KIND_SLAB)
			check_slab(proof, pgno);
		else if (kind == PMA_KIND_HEAP)
			check_segment(proof, pgno, nr_pages);
		else
			check_big(proof, pgno, nr_pages);
		prev = pgno;
	}
}

static void check_lists(struct proof *proof)
{
	struct pma_arena *arena = proof->arena;
	u32 i;

	for (i = 0; i < arena->pool->classes->nr; i++)
		check_list(proof, arena->partial[i], PMA_KIND_SLAB, i, false);
	check_list(proof, arena->full, PMA_KIND_SLAB, 0, true);
	check_list(proof, arena->segments, PMA_KIND_HEAP, 0, false);
	check_list(proof, arena->big, PMA_KIND_BIG, 0, false);
}

/**
 * pma_check_arena() - prove an arena
 * @arena: the arena
 * @result: errors, pages and blocks are added here
 *
 * O(its pages), under its lock.
 * Context: Any but NMI; takes the arena's lock.
 */
void pma_check_arena(struct pma_arena *arena, struct pma_check_args *result)
{
	struct proof proof = { .arena = arena, .result = result };
	const struct pma_fit *fit = &arena->heap->fit;
	unsigned long irq;
	u32 errors = 0;

	raw_spin_lock_irqsave(&arena->lock, irq);
	check_lists(&proof);
	errors += pma_fit_check_lists(fit);
	errors += proof.chunks.free_pieces != fit->free_pieces;
	errors += proof.chunks.free_units != fit->free_units;
	/* A block that is being resized has pages that are not counted yet. */
	if (!proof.busy) {
		errors += proof.pages != arena->stats.arena_pages;
		errors += proof.blocks != arena->stats.live_blocks;
	}
	errors += arena->stats.arena_pages != arena->stats.slab_pages + arena->stats.big_pages +
					      arena->stats.heap_pages;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	report(result, errors, PMA_NONE);
	result->pages += proof.pages;
	result->blocks += proof.blocks;
}

/**
 * pma_check_runs() - prove a pool's runs
 * @pool: the pool
 * @result: errors, and the free pages, are added here
 *
 * O(pages), under the pool's lock.
 * Context: Any but NMI; takes the pool's lock.
 */
void pma_check_runs(struct pma_pool *pool, struct pma_check_args *result)
{
	struct pma_fit_sum sum = {};
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	pma_fit_check_span(pool->runs, 0, pool->region.nr_pages, &sum);
	sum.errors += pma_fit_check_lists(pool->runs);
	sum.errors += sum.free_pieces != pool->runs->free_pieces;
	sum.errors += sum.free_units != pool->runs->free_units;
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	report(result, sum.errors, PMA_NONE);
	result->pages += sum.free_units;
}

/* A number that is the same twice only if no page changed its place between; or 0. */
static u64 read_stillness(struct pma_pool *pool)
{
	unsigned long irq;
	u64 stillness;

	raw_spin_lock_irqsave(&pool->lock, irq);
	stillness = atomic_read(&pool->moving) ? 0 : pool->generation + 1;
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return stillness;
}

/**
 * pma_check_pool() - prove a pool and all its arenas
 * @pool: the pool
 * @result: errors, pages and blocks are added here
 *
 * Context: May sleep; takes the arenas' mutex, then one lock after the other.
 */
void pma_check_pool(struct pma_pool *pool, struct pma_check_args *result)
{
	struct pma_arena *arena;
	u64 stillness, pages_before = result->pages;

	mutex_lock(&pool->arenas_mutex);
	stillness = read_stillness(pool);
	pma_check_runs(pool, result);
	list_for_each_entry(arena, &pool->arenas, node)
		pma_check_arena(arena, result);
	if (stillness && stillness == read_stillness(pool) &&
	    result->pages - pages_before != pool->region.nr_pages)
		report(result, 1, PMA_NONE);
	mutex_unlock(&pool->arenas_mutex);
}
