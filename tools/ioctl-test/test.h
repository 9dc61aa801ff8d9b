/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test.h - what the suites of pma-ioctl-test share
 *
 * A *test* is a function; it gets a fresh arena, and what it leaves behind is
 * judged afterwards: the metadata must be sound and every page back in the pool
 * (see main.c).  Inside, WANT() and WANT_ERR() compare and note a difference;
 * they answer whether all was well, for tests that can't go on.
 */
#ifndef TEST_H
#define TEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/pma.h>

#include "device.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/**
 * struct test - one test while it runs
 * @device: path
 * @fd: an arena, empty at first, the test's own
 * @info: of it
 * @seed: of random tests
 * @ops: how many operations a random test shall do
 * @seconds: that a long test may take, where a kernel is slow; 0 for any
 * @failed: something was not as it should be
 * @skipped: why there was nothing to test, or NULL
 * @nr_notes: differences noted so far
 * @context: what is tried now, told with a difference
 */
struct test {
	const char *device;
	int fd;
	struct pma_info info;
	__u64 seed;
	unsigned long ops;
	unsigned long seconds;
	bool failed;
	const char *skipped;
	unsigned int nr_notes;
	char context[128];
};

struct test_case {
	const char *name;
	void (*run)(struct test *t);
};

/* main.c */

__attribute__((format(printf, 2, 3)))
void test_context(struct test *t, const char *fmt, ...);
__attribute__((format(printf, 4, 5)))
void test_note(struct test *t, const char *file, int line, const char *fmt, ...);
bool test_want(struct test *t, const char *file, int line, const char *what, __u64 got,
	       __u64 wanted);
bool test_want_error(struct test *t, const char *file, int line, const char *what, int got,
		     int wanted);

#define NOTE(t, ...)		test_note(t, __FILE__, __LINE__, __VA_ARGS__)
#define WANT(t, got, wanted)	test_want(t, __FILE__, __LINE__, #got, got, wanted)
#define WANT_TRUE(t, what)	test_want(t, __FILE__, __LINE__, #what, !!(what), true)
#define WANT_ERR(t, call, err)	test_want_error(t, __FILE__, __LINE__, #call, call, -(err))
#define WANT_OK(t, call)	WANT_ERR(t, call, 0)

extern const struct test_case abi_cases[];
extern const struct test_case alloc_cases[];
extern const struct test_case free_cases[];
extern const struct test_case realloc_cases[];
extern const struct test_case query_cases[];
extern const struct test_case batch_cases[];
extern const struct test_case dump_cases[];
extern const struct test_case transfer_cases[];
extern const struct test_case fault_cases[];
extern const struct test_case arena_cases[];
extern const struct test_case model_cases[];
extern const struct test_case mmap_cases[];
extern const struct test_case revoke_cases[];
extern const struct test_case share_cases[];
extern const struct test_case bad_cases[];
extern const struct test_case kill_cases[];
extern const struct test_case limit_cases[];
extern const struct test_case wait_cases[];
extern const struct test_case named_cases[];
extern const struct test_case claim_cases[];
extern const struct test_case handover_cases[];
extern const struct test_case dmabuf_cases[];
extern const struct test_case import_cases[];
extern const struct test_case namespace_cases[];

/* For the rounds of a long test: none failed, and there is time left since its start. */
bool test_goes_on(const struct test *t);

/* What a child that was forked found: its exit status, or 99 if it did not end by itself. */
int test_child(pid_t child);

/* stats.c: the arena before and after */

#define COUNTER(member)		((int)offsetof(struct pma_stats, member))
#define COUNTER_NONE		(-1)

struct pma_stats stats_get(struct test *t, int fd);
void stats_sound(struct test *t, int fd);
void stats_unchanged(struct test *t, int fd, const struct pma_stats *before, int counter);
bool stats_wait_free(struct test *t, __u32 nr_pages);
void stats_undone(struct test *t, int fd, const struct pma_stats *before);

/* All records of one sort, at most @step a call; the caller frees them. */
void *stats_dump(struct test *t, int fd, __u32 what, __u32 step, size_t *nr);
#define DUMP_RECORDS		1024	/* what one call writes at most */

/* A refusal: @call answers @err, counts at @counter, and changes nothing else. */
#define WANT_REFUSED(t, fd, call, err, counter) do {			\
	struct pma_stats before_ = stats_get(t, fd);			\
									\
	test_want_error(t, __FILE__, __LINE__, #call, call, -(err));	\
	stats_unchanged(t, fd, &before_, counter);			\
} while (0)

/* block.c: blocks with contents */

struct block {
	__u64 handle;
	__u64 size;
	__u64 usable;
	__u64 seed;
};

/* Sizes on both sides of every boundary; the first @nr of them fit small pools. */
size_t block_sizes(const struct test *t, __u64 *sizes, size_t room);
#define BLOCK_SIZES_MAX		32

bool block_alloc(struct test *t, int fd, __u64 size, struct block *block);
bool block_free(struct test *t, int fd, const struct block *block);
void block_fill(struct test *t, int fd, struct block *block, __u64 seed);
bool block_verify(struct test *t, int fd, const struct block *block, __u64 bytes);
bool block_verify_zero(struct test *t, int fd, __u64 handle, __u64 from, __u64 to);
int block_open(struct test *t, int flags);
int block_by_handle(const void *left, const void *right);

/* One block of each engine, filled; those a pool can't have are left out. */
size_t block_of_each_kind(struct test *t, int fd, struct block *blocks);
#define BLOCK_KINDS_MAX		3

/* named.c: what a dump tells of an arena; false if it is not there */

bool named_find_arena(struct test *t, __u32 number, struct pma_arena_rec *rec);

/* reach.c: mapped memory; false is SIGBUS */

bool reach_can(struct test *t);
char *reach_map(struct test *t, int fd);
void reach_unmap(struct test *t, char *base);
bool reach_read(const void *at, char *byte);
bool reach_write(void *at, char byte);
bool reach_all(const char *at, size_t bytes);
bool reach_none(const char *at, size_t bytes);
void reach_fill(char *base, struct block *block, __u64 seed);
bool reach_verify(struct test *t, const char *base, const struct block *block);

#endif /* TEST_H */
