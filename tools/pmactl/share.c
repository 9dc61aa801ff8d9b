// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * share.c - the commands by which arenas hold blocks together
 *
 * A token is written as 32 hex digits.  It dies with the arena that made it, so one
 * that shall be claimed by another run comes from an arena with a name, or from a
 * shell that stays.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "pmactl.h"

#define TOKEN_DIGITS	32

static void tell_token(const struct session *s)
{
	char text[TOKEN_DIGITS + 1];

	snprintf(text, sizeof(text), "%016llx%016llx", s->token[0], s->token[1]);
	if (s->json)
		out_json(json_pack("{s:s}", "token", text));
	else
		puts(text);
}

static __u64 half_of(const char *digits)
{
	char half[TOKEN_DIGITS / 2 + 1] = "";

	memcpy(half, digits, TOKEN_DIGITS / 2);
	return strtoull(half, NULL, 16);
}

/* The token that is named, or that of the last `share'. */
static bool read_token(const struct session *s, const struct args *args, __u64 *token)
{
	const char *text = args->nr ? args->words[0] : "";

	memcpy(token, s->token, sizeof(s->token));
	if (!args->nr) {
		if (!s->has_token)
			session_complain(s, "nothing has been shared here: a token is needed");
		return s->has_token;
	}
	if (strlen(text) != TOKEN_DIGITS ||
	    strspn(text, "0123456789abcdefABCDEF") != TOKEN_DIGITS) {
		session_complain(s, "'%s' is not a token of %d hex digits", text, TOKEN_DIGITS);
		return false;
	}
	token[0] = half_of(text);
	token[1] = half_of(text + TOKEN_DIGITS / 2);
	return true;
}

enum status share_block(struct session *s, const struct args *args)
{
	__u32 flags = args->given & OPTION_WRITE ? PMA_SHARE_WRITE : 0;
	__u64 claims = args->given & OPTION_CLAIMS ? args->claims : 1;
	__u64 handle;
	int err;

	if (!command_value(s, "handle", args->words[0], &handle))
		return STATUS_USAGE;
	if (claims > PMA_CLAIMS_MAX) {
		session_complain(s, "--claims: a token is for up to %d", PMA_CLAIMS_MAX);
		return STATUS_USAGE;
	}
	err = device_share(s->arena->fd, handle, flags, claims, s->token);
	if (err)
		return session_refuse(s, REQUEST_SHARE, err, "share 0x%llx", handle);
	s->has_token = true;
	tell_token(s);
	return STATUS_DONE;
}

enum status share_claim(struct session *s, const struct args *args)
{
	__u64 token[2], handle, usable;
	int err;

	if (!read_token(s, args, token))
		return STATUS_USAGE;
	err = device_claim(s->arena->fd, token, &handle, &usable);
	if (err)
		return session_refuse(s, REQUEST_CLAIM, err, "claim");
	block_answer(s, handle, usable);
	return STATUS_DONE;
}

enum status share_take_back(struct session *s, const struct args *args)
{
	__u64 token[2];
	int err;

	if (!read_token(s, args, token))
		return STATUS_USAGE;
	err = device_unshare(s->arena->fd, token);
	if (err)
		return session_refuse(s, REQUEST_CLAIM, err, "unshare");
	return STATUS_DONE;
}
