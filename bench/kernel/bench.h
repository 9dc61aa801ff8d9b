/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench.h - the words of the bench, its clock and its random numbers
 *
 * Words:
 *
 *  peer	an allocator under one interface (bench_peer.h)
 *  heap	what a peer allocates from: a slab cache, a pool and its arena...
 *  case	what is measured, by the name that stands in the results
 *  contest	a case played by several peers in turn (bench_contest.h)
 *  repetition	the unit that is timed: so many operations; a case's value is the
 *		median of many, less that of a control that allocates nothing
 *  tick	what bench_now() counts
 *
 * The clock is the processor's time stamp counter.  Under QEMU's -icount shift=0
 * a tick is an instruction; elsewhere ticks are turned into nanoseconds by a rate
 * that is measured when the module is loaded.
 */
#ifndef _BENCH_H
#define _BENCH_H

#include <linux/types.h>

/* A repetition that could not be done. */
#define BENCH_FAILED	U64_MAX

/**
 * struct bench_case - what is measured
 * @name: in the results
 * @run: measures it and reports the results
 * @arg: what @run makes of it
 */
struct bench_case {
	const char *name;
	int (*run)(const struct bench_case *what);
	u64 arg;
};

/* Cases of each file, ended by one without a name. */
extern const struct bench_case bench_pair_cases[];
extern const struct bench_case bench_live_cases[];
extern const struct bench_case bench_worst_cases[];
extern const struct bench_case bench_arenas_cases[];
extern const struct bench_case bench_smp_cases[];
extern const struct bench_case bench_replay_cases[];
extern const struct bench_case bench_waste_cases[];

extern u64 bench_seed;
extern bool bench_counts_instructions;
extern char *bench_only;
extern unsigned int bench_times;

/* All that is before the reading is done by then, and nothing that is after it. */
static __always_inline u64 bench_now(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc; lfence" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

/**
 * struct bench_random - a sequence of numbers that its seed decides
 * @state: never 0
 */
struct bench_random {
	u64 state;
};

static inline struct bench_random bench_random_begin(u64 stream)
{
	/* Neighbouring seeds and streams must not begin alike. */
	u64 state = (bench_seed ^ stream * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;

	return (struct bench_random){ .state = state ?: 1 };
}

/* Xorshift64*, of Marsaglia and Vigna. */
static __always_inline u32 bench_random_next(struct bench_random *random)
{
	u64 x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * 0x2545f4914f6cdd1dULL >> 32;
}

static __always_inline u32 bench_random_below(struct bench_random *random, u32 bound)
{
	return (u64)bench_random_next(random) * bound >> 32;
}

#endif /* _BENCH_H */
