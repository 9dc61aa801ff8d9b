// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - pma-malloc-test: malloc(3) as programs know it
 *
 *	LD_PRELOAD=libpma-malloc.so pma-malloc-test [--seed=N] [--ops=N] [NAME...]
 *
 * Speaks KTAP; ends with 0 only if no test failed.  Without the shim, it asks the
 * same of glibc, but for what is about arenas: that is how the shim shall be.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chosen.h"
#include "test.h"

#define NOTES_MAX	20

unsigned int seed;
unsigned long ops = 10000;
bool in_arena;
static unsigned int nr_notes;

int want(int line, const char *what, uint64_t got, uint64_t wanted)
{
	if (got == wanted)
		return 1;
	if (nr_notes++ < NOTES_MAX) {
		printf("    # %d: %s is %llu, not %llu\n", line, what, (unsigned long long)got,
		       (unsigned long long)wanted);
		fflush(stdout);
	}
	return 0;
}

unsigned int notes(void)
{
	return nr_notes;
}

/* Is it in a mapping of the device? */
bool is_in_arena(const void *block)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[512];
	bool found = false;

	while (maps && !found && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%lx-%lx", &start, &end) == 2 && strstr(line, "/dev/pma") &&
			(unsigned long)block >= start && (unsigned long)block < end;
	if (maps)
		fclose(maps);
	return found;
}

size_t size_at(size_t i)
{
	static const size_t sizes[] = {
		1, 7, 8, 15, 16, 17, 24, 33, 64, 65, 100, 129, 500, 1000, 2047, 2048, 2049,
		4095, 4096, 4097, 5000, 9000, 40000, 65536, 131080, 300000,
	};

	return sizes[i % ARRAY_SIZE(sizes)];
}

static int status_of_child(void (*act)(void *arg), void *arg)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		nr_notes = 0;
		act(arg);
		_exit(!!nr_notes);
	}
	WANT_TRUE(child > 0 && waitpid(child, &status, 0) == child);
	return status;
}

void in_child(void (*act)(void *arg), void *arg)
{
	WANT(status_of_child(act, arg), 0);
}

int signal_of_child(void (*act)(void *arg), void *arg)
{
	int status = status_of_child(act, arg);

	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static const struct {
	const char *name;
	void (*run)(void);
	bool needs_arena;
} tests[] = {
	{ "malloc_sizes", test_sizes, false },
	{ "malloc_zero", test_zero, false },
	{ "malloc_errors", test_errors, false },
	{ "malloc_errno", test_errno, false },
	{ "malloc_calloc", test_calloc, false },
	{ "malloc_aligned", test_aligned, false },
	{ "malloc_realloc", test_realloc, false },
	{ "malloc_wrong_pointers", test_wrong_pointers, false },
	{ "malloc_files", test_files, false },
	{ "malloc_threads", test_threads, false },
	{ "malloc_thread_exit", test_thread_exit, true },
	{ "malloc_fork_sees", test_fork_sees, false },
	{ "malloc_fork_is_private", test_fork_is_private, false },
	{ "malloc_fork_frees", test_fork_frees, false },
	{ "malloc_fork_gives_back", test_fork_gives_back, true },
	{ "malloc_fork_nested", test_fork_nested, false },
	{ "malloc_fork_handlers", test_fork_handlers, false },
	{ "malloc_fork_exec", test_fork_exec, false },
	{ "malloc_fork_raw", test_fork_raw, true },
	{ "malloc_fork_frees_arena", test_fork_frees_arena, true },
	{ "malloc_fork_in_threads", test_fork_in_threads, false },
	{ "malloc_fork_signals", test_fork_signals, false },
	{ "malloc_exhaustion", test_exhaustion, true },
};

static const struct option options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "ops", required_argument, NULL, 'o' },
	{ "exec", no_argument, NULL, 'x' },
	{ }
};

int main(int argc, char **argv)
{
	size_t i, number = 0;
	bool skip, failed = false;
	char *block = malloc(100);
	int c;

	in_arena = is_in_arena(block);
	free(block);
	seed = time(NULL);
	while ((c = getopt_long(argc, argv, "s:o:x", options, NULL)) != -1) {
		if (c == 's')
			seed = strtoul(optarg, NULL, 0);
		else if (c == 'o')
			ops = strtoul(optarg, NULL, 0);
		else if (c == 'x')
			return in_arena ? 42 : 43;
		else
			return 2;
	}
	puts("KTAP version 1");
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		number += chosen_has(argv + optind, tests[i].name);
	printf("# --seed=%u --ops=%lu\n1..%zu\n", seed, ops, number);
	for (number = 0, i = 0; i < ARRAY_SIZE(tests); i++) {
		if (!chosen_has(argv + optind, tests[i].name))
			continue;
		nr_notes = 0;
		skip = tests[i].needs_arena && !in_arena;
		fflush(stdout);		/* a test may fork */
		if (!skip)
			tests[i].run();
		failed |= !!nr_notes;
		printf("%s %zu %s%s\n", nr_notes ? "not ok" : "ok", ++number, tests[i].name,
		       skip ? " # SKIP not in an arena" : "");
	}
	fflush(stdout);
	return failed || !number;
}
