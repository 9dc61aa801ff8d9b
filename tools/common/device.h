/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device.h - /dev/pma's calls as functions; each answers 0 or a negative errno
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stddef.h>

#include <linux/pma.h>

int device_open(const char *path, int flags);	/* a descriptor, if not negative */
int device_call(int fd, unsigned long command, void *args);
int device_info(int fd, struct pma_info *info);
int device_alloc(int fd, __u64 size, __u32 align, __u32 flags, __u64 *handle, __u64 *usable);
int device_alloc_wait(int fd, __u64 size, __u32 align, __u32 flags, __u32 timeout_ms,
		      __u64 *handle, __u64 *usable);
int device_free(int fd, __u64 handle);
int device_alloc_batch(int fd, struct pma_alloc_batch_args *args);
int device_free_batch(int fd, const __u64 *handles, __u32 nr, __u32 *done);
int device_realloc(int fd, __u64 *handle, __u64 size, __u32 align, __u32 flags, __u64 *usable);
int device_query(int fd, __u64 handle, __u32 flags, struct pma_query_args *args);
int device_stats(int fd, struct pma_stats *stats);
int device_dump(int fd, __u32 what, __u64 *cursor, void *records, __u32 *nr);
int device_check(int fd, __u32 flags, struct pma_check_args *args);
int device_reset(int fd);
/* As device_open(); @fd is any arena. */
int device_open_named(int fd, const char *name, __u32 flags, __u32 mode);
int device_unlink(int fd, const char *name);
int device_tag(int fd, const char *tag);
int device_root(int fd, __u64 *handle);
int device_set_root(int fd, __u64 handle);
int device_limit(int fd, struct pma_limit_args *args);
int device_share(int fd, __u64 handle, __u32 flags, __u32 nr_claims, __u64 *token);
int device_claim(int fd, const __u64 *token, __u64 *handle, __u64 *usable);
int device_unshare(int fd, const __u64 *token);
int device_export(int fd, __u64 handle, int *dmabuf, __u64 *size);
int device_pread(int fd, void *buf, size_t bytes, __u64 handle);
int device_pwrite(int fd, const void *buf, size_t bytes, __u64 handle);

#endif /* DEVICE_H */
