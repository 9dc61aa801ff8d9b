// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * batch.c - BATCH, ALLOC_BATCH and FREE_BATCH; their bad pointers are in fault.c
 */
#include <errno.h>
#include <stdlib.h>

#include "test.h"

#define RESULT_UNTOUCHED	12345

static int batch(int fd, struct pma_batch_entry *entries, __u32 nr, struct pma_batch_args *args)
{
	*args = (struct pma_batch_args){ .entries = (uintptr_t)entries, .nr = nr };
	return device_call(fd, PMA_IOC_BATCH, args);
}

/* As many as there may be, of sizes of all engines, there and back. */
static void batch_many(struct test *t)
{
	struct pma_batch_entry *entries = calloc(PMA_BATCH_MAX, sizeof(*entries));
	struct pma_stats before = stats_get(t, t->fd), after;
	__u32 nr = t->info.nr_pages < PMA_BATCH_MAX ? t->info.nr_pages : PMA_BATCH_MAX;
	__u64 sizes[BLOCK_SIZES_MAX];
	struct pma_batch_args args;
	__u32 i;

	block_sizes(t, sizes, ARRAY_SIZE(sizes));
	for (i = 0; i < nr; i++)
		entries[i] = (struct pma_batch_entry){ .op = PMA_BATCH_ALLOC,
						       .result = RESULT_UNTOUCHED,
						       .size = sizes[i % 16], .flags = PMA_ZERO };
	if (!WANT_OK(t, batch(t->fd, entries, nr, &args)))
		goto out;
	WANT(t, args.done, nr);
	WANT(t, args.failed, 0);
	after = stats_get(t, t->fd);
	WANT(t, after.allocs, before.allocs + nr);
	WANT(t, after.live_blocks, before.live_blocks + nr);
	for (i = 0; i < nr; i++) {
		test_context(t, "entry %u", i);
		WANT(t, entries[i].result, 0);
		WANT_TRUE(t, entries[i].usable >= sizes[i % 16]);
		block_verify_zero(t, t->fd, entries[i].handle, 0, entries[i].usable);
		entries[i] = (struct pma_batch_entry){ .op = PMA_BATCH_FREE,
						       .result = RESULT_UNTOUCHED,
						       .handle = entries[i].handle };
	}
	test_context(t, "freeing");
	if (!WANT_OK(t, batch(t->fd, entries, nr, &args)))
		goto out;
	WANT(t, args.done, nr);
	WANT(t, args.failed, 0);
	after = stats_get(t, t->fd);
	WANT(t, after.frees, before.frees + nr);
	WANT(t, after.live_blocks, before.live_blocks);
out:
	free(entries);
}

/* One entry's failure does not stop the others, and each has its own answer. */
static void batch_mixed(struct test *t)
{
	const __u32 page = t->info.page_size;
	struct block block, freed;
	struct pma_batch_args args;
	__u32 i, failed = 0;

	if (!block_alloc(t, t->fd, 64, &freed) || !block_alloc(t, t->fd, 64, &block))
		return;
	block_free(t, t->fd, &freed);

	struct pma_batch_entry entries[] = {
		{ .op = PMA_BATCH_ALLOC, .size = 100 },
		{ .op = PMA_BATCH_ALLOC, .size = 0, .result = EINVAL },
		{ .op = 0, .size = 64, .result = EINVAL },
		{ .op = 3, .size = 64, .result = EINVAL },
		{ .op = ~0U, .size = 64, .result = EINVAL },
		{ .op = PMA_BATCH_FREE, .handle = t->info.region_bytes, .result = ERANGE },
		{ .op = PMA_BATCH_FREE, .handle = block.handle + 8, .result = EBADSLT },
		{ .op = PMA_BATCH_ALLOC, .size = 64, .align = 3, .result = EINVAL },
		{ .op = PMA_BATCH_ALLOC, .size = 64, .flags = 1U << 31, .result = EINVAL },
		{ .op = PMA_BATCH_ALLOC, .size = ~0ULL, .result = ENOMEM },
		{ .op = PMA_BATCH_FREE, .handle = block.handle, .size = 1, .result = EINVAL },
		{ .op = PMA_BATCH_FREE, .handle = block.handle },
		{ .op = PMA_BATCH_FREE, .handle = block.handle, .result = EALREADY },
		{ .op = PMA_BATCH_FREE, .handle = PMA_HANDLE_NONE },
		{ .op = PMA_BATCH_ALLOC, .size = 64, .align = page },
	};
	int wanted[ARRAY_SIZE(entries)];

	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		wanted[i] = -entries[i].result;
		failed += !!wanted[i];
		entries[i].result = RESULT_UNTOUCHED;
	}
	if (!WANT_OK(t, batch(t->fd, entries, ARRAY_SIZE(entries), &args)))
		return;
	WANT(t, args.done, ARRAY_SIZE(entries));
	WANT(t, args.failed, failed);
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		test_context(t, "entry %u", i);
		WANT(t, entries[i].result, wanted[i]);
		if (entries[i].op == PMA_BATCH_ALLOC && wanted[i])
			WANT(t, entries[i].handle, PMA_HANDLE_NONE);
		if (entries[i].op == PMA_BATCH_ALLOC && !wanted[i])
			WANT_OK(t, device_free(t->fd, entries[i].handle));
	}
}

