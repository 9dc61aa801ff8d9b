// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * arenas.c - the commands about arenas: who has them, their names and limits
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "pmactl.h"

static void limit_text(char *buf, size_t bytes, __u32 limit)
{
	if (limit == PMA_LIMIT_NONE)
		snprintf(buf, bytes, "-");
	else
		snprintf(buf, bytes, "%u", limit);
}

void arenas_print_title(void)
{
	fputs("# arena     pid command            pages   held charged   limit reserve", stdout);
	puts("   blocks        bytes opens name (tag)");
}

void arenas_print(const struct pma_arena_rec *rec)
{
	char limit[16];

	limit_text(limit, sizeof(limit), rec->limit_pages);
	printf("%7u %7d %-16s %7u %6u %7u %7s %7u %8llu %12llu %5u %s%s%s%s\n", rec->arena,
	       rec->pid, rec->comm, rec->arena_pages, rec->held_pages, rec->charged_pages, limit,
	       rec->reserve_pages, rec->live_blocks, rec->live_bytes, rec->opens,
	       rec->name[0] ? rec->name : "-", rec->tag[0] ? " (" : "", rec->tag,
	       rec->tag[0] ? ")" : "");
}

static const struct field arena_fields[] = {
	FIELD(pma_arena_rec, arena),
	FIELD(pma_arena_rec, pid),
	FIELD(pma_arena_rec, uid),
	FIELD(pma_arena_rec, gid),
	FIELD(pma_arena_rec, mode),
	FIELD(pma_arena_rec, opens),
	FIELD(pma_arena_rec, live_blocks),
	FIELD(pma_arena_rec, live_bytes),
	FIELD(pma_arena_rec, peak_bytes),
	FIELD(pma_arena_rec, failed),
	FIELD(pma_arena_rec, refused),
	FIELD(pma_arena_rec, arena_pages),
	FIELD(pma_arena_rec, held_pages),
	FIELD(pma_arena_rec, charged_pages),
	FIELD_AS(pma_arena_rec, limit_pages, FIELD_LIMIT),
	FIELD(pma_arena_rec, reserve_pages),
	FIELD(pma_arena_rec, low_pages),
};

static json_t *arena_json(const struct pma_arena_rec *rec)
{
	json_t *object = out_object(arena_fields, ARRAY_SIZE(arena_fields), rec);

	json_object_set_new(object, "comm", json_string(rec->comm));
	json_object_set_new(object, "name", json_string(rec->name));
	json_object_set_new(object, "tag", json_string(rec->tag));
	return object;
}

void arenas_print_json(const struct pma_arena_rec *recs, size_t nr)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(array, arena_json(&recs[i]));
	out_json(json_pack("{s:o}", "arenas", array));
}

/* All but the one that asks, which is gone with the answer; the caller frees them. */
enum status arenas_fetch(struct session *s, struct pma_arena_rec **recs, size_t *nr)
{
	struct pma_info info;
	enum status status;
	void *records;
	size_t i, kept = 0;
	int err;

	err = device_info(s->arena->fd, &info);
	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "info");
	status = dump_fetch(s, PMA_DUMP_ARENAS, &records, nr);
	if (status)
		return status;
	*recs = records;
	for (i = 0; i < *nr; i++)
		if ((*recs)[i].arena != info.arena || (*recs)[i].name[0] ||
		    (*recs)[i].live_blocks)
			(*recs)[kept++] = (*recs)[i];
	*nr = kept;
	return STATUS_DONE;
}

enum status arenas_list(struct session *s, const struct args *args)
{
	struct pma_arena_rec *recs;
	enum status status;
	size_t nr, i;

	status = arenas_fetch(s, &recs, &nr);
	if (status)
		return status;
	if (s->json) {
		arenas_print_json(recs, nr);
	} else {
		arenas_print_title();
		for (i = 0; i < nr; i++)
			arenas_print(&recs[i]);
	}
	free(recs);
	return STATUS_DONE;
}

/* Names. */

