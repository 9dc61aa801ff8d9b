// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * claim.c - blocks that several arenas hold: who may, what it is worth, how it ends
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

#define PAGES	5	/* of the blocks here */

/* A block of the test's own arena, and others that may claim it. */
struct world {
	struct block block;
	__u64 token[2];
	int fds[3];		/* the first is the test's */
	char *base[3];
};

static bool world_make(struct test *t, struct world *world, __u32 flags, __u32 nr_claims)
{
	size_t i;

	*world = (struct world){ .fds = { t->fd } };
	for (i = 1; i < ARRAY_SIZE(world->fds); i++)
		world->fds[i] = block_open(t, O_RDWR);
	for (i = 0; reach_can(t) && i < ARRAY_SIZE(world->fds); i++) {
		world->base[i] = reach_map(t, world->fds[i]);
		if (!world->base[i])
			return false;
	}
	t->skipped = NULL;	/* what needs no mapping goes on without */
	return block_alloc(t, t->fd, PAGES * t->info.page_size, &world->block) &&
	       (!nr_claims || WANT_OK(t, device_share(t->fd, world->block.handle, flags,
						      nr_claims, world->token)));
}

static void world_end(struct test *t, struct world *world)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(world->fds); i++) {
		stats_sound(t, world->fds[i]);
		reach_unmap(t, world->base[i]);
		if (i)
			close(world->fds[i]);
	}
	WANT_OK(t, device_reset(t->fd));
}

/* Holder @i claims the block, and it is where and what it was. */
static bool world_claim(struct test *t, struct world *world, int i)
{
	__u64 handle, usable;

	return WANT_OK(t, device_claim(world->fds[i], world->token, &handle, &usable)) &&
	       WANT(t, handle, world->block.handle) && WANT(t, usable, world->block.usable);
}

static int world_release(struct world *world, int i)
{
	return device_free(world->fds[i], world->block.handle);
}

/* Each holder sees what any of them writes, in mappings that were there before. */
static void claim_reaches(struct test *t)
{
	struct world world;
	struct pma_query_args query;
	int i, j;

	if (!world_make(t, &world, PMA_SHARE_WRITE, 2))
		return;
	for (i = 1; i < 3; i++) {
		WANT_ERR(t, device_query(world.fds[i], world.block.handle, 0, &query), EACCES);
		world_claim(t, &world, i);
		WANT_OK(t, device_query(world.fds[i], world.block.handle, 0, &query));
		WANT(t, query.owner, PMA_OWNER_SHARED);
		WANT(t, query.requested, world.block.size);
		WANT(t, query.block_flags & (PMA_BLOCK_SHARED | PMA_BLOCK_READ_ONLY),
		     PMA_BLOCK_SHARED);
		WANT(t, stats_get(t, world.fds[i]).big_pages, PAGES);
		WANT(t, stats_get(t, world.fds[i]).live_blocks, 1);
	}
	for (i = 0; i < 3; i++) {
		block_fill(t, world.fds[i], &world.block, i);
		for (j = 0; j < 3; j++)
			block_verify(t, world.fds[j], &world.block, world.block.usable);
		if (world.base[i])
			reach_fill(world.base[i], &world.block, 10 + i);
		for (j = 0; j < 3 && world.base[i]; j++)
			reach_verify(t, world.base[j], &world.block);
	}
	world_end(t, &world);
}

