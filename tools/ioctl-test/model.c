// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model.c - random operations against a model that is too simple to be wrong
 *
 * The model is an array of the blocks that are live, each filled with a pattern
 * of its own.  After every hundredth operation the metadata is checked and the
 * arena's own dump of blocks must be the model.  The seed is printed with the
 * plan; the same seed gives the same run.
 */
#include <errno.h>
#include <stdlib.h>

#include "test.h"

#define BLOCKS_MAX	256
#define EQUAL_MAX	40	/* blocks of a call */

struct model {
	struct test *t;
	__u64 random;
	unsigned long op;
	struct block blocks[BLOCKS_MAX];
	size_t nr;
	__u64 live_bytes;
	__u64 freed;		/* a handle that was freed last */
};

/* xorshift64*, Vigna 2016 */
static __u64 next(struct model *m)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return m->random * 0x2545f4914f6cdd1dULL;
}

static __u64 below(struct model *m, __u64 limit)
{
	return (next(m) >> 16) % limit;
}

/* Mostly what is quick to fill and verify; a large part of the region now and then. */
static __u64 random_size(struct model *m)
{
	const __u64 page = m->t->info.page_size;

	switch (below(m, 256)) {
	case 0:
		return 1 + below(m, m->t->info.region_bytes / 16);
	case 1 ... 12:
		return 1 + below(m, 8 * page);
	case 13 ... 36:
		return page / 2 + below(m, page);
	case 37 ... 100:
		return 1 + below(m, page / 2);
	}
	return 1 + below(m, 256);
}

static __u32 random_align(struct model *m)
{
	__u32 align = 1;

	if (below(m, 4))
		return 0;
	while (align < m->t->info.page_size && below(m, 8))
		align *= 2;
	return align;
}

/*
 * May the pool say that nothing is left?  Not while little of it is taken and
 * little is asked for.
 */
static bool may_be_full(struct model *m, __u64 size)
{
	const __u64 region = m->t->info.region_bytes;

	return m->live_bytes > region / 4 || size > region / 32;
}

static bool is_full(struct model *m, int err, __u64 size)
{
	if (err != -ENOMEM)
		return false;
	if (!may_be_full(m, size))
		NOTE(m->t, "no room for %llu bytes with %llu live", size, m->live_bytes);
	return true;
}

/* A block the model has now: it must lie apart from all others. */
static void adopt(struct model *m, struct block *block)
{
	const struct block *other;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		other = &m->blocks[i];
		if (other != block && block->handle < other->handle + other->usable &&
		    other->handle < block->handle + block->usable)
			NOTE(m->t, "0x%llx+%llu overlaps 0x%llx+%llu", block->handle,
			     block->usable, other->handle, other->usable);
	}
	m->live_bytes += block->usable;
	block_fill(m->t, m->t->fd, block, m->op);
}

static void do_alloc(struct model *m)
{
	__u32 align = random_align(m), flags = below(m, 4) ? 0 : PMA_ZERO;
	struct block *block = &m->blocks[m->nr];
	__u64 size = random_size(m);
	int err;

	if (m->nr == BLOCKS_MAX || m->live_bytes > m->t->info.region_bytes / 2)
		return;
	block->size = size;
	err = device_alloc(m->t->fd, size, align, flags, &block->handle, &block->usable);
	if (is_full(m, err, size) || !WANT_ERR(m->t, err, 0))
		return;
	WANT_TRUE(m->t, block->usable >= size);
	WANT(m->t, align ? block->handle % align : 0, 0);
	if (flags & PMA_ZERO)
		block_verify_zero(m->t, m->t->fd, block->handle, 0, block->usable);
	m->nr++;
	adopt(m, block);
}

/* As many as there are: it may end early, but not before the first. */
static void do_alloc_equal(struct model *m)
{
	__u64 handles[EQUAL_MAX];
	struct pma_alloc_batch_args args = {
		.handles = (uintptr_t)handles,
		.size = random_size(m),
		.align = random_align(m),
		.flags = below(m, 4) ? 0 : PMA_ZERO,
		.nr = 1 + below(m, EQUAL_MAX),
	};
	struct pma_query_args query;
	struct block *block;
	__u32 i;
	int err;

	if (m->nr + args.nr > BLOCKS_MAX ||
	    m->live_bytes + args.nr * args.size > m->t->info.region_bytes / 2)
		return;
	err = device_alloc_batch(m->t->fd, &args);
	if (is_full(m, err, args.size) || !WANT_ERR(m->t, err, 0))
		return;
	WANT_TRUE(m->t, args.done && args.done <= args.nr && args.usable >= args.size);
	for (i = 0; i < args.done; i++) {
		block = &m->blocks[m->nr];
		WANT_OK(m->t, device_query(m->t->fd, handles[i], 0, &query));
		WANT_TRUE(m->t, query.usable >= args.usable);
		WANT(m->t, args.align ? handles[i] % args.align : 0, 0);
		*block = (struct block){
			.handle = handles[i], .size = args.size, .usable = query.usable,
		};
		if (args.flags & PMA_ZERO)
			block_verify_zero(m->t, m->t->fd, block->handle, 0, block->usable);
		m->nr++;
		adopt(m, block);
	}
}

