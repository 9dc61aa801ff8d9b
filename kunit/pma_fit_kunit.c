// SPDX-License-Identifier: GPL-2.0
/*
 * pma_fit_kunit.c - two-level segregated fit over units with boundary tags
 */
#include "pma_kunit_fit.h"

static void expect_piece(struct kunit *test, const struct pma_fit *fit, u32 unit, u32 units,
			 bool is_free)
{
	KUNIT_EXPECT_TRUE_MSG(test, pma_fit_is_piece(fit, unit), "unit %u", unit);
	KUNIT_EXPECT_EQ_MSG(test, pma_fit_units(fit, unit), units, "unit %u", unit);
	KUNIT_EXPECT_EQ_MSG(test, pma_fit_is_free(fit, unit), is_free, "unit %u", unit);
}

/* Lengths and the lists that a longest piece of them needs. */
static const struct {
	u32 units;
	u32 nr_lists;
} list_table[] = {
	{ 1, 2 }, { 31, 32 }, { 32, 33 }, { 33, 34 }, { 63, 64 }, { 64, 65 }, { 65, 65 },
	{ 66, 66 }, { 127, 96 }, { 128, 97 }, { 131, 97 }, { 132, 98 }, { 4096, 257 },
	{ BIT(26) - 1, PMA_FIT_FL_MAX * PMA_FIT_SL },
};

static void nr_lists_of_lengths(struct kunit *test)
{
	u32 i, units;

	for (i = 0; i < ARRAY_SIZE(list_table); i++)
		KUNIT_EXPECT_EQ_MSG(test, pma_fit_nr_lists(list_table[i].units),
				    list_table[i].nr_lists, "%u units", list_table[i].units);
	for (units = 1; units < 5000; units++)
		KUNIT_EXPECT_LE(test, pma_fit_nr_lists(units + 1) - pma_fit_nr_lists(units), 1);
}

static const u8 shifts[] = { 0, 1, 3, 6 };

static void alloc_whole_span(struct kunit *test)
{
	u32 s, n;

	for (s = 0; s < ARRAY_SIZE(shifts); s++) {
		for (n = 1; n < 200; n++) {
			u32 units = n << shifts[s];
			struct pma_fit *fit = pma_kunit_fit_span(test, units, shifts[s]);

			KUNIT_EXPECT_EQ(test, pma_fit_alloc(fit, units + 1, 0), PMA_NONE);
			KUNIT_ASSERT_EQ(test, pma_fit_alloc(fit, units, 0), 0);
			expect_piece(test, fit, 0, units, false);
			KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, 0),
					PMA_FIT_P | PMA_FIT_FIRST | PMA_FIT_LAST);
			KUNIT_EXPECT_EQ(test, fit->free_units, 0);
			KUNIT_EXPECT_EQ(test, pma_fit_largest(fit), 0);
			KUNIT_EXPECT_EQ(test, pma_fit_alloc(fit, 1U << shifts[s], 0), PMA_NONE);
			pma_kunit_fit_expect_sound(test, fit, units, 1, 0);
			KUNIT_EXPECT_EQ(test, pma_fit_free(fit, 0), 0);
			pma_kunit_fit_expect_sound(test, fit, units, 1, 1);
			KUNIT_EXPECT_EQ(test, pma_fit_largest(fit), units);
		}
	}
}

/* A span of @span, @ask taken of it: the length got, the rest is free. */
static const struct {
	u8 shift;
	u32 span;
	u32 ask;
	u32 got;
} split_table[] = {
	{ 0, 1, 1, 1 },		{ 0, 2, 1, 1 },		{ 0, 64, 63, 63 },
	{ 0, 1000, 500, 500 },	{ 3, 8, 8, 8 },		{ 3, 16, 8, 8 },
	{ 3, 16, 9, 16 },	{ 3, 40, 31, 31 },	{ 3, 40, 32, 32 },
	{ 3, 40, 33, 40 },	{ 3, 40, 39, 40 },	{ 6, 1024, 65, 65 },
	{ 6, 1024, 960, 960 },	{ 6, 1024, 961, 1024 },
};

