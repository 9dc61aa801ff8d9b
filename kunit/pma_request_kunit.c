// SPDX-License-Identifier: GPL-2.0
/*
 * pma_request_kunit.c - what a process's request gives back before it fails, and when
 * it waits
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_held.h"
#include "pma_kunit_front.h"
#include "pma_request.h"

#define PAGES	64U

/* Pages that are freed, but held as if a process could still reach them. */
static void hold(struct kunit *test, struct pma_arena *arena, u32 nr_pages)
{
	u64 handle;

	if (!nr_pages)
		return;
	handle = pma_kunit_alloc(test, arena, nr_pages * 4096);
	arena->mapped = true;
	pma_kunit_free(test, arena, handle);
	KUNIT_ASSERT_EQ(test, pma_held_pages(arena), nr_pages);
}

/* Its own first, and others' only where they are what it wants for. */
static void held_pages_are_given_back_first(struct kunit *test)
{
	static const struct {
		u32 held, held_by_other;
		u32 limit;
		u32 wanted;
		int err;
		u32 left, left_by_other;
	} table[] = {
		{ 20, 20, PMA_LIMIT_NONE, 24, 0, 20, 20 },
		{ 20, 20, PMA_LIMIT_NONE, 44, 0, 0, 20 },
		{ 20, 20, PMA_LIMIT_NONE, 64, 0, 0, 0 },
		{ 0, 20, PMA_LIMIT_NONE, 64, 0, 0, 0 },
		{ 20, 20, 30, 24, 0, 0, 20 },
		{ 20, 20, 30, 31, -ENOMEM, 0, 20 },
		{ 0, 40, 24, 25, -ENOMEM, 0, 40 },
		{ 20, 20, PMA_LIMIT_NONE, 65, -ENOMEM, 0, 0 },
		{ 0, 0, PMA_LIMIT_NONE, 65, -ENOMEM, 0, 0 },
	};
	struct pma_limit_args limit = { .flags = PMA_LIMIT_LIMIT };
	struct pma_kunit_front *front = test->priv;
	struct pma_arena *arena, *other;
	struct file *files[2];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct pma_request request = {
			.handle = PMA_HANDLE_NONE,
			.size = table[i].wanted * 4096,
		};

		files[0] = pma_kunit_front_open(test, O_RDWR);
		files[1] = pma_kunit_front_open(test, O_RDWR);
		arena = pma_kunit_front_arena(files[0]);
		other = pma_kunit_front_arena(files[1]);
		limit.limit = table[i].limit;
		KUNIT_ASSERT_EQ(test, pma_limit_set(arena, &limit, true), 0);
		hold(test, arena, table[i].held);
		hold(test, other, table[i].held_by_other);
		request.arena = arena;
		KUNIT_EXPECT_EQ_MSG(test, pma_request_serve(&request), table[i].err, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pma_held_pages(arena), table[i].left, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pma_held_pages(other), table[i].left_by_other,
				    "row %u", i);
		/* Tries before the last one have not failed. */
		KUNIT_EXPECT_EQ_MSG(test, arena->stats.failed, !!table[i].err, "row %u", i);
		pma_kunit_expect_sound(test, front->pool);
		pma_kunit_front_close(files[0]);
		pma_kunit_front_close(files[1]);
	}
}

