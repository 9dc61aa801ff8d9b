// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * handover.c - blocks that processes hand to each other, and that outlive them
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

#define PAGES	3

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* What a child tells its parent of a block it has shared. */
struct offer {
	struct block block;
	__u64 token[2];
};

/* A child that owns a block, offers it, and waits to be killed. */
static pid_t child_offers(struct test *t, struct offer *offer, __u32 nr_claims)
{
	int pipes[2];
	pid_t child;
	int fd;

	if (pipe(pipes))
		return -1;
	child = fork();
	if (child) {
		WANT(t, read(pipes[0], offer, sizeof(*offer)), sizeof(*offer));
		close(pipes[0]);
		close(pipes[1]);
		return child;
	}
	fd = device_open(t->device, O_RDWR);
	offer->block.size = PAGES * t->info.page_size;
	if (device_alloc(fd, offer->block.size, 0, 0, &offer->block.handle, &offer->block.usable) ||
	    device_share(fd, offer->block.handle, PMA_SHARE_WRITE, nr_claims, offer->token))
		_exit(1);
	block_fill(t, fd, &offer->block, 42);
	if (write(pipes[1], offer, sizeof(*offer)) != sizeof(*offer))
		_exit(1);
	for (;;)
		pause();
}

static void kill_child(struct test *t, pid_t child)
{
	int status;

	WANT(t, kill(child, SIGKILL), 0);
	WANT(t, waitpid(child, &status, 0), child);
	WANT_TRUE(t, WIFSIGNALED(status));
}

/* The block outlives its owner if it was claimed; the token does not. */
static void handover_owner_dies(struct test *t)
{
	__u32 free_before = stats_get(t, t->fd).pool_free_pages;
	int other = block_open(t, O_RDWR);
	__u64 handle, usable;
	struct offer offer;
	char *base = NULL;
	pid_t child;

	if (other < 0)
		return;
	child = child_offers(t, &offer, 2);
	WANT_OK(t, device_claim(t->fd, offer.token, &handle, &usable));
	WANT(t, handle, offer.block.handle);
	kill_child(t, child);
	WANT_REFUSED(t, other, device_claim(other, offer.token, &handle, &usable), EKEYREJECTED,
		     COUNTER(bad_token));
	block_verify(t, t->fd, &offer.block, offer.block.usable);
	if (reach_can(t)) {
		base = reach_map(t, t->fd);
		reach_verify(t, base, &offer.block);
		reach_fill(base, &offer.block, 43);
	}
	t->skipped = NULL;
	WANT(t, stats_get(t, t->fd).pool_free_pages, free_before - PAGES);
	block_free(t, t->fd, &offer.block);
	WANT(t, stats_get(t, t->fd).pool_free_pages, free_before);
	reach_unmap(t, base);
	close(other);
}

static void handover_owner_dies_first(struct test *t)
{
	__u32 free_before = stats_get(t, t->fd).pool_free_pages;
	__u64 handle, usable;
	struct offer offer;

	kill_child(t, child_offers(t, &offer, 2));
	WANT(t, stats_get(t, t->fd).pool_free_pages, free_before);
	WANT_REFUSED(t, t->fd, device_claim(t->fd, offer.token, &handle, &usable), EKEYREJECTED,
		     COUNTER(bad_token));
	WANT_REFUSED(t, t->fd, device_free(t->fd, offer.block.handle), EALREADY, COUNTER(bad_free));
}

