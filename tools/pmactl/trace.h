/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.h - an allocation trace of a program, read and proved well-formed
 *
 * Text, plain or gzipped, an operation a line; what is parted by blanks:
 *
 *	a ID SIZE		malloc
 *	c ID SIZE		calloc: must read as zeroes
 *	m ID SIZE ALIGN		aligned
 *	r ID SIZE		realloc
 *	f ID			free
 *	# ...			comment; empty lines are skipped too
 *
 * IDs are small numbers (they index an array) and are used again after their f.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define TRACE_IDS_MAX	(1U << 25)
#define TRACE_SIZE_MAX	(1ULL << 38)	/* the largest region; IDs times this fits 64 bits */

struct trace_op {
	__u64 size;
	__u32 id;
	__u32 align;
	char op;
};

/**
 * struct trace_figures - what a trace says of itself
 * @nr: operations by their letter
 * @small: requests up to 2 KiB
 * @medium: requests up to 64 KiB
 * @large: larger ones
 * @live_bytes: requested and not freed at the end
 * @live_blocks: their number
 * @peak_bytes: highest @live_bytes
 * @peak_blocks: highest @live_blocks
 */
struct trace_figures {
	__u64 nr[128];
	__u64 small;
	__u64 medium;
	__u64 large;
	__u64 live_bytes;
	__u64 live_blocks;
	__u64 peak_bytes;
	__u64 peak_blocks;
};

struct trace {
	struct trace_op *ops;
	size_t nr_ops;
	__u32 nr_ids;		/* highest ID + 1 */
	struct trace_figures figures;
};

/**
 * struct trace_error - what kept a trace from being read
 * @line: number of the line, 0 if it is none's fault
 * @unreadable: the file or the memory is to blame, not what is written there
 * @text: for people
 */
struct trace_error {
	unsigned long line;
	bool unreadable;
	char text[160];
};

bool trace_read(struct trace *trace, const char *path, size_t limit_ops,
		struct trace_error *error);
void trace_free(struct trace *trace);

#endif /* TRACE_H */
