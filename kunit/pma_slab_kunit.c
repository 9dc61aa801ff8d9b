// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slab_kunit.c - class maps, and pages cut into equal blocks
 */
#include "pma_kunit.h"
#include "pma_slab.h"

#define BLOCKS_MAX	4096	/* of 16 bytes, in a page of 64 KiB */

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
	{ "fine_65536", 65536, 32768, false, 32768 },
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

static int create_map(struct kunit *test)
{
	const struct map *map = test->param_value;

	if (map)
		test->priv = pma_slab_classes_create(map->page_size, map->slab_max, map->pow2);
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
	struct pma_classes *classes = pma_slab_classes_create(4096, 2048, false);
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

static void expect_index(struct kunit *test, const struct pma_class *class, u32 offset)
{
	u64 quotient = pma_slab_divide(class->inverse, offset);
	u32 size = class->block_size;

	KUNIT_ASSERT_EQ_MSG(test, upper_32_bits(quotient), offset / size,
			    "offset %u, blocks of %u", offset, size);
	KUNIT_ASSERT_EQ_MSG(test, pma_slab_is_start(class->inverse, quotient), offset % size == 0,
			    "offset %u, blocks of %u", offset, size);
}

static void index_of_every_offset(struct kunit *test)
{
	const struct pma_classes *classes = test->priv;
	const struct map *map = test->param_value;
	u32 i, offset, step = map->page_size > 4096 ? 37 : 1;

	for (i = 0; i < classes->nr; i++) {
		const struct pma_class *class = &classes->class[i];

		for (offset = 0; offset < map->page_size; offset += step)
			expect_index(test, class, offset);
		for (offset = class->block_size; offset < map->page_size;
		     offset += class->block_size) {
			expect_index(test, class, offset - 1);
			expect_index(test, class, offset);
			expect_index(test, class, offset + 1);
		}
		expect_index(test, class, map->page_size - 1);
	}
}

static void classes_fail_without_memory(struct kunit *test)
{
	struct pma_classes *classes;
	bool failed = true;
	u32 nth;

	for (nth = 1; failed && pma_kunit_fail_begin(nth); nth++) {
		classes = pma_slab_classes_create(4096, 2048, false);
		failed = pma_kunit_fail_end();
		/* Of some that fail, the kernel has a second way to get the memory. */
		KUNIT_EXPECT_TRUE(test, classes || failed);
		pma_slab_classes_destroy(classes);
	}
}

/* Pages: a class with @nr_blocks blocks, as one word, a few, or a bit and a word. */

struct cut {
	struct pma_page page;
	struct pma_class class;
	unsigned long bitmap[BITS_TO_LONGS(BLOCKS_MAX)];
	u16 indices[BLOCKS_MAX];
};

static struct cut *cut_page(struct kunit *test, u32 nr_blocks)
{
	struct cut *cut = kunit_kzalloc(test, sizeof(*cut), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cut);
	memset(cut->bitmap, 0xff, sizeof(cut->bitmap));
	cut->class = (struct pma_class){
		.block_size = 65536 / nr_blocks,
		.inverse = (u32)(BIT_ULL(32) / (65536 / nr_blocks)) + 1,
		.nr_blocks = nr_blocks,
	};
	pma_slab_page_init(&cut->page, cut->bitmap, &cut->class);
	return cut;
}

static u32 errors_of(const struct cut *cut)
{
	return pma_slab_check(&cut->page, cut->bitmap, &cut->class);
}

static void give(struct cut *cut, u32 index)
{
	__set_bit(index, cut->bitmap);
	pma_slab_count_given(&cut->page, 1, index);
}

static unsigned int take(struct cut *cut, unsigned int nr)
{
	unsigned int done = 0;
	unsigned long bits;
	u32 base;

	while (done < nr) {
		bits = pma_slab_take(&cut->page, cut->bitmap, cut->class.nr_blocks, nr - done,
				     &base);
		if (!bits)
			break;
		for (; bits; bits &= bits - 1)
			cut->indices[done++] = base + __ffs(bits);
	}
	return done;
}

static const u32 page_blocks[] = { 2, 3, 63, 64, 65, 128, 511, 512, BLOCKS_MAX };

static void take_lowest_first(struct kunit *test)
{
	u32 p, i;

	for (p = 0; p < ARRAY_SIZE(page_blocks); p++) {
		u32 nr = page_blocks[p];
		struct cut *cut = cut_page(test, nr);

		KUNIT_EXPECT_EQ(test, errors_of(cut), 0);
		KUNIT_EXPECT_EQ(test, cut->page.slab.nr_free, nr);
		for (i = 0; i < nr; i++) {
			KUNIT_ASSERT_EQ(test, cut->page.slab.first_free, i);
			KUNIT_ASSERT_EQ(test, take(cut, 1), 1);
			KUNIT_ASSERT_EQ(test, cut->indices[0], i);
		}
		KUNIT_EXPECT_EQ(test, cut->page.slab.first_free, nr);
		KUNIT_EXPECT_EQ(test, cut->page.slab.nr_free, 0);
		KUNIT_EXPECT_EQ(test, take(cut, 1), 0);
		KUNIT_EXPECT_EQ(test, take(cut, 64), 0);
		KUNIT_EXPECT_EQ(test, errors_of(cut), 0);
	}
}

/* Ask for @ask at a time: always as many, until there are less. */
static void take_in_batches(struct kunit *test)
{
	static const u32 asks[] = { 1, 2, 7, 63, 64, 65, 200, BLOCKS_MAX };
	u32 p, a, got, all, i;

	for (p = 0; p < ARRAY_SIZE(page_blocks); p++) {
		for (a = 0; a < ARRAY_SIZE(asks); a++) {
			struct cut *cut = cut_page(test, page_blocks[p]);

			for (all = 0; all < page_blocks[p]; all += got) {
				got = take(cut, asks[a]);
				KUNIT_ASSERT_EQ(test, got, min(asks[a], page_blocks[p] - all));
				for (i = 0; i < got; i++)
					KUNIT_ASSERT_EQ(test, cut->indices[i], all + i);
			}
			KUNIT_EXPECT_EQ(test, take(cut, asks[a]), 0);
			KUNIT_EXPECT_EQ(test, errors_of(cut), 0);
		}
	}
}

static void take_none_changes_nothing(struct kunit *test)
{
	struct cut *cut = cut_page(test, 65);

	KUNIT_EXPECT_EQ(test, take(cut, 0), 0);
	KUNIT_EXPECT_EQ(test, cut->page.slab.nr_free, 65);
	KUNIT_EXPECT_EQ(test, errors_of(cut), 0);
}

static void take_skips_what_is_in_use(struct kunit *test)
{
	static const u16 back[] = { 200, 5, 63, 64, 128, 0, 127 };
	static const u16 want[] = { 0, 5, 63, 64, 127, 128, 200 };
	struct cut *cut = cut_page(test, 201);
	u32 i;

	take(cut, 201);
	for (i = 0; i < ARRAY_SIZE(back); i++) {
		give(cut, back[i]);
		KUNIT_EXPECT_EQ(test, errors_of(cut), 0);
	}
	KUNIT_EXPECT_EQ(test, take(cut, 201), ARRAY_SIZE(back));
	for (i = 0; i < ARRAY_SIZE(want); i++)
		KUNIT_EXPECT_EQ(test, cut->indices[i], want[i]);
	KUNIT_EXPECT_EQ(test, errors_of(cut), 0);
}

static void give_keeps_first_free(struct kunit *test)
{
	static const struct {
		u16 index;
		u16 first_free;
	} steps[] = { { 40, 40 }, { 50, 40 }, { 39, 39 }, { 64, 39 }, { 0, 0 }, { 1, 0 } };
	struct cut *cut = cut_page(test, 65);
	u32 i;

	take(cut, 65);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		give(cut, steps[i].index);
		KUNIT_EXPECT_EQ(test, cut->page.slab.first_free, steps[i].first_free);
		KUNIT_EXPECT_EQ(test, cut->page.slab.nr_free, i + 1);
		KUNIT_EXPECT_TRUE(test, test_bit(steps[i].index, cut->bitmap));
	}
}

