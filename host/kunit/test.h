/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kunit/test.h - as much of KUnit as the suites in kunit/ use, in a process
 *
 * The same names and the same meaning as in the kernel's header: an expectation
 * that fails is printed and fails the case, an assertion ends it too, what was
 * allocated for a test is freed after it.  runner.c runs what
 * kunit_test_suite() registers and prints KTAP.
 */
#ifndef _HOST_KUNIT_TEST_H
#define _HOST_KUNIT_TEST_H

#include <setjmp.h>

#include "../pma_os.h"

#define KUNIT_PARAM_DESC_SIZE	128

struct kunit_allocation;

/**
 * struct kunit - a case that runs
 * @priv: the test's own
 * @param_value: of a case that has parameters
 * @name: of the case
 * @failed: has an expectation failed?
 * @skipped: why it could not run, or empty
 * @end: where an assertion goes
 * @allocations: to be freed after it
 */
struct kunit {
	void *priv;
	const void *param_value;
	const char *name;
	bool failed;
	char skipped[KUNIT_PARAM_DESC_SIZE];
	jmp_buf end;
	struct kunit_allocation *allocations;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char name[256];
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
	struct kunit_suite *next;
};

#define KUNIT_CASE(test)		{ .run_case = test, .name = #test }
#define KUNIT_CASE_SLOW(test)		KUNIT_CASE(test)
#define KUNIT_CASE_PARAM(test, gen)	{ .run_case = test, .name = #test, .generate_params = gen }

#define KUNIT_ARRAY_PARAM_DESC(name, array, desc_member)			\
	static const void *name##_gen_params(const void *prev, char *desc)	\
	{									\
		typeof((array)[0]) *next_ = prev ? (typeof(next_))prev + 1 : (array);	\
										\
		if ((size_t)(next_ - (array)) >= ARRAY_SIZE(array))		\
			return NULL;						\
		strscpy(desc, next_->desc_member, KUNIT_PARAM_DESC_SIZE);	\
		return next_;							\
	}

#define kunit_test_suite(suite)							\
	__attribute__((constructor)) static void register_suite(void)		\
	{									\
		kunit_register(&(suite));					\
	}									\
	static_assert(1)

void kunit_register(struct kunit_suite *suite);
void *kunit_kmalloc(struct kunit *test, size_t bytes, gfp_t gfp);
__attribute__((noreturn)) void kunit_end(struct kunit *test);
__printf(4, 5) void kunit_fail(struct kunit *test, const char *file, int line,
			       const char *format, ...);
__printf(2, 3) void kunit_say(struct kunit *test, const char *format, ...);

#define kunit_info(test, ...)		kunit_say(test, __VA_ARGS__)
#define kunit_kzalloc(test, bytes, gfp)	kunit_kmalloc(test, bytes, (gfp) | __GFP_ZERO)
#define kunit_kcalloc(test, n, bytes, gfp) \
	kunit_kmalloc(test, size_mul(n, bytes), (gfp) | __GFP_ZERO)

#define kunit_skip(test, ...) do {						\
	snprintf((test)->skipped, sizeof((test)->skipped), __VA_ARGS__);	\
	kunit_end(test);							\
} while (0)

#define KUNIT_FAIL(test, ...)		kunit_fail(test, __FILE__, __LINE__, __VA_ARGS__)

/* An expectation, or, with kunit_end(test) for @otherwise, an assertion. */
#define KUNIT_CHECK_(test, good, otherwise, ...) do {				\
	if (!(good)) {								\
		KUNIT_FAIL(test, __VA_ARGS__);					\
		otherwise;							\
	}									\
} while (0)

/* Of two integers; a message is a format of its own after theirs. */
#define KUNIT_COMPARE_(test, a, op, b, otherwise, format, ...) do {		\
	typeof(a) a_ = (a);							\
	typeof(b) b_ = (b);							\
	KUNIT_CHECK_(test, a_ op b_, otherwise,					\
		     "expected %s " #op " %s, but they are %lld and %lld" format, #a, #b,	\
		     (long long)a_, (long long)b_, ##__VA_ARGS__);		\
} while (0)

#define KUNIT_POINTERS_(test, a, op, b, otherwise, format, ...) do {		\
	const void *a_ = (a);							\
	const void *b_ = (b);							\
	KUNIT_CHECK_(test, a_ op b_, otherwise,					\
		     "expected %s " #op " %s, but they are %p and %p" format, #a, #b,	\
		     a_, b_, ##__VA_ARGS__);					\
} while (0)

