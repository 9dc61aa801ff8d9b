// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * named.c - arenas with a name, their root, and who has which arena
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

#define NAME		"pma-ioctl-test"
#define NOBODY		65534
#define NAMES_PER_USER	16
#define SURVIVALS	20

static int create_named(struct test *t, const char *name, __u32 mode)
{
	int fd = device_open_named(t->fd, name, PMA_OPEN_CREATE | PMA_OPEN_EXCL, mode);

	WANT_TRUE(t, fd >= 0);
	return fd;
}

static __u64 get_root(int fd)
{
	__u64 handle;

	return device_root(fd, &handle) ? 0 : handle;
}

bool named_find_arena(struct test *t, __u32 number, struct pma_arena_rec *rec)
{
	__u64 cursor = 0;
	__u32 nr;

	do {
		nr = 1;
		if (!WANT_OK(t, device_dump(t->fd, PMA_DUMP_ARENAS, &cursor, rec, &nr)))
			return false;
		if (nr && rec->arena == number)
			return true;
	} while (cursor != PMA_HANDLE_NONE);
	return false;
}

static void named_bad_args(struct test *t)
{
	static const char * const bad_names[] = {
		"", ".", ".x", "a/b", "a b", "a\n", "\xc3\xa4", "a\x7f", "*",
		"12345678901234567890123456789012",
	};
	struct pma_open_args args;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_names); i++) {
		test_context(t, "name %zu", i);
		WANT_REFUSED(t, t->fd, device_open_named(t->fd, bad_names[i], PMA_OPEN_CREATE,
							 0600), EINVAL, COUNTER(bad_args));
		WANT_REFUSED(t, t->fd, device_unlink(t->fd, bad_names[i]), EINVAL,
			     COUNTER(bad_args));
	}
	test_context(t, "other arguments");
	WANT_REFUSED(t, t->fd, device_open_named(t->fd, NAME, 8 | PMA_OPEN_CREATE, 0600), EINVAL,
		     COUNTER(bad_args));
	WANT_REFUSED(t, t->fd, device_open_named(t->fd, NAME, PMA_OPEN_CREATE, 0700), EINVAL,
		     COUNTER(bad_args));
	WANT_REFUSED(t, t->fd, device_open_named(t->fd, NAME, PMA_OPEN_CREATE, 01600), EINVAL,
		     COUNTER(bad_args));
	args = (struct pma_open_args){ .name = "a\0b", .flags = PMA_OPEN_CREATE };
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_OPEN, &args), EINVAL,
		     COUNTER(bad_args));
	args = (struct pma_open_args){ .name = NAME, .flags = PMA_OPEN_CREATE, .reserved[2] = 1 };
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_OPEN, &args), EINVAL,
		     COUNTER(bad_args));
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_OPEN, NULL), EFAULT, COUNTER_NONE);
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_UNLINK, NULL), EFAULT, COUNTER_NONE);
	WANT_REFUSED(t, t->fd, device_open_named(t->fd, NAME, 0, 0), ENOENT, COUNTER_NONE);
	WANT_REFUSED(t, t->fd, device_unlink(t->fd, NAME), ENOENT, COUNTER_NONE);
}

/* Where the answer can't be written nothing is made. */
static void named_unwritable(struct test *t)
{
	struct pma_open_args *args = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*args = (struct pma_open_args){ .name = NAME, .flags = PMA_OPEN_CREATE };
	mprotect(args, getpagesize(), PROT_READ);
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_OPEN, args), EFAULT, COUNTER_NONE);
	munmap(args, getpagesize());
	WANT_ERR(t, device_open_named(t->fd, NAME, 0, 0), ENOENT);
}

/* It is there until it has neither a name nor a file. */
static void named_lives(struct test *t)
{
	struct pma_info info;
	struct block block;
	int fd = create_named(t, NAME, 0600), again;

	if (fd < 0)
		return;
	WANT_ERR(t, device_open_named(t->fd, NAME, PMA_OPEN_CREATE | PMA_OPEN_EXCL, 0600), EEXIST);
	WANT_OK(t, device_info(fd, &info));
	WANT(t, info.named_arenas, 1);
	WANT_TRUE(t, info.arena != t->info.arena);
	WANT(t, fcntl(fd, F_GETFD), FD_CLOEXEC);
	if (!block_alloc(t, fd, 5000, &block))
		return;
	block_fill(t, fd, &block, 1);
	WANT_OK(t, device_set_root(fd, block.handle));
	WANT_ERR(t, device_free(t->fd, block.handle), EACCES);
	close(fd);

	fd = device_open_named(t->fd, NAME, 0, 0);
	again = device_open_named(fd, NAME, PMA_OPEN_CREATE, 0666);
	WANT(t, get_root(fd), block.handle);
	block_verify(t, again, &block, block.usable);
	stats_sound(t, again);
	WANT_OK(t, device_unlink(again, NAME));
	WANT_ERR(t, device_open_named(fd, NAME, 0, 0), ENOENT);
	close(fd);
	/* Its last file. */
	block_verify(t, again, &block, block.usable);
	WANT_OK(t, device_info(again, &info));
	WANT(t, info.named_arenas, 0);
	/* Another of that name is another. */
	fd = create_named(t, NAME, 0600);
	WANT(t, get_root(fd), PMA_HANDLE_NONE);
	WANT_OK(t, device_unlink(fd, NAME));
	close(fd);
	close(again);
	/* With nobody there it goes with its name, and its blocks with it. */
	fd = create_named(t, NAME, 0600);
	WANT_TRUE(t, block_alloc(t, fd, 5000, &block));
	close(fd);
	WANT_OK(t, device_unlink(t->fd, NAME));
}

