// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * run.c - pmactl run: a program with its heap in an arena
 *
 * The program takes pmactl's place, with libpma-malloc.so in front of its libraries
 * and what was asked for in its environment; so its exit status is pmactl's.  The
 * library is looked for beside pmactl, where it was built, and then in lib/ next to
 * pmactl's own directory, where it is installed.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmactl.h"

#define LIBRARY		"libpma-malloc.so"

/* The directory of this program, without a slash at the end. */
static bool own_directory(char *path, size_t bytes)
{
	ssize_t length = readlink("/proc/self/exe", path, bytes - 1);
	char *slash;

	if (length < 0)
		return false;
	path[length] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	*slash = 0;
	return true;
}

static bool find_library(char *path, size_t bytes)
{
	static const char * const places[] = { "", "/../lib" };
	char directory[PATH_MAX];
	size_t i;

	if (!own_directory(directory, sizeof(directory)))
		return false;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, bytes, "%s%s/" LIBRARY, directory, places[i]);
		if (!access(path, R_OK))
			return true;
	}
	return false;
}

static void set_number(const char *name, __u64 value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	setenv(name, text, 1);
}

/* In front of what is there: the first one's malloc is everybody's. */
static void preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *all;

	if (!others || !*others) {
		setenv("LD_PRELOAD", library, 1);
		return;
	}
	all = session_alloc(NULL, strlen(library) + strlen(others) + 2);
	sprintf(all, "%s:%s", library, others);
	setenv("LD_PRELOAD", all, 1);
	free(all);
}

enum status run_command(struct session *s, const struct args *args)
{
	char library[2 * PATH_MAX];
	int fd;

	/* That it can't be opened is said here, with pmactl's own status. */
	fd = session_open_device(s);
	if (fd < 0)
		return STATUS_NO_DEVICE;
	close(fd);
	if (!find_library(library, sizeof(library))) {
		session_complain(s, "run: no " LIBRARY " beside pmactl, nor in ../lib");
		return STATUS_IO;
	}
	preload(library);
	setenv("PMA_MALLOC_DEVICE", s->device, 1);
	if (args->given & OPTION_LIMIT)
		set_number("PMA_MALLOC_LIMIT", args->limit);
	if (args->given & OPTION_STATS)
		set_number("PMA_MALLOC_STATS", getpid());
	fflush(stdout);
	execvp(args->words[0], args->words);
	session_complain(s, "run: %s: %s", args->words[0], strerror(errno));
	return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}
