// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slab_lend_kunit.c - blocks of a page that are lent to CPUs
 *
 * What CPUs do with them, which is changing their bits, is played here.
 */
#include "pma_kunit_slab.h"

#define PGNO	PMA_KUNIT_SLAB_PGNO

static bool lend(struct pma_kunit_slab *slab, unsigned int nr)
{
	memset(slab->bits, 0xff, sizeof(slab->bits));
	return pma_slab_lend(&slab->pages, PGNO, slab->class, nr, slab->bits);
}

/* A CPU takes, or frees, a block that it was lent. */
static void cpu_takes(struct pma_kunit_slab *slab, u32 index)
{
	__clear_bit(pma_kunit_slab_bit(slab, index), slab->bitmap);
}

static void cpu_frees(struct pma_kunit_slab *slab, u32 index)
{
	__set_bit(pma_kunit_slab_bit(slab, index), slab->bitmap);
}

static void put_back(struct pma_kunit_slab *slab, u32 index)
{
	pma_slab_count_given(slab->page, 1, pma_kunit_slab_bit(slab, index));
}

/* The @i-th of @nr that were just lent is that block. */
static void expect_lent(struct kunit *test, const struct pma_kunit_slab *slab, u32 nr, u32 i,
			u32 index)
{
	KUNIT_ASSERT_EQ(test, slab->bits[nr - 1 - i],
			pma_pages_first_bit(&slab->pages, PGNO) +
			pma_kunit_slab_bit(slab, index));
	KUNIT_ASSERT_TRUE(test, pma_kunit_slab_seems_free(slab, index));
}

/* Of a page with none in use; asked for as many as CPUs do, and for all. */
static void lend_of_empty(struct kunit *test, struct pma_kunit_slab *slab)
{
	u32 asks[] = { 1, 2, slab->class->nr_blocks / 2, slab->class->nr_blocks }, a, i;

	for (a = 0; a < ARRAY_SIZE(asks); a++) {
		KUNIT_EXPECT_TRUE(test, lend(slab, asks[a]));
		for (i = 0; i < asks[a]; i++)
			expect_lent(test, slab, asks[a], i, i);
		KUNIT_EXPECT_EQ(test, slab->page->slab.nr_free, slab->class->nr_blocks - asks[a]);
		KUNIT_EXPECT_EQ(test, slab->page->slab.first_free,
				pma_kunit_slab_bit(slab, asks[a]));
		KUNIT_EXPECT_EQ(test, pma_slab_nr_used(&slab->pages, PGNO), 0);
		pma_slab_page_init(&slab->pages, PGNO, slab->class);
	}
}

static void lend_of_empty_page(struct kunit *test)
{
	pma_kunit_slab_each_class(test, lend_of_empty);
}

/* The lowest that are free, of those between blocks in use. */
static void lend_between(struct kunit *test, struct pma_kunit_slab *slab, u32 nth, u32 nr)
{
	u32 nr_used = pma_slab_nr_used(&slab->pages, PGNO);
	u32 nr_free = slab->page->slab.nr_free, i;

	if (!nr || nr > nr_free)
		return;
	KUNIT_EXPECT_TRUE(test, lend(slab, nr));
	for (i = 0; i < nr; i++)
		expect_lent(test, slab, nr, i, i * nth);
	KUNIT_EXPECT_EQ(test, slab->bits[nr], U32_MAX);
	KUNIT_EXPECT_EQ(test, slab->page->slab.nr_free, nr_free - nr);
	KUNIT_EXPECT_GT(test, slab->page->slab.first_free,
			pma_kunit_slab_bit(slab, (nr - 1) * nth));
	if (nr < nr_free)
		KUNIT_EXPECT_LE(test, slab->page->slab.first_free,
				pma_kunit_slab_bit(slab, nr * nth));
	KUNIT_EXPECT_EQ(test, pma_slab_nr_used(&slab->pages, PGNO), nr_used);
	while (i--)
		put_back(slab, i * nth);
	KUNIT_EXPECT_EQ(test, pma_kunit_slab_errors(slab), 0);
}

