// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * alloc.c - each function, its errors, its limits
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#define FAR	((size_t)1 << 40)	/* more than any arena has */

void test_sizes(void)
{
	size_t i, usable;
	char *block;

	for (i = 0; i < 3 * NR_SIZES; i++) {
		block = malloc(size_at(i));
		if (!WANT_TRUE(block))
			return;
		usable = malloc_usable_size(block);
		WANT_TRUE(usable >= size_at(i));
		WANT((uintptr_t)block % 16, 0);
		WANT(is_in_arena(block), in_arena);
		pattern_fill(block, usable, i);
		WANT(pattern_match(block, usable, i), usable);
		free(block);
	}
}

void test_zero(void)
{
	char *a = malloc(0), *b = malloc(0), *c = calloc(0, 8), *d = realloc(NULL, 0);

	WANT_TRUE(a && b && c && d);
	WANT_TRUE(a != b && a != c && a != d && b != c && b != d && c != d);
	WANT((uintptr_t)a % 16 + (uintptr_t)b % 16, 0);
	free(a);
	free(b);
	free(c);
	WANT_TRUE(!realloc(d, 0));
	free(NULL);
	WANT(malloc_usable_size(NULL), 0);
}

#define WANT_NOMEM(call) do {			\
	errno = 0;				\
	WANT_TRUE(!(call) && errno == ENOMEM);	\
} while (0)

void test_errors(void)
{
	char *block = malloc(100);
	void *to = block;

	pattern_fill(block, 100, 1);
	WANT_NOMEM(malloc(SIZE_MAX));
	WANT_NOMEM(malloc((size_t)PTRDIFF_MAX + 1));
	WANT_NOMEM(malloc(SIZE_MAX / 4));
	WANT_NOMEM(calloc(SIZE_MAX / 8, 9));
	WANT_NOMEM(calloc(SIZE_MAX / 64, 1));
	WANT_NOMEM(realloc(block, SIZE_MAX - 8));
	WANT_NOMEM(reallocarray(block, SIZE_MAX / 8, 9));
	WANT_NOMEM(reallocarray(NULL, SIZE_MAX / 8, 9));
	WANT_NOMEM(memalign(64, SIZE_MAX - 64));
	WANT_NOMEM(memalign(1 << 20, SIZE_MAX - (1 << 19)));
	WANT_NOMEM(pvalloc(SIZE_MAX));
	errno = 0;
	WANT_TRUE(!memalign(SIZE_MAX, 8) && errno == EINVAL);
	errno = EXDEV;
	WANT(posix_memalign(&to, 0, 8), EINVAL);
	WANT(posix_memalign(&to, 4, 8), EINVAL);
	WANT(posix_memalign(&to, 48, 8), EINVAL);
	WANT_TRUE(to == block);
	WANT(errno, EXDEV);
	WANT(posix_memalign(&to, 64, SIZE_MAX - 4096), ENOMEM);
	WANT_TRUE(to == block);
	WANT(pattern_match(block, 100, 1), 100);
	free(block);
}

void test_errno(void)
{
	void *blocks[NR_SIZES];
	size_t i;

	for (i = 0; i < NR_SIZES; i++)
		blocks[i] = malloc(size_at(i));
	errno = EXDEV;
	for (i = 0; i < NR_SIZES; i++) {
		WANT_TRUE(malloc_usable_size(blocks[i]) >= size_at(i));
		free(blocks[i]);
	}
	free(NULL);
	WANT(errno, EXDEV);
}

void test_calloc(void)
{
	size_t i, size;
	char *block;

	for (i = 0; i < 2 * NR_SIZES; i++) {
		size = size_at(i / 2);
		block = calloc(i % 2 ? size : 1, i % 2 ? 1 : size);
		if (!WANT_TRUE(block))
			return;
		WANT(pattern_match_zero(block, size), size);
		memset(block, 0xff, malloc_usable_size(block));
		free(block);
	}
}

void test_aligned(void)
{
	char *blocks[NR_SIZES];
	size_t align, i;
	void *to;

	for (align = 1; align <= 1 << 17; align *= 2) {
		for (i = 0; i < NR_SIZES; i++) {
			blocks[i] = i % 2 ? memalign(align, size_at(i)) :
					    aligned_alloc(align, size_at(i));
			if (!WANT_TRUE(blocks[i]))
				return;
			WANT((uintptr_t)blocks[i] % align, 0);
			WANT_TRUE(malloc_usable_size(blocks[i]) >= size_at(i));
			pattern_fill(blocks[i], size_at(i), i);
		}
		for (i = 0; i < NR_SIZES; i++) {
			if (i % 3 == 0)
				blocks[i] = realloc(blocks[i], size_at(i) + 1000);
			WANT(pattern_match(blocks[i], size_at(i), i), size_at(i));
			free(blocks[i]);
		}
	}
	for (align = 8; align <= 4 << 20; align *= 2) {
		WANT(posix_memalign(&to, align, 100), 0);
		WANT((uintptr_t)to % align, 0);
		free(to);
	}
	to = memalign(48, 100);
	WANT((uintptr_t)to % 64, 0);
	free(to);
	to = valloc(100);
	WANT((uintptr_t)to % sysconf(_SC_PAGESIZE), 0);
	free(to);
	to = pvalloc(100);
	WANT((uintptr_t)to % sysconf(_SC_PAGESIZE), 0);
	WANT_TRUE(malloc_usable_size(to) >= (size_t)sysconf(_SC_PAGESIZE));
	free(to);
}

