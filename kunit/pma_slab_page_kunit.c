// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slab_page_kunit.c - pages cut into equal blocks
 */
#include "pma_kunit_slab.h"

#define PGNO		PMA_KUNIT_SLAB_PGNO
#define BLOCKS_MAX	PMA_KUNIT_SLAB_BLOCKS

static void is_all_free(struct kunit *test, struct pma_kunit_slab *slab)
{
	KUNIT_EXPECT_EQ(test, slab->pages.bit_shift,
			((const struct pma_kunit_geometry *)test->param_value)->bit_shift);
	KUNIT_EXPECT_EQ(test, slab->page->slab.nr_free, slab->class->nr_blocks);
	KUNIT_EXPECT_EQ(test, slab->page->slab.first_free, 0);
	KUNIT_EXPECT_EQ(test, slab->page->slab.block_size, slab->class->block_size);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(slab->bitmap, 0xff, slab->pages.shadow_bytes));
	KUNIT_EXPECT_EQ(test, pma_slab_nr_used(&slab->pages, PGNO), 0);
	/* For the next class. */
	memset(slab->bitmap, 0, slab->pages.shadow_bytes);
	KUNIT_EXPECT_NE(test, pma_kunit_slab_errors(slab), 0);
	pma_slab_page_init(&slab->pages, PGNO, slab->class);
}

static void init_makes_all_free(struct kunit *test)
{
	pma_kunit_slab_each_class(test, is_all_free);
}

static void take_one_by_one(struct kunit *test, struct pma_kunit_slab *slab)
{
	u32 nr = slab->class->nr_blocks, i;

	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_EQ(test, slab->page->slab.nr_free, nr - i);
		KUNIT_ASSERT_EQ(test, slab->page->slab.first_free, pma_kunit_slab_bit(slab, i));
		KUNIT_ASSERT_EQ(test, pma_kunit_slab_take(slab, 1), 1);
		KUNIT_ASSERT_EQ(test, slab->handles[0], pma_kunit_slab_handle(slab, i));
		KUNIT_ASSERT_FALSE(test, pma_kunit_slab_seems_free(slab, i));
	}
	KUNIT_EXPECT_EQ(test, slab->page->slab.nr_free, 0);
	KUNIT_EXPECT_EQ(test, pma_slab_nr_used(&slab->pages, PGNO), nr);
	KUNIT_EXPECT_EQ(test, pma_kunit_slab_take(slab, 1), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_slab_take(slab, 64), 0);
}

static void take_lowest_first(struct kunit *test)
{
	pma_kunit_slab_each_class(test, take_one_by_one);
}

/* Down to the last block, which is the page's. */
static void take_shortly(struct kunit *test, struct pma_kunit_slab *slab)
{
	struct pma_pages *pages = &slab->pages;
	u32 nr = slab->class->nr_blocks, i;
	u64 handle = 0;

	for (i = 0; i < nr - 1; i++) {
		KUNIT_ASSERT_TRUE(test, pma_slab_take_one(pages, PGNO, slab->class, &handle));
		KUNIT_ASSERT_EQ(test, handle, pma_kunit_slab_handle(slab, i));
		KUNIT_ASSERT_EQ(test, slab->page->slab.nr_free, nr - i - 1);
		KUNIT_ASSERT_EQ(test, slab->page->slab.first_free, pma_kunit_slab_bit(slab, i + 1));
	}
	KUNIT_EXPECT_FALSE(test, pma_slab_take_one(pages, PGNO, slab->class, &handle));
	KUNIT_EXPECT_TRUE(test, pma_kunit_slab_seems_free(slab, nr - 1));
	if (nr < 4)
		return;
	/* Block 1 is in use, where the next one is looked for. */
	pma_kunit_slab_give(slab, 2);
	pma_kunit_slab_give(slab, 0);
	KUNIT_EXPECT_TRUE(test, pma_slab_take_one(pages, PGNO, slab->class, &handle));
	KUNIT_EXPECT_EQ(test, handle, pma_kunit_slab_handle(slab, 0));
	KUNIT_EXPECT_FALSE(test, pma_slab_take_one(pages, PGNO, slab->class, &handle));
	KUNIT_EXPECT_EQ(test, slab->page->slab.nr_free, 2);
}

