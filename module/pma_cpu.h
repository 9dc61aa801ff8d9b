/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_cpu.h - slab pages that a CPU has to itself
 */
#ifndef _PMA_CPU_H
#define _PMA_CPU_H

#include "pma_kept.h"

#define PMA_CPU_SPARES		45U

/**
 * struct pma_cpu_page - the slab page of one class that a CPU takes from
 * @word: the bitmap word it takes from; one that is always 0 if it has no page
 * @base: the block of that word's lowest bit
 * @block_size: bytes of a block, as @inverse and @nr_blocks whether it has a page or not
 * @nr_spares: places used of @spares, for pages that the CPU has besides
 * @look: frees that found none for a page
 * @inverse: 2^32 / @block_size + 1
 * @nr_blocks: in a page
 * @pgno: the page, or PMA_NONE
 * @desc: its descriptor; NULL if there is none
 * @bitmap: all of its bitmap
 * @allocs: blocks handed out here, since they were last added to the arena's
 * @frees: blocks taken back here, since then
 * @all_free: first word of the bitmap of a page that is empty
 * @full_word: what the descriptor of a full page says
 * @spares: which pages the CPU has besides
 *
 * Only the CPU changes any of it, with interrupts off; but for @spares, which only it
 * puts pages into, but whoever changes a place back to PMA_NONE, under the arena's lock
 * if it is not the CPU, has the page.
 *
 * All that a pair of calls needs is in one cache line.
 */
struct pma_cpu_page {
	unsigned long *word;
	void *base;
	u16 block_size;
	u8 nr_spares;
	u8 look;
	u32 inverse;
	u32 nr_blocks;
	u32 pgno;
	struct pma_page *desc;
	unsigned long *bitmap;
	u64 allocs;
	u64 frees;
	unsigned long all_free;
	u32 full_word;
	u32 spares[PMA_CPU_SPARES];
} __aligned(64);

static_assert(sizeof(struct pma_cpu_page) == PMA_CPU_PAGE_BYTES);

/**
 * struct pma_cpu - what a CPU has of an arena
 * @kept: runs and chunks
 * @pages: for each class
 */
struct pma_cpu {
	struct pma_kept kept;
	DECLARE_FLEX_ARRAY(struct pma_cpu_page, pages);
};

int pma_cpu_init(struct pma_arena *arena);
void pma_cpu_exit(struct pma_arena *arena);
void pma_cpu_part_with(struct pma_arena *arena, struct pma_cpu_page *page);
void pma_cpu_put_away(struct pma_arena *arena, struct pma_cpu_page *page, u32 i, u32 pgno);
void pma_cpu_make_place(struct pma_arena *arena, u32 class);
bool pma_cpu_refill(struct pma_arena *arena, struct pma_cpu_page *page);
void *pma_cpu_take_refilled(struct pma_arena *arena, struct pma_cpu_page __percpu *own);
void pma_cpu_go_on_with(struct pma_arena *arena, struct pma_cpu_page *page, u32 pgno);
void *pma_cpu_take_next(struct pma_arena *arena, struct pma_cpu_page __percpu *own);
void pma_cpu_add_stats(struct pma_arena *arena, struct pma_stats *stats);

/* Each CPU's page for blocks of @size, which pma_cpu_serves(). */
static __always_inline struct pma_cpu_page __percpu *
pma_cpu_page_for(const struct pma_arena *arena, size_t size)
{
	/* It may be learning just now; READ_ONCE() would have the address added up first. */
	size_t at = data_race(arena->page_at[(size - 1) / PMA_BLOCK_MIN]);

	/* So that it is read once. */
	OPTIMIZER_HIDE_VAR(at);
	return (void __percpu *)arena->fast.pages + at;
}

/* Is there a page of each CPU's for blocks of @size?  Size 0 wraps around; without any it is 0. */
static __always_inline bool pma_cpu_serves(const struct pma_arena *arena, size_t size)
{
	return size - 1 < arena->fast.size_max;
}

/* Bytes of a block for @size, which pma_cpu_serves(). */
static inline u32 pma_cpu_block_size(const struct pma_arena *arena, size_t size)
{
	u32 class = pma_arena_class_of(arena, (size - 1) / PMA_BLOCK_MIN);

	return arena->pool->classes->class[class].block_size;
}

/*
 * Take the lowest free block of this CPU's word, whose bits these are and which has one;
 * interrupts are off.
 */
static __always_inline void *pma_cpu_take_of(struct pma_cpu_page __percpu *own,
					     unsigned long *word, unsigned long bits)
{
	unsigned long bit = __ffs(bits);

	clear_bit(bit, word);
	__this_cpu_inc(own->allocs);
	return __this_cpu_read(own->base) + bit * __this_cpu_read(own->block_size);
}

/* Take the lowest free block of this CPU's word, if it has one; interrupts are off. */
static __always_inline bool pma_cpu_take(struct pma_cpu_page __percpu *own, void **block)
{
	unsigned long *word = __this_cpu_read(own->word), bits = READ_ONCE(*word);

	if (unlikely(!bits))
		return false;
	*block = pma_cpu_take_of(own, word, bits);
	return true;
}

