// SPDX-License-Identifier: GPL-2.0
/*
 * pma_free.c - free a block where CPUs have pages
 *
 *	of a page that is	way
 *	the one taken from	its bit (pma_cpu_free())
 *	full			the CPU adopts it
 *	a spare one of the CPU's	its bit, while nobody else takes the page
 *	partial			under the arena's lock, its bit and the page's counts
 *	a big block's		the CPU keeps it
 *	a segment's		under the arena's lock, the CPU keeps it
 *
 * What none of them takes, as it must be done in another way or is to be refused, is for
 * pma_block_free_and_unlock().
 */
#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_free.h"
#include "pma_kept.h"
#include "pma_slabs.h"

/* A CPU's or a full page may become partial, or anything, before we have the lock. */
static __always_inline bool give_to_partial(struct pma_arena *arena, u64 handle,
					    struct pma_page *page)
{
	struct pma_page_id id = pma_page_id(page);
	const struct pma_class *class;
	u32 index;

	if (id.kind != PMA_KIND_SLAB || id.owner != arena->id)
		return false;
	class = &arena->pool->classes->class[id.class];
	return pma_slab_find(class, handle & arena->fast.page_mask, &index) &&
	       pma_slabs_free(arena, page, handle >> arena->fast.page_shift, class->nr_blocks,
			      index);
}

/**
 * pma_free_of_partial() - free a block of what seems to be a partial slab page
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @page: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_of_partial(struct pma_arena *arena, u64 handle, struct pma_page *page,
			unsigned long irq)
{
	raw_spin_lock(&arena->lock);
	if (unlikely(!give_to_partial(arena, handle, page)))
		return pma_block_free_and_unlock(arena, handle, irq);
	raw_spin_unlock(&arena->lock);
	local_irq_restore(irq);
	return 0;
}

/* As pma_free_of_partial(), of a page that the CPU might have adopted, had it had a place. */
static noinline int free_not_adopted(struct pma_arena *arena, u64 handle, struct pma_page *page,
				     unsigned long irq)
{
	u32 class;

	raw_spin_lock(&arena->lock);
	class = pma_page_id(page).class;
	if (unlikely(!give_to_partial(arena, handle, page)))
		return pma_block_free_and_unlock(arena, handle, irq);
	pma_cpu_make_place(arena, class);
	raw_spin_unlock(&arena->lock);
	local_irq_restore(irq);
	return 0;
}

/**
 * pma_free_of_full() - free a block of what seems to be a full slab page
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @page: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_of_full(struct pma_arena *arena, u64 handle, struct pma_page *page,
		     unsigned long irq)
{
	if (unlikely(!pma_cpu_adopt(arena, handle, page)))
		return free_not_adopted(arena, handle, page, irq);
	local_irq_restore(irq);
	return 0;
}

/**
 * pma_free_of_spare() - free a block of what seems to be a slab page of a CPU's
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @page: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_of_spare(struct pma_arena *arena, u64 handle, struct pma_page *page,
		      unsigned long irq)
{
	if (unlikely(!pma_cpu_give_to_spare(arena, handle, page)))
		return pma_free_of_partial(arena, handle, page, irq);
	local_irq_restore(irq);
	return 0;
}

/**
 * pma_free_big() - free what seems to be a big block
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_big(struct pma_arena *arena, u64 handle, unsigned long irq)
{
	if (unlikely(!pma_kept_put_run(arena, handle))) {
		raw_spin_lock(&arena->lock);
		return pma_block_free_and_unlock(arena, handle, irq);
	}
	local_irq_restore(irq);
	return 0;
}

/**
 * pma_free_other() - free what may be a chunk, or anything
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_other(struct pma_arena *arena, u64 handle, unsigned long irq)
{
	raw_spin_lock(&arena->lock);
	if (!pma_kept_put_chunk(arena, handle))
		return pma_block_free_and_unlock(arena, handle, irq);
	raw_spin_unlock(&arena->lock);
	local_irq_restore(irq);
	return 0;
}
