/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_drain.h - take from CPUs what they have of an arena
 */
#ifndef _PMA_DRAIN_H
#define _PMA_DRAIN_H

#include "pma_arena.h"

bool pma_drain_give_back(struct pma_arena *arena, u32 class);
void pma_drain_begin(struct pma_arena *arena);
void pma_drain_end(struct pma_arena *arena);
void pma_drain_offline(void);
void pma_drain_soon(struct pma_arena *arena, bool all);
void pma_drain_pool(struct work_struct *work);

#endif /* _PMA_DRAIN_H */
