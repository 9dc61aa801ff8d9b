// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * device.c - /dev/pma's calls as functions
 *
 * Each function fills in one argument struct, so that reserved fields are zero,
 * and answers 0 or a negative errno, as the kernel's own functions do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

/* Any call: for those that fill in the arguments themselves. */
int device_call(int fd, unsigned long command, void *args)
{
	return ioctl(fd, command, args) ? -errno : 0;
}

int device_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int device_info(int fd, struct pma_info *info)
{
	return device_call(fd, PMA_IOC_INFO, info);
}

int device_alloc(int fd, __u64 size, __u32 align, __u32 flags, __u64 *handle, __u64 *usable)
{
	return device_alloc_wait(fd, size, align, flags, 0, handle, usable);
}

int device_alloc_wait(int fd, __u64 size, __u32 align, __u32 flags, __u32 timeout_ms,
		      __u64 *handle, __u64 *usable)
{
	struct pma_alloc_args args = {
		.size = size,
		.align = align,
		.flags = flags,
		.timeout_ms = timeout_ms,
	};
	int err = device_call(fd, PMA_IOC_ALLOC, &args);

	if (err)
		return err;
	*handle = args.handle;
	*usable = args.usable;
	return 0;
}

int device_free(int fd, __u64 handle)
{
	struct pma_free_args args = { .handle = handle };

	return device_call(fd, PMA_IOC_FREE, &args);
}

int device_alloc_batch(int fd, struct pma_alloc_batch_args *args)
{
	return device_call(fd, PMA_IOC_ALLOC_BATCH, args);
}

/* @done: as the kernel wrote it, on errors too. */
int device_free_batch(int fd, const __u64 *handles, __u32 nr, __u32 *done)
{
	struct pma_free_batch_args args = { .handles = (uintptr_t)handles, .nr = nr };
	int err = device_call(fd, PMA_IOC_FREE_BATCH, &args);

	*done = args.done;
	return err;
}

int device_realloc(int fd, __u64 *handle, __u64 size, __u32 align, __u32 flags, __u64 *usable)
{
	struct pma_realloc_args args = {
		.handle = *handle,
		.size = size,
		.align = align,
		.flags = flags,
	};
	int err = device_call(fd, PMA_IOC_REALLOC, &args);

	if (err)
		return err;
	*handle = args.handle;
	*usable = args.usable;
	return 0;
}

int device_query(int fd, __u64 handle, __u32 flags, struct pma_query_args *args)
{
	*args = (struct pma_query_args){ .handle = handle, .flags = flags };
	return device_call(fd, PMA_IOC_QUERY, args);
}

int device_stats(int fd, struct pma_stats *stats)
{
	return device_call(fd, PMA_IOC_STATS, stats);
}

int device_dump(int fd, __u32 what, __u64 *cursor, void *records, __u32 *nr)
{
	struct pma_dump_args args = {
		.cursor = *cursor,
		.records = (uintptr_t)records,
		.what = what,
		.nr = *nr,
	};
	int err = device_call(fd, PMA_IOC_DUMP, &args);

	if (err)
		return err;
	*cursor = args.cursor;
	*nr = args.nr;
	return 0;
}

int device_check(int fd, __u32 flags, struct pma_check_args *args)
{
	*args = (struct pma_check_args){ .flags = flags };
	return device_call(fd, PMA_IOC_CHECK, args);
}

int device_reset(int fd)
{
	return device_call(fd, PMA_IOC_RESET, NULL);
}

/* What is too long is cut, and so refused: no end is left of it. */
static void put_name(char *to, size_t bytes, const char *from)
{
	memcpy(to, from, strnlen(from, bytes));
}

int device_open_named(int fd, const char *name, __u32 flags, __u32 mode)
{
	struct pma_open_args args = { .flags = flags, .mode = mode, .fd = -1 };
	int err;

	put_name(args.name, sizeof(args.name), name);
	err = device_call(fd, PMA_IOC_OPEN, &args);
	return err ? err : args.fd;
}

int device_unlink(int fd, const char *name)
{
	struct pma_unlink_args args = { };

	put_name(args.name, sizeof(args.name), name);
	return device_call(fd, PMA_IOC_UNLINK, &args);
}

int device_tag(int fd, const char *tag)
{
	struct pma_tag_args args = { };

	put_name(args.tag, sizeof(args.tag), tag);
	return device_call(fd, PMA_IOC_TAG, &args);
}

int device_root(int fd, __u64 *handle)
{
	struct pma_root_args args = { };
	int err = device_call(fd, PMA_IOC_ROOT, &args);

	if (!err)
		*handle = args.handle;
	return err;
}

int device_set_root(int fd, __u64 handle)
{
	struct pma_root_args args = { .handle = handle };

	return device_call(fd, PMA_IOC_SET_ROOT, &args);
}

int device_limit(int fd, struct pma_limit_args *args)
{
	return device_call(fd, PMA_IOC_LIMIT, args);
}

int device_share(int fd, __u64 handle, __u32 flags, __u32 nr_claims, __u64 *token)
{
	struct pma_share_args args = { .handle = handle, .flags = flags, .nr_claims = nr_claims };
	int err = device_call(fd, PMA_IOC_SHARE, &args);

	if (err)
		return err;
	token[0] = args.token[0];
	token[1] = args.token[1];
	return 0;
}

int device_claim(int fd, const __u64 *token, __u64 *handle, __u64 *usable)
{
	struct pma_claim_args args = { .token = { token[0], token[1] } };
	int err = device_call(fd, PMA_IOC_CLAIM, &args);

	if (err)
		return err;
	*handle = args.handle;
	*usable = args.usable;
	return 0;
}

int device_unshare(int fd, const __u64 *token)
{
	struct pma_unshare_args args = { .token = { token[0], token[1] } };

	return device_call(fd, PMA_IOC_UNSHARE, &args);
}

int device_export(int fd, __u64 handle, int *dmabuf, __u64 *size)
{
	struct pma_export_args args = { .handle = handle };
	int err = device_call(fd, PMA_IOC_EXPORT, &args);

	if (err)
		return err;
	*dmabuf = args.fd;
	*size = args.size;
	return 0;
}

/*
 * A transfer is all or nothing, except that the kernel caps any at 2 GiB: what
 * is left then lies inside the same block and is asked for again.
 */
int device_pread(int fd, void *buf, size_t bytes, __u64 handle)
{
	ssize_t n;

	while (bytes) {
		n = pread(fd, buf, bytes, handle);
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO;
		buf = (char *)buf + n;
		handle += n;
		bytes -= n;
	}
	return 0;
}

int device_pwrite(int fd, const void *buf, size_t bytes, __u64 handle)
{
	ssize_t n;

	while (bytes) {
		n = pwrite(fd, buf, bytes, handle);
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO;
		buf = (const char *)buf + n;
		handle += n;
		bytes -= n;
	}
	return 0;
}
