/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_cpu.h - magazines: slab blocks that a CPU has at hand
 */
#ifndef _PMA_CPU_H
#define _PMA_CPU_H

#include "pma_kept.h"

#define PMA_MAGAZINE_BLOCKS	120U

/**
 * struct pma_magazine - free blocks of one class that a CPU has
 * @nr: how many
 * @max: most there may be just now; 0 after a drain
 * @word: what descriptors of the class's pages say
 * @block_size: bytes of a block
 * @allocs: blocks handed out here, since they were last added to the arena's
 * @filled: what it had then, and was lent since, less what it gave back or lost
 * @cap: most there may ever be; 0 if there are none of the class
 * @bits: of the blocks among all of the region's shadow; one that another CPU took is
 *	pma_pages_no_bit()
 *
 * Only the CPU changes any of it, with interrupts off; but for @bits, see pma_cpu_steal().
 */
struct pma_magazine {
	u32 nr;
	u32 max;
	u32 word;
	u32 block_size;
	u64 allocs;
	s32 filled;
	u32 cap;
	u32 bits[PMA_MAGAZINE_BLOCKS];
} __aligned(64);

static_assert(sizeof(struct pma_magazine) == PMA_MAGAZINE_BYTES);

int pma_cpu_init(struct pma_arena *arena);
void pma_cpu_exit(struct pma_arena *arena);
bool pma_cpu_fill(struct pma_arena *arena, struct pma_magazine *magazine);
bool pma_cpu_make_room(struct pma_arena *arena, struct pma_magazine *magazine);
void pma_cpu_flush(struct pma_arena *arena, struct pma_magazine *magazine, u32 left);
u32 pma_cpu_take_own(struct pma_arena *arena, u32 class, unsigned int nr, u32 *bits);
u32 pma_cpu_steal(struct pma_arena *arena, u32 class, unsigned int nr, u32 *bits);
const unsigned long *pma_cpu_lent(struct pma_arena *arena, u32 class, u32 pgno);
void *pma_cpu_take_slowly(struct pma_arena *arena, struct pma_magazine __percpu *own);
void pma_cpu_add_stats(struct pma_arena *arena, struct pma_stats *stats);

/* Each CPU's magazine for blocks of @size, which pma_cpu_serves(). */
static __always_inline struct pma_magazine __percpu *
pma_cpu_magazine_for(const struct pma_arena *arena, size_t size)
{
	/* It may be learning just now; READ_ONCE() would have the address added up first. */
	size_t at = data_race(arena->magazine_at[(size - 1) / PMA_BLOCK_MIN]);

	/* So that it is read once. */
	OPTIMIZER_HIDE_VAR(at);
	return (void __percpu *)arena->fast.magazines + at;
}

/* Is there a magazine for blocks of @size?  Size 0 wraps around; without any it is 0. */
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

/* Take the block that was put into this CPU's magazine last, as was just seen. */
static __always_inline bool pma_cpu_take_seen(const struct pma_arena *arena,
					      struct pma_magazine __percpu *own, size_t bit,
					      void **block)
{
	__this_cpu_dec(own->nr);
	/* Orders this and the next look at @bits: see pma_cpu_steal(). */
	if (unlikely(!test_and_clear_bit(bit, arena->fast.shadow))) {
		__this_cpu_dec(own->filled);
		return false;
	}
	__this_cpu_inc(own->allocs);
	bit <<= arena->fast.bit_shift;
	/* So that the base is added from memory, not read into a register first. */
	OPTIMIZER_HIDE_VAR(bit);
	*block = (void *)(bit + arena->fast.base);
	return true;
}

/* The same, if there is one; interrupts are off. */
static __always_inline bool pma_cpu_take(const struct pma_arena *arena,
					 struct pma_magazine __percpu *own, void **block)
{
	size_t nr = __this_cpu_read(own->nr);

	return likely(nr) &&
	       pma_cpu_take_seen(arena, own, __this_cpu_read(own->bits[nr - 1]), block);
}

/*
 * Would pma_cpu_take() take one?  Which, it must be told then by pma_cpu_take_seen(): who tries
 * to steal it now gives up, but not without changing the entry.
 */
static __always_inline bool pma_cpu_has(const struct pma_arena *arena,
					struct pma_magazine __percpu *own, u32 *bit)
{
	size_t nr = __this_cpu_read(own->nr);

	if (unlikely(!nr))
		return false;
	*bit = __this_cpu_read(own->bits[nr - 1]);
	return test_bit(*bit, arena->fast.shadow);
}

/* Divide by a bit's bytes: what is between bits comes out as large.  Of all of a pointer's bits. */
static __always_inline size_t pma_cpu_rotate(size_t offset, u8 shift)
{
	return offset >> (shift & (BITS_PER_LONG - 1)) | offset << (-shift & (BITS_PER_LONG - 1));
}

/*
 * The bit of a block that begins there; no bit if the pointer is not in the region, or a bit
 * that is set if none ever begins there.
 */
static __always_inline size_t pma_cpu_bit(const struct pma_arena *arena, const void *block)
{
	return pma_cpu_rotate((uintptr_t)block - arena->fast.base, arena->fast.bit_shift);
}

/* The other way round. */
static inline void *pma_cpu_pointer(const struct pma_arena *arena, size_t bit)
{
	return (void *)(pma_cpu_rotate(bit, -arena->fast.bit_shift) + arena->fast.base);
}

/* Each CPU's magazine for blocks of a page, if it is a slab page of the arena's; else any. */
static __always_inline struct pma_magazine __percpu *
pma_cpu_magazine_of(const struct pma_arena *arena, const struct pma_page *page)
{
	return &arena->fast.magazines[READ_ONCE(page->class)];
}

/* Free a block of a slab page that was ours when @word was read; false if it is none in use. */
static __always_inline bool pma_cpu_free_bit(const struct pma_arena *arena, size_t bit,
					     const struct pma_page *page, u32 word)
{
	if (unlikely(test_and_set_bit(bit, arena->fast.shadow)))
		return false;
	/* Where the block was free its page may have gone between the two looks. */
	if (likely(data_race(*(const u32 *)page) == word))
		return true;
	clear_bit(bit, arena->fast.shadow);
	return false;
}

/**
 * pma_cpu_give() - free a slab block without the arena's lock
 * @arena: whose it is
 * @own: pma_cpu_magazine_of() @page
 * @bit: of its start, it is said; below fast.nr_bits
 * @page: descriptor of its page
 *
 * Context: Interrupts are off.
 * Return: true if it was the start of a block in use, and is free now, in this CPU's
 * magazine; false if that must be found out in another way.
 */
static __always_inline bool pma_cpu_give(const struct pma_arena *arena,
					 struct pma_magazine __percpu *own, size_t bit,
					 const struct pma_page *page)
{
	size_t nr = __this_cpu_read(own->nr);
	u32 word = pma_page_read(page);

	if (unlikely(word != __this_cpu_read(own->word) || nr >= __this_cpu_read(own->max) ||
		     !pma_cpu_free_bit(arena, bit, page, word)))
		return false;
	__this_cpu_write(own->bits[nr], bit);
	/* First the entry: see pma_cpu_lent(). */
	smp_wmb();
	__this_cpu_inc(own->nr);
	return true;
}

#endif /* _PMA_CPU_H */
