// SPDX-License-Identifier: GPL-2.0
/*
 * pma_page_kunit.c - the descriptor table
 */
#include "pma_kunit.h"
#include "pma_page.h"
#include "pma_region.h"

/**
 * struct table - a region and its descriptors
 * @region: the region
 * @pages: its table
 */
struct table {
	struct pma_region region;
	struct pma_pages pages;
};

static struct table *create_with_shadow(struct kunit *test, u32 nr_pages, u32 page_size,
					u32 shadow_bytes, bool track)
{
	struct table *table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, table);
	KUNIT_ASSERT_EQ(test, pma_region_init(&table->region, (size_t)nr_pages * page_size,
					      page_size), 0);
	test->priv = table;
	KUNIT_ASSERT_EQ(test, pma_pages_init(&table->pages, &table->region, shadow_bytes, track),
			0);
	return table;
}

static struct table *create(struct kunit *test, u32 nr_pages, u32 page_size, bool track)
{
	return create_with_shadow(test, nr_pages, page_size, 64, track);
}

static void exit_table(struct kunit *test)
{
	struct table *table = test->priv;

	if (!table)
		return;
	pma_pages_exit(&table->pages);
	KUNIT_EXPECT_NULL(test, table->pages.desc);
	pma_region_exit(&table->region);
}

static void init_makes_free_pages(struct kunit *test)
{
	struct table *table = create(test, 10, 4096, false);
	u32 i;

	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(table->pages.desc, 10 * 12));
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(table->pages.shadow, 10 * 64));
	KUNIT_EXPECT_EQ(test, pma_pages_metadata_bytes(&table->pages), 10 * (12 + 64));
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_PTR_EQ(test, pma_pages_shadow(&table->pages, i),
				    (char *)table->pages.shadow + i * 64);
}

/* From a bit for each byte of a page to one for each 128. */
static const struct shadow {
	char name[16];
	u32 page_size;
	u32 shadow_bytes;
	u8 bit_shift;
} shadows[] = {
	{ "256_by_32", 256, 32, 0 },
	{ "256_by_8", 256, 8, 2 },
	{ "4096_by_512", 4096, 512, 0 },
	{ "4096_by_32", 4096, 32, 4 },
	{ "65536_by_4096", 65536, 4096, 1 },
	{ "65536_by_64", 65536, 64, 7 },
};

KUNIT_ARRAY_PARAM_DESC(shadows, shadows, name);

static void bits_stand_for_bytes(struct kunit *test)
{
	const struct shadow *shadow = test->param_value;
	struct table *table = create_with_shadow(test, 3, shadow->page_size, shadow->shadow_bytes,
						 false);
	struct pma_pages *pages = &table->pages;
	u32 page_bits = shadow->page_size >> shadow->bit_shift, i;

	KUNIT_EXPECT_EQ(test, pages->bit_shift, shadow->bit_shift);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, pma_pages_first_bit(pages, i), i * page_bits);
	/* Past all pages', and there to be looked at. */
	KUNIT_EXPECT_EQ(test, pma_pages_no_bit(pages), 3 * page_bits);
	memset(pages->shadow, 0xff, 3 * shadow->shadow_bytes);
	KUNIT_EXPECT_FALSE(test, test_bit(pma_pages_no_bit(pages), pages->shadow));
}

static void init_fails_without_memory(struct kunit *test)
{
	struct pma_region region;
	struct pma_pages pages;
	u32 nth;
	int err;

	KUNIT_ASSERT_EQ(test, pma_region_init(&region, 8 * 4096, 4096), 0);
	for (nth = 1; pma_kunit_fail_begin(nth); nth++) {
		err = pma_pages_init(&pages, &region, 64, true);
		if (!pma_kunit_fail_end()) {
			KUNIT_EXPECT_EQ(test, err, 0);
			pma_pages_exit(&pages);
			break;
		}
		/*
		 * Of some that fail, the kernel has a second way to get the memory; and where
		 * none of ours can, its debugging may have had the one that did.
		 */
		if (!err) {
			pma_pages_exit(&pages);
			continue;
		}
		KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_NULL(test, pages.desc);
	}
	pma_region_exit(&region);
}

