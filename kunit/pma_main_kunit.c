// SPDX-License-Identifier: GPL-2.0
/*
 * pma_main_kunit.c - which parameters the module takes
 */
#include <linux/moduleparam.h>

#include "pma_kunit.h"
#include "pma_main.h"

#define UNTOUCHED	12345UL

static void sizes_are_parsed(struct kunit *test)
{
	static const struct {
		const char *val;
		int err;
		unsigned long bytes;
	} table[] = {
		{ "4096", 0, 4096 },		{ "0", 0, 0 },
		{ "0x1000\n", 0, 4096 },	{ "64M", 0, SZ_64M },
		{ "4k", 0, 4096 },		{ "1G\n", 0, SZ_1G },
		{ "4294967295", 0, U32_MAX },
		{ "", -EINVAL },		{ "\n", -EINVAL },
		{ "M", -EINVAL },		{ "64MB", -EINVAL },
		{ "64M 1", -EINVAL },		{ "-1x", -EINVAL },
		{ "4096\nk", -EINVAL },		{ "K", -EINVAL },
		{ " 4096", -EINVAL },		{ "-4096", -EINVAL },
		{ "16E", -EINVAL },		{ "17E", -EINVAL },
		{ "48E", -EINVAL },		{ "24e", -EINVAL },
		{ "18446744073709551616", -EINVAL },
		{ "99999999999999999999", -EINVAL },
		{ "36893488147419103233K", -EINVAL },
		{ "00000000000000000000000000000004K", -EINVAL },
		{ "0x1E", 0, 30 },		{ "0M", 0, 0 },
#if BITS_PER_LONG == 64
		{ "15E", 0, 15ULL << 60 },	{ "18446744073709551615", 0, U64_MAX },
#endif
#if BITS_PER_LONG == 32
		{ "4G", -EINVAL },
#endif
	};
	unsigned long bytes;
	const struct kernel_param kp = { .name = "size", .arg = &bytes };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		bytes = UNTOUCHED;
		KUNIT_EXPECT_EQ_MSG(test, pma_main_set_size(table[i].val, &kp), table[i].err,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, bytes, table[i].err ? UNTOUCHED : table[i].bytes,
				    "row %u", i);
	}
}

static void bad_parameters_are_refused(struct kunit *test)
{
	static const struct {
		struct pma_main_params params;
		int err;
	} table[] = {
		{ { SZ_64M, 4096, 0, "fine", true, 0 }, 0 },
		{ { 4096, 4096, 0, "pow2", false, 4096 }, 0 },
		{ { 256, 256, 64, "fine", false, 256 }, 0 },
		{ { SZ_64M, 65536, 32768, "fine", false, SZ_64M }, 0 },
		{ { SZ_64M, 128, 0, "fine", true, 0 }, -EINVAL },
		{ { SZ_64M, 0, 0, "fine", true, 0 }, -EINVAL },
		{ { SZ_64M, 4097, 0, "fine", true, 0 }, -EINVAL },
		{ { 3 * 4096 * 4, 3 * 4096, 0, "fine", true, 0 }, -EINVAL },
		{ { SZ_64M, 131072, 0, "fine", true, 0 }, -EINVAL },
		{ { 0, 4096, 0, "fine", true, 0 }, -EINVAL },
		{ { SZ_64M + 1, 4096, 0, "fine", true, 0 }, -EINVAL },
		{ { 2048, 4096, 0, "fine", true, 0 }, -EINVAL },
		{ { ULONG_MAX, 4096, 0, "fine", true, 0 }, -EINVAL },
		{ { SZ_64M, 4096, 63, "fine", true, 0 }, -EINVAL },
		{ { SZ_64M, 4096, 2049, "fine", true, 0 }, -EINVAL },
		{ { SZ_64M, 4096, 0, "fine", true, 4095 }, -EINVAL },
		{ { SZ_64M, 4096, 0, "fine", true, SZ_64M + 4096 }, -EINVAL },
		{ { SZ_64M, 4096, 0, "", true, 0 }, -EINVAL },
		{ { SZ_64M, 4096, 0, "finer", true, 0 }, -EINVAL },
		{ { SZ_64M, 4096, 0, "Pow2", true, 0 }, -EINVAL },
#if BITS_PER_LONG == 64
		{ { (BIT(26) - 1) * 4096, 4096, 0, "fine", true, 0 }, 0 },
		{ { BIT(26) * 4096, 4096, 0, "fine", true, 0 }, -EINVAL },
		{ { ULONG_MAX & ~4095UL, 4096, 0, "fine", true, 0 }, -EINVAL },
#endif
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ_MSG(test, pma_main_check_params(&table[i].params), table[i].err,
				    "row %u", i);
}

static struct kunit_case pma_main_cases[] = {
	KUNIT_CASE(sizes_are_parsed),
	KUNIT_CASE(bad_parameters_are_refused),
	{}
};

static struct kunit_suite pma_main_suite = {
	.name = "pma_main",
	.test_cases = pma_main_cases,
};

kunit_test_suite(pma_main_suite);
