// SPDX-License-Identifier: GPL-2.0
/*
 * pma_root.c - the block of an arena that leads to all others
 *
 * Who opens an arena by its name finds what others left there from its root, a
 * handle that the arena keeps.  It is judged when it is set and when it is asked
 * for; in between it is only a number, so a root that is freed without being
 * changed is none, until a block is there again.
 */
#include "pma_place.h"
#include "pma_root.h"

/**
 * pma_root_set() - make a block the root
 * @arena: whose it is
 * @handle: of its start; PMA_HANDLE_NONE for no root
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: 0 or the errors of pma_place_find(), counted, and nothing changed.
 */
int pma_root_set(struct pma_arena *arena, u64 handle)
{
	struct pma_place place;
	unsigned long irq;
	int err = 0;

	raw_spin_lock_irqsave(&arena->lock, irq);
	if (handle != PMA_HANDLE_NONE)
		err = pma_place_find(arena, handle, &place);
	if (err)
		pma_arena_count_error_locked(arena, err);
	else
		arena->root = handle;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return err;
}

/**
 * pma_root_get() - the root
 * @arena: whose it is
 *
 * Context: Any but NMI; takes the arena's lock.
 * Return: its handle, PMA_HANDLE_NONE if there is none (any more).
 */
u64 pma_root_get(struct pma_arena *arena)
{
	struct pma_place place;
	unsigned long irq;
	u64 root;

	raw_spin_lock_irqsave(&arena->lock, irq);
	root = arena->root;
	if (root != PMA_HANDLE_NONE && pma_place_find(arena, root, &place))
		root = PMA_HANDLE_NONE;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return root;
}
