// SPDX-License-Identifier: GPL-2.0
/*
 * pma_table_kunit.c - a sparse table of pointers
 */
#include "pma_kunit.h"
#include "pma_table.h"

static void get_of_nothing(struct kunit *test)
{
	struct pma_table table;

	pma_table_init(&table, 1000);
	KUNIT_EXPECT_NULL(test, pma_table_get(&table, 0));
	KUNIT_EXPECT_NULL(test, pma_table_where(&table, 0));
	KUNIT_EXPECT_NULL(test, pma_table_get(&table, 999));
	KUNIT_EXPECT_NULL(test, pma_table_get(&table, 1000));
	KUNIT_EXPECT_NULL(test, pma_table_get(&table, PMA_NONE));
	pma_table_exit(&table);
}

/* Each entry is its own, on both sides of every edge; numbers beyond need nothing. */
static void set_of_every_entry(struct kunit *test)
{
	static const u32 sizes[] = { 1, 511, 512, 513, 1024, 3000 };
	struct pma_table table;
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		pma_table_init(&table, sizes[s]);
		for (i = 0; i < sizes[s]; i++) {
			KUNIT_ASSERT_EQ(test, pma_table_reserve(&table, i), 0);
			KUNIT_ASSERT_TRUE(test, !pma_table_get(&table, i));
			pma_table_set(&table, i, (void *)(unsigned long)(i + 1));
		}
		KUNIT_EXPECT_EQ(test, pma_table_reserve(&table, sizes[s]), 0);
		KUNIT_EXPECT_EQ(test, pma_table_reserve(&table, PMA_NONE), 0);
		for (i = 0; i < sizes[s]; i++)
			KUNIT_ASSERT_TRUE(test, pma_table_get(&table, i) ==
						(void *)(unsigned long)(i + 1));
		KUNIT_EXPECT_NULL(test, pma_table_get(&table, sizes[s]));
		pma_table_set(&table, sizes[s] - 1, NULL);
		KUNIT_EXPECT_NULL(test, pma_table_get(&table, sizes[s] - 1));
		pma_table_exit(&table);
	}
}

/* Only what is used is there. */
static void reserve_is_sparse(struct kunit *test)
{
	struct pma_table table;
	u32 i, leaves = 0;

	pma_table_init(&table, 100 * PMA_TABLE_LEAF);
	KUNIT_EXPECT_NULL(test, table.leaves);
	KUNIT_ASSERT_EQ(test, pma_table_reserve(&table, 7 * PMA_TABLE_LEAF), 0);
	KUNIT_ASSERT_EQ(test, pma_table_reserve(&table, 99 * PMA_TABLE_LEAF + 1), 0);
	KUNIT_EXPECT_NULL(test, pma_table_get(&table, 6 * PMA_TABLE_LEAF));
	KUNIT_EXPECT_NULL(test, pma_table_where(&table, 6 * PMA_TABLE_LEAF));
	KUNIT_EXPECT_NOT_NULL(test, pma_table_where(&table, 7 * PMA_TABLE_LEAF));
	KUNIT_EXPECT_NOT_NULL(test, pma_table_where(&table, 8 * PMA_TABLE_LEAF - 1));
	KUNIT_EXPECT_NULL(test, pma_table_where(&table, 8 * PMA_TABLE_LEAF));
	KUNIT_EXPECT_NULL(test, pma_table_where(&table, 100 * PMA_TABLE_LEAF));
	KUNIT_EXPECT_NULL(test, pma_table_where(&table, PMA_NONE));
	for (i = 0; i < 100; i++)
		leaves += !!table.leaves[i];
	KUNIT_EXPECT_EQ(test, leaves, 2);
	pma_table_exit(&table);
}

static void reserve_fails_without_memory(struct kunit *test)
{
	struct pma_table table;
	u32 nth;
	int err;

	for (nth = 1; pma_kunit_fail_begin(nth); nth++) {
		pma_table_init(&table, 1000);
		err = pma_table_reserve(&table, 600);
		if (!pma_kunit_fail_end()) {
			KUNIT_EXPECT_EQ(test, err, 0);
			pma_table_exit(&table);
			break;
		}
		/* Of some that fail, the kernel has a second way to get the memory. */
		if (!err) {
			pma_table_exit(&table);
			continue;
		}
		KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_NULL(test, pma_table_get(&table, 600));
		/* and later there is some */
		KUNIT_EXPECT_EQ(test, pma_table_reserve(&table, 600), 0);
		pma_table_set(&table, 600, test);
		KUNIT_EXPECT_PTR_EQ(test, pma_table_get(&table, 600), (void *)test);
		pma_table_exit(&table);
	}
}

#define THREADS	4

struct race {
	struct pma_table table;
	atomic_t errors;
};

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	u32 i;

	for (i = index; i < race->table.nr; i += THREADS) {
		if (pma_table_reserve(&race->table, i))
			atomic_inc(&race->errors);
		pma_table_set(&race->table, i, race);
		if (pma_table_get(&race->table, i) != race)
			atomic_inc(&race->errors);
	}
}

/* Who reserves first, all find their entries. */
static void reserve_threads(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	pma_table_init(&race->table, 20 * PMA_TABLE_LEAF);
	pma_kunit_threads(test, THREADS, race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->errors), 0);
	for (i = 0; i < race->table.nr; i++)
		KUNIT_ASSERT_TRUE(test, pma_table_get(&race->table, i) == race);
	pma_table_exit(&race->table);
}

static struct kunit_case pma_table_cases[] = {
	KUNIT_CASE(get_of_nothing),
	KUNIT_CASE(set_of_every_entry),
	KUNIT_CASE(reserve_is_sparse),
	KUNIT_CASE(reserve_fails_without_memory),
	KUNIT_CASE(reserve_threads),
	{}
};

static struct kunit_suite pma_table_suite = {
	.name = "pma_table",
	.test_cases = pma_table_cases,
};

kunit_test_suite(pma_table_suite);
