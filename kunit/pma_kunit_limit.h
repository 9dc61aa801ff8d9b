/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_limit.h - what the suites of limits and reserves share
 */
#ifndef _PMA_KUNIT_LIMIT_H
#define _PMA_KUNIT_LIMIT_H

#include "pma_kunit.h"
#include "pma_limit.h"

int pma_kunit_limit_set(struct pma_arena *arena, u32 flags, u32 limit, u32 reserve, bool may_raise);
int pma_kunit_limit_to(struct pma_arena *arena, u32 limit);
int pma_kunit_limit_reserve(struct pma_arena *arena, u32 reserve);
u32 pma_kunit_limit_used(struct pma_arena *arena);
u32 pma_kunit_limit_available(struct pma_arena *arena);
u32 pma_kunit_limit_fill(struct pma_arena *arena, u32 most);
bool pma_kunit_limit_charge(struct pma_arena *arena, u32 nr_pages);
void pma_kunit_limit_count(struct pma_arena *arena, u32 nr_pages,
			   void (*how)(struct pma_arena *, u32));

#endif /* _PMA_KUNIT_LIMIT_H */
