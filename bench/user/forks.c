// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * forks.c - what a fork costs a program that has a heap
 *
 *  user-fork-SIZE	fork(), and wait for the child, which ends at once; with SIZE
 *			of live memory in blocks of 1000 bytes
 *  user-fork-write-SIZE	the child writes to each block, which ends copy on write
 *  user-fork-copy-SIZE	libpma-malloc's way, with shared memory in the arena's place,
 *			so that it can be timed where there is no /dev/pma
 *
 *	forks [OPTION...] [PATTERN...]
 *
 * Of malloc, whichever is preloaded.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define BLOCK		1000
#define REPETITIONS	11

static char **blocks;
static size_t nr_blocks;

static void grow(size_t bytes)
{
	blocks = realloc(blocks, bytes / BLOCK * sizeof(*blocks));
	for (; blocks && nr_blocks < bytes / BLOCK; nr_blocks++) {
		blocks[nr_blocks] = malloc(BLOCK);
		if (!blocks[nr_blocks])
			measure_fail(measure_allocator);
		memset(blocks[nr_blocks], 1, BLOCK);
	}
}

static __u64 fork_once(bool write)
{
	__u64 begin = measure_now();
	pid_t child = fork();
	size_t i;

	if (!child) {
		for (i = 0; write && i < nr_blocks; i++)
			blocks[i][0]++;
		_exit(0);
	}
	if (child < 0 || waitpid(child, NULL, 0) != child)
		measure_fail("fork");
	return measure_now() - begin;
}

static void *map(int flags, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		measure_fail("mmap");
	return at;
}

/* Copy, fork, let the child move the copy to its place. */
static __u64 fork_copy_once(char *shared, size_t bytes)
{
	__u64 begin = measure_now();
	char *copy = map(MAP_PRIVATE | MAP_NORESERVE, bytes);
	pid_t child;

	memcpy(copy, shared, bytes);
	child = fork();
	if (!child)
		_exit(mremap(copy, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, shared) != shared);
	munmap(copy, bytes);
	if (child < 0 || waitpid(child, NULL, 0) != child)
		measure_fail("fork");
	return measure_now() - begin;
}

static void run_copy(size_t mib)
{
	__u64 samples[REPETITIONS];
	size_t bytes = mib << 20;
	char *shared, name[64];
	int i;

	snprintf(name, sizeof(name), "user-fork-copy-%zuM", mib);
	if (measure_icount || !measure_wants(name))
		return;
	shared = map(MAP_SHARED, bytes);
	memset(shared, 1, bytes);
	madvise(shared, bytes, MADV_DONTFORK);
	for (i = 0; i < REPETITIONS; i++)
		samples[i] = fork_copy_once(shared, bytes);
	measure_report_ticks(name, measure_allocator, measure_median(samples, REPETITIONS), 1);
	munmap(shared, bytes);
}

static void run(const char *case_name, size_t mib, bool write)
{
	__u64 samples[REPETITIONS];
	char name[64];
	int i;

	snprintf(name, sizeof(name), "%s-%zuM", case_name, mib);
	if (!measure_wants(name))
		return;
	grow(mib << 20);
	for (i = 0; i < REPETITIONS; i++)
		samples[i] = fork_once(write);
	measure_report_ticks(name, measure_allocator, measure_median(samples, REPETITIONS), 1);
}

int main(int argc, char **argv)
{
	measure_init(argc, argv);
	run_copy(1);
	run_copy(16);
	run_copy(64);
	run("user-fork", 0, false);
	run("user-fork", 1, false);
	run("user-fork-write", 1, true);
	run("user-fork", 16, false);
	run("user-fork-write", 16, true);
	return 0;
}
