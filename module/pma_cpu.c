// SPDX-License-Identifier: GPL-2.0
/*
 * pma_cpu.c - magazines: slab blocks that a CPU has at hand
 *
 * In front of a kernel arena each CPU has a *magazine* of free blocks for each class: it
 * allocates from it, and frees to it, whatever page a block is of, without the arena's
 * lock.  (The idea is that of Bonwick and Adams, 2001.)  What a magazine holds is only
 * where the blocks are.  Whether a block is free says its bit, as ever: who frees it sets
 * the bit, and who allocates it clears it, atomically.  So a free is judged as exactly as
 * under the lock, and by one look: a bit that is 0 is the start of a block in use.
 *
 *	free	page's descriptor: a slab page of ours?	  bit 0 -> 1	into the magazine
 *	alloc	out of the magazine			  bit 1 -> 0
 *
 * A magazine that is empty is *filled* up to half, or more, with blocks of one page, and of
 * one that is full the older half is *flushed*, both under the lock; as long as they are lent to
 * a magazine blocks are no free ones of their page, which cannot become empty.
 *
 * Who finds neither block nor page *steals* from the other CPUs' magazines.
 */
#include "pma_cpu.h"
#include "pma_drain.h"
#include "pma_slabs.h"

/* What a CPU may have of a class: so many bytes, and a block for so many pages of the region. */
#define CAP_BYTES	SZ_32K
#define CAP_PAGES	16
#define CAP_LEAST	4U

/* And where less than half of the pool is free. */
#define CAP_SCARCE	32U

/* Filled, a magazine has room for so many frees, or half of it. */
#define FREES		32U

static u32 class_of(const struct pma_magazine *magazine)
{
	return pma_page_id_of(magazine->word).class;
}

/* Tell the arena what the CPU did on its own; the arena's lock is held. */
static void fold(struct pma_arena *arena, struct pma_magazine *magazine)
{
	u64 frees = magazine->allocs + magazine->nr - magazine->filled;

	arena->stats.allocs += magazine->allocs;
	arena->stats.frees += frees;
	arena->stats.live_blocks += magazine->allocs - frees;
	pma_arena_count_bytes(arena, (s64)(magazine->allocs - frees) * magazine->block_size);
	magazine->allocs = 0;
	magazine->filled = magazine->nr;
}

/* How many blocks a magazine may have now. */
static u32 most(const struct pma_arena *arena, const struct pma_magazine *magazine)
{
	return pma_pool_has_plenty(arena->pool) ? magazine->cap : min(magazine->cap, CAP_SCARCE);
}

/* What a CPU has is out of sight for who waits until there is room. */
static bool may_have(const struct pma_arena *arena)
{
	return !arena->draining && !READ_ONCE(arena->pool->waiting);
}

/**
 * pma_cpu_fill() - fill a magazine that is empty
 * @arena: whose it is
 * @magazine: this CPU's
 *
 * Context: Interrupts are off; takes the arena's lock, then the pool's.
 * Return: false if there was nothing to be had.
 */
bool pma_cpu_fill(struct pma_arena *arena, struct pma_magazine *magazine)
{
	u32 class = class_of(magazine), nr = 0, want;
	bool unsure;

	/* What no CPU ever has needs no lock to see so. */
	if (!magazine->cap)
		return false;
	raw_spin_lock(&arena->lock);
	fold(arena, magazine);
	if (may_have(arena)) {
		magazine->max = most(arena, magazine);
		want = magazine->max - min(magazine->max / 2, FREES);
		nr = pma_slabs_lend(arena, class, want, magazine->bits, 0) ?:
		     pma_cpu_steal(arena, class, want, magazine->bits);
		magazine->nr = nr;
		magazine->filled = nr;
	}
	unsure = arena->nr_unsure >= PMA_UNSURE_MAX / 2;
	raw_spin_unlock(&arena->lock);
	if (unlikely(unsure))
		pma_drain_soon(arena, false);
	return nr;
}

/**
 * pma_cpu_flush() - give back blocks of a magazine
 * @arena: whose they are
 * @magazine: this CPU's, or one's that is offline
 * @left: how many it may have then
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_cpu_flush(struct pma_arena *arena, struct pma_magazine *magazine, u32 left)
{
	u32 old;

	lockdep_assert_held(&arena->lock);
	fold(arena, magazine);
	left = min(left, magazine->nr);
	old = magazine->nr - left;
	pma_slabs_put_back(arena, class_of(magazine), old, magazine->bits);
	memmove(magazine->bits, magazine->bits + old, left * sizeof(*magazine->bits));
	magazine->nr = left;
	magazine->filled = left;
}

/**
 * pma_cpu_make_room() - see to it that a magazine has room for one more block
 * @arena: whose it is
 * @magazine: this CPU's, which is full
 *
 * Context: Interrupts are off; takes the arena's lock, then the pool's.
 * Return: false while CPUs are to have no blocks: they are drained, or somebody waits for room.
 */
