// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * batch.c - BATCH; its bad pointers are in fault.c
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

const struct test_case batch_cases[] = {
	{ "batch_many", batch_many },
	{ "batch_mixed", batch_mixed },
	{ "batch_counters", batch_counters },
	{ "batch_bad_args", batch_bad_args },
	{ "batch_in_order", batch_in_order },
	{ }
};