/* Who lets go is out of reach of it at once; the others are not, and the last frees it. */
static void claim_ends(struct test *t)
{
	struct pma_stats before = stats_get(t, t->fd);
	struct pma_query_args query;
	struct world world;
	int first, i, who;

	for (first = 0; first < 3 && world_make(t, &world, PMA_SHARE_WRITE, 2); first++) {
		world_claim(t, &world, 1);
		world_claim(t, &world, 2);
		for (i = 0; i < 3; i++)
			if (world.base[i])
				reach_fill(world.base[i], &world.block, 7);
		for (i = 0; i < 3; i++) {
			who = (first + i) % 3;
			test_context(t, "holder %d goes as number %d", who, i);
			if (world.base[who])
				reach_verify(t, world.base[who], &world.block);
			WANT_OK(t, world_release(&world, who));
			WANT_ERR(t, device_query(world.fds[who], world.block.handle, 0, &query),
				 i < 2 ? EACCES : EALREADY);
			if (world.base[who])
				WANT_TRUE(t, reach_none(world.base[who] + world.block.handle,
							world.block.usable));
			WANT(t, stats_get(t, t->fd).pool_free_pages,
			     before.pool_free_pages - (i < 2 ? PAGES : 0));
			WANT(t, stats_get(t, world.fds[who]).arena_pages, 0);
			stats_sound(t, world.fds[who]);
		}
		world_end(t, &world);
	}
}

/* Of a claim for reading no byte can be written, whatever the mapping was or becomes. */
static void claim_read_only(struct test *t)
{
	struct world world;
	char byte, *at, *late;
	int i, memory;

	if (!world_make(t, &world, 0, 2))
		return;
	block_fill(t, t->fd, &world.block, 3);
	world_claim(t, &world, 1);
	WANT_REFUSED(t, world.fds[1], device_pwrite(world.fds[1], "x", 1, world.block.handle),
		     EROFS, COUNTER(bad_args));
	block_verify(t, world.fds[1], &world.block, world.block.usable);
	if (!world.base[1]) {
		world_end(t, &world);
		return;
	}
	late = reach_map(t, world.fds[1]);
	at = world.base[1] + world.block.handle;
	/* before it is mapped, and after */
	for (i = 0; i < 2; i++) {
		WANT_TRUE(t, !reach_write(at, 1));
		WANT_TRUE(t, !reach_write(late + world.block.handle + 4096, 1));
		WANT_TRUE(t, reach_read(at, &byte));
	}
	reach_verify(t, world.base[1], &world.block);
	/* mapped while the mapping may only be read */
	WANT(t, mprotect(late, t->info.region_bytes, PROT_READ), 0);
	WANT_TRUE(t, reach_all(late + world.block.handle, world.block.usable));
	WANT(t, mprotect(late, t->info.region_bytes, PROT_READ | PROT_WRITE), 0);
	for (i = 0; i < PAGES; i++)
		WANT_TRUE(t, !reach_write(late + world.block.handle + i * t->info.page_size, 1));
	/* by the kernel, and as a debugger would */
	memory = open("/proc/self/mem", O_RDWR);
	WANT(t, pread(t->fd, at, 16, world.block.handle), -1);
	WANT(t, errno, EFAULT);
	WANT_TRUE(t, memory >= 0);
	WANT(t, pwrite(memory, "x", 1, (uintptr_t)at), -1);
	close(memory);
	reach_verify(t, world.base[0], &world.block);
	/* what is the arena's own it can write, as ever, and so can who shared it */
	WANT_OK(t, device_alloc(world.fds[1], 2 * t->info.page_size, 0, 0, &world.block.handle,
				&world.block.usable));
	reach_fill(world.base[1], &world.block, 4);
	reach_verify(t, late, &world.block);
	reach_unmap(t, late);
	world_end(t, &world);
}

/* A mapping that was made for reading can still be made writable, page by page. */
static void claim_mprotect_upgrade(struct test *t)
{
	struct world world;
	int i;

	if (!reach_can(t) || !world_make(t, &world, 0, 1))
		return;
	world_claim(t, &world, 1);	/* from here on it is asked */
	WANT_OK(t, device_alloc(world.fds[1], PAGES * t->info.page_size, 0, 0, &world.block.handle,
				&world.block.usable));
	WANT(t, mprotect(world.base[1], t->info.region_bytes, PROT_READ), 0);
	WANT_TRUE(t, reach_all(world.base[1] + world.block.handle, world.block.usable));
	WANT(t, mprotect(world.base[1], t->info.region_bytes, PROT_READ | PROT_WRITE), 0);
	for (i = 0; i < PAGES; i++)
		WANT_TRUE(t, reach_write(world.base[1] + world.block.handle +
					 i * t->info.page_size, i));
	reach_fill(world.base[1], &world.block, 5);
	block_verify(t, world.fds[1], &world.block, world.block.usable);
	world_end(t, &world);
}

