// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kept.c - big blocks and chunks that a CPU keeps for the next request
 *
 * What pma_cpu.c is for slab blocks: in front of a kernel arena a CPU keeps the runs
 * and chunks that are freed on it, some of each length, and hands them out again
 * without the arena's lock, the pool's, a search, a split and a join.
 *
 *	         length	  1    2    3 .. 15   16..31 ..       256 pages
 *	runs	[ page 7 ][    ][ 31 ][    ][ 80    ]  ..  [        ]
 *		[ page 9 ][    ][    ][    ][ 112   ]
 *
 * A kept piece is still its arena's, and in use for pma_fit: no list, boundary or
 * account changes.  That it is free is said where a free looks for it, so that a second one is
 * found out: a run's descriptor is KEPT, a chunk's tag has the flag PMA_FIT_KEPT.
 *
 *	run	BIG -> KEPT by cmpxchg, without a lock: of two that free it one gets
 *		it.  Who holds the lock and wants a big block claims it likewise,
 *		BIG -> BUSY (pma_big_claim()).
 *	chunk	flagged under the arena's lock, as only that keeps its segment there
 *		while it is judged; the flag is taken away without it.
 *
 * The places are filled by their CPU (pma_free.c), with interrupts off, and emptied by anybody:
 * what is kept is there for all who find no room (pma_keepers.c).  What is kept by a CPU
 * that frees while the pool fills up gets less by and by (pma_kept_shed()).
 *
 * A run serves a request for its length, a chunk one that it is up to about an eighth longer than.
 */
#include "pma_chunks.h"
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_kept.h"
#include "pma_mixed.h"

/* A CPU keeps no more than such a part of the region. */
#define KEPT_PARTS	8

/* Where classes adapt room is worth more than time. */
#define KEPT_PARTS_ADAPTIVE	16

/* Pieces flushed before others get the lock. */
#define FLUSH_PIECES	16

/* A chunk may be longer by that part of what is asked for. */
#define CHUNK_WASTE_SHIFT	3

/* Take a piece out of its place; PMA_NONE if there is none, or somebody else was quicker. */
static __always_inline u32 take(struct pma_kept_place *place)
{
	u32 piece = READ_ONCE(place->piece);

	if (piece == PMA_NONE || cmpxchg(&place->piece, piece, PMA_NONE) != piece)
		return PMA_NONE;
	return piece;
}

/* Take one of @nr places that is at least @length long, and @more longer at most. */
static __always_inline u32 take_one(struct pma_kept_place *place, u32 nr, u32 length, u32 more,
				    u32 *have, u8 *filled)
{
	struct pma_kept_place *end = place + nr;
	u32 piece;

	for (; place != end; place++) {
		if (place->length - length > more)
			continue;
		/* This CPU has filled it; others may have emptied it. */
		piece = xchg(&place->piece, PMA_NONE);
		*have = place->length;
		place->length = 0;
		--*filled;
		if (likely(piece != PMA_NONE))
			return piece;
	}
	return PMA_NONE;
}

/* Take a chunk of that bin, or of the next, which may both be empty. */
static __always_inline u32 take_chunk(struct pma_kept *kept, size_t bin, u32 units, u32 more,
				      u32 *have)
{
	u32 unit = PMA_NONE, i;

	for (i = 0; i < 2 && unit == PMA_NONE; i++, bin++)
		if (kept->filled[bin])
			unit = take_one(pma_kept_chunks(kept, bin), PMA_KEPT_CHUNK_DEPTH, units,
					more, have, &kept->filled[bin]);
	return unit;
}

static u32 nr_pages_of(const struct pma_arena *arena, size_t size)
{
	return ((size - 1) >> arena->fast.page_shift) + 1;
}

static void count_alloc(struct pma_kept *kept, size_t bytes)
{
	kept->allocs++;
	WRITE_ONCE(kept->bytes, kept->bytes - bytes);
}

static __always_inline void *alloc_run(const struct pma_arena *arena, size_t size, u32 nr_pages,
				       size_t *usable)
{
	struct pma_kept *kept = this_cpu_ptr(arena->kept);
	size_t bytes = (size_t)nr_pages << arena->fast.page_shift;
	struct pma_kept_place *bin = pma_kept_run_bin(kept, nr_pages);
	u32 have, pgno = take_one(bin, PMA_KEPT_DEPTH, nr_pages, 0, &have, &(u8){ 0 });
	struct pma_page *page;

	if (unlikely(pgno == PMA_NONE))
		return NULL;
	page = &arena->fast.desc[pgno];
	pma_big_record(page, bytes, size);
	kept->run_pages -= nr_pages;
	count_alloc(kept, bytes);
	*usable = bytes;
	/* From now on it may be freed, and be another's. */
	smp_store_release((u32 *)page, kept->big_word);
	return (void *)arena->fast.base + ((size_t)pgno << arena->fast.page_shift);
}

