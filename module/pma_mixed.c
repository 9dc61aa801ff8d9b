// SPDX-License-Identifier: GPL-2.0
/*
 * pma_mixed.c - an arena's mixed runs
 *
 * Where classes adapt (pma_adapt.c), blocks of any size lie side by side in runs of
 * pages (pma_mix.c has the bitmap).  A request goes to a run whose longest free piece is
 * hardly longer than it; runs are in lists by that length.
 */
#include "pma_adapt.h"
#include "pma_mixed.h"

/* Units of the longest runs; in arenas with few mixed pages a run has as many as are there. */
#define RUN_UNITS_MAX	4096

/* Pages of a run whose descriptors have room for hints. */
#define HINT_PAGES	3

/**
 * struct run - a mixed run, looked up
 * @first: its first page
 * @end: its length in units
 * @page: descriptor of its first page, of those of the others
 * @map: its bitmap
 * @hints: see pma_mixed_hints()
 */
struct run {
	u32 first;
	u32 end;
	struct pma_page *page;
	unsigned long *map;
	u64 hints;
};

static struct pma_page *page_of(const struct pma_arena *arena, u32 pgno)
{
	return &arena->pool->pages.desc[pgno];
}

/* Shorter runs have no place for hints, and need none. */
static u64 get_hints(const struct pma_page *page, u32 nr_pages)
{
	return nr_pages < HINT_PAGES ? U64_MAX :
				       (u64)page[2].mixed.hints << 32 | page[1].mixed.hints;
}

static void put_hints(const struct pma_arena *arena, const struct run *run)
{
	if (run->end < pma_region_handle(&arena->pool->region, HINT_PAGES) / PMA_MIX_UNIT)
		return;
	run->page[1].mixed.hints = lower_32_bits(run->hints);
	run->page[2].mixed.hints = upper_32_bits(run->hints);
}

static __always_inline struct run run_at(const struct pma_arena *arena, u32 first)
{
	const struct pma_pool *pool = arena->pool;
	u32 nr_pages = pma_pool_run_pages(pool, first);
	struct pma_page *page = page_of(arena, first);

	return (struct run){
		.first = first,
		.end = pma_region_handle(&pool->region, nr_pages) / PMA_MIX_UNIT,
		.page = page,
		.map = pma_pages_shadow(&pool->pages, first),
		.hints = get_hints(page, nr_pages),
	};
}

/* The run that a handle lies in. */
static __always_inline struct run run_of(const struct pma_arena *arena, u64 handle)
{
	return run_at(arena, page_of(arena, pma_region_pgno(&arena->pool->region,
							    handle))->mixed.run);
}

static u64 handle_of(const struct pma_arena *arena, const struct run *run, u32 unit)
{
	return pma_region_handle(&arena->pool->region, run->first) + unit * PMA_MIX_UNIT;
}

static u32 unit_of(const struct pma_arena *arena, const struct run *run, u64 handle)
{
	return (handle - pma_region_handle(&arena->pool->region, run->first)) / PMA_MIX_UNIT;
}

static u64 bytes_at(const struct run *run, u32 unit)
{
	return (u64)pma_mix_units(run->map, run->end, unit) * PMA_MIX_UNIT;
}

/* Lists of runs. */

/**
 * pma_mixed_init() - begin without any runs
 * @mixed: an arena's, zeroed
 */
void pma_mixed_init(struct pma_mixed *mixed)
{
	memset(mixed->runs, 0xff, sizeof(mixed->runs));	/* PMA_NONE */
}

static __always_inline void push(struct pma_arena *arena, const struct run *run, u32 list)
{
	struct pma_mixed *mixed = &arena->adapt->mixed;

	pma_arena_push(arena, &mixed->runs[list], run->first);
	__set_bit(list, mixed->lists);
}

static __always_inline void drop(struct pma_arena *arena, const struct run *run, u32 list)
{
	struct pma_mixed *mixed = &arena->adapt->mixed;

	pma_arena_drop(arena, &mixed->runs[list], run->first);
	if (mixed->runs[list] == PMA_NONE)
		__clear_bit(list, mixed->lists);
}

/* The longest free piece of a run has another length now. */
static __always_inline void set_largest(struct pma_arena *arena, const struct run *run, u32 largest)
{
	u32 from = pma_fit_list_of(run->page->mixed.largest), to = pma_fit_list_of(largest);

	run->page->mixed.largest = largest;
	if (from == to)
		return;
	drop(arena, run, from);
	push(arena, run, to);
}

/* A run with a free piece of so many units, a short one rather than a long one. */
static u32 find_run(const struct pma_arena *arena, u32 units)
{
	const struct pma_mixed *mixed = &arena->adapt->mixed;
	u32 list = pma_fit_list_of(units), first = mixed->runs[list];

	/* Before a longer list, the first of its own, which may be just as long. */
	if (first != PMA_NONE && page_of(arena, first)->mixed.largest >= units)
		return first;
	list = find_next_bit(mixed->lists, PMA_MIXED_LISTS, list + 1);
	return list < PMA_MIXED_LISTS ? mixed->runs[list] : PMA_NONE;
}

