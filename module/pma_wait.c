// SPDX-License-Identifier: GPL-2.0
/*
 * pma_wait.c - waiting for pages, and being told that few are left
 *
 * A request with PMA_WAIT that finds no room sleeps in two queues: its arena's,
 * for what is freed there or its limit, and the pool's, unless it is the limit
 * that is in the way.  Pages come back in any context, with locks held, so who
 * gives them back only sets off an irq_work, which wakes:
 *
 *	freed --> irq_work --> the one that has not tried for longest
 *				  | tries, then wakes
 *				  v
 *			       the next ... until all have tried since
 *
 * Each queue is in the order in which they tried last, and has a number that grows
 * with each event; who has tried since the event is not woken by it.  So there is
 * no herd: one event wakes one at a time, each of them at most once; nobody's
 * large request is in the way of a smaller one behind it; and no event is lost, as
 * a request stands in its queues before it tries.
 *
 * The low-water mark: look_at() in pma_limit.c finds the crossings that the arena
 * itself causes; those by others are looked for from a work item.
 */
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "pma_wait.h"

/* What an irq_work shall do. */
#define DO_WAKE		0	/* who waits for room */
#define DO_TELL		1	/* who polls */
#define DO_LOOK		2	/* at all low-water marks */

/**
 * struct pma_wait - who waits on a pool or an arena
 * @pool: the pool, or that of the arena
 * @room: who waits for pages, in the order in which they tried
 * @events: changes whenever pages may have come back; @room's lock is of it
 * @few: who polls; of an arena
 * @irq_work: does what @todo says
 * @todo: bits DO_*
 * @look: looks at all low-water marks; of a pool
 */
struct pma_wait {
	struct pma_pool *pool;
	wait_queue_head_t room;
	u32 events;
	wait_queue_head_t few;
	struct irq_work irq_work;
	unsigned long todo;
	struct work_struct look;
};

/**
 * struct place - one who waits, in one queue
 * @entry: in the queue
 * @tried: @events of the queue when it tried last, or was woken to
 * @waiter: who it is
 */
struct place {
	struct wait_queue_entry entry;
	u32 tried;
	struct waiter *waiter;
};

/**
 * struct waiter - one who waits
 * @task: that sleeps
 * @woken: something has happened since it began to try
 * @arena: its place in its arena's queue
 * @pool: its place in the pool's
 */
struct waiter {
	struct task_struct *task;
	bool woken;
	struct place arena;
	struct place pool;
};

static void do_irq_work(struct irq_work *work)
{
	struct pma_wait *wait = container_of(work, struct pma_wait, irq_work);
	unsigned long irq;

	if (test_and_clear_bit(DO_TELL, &wait->todo))
		wake_up_interruptible_poll(&wait->few, EPOLLIN | EPOLLRDNORM);
	if (test_and_clear_bit(DO_LOOK, &wait->todo))
		schedule_work(&wait->look);
	if (!test_and_clear_bit(DO_WAKE, &wait->todo))
		return;
	spin_lock_irqsave(&wait->room.lock, irq);
	wait->events++;
	wake_up_locked(&wait->room);
	spin_unlock_irqrestore(&wait->room.lock, irq);
}

static void set_off(struct pma_wait *wait, int what)
{
	set_bit(what, &wait->todo);
	irq_work_queue(&wait->irq_work);
}

static void look(struct work_struct *work)
{
	pma_limit_look(container_of(work, struct pma_wait, look)->pool);
}

/**
 * pma_wait_freed() - pages may have come back
 * @pool: to the pool
 * @arena: or so that this one has more room; or NULL
 *
 * Context: Any but NMI, whatever locks are held.
 */
void pma_wait_freed(struct pma_pool *pool, struct pma_arena *arena)
{
	struct pma_wait *wait = arena ? arena->wait : pool->wait;

	if (wait)
		set_off(wait, DO_WAKE);
}

