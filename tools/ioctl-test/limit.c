// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * limit.c - how many pages an arena may have, and is sure to get
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define NOBODY		65534

/* Longest that an alloc within the reserve may take, whatever others do. */
#define STALL_MAX_MS	2000

static int set(int fd, __u32 flags, __u32 limit, __u32 reserve)
{
	struct pma_limit_args args = { .flags = flags, .limit = limit, .reserve = reserve };

	return device_limit(fd, &args);
}

static struct pma_limit_args get(struct test *t, int fd)
{
	struct pma_limit_args args = { };

	WANT_OK(t, device_limit(fd, &args));
	return args;
}

static int alloc_page(const struct test *t, int fd, __u64 *handle)
{
	__u64 usable;

	return device_alloc(fd, t->info.page_size, 0, 0, handle, &usable);
}

/* Blocks of a page each, until there is no more; how many. */
static __u32 fill(const struct test *t, int fd, __u32 most)
{
	__u64 handle;
	__u32 n;

	for (n = 0; n < most && !alloc_page(t, fd, &handle); n++)
		;
	return n;
}

static void limit_get(struct test *t)
{
	struct pma_limit_args args;
	struct pma_stats stats;

	memset(&args, 0xff, sizeof(args));
	args.flags = 0;
	args.reserved[0] = 0;
	args.reserved[1] = 0;
	WANT_OK(t, device_limit(t->fd, &args));
	WANT(t, args.limit, PMA_LIMIT_NONE);
	WANT(t, args.reserve, 0);
	WANT(t, args.low, 0);
	WANT(t, args.used, 0);
	stats = stats_get(t, t->fd);
	WANT(t, args.available, stats.pool_free_pages);
	WANT(t, fill(t, t->fd, 5), 5);
	args = get(t, t->fd);
	WANT(t, args.used, 5);
	WANT(t, args.available, stats.pool_free_pages - 5);
	WANT(t, stats_get(t, t->fd).charged_pages, 5);
}

/* One limit, whatever the request is served by; where a page is over, it is served. */
static void limit_holds(struct test *t)
{
	const __u64 page = t->info.page_size;
	struct block big, small;
	__u64 handle, usable;

	WANT_OK(t, set(t->fd, PMA_LIMIT_LIMIT, 10, 0));
	WANT(t, get(t, t->fd).available, 10);
	WANT(t, stats_get(t, t->fd).limit_pages, 10);
	WANT_REFUSED(t, t->fd, device_alloc(t->fd, 11 * page, 0, 0, &handle, &usable), ENOMEM,
		     COUNTER(failed));
	if (!block_alloc(t, t->fd, 9 * page, &big) || !block_alloc(t, t->fd, 16, &small))
		return;
	WANT_REFUSED(t, t->fd, alloc_page(t, t->fd, &handle), ENOMEM, COUNTER(failed));
	WANT_REFUSED(t, t->fd, device_alloc(t->fd, page + 100, 0, 0, &handle, &usable), ENOMEM,
		     COUNTER(failed));
	WANT_REFUSED(t, t->fd, device_alloc(t->fd, 64, 0, 0, &handle, &usable), ENOMEM,
		     COUNTER(failed));
	handle = big.handle;
	WANT_REFUSED(t, t->fd, device_realloc(t->fd, &handle, 10 * page, 0, 0, &usable), ENOMEM,
		     COUNTER(failed));
	WANT_OK(t, device_alloc(t->fd, 16, 0, 0, &handle, &usable));
	block_free(t, t->fd, &big);
	WANT(t, fill(t, t->fd, 20), 9);
	WANT(t, get(t, t->fd).used, 10);
}

