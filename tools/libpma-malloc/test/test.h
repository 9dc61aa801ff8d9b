/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test.h - what the files of pma-malloc-test share
 */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pattern.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define WANT(got, wanted) want(__LINE__, #got, (uint64_t)(got), (uint64_t)(wanted))
#define WANT_TRUE(what)	  want(__LINE__, #what, !!(what), 1)

/* main.c */
extern unsigned int seed;
extern unsigned long ops;
extern bool in_arena;		/* under the shim; else the same is asked of libc */
int want(int line, const char *what, uint64_t got, uint64_t wanted);
bool is_in_arena(const void *block);
size_t size_at(size_t i);
unsigned int notes(void);

/* Runs @act(arg) in a child, whose exit status is what is wrong there. */
void in_child(void (*act)(void *arg), void *arg);
/* The signal that ends a child that does so, 0 if none does. */
int signal_of_child(void (*act)(void *arg), void *arg);

#define NR_SIZES	26

/* alloc.c */
void test_sizes(void);
void test_zero(void);
void test_errors(void);
void test_errno(void);
void test_calloc(void);
void test_aligned(void);
void test_realloc(void);
void test_wrong_pointers(void);
void test_exhaustion(void);
void test_files(void);

/* fork.c */
void test_fork_sees(void);
void test_fork_is_private(void);
void test_fork_frees(void);
void test_fork_gives_back(void);
void test_fork_nested(void);
void test_fork_handlers(void);
void test_fork_exec(void);
void test_fork_raw(void);
void test_fork_frees_arena(void);

/* thread.c */
void test_threads(void);
void test_thread_exit(void);
void test_fork_in_threads(void);
void test_fork_signals(void);

#endif /* TEST_H */