/* The same, of the end. */
static void alloc_splits_the_end(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(split_table); i++) {
		u32 span = split_table[i].span, got = split_table[i].got, rest = span - got;
		struct pma_fit *fit = pma_kunit_fit_span(test, span, split_table[i].shift);
		u32 unit = pma_fit_alloc(fit, split_table[i].ask, PMA_FIT_END | PMA_FIT_M);

		KUNIT_ASSERT_EQ(test, unit, rest);
		expect_piece(test, fit, unit, got, false);
		KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, unit), PMA_FIT_M | PMA_FIT_LAST |
				(rest ? 0 : PMA_FIT_P | PMA_FIT_FIRST));
		KUNIT_EXPECT_EQ(test, fit->free_units, rest);
		if (rest) {
			expect_piece(test, fit, 0, rest, true);
			KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, 0),
					PMA_FIT_FREE | PMA_FIT_P | PMA_FIT_FIRST);
		}
		pma_kunit_fit_expect_sound(test, fit, span, 1 + !!rest, !!rest);
		KUNIT_EXPECT_EQ(test, pma_fit_free(fit, unit), 0);
		pma_kunit_fit_expect_sound(test, fit, span, 1, 1);
	}
}

/* Between two pieces in use, of which the one after learns of it. */
static void alloc_at_end_tells_next(struct kunit *test)
{
	struct pma_fit *fit = pma_kunit_fit_span(test, 30, 0);
	u32 i;

	for (i = 0; i < 30; i += 10)
		KUNIT_ASSERT_EQ(test, pma_fit_alloc(fit, 10, 0), i);
	pma_fit_free(fit, 10);
	KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, 20) & PMA_FIT_P, 0);
	KUNIT_EXPECT_EQ(test, pma_fit_alloc(fit, 4, PMA_FIT_END), 16);
	KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, 20) & PMA_FIT_P, PMA_FIT_P);
	pma_kunit_fit_expect_sound(test, fit, 30, 4, 1);
	KUNIT_EXPECT_EQ(test, pma_fit_free(fit, 16), 10);
	pma_kunit_fit_expect_sound(test, fit, 30, 3, 1);
}

static void alloc_splits(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(split_table); i++) {
		u32 span = split_table[i].span, got = split_table[i].got;
		struct pma_fit *fit = pma_kunit_fit_span(test, span, split_table[i].shift);

		KUNIT_ASSERT_EQ(test, pma_fit_alloc(fit, split_table[i].ask, 0), 0);
		expect_piece(test, fit, 0, got, false);
		KUNIT_EXPECT_EQ(test, fit->free_units, span - got);
		if (got < span) {
			expect_piece(test, fit, got, span - got, true);
			KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, got),
					PMA_FIT_FREE | PMA_FIT_P | PMA_FIT_LAST);
		}
		pma_kunit_fit_expect_sound(test, fit, span, 1 + (got < span), got < span);
	}
}

static void alloc_keeps_client_flags(struct kunit *test)
{
	struct pma_fit *fit = pma_kunit_fit_span(test, 100, 0);
	u32 a = pma_fit_alloc(fit, 10, PMA_FIT_A);
	u32 m = pma_fit_alloc(fit, 10, PMA_FIT_M | PMA_FIT_A);

	KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, a), PMA_FIT_A | PMA_FIT_P | PMA_FIT_FIRST);
	KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, m), PMA_FIT_M | PMA_FIT_A | PMA_FIT_P);
	KUNIT_EXPECT_TRUE(test, pma_fit_resize(fit, m, 20));
	KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, m), PMA_FIT_M | PMA_FIT_A | PMA_FIT_P);
	pma_fit_free(fit, a);
	KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, a), PMA_FIT_FREE | PMA_FIT_P | PMA_FIT_FIRST);
	KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, m), PMA_FIT_M | PMA_FIT_A);
	pma_fit_free(fit, m);
	KUNIT_EXPECT_EQ(test, pma_fit_flags(fit, a),
			PMA_FIT_FREE | PMA_FIT_P | PMA_FIT_FIRST | PMA_FIT_LAST);
	pma_kunit_fit_expect_sound(test, fit, 100, 1, 1);
}

