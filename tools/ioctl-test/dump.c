// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dump.c - DUMP
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#define U64_MAX		(~0ULL)

static void try_page(struct test *t, const struct pma_page_rec *rec, __u32 first_page)
{
	__u64 bytes = (__u64)rec->nr_pages * t->info.page_size;

	test_context(t, "run of page %u", rec->first_page);
	WANT(t, rec->first_page, first_page);
	WANT_TRUE(t, rec->nr_pages > 0);
	WANT_TRUE(t, rec->kind <= PMA_KIND_HELD);
	WANT_TRUE(t, rec->free_bytes <= bytes);
	/* who held a page that somebody has pinned may be gone */
	if (rec->kind != PMA_KIND_HELD)
		WANT(t, rec->owner == 0, rec->kind == PMA_KIND_FREE);
	WANT(t, rec->first_free == PMA_HANDLE_NONE || rec->kind == PMA_KIND_FREE,
	     rec->free_blocks == 0);
	if (rec->free_blocks)
		WANT_TRUE(t, rec->first_free / t->info.page_size - rec->first_page <
			     rec->nr_pages);
	if (rec->kind == PMA_KIND_FREE) {
		WANT(t, rec->block_size, 0);
		WANT(t, rec->free_bytes, bytes);
		WANT(t, rec->nr_blocks, 0);
	}
	if (rec->kind == PMA_KIND_BIG) {
		WANT(t, rec->block_size, bytes);
		WANT(t, rec->nr_blocks, 1);
	}
}

/* The runs tile the region, and add up to what STATS says. */
static void try_pages(struct test *t)
{
	struct pma_stats stats = stats_get(t, t->fd);
	__u32 own[PMA_KIND_HELD + 1] = { }, free_pages = 0, page = 0;
	struct pma_page_rec *recs;
	size_t i, nr;

	recs = stats_dump(t, t->fd, PMA_DUMP_PAGES, DUMP_RECORDS, &nr);
	for (i = 0; i < nr; i++) {
		try_page(t, &recs[i], page);
		page = recs[i].first_page + recs[i].nr_pages;
		if (recs[i].owner == t->info.arena && recs[i].kind <= PMA_KIND_HELD)
			own[recs[i].kind] += recs[i].nr_pages;
		if (recs[i].kind == PMA_KIND_FREE)
			free_pages += recs[i].nr_pages;
	}
	t->context[0] = '\0';
	WANT(t, page, t->info.nr_pages);
	WANT(t, own[PMA_KIND_SLAB], stats.slab_pages);
	WANT(t, own[PMA_KIND_BIG], stats.big_pages);
	WANT(t, own[PMA_KIND_HEAP], stats.heap_pages);
	WANT(t, own[PMA_KIND_HELD], stats.held_pages);
	WANT(t, free_pages, stats.pool_free_pages);
	free(recs);
}

/* The blocks dumped are the blocks allocated; both sorted by handle. */
static void try_blocks(struct test *t, const struct block *blocks, size_t nr_blocks)
{
	struct pma_query_args query;
	struct pma_block_rec *recs;
	size_t i, nr;

	recs = stats_dump(t, t->fd, PMA_DUMP_BLOCKS, DUMP_RECORDS, &nr);
	WANT(t, nr, nr_blocks);
	for (i = 0; i < nr && i < nr_blocks; i++) {
		test_context(t, "block %zu", i);
		WANT(t, recs[i].handle, blocks[i].handle);
		WANT(t, recs[i].usable, blocks[i].usable);
		WANT(t, recs[i].owner, t->info.arena);
		WANT(t, recs[i].reserved, 0);
		if (!WANT_OK(t, device_query(t->fd, recs[i].handle, 0, &query)))
			continue;
		WANT(t, recs[i].size, query.size);
		WANT(t, recs[i].requested, query.requested);
		WANT(t, recs[i].kind, query.kind);
		WANT(t, recs[i].flags, query.block_flags);
	}
	t->context[0] = '\0';
	free(recs);
}

/* One record a call tells the same as many, and as more than one call writes. */
static void try_resume(struct test *t, __u32 what)
{
	static const __u32 steps[] = { 1, 2, 3, 7, 100, 4 * DUMP_RECORDS };
	size_t bytes = what == PMA_DUMP_PAGES ? sizeof(struct pma_page_rec) :
						sizeof(struct pma_block_rec);
	size_t i, nr, nr_again;
	void *records = stats_dump(t, t->fd, what, DUMP_RECORDS, &nr), *again;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		test_context(t, "what %u, %u a call", what, steps[i]);
		again = stats_dump(t, t->fd, what, steps[i], &nr_again);
		WANT(t, nr_again, nr);
		WANT_TRUE(t, nr_again != nr || !memcmp(records, again, nr * bytes));
		free(again);
	}
	t->context[0] = '\0';
	free(records);
}

static void dump_empty(struct test *t)
{
	try_pages(t);
	try_blocks(t, NULL, 0);
}

/* All sizes, some twice, some freed again: pages of every kind and state. */
static void dump_mixed(struct test *t)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes)), live = 0;
	struct block blocks[2 * BLOCK_SIZES_MAX], gap;

	for (i = 0; i < nr; i++) {
		if (!block_alloc(t, t->fd, sizes[i], &blocks[live]))
			return;
		live++;
		if (!block_alloc(t, t->fd, sizes[i], &gap) ||
		    !block_alloc(t, t->fd, sizes[i], &blocks[live]))
			return;
		live++;
		block_free(t, t->fd, &gap);
	}
	qsort(blocks, live, sizeof(*blocks), block_by_handle);
	try_pages(t);
	try_blocks(t, blocks, live);
	try_resume(t, PMA_DUMP_PAGES);
	try_resume(t, PMA_DUMP_BLOCKS);
	for (i = 0; i < live; i++)
		block_free(t, t->fd, &blocks[i]);
	try_pages(t);
	try_blocks(t, NULL, 0);
}

