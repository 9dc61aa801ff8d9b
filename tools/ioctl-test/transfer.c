// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * transfer.c - pread and pwrite
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "test.h"

#define U64_MAX		(~0ULL)

static unsigned char buf[1 << 18];	/* longer than any block here */

/* One call, as it is: the number of bytes, or a negative errno. */
static int raw_pread(int fd, size_t bytes, __u64 handle)
{
	ssize_t n = pread(fd, buf, bytes, handle);

	return n < 0 ? -errno : n;
}

static int raw_pwrite(int fd, size_t bytes, __u64 handle)
{
	ssize_t n = pwrite(fd, buf, bytes, handle);

	return n < 0 ? -errno : n;
}

/* Any part of a block can be reached, and no other part changes. */
static void try_parts(struct test *t, const struct block *block)
{
	const __u64 offsets[] = { 0, 1, 7, block->usable / 2, block->usable - 1 };
	unsigned char byte;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		test_context(t, "block of %llu, offset %llu", block->size, offsets[i]);
		if (!WANT_OK(t, device_pread(t->fd, &byte, 1, block->handle + offsets[i])))
			continue;
		byte = ~byte;
		WANT_OK(t, device_pwrite(t->fd, &byte, 1, block->handle + offsets[i]));
		byte = ~byte;
		WANT_OK(t, device_pwrite(t->fd, &byte, 1, block->handle + offsets[i]));
		block_verify(t, t->fd, block, block->usable);
	}
}

static void transfer_parts(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr = block_of_each_kind(t, t->fd, blocks);

	for (i = 0; i < nr; i++)
		try_parts(t, &blocks[i]);
	for (i = 0; i < nr; i++)
		block_free(t, t->fd, &blocks[i]);
}

/* A transfer that no block can hold is refused whole. */
static void try_bad(struct test *t, int fd, __u64 handle, size_t bytes, int err, int counter)
{
	test_context(t, "%zu bytes at 0x%llx", bytes, handle);
	memset(buf, 0x5a, bytes);
	WANT_REFUSED(t, fd, raw_pread(fd, bytes, handle), err, counter);
	WANT_REFUSED(t, fd, raw_pwrite(fd, bytes, handle), err, counter);
}

static void transfer_over_the_end(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX], guard;
	size_t i, nr;

	nr = block_of_each_kind(t, t->fd, blocks);
	/* a neighbour of the first, that an overrun would hit */
	if (!block_alloc(t, t->fd, blocks[0].size, &guard))
		return;
	block_fill(t, t->fd, &guard, 77);
	for (i = 0; i < nr; i++) {
		const __u64 start = blocks[i].handle, usable = blocks[i].usable;

		try_bad(t, t->fd, start, usable + 1, EBADSLT, COUNTER(bad_interior));
		try_bad(t, t->fd, start + 1, usable, EBADSLT, COUNTER(bad_interior));
		try_bad(t, t->fd, start + usable - 1, 2, EBADSLT, COUNTER(bad_interior));
		try_bad(t, t->fd, start, sizeof(buf), EBADSLT, COUNTER(bad_interior));
		block_verify(t, t->fd, &blocks[i], usable);
		block_verify(t, t->fd, &guard, guard.usable);
	}
	for (i = 0; i < nr; i++)
		block_free(t, t->fd, &blocks[i]);
	block_free(t, t->fd, &guard);
}

static void transfer_free(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr = block_of_each_kind(t, t->fd, blocks);

	for (i = 0; i < nr; i++) {
		block_free(t, t->fd, &blocks[i]);
		try_bad(t, t->fd, blocks[i].handle, 1, EALREADY, COUNTER(bad_free));
		try_bad(t, t->fd, blocks[i].handle + 5, 16, EALREADY, COUNTER(bad_free));
	}
}

static void transfer_foreign(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr = block_of_each_kind(t, t->fd, blocks);
	int other = block_open(t, O_RDWR);

	if (other < 0)
		return;
	for (i = 0; i < nr; i++) {
		try_bad(t, other, blocks[i].handle, 1, EACCES, COUNTER(bad_owner));
		try_bad(t, other, blocks[i].handle + 9, 16, EACCES, COUNTER(bad_owner));
		block_verify(t, t->fd, &blocks[i], blocks[i].usable);
	}
	close(other);
	for (i = 0; i < nr; i++)
		block_free(t, t->fd, &blocks[i]);
}

static void transfer_outside(struct test *t)
{
	const __u64 region = t->info.region_bytes;
	const __u64 positions[] = { region, region + 1, 2 * region, 1ULL << 40, 1ULL << 62 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(positions); i++)
		try_bad(t, t->fd, positions[i], 1, ERANGE, COUNTER(bad_range));
	/* a negative position never gets as far as the module */
	try_bad(t, t->fd, U64_MAX, 1, EINVAL, COUNTER_NONE);
	try_bad(t, t->fd, 1ULL << 63, 1, EINVAL, COUNTER_NONE);
}

static void transfer_nothing(struct test *t)
{
	struct pma_stats before;
	struct block block;

	if (!block_alloc(t, t->fd, 64, &block))
		return;
	before = stats_get(t, t->fd);
	WANT(t, raw_pread(t->fd, 0, block.handle), 0);
	WANT(t, raw_pwrite(t->fd, 0, block.handle), 0);
	WANT(t, raw_pread(t->fd, 0, block.handle + block.usable - 1), 0);
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
	block_free(t, t->fd, &block);
}

/* The same through a vector. */
static void transfer_vector(struct test *t)
{
	unsigned char halves[2][32], back[64];
	struct iovec vector[2] = { { halves[0], 32 }, { halves[1], 32 } };
	struct block block;

	if (!block_alloc(t, t->fd, 64, &block))
		return;
	memset(halves[0], 1, 32);
	memset(halves[1], 2, 32);
	WANT(t, pwritev(t->fd, vector, 2, block.handle), 64);
	WANT_OK(t, device_pread(t->fd, back, 64, block.handle));
	WANT(t, memcmp(back, halves, 64), 0);
	memset(halves, 0, sizeof(halves));
	WANT(t, preadv(t->fd, vector, 2, block.handle), 64);
	WANT(t, memcmp(back, halves, 64), 0);
	block_free(t, t->fd, &block);
}

const struct test_case transfer_cases[] = {
	{ "transfer_parts", transfer_parts },
	{ "transfer_over_the_end", transfer_over_the_end },
	{ "transfer_free", transfer_free },
	{ "transfer_foreign", transfer_foreign },
	{ "transfer_outside", transfer_outside },
	{ "transfer_nothing", transfer_nothing },
	{ "transfer_vector", transfer_vector },
	{ }
};
