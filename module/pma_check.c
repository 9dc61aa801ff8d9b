// SPDX-License-Identifier: GPL-2.0
/*
 * pma_check.c - prove the metadata sound
 *
 * Four proofs, each under the lock of what it reads:
 *
 *	runs	the pool's pages are tiled by runs; the tags of each match at both
 *		ends; every free run is in exactly one free list, that of its length,
 *		and its pages say that they are free
 *	arena	every page of its lists is its own, of the list's kind, in a run in
 *		use, linked both ways, and holds a block; every free count equals its
 *		bitmap's weight; every segment is tiled by chunks; the sums are its
 *		counters
 *	shares	every shared block is a run in use and says so, and has as many holders
 *		as claims; every claim is one its arena finds, and every token is where
 *		its number says
 *	pool	all three, for all arenas; and where nothing moved meanwhile, the arenas'
 *		own pages, the shared and the free ones are all there are: each page is
 *		in exactly one place
 */
#include "pma_adapt.h"
#include "pma_check.h"
#include "pma_drain.h"
#include "pma_fit_check.h"
#include "pma_share.h"

/* One proof under way. */
struct proof {
	struct pma_arena *arena;
	struct pma_check_args *result;
	struct pma_fit_sum chunks;
	u32 pages[PMA_PAGE_MIXED + 1];
	u32 all_pages;
	u32 shared_pages;
	u64 blocks;
	u64 bytes;
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
	u32 used = class->nr_blocks - page->slab.nr_free;
	u32 errors = pma_slab_check(&pool->pages, pgno, class);

	errors += !used;		/* it should have gone back */
	report(proof->result, errors, pgno);
	proof->blocks += used;
	proof->bytes += (u64)used * class->block_size;
}

static void check_segment(struct proof *proof, u32 pgno, u32 nr_pages)
{
	const struct pma_heap *heap = proof->arena->heap;
	u32 client_flags = proof->arena->flags & PMA_ARENA_USER ? PMA_FIT_A : 0;
	u32 errors = pma_heap_check(heap, pgno, nr_pages, client_flags, &proof->chunks);

	errors += !heap->pages->desc[pgno].heap.used_chunks;
	report(proof->result, errors, pgno);
	proof->blocks += heap->pages->desc[pgno].heap.used_chunks;
	proof->bytes += pma_heap_used_bytes(heap, pgno);
}

static void check_mixed(struct proof *proof, u32 pgno, u32 nr_pages, u32 list)
{
	const struct pma_pool *pool = proof->arena->pool;
	const struct pma_page *page = &pool->pages.desc[pgno];
	u32 end = pma_region_handle(&pool->region, nr_pages) / PMA_MIX_UNIT, i;
	struct pma_mix_sum sum = pma_mix_sum(pma_pages_shadow(&pool->pages, pgno), end);
	u32 errors = sum.errors;

	errors += sum.largest != page->mixed.largest;
	errors += sum.used != page->mixed.used || !sum.used;
	errors += pma_fit_list_of(sum.largest) != list;
	errors += !!(sum.hints & ~pma_mixed_hints(proof->arena, pgno));
	for (i = 0; i < nr_pages; i++)
		errors += page[i].kind != PMA_PAGE_MIXED || page[i].mixed.run != pgno ||
			  page[i].owner != page->owner;
	report(proof->result, errors, pgno);
	proof->blocks += sum.used;
	proof->bytes += (u64)sum.used_units * PMA_MIX_UNIT;
}

/* What the pages of a big block but the first have to say. */
static bool is_body(const struct pma_pool *pool, const struct pma_page *page, u16 owner, u32 first)
{
	if (!pma_pool_isolates(pool))
		return page->kind == PMA_KIND_FREE;
	return page->kind == PMA_PAGE_BODY && page->owner == owner && page->big.first == first;
}

static void check_big(struct proof *proof, u32 pgno, u32 nr_pages)
{
	const struct pma_pool *pool = proof->arena->pool;
	const struct pma_page *page = &pool->pages.desc[pgno];
	u64 bytes = pma_region_handle(&pool->region, nr_pages);
	u32 errors = page->big.first != pgno, i;

	if (pma_page_id(page).kind == PMA_PAGE_BUSY) {
		proof->busy = true;
		return;
	}
	for (i = 1; i < nr_pages; i++)
		errors += !is_body(pool, &page[i], proof->arena->id, pgno);
	errors += page->big.slack >= bytes && page->big.slack != PMA_SLACK_UNKNOWN;
	report(proof->result, errors, pgno);
	proof->blocks++;
	proof->bytes += bytes;
}