/* Allocates and sets roots until it is killed. */
static void die_busy(const struct test *t, int go)
{
	__u64 most = t->info.region_bytes / (2 * 64 * SURVIVALS), usable, handles[64];
	int fd = device_open_named(t->fd, NAME, 0, 0);
	unsigned int i;

	for (i = 0; i < 64; i++)
		if (device_alloc(fd, 1 + i * 977 % most, 0, 0, &handles[i], &usable))
			_exit(1);
	if (fd < 0 || write(go, "", 1) != 1)
		_exit(1);
	for (i = 0;; i = (i + 1) % 64) {
		device_free(fd, handles[i]);
		if (device_alloc(fd, 1 + i * 1009 % most, 0, 0, &handles[i], &usable))
			_exit(1);
		device_set_root(fd, handles[i]);
	}
}

/* Whoever dies, at whatever moment: the arena is sound, and its blocks are there. */
static void named_survives(struct test *t)
{
	unsigned int round, rounds = t->ops > 5000 ? SURVIVALS : 5;
	int fd = create_named(t, NAME, 0600), go[2];
	struct pma_query_args query;
	struct pma_stats stats;
	char byte;
	pid_t child;

	for (round = 0; fd >= 0 && round < rounds && test_goes_on(t); round++) {
		if (pipe(go))
			break;
		child = fork();
		if (!child)
			die_busy(t, go[1]);
		close(go[1]);
		WANT(t, read(go[0], &byte, 1), 1);
		usleep(1000 * (round % 7));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		close(go[0]);
		stats = stats_get(t, fd);
		test_context(t, "round %u", round);
		WANT_TRUE(t, stats.live_blocks >= 63 * (round + 1));
		stats_sound(t, fd);
		if (get_root(fd) != PMA_HANDLE_NONE)
			WANT_OK(t, device_query(fd, get_root(fd), 0, &query));
	}
	WANT_OK(t, device_unlink(t->fd, NAME));
	close(fd);
}

/* As somebody else; what failed is the exit status. */
static int as_nobody(int fd, __u32 mode, bool in_group)
{
	bool reads, writes;
	int got;

	if (setgroups(0, NULL) || setresgid(in_group ? 0 : NOBODY, in_group ? 0 : NOBODY, 0) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	if (in_group)
		mode >>= 3;
	reads = mode & 4;
	writes = reads && (mode & 2);
	got = device_open_named(fd, NAME, PMA_OPEN_READ_ONLY, 0);
	if (reads ? got < 0 : got != -EACCES)
		return 2;
	if (reads && device_set_root(got, PMA_HANDLE_NONE) != -EBADF)
		return 3;
	if (reads && get_root(got) != PMA_HANDLE_NONE)
		return 4;
	if (reads && mmap(NULL, getpagesize(), PROT_WRITE, MAP_SHARED, got, 0) != MAP_FAILED)
		return 5;
	got = device_open_named(fd, NAME, PMA_OPEN_CREATE, 0666);
	if (writes ? got < 0 : got != -EACCES)
		return 6;
	if (writes && device_set_root(got, PMA_HANDLE_NONE))
		return 7;
	return device_unlink(fd, NAME) == -EACCES ? 0 : 8;
}

static void named_modes(struct test *t)
{
	static const __u32 modes[] = { 0, 0600, 0640, 0660, 0644, 0666, 0604, 0606, 0602, 0006 };
	size_t i, in_group;
	pid_t child;
	int fd;

	if (geteuid()) {
		t->skipped = "only root can be somebody else";
		return;
	}
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		fd = create_named(t, NAME, modes[i]);
		for (in_group = 0; fd >= 0 && in_group < 2; in_group++) {
			test_context(t, "mode %o, %s", modes[i],
				     in_group ? "of the group" : "others");
			child = fork();
			if (!child)
				_exit(as_nobody(t->fd, modes[i], in_group));
			WANT(t, test_child(child), 0);
		}
		/* root may always */
		close(fd);
		fd = device_open_named(t->fd, NAME, 0, 0);
		WANT_TRUE(t, fd >= 0);
		WANT_OK(t, device_unlink(t->fd, NAME));
		close(fd);
	}
}