static void waiting_is_asked_for(struct kunit *test)
{
	static const struct {
		u32 wanted;	/* pages, of 4 that it may have */
		u32 flags;
		u32 timeout_ms;
		int err;
	} table[] = {
		{ 4, 0, 0, 0 },			{ 4, PMA_WAIT, 0, 0 },
		{ 4, PMA_WAIT | PMA_ZERO, 1, 0 }, { 4, 0, 1, -EINVAL },
		{ 4, PMA_ZERO, ~0U, -EINVAL },	{ 5, 0, 0, -ENOMEM },
		{ 5, PMA_WAIT, 0, -ENOMEM },	{ PAGES + 1, PMA_WAIT, 0, -ENOMEM },
		{ 4, PMA_WAIT | 1U << 31, 0, -EINVAL },
		{ 3, PMA_WAIT, 20, 0 },		{ 0, PMA_WAIT, 0, -EINVAL },
	};
	struct pma_limit_args limit = { .flags = PMA_LIMIT_LIMIT, .limit = 4 };
	struct pma_kunit_front *front = test->priv;
	struct pma_kunit_before before;
	u32 i;

	KUNIT_ASSERT_EQ(test, pma_limit_set(front->arena, &limit, true), 0);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct pma_request request = {
			.arena = front->arena,
			.handle = PMA_HANDLE_NONE,
			.size = table[i].wanted * 4096,
			.flags = table[i].flags,
		};

		pma_kunit_watch(&before, front->arena);
		KUNIT_EXPECT_EQ_MSG(test, pma_request_serve_or_wait(&request,
								    table[i].timeout_ms),
				    table[i].err, "row %u", i);
		if (table[i].err)
			pma_kunit_expect_refused(test, &before, front->arena, table[i].err,
						 "request");
		else
			pma_kunit_free(test, front->arena, request.block.handle);
	}
}

/* What can be, but is not in time: new, or more of what there is, which stays. */
static void waiting_ends(struct kunit *test)
{
	struct pma_limit_args limit = { .flags = PMA_LIMIT_LIMIT, .limit = 4 };
	struct pma_kunit_front *front = test->priv;
	u64 handle = pma_kunit_alloc(test, front->arena, 2 * 4096);
	struct pma_request request = {
		.arena = front->arena, .size = 3 * 4096, .flags = PMA_WAIT,
	};
	u64 other = pma_kunit_alloc(test, front->arena, 2 * 4096);
	ktime_t begin;
	u32 i;

	KUNIT_ASSERT_EQ(test, pma_limit_set(front->arena, &limit, true), 0);
	for (i = 0; i < 2; i++) {
		begin = ktime_get();
		request.handle = i ? handle : PMA_HANDLE_NONE;
		request.flags = PMA_WAIT;
		KUNIT_EXPECT_EQ(test, pma_request_serve_or_wait(&request, 20), -ETIMEDOUT);
		KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), begin), 20);
		KUNIT_EXPECT_EQ(test, front->arena->stats.failed, i + 1);
		pma_kunit_expect_live(test, front->arena, 2, 4 * 4096);
	}
	pma_kunit_free(test, front->arena, other);
	request.handle = handle;
	request.flags = PMA_WAIT;
	KUNIT_EXPECT_EQ(test, pma_request_serve_or_wait(&request, 20), 0);
	pma_kunit_expect_live(test, front->arena, 1, 3 * 4096);
	pma_kunit_free(test, front->arena, request.block.handle);
}

/* What CPUs have of a kernel's arena is given back before a process's request fails. */
static void blocks_of_cpus_are_waited_for(struct kunit *test)
{
	struct pma_arena *kernel = pma_kunit_percpu(test, &pma_kunit_default);
	struct pma_request request = {
		.arena = pma_kunit_arena(test, kernel->pool, PMA_ARENA_USER),
		.handle = PMA_HANDLE_NONE,
		.size = kernel->pool->region.bytes,
	};
	void *block = pma_alloc(kernel, 64);

	KUNIT_EXPECT_EQ(test, pma_free(kernel, block), 0);
	KUNIT_EXPECT_GT(test, pma_kunit_magazine_blocks(kernel), 0);
	KUNIT_EXPECT_EQ(test, pma_request_serve(&request), 0);
	KUNIT_EXPECT_EQ(test, request.arena->stats.failed, 0);
	pma_kunit_free(test, request.arena, request.block.handle);
}

static struct kunit_case pma_request_cases[] = {
	KUNIT_CASE(held_pages_are_given_back_first),
	KUNIT_CASE(blocks_of_cpus_are_waited_for),
	KUNIT_CASE(waiting_is_asked_for),
	KUNIT_CASE(waiting_ends),
	{}
};

static struct kunit_suite pma_request_suite = {
	.name = "pma_request",
	.init = pma_kunit_front_init,
	.exit = pma_kunit_front_exit,
	.test_cases = pma_request_cases,
};

kunit_test_suite(pma_request_suite);
