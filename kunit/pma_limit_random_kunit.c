// SPDX-License-Identifier: GPL-2.0
/*
 * pma_limit_random_kunit.c - random budgets and runs, beside the sums done anew
 */
#include "pma_kunit_limit.h"

#define NR_ARENAS	4
#define NR_RUNS		24

/**
 * struct model - what is known of one arena
 * @arena: the arena
 * @limit: its limit
 * @reserve: its reserve
 * @claimed: pages charged for
 * @runs: first pages of its runs, or PMA_NONE
 * @pages: their lengths
 */
struct model {
	struct pma_arena *arena;
	u32 limit, reserve, claimed;
	u32 runs[NR_RUNS];
	u32 pages[NR_RUNS];
};

static u32 model_used(const struct model *model)
{
	u32 sum = 0, i;

	for (i = 0; i < NR_RUNS; i++)
		sum += model->pages[i];
	return sum;
}

static u32 model_promise(const struct model *model)
{
	u32 sum = model_used(model);

	return model->reserve > sum ? model->reserve - sum : 0;
}

/* Pages that may be taken for @model, if they lie well. */
static u32 model_room(const struct model *models, const struct model *model)
{
	u32 free_pages = models->arena->pool->region.nr_pages, promised = 0, have, i;

	for (i = 0; i < NR_ARENAS; i++) {
		free_pages -= model_used(&models[i]);
		if (&models[i] != model)
			promised += model_promise(&models[i]);
	}
	have = model_used(model) + model->claimed;
	return min(free_pages - promised, model->limit > have ? model->limit - have : 0);
}

static void step_run(struct kunit *test, struct model *models, struct model *model,
		     struct pma_kunit_rng *rng)
{
	u32 slot = pma_kunit_below(rng, NR_RUNS), nr_pages = pma_kunit_size(rng, 1, 12);
	u32 room = model_room(models, model), had = model->pages[slot];
	struct pma_pool *pool = model->arena->pool;

	if (!had) {
		model->runs[slot] = pma_runs_take(pool, &model->arena->budget, nr_pages, 0);
		if (model->runs[slot] != PMA_NONE)
			model->pages[slot] = nr_pages;
		else
			KUNIT_EXPECT_TRUE(test, nr_pages > 1 || !room);
		KUNIT_EXPECT_TRUE(test, !model->pages[slot] || nr_pages <= room);
	} else if (pma_kunit_below(rng, 3)) {
		pma_runs_give(pool, &model->arena->budget, model->runs[slot]);
		model->pages[slot] = 0;
	} else if (pma_runs_resize(pool, &model->arena->budget, model->runs[slot], nr_pages)) {
		KUNIT_EXPECT_TRUE(test, nr_pages <= had || nr_pages - had <= room);
		model->pages[slot] = nr_pages;
	}
}

static void step_limit(struct kunit *test, struct model *models, struct model *model,
		       struct pma_kunit_rng *rng)
{
	u32 limit = pma_kunit_below(rng, 80), reserve = pma_kunit_below(rng, 40);
	u32 old_limit = model->limit, old_reserve = model->reserve, room;
	int err;

	model->limit = PMA_LIMIT_NONE;
	room = model_room(models, model) + model_used(model);
	model->limit = old_limit;
	err = pma_kunit_limit_set(model->arena, PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, limit,
				  reserve, true);
	KUNIT_EXPECT_EQ(test, err, reserve > limit ? -EINVAL :
			reserve > old_reserve && reserve > room ? -ENOMEM : 0);
	if (err)
		return;
	model->limit = limit;
	model->reserve = reserve;
}

static void step_charge(struct kunit *test, struct model *model, struct pma_kunit_rng *rng)
{
	u32 nr_pages = pma_kunit_size(rng, 1, 12);
	bool may = model_used(model) + model->claimed + nr_pages <= model->limit;

	if (model->claimed) {
		pma_kunit_limit_count(model->arena, model->claimed, pma_limit_uncharge);
		model->claimed = 0;
	} else if (pma_kunit_limit_charge(model->arena, nr_pages)) {
		KUNIT_EXPECT_TRUE(test, may);
		model->claimed = nr_pages;
	} else {
		KUNIT_EXPECT_FALSE(test, may);
	}
}

static void random_against_model(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct model *models = kunit_kzalloc(test, NR_ARENAS * sizeof(*models), GFP_KERNEL);
	struct pma_kunit_rng rng;
	u32 step, i, n;

	KUNIT_ASSERT_NOT_NULL(test, models);
	pma_kunit_rng_init(&rng, test, __func__);
	for (i = 0; i < NR_ARENAS; i++) {
		models[i].arena = pma_kunit_arena(test, pool, 0);
		models[i].limit = PMA_LIMIT_NONE;
	}
	for (step = 0; step < pma_kunit_ops(); step++) {
		struct model *model = &models[pma_kunit_below(&rng, NR_ARENAS)];

		n = pma_kunit_below(&rng, 20);
		if (n == 0)
			step_limit(test, models, model, &rng);
		else if (n == 1)
			step_charge(test, model, &rng);
		else
			step_run(test, models, model, &rng);
		KUNIT_EXPECT_EQ(test, pma_kunit_limit_used(model->arena),
				model_used(model) + model->claimed);
		KUNIT_EXPECT_EQ(test, pma_kunit_limit_available(model->arena),
				model_room(models, model));
		if (!(step % 100)) {
			KUNIT_EXPECT_LE(test, pool->promised, pma_pool_free_pages(pool, NULL));
			cond_resched();
		}
	}
	for (i = 0; i < NR_ARENAS; i++) {
		for (n = 0; n < NR_RUNS; n++)
			if (models[i].pages[n])
				pma_runs_give(pool, &models[i].arena->budget, models[i].runs[n]);
		pma_kunit_limit_count(models[i].arena, models[i].claimed, pma_limit_uncharge);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_SLOW(random_against_model),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_limit_random",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
