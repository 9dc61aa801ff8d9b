// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * wait.c - requests that wait for memory, and poll() at the low-water mark
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define LONG_MS		20000	/* longer than anything here takes */
#define SHORT_MS	100
#define WAITERS		12

static int wait_alloc(int fd, __u64 size, __u32 timeout_ms, __u64 *handle)
{
	struct pma_alloc_args args = {
		.size = size,
		.flags = PMA_WAIT,
		.timeout_ms = timeout_ms,
	};
	int err = device_call(fd, PMA_IOC_ALLOC, &args);

	*handle = args.handle;
	return err;
}

static int alloc(int fd, __u64 size, __u64 *handle)
{
	__u64 usable;

	return device_alloc(fd, size, 0, 0, handle, &usable);
}

static void set_limit(struct test *t, int fd, __u32 limit)
{
	struct pma_limit_args args = { .flags = PMA_LIMIT_LIMIT, .limit = limit };

	WANT_OK(t, device_limit(fd, &args));
}

static void set_low(struct test *t, int fd, __u32 low)
{
	struct pma_limit_args args = { .flags = PMA_LIMIT_LOW, .low = low };

	WANT_OK(t, device_limit(fd, &args));
}

static long now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

/* One that waits in a thread of its own. */
struct waiter {
	pthread_t thread;
	int fd;
	__u64 size;
	__u32 timeout_ms;
	atomic_bool done;
	int err;
	__u64 handle;
};

static void *waiter_run(void *data)
{
	struct waiter *waiter = data;

	waiter->err = wait_alloc(waiter->fd, waiter->size, waiter->timeout_ms, &waiter->handle);
	waiter->done = true;
	return NULL;
}

static void waiter_begin(struct waiter *waiter, int fd, __u64 size)
{
	*waiter = (struct waiter){ .fd = fd, .size = size, .timeout_ms = LONG_MS };
	pthread_create(&waiter->thread, NULL, waiter_run, waiter);
}

static void waiter_end(struct test *t, struct waiter *waiter, int err)
{
	pthread_join(waiter->thread, NULL);
	WANT_ERR(t, waiter->err, -err);
}

/* It sleeps: it has had time to begin, and has not come back. */
static void waiter_sleeps(struct test *t, struct waiter *waiter)
{
	pause_ms(SHORT_MS / 2);
	WANT_TRUE(t, !waiter->done);
}

static void wait_bad_args(struct test *t)
{
	struct pma_alloc_args alloc_args = { .size = 64, .timeout_ms = 1 };
	struct pma_realloc_args realloc_args = {
		.handle = PMA_HANDLE_NONE, .size = 64, .timeout_ms = 1,
	};
	struct pma_batch_entry entry = { .op = PMA_BATCH_ALLOC, .size = 64, .flags = PMA_WAIT };
	struct pma_batch_args batch = { .entries = (uintptr_t)&entry, .nr = 1 };
	__u64 handle;
	struct pma_alloc_batch_args alloc_batch = {
		.handles = (uintptr_t)&handle, .size = 64, .flags = PMA_WAIT, .nr = 1,
	};

	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_ALLOC, &alloc_args), EINVAL,
		     COUNTER(bad_args));
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_REALLOC, &realloc_args), EINVAL,
		     COUNTER(bad_args));
	WANT_REFUSED(t, t->fd, wait_alloc(t->fd, 0, 0, &handle), EINVAL, COUNTER(bad_args));
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_BATCH, &batch), 0, COUNTER(bad_args));
	WANT_ERR(t, entry.result, EINVAL);
	WANT_REFUSED(t, t->fd, device_alloc_batch(t->fd, &alloc_batch), EINVAL, COUNTER(bad_args));
	/* Where there is room there is nothing to wait for. */
	WANT_OK(t, wait_alloc(t->fd, 64, 1, &handle));
	realloc_args.handle = handle;
	realloc_args.flags = PMA_WAIT;
	WANT_OK(t, device_call(t->fd, PMA_IOC_REALLOC, &realloc_args));
}

