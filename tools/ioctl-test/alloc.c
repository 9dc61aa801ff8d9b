// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * alloc.c - ALLOC
 */
#include <errno.h>

#include "test.h"

#define U64_MAX		(~0ULL)

static void try_size(struct test *t, __u64 size)
{
	struct pma_stats before = stats_get(t, t->fd), after;
	struct pma_query_args query;
	struct block block;

	test_context(t, "size %llu", size);
	if (!block_alloc(t, t->fd, size, &block))
		return;
	WANT(t, block.handle % (size < 16 ? 8 : 16), 0);
	after = stats_get(t, t->fd);
	WANT(t, after.allocs, before.allocs + 1);
	WANT(t, after.live_blocks, before.live_blocks + 1);
	WANT(t, after.live_bytes, before.live_bytes + block.usable);
	if (WANT_OK(t, device_query(t->fd, block.handle, 0, &query))) {
		WANT(t, query.start, block.handle);
		WANT(t, query.usable, block.usable);
		WANT(t, query.requested,
		     query.block_flags & PMA_BLOCK_REQUESTED ? size : block.usable);
	}
	block_fill(t, t->fd, &block, size);
	block_verify(t, t->fd, &block, block.usable);
	if (!block_free(t, t->fd, &block))
		return;
	after = stats_get(t, t->fd);
	WANT(t, after.frees, before.frees + 1);
	WANT(t, after.live_blocks, before.live_blocks);
	WANT(t, after.live_bytes, before.live_bytes);
	WANT(t, after.pool_free_pages, before.pool_free_pages);
	stats_sound(t, t->fd);
}

static void alloc_sizes(struct test *t)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));

	for (i = 0; i < nr; i++)
		try_size(t, sizes[i]);
}

/* Too much to fill it all. */
static void try_region(struct test *t, __u64 size)
{
	struct pma_stats full;
	struct block block;

	test_context(t, "size %llu", size);
	if (!block_alloc(t, t->fd, size, &block))
		return;
	full = stats_get(t, t->fd);
	WANT(t, block.handle, 0);
	WANT(t, block.usable, t->info.region_bytes);
	WANT(t, full.pool_free_pages, 0);
	WANT(t, full.pool_largest_run, 0);
	WANT_REFUSED(t, t->fd, device_alloc(t->fd, 1, 0, 0, &block.handle, &block.usable),
		     ENOMEM, COUNTER(failed));
	block_free(t, t->fd, &block);
}

static void alloc_whole_region(struct test *t)
{
	struct pma_stats stats = stats_get(t, t->fd);

	if (stats.pool_free_pages != stats.pool_pages) {
		t->skipped = "others have pages of the pool";
		return;
	}
	try_region(t, t->info.region_bytes);
	try_region(t, t->info.region_bytes - 1);
}

static void try_align(struct test *t, __u64 size, __u32 align)
{
	__u64 handle, usable;

	test_context(t, "size %llu, alignment %u", size, align);
	if (!WANT_OK(t, device_alloc(t->fd, size, align, 0, &handle, &usable)))
		return;
	WANT(t, handle % align, 0);
	WANT_TRUE(t, usable >= size);
	WANT_OK(t, device_free(t->fd, handle));
}

static void alloc_alignments(struct test *t)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));
	struct block shift;
	__u32 align;

	/* a small block first, so that not everything lies at a page's start anyway */
	if (!block_alloc(t, t->fd, 24, &shift))
		return;
	for (align = 1; align <= t->info.page_size; align *= 2)
		for (i = 0; i < nr; i++)
			try_align(t, sizes[i], align);
	block_free(t, t->fd, &shift);
}

struct bad_alloc {
	const char *what;
	struct pma_alloc_args args;
	int err;
	int counter;
};

static void try_bad(struct test *t, const struct bad_alloc *bad)
{
	struct pma_alloc_args args = bad->args;

	test_context(t, "%s: size %llu, alignment %u, flags 0x%x", bad->what, args.size,
		     args.align, args.flags);
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_ALLOC, &args), bad->err, bad->counter);
}

