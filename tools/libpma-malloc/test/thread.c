// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * thread.c - many threads, and forks while others are anywhere in malloc
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define NR_THREADS	6
#define NR_BOXES	256

struct worker {
	pthread_t thread;
	unsigned int seed;
	unsigned long ops;
	unsigned long wrong;
};

struct box {
	size_t size;
	unsigned int seed;
	unsigned char bytes[];
};

static struct box *_Atomic boxes[NR_BOXES];

static struct box *new_box(unsigned int *seed)
{
	size_t size = rand_r(seed) % 16 ? rand_r(seed) % 600 : rand_r(seed) % 20000;
	struct box *box = malloc(sizeof(*box) + size);

	if (!box)
		return NULL;
	box->size = size;
	box->seed = rand_r(seed);
	pattern_fill(box->bytes, size, box->seed);
	return box;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct box *box, *longer;
	unsigned long i;

	for (i = 0; i < worker->ops; i++) {
		box = new_box(&worker->seed);
		if (box && rand_r(&worker->seed) % 4 == 0) {
			longer = realloc(box, sizeof(*box) + 2 * box->size + 1);
			box = longer ? longer : box;
		}
		box = atomic_exchange(&boxes[rand_r(&worker->seed) % NR_BOXES], box);
		if (box)
			worker->wrong += pattern_match(box->bytes, box->size, box->seed) !=
					 box->size;
		free(box);
	}
	return NULL;
}

static void free_boxes(void)
{
	size_t i;

	for (i = 0; i < NR_BOXES; i++)
		free(atomic_exchange(&boxes[i], NULL));
}

static void run_workers(struct worker *workers, size_t nr, void *(*first)(void *))
{
	size_t i;

	for (i = 0; i < nr; i++) {
		workers[i] = (struct worker){ .seed = seed + i, .ops = ops / nr };
		WANT(pthread_create(&workers[i].thread, NULL, i ? work : first, &workers[i]), 0);
	}
	for (i = 0; i < nr; i++) {
		pthread_join(workers[i].thread, NULL);
		WANT(workers[i].wrong, 0);
	}
	free_boxes();
}

void test_threads(void)
{
	struct worker workers[NR_THREADS];

	run_workers(workers, NR_THREADS, work);
}

static void *fill_magazines(void *unused)
{
	void *blocks[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = malloc(size_at(i % 16));
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		free(blocks[i]);
	return NULL;
}

/* Nothing stays behind in the magazines of a thread that has ended. */
void test_thread_exit(void)
{
	size_t before = 0, i;
	pthread_t thread;

	for (i = 0; i < 50; i++) {
		WANT(pthread_create(&thread, NULL, fill_magazines, NULL), 0);
		pthread_join(thread, NULL);
		malloc_trim(0);
		/* The first one leaves what libc keeps for the next. */
		if (!i)
			before = mallinfo2().uordblks;
		WANT(mallinfo2().uordblks, before);
	}
}

/* In a child of many threads: what was its thread's own is there, and malloc works. */
static void live_on(struct worker *worker, const unsigned char *own, size_t size)
{
	struct worker again = { .seed = worker->seed, .ops = 200 };
	pthread_t thread;

	if (pattern_match(own, size, worker->seed) != size)
		_exit(2);
	memset((void *)boxes, 0, sizeof(boxes));
	work(&again);
	free((void *)own);
	if (pthread_create(&thread, NULL, work, &again))
		_exit(3);
	pthread_join(thread, NULL);
	_exit(!!again.wrong);
}

static void *fork_often(void *arg)
{
	struct worker *worker = arg;
	int i, status = 0;
	size_t size;
	unsigned char *own;
	pid_t child;

	for (i = 0; i < 12; i++) {
		size = size_at(rand_r(&worker->seed));
		own = malloc(size);
		pattern_fill(own, size, worker->seed);
		child = fork();
		if (!child)
			live_on(worker, own, size);
		waitpid(child, &status, 0);
		worker->wrong += status != 0;
		worker->wrong += pattern_match(own, size, worker->seed) != size;
		free(own);
	}
	return NULL;
}

void test_fork_in_threads(void)
{
	struct worker workers[4];

	run_workers(workers, ARRAY_SIZE(workers), fork_often);
}

static atomic_ulong nr_ticks;

static void tick(int signal)
{
	nr_ticks++;
}

/* Signals that interrupt malloc, in all threads, while one forks. */
void test_fork_signals(void)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { };
	struct sigaction action = { .sa_handler = tick, .sa_flags = SA_RESTART }, before;
	struct worker workers[3];

	WANT(sigaction(SIGALRM, &action, &before), 0);
	setitimer(ITIMER_REAL, &often, NULL);
	run_workers(workers, ARRAY_SIZE(workers), fork_often);
	setitimer(ITIMER_REAL, &never, NULL);
	WANT(sigaction(SIGALRM, &before, NULL), 0);
	WANT_TRUE(nr_ticks);
}
