// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * measure.c - a program's clock, its random numbers and its results
 *
 * As in the kernel part of the bench: a tick is an instruction under QEMU's -icount
 * shift=0, which the time stamp counter counts then, and a nanosecond elsewhere.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "measure.h"

const char *measure_allocator = "kernel";
bool measure_icount;

static const char *lane = "user";
static __u64 seed = 1;
static char **patterns;

void measure_fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

void measure_init(int argc, char **argv)
{
	static const struct option options[] = {
		{ "lane", required_argument, NULL, 'l' },
		{ "allocator", required_argument, NULL, 'a' },
		{ "seed", required_argument, NULL, 's' },
		{ "icount", no_argument, NULL, 'i' },
		{}
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			lane = optarg;
			break;
		case 'a':
			measure_allocator = optarg;
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'i':
			measure_icount = true;
			break;
		default:
			exit(2);
		}
	}
	patterns = argv + optind;
}

/* Without a pattern, everything is wanted. */
bool measure_wants(const char *name)
{
	char **pattern;

	for (pattern = patterns; *pattern; pattern++)
		if (!fnmatch(*pattern, name, 0))
			return true;
	return !*patterns;
}

static __u64 read_tsc(void)
{
	__u32 low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a" (low), "=d" (high) : : "memory");
	return (__u64)high << 32 | low;
}

__u64 measure_now(void)
{
	struct timespec now;

	if (measure_icount)
		return read_tsc();
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

__u64 measure_median(__u64 *samples, size_t nr)
{
	qsort(samples, nr, sizeof(*samples), compare);
	return samples[nr / 2];
}

void measure_report(const char *name, const char *allocator, double value, const char *unit)
{
	struct utsname uts;

	uname(&uts);
	printf("{\"lane\": \"%s\", \"case\": \"%s\", ", lane, name);
	printf("\"allocator\": \"%s\", \"value\": %.2f, ", allocator, value);
	printf("\"unit\": \"%s\", \"kernel\": \"%s\", ", unit, uts.release);
	printf("\"seed\": %llu}\n", seed);
	fflush(stdout);
}

void measure_report_ticks(const char *name, const char *allocator, double ticks, double nr)
{
	measure_report(name, allocator, ticks / nr, measure_icount ? "instructions" : "ns");
}

__u64 measure_seed(__u64 stream)
{
	__u64 state = (seed ^ stream * 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;

	return state ? state : 1;
}

/* Xorshift64*, of Marsaglia and Vigna. */
__u32 measure_random(__u64 *state)
{
	__u64 x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull >> 32;
}
