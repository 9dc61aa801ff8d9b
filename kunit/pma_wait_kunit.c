// SPDX-License-Identifier: GPL-2.0
/*
 * pma_wait_kunit.c - who waits for room is woken by what may give it some, each once
 * and in turn; who polls, at each crossing
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>

#include "pma_block.h"
#include "pma_chardev.h"
#include "pma_kunit_front.h"
#include "pma_wait.h"

#define PAGES		64
#define LONG_MS		5000	/* what takes that was not woken */
#define SHORT_MS	30

/* What happens while a request is tried for the first time. */
enum event { NOTHING, POOL_FREED, ARENA_FREED, OTHER_FREED, SIGNAL };

/**
 * struct request - one whose answers are known
 * @arena: whose
 * @other: another arena of the pool
 * @answers: of each try; the last one is repeated
 * @event: at the first
 * @tries: so far
 * @failed: failures counted when the last one began
 */
struct request {
	struct pma_arena *arena;
	struct pma_arena *other;
	int answers[3];
	enum event event;
	u32 tries;
	u64 failed;
};

static void happen(const struct request *request)
{
	switch (request->event) {
	case NOTHING:
		break;
	case POOL_FREED:
		pma_wait_freed(request->arena->pool, NULL);
		break;
	case ARENA_FREED:
		pma_wait_freed(request->arena->pool, request->arena);
		break;
	case OTHER_FREED:
		pma_wait_freed(request->arena->pool, request->other);
		break;
	case SIGNAL:
		set_thread_flag(TIF_SIGPENDING);
		break;
	}
}

static int try(void *data)
{
	struct request *request = data;
	int err = request->answers[min_t(u32, request->tries, ARRAY_SIZE(request->answers) - 1)];

	request->failed = request->arena->stats.failed;
	if (!request->tries++)
		happen(request);
	return err == -EINVAL ? pma_arena_count_error(request->arena, err) : err;
}

#define NO	-ENOMEM

/* A request stands in its queues before it tries: nothing that happens is missed. */
static void requests_wait_for_what_may_serve_them(struct kunit *test)
{
	static const struct {
		int answers[3];
		enum event event;
		u32 nr_pages;
		u32 limit;
		u32 timeout_ms;
		int err;
		u32 tries;
	} table[] = {
		{ { 0 }, NOTHING, 1, PAGES, 0, 0, 1 },
		{ { -EINVAL }, NOTHING, 1, PAGES, 0, -EINVAL, 1 },
		/* What can never be does not wait. */
		{ { NO, 0 }, NOTHING, PAGES + 1, PMA_LIMIT_NONE, 0, NO, 1 },
		{ { NO, 0 }, NOTHING, 4, 3, 0, NO, 1 },
		{ { NO, 0 }, NOTHING, PMA_NONE, PMA_LIMIT_NONE, 0, NO, 1 },
		{ { NO, NO, NO }, NOTHING, 1, PAGES, SHORT_MS, -ETIMEDOUT, 2 },
		{ { NO, 0 }, NOTHING, 1, PAGES, SHORT_MS, 0, 2 },
		{ { NO, 0 }, POOL_FREED, PAGES - 1, PAGES, LONG_MS, 0, 2 },
		{ { NO, 0 }, ARENA_FREED, PAGES, PAGES, LONG_MS, 0, 2 },
		{ { NO, -EINVAL }, POOL_FREED, 1, PAGES, LONG_MS, -EINVAL, 2 },
		{ { NO, NO, NO }, POOL_FREED, 1, PAGES, SHORT_MS, -ETIMEDOUT, 3 },
		/* Others' arenas are no concern of it, */
		{ { NO, NO, NO }, OTHER_FREED, 1, PAGES, SHORT_MS, -ETIMEDOUT, 2 },
		/* nor is the pool while its limit is in the way. */
		{ { NO, NO, NO }, POOL_FREED, 3, 3, SHORT_MS, -ETIMEDOUT, 2 },
		{ { NO, 0 }, ARENA_FREED, 3, 3, LONG_MS, 0, 2 },
		{ { NO, NO, NO }, SIGNAL, 1, PAGES, LONG_MS, -EINTR, 1 },
		{ { 0 }, SIGNAL, 1, PAGES, LONG_MS, 0, 1 },
	};
	struct pma_kunit_front *front = test->priv;
	struct file *other = pma_kunit_front_open(test, O_RDWR);
	struct pma_limit_args limit = { .flags = PMA_LIMIT_LIMIT };
	u64 page = pma_kunit_alloc(test, front->arena, 4096);
	u64 failed = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct request request = {
			.arena = front->arena,
			.other = pma_kunit_front_arena(other),
			.event = table[i].event,
		};

		ktime_t begin = ktime_get();

		memcpy(request.answers, table[i].answers, sizeof(request.answers));
		limit.limit = table[i].limit;
		KUNIT_EXPECT_EQ(test, pma_limit_set(front->arena, &limit, true), 0);
		KUNIT_EXPECT_EQ_MSG(test, pma_wait_for_room(front->arena, try, &request,
							    table[i].nr_pages,
							    table[i].timeout_ms),
				    table[i].err, "row %u", i);
		clear_thread_flag(TIF_SIGPENDING);
		/* It was woken, or its time was up, which is never too soon. */
		KUNIT_EXPECT_LT_MSG(test, ktime_ms_delta(ktime_get(), begin), LONG_MS, "row %u",
				    i);
		if (table[i].timeout_ms == SHORT_MS)
			KUNIT_EXPECT_GE_MSG(test, ktime_ms_delta(ktime_get(), begin), SHORT_MS,
					    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, request.tries, table[i].tries, "row %u", i);
		/* Of its tries only the last one counts, and nobody waits any more. */
		KUNIT_EXPECT_EQ_MSG(test, request.failed, failed, "row %u", i);
		failed += table[i].err && table[i].err != -EINVAL;
		KUNIT_EXPECT_EQ_MSG(test, front->arena->stats.failed, failed, "row %u", i);
		KUNIT_EXPECT_EQ(test, front->arena->budget.waiting, 0);
		KUNIT_EXPECT_EQ(test, front->pool->waiting, 0);
	}
	pma_kunit_free(test, front->arena, page);
	pma_kunit_front_close(other);
}

