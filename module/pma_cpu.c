// SPDX-License-Identifier: GPL-2.0
/*
 * pma_cpu.c - slab pages that a CPU has to itself
 *
 * In front of a kernel arena each CPU *has* one slab page of each class it uses:
 * it allocates from that page's bitmap, and frees to it, without the arena's
 * lock.  The bitmap stays the one truth about which blocks are free, so a free is
 * judged as exactly as under the lock, and no block is parked anywhere else.
 *
 *	descriptor.kind	SLAB			changed under the arena's lock
 *			SLAB | FULL		has no free block; any CPU may have it
 *			SLAB | CPU		a CPU has it
 *			SLAB | CPU | GIVEN	a CPU has it, and others have freed to it
 *
 * A page that a CPU has:
 *  - is in the list of full pages;
 *  - bits are cleared only by that CPU with interrupts off: that is allocation;
 *  - bits are set by that CPU with interrupts off, or by others under the lock, who say
 *    GIVEN first: atomically, as neither sees the other;
 *  - nr_free and first_free are not kept: if the page is GIVEN, what is free is counted
 *    from the bitmap, under the lock, when the CPU parts with it.
 *
 * A CPU parts with a page when it is used up, which takes no lock unless it is GIVEN; or
 * when it is asked to (drain): for a CPU that is offline, who asks does it.  (The idea
 * of a page for each CPU is that of SLUB.)
 *
 * Where many blocks live, hardly any page has more than one that is free, and a
 * free meets a full page.  The CPU *adopts* it, as one of a few *spare* ones for when
 * the page that it takes from is used up: so most pages go from full to a CPU and back
 * without a lock, or a change of any list.  A spare page is there for others, too: it
 * is taken out of its place, under the lock, when another CPU finds no free block, or,
 * if it is empty, anybody no page.
 */
#include "pma_cpu.h"
#include "pma_keepers.h"
#include "pma_slabs.h"

/*
 * An empty page stays among so many spare ones of a class; and where less than half of the
 * pool is free, among so few.
 */
#define EMPTY_SPARES		8
#define EMPTY_SPARES_FEW	2

/* Where all places are used, one in so many frees that find none looks at one of them. */
#define LOOK_EVERY		4U

static_assert(LOOK_EVERY * PMA_CPU_SPARES <= U8_MAX);

static unsigned long no_word;

static struct pma_page *page_of(const struct pma_arena *arena, u32 pgno)
{
	return &arena->pool->pages.desc[pgno];
}

static void have_none(struct pma_cpu_page *page)
{
	page->word = &no_word;
	page->pgno = PMA_NONE;
	page->desc = NULL;
}

/* Take from that word of the CPU's page from now on. */
static __always_inline void go_to_word(const struct pma_arena *arena,
				       struct pma_cpu_page *page, u32 word)
{
	page->word = page->bitmap + word;
	page->base = (void *)arena->fast.base + ((size_t)page->pgno << arena->fast.page_shift) +
		     word * BITS_PER_LONG * page->block_size;
}

static noinline bool find_word(const struct pma_arena *arena, struct pma_cpu_page *page)
{
	u32 word;

	for (word = 0; word < BITS_TO_LONGS(page->nr_blocks); word++) {
		if (READ_ONCE(page->bitmap[word])) {
			go_to_word(arena, page, word);
			return true;
		}
	}
	return false;
}

/* Go to another word of the CPU's page that has a free block; is there one? */
static __always_inline bool next_word(const struct pma_arena *arena, struct pma_cpu_page *page)
{
	return page->nr_blocks > BITS_PER_LONG && page->desc && find_word(arena, page);
}

/* Take from that page, which the CPU has, from now on. */
static __always_inline void have(const struct pma_arena *arena, struct pma_cpu_page *page, u32 pgno)
{
	struct pma_page *desc = page_of(arena, pgno);

	page->pgno = pgno;
	page->desc = desc;
	page->bitmap = pma_cpu_bitmap(arena, pgno);
	go_to_word(arena, page, desc->slab.first_free / BITS_PER_LONG);
}

