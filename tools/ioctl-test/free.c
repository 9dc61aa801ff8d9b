// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * free.c - FREE, and what every handle can meet
 *
 * The same bad handles go through FREE, REALLOC, QUERY and BATCH: the answers
 * must be the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "test.h"

#define U64_MAX		(~0ULL)

static int use_free(int fd, __u64 handle)
{
	return device_free(fd, handle);
}

static int use_realloc_grow(int fd, __u64 handle)
{
	__u64 usable;

	return device_realloc(fd, &handle, 10000, 0, 0, &usable);
}

static int use_realloc_shrink(int fd, __u64 handle)
{
	__u64 usable;

	return device_realloc(fd, &handle, 8, 0, PMA_ZERO, &usable);
}

static int use_realloc_zero(int fd, __u64 handle)
{
	__u64 usable;

	return device_realloc(fd, &handle, 0, 0, 0, &usable);
}

static int use_query(int fd, __u64 handle)
{
	struct pma_query_args query;

	return device_query(fd, handle, 0, &query);
}

static int use_batch(int fd, __u64 handle)
{
	struct pma_batch_entry entry = { .op = PMA_BATCH_FREE, .handle = handle };
	struct pma_batch_args args = { .entries = (uintptr_t)&entry, .nr = 1 };
	int err = device_call(fd, PMA_IOC_BATCH, &args);

	return err ? err : entry.result;
}

static int use_free_batch(int fd, __u64 handle)
{
	__u32 done;

	return device_free_batch(fd, &handle, 1, &done);
}

/* All calls that take the handle of a block's start. */
static const struct {
	const char *name;
	int (*use)(int fd, __u64 handle);
} uses[] = {
	{ "free", use_free },
	{ "realloc, larger", use_realloc_grow },
	{ "realloc, smaller", use_realloc_shrink },
	{ "realloc to 0", use_realloc_zero },
	{ "query", use_query },
	{ "batch", use_batch },
	{ "free batch", use_free_batch },
};

static void try_handle(struct test *t, int fd, __u64 handle, int err, int counter)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		test_context(t, "%s 0x%llx", uses[i].name, handle);
		WANT_REFUSED(t, fd, uses[i].use(fd, handle), err, counter);
	}
}

static void free_none(struct test *t)
{
	struct pma_stats before = stats_get(t, t->fd);

	WANT_OK(t, device_free(t->fd, PMA_HANDLE_NONE));
	WANT_OK(t, use_batch(t->fd, PMA_HANDLE_NONE));
	WANT_OK(t, use_free_batch(t->fd, PMA_HANDLE_NONE));
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
}

static void free_outside(struct test *t)
{
	const __u64 region = t->info.region_bytes;
	const __u64 handles[] = {
		region, region + 1, region + 64, 2 * region, 1ULL << 32 | region, 1ULL << 62,
		1ULL << 63, U64_MAX - 1, U64_MAX - 4095,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(handles); i++)
		try_handle(t, t->fd, handles[i], ERANGE, COUNTER(bad_range));
}

static void free_twice(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX], pair[2];
	size_t i, nr;

	/* one of two in a page: the page stays the arena's */
	if (!block_alloc(t, t->fd, 100, &pair[0]) || !block_alloc(t, t->fd, 100, &pair[1]))
		return;
	block_free(t, t->fd, &pair[0]);
	try_handle(t, t->fd, pair[0].handle, EALREADY, COUNTER(bad_free));
	block_free(t, t->fd, &pair[1]);
	/* the last: the page goes back to the pool */
	try_handle(t, t->fd, pair[1].handle, EALREADY, COUNTER(bad_free));

	nr = block_of_each_kind(t, t->fd, blocks);
	for (i = 0; i < nr; i++) {
		block_free(t, t->fd, &blocks[i]);
		try_handle(t, t->fd, blocks[i].handle, EALREADY, COUNTER(bad_free));
	}
}