/* What a refused entry counts is what the single call would count. */
static void batch_counters(struct test *t)
{
	const struct {
		struct pma_batch_entry entry;
		int counter;
	} cases[] = {
		{ { .op = PMA_BATCH_ALLOC, .size = 0 }, COUNTER(bad_args) },
		{ { .op = PMA_BATCH_ALLOC, .size = ~0ULL }, COUNTER(failed) },
		{ { .op = PMA_BATCH_FREE, .handle = t->info.region_bytes },
		  COUNTER(bad_range) },
		{ { .op = 7 }, COUNTER(bad_args) },
	};
	struct pma_batch_entry entry;
	struct pma_batch_args args;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		test_context(t, "case %zu", i);
		entry = cases[i].entry;
		WANT_REFUSED(t, t->fd, batch(t->fd, &entry, 1, &args), 0, cases[i].counter);
		WANT(t, args.failed, 1);
	}
}

struct bad_batch {
	const char *what;
	__u32 nr;
	__u32 flags;
	__u64 reserved;
};

static void batch_bad_args(struct test *t)
{
	static const struct bad_batch cases[] = {
		{ "nr 0", .nr = 0 },
		{ "nr above the most", .nr = PMA_BATCH_MAX + 1 },
		{ "nr 2^31", .nr = 1U << 31 },
		{ "nr whose bytes wrap around 32 bits", .nr = 0x06666667 },
		{ "nr ~0", .nr = ~0U },
		{ "flags 1", .nr = 1, .flags = 1 },
		{ "flags 1 << 31", .nr = 1, .flags = 1U << 31 },
		{ "reserved 1", .nr = 1, .reserved = 1 },
		{ "reserved 1 << 63", .nr = 1, .reserved = 1ULL << 63 },
	};
	struct pma_batch_entry entry = { .op = PMA_BATCH_ALLOC, .result = RESULT_UNTOUCHED,
					 .size = 64 };
	struct pma_batch_args args;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		test_context(t, "%s", cases[i].what);
		args = (struct pma_batch_args){
			.entries = (uintptr_t)&entry,
			.nr = cases[i].nr,
			.flags = cases[i].flags,
			.reserved = cases[i].reserved,
		};
		WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_BATCH, &args), EINVAL,
			     COUNTER(bad_args));
		WANT(t, entry.result, RESULT_UNTOUCHED);
	}
}

/* Entries are done in order: the second free comes after the alloc. */
static void batch_in_order(struct test *t)
{
	struct pma_batch_entry entries[3];
	struct pma_batch_args args;
	struct block block;

	if (!block_alloc(t, t->fd, t->info.slab_max, &block))
		return;
	entries[0] = (struct pma_batch_entry){ .op = PMA_BATCH_FREE, .handle = block.handle };
	entries[1] = (struct pma_batch_entry){ .op = PMA_BATCH_ALLOC, .size = block.size };
	entries[2] = (struct pma_batch_entry){ .op = PMA_BATCH_FREE, .handle = block.handle };
	if (!WANT_OK(t, batch(t->fd, entries, 3, &args)))
		return;
	WANT(t, entries[0].result, 0);
	WANT(t, entries[1].result, 0);
	/* the pool may give the same place again, and then this was a right free */
	if (entries[1].handle == block.handle) {
		WANT(t, entries[2].result, 0);
		return;
	}
	WANT(t, entries[2].result, -EALREADY);
	WANT_OK(t, device_free(t->fd, entries[1].handle));
}

