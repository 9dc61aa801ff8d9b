// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_fit.c - what the suites of pma_fit share
 */
#include "pma_kunit_fit.h"

struct pma_fit *pma_kunit_fit_create(struct kunit *test, u32 units, u8 window_shift)
{
	u32 nr_lists = pma_fit_nr_lists(units);
	u32 nr_tags = DIV_ROUND_UP(units, 1U << window_shift);
	struct pma_fit_tag *tags;
	struct pma_fit *fit;

	fit = kunit_kzalloc(test, struct_size(fit, heads, nr_lists), GFP_KERNEL);
	tags = kunit_kcalloc(test, nr_tags, sizeof(*tags), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fit);
	KUNIT_ASSERT_NOT_NULL(test, tags);
	pma_fit_init(fit, tags, window_shift, units);
	return fit;
}

/* One that is a single span. */
struct pma_fit *pma_kunit_fit_span(struct kunit *test, u32 units, u8 window_shift)
{
	struct pma_fit *fit = pma_kunit_fit_create(test, units, window_shift);

	pma_fit_add(fit, 0, units);
	return fit;
}

/* Errors of a single span. */
u32 pma_kunit_fit_errors(const struct pma_fit *fit, u32 units, struct pma_fit_sum *sum)
{
	*sum = (struct pma_fit_sum){};
	pma_fit_check_span(fit, 0, units, sum);
	return sum->errors + pma_fit_check_lists(fit, units, sum);
}

void pma_kunit_fit_expect_sound(struct kunit *test, const struct pma_fit *fit, u32 units,
				u32 pieces, u32 free_pieces)
{
	struct pma_fit_sum sum;

	KUNIT_EXPECT_EQ(test, pma_kunit_fit_errors(fit, units, &sum), 0);
	KUNIT_EXPECT_EQ(test, sum.pieces, pieces);
	KUNIT_EXPECT_EQ(test, sum.free_pieces, free_pieces);
}
