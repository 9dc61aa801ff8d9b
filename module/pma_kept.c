// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kept.c - big blocks and chunks that a CPU keeps for the next request
 *
 * What pma_cpu.c is for slab blocks: in front of a kernel arena a CPU keeps the runs
 * and chunks that are freed on it, a few of each length, and hands them out again
 * without the arena's lock, the pool's, a search, a split and a join.
 *
 *	         length	  1    2    3 .. 15   16..31 ..       256 pages
 *	runs	[ page 7 ][    ][ 31 ][    ][ 80    ]  ..  [        ]
 *		[ page 9 ][    ][    ][    ][ 112   ]
 *
 * A kept piece is still its arena's, and in use for pma_fit: no list, tag or account
 * changes.  That it is free is said where a free looks for it, so that a second one is
 * found out: a run's descriptor is KEPT, a chunk's tag has the flag PMA_FIT_KEPT.
 *
 *	run	BIG -> KEPT by cmpxchg, without a lock: of two that free it one gets
 *		it.  Who holds the lock and wants a big block claims it likewise,
 *		BIG -> BUSY (pma_big_claim()).
 *	chunk	flagged under the arena's lock, as only that keeps its segment there
 *		while it is judged; the flag is taken away without it.
 *
 * The places are filled by their CPU, with interrupts off, and emptied by anybody:
 * what is kept is there for all.  Who finds no room flushes what its own arena keeps,
 * then what others do (pma_kept_make_room()), on whatever CPU; so no request fails for
 * what is kept.  Arenas that keep something are in the pool's list of keepers.
 *
 * A run serves a request for its length, a chunk one that is up to an eighth shorter.
 * The spare slab pages that CPUs have (pma_cpu.c) are kept likewise, once they are empty.
 */
#include "pma_chunks.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_kept.h"

/* Pieces flushed before others get the lock. */
#define FLUSH_PIECES	16

/* A part of a chunk that may be waste. */
#define CHUNK_WASTE_PARTS	8

/* Runs of fewer pages have a bin for each length, longer ones for each power of two. */
#define SHORT_PAGES	16U

static u32 run_bin(u32 nr_pages)
{
	if (nr_pages < SHORT_PAGES)
		return nr_pages;
	return SHORT_PAGES - ilog2(SHORT_PAGES) + __fls(nr_pages);
}

/* Where chunks of about that length are: eight bins a power of two. */
static u32 chunk_bin(const struct pma_kept *kept, u32 units)
{
	u32 order = units < 8 ? 0 : ilog2(units) - 3;

	return (order << 3) + (units >> order) - kept->chunk_bins_from;
}

/* May the CPU keep so many bytes more? */
static bool has_room(const struct pma_arena *arena, struct pma_kept *kept, s64 bytes)
{
	/* Then all that was kept has been flushed. */
	if (!READ_ONCE(kept->any))
		kept->now = 0;
	return kept->now + bytes <= arena->fast.kept_max && pma_pool_has_plenty(arena->pool);
}

/* An empty place, or NULL; only this CPU fills any. */
static u32 *empty_place(u32 *bin)
{
	u32 i;

	for (i = 0; i < PMA_KEPT_DEPTH; i++)
		if (READ_ONCE(bin[i]) == PMA_NONE)
			return &bin[i];
	return NULL;
}

/**
 * pma_kept_become_keeper() - say that an arena keeps something
 * @arena: the arena
 *
 * Context: Interrupts are off; takes the pool's lock.
 */
void pma_kept_become_keeper(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;

	raw_spin_lock(&pool->lock);
	if (list_empty(&arena->keeper))
		list_add_tail(&arena->keeper, &pool->keepers);
	WRITE_ONCE(arena->keeps, true);
	raw_spin_unlock(&pool->lock);
}

static void put(struct pma_arena *arena, struct pma_kept *kept, u32 *place, u32 piece,
		u64 bytes)
{
	kept->now += bytes;
	/* Whoever takes it out sees all that was read and written of it before. */
	smp_store_release(place, piece);
	/* And who sees this, finds it; both before we look whether that is known. */
	smp_store_mb(kept->any, true);
	pma_kept_tell(arena);
}

