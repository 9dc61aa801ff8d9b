// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * stream.c - by a pipe, or by a unix socket: every byte is copied in and out again,
 * for each subscriber
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "frames.h"

static bool start(struct publisher *p)
{
	p->private = malloc(p->frame_bytes);
	return p->private;
}

static char *frame(struct publisher *p)
{
	return p->private;
}

static bool send_bytes(struct publisher *p, unsigned int to)
{
	const char *bytes = p->private;
	size_t left = p->frame_bytes;
	ssize_t n;

	for (; left; left -= n, bytes += n) {
		n = write(p->data[to], bytes, left);
		if (n <= 0)
			return false;
	}
	return true;
}

static void done(struct publisher *p)
{
}

static bool join(struct subscriber *s)
{
	s->private = malloc(s->frame_bytes);
	return s->private;
}

static const char *receive(struct subscriber *s)
{
	char *bytes = s->private;
	size_t left = s->frame_bytes;
	ssize_t n;

	for (; left; left -= n, bytes += n) {
		n = read(s->data, bytes, left);
		if (n <= 0)
			return NULL;
	}
	return s->private;
}

static void release(struct subscriber *s)
{
}

#define STREAM(title, what) {	\
	.name = (title),	\
	.stream = (what),	\
	.start = start,		\
	.frame = frame,		\
	.send = send_bytes,	\
	.done = done,		\
	.join = join,		\
	.receive = receive,	\
	.release = release,	\
}

const struct transport transport_pipe = STREAM("pipe", STREAM_PIPE);
const struct transport transport_socket = STREAM("unix socket", STREAM_SOCKET);
