// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * handover.c - what it costs to give 1 MiB to somebody else
 *
 *  handover-1M		from the making of the message until the other one, who touches
 *			its first byte, has let it go
 *  handover-1M-all	the other one touches each frame
 *
 * pma: SHARE, a token through a pipe, CLAIM, touch, FREE; the owner keeps the block
 * and sends it again and again, as who has a ring of frames does.  pma-new: it is
 * allocated for each message and the owner frees it first, so that it is zeroed for
 * the next.  memfd: made and mapped for each message.  pipe: copied.
 *
 * Both ends are in one process: a switch between two would come on top of each of
 * these alike.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/pma.h>

#include "device.h"
#include "measure.h"

static int sockets[2], pipes[2];

union fd_message {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static void send_fd(int fd)
{
	union fd_message message = {};
	char byte = 0;
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr head = {
		.msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = &message, .msg_controllen = sizeof(message),
	};

	message.header.cmsg_len = CMSG_LEN(sizeof(int));
	message.header.cmsg_level = SOL_SOCKET;
	message.header.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&message.header), &fd, sizeof(fd));
	must(sendmsg(sockets[0], &head, 0), "sendmsg");
}

static int receive_fd(void)
{
	union fd_message message;
	char byte;
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr head = {
		.msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = &message, .msg_controllen = sizeof(message),
	};
	int fd;

	must(recvmsg(sockets[1], &head, MSG_CMSG_CLOEXEC), "recvmsg");
	memcpy(&fd, CMSG_DATA(&message.header), sizeof(fd));
	return fd;
}

static __u64 repeat_memfd(unsigned int touched)
{
	__u64 begin = measure_now();
	int fd = make_memfd(), received;
	char *at;

	send_fd(fd);
	received = receive_fd();
	at = map(received, 0, MIB, MAP_SHARED);
	touch(at, touched);
	munmap(at, MIB);
	close(received);
	close(fd);
	return measure_now() - begin;
}

/* A pipe copies; it holds 64 KiB. */
static __u64 repeat_pipe(unsigned int touched)
{
	static char from[MIB], to[MIB];
	__u64 begin = measure_now();
	size_t i;

	for (i = 0; i < MIB; i += MIB / 16) {
		must(write(pipes[1], from + i, MIB / 16), "write");
		must(read(pipes[0], to + i, MIB / 16), "read");
	}
	touch(to, touched);
	return measure_now() - begin;
}

static struct arena owner, other;
static __u64 frame;

void open_pipe(void)
{
	must(pipe2(pipes, O_CLOEXEC), "pipe2");
}

/* By a token that goes through the pipe. */
void share_big(const struct arena *arena, __u64 handle, __u32 flags)
{
	struct pma_share_args args = { .handle = handle, .flags = flags, .nr_claims = 1 };

	must(ioctl(arena->fd, PMA_IOC_SHARE, &args), "PMA_IOC_SHARE");
	must(write(pipes[1], args.token, sizeof(args.token)), "write");
}

__u64 claim_big(const struct arena *arena)
{
	struct pma_claim_args args = { };

	must(read(pipes[0], args.token, sizeof(args.token)), "read");
	must(ioctl(arena->fd, PMA_IOC_CLAIM, &args), "PMA_IOC_CLAIM");
	return args.handle;
}

static __u64 repeat_pma(unsigned int touched)
{
	__u64 begin = measure_now(), handle;

	share_big(&owner, frame, PMA_SHARE_WRITE);
	handle = claim_big(&other);
	touch(other.base + handle, touched);
	free_big(&other, handle);
	return measure_now() - begin;
}

static __u64 repeat_pma_new(unsigned int touched)
{
	__u64 begin = measure_now(), handle = alloc_big(&owner);

	share_big(&owner, handle, PMA_SHARE_WRITE);
	claim_big(&other);
	free_big(&owner, handle);
	touch(other.base + handle, touched);
	free_big(&other, handle);
	return measure_now() - begin;
}

/* With --allocator=NAME, of that one only. */
static void report(const char *name, const char *allocator, __u64 (*repeat)(unsigned int),
		   unsigned int touched)
{
	if (!strcmp(measure_allocator, "kernel") || !strcmp(measure_allocator, allocator))
		measure_report_ticks(name, allocator, median_of(repeat, touched), 1);
}

static void run_pma(const char *name, unsigned int touched)
{
	owner = open_arena();
	other = open_arena();
	frame = alloc_big(&owner);
	touch(owner.base + frame, MIB);
	report(name, "pma", repeat_pma, touched);
	report(name, "pma-new", repeat_pma_new, touched);
	close_arena(&owner);
	close_arena(&other);
}

void run_handovers(const char *name, unsigned int touched)
{
	if (!measure_wants(name))
		return;
	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets), "socketpair");
	run_pma(name, touched);
	report(name, "memfd", repeat_memfd, touched);
	report(name, "pipe", repeat_pipe, touched);
	close(sockets[0]);
	close(sockets[1]);
}
