/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_free.h - free a block where CPUs have magazines
 */
#ifndef _PMA_FREE_H
#define _PMA_FREE_H

#include "pma_arena.h"

int pma_free_of_slab(struct pma_arena *arena, u64 handle, struct pma_page *page,
		     unsigned long irq);
int pma_free_of_mixed(struct pma_arena *arena, u64 handle, struct pma_page *page,
		      unsigned long irq);
int pma_free_big(struct pma_arena *arena, u64 handle, unsigned long irq);
int pma_free_other(struct pma_arena *arena, u64 handle, unsigned long irq);

/**
 * pma_free_irqs_off() - free a block that does not just go into the magazine
 * @arena: whose it is, and whose CPUs have magazines
 * @handle: of its start, it is said; in the region, and where a bit of its page is
 * @page: descriptor of its page
 * @irq: what local_irq_restore() is to get then
 *
 * What the page's kind is just now tells which way is likely to be the right one; each
 * judges for itself.
 *
 * Context: Interrupts are off, and afterwards as they were before; takes the arena's
 * lock.
 * Return: 0, or the errors of pma_place_find(), counted, and nothing changed.
 */
static __always_inline int pma_free_irqs_off(struct pma_arena *arena, u64 handle,
					     struct pma_page *page, unsigned long irq)
{
	u8 kind = READ_ONCE(page->kind);

	if (kind == PMA_KIND_BIG)
		return pma_free_big(arena, handle, irq);
	if (kind == PMA_KIND_HEAP)
		return pma_free_other(arena, handle, irq);
	if (kind == PMA_KIND_SLAB)
		return pma_free_of_slab(arena, handle, page, irq);
	if (kind == PMA_PAGE_MIXED)
		return pma_free_of_mixed(arena, handle, page, irq);
	return pma_free_other(arena, handle, irq);
}

#endif /* _PMA_FREE_H */