/**
 * pma_kept_put_run() - free a big block, for this CPU to keep
 * @arena: whose it is, and whose CPUs have pages
 * @handle: of its start, it is said; in the region
 *
 * Context: Interrupts are off.
 * Return: true if it was the start of a big block in use, and is kept now; false if it
 * must be freed, or refused, in another way.
 */
bool pma_kept_put_run(struct pma_arena *arena, u64 handle)
{
	u32 pgno = handle >> arena->fast.page_shift, nr_pages, *place = NULL;
	struct pma_kept *kept = &this_cpu_ptr(arena->cpu)->kept;
	struct pma_page *page = &arena->fast.desc[pgno];
	s64 bytes;

	if (READ_ONCE(arena->draining) || handle & arena->fast.page_mask ||
	    !pma_page_swap(page, kept->big_word, kept->kept_word))
		return false;
	nr_pages = pma_pool_tag_pages(&kept->run_tags[pgno]);
	bytes = (s64)nr_pages << arena->fast.page_shift;
	if (likely(nr_pages <= PMA_KEPT_RUN_PAGES && has_room(arena, kept, bytes)))
		place = empty_place(kept->runs[run_bin(nr_pages)]);
	if (unlikely(!place)) {
		/* Whoever claims it next may change its tag, which was read just now. */
		smp_store_release((u32 *)page, kept->big_word);
		return false;
	}
	kept->frees++;
	kept->bytes -= bytes;
	put(arena, kept, place, pgno, bytes);
	return true;
}

/**
 * pma_kept_put_chunk() - free a chunk, for this CPU to keep
 * @arena: whose it is, and whose CPUs have pages
 * @handle: of its start, it is said; in the region
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: true if it was the start of a chunk in use, and is kept now; false if it
 * must be freed, or refused, in another way.
 */
bool pma_kept_put_chunk(struct pma_arena *arena, u64 handle)
{
	struct pma_page_id id = pma_page_id(&arena->fast.desc[handle >> arena->fast.page_shift]);
	struct pma_kept *kept = &this_cpu_ptr(arena->cpu)->kept;
	const struct pma_heap *heap = arena->heap;
	u32 units, bin, *place;
	struct pma_fit_tag *tag;
	u8 shift;
	s64 bytes;

	lockdep_assert_held(&arena->lock);
	if (id.kind != PMA_KIND_HEAP || id.owner != arena->id || arena->draining)
		return false;
	tag = pma_heap_used_tag(heap, handle);
	if (!tag)
		return false;
	units = pma_fit_head_units(&heap->fit, tag->head);
	bin = chunk_bin(kept, units);
	shift = heap->geo->granule_shift;
	bytes = (s64)units << shift;
	if (bin >= PMA_KEPT_CHUNK_BINS - 1 || !has_room(arena, kept, bytes))
		return false;
	place = empty_place(kept->chunks[bin]);
	if (!place)
		return false;
	pma_heap_keep(tag);
	pma_arena_count_frees(arena, 1, bytes);
	put(arena, kept, place, handle >> shift, bytes);
	return true;
}

/* Take a piece out of its place, unless somebody else was quicker. */
static bool take(u32 *place, u32 piece)
{
	return cmpxchg(place, piece, PMA_NONE) == piece;
}

static __always_inline u32 take_kept_run(struct pma_kept *kept, u32 nr_pages)
{
	u32 *place = kept->runs[run_bin(nr_pages)], *end = place + PMA_KEPT_DEPTH, pgno;
	bool any = nr_pages < SHORT_PAGES;

	for (; place != end; place++) {
		pgno = READ_ONCE(*place);
		if (pgno != PMA_NONE &&
		    (any || pma_pool_tag_pages(&kept->run_tags[pgno]) == nr_pages) &&
		    take(place, pgno))
			return pgno;
	}
	return PMA_NONE;
}

static __always_inline void *alloc_run(const struct pma_arena *arena, struct pma_kept *kept,
				       size_t size, u32 nr_pages, u64 *usable)
{
	u32 pgno = take_kept_run(kept, nr_pages);
	struct pma_page *page;

	if (unlikely(pgno == PMA_NONE))
		return NULL;
	*usable = (u64)nr_pages << arena->fast.page_shift;
	page = &arena->fast.desc[pgno];
	pma_big_record(page, *usable, size);
	/* From now on it may be freed, and be another's. */
	smp_store_release((u32 *)page, kept->big_word);
	return (void *)arena->fast.base + ((size_t)pgno << arena->fast.page_shift);
}