/* Is there a run of the arena's in use, with the flags of its kind? */
static bool is_run(const struct proof *proof, u32 pgno, u32 kind)
{
	const struct pma_pool *pool = proof->arena->pool;
	u32 flags = (proof->arena->flags & PMA_ARENA_USER ? PMA_FIT_A : 0) |
		    (kind == PMA_KIND_BIG ? PMA_FIT_M : 0);
	/* Once: its neighbours change its flag P. */
	u32 head = READ_ONCE(pma_fit_tag(pool->runs, pgno)->head);

	/* What is held may have been anything. */
	if (kind == PMA_KIND_HELD)
		flags |= head & PMA_FIT_M;
	return head && (head & (PMA_FIT_FREE | PMA_FIT_CLIENT)) == flags &&
	       head >> PMA_FIT_FLAG_BITS <= pool->region.nr_pages - pgno;
}

/* Is the page what its list says it is? */
static bool belongs(const struct proof *proof, u32 pgno, u32 kind, int class, bool full)
{
	const struct pma_pool *pool = proof->arena->pool;
	const struct pma_page *page = &pool->pages.desc[pgno];
	struct pma_page_id id = pma_page_id(page);

	if (id.owner != proof->arena->id || !is_run(proof, pgno, kind))
		return false;
	if (kind == PMA_KIND_SLAB)
		return id.kind == kind && page->class < pool->classes->nr &&
		       (full ? !page->slab.nr_free : page->slab.nr_free && page->class == class);
	return id.kind == kind || (kind == PMA_KIND_BIG && id.kind == PMA_PAGE_BUSY);
}

static void check_list(struct proof *proof, u32 head, u32 kind, int class, bool full)
{
	struct pma_pool *pool = proof->arena->pool;
	u32 pgno, prev = PMA_NONE, nr_pages;

	for (pgno = head; pgno != PMA_NONE; pgno = pma_pool_link(pool, pgno)->next) {
		if (pgno >= pool->region.nr_pages || !belongs(proof, pgno, kind, class, full) ||
		    pma_pool_link(pool, pgno)->prev != prev ||
		    proof->all_pages > pool->region.nr_pages) {
			report(proof->result, 1, pgno);
			return;		/* what follows can't be trusted */
		}
		nr_pages = pma_pool_run_pages(pool, pgno);
		proof->pages[kind] += nr_pages;
		proof->all_pages += nr_pages;
		if (kind == PMA_KIND_SLAB)
			check_slab(proof, pgno);
		else if (kind == PMA_KIND_HEAP)
			check_segment(proof, pgno, nr_pages);
		else if (kind == PMA_PAGE_MIXED)
			check_mixed(proof, pgno, nr_pages, class);
		else if (kind == PMA_KIND_BIG)
			check_big(proof, pgno, nr_pages);
		prev = pgno;
	}
}

/* What the arena holds with others counts as its own, of big blocks. */
static void check_claims(struct proof *proof)
{
	struct pma_arena *arena = proof->arena;
	struct pma_claim *claim;

	list_for_each_entry(claim, &arena->claim_list, of_arena) {
		const struct pma_share *share = claim->share;

		report(proof->result, claim->arena != arena, share->pgno);
		report(proof->result, pma_share_find(arena, share->pgno) != claim, share->pgno);
		proof->shared_pages += share->nr_pages;
		proof->blocks++;
		proof->bytes += pma_region_handle(&arena->pool->region, share->nr_pages);
	}
	proof->pages[PMA_KIND_BIG] += proof->shared_pages;
}

static void check_lists(struct proof *proof)
{
	struct pma_arena *arena = proof->arena;
	u32 i;

	for (i = 0; i < arena->pool->classes->nr; i++)
		check_list(proof, arena->partial[i], PMA_KIND_SLAB, i, false);
	check_list(proof, arena->full, PMA_KIND_SLAB, 0, true);
	check_list(proof, arena->segments, PMA_KIND_HEAP, 0, false);
	for (i = 0; arena->adapt && i < PMA_MIXED_LISTS; i++) {
		check_list(proof, arena->adapt->mixed.runs[i], PMA_PAGE_MIXED, i, false);
		report(proof->result, test_bit(i, arena->adapt->mixed.lists) !=
				      (arena->adapt->mixed.runs[i] != PMA_NONE), PMA_NONE);
	}
	check_list(proof, arena->big, PMA_KIND_BIG, 0, false);
	check_list(proof, arena->held, PMA_KIND_HELD, 0, false);
	check_claims(proof);
}

