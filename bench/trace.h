/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/*
 * trace.h - a trace of allocations, packed for those who play it
 *
 * pack-trace makes one from the text that bench/traces/README.md describes; the
 * kernel part of the bench and the programs read it:
 *
 *	struct bench_trace, then nr_operations times struct bench_operation
 */
#ifndef _BENCH_TRACE_H
#define _BENCH_TRACE_H

#include <linux/types.h>

#define BENCH_TRACE_MAGIC	0x31617274616d7050ULL

#define BENCH_TRACE_NAME_MAX	32

/**
 * struct bench_trace - what is known of a trace
 * @magic: BENCH_TRACE_MAGIC
 * @nr_operations: in it
 * @nr_ids: all are below
 * @peak_bytes: most that are in use at a time, as asked for
 * @peak_blocks: most that are in use at a time
 * @name: ended by a zero
 */
struct bench_trace {
	__u64 magic;
	__u32 nr_operations;
	__u32 nr_ids;
	__u64 peak_bytes;
	__u32 peak_blocks;
	char name[BENCH_TRACE_NAME_MAX];
	__u32 reserved;
};

enum bench_operation_kind {
	BENCH_MALLOC,
	BENCH_CALLOC,
	BENCH_REALLOC,
	BENCH_ALIGNED,
	BENCH_FREE,
};

#define BENCH_ID_BITS		24

/**
 * struct bench_operation - one operation
 * @what: the block's number in the lowest BENCH_ID_BITS, then three bits of
 *	&enum bench_operation_kind, then five of log2 of the alignment
 * @size: bytes that are asked for
 */
struct bench_operation {
	__u32 what;
	__u32 size;
};

static inline __u32 bench_operation_id(const struct bench_operation *operation)
{
	return operation->what & ((1U << BENCH_ID_BITS) - 1);
}

static inline __u32 bench_operation_kind(const struct bench_operation *operation)
{
	return operation->what >> BENCH_ID_BITS & 7;
}

static inline __u64 bench_operation_align(const struct bench_operation *operation)
{
	return (__u64)1 << (operation->what >> (BENCH_ID_BITS + 3));
}

#endif /* _BENCH_TRACE_H */