/* Tell the arena what the CPU did on its own; the arena's lock is held. */
static void fold(struct pma_arena *arena, struct pma_cpu_page *page)
{
	arena->stats.allocs += page->allocs;
	arena->stats.frees += page->frees;
	arena->stats.live_blocks += page->allocs - page->frees;
	pma_arena_count_bytes(arena, (s64)(page->allocs - page->frees) * page->block_size);
	page->allocs = 0;
	page->frees = 0;
}

/**
 * pma_cpu_part_with() - let a CPU part with the page that it takes from, if it has one
 * @arena: whose it is
 * @page: this CPU's, or one's that is offline
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_cpu_part_with(struct pma_arena *arena, struct pma_cpu_page *page)
{
	fold(arena, page);
	if (page->pgno == PMA_NONE)
		return;
	pma_slabs_settle(arena, page->pgno);
	have_none(page);
}

/* Part with a page that is empty, or that others have freed to. */
static void settle(struct pma_arena *arena, u32 pgno)
{
	raw_spin_lock(&arena->lock);
	pma_slabs_settle(arena, pgno);
	raw_spin_unlock(&arena->lock);
}

/* Part with the page that the CPU has taken all blocks of, if it has one. */
static void part_with_used_up(struct pma_arena *arena, const struct pma_cpu_page *page)
{
	if (page->desc && unlikely(!pma_cpu_let_go(page->desc, page->nr_blocks)))
		settle(arena, page->pgno);
}

/* Have a page that the CPU has put away, for the one that is used up. */
static void go_to_spare(struct pma_arena *arena, struct pma_cpu_page *page, u32 pgno)
{
	part_with_used_up(arena, page);
	have(arena, page, pgno);
}

/* Have a page that no CPU has, for the one that is used up. */
static bool go_to_partial(struct pma_arena *arena, struct pma_cpu_page *page)
{
	u32 pgno = PMA_NONE;

	part_with_used_up(arena, page);
	raw_spin_lock(&arena->lock);
	have_none(page);
	fold(arena, page);
	if (!arena->draining)
		pgno = pma_slabs_activate(arena, page - this_cpu_ptr(arena->fast.pages));
	if (pgno != PMA_NONE)
		have(arena, page, pgno);
	raw_spin_unlock(&arena->lock);
	return pgno != PMA_NONE;
}

/**
 * pma_cpu_refill() - go on to a word that has a free block, be it in another page
 * @arena: whose it is
 * @page: this CPU's, of which the word is used up
 *
 * Context: Interrupts are off; may take the arena's lock, then the pool's.
 * Return: true if there is one.
 */
bool pma_cpu_refill(struct pma_arena *arena, struct pma_cpu_page *page)
{
	u32 pgno;

	/* What no CPU ever has needs no lock to see so. */
	if (!page->nr_blocks)
		return false;
	if (next_word(arena, page))
		return true;
	pgno = pma_cpu_take_spare(page);
	if (pgno == PMA_NONE)
		return go_to_partial(arena, page);
	go_to_spare(arena, page, pgno);
	return true;
}

/**
 * pma_cpu_take_refilled() - take a block of the word to go on to
 * @arena: whose it will be
 * @own: the page that each CPU takes from; this one's word is used up
 *
 * Context: Interrupts are off; may take the arena's lock.
 * Return: the block, or NULL if there is none, and it must be had in another way.
 */
void *pma_cpu_take_refilled(struct pma_arena *arena, struct pma_cpu_page __percpu *own)
{
	void *block = NULL;

	if (pma_cpu_refill(arena, this_cpu_ptr(own)))
		pma_cpu_take(own, &block);
	return block;
}

/**
 * pma_cpu_go_on_with() - go on with a spare page that a block was taken of
 * @arena: whose it is
 * @page: this CPU's, which is used up
 * @pgno: the page: it has other free blocks, or others have freed to it
 *
 * Context: Interrupts are off; may take the arena's lock, then the pool's.
 */
