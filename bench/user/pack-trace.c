// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pack-trace.c - a trace of text, packed as trace.h says
 *
 *	zcat sqlite.trace.gz | pack-trace sqlite >sqlite.packed
 *
 * The text is described in bench/traces/README.md.  It is checked here, so that
 * those who play it need not: blocks are freed that are in use, and no others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

static struct bench_trace head = { .magic = BENCH_TRACE_MAGIC };
static struct bench_operation *operations;
static size_t room;

/* By the block's number: what was asked for, 0 if it is not in use. */
static __u32 *sizes;

static __u64 bytes;
static __u32 blocks;
static unsigned long line_number;

static void fail(const char *why)
{
	fprintf(stderr, "pack-trace: %s: line %lu: %s\n", head.name, line_number, why);
	exit(1);
}

static void *grow(void *array, size_t nr, size_t each)
{
	array = realloc(array, nr * each);
	if (!array)
		fail("out of memory");
	return array;
}

static void know_id(__u32 id)
{
	static size_t known;

	if (id >> BENCH_ID_BITS)
		fail("a number above 2^24");
	if (id >= known) {
		sizes = grow(sizes, 2 * id + 1024, sizeof(*sizes));
		memset(sizes + known, 0, (2 * id + 1024 - known) * sizeof(*sizes));
		known = 2 * id + 1024;
	}
	if (id >= head.nr_ids)
		head.nr_ids = id + 1;
}

static void add(__u32 kind, __u32 id, __u32 size, __u32 align_bits)
{
	if (head.nr_operations == room) {
		room = 2 * room + 4096;
		operations = grow(operations, room, sizeof(*operations));
	}
	operations[head.nr_operations++] = (struct bench_operation){
		.what = id | kind << BENCH_ID_BITS | align_bits << (BENCH_ID_BITS + 3),
		.size = size,
	};
	bytes += size;
	bytes -= sizes[id];
	blocks += !!size;
	blocks -= !!sizes[id];
	sizes[id] = size;
	if (bytes > head.peak_bytes)
		head.peak_bytes = bytes;
	if (blocks > head.peak_blocks)
		head.peak_blocks = blocks;
}

static __u32 log2_of(unsigned long long align)
{
	__u32 bits = 0;

	while (1ULL << bits < align)
		bits++;
	if (1ULL << bits != align || bits > 31)
		fail("an alignment that is not a power of two");
	return bits;
}

static void take_line(const char *line)
{
	static const char letters[] = "acrmf";
	unsigned long long id, size = 0, align = 1;
	char letter;
	int fields = sscanf(line, "%c %llu %llu %llu", &letter, &id, &size, &align);
	const char *at;
	__u32 kind;

	if (*line == '#' || *line == '\n')
		return;
	at = fields > 0 && letter ? strchr(letters, letter) : NULL;
	if (!at)
		fail("no such operation");
	kind = at - letters;
	if (fields != (kind == BENCH_FREE ? 2 : kind == BENCH_ALIGNED ? 4 : 3))
		fail("too few or too many numbers");
	know_id(id);
	if (kind == BENCH_FREE && !sizes[id])
		fail("frees what is not in use");
	if ((kind == BENCH_MALLOC || kind == BENCH_CALLOC || kind == BENCH_ALIGNED) && sizes[id])
		fail("the number is in use");
	if (kind != BENCH_FREE && (!size || size >> 31))
		fail("a size of nothing, or of 2^31 and more");
	add(kind, id, size, log2_of(align));
}

int main(int argc, char **argv)
{
	char line[256];

	if (argc != 2 || strlen(argv[1]) >= sizeof(head.name)) {
		fprintf(stderr, "usage: pack-trace NAME <TEXT >PACKED\n");
		return 2;
	}
	memcpy(head.name, argv[1], strlen(argv[1]));
	while (fgets(line, sizeof(line), stdin)) {
		line_number++;
		take_line(line);
	}
	fwrite(&head, sizeof(head), 1, stdout);
	fwrite(operations, sizeof(*operations), head.nr_operations, stdout);
	if (fflush(stdout))
		fail("cannot write");
	return 0;
}
