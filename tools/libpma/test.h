/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test.h - what the files of libpma's test share
 *
 *	test	what tests are made with; the calls of pma.h, threads, forks, names
 *	test-kept	what becomes of freed blocks: larger ones, the depot, limits
 */
#ifndef TEST_H
#define TEST_H

#include "pma.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define WANT(got, wanted) want(__LINE__, #got, (uint64_t)(got), (uint64_t)(wanted))
#define WANT_TRUE(what)	  want(__LINE__, #what, !!(what), 1)

extern const char *device;
extern struct pma_info info;

/* True if the two are the same; else it is told, and the test has failed. */
int want(int line, const char *what, uint64_t got, uint64_t wanted);
void want_sound(struct pma *pma);
struct pma_stats stats_of(struct pma *pma);

/* test-kept.c */
void test_few_bytes(struct pma *pma);
void test_learnt_meanwhile(struct pma *pma);
void test_larger(struct pma *pma);
void test_larger_twice(struct pma *pma);
void test_larger_shared(struct pma *pma);
void test_passed_on(struct pma *pma);
void test_kept(struct pma *pma);
void test_limit_in_full(struct pma *pma);

#endif /* TEST_H */
