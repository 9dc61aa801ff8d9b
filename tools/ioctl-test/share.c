// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * share.c - an arena's mapping in several processes and threads
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

/* A child has its parent's mapping: what either does, both see. */
static void share_fork(struct test *t)
{
	struct block before, after;
	int go[2], back[2];
	char *base, byte;
	pid_t child;

	if (!reach_can(t) || !block_alloc(t, t->fd, 100 * t->info.page_size, &before))
		return;
	base = reach_map(t, t->fd);
	if (!base || pipe(go) || pipe(back))
		return;
	reach_fill(base, &before, 1);
	child = fork();
	if (!child) {
		bool good = pattern_match(base + before.handle, before.usable, 1) ==
			    before.usable;

		good &= read(go[0], &after, sizeof(after)) == sizeof(after);
		good &= pattern_match(base + after.handle, after.usable, 2) == after.usable;
		pattern_fill(base + after.handle, after.usable, 3);
		good &= write(back[1], "", 1) == 1 && read(go[0], &byte, 1) == 1;
		/* the parent has freed it */
		good &= reach_none(base + before.handle, before.usable);
		_exit(!good);
	}
	if (block_alloc(t, t->fd, 3 * t->info.page_size, &after)) {
		reach_fill(base, &after, 2);
		WANT(t, write(go[1], &after, sizeof(after)), sizeof(after));
		WANT(t, read(back[0], &byte, 1), 1);
		after.seed = 3;
		reach_verify(t, base, &after);
		block_free(t, t->fd, &before);
		WANT(t, write(go[1], "", 1), 1);
		block_free(t, t->fd, &after);
	}
	close(go[1]);
	WANT(t, test_child(child), 0);
	close(go[0]);
	close(back[0]);
	close(back[1]);
	reach_unmap(t, base);
}

/* What POSIX has for processes that share memory, and a count that they guard. */
struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	unsigned long turn;
};

static struct shared *make_shared(struct test *t, char *base, struct block *block)
{
	struct shared *shared;
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;

	if (!block_alloc(t, t->fd, sizeof(*shared), block))
		return NULL;
	shared = (struct shared *)(base + block->handle);
	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	WANT(t, pthread_mutex_init(&shared->mutex, &mutex), 0);
	WANT(t, pthread_cond_init(&shared->cond, &cond), 0);
	shared->turn = 0;
	return shared;
}

/* Who dies with a mutex leaves it to the next, who is told. */
static void share_robust_mutex(struct test *t)
{
	struct shared *shared;
	struct block block;
	char *base;
	pid_t child;

	if (!reach_can(t))
		return;
	base = reach_map(t, t->fd);
	shared = base ? make_shared(t, base, &block) : NULL;
	if (!shared)
		return;
	child = fork();
	if (!child)
		_exit(pthread_mutex_lock(&shared->mutex));
	WANT(t, test_child(child), 0);
	WANT(t, pthread_mutex_lock(&shared->mutex), EOWNERDEAD);
	WANT(t, pthread_mutex_consistent(&shared->mutex), 0);
	WANT(t, pthread_mutex_unlock(&shared->mutex), 0);
	WANT(t, pthread_mutex_lock(&shared->mutex), 0);
	WANT(t, pthread_mutex_unlock(&shared->mutex), 0);
	block_free(t, t->fd, &block);
	reach_unmap(t, base);
}

/* Takes every other turn, up to @turns; waiters sleep in the kernel. */
static int take_turns(struct shared *shared, unsigned long turns, unsigned long parity)
{
	int err = 0;

	while (!err) {
		err = pthread_mutex_lock(&shared->mutex);
		while (!err && shared->turn % 2 != parity && shared->turn < turns)
			err = pthread_cond_wait(&shared->cond, &shared->mutex);
		if (err || shared->turn >= turns)
			break;
		shared->turn++;
		pthread_cond_broadcast(&shared->cond);
		pthread_mutex_unlock(&shared->mutex);
	}
	pthread_mutex_unlock(&shared->mutex);
	return err;
}

/* Each process in a mapping of its own, at another address. */
static void share_condition(struct test *t)
{
	unsigned long turns = t->ops / 10;
	struct shared *shared;
	struct block block;
	char *base;
	pid_t child;

	if (!reach_can(t))
		return;
	base = reach_map(t, t->fd);
	shared = base ? make_shared(t, base, &block) : NULL;
	if (!shared)
		return;
	child = fork();
	if (!child) {
		char *again = reach_map(t, t->fd);

		munmap(base, t->info.region_bytes);
		alarm(60);
		_exit(!again || take_turns((struct shared *)(again + block.handle), turns, 1));
	}
	alarm(60);
	WANT(t, take_turns(shared, turns, 0), 0);
	alarm(0);
	WANT(t, test_child(child), 0);
	WANT(t, shared->turn, turns);
	block_free(t, t->fd, &block);
	reach_unmap(t, base);
}

