/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_check.h - prove the metadata sound
 */
#ifndef _PMA_CHECK_H
#define _PMA_CHECK_H

#include "pma_arena.h"

void pma_check_arena(struct pma_arena *arena, struct pma_check_args *result);
void pma_check_shares(struct pma_pool *pool, struct pma_check_args *result);
void pma_check_runs(struct pma_pool *pool, struct pma_check_args *result);
void pma_check_pool(struct pma_pool *pool, struct pma_check_args *result);

#endif /* _PMA_CHECK_H */
