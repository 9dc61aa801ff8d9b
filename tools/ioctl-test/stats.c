// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * stats.c - what the device tells of an arena: before, after, all its records
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

struct counter {
	const char *name;
	int offset;
	size_t size;
};

#define ENTRY(member) { #member, COUNTER(member), sizeof(((struct pma_stats *)0)->member) }

static const struct counter counters[] = {
	ENTRY(allocs), ENTRY(frees), ENTRY(failed), ENTRY(bad_args), ENTRY(bad_range),
	ENTRY(bad_free), ENTRY(bad_owner), ENTRY(bad_interior), ENTRY(bad_token),
	ENTRY(live_blocks), ENTRY(live_bytes), ENTRY(peak_bytes), ENTRY(arena_pages),
	ENTRY(peak_pages),
	ENTRY(slab_pages), ENTRY(big_pages), ENTRY(heap_pages), ENTRY(pool_pages),
	ENTRY(pool_free_pages), ENTRY(pool_largest_run), ENTRY(pool_arenas),
	ENTRY(held_pages),
	ENTRY(charged_pages),
	ENTRY(limit_pages),
};

static __u64 counter_value(const struct counter *counter, const struct pma_stats *stats)
{
	const char *at = (const char *)stats + counter->offset;
	__u64 wide;
	__u32 narrow;

	if (counter->size == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, at, sizeof(narrow));
	return narrow;
}

struct pma_stats stats_get(struct test *t, int fd)
{
	struct pma_stats stats;

	memset(&stats, 0xff, sizeof(stats));
	WANT_OK(t, device_stats(fd, &stats));
	return stats;
}

/* CHECK finds nothing, and the counters agree with each other. */
void stats_sound(struct test *t, int fd)
{
	struct pma_check_args check;
	struct pma_stats stats = stats_get(t, fd);

	if (!WANT_OK(t, device_check(fd, 0, &check)))
		return;
	WANT(t, check.errors, 0);
	WANT(t, check.first_bad_page, ~0U);
	WANT(t, check.blocks, stats.live_blocks);
	WANT(t, stats.allocs - stats.frees, stats.live_blocks);
	WANT(t, stats.slab_pages + stats.big_pages + stats.heap_pages, stats.arena_pages);
	WANT_TRUE(t, stats.peak_bytes >= stats.live_bytes);
	WANT_TRUE(t, stats.peak_pages >= stats.arena_pages);
	WANT_TRUE(t, stats.pool_free_pages + stats.arena_pages + stats.held_pages <=
		  stats.pool_pages);
}

/* Nothing has changed but the one counter, by one. */
void stats_unchanged(struct test *t, int fd, const struct pma_stats *before, int counter)
{
	struct pma_stats after = stats_get(t, fd);
	__u64 got, wanted;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		got = counter_value(&counters[i], &after);
		wanted = counter_value(&counters[i], before) + (counters[i].offset == counter);
		if (got != wanted)
			NOTE(t, "%s is %llu, not %llu", counters[i].name, got, wanted);
	}
	stats_sound(t, fd);
}

/*
 * What was begun was undone: the same blocks are live.  The counters of what was
 * done in between may have moved.
 */
void stats_undone(struct test *t, int fd, const struct pma_stats *before)
{
	struct pma_stats after = stats_get(t, fd);

	WANT(t, after.live_blocks, before->live_blocks);
	WANT(t, after.live_bytes, before->live_bytes);
	WANT(t, after.arena_pages, before->arena_pages);
	WANT(t, after.pool_free_pages, before->pool_free_pages);
	stats_sound(t, fd);
}

/*
 * Waits until the pool has @nr_pages free pages: those in quarantine are looked at ten
 * times a second.
 */
bool stats_wait_free(struct test *t, __u32 nr_pages)
{
	int ms;

	for (ms = 0; ms < 2000 && stats_get(t, t->fd).pool_free_pages != nr_pages; ms += 10)
		usleep(10000);
	return WANT(t, stats_get(t, t->fd).pool_free_pages, nr_pages);
}

static size_t record_bytes(__u32 what)
{
	return what == PMA_DUMP_PAGES ? sizeof(struct pma_page_rec) : sizeof(struct pma_block_rec);
}

/* A call may write fewer records than it could, even none, before the end. */
void *stats_dump(struct test *t, int fd, __u32 what, __u32 step, size_t *nr)
{
	size_t bytes = record_bytes(what);
	/* each page is a record at most, and each block; room for one call more */
	size_t room = t->info.nr_pages + 4096 + step;
	char *records = calloc(room, bytes);
	__u64 cursor = 0, last;
	__u32 got;

	*nr = 0;
	while (cursor != PMA_HANDLE_NONE && *nr + step <= room) {
		got = step;
		last = cursor;
		if (!WANT_OK(t, device_dump(fd, what, &cursor, records + *nr * bytes, &got)))
			break;
		if (!WANT_TRUE(t, got <= step && got <= DUMP_RECORDS) ||
		    !WANT_TRUE(t, cursor > last))
			break;
		*nr += got;
	}
	WANT(t, cursor, PMA_HANDLE_NONE);
	return records;
}
