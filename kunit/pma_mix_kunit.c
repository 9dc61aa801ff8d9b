// SPDX-License-Identifier: GPL-2.0
/*
 * pma_mix_kunit.c - blocks of any size side by side
 */
#include "pma_kunit.h"
#include "pma_mix.h"

#define UNITS_MAX	4096

static void expect_unit(struct kunit *test, const unsigned long *map, u32 unit, u32 first,
			const char *want)
{
	KUNIT_EXPECT_EQ_MSG(test, pma_mix_find(map, unit), first, "%s, unit %u", want, unit);
	KUNIT_EXPECT_EQ_MSG(test, pma_mix_is_start(map, unit), unit == first, "%s, unit %u",
			    want, unit);
}

/* What a run of up to 16 units looks like: a capital where a piece begins, f for free. */
static void expect_map(struct kunit *test, const unsigned long *map, const char *want)
{
	u32 end = strlen(want), unit, next, i;
	char got[17] = {};

	for (unit = 0; unit < end; unit = next) {
		next = unit + pma_mix_units(map, end, unit);
		KUNIT_ASSERT_LE(test, next, end);
		memset(got + unit, pma_mix_is_free(map, unit) ? 'f' : 'u', next - unit);
		got[unit] += 'A' - 'a';
		for (i = unit; i < next; i++)
			expect_unit(test, map, i, unit, want);
	}
	KUNIT_EXPECT_STREQ(test, got, want);
	KUNIT_EXPECT_EQ(test, pma_mix_sum(map, end).errors, 0);
}

static u32 give(unsigned long *map, u32 end, u32 unit, u64 *hints)
{
	return pma_mix_free(map, end, unit, pma_mix_units(map, end, unit), hints);
}

static void pieces_split_and_join(struct kunit *test)
{
	unsigned long map[1] = { ~0UL };
	u64 hints = 1;
	u32 largest = 0;

	pma_mix_init(map, 16);
	expect_map(test, map, "Ffffffffffffffff");
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 4, &hints, &largest), 0);
	KUNIT_EXPECT_EQ(test, largest, 12);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 2, &hints, &largest), 4);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 2, &hints, &largest), 6);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 5, &hints, &largest), 8);
	KUNIT_EXPECT_EQ(test, largest, 3);
	expect_map(test, map, "UuuuUuUuUuuuuFff");
	/* One unit is none: it stays with the piece. */
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 2, &hints, &largest), 13);
	KUNIT_EXPECT_EQ(test, largest, 0);
	expect_map(test, map, "UuuuUuUuUuuuuUuu");
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 2, &hints, &largest), PMA_NONE);
	/* Alone, before a free one, after one, and between two. */
	KUNIT_EXPECT_EQ(test, give(map, 16, 6, &hints), 2);
	expect_map(test, map, "UuuuUuFfUuuuuUuu");
	KUNIT_EXPECT_EQ(test, give(map, 16, 4, &hints), 4);
	expect_map(test, map, "UuuuFfffUuuuuUuu");
	KUNIT_EXPECT_EQ(test, give(map, 16, 8, &hints), 9);
	expect_map(test, map, "UuuuFffffffffUuu");
	KUNIT_EXPECT_EQ(test, give(map, 16, 13, &hints), 12);
	KUNIT_EXPECT_EQ(test, give(map, 16, 0, &hints), 16);
	expect_map(test, map, "Ffffffffffffffff");
}

/* Two units free before, between and after used ones: the most bits in a row. */
static void shortest_pieces_are_told_apart(struct kunit *test)
{
	unsigned long map[1] = {};
	u64 hints = 1;
	u32 largest, i;

	pma_mix_init(map, 16);
	for (i = 0; i < 16; i += 2)
		KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 2, &hints, &largest), i);
	for (i = 0; i < 16; i += 4)
		KUNIT_EXPECT_EQ(test, give(map, 16, i, &hints), 2);
	expect_map(test, map, "FfUuFfUuFfUuFfUu");
	for (i = 2; i < 16; i += 4)
		KUNIT_EXPECT_EQ(test, give(map, 16, i, &hints), i + 4 < 16 ? i + 4 : 16);
	expect_map(test, map, "Ffffffffffffffff");
}

