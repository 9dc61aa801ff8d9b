// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slab_kunit.c - class maps
 */
#include "pma_heap.h"
#include "pma_kunit.h"
#include "pma_slab.h"

/* Every page size with its own slab_max, and what else is there to choose. */
static const struct map {
	char name[24];
	u32 page_size;
	u32 slab_max;
	bool pow2;
	u32 largest;
} maps[] = {
	{ "fine_256", 256, 128, false, 128 },
	{ "fine_512", 512, 256, false, 256 },
	{ "fine_4096", 4096, 2048, false, 2048 },
	{ "fine_16384", 16384, 8192, false, 8192 },
	{ "fine_32768", 32768, 16384, false, 16384 },
	{ "fine_65536", 65536, 32768, false, 32768 },
	{ "fine_65536_64", 65536, 64, false, 64 },
	{ "fine_4096_64", 4096, 64, false, 64 },
	{ "fine_4096_65", 4096, 65, false, 64 },
	{ "fine_4096_79", 4096, 79, false, 64 },
	{ "fine_4096_80", 4096, 80, false, 80 },
	{ "fine_4096_2047", 4096, 2047, false, 1920 },
	{ "pow2_256", 256, 128, true, 128 },
	{ "pow2_4096", 4096, 2048, true, 2048 },
	{ "pow2_65536", 65536, 32768, true, 32768 },
	{ "pow2_4096_100", 4096, 100, true, 64 },
	{ "pow2_4096_127", 4096, 127, true, 64 },
};

KUNIT_ARRAY_PARAM_DESC(maps, maps, name);

/* As a pool has it. */
static u8 bit_shift_of(const struct map *map)
{
	struct pma_region region = { .bytes = SZ_1M, .page_shift = ilog2(map->page_size) };
	struct pma_heap_geometry geo = pma_heap_plan(&region, map->slab_max);

	return region.page_shift - ilog2(geo.tag_bytes * BITS_PER_BYTE);
}

static int create_map(struct kunit *test)
{
	const struct map *map = test->param_value;

	if (map)
		test->priv = pma_slab_classes_create(map->page_size, map->slab_max,
						     bit_shift_of(map), map->pow2);
	return map && !test->priv ? -ENOMEM : 0;
}

static void destroy_map(struct kunit *test)
{
	pma_slab_classes_destroy(test->priv);
}

static void classes_are_sound(struct kunit *test)
{
	const struct pma_classes *classes = test->priv;
	const struct map *map = test->param_value;
	u32 i;

	KUNIT_EXPECT_EQ(test, classes->slab_max, map->largest);
	KUNIT_EXPECT_EQ(test, classes->class[0].block_size, PMA_BLOCK_MIN);
	KUNIT_EXPECT_EQ(test, classes->class[classes->nr - 1].block_size, map->largest);
	KUNIT_EXPECT_LE(test, classes->nr, PMA_CLASSES_MAX);
	for (i = PMA_BLOCK_MIN; i <= map->largest; i *= 2) {
		int class = pma_slab_class_of(classes, i, i);

		KUNIT_ASSERT_GE(test, class, 0);
		KUNIT_EXPECT_EQ(test, classes->class[class].block_size, i);
	}
	for (i = 0; i < classes->nr; i++) {
		u32 size = classes->class[i].block_size;

		KUNIT_EXPECT_EQ(test, classes->class[i].nr_blocks, map->page_size / size);
		KUNIT_EXPECT_GE(test, classes->class[i].nr_blocks, 2);
		KUNIT_EXPECT_EQ(test, size % PMA_BLOCK_MIN, 0);
		/* A whole number of bits. */
		KUNIT_EXPECT_EQ(test, classes->class[i].step << bit_shift_of(map), size);
		if (i)
			KUNIT_EXPECT_GT(test, size, classes->class[i - 1].block_size);
		if (map->pow2)
			KUNIT_EXPECT_TRUE(test, is_power_of_2(size));
	}
}

/* In a fine map: 12.5 % of a block above 64 bytes, or 15 bytes where that is more. */
static bool waste_is_bounded(const struct map *map, u32 size, u32 block_size)
{
	u32 waste = block_size - size;

	if (map->pow2)
		return size <= 8 || 2 * waste < block_size;
	return waste <= 15 || (size > 64 && 8 * waste <= block_size);
}

