// SPDX-License-Identifier: GPL-2.0
/*
 * bench_arenas.c - the same work, spread over more and more arenas of one pool
 *
 *  arenas-N	8 blocks in use in each of N arenas; an operation frees one and
 *		allocates another, in one arena after the other.  Measured when each
 *		arena has done as much before as with N = 1: it has its pages then.
 */
#include <linux/sizes.h>

#include "bench_contest.h"
#include "bench_report.h"
#include "bench_sizes.h"

#define LIVE		8	/* blocks, in an arena */
#define REPLACED	1000	/* in a repetition */
#define WARM_UP		300	/* in each arena, before them */
#define REPETITIONS	101
#define ARENA_ROOM	SZ_512K

/**
 * struct client - an arena and what it has in use
 * @arena: the arena, or NULL in the control
 * @block: in use
 */
struct client {
	struct pma_arena *arena;
	void *block[LIVE];
};

static void *client_alloc(struct client *client, u32 size)
{
	return client->arena ? pma_alloc(client->arena, size) : client;
}

static void client_free(struct client *client, void *block)
{
	if (client->arena)
		pma_free(client->arena, block);
}

static u64 repeat(struct client *clients, u32 nr, u32 replaced, struct bench_random *random,
		  const u32 *sizes)
{
	u64 begin = bench_now();
	u32 i;

	for (i = 0; i < replaced; i++) {
		struct client *client = &clients[i % nr];
		void **block = &client->block[bench_random_below(random, LIVE)];

		client_free(client, *block);
		*block = client_alloc(client, sizes[bench_random_next(random) % BENCH_SIZES]);
		if (!*block)
			return BENCH_FAILED;
	}
	return bench_now() - begin;
}

static int measure(struct client *clients, u32 nr, const u32 *sizes, u64 *ticks)
{
	struct bench_random random = bench_random_begin(0);
	u64 samples[REPETITIONS];
	u32 i, at;

	for (i = 0; i < nr; i++)
		for (at = 0; at < LIVE; at++)
			clients[i].block[at] = client_alloc(&clients[i], sizes[i + at]);
	if (repeat(clients, nr, WARM_UP * nr, &random, sizes) == BENCH_FAILED)
		return -ENOMEM;
	for (i = 0; i < REPETITIONS; i++) {
		samples[i] = repeat(clients, nr, REPLACED, &random, sizes);
		if (samples[i] == BENCH_FAILED)
			return -ENOMEM;
	}
	*ticks = bench_median(samples, REPETITIONS);
	return 0;
}

static int run_clients(const struct bench_case *what, struct pma_pool *pool,
		       struct client *clients, const u32 *sizes)
{
	u64 control, ticks;
	u32 i;
	int err = measure(clients, what->arg, sizes, &control);

	for (i = 0; i < what->arg && !err; i++) {
		clients[i].arena = pma_arena_create(pool, what->name);
		if (IS_ERR(clients[i].arena))
			err = PTR_ERR(clients[i].arena);
	}
	if (!err)
		err = measure(clients, what->arg, sizes, &ticks);
	if (!err)
		bench_report_ticks(what->name, "pma", ticks > control ? ticks - control : 0,
				   REPLACED);
	for (i = 0; i < what->arg; i++)
		pma_arena_destroy(clients[i].arena);
	return err;
}

static int run_arenas(const struct bench_case *what)
{
	size_t region = max_t(size_t, SZ_64M, what->arg * ARENA_ROOM);
	struct client *clients = kvcalloc(what->arg, sizeof(*clients), GFP_KERNEL);
	struct pma_pool *pool = pma_pool_create("bench", region, NULL);
	int err = -ENOMEM;

	if (clients && !IS_ERR(pool))
		err = run_clients(what, pool, clients, bench_sizes(BENCH_SMALL));
	pma_pool_destroy(pool, 0);
	kvfree(clients);
	return err;
}

const struct bench_case bench_arenas_cases[] = {
	{ "arenas-1", run_arenas, 1 },
	{ "arenas-10", run_arenas, 10 },
	{ "arenas-100", run_arenas, 100 },
	{ "arenas-1000", run_arenas, 1000 },
	{}
};