/* Free the third of five pieces of @len units, of which others are free already. */
static const struct {
	const char *what;
	u8 others;		/* bit i: piece i */
	u8 victim;
	u8 start;		/* piece at whose start the free one begins then */
	u8 pieces;		/* as many are in the free one */
} coalesce_table[] = {
	{ "neither", 0x00, 2, 2, 1 },
	{ "prev", 0x02, 2, 1, 2 },
	{ "next", 0x08, 2, 2, 2 },
	{ "both", 0x0a, 2, 1, 3 },
	{ "far ones", 0x11, 2, 2, 1 },
	{ "first, alone", 0x00, 0, 0, 1 },
	{ "first, next", 0x02, 0, 0, 2 },
	{ "last, alone", 0x00, 4, 4, 1 },
	{ "last, prev", 0x08, 4, 3, 2 },
	{ "all", 0x1b, 2, 0, 5 },
};

static void coalesce(struct kunit *test, u32 row, u8 shift, u32 len)
{
	struct pma_fit *fit = pma_kunit_fit_span(test, 5 * len, shift);
	u32 start = coalesce_table[row].start * len;
	u32 units = coalesce_table[row].pieces * len;
	u32 i;

	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, pma_fit_alloc(fit, len, 0), i * len);
	for (i = 0; i < 5; i++)
		if (coalesce_table[row].others & BIT(i))
			pma_fit_free(fit, i * len);
	KUNIT_EXPECT_EQ_MSG(test, pma_fit_free(fit, coalesce_table[row].victim * len), start,
			    "%s", coalesce_table[row].what);
	expect_piece(test, fit, start, units, true);
	for (i = start + 1; i < start + units; i++)
		KUNIT_EXPECT_FALSE_MSG(test, pma_fit_is_piece(fit, i), "%s: unit %u",
				       coalesce_table[row].what, i);
	if (start + units < 5 * len)
		KUNIT_EXPECT_FALSE(test, pma_fit_flags(fit, start + units) & PMA_FIT_P);
	KUNIT_EXPECT_EQ(test, pma_kunit_fit_errors(fit, 5 * len, &(struct pma_fit_sum){}), 0);
}

static void free_coalesces(struct kunit *test)
{
	static const struct {
		u8 shift;
		u32 len;
	} lengths[] = { { 0, 1 }, { 0, 2 }, { 0, 40 }, { 3, 8 }, { 3, 11 }, { 6, 100 } };
	u32 row, i;

	for (row = 0; row < ARRAY_SIZE(coalesce_table); row++)
		for (i = 0; i < ARRAY_SIZE(lengths); i++)
			coalesce(test, row, lengths[i].shift, lengths[i].len);
}

static void free_stays_within_span(struct kunit *test)
{
	struct pma_fit *fit = pma_kunit_fit_create(test, 64, 3);
	struct pma_fit_sum sum = {};

	pma_fit_add(fit, 16, 16);
	pma_fit_add(fit, 32, 32);
	KUNIT_EXPECT_EQ(test, pma_fit_alloc(fit, 33, 0), PMA_NONE);
	KUNIT_EXPECT_EQ(test, pma_fit_alloc(fit, 32, 0), 32);
	KUNIT_EXPECT_EQ(test, pma_fit_alloc(fit, 16, 0), 16);
	KUNIT_EXPECT_FALSE(test, pma_fit_resize(fit, 16, 17));
	KUNIT_EXPECT_EQ(test, pma_fit_free(fit, 32), 32);
	KUNIT_EXPECT_FALSE(test, pma_fit_resize(fit, 16, 17));
	KUNIT_EXPECT_EQ(test, pma_fit_free(fit, 16), 16);
	KUNIT_EXPECT_EQ(test, fit->free_pieces, 2);
	pma_fit_check_span(fit, 16, 16, &sum);
	pma_fit_check_span(fit, 32, 32, &sum);
	KUNIT_EXPECT_EQ(test, sum.errors, 0);
	KUNIT_EXPECT_EQ(test, sum.free_pieces, 2);
	KUNIT_EXPECT_EQ(test, sum.free_units, 48);
	KUNIT_EXPECT_EQ(test, pma_fit_check_lists(fit, 64, &sum), 0);
}

