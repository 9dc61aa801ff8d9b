/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * measure.h - a program's clock, its random numbers and its results
 */
#ifndef _MEASURE_H
#define _MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --lane=NAME --allocator=NAME --seed=NUMBER --icount PATTERN... */
void measure_init(int argc, char **argv);
bool measure_wants(const char *name);

__u64 measure_now(void);
__u64 measure_median(__u64 *samples, size_t nr);

void measure_report(const char *name, const char *allocator, double value, const char *unit);
void measure_report_ticks(const char *name, const char *allocator, double ticks, double nr);

__u32 measure_random(__u64 *state);
__u64 measure_seed(__u64 stream);

/* From the command line. */
extern const char *measure_allocator;
extern bool measure_icount;

void measure_fail(const char *what) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif /* _MEASURE_H */