static void take_one_is_as_take(struct kunit *test)
{
	pma_kunit_slab_each_class(test, take_shortly);
}

/* Ask for @ask at a time: always as many, until there are less. */
static void take_so_many(struct kunit *test, struct pma_kunit_slab *slab, u32 ask)
{
	u32 nr = slab->class->nr_blocks, all, got, i;

	for (all = 0; all < nr; all += got) {
		got = pma_kunit_slab_take(slab, ask);
		KUNIT_ASSERT_EQ(test, got, min(ask, nr - all));
		for (i = 0; i < got; i++)
			KUNIT_ASSERT_EQ(test, slab->handles[i],
					pma_kunit_slab_handle(slab, all + i));
	}
	KUNIT_EXPECT_EQ(test, pma_kunit_slab_take(slab, ask), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_slab_errors(slab), 0);
}

static void take_batches(struct kunit *test, struct pma_kunit_slab *slab)
{
	static const u32 asks[] = { 2, 7, 63, 64, 65, BLOCKS_MAX };
	u32 a;

	KUNIT_EXPECT_EQ(test, pma_kunit_slab_take(slab, 0), 0);
	KUNIT_EXPECT_EQ(test, slab->page->slab.nr_free, slab->class->nr_blocks);
	for (a = 0; a < ARRAY_SIZE(asks); a++) {
		take_so_many(test, slab, asks[a]);
		pma_slab_page_init(&slab->pages, PGNO, slab->class);
	}
}

static void take_in_batches(struct kunit *test)
{
	pma_kunit_slab_each_class(test, take_batches);
}

static void take_what_is_over(struct kunit *test, struct pma_kunit_slab *slab)
{
	u32 nth, nr, i;

	for (nth = 2; nth < 5; nth++) {
		nr = pma_kunit_slab_take_all_but(slab, nth);
		KUNIT_EXPECT_EQ(test, pma_kunit_slab_errors(slab), 0);
		KUNIT_EXPECT_EQ(test, pma_kunit_slab_take(slab, BLOCKS_MAX), nr);
		for (i = 0; i < nr; i++)
			KUNIT_ASSERT_EQ(test, slab->handles[i],
					pma_kunit_slab_handle(slab, i * nth));
		pma_slab_page_init(&slab->pages, PGNO, slab->class);
	}
}

static void take_skips_what_is_in_use(struct kunit *test)
{
	pma_kunit_slab_each_class(test, take_what_is_over);
}

static void give_some(struct kunit *test, struct pma_kunit_slab *slab)
{
	/* In sixteenths of the page, the lowest so far after each. */
	static const struct {
		u8 block;
		u8 lowest;
	} steps[] = { { 10, 10 }, { 12, 10 }, { 9, 9 }, { 15, 9 }, { 0, 0 }, { 1, 0 } };
	u32 part = slab->class->nr_blocks / 16, i;

	if (!part)
		return;
	pma_kunit_slab_take(slab, slab->class->nr_blocks);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		pma_kunit_slab_give(slab, steps[i].block * part);
		KUNIT_EXPECT_EQ(test, slab->page->slab.first_free,
				pma_kunit_slab_bit(slab, steps[i].lowest * part));
		KUNIT_EXPECT_EQ(test, slab->page->slab.nr_free, i + 1);
	}
}

static void give_keeps_first_free(struct kunit *test)
{
	pma_kunit_slab_each_class(test, give_some);
}

