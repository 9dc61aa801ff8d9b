// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * session.c - the arenas a run of pmactl has open, and how it complains
 *
 * An arena lives as long as its open file, so a session keeps the file of each
 * under a name until it is closed or the session ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "pmactl.h"

void *session_alloc(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);

	if (!p) {
		fprintf(stderr, "pmactl: out of memory\n");
		exit(STATUS_IO);
	}
	return p;
}

char *session_strdup(const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(session_alloc(NULL, bytes), text, bytes);
}

static struct arena **session_find(struct session *s, const char *name)
{
	struct arena **link = &s->arenas;

	while (*link && strcmp((*link)->name, name))
		link = &(*link)->next;
	return link;
}

/* The arena that --arena names instead of one of its own. */
static int session_open_named(const struct session *s, int device)
{
	int fd = device_open_named(device, s->named, 0, 0);

	close(device);
	if (fd < 0)
		session_complain(s, "arena %s: %s (%s)", s->named, refusal_why(REQUEST_NAME, fd),
				 refusal_name(fd));
	return fd;
}

/* An arena, or a negative errno that was complained about. */
int session_open_device(const struct session *s)
{
	int fd = device_open(s->device, O_RDWR);
	struct pma_info info;
	int err;

	if (fd < 0) {
		session_complain(s, "%s: %s (%s)", s->device, strerror(-fd), refusal_name(fd));
		return fd;
	}
	err = device_info(fd, &info);
	if (!err)
		return s->named ? session_open_named(s, fd) : fd;
	close(fd);
	session_complain(s, "%s: %s (%s)", s->device, refusal_why(REQUEST_OTHER, err),
			 refusal_name(err));
	return err;
}

/* Makes the arena of this name the current one; opens it at the first use. */
enum status session_open_arena(struct session *s, const char *name)
{
	struct arena **link = session_find(s, name);
	struct arena *arena;
	int fd;

	if (!*link) {
		fd = session_open_device(s);
		if (fd < 0)
			return STATUS_NO_DEVICE;
		arena = session_alloc(NULL, sizeof(*arena));
		arena->next = NULL;
		arena->name = session_strdup(name);
		arena->fd = fd;
		*link = arena;
	}
	s->arena = *link;
	return STATUS_DONE;
}

enum status session_close_arena(struct session *s, const char *name)
{
	struct arena **link = session_find(s, name);
	struct arena *arena = *link;

	if (!arena) {
		session_complain(s, "no arena is called %s", name);
		return STATUS_USAGE;
	}
	*link = arena->next;
	if (s->arena == arena)
		s->arena = NULL;
	close(arena->fd);
	free(arena->name);
	free(arena);
	return STATUS_DONE;
}

void session_end(struct session *s)
{
	while (s->arenas)
		session_close_arena(s, s->arenas->name);
	value_forget(s);
}

static void session_prefix(const struct session *s)
{
	fflush(stdout);		/* so that a common log is in order */
	fprintf(stderr, "pmactl: ");
	if (s->script)
		fprintf(stderr, "%s:%lu: ", s->script, s->line);
}

void session_complain(const struct session *s, const char *fmt, ...)
{
	va_list ap;

	session_prefix(s);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* A refusal that `expect` waits for is an answer, so it goes to stdout. */
static void session_expected(const struct session *s, const char *what, const char *why,
			     const char *name)
{
	if (s->json)
		out_json(json_pack("{s:s, s:s, s:s}", "request", what, "refused", name,
				   "why", why));
	else
		printf("%s: %s (%s), as expected\n", what, why, name);
}

/* Says which request the kernel refused, and why. */
enum status session_refuse(struct session *s, enum request what, int err,
			   const char *fmt, ...)
{
	const char *why, *name;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	err = err < 0 ? -err : err;
	why = refusal_why(what, err);
	name = refusal_name(err);
	s->refused = err;
	if (s->expected == err)
		session_expected(s, text, why, name);
	else
		session_complain(s, "%s: %s (%s)", text, why, name);
	return STATUS_REFUSED;
}
