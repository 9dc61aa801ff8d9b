// SPDX-License-Identifier: GPL-2.0
/*
 * pma_adapt.c - slab pages only for sizes that are asked for a lot
 *
 * A slab page of a size that is hardly asked for stays nearly empty, one of a size
 * that does not suit it leaves much at its end, and whole pages leave some of the last.
 * So in a kernel arena of a pool with adaptive classes all sizes up to SIZE_MAX_MIXED
 * begin in *mixed* runs, where blocks of any size lie side by side (pma_mix.c), and how
 * often each is asked for is counted there.  A size *earns* slab pages of its class when
 * as much of it has been asked for as fills EARN_PAGES, if pages full of it leave no
 * more than a WASTE_PARTS-th.
 *
 *	page_at[]	(of the arena) the page that a CPU takes from, or one that never is there
 *			(see pma_cpu.c), so that nothing is counted or looked up on the way
 *			of the sizes that have earned theirs
 *	asked[]		of the others, how often
 *	mixed[]		runs, by the length of their longest free piece
 *
 * What a size has earned stays, until the arena ends.
 */
#include "pma_adapt.h"

#define EARN_PAGES	32
#define WASTE_PARTS	16

/* Bytes of the longest block in a mixed run: it may be zeroed or copied under the lock. */
#define SIZE_MAX_MIXED	SZ_32K

/* Units of the longest runs; in arenas with few mixed pages a run has as many as are there. */
#define RUN_UNITS_MAX	4096

/* Pages of a run whose descriptors have room for hints. */
#define HINT_PAGES	3

/*
 * Whole pages are left to big blocks if so few bytes of the last are over, or if the
 * region has not so many times as many: mixed runs would be in the way of long ones.
 */
#define BIG_REST	16
#define BIG_PARTS	512

static struct pma_page *page_of(const struct pma_arena *arena, u32 pgno)
{
	return &arena->pool->pages.desc[pgno];
}

static u32 size_index(size_t size)
{
	return (size - 1) / PMA_BLOCK_MIN;
}

/* Its beginning and end. */

/**
 * pma_adapt_init() - let an arena learn which sizes are asked for
 * @arena: the arena, nobody else's yet
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM; then all sizes have slab pages.
 */
int pma_adapt_init(struct pma_arena *arena)
{
	const struct pma_classes *classes = arena->pool->classes;
	u32 sizes = min(classes->slab_max / PMA_BLOCK_MIN, PMA_ADAPT_SIZES), i;
	struct pma_adapt *adapt = kvzalloc(sizeof(*adapt), GFP_KERNEL);

	if (!adapt)
		return -ENOMEM;
	memset(adapt->mixed, 0xff, sizeof(adapt->mixed));	/* PMA_NONE */
	for (i = 0; i < sizes; i++)
		pma_arena_set_class(arena, i, classes->nr);
	arena->adapt = adapt;
	return 0;
}

/**
 * pma_adapt_exit() - end what pma_adapt_init() began
 * @arena: the arena, which has no mixed runs any more
 */
void pma_adapt_exit(struct pma_arena *arena)
{
	kvfree(arena->adapt);
	arena->adapt = NULL;
}

/* What is learnt. */

/**
 * pma_adapt_route() - send what whole pages would serve to a mixed run
 * @arena: who asks; its classes adapt
 * @size: bytes wanted
 * @align: of the block, or 0 for the natural alignment
 * @route: from pma_pool_route(); to the heap, if that is better
 */
void pma_adapt_route(const struct pma_arena *arena, size_t size, size_t align,
		     struct pma_route *route)
{
	const struct pma_region *region = &arena->pool->region;

	if (route->kind == PMA_KIND_BIG && size <= SIZE_MAX_MIXED &&
	    align <= PMA_BLOCK_MIN && route->nr_pages * BIG_PARTS <= region->nr_pages &&
	    pma_region_handle(region, route->nr_pages) - size >= BIG_REST)
		route->kind = PMA_KIND_HEAP;
}

/* Do pages full of blocks for a size, of the class, leave hardly anything? */
static bool suits(const struct pma_arena *arena, u32 size, u32 class)
{
	u32 page_size = pma_region_page_size(&arena->pool->region);
	u32 used = arena->pool->classes->class[class].nr_blocks * size;

	return (page_size - used) * WASTE_PARTS <= page_size;
}

/**
 * pma_adapt_ask() - is a small request one for a mixed run?
 * @arena: whose it is
 * @size: bytes of each block
 * @class: that serves the size
 * @nr: how many blocks
 *
 * It is counted.
 *
 * Context: The arena's lock is held.
 * Return: false if it is one for the class's slab pages.
 */
