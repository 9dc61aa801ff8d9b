// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * block.c - the calls of pma.h
 *
 * The fast way is a look into the table and a magazine.  The slow way, apart from
 * it, is for whatever is not so simple: no cache yet, a magazine that is empty or
 * full, blocks that are not slab blocks, pointers that are not blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib.h"

#define EXPORT		__attribute__((visibility("default")))
#define SLOW		__attribute__((noinline, cold))

/* Opening and closing. */

/* The region, at an address that is aligned as a page is, which may be 64 KiB. */
static int map_region(struct pma *pma)
{
	size_t page = (size_t)1 << pma->page_shift, bytes = pma->region_bytes;
	char *room = mmap(NULL, bytes + page, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return -errno;
	pma->base = (char *)(((uintptr_t)room + page - 1) & -page);
	if (mmap(pma->base, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, pma->fd, 0) ==
	    MAP_FAILED) {
		int err = -errno;

		munmap(room, bytes + page);
		return err;
	}
	if (pma->base > room)
		munmap(room, pma->base - room);
	munmap(pma->base + bytes, room + page - pma->base);
	if (pma->alone)
		madvise(pma->base, bytes, MADV_DONTFORK);
	return 0;
}

static int open_arena(struct pma *pma, const char *path, struct pma_open_args *named)
{
	struct pma_info info;
	int err;

	pma->fd = open(path ? path : "/dev/pma", O_RDWR | O_CLOEXEC);
	if (pma->fd < 0)
		return -errno;
	if (named) {
		err = ioctl(pma->fd, PMA_IOC_OPEN, named) ? -errno : 0;
		close(pma->fd);
		pma->fd = named->fd;
		if (err)
			return err;
	}
	if (ioctl(pma->fd, PMA_IOC_INFO, &info)) {
		err = -errno;
		goto close_fd;
	}
	pma->region_bytes = info.region_bytes;
	pma->page_shift = __builtin_ctz(info.page_size);
	pma->slab_max = info.slab_max;
	err = map_region(pma);
	if (err)
		goto close_fd;
	err = pma_table_open(pma, &info);
	if (!err)
		return 0;
	munmap(pma->base, pma->region_bytes);
close_fd:
	close(pma->fd);
	return err;
}

static struct pma *open_as(const char *path, struct pma_open_args *named, bool exact, bool alone)
{
	struct pma *pma;
	int err;

	pma = pma_cache_open();
	if (!pma)
		return NULL;
	pma->exact = exact;
	pma->alone = alone;
	err = open_arena(pma, path, named);
	if (!err)
		return pma;
	pma_cache_close(pma);
	errno = -err;
	return NULL;
}

EXPORT struct pma *pma_open(const char *path, unsigned int flags)
{
	if (flags & ~PMA_EXACT) {
		errno = EINVAL;
		return NULL;
	}
	return open_as(path, NULL, flags & PMA_EXACT, false);
}

/* What is too long has no end left, and is refused. */
static void put_name(char *to, const char *name)
{
	memset(to, 0, PMA_ARENA_NAME_MAX);
	memcpy(to, name, strnlen(name, PMA_ARENA_NAME_MAX));
}

/*
 * Without magazines: blocks in those of a process that is killed would be lost for
 * good, as the arena stays; and what a process has learnt of a page's class others
 * that don't share its table can make wrong.
 */
EXPORT struct pma *pma_open_named(const char *path, const char *name, unsigned int flags,
				  unsigned int mode)
{
	struct pma_open_args args = { .flags = flags, .mode = mode };

	if (flags & ~(PMA_OPEN_CREATE | PMA_OPEN_EXCL)) {
		errno = EINVAL;
		return NULL;
	}
	put_name(args.name, name);
	return open_as(path, &args, true, false);
}

EXPORT int pma_unlink(const char *path, const char *name)
{
	int fd = open(path ? path : "/dev/pma", O_RDWR | O_CLOEXEC), err;
	struct pma_unlink_args args;

	if (fd < 0)
		return -1;
	put_name(args.name, name);
	err = ioctl(fd, PMA_IOC_UNLINK, &args) ? errno : 0;
	close(fd);
	errno = err ? err : errno;
	return err ? -1 : 0;
}

EXPORT void *pma_root(struct pma *pma)
{
	struct pma_root_args args;

	if (ioctl(pma->fd, PMA_IOC_ROOT, &args))
		return NULL;
	return pma_ptr(pma, args.handle);
}

EXPORT int pma_set_root(struct pma *pma, const void *block)
{
	struct pma_root_args args = { .handle = pma_handle(pma, block) };

	return ioctl(pma->fd, PMA_IOC_SET_ROOT, &args);
}

/**
 * pma_open_alone() - open an arena that a child of this process shall not have
 * @path: of the device, or NULL
 *
 * Return: the arena; NULL and errno on failure.
 */
struct pma *pma_open_alone(const char *path)
{
	return open_as(path, NULL, false, true);
}

EXPORT void pma_close(struct pma *pma)
{
	struct pma last;

	if (!pma)
		return;
	last = *pma;
	pma_cache_close(pma);
	pma_table_close(&last);
	munmap(last.base, last.region_bytes);
	close(last.fd);
}

/* Straight to the kernel. */

static void *alloc_direct(struct pma *pma, size_t align, size_t size, uint32_t flags)
{
	struct pma_alloc_args args = { .size = size, .align = align, .flags = flags };

	if (ioctl(pma->fd, PMA_IOC_ALLOC, &args))
		return NULL;
	pma_table_learn(pma, args.handle, align ? 0 : size, args.usable);
	return pma->base + args.handle;
}

/* If there is nothing left, what lies idle in the thread's own magazines may help. */
static void *alloc_or_flush(struct pma *pma, size_t align, size_t size, uint32_t flags)
{
	void *block = alloc_direct(pma, align, size, flags);

	if (block || errno != ENOMEM)
		return block;
	pma_flush(pma);
	return alloc_direct(pma, align, size, flags);
}

static int free_direct(struct pma *pma, const void *block)
{
	struct pma_free_args args = { .handle = pma_offset(pma, block) };

	return ioctl(pma->fd, PMA_IOC_FREE, &args);
}

/* malloc and free. */

static SLOW void *malloc_slow(struct pma *pma, size_t size)
{
	struct cache *cache;
	void *block;

	if (size - 1 < pma->slab_max && pma_class_for(pma, size)) {
		cache = pma_cache_get(pma);
		block = cache ? pma_cache_fill(pma, cache, size) : NULL;
		if (block)
			return block;
	}
	return alloc_or_flush(pma, 0, size, 0);
}

EXPORT void *pma_malloc(struct pma *pma, size_t size)
{
	void *block = pma_cache_pop(pma, size);

	return likely(block) ? block : malloc_slow(pma, size);
}

static SLOW int free_slow(struct pma *pma, void *block)
{
	size_t offset = pma_offset(pma, block);
	unsigned int class;
	struct cache *cache;

	if (!block)
		return 0;
	class = offset < pma->region_bytes ? pma_class_at(pma, offset) : 0;
	cache = class ? pma_cache_get(pma) : NULL;
	if (!cache)
		return free_direct(pma, block);
	if (pma_cache_put(pma, cache, class, block))
		return 0;
	errno = EALREADY;
	return -1;
}

EXPORT int pma_free(struct pma *pma, void *block)
{
	return likely(pma_cache_push(pma, block)) ? 0 : free_slow(pma, block);
}

/* What is made of them. */

EXPORT void *pma_calloc(struct pma *pma, size_t nr, size_t size)
{
	size_t bytes;
	void *block;

	if (__builtin_mul_overflow(nr, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes > pma->slab_max)
		return alloc_or_flush(pma, 0, bytes, PMA_ZERO);
	block = pma_malloc(pma, bytes);
	return block ? memset(block, 0, bytes) : NULL;
}

EXPORT void *pma_aligned_alloc(struct pma *pma, size_t align, size_t size)
{
	size_t rounded = (size + align - 1) & -align;
	void *block;

	if (!align || align & (align - 1) || align >> pma->page_shift > 1 || !size) {
		errno = EINVAL;
		return NULL;
	}
	/* Slab pages are aligned: a block is as far as its size is. */
	if (rounded <= pma->slab_max && rounded >= size) {
		block = pma_malloc(pma, rounded);
		if (!block || !((uintptr_t)block & (align - 1)))
			return block;
		pma_free(pma, block);
	}
	return alloc_or_flush(pma, align, size, 0);
}

/* The class of what may be a block; 0 also where only the kernel shall judge. */
static unsigned int class_of(const struct pma *pma, const void *block)
{
	size_t offset = pma_offset(pma, block);

	return offset < pma->region_bytes && !pma->exact ? pma_class_at(pma, offset) : 0;
}

EXPORT size_t pma_usable_size(struct pma *pma, void *block)
{
	struct pma_query_args args = { .handle = pma_offset(pma, block) };
	unsigned int class = class_of(pma, block);

	if (class)
		return pma_class_bytes(pma, class);
	return !block || ioctl(pma->fd, PMA_IOC_QUERY, &args) ? 0 : args.usable;
}

static void *realloc_direct(struct pma *pma, void *block, size_t size)
{
	struct pma_realloc_args args = { .handle = pma_offset(pma, block), .size = size };

	if (ioctl(pma->fd, PMA_IOC_REALLOC, &args)) {
		if (errno != ENOMEM)
			return NULL;
		pma_flush(pma);
		if (ioctl(pma->fd, PMA_IOC_REALLOC, &args))
			return NULL;
	}
	pma_table_learn(pma, args.handle, 0, args.usable);
	return pma->base + args.handle;
}

static void *realloc_copy(struct pma *pma, void *block, size_t have, size_t size)
{
	void *other = pma_malloc(pma, size);

	if (!other)
		return size <= have ? block : NULL;
	memcpy(other, block, have < size ? have : size);
	pma_free(pma, block);
	return other;
}

EXPORT void *pma_realloc(struct pma *pma, void *block, size_t size)
{
	size_t have;

	if (!block)
		return pma_malloc(pma, size);
	if (!size) {
		pma_free(pma, block);
		return NULL;
	}
	if (!class_of(pma, block) && (pma->exact || size > pma->slab_max))
		return realloc_direct(pma, block, size);
	have = pma_usable_size(pma, block);
	if (!have)
		return NULL;
	/* Shorter by less than half is not worth a copy. */
	if (size <= have && size > have / 2)
		return block;
	return realloc_copy(pma, block, have, size);
}

/* And besides. */

EXPORT uint64_t pma_handle(const struct pma *pma, const void *block)
{
	return block ? pma_offset(pma, block) : PMA_HANDLE_NONE;
}

EXPORT void *pma_ptr(const struct pma *pma, uint64_t handle)
{
	return handle < pma->region_bytes ? pma->base + handle : NULL;
}

EXPORT void pma_flush(struct pma *pma)
{
	pma_cache_flush(pma, pma_caches[pma->number]);
}

EXPORT int pma_fd(const struct pma *pma)
{
	return pma->fd;
}

EXPORT int pma_stats(struct pma *pma, struct pma_stats *stats)
{
	return ioctl(pma->fd, PMA_IOC_STATS, stats);
}
