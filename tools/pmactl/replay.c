// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * replay.c - plays a program's allocations against an arena of its own
 *
 * A fresh arena, so that its counters and peaks are the trace's alone.  Unless
 * --no-fill is given, every block is filled with a pattern of its own up to the
 * requested size; it must still hold it when it is freed or reallocated, up to
 * the shorter of both sizes after a realloc, and at the end.  What calloc gave
 * must read as zeroes up to its usable size.
 *
 * A request refused for want of memory is a failure and is counted; operations
 * on a block that was never had are skipped and counted.  A realloc that fails
 * leaves its block as it was.  Any other refusal ends the replay.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "pattern.h"
#include "pmactl.h"
#include "trace.h"

enum slot_state {
	SLOT_FREE,
	SLOT_LIVE,
	SLOT_FAILED,	/* the trace has a block here, we have none */
};

struct slot {
	__u64 handle;
	__u64 size;
	__u64 seed;
	enum slot_state state;
};

struct replay {
	struct session *session;
	struct trace trace;
	struct slot *slots;
	char *buf;
	size_t room;
	int fd;
	bool fill;
	size_t at;		/* index of the operation */
	__u64 failures;
	__u64 skipped;
	__u64 live_bytes;	/* requested */
	__u64 peak_bytes;
	__u64 live_blocks;
	__u64 peak_blocks;
	double seconds;
	struct pma_info info;
	struct pma_stats stats;
};

static char *replay_buf(struct replay *r, size_t bytes)
{
	if (bytes > r->room) {
		r->room = bytes + bytes / 2;
		r->buf = session_alloc(r->buf, r->room);
	}
	return r->buf;
}

static enum status replay_wrong(const struct replay *r, const struct slot *slot, const char *what,
				size_t at)
{
	session_complain(r->session, "operation %zu, ID %zu at 0x%llx: byte %zu %s", r->at + 1,
			 (size_t)(slot - r->slots), slot->handle, at, what);
	return STATUS_WRONG;
}

static enum status replay_refused(const struct replay *r, enum request what, int err,
				  const char *verb, const struct slot *slot)
{
	return session_refuse(r->session, what, err, "operation %zu, ID %zu: %s 0x%llx",
			      r->at + 1, (size_t)(slot - r->slots), verb, slot->handle);
}

static enum status replay_write(struct replay *r, struct slot *slot)
{
	char *buf;
	int err;

	if (!r->fill)
		return STATUS_DONE;
	slot->seed = r->at;
	buf = replay_buf(r, slot->size);
	pattern_fill(buf, slot->size, slot->seed);
	err = device_pwrite(r->fd, buf, slot->size, slot->handle);
	if (err)
		return replay_refused(r, REQUEST_TRANSFER, err, "write", slot);
	return STATUS_DONE;
}

/* Do the first @bytes hold the block's pattern? */
static enum status replay_verify(struct replay *r, const struct slot *slot, size_t bytes)
{
	size_t good;
	char *buf;
	int err;

	if (!r->fill)
		return STATUS_DONE;
	buf = replay_buf(r, bytes);
	err = device_pread(r->fd, buf, bytes, slot->handle);
	if (err)
		return replay_refused(r, REQUEST_TRANSFER, err, "read", slot);
	good = pattern_match(buf, bytes, slot->seed);
	if (good < bytes)
		return replay_wrong(r, slot, "is not what was written", good);
	return STATUS_DONE;
}

static enum status replay_verify_zero(struct replay *r, const struct slot *slot, size_t bytes)
{
	size_t good;
	char *buf;
	int err;

	if (!r->fill)
		return STATUS_DONE;
	buf = replay_buf(r, bytes);
	err = device_pread(r->fd, buf, bytes, slot->handle);
	if (err)
		return replay_refused(r, REQUEST_TRANSFER, err, "read", slot);
	good = pattern_match_zero(buf, bytes);
	if (good < bytes)
		return replay_wrong(r, slot, "is not zero", good);
	return STATUS_DONE;
}

/* Follows the peaks; both counts are of blocks that are really there. */
static void replay_count(struct replay *r, __u64 old_size, __u64 size)
{
	r->live_bytes += size - old_size;
	r->live_blocks += !!size - !!old_size;
	if (r->live_bytes > r->peak_bytes)
		r->peak_bytes = r->live_bytes;
	if (r->live_blocks > r->peak_blocks)
		r->peak_blocks = r->live_blocks;
}

static enum status replay_alloc(struct replay *r, const struct trace_op *op, struct slot *slot)
{
	__u32 flags = op->op == 'c' ? PMA_ZERO : 0;
	enum status status = STATUS_DONE;
	__u64 usable;
	int err;

