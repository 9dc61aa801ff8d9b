// SPDX-License-Identifier: GPL-2.0
/*
 * pma_fit_check_kunit.c - what the check of tags and free lists sees
 */
#include "pma_kunit_fit.h"

/* Flip each bit of a word but those of @except; the check must see it. */
static void flip_bits(struct kunit *test, const struct pma_fit *fit, u32 units, u32 *word,
		      u32 except, const char *what, u32 index)
{
	struct pma_fit_sum sum;
	u32 bit;

	for (bit = 0; bit < 32; bit++) {
		if (except & BIT(bit))
			continue;
		*word ^= BIT(bit);
		KUNIT_EXPECT_NE_MSG(test, pma_kunit_fit_errors(fit, units, &sum), 0,
				    "%s %u, bit %u", what, index, bit);
		*word ^= BIT(bit);
	}
}

static void flip_word(struct kunit *test, const struct pma_fit *fit, u32 units, u32 *word,
		      const char *what, u32 index)
{
	flip_bits(test, fit, units, word, 0, what, index);
}

static void flip_fit(struct kunit *test, struct pma_fit *fit, u32 units)
{
	u32 i;

	for (i = 0; i < DIV_ROUND_UP(units, pma_fit_min_units(fit)); i++) {
		bool in_use = fit->tags[i].head && !(fit->tags[i].head & PMA_FIT_FREE);

		flip_bits(test, fit, units, &fit->tags[i].head, in_use ? PMA_FIT_CLIENT : 0,
			  "head", i);
		flip_word(test, fit, units, &fit->tags[i].foot, "foot", i);
		if (fit->tags[i].head & PMA_FIT_FREE) {
			flip_word(test, fit, units, &fit->tags[i].link.next, "next", i);
			flip_word(test, fit, units, &fit->tags[i].link.prev, "prev", i);
		}
	}
	for (i = 0; i < fit->nr_lists; i++)
		flip_word(test, fit, units, &fit->heads[i], "list", i);
	for (i = 0; i < PMA_FIT_FL_MAX; i++)
		flip_word(test, fit, units, &fit->sl_map[i], "map", i);
	flip_word(test, fit, units, &fit->fl_map, "fl_map", 0);
	flip_word(test, fit, units, &fit->free_units, "free_units", 0);
	flip_word(test, fit, units, &fit->free_pieces, "free_pieces", 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_fit_errors(fit, units, &(struct pma_fit_sum){}), 0);
}

/* Every bit but the flags and the link of a piece in use, which are the client's. */
static void check_sees_every_flip(struct kunit *test)
{
	static const u32 lengths[] = { 8, 8, 9, 23, 16, 16, 8, 24, 40, 8 };
	static const u8 frees[] = { 1, 3, 4, 7, 9 };
	u32 starts[ARRAY_SIZE(lengths)], i, s;

	for (s = 0; s < 2; s++) {
		struct pma_fit *fit = pma_kunit_fit_span(test, 200, s * 3);

		for (i = 0; i < ARRAY_SIZE(lengths); i++)
			starts[i] = pma_fit_alloc(fit, lengths[i], 0);
		for (i = 0; i < ARRAY_SIZE(frees); i++)
			pma_fit_free(fit, starts[frees[i]]);
		KUNIT_ASSERT_EQ(test, pma_kunit_fit_errors(fit, 200, &(struct pma_fit_sum){}), 0);
		flip_fit(test, fit, 200);
	}
}

/* What no single bit can do: tags that agree with each other. */
static void check_sees_two_free_neighbours(struct kunit *test)
{
	struct pma_fit *fit = pma_kunit_fit_span(test, 32, 0);
	struct pma_fit_sum sum;

	pma_fit_alloc(fit, 8, 0);
	pma_fit_alloc(fit, 8, 0);
	pma_fit_alloc(fit, 16, 0);
	pma_fit_free(fit, 0);
	/* The second as if it were free and in its list, too. */
	fit->tags[8].head |= PMA_FIT_FREE;
	fit->tags[15].foot |= PMA_FIT_FREE;
	fit->tags[16].head &= ~PMA_FIT_P;
	fit->tags[8].link = (struct pma_link){ .next = 0, .prev = PMA_NONE };
	fit->tags[0].link.prev = 8;
	fit->heads[8] = 8;
	fit->free_units += 8;
	fit->free_pieces++;
	KUNIT_EXPECT_EQ(test, pma_kunit_fit_errors(fit, 32, &sum), 1);
	KUNIT_EXPECT_EQ(test, sum.errors, 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(check_sees_every_flip),
	KUNIT_CASE(check_sees_two_free_neighbours),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_fit_check",
	.test_cases = cases,
};

kunit_test_suite(suite);