static void want_no_share(struct test *t, int fd, __u64 handle, __u32 flags, __u32 nr, int err,
			  int counter)
{
	__u64 token[2];

	test_context(t, "handle 0x%llx, flags %u, claims %u", handle, flags, nr);
	WANT_REFUSED(t, fd, device_share(fd, handle, flags, nr, token), err, counter);
}

static void claim_bad_shares(struct test *t)
{
	struct pma_share_args args = { .nr_claims = 1, .reserved = 1 };
	struct block slab, heap;
	struct world world;
	__u64 at;
	int fd;

	if (!world_make(t, &world, 0, 0) || !block_alloc(t, t->fd, 64, &slab) ||
	    !block_alloc(t, t->fd, t->info.page_size * 5 / 4, &heap))
		return;
	fd = t->fd;
	at = world.block.handle;
	want_no_share(t, fd, slab.handle, 0, 1, EOPNOTSUPP, COUNTER(bad_args));
	want_no_share(t, fd, heap.handle, 0, 1, EOPNOTSUPP, COUNTER(bad_args));
	want_no_share(t, fd, at + 16, 0, 1, EBADSLT, COUNTER(bad_interior));
	want_no_share(t, fd, at + t->info.page_size, 0, 1, EBADSLT, COUNTER(bad_interior));
	want_no_share(t, world.fds[1], at, 0, 1, EACCES, COUNTER(bad_owner));
	want_no_share(t, fd, t->info.region_bytes, 0, 1, ERANGE, COUNTER(bad_range));
	want_no_share(t, fd, PMA_HANDLE_NONE, 0, 1, ERANGE, COUNTER(bad_range));
	want_no_share(t, fd, at, 0, 0, EINVAL, COUNTER(bad_args));
	want_no_share(t, fd, at, 0, PMA_CLAIMS_MAX + 1, EINVAL, COUNTER(bad_args));
	want_no_share(t, fd, at, 0, ~0U, EINVAL, COUNTER(bad_args));
	want_no_share(t, fd, at, PMA_SHARE_WRITE << 1, 1, EINVAL, COUNTER(bad_args));
	want_no_share(t, fd, at, 1U << 31, 1, EINVAL, COUNTER(bad_args));
	args.handle = at;
	WANT_REFUSED(t, fd, device_call(fd, PMA_IOC_SHARE, &args), EINVAL, COUNTER(bad_args));
	block_free(t, fd, &heap);
	want_no_share(t, fd, heap.handle, 0, 1, EALREADY, COUNTER(bad_free));
	t->context[0] = '\0';
	world_end(t, &world);
}

static void want_no_claim(struct test *t, int fd, const __u64 *token, int err, int counter)
{
	__u64 handle, usable;

	WANT_REFUSED(t, fd, device_claim(fd, token, &handle, &usable), err, counter);
}