/* Threads that look at a block while others are reallocated. */
struct watcher {
	pthread_t thread;
	const char *base;
	struct block block;
	atomic_bool *stop;
	size_t wrong;
	bool may_fault;
};

static void *watch(void *arg)
{
	struct watcher *watcher = arg;
	const char *at = watcher->base + watcher->block.handle;
	size_t bytes = watcher->block.usable;
	unsigned int seed = 1;
	char byte;

	while (!*watcher->stop) {
		if (watcher->may_fault)
			reach_read(at + rand_r(&seed) % bytes, &byte);
		else
			watcher->wrong += pattern_match(at, bytes, watcher->block.seed) != bytes;
	}
	return NULL;
}

/*
 * Grows, shrinks and moves a block between two others.  Its bytes, and theirs, stay
 * as they are.
 */
static void resize_between(struct test *t, char *base, struct block *block)
{
	const __u64 page = t->info.page_size;
	unsigned int seed = t->seed;
	/* as many bytes, whatever a page is */
	unsigned long i, rounds = t->ops / 10 * sysconf(_SC_PAGESIZE) / page;
	__u64 size, kept;

	for (i = 0; i < rounds && test_goes_on(t); i++) {
		size = 1 + rand_r(&seed) % (20 * page);
		kept = size < block->usable ? size : block->usable;
		test_context(t, "from %llu to %llu", block->size, size);
		if (!WANT_OK(t, device_realloc(t->fd, &block->handle, size, 0, 0, &block->usable)))
			return;
		block->size = size;
		WANT(t, pattern_match(base + block->handle, kept, block->seed), kept);
		reach_fill(base, block, i);
	}
	t->context[0] = '\0';
}

static void share_realloc(struct test *t)
{
	atomic_bool stop = false;
	struct watcher watchers[3] = { };
	const __u64 page = t->info.page_size;
	struct block block;
	char *base;
	size_t i;

	if (!reach_can(t))
		return;
	base = reach_map(t, t->fd);
	if (!base || !block_alloc(t, t->fd, 2 * page, &watchers[0].block) ||
	    !block_alloc(t, t->fd, 8 * page, &block) ||
	    !block_alloc(t, t->fd, 100, &watchers[1].block))
		return;
	reach_fill(base, &block, 0);
	watchers[2].block = block;
	watchers[2].may_fault = true;
	for (i = 0; i < ARRAY_SIZE(watchers); i++) {
		if (i < 2)
			reach_fill(base, &watchers[i].block, 100 + i);
		watchers[i].base = base;
		watchers[i].stop = &stop;
		WANT(t, pthread_create(&watchers[i].thread, NULL, watch, &watchers[i]), 0);
	}
	resize_between(t, base, &block);
	stop = true;
	for (i = 0; i < ARRAY_SIZE(watchers); i++) {
		pthread_join(watchers[i].thread, NULL);
		WANT(t, watchers[i].wrong, 0);
	}
	WANT_OK(t, device_reset(t->fd));
	reach_unmap(t, base);
}

/* Many processes at once, each with an arena of its own, killed at some moment. */
static void share_kill(struct test *t)
{
	__u32 free_before = stats_get(t, t->fd).pool_free_pages;
	unsigned int seed = t->seed, i, round;
	pid_t children[4];
	struct block block;
	char *base;
	int fd;

	if (!reach_can(t))
		return;
	for (round = 0; round < t->ops / 1000 && test_goes_on(t); round++) {
		for (i = 0; i < ARRAY_SIZE(children); i++) {
			children[i] = fork();
			if (children[i])
				continue;
			fd = device_open(t->device, O_RDWR);
			base = reach_map(t, fd);
			for (seed += i; ; ) {
				block.size = 1 + rand_r(&seed) % (6 * t->info.page_size);
				if (device_alloc(fd, block.size, 0, 0, &block.handle,
						 &block.usable))
					device_reset(fd);
				else
					memset(base + block.handle, 0xff, block.size);
				if (seed % 3 == 0)
					device_free(fd, block.handle);
			}
		}
		usleep(rand_r(&seed) % 30000);
		for (i = 0; i < ARRAY_SIZE(children); i++)
			kill(children[i], SIGKILL);
		for (i = 0; i < ARRAY_SIZE(children); i++)
			waitpid(children[i], NULL, 0);
		/* One may have exhausted the pool, and looked at another's pages as it ended. */
		stats_wait_free(t, free_before);
		WANT(t, stats_get(t, t->fd).pool_arenas, 1);
	}
}

const struct test_case share_cases[] = {
	{ "share_fork", share_fork },
	{ "share_robust_mutex", share_robust_mutex },
	{ "share_condition", share_condition },
	{ "share_realloc", share_realloc },
	{ "share_kill", share_kill },
	{ }
};