static u32 check_heap(const struct proof *proof)
{
	const struct pma_pool *pool = proof->arena->pool;
	u32 units = pool->region.bytes >> pool->geo.granule_shift;

	return pma_fit_check_lists(&proof->arena->heap->fit, units, &proof->chunks);
}

static u32 check_counters(const struct proof *proof)
{
	const struct pma_stats *stats = &proof->arena->stats;
	u32 errors = stats->arena_pages != stats->slab_pages + stats->big_pages +
					   stats->heap_pages;

	errors += proof->pages[PMA_KIND_SLAB] != stats->slab_pages;
	errors += proof->pages[PMA_KIND_HEAP] + proof->pages[PMA_PAGE_MIXED] != stats->heap_pages;
	errors += proof->pages[PMA_KIND_HELD] != stats->held_pages;
	if (proof->arena->adapt)
		errors += proof->pages[PMA_PAGE_MIXED] != proof->arena->adapt->mixed.nr_pages;
	/* A block that is being resized has pages that are not counted yet. */
	if (proof->busy)
		return errors;
	return errors + (proof->pages[PMA_KIND_BIG] != stats->big_pages) +
	       (proof->blocks != stats->live_blocks) + (proof->bytes != stats->live_bytes);
}

/* Its pages that no other arena has are counted in the result; it returns the others. */
static u32 check_arena(struct pma_arena *arena, struct pma_check_args *result)
{
	struct proof proof = { .arena = arena, .result = result };
	unsigned long irq;
	u32 errors;

	raw_spin_lock_irqsave(&arena->lock, irq);
	check_lists(&proof);
	errors = check_heap(&proof) + check_counters(&proof);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	report(result, errors, PMA_NONE);
	result->pages += proof.all_pages;
	result->blocks += proof.blocks;
	return proof.shared_pages;
}

/**
 * pma_check_arena() - prove an arena
 * @arena: the arena
 * @result: errors, pages and blocks are added here
 *
 * O(its pages), under its lock.  Its CPUs must have parted with what they had
 * (pma_drain_begin()).
 * Context: Any but NMI; takes the arena's lock.
 */
void pma_check_arena(struct pma_arena *arena, struct pma_check_args *result)
{
	u32 shared_pages = check_arena(arena, result);

	result->pages += shared_pages;
}

static u32 check_share(const struct pma_pool *pool, const struct pma_share *share)
{
	const struct pma_page *page = &pool->pages.desc[share->pgno];
	u32 head = READ_ONCE(pma_fit_tag(pool->runs, share->pgno)->head);
	u32 errors, nr_claims = 0, i;
	struct pma_claim *claim;

	errors = page->kind != PMA_KIND_BIG || page->owner != PMA_OWNER_SHARED ||
		 page->big.first != share->pgno;
	errors += (head & (PMA_FIT_FREE | PMA_FIT_M)) != PMA_FIT_M ||
		  head >> PMA_FIT_FLAG_BITS != share->nr_pages;
	for (i = 1; i < share->nr_pages; i++)
		errors += page[i].kind != PMA_PAGE_BODY || page[i].big.first != share->pgno;
	list_for_each_entry(claim, &share->claims, of_share) {
		errors += claim->share != share || pma_token_check(claim);
		nr_claims++;
	}
	return errors + (nr_claims != share->nr_holders) + !nr_claims;
}

/**
 * pma_check_shares() - prove the shared blocks of a pool
 * @pool: the pool
 * @result: errors, pages and blocks are added here
 *
 * O(their pages, holders and tokens), under the pool's lock.
 * Context: Any but NMI; takes the pool's lock.
 */
void pma_check_shares(struct pma_pool *pool, struct pma_check_args *result)
{
	const struct pma_share *share;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	list_for_each_entry(share, &pool->shares, node) {
		report(result, check_share(pool, share), share->pgno);
		result->pages += share->nr_pages;
	}
	raw_spin_unlock_irqrestore(&pool->lock, irq);
}

/* Has the shadow of a page no head or foot? */
static bool is_blank(const struct pma_pages *pages, u32 pgno)
{
	const struct pma_fit_tag *tags = pma_pages_shadow(pages, pgno);
	u32 i;

	for (i = 0; i < pages->shadow_bytes / sizeof(*tags); i++)
		if (tags[i].head | tags[i].foot)
			return false;
	return true;
}

/*
 * Do the descriptors of free pages say so?  Whoever trusts them needs no lock.  And is no tag
 * left for the segment that gets them?
 */
