// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * heap.c - where the shim's memory comes from
 *
 * The arena is opened with the first call that comes when the program has its
 * environment, which is before any constructor and any thread.  What is asked for
 * earlier, and by opening itself, are static bytes that are never used again.
 *
 * All that may make the kernel take pages back is done between heap_enter() and
 * heap_leave(), by any number of threads; heap_stop() keeps them out, so that a
 * fork can copy what there is (fork.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "heap.h"

#define EARLY_BYTES	(64U << 10)

static struct pma no_arena;
struct pma *heap = &no_arena;

static enum heap_kind kind;
static bool begun;
static int lost;		/* why a child has no arena, an errno */

/* Copies: programs write over their environment, as to show a title in its place. */
static char device[PATH_MAX] = "/dev/pma";
static unsigned long long limit_bytes;
static bool is_limited;
static bool libc_will_do;

static pthread_rwlock_t lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

/* Early memory: a word with the size in front of each block. */

static struct {
	_Alignas(16) char bytes[EARLY_BYTES];
	size_t used;
} early;

/**
 * heap_early_alloc() - some of the static bytes, zeroed
 * @align: a power of two
 * @size: in bytes
 *
 * Return: the block; NULL and ENOMEM.
 */
void *heap_early_alloc(size_t align, size_t size)
{
	uintptr_t start = (uintptr_t)early.bytes, at = start + early.used + sizeof(size_t);

	at = (at + align - 1) & -align;
	if (at - start > EARLY_BYTES || size > EARLY_BYTES - (at - start)) {
		errno = ENOMEM;
		return NULL;
	}
	early.used = at - start + size;
	((size_t *)at)[-1] = size;
	return (void *)at;
}

/**
 * heap_early_size() - the size of a block of the static bytes
 * @block: anything
 *
 * Return: its size; 0 if it is no such block.
 */
size_t heap_early_size(const void *block)
{
	if ((uintptr_t)block - (uintptr_t)early.bytes >= EARLY_BYTES)
		return 0;
	return ((const size_t *)block)[-1];
}

/* The arena. */

/*
 * Far from the numbers that programs give out, or expect: some close all from 3 on
 * up to the last one they have seen.
 */
static int move_up(int fd)
{
	struct rlimit limit = { .rlim_cur = 256 };
	int moved;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur > 1024)
		limit.rlim_cur = 1024;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, (int)limit.rlim_cur / 8 * 7);
	if (moved < 0)
		return fd;
	close(fd);
	return moved;
}

/* 0 or a negative errno. */
static int set_limit(const struct pma *arena)
{
	unsigned long long pages = limit_bytes >> arena->page_shift;
	struct pma_limit_args args = {
		.flags = PMA_LIMIT_LIMIT,
		.limit = pages < PMA_LIMIT_NONE ? pages : PMA_LIMIT_NONE,
	};

	return is_limited && ioctl(arena->fd, PMA_IOC_LIMIT, &args) ? -errno : 0;
}

/* 0 or a negative errno. */
static int open_arena(void)
{
	struct pma *arena = pma_open_alone(device);
	int err;

	if (!arena)
		return -errno;
	err = set_limit(arena);
	if (err) {
		pma_close(arena);
		return err;
	}
	arena->fd = move_up(arena->fd);
	heap = arena;
	kind = HEAP_ARENA;
	return 0;
}

static void read_environment(void)
{
	const char *path = secure_getenv("PMA_MALLOC_DEVICE");
	const char *limit = secure_getenv("PMA_MALLOC_LIMIT");

	if (path && strlen(path) >= sizeof(device))
		report_no_arena(path, ENAMETOOLONG);
	if (path)
		memcpy(device, path, strlen(path) + 1);
	is_limited = limit;
	if (limit)
		limit_bytes = strtoull(limit, NULL, 0);
	libc_will_do = secure_getenv("PMA_MALLOC_FALLBACK");
	report_begin(secure_getenv("PMA_MALLOC_STATS"));
}

static void begin(void)
{
	int err;

	begun = true;
	read_environment();
	fork_register();
	err = open_arena();
	if (!err)
		return;
	if (!libc_will_do)
		report_no_arena(device, -err);
	kind = HEAP_LIBC;
}

/**
 * heap_kind() - where memory comes from now
 *
 * Return: &enum heap_kind; does not return where there should be an arena and is none.
 */
enum heap_kind heap_kind(void)
{
	if (unlikely(!begun) && environ)
		begin();
	if (unlikely(lost))
		report_no_arena(device, lost);
	return kind;
}

/* Where nothing else asks first. */
static __attribute__((constructor)) void begin_by_loader(void)
{
	heap_kind();
}

/**
 * heap_begin_child() - an arena for a child
 * @had_arena: the parent had one, which is abandoned by now
 *
 * A child that only goes on to exec() needs none, so that none can be had is told
 * when it asks for memory.
 */
void heap_begin_child(bool had_arena)
{
	lock = (pthread_rwlock_t)PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
	if (!had_arena)
		return;
	heap = &no_arena;
	lost = -open_arena();
}

/**
 * heap_enter() - before a call that may take pages, or give them back
 */
void heap_enter(void)
{
	pthread_rwlock_rdlock(&lock);
}

/**
 * heap_leave() - after it
 */
void heap_leave(void)
{
	int err = errno;

	pthread_rwlock_unlock(&lock);
	errno = err;
}

/**
 * heap_stop() - wait for all who have entered, let nobody in
 */
void heap_stop(void)
{
	pthread_rwlock_wrlock(&lock);
}

/**
 * heap_go_on() - end what heap_stop() began
 */
void heap_go_on(void)
{
	pthread_rwlock_unlock(&lock);
}
