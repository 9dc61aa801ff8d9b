// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slabs.c - an arena's slab pages
 *
 *	partial[class]	pages with a free block and one in use
 *	full		pages without a free block
 *
 * Blocks that magazines have (pma_cpu.c) are no free ones of their page, though their bits say
 * so.  A page is *whole* if none of it is in a magazine: of a whole one a look at its bits tells
 * which blocks are its own; of others that takes a look into all magazines.  Blocks are taken
 * from a class's first partial page that is whole, lowest first; where pages are few, from the
 * first that has any.  A page that holds nothing more goes back to the pool at once.  In kernel
 * arenas pages of small blocks are cut from the ends of free runs, so that long ones are left
 * between.
 */
#include "pma_cpu.h"
#include "pma_slabs.h"

/* Blocks of a page that are small. */
#define SMALL_BLOCKS	64

/* Partial pages looked at for a whole one; and for any, where pages are few. */
#define PARTIAL_LOOKS		8
#define PARTIAL_LOOKS_MAX	32

/* Blocks taken in one go where CPUs have some. */
#define LENT_MAX	16U

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

/* Partial pages: at the head those to take from first. */

static void push_partial(struct pma_arena *arena, u32 class, u32 pgno)
{
	if (arena->partial[class] == PMA_NONE)
		arena->partial_last[class] = pgno;
	pma_arena_push(arena, &arena->partial[class], pgno);
}

static void drop_partial(struct pma_arena *arena, u32 class, u32 pgno)
{
	if (arena->partial_last[class] == pgno)
		arena->partial_last[class] = pma_pool_link(arena->pool, pgno)->prev;
	pma_arena_drop(arena, &arena->partial[class], pgno);
}

/* Have the first one come last. */
static void put_last(struct pma_arena *arena, u32 class)
{
	u32 pgno = arena->partial[class], last = arena->partial_last[class];

	if (pgno == last)
		return;
	drop_partial(arena, class, pgno);
	*pma_pool_link(arena->pool, pgno) = (struct pma_link){ .next = PMA_NONE, .prev = last };
	pma_pool_link(arena->pool, last)->next = pgno;
	arena->partial_last[class] = pgno;
}

static u32 grow(struct pma_arena *arena, u32 class)
{
	struct pma_pool *pool = arena->pool;
	u32 flags = (is_small(arena, class) ? PMA_FIT_END : 0) |
		    (arena->kept ? PMA_RUN_APART : 0);
	u32 pgno = pma_arena_take_run(arena, 1, flags);

	if (pgno == PMA_NONE)
		return PMA_NONE;
	pma_arena_clean_run(arena, pgno, 1);
	pma_slab_page_init(&pool->pages, pgno, &pool->classes->class[class]);
	pma_page_set(page_of(arena, pgno), PMA_KIND_SLAB, class, arena->id);
	push_partial(arena, class, pgno);
	pma_arena_count_pages(arena, &arena->stats.slab_pages, 1);
	return pgno;
}

/* Give back a page that is in no list. */
static void release(struct pma_arena *arena, u32 pgno)
{
	/* First this: a bit that is clear is a block in use (pma_place_look_slab()). */
	smp_store_mb(*(u32 *)page_of(arena, pgno), pma_page_word(PMA_KIND_FREE, 0, 0));
	pma_pages_clear_shadow(&arena->pool->pages, pgno, 1);
	pma_arena_count_pages(arena, &arena->stats.slab_pages, -1);
	pma_arena_give_run(arena, pgno, 1);
}

static void make_full(struct pma_arena *arena, u32 class, u32 pgno)
{
	drop_partial(arena, class, pgno);
	pma_arena_push(arena, &arena->full, pgno);
}

/*
 * Lend up to @nr blocks of a page that has some: if it is whole, or, to who looks @closely,
 * all that is not its own is in magazines.
 */
static __always_inline u32 lend_of(struct pma_arena *arena, u32 class, u32 pgno, bool closely,
				   unsigned int nr, u32 *bits)
{
	const struct pma_class *cut = &arena->pool->classes->class[class];
	struct pma_pages *pages = &arena->pool->pages;
	struct pma_page *page = page_of(arena, pgno);
	bool lent;

	nr = min_t(u32, nr, page->slab.nr_free);
	lent = closely ? pma_slab_lend_beside(pages, pgno, cut, nr,
					      pma_cpu_lent(arena, class, pgno), bits) :
			 pma_slab_lend(pages, pgno, cut, nr, bits);
	if (!lent)
		return 0;
	if (!page->slab.nr_free)
		make_full(arena, class, pgno);
	return nr;
}

