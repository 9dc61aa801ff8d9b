// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * query.c - QUERY and CHECK; QUERY's bad handles are in free.c
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static void try_query(struct test *t, const struct block *block, __u64 handle, __u32 flags)
{
	struct pma_query_args query;

	test_context(t, "block of %llu, offset %llu", block->size, handle - block->handle);
	if (!WANT_OK(t, device_query(t->fd, handle, flags, &query)))
		return;
	WANT(t, query.handle, handle);
	WANT(t, query.start, block->handle);
	WANT(t, query.usable, block->usable);
	WANT_TRUE(t, query.size >= query.usable);
	WANT(t, query.requested,
	     query.block_flags & PMA_BLOCK_REQUESTED ? block->size : block->usable);
	WANT(t, query.owner, t->info.arena);
	WANT(t, query.reserved, 0);
	WANT_TRUE(t, query.kind >= PMA_KIND_SLAB && query.kind <= PMA_KIND_HEAP);
	WANT_TRUE(t, query.block_flags & PMA_BLOCK_A);
	WANT(t, !!(query.block_flags & PMA_BLOCK_M), query.kind == PMA_KIND_BIG);
	WANT(t, query.block_flags & ~(PMA_BLOCK_A | PMA_BLOCK_M | PMA_BLOCK_P |
				      PMA_BLOCK_REQUESTED), 0);
}

static void query_blocks(struct test *t)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));
	struct block block;

	for (i = 0; i < nr; i++) {
		if (!block_alloc(t, t->fd, sizes[i], &block))
			return;
		try_query(t, &block, block.handle, 0);
		try_query(t, &block, block.handle, PMA_QUERY_INTERIOR);
		try_query(t, &block, block.handle + block.usable / 2, PMA_QUERY_INTERIOR);
		try_query(t, &block, block.handle + block.usable - 1, PMA_QUERY_INTERIOR);
		block_free(t, t->fd, &block);
	}
}

/* The three engines, each for the size that is its. */
static void query_kinds(struct test *t)
{
	static const __u32 kinds[] = { PMA_KIND_SLAB, PMA_KIND_BIG, PMA_KIND_HEAP };
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr = block_of_each_kind(t, t->fd, blocks);
	struct pma_query_args query;

	WANT(t, nr, ARRAY_SIZE(kinds));
	for (i = 0; i < nr; i++) {
		test_context(t, "block of %llu", blocks[i].size);
		if (WANT_OK(t, device_query(t->fd, blocks[i].handle, 0, &query)))
			WANT(t, query.kind, kinds[i]);
		block_free(t, t->fd, &blocks[i]);
	}
}

/* An interior handle is accepted, not any handle. */
static void query_interior_bad(struct test *t)
{
	struct pma_query_args query;
	struct block block;

	if (!block_alloc(t, t->fd, 100, &block))
		return;
	block_free(t, t->fd, &block);
	WANT_REFUSED(t, t->fd, device_query(t->fd, block.handle + 1, PMA_QUERY_INTERIOR, &query),
		     EALREADY, COUNTER(bad_free));
	WANT_REFUSED(t, t->fd, device_query(t->fd, t->info.region_bytes, PMA_QUERY_INTERIOR,
					    &query), ERANGE, COUNTER(bad_range));
	WANT_REFUSED(t, t->fd, device_query(t->fd, PMA_HANDLE_NONE, 0, &query), ERANGE,
		     COUNTER(bad_range));
}

static void query_bad_args(struct test *t)
{
	struct pma_query_args args;
	struct block block;
	__u32 bit;

	if (!block_alloc(t, t->fd, 100, &block))
		return;
	for (bit = 1; bit; bit <<= 1) {
		if (bit == PMA_QUERY_INTERIOR)
			continue;
		test_context(t, "flags 0x%x", bit);
		WANT_REFUSED(t, t->fd, device_query(t->fd, block.handle, bit, &args), EINVAL,
			     COUNTER(bad_args));
	}
	args = (struct pma_query_args){ .handle = block.handle, .reserved = 1 };
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_QUERY, &args), EINVAL,
		     COUNTER(bad_args));
	block_free(t, t->fd, &block);
}

static void check_counts(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr = block_of_each_kind(t, t->fd, blocks);
	struct pma_check_args check;

	if (WANT_OK(t, device_check(t->fd, 0, &check))) {
		WANT(t, check.errors, 0);
		WANT(t, check.blocks, nr);
		WANT_TRUE(t, check.pages >= stats_get(t, t->fd).arena_pages);
		WANT(t, check.first_bad_page, ~0U);
		WANT(t, check.reserved, 0);
	}
	for (i = 0; i < nr; i++)
		block_free(t, t->fd, &blocks[i]);
}

static void check_bad_args(struct test *t)
{
	struct pma_check_args args;
	__u32 bit;

	for (bit = 1; bit; bit <<= 1) {
		if (bit == PMA_CHECK_POOL)
			continue;
		test_context(t, "flags 0x%x", bit);
		WANT_REFUSED(t, t->fd, device_check(t->fd, bit, &args), EINVAL,
			     COUNTER(bad_args));
	}
	args = (struct pma_check_args){ .reserved = 1 };
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_CHECK, &args), EINVAL,
		     COUNTER(bad_args));
}

static void check_pool(struct test *t)
{
	struct pma_check_args check;
	int status = -1;
	pid_t child;

	if (geteuid()) {
		t->skipped = "needs root";
		return;
	}
	if (WANT_OK(t, device_check(t->fd, PMA_CHECK_POOL, &check))) {
		WANT(t, check.errors, 0);
		WANT_TRUE(t, check.pages >= t->info.nr_pages);
	}
	/* the right is the caller's, not the file's */
	child = fork();
	if (!child) {
		if (setuid(65534))
			_exit(99);
		_exit(-device_check(t->fd, PMA_CHECK_POOL, &check));
	}
	waitpid(child, &status, 0);
	WANT(t, WIFEXITED(status) ? WEXITSTATUS(status) : 98, EPERM);
}

const struct test_case query_cases[] = {
	{ "query_blocks", query_blocks },
	{ "query_kinds", query_kinds },
	{ "query_interior_bad", query_interior_bad },
	{ "query_bad_args", query_bad_args },
	{ "check_counts", check_counts },
	{ "check_bad_args", check_bad_args },
	{ "check_pool", check_pool },
	{ }
};