static void set_and_id_agree(struct kunit *test)
{
	static const u8 kinds[] = {
		PMA_KIND_FREE, PMA_KIND_SLAB, PMA_KIND_BIG, PMA_KIND_HEAP, PMA_PAGE_BODY,
		PMA_PAGE_BUSY,
	};
	static const u16 owners[] = { 0, 1, 255, 256, 65535 };
	struct pma_page page;
	u32 k, o;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (o = 0; o < ARRAY_SIZE(owners); o++) {
			memset(&page, 0xff, sizeof(page));
			pma_page_set(&page, kinds[k], 77, owners[o]);
			KUNIT_EXPECT_EQ(test, pma_page_id(&page).kind, kinds[k]);
			KUNIT_EXPECT_EQ(test, pma_page_id(&page).owner, owners[o]);
			KUNIT_EXPECT_EQ(test, pma_page_id(&page).class, 77);
			KUNIT_EXPECT_EQ(test, pma_page_read(&page),
					pma_page_word(kinds[k], 77, owners[o]));
			/* The rest is not its business. */
			KUNIT_EXPECT_EQ(test, page.slab.block_size, U16_MAX);
		}
	}
}

static const u32 block_sizes[] = { 16, 32, 48, 64, 80, 640, 2048 };

/* Every block of a page asks for something else; each is told as it was. */
static void record_of_a_page(struct kunit *test, struct pma_pages *pages, u32 size, u32 seed)
{
	u32 offset, asked, n;

	for (offset = 0, n = seed; offset + size <= 4096; offset += size, n++)
		pma_pages_record(pages, 4096 + offset, size, 1 + n * 7 % size);
	for (offset = 0, n = seed; offset + size <= 4096; offset += size, n++) {
		asked = pma_pages_requested(pages, 4096 + offset, size);
		KUNIT_EXPECT_EQ_MSG(test, asked, 1 + n * 7 % size, "block of %u at %u", size,
				    offset);
	}
}

static void record_is_told(struct kunit *test)
{
	struct table *table = create(test, 3, 4096, true);
	u32 i, size;

	for (i = 0; i < ARRAY_SIZE(block_sizes); i++) {
		size = block_sizes[i];
		record_of_a_page(test, &table->pages, size, 0);
		record_of_a_page(test, &table->pages, size, size - 1);
	}
	KUNIT_EXPECT_EQ(test, pma_pages_metadata_bytes(&table->pages),
			3 * (12 + 64) + 3 * 4096 / 16);
	/* The first and the last block of all, of the largest class of all. */
	pma_pages_record(&table->pages, 0, 2048, 1);
	pma_pages_record(&table->pages, 3 * 4096 - 16, 16, 1);
	KUNIT_EXPECT_EQ(test, pma_pages_requested(&table->pages, 0, 2048), 1);
	KUNIT_EXPECT_EQ(test, pma_pages_requested(&table->pages, 3 * 4096 - 16, 16), 1);
}

static void record_of_the_largest_class(struct kunit *test)
{
	struct table *table = create(test, 1, 65536, true);
	u32 asked;

	for (asked = 1; asked <= 32768; asked += 4681) {
		pma_pages_record(&table->pages, 32768, 32768, asked);
		KUNIT_EXPECT_EQ(test, pma_pages_requested(&table->pages, 32768, 32768), asked);
	}
}

static void record_without_tracking_is_nothing(struct kunit *test)
{
	struct table *table = create(test, 3, 4096, false);

	pma_pages_record(&table->pages, 0, 64, 33);
	KUNIT_EXPECT_EQ(test, pma_pages_requested(&table->pages, 0, 64), 0);
}