/* With the last piece of a span, and only with that. */
static void span_is_removed(struct kunit *test)
{
	struct pma_fit *fit = pma_kunit_fit_create(test, 64, 3);
	u32 i;

	pma_fit_add(fit, 0, 24);
	pma_fit_add_used(fit, 24, 40, 10, PMA_FIT_A);
	expect_piece(test, fit, 24, 10, false);
	expect_piece(test, fit, 34, 30, true);
	KUNIT_EXPECT_TRUE(test, pma_fit_flags(fit, 24) & PMA_FIT_A);
	KUNIT_EXPECT_EQ(test, pma_fit_alloc(fit, 30, 0), 34);
	KUNIT_EXPECT_FALSE(test, pma_fit_free_or_remove(fit, 24));
	expect_piece(test, fit, 24, 10, true);
	KUNIT_EXPECT_TRUE(test, pma_fit_free_or_remove(fit, 34));
	KUNIT_EXPECT_EQ(test, fit->free_units, 24);
	KUNIT_EXPECT_EQ(test, fit->free_pieces, 1);
	/* All of it, as what would be over is too short. */
	pma_fit_add_used(fit, 24, 40, 33, 0);
	expect_piece(test, fit, 24, 40, false);
	KUNIT_EXPECT_EQ(test, fit->free_pieces, 1);
	KUNIT_EXPECT_TRUE(test, pma_fit_free_or_remove(fit, 24));
	for (i = 3; i < 8; i++) {
		KUNIT_EXPECT_EQ(test, fit->tags[i].head, 0);
		KUNIT_EXPECT_EQ(test, fit->tags[i].foot, 0);
	}
	pma_kunit_fit_expect_sound(test, fit, 24, 1, 1);
	pma_fit_add(fit, 24, 40);
	KUNIT_EXPECT_EQ(test, pma_fit_alloc(fit, 40, 0), 24);
}

/*
 * A piece of @have at 0, then @gap units free, then one in use (unless the gap
 * goes to the end); the first is to be @want: whether it can, and its length then.
 */
static const struct {
	u8 shift;
	u32 have;
	u32 gap;
	bool to_end;
	u32 want;
	bool can;
	u32 got;
} resize_table[] = {
	{ 0, 16, 24, false, 16, true, 16 },
	{ 0, 16, 24, false, 17, true, 17 },
	{ 0, 16, 24, false, 39, true, 39 },
	{ 0, 16, 24, false, 40, true, 40 },
	{ 0, 16, 24, false, 41, false, 16 },
	{ 0, 16, 24, true, 40, true, 40 },
	{ 0, 16, 24, true, 41, false, 16 },
	{ 0, 16, 24, true, 39, true, 39 },
	{ 0, 16, 24, false, 15, true, 15 },
	{ 0, 16, 24, false, 1, true, 1 },
	{ 0, 16, 0, false, 17, false, 16 },
	{ 0, 16, 0, false, 16, true, 16 },
	{ 0, 16, 0, false, 15, true, 15 },
	{ 0, 16, 0, false, 1, true, 1 },
	{ 0, 16, 0, true, 17, false, 16 },
	{ 0, 16, 0, true, 5, true, 5 },
	{ 3, 16, 24, false, 32, true, 32 },
	{ 3, 16, 24, false, 33, true, 40 },
	{ 3, 16, 24, false, 40, true, 40 },
	{ 3, 16, 24, false, 41, false, 16 },
	{ 3, 16, 24, false, 15, true, 15 },
	{ 3, 16, 24, false, 8, true, 8 },
	{ 3, 16, 0, false, 9, true, 16 },
	{ 3, 16, 0, false, 8, true, 8 },
	{ 3, 16, 0, true, 9, true, 16 },
	{ 3, 16, 0, true, 8, true, 8 },
	{ 3, 19, 13, false, 32, true, 32 },
	{ 3, 19, 13, false, 20, true, 20 },
	{ 3, 19, 13, false, 25, true, 32 },
};