/*
 * Each CPU's page whose descriptor may be @desc.  Whatever that says just now, if it leads to
 * this CPU's page that has it, and interrupts are off, then it stays so meanwhile.
 */
static __always_inline struct pma_cpu_page __percpu *pma_cpu_own(const struct pma_arena *arena,
								 const struct pma_page *desc)
{
	return &arena->fast.pages[READ_ONCE(desc->class)];
}

/* The same, this CPU's. */
static __always_inline struct pma_cpu_page *pma_cpu_page_of(const struct pma_arena *arena,
							    const struct pma_page *desc)
{
	return this_cpu_ptr(pma_cpu_own(arena, desc));
}

/* The bitmap of a slab page. */
static __always_inline unsigned long *pma_cpu_bitmap(const struct pma_arena *arena, u32 pgno)
{
	return arena->fast.shadow + (size_t)pgno * arena->fast.shadow_bytes;
}

/* Has a page of which that is the bitmap a free block? */
static __always_inline bool pma_cpu_has_free(const unsigned long *bitmap, u32 nr_blocks)
{
	while (!READ_ONCE(*bitmap)) {
		if (likely(nr_blocks <= BITS_PER_LONG))
			return false;
		nr_blocks -= BITS_PER_LONG;
		bitmap++;
	}
	return true;
}

/* Part with a page that is used up, if nobody has freed to it; it is any CPU's to have then. */
static __always_inline bool pma_cpu_let_go(struct pma_page *desc, u32 nr_blocks)
{
	u32 word = READ_ONCE(*(u32 *)desc);

	if (unlikely(pma_page_id_of(word).kind & PMA_SLAB_GIVEN))
		return false;
	WRITE_ONCE(desc->slab.first_free, nr_blocks);
	return pma_page_swap_now(desc, word,
				 pma_page_slab_word(word, PMA_SLAB_CPU ^ PMA_SLAB_FULL));
}

/* The spare page that was put away last, or PMA_NONE. */
static __always_inline u32 pma_cpu_take_spare(struct pma_cpu_page *page)
{
	u32 nr = page->nr_spares, pgno;

	while (nr) {
		pgno = xchg(&page->spares[--nr], PMA_NONE);
		WRITE_ONCE(page->nr_spares, nr);
		/* Others may have taken it. */
		if (likely(pgno != PMA_NONE))
			return pgno;
	}
	return PMA_NONE;
}

/* As pma_cpu_take_spare(), where the CPU's word is used up: not before the page's others are. */
static __always_inline u32 pma_cpu_next_spare(struct pma_cpu_page *page)
{
	if (page->nr_blocks > BITS_PER_LONG && page->desc &&
	    pma_cpu_has_free(page->bitmap, page->nr_blocks))
		return PMA_NONE;
	return pma_cpu_take_spare(page);
}

/*
 * Take a block of a page that the CPU had put away: the one for whose sake it had.  False if
 * the page is for pma_cpu_go_on_with(); else it is let go.
 */
static __always_inline bool pma_cpu_take_of_spare(const struct pma_arena *arena,
						  struct pma_cpu_page *page, u32 pgno,
						  void **block)
{
	unsigned long *bitmap = pma_cpu_bitmap(arena, pgno);
	struct pma_page *desc = &arena->fast.desc[pgno];
	u32 index = desc->slab.first_free;

	clear_bit(index, bitmap);
	page->allocs++;
	*block = (void *)arena->fast.base + ((size_t)pgno << arena->fast.page_shift) +
		 index * page->block_size;
	return likely(!pma_cpu_has_free(bitmap, page->nr_blocks)) &&
	       likely(pma_cpu_let_go(desc, page->nr_blocks));
}

/* Which block begins at an offset in a page that is cut like the CPU's; or false. */
static __always_inline bool pma_cpu_find(const struct pma_cpu_page *page, u32 offset, u32 *index)
{
	u64 quotient = pma_slab_divide(page->inverse, offset);

	/* First this, so that the quotient need not be kept. */
	if (unlikely(!pma_slab_is_start(page->inverse, quotient)))
		return false;
	*index = upper_32_bits(quotient);
	return likely(*index < page->nr_blocks);
}

/* Is a page of which that is the bitmap empty?  Others may be freeing there. */
static inline bool pma_cpu_is_empty(const struct pma_cpu_page *page, const unsigned long *bitmap)
{
	u32 left = page->nr_blocks;

	for (; left > BITS_PER_LONG; left -= BITS_PER_LONG)
		if (READ_ONCE(*bitmap++) != ~0UL)
			return false;
	return READ_ONCE(*bitmap) == BITMAP_LAST_WORD_MASK(left);
}

