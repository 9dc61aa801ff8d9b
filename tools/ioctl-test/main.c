// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - pma-ioctl-test: tries every door of /dev/pma
 *
 *	pma-ioctl-test [--device=PATH] [--seed=N] [--ops=N] [--seconds=N] [--list]
 *		       [NAME...]
 *
 * Speaks KTAP; ends with 0 only if no test failed.  NAMEs choose tests by the
 * beginning of their names; a long test stops after --seconds, if not 0.  The same
 * source makes a 64-bit and a 32-bit caller.
 *
 * The pool must be nobody else's meanwhile: after each test all its pages must
 * be back.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chosen.h"
#include "test.h"

#define NOTES_MAX	20	/* differences told per test */
#define PAGES_MIN	64	/* of the pool: enough for every test */

static const struct test_case * const suites[] = {
	abi_cases, alloc_cases, free_cases, realloc_cases, query_cases, batch_cases,
	dump_cases, transfer_cases, fault_cases, arena_cases, model_cases, mmap_cases,
	revoke_cases, share_cases, bad_cases, kill_cases,
	limit_cases, wait_cases, named_cases,
	claim_cases, handover_cases, dmabuf_cases, import_cases,
	namespace_cases,
};

void test_context(struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->context, sizeof(t->context), fmt, ap);
	va_end(ap);
}

void test_note(struct test *t, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	t->failed = true;
	if (t->nr_notes++ >= NOTES_MAX)
		return;
	printf("    # %s:%d: ", file, line);
	if (t->context[0])
		printf("[%s] ", t->context);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

bool test_want(struct test *t, const char *file, int line, const char *what, __u64 got,
	       __u64 wanted)
{
	if (got == wanted)
		return true;
	test_note(t, file, line, "%s is %llu (0x%llx), not %llu (0x%llx)", what, got, got, wanted,
		  wanted);
	return false;
}

static const char *error_name(int err)
{
	const char *name = err > 0 ? "no errno" : err ? strerrorname_np(-err) : "0";

	return name ? name : "unknown errno";
}

bool test_want_error(struct test *t, const char *file, int line, const char *what, int got,
		     int wanted)
{
	if (got == wanted)
		return true;
	test_note(t, file, line, "%s answers %s (%d), not %s (%d)", what, error_name(got), got,
		  error_name(wanted), wanted);
	return false;
}

static time_t test_began;

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

bool test_goes_on(const struct test *t)
{
	return !t->failed && (!t->seconds || now() - test_began < (time_t)t->seconds);
}

int test_child(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return 99;
	return WEXITSTATUS(status);
}

/* What must be so before and after every test. */
static void test_judge(struct test *t, const struct pma_stats *before)
{
	struct pma_stats after;

	test_context(t, "after the test");
	t->fd = block_open(t, O_RDWR);
	if (t->fd < 0)
		return;
	stats_sound(t, t->fd);
	after = stats_get(t, t->fd);
	WANT(t, after.pool_free_pages, before->pool_free_pages);
	WANT(t, after.pool_arenas, before->pool_arenas);
	close(t->fd);
}

static void test_run(struct test *t, const struct test_case *test)
{
	struct pma_stats before;

	t->failed = false;
	t->skipped = NULL;
	t->nr_notes = 0;
	t->context[0] = '\0';
	t->fd = block_open(t, O_RDWR);
	if (t->fd < 0)
		return;
	before = stats_get(t, t->fd);
	test_began = now();
	test->run(t);
	t->context[0] = '\0';
	stats_sound(t, t->fd);
	close(t->fd);
	test_judge(t, &before);
	if (t->nr_notes > NOTES_MAX)
		printf("    # and %u more\n", t->nr_notes - NOTES_MAX);
}

/* Calls @visit for each chosen test. */
static void each_test(char **chosen, void (*visit)(struct test *t, const struct test_case *test),
		      struct test *t)
{
	const struct test_case *test;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (test = suites[i]; test->name; test++)
			if (chosen_has(chosen, test->name))
				visit(t, test);
}

static unsigned int nr_tests, nr_failed;

static void visit_count(struct test *t, const struct test_case *test)
{
	nr_tests++;
}

static void visit_list(struct test *t, const struct test_case *test)
{
	puts(test->name);
}

static void visit_run(struct test *t, const struct test_case *test)
{
	static unsigned int number;

	test_run(t, test);
	nr_failed += t->failed;
	printf("%s %u %s%s%s\n", t->failed ? "not ok" : "ok", ++number, test->name,
	       t->skipped && !t->failed ? " # SKIP " : "",
	       t->skipped && !t->failed ? t->skipped : "");
	fflush(stdout);		/* a test may fork, and a guest may die */
}

static int run_all(struct test *t, char **chosen)
{
	struct pma_info info;
	int err, fd;

	each_test(chosen, visit_count, t);
	fd = device_open(t->device, O_RDWR);
	err = fd < 0 ? fd : device_info(fd, &info);
	close(fd);
	puts("KTAP version 1");
	if (err) {
		printf("Bail out! %s: %s\n", t->device, strerror(-err));
		return 1;
	}
	if (info.nr_pages < PAGES_MIN) {
		printf("1..0 # SKIP the pool has %u pages, fewer than %d\n", info.nr_pages,
		       PAGES_MIN);
		return 0;
	}
	printf("# %zu-bit caller, %u pages of %u bytes, --seed=%llu --ops=%lu\n",
	       8 * sizeof(void *), info.nr_pages, info.page_size,
	       (unsigned long long)t->seed, t->ops);
	printf("1..%u\n", nr_tests);
	fflush(stdout);
	each_test(chosen, visit_run, t);
	return nr_failed || !nr_tests;
}

static const struct option options[] = {
	{ "device", required_argument, NULL, 'd' },
	{ "seed", required_argument, NULL, 's' },
	{ "ops", required_argument, NULL, 'o' },
	{ "seconds", required_argument, NULL, 't' },
	{ "list", no_argument, NULL, 'l' },
	{ }
};

int main(int argc, char **argv)
{
	struct test t = {
		.device = "/dev/pma",
		.seed = time(NULL),
		.ops = 10000,
		.seconds = 4,
	};
	int c;

	while ((c = getopt_long(argc, argv, "d:s:o:t:l", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			t.device = optarg;
			break;
		case 's':
			t.seed = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			t.ops = strtoul(optarg, NULL, 0);
			break;
		case 't':
			t.seconds = strtoul(optarg, NULL, 0);
			break;
		case 'l':
			each_test(argv + optind, visit_list, &t);
			return 0;
		default:
			return 2;
		}
	}
	return run_all(&t, argv + optind);
}
