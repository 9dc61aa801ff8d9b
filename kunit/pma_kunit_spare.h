/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_spare.h - what the suites of spare pages share
 */
#ifndef _PMA_KUNIT_SPARE_H
#define _PMA_KUNIT_SPARE_H

#include "pma_cpu.h"
#include "pma_kunit.h"

#define PMA_KUNIT_PAIR		2	/* blocks of 128 bytes, in a page */
#define PMA_KUNIT_SPARE_PAGES	(8 * PMA_CPU_SPARES + 1)

/* Of so short pages that two blocks fill one. */
extern const struct pma_kunit_config pma_kunit_many_pages;

int pma_kunit_spare_init(struct kunit *test);
void **pma_kunit_spare_blocks(struct kunit *test, u32 nr_pages);
void pma_kunit_spare_free(struct kunit *test, struct pma_arena *arena, void **blocks, u32 nr_pages,
			  u32 which);
void pma_kunit_spare_fill(struct kunit *test, struct pma_arena *arena, void **blocks,
			  u32 nr_pages);
struct pma_arena *pma_kunit_spare_other(struct kunit *test, void **blocks);
struct pma_cpu_page *pma_kunit_spare_cpu_page(const struct pma_arena *arena, u32 size);

#endif /* _PMA_KUNIT_SPARE_H */