/* From every size to every other, and back to nothing. */
void test_realloc(void)
{
	size_t i, j, kept;
	char *block;

	for (i = 0; i < NR_SIZES; i++) {
		for (j = 0; j < NR_SIZES; j++) {
			block = realloc(NULL, size_at(i));
			if (!WANT_TRUE(block))
				return;
			pattern_fill(block, size_at(i), i);
			block = reallocarray(block, size_at(j), 1);
			if (!WANT_TRUE(block))
				return;
			kept = size_at(i) < size_at(j) ? size_at(i) : size_at(j);
			WANT(pattern_match(block, kept, i), kept);
			WANT_TRUE(malloc_usable_size(block) >= size_at(j));
			WANT((uintptr_t)block % 16, 0);
			WANT_TRUE(!realloc(block, FAR << 20));
			WANT_TRUE(!realloc(block, 0));
		}
	}
}

static void *wrong;

static void quietly(void)
{
	if (!freopen("/dev/null", "w", stderr))
		return;
}

static void free_wrong(void *unused)
{
	quietly();
	free(wrong);
}

static void free_twice(void *size)
{
	wrong = malloc(*(size_t *)size);
	quietly();
	free(wrong);
	free(wrong);
}

static void realloc_wrong(void *unused)
{
	quietly();
	free(realloc(wrong, 5000));
}

/* Each ends the program, as it does with glibc. */
void test_wrong_pointers(void)
{
	size_t small = 40, large = 3000, on_stack;
	char *block = malloc(3000);

	WANT(signal_of_child(free_twice, &small), SIGABRT);
	wrong = (char *)&on_stack + 1;
	WANT(signal_of_child(free_wrong, NULL), SIGABRT);
	if (in_arena) {
		/* In the heap, and not at the start of anything. */
		WANT(signal_of_child(free_twice, &large), SIGABRT);
		wrong = (void *)1;
		WANT(signal_of_child(realloc_wrong, NULL), SIGABRT);
	}
	free(block);
}

/* As a daemon does, and as one did before there was a call for it. */
static void close_all(void *unused)
{
	int fd, nr = sysconf(_SC_OPEN_MAX), pipes[2];

	for (fd = 3; fd < nr; fd++) {
		WANT_TRUE(dup2(STDERR_FILENO, fd) == fd || errno == EBUSY);
		close(fd);
		errno = 0;
		WANT_TRUE(close(fd) && errno == EBADF);
	}
	WANT(pipe(pipes), 0);
	WANT(pipes[0], 3);
	closefrom(3);
	WANT(pipe(pipes), 0);
	WANT(pipes[0], 3);
	WANT(close_range(3, ~0U, 0), 0);
	WANT(pipe(pipes), 0);
	WANT(pipes[0], 3);
	test_sizes();
}

void test_files(void)
{
	in_child(close_all, NULL);
}

/* All that there is comes back, and can be had again. */
void test_exhaustion(void)
{
	struct link {
		struct link *next;
	} *blocks = NULL, *block;
	const char *limit = getenv("PMA_MALLOC_LIMIT");
	size_t round, nr, before = 0;

	for (round = 0; round < 3; round++) {
		for (nr = 0; ; nr++) {
			errno = 0;
			block = malloc(100000);
			if (!block)
				break;
			block->next = blocks;
			blocks = block;
		}
		WANT(errno, ENOMEM);
		WANT_TRUE(nr > 5 && nr >= before);
		WANT_TRUE(!limit || mallinfo2().arena <= strtoul(limit, NULL, 0));
		WANT_TRUE(!limit || mallinfo2().arena > strtoul(limit, NULL, 0) / 2);
		before = nr;
		WANT_NOMEM(calloc(1, 100000));
		WANT_NOMEM(memalign(4096, 100000));
		while (blocks) {
			block = blocks;
			blocks = block->next;
			free(block);
		}
	}
	block = malloc(1000);
	WANT_TRUE(block);
	free(block);
}
