/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_cpu.h - slab pages that a CPU has to itself
 */
#ifndef _PMA_CPU_H
#define _PMA_CPU_H

#include "pma_arena.h"

/**
 * struct pma_cpu_page - the slab page of one class that a CPU has
 * @word: the bitmap word it takes from; one that is always 0 if it has no page
 * @base: the block of that word's lowest bit
 * @block_size: bytes of a block
 * @inverse: 2^32 / @block_size + 1
 * @nr_blocks: in a page
 * @pgno: the page, or PMA_NONE
 * @bitmap: all of its bitmap
 * @allocs: blocks handed out here, since they were last added to the arena's
 * @frees: blocks taken back here, since then
 *
 * All that a pair of calls needs, in one cache line.
 */
struct pma_cpu_page {
	unsigned long *word;
	void *base;
	u32 block_size;
	u32 inverse;
	u32 nr_blocks;
	u32 pgno;
	unsigned long *bitmap;
	u64 allocs;
	u64 frees;
} __aligned(64);

/**
 * struct pma_cpu - what a CPU has of an arena
 * @pages: for each class
 */
struct pma_cpu {
	DECLARE_FLEX_ARRAY(struct pma_cpu_page, pages);
};

int pma_cpu_init(struct pma_arena *arena);
void pma_cpu_exit(struct pma_arena *arena);
void *pma_cpu_alloc_slowly(struct pma_arena *arena, size_t size);
bool pma_cpu_free_slowly(struct pma_arena *arena, const void *block);
bool pma_cpu_adopt(struct pma_arena *arena, u32 pgno);
unsigned int pma_cpu_alloc_batch(struct pma_arena *arena, size_t size, unsigned int nr,
				 void **blocks);
unsigned int pma_cpu_free_batch(struct pma_arena *arena, unsigned int nr, void **blocks);
void pma_cpu_drain_begin(struct pma_arena *arena);
void pma_cpu_drain_end(struct pma_arena *arena);
void pma_cpu_add_stats(struct pma_arena *arena, struct pma_stats *stats);

/* The CPU's page for blocks of @size; interrupts are off, @size is at most fast.size_max. */
static __always_inline struct pma_cpu_page *pma_cpu_page_for(const struct pma_arena *arena,
							     size_t size, u32 *class)
{
	*class = arena->fast.of_size[(size + PMA_BLOCK_MIN - 1) / PMA_BLOCK_MIN];
	return &this_cpu_ptr(arena->cpu)->pages[*class];
}

/* Take the lowest free block of the CPU's word, if there is one; interrupts are off. */
static __always_inline void *pma_cpu_take(struct pma_cpu_page *page)
{
	unsigned long bits = READ_ONCE(*page->word);

	if (unlikely(!bits))
		return NULL;
	bits = __ffs(bits);
	clear_bit(bits, page->word);
	page->allocs++;
	return page->base + bits * page->block_size;
}

/**
 * pma_cpu_alloc() - allocate a slab block without the arena's lock
 * @arena: whose it will be
 * @size: bytes wanted
 *
 * Calls nothing, so that its caller need not save a register for it.
 *
 * Context: Any but NMI.
 * Return: the block; NULL if it must be allocated in another way.
 */
static __always_inline void *pma_cpu_alloc(struct pma_arena *arena, size_t size)
{
	unsigned long irq;
	void *block;
	u32 class;

	/* Size 0 wraps around; without CPU pages size_max is 0. */
	if (unlikely(size - 1 >= arena->fast.size_max))
		return NULL;
	local_irq_save(irq);
	block = pma_cpu_take(pma_cpu_page_for(arena, size, &class));
	local_irq_restore(irq);
	return block;
}

/*
 * The page of a handle, if this CPU has it, else NULL; interrupts are off.  Whatever
 * the descriptor says just now, if it leads to a page that this CPU has, then it is
 * that page's, and it stays so meanwhile.
 */
static __always_inline struct pma_cpu_page *pma_cpu_page_of(const struct pma_arena *arena,
							    struct pma_cpu *cpu, u32 pgno)
{
	struct pma_cpu_page *page = &cpu->pages[READ_ONCE(arena->fast.desc[pgno].class)];

	return likely(page->pgno == pgno) ? page : NULL;
}

/* Free the block at an offset in a page that this CPU has, if that is the start of one. */
static __always_inline bool pma_cpu_give(struct pma_cpu_page *page, u32 offset)
{
	u32 index = ((u64)offset * page->inverse) >> 32;

	if (unlikely(index * page->block_size != offset || index >= page->nr_blocks))
		return false;
	if (unlikely(test_and_set_bit(index, page->bitmap)))
		return false;
	page->frees++;
	return true;
}

/**
 * pma_cpu_free() - free a slab block without the arena's lock
 * @arena: whose it is
 * @block: its start, it is said
 *
 * Context: Any but NMI.
 * Return: true if it was the start of a block in use, in a page that this CPU has,
 * and is free now; false if that must be found out in another way.
 */
static __always_inline bool pma_cpu_free(struct pma_arena *arena, const void *block)
{
	size_t handle = (uintptr_t)block - arena->fast.base;
	struct pma_cpu_page *page;
	unsigned long irq;

	/* Without CPU pages the region has no bytes here. */
	if (unlikely(handle >= arena->fast.bytes))
		return false;
	local_irq_save(irq);
	page = pma_cpu_page_of(arena, this_cpu_ptr(arena->cpu), handle >> arena->fast.page_shift);
	if (likely(page && pma_cpu_give(page, handle & arena->fast.page_mask))) {
		local_irq_restore(irq);
		return true;
	}
	local_irq_restore(irq);
	return false;
}

#endif /* _PMA_CPU_H */