static void check_free_pages(const struct pma_pool *pool, struct pma_check_args *result)
{
	u32 pgno, end;

	for (pgno = 0; pgno < pool->region.nr_pages; pgno = end) {
		end = pgno + pma_fit_units(pool->runs, pgno);
		if (!pma_fit_is_free(pool->runs, pgno))
			continue;
		for (; pgno < end; pgno++) {
			struct pma_page_id id = pma_page_id(&pool->pages.desc[pgno]);

			report(result, id.kind != PMA_KIND_FREE || id.owner ||
			       !is_blank(&pool->pages, pgno), pgno);
		}
	}
}

/* Are loose runs in use for pma_fit, free for all others, and in their slot? */
static u32 check_loose(const struct pma_pool *pool)
{
	u32 errors = 0, pages = 0, slot, pgno, nr_pages, i;

	for (slot = 0; slot < PMA_POOL_LOOSE; slot++) {
		pgno = pool->loose[slot];
		if (pgno == PMA_NONE)
			continue;
		if (pgno >= pool->region.nr_pages || !pma_fit_is_piece(pool->runs, pgno) ||
		    pma_fit_flags(pool->runs, pgno) & (PMA_FIT_FREE | PMA_FIT_CLIENT))
			return errors + 1;
		nr_pages = pma_pool_run_pages(pool, pgno);
		errors += pma_pool_loose_slot(nr_pages) != slot;
		if (nr_pages > pool->region.nr_pages - pgno)
			return errors + 1;
		for (i = 0; i < nr_pages; i++)
			errors += pool->pages.desc[pgno + i].kind != PMA_KIND_FREE ||
				  pool->pages.desc[pgno + i].owner;
		pages += nr_pages;
	}
	return errors + (pages != pool->loose_pages);
}

/**
 * pma_check_runs() - prove a pool's runs
 * @pool: the pool
 * @result: errors, and the pages that no arena has, are added here
 *
 * O(pages), under the pool's lock.
 * Context: Any but NMI; takes the pool's lock.
 */
void pma_check_runs(struct pma_pool *pool, struct pma_check_args *result)
{
	struct pma_fit_sum sum = {};
	u32 quarantine_pages, loose_pages;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	quarantine_pages = pool->quarantine_pages;
	pma_fit_check_span(pool->runs, 0, pool->region.nr_pages, &sum);
	sum.errors += pma_fit_check_lists(pool->runs, pool->region.nr_pages, &sum);
	/* Only tags that are sound lead from run to run. */
	if (!sum.errors)
		check_free_pages(pool, result);
	sum.errors += check_loose(pool);
	sum.errors += pool->promised > pma_pool_nr_free(pool);
	loose_pages = pool->loose_pages;
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	report(result, sum.errors, PMA_NONE);
	result->pages += sum.free_units + loose_pages + quarantine_pages;
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

/* All accounts of pages together; pages that no arena answers for may be in use too. */
static u32 check_budgets(struct pma_pool *pool)
{
	u64 promised = 0, pages;
	const struct pma_share *share;
	struct pma_arena *arena;
	s64 claimed = 0;
	unsigned long irq;
	u32 errors = 0;

	raw_spin_lock_irqsave(&pool->lock, irq);
	list_for_each_entry(share, &pool->shares, node)
		claimed -= (u64)share->nr_pages * share->nr_holders;
	pages = pma_pool_nr_free(pool);
	list_for_each_entry(arena, &pool->arenas, node) {
		const struct pma_budget *budget = &arena->budget;

		errors += budget->reserve > budget->limit;
		errors += budget->promised && budget->promised + budget->used > budget->reserve;
		promised += budget->promised;
		pages += budget->used;
		claimed += budget->claimed;
	}
	errors += claimed || promised != pool->promised || pages > pool->region.nr_pages;
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return errors;
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
	u32 nr_arenas = 0;

	mutex_lock(&pool->arenas_mutex);
	/* All of them first: pages may go to the pool as CPUs part with what they had. */
	list_for_each_entry(arena, &pool->arenas, node)
		pma_drain_begin(arena);
	stillness = read_stillness(pool);
	pma_check_runs(pool, result);
	list_for_each_entry(arena, &pool->arenas, node) {
		check_arena(arena, result);
		nr_arenas++;
	}
	pma_check_shares(pool, result);
	report(result, nr_arenas != pool->nr_arenas, PMA_NONE);
	report(result, check_budgets(pool), PMA_NONE);
	if (stillness && stillness == read_stillness(pool) &&
	    result->pages - pages_before != pool->region.nr_pages)
		report(result, 1, PMA_NONE);
	list_for_each_entry(arena, &pool->arenas, node)
		pma_drain_end(arena);
	mutex_unlock(&pool->arenas_mutex);
}
