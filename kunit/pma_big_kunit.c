// SPDX-License-Identifier: GPL-2.0
/*
 * pma_big_kunit.c - blocks that take whole contiguous pages
 *
 * Runs, descriptors and lookups on tables of their own, without a region.
 */
#include "pma_big.h"
#include "pma_fit_check.h"
#include "pma_kunit.h"

#define NR_PAGES	2048
#define LIVE_MAX	128
#define OWNER		7

/**
 * struct table - runs and descriptors of pages that are nowhere
 * @pages: descriptors
 * @runs: runs
 * @isolates: are bodies marked?
 */
struct table {
	struct pma_pages pages;
	struct pma_fit *runs;
	bool isolates;
};

static struct table *create(struct kunit *test, bool isolates)
{
	struct table *table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);
	struct pma_fit_tag *tags = kunit_kcalloc(test, NR_PAGES, sizeof(*tags), GFP_KERNEL);
	u32 nr_lists = pma_fit_nr_lists(NR_PAGES);

	KUNIT_ASSERT_NOT_NULL(test, table);
	KUNIT_ASSERT_NOT_NULL(test, tags);
	table->isolates = isolates;
	table->runs = kunit_kzalloc(test, struct_size(table->runs, heads, nr_lists), GFP_KERNEL);
	table->pages.desc = kunit_kcalloc(test, NR_PAGES, sizeof(struct pma_page), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, table->runs);
	KUNIT_ASSERT_NOT_NULL(test, table->pages.desc);
	pma_fit_init(table->runs, tags, 0, NR_PAGES);
	pma_fit_add(table->runs, 0, NR_PAGES);
	return table;
}

static u32 take(struct table *table, u32 nr_pages)
{
	u32 first = pma_fit_alloc(table->runs, nr_pages, PMA_FIT_M);

	if (first == PMA_NONE)
		return PMA_NONE;
	if (table->isolates)
		pma_big_mark_body(&table->pages, first, first + 1, first + nr_pages, OWNER);
	pma_big_mark(&table->pages, first, PMA_KIND_BIG, OWNER);
	return first;
}

static void give(struct table *table, u32 first)
{
	u32 nr_pages = pma_fit_units(table->runs, first), i;

	for (i = first; i < first + (table->isolates ? nr_pages : 1); i++)
		pma_page_set(&table->pages.desc[i], PMA_KIND_FREE, 0, 0);
	pma_fit_free(table->runs, first);
}

static void mark_names_first_page(struct kunit *test)
{
	struct table *table = create(test, false);
	struct pma_page *page = &table->pages.desc[5];

	page->big.slack = 12345;
	pma_big_mark(&table->pages, 5, PMA_PAGE_BUSY, OWNER);
	KUNIT_EXPECT_EQ(test, page->kind, PMA_PAGE_BUSY);
	KUNIT_EXPECT_EQ(test, page->owner, OWNER);
	KUNIT_EXPECT_EQ(test, page->big.first, 5);
	pma_big_mark(&table->pages, 5, PMA_KIND_BIG, OWNER);
	KUNIT_EXPECT_EQ(test, page->kind, PMA_KIND_BIG);
	KUNIT_EXPECT_EQ(test, page->big.slack, 12345);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(&table->pages.desc[6], sizeof(*page)));
}

static void mark_body_names_each_page(struct kunit *test)
{
	struct table *table = create(test, true);
	u32 i;

	pma_big_mark_body(&table->pages, 10, 12, 15, OWNER);
	for (i = 10; i < 17; i++) {
		struct pma_page *page = &table->pages.desc[i];
		bool marked = i >= 12 && i < 15;

		KUNIT_EXPECT_EQ(test, page->kind, marked ? PMA_PAGE_BODY : PMA_KIND_FREE);
		KUNIT_EXPECT_EQ(test, page->owner, marked ? OWNER : 0);
		KUNIT_EXPECT_EQ(test, page->big.first, marked ? 10 : 0);
	}
}

static void find_looks_back_so_far(struct kunit *test)
{
	struct table *table = create(test, false);
	u32 first, i;

	take(table, 3);
	first = take(table, 2 * PMA_BIG_LOOK_BACK);
	for (i = 0; i < 2 * PMA_BIG_LOOK_BACK; i++)
		KUNIT_EXPECT_EQ_MSG(test, pma_big_find(&table->pages, table->runs, first + i),
				    i < PMA_BIG_LOOK_BACK ? first : PMA_NONE, "page %u", i);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, pma_big_find(&table->pages, table->runs, i), 0);
}

