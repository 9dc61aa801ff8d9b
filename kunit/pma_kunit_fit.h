/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_fit.h - what the suites of pma_fit share
 *
 * On tags of their own: the engine needs no pool, and no memory behind the units.
 */
#ifndef _PMA_KUNIT_FIT_H
#define _PMA_KUNIT_FIT_H

#include "pma_fit_check.h"
#include "pma_kunit.h"

struct pma_fit *pma_kunit_fit_create(struct kunit *test, u32 units, u8 window_shift);
struct pma_fit *pma_kunit_fit_span(struct kunit *test, u32 units, u8 window_shift);
u32 pma_kunit_fit_errors(const struct pma_fit *fit, u32 units, struct pma_fit_sum *sum);
void pma_kunit_fit_expect_sound(struct kunit *test, const struct pma_fit *fit, u32 units,
				u32 pieces, u32 free_pieces);

#endif /* _PMA_KUNIT_FIT_H */