void pma_cpu_go_on_with(struct pma_arena *arena, struct pma_cpu_page *page, u32 pgno)
{
	if (!pma_cpu_has_free(pma_cpu_bitmap(arena, pgno), page->nr_blocks)) {
		settle(arena, pgno);
		return;
	}
	go_to_spare(arena, page, pgno);
	find_word(arena, page);
}

/**
 * pma_cpu_take_next() - take a block where the CPU's word is used up
 * @arena: whose it will be
 * @own: the page that each CPU takes from
 *
 * Context: Interrupts are off; may take the arena's lock.
 * Return: as pma_cpu_take_refilled().
 */
void *pma_cpu_take_next(struct pma_arena *arena, struct pma_cpu_page __percpu *own)
{
	struct pma_cpu_page *page = this_cpu_ptr(own);
	u32 pgno = pma_cpu_next_spare(page);
	void *block;

	if (pgno == PMA_NONE)
		return pma_cpu_take_refilled(arena, own);
	if (!pma_cpu_take_of_spare(arena, page, pgno, &block))
		pma_cpu_go_on_with(arena, page, pgno);
	return block;
}

/**
 * pma_cpu_put_away() - put a spare page away that may be empty
 * @arena: whose it is
 * @page: this CPU's
 * @i: its place
 * @pgno: the page
 *
 * If it is, and the CPU has enough of them, it goes back instead: so a CPU that only frees
 * has places left for other pages.
 *
 * Context: Interrupts are off; may take the arena's lock, then the pool's.
 */
void pma_cpu_put_away(struct pma_arena *arena, struct pma_cpu_page *page, u32 i, u32 pgno)
{
	const unsigned long *bitmap = pma_cpu_bitmap(arena, pgno);
	u32 most = pma_pool_has_plenty(arena->pool) ? EMPTY_SPARES : EMPTY_SPARES_FEW;

	if (page->nr_spares > most && pma_cpu_is_empty(page, bitmap)) {
		WRITE_ONCE(page->nr_spares, page->nr_spares - (i == page->nr_spares - 1));
		settle(arena, pgno);
		return;
	}
	/* Before we look whether it is known that something is kept. */
	pma_cpu_place(&page->spares[i], pgno);
	pma_keepers_tell(arena);
}

/**
 * pma_cpu_make_place() - see whether a place of spare pages can be used again
 * @arena: whose it is, and whose CPUs have pages
 * @class: of a page that was not adopted
 *
 * Where all are used: others may have taken a page out, or freed what was in use of it.
 * It looks at one place after the other, but at one only each time, and not each time.
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_cpu_make_place(struct pma_arena *arena, u32 class)
{
	struct pma_cpu_page *page = this_cpu_ptr(&arena->fast.pages[class]);
	u32 i = page->look / LOOK_EVERY, last = PMA_CPU_SPARES - 1, pgno;

	lockdep_assert_held(&arena->lock);
	page->look = (page->look + 1) % (LOOK_EVERY * PMA_CPU_SPARES);
	if (page->nr_spares < PMA_CPU_SPARES || page->look % LOOK_EVERY)
		return;
	pgno = page->spares[i];
	if (pgno != PMA_NONE) {
		if (!pma_cpu_is_empty(page, pma_cpu_bitmap(arena, pgno)))
			return;
		page->spares[i] = PMA_NONE;
		pma_slabs_settle(arena, pgno);
	}
	/* The last one moves there: who takes pages out holds the lock. */
	pgno = page->spares[last];
	if (pgno != PMA_NONE) {
		WRITE_ONCE(page_of(arena, pgno)->slab.place, i);
		WRITE_ONCE(page->spares[last], PMA_NONE);
		smp_store_release(&page->spares[i], pgno);	/* as when it was adopted */
	}
	WRITE_ONCE(page->nr_spares, last);
}

