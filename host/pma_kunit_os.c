// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_os.c - the suites on the host: the twin of kunit/pma_kunit_os.c
 */
#include <time.h>
#include <unistd.h>

#include "pma_host.h"
#include "pma_drain.h"
#include "pma_kunit.h"

#ifdef __SANITIZE_THREAD__
#define OPS	20000
#else
#define OPS	200000
#endif

u64 pma_kunit_seed(void)
{
	struct timespec ts;

	while (!pma_host_params.seed) {
		clock_gettime(CLOCK_REALTIME, &ts);
		pma_host_params.seed = (u32)(ts.tv_nsec ^ ts.tv_sec * 2654435761U);
	}
	return pma_host_params.seed;
}

u32 pma_kunit_ops(void)
{
	return pma_host_params.ops ? pma_host_params.ops : OPS;
}

u32 pma_kunit_rounds(void)
{
	return pma_kunit_ops() / 50;
}

struct thread {
	void (*run)(void *context, u32 index);
	void *context;
	u32 index;
	pthread_t id;
};

static void *run_thread(void *data)
{
	struct thread *thread = data;

	thread->run(thread->context, thread->index);
	return NULL;
}

void pma_kunit_threads(struct kunit *test, u32 nr, void (*run)(void *context, u32 index),
		       void *context)
{
	struct thread *threads = kunit_kcalloc(test, nr, sizeof(*threads), GFP_KERNEL);
	u32 started, i;

	KUNIT_ASSERT_NOT_NULL(test, threads);
	for (started = 0; started < nr; started++) {
		struct thread *thread = &threads[started];

		*thread = (struct thread){ .run = run, .context = context, .index = started };
		if (pthread_create(&thread->id, NULL, run_thread, thread))
			break;
	}
	for (i = 0; i < started; i++)
		pthread_join(threads[i].id, NULL);
	KUNIT_EXPECT_EQ(test, started, nr);
}

bool pma_kunit_move_to_cpu(u32 cpu)
{
	return host_move_to_cpu(cpu);
}

void pma_kunit_sleep(void)
{
	host_run_works();
	usleep(500);
}

/* All threads have to be elsewhere. */
bool pma_kunit_offline_cpu(u32 cpu)
{
	if (cpu >= HOST_CPUS)
		return false;
	host_offline_cpu = cpu;
	pma_drain_offline();
	return true;
}

void pma_kunit_online_cpu(u32 cpu)
{
	host_offline_cpu = -1;
}

bool pma_kunit_fail_begin(u32 nth)
{
	host_memory.fail_in = nth;
	return true;
}

bool pma_kunit_fail_end(void)
{
	bool failed = !host_memory.fail_in;

	host_memory.fail_in = 0;
	return failed;
}

bool pma_kunit_let_others(void (*act)(void *context), void *context)
{
	host_others = (struct host_others){ act, context };
	return true;
}

bool pma_kunit_log_begin(char *text, size_t bytes)
{
	host_log_begin(text, bytes);
	return true;
}

void pma_kunit_log_end(void)
{
	host_log_end();
}