bool pma_adapt_ask(struct pma_arena *arena, size_t size, u32 class, unsigned int nr)
{
	struct pma_adapt *adapt = arena->adapt;
	u32 i = size_index(size), rounded = (i + 1) * PMA_BLOCK_MIN;

	lockdep_assert_held(&arena->lock);
	if (i >= PMA_ADAPT_SIZES || pma_arena_class_of(arena, i) == class)
		return false;
	adapt->asked[i] += nr;
	if (adapt->asked[i] >= EARN_PAGES * pma_region_page_size(&arena->pool->region) / rounded &&
	    suits(arena, rounded, class)) {
		pma_arena_set_class(arena, i, class);
		return false;
	}
	/* A page that is there already, for an alignment or a batch, may as well be used. */
	return arena->partial[class] == PMA_NONE;
}

/* Mixed runs. */

static unsigned long *map_of(const struct pma_arena *arena, u32 run)
{
	return pma_pages_shadow(&arena->pool->pages, run);
}

/* Units of a run. */
static u32 end_of(const struct pma_arena *arena, u32 run)
{
	return pma_region_handle(&arena->pool->region, pma_pool_run_pages(arena->pool, run)) /
	       PMA_MIX_UNIT;
}

/* First page of the run that a handle lies in. */
static u32 run_of(const struct pma_arena *arena, u64 handle)
{
	return page_of(arena, pma_region_pgno(&arena->pool->region, handle))->mixed.run;
}

static u64 handle_of(const struct pma_arena *arena, u32 run, u32 unit)
{
	return pma_region_handle(&arena->pool->region, run) + unit * PMA_MIX_UNIT;
}

static u32 unit_of(const struct pma_arena *arena, u32 run, u64 handle)
{
	return (handle - pma_region_handle(&arena->pool->region, run)) / PMA_MIX_UNIT;
}

static u64 bytes_at(const struct pma_arena *arena, u32 run, u32 unit)
{
	return (u64)pma_mix_units(map_of(arena, run), end_of(arena, run), unit) * PMA_MIX_UNIT;
}

/**
 * pma_adapt_hints() - where in a mixed run free pieces may begin
 * @arena: whose it is
 * @run: its first page
 *
 * Shorter runs have no place for hints, and need none.
 *
 * Context: The arena's lock is held.
 * Return: a bit for each PMA_MIX_STRETCH units.
 */
u64 pma_adapt_hints(const struct pma_arena *arena, u32 run)
{
	const struct pma_page *page = page_of(arena, run);

	if (pma_pool_run_pages(arena->pool, run) < HINT_PAGES)
		return U64_MAX;
	return (u64)page[2].mixed.hints << 32 | page[1].mixed.hints;
}

static void set_hints(struct pma_arena *arena, u32 run, u64 hints)
{
	struct pma_page *page = page_of(arena, run);

	if (pma_pool_run_pages(arena->pool, run) < HINT_PAGES)
		return;
	page[1].mixed.hints = lower_32_bits(hints);
	page[2].mixed.hints = upper_32_bits(hints);
}

static void list_run(struct pma_arena *arena, u32 run)
{
	u32 list = pma_fit_list_of(page_of(arena, run)->mixed.largest);

	pma_arena_push(arena, &arena->adapt->mixed[list], run);
	__set_bit(list, arena->adapt->lists);
}

static void unlist_run(struct pma_arena *arena, u32 run)
{
	u32 list = pma_fit_list_of(page_of(arena, run)->mixed.largest);

	pma_arena_drop(arena, &arena->adapt->mixed[list], run);
	if (arena->adapt->mixed[list] == PMA_NONE)
		__clear_bit(list, arena->adapt->lists);
}

/* The longest free piece of a run has another length now. */
static void relist_run(struct pma_arena *arena, u32 run, u32 largest)
{
	struct pma_page *page = page_of(arena, run);
	bool moves = pma_fit_list_of(page->mixed.largest) != pma_fit_list_of(largest);

	if (moves)
		unlist_run(arena, run);
	page->mixed.largest = largest;
	if (moves)
		list_run(arena, run);
}

/* A run with a free piece of so many units, a short one rather than a long one. */
static u32 find_run(const struct pma_arena *arena, u32 units)
{
	const struct pma_adapt *adapt = arena->adapt;
	u32 list = pma_fit_list_of(units), run = adapt->mixed[list];

	/* Before a longer list, the first of its own, which may be just as long. */
	if (run != PMA_NONE && page_of(arena, run)->mixed.largest >= units)
		return run;
	list = find_next_bit(adapt->lists, PMA_ADAPT_LISTS, list + 1);
	return list < PMA_ADAPT_LISTS ? adapt->mixed[list] : PMA_NONE;
}