/* What can never be does not wait; these would wait for ever. */
static void wait_never(struct test *t)
{
	const __u64 page = t->info.page_size;
	__u64 handle;

	WANT_REFUSED(t, t->fd, wait_alloc(t->fd, t->info.region_bytes + 1, 0, &handle), ENOMEM,
		     COUNTER(failed));
	WANT_REFUSED(t, t->fd, wait_alloc(t->fd, ~0ULL, 0, &handle), ENOMEM, COUNTER(failed));
	set_limit(t, t->fd, 3);
	WANT_REFUSED(t, t->fd, wait_alloc(t->fd, 4 * page, 0, &handle), ENOMEM, COUNTER(failed));
	set_limit(t, t->fd, 0);
	WANT_REFUSED(t, t->fd, wait_alloc(t->fd, 1, 0, &handle), ENOMEM, COUNTER(failed));
}

static void wait_times_out(struct test *t)
{
	struct pma_realloc_args args = { .flags = PMA_WAIT, .timeout_ms = SHORT_MS };
	long begin = now_ms();
	struct block block;
	__u64 handle;

	set_limit(t, t->fd, 2);
	if (!block_alloc(t, t->fd, t->info.page_size, &block) ||
	    !block_alloc(t, t->fd, t->info.page_size, &block))
		return;
	WANT_REFUSED(t, t->fd, wait_alloc(t->fd, 64, SHORT_MS, &handle), ETIMEDOUT,
		     COUNTER(failed));
	WANT_TRUE(t, now_ms() - begin >= SHORT_MS);
	args.handle = block.handle;
	args.size = 2 * t->info.page_size;
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_REALLOC, &args), ETIMEDOUT,
		     COUNTER(failed));
}

static void on_alarm(int sig)
{
}

static void wait_is_interrupted(struct test *t)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct block block;
	__u64 handle;

	set_limit(t, t->fd, 1);
	if (!block_alloc(t, t->fd, t->info.page_size, &block))
		return;
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	WANT_REFUSED(t, t->fd, wait_alloc(t->fd, 64, 0, &handle), EINTR, COUNTER(failed));
	alarm(0);
	signal(SIGALRM, SIG_DFL);
}

/* All that makes room in an arena at its limit wakes who waits for it. */
static void wait_for_arena(struct test *t)
{
	const __u64 page = t->info.page_size;
	struct block small, big;
	struct waiter waiter;
	__u64 usable;
	int how;

	for (how = 0; how < 5; how++) {
		test_context(t, "way %d", how);
		WANT_OK(t, device_reset(t->fd));
		set_limit(t, t->fd, 4);
		if (!block_alloc(t, t->fd, 3 * page, &big) ||
		    !block_alloc(t, t->fd, page / 2, &small) ||
		    !block_alloc(t, t->fd, page / 2, &small))
			return;
		waiter_begin(&waiter, t->fd, how ? page : page / 2);
		waiter_sleeps(t, &waiter);
		switch (how) {
		case 0:		/* room in a page that stays */
			block_free(t, t->fd, &small);
			break;
		case 1:
			block_free(t, t->fd, &big);
			break;
		case 2:
			WANT_OK(t, device_realloc(t->fd, &big.handle, page, 0, 0, &usable));
			break;
		case 3:
			WANT_OK(t, device_reset(t->fd));
			break;
		case 4:
			set_limit(t, t->fd, 5);
			break;
		}
		waiter_end(t, &waiter, 0);
		WANT(t, stats_get(t, t->fd).failed, 0);
	}
}

/* The same with a mapping, where freed pages are held before they go back. */
static void wait_for_mapped_arena(struct test *t)
{
	char *base;

	if (!reach_can(t))
		return;
	base = reach_map(t, t->fd);
	wait_for_arena(t);
	if (base)
		reach_unmap(t, base);
}