	err = device_alloc(r->fd, op->size, op->align, flags, &slot->handle, &usable);
	if (err == -ENOMEM) {
		r->failures++;
		slot->state = SLOT_FAILED;
		return STATUS_DONE;
	}
	if (err)
		return session_refuse(r->session, REQUEST_ALLOC, err,
				      "operation %zu: alloc %llu, alignment %u", r->at + 1,
				      op->size, op->align);
	slot->state = SLOT_LIVE;
	slot->size = op->size;
	replay_count(r, 0, op->size);
	if (op->op == 'c')
		status = replay_verify_zero(r, slot, usable);
	return status ? status : replay_write(r, slot);
}

static enum status replay_realloc(struct replay *r, const struct trace_op *op, struct slot *slot)
{
	enum status status;
	__u64 usable;
	int err;

	status = replay_verify(r, slot, slot->size);
	if (status)
		return status;
	err = device_realloc(r->fd, &slot->handle, op->size, 0, 0, &usable);
	if (err == -ENOMEM) {
		r->failures++;
		return replay_verify(r, slot, slot->size);
	}
	if (err)
		return replay_refused(r, REQUEST_REALLOC, err, "realloc", slot);
	status = replay_verify(r, slot, slot->size < op->size ? slot->size : op->size);
	if (status)
		return status;
	replay_count(r, slot->size, op->size);
	slot->size = op->size;
	return replay_write(r, slot);
}

static enum status replay_free(struct replay *r, struct slot *slot)
{
	enum status status;
	int err;

	status = replay_verify(r, slot, slot->size);
	if (status)
		return status;
	err = device_free(r->fd, slot->handle);
	if (err)
		return replay_refused(r, REQUEST_FREE, err, "free", slot);
	replay_count(r, slot->size, 0);
	slot->state = SLOT_FREE;
	return STATUS_DONE;
}

/* An operation on a block that was never had; its f ends the matter. */
static void replay_skip(struct replay *r, const struct trace_op *op, struct slot *slot)
{
	r->skipped++;
	if (op->op == 'f')
		slot->state = SLOT_FREE;
}

static enum status replay_op(struct replay *r, const struct trace_op *op)
{
	struct slot *slot = &r->slots[op->id];

	if (slot->state == SLOT_FAILED) {
		replay_skip(r, op, slot);
		return STATUS_DONE;
	}
	switch (op->op) {
	case 'r':
		return replay_realloc(r, op, slot);
	case 'f':
		return replay_free(r, slot);
	}
	return replay_alloc(r, op, slot);
}

static enum status replay_play(struct replay *r)
{
	enum status status = STATUS_DONE;
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (r->at = 0; r->at < r->trace.nr_ops && !status; r->at++)
		status = replay_op(r, &r->trace.ops[r->at]);
	clock_gettime(CLOCK_MONOTONIC, &end);
	r->seconds = (end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9;
	return status;
}

/* What is live at the end must hold what was written, and the metadata be sound. */
static enum status replay_finish(struct replay *r)
{
	struct pma_check_args check;
	enum status status;
	__u32 id;
	int err;

	for (id = 0; id < r->trace.nr_ids; id++) {
		if (r->slots[id].state != SLOT_LIVE)
			continue;
		status = replay_verify(r, &r->slots[id], r->slots[id].size);
		if (status)
			return status;
	}
	err = device_check(r->fd, 0, &check);
	if (!err)
		err = device_stats(r->fd, &r->stats);
	if (err)
		return session_refuse(r->session, REQUEST_OTHER, err, "check and stat");
	if (!check.errors && r->stats.live_blocks == r->live_blocks)
		return STATUS_DONE;
	session_complain(r->session, "check: %u broken invariants, %llu blocks live of %llu",
			 check.errors, r->stats.live_blocks, r->live_blocks);
	return STATUS_WRONG;
}

/* Of the most pages the arena had, the share that the most live bytes don't fill. */
static double replay_waste(const struct replay *r)
{
	double bytes = (double)r->stats.peak_pages * r->info.page_size;

	return bytes ? 100 * (bytes - r->peak_bytes) / bytes : 0;
}

static json_t *figures_json(const char *path, const struct trace *trace)
{
	const struct trace_figures *figures = &trace->figures;

	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "trace", path,
			 "operations", (json_int_t)trace->nr_ops,
			 "malloc", (json_int_t)figures->nr['a'],
			 "calloc", (json_int_t)figures->nr['c'],
			 "aligned", (json_int_t)figures->nr['m'],
			 "realloc", (json_int_t)figures->nr['r'],
			 "free", (json_int_t)figures->nr['f'],
			 "up_to_2k", (json_int_t)figures->small,
			 "up_to_64k", (json_int_t)figures->medium,
			 "larger", (json_int_t)figures->large,
			 "ids", (json_int_t)trace->nr_ids);
}

static void figures_text(const char *path, const struct trace *trace)
{
	const struct trace_figures *figures = &trace->figures;

	printf("trace            %s\n", path);
	printf("operations       %zu: ", trace->nr_ops);
	printf("malloc %llu, calloc %llu, aligned %llu, realloc %llu, free %llu\n",
	       figures->nr['a'], figures->nr['c'], figures->nr['m'], figures->nr['r'],
	       figures->nr['f']);
	printf("requests         %llu up to 2 KiB, %llu up to 64 KiB, %llu larger\n",
	       figures->small, figures->medium, figures->large);
}

