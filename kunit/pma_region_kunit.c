// SPDX-License-Identifier: GPL-2.0
/*
 * pma_region_kunit.c - the contiguous memory of a pool
 */
#include "pma_kunit.h"
#include "pma_region.h"

static const struct {
	size_t bytes;
	u32 page_size;
	int err;
} bad_sizes[] = {
	{ 0, 4096, -EINVAL },
	{ 1, 4096, -EINVAL },
	{ 4095, 4096, -EINVAL },
	{ 4097, 4096, -EINVAL },
	{ 4096, 8192, -EINVAL },
	{ 4096, 0, -EINVAL },
	{ 4096, 1, -EINVAL },
	{ 4096, 128, -EINVAL },
	{ 4096, 3000, -EINVAL },
	{ 4096, 4095, -EINVAL },
	{ 131072, 131072, -EINVAL },
	{ 1UL << 31, 1U << 31, -EINVAL },
	{ SIZE_MAX, 4096, -EINVAL },
	{ SIZE_MAX & ~4095UL, 4096, -EINVAL },
	{ (size_t)(PMA_NR_PAGES_MAX + 1) << 8, 256, -EINVAL },
};

static void init_refuses_bad_sizes(struct kunit *test)
{
	struct pma_region region;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad_sizes); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    pma_region_init(&region, bad_sizes[i].bytes,
						    bad_sizes[i].page_size),
				    bad_sizes[i].err, "%zu bytes, pages of %u",
				    bad_sizes[i].bytes, bad_sizes[i].page_size);
}

/* It says so at once, and does not press others for memory first. */
static void init_refuses_more_than_there_is(struct kunit *test)
{
	size_t frames = si_mem_available();
	struct pma_region region;

	KUNIT_EXPECT_EQ(test, pma_region_init(&region, 2 * frames * PAGE_SIZE, 4096), -ENOMEM);
}

/* Of some allocations that fail, the kernel has a second way to get the memory. */
static void init_fails_without_memory(struct kunit *test)
{
	struct pma_region region;
	bool failed = true;
	u32 nth;
	int err;

	for (nth = 1; failed && pma_kunit_fail_begin(nth); nth++) {
		err = pma_region_init(&region, 65536, 4096);
		failed = pma_kunit_fail_end();
		if (!err)
			pma_region_exit(&region);
		else
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_TRUE(test, failed || !err);
	}
	if (nth == 1)
		kunit_skip(test, "allocations can't be made to fail");
}

static void init_cuts_pages(struct kunit *test)
{
	struct pma_region region;
	u32 shift, nr_pages;

	for (shift = PMA_PAGE_SHIFT_MIN; shift <= PMA_PAGE_SHIFT_MAX; shift++) {
		for (nr_pages = 1; nr_pages < 20; nr_pages += 6) {
			size_t bytes = (size_t)nr_pages << shift;
			size_t align = max_t(size_t, PAGE_SIZE, 1UL << shift);

			KUNIT_ASSERT_EQ(test, pma_region_init(&region, bytes, 1U << shift), 0);
			KUNIT_EXPECT_EQ(test, region.nr_pages, nr_pages);
			KUNIT_EXPECT_EQ(test, region.bytes, bytes);
			KUNIT_EXPECT_EQ(test, pma_region_page_size(&region), 1UL << shift);
			KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(region.base, bytes));
			/* So that a handle's alignment is the pointer's. */
			KUNIT_EXPECT_EQ_MSG(test, (unsigned long)region.base & (align - 1), 0,
					    "pages of %u", 1U << shift);
			memset(region.base, 0xff, bytes);
			pma_region_exit(&region);
			KUNIT_EXPECT_NULL(test, region.base);
		}
	}
}

/* Whole huge pages may be mapped as such, others not; it is the same memory either way. */
static void init_takes_huge_pages(struct kunit *test)
{
	static const struct {
		size_t bytes;
		u32 page_size;
		bool may_be_huge;
	} table[] = {
		{ PMD_SIZE, 4096, true },		{ 2 * PMD_SIZE, 512, true },
		{ 2 * PMD_SIZE, 65536, true },		{ PMD_SIZE - 4096, 4096, false },
		{ PMD_SIZE + 65536, 65536, false },	{ PMD_SIZE / 2, 4096, false },
	};
	struct pma_region region;
	size_t at;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		size_t bytes = table[i].bytes;

		KUNIT_ASSERT_EQ(test, pma_region_init(&region, bytes, table[i].page_size), 0);
		KUNIT_EXPECT_TRUE(test, table[i].may_be_huge || !region.huge);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)region.base,
						   table[i].page_size));
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(region.base, bytes));
		for (at = 0; region.huge && at < bytes; at += PAGE_SIZE)
			KUNIT_EXPECT_EQ(test, vmalloc_to_pfn(region.base + at),
					vmalloc_to_pfn(region.base + ALIGN_DOWN(at, PMD_SIZE)) +
					(at % PMD_SIZE) / PAGE_SIZE);
		memset(region.base, 0xff, bytes);
		pma_region_exit(&region);
	}
}

static void handles_name_bytes(struct kunit *test)
{
	struct pma_region region;

	KUNIT_ASSERT_EQ(test, pma_region_init(&region, 3 * 512, 512), 0);
	KUNIT_EXPECT_TRUE(test, pma_region_has(&region, 0));
	KUNIT_EXPECT_TRUE(test, pma_region_has(&region, 1535));
	KUNIT_EXPECT_FALSE(test, pma_region_has(&region, 1536));
	KUNIT_EXPECT_FALSE(test, pma_region_has(&region, PMA_HANDLE_NONE));
	KUNIT_EXPECT_EQ(test, pma_region_pgno(&region, 0), 0);
	KUNIT_EXPECT_EQ(test, pma_region_pgno(&region, 511), 0);
	KUNIT_EXPECT_EQ(test, pma_region_pgno(&region, 512), 1);
	KUNIT_EXPECT_EQ(test, pma_region_pgno(&region, 1535), 2);
	KUNIT_EXPECT_EQ(test, pma_region_handle(&region, 2), 1024);
	KUNIT_EXPECT_PTR_EQ(test, pma_region_ptr(&region, 700), (char *)region.base + 700);
	pma_region_exit(&region);
	/* Of the largest region, no handle is cut to 32 bits. */
	region.page_shift = 16;
	KUNIT_EXPECT_EQ(test, pma_region_handle(&region, PMA_NR_PAGES_MAX),
			(u64)PMA_NR_PAGES_MAX << 16);
	KUNIT_EXPECT_EQ(test, pma_region_pgno(&region, ((u64)PMA_NR_PAGES_MAX << 16) + 65535),
			PMA_NR_PAGES_MAX);
}

static struct kunit_case pma_region_cases[] = {
	KUNIT_CASE(init_refuses_bad_sizes),
	KUNIT_CASE(init_refuses_more_than_there_is),
	KUNIT_CASE(init_fails_without_memory),
	KUNIT_CASE(init_cuts_pages),
	KUNIT_CASE(init_takes_huge_pages),
	KUNIT_CASE(handles_name_bytes),
	{}
};

static struct kunit_suite pma_region_suite = {
	.name = "pma_region",
	.test_cases = pma_region_cases,
};

kunit_test_suite(pma_region_suite);
