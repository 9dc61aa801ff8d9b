// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * arena.c - what an open file is: who shares it, what it may, how it ends, and
 * what happens when nothing is left
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static void arena_two_are_apart(struct test *t)
{
	struct pma_stats mine, theirs;
	struct pma_info info;
	struct block block;
	int other = block_open(t, O_RDWR);

	if (other < 0)
		return;
	WANT_OK(t, device_info(other, &info));
	WANT_OK(t, device_info(t->fd, &t->info));
	WANT_TRUE(t, info.arena != t->info.arena);
	if (!block_alloc(t, t->fd, 64, &block))
		return;
	mine = stats_get(t, t->fd);
	theirs = stats_get(t, other);
	WANT(t, mine.live_blocks, 1);
	WANT(t, theirs.live_blocks, 0);
	WANT(t, theirs.arena_pages, 0);
	WANT(t, theirs.pool_free_pages, mine.pool_free_pages);
	WANT(t, theirs.pool_arenas, mine.pool_arenas);
	WANT_TRUE(t, mine.pool_arenas >= 2);
	close(other);
	WANT(t, stats_get(t, t->fd).pool_arenas, mine.pool_arenas - 1);
	block_free(t, t->fd, &block);
}

static void arena_dup_shares(struct test *t)
{
	struct block block;
	int copy = dup(t->fd);

	if (!block_alloc(t, copy, 64, &block))
		return;
	block_fill(t, copy, &block, 1);
	close(copy);
	/* one close of two is not the last */
	block_verify(t, t->fd, &block, block.usable);
	block_free(t, t->fd, &block);
}

static void arena_fork_shares(struct test *t)
{
	struct block block;
	__u64 handle, usable;
	pid_t child;

	if (!block_alloc(t, t->fd, 64, &block))
		return;
	block_fill(t, t->fd, &block, 1);
	child = fork();
	if (!child) {
		/* frees the parent's, leaves one of its own */
		int err = device_free(t->fd, block.handle);

		if (!err)
			err = device_alloc(t->fd, 64, 0, 0, &handle, &usable);
		_exit(-err);
	}
	WANT(t, test_child(child), 0);
	WANT(t, stats_get(t, t->fd).live_blocks, 1);
	WANT(t, stats_get(t, t->fd).allocs, 2);
	WANT_OK(t, device_reset(t->fd));
}

static bool send_fd(int to, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(fd))] = { };
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	*(int *)CMSG_DATA(head) = fd;
	return sendmsg(to, &msg, 0) == 1;
}

/* In flight, the file is open though nobody has a descriptor of it. */
static void arena_in_flight(struct test *t)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct block block;
	int pair[2], fd = block_open(t, O_RDWR);

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
		t->skipped = "no sockets";
		close(fd);
		return;
	}
	if (!block_alloc(t, fd, 64, &block))
		return;
	block_fill(t, fd, &block, 1);
	WANT_TRUE(t, send_fd(pair[0], fd));
	close(fd);
	WANT(t, recvmsg(pair[1], &msg, 0), 1);
	fd = *(int *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
	block_verify(t, fd, &block, block.usable);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

static void fill_with_blocks(struct test *t, int fd)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));
	struct block block;

	for (i = 0; i < 3 * nr; i++) {
		if (stats_get(t, fd).pool_free_pages < t->info.nr_pages / 2)
			return;
		block_alloc(t, fd, sizes[i % nr], &block);
	}
}

static void arena_close_frees(struct test *t)
{
	struct pma_stats before = stats_get(t, t->fd);
	int other = block_open(t, O_RDWR);

	if (other < 0)
		return;
	fill_with_blocks(t, other);
	WANT_TRUE(t, stats_get(t, t->fd).pool_free_pages < before.pool_free_pages);
	stats_sound(t, other);
	close(other);
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
}