static void lend_of_used(struct kunit *test, struct pma_kunit_slab *slab)
{
	u32 nth, nr;

	for (nth = 2; nth < 5; nth++) {
		nr = pma_kunit_slab_take_all_but(slab, nth);
		lend_between(test, slab, nth, 1);
		lend_between(test, slab, nth, 2);
		lend_between(test, slab, nth, nr / 2);
		lend_between(test, slab, nth, nr - 1);
		lend_between(test, slab, nth, nr);
		pma_slab_page_init(&slab->pages, PGNO, slab->class);
	}
}

static void lend_of_page_in_use(struct kunit *test)
{
	pma_kunit_slab_each_class(test, lend_of_used);
}

static void expect_refused(struct kunit *test, struct pma_kunit_slab *slab)
{
	struct pma_page page = *slab->page;
	u32 nr_used = pma_slab_nr_used(&slab->pages, PGNO);

	KUNIT_EXPECT_FALSE(test, lend(slab, 1));
	KUNIT_EXPECT_FALSE(test, lend(slab, page.slab.nr_free));
	KUNIT_EXPECT_MEMEQ(test, slab->page, &page, sizeof(page));
	KUNIT_EXPECT_EQ(test, pma_slab_nr_used(&slab->pages, PGNO), nr_used);
}

/* Whichever block a CPU has, which seems free then. */
static void lend_while_one_is_lent(struct kunit *test, struct pma_kunit_slab *slab)
{
	u32 nr = slab->class->nr_blocks, step = max(nr / 100, 1U), i;

	if (nr < 3)
		return;
	pma_kunit_slab_take(slab, nr);
	pma_kunit_slab_give(slab, 0);
	pma_kunit_slab_give(slab, nr - 1);
	for (i = 1; i < nr - 1; i += step) {
		cpu_frees(slab, i);
		expect_refused(test, slab);
		cpu_takes(slab, i);
		lend_between(test, slab, nr - 1, 2);
	}
}

static void lend_refuses_page_that_is_not_whole(struct kunit *test)
{
	pma_kunit_slab_each_class(test, lend_while_one_is_lent);
}

/* None is in use, but one is lent: it is not empty. */
static void lend_while_all_seem_free(struct kunit *test, struct pma_kunit_slab *slab)
{
	KUNIT_EXPECT_TRUE(test, lend(slab, 1));
	expect_refused(test, slab);
	put_back(slab, 0);
	KUNIT_EXPECT_TRUE(test, lend(slab, slab->class->nr_blocks));
	slab->page->slab.nr_free = slab->class->nr_blocks;
	slab->page->slab.first_free = 0;
}

static void lend_refuses_page_that_seems_empty(struct kunit *test)
{
	pma_kunit_slab_each_class(test, lend_while_all_seem_free);
}

/* Random operations of a page and its CPUs against a byte for each block. */

enum { FREE, USED, LENT };

/* @lent: a page's bitmap of which of its blocks are found to be lent */
struct model {
	u8 *state;
	u32 units;
	u32 nr[3];
	unsigned long *lent;
};

static void turn(struct model *model, u32 i, u8 state)
{
	model->nr[model->state[i]]--;
	model->nr[state]++;
	model->state[i] = state;
}

static u32 lowest_free(const struct model *model)
{
	return (u8 *)memchr(model->state, FREE, model->units) - model->state;
}

static void take_some(struct kunit *test, struct pma_kunit_slab *slab, struct model *model,
		      u32 want)
{
	u32 got = pma_kunit_slab_take(slab, want), i, lowest;

	KUNIT_ASSERT_EQ(test, got, min(want, model->nr[FREE]));
	for (i = 0; i < got; i++) {
		lowest = lowest_free(model);
		KUNIT_ASSERT_EQ(test, slab->handles[i], pma_kunit_slab_handle(slab, lowest));
		turn(model, lowest, USED);
	}
}

/*
 * Find which blocks are lent, but for the first @missed of them; and others that are handed out
 * when the page is looked at.  Is it all that are lent?
 */
static bool find_lent(const struct pma_kunit_slab *slab, struct model *model, u32 missed)
{
	bool all = true;
	u32 i;

	bitmap_zero(model->lent, slab->pages.shadow_bytes * BITS_PER_BYTE);
	for (i = 0; i < model->units; i++) {
		if (model->state[i] == LENT && missed) {
			missed--;
			all = false;
		} else if (model->state[i] == LENT || (model->state[i] == USED && i % 3)) {
			__set_bit(pma_kunit_slab_bit(slab, i), model->lent);
		}
	}
	return all;
}

