// SPDX-License-Identifier: GPL-2.0
/*
 * pma_bulk.c - the kernel interface: many blocks at a time (include/linux/pma.h)
 *
 * What magazines serve is done with interrupts off for so many blocks only; the rest as
 * for single blocks.
 */
#include <linux/export.h>

#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_malloc.h"

/*
 * Take up to @nr blocks out of a magazine.  All that may be looked at is out of it before the
 * second look, which the first block's bit orders after that: see steal_of() in pma_cpu.c.
 */
static __always_inline unsigned int take_some(const struct pma_arena *arena,
					      struct pma_magazine *magazine, unsigned int nr,
					      void **blocks)
{
	const u32 *from = magazine->bits + magazine->nr, *end;
	u8 shift = arena->fast.bit_shift;
	uintptr_t base = arena->fast.base;
	void *shadow = arena->fast.shadow;
	void **to = blocks;

	nr = min(nr, magazine->nr);
	end = from - nr;
	WRITE_ONCE(magazine->nr, magazine->nr - nr);
	while (from != end) {
		size_t bit = READ_ONCE(*--from);

		if (likely(test_and_clear_bit(bit, shadow)))
			*to++ = (void *)(base + (bit << shift));
		else
			magazine->filled--;
	}
	magazine->allocs += to - blocks;
	return to - blocks;
}

/* From the magazine; how many were allocated.  If it is 0, they must be in another way. */
static __always_inline unsigned int alloc_of_cpu(struct pma_arena *arena, size_t size,
						 unsigned int nr, void **blocks)
{
	struct pma_magazine *magazine;
	unsigned int done = 0;
	unsigned long irq;

	if (!pma_cpu_serves(arena, size))
		return 0;
	local_irq_save(irq);
	magazine = this_cpu_ptr(pma_cpu_magazine_for(arena, size));
	if (likely(magazine->nr) || pma_cpu_fill(arena, magazine))
		done = take_some(arena, magazine, nr, blocks);
	local_irq_restore(irq);
	return done;
}

/* Free the first of the blocks, as long as they are for that magazine, and right. */
static __always_inline unsigned int give_some(const struct pma_arena *arena,
					      struct pma_magazine *magazine, unsigned int nr,
					      void **blocks)
{
	struct pma_arena_fast fast = arena->fast;
	size_t page_bits = 1UL << fast.page_bits_shift, first = ~0UL, bit;
	u32 *from = magazine->bits + magazine->nr, *to = from;
	const struct pma_page *page;
	u32 word = magazine->word;
	u32 *end = to + min_t(u32, nr, magazine->max - min(magazine->max, magazine->nr));

	for (; to != end; to++) {
		bit = pma_cpu_rotate((uintptr_t)*blocks++ - fast.base, fast.bit_shift);
		/* A page of which a block is ours does not go. */
		if (likely((bit ^ first) < page_bits)) {
			if (test_and_set_bit(bit, fast.shadow))
				break;
		} else {
			if (bit >= fast.nr_bits)
				break;
			page = &fast.desc[bit >> fast.page_bits_shift];
			if (pma_page_read(page) != word ||
			    !pma_cpu_free_bit(arena, bit, page, word))
				break;
			first = bit & -page_bits;
		}
		WRITE_ONCE(*to, bit);
	}
	/* First the entries: see pma_cpu_lent(). */
	smp_store_release(&magazine->nr, magazine->nr + (to - from));
	return to - from;
}

/*
 * Into a magazine; how many from the first on were freed.  If it is 0, the first must be
 * freed, or refused, in another way.
 */
static __always_inline unsigned int free_to_cpu(struct pma_arena *arena, unsigned int nr,
						void **blocks)
{
	const struct pma_page *page;
	unsigned int done;
	unsigned long irq;
	size_t bit;

	if (!nr)
		return 0;
	bit = pma_cpu_bit(arena, *blocks);
	if (bit >= arena->fast.nr_bits)
		return 0;
	page = &arena->fast.desc[bit >> arena->fast.page_bits_shift];
	local_irq_save(irq);
	done = give_some(arena, this_cpu_ptr(pma_cpu_magazine_of(arena, page)),
			 nr, blocks);
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

/* As pma_alloc_batch(), of which @done are done. */
static noinline unsigned int alloc_batch_slowly(struct pma_arena *arena, size_t size, u32 flags,
						unsigned int nr, void **blocks, unsigned int done)
{
	unsigned int got = 0;

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
	return alloc_batch_slowly(arena, size, flags, nr, blocks, done);
}
EXPORT_SYMBOL_GPL(pma_alloc_batch);

/* As pma_free_batch(), of which @done are done. */
static noinline unsigned int free_batch_slowly(struct pma_arena *arena, unsigned int nr,
					       void **blocks, unsigned int done)
{
	unsigned int refused = 0, given;

	while (done < nr) {
		given = free_to_cpu(arena, nr - done, blocks + done);
		if (!given)
			refused += !!pma_free(arena, blocks[done++]);
		done += given;
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

	return likely(done == nr) ? 0 : free_batch_slowly(arena, nr, blocks, done);
}
EXPORT_SYMBOL_GPL(pma_free_batch);