/* What another arena gives back wakes who waits for the pool, held or not. */
static void wait_for_pool(struct test *t)
{
	int other = block_open(t, O_RDWR), how;
	struct waiter waiter;
	char *base = NULL;
	__u64 handle = 0;

	for (how = 0; how < 3; how++) {
		test_context(t, "way %d", how);
		if (how == 1 && t->info.page_size >= (__u32)sysconf(_SC_PAGESIZE))
			base = reach_map(t, other);
		while (!alloc(other, t->info.page_size, &handle))
			if (base)
				reach_write(base + handle, 1);
		waiter_begin(&waiter, t->fd, t->info.page_size);
		waiter_sleeps(t, &waiter);
		if (how == 2) {
			if (base)
				reach_unmap(t, base);
			close(other);
		} else {
			WANT_OK(t, device_free(other, 0));
		}
		waiter_end(t, &waiter, 0);
		WANT_OK(t, device_free(t->fd, waiter.handle));
	}
}

/* Nobody's large request is in the way of a small one, and each free serves one. */
static void wait_in_turn(struct test *t)
{
	struct waiter waiters[WAITERS], large;
	__u32 done, round, i;
	__u64 handles[WAITERS + 1];

	set_limit(t, t->fd, WAITERS + 1);
	for (i = 0; i < WAITERS + 1; i++)
		WANT_OK(t, alloc(t->fd, t->info.page_size, &handles[i]));
	waiter_begin(&large, t->fd, (WAITERS + 1) * t->info.page_size);
	waiter_sleeps(t, &large);
	for (i = 0; i < WAITERS; i++)
		waiter_begin(&waiters[i], t->fd, t->info.page_size);
	for (round = 0; round < WAITERS; round++) {
		long begin = now_ms();

		WANT_OK(t, device_free(t->fd, handles[round]));
		do {
			pause_ms(1);
			for (done = 0, i = 0; i < WAITERS; i++)
				done += waiters[i].done;
		} while (done <= round && now_ms() - begin < LONG_MS / 2);
		WANT(t, done, round + 1);
	}
	for (i = 0; i < WAITERS; i++)
		waiter_end(t, &waiters[i], 0);
	WANT_TRUE(t, !large.done);
	for (i = 0; i < WAITERS; i++)
		WANT_OK(t, device_free(t->fd, waiters[i].handle));
	WANT_OK(t, device_free(t->fd, handles[WAITERS]));
	waiter_end(t, &large, 0);
}

/* Threads that wait for each other's blocks: a lost wake-up is a timeout. */
struct crowd {
	struct test *t;
	int fd;
	atomic_uint failed;
	unsigned int seed;
};

static void *crowd_run(void *data)
{
	struct crowd *crowd = data;
	unsigned int seed = ++crowd->seed, i;
	struct test *t = crowd->t;
	__u64 handle;

	for (i = 0; i < t->ops / 10 && test_goes_on(t); i++) {
		__u64 size = rand_r(&seed) % 4 ? t->info.page_size : t->info.page_size / 2;

		if (wait_alloc(crowd->fd, size, LONG_MS, &handle))
			crowd->failed++;
		else if (device_free(crowd->fd, handle))
			crowd->failed++;
	}
	return NULL;
}

static void wait_crowd(struct test *t)
{
	struct crowd crowd = { .t = t, .fd = t->fd };
	pthread_t threads[8];
	unsigned int i;

	set_limit(t, t->fd, 2);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_create(&threads[i], NULL, crowd_run, &crowd);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	WANT(t, crowd.failed, 0);
	WANT(t, stats_get(t, t->fd).failed, 0);
}

/* poll() */

static bool readable(struct test *t, int fd, int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLRDNORM | POLLOUT };
	int n = poll(&pollfd, 1, timeout_ms);

	if (n <= 0)
		return false;
	WANT(t, pollfd.revents, POLLIN | POLLRDNORM);
	return true;
}

static void poll_level(struct test *t)
{
	__u64 handles[6];
	size_t i;

	WANT_TRUE(t, !readable(t, t->fd, 0));
	set_limit(t, t->fd, 6);
	WANT_TRUE(t, !readable(t, t->fd, 0));
	set_low(t, t->fd, 3);
	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		WANT(t, readable(t, t->fd, 0), i > 3);
		WANT_OK(t, alloc(t->fd, t->info.page_size, &handles[i]));
	}
	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		WANT(t, readable(t, t->fd, 0), i < 3);
		WANT_OK(t, device_free(t->fd, handles[i]));
	}
	set_low(t, t->fd, 7);
	WANT_TRUE(t, readable(t, t->fd, 0));
	set_low(t, t->fd, 0);
	set_limit(t, t->fd, 0);
	WANT_TRUE(t, !readable(t, t->fd, 0));
}