/* Where the last free piece of a stretch is taken, nobody looks again. */
static void hints_go_with_last_piece(struct kunit *test)
{
	unsigned long map[BITS_TO_LONGS(192)] = {};
	u64 hints = 1;
	u32 largest;

	pma_mix_init(map, 192);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 192, 60, &hints, &largest), 0);
	KUNIT_EXPECT_EQ(test, hints, 1);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 192, 70, &hints, &largest), 60);
	KUNIT_EXPECT_EQ(test, hints, 4);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 192, 62, &hints, &largest), 130);
	KUNIT_EXPECT_EQ(test, hints, 0);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 192, 2, &hints, &largest), PMA_NONE);
	/* One of two that begin there: the other is found. */
	KUNIT_EXPECT_EQ(test, give(map, 192, 0, &hints), 60);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 192, 20, &hints, &largest), 0);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 192, 20, &hints, &largest), 20);
	KUNIT_EXPECT_EQ(test, give(map, 192, 0, &hints), 20);
	KUNIT_EXPECT_EQ(test, hints, 1);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 192, 20, &hints, &largest), 0);
	KUNIT_EXPECT_EQ(test, hints, 1);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 192, 20, &hints, &largest), 40);
	KUNIT_EXPECT_EQ(test, hints, 0);
}

/* A piece that begins with the last unit of a stretch is that one's, not the next one's. */
static void hints_are_of_where_pieces_begin(struct kunit *test)
{
	unsigned long map[BITS_TO_LONGS(128)] = {};
	u64 hints = 1;
	u32 largest;

	pma_mix_init(map, 128);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 128, 63, &hints, &largest), 0);
	KUNIT_EXPECT_EQ(test, largest, 65);
	KUNIT_EXPECT_EQ(test, hints, 1);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 128, 2, &hints, &largest), 63);
	KUNIT_EXPECT_EQ(test, hints, 2);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 128, 63, &hints, &largest), 65);
	KUNIT_EXPECT_EQ(test, hints, 0);
}

/* Where a free piece was joined with the one before, it is looked for once more only. */
static void hints_in_vain_are_taken_back(struct kunit *test)
{
	unsigned long map[BITS_TO_LONGS(128)] = {};
	u64 hints = 1;
	u32 largest;

	pma_mix_init(map, 128);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 128, 64, &hints, &largest), 0);
	KUNIT_EXPECT_EQ(test, hints, 2);
	KUNIT_EXPECT_EQ(test, give(map, 128, 0, &hints), 128);
	KUNIT_EXPECT_EQ(test, hints, 3);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 128, 2, &hints, &largest), 0);
	KUNIT_EXPECT_EQ(test, hints, 1);
}

/* Bits after the end are none of the run. */
static void nothing_after_the_end_is_taken(struct kunit *test)
{
	unsigned long map[1] = {};
	u64 hints = 1;
	u32 largest;

	pma_mix_init(map, 16);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 10, &hints, &largest), 0);
	__set_bit(30, map);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 20, &hints, &largest), PMA_NONE);
	KUNIT_EXPECT_EQ(test, largest, 6);
	KUNIT_EXPECT_EQ(test, pma_mix_sum(map, 16).errors, 0);
}

static void alloc_takes_shortest_piece(struct kunit *test)
{
	unsigned long map[1] = {};
	u64 hints = 1;
	u32 largest, i;

	pma_mix_init(map, 16);
	for (i = 0; i < 16; i += 2)
		pma_mix_alloc(map, 16, 2, &hints, &largest);
	give(map, 16, 0, &hints);
	give(map, 16, 2, &hints);
	give(map, 16, 6, &hints);
	give(map, 16, 8, &hints);
	give(map, 16, 10, &hints);
	give(map, 16, 14, &hints);
	expect_map(test, map, "FfffUuFfffffUuFf");
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 7, &hints, &largest), PMA_NONE);
	KUNIT_EXPECT_EQ(test, largest, 6);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 3, &hints, &largest), 0);
	KUNIT_EXPECT_EQ(test, largest, 6);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 2, &hints, &largest), 14);
	KUNIT_EXPECT_EQ(test, largest, 6);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 16, 4, &hints, &largest), 6);
	KUNIT_EXPECT_EQ(test, largest, 2);
	expect_map(test, map, "UuuuUuUuuuFfUuUu");
}