/* What does not do comes last, lest it is looked at each time. */
static __always_inline u32 lend_of_partial(struct pma_arena *arena, u32 class, bool closely,
					   unsigned int nr, u32 *bits)
{
	u32 looks = closely ? PARTIAL_LOOKS_MAX : PARTIAL_LOOKS, got;
	u32 first = arena->partial[class];

	while (looks-- && arena->partial[class] != PMA_NONE) {
		got = lend_of(arena, class, arena->partial[class], closely, nr, bits);
		if (got)
			return got;
		put_last(arena, class);
		if (arena->partial[class] == first)
			break;
	}
	return 0;
}

/* Out of the way of who finds a whole page. */
static noinline u32 lend_closely(struct pma_arena *arena, u32 class, unsigned int nr, u32 *bits)
{
	return lend_of_partial(arena, class, true, nr, bits);
}

/**
 * pma_slabs_lend() - lend blocks of one class to a CPU
 * @arena: whose they are
 * @class: of them
 * @nr: how many, at least 1
 * @bits: of them among all of the region's shadow, the first to be used last
 * @flags: PMA_NO_GROWTH
 *
 * Context: The arena's lock is held; takes the pool's.
 * Return: how many were lent, from the first on; all of one page.
 */
unsigned int pma_slabs_lend(struct pma_arena *arena, u32 class, unsigned int nr, u32 *bits,
			    u32 flags)
{
	u32 got, pgno = PMA_NONE;

	lockdep_assert_held(&arena->lock);
	got = lend_of_partial(arena, class, false, nr, bits);
	if (likely(got))
		return got;
	if (arena->partial[class] != PMA_NONE && !pma_pool_has_plenty(arena->pool))
		got = lend_closely(arena, class, nr, bits);
	if (got)
		return got;
	if (!(flags & PMA_NO_GROWTH))
		pgno = grow(arena, class);
	if (pgno != PMA_NONE)
		return lend_of(arena, class, pgno, false, nr, bits);
	/* What this CPU had itself it may have parted with, for the sake of empty pages. */
	return lend_closely(arena, class, nr, bits);
}

/* Take back blocks of one page, the last of them before @bits; where the next page's begin. */
static const u32 *put_back_some(struct pma_arena *arena, u32 nr_blocks, const u32 *bits,
				const u32 *end)
{
	u32 page_bits = 1U << arena->fast.page_bits_shift;
	u32 first = *bits & -page_bits, lowest = page_bits, nr_free;
	u32 pgno = first >> arena->fast.page_bits_shift;
	struct pma_page *page = &arena->fast.desc[pgno];
	const u32 *from = bits;

	for (; bits != end && (*bits ^ first) < page_bits; bits++)
		lowest = min(lowest, *bits ^ first);
	nr_free = page->slab.nr_free;
	pma_slab_count_given(page, bits - from, lowest);
	if (!nr_free || page->slab.nr_free == nr_blocks)
		pma_slabs_place(arena, pgno, !nr_free);
	return bits;
}

