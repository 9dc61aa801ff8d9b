// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * frames.c - a publisher and its subscribers, over pma and over what else there is
 *
 *	frames [--device=PATH] [--frames=N] [--bytes=N] [--subscribers=N]
 *
 * Each frame is filled by the publisher, handed to all subscribers, looked at in
 * full by each of them, and acknowledged.  First in four ways that are timed one
 * after the other.  Then once more over pma, with accidents: a third of the way a
 * subscriber is killed while it holds a frame, at two thirds the publisher is, and
 * the others look at the frame that he left them.  In the end the pool must have as
 * many free pages as in the beginning.
 *
 * Exit status 0 if every frame was as it should be and nothing was left behind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/pma.h>
#include <linux/types.h>

#include "frames.h"

#define NEVER	(~(__u32)0)

/**
 * struct run - one run over one transport
 * @transport: the way
 * @device: path of /dev/pma
 * @nr_frames: to send
 * @frame_bytes: of each
 * @nr_subscribers: at the start
 * @hold_one: frame that the first subscriber goes to its death with
 * @hold_all: frame that all subscribers hold until the publisher is dead
 * @shared: what the processes tell
 */
struct run {
	const struct transport *transport;
	const char *device;
	__u32 nr_frames;
	size_t frame_bytes;
	unsigned int nr_subscribers;
	__u32 hold_one;
	__u32 hold_all;
	struct {
		atomic_uint received;
		atomic_uint wrong;
		atomic_uint failed;
		atomic_uint holding;
		atomic_uint outlived;
		atomic_ullong ns;
	} *shared;
};

static void die(const char *what)
{
	fprintf(stderr, "frames: %s: %s\n", what, strerror(errno));
	exit(1);
}

static __u64 now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static __u64 word_of(__u32 number, size_t i)
{
	return number * 0x9e3779b97f4a7c15ULL + i;
}

static void fill(char *frame, size_t bytes, __u32 number)
{
	__u64 *words = (__u64 *)frame;
	size_t i;

	for (i = 0; i < bytes / sizeof(*words); i++)
		words[i] = word_of(number, i);
}

static bool is_right(const char *frame, size_t bytes, __u32 number)
{
	const __u64 *words = (const __u64 *)frame;
	size_t i;

	for (i = 0; i < bytes / sizeof(*words); i++)
		if (words[i] != word_of(number, i))
			return false;
	return true;
}

/* The publisher. */

static void drop(struct publisher *p, unsigned int which)
{
	close(p->control[which]);
	close(p->data[which]);
	p->control[which] = -1;
}

static bool publish(const struct run *run, struct publisher *p, __u32 number)
{
	char *frame = run->transport->frame(p), byte;
	unsigned int i;

	if (!frame)
		return false;
	fill(frame, run->frame_bytes, number);
	for (i = 0; i < run->nr_subscribers; i++)
		if (p->control[i] >= 0 && !run->transport->send(p, i))
			drop(p, i);
	for (i = 0; i < run->nr_subscribers; i++)
		if (p->control[i] >= 0 && recv(p->control[i], &byte, 1, 0) != 1)
			drop(p, i);
	run->transport->done(p);
	return true;
}

static int be_publisher(const struct run *run, struct publisher *p)
{
	__u64 begin;
	__u32 i;

	signal(SIGPIPE, SIG_IGN);
	if (!run->transport->start(p))
		return 1;
	begin = now_ns();
	for (i = 0; i < run->nr_frames; i++)
		if (!publish(run, p, i))
			return 1;
	run->shared->ns = now_ns() - begin;
	return 0;
}

/* A subscriber. */

/* Until the publisher is dead, the other end of the socket with him. */
static void outlive(const struct run *run, const struct subscriber *s)
{
	char byte;

	run->shared->holding++;
	while (recv(s->control, &byte, 1, 0) > 0)
		;
	run->shared->outlived++;
}