static void find_finds_no_other_run(struct kunit *test)
{
	struct table *table = create(test, false);
	u32 big = take(table, 4), other = pma_fit_alloc(table->runs, 4, 0);
	u32 last = take(table, 4);
	u32 i;

	pma_page_set(&table->pages.desc[other], PMA_KIND_HEAP, 0, OWNER);
	for (i = other; i < other + 4; i++)
		KUNIT_EXPECT_EQ(test, pma_big_find(&table->pages, table->runs, i), PMA_NONE);
	/* Out of reach while it is moved, and once it is free. */
	pma_big_mark(&table->pages, big, PMA_PAGE_BUSY, OWNER);
	KUNIT_EXPECT_EQ(test, pma_big_find(&table->pages, table->runs, big + 1), PMA_NONE);
	give(table, big);
	KUNIT_EXPECT_EQ(test, pma_big_find(&table->pages, table->runs, big + 1), PMA_NONE);
	KUNIT_EXPECT_EQ(test, pma_big_find(&table->pages, table->runs, last + 1), last);
	KUNIT_EXPECT_EQ(test, pma_big_find(&table->pages, table->runs, last + 4), PMA_NONE);
}

/* Random blocks; whose each page is, by what stands there. */

struct model {
	struct kunit *test;
	struct table *table;
	struct pma_kunit_rng rng;
	u32 live[LIVE_MAX];
	u32 nr_live;
	u16 first_of[NR_PAGES];	/* of the block, plus 1; 0 for none */
};

static void mark_model(struct model *m, u32 first, u32 nr_pages, u32 value)
{
	u32 i;

	for (i = first; i < first + nr_pages; i++) {
		KUNIT_ASSERT_EQ(m->test, !!m->first_of[i], !value);
		m->first_of[i] = value;
	}
}

static void model_step(struct model *m, u32 step)
{
	u32 first, i;

	if (!m->nr_live ||
	    (m->nr_live < LIVE_MAX && pma_kunit_below(&m->rng, 100) < (step & 512 ? 60 : 40))) {
		u32 nr_pages = pma_kunit_size(&m->rng, 1, 400);

		first = take(m->table, nr_pages);
		if (first == PMA_NONE)
			return;
		mark_model(m, first, nr_pages, first + 1);
		m->live[m->nr_live++] = first;
		return;
	}
	i = pma_kunit_below(&m->rng, m->nr_live);
	first = m->live[i];
	mark_model(m, first, pma_fit_units(m->table->runs, first), 0);
	give(m->table, first);
	m->live[i] = m->live[--m->nr_live];
}

static void model_look(struct model *m)
{
	u32 pgno = pma_kunit_below(&m->rng, NR_PAGES);
	struct pma_page *page = &m->table->pages.desc[pgno];
	u32 want = m->first_of[pgno] ? m->first_of[pgno] - 1 : PMA_NONE;

	KUNIT_ASSERT_EQ(m->test, pma_big_find(&m->table->pages, m->table->runs, pgno), want);
	if (!m->table->isolates)
		return;
	KUNIT_ASSERT_EQ(m->test, page->kind,
			want == PMA_NONE ? PMA_KIND_FREE :
			want == pgno ? PMA_KIND_BIG : PMA_PAGE_BODY);
	if (want != PMA_NONE)
		KUNIT_ASSERT_EQ(m->test, page->big.first, want);
}

static void random_blocks(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct pma_fit_sum sum;
	u32 half, step;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	pma_kunit_rng_init(&m->rng, test, __func__);
	for (half = 0; half < 2; half++) {
		m->table = create(test, half);
		m->nr_live = 0;
		memset(m->first_of, 0, sizeof(m->first_of));
		for (step = 0; step < pma_kunit_ops() / 2; step++) {
			model_step(m, step);
			model_look(m);
			if (step % 100)
				continue;
			sum = (struct pma_fit_sum){};
			pma_fit_check_span(m->table->runs, 0, NR_PAGES, &sum);
			KUNIT_ASSERT_EQ(test, sum.errors, 0);
			KUNIT_ASSERT_EQ(test, pma_fit_check_lists(m->table->runs, NR_PAGES, &sum),
					0);
			KUNIT_ASSERT_EQ(test, sum.pieces - sum.free_pieces, m->nr_live);
		}
	}
}

static struct kunit_case pma_big_cases[] = {
	KUNIT_CASE(mark_names_first_page),
	KUNIT_CASE(mark_body_names_each_page),
	KUNIT_CASE(find_looks_back_so_far),
	KUNIT_CASE(find_finds_no_other_run),
	KUNIT_CASE_SLOW(random_blocks),
	{}
};

static struct kunit_suite pma_big_suite = {
	.name = "pma_big",
	.test_cases = pma_big_cases,
};

kunit_test_suite(pma_big_suite);