#define WAITERS	4

/**
 * struct queue - several who wait
 * @arena: for its room
 * @tried: how often each has tried
 * @order: who tried again, in order
 * @nr: how many
 * @served: so many are served when they try again
 * @errs: what each was answered at last
 */
struct queue {
	struct pma_arena *arena;
	u32 tried[WAITERS];
	u32 order[WAITERS * 2];
	atomic_t nr;
	u32 served;
	int errs[WAITERS];
};

struct in_queue {
	struct queue *queue;
	u32 index;
};

static int try_in_queue(void *data)
{
	struct in_queue *in = data;
	struct queue *queue = in->queue;
	u32 at;

	if (!queue->tried[in->index]) {
		WRITE_ONCE(queue->tried[in->index], 1);
		return pma_arena_count_error(queue->arena, -ENOMEM);
	}
	at = atomic_inc_return(&queue->nr) - 1;
	queue->tried[in->index]++;
	if (at < ARRAY_SIZE(queue->order))
		queue->order[at] = in->index;
	return at < queue->served ? 0 : pma_arena_count_error(queue->arena, -ENOMEM);
}

static bool becomes(const u32 *what, u32 value)
{
	u32 tries;

	for (tries = 0; READ_ONCE(*what) != value && tries < 1000; tries++)
		usleep_range(1000, 2000);
	return READ_ONCE(*what) == value;
}

/* The last thread is who frees, when all others have begun to wait, in order. */
static void wait_in_queue(void *context, u32 index)
{
	struct in_queue in = { .queue = context, .index = index };
	struct queue *queue = context;

	if (index && !becomes(&queue->tried[index - 1], 1))
		return;
	/* Time to go to sleep; if it takes longer the order is the same. */
	usleep_range(5000, 6000);
	if (index == WAITERS)
		pma_wait_freed(queue->arena->pool, NULL);
	else
		queue->errs[index] = pma_wait_for_room(queue->arena, try_in_queue, &in, 1,
						       20 * SHORT_MS);
}

/* One event wakes one after another, the longest waiting first, each once. */
static void who_waits_is_woken_in_turn_threads(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct queue *queue = kunit_kzalloc(test, sizeof(*queue), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, queue);
	queue->arena = front->arena;
	queue->served = WAITERS / 2;
	pma_kunit_threads(test, WAITERS + 1, wait_in_queue, queue);
	for (i = 0; i < WAITERS; i++) {
		KUNIT_EXPECT_EQ_MSG(test, queue->order[i], i, "try %u", i);
		KUNIT_EXPECT_EQ_MSG(test, queue->errs[i], i < queue->served ? 0 : -ETIMEDOUT,
				    "waiter %u", i);
		/* The others once more, when their time was up. */
		KUNIT_EXPECT_EQ_MSG(test, queue->tried[i], i < queue->served ? 2 : 3,
				    "waiter %u", i);
	}
	KUNIT_EXPECT_EQ(test, front->pool->waiting, 0);
}

