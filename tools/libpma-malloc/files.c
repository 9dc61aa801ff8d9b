// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * files.c - keep a program from closing its arena's file
 *
 * Daemons close whatever they have not opened, by number.  To them the arena's file
 * is not there: closing it is EBADF, ranges leave it out.  Nor can another file take
 * its number: EBUSY, as dup2() says when it meets one that is being opened.  libc's
 * own calls are not seen here, but close only what libc has opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "heap.h"

/* libc's, by another name. */
extern int __close(int fd);
extern int __dup2(int from, int to);

static bool is_ours(int fd)
{
	return heap->region_bytes && fd == heap->fd;
}

EXPORT int close(int fd)
{
	if (!is_ours(fd))
		return __close(fd);
	errno = EBADF;
	return -1;
}

EXPORT int dup2(int from, int to)
{
	if (!is_ours(to))
		return __dup2(from, to);
	errno = EBUSY;
	return -1;
}

EXPORT int dup3(int from, int to, int flags)
{
	if (!is_ours(to))
		return syscall(SYS_dup3, from, to, flags);
	errno = EBUSY;
	return -1;
}

static int close_part(unsigned int first, unsigned int last, int flags)
{
	return first <= last ? syscall(SYS_close_range, first, last, flags) : 0;
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	unsigned int ours = heap->region_bytes ? (unsigned int)heap->fd : UINT_MAX;
	int ret;

	if (first > last || ours < first || ours > last)
		return syscall(SYS_close_range, first, last, flags);
	ret = ours ? close_part(first, ours - 1, flags) : 0;
	return ret ? ret : close_part(ours + 1, last, flags);
}

EXPORT void closefrom(int first)
{
	long fd;

	if (first < 0)
		first = 0;
	if (!close_range(first, UINT_MAX, 0))
		return;
	/* Before Linux 5.9. */
	for (fd = sysconf(_SC_OPEN_MAX); fd-- > first; )
		close(fd);
}