static bool name_fits(const struct session *s, const char *name)
{
	if (strlen(name) < PMA_ARENA_NAME_MAX)
		return true;
	session_complain(s, "'%s' is longer than %d characters", name, PMA_ARENA_NAME_MAX - 1);
	return false;
}

enum status arenas_create(struct session *s, const struct args *args)
{
	const char *name = args->words[0];
	__u32 mode = args->given & OPTION_MODE ? args->mode : 0600;
	int fd;

	if (!name_fits(s, name))
		return STATUS_USAGE;
	fd = device_open_named(s->arena->fd, name, PMA_OPEN_CREATE | PMA_OPEN_EXCL, mode);
	if (fd < 0)
		return session_refuse(s, REQUEST_NAME, fd, "create %s", name);
	close(fd);
	return STATUS_DONE;
}

enum status arenas_unlink(struct session *s, const struct args *args)
{
	const char *name = args->words[0];
	int err;

	if (!name_fits(s, name))
		return STATUS_USAGE;
	err = device_unlink(s->arena->fd, name);
	if (err)
		return session_refuse(s, REQUEST_NAME, err, "unlink %s", name);
	return STATUS_DONE;
}

enum status arenas_tag(struct session *s, const struct args *args)
{
	const char *tag = args->nr ? args->words[0] : "";
	int err = device_tag(s->arena->fd, tag);

	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "tag");
	return STATUS_DONE;
}

enum status arenas_root(struct session *s, const struct args *args)
{
	char text[32];
	int err;

	if (args->nr) {
		if (!command_value(s, "handle", args->words[0], &s->value))
			return STATUS_USAGE;
		err = device_set_root(s->arena->fd, s->value);
		if (err)
			return session_refuse(s, REQUEST_QUERY, err, "root 0x%llx", s->value);
		return STATUS_DONE;
	}
	err = device_root(s->arena->fd, &s->value);
	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "root");
	if (s->json)
		out_json(json_pack("{s:o}", "root", s->value == PMA_HANDLE_NONE ? json_null() :
				   json_integer(s->value)));
	else
		puts(out_handle(text, sizeof(text), s->value, "none"));
	return STATUS_DONE;
}

/* Limits. */

static bool page_count(const struct session *s, const char *what, __u64 value, __u32 *pages)
{
	*pages = value;
	if (value == PMA_HANDLE_NONE)
		*pages = PMA_LIMIT_NONE;
	else if (value >= PMA_LIMIT_NONE)
		session_complain(s, "%s: %llu is more pages than there can be", what, value);
	else
		return true;
	return value == PMA_HANDLE_NONE;
}

static const struct field limit_fields[] = {
	FIELD_AS(pma_limit_args, limit, FIELD_LIMIT),
	FIELD(pma_limit_args, reserve),
	FIELD(pma_limit_args, low),
	FIELD(pma_limit_args, used),
	FIELD(pma_limit_args, available),
};

enum status arenas_limit(struct session *s, const struct args *args)
{
	struct pma_limit_args limit = { };
	__u64 value;
	int err;

	if (args->nr) {
		limit.flags |= PMA_LIMIT_LIMIT;
		if (!command_value(s, "limit", args->words[0], &value) ||
		    !page_count(s, "limit", value, &limit.limit))
			return STATUS_USAGE;
	}
	if (args->given & OPTION_RESERVE) {
		limit.flags |= PMA_LIMIT_RESERVE;
		if (!page_count(s, "--reserve", args->reserve, &limit.reserve))
			return STATUS_USAGE;
	}
	if (args->given & OPTION_LOW) {
		limit.flags |= PMA_LIMIT_LOW;
		if (!page_count(s, "--low", args->low, &limit.low))
			return STATUS_USAGE;
	}
	err = device_limit(s->arena->fd, &limit);
	if (err)
		return session_refuse(s, REQUEST_LIMIT, err, "limit");
	if (s->json)
		out_json(out_object(limit_fields, ARRAY_SIZE(limit_fields), &limit));
	else
		out_text(limit_fields, ARRAY_SIZE(limit_fields), &limit);
	return STATUS_DONE;
}
