// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * revoke.c - a page that is freed leaves every mapping before anybody else gets it
 *
 * A mapped arena keeps a few of its freed pages (held) for itself, within reach;
 * what is more than those is revoked at once.  So blocks here are longer than the
 * reserve wherever a page has to change hands.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

#define RESERVE_PAGES	64	/* that an arena may keep */
#define CANARY		0xc0ffee11c0ffee11ULL

/* A block of more than the reserve, if the pool has so many. */
static bool alloc_long(struct test *t, int fd, struct block *block)
{
	__u64 nr_pages = RESERVE_PAGES + 6;

	if (stats_get(t, fd).pool_largest_run < 2 * nr_pages) {
		t->skipped = "the pool is too small";
		return false;
	}
	return block_alloc(t, fd, nr_pages * t->info.page_size, block);
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* By free, by reset, and by a realloc that moves or shrinks it: gone from two mappings. */
static void revoke_freed(struct test *t)
{
	struct block block;
	char *base[2];
	__u64 handle, usable;
	int how;

	if (!reach_can(t))
		return;
	base[0] = reach_map(t, t->fd);
	base[1] = reach_map(t, t->fd);
	for (how = 0; how < 4 && alloc_long(t, t->fd, &block); how++) {
		test_context(t, "way %d", how);
		reach_fill(base[0], &block, 1);
		reach_verify(t, base[1], &block);
		handle = block.handle;
		if (how == 0)
			WANT_OK(t, device_free(t->fd, handle));
		else if (how == 1)
			WANT_OK(t, device_reset(t->fd));
		else if (how == 2)
			WANT_OK(t, device_realloc(t->fd, &handle, 100, 0, 0, &usable));
		else
			WANT_OK(t, device_realloc(t->fd, &handle, 2 * t->info.page_size, 0, 0,
						  &usable));
		usable = how == 3 ? 2 * t->info.page_size : 0;
		if (how == 3)
			WANT(t, pattern_match(base[1] + handle, usable, 1), usable);
		WANT_TRUE(t, reach_none(base[0] + block.handle + usable, block.usable - usable));
		WANT_TRUE(t, reach_none(base[1] + block.handle + usable, block.usable - usable));
		WANT_OK(t, device_reset(t->fd));
	}
	reach_unmap(t, base[0]);
	reach_unmap(t, base[1]);
}

/* What an arena keeps after a free is within the reserve, its own, and used again. */
static void revoke_keeps_few(struct test *t)
{
	struct block blocks[2 * RESERVE_PAGES];
	struct pma_stats before = stats_get(t, t->fd), stats;
	char *base;
	size_t i;

	if (!reach_can(t) || before.pool_free_pages < 2 * ARRAY_SIZE(blocks)) {
		t->skipped = t->skipped ?: "the pool is too small";
		return;
	}
	base = reach_map(t, t->fd);
	for (i = 0; base && i < ARRAY_SIZE(blocks); i++) {
		if (!block_alloc(t, t->fd, t->info.page_size, &blocks[i]))
			return;
		reach_fill(base, &blocks[i], i);
	}
	for (i = 0; base && i < ARRAY_SIZE(blocks); i++)
		block_free(t, t->fd, &blocks[i]);
	stats = stats_get(t, t->fd);
	WANT(t, stats.arena_pages, 0);
	WANT_TRUE(t, stats.held_pages <= RESERVE_PAGES);
	WANT(t, stats.pool_free_pages + stats.held_pages, before.pool_free_pages);
	stats_sound(t, t->fd);
	for (i = 0; base && i < ARRAY_SIZE(blocks); i++)
		WANT_REFUSED(t, t->fd, device_free(t->fd, blocks[i].handle), EALREADY,
			     COUNTER(bad_free));
	reach_unmap(t, base);
}

/* Counts the words of a block that are not @wanted, and makes all of them @next. */
static size_t swap_words(__u64 *words, size_t bytes, __u64 wanted, __u64 next)
{
	size_t i, wrong = 0;

	for (i = 0; i < bytes / sizeof(*words); i++) {
		wrong += words[i] != wanted;
		words[i] = next;
	}
	return wrong;
}

/* Two arenas hand the same pages to each other, and neither sees what the other wrote. */
static void revoke_reuse_is_clean(struct test *t)
{
	int fds[2] = { t->fd, reach_can(t) ? block_open(t, O_RDWR) : -1 };
	unsigned long frames = 10 * t->ops, reused = 0;
	struct block block;
	char *base[2];
	__u64 last = PMA_HANDLE_NONE;
	int turn;

	if (fds[1] < 0)
		return;
	base[0] = reach_map(t, fds[0]);
	base[1] = reach_map(t, fds[1]);
	for (turn = 0; base[0] && base[1] && reused < frames && test_goes_on(t); turn ^= 1) {
		if (!alloc_long(t, fds[turn], &block))
			break;
		/* it is the run that the other arena gave back */
		if (last != PMA_HANDLE_NONE && !WANT(t, block.handle, last))
			break;
		if (!WANT(t, swap_words((__u64 *)(base[turn] + block.handle), block.usable, 0,
					CANARY), 0))
			break;
		if (!block_free(t, fds[turn], &block))
			break;
		last = block.handle;
		reused += block.usable / sysconf(_SC_PAGESIZE);
	}
	reach_unmap(t, base[0]);
	reach_unmap(t, base[1]);
	close(fds[1]);
}

/* The same with pages of all kinds, of arenas that end. */
static void revoke_end_is_clean(struct test *t)
{
	const __u64 sizes[] = { 64, 1000, t->info.slab_max, t->info.page_size,
				t->info.page_size + 100, 3 * t->info.page_size };
	unsigned long round, rounds = t->ops / 100;
	struct block block;
	char *base;
	size_t i;
	int fd;

	if (!reach_can(t))
		return;
	for (round = 0; round < rounds && test_goes_on(t); round++) {
		fd = block_open(t, O_RDWR);
		if (fd < 0)
			return;
		base = reach_map(t, fd);
		for (i = 0; base && i < 4 * ARRAY_SIZE(sizes); i++) {
			test_context(t, "round %lu, size %llu", round,
				     sizes[i % ARRAY_SIZE(sizes)]);
			if (!block_alloc(t, fd, sizes[i % ARRAY_SIZE(sizes)], &block))
				break;
			WANT(t, swap_words((__u64 *)(base + block.handle), block.usable, 0,
					   CANARY), 0);
		}
		close(fd);
		reach_unmap(t, base);
	}
}

/* Puts the frame at @at into a pipe as it is, pinned. */
static bool pin_frame(struct test *t, int pipe_end, char *at)
{
	struct iovec frame = { at, sysconf(_SC_PAGESIZE) };

	return WANT(t, vmsplice(pipe_end, &frame, 1, 0), frame.iov_len);
}

/* Reads the frame out again: it has the bytes of pattern @seed. */
static void unpin_frame(struct test *t, int pipe_end, __u64 seed)
{
	size_t bytes = sysconf(_SC_PAGESIZE);
	char *buf = malloc(bytes);

	WANT(t, read(pipe_end, buf, bytes), bytes);
	WANT(t, pattern_match(buf, bytes, seed), bytes);
	free(buf);
}

/* Takes all that is left, in as long blocks as can be had. */
static size_t take_all(struct test *t, int fd, struct block *blocks, size_t room)
{
	__u64 pages = t->info.nr_pages;
	size_t nr = 0;
	int err;

	while (pages && nr < room) {
		blocks[nr].size = pages * t->info.page_size;
		err = device_alloc(fd, blocks[nr].size, 0, 0, &blocks[nr].handle,
				   &blocks[nr].usable);
		if (err)
			pages /= 2;
		else
			nr++;
	}
	WANT_TRUE(t, nr > 0 && nr < room);
	return nr;
}

/* Nobody gets a page of @pinned. */
static void use_all_pages(struct test *t, const struct block *pinned)
{
	struct block blocks[256];
	size_t i, nr = take_all(t, t->fd, blocks, ARRAY_SIZE(blocks));
	bool apart;

	for (i = 0; i < nr; i++) {
		apart = blocks[i].handle >= pinned->handle + pinned->usable ||
			blocks[i].handle + blocks[i].usable <= pinned->handle;
		WANT_TRUE(t, apart);
		WANT_OK(t, device_pwrite(t->fd, "all pages", 9, blocks[i].handle));
	}
	for (i = 0; i < nr; i++)
		block_free(t, t->fd, &blocks[i]);
}

/* Freed while its first frame is in a pipe; @ends: and its arena is gone, too. */
static void try_pinned(struct test *t, bool ends)
{
	__u32 free_before = stats_get(t, t->fd).pool_free_pages;
	int pipes[2], fd = block_open(t, O_RDWR);
	struct block block;
	char *base;

	if (fd < 0 || pipe(pipes))
		return;
	base = reach_map(t, fd);
	if (!base || !alloc_long(t, fd, &block))
		goto out;
	reach_fill(base, &block, 1);
	if (!pin_frame(t, pipes[1], base + block.handle))
		goto out;
	block_free(t, fd, &block);
	WANT_TRUE(t, reach_none(base + block.handle, block.usable));
	WANT_TRUE(t, stats_get(t, t->fd).pool_free_pages < free_before);
	stats_sound(t, fd);
	if (ends) {
		close(fd);
		reach_unmap(t, base);
		base = NULL;
	}
	use_all_pages(t, &block);
	sleep_ms(150);		/* a look of the worker, that finds it pinned */
	WANT_TRUE(t, stats_get(t, t->fd).pool_free_pages < free_before);
	unpin_frame(t, pipes[0], 1);
	stats_wait_free(t, free_before);
	WANT_OK(t, device_reset(t->fd));
out:
	reach_unmap(t, base);
	if (base || !ends)
		close(fd);
	close(pipes[0]);
	close(pipes[1]);
}

static void revoke_pinned(struct test *t)
{
	if (reach_can(t))
		try_pinned(t, false);
}

static void revoke_pinned_end(struct test *t)
{
	if (reach_can(t))
		try_pinned(t, true);
}

/* A pinned tail can't be parted with: the block that is to shrink stays long. */
static void revoke_pinned_shrink(struct test *t)
{
	__u64 page = t->info.page_size, handle, usable;
	struct block block;
	int pipes[2];
	char *base;

	if (!reach_can(t) || pipe(pipes))
		return;
	base = reach_map(t, t->fd);
	if (!base || !block_alloc(t, t->fd, 12 * page, &block))
		return;
	reach_fill(base, &block, 1);
	handle = block.handle;
	if (vmsplice(pipes[1], &(struct iovec){ base + handle + 10 * page, 8 }, 1, 0) == 8) {
		WANT_OK(t, device_realloc(t->fd, &handle, 2 * page, 0, 0, &usable));
		WANT(t, pattern_match(base + handle, 2 * page, 1), 2 * page);
		stats_sound(t, t->fd);
	}
	close(pipes[0]);
	close(pipes[1]);
	WANT_OK(t, device_free(t->fd, handle));
	reach_unmap(t, base);
}

#define NR_KEPT	40	/* fewer than the reserve */

/* What a mapped arena keeps is another's when that has nothing else. */
static void revoke_when_exhausted(struct test *t)
{
	int other = reach_can(t) ? block_open(t, O_RDWR) : -1;
	struct block kept[NR_KEPT], rest[256], got;
	char *base;
	size_t i;

	if (other < 0)
		return;
	base = reach_map(t, t->fd);
	for (i = 0; base && i < NR_KEPT; i++)
		if (block_alloc(t, t->fd, t->info.page_size, &kept[i]))
			reach_fill(base, &kept[i], i);
	take_all(t, t->fd, rest, ARRAY_SIZE(rest));
	for (i = 0; i < NR_KEPT; i++)
		block_free(t, t->fd, &kept[i]);
	WANT(t, stats_get(t, t->fd).held_pages, NR_KEPT);
	for (i = 0; base && i < NR_KEPT; i++) {
		if (!block_alloc(t, other, t->info.page_size, &got))
			break;
		block_verify_zero(t, other, got.handle, 0, got.usable);
		WANT_TRUE(t, reach_none(base + got.handle, got.usable));
	}
	WANT(t, stats_get(t, t->fd).held_pages, 0);
	WANT_REFUSED(t, other, device_alloc(other, t->info.page_size, 0, 0, &got.handle,
					    &got.usable), ENOMEM, COUNTER(failed));
	stats_sound(t, t->fd);
	WANT_OK(t, device_reset(t->fd));
	reach_unmap(t, base);
	close(other);
}

/*
 * One process writes to all it can reach, while it allocates and frees; another
 * one gets the same pages, and must never see a byte of the first.
 */
struct racer {
	char *base;
	size_t bytes;
	size_t frame;
	unsigned int seed;
};

static void *race_writer(void *arg)
{
	struct racer *racer = arg;
	size_t at;

	for (;;) {
		at = (size_t)rand_r(&racer->seed) * racer->frame % racer->bytes;
		reach_write(racer->base + at, 0xaa);
	}
	return NULL;
}

/* Never ends by itself. */
static void race_attack(struct test *t, int fd)
{
	struct racer racer = {
		/* where blocks of this length come and go */
		.bytes = 4 * RESERVE_PAGES * t->info.page_size,
		.frame = sysconf(_SC_PAGESIZE),
		.seed = t->seed,
	};
	pthread_t thread;
	__u64 handle, usable;

	racer.base = reach_map(t, fd);
	if (!racer.base || pthread_create(&thread, NULL, race_writer, &racer))
		_exit(1);
	for (;;)
		if (!device_alloc(fd, (RESERVE_PAGES + 1) * t->info.page_size, 0, 0, &handle,
				  &usable))
			device_free(fd, handle);
}

static void race_defend(struct test *t)
{
	__u64 size = (RESERVE_PAGES + 1) * t->info.page_size;
	unsigned long round;
	struct block block;
	char *base = reach_map(t, t->fd);
	size_t wrong;

	for (round = 0; base && round < t->ops / 20 && test_goes_on(t); round++) {
		if (!block_alloc(t, t->fd, size, &block))
			break;
		wrong = swap_words((__u64 *)(base + block.handle), block.usable, 0, CANARY);
		wrong += swap_words((__u64 *)(base + block.handle), block.usable, CANARY, 0);
		if (!WANT(t, wrong, 0) || !block_free(t, t->fd, &block))
			break;
	}
	reach_unmap(t, base);
}

static void revoke_race(struct test *t)
{
	__u32 free_before = stats_get(t, t->fd).pool_free_pages;
	int fd, status;
	pid_t child;

	if (!reach_can(t))
		return;
	if (free_before < 8 * RESERVE_PAGES) {
		t->skipped = "the pool is too small";
		return;
	}
	child = fork();
	if (!child) {
		fd = block_open(t, O_RDWR);
		close(t->fd);
		race_attack(t, fd);
	}
	sleep_ms(20);
	race_defend(t);
	kill(child, SIGKILL);
	WANT(t, waitpid(child, &status, 0), child);
	WANT_TRUE(t, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	stats_sound(t, t->fd);
	WANT_OK(t, device_reset(t->fd));
	stats_wait_free(t, free_before - stats_get(t, t->fd).held_pages);
}

const struct test_case revoke_cases[] = {
	{ "revoke_freed", revoke_freed },
	{ "revoke_keeps_few", revoke_keeps_few },
	{ "revoke_reuse_is_clean", revoke_reuse_is_clean },
	{ "revoke_end_is_clean", revoke_end_is_clean },
	{ "revoke_pinned", revoke_pinned },
	{ "revoke_pinned_end", revoke_pinned_end },
	{ "revoke_pinned_shrink", revoke_pinned_shrink },
	{ "revoke_when_exhausted", revoke_when_exhausted },
	{ "revoke_race", revoke_race },
	{ }
};