/* Equal blocks, call by call until there are @nr; how many there are. */
static __u32 alloc_equal(struct test *t, struct pma_alloc_batch_args args, __u64 *handles,
			 __u32 nr)
{
	struct pma_query_args query;
	__u32 got = 0, i;
	int err = 0;

	while (got < nr) {
		args.handles = (uintptr_t)(handles + got);
		args.nr = nr - got;
		err = device_alloc_batch(t->fd, &args);
		if (err)
			break;
		if (!WANT_TRUE(t, args.done && args.done <= nr - got))
			return got;
		WANT_TRUE(t, args.usable >= args.size);
		for (i = got; i < got + args.done; i++) {
			WANT_OK(t, device_query(t->fd, handles[i], 0, &query));
			WANT(t, query.start, handles[i]);
			WANT_TRUE(t, query.usable >= args.usable);
			if (args.size <= t->info.slab_max)
				WANT(t, query.usable, args.usable);
			if (args.flags & PMA_ZERO)
				block_verify_zero(t, t->fd, handles[i], 0, args.usable);
		}
		got += args.done;
	}
	if (err)
		WANT_ERR(t, err, ENOMEM);
	return got;
}

/* Of all sizes and more than a lock section does, there and back, dirty and zeroed. */
static void equal_many(struct test *t)
{
	enum { NR = 100 };
	__u64 sizes[BLOCK_SIZES_MAX], handles[NR];
	size_t nr_sizes = block_sizes(t, sizes, ARRAY_SIZE(sizes)), i;
	struct pma_alloc_batch_args args = { .flags = PMA_ZERO };
	struct pma_stats before = stats_get(t, t->fd), after;
	__u32 nr, k, done;

	for (i = 0; i < 2 * nr_sizes; i++) {
		args.size = sizes[i / 2];
		/* The whole region would be zeroed again and again. */
		if (args.size * NR > t->info.region_bytes / 2)
			continue;
		test_context(t, "size %llu", args.size);
		nr = alloc_equal(t, args, handles, NR);
		after = stats_get(t, t->fd);
		WANT(t, after.live_blocks, before.live_blocks + nr);
		WANT(t, after.allocs, before.allocs + nr);
		for (k = 0; k < nr; k++)
			WANT_OK(t, device_pwrite(t->fd, "dirty", 5, handles[k]));
		if (!WANT_OK(t, nr ? device_free_batch(t->fd, handles, nr, &done) : 0))
			return;
		WANT(t, done, nr);
		after.frees += nr;
		before = stats_get(t, t->fd);
		WANT(t, before.frees, after.frees);
		WANT(t, before.live_blocks, after.live_blocks - nr);
	}
}

static void equal_aligned(struct test *t)
{
	struct pma_alloc_batch_args args = { .size = 40 };
	__u64 handles[40];
	__u32 i, done;

	for (args.align = 1; args.align <= t->info.page_size; args.align *= 2) {
		test_context(t, "align %u", args.align);
		WANT(t, alloc_equal(t, args, handles, 40), 40);
		for (i = 0; i < 40; i++)
			WANT(t, handles[i] & (args.align - 1), 0);
		WANT_OK(t, device_free_batch(t->fd, handles, 40, &done));
	}
}