#define KUNIT_EXPECT_EQ(test, a, b)	KUNIT_COMPARE_(test, a, ==, b, , "")
#define KUNIT_EXPECT_NE(test, a, b)	KUNIT_COMPARE_(test, a, !=, b, , "")
#define KUNIT_EXPECT_LT(test, a, b)	KUNIT_COMPARE_(test, a, <, b, , "")
#define KUNIT_EXPECT_LE(test, a, b)	KUNIT_COMPARE_(test, a, <=, b, , "")
#define KUNIT_EXPECT_GT(test, a, b)	KUNIT_COMPARE_(test, a, >, b, , "")
#define KUNIT_EXPECT_GE(test, a, b)	KUNIT_COMPARE_(test, a, >=, b, , "")
#define KUNIT_EXPECT_TRUE(test, x)	KUNIT_COMPARE_(test, !!(x), ==, 1, , "")
#define KUNIT_EXPECT_FALSE(test, x)	KUNIT_COMPARE_(test, !!(x), ==, 0, , "")
#define KUNIT_EXPECT_NULL(test, p)	KUNIT_POINTERS_(test, p, ==, NULL, , "")
#define KUNIT_EXPECT_NOT_NULL(test, p)	KUNIT_POINTERS_(test, p, !=, NULL, , "")
#define KUNIT_EXPECT_PTR_EQ(test, a, b)	KUNIT_POINTERS_(test, a, ==, b, , "")
#define KUNIT_EXPECT_PTR_NE(test, a, b)	KUNIT_POINTERS_(test, a, !=, b, , "")
#define KUNIT_EXPECT_STREQ(test, a, b) \
	KUNIT_CHECK_(test, !strcmp(a, b), , "expected %s to be %s: \"%s\", \"%s\"", #a, #b, a, b)
#define KUNIT_EXPECT_MEMEQ(test, a, b, bytes) \
	KUNIT_CHECK_(test, !memcmp(a, b, bytes), , "%s and %s differ", #a, #b)

#define KUNIT_EXPECT_EQ_MSG(test, a, b, format, ...) \
	KUNIT_COMPARE_(test, a, ==, b, , ": " format, ##__VA_ARGS__)
#define KUNIT_EXPECT_NE_MSG(test, a, b, format, ...) \
	KUNIT_COMPARE_(test, a, !=, b, , ": " format, ##__VA_ARGS__)
#define KUNIT_EXPECT_LT_MSG(test, a, b, format, ...) \
	KUNIT_COMPARE_(test, a, <, b, , ": " format, ##__VA_ARGS__)
#define KUNIT_EXPECT_LE_MSG(test, a, b, format, ...) \
	KUNIT_COMPARE_(test, a, <=, b, , ": " format, ##__VA_ARGS__)
#define KUNIT_EXPECT_GT_MSG(test, a, b, format, ...) \
	KUNIT_COMPARE_(test, a, >, b, , ": " format, ##__VA_ARGS__)
#define KUNIT_EXPECT_GE_MSG(test, a, b, format, ...) \
	KUNIT_COMPARE_(test, a, >=, b, , ": " format, ##__VA_ARGS__)
#define KUNIT_EXPECT_TRUE_MSG(test, x, format, ...) \
	KUNIT_COMPARE_(test, !!(x), ==, 1, , ": " format, ##__VA_ARGS__)
#define KUNIT_EXPECT_FALSE_MSG(test, x, format, ...) \
	KUNIT_COMPARE_(test, !!(x), ==, 0, , ": " format, ##__VA_ARGS__)
#define KUNIT_EXPECT_NULL_MSG(test, p, format, ...) \
	KUNIT_POINTERS_(test, p, ==, NULL, , ": " format, ##__VA_ARGS__)
#define KUNIT_EXPECT_NOT_NULL_MSG(test, p, format, ...) \
	KUNIT_POINTERS_(test, p, !=, NULL, , ": " format, ##__VA_ARGS__)

#define KUNIT_ASSERT_EQ(test, a, b)	KUNIT_COMPARE_(test, a, ==, b, kunit_end(test), "")
#define KUNIT_ASSERT_NE(test, a, b)	KUNIT_COMPARE_(test, a, !=, b, kunit_end(test), "")
#define KUNIT_ASSERT_LT(test, a, b)	KUNIT_COMPARE_(test, a, <, b, kunit_end(test), "")
#define KUNIT_ASSERT_LE(test, a, b)	KUNIT_COMPARE_(test, a, <=, b, kunit_end(test), "")
#define KUNIT_ASSERT_GT(test, a, b)	KUNIT_COMPARE_(test, a, >, b, kunit_end(test), "")
#define KUNIT_ASSERT_GE(test, a, b)	KUNIT_COMPARE_(test, a, >=, b, kunit_end(test), "")
#define KUNIT_ASSERT_TRUE(test, x)	KUNIT_COMPARE_(test, !!(x), ==, 1, kunit_end(test), "")
#define KUNIT_ASSERT_FALSE(test, x)	KUNIT_COMPARE_(test, !!(x), ==, 0, kunit_end(test), "")
#define KUNIT_ASSERT_NOT_NULL(test, p)	KUNIT_POINTERS_(test, p, !=, NULL, kunit_end(test), "")
#define KUNIT_ASSERT_EQ_MSG(test, a, b, format, ...) \
	KUNIT_COMPARE_(test, a, ==, b, kunit_end(test), ": " format, ##__VA_ARGS__)
#define KUNIT_ASSERT_NE_MSG(test, a, b, format, ...) \
	KUNIT_COMPARE_(test, a, !=, b, kunit_end(test), ": " format, ##__VA_ARGS__)
#define KUNIT_ASSERT_TRUE_MSG(test, x, format, ...) \
	KUNIT_COMPARE_(test, !!(x), ==, 1, kunit_end(test), ": " format, ##__VA_ARGS__)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p) do {				\
	const void *p_ = (p);							\
	KUNIT_CHECK_(test, !IS_ERR_OR_NULL(p_), kunit_end(test),		\
		     "expected %s, but it is %ld", #p, PTR_ERR(p_));		\
} while (0)

#endif /* _HOST_KUNIT_TEST_H */