static void class_of_every_size(struct kunit *test)
{
	const struct pma_classes *classes = test->priv;
	const struct map *map = test->param_value;
	u32 size, class = 0, wasteful = 0;

	for (size = 1; size <= classes->slab_max; size++) {
		u32 block_size;

		while (classes->class[class].block_size < size)
			class++;
		block_size = classes->class[class].block_size;
		KUNIT_ASSERT_EQ_MSG(test, pma_slab_class_of(classes, size, 0), class, "size %u",
				    size);
		KUNIT_ASSERT_TRUE_MSG(test, waste_is_bounded(map, size, block_size), "size %u",
				      size);
		wasteful += size > 64 && 8 * (block_size - size) > block_size;
	}
	/* 65 to 69, 81 to 83 and 97: where alignment to 16 bytes costs more. */
	if (!map->pow2 && classes->slab_max >= 112)
		KUNIT_EXPECT_EQ(test, wasteful, 9);
	KUNIT_EXPECT_EQ(test, pma_slab_class_of(classes, classes->slab_max + 1, 0), -1);
	KUNIT_EXPECT_EQ(test, pma_slab_class_of(classes, SIZE_MAX, 0), -1);
}

static void fine_classes_suit_the_page(struct kunit *test)
{
	static const u16 sizes[] = {
		16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 304,
		336, 368, 400, 448, 480, 512, 576, 624, 672, 720, 768, 816, 896, 960, 1024, 1136,
		1248, 1360, 1504, 1648, 1792, 1920, 2048,
	};
	struct pma_classes *classes = pma_slab_classes_create(4096, 2048, 4, false);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, classes);
	KUNIT_EXPECT_EQ(test, classes->nr, ARRAY_SIZE(sizes));
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_EQ(test, classes->class[i].block_size, sizes[i]);
	pma_slab_classes_destroy(classes);
}

/* The smallest class that fits and keeps the alignment in every block, by search. */
static int search_class(const struct pma_classes *classes, u32 size, u32 align)
{
	u32 i;

	for (i = 0; i < classes->nr; i++)
		if (classes->class[i].block_size >= max(size, align) &&
		    classes->class[i].block_size % align == 0)
			return i;
	return -1;
}

static void class_of_every_alignment(struct kunit *test)
{
	const struct pma_classes *classes = test->priv;
	const struct map *map = test->param_value;
	u32 align, size, step = map->page_size > 4096 ? 31 : 1;

	for (align = 1; align <= map->page_size; align *= 2)
		for (size = 1; size <= classes->slab_max; size += step)
			KUNIT_ASSERT_EQ_MSG(test, pma_slab_class_of(classes, size, align),
					    search_class(classes, size, align),
					    "size %u, align %u", size, align);
}

/* The finest map of each page size. */
static void classes_are_not_too_many(struct kunit *test)
{
	struct pma_classes *classes;
	u32 page_size;

	for (page_size = 256; page_size <= 65536; page_size *= 2) {
		classes = pma_slab_classes_create(page_size, page_size / 2, 4, false);
		KUNIT_ASSERT_NOT_NULL(test, classes);
		KUNIT_EXPECT_LE_MSG(test, classes->nr, PMA_CLASSES_MAX, "pages of %u", page_size);
		pma_slab_classes_destroy(classes);
	}
}

static void classes_fail_without_memory(struct kunit *test)
{
	struct pma_classes *classes;
	bool failed = true;
	u32 nth;

	for (nth = 1; failed && pma_kunit_fail_begin(nth); nth++) {
		classes = pma_slab_classes_create(4096, 2048, 4, false);
		failed = pma_kunit_fail_end();
		/* Of some that fail, the kernel has a second way to get the memory. */
		KUNIT_EXPECT_TRUE(test, classes || failed);
		pma_slab_classes_destroy(classes);
	}
}

static struct kunit_case pma_slab_cases[] = {
	KUNIT_CASE_PARAM(classes_are_sound, maps_gen_params),
	KUNIT_CASE_PARAM(class_of_every_size, maps_gen_params),
	KUNIT_CASE(fine_classes_suit_the_page),
	KUNIT_CASE_PARAM(class_of_every_alignment, maps_gen_params),
	KUNIT_CASE(classes_are_not_too_many),
	KUNIT_CASE(classes_fail_without_memory),
	{}
};

static struct kunit_suite pma_slab_suite = {
	.name = "pma_slab",
	.init = create_map,
	.exit = destroy_map,
	.test_cases = pma_slab_cases,
};

kunit_test_suite(pma_slab_suite);