static void drop(struct model *m, struct block *block)
{
	m->live_bytes -= block->usable;
	m->freed = block->handle;
	*block = m->blocks[--m->nr];
}

static struct block *any_block(struct model *m)
{
	return &m->blocks[below(m, m->nr)];
}

static void do_free(struct model *m)
{
	struct block *block = any_block(m);

	block_verify(m->t, m->t->fd, block, block->usable);
	block_free(m->t, m->t->fd, block);
	drop(m, block);
}

static void do_free_equal(struct model *m)
{
	__u64 handles[EQUAL_MAX];
	__u32 nr = 1 + below(m, m->nr < EQUAL_MAX ? m->nr : EQUAL_MAX), i, done;
	struct block *block;

	for (i = 0; i < nr; i++) {
		block = any_block(m);
		block_verify(m->t, m->t->fd, block, block->usable);
		handles[i] = block->handle;
		drop(m, block);
	}
	WANT_OK(m->t, device_free_batch(m->t->fd, handles, nr, &done));
	WANT(m->t, done, nr);
}

static void do_realloc(struct model *m)
{
	struct block *block = any_block(m), old = *block;
	__u64 size = random_size(m);
	__u32 align = random_align(m);
	int err;

	err = device_realloc(m->t->fd, &block->handle, size, align, 0, &block->usable);
	if (is_full(m, err, size)) {
		block_verify(m->t, m->t->fd, &old, old.usable);
		return;
	}
	if (!WANT_ERR(m->t, err, 0))
		return;
	WANT_TRUE(m->t, block->usable >= size);
	WANT(m->t, align ? block->handle % align : 0, 0);
	block_verify(m->t, m->t->fd, block, old.usable < size ? old.usable : size);
	m->live_bytes -= old.usable;
	block->size = size;
	adopt(m, block);
}

static void do_query(struct model *m)
{
	const struct block *block = any_block(m);
	struct pma_query_args query;
	__u64 handle = block->handle + below(m, block->usable);

	if (!WANT_OK(m->t, device_query(m->t->fd, handle, PMA_QUERY_INTERIOR, &query)))
		return;
	WANT(m->t, query.start, block->handle);
	WANT(m->t, query.usable, block->usable);
}

static bool is_live(const struct model *m, __u64 handle)
{
	size_t i;

	for (i = 0; i < m->nr; i++)
		if (handle >= m->blocks[i].handle &&
		    handle < m->blocks[i].handle + m->blocks[i].usable)
			return true;
	return false;
}

static void do_bad(struct model *m)
{
	const struct block *block = any_block(m);
	__u64 offset = 1 + below(m, block->usable);

	if (offset < block->usable)
		WANT_ERR(m->t, device_free(m->t->fd, block->handle + offset), EBADSLT);
	if (m->freed != PMA_HANDLE_NONE && !is_live(m, m->freed))
		WANT_ERR(m->t, device_free(m->t->fd, m->freed), EALREADY);
}

/* The arena says what the model says. */
static void compare(struct model *m)
{
	struct pma_stats stats = stats_get(m->t, m->t->fd);
	struct pma_block_rec *recs;
	size_t i, nr;

	stats_sound(m->t, m->t->fd);
	WANT(m->t, stats.live_blocks, m->nr);
	WANT(m->t, stats.live_bytes, m->live_bytes);
	recs = stats_dump(m->t, m->t->fd, PMA_DUMP_BLOCKS, DUMP_RECORDS, &nr);
	WANT(m->t, nr, m->nr);
	qsort(m->blocks, m->nr, sizeof(*m->blocks), block_by_handle);
	for (i = 0; i < nr && i < m->nr; i++) {
		WANT(m->t, recs[i].handle, m->blocks[i].handle);
		WANT(m->t, recs[i].usable, m->blocks[i].usable);
	}
	free(recs);
}

static void step(struct model *m)
{
	unsigned int what = below(m, 100);

	if (!m->nr || what < 42)
		do_alloc(m);
	else if (what < 45)
		do_alloc_equal(m);
	else if (what < 72)
		do_free(m);
	else if (what < 75)
		do_free_equal(m);
	else if (what < 92)
		do_realloc(m);
	else if (what < 96)
		do_query(m);
	else
		do_bad(m);
}

static void model_random(struct test *t)
{
	struct model m = { .t = t, .random = t->seed * 2 + 1, .freed = PMA_HANDLE_NONE };

	for (m.op = 1; m.op <= t->ops && !t->failed; m.op++) {
		test_context(t, "operation %lu, seed %llu", m.op, (unsigned long long)t->seed);
		step(&m);
		if (m.op % 100 == 0)
			compare(&m);
	}
	compare(&m);
	while (m.nr && !t->failed)
		do_free(&m);
}

const struct test_case model_cases[] = {
	{ "model_random", model_random },
	{ }
};
