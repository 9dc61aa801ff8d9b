// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * refusal.c - the kernel's errors in words
 *
 * The ABI gives some errnos a meaning of its own; strerror() would mislead
 * there ("Invalid slot" for an interior handle).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pmactl.h"

#define ONLY(request)	(1U << REQUEST_##request)
#define ANY		(~0U)

static const struct {
	int err;
	unsigned int requests;
	const char *why;
} reasons[] = {		/* the first that fits */
	{ EINVAL, ONLY(NAME),
	  "a name has up to 31 letters, digits, '.', '_' and '-', a mode bits of 0666" },
	{ ENOENT, ONLY(NAME), "there is no arena of that name" },
	{ EEXIST, ONLY(NAME), "there is an arena of that name" },
	{ EACCES, ONLY(NAME), "its mode or owner does not allow it" },
	{ EDQUOT, ONLY(NAME), "one user may have 16 names without CAP_SYS_RESOURCE" },
	{ ENOSPC, ONLY(NAME), "there are as many names as there may be" },
	{ EINVAL, ONLY(LIMIT), "the reserve is above the limit" },
	{ EPERM, ONLY(LIMIT), "more than it was is for CAP_SYS_RESOURCE only" },
	{ ENOMEM, ONLY(LIMIT), "the pool has not so many pages to promise" },
	{ ETIMEDOUT, ONLY(ALLOC), "nothing was left that fits, in all that time" },
	{ EINVAL, ONLY(SHARE), "a token is for 1 to 65535 claims" },
	{ EOPNOTSUPP, ONLY(SHARE), "only blocks of whole pages are shared" },
	{ ENOSPC, ONLY(SHARE), "as many tokens are out as there may be" },
	{ EKEYREJECTED, ONLY(CLAIM), "no such token, or it is used up, taken back or dead" },
	{ EEXIST, ONLY(CLAIM), "the arena holds the block already" },
	{ EROFS, ANY, "claimed for reading only" },
	{ EBUSY, ONLY(REALLOC), "shared, so it stays as it is" },
	{ EALREADY, ANY, "already free" },
	{ EACCES, ANY, "belongs to another arena" },
	{ EBADSLT, ONLY(TRANSFER), "runs over the end of the block" },
	{ EBADSLT, ANY, "inside a block, not at its start" },
	{ ERANGE, ANY, "outside the region" },
	{ ENOMEM, ONLY(ALLOC) | ONLY(REALLOC), "nothing left that fits" },
	{ ENOMEM, ONLY(CLAIM), "the arena's limit does not allow it, or there is no memory" },
	{ EINVAL, ONLY(ALLOC), "the size is 0, or the alignment no power of two up to a page" },
	{ EINVAL, ONLY(REALLOC), "size 0 of none, or the alignment no power of two up to a page" },
	{ EINVAL, ONLY(TRANSFER), "not a position in the region" },
	{ EPERM, ONLY(CHECK), "other arenas are for CAP_SYS_ADMIN only" },
	{ ENOTTY, ANY, "not a pma device, or one of another version" },
};

/* Why the kernel refused a request, in the words of pma where it has any; @err of either sign. */
const char *refusal_why(enum request what, int err)
{
	size_t i;

	err = abs(err);
	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].err == err && (reasons[i].requests & (1U << what)))
			return reasons[i].why;
	return strerror(err);
}

const char *refusal_name(int err)
{
	const char *name = strerrorname_np(abs(err));

	return name ? name : "unknown error";
}

/* The errno of this name, or 0. */
int refusal_number(const char *name)
{
	const char *known;
	int err;

	for (err = 1; err < 4096; err++) {
		known = strerrorname_np(err);
		if (known && !strcmp(known, name))
			return err;
	}
	return 0;
}