static void claim_bad_tokens(struct test *t)
{
	struct pma_claim_args flags = { .flags = 1 }, reserved = { .reserved = 1 };
	struct pma_unshare_args unshare = { .reserved = 1 };
	static const __u64 zeroes[2], ones[2] = { ~0ULL, ~0ULL };
	struct world world;
	__u64 wrong[2];
	int bit;

	if (!world_make(t, &world, 0, 1))
		return;
	for (bit = 0; bit < 128; bit++) {
		test_context(t, "bit %d", bit);
		memcpy(wrong, world.token, sizeof(wrong));
		wrong[bit / 64] ^= 1ULL << bit % 64;
		want_no_claim(t, world.fds[1], wrong, EKEYREJECTED, COUNTER(bad_token));
	}
	want_no_claim(t, world.fds[1], zeroes, EKEYREJECTED, COUNTER(bad_token));
	want_no_claim(t, world.fds[1], ones, EKEYREJECTED, COUNTER(bad_token));
	test_context(t, "flags");
	memcpy(flags.token, world.token, sizeof(flags.token));
	memcpy(reserved.token, world.token, sizeof(reserved.token));
	WANT_REFUSED(t, world.fds[1], device_call(world.fds[1], PMA_IOC_CLAIM, &flags), EINVAL,
		     COUNTER(bad_args));
	WANT_REFUSED(t, world.fds[1], device_call(world.fds[1], PMA_IOC_CLAIM, &reserved), EINVAL,
		     COUNTER(bad_args));
	memcpy(unshare.token, world.token, sizeof(unshare.token));
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_UNSHARE, &unshare), EINVAL,
		     COUNTER(bad_args));
	test_context(t, "who has it");
	want_no_claim(t, t->fd, world.token, EEXIST, COUNTER(bad_args));
	world_claim(t, &world, 1);
	test_context(t, "used up");
	want_no_claim(t, world.fds[1], world.token, EKEYREJECTED, COUNTER(bad_token));
	want_no_claim(t, world.fds[2], world.token, EKEYREJECTED, COUNTER(bad_token));
	WANT_OK(t, device_share(t->fd, world.block.handle, 0, 5, world.token));
	test_context(t, "twice");
	want_no_claim(t, world.fds[1], world.token, EEXIST, COUNTER(bad_args));
	test_context(t, "taken back");
	WANT_REFUSED(t, world.fds[1], device_unshare(world.fds[1], world.token), EKEYREJECTED,
		     COUNTER(bad_token));
	WANT_OK(t, device_unshare(t->fd, world.token));
	want_no_claim(t, world.fds[2], world.token, EKEYREJECTED, COUNTER(bad_token));
	WANT_OK(t, device_share(t->fd, world.block.handle, 0, 5, world.token));
	test_context(t, "its sharer has let go");
	WANT_OK(t, world_release(&world, 0));
	want_no_claim(t, world.fds[2], world.token, EKEYREJECTED, COUNTER(bad_token));
	t->context[0] = '\0';
	world_end(t, &world);
}

/* A claimer may pass it on, but not with more rights than it has. */
static void claim_passed_on(struct test *t)
{
	struct world world;

	if (!world_make(t, &world, 0, 1))
		return;
	world_claim(t, &world, 1);
	want_no_share(t, world.fds[1], world.block.handle, PMA_SHARE_WRITE, 1, EROFS,
		      COUNTER(bad_args));
	WANT_OK(t, device_share(world.fds[1], world.block.handle, 0, 1, world.token));
	world_claim(t, &world, 2);
	WANT_ERR(t, device_pwrite(world.fds[2], "x", 1, world.block.handle), EROFS);
	world_end(t, &world);
}

static void claim_realloc(struct test *t)
{
	__u64 sizes[] = { 1, 100, t->info.page_size, (PAGES + 1) * t->info.page_size };
	struct world world;
	__u64 handle, usable;
	size_t i, j;

	if (!world_make(t, &world, PMA_SHARE_WRITE, 1))
		return;
	world_claim(t, &world, 1);
	block_fill(t, t->fd, &world.block, 1);
	for (i = 0; i < 2; i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			handle = world.block.handle;
			test_context(t, "holder %zu to %llu", i, sizes[j]);
			WANT_REFUSED(t, world.fds[i],
				     device_realloc(world.fds[i], &handle, sizes[j], 0, 0, &usable),
				     EBUSY, COUNTER(bad_args));
			block_verify(t, world.fds[i], &world.block, world.block.usable);
		}
	}
	t->context[0] = '\0';
	/* nobody had it: taken back, it is as before */
	WANT_OK(t, device_reset(t->fd));
	WANT_OK(t, world_release(&world, 1));
	if (!block_alloc(t, t->fd, 2 * t->info.page_size, &world.block))
		return;
	WANT_OK(t, device_share(t->fd, world.block.handle, 0, 9, world.token));
	WANT_OK(t, device_unshare(t->fd, world.token));
	handle = world.block.handle;
	WANT_OK(t, device_realloc(t->fd, &handle, 3 * t->info.page_size, 0, 0, &usable));
	world_end(t, &world);
}