/* Pages that nobody ever had. */
static void free_never_allocated(struct test *t)
{
	struct pma_stats stats = stats_get(t, t->fd);

	if (stats.pool_free_pages != stats.pool_pages) {
		t->skipped = "others have pages of the pool";
		return;
	}
	try_handle(t, t->fd, 0, EALREADY, COUNTER(bad_free));
	try_handle(t, t->fd, 1, EALREADY, COUNTER(bad_free));
	try_handle(t, t->fd, t->info.region_bytes / 2, EALREADY, COUNTER(bad_free));
	try_handle(t, t->fd, t->info.region_bytes - 1, EALREADY, COUNTER(bad_free));
}

static void free_interior(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, j, nr = block_of_each_kind(t, t->fd, blocks);

	for (i = 0; i < nr; i++) {
		const __u64 offsets[] = { 1, 8, 16, 64, blocks[i].usable / 2,
					  blocks[i].usable - 1 };

		for (j = 0; j < ARRAY_SIZE(offsets); j++)
			try_handle(t, t->fd, blocks[i].handle + offsets[j], EBADSLT,
				   COUNTER(bad_interior));
	}
	for (i = 0; i < nr; i++) {
		test_context(t, "block %zu afterwards", i);
		block_verify(t, t->fd, &blocks[i], blocks[i].usable);
		block_free(t, t->fd, &blocks[i]);
	}
}

static void free_foreign(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr = block_of_each_kind(t, t->fd, blocks);
	int other = block_open(t, O_RDWR);

	if (other < 0)
		return;
	for (i = 0; i < nr; i++) {
		try_handle(t, other, blocks[i].handle, EACCES, COUNTER(bad_owner));
		/* whose it is comes first: where in it tells nothing to others */
		try_handle(t, other, blocks[i].handle + 8, EACCES, COUNTER(bad_owner));
		test_context(t, "block %zu afterwards", i);
		block_verify(t, t->fd, &blocks[i], blocks[i].usable);
	}
	close(other);
	for (i = 0; i < nr; i++)
		block_free(t, t->fd, &blocks[i]);
}

static void free_reserved(struct test *t)
{
	struct pma_free_args args = { };
	struct block block;

	if (!block_alloc(t, t->fd, 64, &block))
		return;
	args.handle = block.handle;
	args.reserved = 1;
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_FREE, &args), EINVAL,
		     COUNTER(bad_args));
	args.reserved = 1ULL << 63;
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_FREE, &args), EINVAL,
		     COUNTER(bad_args));
	block_free(t, t->fd, &block);
}

/* In another order than they came: all pages are back, as one run. */
static void free_any_order(struct test *t)
{
	struct pma_stats before = stats_get(t, t->fd), after;
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));
	struct block blocks[BLOCK_SIZES_MAX];

	for (i = 0; i < nr; i++) {
		if (!block_alloc(t, t->fd, sizes[i], &blocks[i]))
			return;
		block_fill(t, t->fd, &blocks[i], i);
	}
	for (i = 0; i < nr; i++) {
		/* 7 and nr have no common factor: each is met once */
		const struct block *block = &blocks[i * 7 % nr];

		test_context(t, "size %llu", block->size);
		block_verify(t, t->fd, block, block->usable);
		block_free(t, t->fd, block);
	}
	after = stats_get(t, t->fd);
	WANT(t, nr % 7 != 0, 1);
	WANT(t, after.arena_pages, 0);
	WANT(t, after.pool_free_pages, before.pool_free_pages);
	WANT(t, after.pool_largest_run, before.pool_largest_run);
}

const struct test_case free_cases[] = {
	{ "free_none", free_none },
	{ "free_outside", free_outside },
	{ "free_twice", free_twice },
	{ "free_never_allocated", free_never_allocated },
	{ "free_interior", free_interior },
	{ "free_foreign", free_foreign },
	{ "free_reserved", free_reserved },
	{ "free_any_order", free_any_order },
	{ }
};