/* A run from the pool: the longer the more there are, but of @need pages in any case. */
static u32 take_run(struct pma_arena *arena, u32 need)
{
	u32 most = max(RUN_UNITS_MAX * PMA_MIX_UNIT >> arena->pool->region.page_shift, 1);
	u32 nr_pages = clamp_t(u32, arena->adapt->nr_pages, need, most), run;

	for (; ; nr_pages = max(nr_pages / 2, need)) {
		run = pma_arena_take_run(arena, nr_pages, 0);
		if (run != PMA_NONE || nr_pages <= need)
			return run;
	}
}

/* One more mixed run, with room for @size bytes. */
static u32 grow(struct pma_arena *arena, size_t size)
{
	struct pma_pool *pool = arena->pool;
	u32 run = take_run(arena, ((size - 1) >> pool->region.page_shift) + 1), nr_pages, i;

	if (run == PMA_NONE)
		return PMA_NONE;
	nr_pages = pma_pool_run_pages(pool, run);
	pma_arena_clean_run(arena, run, nr_pages);
	for (i = run; i < run + nr_pages; i++) {
		page_of(arena, i)->mixed.run = run;
		pma_page_set(page_of(arena, i), PMA_PAGE_MIXED, 0, arena->id);
	}
	page_of(arena, run)->mixed.used = 0;
	page_of(arena, run)->mixed.largest = end_of(arena, run);
	pma_mix_init(map_of(arena, run), end_of(arena, run));
	set_hints(arena, run, 1);
	list_run(arena, run);
	arena->adapt->nr_pages += nr_pages;
	pma_arena_count_pages(arena, &arena->stats.heap_pages, nr_pages);
	return run;
}

static void release(struct pma_arena *arena, u32 run)
{
	u32 nr_pages = pma_pool_run_pages(arena->pool, run);

	unlist_run(arena, run);
	pma_pages_clear_shadow(&arena->pool->pages, run, nr_pages);
	arena->adapt->nr_pages -= nr_pages;
	pma_arena_give_heap(arena, run, nr_pages);
}

/**
 * pma_adapt_alloc() - take a block of a mixed run
 * @arena: whose it will be; its classes adapt
 * @size: bytes wanted
 * @flags: PMA_ZERO
 * @block: its handle and size
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: 0 or -ENOMEM, not counted.
 */
int pma_adapt_alloc(struct pma_arena *arena, size_t size, u32 flags, struct pma_block *block)
{
	u32 units = pma_mix_units_for(size), run, unit, largest;
	u64 hints;

	lockdep_assert_held(&arena->lock);
	if (size > SIZE_MAX_MIXED)
		return -ENOMEM;
	run = find_run(arena, units);
	if (run == PMA_NONE)
		run = grow(arena, size);
	if (run == PMA_NONE)
		return -ENOMEM;
	hints = pma_adapt_hints(arena, run);
	unit = pma_mix_alloc(map_of(arena, run), end_of(arena, run), units, &hints, &largest);
	if (WARN_ON_ONCE(unit == PMA_NONE))
		return -ENOMEM;
	set_hints(arena, run, hints);
	relist_run(arena, run, largest);
	page_of(arena, run)->mixed.used++;
	block->handle = handle_of(arena, run, unit);
	block->size = (u64)pma_mix_taken(map_of(arena, run), end_of(arena, run), unit, units) *
		      PMA_MIX_UNIT;
	pma_pages_record(&arena->pool->pages, block->handle, block->size, size);
	if (flags & PMA_ZERO)
		memset(pma_region_ptr(&arena->pool->region, block->handle), 0, block->size);
	pma_arena_count_allocs(arena, 1, block->size);
	return 0;
}

/**
 * pma_adapt_free() - free a block of a mixed run
 * @arena: whose it is
 * @handle: its start; it is in use
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_adapt_free(struct pma_arena *arena, u64 handle)
{
	u32 run = run_of(arena, handle), end = end_of(arena, run);
	u32 unit = unit_of(arena, run, handle), units;
	struct pma_page *page = page_of(arena, run);
	u64 hints = pma_adapt_hints(arena, run);
	unsigned long *map = map_of(arena, run);

	lockdep_assert_held(&arena->lock);
	units = pma_mix_units(map, end, unit);
	pma_arena_count_frees(arena, 1, (u64)units * PMA_MIX_UNIT);
	units = pma_mix_free(map, end, unit, units, &hints);
	set_hints(arena, run, hints);
	if (--page->mixed.used)
		relist_run(arena, run, max_t(u32, page->mixed.largest, units));
	else
		release(arena, run);
}

/**
 * pma_adapt_resize() - make a block of a mixed run shorter or longer where it is
 * @arena: whose it is
 * @handle: its start; it is in use
 * @size: bytes wanted
 *
 * Context: The arena's lock is held.
 * Return: true if it has them now; else nothing has changed.
 */
