// SPDX-License-Identifier: GPL-2.0
/*
 * runner.c - run the KUnit suites in a process and print KTAP
 *
 *	run [--seed N] [--ops N] [--first N] [--total N] [--suffix TEXT] [GLOB[.GLOB]]
 *	run --count [GLOB[.GLOB]]
 *
 * The glob chooses suites, and after a dot cases of them, as kunit.filter_glob
 * does.  Several programs can share a report: the first prints its head, with
 * the --total of suites, and each numbers its own from --first on and tells them
 * apart by a --suffix to their names.
 */
#include <fnmatch.h>
#include <getopt.h>
#include <stdarg.h>
#include <time.h>

#include "kunit/test.h"
#include "pma_host.h"

struct kunit_allocation {
	struct kunit_allocation *next;

	_Alignas(16) char bytes[];
};

struct options {
	unsigned int first;
	unsigned int total;
	const char *suffix;
	bool count;
	char suite_glob[64];
	const char *case_glob;
};

struct totals {
	unsigned int passed, failed, skipped;
};

struct pma_host_params pma_host_params;

static struct kunit_suite *suites;

void kunit_register(struct kunit_suite *suite)
{
	struct kunit_suite **next = &suites;

	/* By name: the order of constructors is the linker's. */
	while (*next && strcmp((*next)->name, suite->name) < 0)
		next = &(*next)->next;
	suite->next = *next;
	*next = suite;
}

void *kunit_kmalloc(struct kunit *test, size_t bytes, gfp_t gfp)
{
	struct kunit_allocation *allocation = malloc(sizeof(*allocation) + bytes);

	if (!allocation)
		return NULL;
	memset(allocation->bytes, gfp & __GFP_ZERO ? 0 : 0xa5, bytes);
	allocation->next = test->allocations;
	test->allocations = allocation;
	return allocation->bytes;
}

static void free_allocations(struct kunit *test)
{
	struct kunit_allocation *allocation;

	while ((allocation = test->allocations)) {
		test->allocations = allocation->next;
		free(allocation);
	}
}

void kunit_end(struct kunit *test)
{
	longjmp(test->end, 1);
}

