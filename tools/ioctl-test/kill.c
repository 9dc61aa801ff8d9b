// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kill.c - clients that are killed leave nothing behind
 *
 * A client fills its arena by batches of blocks, then goes on allocating and
 * freeing, so that SIGKILL meets most of them inside an ioctl.  As soon as the
 * parent has waited for them, all pages must be back, but for the blocks that the
 * parent has claimed of them: those are as they were left.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

#define CLIENTS_MAX	8	/* at a time */
#define BATCH		250	/* blocks of a call */
#define MAX_PAGE	65536
#define BLOCKS		10000	/* that a client holds, if the pool has so many */

static int batch(int fd, struct pma_batch_entry *entries, __u32 *failed)
{
	struct pma_batch_args args = { .entries = (uintptr_t)entries, .nr = BATCH };
	int err = device_call(fd, PMA_IOC_BATCH, &args);

	*failed = args.failed;
	return err;
}

static bool batch_alloc(int fd, struct pma_batch_entry *entries, unsigned int *seed)
{
	__u32 failed, i;

	for (i = 0; i < BATCH; i++)
		entries[i] = (struct pma_batch_entry){ .op = PMA_BATCH_ALLOC,
						       .size = 1 + rand_r(seed) % 300 };
	return !batch(fd, entries, &failed) && !failed;
}

static void batch_free(int fd, struct pma_batch_entry *entries)
{
	__u32 failed, i;

	for (i = 0; i < BATCH; i++)
		entries[i] = (struct pma_batch_entry){ .op = PMA_BATCH_FREE,
						       .handle = entries[i].handle };
	batch(fd, entries, &failed);
}

/* Until it is killed. */
static void churn(int fd, unsigned int seed)
{
	struct pma_batch_entry entries[BATCH];

	for (;;) {
		batch_alloc(fd, entries, &seed);
		batch_free(fd, entries);
	}
}

/* Says a byte at @full once it holds its blocks, and goes on until it is killed. */
static void client(const char *device, unsigned int seed, int full)
{
	struct pma_batch_entry entries[BATCH];
	int fd = device_open(device, O_RDWR);
	unsigned int nr = 0;

	if (fd < 0)
		_exit(1);
	while (nr < BLOCKS && batch_alloc(fd, entries, &seed))
		nr += BATCH;
	if (write(full, "", 1) != 1)
		_exit(2);
	churn(fd, seed);
}

/* Shares a block, whose contents tell the seed, before it goes on as the others do. */
static void sharing_client(const char *device, const struct pma_info *info, __u64 seed, int tokens)
{
	unsigned char buf[2 * MAX_PAGE];
	int fd = device_open(device, O_RDWR);
	__u64 handle, usable, token[2];

	pattern_fill(buf, 2 * info->page_size, seed);
	if (fd < 0 ||
	    device_alloc(fd, 2 * info->page_size, info->page_size, 0, &handle, &usable) ||
	    device_pwrite(fd, buf, 2 * info->page_size, handle) ||
	    device_share(fd, handle, 0, 1, token) ||
	    write(tokens, token, sizeof(token)) != sizeof(token))
		_exit(1);
	churn(fd, seed);
}

/* Some are killed while they fill their arenas, most when they hold their blocks. */
static void kill_some(struct test *t, unsigned int *seed, unsigned int nr)
{
	pid_t clients[CLIENTS_MAX];
	unsigned int nr_full = rand_r(seed) % 4 ? nr : rand_r(seed) % nr, i;
	int full[2], status;
	char byte;

	if (!WANT(t, pipe(full), 0))
		return;
	for (i = 0; i < nr; i++) {
		clients[i] = fork();
		if (!clients[i])
			client(t->device, *seed + i, full[1]);
	}
	for (i = 0; i < nr_full; i++)
		WANT(t, read(full[0], &byte, 1), 1);
	usleep(rand_r(seed) % 5000);
	for (i = 0; i < nr; i++)
		kill(clients[i], SIGKILL);
	for (i = 0; i < nr; i++) {
		WANT(t, waitpid(clients[i], &status, 0), clients[i]);
		WANT_TRUE(t, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	close(full[0]);
	close(full[1]);
}

/* All of them end while the parent holds a block of each. */
static void claim_and_kill(struct test *t)
{
	const struct pma_stats before = stats_get(t, t->fd);
	struct block blocks[CLIENTS_MAX];
	pid_t clients[CLIENTS_MAX];
	__u64 token[2];
	int tokens[2];
	size_t i;

	if (!WANT(t, pipe(tokens), 0))
		return;
	for (i = 0; i < CLIENTS_MAX; i++) {
		/* One after the other, to know whose token it is. */
		clients[i] = fork();
		if (!clients[i])
			sharing_client(t->device, &t->info, t->seed + i, tokens[1]);
		blocks[i].seed = t->seed + i;
		if (!WANT(t, read(tokens[0], token, sizeof(token)), sizeof(token)))
			break;
		WANT_OK(t, device_claim(t->fd, token, &blocks[i].handle, &blocks[i].usable));
	}
	while (i--) {
		kill(clients[i], SIGKILL);
		WANT(t, waitpid(clients[i], NULL, 0), clients[i]);
	}
	close(tokens[0]);
	close(tokens[1]);
	WANT(t, stats_get(t, t->fd).pool_free_pages, before.pool_free_pages - 2 * CLIENTS_MAX);
	for (i = 0; i < CLIENTS_MAX && !t->failed; i++) {
		block_verify(t, t->fd, &blocks[i], 2 * t->info.page_size);
		block_free(t, t->fd, &blocks[i]);
	}
	stats_undone(t, t->fd, &before);
}

/* In rounds, one for each 10000 of --ops. */
static void kill_claimed(struct test *t)
{
	unsigned long left = (t->ops + 9999) / 10000;

	for (; left && test_goes_on(t); left--)
		claim_and_kill(t);
}

/* A thousandth of --ops are killed. */
static void kill_clients(struct test *t)
{
	const struct pma_stats before = stats_get(t, t->fd);
	unsigned int seed = t->seed, nr_left, nr;
	struct pma_stats stats;

	for (nr_left = (t->ops + 999) / 1000; nr_left && test_goes_on(t); nr_left -= nr) {
		test_context(t, "%u left, seed %llu", nr_left, (unsigned long long)t->seed);
		nr = nr_left < CLIENTS_MAX ? nr_left : CLIENTS_MAX;
		kill_some(t, &seed, nr);
		stats = stats_get(t, t->fd);
		WANT(t, stats.pool_free_pages, before.pool_free_pages);
		WANT(t, stats.pool_arenas, before.pool_arenas);
		stats_sound(t, t->fd);
	}
}

const struct test_case kill_cases[] = {
	{ "kill_clients", kill_clients },
	{ "kill_claimed", kill_claimed },
	{ }
};
