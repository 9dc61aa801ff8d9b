// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * block.c - the commands that make, change, end and look at one block
 */
#include <jansson.h>

#include "pmactl.h"

/* Leaves a handle to be assigned, and tells it. */
void block_answer(struct session *s, __u64 handle, __u64 usable)
{
	const char *name = s->assigns ? s->assigns : "";

	s->value = handle;
	if (s->json)
		out_json(json_pack("{s:o, s:I}", "handle",
				   handle == PMA_HANDLE_NONE ? json_null() : json_integer(handle),
				   "usable", (json_int_t)usable));
	else if (handle == PMA_HANDLE_NONE)
		printf("%s%snone\n", name, name[0] ? " = " : "");
	else
		printf("%s%s0x%llx: %llu bytes usable\n", name, name[0] ? " = " : "", handle,
		       usable);
}

static __u32 block_flags(const struct args *args)
{
	return (args->given & OPTION_ZERO ? PMA_ZERO : 0) |
	       (args->given & OPTION_WAIT ? PMA_WAIT : 0);
}

enum status block_alloc(struct session *s, const struct args *args)
{
	__u64 size, handle, usable;
	int err;

	if (!command_value(s, "size", args->words[0], &size))
		return STATUS_USAGE;
	err = device_alloc_wait(s->arena->fd, size, args->align, block_flags(args), args->wait,
				&handle, &usable);
	if (err)
		return session_refuse(s, REQUEST_ALLOC, err, "alloc %llu", size);
	block_answer(s, handle, usable);
	return STATUS_DONE;
}

/* Frees every handle named; one refusal does not stop the others. */
enum status block_free(struct session *s, const struct args *args)
{
	enum status status = STATUS_DONE;
	__u64 handle;
	int err, i;

	for (i = 0; i < args->nr; i++) {
		if (!command_value(s, "handle", args->words[i], &handle))
			return STATUS_USAGE;
		err = device_free(s->arena->fd, handle);
		if (err)
			status = session_refuse(s, REQUEST_FREE, err, "free 0x%llx", handle);
	}
	return status;
}

enum status block_realloc(struct session *s, const struct args *args)
{
	__u64 old, handle, size, usable;
	char text[32];
	int err;

	if (!command_value(s, "handle", args->words[0], &old) ||
	    !command_value(s, "size", args->words[1], &size))
		return STATUS_USAGE;
	handle = old;
	err = device_realloc(s->arena->fd, &handle, size, args->align, block_flags(args),
			     &usable);
	if (err)
		return session_refuse(s, REQUEST_REALLOC, err, "realloc %s to %llu",
				      out_handle(text, sizeof(text), old, "none"), size);
	block_answer(s, handle, usable);
	return STATUS_DONE;
}

static const struct field query_fields[] = {
	FIELD_AS(pma_query_args, handle, FIELD_HANDLE),
	FIELD_AS(pma_query_args, kind, FIELD_KIND),
	FIELD_AS(pma_query_args, start, FIELD_HANDLE),
	FIELD(pma_query_args, size),
	FIELD(pma_query_args, usable),
	FIELD(pma_query_args, requested),
	{ "flags", offsetof(struct pma_query_args, block_flags), sizeof(__u32),
	  FIELD_BLOCK_FLAGS },
	FIELD(pma_query_args, owner),
};

enum status block_query(struct session *s, const struct args *args)
{
	__u32 flags = args->given & OPTION_INTERIOR ? PMA_QUERY_INTERIOR : 0;
	struct pma_query_args query;
	char start[32];
	json_t *object;
	__u64 handle;
	int err;

	if (!command_value(s, "handle", args->words[0], &handle))
		return STATUS_USAGE;
	err = device_query(s->arena->fd, handle, flags, &query);
	if (err)
		return session_refuse(s, REQUEST_QUERY, err, "query 0x%llx", handle);
	if (s->json) {
		object = out_object(query_fields, ARRAY_SIZE(query_fields), &query);
		json_object_set_new(object, "requested_known",
				    json_boolean(query.block_flags & PMA_BLOCK_REQUESTED));
		out_json(object);
		return STATUS_DONE;
	}
	printf("0x%llx: %s block at %s, %llu bytes, %llu usable, ", handle, out_kind(query.kind),
	       out_handle(start, sizeof(start), query.start, "-"), query.size, query.usable);
	if (query.block_flags & PMA_BLOCK_REQUESTED)
		printf("%llu requested, ", query.requested);
	printf("flags %s, owner %u\n", out_block_flags(query.block_flags), query.owner);
	return STATUS_DONE;
}
