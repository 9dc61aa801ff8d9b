// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dmabuf.c - big blocks as dma-bufs
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

#define PAGES	5

static bool sync_access(struct test *t, int dmabuf, __u64 flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return WANT(t, ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync), 0);
}

/* Exports a block of the test's arena; -1 where that can't be. */
static int export_block(struct test *t, struct block *block)
{
	__u64 size;
	int dmabuf;

	if (!reach_can(t) || !block_alloc(t, t->fd, PAGES * t->info.page_size, block) ||
	    !WANT_OK(t, device_export(t->fd, block->handle, &dmabuf, &size)))
		return -1;
	WANT(t, size, block->usable);
	WANT(t, lseek(dmabuf, 0, SEEK_END), block->usable);
	WANT_TRUE(t, fcntl(dmabuf, F_GETFD) & FD_CLOEXEC);
	return dmabuf;
}

/* Both mappings show the same memory. */
static void dmabuf_maps(struct test *t)
{
	struct block block;
	int dmabuf = export_block(t, &block);
	char *base, *map;

	if (dmabuf < 0)
		return;
	base = reach_map(t, t->fd);
	map = mmap(NULL, block.usable, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	WANT_TRUE(t, map != MAP_FAILED);
	reach_fill(base, &block, 1);
	sync_access(t, dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	WANT(t, pattern_match(map, block.usable, 1), block.usable);
	pattern_fill(map, block.usable, 2);
	sync_access(t, dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	block.seed = 2;
	reach_verify(t, base, &block);
	block_verify(t, t->fd, &block, block.usable);
	WANT(t, munmap(map, block.usable), 0);
	/* a part of it; not more than it; not as a copy */
	map = mmap(NULL, t->info.page_size, PROT_READ, MAP_SHARED, dmabuf, 2 * t->info.page_size);
	WANT_TRUE(t, map != MAP_FAILED);
	WANT(t, memcmp(map, base + block.handle + 2 * t->info.page_size, t->info.page_size), 0);
	WANT(t, munmap(map, t->info.page_size), 0);
	WANT_TRUE(t, mmap(NULL, block.usable + t->info.page_size, PROT_READ, MAP_SHARED, dmabuf,
			  0) == MAP_FAILED);
	WANT_TRUE(t, mmap(NULL, block.usable, PROT_READ, MAP_PRIVATE, dmabuf, 0) == MAP_FAILED);
	WANT_ERR(t, device_realloc(t->fd, &block.handle, 100, 0, 0, &block.usable), EBUSY);
	block_free(t, t->fd, &block);
	reach_unmap(t, base);
	close(dmabuf);
}

/* It lives without who exported it, and the block with it; a mapping keeps both. */
static void dmabuf_outlives(struct test *t)
{
	__u32 free_before = stats_get(t, t->fd).pool_free_pages;
	struct block block;
	int dmabuf = export_block(t, &block);
	char *map;

	if (dmabuf < 0)
		return;
	block_fill(t, t->fd, &block, 3);
	WANT(t, stats_get(t, t->fd).pool_arenas, 2);
	block_free(t, t->fd, &block);
	WANT(t, stats_get(t, t->fd).charged_pages, 0);
	WANT(t, stats_get(t, t->fd).pool_free_pages, free_before - PAGES);
	map = mmap(NULL, block.usable, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	close(dmabuf);
	WANT_TRUE(t, map != MAP_FAILED);
	WANT(t, pattern_match(map, block.usable, 3), block.usable);
	WANT(t, madvise(map, block.usable, MADV_DONTNEED), 0);
	WANT(t, pattern_match(map, block.usable, 3), block.usable);
	WANT(t, munmap(map, block.usable), 0);
	stats_wait_free(t, free_before);
	WANT(t, stats_get(t, t->fd).pool_arenas, 1);
}

static void want_no_export(struct test *t, int fd, __u64 handle, int err, int counter)
{
	__u64 size;
	int dmabuf;

	test_context(t, "handle 0x%llx", handle);
	WANT_REFUSED(t, fd, device_export(fd, handle, &dmabuf, &size), err, counter);
}

static void dmabuf_bad(struct test *t)
{
	struct pma_export_args args = { .flags = 1 };
	struct block block, slab;
	__u64 token[2], handle, usable, size;
	int other, dmabuf;

	if (!block_alloc(t, t->fd, PAGES * t->info.page_size, &block) ||
	    !block_alloc(t, t->fd, 64, &slab))
		return;
	if (t->info.page_size < (__u32)sysconf(_SC_PAGESIZE)) {
		want_no_export(t, t->fd, block.handle, EOPNOTSUPP, COUNTER(bad_args));
		WANT_OK(t, device_reset(t->fd));
		return;
	}
	other = block_open(t, O_RDWR);
	want_no_export(t, t->fd, slab.handle, EOPNOTSUPP, COUNTER(bad_args));
	want_no_export(t, t->fd, block.handle + 64, EBADSLT, COUNTER(bad_interior));
	want_no_export(t, t->fd, t->info.region_bytes, ERANGE, COUNTER(bad_range));
	want_no_export(t, other, block.handle, EACCES, COUNTER(bad_owner));
	args.handle = block.handle;
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_EXPORT, &args), EINVAL,
		     COUNTER(bad_args));
	args = (struct pma_export_args){ .handle = block.handle, .reserved = 1 };
	WANT_REFUSED(t, t->fd, device_call(t->fd, PMA_IOC_EXPORT, &args), EINVAL,
		     COUNTER(bad_args));
	/* who may only read can't let a device write */
	WANT_OK(t, device_share(t->fd, block.handle, 0, 1, token));
	WANT_OK(t, device_claim(other, token, &handle, &usable));
	want_no_export(t, other, block.handle, EROFS, COUNTER(bad_args));
	t->context[0] = '\0';
	close(other);
	other = block_open(t, O_RDONLY);
	WANT_ERR(t, device_export(other, block.handle, &dmabuf, &size), EBADF);
	close(other);
	WANT_OK(t, device_reset(t->fd));
}

static void want_module_held(struct test *t)
{
	WANT(t, syscall(SYS_delete_module, "pma", O_NONBLOCK), -1);
	WANT(t, errno, EWOULDBLOCK);
}

/* With no file of the device open: a dma-buf alone holds the module, and so does its mapping. */
static void dmabuf_holds_module(struct test *t)
{
	struct block block;
	int dmabuf;
	char *map;

	if (geteuid()) {
		t->skipped = "only root may try to unload the module";
		return;
	}
	dmabuf = export_block(t, &block);
	if (dmabuf < 0)
		return;
	close(t->fd);
	want_module_held(t);
	map = mmap(NULL, block.usable, PROT_READ, MAP_SHARED, dmabuf, 0);
	WANT_TRUE(t, map != MAP_FAILED);
	close(dmabuf);
	want_module_held(t);
	WANT(t, munmap(map, block.usable), 0);
	t->fd = block_open(t, O_RDWR);
}

const struct test_case dmabuf_cases[] = {
	{ "dmabuf_maps", dmabuf_maps },
	{ "dmabuf_outlives", dmabuf_outlives },
	{ "dmabuf_bad", dmabuf_bad },
	{ "dmabuf_holds_module", dmabuf_holds_module },
	{ }
};