/* A limit below what is used refuses growth and frees nothing. */
static void limit_below_use(struct test *t)
{
	struct block block, kept;
	__u64 handle;

	if (!block_alloc(t, t->fd, 8 * t->info.page_size, &block) ||
	    !block_alloc(t, t->fd, t->info.page_size, &kept))
		return;
	block_fill(t, t->fd, &block, 1);
	WANT_OK(t, set(t->fd, PMA_LIMIT_LIMIT, 2, 0));
	WANT(t, get(t, t->fd).used, 9);
	WANT(t, get(t, t->fd).available, 0);
	WANT_REFUSED(t, t->fd, alloc_page(t, t->fd, &handle), ENOMEM, COUNTER(failed));
	block_verify(t, t->fd, &block, block.usable);
	block_free(t, t->fd, &block);
	WANT(t, fill(t, t->fd, 10), 1);
}

static void limit_bad_args(struct test *t)
{
	static const struct pma_limit_args cases[] = {
		{ .flags = 8 }, { .flags = 1U << 31 }, { .reserved = { 1, 0 } },
		{ .reserved = { 0, 1U << 31 } },
		{ .flags = PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, .limit = 5, .reserve = 6 },
	};
	struct pma_limit_args args;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		test_context(t, "case %zu", i);
		args = cases[i];
		WANT_REFUSED(t, t->fd, device_limit(t->fd, &args), EINVAL, COUNTER(bad_args));
	}
	test_context(t, "in other ways");
	WANT_REFUSED(t, t->fd, set(t->fd, PMA_LIMIT_RESERVE, 0, t->info.nr_pages + 1), ENOMEM,
		     COUNTER_NONE);
	WANT_REFUSED(t, t->fd, set(t->fd, PMA_LIMIT_RESERVE, 0, PMA_LIMIT_NONE), ENOMEM,
		     COUNTER_NONE);
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_LIMIT, NULL), EFAULT, COUNTER_NONE);
	fd = block_open(t, O_RDONLY);
	WANT_ERR(t, set(fd, 0, 0, 0), EBADF);
	close(fd);
}

