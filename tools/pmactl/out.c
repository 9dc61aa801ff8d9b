// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * out.c - records of the ABI as text and as JSON
 *
 * A table of fields says what a record holds, so that both forms tell the same
 * and a new field of the ABI is one line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "pmactl.h"

static const char * const kinds[] = {
	[PMA_KIND_FREE] = "free",
	[PMA_KIND_SLAB] = "slab",
	[PMA_KIND_BIG] = "big",
	[PMA_KIND_HEAP] = "heap",
	[PMA_KIND_HELD] = "held",
};

const char *out_kind(__u32 kind)
{
	return kind < ARRAY_SIZE(kinds) ? kinds[kind] : "?";
}

/* A handle in hex, or @none for the null handle. */
const char *out_handle(char *buf, size_t bytes, __u64 handle, const char *none)
{
	if (handle == PMA_HANDLE_NONE)
		return none;
	snprintf(buf, bytes, "0x%llx", handle);
	return buf;
}

/* The classic heap's letters, in their places. */
const char *out_block_flags(__u32 flags)
{
	static char text[6];

	snprintf(text, sizeof(text), "%c%c%c%s%s", flags & PMA_BLOCK_A ? 'A' : '-',
		 flags & PMA_BLOCK_M ? 'M' : '-', flags & PMA_BLOCK_P ? 'P' : '-',
		 flags & PMA_BLOCK_SHARED ? "S" : "", flags & PMA_BLOCK_READ_ONLY ? "R" : "");
	return text;
}

static const char *out_pool_flags(__u32 flags)
{
	static char text[40];

	snprintf(text, sizeof(text), "%s%s%s%s%s", flags ? "" : "-",
		 flags & PMA_POOL_TRACK ? "track " : "", flags & PMA_POOL_POW2 ? "pow2 " : "",
		 flags & PMA_POOL_ISOLATE ? "isolate " : "",
		 flags & PMA_POOL_ADAPTIVE ? "adaptive " : "");
	if (flags && *text)
		text[strlen(text) - 1] = '\0';
	return text;
}

static __u64 field_value(const struct field *field, const void *record)
{
	const char *at = (const char *)record + field->offset;
	__u64 wide;
	__u32 narrow;

	if (field->size == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, at, sizeof(narrow));
	return narrow;
}

static const char *field_text(const struct field *field, __u64 value, char *buf, size_t bytes)
{
	switch (field->format) {
	case FIELD_HANDLE:
		return out_handle(buf, bytes, value, "-");
	case FIELD_KIND:
		return out_kind(value);
	case FIELD_BLOCK_FLAGS:
		return out_block_flags(value);
	case FIELD_POOL_FLAGS:
		return out_pool_flags(value);
	case FIELD_LIMIT:
		if (value == PMA_LIMIT_NONE)
			return "none";
		break;
	case FIELD_NUMBER:
		break;
	}
	snprintf(buf, bytes, "%llu", value);
	return buf;
}

static json_t *field_json(const struct field *field, __u64 value)
{
	switch (field->format) {
	case FIELD_KIND:
	case FIELD_BLOCK_FLAGS:
	case FIELD_POOL_FLAGS:
		return json_string(field_text(field, value, NULL, 0));
	case FIELD_HANDLE:
		if (value == PMA_HANDLE_NONE)
			return json_null();
		break;
	case FIELD_LIMIT:
		if (value == PMA_LIMIT_NONE)
			return json_null();
		break;
	case FIELD_NUMBER:
		break;
	}
	return json_integer(value);
}

json_t *out_object(const struct field *fields, size_t nr, const void *record)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < nr; i++)
		json_object_set_new(object, fields[i].name,
				    field_json(&fields[i], field_value(&fields[i], record)));
	return object;
}

void out_text(const struct field *fields, size_t nr, const void *record)
{
	char buf[32];
	size_t i;

	for (i = 0; i < nr; i++)
		printf("%-16s %s\n", fields[i].name,
		       field_text(&fields[i], field_value(&fields[i], record), buf, sizeof(buf)));
}

/* Prints one document on one line, and lets it go. */
void out_json(json_t *json)
{
	if (!json || json_dumpf(json, stdout, JSON_COMPACT)) {
		fprintf(stderr, "pmactl: can't write JSON\n");
		exit(STATUS_IO);
	}
	putchar('\n');
	json_decref(json);
}
