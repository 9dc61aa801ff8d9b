// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * memfd.c - by a memfd for each frame, whose descriptor is sent with SCM_RIGHTS and
 * mapped by each subscriber
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"

struct side {
	int fd;
	char *frame;
};

static bool map_frame(struct side *side, size_t bytes, int prot)
{
	side->frame = mmap(NULL, bytes, prot, MAP_SHARED, side->fd, 0);
	return side->frame != MAP_FAILED;
}

static void drop_frame(struct side *side, size_t bytes)
{
	munmap(side->frame, bytes);
	close(side->fd);
}

static bool start(struct publisher *p)
{
	p->private = calloc(1, sizeof(struct side));
	return p->private;
}

static char *frame(struct publisher *p)
{
	struct side *side = p->private;

	side->fd = memfd_create("frame", MFD_CLOEXEC);
	if (side->fd < 0)
		return NULL;
	if (ftruncate(side->fd, p->frame_bytes) ||
	    !map_frame(side, p->frame_bytes, PROT_READ | PROT_WRITE)) {
		close(side->fd);
		return NULL;
	}
	return side->frame;
}

/* A message of one byte, with room for one descriptor beside it. */
struct parcel {
	char byte;
	struct iovec iov;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg;
};

static void wrap(struct parcel *parcel)
{
	memset(parcel, 0, sizeof(*parcel));
	parcel->iov.iov_base = &parcel->byte;
	parcel->iov.iov_len = 1;
	parcel->msg.msg_iov = &parcel->iov;
	parcel->msg.msg_iovlen = 1;
	parcel->msg.msg_control = parcel->control.bytes;
	parcel->msg.msg_controllen = sizeof(parcel->control.bytes);
}

static bool send_fd(struct publisher *p, unsigned int to)
{
	const struct side *side = p->private;
	struct parcel parcel;
	struct cmsghdr *cmsg;

	wrap(&parcel);
	cmsg = CMSG_FIRSTHDR(&parcel.msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &side->fd, sizeof(int));
	return sendmsg(p->control[to], &parcel.msg, MSG_NOSIGNAL) == 1;
}

static void done(struct publisher *p)
{
	drop_frame(p->private, p->frame_bytes);
}

static bool join(struct subscriber *s)
{
	s->private = calloc(1, sizeof(struct side));
	return s->private;
}

static const char *receive(struct subscriber *s)
{
	struct side *side = s->private;
	struct parcel parcel;
	struct cmsghdr *cmsg;

	wrap(&parcel);
	if (recvmsg(s->control, &parcel.msg, MSG_CMSG_CLOEXEC) != 1)
		return NULL;
	cmsg = CMSG_FIRSTHDR(&parcel.msg);
	if (!cmsg)
		return NULL;
	memcpy(&side->fd, CMSG_DATA(cmsg), sizeof(int));
	if (map_frame(side, s->frame_bytes, PROT_READ))
		return side->frame;
	close(side->fd);
	return NULL;
}

static void release(struct subscriber *s)
{
	drop_frame(s->private, s->frame_bytes);
}

const struct transport transport_memfd = {
	.name = "memfd and SCM_RIGHTS",
	.start = start,
	.frame = frame,
	.send = send_fd,
	.done = done,
	.join = join,
	.receive = receive,
	.release = release,
};