static int be_subscriber(const struct run *run, struct subscriber *s, unsigned int which)
{
	const char *frame;
	__u32 i;

	if (!run->transport->join(s))
		return 1;
	for (i = 0; (frame = run->transport->receive(s)); i++) {
		if (i == run->hold_one && which == 0) {
			run->shared->holding++;
			pause();
		}
		if (i == run->hold_all)
			outlive(run, s);
		if (!is_right(frame, run->frame_bytes, i))
			run->shared->wrong++;
		run->shared->received++;
		run->transport->release(s);
		if (send(s->control, "", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	return 0;
}

/* Both, and who starts them. */

static void connect_all(const struct run *run, struct publisher *p, struct subscriber *s)
{
	unsigned int i;
	int pair[2];

	for (i = 0; i < run->nr_subscribers; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
			die("socketpair");
		p->control[i] = pair[0];
		s[i].control = pair[1];
		pair[0] = -1;
		pair[1] = -1;
		if (run->transport->stream == STREAM_SOCKET &&
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
			die("socketpair");
		if (run->transport->stream == STREAM_PIPE && pipe2(pair, O_CLOEXEC))
			die("pipe");
		/* A pipe's [0] is the end to read from. */
		s[i].data = pair[0];
		p->data[i] = pair[1];
		if (run->transport->stream == STREAM_PIPE)
			fcntl(pair[1], F_SETPIPE_SZ, 1 << 20);
		s[i].device = run->device;
		s[i].frame_bytes = run->frame_bytes;
	}
}

static void close_publisher(const struct run *run, const struct publisher *p)
{
	unsigned int i;

	for (i = 0; i < run->nr_subscribers; i++) {
		close(p->control[i]);
		close(p->data[i]);
	}
}

static void close_subscribers(const struct run *run, const struct subscriber *s, unsigned int but)
{
	unsigned int i;

	for (i = 0; i < run->nr_subscribers; i++) {
		if (i == but)
			continue;
		close(s[i].control);
		close(s[i].data);
	}
}

static void wait_holding(const struct run *run, unsigned int nr, pid_t publisher)
{
	while (run->shared->holding < nr && !waitpid(publisher, NULL, WNOHANG))
		usleep(1000);
}

/* True if all went well. */
static bool run_all(struct run *run)
{
	struct subscriber s[SUBSCRIBERS_MAX];
	struct publisher p = {
		.device = run->device,
		.frame_bytes = run->frame_bytes,
		.nr_subscribers = run->nr_subscribers,
	};
	pid_t subscribers[SUBSCRIBERS_MAX], publisher;
	unsigned int i;
	int status = 0;

	connect_all(run, &p, s);
	fflush(stdout);
	for (i = 0; i < run->nr_subscribers; i++) {
		subscribers[i] = fork();
		if (subscribers[i])
			continue;
		close_publisher(run, &p);
		close_subscribers(run, s, i);
		_exit(be_subscriber(run, &s[i], i));
	}
	publisher = fork();
	if (!publisher) {
		close_subscribers(run, s, NEVER);
		_exit(be_publisher(run, &p));
	}
	close_publisher(run, &p);
	close_subscribers(run, s, NEVER);
	if (run->hold_one != NEVER) {
		wait_holding(run, 1, publisher);
		kill(subscribers[0], SIGKILL);
		wait_holding(run, run->nr_subscribers, publisher);
		kill(publisher, SIGKILL);
	}
	waitpid(publisher, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		run->shared->failed++;
	for (i = 0; i < run->nr_subscribers; i++) {
		waitpid(subscribers[i], &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status))
			run->shared->failed++;
	}
	return !run->shared->failed && !run->shared->wrong;
}

/* The runs. */

static bool time_transport(struct run *run, double *us)
{
	__u32 wanted = run->nr_frames * run->nr_subscribers;
	bool ok;

	memset(run->shared, 0, sizeof(*run->shared));
	ok = run_all(run) && run->shared->received == wanted;
	*us = run->shared->ns / 1e3 / run->nr_frames;
	if (!ok)
		printf("%-22s FAILED: %u of %u frames received, %u wrong, %u processes failed\n",
		       run->transport->name, run->shared->received, wanted, run->shared->wrong,
		       run->shared->failed);
	return ok;
}

static bool compare(struct run *run)
{
	const struct transport * const transports[] = {
		&transport_pma, &transport_memfd, &transport_pipe, &transport_socket,
	};
	double us, of_pma = 0;
	bool ok = true;
	size_t i;

	printf("%u frames of %zu bytes to %u subscribers\n\n", run->nr_frames, run->frame_bytes,
	       run->nr_subscribers);
	printf("%-22s %12s %12s %8s\n", "transport", "us a frame", "MB/s", "of pma");
	for (i = 0; i < sizeof(transports) / sizeof(*transports); i++) {
		run->transport = transports[i];
		if (!time_transport(run, &us)) {
			ok = false;
			continue;
		}
		of_pma = i ? of_pma : us;
		printf("%-22s %12.1f %12.1f %8.2f\n", run->transport->name, us,
		       run->frame_bytes * run->nr_subscribers / us, us / of_pma);
	}
	return ok;
}

static bool with_accidents(struct run *run)
{
	unsigned int left = run->nr_subscribers - 1;
	bool ok;

	run->transport = &transport_pma;
	run->hold_one = run->nr_frames / 3;
	run->hold_all = run->nr_frames * 2 / 3;
	memset(run->shared, 0, sizeof(*run->shared));
	ok = run_all(run) && run->shared->outlived == left &&
	     run->shared->received == run->hold_one + left * (run->hold_all + 1);
	printf("\nover pma, with accidents: %u frames received, %u wrong\n", run->shared->received,
	       run->shared->wrong);
	printf("subscriber 1 was killed with frame %u in its hands\n", run->hold_one);
	printf("the publisher was killed after frame %u, which %u subscribers read then\n",
	       run->hold_all, run->shared->outlived);
	return ok;
}

static int free_pages(const char *device, __u32 *nr)
{
	struct pma_check_args check = { 0 };
	struct pma_stats stats;
	int fd = open(device, O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, PMA_IOC_STATS, &stats) || ioctl(fd, PMA_IOC_CHECK, &check))
		return -1;
	close(fd);
	*nr = stats.pool_free_pages;
	return check.errors ? -1 : 0;
}

static unsigned long parse_number(const char *text, unsigned long least, unsigned long most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (*end || end == text || value < least || value > most) {
		fprintf(stderr, "frames: %s is not a number from %lu to %lu\n", text, least, most);
		exit(2);
	}
	return value;
}

static void parse(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "frames", required_argument, NULL, 'f' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "subscribers", required_argument, NULL, 's' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			run->device = optarg;
			break;
		case 'f':
			run->nr_frames = parse_number(optarg, 3, 100000000);
			break;
		case 'b':
			run->frame_bytes = parse_number(optarg, 4096, 1 << 30) & ~7UL;
			break;
		case 's':
			run->nr_subscribers = parse_number(optarg, 2, SUBSCRIBERS_MAX);
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct run run = {
		.device = "/dev/pma",
		.nr_frames = 300,
		.frame_bytes = 1 << 20,
		.nr_subscribers = 3,
		.hold_one = NEVER,
		.hold_all = NEVER,
	};
	__u32 before, after;
	bool ok;

	parse(&run, argc, argv);
	run.shared = mmap(NULL, sizeof(*run.shared), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.shared == MAP_FAILED)
		die("mmap");
	if (free_pages(run.device, &before))
		die(run.device);
	ok = compare(&run);
	ok = with_accidents(&run) && ok;
	if (free_pages(run.device, &after))
		die(run.device);
	printf("free pages before %u, after %u\n", before, after);
	return !ok || before != after;
}
