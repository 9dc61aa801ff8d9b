/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_handover.h - the commands of /dev/pma by which arenas hand blocks to each other
 */
#ifndef _PMA_HANDOVER_H
#define _PMA_HANDOVER_H

#include "pma_arena.h"

long pma_handover_do(struct pma_arena *arena, unsigned int cmd, void __user *user);

#endif /* _PMA_HANDOVER_H */