static void live_text(__u64 peak_bytes, __u64 peak_blocks, __u64 end_blocks)
{
	printf("peak live        %llu bytes requested, in up to %llu blocks\n", peak_bytes,
	       peak_blocks);
	printf("live at the end  %llu blocks\n", end_blocks);
}

static void live_json(json_t *json, __u64 peak_bytes, __u64 peak_blocks, __u64 end_blocks)
{
	json_object_set_new(json, "peak_live_bytes", json_integer(peak_bytes));
	json_object_set_new(json, "peak_live_blocks", json_integer(peak_blocks));
	json_object_set_new(json, "live_blocks_at_end", json_integer(end_blocks));
}

/* The trace's own figures: what a pool without bounds would see. */
static enum status replay_dry_run(const struct session *s, const char *path,
				  const struct trace *trace)
{
	const struct trace_figures *figures = &trace->figures;
	json_t *json;

	if (s->json) {
		json = figures_json(path, trace);
		live_json(json, figures->peak_bytes, figures->peak_blocks, figures->live_blocks);
		out_json(json);
		return STATUS_DONE;
	}
	figures_text(path, trace);
	live_text(figures->peak_bytes, figures->peak_blocks, figures->live_blocks);
	return STATUS_DONE;
}

static double replay_speed(const struct replay *r)
{
	return r->seconds > 0 ? r->trace.nr_ops / r->seconds : 0;
}

static void report_json(const struct replay *r, const char *path)
{
	json_t *json = figures_json(path, &r->trace);

	live_json(json, r->peak_bytes, r->peak_blocks, r->live_blocks);
	json_object_set_new(json, "failures", json_integer(r->failures));
	json_object_set_new(json, "skipped", json_integer(r->skipped));
	json_object_set_new(json, "seconds", json_real(r->seconds));
	json_object_set_new(json, "ops_per_second", json_real(replay_speed(r)));
	json_object_set_new(json, "filled", json_boolean(r->fill));
	json_object_set_new(json, "peak_pages", json_integer(r->stats.peak_pages));
	json_object_set_new(json, "peak_page_bytes",
			    json_integer((json_int_t)r->stats.peak_pages * r->info.page_size));
	json_object_set_new(json, "waste_percent", json_real(replay_waste(r)));
	out_json(json);
}

static void report_text(const struct replay *r, const char *path)
{
	figures_text(path, &r->trace);
	printf("failures         %llu for want of memory, %llu operations skipped after them\n",
	       r->failures, r->skipped);
	printf("time             %.3f s, %.0f operations/s, %s\n", r->seconds, replay_speed(r),
	       r->fill ? "with filling and checking" : "nothing filled");
	live_text(r->peak_bytes, r->peak_blocks, r->live_blocks);
	printf("peak pages       %u, %llu bytes\n", r->stats.peak_pages,
	       (__u64)r->stats.peak_pages * r->info.page_size);
	printf("waste            %.1f %% of the peak pages\n", replay_waste(r));
}

static enum status replay_run(struct replay *r, const char *path)
{
	struct session *s = r->session;
	size_t bytes = r->trace.nr_ids * sizeof(*r->slots);
	enum status status;
	int err;

	err = device_info(r->fd, &r->info);
	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "info");
	r->slots = session_alloc(NULL, bytes);
	memset(r->slots, 0, bytes);
	status = replay_play(r);
	if (!status)
		status = replay_finish(r);
	free(r->slots);
	free(r->buf);
	if (status)
		return status;
	if (s->json)
		report_json(r, path);
	else
		report_text(r, path);
	return STATUS_DONE;
}

static enum status replay_open(struct replay *r, const char *path)
{
	enum status status;

	r->fd = session_open_device(r->session);
	if (r->fd < 0)
		return STATUS_NO_DEVICE;
	status = replay_run(r, path);
	close(r->fd);
	return status;
}

static enum status replay_read(struct session *s, const char *path, const struct args *args,
			       struct trace *trace)
{
	size_t limit = args->given & OPTION_LIMIT_OPS ? args->limit_ops : SIZE_MAX;
	struct trace_error error;

	if (trace_read(trace, path, limit, &error))
		return STATUS_DONE;
	if (error.line)
		session_complain(s, "%s:%lu: %s", path, error.line, error.text);
	else
		session_complain(s, "%s: %s", path, error.text);
	return error.unreadable ? STATUS_IO : STATUS_USAGE;
}

enum status replay_command(struct session *s, const struct args *args)
{
	struct replay r = { .session = s, .fill = !(args->given & OPTION_NO_FILL) };
	const char *path = args->words[0];
	enum status status;

	status = replay_read(s, path, args, &r.trace);
	if (status)
		return status;
	if (args->given & OPTION_DRY_RUN)
		status = replay_dry_run(s, path, &r.trace);
	else
		status = replay_open(&r, path);
	trace_free(&r.trace);
	return status;
}