/* A claimer that is killed while it writes leaves the block to its owner. */
static void handover_claimer_dies(struct test *t)
{
	__u32 free_before = stats_get(t, t->fd).pool_free_pages;
	__u64 token[2], handle, usable;
	struct block block;
	int round, pipes[2], fd;
	pid_t child;
	char *base, byte;

	if (!reach_can(t) || pipe(pipes) ||
	    !block_alloc(t, t->fd, PAGES * t->info.page_size, &block))
		return;
	for (round = 0; round < 4; round++) {
		WANT_OK(t, device_share(t->fd, block.handle, PMA_SHARE_WRITE, 1, token));
		child = fork();
		if (!child) {
			fd = device_open(t->device, O_RDWR);
			base = reach_map(t, fd);
			if (device_claim(fd, token, &handle, &usable) ||
			    write(pipes[1], "", 1) != 1)
				_exit(1);
			for (;;)
				reach_fill(base, &block, 1);
		}
		WANT(t, read(pipes[0], &byte, 1), 1);
		sleep_ms(round);
		kill_child(t, child);
		block_fill(t, t->fd, &block, 2);
		block_verify(t, t->fd, &block, block.usable);
		WANT(t, stats_get(t, t->fd).pool_arenas, 1);
	}
	block_free(t, t->fd, &block);
	WANT(t, stats_get(t, t->fd).pool_free_pages, free_before);
	close(pipes[0]);
	close(pipes[1]);
}

/* A forked child has its parent's arena: what one claims, both have. */
static void handover_fork(struct test *t)
{
	__u64 token[2], handle, usable;
	struct block block;
	char *base;
	pid_t child;
	int owner;

	if (!reach_can(t))
		return;
	owner = block_open(t, O_RDWR);
	if (owner < 0 ||
	    !block_alloc(t, owner, PAGES * t->info.page_size, &block))
		return;
	base = reach_map(t, t->fd);
	block_fill(t, owner, &block, 1);
	WANT_OK(t, device_share(owner, block.handle, PMA_SHARE_WRITE, 2, token));
	child = fork();
	if (!child)
		_exit(device_claim(t->fd, token, &handle, &usable) ||
		      pattern_match(base + block.handle, block.usable, 1) != block.usable);
	WANT(t, test_child(child), 0);
	WANT_ERR(t, device_claim(t->fd, token, &handle, &usable), EEXIST);
	reach_verify(t, base, &block);
	close(owner);
	reach_verify(t, base, &block);
	block_free(t, t->fd, &block);
	reach_unmap(t, base);
}

static long futex(atomic_int *at, int op, int value, const struct timespec *timeout)
{
	return syscall(SYS_futex, at, op, value, timeout, NULL, 0);
}

/* Processes with arenas of their own wait for each other on words of a block. */
static void handover_futex(struct test *t)
{
	static const struct timespec long_enough = { .tv_sec = 30 };
	__u64 token[2], handle, usable;
	pthread_mutexattr_t attr;
	pthread_mutex_t *mutex;
	struct block block;
	atomic_int *word;
	char *base;
	pid_t child;
	int fd;

	if (!reach_can(t) || !block_alloc(t, t->fd, t->info.page_size, &block))
		return;
	base = reach_map(t, t->fd);
	word = (atomic_int *)(base + block.handle);
	mutex = (pthread_mutex_t *)(base + block.handle + 64);
	*word = 0;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	WANT(t, pthread_mutex_init(mutex, &attr), 0);
	WANT_OK(t, device_share(t->fd, block.handle, PMA_SHARE_WRITE, 1, token));
	child = fork();
	if (!child) {
		fd = device_open(t->device, O_RDWR);
		munmap(base, t->info.region_bytes);
		base = reach_map(t, fd);
		if (device_claim(fd, token, &handle, &usable))
			_exit(1);
		word = (atomic_int *)(base + block.handle);
		*word = 1;
		futex(word, FUTEX_WAKE, 1, NULL);
		while (*word == 1)
			if (futex(word, FUTEX_WAIT, 1, &long_enough) && errno == ETIMEDOUT)
				_exit(2);
		_exit(pthread_mutex_lock((pthread_mutex_t *)(base + block.handle + 64)));
	}
	while (*word == 0)
		if (futex(word, FUTEX_WAIT, 0, &long_enough) && errno == ETIMEDOUT)
			break;
	WANT(t, *word, 1);
	sleep_ms(20);
	*word = 2;
	WANT_TRUE(t, futex(word, FUTEX_WAKE, 1, NULL) >= 0);
	WANT(t, test_child(child), 0);
	/* it died with the mutex, in an arena that is gone */
	WANT(t, pthread_mutex_lock(mutex), EOWNERDEAD);
	WANT(t, pthread_mutex_consistent(mutex), 0);
	WANT(t, pthread_mutex_unlock(mutex), 0);
	block_free(t, t->fd, &block);
	reach_unmap(t, base);
}

