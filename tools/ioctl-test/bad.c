// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bad.c - many bad calls among good ones: each gets its own error, is counted, and
 * changes nothing
 *
 * Two arenas allocate and free at random.  In between every call that takes a
 * handle gets wrong ones: outside the region, inside a block, another arena's, and
 * stale ones, of blocks that were freed and of memory that may belong to somebody
 * else by now.  What the answer must be is worked out from the list of live blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#define LIVE_MAX	64	/* blocks of an arena */
#define STALE_MAX	32	/* handles remembered */
#define COMPARE_EVERY	1000	/* bad calls */

/**
 * struct client - an arena, and what must be so of it
 * @fd: its file
 * @blocks: live ones
 * @nr: of them
 * @refused: bad calls so far, by error
 */
struct client {
	int fd;
	struct block blocks[LIVE_MAX];
	size_t nr;
	struct {
		__u64 range, free, owner, interior;
	} refused;
};

struct world {
	struct test *t;
	struct client clients[2];
	__u64 stale[STALE_MAX];
	size_t nr_stale;
	unsigned int seed;
};

static unsigned int below(struct world *w, unsigned int limit)
{
	return rand_r(&w->seed) % limit;
}

static const struct block *block_at(const struct client *client, __u64 handle)
{
	size_t i;

	for (i = 0; i < client->nr; i++)
		if (handle >= client->blocks[i].handle &&
		    handle < client->blocks[i].handle + client->blocks[i].usable)
			return &client->blocks[i];
	return NULL;
}

static void good_alloc(struct world *w, struct client *client)
{
	const __u64 page = w->t->info.page_size;
	const __u64 limits[] = { 64, w->t->info.slab_max, page, 4 * page };
	struct block *block = &client->blocks[client->nr];

	if (client->nr == LIVE_MAX)
		return;
	block->size = 1 + below(w, limits[below(w, ARRAY_SIZE(limits))]);
	if (!device_alloc(client->fd, block->size, 0, 0, &block->handle, &block->usable))
		client->nr++;
}

static void good_free(struct world *w, struct client *client)
{
	struct block *block = &client->blocks[client->nr ? below(w, client->nr) : 0];

	if (!client->nr || !block_free(w->t, client->fd, block))
		return;
	w->stale[w->nr_stale++ % STALE_MAX] = block->handle;
	*block = client->blocks[--client->nr];
}

/* Some handle that is good for nothing, or maybe is: it's for wanted_error() to say. */
static __u64 any_handle(struct world *w)
{
	const struct client *client = &w->clients[below(w, 2)];
	const struct block *block;

	switch (below(w, 8)) {
	case 0:
		return w->t->info.region_bytes + ((__u64)below(w, 1 << 30) << below(w, 32));
	case 1:
		return ((__u64)rand_r(&w->seed) << 16) % w->t->info.region_bytes;
	case 2 ... 4:
		return w->nr_stale ? w->stale[below(w, STALE_MAX) % w->nr_stale] : 0;
	default:
		if (!client->nr)
			return 1;
		block = &client->blocks[below(w, client->nr)];
		return block->handle + (below(w, 3) ? below(w, block->usable) : 0);
	}
}

/*
 * What @client must get for @handle: 0 if nothing is wrong with it.  Where no block
 * is live it depends on whose the page is, and that only the pool knows: EALREADY
 * stands for EACCES too.
 */
static int wanted_error(const struct world *w, const struct client *client, __u64 handle)
{
	const struct client *other = &w->clients[client == &w->clients[0]];
	const struct block *block = block_at(client, handle);

	if (handle >= w->t->info.region_bytes)
		return -ERANGE;
	if (block)
		return block->handle == handle ? 0 : -EBADSLT;
	return block_at(other, handle) ? -EACCES : -EALREADY;
}

/* Through one of the doors; an interior handle is wrong at the first four only. */
static int bad_call(struct world *w, const struct client *client, __u64 handle, int wanted)
{
	struct pma_query_args query;
	__u64 usable;
	__u32 done;
	char byte = 'x';

	switch (below(w, wanted == -EBADSLT ? 4 : 6)) {
	case 0:
		return device_free(client->fd, handle);
	case 1:
		return device_realloc(client->fd, &handle, 1 + below(w, 10000), 0, 0, &usable);
	case 2:
		return device_query(client->fd, handle, 0, &query);
	case 3:
		return device_free_batch(client->fd, &handle, 1, &done);
	case 4:
		return device_pread(client->fd, &byte, 1, handle);
	default:
		return device_pwrite(client->fd, &byte, 1, handle);
	}
}

static void count(struct client *client, int err)
{
	client->refused.range += err == -ERANGE;
	client->refused.free += err == -EALREADY;
	client->refused.owner += err == -EACCES;
	client->refused.interior += err == -EBADSLT;
}

/* Answers whether there was one. */
static bool try_bad(struct world *w)
{
	struct client *client = &w->clients[below(w, 2)];
	__u64 handle = any_handle(w);
	int wanted = wanted_error(w, client, handle), err;

	if (!wanted)
		return false;
	err = bad_call(w, client, handle, wanted);
	if (wanted != -EALREADY || err != -EACCES)
		test_want_error(w->t, __FILE__, __LINE__, "bad call", err, wanted);
	count(client, err);
	return true;
}

static void compare(struct world *w)
{
	struct pma_stats stats;
	__u64 live_bytes;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(w->clients); i++) {
		const struct client *client = &w->clients[i];

		stats_sound(w->t, client->fd);
		stats = stats_get(w->t, client->fd);
		for (live_bytes = 0, j = 0; j < client->nr; j++)
			live_bytes += client->blocks[j].usable;
		WANT(w->t, stats.live_blocks, client->nr);
		WANT(w->t, stats.live_bytes, live_bytes);
		WANT(w->t, stats.bad_range, client->refused.range);
		WANT(w->t, stats.bad_free, client->refused.free);
		WANT(w->t, stats.bad_owner, client->refused.owner);
		WANT(w->t, stats.bad_interior, client->refused.interior);
		WANT(w->t, stats.bad_args, 0);
	}
}

static void bad_among_good(struct test *t)
{
	struct world w = { .t = t, .seed = t->seed };
	unsigned long nr_bad = 0;

	w.clients[0].fd = t->fd;
	w.clients[1].fd = block_open(t, O_RDWR);
	while (nr_bad < t->ops && test_goes_on(t)) {
		test_context(t, "bad call %lu, seed %llu", nr_bad, (unsigned long long)t->seed);
		if (!below(&w, 4))
			good_alloc(&w, &w.clients[below(&w, 2)]);
		if (!below(&w, 4))
			good_free(&w, &w.clients[below(&w, 2)]);
		nr_bad += try_bad(&w);
		if (nr_bad % COMPARE_EVERY == 0)
			compare(&w);
	}
	compare(&w);
	close(w.clients[1].fd);
}

const struct test_case bad_cases[] = {
	{ "bad_among_good", bad_among_good },
	{ }
};