bool pma_cpu_make_room(struct pma_arena *arena, struct pma_magazine *magazine)
{
	bool may;

	raw_spin_lock(&arena->lock);
	may = may_have(arena);
	if (may) {
		magazine->max = most(arena, magazine);
		if (magazine->nr >= magazine->max)
			pma_cpu_flush(arena, magazine, magazine->max / 2);
	}
	raw_spin_unlock(&arena->lock);
	return may;
}

/**
 * pma_cpu_take_own() - take blocks out of this CPU's magazine, not to hand them out from there
 * @arena: whose they are
 * @class: of them
 * @nr: how many, at least 1
 * @bits: of them
 *
 * Context: The arena's lock is held.
 * Return: how many there were.
 */
u32 pma_cpu_take_own(struct pma_arena *arena, u32 class, unsigned int nr, u32 *bits)
{
	struct pma_magazine *magazine = &this_cpu_ptr(arena->fast.magazines)[class];
	u32 no_bit = pma_pages_no_bit(&arena->pool->pages), got = 0;

	lockdep_assert_held(&arena->lock);
	for (; got < nr && magazine->nr; magazine->filled--) {
		bits[got] = magazine->bits[--magazine->nr];
		got += bits[got] != no_bit;
	}
	return got;
}

/*
 * Take blocks out of another CPU's magazine, the oldest ones.  That may be taking its last one
 * just now, which it does without a lock: it looks which block that is, says so in @nr, and
 * changes a bit, which orders that before its next look.  So what is below the last that @nr
 * tells of afterwards it has not looked at; unless it has put others there since, which show
 * where the stolen one was, as none of them is @no_bit.  Of what is not, nobody can tell whose
 * it is now before that CPU has been drained.
 */
static u32 steal_of(struct pma_arena *arena, struct pma_magazine *magazine, unsigned int nr,
		    u32 *bits)
{
	u32 no_bit = pma_pages_no_bit(&arena->pool->pages), got = 0, i, bit;

	for (i = 0; got < nr && arena->nr_unsure < PMA_UNSURE_MAX; i++) {
		/* Acquire: each but the last was put there before that was said. */
		if (i + 1 >= smp_load_acquire(&magazine->nr))
			break;
		bit = READ_ONCE(magazine->bits[i]);
		if (bit == no_bit || cmpxchg(&magazine->bits[i], bit, no_bit) != bit)
			continue;
		/* First how many: who has put two there has put the first one there before. */
		if (likely(i + 1 < smp_load_acquire(&magazine->nr) &&
			   READ_ONCE(magazine->bits[i]) == no_bit))
			bits[got++] = bit;
		else
			arena->unsure[arena->nr_unsure++] = bit >> arena->fast.page_bits_shift;
	}
	return got;
}

/**
 * pma_cpu_steal() - take blocks out of other CPUs' magazines
 * @arena: whose they are
 * @class: of them
 * @nr: how many, at least 1
 * @bits: of them
 *
 * All but the last of each magazine can be had.
 *
 * Context: The arena's lock is held.  O(CPUs).
 * Return: how many there were.
 */
u32 pma_cpu_steal(struct pma_arena *arena, u32 class, unsigned int nr, u32 *bits)
{
	u32 got = 0;
	int n;

	lockdep_assert_held(&arena->lock);
	for_each_possible_cpu(n)
		if (n != smp_processor_id() && got < nr)
			got += steal_of(arena, &per_cpu_ptr(arena->fast.magazines, n)[class],
					nr - got, bits + got);
	return got;
}

/**
 * pma_cpu_lent() - which blocks of a page are in magazines?
 * @arena: whose it is
 * @class: of its blocks
 * @pgno: the page
 *
 * But for those that are being put there.  What is found was lent when the lock was taken, and
 * is still, though a CPU may have handed it out meanwhile: without the lock none becomes a
 * free one of its page.
 *
 * Context: The arena's lock is held.  O(CPUs).
 * Return: a bitmap of that page's shadow, of the arena's; until the next call.
 */
const unsigned long *pma_cpu_lent(struct pma_arena *arena, u32 class, u32 pgno)
{
	u32 page_bits = 1U << arena->fast.page_bits_shift;
	u32 first = pma_pages_first_bit(&arena->pool->pages, pgno), i, bit;
	const struct pma_magazine *magazine;
	int n;

	lockdep_assert_held(&arena->lock);
	bitmap_zero(arena->lent, page_bits);
	for_each_possible_cpu(n) {
		magazine = &per_cpu_ptr(arena->fast.magazines, n)[class];
		/* Acquire: no entry of long ago, whose block its page may have had back. */
		for (i = smp_load_acquire(&magazine->nr); i--; ) {
			bit = READ_ONCE(magazine->bits[i]) - first;
			if (bit < page_bits)
				__set_bit(bit, arena->lent);
		}
	}
	return arena->lent;
}

/**
 * pma_cpu_take_slowly() - take a block where the CPU's magazine seems empty
 * @arena: whose it will be
 * @own: each CPU's
 *
 * Context: Interrupts are off; may take the arena's lock.
 * Return: the block, or NULL if there is none, and it must be had in another way.
 */
