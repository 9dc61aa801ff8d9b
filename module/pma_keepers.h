/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_keepers.h - arenas of which CPUs keep something, and room for who finds none
 */
#ifndef _PMA_KEEPERS_H
#define _PMA_KEEPERS_H

#include "pma_arena.h"

/* How often a request that finds no room is tried again, as others may keep something anew. */
#define PMA_KEEPERS_ROUNDS	8

void pma_keepers_join(struct pma_arena *arena);
void pma_keepers_leave(struct pma_arena *arena);
bool pma_keepers_make_room(struct pma_arena *arena, u64 bytes, u32 *rounds);

/* The arena keeps something that others may want; interrupts are off. */
static __always_inline void pma_keepers_tell(struct pma_arena *arena)
{
	if (unlikely(!READ_ONCE(arena->keeps)))
		pma_keepers_join(arena);
}

/* Flags of a request's next try: in the last one it takes what there is. */
static inline u32 pma_keepers_flags(u32 rounds)
{
	return rounds == PMA_KEEPERS_ROUNDS ? PMA_MAKE_DO : 0;
}

#endif /* _PMA_KEEPERS_H */