static void flip(struct kunit *test, const struct cut *cut, void *what, size_t bytes,
		 const char *name)
{
	u8 *byte = what;
	u32 i;

	for (i = 0; i < 8 * bytes; i++) {
		byte[i / 8] ^= BIT(i % 8);
		KUNIT_EXPECT_NE_MSG(test, errors_of(cut), 0, "%s, bit %u", name, i);
		byte[i / 8] ^= BIT(i % 8);
	}
}

static void check_sees_every_flip(struct kunit *test)
{
	u32 p, take_nr;

	for (p = 0; p < 6; p++) {
		struct cut *cut = cut_page(test, page_blocks[p]);

		for (take_nr = 0; take_nr < 3; take_nr++) {
			flip(test, cut, cut->bitmap, ALIGN(page_blocks[p], 64) / 8, "bitmap");
			/* Where a CPU has it is the CPU's. */
			flip(test, cut, &cut->page.slab, offsetof(typeof(cut->page.slab), place),
			     "descriptor");
			KUNIT_EXPECT_EQ(test, errors_of(cut), 0);
			take(cut, page_blocks[p] / 2);
		}
	}
}

/* Random operations against a map of blocks. */
static void random_step(struct kunit *test, struct cut *cut, struct pma_kunit_map *map,
			struct pma_kunit_rng *rng, u32 step)
{
	u32 got, want, i, lowest;