/* Runs come and go. */

/* A run from the pool: the longer the more there are, but of @need pages in any case. */
static u32 take_run(struct pma_arena *arena, u32 need)
{
	u32 most = max(RUN_UNITS_MAX * PMA_MIX_UNIT >> arena->pool->region.page_shift, 1);
	u32 nr_pages = clamp_t(u32, arena->adapt->mixed.nr_pages, need, most), first;

	for (; ; nr_pages = max(nr_pages / 2, need)) {
		first = pma_arena_take_run(arena, nr_pages, 0);
		if (first != PMA_NONE || nr_pages <= need)
			return first;
	}
}

/* One more mixed run, with room for @size bytes; its first page, or PMA_NONE. */
static u32 grow(struct pma_arena *arena, size_t size)
{
	u32 first = take_run(arena, ((size - 1) >> arena->pool->region.page_shift) + 1);
	u32 nr_pages, i;
	struct run run;

	if (first == PMA_NONE)
		return PMA_NONE;
	nr_pages = pma_pool_run_pages(arena->pool, first);
	pma_arena_clean_run(arena, first, nr_pages);
	for (i = first; i < first + nr_pages; i++) {
		page_of(arena, i)->mixed.run = first;
		pma_page_set(page_of(arena, i), PMA_PAGE_MIXED, 0, arena->id);
	}
	run = run_at(arena, first);
	run.page->mixed.used = 0;
	run.page->mixed.largest = run.end;
	pma_mix_init(run.map, run.end);
	run.hints = 1;
	put_hints(arena, &run);
	push(arena, &run, pma_fit_list_of(run.end));
	arena->adapt->mixed.nr_pages += nr_pages;
	pma_arena_count_pages(arena, &arena->stats.heap_pages, nr_pages);
	return first;
}

static noinline void release(struct pma_arena *arena, const struct run *run)
{
	u32 nr_pages = pma_pool_run_pages(arena->pool, run->first);

	drop(arena, run, pma_fit_list_of(run->page->mixed.largest));
	pma_pages_clear_shadow(&arena->pool->pages, run->first, nr_pages);
	arena->adapt->mixed.nr_pages -= nr_pages;
	pma_arena_give_heap(arena, run->first, nr_pages);
}

/* Blocks. */

/**
 * pma_mixed_alloc() - take a block of a mixed run
 * @arena: whose it will be; its classes adapt
 * @size: bytes wanted
 * @flags: PMA_ZERO
 * @block: its handle and size
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: 0 or -ENOMEM, not counted.
 */
int pma_mixed_alloc(struct pma_arena *arena, size_t size, u32 flags, struct pma_block *block)
{
	u32 units = pma_mix_units_for(size), first, unit, largest __uninitialized;
	struct run run __uninitialized;

	lockdep_assert_held(&arena->lock);
	if (size > PMA_MIXED_SIZE_MAX)
		return -ENOMEM;
	first = find_run(arena, units);
	if (unlikely(first == PMA_NONE))
		first = grow(arena, size);
	if (unlikely(first == PMA_NONE))
		return -ENOMEM;
	run = run_at(arena, first);
	unit = pma_mix_alloc(run.map, run.end, units, &run.hints, &largest);
	if (WARN_ON_ONCE(unit == PMA_NONE))
		return -ENOMEM;
	put_hints(arena, &run);
	set_largest(arena, &run, largest);
	run.page->mixed.used++;
	block->handle = handle_of(arena, &run, unit);
	block->size = (u64)pma_mix_taken(run.map, run.end, unit, units) * PMA_MIX_UNIT;
	pma_pages_record(&arena->pool->pages, block->handle, block->size, size);
	if (flags & PMA_ZERO)
		memset(pma_region_ptr(&arena->pool->region, block->handle), 0, block->size);
	pma_arena_count_allocs(arena, 1, block->size);
	return 0;
}

/**
 * pma_mixed_free() - free a block of a mixed run
 * @arena: whose the page is
 * @handle: of its start, it is said; any in one of its mixed runs
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: false if no block in use starts there; then nothing has changed.
 */
bool pma_mixed_free(struct pma_arena *arena, u64 handle)
{
	struct run run = run_of(arena, handle);
	u32 unit = unit_of(arena, &run, handle), units;

	lockdep_assert_held(&arena->lock);
	if (unlikely(handle % PMA_MIX_UNIT || !pma_mix_is_start(run.map, unit) ||
		     pma_mix_is_free(run.map, unit)))
		return false;
	units = pma_mix_units(run.map, run.end, unit);
	pma_arena_count_frees(arena, 1, (u64)units * PMA_MIX_UNIT);
	if (unlikely(!--run.page->mixed.used)) {
		release(arena, &run);
		return true;
	}
	units = pma_mix_free(run.map, run.end, unit, units, &run.hints);
	put_hints(arena, &run);
	if (units > run.page->mixed.largest)
		set_largest(arena, &run, units);
	return true;
}

