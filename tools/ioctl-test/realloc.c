// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * realloc.c - REALLOC; its bad handles are in free.c
 */
#include <errno.h>

#include "test.h"

#define U64_MAX		(~0ULL)

static __u64 min(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/* From one size to another, contents kept, one block before and after. */
static bool try_resize(struct test *t, struct block *block, __u64 size)
{
	__u64 keep = min(block->usable, size);

	test_context(t, "from %llu to %llu", block->size, size);
	if (!WANT_OK(t, device_realloc(t->fd, &block->handle, size, 0, 0, &block->usable)))
		return false;
	WANT_TRUE(t, block->usable >= size);
	WANT(t, block->handle % (size < 16 ? 8 : 16), 0);
	block_verify(t, t->fd, block, keep);
	WANT(t, stats_get(t, t->fd).live_blocks, 1);
	WANT(t, stats_get(t, t->fd).live_bytes, block->usable);
	block->size = size;
	block_fill(t, t->fd, block, size);
	return true;
}

/* Each size to each other, growing and shrinking, across all engines. */
static void realloc_sizes(struct test *t)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, j, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));
	struct block block;

	if (!block_alloc(t, t->fd, 1, &block))
		return;
	block_fill(t, t->fd, &block, 0);
	for (i = 0; i < nr; i++)
		for (j = 0; j <= i; j++)
			if (!try_resize(t, &block, sizes[i]) || !try_resize(t, &block, sizes[j]))
				return;
	block_free(t, t->fd, &block);
}

static void realloc_none_allocates(struct test *t)
{
	struct pma_stats before = stats_get(t, t->fd), after;
	__u64 handle = PMA_HANDLE_NONE, usable = 0;

	if (!WANT_OK(t, device_realloc(t->fd, &handle, 100, 64, PMA_ZERO, &usable)))
		return;
	WANT_TRUE(t, handle < t->info.region_bytes);
	WANT(t, handle % 64, 0);
	WANT_TRUE(t, usable >= 100);
	block_verify_zero(t, t->fd, handle, 0, usable);
	after = stats_get(t, t->fd);
	WANT(t, after.allocs, before.allocs + 1);
	WANT(t, after.live_blocks, before.live_blocks + 1);
	WANT_OK(t, device_free(t->fd, handle));
}

static void realloc_zero_frees(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr = block_of_each_kind(t, t->fd, blocks);
	struct pma_stats before, after;
	__u64 handle, usable;

	for (i = 0; i < nr; i++) {
		test_context(t, "block of %llu", blocks[i].size);
		before = stats_get(t, t->fd);
		handle = blocks[i].handle;
		WANT_OK(t, device_realloc(t->fd, &handle, 0, 0, 0, &usable));
		WANT(t, handle, PMA_HANDLE_NONE);
		after = stats_get(t, t->fd);
		WANT(t, after.frees, before.frees + 1);
		WANT(t, after.live_blocks, before.live_blocks - 1);
		WANT_REFUSED(t, t->fd, device_free(t->fd, blocks[i].handle), EALREADY,
			     COUNTER(bad_free));
	}
}

/* Of no block it is an alloc, and an alloc of nothing is refused. */
static void realloc_none_zero(struct test *t)
{
	__u64 handle = PMA_HANDLE_NONE, usable;

	WANT_REFUSED(t, t->fd, device_realloc(t->fd, &handle, 0, 0, 0, &usable), EINVAL,
		     COUNTER(bad_args));
}

static void realloc_alignments(struct test *t)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));
	struct block shift, block;
	__u32 align;

	if (!block_alloc(t, t->fd, 24, &shift) || !block_alloc(t, t->fd, 24, &block))
		return;
	block_fill(t, t->fd, &block, 1);
	for (align = 1; align <= t->info.page_size; align *= 2) {
		for (i = 0; i < nr; i++) {
			__u64 keep = min(block.usable, sizes[i]);

			test_context(t, "to %llu, alignment %u", sizes[i], align);
			if (!WANT_OK(t, device_realloc(t->fd, &block.handle, sizes[i], align, 0,
						       &block.usable)))
				return;
			WANT(t, block.handle % align, 0);
			block_verify(t, t->fd, &block, keep);
			block_fill(t, t->fd, &block, align + i);
		}
	}
	block_free(t, t->fd, &block);
	block_free(t, t->fd, &shift);
}

