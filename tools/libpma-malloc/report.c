// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * report.c - what the shim has to say, without allocating anything
 *
 * Errors go to the standard error.  So does what an arena was used for, at the end
 * of the program that PMA_MALLOC_STATS has the number of: what it starts, and what
 * it forks, has the same environment, and is not meant.  Programs like to close
 * their standard error before they end, so a copy of it is kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "heap.h"

#define LINE_BYTES	256

static pid_t asked_for;
static int errors = STDERR_FILENO;

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
	char line[LINE_BYTES] = "libpma-malloc: ";
	size_t used = strlen(line);
	va_list rest;

	va_start(rest, format);
	vsnprintf(line + used, sizeof(line) - used - 1, format, rest);
	va_end(rest);
	strcat(line, "\n");
	used = strlen(line);
	if (write(errors, line, used) != (ssize_t)used)
		return;
}

static const char *text_of(int err)
{
	const char *text = strerrordesc_np(err);

	return text ? text : "unknown error";
}

/**
 * report_no_arena() - end a program that has no memory from its start
 * @path: of the device
 * @err: a positive errno
 */
void report_no_arena(const char *path, int err)
{
	say("%s: %s", path, text_of(err));
	_exit(127);
}

/**
 * report_bad_pointer() - end a program as glibc does
 * @call: free or realloc
 * @block: what it was called with
 * @err: a positive errno, of those that linux/pma.h has for handles
 */
void report_bad_pointer(const char *call, const void *block, int err)
{
	const char *what = err == EALREADY ? "double free" : "invalid pointer";

	say("%s(): %s: %p (%s)", call, what, block, text_of(err));
	abort();
}

/**
 * report_lost() - end a program whose arena does not answer any more
 * @what: was to be done
 * @err: a positive errno
 */
void report_lost(const char *what, int err)
{
	say("can't %s: %s", what, text_of(err));
	abort();
}

/* Statistics. */

/**
 * report_begin() - tell of the arena when the program ends, if it is meant
 * @pid: its number, as a text; or NULL
 */
void report_begin(const char *pid)
{
	int kept;

	if (!pid || atoi(pid) != getpid())
		return;
	asked_for = getpid();
	kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
	if (kept >= 0)
		errors = kept;
}

static __attribute__((destructor)) void tell(void)
{
	struct pma_stats stats;

	if (!asked_for || asked_for != getpid() || !heap->region_bytes)
		return;
	if (pma_stats(heap, &stats))
		return;
	asked_for = 0;
	say("allocs %llu, frees %llu, failed %llu", stats.allocs, stats.frees, stats.failed);
	say("live blocks %llu, live bytes %llu, peak bytes %llu", stats.live_blocks,
	    stats.live_bytes, stats.peak_bytes);
	say("pages %u (slab %u, big %u, heap %u), peak pages %u", stats.arena_pages,
	    stats.slab_pages, stats.big_pages, stats.heap_pages, stats.peak_pages);
}

/* Shells end so. */
EXPORT void _exit(int status)
{
	tell();
	for (;;)
		syscall(SYS_exit_group, status);
}

EXPORT void _Exit(int status)
{
	_exit(status);
}
