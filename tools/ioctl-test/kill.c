// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kill.c - clients that are killed leave nothing behind
 *
 * A client fills its arena by batches of blocks, then goes on allocating and
 * freeing, so that SIGKILL meets most of them inside an ioctl.  As soon as the
 * parent has waited for them, all pages must be back.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define CLIENTS_MAX	8	/* at a time */
#define BATCH		250	/* blocks of a call */
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
	for (;;) {
		batch_alloc(fd, entries, &seed);
		batch_free(fd, entries);
	}
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
	{ }
};
