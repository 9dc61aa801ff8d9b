// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * trace.c - reads a trace whole before anything is done with it
 *
 * A malformed line is found before the first request, so that a replay either
 * plays the trace that was meant or none.  The reader follows which IDs are
 * live, and their sizes, so a trace that can't have happened is malformed too.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "trace.h"

#define LINE_MAX_BYTES	4096
#define FIELDS_MAX	4

struct reader {
	struct trace *trace;
	struct trace_error *error;
	size_t room_ops;
	__u32 room_ids;
	__u64 *sizes;		/* by ID; 0: not live */
};

__attribute__((format(printf, 2, 3)))
static bool malformed(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error->text, sizeof(r->error->text), fmt, ap);
	va_end(ap);
	return false;
}

/* Makes room for one more; doubles, so that a trace of n lines costs O(n). */
static bool grow(void **array, size_t room, size_t bytes)
{
	void *p = realloc(*array, room * bytes);

	if (p)
		*array = p;
	return p;
}

static bool no_memory(struct reader *r, const char *what, size_t nr)
{
	r->error->unreadable = true;
	return malformed(r, "no memory for %zu %s", nr, what);
}

static bool grow_ids(struct reader *r, __u32 id)
{
	__u32 room = r->room_ids ? r->room_ids : 1024;

	while (room <= id)
		room *= 2;
	if (room == r->room_ids)
		return true;
	if (!grow((void **)&r->sizes, room, sizeof(*r->sizes)))
		return no_memory(r, "IDs", room);
	memset(r->sizes + r->room_ids, 0, (room - r->room_ids) * sizeof(*r->sizes));
	r->room_ids = room;
	return true;
}

static bool append_op(struct reader *r, const struct trace_op *op)
{
	struct trace *trace = r->trace;

	if (trace->nr_ops == r->room_ops) {
		r->room_ops = r->room_ops ? 2 * r->room_ops : 4096;
		if (!grow((void **)&trace->ops, r->room_ops, sizeof(*op)))
			return no_memory(r, "operations", r->room_ops);
	}
	trace->ops[trace->nr_ops++] = *op;
	if (op->id >= trace->nr_ids)
		trace->nr_ids = op->id + 1;
	return true;
}

/* Cuts a line at its blanks; answers how many fields, FIELDS_MAX + 1 for more. */
static int split_fields(char *line, char **fields)
{
	int nr = 0;

	for (;;) {
		line += strspn(line, " \t\r\n");
		if (!*line || nr > FIELDS_MAX)
			return nr;
		fields[nr++] = line;
		line += strcspn(line, " \t\r\n");
		if (*line)
			*line++ = '\0';
	}
}

static bool parse_number(const char *text, __u64 *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !*end && !errno;
}

static bool parse_id(struct reader *r, const char *text, struct trace_op *op)
{
	__u64 id;

	if (!parse_number(text, &id))
		return malformed(r, "ID '%.40s' is no number of 64 bits", text);
	if (id >= TRACE_IDS_MAX)
		return malformed(r, "ID %s is out of range (below %u)", text, TRACE_IDS_MAX);
	op->id = id;
	return grow_ids(r, id);
}

static bool parse_size(struct reader *r, const char *text, struct trace_op *op)
{
	if (!parse_number(text, &op->size))
		return malformed(r, "size '%.40s' is no number of 64 bits", text);
	if (!op->size || op->size > TRACE_SIZE_MAX)
		return malformed(r, "size %s is out of range (1 to %llu)", text, TRACE_SIZE_MAX);
	return true;
}

static bool parse_align(struct reader *r, const char *text, struct trace_op *op)
{
	__u64 align;

	if (!parse_number(text, &align))
		return malformed(r, "alignment '%.40s' is no number of 64 bits", text);
	if (!align || align & (align - 1) || align > 1U << 31)
		return malformed(r, "alignment %s is no power of two up to 2^31", text);
	op->align = align;
	return true;
}

static int fields_of(char op)
{
	switch (op) {
	case 'f':
		return 2;
	case 'a':
	case 'c':
	case 'r':
		return 3;
	case 'm':
		return 4;
	}
	return 0;
}

