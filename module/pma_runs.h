/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_runs.h - runs of pages, taken from a pool and given back
 */
#ifndef _PMA_RUNS_H
#define _PMA_RUNS_H

#include "pma_pool.h"

u32 pma_runs_take(struct pma_pool *pool, struct pma_budget *budget, u32 nr_pages,
		  u32 client_flags);
u32 pma_runs_take_irqs_off(struct pma_pool *pool, struct pma_budget *budget, u32 nr_pages,
			   u32 client_flags);
void pma_runs_give(struct pma_pool *pool, struct pma_budget *budget, u32 pgno);
void pma_runs_give_irqs_off(struct pma_pool *pool, struct pma_budget *budget, u32 pgno);
bool pma_runs_resize(struct pma_pool *pool, struct pma_budget *budget, u32 pgno, u32 nr_pages);
bool pma_runs_join(struct pma_pool *pool);

#endif /* _PMA_RUNS_H */