/* A file for reading only neither shares nor claims. */
static void claim_read_only_file(struct test *t)
{
	struct world world;
	__u64 handle, usable;
	int fd = block_open(t, O_RDONLY);

	if (fd < 0 || !world_make(t, &world, 0, 1))
		return;
	WANT_ERR(t, device_share(fd, world.block.handle, 0, 1, world.token), EBADF);
	WANT_ERR(t, device_claim(fd, world.token, &handle, &usable), EBADF);
	WANT_ERR(t, device_unshare(fd, world.token), EBADF);
	world_claim(t, &world, 1);
	close(fd);
	world_end(t, &world);
}

/* A claim is charged to the claimer, and its limit holds. */
static void claim_limit(struct test *t)
{
	struct pma_limit_args limit = { .flags = PMA_LIMIT_LIMIT, .limit = 2 * PAGES - 1 };
	struct block own;
	struct world world;

	if (!world_make(t, &world, 0, 1))
		return;
	if (!WANT_OK(t, device_limit(world.fds[1], &limit)) ||
	    !block_alloc(t, world.fds[1], PAGES * t->info.page_size, &own))
		return;
	if (world.base[1])
		reach_fill(world.base[1], &own, 1);
	want_no_claim(t, world.fds[1], world.token, ENOMEM, COUNTER(failed));
	/* what is freed and held still counts, but it is given back for this */
	block_free(t, world.fds[1], &own);
	world_claim(t, &world, 1);
	WANT(t, stats_get(t, world.fds[1]).charged_pages, PAGES);
	WANT(t, stats_get(t, t->fd).charged_pages, PAGES);
	WANT_OK(t, world_release(&world, 1));
	WANT(t, stats_get(t, world.fds[1]).charged_pages, 0);
	world_end(t, &world);
}

static void claim_many_tokens(struct test *t)
{
	struct world world;
	__u64 token[2];
	int i;

	if (!world_make(t, &world, 0, 1))
		return;
	for (i = 1; i < 256; i++)
		if (!WANT_OK(t, device_share(t->fd, world.block.handle, 0, 1, token)))
			break;
	WANT_REFUSED(t, t->fd, device_share(t->fd, world.block.handle, 0, 1, token), ENOSPC,
		     COUNTER(bad_args));
	world_claim(t, &world, 1);
	WANT_OK(t, device_share(t->fd, world.block.handle, 0, 1, token));
	world_end(t, &world);
}

/* Is the frame at @at mapped, so that touching it is no fault? */
static bool is_mapped(struct test *t, char *at)
{
	unsigned char there = 0;

	WANT(t, mincore(at, 1, &there), 0);
	return there & 1;
}

static bool world_share(struct test *t, struct world *world, __u32 flags)
{
	return WANT_OK(t, device_share(t->fd, world->block.handle, flags, 1, world->token));
}

/* Who has touched the last claim has the next one mapped before it touches that. */
static void claim_ahead(struct test *t)
{
	/* touched, ahead, ahead for reading only, or neither */
	static const char order[] = "--tataaatraaaaaa-ta-t";
	struct world world;
	char *at, byte;
	bool ahead;
	int i;

	if (!reach_can(t) || !world_make(t, &world, 0, 0))
		return;
	at = world.base[1] + world.block.handle;
	for (i = 0; order[i]; i++) {
		test_context(t, "claim %d", i);
		ahead = order[i] == 'a' || order[i] == 'r';
		block_fill(t, t->fd, &world.block, i);
		if (!world_share(t, &world, order[i] == 'r' ? 0 : PMA_SHARE_WRITE) ||
		    !world_claim(t, &world, 1))
			break;
		WANT(t, is_mapped(t, at), ahead);
		WANT_TRUE(t, !is_mapped(t, at + t->info.page_size));
		if (order[i] == 't')
			WANT_TRUE(t, reach_read(at, &byte) && is_mapped(t, at));
		if (ahead)
			WANT(t, reach_write(at, 1), order[i] == 'a');
		if (order[i] == 'r')
			reach_verify(t, world.base[1], &world.block);
		WANT_OK(t, world_release(&world, 1));
		WANT_TRUE(t, !is_mapped(t, at) && !reach_read(at, &byte));
	}
	t->context[0] = '\0';
	world_end(t, &world);
}

