// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pma.c - by share and claim
 *
 * The publisher allocates a block of whole pages, fills it in its mapping, and
 * shares it: a token goes over the control socket.  A subscriber claims the block
 * with it and reads it at the same offset of its own mapping; nothing is copied or
 * mapped for a frame.  Each frees its hold, and the last one to do so, or to die,
 * frees the block.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/pma.h>

#include "frames.h"

/**
 * struct side - one process's arena
 * @fd: its file
 * @base: of its mapping
 * @handle: of the frame at hand, or PMA_HANDLE_NONE
 * @token: for the frame at hand
 */
struct side {
	int fd;
	char *base;
	__u64 handle;
	__u64 token[2];
};

static struct side *open_arena(const char *device)
{
	struct side *side = malloc(sizeof(*side));
	struct pma_info info;

	if (!side)
		return NULL;
	side->handle = PMA_HANDLE_NONE;
	side->fd = open(device, O_RDWR | O_CLOEXEC);
	if (side->fd < 0 || ioctl(side->fd, PMA_IOC_INFO, &info))
		return NULL;
	side->base = mmap(NULL, info.region_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, side->fd, 0);
	return side->base == MAP_FAILED ? NULL : side;
}

static void free_frame(struct side *side)
{
	struct pma_free_args args = { .handle = side->handle };

	ioctl(side->fd, PMA_IOC_FREE, &args);
	side->handle = PMA_HANDLE_NONE;
}

static bool start(struct publisher *p)
{
	p->private = open_arena(p->device);
	return p->private;
}

/* Aligned to a page, so that it is whole pages: those can be shared. */
static char *frame(struct publisher *p)
{
	struct side *side = p->private;
	struct pma_alloc_args alloc = { .size = p->frame_bytes, .align = 4096 };
	struct pma_share_args share = { .nr_claims = p->nr_subscribers };

	if (ioctl(side->fd, PMA_IOC_ALLOC, &alloc))
		return NULL;
	side->handle = alloc.handle;
	share.handle = alloc.handle;
	if (ioctl(side->fd, PMA_IOC_SHARE, &share)) {
		free_frame(side);
		return NULL;
	}
	side->token[0] = share.token[0];
	side->token[1] = share.token[1];
	return side->base + side->handle;
}

static bool send_token(struct publisher *p, unsigned int to)
{
	const struct side *side = p->private;

	return send(p->control[to], side->token, sizeof(side->token), MSG_NOSIGNAL) ==
	       sizeof(side->token);
}

static void done(struct publisher *p)
{
	free_frame(p->private);
}

static bool join(struct subscriber *s)
{
	s->private = open_arena(s->device);
	return s->private;
}

static const char *receive(struct subscriber *s)
{
	struct side *side = s->private;
	struct pma_claim_args claim = { 0 };

	if (recv(s->control, claim.token, sizeof(claim.token), 0) != sizeof(claim.token))
		return NULL;
	/* A publisher that has died meanwhile has taken its tokens along. */
	if (ioctl(side->fd, PMA_IOC_CLAIM, &claim))
		return NULL;
	side->handle = claim.handle;
	return side->base + side->handle;
}

static void release(struct subscriber *s)
{
	free_frame(s->private);
}

const struct transport transport_pma = {
	.name = "pma share and claim",
	.start = start,
	.frame = frame,
	.send = send_token,
	.done = done,
	.join = join,
	.receive = receive,
	.release = release,
};