static void resize_stays_where_it_is(struct kunit *test)
{
	unsigned long map[1] = {};
	u64 hints = 1;
	u32 largest, i;

	pma_mix_init(map, 16);
	for (i = 0; i < 16; i += 4)
		pma_mix_alloc(map, 16, 4, &hints, &largest);
	KUNIT_EXPECT_FALSE(test, pma_mix_resize(map, 16, 0, 5, &hints, &largest));
	KUNIT_EXPECT_FALSE(test, pma_mix_resize(map, 16, 12, 5, &hints, &largest));
	expect_map(test, map, "UuuuUuuuUuuuUuuu");
	KUNIT_EXPECT_TRUE(test, pma_mix_resize(map, 16, 4, 3, &hints, &largest));
	KUNIT_EXPECT_EQ(test, largest, 0);
	expect_map(test, map, "UuuuUuuuUuuuUuuu");
	KUNIT_EXPECT_TRUE(test, pma_mix_resize(map, 16, 4, 2, &hints, &largest));
	KUNIT_EXPECT_EQ(test, largest, 2);
	expect_map(test, map, "UuuuUuFfUuuuUuuu");
	KUNIT_EXPECT_TRUE(test, pma_mix_resize(map, 16, 4, 3, &hints, &largest));
	KUNIT_EXPECT_EQ(test, largest, 0);
	expect_map(test, map, "UuuuUuuuUuuuUuuu");
	KUNIT_EXPECT_TRUE(test, pma_mix_resize(map, 16, 12, 2, &hints, &largest));
	largest = give(map, 16, 8, &hints);
	expect_map(test, map, "UuuuUuuuFfffUuFf");
	KUNIT_EXPECT_FALSE(test, pma_mix_resize(map, 16, 4, 9, &hints, &largest));
	KUNIT_EXPECT_EQ(test, largest, 4);
	KUNIT_EXPECT_TRUE(test, pma_mix_resize(map, 16, 4, 5, &hints, &largest));
	KUNIT_EXPECT_EQ(test, largest, 3);
	expect_map(test, map, "UuuuUuuuuFffUuFf");
	KUNIT_EXPECT_TRUE(test, pma_mix_resize(map, 16, 4, 8, &hints, &largest));
	KUNIT_EXPECT_EQ(test, largest, 2);
	KUNIT_EXPECT_TRUE(test, pma_mix_resize(map, 16, 12, 4, &hints, &largest));
	KUNIT_EXPECT_EQ(test, largest, 0);
	expect_map(test, map, "UuuuUuuuuuuuUuuu");
}

/* Nothing after the bitmap is looked at, as that is another page's, or nobody's. */
static void last_piece_ends_with_bitmap(struct kunit *test)
{
	unsigned long *map = kunit_kzalloc(test, 64 / 8, GFP_KERNEL);
	u64 hints = 1;
	u32 largest;

	KUNIT_ASSERT_NOT_NULL(test, map);
	pma_mix_init(map, 64);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 64, 62, &hints, &largest), 0);
	KUNIT_EXPECT_EQ(test, largest, 2);
	KUNIT_EXPECT_EQ(test, pma_mix_units(map, 64, 62), 2);
	KUNIT_EXPECT_EQ(test, pma_mix_taken(map, 64, 62, 2), 2);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 64, 3, &hints, &largest), PMA_NONE);
	KUNIT_EXPECT_EQ(test, largest, 2);
	KUNIT_EXPECT_EQ(test, pma_mix_alloc(map, 64, 2, &hints, &largest), 62);
	KUNIT_EXPECT_EQ(test, give(map, 64, 62, &hints), 2);
}

