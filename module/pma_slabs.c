// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slabs.c - an arena's slab pages
 *
 *	partial[class]	pages with a free block and one in use
 *	full		pages without a free block, and those that a CPU has (pma_cpu.c)
 *
 * Blocks are taken from a class's first partial page, lowest first.  A page that
 * holds nothing more goes back to the pool at once.  In kernel arenas pages of small
 * blocks are cut from the ends of free runs, so that long ones are left between.
 */
#include "pma_drain.h"
#include "pma_keepers.h"
#include "pma_slabs.h"

/* Blocks of a page that are small. */
#define SMALL_BLOCKS	64

static struct pma_page *page_of(const struct pma_arena *arena, u32 pgno)
{
	return &arena->pool->pages.desc[pgno];
}

static const struct pma_class *class_of(const struct pma_arena *arena, const struct pma_page *page)
{
	return &arena->pool->classes->class[pma_page_id(page).class];
}

/*
 * Are pages of the class to come from the other end of the region than all else?  Those
 * of small blocks are the last to get empty, and should not lie all over what others
 * have freed.  In kernel arenas.
 */
static bool is_small(const struct pma_arena *arena, u32 class)
{
	const struct pma_pool *pool = arena->pool;

	return pool->classes->class[class].nr_blocks >= SMALL_BLOCKS &&
	       !(arena->flags & PMA_ARENA_USER);
}

static u32 grow(struct pma_arena *arena, u32 class)
{
	struct pma_pool *pool = arena->pool;
	u32 pgno = pma_arena_take_run(arena, 1, is_small(arena, class) ? PMA_FIT_END : 0);

	if (pgno == PMA_NONE)
		return PMA_NONE;
	pma_arena_clean_run(arena, pgno, 1);
	pma_slab_page_init(page_of(arena, pgno), pma_pages_shadow(&pool->pages, pgno),
			   &pool->classes->class[class]);
	pma_page_set(page_of(arena, pgno), PMA_KIND_SLAB, class, arena->id);
	pma_arena_push(arena, &arena->partial[class], pgno);
	pma_arena_count_pages(arena, &arena->stats.slab_pages, 1);
	return pgno;
}

static void release(struct pma_arena *arena, u32 *list, u32 pgno)
{
	pma_arena_drop(arena, list, pgno);
	/* First this: a bit that is clear is a block in use (pma_place_look_slab()). */
	smp_store_mb(*(u32 *)page_of(arena, pgno), pma_page_word(PMA_KIND_FREE, 0, 0));
	pma_pages_clear_shadow(&arena->pool->pages, pgno, 1);
	pma_arena_count_pages(arena, &arena->stats.slab_pages, -1);
	pma_arena_give_run(arena, pgno, 1);
}

/* A page of the class with a free block. */
static u32 get_partial(struct pma_arena *arena, u32 class)
{
	u32 pgno = arena->partial[class];

	if (pgno == PMA_NONE)
		pgno = grow(arena, class);
	if (likely(pgno != PMA_NONE))
		return pgno;
	/* For the sake of empty pages this CPU has parted with those that it takes from. */
	if (arena->partial[class] == PMA_NONE && !pma_drain_give_class(arena, class))
		return PMA_NONE;
	pgno = arena->partial[class];
	return pgno == PMA_NONE ? grow(arena, class) : pgno;
}

/* Take blocks from one bitmap word of a page, and say where they are. */
static unsigned int alloc_some(struct pma_arena *arena, u32 class, size_t size,
			       unsigned int nr, u64 *handles)
{
	struct pma_pool *pool = arena->pool;
	u32 pgno = get_partial(arena, class), base;
	struct pma_page *page;
	unsigned long bits;
	unsigned int n;
	u64 start;

	if (pgno == PMA_NONE)
		return 0;
	page = page_of(arena, pgno);
	bits = pma_slab_take(page, pma_pages_shadow(&pool->pages, pgno),
			     pool->classes->class[class].nr_blocks, nr, &base);
	start = pma_region_handle(&pool->region, pgno) + base * page->slab.block_size;
	for (n = 0; bits; bits &= bits - 1, n++) {
		handles[n] = start + __ffs(bits) * page->slab.block_size;
		pma_pages_record(&pool->pages, handles[n], page->slab.block_size, size);
	}
	if (!page->slab.nr_free) {
		pma_arena_drop(arena, &arena->partial[class], pgno);
		pma_arena_push(arena, &arena->full, pgno);
		pma_page_set_slab(page, PMA_SLAB_FULL);
	}
	return n;
}

/**
 * pma_slabs_alloc() - take slab blocks of one class
 * @arena: whose they will be
 * @class: of them
 * @size: bytes wanted of each
 * @flags: PMA_ZERO
 * @nr: how many
 * @handles: of those there are
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: how many were taken, from the first on.
 */
unsigned int pma_slabs_alloc(struct pma_arena *arena, u32 class, size_t size, u32 flags,
			     unsigned int nr, u64 *handles)
{
	u32 block_size = arena->pool->classes->class[class].block_size;
	unsigned int done = 0, got, i;

	lockdep_assert_held(&arena->lock);
	for (; done < nr; done += got) {
		got = alloc_some(arena, class, size, nr - done, handles + done);
		if (!got)
			break;
	}
	if (flags & PMA_ZERO)
		for (i = 0; i < done; i++)
			memset(pma_region_ptr(&arena->pool->region, handles[i]), 0, block_size);
	pma_arena_count_allocs(arena, done, (u64)done * block_size);
	return done;
}