/* With PMA_ZERO, what was not asked for before reads as zeroes. */
static void try_zero(struct test *t, __u64 from, __u64 to)
{
	struct pma_query_args query;
	struct block block;
	__u64 keep;

	test_context(t, "from %llu to %llu", from, to);
	if (!block_alloc(t, t->fd, from, &block))
		return;
	block_fill(t, t->fd, &block, 5);
	if (!WANT_OK(t, device_query(t->fd, block.handle, 0, &query)) ||
	    !WANT_OK(t, device_realloc(t->fd, &block.handle, to, 0, PMA_ZERO, &block.usable)))
		return;
	keep = min(query.requested, to);
	block_verify(t, t->fd, &block, keep);
	block_verify_zero(t, t->fd, block.handle, keep, block.usable);
	block_free(t, t->fd, &block);
}

static void realloc_zero_tail(struct test *t)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, j, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));
	struct block dirty;

	/* leave something behind that is not zero */
	if (!block_alloc(t, t->fd, 16 * t->info.page_size, &dirty))
		return;
	block_fill(t, t->fd, &dirty, 3);
	block_free(t, t->fd, &dirty);
	for (i = 0; i < nr; i += 3)
		for (j = 0; j < nr; j++)
			try_zero(t, sizes[i], sizes[j]);
}

struct bad_realloc {
	const char *what;
	struct pma_realloc_args args;
	int err;
	int counter;
};

/* The old block stays as it was. */
static void try_bad(struct test *t, struct block *block, const struct bad_realloc *bad)
{
	struct pma_realloc_args args = bad->args;

	test_context(t, "%s, block of %llu", bad->what, block->size);
	args.handle = block->handle;
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_REALLOC, &args), bad->err,
		     bad->counter);
	block_verify(t, t->fd, block, block->usable);
}

static void realloc_bad_args(struct test *t)
{
	const struct bad_realloc cases[] = {
		{ "region + 1", { .size = t->info.region_bytes + 1 }, ENOMEM, COUNTER(failed) },
		{ "2^63", { .size = 1ULL << 63 }, ENOMEM, COUNTER(failed) },
		{ "rounds up to 2^64", { .size = U64_MAX - t->info.page_size + 2 }, ENOMEM,
		  COUNTER(failed) },
		{ "SIZE_MAX", { .size = U64_MAX }, ENOMEM, COUNTER(failed) },
		{ "alignment 3", { .size = 64, .align = 3 }, EINVAL, COUNTER(bad_args) },
		{ "alignment 24", { .size = 64, .align = 24 }, EINVAL, COUNTER(bad_args) },
		{ "alignment of 2 pages", { .size = 64, .align = 2 * t->info.page_size }, EINVAL,
		  COUNTER(bad_args) },
		{ "alignment ~0", { .size = 64, .align = ~0U }, EINVAL, COUNTER(bad_args) },
		{ "flag 2", { .size = 64, .flags = 1U << 2 }, EINVAL, COUNTER(bad_args) },
		{ "flag 31", { .size = 64, .flags = 1U << 31 }, EINVAL, COUNTER(bad_args) },
		{ "flag 31 and size 0", { .size = 0, .flags = 1U << 31 }, EINVAL,
		  COUNTER(bad_args) },
		{ "reserved 0", { .size = 64, .reserved = { 1, 0 } }, EINVAL,
		  COUNTER(bad_args) },
		{ "reserved 1", { .size = 64, .reserved = { 0, 1 } }, EINVAL,
		  COUNTER(bad_args) },
		{ "reserved and size 0", { .size = 0, .reserved = { 0, 0, 1U << 31 } }, EINVAL,
		  COUNTER(bad_args) },
	};
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, j, nr = block_of_each_kind(t, t->fd, blocks);

	for (i = 0; i < nr; i++)
		for (j = 0; j < ARRAY_SIZE(cases); j++)
			try_bad(t, &blocks[i], &cases[j]);
	for (i = 0; i < nr; i++)
		block_free(t, t->fd, &blocks[i]);
}

const struct test_case realloc_cases[] = {
	{ "realloc_sizes", realloc_sizes },
	{ "realloc_none_allocates", realloc_none_allocates },
	{ "realloc_zero_frees", realloc_zero_frees },
	{ "realloc_none_zero", realloc_none_zero },
	{ "realloc_alignments", realloc_alignments },
	{ "realloc_zero_tail", realloc_zero_tail },
	{ "realloc_bad_args", realloc_bad_args },
	{ }
};