/**
 * pma_wait_crossed() - an arena has fewer pages left than its low-water mark
 * @arena: the arena
 *
 * Context: Any but NMI, whatever locks are held.
 */
void pma_wait_crossed(struct pma_arena *arena)
{
	if (arena->wait)
		set_off(arena->wait, DO_TELL);
}

/**
 * pma_wait_shifted() - other arenas may have crossed their marks too
 * @pool: the pool
 *
 * Context: Any but NMI, whatever locks are held.
 */
void pma_wait_shifted(struct pma_pool *pool)
{
	set_off(pool->wait, DO_LOOK);
}

/* Wake one, if it has not tried since the event; the queue's lock is held. */
static int wake_place(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key)
{
	struct place *place = container_of(entry, struct place, entry);
	struct pma_wait *wait = entry->private;

	/* Nor has anybody behind it: all have tried, and that ends it. */
	if (place->tried == wait->events)
		return -1;
	place->tried = wait->events;
	list_move_tail(&entry->entry, &wait->room.head);
	WRITE_ONCE(place->waiter->woken, true);
	wake_up_process(place->waiter->task);
	return 1;
}

static void init_place(struct place *place, struct waiter *waiter, struct pma_wait *wait)
{
	init_waitqueue_func_entry(&place->entry, wake_place);
	place->entry.flags = WQ_FLAG_EXCLUSIVE;
	place->entry.private = wait;
	INIT_LIST_HEAD(&place->entry.entry);
	place->waiter = waiter;
}

static void leave(struct place *place)
{
	struct pma_wait *wait = place->entry.private;
	unsigned long irq;

	spin_lock_irqsave(&wait->room.lock, irq);
	list_del_init(&place->entry.entry);
	spin_unlock_irqrestore(&wait->room.lock, irq);
}

/* To the end of the queue: what happens from now on wakes. */
static void stand(struct place *place)
{
	struct pma_wait *wait = place->entry.private;
	unsigned long irq;

	spin_lock_irqsave(&wait->room.lock, irq);
	place->tried = wait->events;
	list_move_tail(&place->entry.entry, &wait->room.head);
	spin_unlock_irqrestore(&wait->room.lock, irq);
}

static void wake_next(const struct place *place)
{
	struct pma_wait *wait = place->entry.private;

	wake_up(&wait->room);
}

/* Who has tried lets the next one, once, or there would be two at a time. */
static void pass_on(const struct waiter *waiter)
{
	wake_next(&waiter->arena);
	wake_next(&waiter->pool);
}

/*
 * False when the deadline, NULL for none, has passed.  Not in jiffies: where ticks
 * are late they come in bursts, and a time counted in them is over too soon.
 */