/* All there is can be had; that there is no more says the next call, and counts it once. */
static void equal_up_to_the_limit(struct test *t)
{
	const __u64 sizes[] = { 64, t->info.slab_max, t->info.slab_max + 1, t->info.page_size };
	const __u32 page_blocks = t->info.page_size / 64;
	const __u32 pages = page_blocks < 128 ? 16 : PMA_BATCH_MAX / 2 / page_blocks;
	struct pma_limit_args limit = { .flags = PMA_LIMIT_LIMIT, .limit = pages };
	__u32 nr = pages * page_blocks + 1, done;
	__u64 *handles = calloc(nr, sizeof(*handles));
	struct pma_alloc_batch_args args;
	struct pma_stats stats;
	size_t i;

	if (!WANT_OK(t, device_call(t->fd, PMA_IOC_LIMIT, &limit)))
		goto out;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		test_context(t, "size %llu", sizes[i]);
		args = (struct pma_alloc_batch_args){
			.handles = (uintptr_t)handles, .size = sizes[i], .nr = nr,
		};
		stats = stats_get(t, t->fd);
		if (!WANT_OK(t, device_alloc_batch(t->fd, &args)))
			break;
		WANT_TRUE(t, args.done && args.done < nr);
		WANT(t, stats_get(t, t->fd).live_blocks, stats.live_blocks + args.done);
		WANT(t, stats_get(t, t->fd).failed, stats.failed);
		done = args.done;
		args.handles = (uintptr_t)(handles + done);
		args.nr = 1;
		WANT_REFUSED(t, t->fd, device_alloc_batch(t->fd, &args), ENOMEM, COUNTER(failed));
		WANT_OK(t, device_free_batch(t->fd, handles, done, &done));
		WANT(t, stats_get(t, t->fd).live_blocks, stats.live_blocks);
	}
out:
	free(handles);
}

/*
 * What is told of all is so of each: 32 chunks are of the size that is asked for, and only then
 * come larger ones, whose rest is too short for another.
 */
static void equal_usable(struct test *t)
{
	enum { EXACT = 32, LARGER = 4, NR = EXACT + LARGER };
	const __u64 size = t->info.slab_max + t->info.slab_max / 2;
	struct pma_alloc_batch_args args = { .size = size, .nr = NR };
	struct block blocks[NR], between[NR];
	struct pma_query_args query;
	__u64 handles[NR], larger = 0;
	__u32 i, done;

	if (t->info.region_bytes < 3 * NR * size) {
		t->skipped = "a pool that is too small";
		return;
	}
	for (i = 0; i < NR; i++)
		if (!block_alloc(t, t->fd, size + (i < EXACT ? 0 : 3 * t->info.heap_granule),
				 &blocks[i]) ||
		    !block_alloc(t, t->fd, size, &between[i]))
			return;
	for (i = 0; i < NR; i++)
		block_free(t, t->fd, &blocks[i]);
	args.handles = (uintptr_t)handles;
	if (!WANT_OK(t, device_alloc_batch(t->fd, &args)) || !WANT(t, args.done, NR))
		return;
	for (i = 0; i < NR; i++) {
		WANT_OK(t, device_query(t->fd, handles[i], 0, &query));
		WANT_TRUE(t, query.usable >= args.usable);
		larger += query.usable > args.usable;
	}
	WANT_TRUE(t, larger);
	WANT_OK(t, device_free_batch(t->fd, handles, NR, &done));
	for (i = 0; i < NR; i++)
		block_free(t, t->fd, &between[i]);
}

/* A free that is refused ends the call there, with its own error; those behind it stay. */
static void equal_free_stops(struct test *t)
{
	enum { NR = 80 };
	const struct {
		__u32 at;
		int err, counter;
	} cases[] = {
		{ 0, EBADSLT, COUNTER(bad_interior) }, { 1, EALREADY, COUNTER(bad_free) },
		{ 31, ERANGE, COUNTER(bad_range) }, { 32, EBADSLT, COUNTER(bad_interior) },
		{ 33, EALREADY, COUNTER(bad_free) }, { 79, ERANGE, COUNTER(bad_range) },
	};
	struct pma_alloc_batch_args args = { .size = 64 };
	__u64 handles[NR], right;
	struct pma_stats before;
	__u32 done, left;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		test_context(t, "case %zu", i);
		if (!WANT(t, alloc_equal(t, args, handles, NR), NR))
			return;
		right = handles[cases[i].at];
		if (cases[i].err == EBADSLT)
			handles[cases[i].at] += 16;
		else if (cases[i].err == EALREADY)
			handles[cases[i].at] = handles[0];
		else
			handles[cases[i].at] = t->info.region_bytes;
		before = stats_get(t, t->fd);
		WANT_ERR(t, device_free_batch(t->fd, handles, NR, &done), cases[i].err);
		WANT(t, done, cases[i].at);
		WANT(t, stats_get(t, t->fd).live_blocks, before.live_blocks - done);
		WANT(t, stats_get(t, t->fd).frees, before.frees + done);
		left = NR - 1 - done;
		if (left)
			WANT_OK(t, device_free_batch(t->fd, &handles[done + 1], left, &done));
		WANT_OK(t, device_free(t->fd, right));
		WANT(t, stats_get(t, t->fd).live_blocks, before.live_blocks - NR);
	}
}