/* Take a chunk that serves @size well: its length and, in the lower half, where it begins. */
static noinline u64 take_kept_chunk(const struct pma_heap *heap, struct pma_kept *kept, size_t size)
{
	u32 units = DIV_ROUND_UP(size, 1U << heap->geo->granule_shift), unit, have;
	u32 *place, *end, bin = chunk_bin(kept, units);

	if (bin >= PMA_KEPT_CHUNK_BINS - 1)
		return 0;
	/* Of the bin of that length, or of the next, whose chunks are all long enough. */
	place = kept->chunks[bin];
	for (end = place + 2 * PMA_KEPT_DEPTH; place != end; place++) {
		unit = READ_ONCE(*place);
		if (unit == PMA_NONE)
			continue;
		have = pma_fit_units(&heap->fit, unit);
		if (have >= units && (have - units) * CHUNK_WASTE_PARTS <= have &&
		    take(place, unit))
			return (u64)have << 32 | unit;
	}
	return 0;
}

static __always_inline void *alloc_chunk(const struct pma_arena *arena, struct pma_kept *kept,
					 size_t size, u64 *usable)
{
	const struct pma_heap *heap = arena->heap;
	u64 chunk = take_kept_chunk(heap, kept, size);
	u8 shift = heap->geo->granule_shift;
	struct pma_fit_tag *tag;

	if (unlikely(!chunk))
		return NULL;
	/* Needs no lock: its segment stays while it is kept, and its flags are atomic. */
	tag = pma_fit_tag(&heap->fit, lower_32_bits(chunk));
	tag->link.next = size;
	pma_heap_use_kept(tag);
	*usable = (u64)upper_32_bits(chunk) << shift;
	return (void *)arena->fast.base + ((size_t)lower_32_bits(chunk) << shift);
}

static __always_inline void *alloc(struct pma_arena *arena, size_t size, u64 *usable)
{
	u32 nr_pages = ((size - 1) >> arena->fast.page_shift) + 1;
	struct pma_kept *kept;
	void *block = NULL;
	unsigned long irq;

	/* Size 0 wraps around. */
	if (size - 1 >= arena->fast.kept_size_max)
		return NULL;
	local_irq_save(irq);
	kept = &this_cpu_ptr(arena->cpu)->kept;
	if (likely(!READ_ONCE(arena->draining)))
		block = pma_pool_pages_fit(&arena->pool->region, size, nr_pages) ?
			alloc_run(arena, kept, size, nr_pages, usable) :
			alloc_chunk(arena, kept, size, usable);
	if (block) {
		kept->allocs++;
		kept->bytes += *usable;
		kept->now -= *usable;
	}
	local_irq_restore(irq);
	return block;
}

/**
 * pma_kept_alloc() - hand out what this CPU keeps
 * @arena: whose it will be
 * @size: bytes wanted, more than a slab block has
 *
 * Context: Any but NMI.
 * Return: the block, or NULL if none is kept that serves well.
 */
void *pma_kept_alloc(struct pma_arena *arena, size_t size)
{
	u64 usable;

	return alloc(arena, size, &usable);
}

/**
 * pma_kept_zalloc() - as pma_kept_alloc(), zeroed
 * @arena: whose it will be
 * @size: bytes wanted, more than a slab block has
 *
 * Context: Any but NMI.
 * Return: the block, zeroed to its end, or NULL.
 */
void *pma_kept_zalloc(struct pma_arena *arena, size_t size)
{
	u64 usable;
	void *block = alloc(arena, size, &usable);

	return block ? memset(block, 0, usable) : NULL;
}

/* Give back what was counted as freed; the arena's lock is held. */
static void give_chunk(struct pma_arena *arena, u32 unit)
{
	pma_chunks_give(arena, (u64)unit << arena->heap->geo->granule_shift);
}

