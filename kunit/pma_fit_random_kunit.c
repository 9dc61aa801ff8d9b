// SPDX-License-Identifier: GPL-2.0
/*
 * pma_fit_random_kunit.c - random pieces, against a map of units
 */
#include "pma_kunit_fit.h"

#define LIVE_MAX	256

struct piece {
	u32 unit;
	u32 units;
};

struct model {
	struct kunit *test;
	struct pma_fit *fit;
	struct pma_kunit_map map;
	struct pma_kunit_rng rng;
	struct piece live[LIVE_MAX];
	u32 nr_live;
};

static void model_alloc(struct model *m)
{
	u32 least = pma_fit_min_units(m->fit);
	u32 units = pma_kunit_size(&m->rng, least, m->map.units / 2);
	u32 flags = pma_kunit_below(&m->rng, 2) ? PMA_FIT_END : 0;
	u32 unit = pma_fit_alloc(m->fit, units, flags), have;

	if (unit == PMA_NONE) {
		KUNIT_ASSERT_LT(m->test, pma_kunit_map_largest(&m->map, 0, m->map.units),
				pma_kunit_fit_bound(units));
		return;
	}
	have = pma_fit_units(m->fit, unit);
	KUNIT_ASSERT_TRUE(m->test, have >= units && have < units + least);
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_take(&m->map, unit, have));
	m->live[m->nr_live++] = (struct piece){ unit, have };
}

static void model_free(struct model *m, u32 i)
{
	struct piece piece = m->live[i];
	u32 start = pma_fit_free(m->fit, piece.unit);

	m->live[i] = m->live[--m->nr_live];
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_give(&m->map, piece.unit, piece.units));
	KUNIT_ASSERT_LE(m->test, start, piece.unit);
	KUNIT_ASSERT_TRUE(m->test, !start || m->map.taken[start - 1]);
	KUNIT_ASSERT_EQ(m->test, pma_fit_units(m->fit, start),
			pma_kunit_map_gap(&m->map, start, m->map.units));
}

static void model_resize(struct model *m, u32 i)
{
	struct piece *piece = &m->live[i];
	u32 least = pma_fit_min_units(m->fit);
	u32 units = pma_kunit_size(&m->rng, least, 2 * piece->units);
	u32 gap = pma_kunit_map_gap(&m->map, piece->unit + piece->units, m->map.units);
	u32 have;

	KUNIT_ASSERT_EQ(m->test, pma_fit_resize(m->fit, piece->unit, units),
			units <= piece->units + gap);
	have = pma_fit_units(m->fit, piece->unit);
	if (units > piece->units + gap)
		KUNIT_ASSERT_EQ(m->test, have, piece->units);
	else
		KUNIT_ASSERT_TRUE(m->test, have >= units && have < units + least);
	pma_kunit_map_give(&m->map, piece->unit, piece->units);
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_take(&m->map, piece->unit, have));
	piece->units = have;
}

static void model_check(struct model *m)
{
	struct pma_fit_sum sum;
	u32 i, inside;

	KUNIT_ASSERT_EQ(m->test, pma_kunit_fit_errors(m->fit, m->map.units, &sum), 0);
	KUNIT_ASSERT_EQ(m->test, sum.free_units, pma_kunit_map_free(&m->map));
	KUNIT_ASSERT_EQ(m->test, sum.pieces - sum.free_pieces, m->nr_live);
	for (i = 0; i < m->nr_live; i++) {
		struct piece *piece = &m->live[i];

		inside = piece->unit + pma_kunit_below(&m->rng, piece->units);
		KUNIT_ASSERT_EQ(m->test, pma_fit_units(m->fit, piece->unit), piece->units);
		KUNIT_ASSERT_FALSE(m->test, pma_fit_is_free(m->fit, piece->unit));
		KUNIT_ASSERT_EQ(m->test, pma_fit_find(m->fit, inside, ~0U), piece->unit);
		KUNIT_ASSERT_EQ(m->test, pma_fit_is_piece(m->fit, inside), inside == piece->unit);
	}
}

/* More allocs than frees for a while, then the other way round: full and empty. */
static void model_step(struct model *m, u32 step)
{
	u32 allocs = step & 2048 ? 55 : 25;
	u32 dice = pma_kunit_below(&m->rng, 100);

	if (!m->nr_live || (dice < allocs && m->nr_live < LIVE_MAX))
		model_alloc(m);
	else if (dice < 80)
		model_free(m, pma_kunit_below(&m->rng, m->nr_live));
	else
		model_resize(m, pma_kunit_below(&m->rng, m->nr_live));
}

static void run_model(struct kunit *test, const char *what, u32 units, u8 window_shift)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u32 step;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->fit = pma_kunit_fit_span(test, units, window_shift);
	pma_kunit_map_init(test, &m->map, units);
	pma_kunit_rng_init(&m->rng, test, what);
	for (step = 0; step < pma_kunit_ops(); step++) {
		model_step(m, step);
		if (step % 100 == 0)
			model_check(m);
	}
	while (m->nr_live)
		model_free(m, m->nr_live - 1);
	pma_kunit_fit_expect_sound(test, m->fit, units, 1, 1);
}

static void random_over_pages(struct kunit *test)
{
	run_model(test, __func__, 1000, 0);
}

static void random_over_granules(struct kunit *test)
{
	run_model(test, __func__, 4096, 6);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_SLOW(random_over_pages),
	KUNIT_CASE_SLOW(random_over_granules),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_fit_random",
	.test_cases = cases,
};

kunit_test_suite(suite);
