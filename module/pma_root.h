/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_root.h - the block of an arena that leads to all others
 */
#ifndef _PMA_ROOT_H
#define _PMA_ROOT_H

#include "pma_arena.h"

int pma_root_set(struct pma_arena *arena, u64 handle);
u64 pma_root_get(struct pma_arena *arena);

#endif /* _PMA_ROOT_H */