/* Where a child claims it has touched nothing yet, whatever its parent has. */
static void claim_ahead_in_child(struct test *t)
{
	struct world world;
	char *at, byte;
	int i, status = 0;
	pid_t child;

	if (!reach_can(t) || !world_make(t, &world, 0, 0))
		return;
	at = world.base[1] + world.block.handle;
	for (i = 0; i < 2 && world_share(t, &world, PMA_SHARE_WRITE); i++) {
		child = i ? fork() : 0;
		if (!child) {
			world_claim(t, &world, 1);
			if (i)
				_exit(is_mapped(t, at));
			WANT_TRUE(t, reach_read(at, &byte));
		} else {
			WANT(t, waitpid(child, &status, 0), child);
			WANT(t, status, 0);
		}
		WANT_OK(t, world_release(&world, 1));
	}
	world_end(t, &world);
}

/* What a claim is mapped ahead against. */
struct race {
	struct test *t;
	struct world *world;
	atomic_bool over;
};

static void *race_release(void *arg)
{
	struct race *race = arg;

	while (!race->over)
		world_release(race->world, 1);
	return NULL;
}

static void *race_map(void *arg)
{
	struct race *race = arg;
	struct test *t = race->t;
	char *base = race->world->base[1];
	size_t bytes = t->info.region_bytes;
	unsigned int i;

	for (i = 0; !race->over; i++) {
		mprotect(base, bytes, i % 2 ? PROT_READ | PROT_WRITE : PROT_READ);
		if (i % 8 == 0 && mmap(base, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
				       race->world->fds[1], 0) != base)
			NOTE(t, "mmap: errno %d", errno);
	}
	return NULL;
}

/* Who else lets go of it may not be done with that. */
static bool goes_away(char *at)
{
	char byte;
	int i;

	for (i = 0; i < 10000 && reach_read(at, &byte); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	return i < 10000;
}

/* While others let go of it at any moment, and change the mapping. */
static void claim_ahead_races(struct test *t)
{
	struct world world;
	struct race race = { .t = t, .world = &world };
	pthread_t threads[2];
	__u64 handle, usable;
	unsigned long i;
	char *at, byte;

	if (!reach_can(t) || !world_make(t, &world, 0, 0))
		return;
	at = world.base[1] + world.block.handle;
	WANT(t, pthread_create(&threads[0], NULL, race_release, &race), 0);
	WANT(t, pthread_create(&threads[1], NULL, race_map, &race), 0);
	for (i = 0; i < t->ops && test_goes_on(t); i++) {
		if (!world_share(t, &world, i % 2 ? PMA_SHARE_WRITE : 0) ||
		    !WANT_OK(t, device_claim(world.fds[1], world.token, &handle, &usable)))
			break;
		reach_read(at, &byte);
		world_release(&world, 1);
		if (!WANT_TRUE(t, goes_away(at)))
			break;
	}
	race.over = true;
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	WANT_TRUE(t, reach_none(at, world.block.usable));
	world_end(t, &world);
}

const struct test_case claim_cases[] = {
	{ "claim_ahead", claim_ahead },
	{ "claim_ahead_in_child", claim_ahead_in_child },
	{ "claim_ahead_races", claim_ahead_races },
	{ "claim_reaches", claim_reaches },
	{ "claim_ends", claim_ends },
	{ "claim_read_only", claim_read_only },
	{ "claim_mprotect_upgrade", claim_mprotect_upgrade },
	{ "claim_bad_shares", claim_bad_shares },
	{ "claim_bad_tokens", claim_bad_tokens },
	{ "claim_passed_on", claim_passed_on },
	{ "claim_realloc", claim_realloc },
	{ "claim_read_only_file", claim_read_only_file },
	{ "claim_limit", claim_limit },
	{ "claim_many_tokens", claim_many_tokens },
	{ }
};