static void lend_some(struct kunit *test, struct pma_kunit_slab *slab, struct model *model, u32 nr,
		      struct pma_kunit_rng *rng)
{
	bool lends = !model->nr[LENT];
	u32 i, lowest;

	if (pma_kunit_below(rng, 2)) {
		lends = find_lent(slab, model, pma_kunit_below(rng, 2));
		KUNIT_ASSERT_EQ(test, pma_slab_lend_beside(&slab->pages, PGNO, slab->class, nr,
							   model->lent, slab->bits), lends);
	} else {
		KUNIT_ASSERT_EQ(test, lend(slab, nr), lends);
	}
	for (i = 0; lends && i < nr; i++) {
		lowest = lowest_free(model);
		expect_lent(test, slab, nr, i, lowest);
		turn(model, lowest, LENT);
	}
}

/* Something that may be done to a block as it is. */
static void change_one(struct pma_kunit_slab *slab, struct model *model, u32 i, bool of_cpu)
{
	if (model->state[i] == USED && of_cpu) {
		cpu_frees(slab, i);
		turn(model, i, LENT);
	} else if (model->state[i] == USED) {
		pma_kunit_slab_give(slab, i);
		turn(model, i, FREE);
	} else if (model->state[i] == LENT && of_cpu) {
		cpu_takes(slab, i);
		turn(model, i, USED);
	} else if (model->state[i] == LENT) {
		put_back(slab, i);
		turn(model, i, FREE);
	}
}

static void random_step(struct kunit *test, struct pma_kunit_slab *slab, struct model *model,
			struct pma_kunit_rng *rng)
{
	u32 what = pma_kunit_below(rng, 100), want = pma_kunit_size(rng, 1, 80), i;
	bool of_cpu = pma_kunit_below(rng, 4) == 0;

	if (what < 20 && !model->nr[LENT]) {
		take_some(test, slab, model, want);
	} else if (what < 50 && model->nr[FREE]) {
		lend_some(test, slab, model, min(want, model->nr[FREE]), rng);
	} else if (what < 60) {
		/* All CPUs part with what they have. */
		for (i = 0; i < model->units; i++)
			if (model->state[i] == LENT)
				change_one(slab, model, i, false);
	} else {
		while (want--)
			change_one(slab, model, pma_kunit_below(rng, model->units), of_cpu);
	}
	KUNIT_ASSERT_EQ(test, slab->page->slab.nr_free, model->nr[FREE]);
	KUNIT_ASSERT_EQ(test, pma_slab_nr_used(&slab->pages, PGNO), model->nr[USED]);
	if (!model->nr[LENT])
		KUNIT_ASSERT_EQ(test, pma_kunit_slab_errors(slab), 0);
}

static void play_at_random(struct kunit *test, struct pma_kunit_slab *slab)
{
	struct model model = { .units = slab->class->nr_blocks };
	u32 ops = pma_kunit_ops() / ARRAY_SIZE(pma_kunit_slabs) / slab->classes->nr, i;
	struct pma_kunit_rng rng;

	pma_kunit_rng_init(&rng, test, __func__);
	rng.state += slab->class->block_size;
	model.nr[FREE] = model.units;
	model.state = kunit_kzalloc(test, model.units, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model.state);
	model.lent = kunit_kzalloc(test, slab->pages.shadow_bytes, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model.lent);
	while (ops--)
		random_step(test, slab, &model, &rng);
	for (i = 0; i < model.units; i++)
		if (model.state[i] == LENT)
			put_back(slab, i);
}

static void random_takes_and_lends(struct kunit *test)
{
	pma_kunit_slab_each_class(test, play_at_random);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(lend_of_empty_page, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(lend_of_page_in_use, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(lend_refuses_page_that_is_not_whole, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(lend_refuses_page_that_seems_empty, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(random_takes_and_lends, pma_kunit_slabs_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_slab_lend",
	.init = pma_kunit_slab_create,
	.exit = pma_kunit_slab_destroy,
	.test_cases = cases,
};

kunit_test_suite(suite);