/* Give back up to @most of the pieces in so many places; how many it were. */
static u32 flush_places(struct pma_arena *arena, u32 *places, u32 nr, u32 most,
			void (*give)(struct pma_arena *arena, u32 piece))
{
	u32 done = 0, i, piece;

	for (i = 0; i < nr && done < most; i++) {
		piece = READ_ONCE(places[i]);
		if (piece == PMA_NONE || !take(&places[i], piece))
			continue;
		give(arena, piece);
		done++;
	}
	return done;
}

static u32 flush_some(struct pma_arena *arena, struct pma_kept *kept)
{
	u32 done = 0;
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	/* First said so: what is put while we look sets it again. */
	if (xchg(&kept->any, false)) {
		done = flush_places(arena, kept->runs[0], sizeof(kept->runs) / sizeof(u32),
				    FLUSH_PIECES, pma_arena_big_give_at_once);
		done += flush_places(arena, kept->chunks[0], sizeof(kept->chunks) / sizeof(u32),
				     FLUSH_PIECES - done, give_chunk);
	}
	if (done == FLUSH_PIECES)
		WRITE_ONCE(kept->any, true);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return done;
}

/**
 * pma_kept_flush() - give back what CPUs keep of an arena
 * @arena: the arena
 *
 * That is runs and chunks, and spare slab pages that are empty.
 *
 * What a CPU keeps from now on is not waited for.
 *
 * Context: Any but NMI; takes the arena's lock, then the pool's.  O(CPUs).
 * Return: true if there was any.
 */
bool pma_kept_flush(struct pma_arena *arena)
{
	bool gave = false;
	int n;

	if (!arena->cpu)
		return false;
	for_each_possible_cpu(n)
		while (flush_some(arena, &per_cpu_ptr(arena->cpu, n)->kept))
			gave = true;
	return pma_drain_give_empty(arena) || gave;
}

/*
 * From now on an arena that keeps something anew has to say so.  It stays in the list until
 * this is over: who finds no room meanwhile joins in, lest what is being given back is
 * in nobody's sight.  The pool's lock is held.
 */
static void begin_flush(struct pma_arena *arena)
{
	lockdep_assert_held(&arena->pool->lock);
	arena->flushers++;
	/* Then we look what there is. */
	smp_store_mb(arena->keeps, false);
}

static void end_flush(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	arena->flushers--;
	if (!arena->flushers && !arena->keeps)
		list_del_init(&arena->keeper);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
}

/*
 * Give back what an arena's own CPUs keep.  Even if that was nothing another try is due,
 * as only what keeps nothing makes do with a larger class or a short segment.
 */
static bool flush_own(struct pma_arena *arena)
{
	unsigned long irq;
	bool kept;

	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	kept = !list_empty(&arena->keeper);
	if (kept)
		begin_flush(arena);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
	if (!kept)
		return false;
	pma_kept_flush(arena);
	end_flush(arena);
	return true;
}

/* The next arena that keeps something, to be flushed, or NULL when it is @first again. */
static struct pma_arena *get_keeper(struct pma_pool *pool, const struct pma_arena *first)
{
	struct pma_arena *arena = NULL;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	if (!list_empty(&pool->keepers))
		arena = list_entry(pool->keepers.next, struct pma_arena, keeper);
	if (arena == first)
		arena = NULL;
	if (arena) {
		list_move_tail(&arena->keeper, &pool->keepers);
		begin_flush(arena);
	}
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return arena;
}

/* Give back what others keep, arena by arena, until one gave any, or all did. */
static bool flush_others(struct pma_pool *pool, bool all)
{
	struct pma_arena *keeper, *first = NULL;
	bool gave = false;
	u32 n;

	for (n = 0; n < READ_ONCE(pool->nr_arenas) && (all || !gave); n++) {
		keeper = get_keeper(pool, first);
		if (!keeper)
			break;
		first = first ?: keeper;
		gave |= pma_kept_flush(keeper);
		end_flush(keeper);
	}
	return gave;
}

/**
 * pma_kept_make_room() - give back what is kept, as a request has found no room
 * @arena: whose request it is
 * @bytes: that it asks for
 * @rounds: tries so far after the first one, counted here: 0 at first
 *
 * What its own CPUs keep comes first; what others do is no help where its limit is in
 * the way.  If that is all in vain, CPUs are asked soon for what else they have.
 *
 * Context: Any but NMI; takes one arena's lock after the other.  O(arenas that keep
 * something), which are none after it.
 * Return: true if it is worth another try, with pma_kept_flags(): the arena was one that
 * keeps something, or the pool got some.  PMA_KEPT_ROUNDS times at most.
 */