static bool sleep_until_woken(struct waiter *waiter, ktime_t *deadline)
{
	bool in_time = true;

	set_current_state(TASK_INTERRUPTIBLE);
	if (!READ_ONCE(waiter->woken))
		in_time = schedule_hrtimeout(deadline, HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
	return in_time;
}

static int try_as_it_comes(struct waiter *waiter, struct pma_arena *arena,
			   int (*try)(void *request), void *request, u32 nr_pages)
{
	waiter->woken = false;
	stand(&waiter->arena);
	if (pma_limit_is_in_the_way(arena, nr_pages))
		leave(&waiter->pool);
	else
		stand(&waiter->pool);
	return try(request);
}

/* Why a request that found no room does not go on waiting; 0 if it does. */
static int reason_to_end(struct pma_arena *arena, u32 nr_pages, bool in_time)
{
	/* Can it ever be served, as things are? */
	if (nr_pages > min(READ_ONCE(arena->budget.limit), arena->pool->region.nr_pages))
		return -ENOMEM;
	if (signal_pending(current))
		return -EINTR;
	return in_time ? 0 : -ETIMEDOUT;
}

/**
 * pma_wait_for_room() - try, and wait until it may be worth it to try again
 * @arena: whose request it is
 * @try: what to do; it answers -ENOMEM, not counted, if there is no room
 * @request: its argument
 * @nr_pages: that it needs
 * @timeout_ms: how long at most; 0: as long as it takes
 *
 * Context: May sleep.
 * Return: what @try answers, but -ETIMEDOUT or -EINTR (a signal) for an -ENOMEM
 * that stays, which is counted; -ENOMEM at once for what is larger than the limit or the
 * region.
 */
int pma_wait_for_room(struct pma_arena *arena, int (*try)(void *request), void *request,
		      u32 nr_pages, u32 timeout_ms)
{
	ktime_t deadline = ktime_add_ms(ktime_get(), timeout_ms);
	struct waiter waiter = { .task = current };
	bool in_time = true;
	int err;

	init_place(&waiter.arena, &waiter, arena->wait);
	init_place(&waiter.pool, &waiter, arena->pool->wait);
	pma_limit_wait_begin(arena);
	/* Who holds runs back either sees this, or they are found; see pma_chardev.c. */
	smp_mb();
	for (;;) {
		err = try_as_it_comes(&waiter, arena, try, request, nr_pages);
		if (err != -ENOMEM)
			break;
		err = reason_to_end(arena, nr_pages, in_time);
		if (err) {
			pma_arena_count_error(arena, -ENOMEM);
			break;
		}
		pass_on(&waiter);
		in_time = sleep_until_woken(&waiter, timeout_ms ? &deadline : NULL);
	}
	leave(&waiter.arena);
	leave(&waiter.pool);
	/* Out of the queues: who is woken only now must not keep it to itself. */
	pass_on(&waiter);
	pma_limit_wait_end(arena);
	return err;
}

/**
 * pma_wait_poll() - readable while fewer pages are left than the low-water mark
 * @arena: the arena
 * @file: of it
 * @table: of poll()
 *
 * Return: EPOLLIN and EPOLLRDNORM, or 0.
 */
__poll_t pma_wait_poll(struct pma_arena *arena, struct file *file, poll_table *table)
{
	poll_wait(file, &arena->wait->few, table);
	return pma_limit_is_low(arena) ? EPOLLIN | EPOLLRDNORM : 0;
}

static struct pma_wait *create(struct pma_pool *pool)
{
	struct pma_wait *wait = kzalloc(sizeof(*wait), GFP_KERNEL);

	if (!wait)
		return NULL;
	wait->pool = pool;
	init_waitqueue_head(&wait->room);
	init_waitqueue_head(&wait->few);
	init_irq_work(&wait->irq_work, do_irq_work);
	INIT_WORK(&wait->look, look);
	return wait;
}

static void destroy(struct pma_wait *wait)
{
	irq_work_sync(&wait->irq_work);
	cancel_work_sync(&wait->look);
	kfree(wait);
}

/**
 * pma_wait_open() - let an arena's requests wait
 * @arena: nobody else's yet
 *
 * Return: 0 or -ENOMEM.
 */
int pma_wait_open(struct pma_arena *arena)
{
	arena->wait = create(arena->pool);
	return arena->wait ? 0 : -ENOMEM;
}

/**
 * pma_wait_close() - end what pma_wait_open() began
 * @wait: of an arena that has ended, or NULL
 *
 * Context: May sleep.
 */
void pma_wait_close(struct pma_wait *wait)
{
	if (wait)
		destroy(wait);
}

/**
 * pma_wait_init() - let requests wait for pages of a pool
 * @pool: the pool
 *
 * Return: 0 or -ENOMEM.
 */
int pma_wait_init(struct pma_pool *pool)
{
	pool->wait = create(pool);
	return pool->wait ? 0 : -ENOMEM;
}

/**
 * pma_wait_exit() - end what pma_wait_init() began
 * @pool: the pool, which has no arenas any more
 *
 * Context: May sleep.
 */
void pma_wait_exit(struct pma_pool *pool)
{
	destroy(pool->wait);
	pool->wait = NULL;
}