/* Whoever dies without a word. */
static void arena_death_frees(struct test *t)
{
	struct pma_stats before = stats_get(t, t->fd);
	int ready[2], status;
	pid_t child;
	char byte;

	if (pipe(ready))
		return;
	child = fork();
	if (!child) {
		int fd = block_open(t, O_RDWR);

		fill_with_blocks(t, fd);
		byte = t->failed;
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	WANT(t, read(ready[0], &byte, 1), 1);
	WANT(t, byte, 0);
	WANT_TRUE(t, stats_get(t, t->fd).pool_free_pages < before.pool_free_pages);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	close(ready[0]);
	close(ready[1]);
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
}

static void arena_reset(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr = block_of_each_kind(t, t->fd, blocks);
	struct pma_stats stats;
	const char *at = (const char *)&stats;

	device_free(t->fd, t->info.region_bytes);	/* counts an error */
	WANT_OK(t, device_reset(t->fd));
	stats = stats_get(t, t->fd);
	for (i = 0; i < offsetof(struct pma_stats, pool_pages); i++)
		WANT(t, at[i], 0);
	for (i = 0; i < nr; i++)
		WANT_REFUSED(t, t->fd, device_free(t->fd, blocks[i].handle), EALREADY,
			     COUNTER(bad_free));
	/* of nothing, too */
	WANT_OK(t, device_reset(t->fd));
	WANT(t, stats_get(t, t->fd).bad_free, 0);
}

/* Its handles mean nothing to the arena that comes after it. */
static void arena_handles_end(struct test *t)
{
	struct block block, again;
	int fd = block_open(t, O_RDWR);

	if (fd < 0 || !block_alloc(t, fd, 64, &block))
		return;
	close(fd);
	WANT_REFUSED(t, t->fd, device_free(t->fd, block.handle), EALREADY, COUNTER(bad_free));
	if (!block_alloc(t, t->fd, 64, &again))
		return;
	block_free(t, t->fd, &again);
}

/* A page that had another owner shows nothing of it, where the pool isolates. */
static void arena_isolation(struct test *t)
{
	__u64 sizes[] = { 64, t->info.slab_max, 2 * t->info.page_size,
			  t->info.page_size + 100, 8 * t->info.page_size };
	struct block block;
	size_t i;
	int fd;

	if (!(t->info.flags & PMA_POOL_ISOLATE)) {
		t->skipped = "the pool does not isolate";
		return;
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		test_context(t, "size %llu", sizes[i]);
		fd = block_open(t, O_RDWR);
		if (fd < 0 || !block_alloc(t, fd, sizes[i], &block))
			return;
		block_fill(t, fd, &block, 0x5ec7e7);
		close(fd);
		if (!block_alloc(t, t->fd, sizes[i], &block))
			return;
		block_verify_zero(t, t->fd, block.handle, 0, block.usable);
		block_free(t, t->fd, &block);
	}
}

/* A descriptor that can't write may look, not change. */
static void arena_read_only(struct test *t)
{
	struct pma_alloc_args alloc = { .size = 64 };
	struct pma_free_args none = { .handle = PMA_HANDLE_NONE };
	struct pma_realloc_args resize = { .handle = PMA_HANDLE_NONE, .size = 64 };
	struct pma_batch_entry entry = { .op = PMA_BATCH_ALLOC, .size = 64 };
	struct pma_batch_args batch = { .entries = (uintptr_t)&entry, .nr = 1 };
	__u64 handle = PMA_HANDLE_NONE;
	struct pma_alloc_batch_args alloc_batch = {
		.handles = (uintptr_t)&handle, .size = 64, .nr = 1,
	};
	struct pma_page_rec recs[4];
	struct pma_query_args query;
	struct pma_check_args check;
	struct pma_stats before;
	int fd = block_open(t, O_RDONLY);
	__u64 cursor = 0;
	__u32 nr = ARRAY_SIZE(recs), done;
	char byte = 0;

	if (fd < 0)
		return;
	before = stats_get(t, fd);
	WANT_ERR(t, device_call(fd, PMA_IOC_ALLOC, &alloc), EBADF);
	WANT_ERR(t, device_call(fd, PMA_IOC_FREE, &none), EBADF);
	WANT_ERR(t, device_call(fd, PMA_IOC_REALLOC, &resize), EBADF);
	WANT_ERR(t, device_call(fd, PMA_IOC_BATCH, &batch), EBADF);
	WANT_ERR(t, device_alloc_batch(fd, &alloc_batch), EBADF);
	WANT_ERR(t, device_free_batch(fd, &handle, 1, &done), EBADF);
	WANT_ERR(t, device_reset(fd), EBADF);
	WANT_ERR(t, device_pwrite(fd, &byte, 1, 0), EBADF);
	WANT_OK(t, device_check(fd, 0, &check));
	WANT_OK(t, device_dump(fd, PMA_DUMP_PAGES, &cursor, recs, &nr));
	stats_unchanged(t, fd, &before, COUNTER_NONE);
	WANT_REFUSED(t, fd, device_query(fd, t->info.region_bytes, 0, &query), ERANGE,
		     COUNTER(bad_range));
	close(fd);
}

static void arena_write_only(struct test *t)
{
	struct block block;
	char byte = 0;
	int fd = block_open(t, O_WRONLY);

	if (fd < 0 || !block_alloc(t, fd, 64, &block))
		return;
	WANT_OK(t, device_pwrite(fd, &byte, 1, block.handle));
	WANT_ERR(t, device_pread(fd, &byte, 1, block.handle), EBADF);
	block_free(t, fd, &block);
	close(fd);
}

/* Takes blocks of a size until there is none; answers how many. */
static size_t exhaust(struct test *t, __u64 size, __u64 *handles, size_t room)
{
	__u64 usable;
	size_t nr;
	int err;

	for (nr = 0; nr < room; nr++) {
		err = device_alloc(t->fd, size, 0, 0, &handles[nr], &usable);
		if (err) {
			WANT_ERR(t, err, ENOMEM);
			return nr;
		}
	}
	NOTE(t, "%zu blocks of %llu bytes, and still no end", nr, size);
	return nr;
}

/* Nothing is left; what is live stays; all comes back. */
static void try_exhaustion(struct test *t, __u64 size)
{
	struct pma_stats before = stats_get(t, t->fd), full;
	size_t i, nr, room = t->info.region_bytes / size + 1;
	__u64 *handles = calloc(room, sizeof(*handles));

	test_context(t, "size %llu", size);
	nr = exhaust(t, size, handles, room);
	full = stats_get(t, t->fd);
	WANT(t, full.live_blocks, nr);
	WANT(t, full.failed, before.failed + 1);
	WANT_REFUSED(t, t->fd, device_alloc(t->fd, size, 0, 0, &handles[nr < room ? nr : 0],
					    &(__u64){ 0 }), ENOMEM, COUNTER(failed));
	/* one back is one to be had again */
	if (WANT_OK(t, device_free(t->fd, handles[0])))
		WANT_OK(t, device_alloc(t->fd, size, 0, 0, &handles[0], &(__u64){ 0 }));
	for (i = 0; i < nr; i++)
		if (!WANT_OK(t, device_free(t->fd, handles[i])))
			break;
	WANT(t, stats_get(t, t->fd).pool_free_pages, before.pool_free_pages);
	WANT(t, stats_get(t, t->fd).pool_largest_run, before.pool_largest_run);
	stats_sound(t, t->fd);
	free(handles);
}

static void arena_exhaustion(struct test *t)
{
	const __u64 page = t->info.page_size;

	try_exhaustion(t, t->info.slab_max);
	try_exhaustion(t, page);
	try_exhaustion(t, page + 100);
	try_exhaustion(t, 5 * page);
	try_exhaustion(t, t->info.region_bytes / 3);
}

const struct test_case arena_cases[] = {
	{ "arena_two_are_apart", arena_two_are_apart },
	{ "arena_dup_shares", arena_dup_shares },
	{ "arena_fork_shares", arena_fork_shares },
	{ "arena_in_flight", arena_in_flight },
	{ "arena_close_frees", arena_close_frees },
	{ "arena_death_frees", arena_death_frees },
	{ "arena_reset", arena_reset },
	{ "arena_handles_end", arena_handles_end },
	{ "arena_isolation", arena_isolation },
	{ "arena_read_only", arena_read_only },
	{ "arena_write_only", arena_write_only },
	{ "arena_exhaustion", arena_exhaustion },
	{ }
};