/* As somebody without CAP_SYS_RESOURCE; what failed is the exit status. */
static int limit_as_nobody(int fd)
{
	if (setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	if (set(fd, PMA_LIMIT_LIMIT, 21, 0) != -EPERM ||
	    set(fd, PMA_LIMIT_LIMIT, PMA_LIMIT_NONE, 0) != -EPERM)
		return 2;
	if (set(fd, PMA_LIMIT_RESERVE, 0, 6) != -EPERM)
		return 3;
	if (set(fd, PMA_LIMIT_LIMIT, 20, 0) || set(fd, PMA_LIMIT_LIMIT, 12, 0) ||
	    set(fd, PMA_LIMIT_LIMIT, 13, 0) != -EPERM)
		return 4;
	if (set(fd, PMA_LIMIT_RESERVE, 0, 5) || set(fd, PMA_LIMIT_RESERVE, 0, 2) ||
	    set(fd, PMA_LIMIT_RESERVE, 0, 3) != -EPERM)
		return 5;
	if (set(fd, PMA_LIMIT_LIMIT, 1, 0) != -EINVAL)
		return 6;
	return set(fd, PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, 1, 0) ? 7 : 0;
}

static void limit_needs_capability(struct test *t)
{
	pid_t child;

	if (geteuid()) {
		t->skipped = "only root can take a reserve";
		return;
	}
	WANT_OK(t, set(t->fd, PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, 20, 5));
	child = fork();
	if (!child)
		_exit(limit_as_nobody(t->fd));
	WANT(t, test_child(child), 0);
	WANT(t, get(t, t->fd).limit, 1);
	WANT_OK(t, set(t->fd, PMA_LIMIT_LIMIT, PMA_LIMIT_NONE, 0));
}

/* What is freed but held, as the arena is mapped, is no obstacle, nor a way round. */
static void limit_counts_held(struct test *t)
{
	const __u64 page = t->info.page_size;
	struct block blocks[8], big;
	char *base;
	size_t i;

	if (!reach_can(t))
		return;
	base = reach_map(t, t->fd);
	WANT_OK(t, set(t->fd, PMA_LIMIT_LIMIT, ARRAY_SIZE(blocks), 0));
	for (i = 0; base && i < ARRAY_SIZE(blocks); i++) {
		if (!block_alloc(t, t->fd, page, &blocks[i]))
			return;
		reach_fill(base, &blocks[i], i);
	}
	for (i = 0; base && i < ARRAY_SIZE(blocks); i++)
		block_free(t, t->fd, &blocks[i]);
	WANT(t, stats_get(t, t->fd).held_pages, ARRAY_SIZE(blocks));
	WANT(t, stats_get(t, t->fd).charged_pages, ARRAY_SIZE(blocks));
	/* Of no held run's length, so that it must come from the pool. */
	if (!base || !block_alloc(t, t->fd, 5 * page, &big))
		return;
	WANT(t, stats_get(t, t->fd).failed, 0);
	WANT_TRUE(t, stats_get(t, t->fd).charged_pages <= ARRAY_SIZE(blocks));
	WANT(t, fill(t, t->fd, 20), 3);
	reach_unmap(t, base);
}

/* What an arena does not use of its reserve nobody else gets, whatever runs out. */
static void limit_reserve(struct test *t)
{
	__u32 reserve = t->info.nr_pages / 4, round;
	int other = block_open(t, O_RDWR);

	WANT_OK(t, set(t->fd, PMA_LIMIT_RESERVE, 0, reserve));
	WANT_REFUSED(t, other, set(other, PMA_LIMIT_RESERVE, 0, t->info.nr_pages - reserve + 1),
		     ENOMEM, COUNTER_NONE);
	for (round = 0; round < 2; round++) {
		WANT(t, fill(t, other, -1), t->info.nr_pages - reserve);
		WANT(t, get(t, other).available, 0);
		WANT(t, get(t, t->fd).available, reserve);
		WANT(t, fill(t, t->fd, -1), reserve);
		WANT_OK(t, device_reset(t->fd));
		WANT(t, fill(t, other, 1), 0);
		WANT_OK(t, device_reset(other));
	}
	/* Its end is the end of its reserve. */
	WANT_OK(t, set(other, PMA_LIMIT_RESERVE, 0, t->info.nr_pages - reserve));
	close(other);
	WANT_OK(t, set(t->fd, PMA_LIMIT_RESERVE, 0, t->info.nr_pages));
	WANT(t, get(t, t->fd).available, t->info.nr_pages);
}

static long now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Takes all it can get, as fast as it can, and starts anew when there is no more. */
static void hog(const struct test *t)
{
	int fd = device_open(t->device, O_RDWR);

	while (fd >= 0) {
		fill(t, fd, -1);
		device_reset(fd);
	}
	_exit(1);
}

/* A client that allocates as fast as it can neither takes a reserve nor holds it up. */
static void limit_beside_hog(struct test *t)
{
	const __u32 reserve = 16;
	__u32 rounds = t->ops / 50, round, n;
	long longest = 0, begin;
	__u64 handle;
	pid_t child;

	WANT_OK(t, set(t->fd, PMA_LIMIT_RESERVE, 0, reserve));
	child = fork();
	if (!child)
		hog(t);
	for (round = 0; round < rounds && test_goes_on(t); round++) {
		for (n = 0; n < reserve; n++) {
			begin = now_ms();
			WANT_OK(t, alloc_page(t, t->fd, &handle));
			if (now_ms() - begin > longest)
				longest = now_ms() - begin;
		}
		WANT_OK(t, device_reset(t->fd));
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	test_context(t, "longest alloc %ld ms", longest);
	WANT_TRUE(t, longest < STALL_MAX_MS);
}

const struct test_case limit_cases[] = {
	{ "limit_get", limit_get },
	{ "limit_holds", limit_holds },
	{ "limit_below_use", limit_below_use },
	{ "limit_bad_args", limit_bad_args },
	{ "limit_needs_capability", limit_needs_capability },
	{ "limit_counts_held", limit_counts_held },
	{ "limit_reserve", limit_reserve },
	{ "limit_beside_hog", limit_beside_hog },
	{ }
};