	if (pma_kunit_below(rng, 100) >= (step & 1024 ? 60 : 40)) {
		want = pma_kunit_size(rng, 1, 80);
		lowest = pma_kunit_map_free(map);
		got = take(cut, want);
		KUNIT_ASSERT_EQ(test, got, min(want, lowest));
		for (i = 0; i < got; i++) {
			lowest = (u8 *)memchr(map->taken, 0, map->units) - map->taken;
			KUNIT_ASSERT_EQ(test, cut->indices[i], lowest);
			pma_kunit_map_take(map, lowest, 1);
		}
		return;
	}
	for (want = pma_kunit_size(rng, 1, 40); want; want--) {
		i = pma_kunit_below(rng, map->units);
		KUNIT_ASSERT_EQ(test, test_bit(i, cut->bitmap), !map->taken[i]);
		if (pma_kunit_map_give(map, i, 1))
			give(cut, i);
	}
}

static void random_takes_and_gives(struct kunit *test)
{
	u32 ops = pma_kunit_ops() / ARRAY_SIZE(page_blocks);
	struct pma_kunit_map map;
	struct pma_kunit_rng rng;
	struct cut *cut;
	u32 p, step;

	pma_kunit_rng_init(&rng, test, __func__);
	for (p = 0; p < ARRAY_SIZE(page_blocks); p++) {
		cut = cut_page(test, min(page_blocks[p], 1000));
		pma_kunit_map_init(test, &map, cut->class.nr_blocks);
		for (step = 0; step < ops; step++) {
			random_step(test, cut, &map, &rng, step);
			if (step % 100 == 0)
				KUNIT_ASSERT_EQ(test, errors_of(cut), 0);
		}
		KUNIT_EXPECT_EQ(test, cut->page.slab.nr_free, pma_kunit_map_free(&map));
	}
}

static struct kunit_case pma_slab_cases[] = {
	KUNIT_CASE_PARAM(classes_are_sound, maps_gen_params),
	KUNIT_CASE_PARAM(class_of_every_size, maps_gen_params),
	KUNIT_CASE(fine_classes_suit_the_page),
	KUNIT_CASE_PARAM(class_of_every_alignment, maps_gen_params),
	KUNIT_CASE_PARAM(index_of_every_offset, maps_gen_params),
	KUNIT_CASE(classes_fail_without_memory),
	KUNIT_CASE(take_lowest_first),
	KUNIT_CASE(take_in_batches),
	KUNIT_CASE(take_none_changes_nothing),
	KUNIT_CASE(take_skips_what_is_in_use),
	KUNIT_CASE(give_keeps_first_free),
	KUNIT_CASE(check_sees_every_flip),
	KUNIT_CASE_SLOW(random_takes_and_gives),
	{}
};

static struct kunit_suite pma_slab_suite = {
	.name = "pma_slab",
	.init = create_map,
	.exit = destroy_map,
	.test_cases = pma_slab_cases,
};

kunit_test_suite(pma_slab_suite);