/* Blocks of every kind in one call, and nothing among them. */
static void equal_free_mixed(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	__u64 handles[2 * BLOCK_KINDS_MAX];
	struct pma_stats before = stats_get(t, t->fd);
	size_t nr = block_of_each_kind(t, t->fd, blocks), i;
	__u32 done;

	for (i = 0; i < nr; i++) {
		handles[2 * i] = PMA_HANDLE_NONE;
		handles[2 * i + 1] = blocks[i].handle;
	}
	WANT_OK(t, device_free_batch(t->fd, handles, 2 * nr, &done));
	WANT(t, done, 2 * nr);
	WANT(t, stats_get(t, t->fd).live_blocks, before.live_blocks);
}

static void equal_bad_args(struct test *t)
{
	__u64 handle = RESULT_UNTOUCHED;
	const __u64 at = (uintptr_t)&handle;
	const struct {
		struct pma_alloc_batch_args args;
		int err, counter;
	} allocs[] = {
		{ { .handles = at, .size = 64 }, EINVAL, COUNTER(bad_args) },
		{ { .handles = at, .size = 64, .nr = PMA_BATCH_MAX + 1 }, EINVAL,
		  COUNTER(bad_args) },
		{ { .handles = at, .size = 64, .nr = ~0U }, EINVAL, COUNTER(bad_args) },
		{ { .handles = at, .size = 64, .nr = 1, .flags = 2 }, EINVAL, COUNTER(bad_args) },
		{ { .handles = at, .size = 64, .nr = 1, .flags = 1U << 31 }, EINVAL,
		  COUNTER(bad_args) },
		{ { .handles = at, .size = 64, .nr = 1, .reserved = 1ULL << 63 }, EINVAL,
		  COUNTER(bad_args) },
		{ { .handles = at, .nr = 1 }, EINVAL, COUNTER(bad_args) },
		{ { .handles = at, .size = 64, .nr = 1, .align = 3 }, EINVAL, COUNTER(bad_args) },
		{ { .handles = at, .size = 64, .nr = 1, .align = 2 * t->info.page_size }, EINVAL,
		  COUNTER(bad_args) },
		{ { .handles = at, .size = ~0ULL, .nr = 1 }, ENOMEM, COUNTER(failed) },
		{ { .handles = at, .size = 1ULL << 32, .nr = 1 }, ENOMEM, COUNTER(failed) },
	};
	struct pma_free_batch_args frees[] = {
		{ .handles = at },
		{ .handles = at, .nr = PMA_BATCH_MAX + 1 },
		{ .handles = at, .nr = 1U << 31 },
		{ .handles = at, .nr = 1, .reserved = 1 },
	};
	struct pma_alloc_batch_args args;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(allocs); i++) {
		test_context(t, "alloc %zu", i);
		args = allocs[i].args;
		WANT_REFUSED(t, t->fd, device_alloc_batch(t->fd, &args), allocs[i].err,
			     allocs[i].counter);
		WANT(t, args.done, 0);
		WANT(t, handle, RESULT_UNTOUCHED);
	}
	for (i = 0; i < ARRAY_SIZE(frees); i++) {
		test_context(t, "free %zu", i);
		WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_FREE_BATCH, &frees[i]), EINVAL,
			     COUNTER(bad_args));
	}
}

const struct test_case batch_cases[] = {
	{ "batch_many", batch_many },
	{ "batch_mixed", batch_mixed },
	{ "batch_counters", batch_counters },
	{ "batch_bad_args", batch_bad_args },
	{ "batch_in_order", batch_in_order },
	{ "equal_many", equal_many },
	{ "equal_aligned", equal_aligned },
	{ "equal_up_to_the_limit", equal_up_to_the_limit },
	{ "equal_usable", equal_usable },
	{ "equal_free_stops", equal_free_stops },
	{ "equal_free_mixed", equal_free_mixed },
	{ "equal_bad_args", equal_bad_args },
	{ }
};