static void add_stats(const struct pma_cpu_page *page, struct pma_stats *stats)
{
	u64 allocs = READ_ONCE(page->allocs), frees = READ_ONCE(page->frees);

	stats->allocs += allocs;
	stats->frees += frees;
	stats->live_blocks += allocs - frees;
	stats->live_bytes += (allocs - frees) * page->block_size;
}

/**
 * pma_cpu_add_stats() - add what CPUs did without the lock
 * @arena: the arena
 * @stats: where to
 *
 * Context: The arena's lock is held.  What happens meanwhile is counted or not.
 */
void pma_cpu_add_stats(struct pma_arena *arena, struct pma_stats *stats)
{
	u32 class;
	int n;

	if (!arena->cpu)
		return;
	for_each_possible_cpu(n) {
		struct pma_cpu *cpu = per_cpu_ptr(arena->cpu, n);

		for (class = 0; class < arena->pool->classes->nr; class++)
			add_stats(&cpu->pages[class], stats);
		pma_kept_add_stats(arena, &cpu->kept, stats);
	}
	/* A free may be counted whose allocation, on a CPU before, was not yet. */
	stats->live_blocks = max_t(s64, stats->live_blocks, 0);
	stats->live_bytes = max_t(s64, stats->live_bytes, 0);
	stats->peak_bytes = max(stats->peak_bytes, stats->live_bytes);
}

static void init_cpu(const struct pma_arena *arena, struct pma_cpu *cpu)
{
	const struct pma_classes *classes = arena->pool->classes;
	u32 class;

	pma_kept_init(arena, &cpu->kept);
	/* The last one never has a page: of sizes that have earned none (pma_adapt.c). */
	for (class = 0; class <= classes->nr; class++) {
		const struct pma_class *of = &classes->class[class];
		struct pma_cpu_page *page = &cpu->pages[class];

		page->block_size = of->block_size;
		page->inverse = of->inverse;
		page->nr_blocks = of->nr_blocks;
		page->full_word = pma_page_word(PMA_KIND_SLAB | PMA_SLAB_FULL, class, arena->id);
		page->all_free = BITMAP_LAST_WORD_MASK(min_t(u32, of->nr_blocks, BITS_PER_LONG));
		page->nr_spares = 0;
		page->look = 0;
		memset(page->spares, 0xff, sizeof(page->spares));	/* PMA_NONE */
		have_none(page);
	}
}

/**
 * pma_cpu_init() - give an arena's CPUs pages of their own
 * @arena: the arena, nobody else's yet
 *
 * Not where requested sizes are recorded: that is done under the lock.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM; then the arena works without.
 */
int pma_cpu_init(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;
	u32 nr = pool->classes->nr + 1;
	int n;

	if (pool->pages.slack)
		return 0;
	arena->cpu = __alloc_percpu(struct_size(arena->cpu, pages, nr),
				    __alignof__(*arena->cpu));
	if (!arena->cpu)
		return -ENOMEM;
	for_each_possible_cpu(n)
		init_cpu(arena, per_cpu_ptr(arena->cpu, n));
	arena->fast = (struct pma_arena_fast){
		.base = (uintptr_t)pool->region.base,
		.bytes = pool->region.bytes,
		.desc = pool->pages.desc,
		.page_mask = pma_region_page_size(&pool->region) - 1,
		.page_shift = pool->region.page_shift,
		.shadow = pool->pages.shadow,
		.shadow_bytes = pool->pages.shadow_bytes,
		.size_max = pool->classes->slab_max,
		.pages = arena->cpu->pages,
		.kept_size_max = PMA_KEPT_RUN_PAGES << pool->region.page_shift,
	};
	return 0;
}

/**
 * pma_cpu_exit() - end what pma_cpu_init() began
 * @arena: the arena, which nobody else uses any more
 */
void pma_cpu_exit(struct pma_arena *arena)
{
	arena->fast = (struct pma_arena_fast){};
	free_percpu(arena->cpu);
	arena->cpu = NULL;
}