/**
 * struct poller - who polls, and counts how often he is woken
 * @table: for poll()
 * @entry: in the queue that the file names
 * @head: that
 * @woken: how often
 */
struct poller {
	poll_table table;
	wait_queue_entry_t entry;
	wait_queue_head_t *head;
	u32 woken;
};

static int count_wake(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	container_of(entry, struct poller, entry)->woken++;
	return 0;
}

static void stand(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	struct poller *poller = container_of(table, struct poller, table);

	poller->head = head;
	init_waitqueue_func_entry(&poller->entry, count_wake);
	add_wait_queue(head, &poller->entry);
}

/* As a number, which comparisons of tests want. */
static u32 poll(struct file *file, struct poll_table_struct *table)
{
	return (__force u32)file->f_op->poll(file, table);
}

#define READABLE	((__force u32)(EPOLLIN | EPOLLRDNORM))

static void set_low(struct kunit *test, struct pma_arena *arena, u32 low)
{
	struct pma_limit_args args = { .flags = PMA_LIMIT_LOW, .low = low };

	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &args, false), 0);
}

/* What others take is looked at from a work item; until then two crossings are one. */
static bool has_looked(const struct pma_arena *arena, bool is_low)
{
	u32 tries;

	for (tries = 0; READ_ONCE(arena->budget.is_low) != is_low && tries < 1000; tries++)
		usleep_range(1000, 2000);
	return READ_ONCE(arena->budget.is_low) == is_low;
}

/* One edge for each time that less than the mark is left, whoever has taken it. */
static void polls_see_each_crossing(struct kunit *test)
{
	enum what { TAKE, GIVE, OTHER_TAKES, OTHER_GIVES, MARK };
	static const struct {
		enum what what;
		u32 pages;
		u32 woken;
		bool readable;
	} table[] = {
		{ MARK, 0, 0, false },		{ TAKE, 10, 0, false },
		{ MARK, 54, 0, false },		{ MARK, 55, 1, true },
		{ TAKE, 1, 1, true },		{ GIVE, 11, 1, false },
		{ TAKE, 9, 1, false },		{ TAKE, 1, 2, true },
		{ MARK, 0, 2, false },		{ MARK, 64, 3, true },
		{ GIVE, 10, 3, false },		{ OTHER_TAKES, 1, 4, true },
		{ OTHER_GIVES, 1, 4, false },	{ OTHER_TAKES, 64, 5, true },
		{ MARK, 1, 5, true },		{ OTHER_GIVES, 64, 5, false },
	};
	struct pma_kunit_front *front = test->priv;
	struct file *file = pma_kunit_front_open(test, O_RDWR);
	struct poller poller = {};
	u32 i, j;

	init_poll_funcptr(&poller.table, stand);
	KUNIT_EXPECT_EQ(test, poll(front->file, &poller.table), 0);
	KUNIT_ASSERT_NOT_NULL(test, poller.head);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct pma_arena *arena = table[i].what < OTHER_TAKES ? front->arena :
					  pma_kunit_front_arena(file);

		if (table[i].what == MARK)
			set_low(test, front->arena, table[i].pages);
		else if (table[i].what == TAKE || table[i].what == OTHER_TAKES)
			for (j = 0; j < table[i].pages; j++)
				pma_kunit_alloc(test, arena, 4096);
		else
			pma_block_free_all(arena);
		KUNIT_EXPECT_TRUE_MSG(test, has_looked(front->arena, table[i].readable),
				      "row %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, becomes(&poller.woken, table[i].woken), "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, poll(front->file, NULL), table[i].readable ? READABLE : 0,
				    "row %u", i);
		KUNIT_EXPECT_EQ(test, poll(file, NULL), 0);
	}
	/* Nor is there one that is late. */
	msleep(SHORT_MS);
	KUNIT_EXPECT_EQ(test, poller.woken, 5);
	remove_wait_queue(poller.head, &poller.entry);
	pma_kunit_front_close(file);
}

static struct kunit_case pma_wait_cases[] = {
	KUNIT_CASE(requests_wait_for_what_may_serve_them),
	KUNIT_CASE(who_waits_is_woken_in_turn_threads),
	KUNIT_CASE(polls_see_each_crossing),
	{}
};

static struct kunit_suite pma_wait_suite = {
	.name = "pma_wait",
	.init = pma_kunit_front_init,
	.exit = pma_kunit_front_exit,
	.test_cases = pma_wait_cases,
};

kunit_test_suite(pma_wait_suite);
