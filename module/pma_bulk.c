// SPDX-License-Identifier: GPL-2.0
/*
 * pma_bulk.c - the kernel interface: many blocks at a time (include/linux/pma.h)
 *
 * What the page that the CPU takes from serves is done a bitmap word at a time, with
 * interrupts off for so many blocks only; the rest as for single blocks.
 */
#include <linux/export.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_malloc.h"

/* Blocks allocated or freed in one go with interrupts off. */
#define IRQS_OFF	64U

/* Take up to @nr blocks out of the CPU's word, all at once. */
static unsigned int take_from_word(struct pma_cpu_page *page, unsigned int nr, void **blocks)
{
	unsigned long all = READ_ONCE(*page->word), left = all;
	void **to = blocks, **end = blocks + nr;
	size_t block_size = page->block_size;
	void *base = page->base;

	while (left && to != end) {
		*to++ = base + __ffs(left) * block_size;
		left &= left - 1;
	}
	/* Others may set bits meanwhile, but not these. */
	atomic_long_andnot(all ^ left, (atomic_long_t *)page->word);
	/* Now, as the CPU may have to part with the page for the next ones. */
	page->allocs += to - blocks;
	return to - blocks;
}

/*
 * From pages that the CPU has; how many were allocated, at most IRQS_OFF.  If it is 0, they
 * must be in another way.
 */
static unsigned int alloc_of_cpu(struct pma_arena *arena, size_t size, unsigned int nr,
				 void **blocks)
{
	struct pma_cpu_page *page;
	unsigned int done = 0;
	unsigned long irq;

	if (!pma_cpu_serves(arena, size))
		return 0;
	nr = min(nr, IRQS_OFF);
	local_irq_save(irq);
	page = this_cpu_ptr(pma_cpu_page_for(arena, size));
	while (done < nr && (READ_ONCE(*page->word) || pma_cpu_refill(arena, page)))
		done += take_from_word(page, nr - done, blocks + done);
	local_irq_restore(irq);
	return done;
}

/* Free the first of the blocks, as long as they are of the CPU's page, and right. */
static unsigned int give_some(const struct pma_arena *arena, struct pma_cpu_page *page,
			      unsigned int nr, void **blocks)
{
	uintptr_t start = arena->fast.base + ((size_t)page->pgno << arena->fast.page_shift);
	size_t used_bytes = page->nr_blocks * page->block_size;
	u32 inverse = page->inverse;
	void **from = blocks, **end = blocks + nr;
	unsigned long *bitmap = page->bitmap;

	for (; from != end; from++) {
		size_t offset = (uintptr_t)*from - start;
		u64 quotient;

		if (offset >= used_bytes)
			break;
		quotient = pma_slab_divide(inverse, offset);
		if (!pma_slab_is_start(inverse, quotient) ||
		    test_and_set_bit(upper_32_bits(quotient), bitmap))
			break;
	}
	page->frees += from - blocks;
	return from - blocks;
}

/*
 * To the pages that the CPU takes from; how many from the first on were freed, at most
 * IRQS_OFF.  The next one must be freed, or refused, in another way.
 */
static unsigned int free_to_cpu(struct pma_arena *arena, unsigned int nr, void **blocks)
{
	unsigned int done = 0, given;
	const struct pma_page *desc;
	struct pma_cpu_page *page;
	unsigned long irq;
	size_t handle;

	nr = min(nr, IRQS_OFF);
	local_irq_save(irq);
	while (done < nr) {
		handle = (uintptr_t)blocks[done] - arena->fast.base;
		if (handle >= arena->fast.bytes)
			break;
		desc = &arena->fast.desc[handle >> arena->fast.page_shift];
		page = pma_cpu_page_of(arena, desc);
		if (page->desc != desc)
			break;
		given = give_some(arena, page, nr - done, blocks + done);
		done += given;
		if (!given)
			break;
	}
	local_irq_restore(irq);
	return done;
}

/* As pma_alloc_batch(), under the arena's lock. */
static unsigned int alloc_batch_locked(struct pma_arena *arena, size_t size, u32 flags,
				       unsigned int nr, void **blocks)
{
	unsigned int done = 0, want, got, i;
	u64 handles[16] __uninitialized;

	do {
		want = min_t(unsigned int, nr - done, ARRAY_SIZE(handles));
		got = pma_block_alloc_batch(arena, size, flags, want, handles);
		for (i = 0; i < got; i++)
			blocks[done + i] = pma_region_ptr(&arena->pool->region, handles[i]);
		done += got;
	} while (got == want && done < nr);
	return done;
}

/* Zero blocks that came from alloc_of_cpu(). */
static void zero_of_cpu(const struct pma_arena *arena, size_t size, unsigned int nr, void **blocks)
{
	size_t block_size;

	if (!nr)
		return;
	block_size = pma_cpu_block_size(arena, size);
	while (nr--)
		pma_malloc_zero(*blocks++, block_size);
}

/* As pma_alloc_batch(), for more blocks than its first attempt gave, or zeroed ones. */
static noinline unsigned int alloc_batch_slowly(struct pma_arena *arena, size_t size, u32 flags,
						unsigned int nr, void **blocks)
{
	unsigned int done = 0, got = 0;

	do {
		if (!(flags & ~PMA_ZERO))
			got = alloc_of_cpu(arena, size, nr - done, blocks + done);
		if (flags & PMA_ZERO)
			zero_of_cpu(arena, size, got, blocks + done);
		done += got;
	} while (got && done < nr);
	if (done < nr)
		done += alloc_batch_locked(arena, size, flags, nr - done, blocks + done);
	return done;
}

/**
 * pma_alloc_batch() - allocate equal blocks
 * @arena: whose blocks they will be
 * @size: bytes of each, at least 1
 * @flags: PMA_ZERO
 * @nr: how many
 * @blocks: filled from the first on
 *
 * All are of the class of @size: where pma_alloc() would make do with a larger
 * block before it failed, this ends.
 *
 * Context: Any but NMI; never sleeps.
 * Return: how many were allocated.
 */
unsigned int pma_alloc_batch(struct pma_arena *arena, size_t size, u32 flags,
			     unsigned int nr, void **blocks)
{
	unsigned int done = 0;

	if (!flags)
		done = alloc_of_cpu(arena, size, nr, blocks);
	if (likely(done == nr))
		return done;
	return done + alloc_batch_slowly(arena, size, flags, nr - done, blocks + done);
}
EXPORT_SYMBOL_GPL(pma_alloc_batch);

/* As pma_free_batch(), from a block on that this CPU does not have. */
static noinline unsigned int free_batch_slowly(struct pma_arena *arena, unsigned int nr,
					       void **blocks)
{
	unsigned int refused = 0, done = 0;

	while (done < nr) {
		refused += !!pma_free(arena, blocks[done++]);
		done += free_to_cpu(arena, nr - done, blocks + done);
	}
	return refused;
}

/**
 * pma_free_batch() - free blocks
 * @arena: whose blocks they are
 * @nr: how many
 * @blocks: of any sizes; NULL is skipped
 *
 * A block that is refused does not stop the others.
 *
 * Context: Any but NMI; never sleeps.
 * Return: how many were refused; each is counted as pma_free() would.
 */
unsigned int pma_free_batch(struct pma_arena *arena, unsigned int nr, void **blocks)
{
	unsigned int done = free_to_cpu(arena, nr, blocks);

	return likely(done == nr) ? 0 : free_batch_slowly(arena, nr - done, blocks + done);
}
EXPORT_SYMBOL_GPL(pma_free_batch);