struct poller {
	struct test *t;
	int fd;
	atomic_bool seen;
};

static void *poller_run(void *data)
{
	struct poller *poller = data;

	poller->seen = readable(poller->t, poller->fd, LONG_MS);
	return NULL;
}

/* Who sleeps in poll() is woken, by what its own arena takes and by what others do. */
static void poll_wakes(struct test *t)
{
	struct pma_limit_args args = { };
	struct poller poller;
	pthread_t thread;
	__u64 handle;
	int by, fd;

	for (by = 0; by < 2; by++) {
		test_context(t, "by %s", by ? "another" : "itself");
		fd = by ? block_open(t, O_RDWR) : t->fd;
		WANT_OK(t, device_limit(t->fd, &args));
		set_low(t, t->fd, args.available);
		poller = (struct poller){ .t = t, .fd = t->fd };
		pthread_create(&thread, NULL, poller_run, &poller);
		pause_ms(SHORT_MS / 2);
		WANT_TRUE(t, !poller.seen);
		WANT_OK(t, alloc(fd, t->info.page_size, &handle));
		pthread_join(thread, NULL);
		WANT_TRUE(t, poller.seen);
		WANT_OK(t, device_free(fd, handle));
		if (by)
			close(fd);
	}
}

static unsigned int edges(int epoll, int timeout_ms)
{
	struct epoll_event event;
	unsigned int n = 0;

	while (epoll_wait(epoll, &event, 1, timeout_ms) == 1) {
		n++;
		timeout_ms = SHORT_MS / 5;
	}
	return n;
}

/* With EPOLLET one edge a crossing, and none between. */
static void poll_edges(struct test *t)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	__u64 handles[8];
	int epoll = epoll_create1(EPOLL_CLOEXEC), round;
	size_t i;

	set_limit(t, t->fd, ARRAY_SIZE(handles));
	set_low(t, t->fd, 4);
	WANT(t, epoll_ctl(epoll, EPOLL_CTL_ADD, t->fd, &event), 0);
	WANT(t, edges(epoll, 0), 0);
	for (round = 0; round < 3; round++) {
		test_context(t, "round %d", round);
		for (i = 0; i < 5; i++)
			WANT_OK(t, alloc(t->fd, t->info.page_size, &handles[i]));
		WANT(t, edges(epoll, LONG_MS), 1);
		for (; i < ARRAY_SIZE(handles); i++)
			WANT_OK(t, alloc(t->fd, t->info.page_size, &handles[i]));
		/* up to the mark, and down again: no crossing */
		for (i = 4; i > 1; i--)
			WANT_OK(t, device_free(t->fd, handles[i]));
		for (i = 4; i > 1; i--)
			WANT_OK(t, alloc(t->fd, t->info.page_size, &handles[i]));
		WANT(t, edges(epoll, SHORT_MS / 5), 0);
		for (i = 0; i < ARRAY_SIZE(handles); i++)
			WANT_OK(t, device_free(t->fd, handles[i]));
		WANT(t, edges(epoll, SHORT_MS / 5), 0);
	}
	close(epoll);
	set_low(t, t->fd, 0);
}

const struct test_case wait_cases[] = {
	{ "wait_bad_args", wait_bad_args },
	{ "wait_never", wait_never },
	{ "wait_times_out", wait_times_out },
	{ "wait_is_interrupted", wait_is_interrupted },
	{ "wait_for_arena", wait_for_arena },
	{ "wait_for_mapped_arena", wait_for_mapped_arena },
	{ "wait_for_pool", wait_for_pool },
	{ "wait_in_turn", wait_in_turn },
	{ "wait_crowd", wait_crowd },
	{ "poll_level", poll_level },
	{ "poll_wakes", poll_wakes },
	{ "poll_edges", poll_edges },
	{ }
};