bool pma_kept_make_room(struct pma_arena *arena, u64 bytes, u32 *rounds)
{
	struct pma_pool *pool = arena->pool;
	u32 nr_pages = DIV_ROUND_UP(min_t(u64, bytes, pool->region.bytes),
				    pma_region_page_size(&pool->region));
	bool others_may_help, kept;

	if (*rounds == PMA_KEPT_ROUNDS)
		return false;
	kept = flush_own(arena);
	if (++*rounds < PMA_KEPT_ROUNDS && kept)
		return true;
	others_may_help = !pma_limit_is_in_the_way(arena, nr_pages);
	if (others_may_help && flush_others(pool, *rounds > 1))
		return true;
	if (others_may_help || arena->cpu)
		pma_drain_soon(arena, others_may_help);
	return kept;
}

/**
 * pma_kept_fold() - add what a CPU did on its own to the arena's counters
 * @arena: the arena
 * @kept: the CPU's
 *
 * Context: The arena's lock is held; it is this CPU's, or that is offline.
 */
void pma_kept_fold(struct pma_arena *arena, struct pma_kept *kept)
{
	lockdep_assert_held(&arena->lock);
	arena->stats.allocs += kept->allocs;
	arena->stats.frees += kept->frees;
	arena->stats.live_blocks += kept->allocs - kept->frees;
	pma_arena_count_bytes(arena, kept->bytes);
	kept->allocs = 0;
	kept->frees = 0;
	kept->bytes = 0;
}

/**
 * pma_kept_add_stats() - add what a CPU did on its own, and what it keeps
 * @arena: the arena
 * @kept: the CPU's
 * @stats: where to
 *
 * Context: The arena's lock is held.  What happens meanwhile is counted or not.
 */
void pma_kept_add_stats(const struct pma_arena *arena, const struct pma_kept *kept,
			struct pma_stats *stats)
{
	u64 allocs = READ_ONCE(kept->allocs), frees = READ_ONCE(kept->frees);
	const u32 *places = kept->runs[0];
	u32 pgno, nr_pages, i;

	stats->allocs += allocs;
	stats->frees += frees;
	stats->live_blocks += allocs - frees;
	stats->live_bytes += READ_ONCE(kept->bytes);
	for (i = 0; i < sizeof(kept->runs) / sizeof(u32); i++) {
		pgno = READ_ONCE(places[i]);
		if (pgno == PMA_NONE)
			continue;
		nr_pages = min(pma_pool_run_pages(arena->pool, pgno), stats->big_pages);
		stats->big_pages -= nr_pages;
		stats->arena_pages -= nr_pages;
		stats->held_pages += nr_pages;
	}
}

/**
 * pma_kept_init() - begin with nothing kept
 * @arena: the arena
 * @kept: the CPU's
 */
void pma_kept_init(const struct pma_arena *arena, struct pma_kept *kept)
{
	memset(kept, 0, sizeof(*kept));
	memset(kept->runs, 0xff, sizeof(kept->runs));		/* PMA_NONE */
	memset(kept->chunks, 0xff, sizeof(kept->chunks));
	kept->chunk_bins_from = chunk_bin(kept, pma_fit_min_units(&arena->heap->fit));
	kept->run_tags = arena->pool->runs->tags;
	kept->big_word = pma_page_word(PMA_KIND_BIG, 0, arena->id);
	kept->kept_word = pma_page_word(PMA_PAGE_KEPT, 0, arena->id);
}

/**
 * pma_kept_end() - keep nothing any more
 * @arena: which ends; nobody else uses it any more, and nothing is kept
 *
 * Context: May sleep.
 */
void pma_kept_end(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;
	unsigned long irq;
	bool busy;

	/* Somebody who found no room may look for what it keeps just now. */
	do {
		raw_spin_lock_irqsave(&pool->lock, irq);
		busy = arena->flushers;
		if (!busy)
			list_del_init(&arena->keeper);
		raw_spin_unlock_irqrestore(&pool->lock, irq);
		if (busy)
			cond_resched();
	} while (busy);
}