static void alloc_bad_sizes(struct test *t)
{
	const struct bad_alloc cases[] = {
		{ "zero", { .size = 0 }, EINVAL, COUNTER(bad_args) },
		{ "region + 1", { .size = t->info.region_bytes + 1 }, ENOMEM, COUNTER(failed) },
		{ "2 regions", { .size = 2 * t->info.region_bytes }, ENOMEM, COUNTER(failed) },
		{ "a TiB", { .size = 1ULL << 40 }, ENOMEM, COUNTER(failed) },
		{ "a TiB and some", { .size = (1ULL << 40) + 64 }, ENOMEM,
		  COUNTER(failed) },
		{ "2^63", { .size = 1ULL << 63 }, ENOMEM, COUNTER(failed) },
		{ "2^63 - 1", { .size = (1ULL << 63) - 1 }, ENOMEM, COUNTER(failed) },
		{ "rounds up to 2^64", { .size = U64_MAX - t->info.page_size + 2 }, ENOMEM,
		  COUNTER(failed) },
		{ "SIZE_MAX", { .size = U64_MAX }, ENOMEM, COUNTER(failed) },
		{ "SIZE_MAX, aligned", { .size = U64_MAX, .align = 64 }, ENOMEM,
		  COUNTER(failed) },
		{ "2^64 - 16", { .size = U64_MAX - 15 }, ENOMEM, COUNTER(failed) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		try_bad(t, &cases[i]);
}

static void alloc_bad_alignments(struct test *t)
{
	const __u32 page = t->info.page_size;
	const __u32 aligns[] = {
		3, 5, 6, 7, 9, 12, 24, 63, 65, page - 1, page + 1, page + page / 2, 2 * page,
		1U << 31, (1U << 31) + 1, ~0U,
	};
	struct bad_alloc bad = { "alignment", { }, EINVAL, COUNTER(bad_args) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(aligns); i++) {
		bad.args = (struct pma_alloc_args){ .size = 64, .align = aligns[i] };
		try_bad(t, &bad);
		bad.args.size = page;
		try_bad(t, &bad);
	}
}

static void alloc_bad_flags(struct test *t)
{
	struct bad_alloc bad = { "flags", { .size = 64 }, EINVAL, COUNTER(bad_args) };
	__u32 bit;

	for (bit = 1; bit; bit <<= 1) {
		if (bit & (PMA_ALLOC_FLAGS | PMA_WAIT))
			continue;
		bad.args.flags = bit;
		try_bad(t, &bad);
		bad.args.flags = bit | PMA_ZERO;
		try_bad(t, &bad);
	}
}

static void alloc_bad_reserved(struct test *t)
{
	struct bad_alloc bad = { "reserved", { .size = 64 }, EINVAL, COUNTER(bad_args) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad.args.reserved); i++) {
		bad.args.reserved[i] = 1;
		try_bad(t, &bad);
		bad.args.reserved[i] = 1U << 31;
		try_bad(t, &bad);
		bad.args.reserved[i] = 0;
	}
}

/* What comes in where only answers go out does not matter. */
static void alloc_ignores_outputs(struct test *t)
{
	struct pma_alloc_args args = { .size = 64, .handle = U64_MAX, .usable = U64_MAX };

	if (!WANT_OK(t, device_call(t->fd, PMA_IOC_ALLOC, &args)))
		return;
	WANT_TRUE(t, args.handle < t->info.region_bytes);
	WANT_TRUE(t, args.usable >= 64 && args.usable < t->info.page_size);
	WANT(t, args.size, 64);
	WANT_OK(t, device_free(t->fd, args.handle));
}

/* Memory that was full of something else before. */
static void alloc_zero(struct test *t)
{
	__u64 sizes[BLOCK_SIZES_MAX], handle, usable;
	size_t i, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));
	struct block neighbour, dirty;

	/* keeps the page the arena's own, so that it is not zeroed on its way back */
	for (i = 0; i < nr; i++) {
		test_context(t, "size %llu", sizes[i]);
		if (!block_alloc(t, t->fd, sizes[i], &neighbour) ||
		    !block_alloc(t, t->fd, sizes[i], &dirty))
			return;
		block_fill(t, t->fd, &neighbour, 1);
		block_fill(t, t->fd, &dirty, 2);
		block_free(t, t->fd, &dirty);
		if (!WANT_OK(t, device_alloc(t->fd, sizes[i], 0, PMA_ZERO, &handle, &usable)))
			return;
		block_verify_zero(t, t->fd, handle, 0, usable);
		block_verify(t, t->fd, &neighbour, neighbour.usable);
		WANT_OK(t, device_free(t->fd, handle));
		block_free(t, t->fd, &neighbour);
	}
}

/* Many at once: no two share a byte. */
static void alloc_distinct(struct test *t)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, nr = block_sizes(t, sizes, 24);
	struct block blocks[120];
	size_t live;

	for (live = 0; live < ARRAY_SIZE(blocks); live++) {
		if (!block_alloc(t, t->fd, sizes[live % nr] % 1000 + 1, &blocks[live]))
			break;
		block_fill(t, t->fd, &blocks[live], live);
	}
	for (i = 0; i < live; i++) {
		test_context(t, "block %zu of %zu", i, live);
		block_verify(t, t->fd, &blocks[i], blocks[i].usable);
		block_free(t, t->fd, &blocks[i]);
	}
}

const struct test_case alloc_cases[] = {
	{ "alloc_sizes", alloc_sizes },
	{ "alloc_whole_region", alloc_whole_region },
	{ "alloc_alignments", alloc_alignments },
	{ "alloc_bad_sizes", alloc_bad_sizes },
	{ "alloc_bad_alignments", alloc_bad_alignments },
	{ "alloc_bad_flags", alloc_bad_flags },
	{ "alloc_bad_reserved", alloc_bad_reserved },
	{ "alloc_ignores_outputs", alloc_ignores_outputs },
	{ "alloc_zero", alloc_zero },
	{ "alloc_distinct", alloc_distinct },
	{ }
};