static void find_at(struct kunit *test, struct pma_kunit_slab *slab, u32 offset, bool in_use)
{
	u32 size = slab->class->block_size, index = offset / size;
	u64 handle = pma_kunit_slab_handle(slab, 0) + offset, start;
	bool is_tail = index >= slab->class->nr_blocks;
	int want = !in_use || is_tail ? -EALREADY : offset % size ? -EBADSLT : 0;

	KUNIT_ASSERT_EQ_MSG(test, pma_slab_find(&slab->pages, handle, slab->class, &start), want,
			    "offset %u, blocks of %u", offset, size);
	if (want != -EALREADY)
		KUNIT_ASSERT_EQ(test, start, pma_kunit_slab_handle(slab, index));
}

/* Every second block is in use. */
static void find_everywhere(struct kunit *test, struct pma_kunit_slab *slab)
{
	u32 page_size = slab->region.bytes / 3, size = slab->class->block_size;
	u32 step = page_size > 4096 ? 37 : 1, offset;

	pma_kunit_slab_take_all_but(slab, 2);
	for (offset = 0; offset < page_size; offset += step)
		find_at(test, slab, offset, offset / size % 2);
	for (offset = size; offset < page_size; offset += size) {
		find_at(test, slab, offset - 1, (offset - 1) / size % 2);
		find_at(test, slab, offset, offset / size % 2);
		find_at(test, slab, offset + 1, (offset + 1) / size % 2);
	}
	find_at(test, slab, page_size - 1, (page_size - 1) / size % 2);
}

static void find_tells_starts_from_bodies(struct kunit *test)
{
	pma_kunit_slab_each_class(test, find_everywhere);
}

/* What check finds wrong. */

static void flip(struct kunit *test, struct pma_kunit_slab *slab, void *what, u32 bits,
		 const char *name)
{
	u32 step = bits > 4096 ? 61 : 1, i;
	u8 *byte = what;

	for (i = 0; i < bits; i += step) {
		byte[i / 8] ^= BIT(i % 8);
		KUNIT_EXPECT_NE_MSG(test, pma_kunit_slab_errors(slab), 0, "%s, bit %u", name, i);
		byte[i / 8] ^= BIT(i % 8);
	}
}

/* A bound, that is wrong only above a free block. */
static void raise_first_free(struct kunit *test, struct pma_kunit_slab *slab, u32 lowest)
{
	u16 first_free = slab->page->slab.first_free;

	slab->page->slab.first_free = lowest + 1;
	KUNIT_EXPECT_NE(test, pma_kunit_slab_errors(slab), 0);
	slab->page->slab.first_free = lowest;
	KUNIT_EXPECT_EQ(test, pma_kunit_slab_errors(slab), 0);
	slab->page->slab.first_free = 0;
	KUNIT_EXPECT_EQ(test, pma_kunit_slab_errors(slab), 0);
	slab->page->slab.first_free = first_free;
}

static void flip_all(struct kunit *test, struct pma_kunit_slab *slab)
{
	u32 half = slab->class->nr_blocks / 2, i;

	if ((slab->class - slab->classes->class) % 9 > 1)
		return;
	for (i = 0; i < 3; i++) {
		flip(test, slab, slab->bitmap, 8 * slab->pages.shadow_bytes, "bitmap");
		flip(test, slab, &slab->page->slab.nr_free, 16, "nr_free");
		flip(test, slab, &slab->page->slab.block_size, 16, "block_size");
		if (slab->page->slab.nr_free)
			raise_first_free(test, slab, pma_kunit_slab_bit(slab, i * half));
		pma_kunit_slab_take(slab, half);
	}
}

static void check_sees_every_flip(struct kunit *test)
{
	pma_kunit_slab_each_class(test, flip_all);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(init_makes_all_free, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(take_lowest_first, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(take_one_is_as_take, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(take_in_batches, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(take_skips_what_is_in_use, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(give_keeps_first_free, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(find_tells_starts_from_bodies, pma_kunit_slabs_gen_params),
	KUNIT_CASE_PARAM(check_sees_every_flip, pma_kunit_slabs_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_slab_page",
	.init = pma_kunit_slab_create,
	.exit = pma_kunit_slab_destroy,
	.test_cases = cases,
};

kunit_test_suite(suite);