/* Which block of the page that this CPU takes from a handle says is there; or false. */
static __always_inline bool pma_cpu_find_own(const struct pma_arena *arena,
					     struct pma_cpu_page __percpu *own, size_t handle,
					     const struct pma_page *desc, u32 *index)
{
	u32 inverse;
	u64 quotient;

	if (unlikely(__this_cpu_read(own->desc) != desc))
		return false;
	/* As pma_cpu_find(), each field read only when it is wanted. */
	inverse = __this_cpu_read(own->inverse);
	quotient = pma_slab_divide(inverse, handle & arena->fast.page_mask);
	if (unlikely(!pma_slab_is_start(inverse, quotient)))
		return false;
	*index = upper_32_bits(quotient);
	return likely(*index < __this_cpu_read(own->nr_blocks));
}

/**
 * pma_cpu_give() - free a slab block without the arena's lock
 * @arena: whose it is
 * @own: pma_cpu_own() of @desc
 * @handle: of its start, it is said; below fast.bytes
 * @desc: descriptor of its page
 *
 * Context: Interrupts are off.
 * Return: true if it was the start of a block in use, in the page that this CPU takes from,
 * and is free now; false if that must be found out in another way.
 */
static __always_inline bool pma_cpu_give(const struct pma_arena *arena,
					 struct pma_cpu_page __percpu *own, size_t handle,
					 const struct pma_page *desc)
{
	u32 index;

	if (unlikely(!pma_cpu_find_own(arena, own, handle, desc, &index) ||
		     test_and_set_bit(index, __this_cpu_read(own->bitmap))))
		return false;
	__this_cpu_inc(own->frees);
	return true;
}

/* Would pma_cpu_give() do so? */
static __always_inline bool pma_cpu_holds(const struct pma_arena *arena,
					  struct pma_cpu_page __percpu *own, size_t handle,
					  const struct pma_page *desc)
{
	u32 index;

	return pma_cpu_find_own(arena, own, handle, desc, &index) &&
	       !test_bit(index, __this_cpu_read(own->bitmap));
}

/* Put a page into a place. */
static __always_inline void pma_cpu_place(u32 *place, u32 pgno)
{
	/* Whoever takes it out sees what was written of it before. */
	smp_store_mb(*place, pgno);
}

/*
 * Free a block of a page that became this CPU's, which is a spare one from now on: others may
 * have been quicker, under the lock.  There is a place.
 */
static __always_inline bool pma_cpu_give_to_adopted(struct pma_arena *arena,
						    struct pma_cpu_page *page,
						    struct pma_page *desc, u32 pgno, u32 index)
{
	u32 i = page->nr_spares;

	WRITE_ONCE(page->nr_spares, i + 1);
	WRITE_ONCE(desc->slab.first_free, index);
	WRITE_ONCE(desc->slab.place, i);
	if (unlikely(test_and_set_bit(index, pma_cpu_bitmap(arena, pgno)))) {
		pma_cpu_place(&page->spares[i], pgno);
		return false;
	}
	page->frees++;
	pma_cpu_place(&page->spares[i], pgno);
	return true;
}

/**
 * pma_cpu_adopt() - free a block of a full page, and have that page as a spare one
 * @arena: whose it is, and whose CPUs have pages
 * @own: pma_cpu_own() of @desc
 * @handle: of the block's start, it is said; in the region
 * @desc: descriptor of its page
 *
 * As long as the page is full, any block that begins there is in use; once it is the
 * CPU's, another may have freed this one under the lock.
 *
 * Context: Interrupts are off.
 * Return: true if it was the start of a block of a full page, and is free now, which calls for
 * pma_cpu_was_given(); false if it must be freed, or refused, in another way.
 */
static __always_inline bool pma_cpu_adopt(struct pma_arena *arena,
					  struct pma_cpu_page __percpu *own, size_t handle,
					  struct pma_page *desc)
{
	u32 word = pma_page_read(desc), pgno = handle >> arena->fast.page_shift, index;
	struct pma_cpu_page *page = this_cpu_ptr(own);

	OPTIMIZER_HIDE_VAR(page);
	if (word != page->full_word || page->nr_spares == PMA_CPU_SPARES)
		return false;
	/* Acquire: who drained looked at the page, and took it for nobody's to change. */
	if (unlikely(smp_load_acquire(&arena->draining)))
		return false;
	if (unlikely(!pma_cpu_find(page, handle & arena->fast.page_mask, &index) ||
		     !pma_page_swap_now(desc, word,
					pma_page_slab_word(word, PMA_SLAB_FULL ^ PMA_SLAB_CPU))))
		return false;
	return pma_cpu_give_to_adopted(arena, page, desc, pgno, index);
}

/*
 * Have others freed to a page that was just put into its place?  If they freed the last block
 * while it was in none, they have said so, but who looked for it then did not find it.
 */
static __always_inline bool pma_cpu_was_given(const struct pma_page *desc)
{
	return unlikely(READ_ONCE(desc->kind) & PMA_SLAB_GIVEN);
}

#endif /* _PMA_CPU_H */
