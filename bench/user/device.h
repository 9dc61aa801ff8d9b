/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device.h - what the files of the program device share
 */
#ifndef _DEVICE_H
#define _DEVICE_H

#include <stddef.h>
#include <sys/types.h>

#include <linux/types.h>

#define MIB		(1 << 20)
#define FRAME		4096

/* An arena, and all of the region, as a process that shares blocks maps it. */
struct arena {
	int fd;
	char *base;
	size_t bytes;
};

/* device.c */

int open_device(const char *path);
void must(int result, const char *what);
__u64 median_of(__u64 (*repeat)(unsigned int), unsigned int arg);
void touch(char *at, size_t bytes);
void *map(int fd, off_t offset, size_t bytes, int flags);
int make_memfd(void);
struct arena open_arena(void);
void close_arena(const struct arena *arena);
__u64 alloc_big(const struct arena *arena);
void free_big(const struct arena *arena, __u64 handle);

/* handover.c */

void open_pipe(void);
void share_big(const struct arena *arena, __u64 handle, __u32 flags);
__u64 claim_big(const struct arena *arena);
void run_handovers(const char *name, unsigned int touched);

#endif /* _DEVICE_H */
