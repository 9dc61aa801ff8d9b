// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * block.c - blocks with contents
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "pattern.h"
#include "test.h"

static unsigned char *buffer(size_t bytes)
{
	static unsigned char *buf;
	static size_t room;

	if (bytes > room) {
		room = bytes;
		buf = realloc(buf, room);
		if (!buf)
			abort();
	}
	return buf;
}

/* Opens an arena, and learns of the pool. */
int block_open(struct test *t, int flags)
{
	int fd = device_open(t->device, flags);

	if (fd < 0)
		NOTE(t, "can't open %s: errno %d", t->device, -fd);
	else
		WANT_OK(t, device_info(fd, &t->info));
	return fd;
}

size_t block_sizes(const struct test *t, __u64 *sizes, size_t room)
{
	const __u64 page = t->info.page_size, slab = t->info.slab_max;
	const __u64 candidates[] = {
		1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 200,
		slab - 1, slab, slab + 1, page - 1, page, page + 1, page * 5 / 4,
		page * 3 / 2, 2 * page - 1, 2 * page, 2 * page + 1, 3 * page, 5 * page + 8,
		7 * page - 100,
	};
	size_t i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(candidates) && nr < room; i++)
		sizes[nr++] = candidates[i];
	return nr;
}

bool block_alloc(struct test *t, int fd, __u64 size, struct block *block)
{
	*block = (struct block){ .size = size };
	return WANT_OK(t, device_alloc(fd, size, 0, 0, &block->handle, &block->usable)) &&
	       WANT_TRUE(t, block->usable >= size) &&
	       WANT_TRUE(t, block->handle < t->info.region_bytes) &&
	       WANT_TRUE(t, block->usable <= t->info.region_bytes - block->handle);
}

bool block_free(struct test *t, int fd, const struct block *block)
{
	return WANT_OK(t, device_free(fd, block->handle));
}

/* Fills a block up to its usable size. */
void block_fill(struct test *t, int fd, struct block *block, __u64 seed)
{
	unsigned char *buf = buffer(block->usable);

	block->seed = seed;
	pattern_fill(buf, block->usable, seed);
	WANT_OK(t, device_pwrite(fd, buf, block->usable, block->handle));
}

/* The first @bytes are what block_fill() wrote. */
bool block_verify(struct test *t, int fd, const struct block *block, __u64 bytes)
{
	unsigned char *buf = buffer(bytes);

	return WANT_OK(t, device_pread(fd, buf, bytes, block->handle)) &&
	       WANT(t, pattern_match(buf, bytes, block->seed), bytes);
}

/* The bytes [from, to) of a block are zero. */
bool block_verify_zero(struct test *t, int fd, __u64 handle, __u64 from, __u64 to)
{
	unsigned char *buf = buffer(to - from);

	return WANT_OK(t, device_pread(fd, buf, to - from, handle + from)) &&
	       WANT(t, pattern_match_zero(buf, to - from), to - from);
}

/* For qsort(). */
int block_by_handle(const void *left, const void *right)
{
	const struct block *a = left, *b = right;

	return a->handle < b->handle ? -1 : a->handle > b->handle;
}

/*
 * A slab block, a big block, and a chunk of the heap: a size just above a page
 * wastes too much as whole pages.
 */
size_t block_of_each_kind(struct test *t, int fd, struct block *blocks)
{
	const __u64 sizes[BLOCK_KINDS_MAX] = {
		100, 2 * t->info.page_size, t->info.page_size + 100,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!block_alloc(t, fd, sizes[i], &blocks[i]))
			break;
		block_fill(t, fd, &blocks[i], 1000 + i);
	}
	return i;
}