static __always_inline void *alloc_kept_chunk(const struct pma_arena *arena, size_t size,
					      size_t *usable)
{
	struct pma_kept *kept = this_cpu_ptr(arena->kept);
	const struct pma_heap *heap = arena->heap;
	u8 shift = heap->geo.granule_shift;
	u32 units = DIV_ROUND_UP(size, 1U << shift), more = units >> CHUNK_WASTE_SHIFT;
	struct pma_fit_tag *tag;
	u32 unit, have;
	size_t bin;

	if (!pma_kept_chunk_bin(kept, units, &bin))
		return NULL;
	unit = take_chunk(kept, bin, units, more, &have);
	if (unit == PMA_NONE)
		return NULL;
	/* Needs no lock: its segment stays while it is kept, and its flags are atomic. */
	tag = pma_fit_tag(&heap->fit, unit);
	tag->link.next = size;
	pma_heap_use_kept(tag);
	*usable = (size_t)have << shift;
	count_alloc(kept, *usable);
	return (void *)arena->fast.base + ((size_t)unit << shift);
}

/* A chunk, where none is kept that serves; interrupts are off, and on again then. */
static noinline void *alloc_new_chunk(struct pma_arena *arena, size_t size, u32 flags,
				      unsigned long irq)
{
	u32 nr_pages = nr_pages_of(arena, size);
	struct pma_block block __uninitialized;
	int err;

	raw_spin_lock(&arena->lock);
	/* Where classes adapt, a mixed run comes first. */
	err = arena->adapt ? pma_mixed_alloc(arena, size, flags, &block) :
			     pma_chunks_alloc(arena, size, nr_pages, flags, &block);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return err ? NULL : (void *)arena->fast.base + block.handle;
}

/* A chunk, kept or new; interrupts are off, and on again then. */
static noinline void *alloc_chunk(struct pma_arena *arena, size_t size, u32 flags,
				  unsigned long irq)
{
	size_t usable;
	void *block = alloc_kept_chunk(arena, size, &usable);

	if (unlikely(!block))
		return alloc_new_chunk(arena, size, flags, irq);
	local_irq_restore(irq);
	return flags ? memset(block, 0, usable) : block;
}

static __always_inline void *alloc(struct pma_arena *arena, size_t size, u32 flags)
{
	u32 nr_pages = nr_pages_of(arena, size);
	unsigned long irq;
	void *block = NULL;
	size_t usable;

	/* Size 0 wraps around. */
	if (size - 1 >= arena->fast.kept_size_max)
		return NULL;
	local_irq_save(irq);
	if (likely(!READ_ONCE(arena->draining))) {
		if (!pma_pool_bytes_fit((u64)nr_pages << arena->fast.page_shift, size))
			return alloc_chunk(arena, size, flags, irq);
		block = alloc_run(arena, size, nr_pages, &usable);
	}
	local_irq_restore(irq);
	return block && flags ? memset(block, 0, usable) : block;
}

/**
 * pma_kept_alloc() - hand out what this CPU keeps, or else a chunk
 * @arena: whose it will be
 * @size: bytes wanted, more than a slab block has
 *
 * Context: Any but NMI; takes the arena's lock for a chunk that was not kept, then the pool's.
 * Return: the block, or NULL: then another way may lead to one.
 */
void *pma_kept_alloc(struct pma_arena *arena, size_t size)
{
	return alloc(arena, size, 0);
}

/**
 * pma_kept_zalloc() - as pma_kept_alloc(), zeroed
 * @arena: whose it will be
 * @size: bytes wanted, more than a slab block has
 *
 * Context: as that.
 * Return: the block, zeroed to its end, or NULL.
 */
void *pma_kept_zalloc(struct pma_arena *arena, size_t size)
{
	return alloc(arena, size, PMA_ZERO);
}

/*
 * Give back what is in a place, if anything: as a block it was counted as freed, its bytes
 * were not.  The arena's lock is held.
 */
static bool give(struct pma_arena *arena, struct pma_kept *kept, u32 i)
{
	u32 piece = take(&kept->places[i]), nr_pages;
	u64 handle, bytes;

	if (piece == PMA_NONE)
		return false;
	if (i < PMA_KEPT_RUN_PLACES) {
		nr_pages = pma_pool_run_pages(arena->pool, piece);
		kept->run_pages_flushed += nr_pages;
		bytes = pma_region_handle(&arena->pool->region, nr_pages);
		pma_arena_big_give_at_once(arena, piece);
	} else {
		handle = (u64)piece << arena->heap->geo.granule_shift;
		bytes = pma_heap_bytes(arena->heap, handle);
		pma_chunks_give(arena, handle);
	}
	pma_arena_count_bytes(arena, -(s64)bytes);
	/* Only then: who sees that nothing is kept, finds what was. */
	smp_store_release(&kept->bytes_flushed, kept->bytes_flushed + bytes);
	return true;
}