static bool parse_line(struct reader *r, char *line, struct trace_op *op)
{
	char *fields[FIELDS_MAX + 1];
	int nr = split_fields(line, fields);
	int wanted = fields[0][1] ? 0 : fields_of(fields[0][0]);

	if (!wanted)
		return malformed(r, "unknown operation '%.40s'", fields[0]);
	if (nr < wanted)
		return malformed(r, "%s takes %d fields, not %d", fields[0], wanted - 1, nr - 1);
	if (nr > wanted)
		return malformed(r, "'%.40s' is too much", fields[wanted]);
	op->op = fields[0][0];
	return parse_id(r, fields[1], op) &&
	       (wanted < 3 || parse_size(r, fields[2], op)) &&
	       (wanted < 4 || parse_align(r, fields[3], op));
}

static void count_request(struct trace_figures *figures, __u64 size)
{
	if (size <= 2048)
		figures->small++;
	else if (size <= 65536)
		figures->medium++;
	else
		figures->large++;
}

/* Follows an operation: is it possible, and what does it change? */
static bool follow_op(struct reader *r, const struct trace_op *op)
{
	struct trace_figures *figures = &r->trace->figures;
	bool live = r->sizes[op->id] != 0;

	if (op->op == 'f' || op->op == 'r') {
		if (!live)
			return malformed(r, "ID %u is not live", op->id);
	} else if (live) {
		return malformed(r, "ID %u is live already", op->id);
	}
	figures->nr[(unsigned char)op->op]++;
	if (op->size)
		count_request(figures, op->size);
	figures->live_blocks += !!op->size - live;
	figures->live_bytes += op->size - r->sizes[op->id];
	r->sizes[op->id] = op->size;
	if (figures->live_bytes > figures->peak_bytes)
		figures->peak_bytes = figures->live_bytes;
	if (figures->live_blocks > figures->peak_blocks)
		figures->peak_blocks = figures->live_blocks;
	return true;
}

static bool is_comment(const char *line)
{
	line += strspn(line, " \t\r\n");
	return !*line || *line == '#';
}

/* Did reading go well so far? */
static bool file_is_good(struct reader *r, gzFile file)
{
	int err;

	gzerror(file, &err);
	if (err == Z_OK || err == Z_STREAM_END)
		return true;
	r->error->unreadable = true;
	if (err == Z_ERRNO)
		return malformed(r, "%s", strerror(errno));
	return malformed(r, err == Z_BUF_ERROR ? "the gzipped file breaks off" :
						 "the gzipped file is damaged");
}

/* Reads one line; false at the end and on errors, then error->text says so. */
static bool read_line(struct reader *r, gzFile file, char *line)
{
	z_off_t start = gztell(file);
	size_t length;

	if (!gzgets(file, line, LINE_MAX_BYTES))
		return file_is_good(r, file), false;
	r->error->line++;
	length = strlen(line);
	if ((z_off_t)length != gztell(file) - start)
		return malformed(r, "a zero byte");
	/* a line without an end may be the last before the file breaks off */
	if (line[length - 1] != '\n' && !file_is_good(r, file))
		return false;
	if (length == LINE_MAX_BYTES - 1 && line[length - 1] != '\n')
		return malformed(r, "longer than %d bytes", LINE_MAX_BYTES - 2);
	return true;
}

static bool read_all(struct reader *r, gzFile file, size_t limit_ops)
{
	char line[LINE_MAX_BYTES];
	struct trace_op op;

	while (r->trace->nr_ops < limit_ops && read_line(r, file, line)) {
		if (is_comment(line))
			continue;
		op = (struct trace_op){ };
		if (!parse_line(r, line, &op) || !follow_op(r, &op) || !append_op(r, &op))
			return false;
	}
	if (r->error->text[0])
		return false;
	if (!r->trace->nr_ops) {
		r->error->line = 0;
		return malformed(r, "no operations");
	}
	return true;
}

/* Reads the first @limit_ops operations of a trace; "-" is stdin. */
bool trace_read(struct trace *trace, const char *path, size_t limit_ops,
		struct trace_error *error)
{
	struct reader r = { .trace = trace, .error = error };
	gzFile file;
	bool ok;

	*trace = (struct trace){ };
	*error = (struct trace_error){ };
	errno = 0;
	file = strcmp(path, "-") ? gzopen(path, "re") : gzdopen(dup(STDIN_FILENO), "r");
	if (!file) {
		error->unreadable = true;
		return malformed(&r, "%s", strerror(errno ? errno : ENOMEM));
	}
	gzbuffer(file, 1 << 17);
	ok = read_all(&r, file, limit_ops);
	gzclose_r(file);
	free(r.sizes);
	if (!ok)
		trace_free(trace);
	return ok;
}

void trace_free(struct trace *trace)
{
	free(trace->ops);
	trace->ops = NULL;
	trace->nr_ops = 0;
}