static int fill_names(int fd)
{
	char name[PMA_ARENA_NAME_MAX];
	int i, got, status = 0;

	if (setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	for (i = 0; i < NAMES_PER_USER && !status; i++) {
		snprintf(name, sizeof(name), "%s-%d", NAME, i);
		got = device_open_named(fd, name, PMA_OPEN_CREATE, 0600);
		if (got < 0)
			status = 2;
		close(got);
	}
	if (!status && device_open_named(fd, "one-too-many", PMA_OPEN_CREATE, 0600) != -EDQUOT)
		status = 3;
	got = device_open_named(fd, NAME "-0", PMA_OPEN_CREATE, 0600);
	if (!status && got < 0)
		status = 4;
	while (i--) {
		snprintf(name, sizeof(name), "%s-%d", NAME, i);
		if (device_unlink(fd, name) && !status)
			status = 5;
	}
	return status;
}

static void named_quota(struct test *t)
{
	pid_t child;

	if (geteuid()) {
		t->skipped = "only root can be somebody else";
		return;
	}
	child = fork();
	if (!child)
		_exit(fill_names(t->fd));
	WANT(t, test_child(child), 0);
}

/* Processes that have nothing in common but the name share what is in a block. */
static int die_with_mutex(const struct test *t)
{
	int fd = device_open_named(t->fd, NAME, 0, 0);
	size_t bytes = t->info.region_bytes;
	pthread_mutex_t *mutex;
	char *base;

	if (fd < 0)
		return 1;
	base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return 2;
	mutex = (pthread_mutex_t *)(base + get_root(fd));
	return pthread_mutex_lock(mutex) ? 3 : 0;
}

static void named_mutex(struct test *t)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t *mutex;
	struct block block;
	pid_t child;
	char *base;
	int fd;

	if (!reach_can(t))
		return;
	fd = create_named(t, NAME, 0600);
	base = reach_map(t, fd);
	if (!base || !block_alloc(t, fd, sizeof(*mutex), &block))
		return;
	WANT_OK(t, device_set_root(fd, block.handle));
	mutex = (pthread_mutex_t *)(base + block.handle);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attr);
	child = fork();
	if (!child) {
		munmap(base, t->info.region_bytes);
		close(fd);
		_exit(die_with_mutex(t));
	}
	WANT(t, test_child(child), 0);
	WANT(t, pthread_mutex_lock(mutex), EOWNERDEAD);
	WANT(t, pthread_mutex_consistent(mutex), 0);
	WANT(t, pthread_mutex_unlock(mutex), 0);
	WANT_OK(t, device_unlink(t->fd, NAME));
	close(fd);
	/* A mapping keeps it too. */
	WANT(t, pthread_mutex_lock(mutex), 0);
	WANT(t, pthread_mutex_unlock(mutex), 0);
	reach_unmap(t, base);
}

static void root_judged(struct test *t)
{
	int other = block_open(t, O_RDWR);
	struct pma_root_args args = { .handle = PMA_HANDLE_NONE, .reserved = 1 };
	struct block block, theirs;

	WANT(t, get_root(t->fd), PMA_HANDLE_NONE);
	if (!block_alloc(t, t->fd, 100, &block) || !block_alloc(t, other, 100, &theirs))
		return;
	WANT_OK(t, device_set_root(t->fd, block.handle));
	WANT_REFUSED(t, t->fd, device_set_root(t->fd, block.handle + 8), EBADSLT,
		     COUNTER(bad_interior));
	WANT_REFUSED(t, t->fd, device_set_root(t->fd, theirs.handle), EACCES, COUNTER(bad_owner));
	WANT_REFUSED(t, t->fd, device_set_root(t->fd, t->info.region_bytes), ERANGE,
		     COUNTER(bad_range));
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_SET_ROOT, &args), EINVAL,
		     COUNTER(bad_args));
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_SET_ROOT, NULL), EFAULT, COUNTER_NONE);
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_ROOT, NULL), EFAULT, COUNTER_NONE);
	WANT(t, get_root(t->fd), block.handle);
	block_free(t, t->fd, &block);
	WANT(t, get_root(t->fd), PMA_HANDLE_NONE);
	WANT_REFUSED(t, t->fd, device_set_root(t->fd, block.handle), EALREADY, COUNTER(bad_free));
	if (!block_alloc(t, t->fd, 100, &block))
		return;
	WANT_OK(t, device_set_root(t->fd, block.handle));
	WANT_OK(t, device_reset(t->fd));
	WANT_TRUE(t, block_alloc(t, t->fd, 100, &block));
	WANT(t, get_root(t->fd), PMA_HANDLE_NONE);
	WANT_OK(t, device_set_root(t->fd, block.handle));
	WANT_OK(t, device_set_root(t->fd, PMA_HANDLE_NONE));
	WANT(t, get_root(t->fd), PMA_HANDLE_NONE);
	close(other);
}