/**
 * pma_slabs_put_back() - take back blocks that were lent
 * @arena: whose they are
 * @class: of them
 * @nr: how many
 * @bits: of them, which are set; or pma_pages_no_bit()
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_slabs_put_back(struct pma_arena *arena, u32 class, unsigned int nr, const u32 *bits)
{
	u32 nr_blocks = arena->pool->classes->class[class].nr_blocks;
	const u32 *end = bits + nr;

	lockdep_assert_held(&arena->lock);
	while (bits != end) {
		if (unlikely(*bits >= arena->fast.nr_bits))
			bits++;
		else
			bits = put_back_some(arena, nr_blocks, bits, end);
	}
}

/**
 * pma_slabs_recount() - count a page's free blocks anew, by their bits
 * @arena: whose it is, if it is a slab page still; its CPUs have no blocks
 * @pgno: the page
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_slabs_recount(struct pma_arena *arena, u32 pgno)
{
	struct pma_page *page = page_of(arena, pgno);
	struct pma_page_id id = pma_page_id(page);
	bool was_full;
	u32 nr_free;

	if (id.kind != PMA_KIND_SLAB || id.owner != arena->id)
		return;
	nr_free = class_of(arena, page)->nr_blocks - pma_slab_nr_used(&arena->pool->pages, pgno);
	was_full = !page->slab.nr_free;
	if (nr_free == page->slab.nr_free)
		return;
	page->slab.nr_free = nr_free;
	page->slab.first_free = 0;
	pma_slabs_place(arena, pgno, was_full);
}

/* Take blocks of a page of an arena without magazines. */
static unsigned int take_some(struct pma_arena *arena, u32 class, u32 flags, unsigned int nr,
			      u64 *handles)
{
	struct pma_pool *pool = arena->pool;
	u32 pgno = arena->partial[class];

	if (pgno == PMA_NONE && !(flags & PMA_NO_GROWTH))
		pgno = grow(arena, class);
	if (pgno == PMA_NONE)
		return 0;
	nr = pma_slab_take(&pool->pages, pgno, &pool->classes->class[class], nr, handles);
	if (!page_of(arena, pgno)->slab.nr_free)
		make_full(arena, class, pgno);
	return nr;
}

/* The same of one that has them: as if this CPU had been lent them. */
static unsigned int take_as_lent(struct pma_arena *arena, u32 class, u32 flags, unsigned int nr,
				 u64 *handles)
{
	u32 bits[LENT_MAX] __uninitialized, done = 0;

	nr = min(nr, LENT_MAX);
	nr = pma_cpu_take_own(arena, class, nr, bits) ?:
	     pma_slabs_lend(arena, class, nr, bits, flags) ?:
	     pma_cpu_steal(arena, class, nr, bits);
	/* The lowest come last. */
	while (nr--) {
		if (!WARN_ON_ONCE(!test_and_clear_bit(bits[nr], arena->fast.shadow)))
			handles[done++] = (u64)bits[nr] << arena->fast.bit_shift;
	}
	return done;
}

/* Take some blocks, and say where they are. */
static unsigned int alloc_some(struct pma_arena *arena, u32 class, size_t size, u32 flags,
			       unsigned int nr, u64 *handles)
{
	u32 block_size = arena->pool->classes->class[class].block_size;

	nr = arena->kept ? take_as_lent(arena, class, flags, nr, handles) :
			   take_some(arena, class, flags, nr, handles);
	pma_pages_record_equal(&arena->pool->pages, nr, handles, block_size, size);
	return nr;
}

/**
 * pma_slabs_alloc() - take slab blocks of one class
 * @arena: whose they will be
 * @class: of them
 * @size: bytes wanted of each
 * @flags: PMA_ZERO, PMA_NO_GROWTH
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
		got = alloc_some(arena, class, size, flags, nr - done, handles + done);
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
 * @pgno: the page
 * @was_full: it is among the full ones still
 *
 * That may be another list, or the pool.
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_slabs_place(struct pma_arena *arena, u32 pgno, bool was_full)
{
	const struct pma_page *page = page_of(arena, pgno);
	u32 class = pma_page_id(page).class;
	bool is_empty = page->slab.nr_free == arena->pool->classes->class[class].nr_blocks;

	if (!was_full && !is_empty)
		return;
	if (was_full)
		pma_arena_drop(arena, &arena->full, pgno);
	else
		drop_partial(arena, class, pgno);
	if (is_empty)
		release(arena, pgno);
	else
		push_partial(arena, class, pgno);
}

static u32 release_list(struct pma_arena *arena, u32 *list, u32 most)
{
	u32 n;

	for (n = 0; n < most && *list != PMA_NONE; n++) {
		u32 pgno = *list;
		const struct pma_page *page = page_of(arena, pgno);
		u32 used = class_of(arena, page)->nr_blocks - page->slab.nr_free;

		arena->stats.frees += used;
		arena->stats.live_blocks -= used;
		arena->stats.live_bytes -= (u64)used * page->slab.block_size;
		pma_arena_drop(arena, list, pgno);
		release(arena, pgno);
	}
	return n;
}

/**
 * pma_slabs_release() - free slab pages, whatever is in them
 * @arena: whose they are; its CPUs have no blocks
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