/* More blocks than one call can tell. */
static void dump_many(struct test *t)
{
	enum { NR = 2500 };
	struct block *blocks = calloc(NR, sizeof(*blocks));
	size_t i;

	for (i = 0; i < NR; i++)
		if (!block_alloc(t, t->fd, 8, &blocks[i]))
			goto out;
	qsort(blocks, NR, sizeof(*blocks), block_by_handle);
	try_pages(t);
	try_blocks(t, blocks, NR);
	try_resume(t, PMA_DUMP_BLOCKS);
	WANT_OK(t, device_reset(t->fd));
out:
	free(blocks);
}

/* No record is written beyond those asked for. */
static void dump_writes_no_more(struct test *t)
{
	struct pma_block_rec recs[3];
	unsigned char *at = (unsigned char *)&recs[2];
	struct block blocks[3];
	__u64 cursor = 0;
	__u32 nr = 2;
	size_t i;

	for (i = 0; i < 3; i++)
		if (!block_alloc(t, t->fd, 64, &blocks[i]))
			return;
	memset(recs, 0xff, sizeof(recs));
	WANT_OK(t, device_dump(t->fd, PMA_DUMP_BLOCKS, &cursor, recs, &nr));
	WANT(t, nr, 2);
	WANT_TRUE(t, cursor != PMA_HANDLE_NONE);
	for (i = 0; i < sizeof(recs[2]); i++)
		WANT(t, at[i], 0xff);
	for (i = 0; i < 3; i++)
		block_free(t, t->fd, &blocks[i]);
}

/* A cursor is any number: it says something sensible, or that all has been said. */
static void try_cursor(struct test *t, __u32 what, __u64 start)
{
	union {
		struct pma_page_rec page;
		struct pma_block_rec block;
	} recs[16];
	__u64 cursor = start;
	__u32 i, nr = ARRAY_SIZE(recs);

	test_context(t, "what %u, cursor 0x%llx", what, start);
	if (!WANT_OK(t, device_dump(t->fd, what, &cursor, recs, &nr)))
		return;
	WANT_TRUE(t, nr <= ARRAY_SIZE(recs));
	WANT_TRUE(t, cursor > start || cursor == PMA_HANDLE_NONE);
	for (i = 0; i < nr; i++)
		if (what == PMA_DUMP_PAGES)
			WANT_TRUE(t, (__u64)recs[i].page.first_page + recs[i].page.nr_pages <=
				  t->info.nr_pages);
		else
			WANT_TRUE(t, recs[i].block.handle < t->info.region_bytes);
}

static void dump_any_cursor(struct test *t)
{
	const __u64 cursors[] = {
		0, 1, 7, t->info.nr_pages - 1, t->info.nr_pages, t->info.nr_pages + 1,
		t->info.region_bytes - 1, t->info.region_bytes, t->info.region_bytes + 1,
		1ULL << 31, 1ULL << 32, (1ULL << 32) + 1, 1ULL << 63, U64_MAX - 1, U64_MAX,
	};
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr = block_of_each_kind(t, t->fd, blocks);

	for (i = 0; i < ARRAY_SIZE(cursors); i++) {
		try_cursor(t, PMA_DUMP_PAGES, cursors[i]);
		try_cursor(t, PMA_DUMP_BLOCKS, cursors[i]);
	}
	for (i = 0; i < nr; i++)
		block_free(t, t->fd, &blocks[i]);
}

static void dump_bad_args(struct test *t)
{
	struct pma_page_rec rec;
	const struct {
		const char *name;
		__u32 what;
		__u32 nr;
		__u64 reserved;
	} cases[] = {
		{ "what 0", .what = 0, .nr = 1 },
		{ "what 4", .what = 4, .nr = 1 },
		{ "what ~0", .what = ~0U, .nr = 1 },
		{ "nr 0", .what = PMA_DUMP_PAGES, .nr = 0 },
		{ "nr 0 of blocks", .what = PMA_DUMP_BLOCKS, .nr = 0 },
		{ "reserved 1", .what = PMA_DUMP_PAGES, .nr = 1, .reserved = 1 },
		{ "reserved 1 << 63", .what = PMA_DUMP_BLOCKS, .nr = 1, .reserved = 1ULL << 63 },
	};
	struct pma_dump_args args;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		test_context(t, "%s", cases[i].name);
		args = (struct pma_dump_args){
			.records = (uintptr_t)&rec,
			.what = cases[i].what,
			.nr = cases[i].nr,
			.reserved = cases[i].reserved,
		};
		WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_DUMP, &args), EINVAL,
			     COUNTER(bad_args));
	}
}

const struct test_case dump_cases[] = {
	{ "dump_empty", dump_empty },
	{ "dump_mixed", dump_mixed },
	{ "dump_many", dump_many },
	{ "dump_writes_no_more", dump_writes_no_more },
	{ "dump_any_cursor", dump_any_cursor },
	{ "dump_bad_args", dump_bad_args },
	{ }
};