void kunit_fail(struct kunit *test, const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("    # %s: %s:%d: ", test->name, file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	test->failed = true;
}

void kunit_say(struct kunit *test, const char *format, ...)
{
	va_list args;

	printf("    # %s: ", test->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* One run of a case, from init to exit. */
static void run_once(struct kunit_suite *suite, const struct kunit_case *test_case,
		     struct kunit *test)
{
	unsigned long complaints = host_complaints;
	long blocks = host_memory.blocks;

	if (!setjmp(test->end)) {
		if (suite->init && suite->init(test))
			KUNIT_FAIL(test, "init failed");
		else
			test_case->run_case(test);
	}
	host_memory.fail_in = 0;
	if (!setjmp(test->end) && suite->exit)
		suite->exit(test);
	free_allocations(test);
	if (host_complaints != complaints)
		KUNIT_FAIL(test, "%lu complaints", host_complaints - complaints);
	if (host_memory.blocks != blocks)
		KUNIT_FAIL(test, "%ld allocations are left", host_memory.blocks - blocks);
}

static void print_result(const char *indent, const struct kunit *test, unsigned int number,
			 const char *name, struct totals *totals)
{
	printf("%s%sok %u %s", indent, test->failed ? "not " : "", number, name);
	if (!test->failed && *test->skipped)
		printf(" # SKIP %s", test->skipped);
	printf("\n");
	fflush(stdout);
	if (test->failed)
		totals->failed++;
	else if (*test->skipped)
		totals->skipped++;
	else
		totals->passed++;
}

static void run_params(struct kunit_suite *suite, const struct kunit_case *test_case,
		       unsigned int number, struct totals *totals)
{
	char desc[KUNIT_PARAM_DESC_SIZE];
	struct kunit whole = { .name = test_case->name };
	const void *param = NULL;
	unsigned int i = 0;

	printf("        KTAP version 1\n        # Subtest: %s\n", test_case->name);
	while ((param = test_case->generate_params(param, desc))) {
		struct kunit test = { .name = test_case->name, .param_value = param };

		run_once(suite, test_case, &test);
		print_result("        ", &test, ++i, desc, totals);
		whole.failed |= test.failed;
	}
	print_result("    ", &whole, number, test_case->name, &(struct totals){});
}

static void run_case(struct kunit_suite *suite, const struct kunit_case *test_case,
		     unsigned int number, struct totals *totals)
{
	struct kunit test = { .name = test_case->name };

	if (test_case->generate_params) {
		run_params(suite, test_case, number, totals);
		return;
	}
	run_once(suite, test_case, &test);
	print_result("    ", &test, number, test_case->name, totals);
}

static bool is_chosen(const struct kunit_case *test_case, const struct options *options)
{
	return !options->case_glob || !fnmatch(options->case_glob, test_case->name, 0);
}

static unsigned int count_cases(const struct kunit_suite *suite, const struct options *options)
{
	const struct kunit_case *test_case;
	unsigned int n = 0;

	if (fnmatch(options->suite_glob, suite->name, 0))
		return 0;
	for (test_case = suite->test_cases; test_case->run_case; test_case++)
		n += is_chosen(test_case, options);
	return n;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void run_suite(struct kunit_suite *suite, unsigned int number,
		      const struct options *options, struct totals *sum)
{
	struct totals totals = {};
	struct kunit_case *test_case;
	double begin = now();
	unsigned int n = 0;

	printf("    KTAP version 1\n    # Subtest: %s%s\n    1..%u\n", suite->name, options->suffix,
	       count_cases(suite, options));
	if (suite->suite_init)
		suite->suite_init(suite);
	for (test_case = suite->test_cases; test_case->run_case; test_case++)
		if (is_chosen(test_case, options))
			run_case(suite, test_case, ++n, &totals);
	if (suite->suite_exit)
		suite->suite_exit(suite);
	printf("# %s%s: pass:%u fail:%u skip:%u, %.1f s\n", suite->name, options->suffix,
	       totals.passed, totals.failed, totals.skipped, now() - begin);
	printf("%sok %u %s%s\n", totals.failed ? "not " : "", number, suite->name,
	       options->suffix);
	sum->passed += totals.passed;
	sum->failed += totals.failed;
	sum->skipped += totals.skipped;
}

static void parse_glob(struct options *options, const char *glob)
{
	const char *dot = strchr(glob, '.');

	snprintf(options->suite_glob, sizeof(options->suite_glob), "%.*s",
		 dot ? (int)(dot - glob) : (int)strlen(glob), glob);
	options->case_glob = dot ? dot + 1 : NULL;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "first", required_argument, NULL, 'f' },
		{ "total", required_argument, NULL, 't' },
		{ "suffix", required_argument, NULL, 'x' },
		{ "count", no_argument, NULL, 'c' },
		{}
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 's':
			pma_host_params.seed = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			pma_host_params.ops = strtoul(optarg, NULL, 0);
			break;
		case 'f':
			options->first = strtoul(optarg, NULL, 0);
			break;
		case 't':
			options->total = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			options->count = true;
			break;
		case 'x':
			options->suffix = optarg;
			break;
		default:
			return false;
		}
	}
	parse_glob(options, optind < argc ? argv[optind] : "*");
	return argc - optind <= 1;
}

int main(int argc, char **argv)
{
	struct options options = { .first = 1, .suffix = "" };
	struct totals sum = {};
	struct kunit_suite *suite;
	unsigned int nr = 0;

	if (!parse_options(argc, argv, &options)) {
		fprintf(stderr, "usage: %s [--count] [--seed N] [--ops N] [--first N]\n",
			argv[0]);
		fprintf(stderr, "\t[--total N] [--suffix TEXT] [GLOB[.GLOB]]\n");
		return 2;
	}
	for (suite = suites; suite; suite = suite->next)
		nr += !!count_cases(suite, &options);
	if (options.count) {
		printf("%u\n", nr);
		return 0;
	}
	if (options.first == 1)
		printf("KTAP version 1\n1..%u\n", options.total ? options.total : nr);
	nr = options.first;
	for (suite = suites; suite; suite = suite->next)
		if (count_cases(suite, &options))
			run_suite(suite, nr++, &options, &sum);
	printf("# Totals: pass:%u fail:%u skip:%u total:%u\n", sum.passed, sum.failed,
	       sum.skipped, sum.passed + sum.failed + sum.skipped);
	return sum.failed || nr == options.first;
}