/**
 * pma_slabs_place() - put a slab page that got blocks back where it belongs
 * @arena: whose it is
 * @pgno: the page, which pma_slabs_claim() answered true of
 * @was_full: it is among the full ones still
 *
 * That may be another list, or the pool.
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_slabs_place(struct pma_arena *arena, u32 pgno, bool was_full)
{
	const struct pma_page *page = page_of(arena, pgno);
	u32 *partial = &arena->partial[pma_page_id(page).class];

	if (page->slab.nr_free == class_of(arena, page)->nr_blocks) {
		release(arena, was_full ? &arena->full : partial, pgno);
	} else if (was_full) {
		pma_arena_drop(arena, &arena->full, pgno);
		pma_arena_push(arena, partial, pgno);
	}
}

/**
 * pma_slabs_claim() - see to it that no CPU changes a slab page meanwhile
 * @page: its descriptor
 *
 * One that is full is not a CPU's then, until pma_slabs_freed().
 *
 * Context: The arena's lock is held.
 * Return: true if it is up to who holds the lock; false if a CPU has it: whoever frees
 * blocks there sets bits atomically, and the CPU will count them.
 */
bool pma_slabs_claim(struct pma_page *page)
{
	u32 word;
	u8 flags;

	do {
		word = READ_ONCE(*(u32 *)page);
		flags = pma_page_id_of(word).kind & ~PMA_PAGE_KINDS;
		if (!flags)
			return true;
		if (flags & PMA_SLAB_GIVEN)
			return false;
		/* A full page becomes ours, of a CPU's it is said that others gave to it. */
		flags &= PMA_SLAB_FULL;
	} while (!pma_page_swap_now(page, word, pma_page_slab_word(word, flags ?: PMA_SLAB_GIVEN)));
	return flags;
}

/**
 * pma_slabs_free_of_cpu() - free a slab block of a page that a CPU has
 * @arena: whose it is
 * @page: descriptor of its page, which pma_slabs_claim() answered false of
 * @bitmap: the page's shadow
 * @index: the block's number there
 *
 * The CPU takes others meanwhile, without the lock.
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: false if it is free already.
 */
bool pma_slabs_free_of_cpu(struct pma_arena *arena, const struct pma_page *page,
			   unsigned long *bitmap, u32 index)
{
	lockdep_assert_held(&arena->lock);
	if (test_and_set_bit(index, bitmap))
		return false;
	pma_arena_count_frees(arena, 1, page->slab.block_size);
	/* It may be a spare one, and be empty now. */
	pma_keepers_tell(arena);
	return true;
}

/**
 * pma_slabs_activate() - give a CPU a slab page
 * @arena: whose it is
 * @class: of its blocks
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: a page with a free block, which the CPU has now, or PMA_NONE.
 */
u32 pma_slabs_activate(struct pma_arena *arena, u32 class)
{
	u32 pgno;

	lockdep_assert_held(&arena->lock);
	pgno = get_partial(arena, class);
	if (pgno == PMA_NONE)
		return PMA_NONE;
	pma_arena_drop(arena, &arena->partial[class], pgno);
	pma_arena_push(arena, &arena->full, pgno);
	page_of(arena, pgno)->slab.nr_free = 0;
	pma_page_set_slab(page_of(arena, pgno), PMA_SLAB_CPU);
	return pgno;
}

/**
 * pma_slabs_settle() - let a CPU part with a slab page, in which others may have freed blocks
 * @arena: whose it is
 * @pgno: the page; the CPU has forgotten it, or does so before the lock is released
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_slabs_settle(struct pma_arena *arena, u32 pgno)
{
	struct pma_page *page = page_of(arena, pgno);

	lockdep_assert_held(&arena->lock);
	pma_slab_recount(page, pma_pages_shadow(&arena->pool->pages, pgno),
			 class_of(arena, page)->nr_blocks);
	pma_page_set_slab(page, page->slab.nr_free ? 0 : PMA_SLAB_FULL);
	if (page->slab.nr_free)
		pma_slabs_place(arena, pgno, true);
}

static u32 release_list(struct pma_arena *arena, u32 *list, u32 most)
{
	u32 n;

	for (n = 0; n < most && *list != PMA_NONE; n++) {
		const struct pma_page *page = page_of(arena, *list);
		u32 used = class_of(arena, page)->nr_blocks - page->slab.nr_free;

		arena->stats.frees += used;
		arena->stats.live_blocks -= used;
		arena->stats.live_bytes -= (u64)used * page->slab.block_size;
		release(arena, list, *list);
	}
	return n;
}

/**
 * pma_slabs_release() - free slab pages, whatever is in them
 * @arena: whose they are; no CPU has any
 * @most: how many pages at most
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: how many.
 */
u32 pma_slabs_release(struct pma_arena *arena, u32 most)
{
	u32 n = release_list(arena, &arena->full, most), class;

	for (class = 0; class < arena->pool->classes->nr; class++)
		n += release_list(arena, &arena->partial[class], most - n);
	return n;
}
