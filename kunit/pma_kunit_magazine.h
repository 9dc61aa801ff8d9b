/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_magazine.h - what the suites of magazines share
 */
#ifndef _PMA_KUNIT_MAGAZINE_H
#define _PMA_KUNIT_MAGAZINE_H

#include "pma_cpu.h"
#include "pma_kunit.h"

/* Of so many pages that a magazine has as many blocks as it ever may. */
extern const struct pma_kunit_config pma_kunit_many_pages;

int pma_kunit_magazine_init(struct kunit *test);
void pma_kunit_need_two_cpus(struct kunit *test);
void **pma_kunit_blocks(struct kunit *test, u32 nr);
struct pma_magazine *pma_kunit_magazine(const struct pma_arena *arena, u32 cpu, size_t size);
void *pma_kunit_entry(const struct pma_arena *arena, const struct pma_magazine *magazine, u32 i);
u32 pma_kunit_steal(struct pma_arena *arena, u32 class, u32 nr, u32 *bits);
void pma_kunit_put_back(struct pma_arena *arena, u32 class, u32 nr, const u32 *bits);
bool pma_kunit_steal_and_put_back(struct pma_arena *arena, u32 class);
void pma_kunit_flush_own(struct pma_arena *arena, u32 class, u32 left);
u32 pma_kunit_nr_unsure(struct pma_arena *arena);
void pma_kunit_drain(struct pma_arena *arena);

#endif /* _PMA_KUNIT_MAGAZINE_H */
