// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * contents.c - the commands that read and write the bytes of a block
 *
 * A transfer may begin anywhere in a block.  Without a length it goes to the
 * end of the block's usable bytes.  A *pattern* is bytes that are repeated:
 * a text, or hex digits after 0x.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "pmactl.h"

/* A transfer: where, and a buffer of its length. */
struct span {
	__u64 handle;
	size_t bytes;
	unsigned char *buf;
};

static enum status span_to_end(struct session *s, const char *what, struct span *span)
{
	struct pma_query_args query;
	int err;

	err = device_query(s->arena->fd, span->handle, PMA_QUERY_INTERIOR, &query);
	if (err)
		return session_refuse(s, REQUEST_QUERY, err, "%s 0x%llx", what, span->handle);
	span->bytes = query.start + query.usable - span->handle;
	return STATUS_DONE;
}

static enum status span_get(struct session *s, const char *what, const char *handle,
			    const char *length, struct span *span)
{
	enum status status = STATUS_DONE;
	__u64 bytes;

	if (!command_value(s, "handle", handle, &span->handle))
		return STATUS_USAGE;
	if (length) {
		if (!command_value(s, "length", length, &bytes))
			return STATUS_USAGE;
		span->bytes = bytes;
	} else {
		status = span_to_end(s, what, span);
	}
	if (status)
		return status;
	span->buf = malloc(span->bytes ? span->bytes : 1);
	if (!span->buf) {
		session_complain(s, "%s: no memory for %zu bytes", what, span->bytes);
		return STATUS_IO;
	}
	return STATUS_DONE;
}

static enum status span_transfer(struct session *s, const char *what, struct span *span)
{
	int err;

	if (!strcmp(what, "write") || !strcmp(what, "fill"))
		err = device_pwrite(s->arena->fd, span->buf, span->bytes, span->handle);
	else
		err = device_pread(s->arena->fd, span->buf, span->bytes, span->handle);
	if (!err)
		return STATUS_DONE;
	return session_refuse(s, REQUEST_TRANSFER, err, "%s %zu bytes at 0x%llx", what,
			      span->bytes, span->handle);
}

enum status contents_write(struct session *s, const struct args *args)
{
	struct span span = { .buf = (unsigned char *)args->words[1] };

	if (!command_value(s, "handle", args->words[0], &span.handle))
		return STATUS_USAGE;
	span.bytes = strlen(args->words[1]);
	return span_transfer(s, "write", &span);
}

static void print_line(const struct span *span, size_t at)
{
	size_t i, n = span->bytes - at < 16 ? span->bytes - at : 16;

	printf("%08llx ", span->handle + at);
	for (i = 0; i < 16; i++) {
		printf("%s", i == 8 ? "  " : " ");
		if (i < n)
			printf("%02x", span->buf[at + i]);
		else
			printf("  ");
	}
	printf("  |");
	for (i = 0; i < n; i++)
		putchar(isprint(span->buf[at + i]) ? span->buf[at + i] : '.');
	printf("|\n");
}

/* As hexdump -C: a line that says the same as the one before is folded to a star. */
static void print_text(const struct span *span)
{
	bool folded = false;
	size_t at;

	for (at = 0; at < span->bytes; at += 16) {
		if (at && span->bytes - at >= 16 &&
		    !memcmp(span->buf + at, span->buf + at - 16, 16)) {
			if (!folded)
				printf("*\n");
			folded = true;
			continue;
		}
		folded = false;
		print_line(span, at);
	}
	printf("%08llx\n", span->handle + span->bytes);
}

static void print_json(const struct span *span)
{
	char *hex = session_alloc(NULL, 2 * span->bytes + 1);
	size_t i;

	hex[0] = '\0';
	for (i = 0; i < span->bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", span->buf[i]);
	out_json(json_pack("{s:I, s:I, s:s}", "handle", (json_int_t)span->handle, "bytes",
			   (json_int_t)span->bytes, "hex", hex));
	free(hex);
}

enum status contents_read(struct session *s, const struct args *args)
{
	struct span span = { };
	enum status status;

	status = span_get(s, "read", args->words[0], args->nr > 1 ? args->words[1] : NULL, &span);
	if (!status)
		status = span_transfer(s, "read", &span);
	if (!status && s->json)
		print_json(&span);
	else if (!status)
		print_text(&span);
	free(span.buf);
	return status;
}

/* Turns the hex digits at @text into bytes, in place of a text. */
static bool pattern_from_hex(const char *text, unsigned char *bytes, size_t *length)
{
	size_t i, digits = strlen(text);
	char pair[3] = "";

	if (!digits || digits % 2)
		return false;
	for (i = 0; i < digits; i += 2) {
		if (!isxdigit((unsigned char)text[i]) || !isxdigit((unsigned char)text[i + 1]))
			return false;
		memcpy(pair, text + i, 2);
		bytes[i / 2] = strtoul(pair, NULL, 16);
	}
	*length = digits / 2;
	return true;
}

/* Repeats the pattern @text over @bytes of @buf; @buf must not hold @text. */
static bool pattern_spread(const struct session *s, const char *text, unsigned char *buf,
			   size_t bytes)
{
	size_t i, length = strlen(text);
	unsigned char *unit;
	bool ok = length > 0;

	unit = session_alloc(NULL, length + 1);
	memcpy(unit, text, length);
	if (!strncmp(text, "0x", 2))
		ok = pattern_from_hex(text + 2, unit, &length);
	if (!ok)
		session_complain(s, "'%s' is no pattern: a text, or pairs of hex digits after 0x",
				 text);
	for (i = 0; ok && i < bytes; i++)
		buf[i] = unit[i % length];
	free(unit);
	return ok;
}

enum status contents_fill(struct session *s, const struct args *args)
{
	struct span span = { };
	enum status status;

	status = span_get(s, "fill", args->words[0], args->nr > 2 ? args->words[2] : NULL, &span);
	if (!status && !pattern_spread(s, args->words[1], span.buf, span.bytes))
		status = STATUS_USAGE;
	if (!status)
		status = span_transfer(s, "fill", &span);
	free(span.buf);
	return status;
}

static enum status verify_compare(struct session *s, const struct span *span,
				  const unsigned char *wanted)
{
	size_t i = 0;

	while (i < span->bytes && span->buf[i] == wanted[i])
		i++;
	if (i < span->bytes) {
		session_complain(s, "verify 0x%llx: byte %zu of %zu is 0x%02x, not 0x%02x",
				 span->handle, i, span->bytes, span->buf[i], wanted[i]);
		return STATUS_WRONG;
	}
	if (s->json)
		out_json(json_pack("{s:I, s:I}", "handle", (json_int_t)span->handle, "verified",
				   (json_int_t)span->bytes));
	else
		printf("0x%llx: %zu bytes as expected\n", span->handle, span->bytes);
	return STATUS_DONE;
}

enum status contents_verify(struct session *s, const struct args *args)
{
	unsigned char *wanted = NULL;
	struct span span = { };
	enum status status;

	status = span_get(s, "verify", args->words[0], args->nr > 2 ? args->words[2] : NULL,
			  &span);
	if (!status) {
		wanted = session_alloc(NULL, span.bytes + 1);
		if (!pattern_spread(s, args->words[1], wanted, span.bytes))
			status = STATUS_USAGE;
	}
	if (!status)
		status = span_transfer(s, "verify", &span);
	if (!status)
		status = verify_compare(s, &span, wanted);
	free(wanted);
	free(span.buf);
	return status;
}