static void resize(struct kunit *test, u32 row)
{
	u32 have = resize_table[row].have, gap = resize_table[row].gap;
	u32 end = have + gap + (resize_table[row].to_end ? 0 : 8);
	u32 got = resize_table[row].got, left = have + gap - got;
	struct pma_fit *fit = pma_kunit_fit_span(test, end, resize_table[row].shift);
	struct pma_link *link;

	KUNIT_ASSERT_EQ(test, pma_fit_alloc(fit, have, PMA_FIT_M), 0);
	if (gap && !resize_table[row].to_end) {
		KUNIT_ASSERT_EQ(test, pma_fit_alloc(fit, gap, 0), have);
		KUNIT_ASSERT_EQ(test, pma_fit_alloc(fit, 8, 0), have + gap);
		pma_fit_free(fit, have);
	} else if (!resize_table[row].to_end) {
		KUNIT_ASSERT_EQ(test, pma_fit_alloc(fit, 8, 0), have);
	}
	link = pma_fit_link(fit, 0);
	*link = (struct pma_link){ 12, 34 };
	KUNIT_EXPECT_EQ_MSG(test, pma_fit_resize(fit, 0, resize_table[row].want),
			    resize_table[row].can, "row %u", row);
	expect_piece(test, fit, 0, got, false);
	KUNIT_EXPECT_TRUE_MSG(test, link->next == 12 && link->prev == 34, "row %u", row);
	KUNIT_EXPECT_TRUE(test, pma_fit_flags(fit, 0) & PMA_FIT_M);
	KUNIT_EXPECT_EQ_MSG(test, fit->free_units, left, "row %u", row);
	if (left)
		expect_piece(test, fit, got, left, true);
	KUNIT_EXPECT_EQ_MSG(test, pma_kunit_fit_errors(fit, end, &(struct pma_fit_sum){}), 0,
			    "row %u", row);
}

static void resize_in_place(struct kunit *test)
{
	u32 row;

	for (row = 0; row < ARRAY_SIZE(resize_table); row++)
		resize(test, row);
}

static void find_every_unit(struct kunit *test)
{
	static const u32 lengths[] = { 8, 9, 15, 16, 31, 8, 41 };
	struct pma_fit *fit = pma_kunit_fit_span(test, 128, 3);
	u32 starts[ARRAY_SIZE(lengths)], i, unit, start = 0;

	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		starts[i] = pma_fit_alloc(fit, lengths[i], 0);
	pma_fit_free(fit, starts[2]);
	for (i = 0, unit = 0; unit < 128; unit++) {
		u32 windows;

		if (i < ARRAY_SIZE(lengths) && unit == starts[i])
			start = starts[i++];
		KUNIT_EXPECT_EQ_MSG(test, pma_fit_is_piece(fit, unit), unit == start,
				    "unit %u", unit);
		windows = (unit >> 3) - (start >> 3) + 1;
		KUNIT_EXPECT_EQ_MSG(test, pma_fit_find(fit, unit, windows), start, "unit %u", unit);
		KUNIT_EXPECT_EQ_MSG(test, pma_fit_find(fit, unit, ~0U), start, "unit %u", unit);
		KUNIT_EXPECT_EQ_MSG(test, pma_fit_find(fit, unit, windows - 1), PMA_NONE,
				    "unit %u", unit);
	}
}

/* Free pieces of these lengths, the last of them pushed last, kept apart. */
static struct pma_fit *create_pieces(struct kunit *test, const u32 *lengths, u32 nr, u32 *starts,
				     u32 *span)
{
	u32 units = nr + 1, i;
	struct pma_fit *fit;

	for (i = 0; i < nr; i++)
		units += lengths[i];
	*span = units;
	fit = pma_kunit_fit_span(test, units, 0);
	for (i = 0; i < nr; i++) {
		starts[i] = pma_fit_alloc(fit, lengths[i], 0);
		pma_fit_alloc(fit, 1, 0);
	}
	if (fit->free_units)
		KUNIT_ASSERT_EQ(test, pma_fit_alloc(fit, fit->free_units, 0), units - 1);
	for (i = 0; i < nr; i++)
		pma_fit_free(fit, starts[i]);
	return fit;
}