static void sum_sees_what_is_no_run(struct kunit *test)
{
	static const struct {
		unsigned long map;
		u32 errors;
	} table[] = {
		{ 0x0003, 0 }, { 0x0001, 0 }, { 0x0002, 1 },
		{ 0x001b, 1 },	/* two free pieces side by side */
		{ 0x8003, 1 },	/* a piece of one unit at the end */
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ_MSG(test, pma_mix_sum(&table[i].map, 16).errors, table[i].errors,
				    "row %u", i);
}

/* It looks no further back than the first unit, where no piece begins. */
static void find_stays_in_what_is_no_run(struct kunit *test)
{
	unsigned long maps[3] = { ~0UL };

	KUNIT_EXPECT_EQ(test, pma_mix_find(&maps[1], 3), 0);
	KUNIT_EXPECT_EQ(test, pma_mix_find(&maps[1], 2 * BITS_PER_LONG - 1), 0);
}

/**
 * struct model - a run, and what it must be
 * @map: the run
 * @taken: a byte a unit
 * @units: by first unit: of a piece in use
 * @end: units of the run
 * @used: pieces in use
 * @hints: of the run
 */
struct model {
	unsigned long map[BITS_TO_LONGS(UNITS_MAX)];
	struct pma_kunit_map taken;
	u32 units[UNITS_MAX];
	u32 end;
	u32 used;
	u64 hints;
};

static void model_alloc(struct kunit *test, struct model *m, u32 want)
{
	u32 largest, unit = pma_mix_alloc(m->map, m->end, want, &m->hints, &largest);
	u32 most = pma_kunit_map_largest(&m->taken, 0, m->end);

	KUNIT_ASSERT_EQ(test, unit == PMA_NONE, most < want);
	if (unit != PMA_NONE) {
		m->units[unit] = pma_mix_units(m->map, m->end, unit);
		KUNIT_ASSERT_GE(test, m->units[unit], want);
		KUNIT_ASSERT_LE(test, m->units[unit], want + 1);
		KUNIT_ASSERT_EQ(test, m->units[unit],
				pma_mix_taken(m->map, m->end, unit, want));
		KUNIT_ASSERT_TRUE(test, pma_kunit_map_take(&m->taken, unit, m->units[unit]));
		m->used++;
	}
	KUNIT_ASSERT_EQ(test, largest, pma_kunit_map_largest(&m->taken, 0, m->end));
}

static void model_free(struct kunit *test, struct model *m, u32 unit)
{
	u32 joined = give(m->map, m->end, unit, &m->hints), first;

	KUNIT_ASSERT_TRUE(test, pma_kunit_map_give(&m->taken, unit, m->units[unit]));
	m->units[unit] = 0;
	m->used--;
	for (first = unit; first && pma_kunit_map_is_free(&m->taken, first - 1, 1); first--)
		;
	KUNIT_ASSERT_EQ(test, joined, pma_kunit_map_gap(&m->taken, first, m->end));
	KUNIT_ASSERT_EQ(test, pma_mix_find(m->map, unit), first);
}

static void model_resize(struct kunit *test, struct model *m, u32 unit, u32 want)
{
	u32 have = m->units[unit], gap = 0, largest = pma_kunit_map_largest(&m->taken, 0, m->end);

	if (unit + have < m->end)
		gap = pma_kunit_map_gap(&m->taken, unit + have, m->end);
	KUNIT_ASSERT_EQ(test, pma_mix_resize(m->map, m->end, unit, want, &m->hints, &largest),
			have + gap >= want);
	if (have + gap < want)
		return;
	KUNIT_ASSERT_TRUE(test, pma_kunit_map_give(&m->taken, unit, have));
	m->units[unit] = pma_mix_units(m->map, m->end, unit);
	KUNIT_ASSERT_TRUE(test, pma_kunit_map_take(&m->taken, unit, m->units[unit]));
	KUNIT_ASSERT_TRUE(test, m->units[unit] == want || m->units[unit] == want + 1);
	KUNIT_ASSERT_EQ(test, largest, pma_kunit_map_largest(&m->taken, 0, m->end));
}

static void random_pieces(struct kunit *test)
{
	static const u32 ends[] = { 16, 64, 65, 128, 1000, UNITS_MAX };
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u32 ops = pma_kunit_ops() / ARRAY_SIZE(ends), i, unit, most;
	struct pma_kunit_rng rng;
	struct pma_mix_sum sum;

	KUNIT_ASSERT_NOT_NULL(test, m);
	pma_kunit_rng_init(&rng, test, "mix");
	for (i = 0; i < ARRAY_SIZE(ends) * ops; i++) {
		if (i % ops == 0) {
			m->end = ends[i / ops];
			m->used = 0;
			m->hints = 1;
			memset(m->units, 0, sizeof(m->units));
			pma_kunit_map_init(test, &m->taken, m->end);
			pma_mix_init(m->map, m->end);
		}
		most = i / 1000 % 2 ? 4 : max(m->end / 8, 3U);
		unit = pma_mix_find(m->map, pma_kunit_below(&rng, m->end));
		KUNIT_ASSERT_EQ(test, pma_mix_is_free(m->map, unit), !m->units[unit]);
		if (!m->units[unit] || pma_kunit_below(&rng, 8) == 0)
			model_alloc(test, m, pma_kunit_between(&rng, 2, most));
		else if (pma_kunit_below(&rng, 3))
			model_free(test, m, unit);
		else
			model_resize(test, m, unit, pma_kunit_between(&rng, 2, most));
		if (i % 64)
			continue;
		sum = pma_mix_sum(m->map, m->end);
		KUNIT_ASSERT_EQ(test, sum.errors, 0);
		KUNIT_ASSERT_EQ(test, sum.used, m->used);
		KUNIT_ASSERT_EQ(test, sum.hints & ~m->hints, 0);
		KUNIT_ASSERT_EQ(test, m->end - sum.used_units, pma_kunit_map_free(&m->taken));
		KUNIT_ASSERT_EQ(test, sum.largest, pma_kunit_map_largest(&m->taken, 0, m->end));
	}
}

static struct kunit_case pma_mix_cases[] = {
	KUNIT_CASE(pieces_split_and_join),
	KUNIT_CASE(shortest_pieces_are_told_apart),
	KUNIT_CASE(hints_go_with_last_piece),
	KUNIT_CASE(hints_are_of_where_pieces_begin),
	KUNIT_CASE(hints_in_vain_are_taken_back),
	KUNIT_CASE(nothing_after_the_end_is_taken),
	KUNIT_CASE(alloc_takes_shortest_piece),
	KUNIT_CASE(resize_stays_where_it_is),
	KUNIT_CASE(last_piece_ends_with_bitmap),
	KUNIT_CASE(sum_sees_what_is_no_run),
	KUNIT_CASE(find_stays_in_what_is_no_run),
	KUNIT_CASE_SLOW(random_pieces),
	{}
};

static struct kunit_suite pma_mix_suite = {
	.name = "pma_mix",
	.test_cases = pma_mix_cases,
};

kunit_test_suite(pma_mix_suite);
