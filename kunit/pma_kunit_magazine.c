// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_magazine.c - what the suites of magazines share
 */
#include <linux/pma.h>

#include "pma_drain.h"
#include "pma_kunit_magazine.h"
#include "pma_slabs.h"

const struct pma_kunit_config pma_kunit_many_pages = { "many_pages", 2048, 4096, 0, 0 };

/* The cases say what one CPU has: unless they move, they stay on CPU 0. */
int pma_kunit_magazine_init(struct kunit *test)
{
	pma_kunit_move_to_cpu(0);
	return pma_kunit_init(test);
}

/* On CPU 0 afterwards. */
void pma_kunit_need_two_cpus(struct kunit *test)
{
	if (!pma_kunit_move_to_cpu(1) || !pma_kunit_move_to_cpu(0))
		kunit_skip(test, "there are no two CPUs");
}

/* Room for so many. */
void **pma_kunit_blocks(struct kunit *test, u32 nr)
{
	void **blocks = kunit_kcalloc(test, nr, sizeof(*blocks), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	return blocks;
}

/* A CPU's magazine for blocks of a size. */
struct pma_magazine *pma_kunit_magazine(const struct pma_arena *arena, u32 cpu, size_t size)
{
	int class = pma_slab_class_of(arena->pool->classes, size, 1);

	return &per_cpu_ptr(arena->fast.magazines, cpu)[class];
}

/* The block that an entry stands for; the last one is the next to be had. */
void *pma_kunit_entry(const struct pma_arena *arena, const struct pma_magazine *magazine, u32 i)
{
	return pma_cpu_pointer(arena, magazine->bits[i]);
}

u32 pma_kunit_steal(struct pma_arena *arena, u32 class, u32 nr, u32 *bits)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	nr = pma_cpu_steal(arena, class, nr, bits);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return nr;
}

void pma_kunit_put_back(struct pma_arena *arena, u32 class, u32 nr, const u32 *bits)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_slabs_put_back(arena, class, nr, bits);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

/* Have a block that was stolen for a moment; false if somebody else has it. */
static bool have_for_a_moment(struct pma_arena *arena, u32 bit)
{
	u8 *block = pma_cpu_pointer(arena, bit);
	bool is_ours;

	if (!test_and_clear_bit(bit, arena->fast.shadow))
		return false;
	pma_kunit_fill(block, PMA_BLOCK_MIN, bit);
	is_ours = pma_kunit_is_filled(block, PMA_BLOCK_MIN, bit);
	return !test_and_set_bit(bit, arena->fast.shadow) && is_ours;
}

/*
 * Steal what there is of a class; false if it was not for us alone.  It goes back before others
 * have the lock, as who checks or drains would miss it.
 */
bool pma_kunit_steal_and_put_back(struct pma_arena *arena, u32 class)
{
	unsigned long irq;
	bool right = true;
	u32 bits[8], nr, i;

	if (!arena->kept)
		return true;
	raw_spin_lock_irqsave(&arena->lock, irq);
	nr = pma_cpu_steal(arena, class, ARRAY_SIZE(bits), bits);
	for (i = 0; i < nr; i++)
		right &= have_for_a_moment(arena, bits[i]);
	pma_slabs_put_back(arena, class, nr, bits);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return right;
}

/* Give back all of this CPU's blocks of a class but the newest. */
void pma_kunit_flush_own(struct pma_arena *arena, u32 class, u32 left)
{
	unsigned long irq;

	if (!arena->kept)
		return;
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_cpu_flush(arena, &this_cpu_ptr(arena->fast.magazines)[class], left);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

/* Of how many pages nobody can tell just now how many blocks are free. */
u32 pma_kunit_nr_unsure(struct pma_arena *arena)
{
	unsigned long irq;
	u32 nr;

	raw_spin_lock_irqsave(&arena->lock, irq);
	nr = arena->nr_unsure;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return nr;
}

void pma_kunit_drain(struct pma_arena *arena)
{
	pma_drain_begin(arena);
	pma_drain_end(arena);
}