/* Who left the bytes of a page, who gets it next, and whether it is zeroed. */
static const struct {
	u64 left_by;
	u64 next;
	bool zeroed;
} clean_table[] = {
	{ 0, 1, false },	/* fresh */
	{ 1, 1, false },
	{ 1, 2, true },
	{ 2, 1, true },
	{ U32_MAX, 1, true },
	{ U32_MAX - 1, U32_MAX - 1, false },
	/* From here on arenas are not told apart: each is another. */
	{ U32_MAX, U32_MAX, true },
	{ U32_MAX + 1ULL, U32_MAX + 1ULL, true },
	{ 1, U32_MAX + 2ULL, true },
	{ U32_MAX + 2ULL, 1, true },
	{ 1ULL << 32, 1, true },
	{ U64_MAX, U64_MAX, true },
};

static void clean_zeroes_what_others_left(struct kunit *test)
{
	struct table *table = create(test, 4, 512, false);
	u8 *base = table->region.base;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(clean_table); i++) {
		memset(base, 0xee, 4 * 512);
		pma_pages_retire(&table->pages, 0, 4, clean_table[i].next);
		/* Nobody, 0, is no arena. */
		pma_pages_retire(&table->pages, 1, 2, clean_table[i].left_by);
		pma_pages_clean(&table->pages, 1, 2, clean_table[i].next);
		KUNIT_EXPECT_EQ_MSG(test, pma_kunit_is_zero(base + 512, 1024),
				    clean_table[i].zeroed, "row %u", i);
		if (!clean_table[i].zeroed)
			KUNIT_EXPECT_TRUE(test, !memchr_inv(base, 0xee, 4 * 512));
		KUNIT_EXPECT_TRUE(test, !memchr_inv(base, 0xee, 512));
		KUNIT_EXPECT_TRUE(test, !memchr_inv(base + 1536, 0xee, 512));
	}
}

static void clean_judges_each_page(struct kunit *test)
{
	struct table *table = create(test, 4, 512, false);
	u8 *base = table->region.base;

	memset(base, 0xee, 4 * 512);
	pma_pages_retire(&table->pages, 0, 1, 7);
	pma_pages_retire(&table->pages, 1, 1, 8);
	pma_pages_retire(&table->pages, 2, 1, 7);
	pma_pages_clean(&table->pages, 0, 4, 7);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(base, 0xee, 512));
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(base + 512, 512));
	KUNIT_EXPECT_TRUE(test, !memchr_inv(base + 1024, 0xee, 1024));
}

static void retire_makes_pages_free(struct kunit *test)
{
	struct table *table = create(test, 4, 4096, false);
	u32 i;

	for (i = 0; i < 4; i++)
		pma_page_set(&table->pages.desc[i], PMA_KIND_HEAP, 1, 3);
	pma_pages_retire(&table->pages, 1, 2, 5);
	for (i = 0; i < 4; i++) {
		bool retired = i == 1 || i == 2;

		KUNIT_EXPECT_EQ(test, pma_page_id(&table->pages.desc[i]).kind,
				retired ? PMA_KIND_FREE : PMA_KIND_HEAP);
		KUNIT_EXPECT_EQ(test, pma_page_id(&table->pages.desc[i]).owner, retired ? 0 : 3);
	}
}

static struct kunit_case pma_page_cases[] = {
	KUNIT_CASE(init_makes_free_pages),
	KUNIT_CASE_PARAM(bits_stand_for_bytes, shadows_gen_params),
	KUNIT_CASE(init_fails_without_memory),
	KUNIT_CASE(set_and_id_agree),
	KUNIT_CASE(record_is_told),
	KUNIT_CASE(record_of_the_largest_class),
	KUNIT_CASE(record_without_tracking_is_nothing),
	KUNIT_CASE(clean_zeroes_what_others_left),
	KUNIT_CASE(clean_judges_each_page),
	KUNIT_CASE(retire_makes_pages_free),
	{}
};

static struct kunit_suite pma_page_suite = {
	.name = "pma_page",
	.exit = exit_table,
	.test_cases = pma_page_cases,
};

kunit_test_suite(pma_page_suite);