/*
 * Free pieces, and which one is taken for @ask: the tightest of the first four of
 * the list that the length belongs to, else the first of a list above.
 */
static const struct {
	u32 lengths[6];
	u32 ask;
	int index;
} choice_table[] = {
	{ { 10, 20, 30 }, 20, 1 },
	{ { 10, 20, 30 }, 21, 2 },
	{ { 10, 20, 30 }, 31, -1 },
	{ { 65, 64 }, 64, 1 },
	{ { 64, 65 }, 64, 0 },
	{ { 64, 65 }, 65, 1 },
	{ { 64, 65, 300 }, 65, 1 },
	{ { 65, 64, 64, 64, 64 }, 65, -1 },
	{ { 65, 64, 64, 64 }, 65, 0 },
	{ { 65, 64, 64, 64, 64, 300 }, 65, 5 },
	{ { 130, 131, 129, 128 }, 129, 2 },
	{ { 5, 1000 }, 6, 1 },
	{ { 1000, 500 }, 400, 1 },
	{ { 31, 32 }, 32, 1 },
	{ { 32, 31 }, 31, 1 },
};

static void alloc_chooses_tight_piece(struct kunit *test)
{
	u32 starts[ARRAY_SIZE(choice_table[0].lengths)], row, nr, want, span;

	for (row = 0; row < ARRAY_SIZE(choice_table); row++) {
		const u32 *lengths = choice_table[row].lengths;
		int index = choice_table[row].index;
		struct pma_fit *fit;

		for (nr = 0; nr < ARRAY_SIZE(starts) && lengths[nr]; nr++)
			;
		fit = create_pieces(test, lengths, nr, starts, &span);
		want = index < 0 ? PMA_NONE : starts[index];
		KUNIT_EXPECT_EQ_MSG(test, pma_fit_alloc(fit, choice_table[row].ask, 0), want,
				    "row %u", row);
		KUNIT_EXPECT_EQ(test, pma_kunit_fit_errors(fit, span, &(struct pma_fit_sum){}), 0);
	}
}

static void largest_is_near(struct kunit *test)
{
	static const struct {
		u32 lengths[4];
		u32 least, most;
	} table[] = {
		{ { 1 }, 1, 1 }, { { 31, 30 }, 31, 31 }, { { 30, 31 }, 31, 31 },
		{ { 33, 40, 39 }, 40, 40 }, { { 1000, 999, 10 }, 992, 1000 },
		{ { 64, 65 }, 64, 65 },
	};
	u32 starts[4], row, nr, largest, span;

	for (row = 0; row < ARRAY_SIZE(table); row++) {
		for (nr = 0; nr < ARRAY_SIZE(starts) && table[row].lengths[nr]; nr++)
			;
		largest = pma_fit_largest(create_pieces(test, table[row].lengths, nr, starts,
							&span));
		KUNIT_EXPECT_GE_MSG(test, largest, table[row].least, "row %u", row);
		KUNIT_EXPECT_LE_MSG(test, largest, table[row].most, "row %u", row);
	}
}

static struct kunit_case pma_fit_cases[] = {
	KUNIT_CASE(nr_lists_of_lengths),
	KUNIT_CASE(alloc_whole_span),
	KUNIT_CASE(alloc_splits),
	KUNIT_CASE(alloc_keeps_client_flags),
	KUNIT_CASE(alloc_splits_the_end),
	KUNIT_CASE(alloc_at_end_tells_next),
	KUNIT_CASE(alloc_chooses_tight_piece),
	KUNIT_CASE(free_coalesces),
	KUNIT_CASE(free_stays_within_span),
	KUNIT_CASE(span_is_removed),
	KUNIT_CASE(resize_in_place),
	KUNIT_CASE(find_every_unit),
	KUNIT_CASE(largest_is_near),
	{}
};

static struct kunit_suite pma_fit_suite = {
	.name = "pma_fit",
	.test_cases = pma_fit_cases,
};

kunit_test_suite(pma_fit_suite);