bool pma_adapt_resize(struct pma_arena *arena, u64 handle, size_t size)
{
	u32 run = run_of(arena, handle), end = end_of(arena, run);
	u64 hints = pma_adapt_hints(arena, run);
	unsigned long *map = map_of(arena, run);

	lockdep_assert_held(&arena->lock);
	if (size > SIZE_MAX_MIXED ||
	    !pma_mix_resize(map, end, unit_of(arena, run, handle), pma_mix_units_for(size), &hints))
		return false;
	relist_run(arena, run, pma_mix_largest(map, end, &hints));
	set_hints(arena, run, hints);
	return true;
}

/**
 * pma_adapt_find() - what is at a handle
 * @arena: whose the page is
 * @handle: any in one of its mixed runs
 * @start: start of the block it lies in
 *
 * Context: The arena's lock is held.
 * Return: 0 at the start of a block in use; -EBADSLT inside one; -EALREADY in a free
 * piece.
 */
int pma_adapt_find(const struct pma_arena *arena, u64 handle, u64 *start)
{
	u32 run = run_of(arena, handle);
	u32 unit = pma_mix_find(map_of(arena, run), unit_of(arena, run, handle));

	*start = handle_of(arena, run, unit);
	if (pma_mix_is_free(map_of(arena, run), unit))
		return -EALREADY;
	return *start == handle ? 0 : -EBADSLT;
}

/**
 * pma_adapt_describe() - all that is known of a block of a mixed run
 * @arena: whose it is
 * @handle: its start; it is in use
 * @block: the answer
 *
 * Context: The arena's lock is held.
 */
void pma_adapt_describe(const struct pma_arena *arena, u64 handle, struct pma_block *block)
{
	u32 run = run_of(arena, handle), unit = unit_of(arena, run, handle);
	const unsigned long *map = map_of(arena, run);
	u64 bytes = bytes_at(arena, run, unit);

	*block = (struct pma_block){
		.handle = handle,
		.size = bytes,
		.requested = pma_pages_requested(&arena->pool->pages, handle, bytes),
		.kind = PMA_KIND_HEAP,
	};
	if (!unit || !pma_mix_is_free(map, pma_mix_find(map, unit - 1)))
		block->flags |= PMA_BLOCK_P;
}

/**
 * pma_adapt_record() - record what was asked for
 * @arena: whose it is
 * @handle: start of a block of a mixed run
 * @size: bytes
 *
 * Context: The arena's lock is held.
 */
void pma_adapt_record(struct pma_arena *arena, u64 handle, size_t size)
{
	u32 run = run_of(arena, handle);

	pma_pages_record(&arena->pool->pages, handle,
			 bytes_at(arena, run, unit_of(arena, run, handle)), size);
}

/**
 * pma_adapt_next() - the next block in use of the same run
 * @arena: whose it is
 * @handle: start of a piece, free or in use
 *
 * Context: The arena's lock is held.
 * Return: the first one after that, or PMA_HANDLE_NONE.
 */
u64 pma_adapt_next(const struct pma_arena *arena, u64 handle)
{
	u32 run = run_of(arena, handle), end = end_of(arena, run);
	u32 unit = unit_of(arena, run, handle);
	const unsigned long *map = map_of(arena, run);

	do {
		unit += pma_mix_units(map, end, unit);
	} while (unit < end && pma_mix_is_free(map, unit));
	return unit < end ? handle_of(arena, run, unit) : PMA_HANDLE_NONE;
}

/* Free a run, whatever is in it. */
static void discard(struct pma_arena *arena, u32 run)
{
	struct pma_mix_sum sum = pma_mix_sum(map_of(arena, run), end_of(arena, run));

	arena->stats.frees += sum.used;
	arena->stats.live_blocks -= sum.used;
	arena->stats.live_bytes -= (u64)sum.used_units * PMA_MIX_UNIT;
	release(arena, run);
}

/**
 * pma_adapt_release() - free mixed runs, whatever is in them
 * @arena: whose they are; its classes adapt
 * @most: how many at most
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: how many.
 */
u32 pma_adapt_release(struct pma_arena *arena, u32 most)
{
	struct pma_adapt *adapt = arena->adapt;
	u32 n, list;

	lockdep_assert_held(&arena->lock);
	for (n = 0; n < most; n++) {
		list = find_first_bit(adapt->lists, PMA_ADAPT_LISTS);
		if (list == PMA_ADAPT_LISTS)
			break;
		discard(arena, adapt->mixed[list]);
	}
	return n;
}