static void who_has_arena(struct test *t)
{
	struct pma_limit_args limit = {
		.flags = PMA_LIMIT_LIMIT | PMA_LIMIT_LOW, .limit = 9, .low = 2,
	};
	struct pma_stats stats;
	struct pma_arena_rec rec;
	struct pma_info info;
	struct block block;
	char comm[16];
	int fd;

	prctl(PR_GET_NAME, comm);
	fd = create_named(t, NAME, 0640);
	if (fd < 0 || !block_alloc(t, fd, 3000, &block))
		return;
	WANT_OK(t, device_info(fd, &info));
	WANT_OK(t, device_limit(fd, &limit));
	WANT_OK(t, device_tag(fd, "a tag, printable"));
	WANT_ERR(t, device_free(fd, t->info.region_bytes), ERANGE);
	if (!WANT_TRUE(t, named_find_arena(t, info.arena, &rec)))
		return;
	stats = stats_get(t, fd);
	WANT(t, rec.pid, getpid());
	WANT(t, rec.uid, geteuid());
	WANT(t, rec.gid, getegid());
	WANT(t, rec.mode, 0640);
	WANT(t, rec.opens, 1);
	WANT(t, rec.live_blocks, 1);
	WANT(t, rec.live_bytes, stats.live_bytes);
	WANT(t, rec.peak_bytes, stats.peak_bytes);
	WANT(t, rec.failed, 0);
	WANT(t, rec.refused, 1);
	WANT(t, rec.arena_pages, stats.arena_pages);
	WANT(t, rec.charged_pages, stats.charged_pages);
	WANT(t, rec.limit_pages, 9);
	WANT(t, rec.reserve_pages, 0);
	WANT(t, rec.low_pages, 2);
	WANT_TRUE(t, !strcmp(rec.comm, comm));
	WANT_TRUE(t, !strcmp(rec.name, NAME));
	WANT_TRUE(t, !strcmp(rec.tag, "a tag, printable"));
	WANT_OK(t, device_tag(fd, ""));
	WANT_OK(t, device_unlink(fd, NAME));
	WANT_TRUE(t, named_find_arena(t, info.arena, &rec));
	WANT(t, rec.name[0], 0);
	WANT(t, rec.tag[0], 0);
	close(fd);
	WANT_TRUE(t, !named_find_arena(t, info.arena, &rec));
	WANT_TRUE(t, named_find_arena(t, t->info.arena, &rec));
}

/* Nobody is shown the pid of who made it when he is gone: it may be another's by then. */
static void who_made_it_is_gone(struct test *t)
{
	struct pma_arena_rec rec;
	struct pma_info info;
	pid_t child;
	int fd;

	child = fork();
	if (!child)
		_exit(device_open_named(t->fd, NAME, PMA_OPEN_CREATE, 0600) < 0);
	WANT(t, test_child(child), 0);
	fd = device_open_named(t->fd, NAME, 0, 0);
	if (!WANT_TRUE(t, fd >= 0))
		return;
	WANT_OK(t, device_info(fd, &info));
	if (WANT_TRUE(t, named_find_arena(t, info.arena, &rec)))
		WANT(t, rec.pid, 0);
	WANT_OK(t, device_unlink(fd, NAME));
	close(fd);
}

static void tag_bad(struct test *t)
{
	static const char * const bad[] = {
		"a\n", "\x1b[2J", "\x7f", "\xff", "12345678901234567890123456789012",
	};
	struct pma_tag_args args = { .tag = "a\0b" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		WANT_REFUSED(t, t->fd, device_tag(t->fd, bad[i]), EINVAL, COUNTER(bad_args));
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_TAG, &args), EINVAL,
		     COUNTER(bad_args));
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_TAG, NULL), EFAULT, COUNTER_NONE);
	WANT_OK(t, device_tag(t->fd, "1234567890123456789012345678901"));
}

const struct test_case named_cases[] = {
	{ "named_bad_args", named_bad_args },
	{ "named_unwritable", named_unwritable },
	{ "named_lives", named_lives },
	{ "named_survives", named_survives },
	{ "named_modes", named_modes },
	{ "named_quota", named_quota },
	{ "named_mutex", named_mutex },
	{ "root_judged", root_judged },
	{ "who_has_arena", who_has_arena },
	{ "who_made_it_is_gone", who_made_it_is_gone },
	{ "tag_bad", tag_bad },
	{ }
};