/**
 * pma_mixed_resize() - make a block of a mixed run shorter or longer where it is
 * @arena: whose it is
 * @handle: its start; it is in use
 * @size: bytes wanted
 *
 * Context: The arena's lock is held.
 * Return: true if it has them now; else nothing has changed.
 */
bool pma_mixed_resize(struct pma_arena *arena, u64 handle, size_t size)
{
	struct run run = run_of(arena, handle);
	u32 largest = run.page->mixed.largest;

	lockdep_assert_held(&arena->lock);
	if (size > PMA_MIXED_SIZE_MAX ||
	    !pma_mix_resize(run.map, run.end, unit_of(arena, &run, handle),
			    pma_mix_units_for(size), &run.hints, &largest))
		return false;
	set_largest(arena, &run, largest);
	put_hints(arena, &run);
	return true;
}

/**
 * pma_mixed_find() - what is at a handle
 * @arena: whose the page is
 * @handle: any in one of its mixed runs
 * @start: start of the block it lies in
 *
 * Context: The arena's lock is held.
 * Return: 0 at the start of a block in use; -EBADSLT inside one; -EALREADY in a free
 * piece.
 */
int pma_mixed_find(const struct pma_arena *arena, u64 handle, u64 *start)
{
	struct run run = run_of(arena, handle);
	u32 unit = pma_mix_find(run.map, unit_of(arena, &run, handle));

	*start = handle_of(arena, &run, unit);
	if (pma_mix_is_free(run.map, unit))
		return -EALREADY;
	return *start == handle ? 0 : -EBADSLT;
}

/**
 * pma_mixed_describe() - all that is known of a block of a mixed run
 * @arena: whose it is
 * @handle: its start; it is in use
 * @block: the answer
 *
 * Context: The arena's lock is held.
 */
void pma_mixed_describe(const struct pma_arena *arena, u64 handle, struct pma_block *block)
{
	struct run run = run_of(arena, handle);
	u32 unit = unit_of(arena, &run, handle);
	u64 bytes = bytes_at(&run, unit);

	*block = (struct pma_block){
		.handle = handle,
		.size = bytes,
		.requested = pma_pages_requested(&arena->pool->pages, handle, bytes),
		.kind = PMA_KIND_HEAP,
	};
	if (!unit || !pma_mix_is_free(run.map, pma_mix_find(run.map, unit - 1)))
		block->flags |= PMA_BLOCK_P;
}

/**
 * pma_mixed_record() - record what was asked for
 * @arena: whose it is
 * @handle: start of a block of a mixed run
 * @size: bytes
 *
 * Context: The arena's lock is held.
 */
void pma_mixed_record(struct pma_arena *arena, u64 handle, size_t size)
{
	struct run run = run_of(arena, handle);

	pma_pages_record(&arena->pool->pages, handle,
			 bytes_at(&run, unit_of(arena, &run, handle)), size);
}

/**
 * pma_mixed_next() - the next block in use of the same run
 * @arena: whose it is
 * @handle: start of a piece, free or in use
 *
 * Context: The arena's lock is held.
 * Return: the first one after that, or PMA_HANDLE_NONE.
 */
u64 pma_mixed_next(const struct pma_arena *arena, u64 handle)
{
	struct run run = run_of(arena, handle);
	u32 unit = unit_of(arena, &run, handle);

	do {
		unit += pma_mix_units(run.map, run.end, unit);
	} while (unit < run.end && pma_mix_is_free(run.map, unit));
	return unit < run.end ? handle_of(arena, &run, unit) : PMA_HANDLE_NONE;
}

/**
 * pma_mixed_hints() - where in a mixed run free pieces may begin
 * @arena: whose it is
 * @first: its first page
 *
 * Context: The arena's lock is held.
 * Return: a bit for each PMA_MIX_STRETCH units.
 */
u64 pma_mixed_hints(const struct pma_arena *arena, u32 first)
{
	return get_hints(page_of(arena, first), pma_pool_run_pages(arena->pool, first));
}

/* Free a run, whatever is in it. */
static void discard(struct pma_arena *arena, const struct run *run)
{
	struct pma_mix_sum sum = pma_mix_sum(run->map, run->end);

	arena->stats.frees += sum.used;
	arena->stats.live_blocks -= sum.used;
	arena->stats.live_bytes -= (u64)sum.used_units * PMA_MIX_UNIT;
	release(arena, run);
}

/**
 * pma_mixed_release() - free mixed runs, whatever is in them
 * @arena: whose they are; its classes adapt
 * @most: how many at most
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: how many.
 */
u32 pma_mixed_release(struct pma_arena *arena, u32 most)
{
	struct pma_mixed *mixed = &arena->adapt->mixed;
	struct run run;
	u32 n, list;

	lockdep_assert_held(&arena->lock);
	for (n = 0; n < most; n++) {
		list = find_first_bit(mixed->lists, PMA_MIXED_LISTS);
		if (list == PMA_MIXED_LISTS)
			break;
		run = run_at(arena, mixed->runs[list]);
		discard(arena, &run);
	}
	return n;
}