struct waiter {
	pthread_t thread;
	atomic_int *word;
	atomic_bool waits;
	int result;
};

static void *wait_in_vain(void *arg)
{
	static const struct timespec a_while = { .tv_nsec = 600000000 };
	struct waiter *waiter = arg;

	waiter->waits = true;
	waiter->result = futex(waiter->word, FUTEX_WAIT, 0, &a_while) ? errno : 0;
	return NULL;
}

/*
 * Who waited in a block that it has let go of takes no wake-up from who has the same
 * memory afterwards.
 */
static void handover_stale_waiter(struct test *t)
{
	struct waiter waiter = { .waits = false };
	__u64 token[2], handle, usable;
	struct block block, again;
	char *base[2];
	int other;

	if (!reach_can(t))
		return;
	other = block_open(t, O_RDWR);
	if (other < 0 || !block_alloc(t, t->fd, t->info.page_size, &block))
		return;
	base[0] = reach_map(t, t->fd);
	base[1] = reach_map(t, other);
	memset(base[0] + block.handle, 0, 64);
	WANT_OK(t, device_share(t->fd, block.handle, PMA_SHARE_WRITE, 1, token));
	WANT_OK(t, device_claim(other, token, &handle, &usable));
	waiter.word = (atomic_int *)(base[1] + block.handle);
	WANT(t, pthread_create(&waiter.thread, NULL, wait_in_vain, &waiter), 0);
	while (!waiter.waits)
		sleep_ms(1);
	sleep_ms(50);
	WANT_OK(t, device_free(other, block.handle));
	WANT_OK(t, device_free(t->fd, block.handle));
	WANT_TRUE(t, block_alloc(t, t->fd, t->info.page_size, &again));
	WANT(t, again.handle, block.handle);
	WANT(t, *(atomic_int *)(base[0] + block.handle), 0);
	WANT(t, futex((atomic_int *)(base[0] + block.handle), FUTEX_WAKE, 1, NULL), 0);
	pthread_join(waiter.thread, NULL);
	WANT(t, waiter.result, ETIMEDOUT);
	block_free(t, t->fd, &again);
	reach_unmap(t, base[0]);
	reach_unmap(t, base[1]);
	close(other);
}

/* Frames that a claimer has pinned are nobody's before it lets go of them. */
static void handover_pinned(struct test *t)
{
	__u32 free_before = stats_get(t, t->fd).pool_free_pages;
	__u64 token[2], handle, usable;
	struct block block;
	struct iovec iov;
	char *base, *back;
	int other, pipes[2];

	if (!reach_can(t))
		return;
	other = block_open(t, O_RDWR);
	if (other < 0 || pipe(pipes) ||
	    !block_alloc(t, t->fd, PAGES * t->info.page_size, &block))
		return;
	base = reach_map(t, other);
	block_fill(t, t->fd, &block, 9);
	WANT_OK(t, device_share(t->fd, block.handle, 0, 1, token));
	WANT_OK(t, device_claim(other, token, &handle, &usable));
	iov = (struct iovec){ .iov_base = base + block.handle, .iov_len = 8192 };
	WANT(t, vmsplice(pipes[1], &iov, 1, 0), 8192);
	WANT_OK(t, device_free(other, block.handle));
	block_fill(t, t->fd, &block, 10);
	WANT_OK(t, device_free(t->fd, block.handle));
	WANT(t, stats_get(t, t->fd).pool_free_pages, free_before - PAGES);
	sleep_ms(250);
	WANT(t, stats_get(t, t->fd).pool_free_pages, free_before - PAGES);
	back = malloc(8192);
	WANT(t, read(pipes[0], back, 8192), 8192);
	WANT(t, pattern_match(back, 8192, 10), 8192);
	stats_wait_free(t, free_before);
	free(back);
	reach_unmap(t, base);
	close(other);
	close(pipes[0]);
	close(pipes[1]);
}

