/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_fit_check.h - the proof of what pma_fit.c keeps
 */
#ifndef _PMA_FIT_CHECK_H
#define _PMA_FIT_CHECK_H

#include "pma_fit.h"

/**
 * struct pma_fit_sum - what a walk over a span found
 * @pieces: pieces
 * @free_pieces: of them, free
 * @free_units: in them
 * @free_starts: sum of their first units
 * @errors: tags that contradict each other or the lists
 */
struct pma_fit_sum {
	u32 pieces;
	u32 free_pieces;
	u32 free_units;
	u64 free_starts;
	u32 errors;
};

void pma_fit_check_span(const struct pma_fit *fit, u32 unit, u32 units, struct pma_fit_sum *sum);
u32 pma_fit_check_lists(const struct pma_fit *fit, u32 end, const struct pma_fit_sum *sum);

#endif /* _PMA_FIT_CHECK_H */