/**
 * pma_kept_shed_locked() - give back a piece that this CPU keeps, where others could use it
 * @arena: of which a block was freed that is not kept
 *
 * So that where a pool fills up, what is kept gets less by and by, and nobody has to flush
 * much at a time.
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_kept_shed_locked(struct pma_arena *arena)
{
	struct pma_kept *kept = this_cpu_ptr(arena->kept);
	u32 i = kept->next_shed, looks;

	lockdep_assert_held(&arena->lock);
	if (pma_pool_has_plenty(arena->pool) || !pma_kept_bytes(kept))
		return;
	for (looks = 0; looks < PMA_KEPT_SHED_LOOKS; looks++) {
		i = (i ?: PMA_KEPT_PLACES) - 1;
		if (READ_ONCE(kept->places[i].piece) != PMA_NONE && give(arena, kept, i))
			break;
	}
	kept->next_shed = i;
}

/**
 * pma_kept_shed() - as pma_kept_shed_locked(), without the lock
 * @arena: of which a block was freed that is not kept
 *
 * Context: Any but NMI; takes the arena's lock, then the pool's.
 */
void pma_kept_shed(struct pma_arena *arena)
{
	unsigned long irq;

	if (pma_pool_has_plenty(arena->pool))
		return;
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_kept_shed_locked(arena);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

/* Give back some of what a CPU keeps, from place @i on; the place to go on with. */
static u32 flush_some(struct pma_arena *arena, struct pma_kept *kept, u32 i, bool *gave)
{
	unsigned long irq;
	u32 done = 0;

	raw_spin_lock_irqsave(&arena->lock, irq);
	for (; i < PMA_KEPT_PLACES && done < FLUSH_PIECES; i++)
		done += give(arena, kept, i);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	*gave |= done;
	return i;
}

/**
 * pma_kept_flush() - give back what CPUs keep of an arena
 * @arena: the arena
 *
 * That is runs and chunks.
 *
 * What a CPU keeps from now on is not waited for; and where it does just now, others may stay.
 * Then it says that it keeps something once more.
 *
 * Context: Any but NMI; takes the arena's lock, then the pool's.  O(CPUs).
 * Return: true if there was any.
 */
bool pma_kept_flush(struct pma_arena *arena)
{
	bool gave = false;
	u32 i;
	int n;

	if (!arena->kept)
		return false;
	for_each_possible_cpu(n) {
		struct pma_kept *kept = per_cpu_ptr(arena->kept, n);

		for (i = 0; i < PMA_KEPT_PLACES && pma_kept_bytes(kept);)
			i = flush_some(arena, kept, i, &gave);
	}
	return gave;
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
	kept->allocs = 0;
	kept->frees = 0;
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
	s32 run_pages = READ_ONCE(kept->run_pages) - kept->run_pages_flushed;

	stats->allocs += allocs;
	stats->frees += frees;
	stats->live_blocks += allocs - frees;
	stats->live_bytes -= max_t(long, pma_kept_bytes(kept), 0);
	run_pages = clamp_t(s64, run_pages, 0, stats->big_pages);
	stats->big_pages -= run_pages;
	stats->arena_pages -= run_pages;
	stats->held_pages += run_pages;
}

/**
 * pma_kept_init() - begin with nothing kept
 * @arena: the arena
 * @kept: the CPU's
 */
void pma_kept_init(const struct pma_arena *arena, struct pma_kept *kept)
{
	u32 i;

	memset(kept, 0, sizeof(*kept));
	for (i = 0; i < PMA_KEPT_PLACES; i++)
		kept->places[i].piece = PMA_NONE;
	kept->chunk_bins_from = pma_kept_sixteenths(pma_fit_min_units(&arena->heap->fit));
	kept->run_tags = arena->pool->runs->tags;
	kept->bytes_max = arena->pool->region.bytes /
			  (arena->adapt ? KEPT_PARTS_ADAPTIVE : KEPT_PARTS);
	kept->big_word = pma_page_word(PMA_KIND_BIG, 0, arena->id);
	kept->heap_word = pma_page_word(PMA_KIND_HEAP, 0, arena->id);
	kept->kept_word = pma_page_word(PMA_PAGE_KEPT, 0, arena->id);
}