/* A publisher and subscribers, each killed at any moment, and what all of them see. */

struct board {
	_Alignas(8) atomic_ullong token[2];
	atomic_uint wrong;
	atomic_uint claimed;
};

static void publish(struct test *t, struct board *board)
{
	int fd = device_open(t->device, O_RDWR);
	char *base = reach_map(t, fd);
	struct block blocks[4];
	__u64 token[2], n;

	for (n = 0; ; n++) {
		struct block *block = &blocks[n % 4];

		if (n >= 4)
			device_free(fd, block->handle);
		block->size = (1 + n % 7) * t->info.page_size;
		if (device_alloc(fd, block->size, 0, 0, &block->handle, &block->usable))
			_exit(1);
		*(__u64 *)(base + block->handle) = n;
		pattern_fill(base + block->handle + 8, 256, n);
		if (device_share(fd, block->handle, 0, 2, token))
			_exit(1);
		/* a reader may see half of one and half of another: that is no token */
		board->token[0] = token[0];
		board->token[1] = token[1];
	}
}

static void subscribe(struct test *t, struct board *board)
{
	int fd = device_open(t->device, O_RDWR), err;
	char *base = reach_map(t, fd);
	__u64 token[2], handle, usable;

	for (;;) {
		token[0] = board->token[0];
		token[1] = board->token[1];
		err = device_claim(fd, token, &handle, &usable);
		if (err) {
			if (err != -EKEYREJECTED && err != -EEXIST)
				board->wrong++;
			continue;
		}
		board->claimed++;
		if (pattern_match(base + handle + 8, 256, *(__u64 *)(base + handle)) != 256)
			board->wrong++;
		if (device_free(fd, handle))
			board->wrong++;
	}
}

/* On a slow machine all may be killed before anything is claimed. */
static bool is_enough(const struct test *t, const struct board *board, unsigned int rounds)
{
	return rounds >= 2 + t->ops / 1000 && (board->claimed || rounds >= 100);
}

static void handover_killed(struct test *t)
{
	__u32 free_before = stats_get(t, t->fd).pool_free_pages;
	unsigned int seed = t->seed, i, round;
	struct board *board;
	pid_t children[4];

	if (!reach_can(t))
		return;
	if (free_before < 100) {
		t->skipped = "the pool is too small";
		return;
	}
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	for (round = 0; !is_enough(t, board, round) && test_goes_on(t); round++) {
		for (i = 0; i < ARRAY_SIZE(children); i++) {
			children[i] = fork();
			if (children[i])
				continue;
			if (i)
				subscribe(t, board);
			else
				publish(t, board);
		}
		/* not all at once: some go on without the others */
		for (i = 0; i < ARRAY_SIZE(children); i++) {
			sleep_ms(rand_r(&seed) % 40);
			kill(children[(i + round) % 4], SIGKILL);
		}
		for (i = 0; i < ARRAY_SIZE(children); i++)
			waitpid(children[i], NULL, 0);
		stats_wait_free(t, free_before);
		WANT(t, stats_get(t, t->fd).pool_arenas, 1);
		WANT(t, board->wrong, 0);
	}
	WANT_TRUE(t, board->claimed > 0);
	munmap(board, sizeof(*board));
}

const struct test_case handover_cases[] = {
	{ "handover_owner_dies", handover_owner_dies },
	{ "handover_owner_dies_first", handover_owner_dies_first },
	{ "handover_claimer_dies", handover_claimer_dies },
	{ "handover_fork", handover_fork },
	{ "handover_futex", handover_futex },
	{ "handover_stale_waiter", handover_stale_waiter },
	{ "handover_pinned", handover_pinned },
	{ "handover_killed", handover_killed },
	{ }
};
