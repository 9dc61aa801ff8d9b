// SPDX-License-Identifier: GPL-2.0
/*
 * smp.c - what CPUs of one arena cost each other, on real ones (lane twin of bench/run)
 *
 *	smp SEED [PATTERN...]	cases that match one, or all: results as lines of JSON
 *
 *  smp1	pairs of 64 bytes by a thread on a CPU
 *  smp2	the same on two at a time; the value is the time that passes for a
 *		pair of either, so half of smp1's is perfect
 *
 * With interrupts off a thread has a mutex here, so only smp2 over smp1 says something.
 */
#include <linux/pma.h>
#include <fnmatch.h>
#include <sched.h>
#include <sys/utsname.h>
#include <time.h>

#define SIZE		64
#define PAIRS		1000000	/* on each CPU */
#define REPETITIONS	21
#define CPUS		2

#define RESULT	"{\"lane\": \"twin\", \"case\": \"%s\", \"allocator\": \"pma\", \"value\": %.2f, " \
		"\"unit\": \"ns\", \"kernel\": \"%s\", \"seed\": %s}\n"

/**
 * struct player - a thread
 * @thread: it
 * @arena: to play with
 * @cpu: to play on, in the order that this process may use them
 * @waiting: threads that have not begun
 * @begin: nanoseconds
 * @end: nanoseconds
 */
struct player {
	pthread_t thread;
	struct pma_arena *arena;
	int cpu;
	int *waiting;
	u64 begin;
	u64 end;
};

static void die(const char *why)
{
	fprintf(stderr, "smp: %s\n", why);
	exit(1);
}

static u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* That this process may use. */
static int nr_cpus(void)
{
	cpu_set_t all;

	sched_getaffinity(0, sizeof(all), &all);
	return CPU_COUNT(&all);
}

/* Stay on the @nth CPU that this process may use. */
static void stay_on(int nth)
{
	cpu_set_t all, one;
	int cpu;

	sched_getaffinity(0, sizeof(all), &all);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && !nth--)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (pthread_setaffinity_np(pthread_self(), sizeof(one), &one))
		die("a thread can't have its CPU");
}

static void pairs(struct pma_arena *arena, u32 nr)
{
	while (nr--) {
		void *block = pma_alloc(arena, SIZE);

		if (!block || pma_free(arena, block))
			die("a block was not allocated, or not freed");
	}
}

static void *play(void *data)
{
	struct player *player = data;

	stay_on(player->cpu);
	host_move_to_cpu(player->cpu);
	pairs(player->arena, 1);
	__atomic_sub_fetch(player->waiting, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(player->waiting, __ATOMIC_ACQUIRE))
		;
	player->begin = now();
	pairs(player->arena, PAIRS);
	player->end = now();
	return NULL;
}

/* From the first begin to the last end. */
static u64 play_on(struct pma_arena *arena, int nr_cpus)
{
	struct player players[CPUS];
	u64 begin = U64_MAX, end = 0;
	int waiting = nr_cpus, i;

	for (i = 0; i < nr_cpus; i++) {
		players[i] = (struct player){ .arena = arena, .cpu = i, .waiting = &waiting };
		if (pthread_create(&players[i].thread, NULL, play, &players[i]))
			die("no thread");
	}
	for (i = 0; i < nr_cpus; i++) {
		pthread_join(players[i].thread, NULL);
		begin = min(begin, players[i].begin);
		end = max(end, players[i].end);
	}
	return end - begin;
}

static int by_value(const void *a, const void *b)
{
	u64 left = *(const u64 *)a, right = *(const u64 *)b;

	return (left > right) - (left < right);
}

static double measure(int nr_cpus)
{
	const struct pma_pool_params params = { .page_size = 4096 };
	struct pma_pool *pool = pma_pool_create("smp", SZ_16M, &params);
	struct pma_arena *arena;
	u64 samples[REPETITIONS];
	int i;

	if (IS_ERR(pool))
		die("no pool");
	arena = pma_arena_create(pool, "smp");
	if (IS_ERR(arena))
		die("no arena");
	for (i = 0; i < REPETITIONS; i++)
		samples[i] = play_on(arena, nr_cpus);
	pma_arena_destroy(arena);
	pma_pool_destroy(pool, 0);
	qsort(samples, REPETITIONS, sizeof(*samples), by_value);
	return (double)samples[REPETITIONS / 2] / PAIRS / nr_cpus;
}

static bool is_wanted(const char *name, char **patterns)
{
	char **pattern;

	for (pattern = patterns; *pattern; pattern++)
		if (!fnmatch(*pattern, name, 0))
			return true;
	return pattern == patterns;
}

int main(int argc, char **argv)
{
	struct utsname machine;
	char name[8];
	int nr;

	if (argc < 2)
		die("usage: smp SEED [PATTERN...]");
	uname(&machine);
	for (nr = 1; nr <= CPUS; nr++) {
		snprintf(name, sizeof(name), "smp%d", nr);
		if (!is_wanted(name, argv + 2))
			continue;
		if (nr > nr_cpus())
			fprintf(stderr, "smp: no %s, as there is one CPU\n", name);
		else
			printf(RESULT, name, measure(nr), machine.release, argv[1]);
	}
	return 0;
}