void *pma_cpu_take_slowly(struct pma_arena *arena, struct pma_magazine __percpu *own)
{
	void *block;

	do {
		while (__this_cpu_read(own->nr))
			if (pma_cpu_take(arena, own, &block))
				return block;
	} while (pma_cpu_fill(arena, this_cpu_ptr(own)));
	return NULL;
}

static void add_stats(const struct pma_magazine *magazine, struct pma_stats *stats)
{
	u64 allocs = READ_ONCE(magazine->allocs), frees;
	s32 filled = READ_ONCE(magazine->filled);

	/* What is counted as taken is out of @nr by then: frees are never too many. */
	smp_rmb();
	frees = allocs + READ_ONCE(magazine->nr) - filled;
	stats->allocs += allocs;
	stats->frees += frees;
	stats->live_blocks += allocs - frees;
	stats->live_bytes += (allocs - frees) * magazine->block_size;
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
	const struct pma_magazine *magazines;
	u32 class;
	int n;

	if (!arena->kept)
		return;
	for_each_possible_cpu(n) {
		magazines = per_cpu_ptr(arena->fast.magazines, n);
		for (class = 0; class < arena->pool->classes->nr; class++)
			add_stats(&magazines[class], stats);
		pma_kept_add_stats(arena, per_cpu_ptr(arena->kept, n), stats);
	}
	/*
	 * A free may be counted whose allocation, on a CPU before, was not yet; and what a CPU
	 * just takes is no more in its magazine, but not allocated yet.
	 */
	stats->frees = max_t(s64, stats->frees, arena->frees_told);
	arena->frees_told = stats->frees;
	stats->live_blocks = max_t(s64, stats->live_blocks, 0);
	stats->live_bytes = max_t(s64, stats->live_bytes, 0);
	stats->peak_bytes = max(stats->peak_bytes, stats->live_bytes);
}

static u32 cap_of(const struct pma_arena *arena, u32 block_size)
{
	u32 blocks = min_t(u32, arena->pool->region.nr_pages / CAP_PAGES, CAP_BYTES / block_size);

	return clamp_t(u32, blocks, CAP_LEAST, PMA_MAGAZINE_BLOCKS);
}

static void init_magazines(const struct pma_arena *arena, struct pma_magazine *magazines)
{
	const struct pma_classes *classes = arena->pool->classes;
	u32 class;

	for (class = 0; class < classes->nr; class++) {
		u32 block_size = classes->class[class].block_size;

		magazines[class] = (struct pma_magazine){
			.word = pma_page_word(PMA_KIND_SLAB, class, arena->id),
			.block_size = block_size,
			.cap = cap_of(arena, block_size),
		};
	}
	/* The last one is never filled: of sizes that have earned none (pma_adapt.c). */
	magazines[classes->nr] = (struct pma_magazine){};
}

/**
 * pma_cpu_init() - give an arena's CPUs magazines
 * @arena: the arena, nobody else's yet
 *
 * Not where requested sizes are recorded: that is done under the lock.  Nor in regions that
 * have more than 2^31 bits, which is what each machine numbers them up to: of 32 GiB and more.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM; then the arena works without.
 */
int pma_cpu_init(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;
	u32 nr = pool->classes->nr + 1;
	struct pma_magazine __percpu *magazines;
	int n;

	if (pool->pages.slack || pma_pages_no_bit(&pool->pages) > INT_MAX)
		return 0;
	magazines = __alloc_percpu(nr * sizeof(*magazines), __alignof__(*magazines));
	arena->kept = __alloc_percpu(sizeof(*arena->kept), __alignof__(*arena->kept));
	arena->lent = kvmalloc(pool->pages.shadow_bytes, GFP_KERNEL);
	if (!magazines || !arena->kept || !arena->lent)
		goto free;
	for_each_possible_cpu(n) {
		init_magazines(arena, per_cpu_ptr(magazines, n));
		pma_kept_init(arena, per_cpu_ptr(arena->kept, n));
	}
	arena->fast = (struct pma_arena_fast){
		.base = (uintptr_t)pool->region.base,
		.desc = pool->pages.desc,
		.page_mask = pma_region_page_size(&pool->region) - 1,
		.page_shift = pool->region.page_shift,
		.bit_shift = pool->pages.bit_shift,
		.page_bits_shift = pool->region.page_shift - pool->pages.bit_shift,
		.nr_bits = pma_pages_no_bit(&pool->pages),
		.shadow = pool->pages.shadow,
		.size_max = pool->classes->slab_max,
		.magazines = magazines,
		.kept_size_max = PMA_KEPT_RUN_PAGES << pool->region.page_shift,
	};
	return 0;

free:
	arena->fast.magazines = magazines;
	pma_cpu_exit(arena);
	return -ENOMEM;
}

/**
 * pma_cpu_exit() - end what pma_cpu_init() began
 * @arena: the arena, which nobody else uses any more
 */
void pma_cpu_exit(struct pma_arena *arena)
{
	free_percpu(arena->fast.magazines);
	free_percpu(arena->kept);
	kvfree(arena->lent);
	arena->fast = (struct pma_arena_fast){};
	arena->kept = NULL;
	arena->lent = NULL;
}
