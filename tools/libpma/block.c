// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * block.c - the calls of pma.h
 *
 * The fast way is a look into the table and a magazine.  The slow way, apart from
 * it, is for whatever is not so simple: no cache yet, a magazine that is empty or
 * full, larger blocks (large.c), pointers that are not blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib.h"

#define EXPORT		__attribute__((visibility("default")))
#define COPIED_MAX	(128UL << 10)	/* to a parked block, rather than resized in the kernel */

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
	/* No two blocks above slab_max begin nearer to each other. */
	pma->piece_shift = __builtin_ctz(info.heap_chunk_min);
	err = map_region(pma);
	if (err)
		goto close_fd;
	err = pma_table_open(pma, &info);
	if (!err) {
		if (!pma->exact)
			pma_piece_plan(pma);
		return 0;
	}
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

/**
 * pma_alloc_call() - allocate a block by a call
 * @pma: the arena
 * @align: as for PMA_IOC_ALLOC
 * @size: as well
 * @flags: as well
 * @class: of pieces, if @size is its size; else 0
 *
 * Return: the block; NULL and errno.
 */
void *pma_alloc_call(struct pma *pma, size_t align, size_t size, uint32_t flags,
		     unsigned int class)
{
	struct pma_alloc_args args = { .size = size, .align = align, .flags = flags };

	if (ioctl(pma->fd, PMA_IOC_ALLOC, &args))
		return NULL;
	pma_table_learn(pma, args.handle, align ? 0 : size, args.usable, class);
	return pma->base + args.handle;
}

/* If there is nothing left, what lies idle may help. */
static void *alloc_or_reclaim(struct pma *pma, size_t align, size_t size)
{
	void *block = pma_alloc_call(pma, align, size, 0, 0);

	if (block || errno != ENOMEM)
		return block;
	pma_cache_reclaim(pma);
	return pma_alloc_call(pma, align, size, 0, 0);
}

/**
 * pma_free_call() - free a block by a call, which judges it
 * @pma: the arena
 * @block: anything
 *
 * Return: 0; -1 and errno.
 */
int pma_free_call(struct pma *pma, const void *block)
{
	struct pma_free_args args = { .handle = pma_offset(pma, block) };

	return ioctl(pma->fd, PMA_IOC_FREE, &args);
}

/* malloc and free: what is parked, then the kernel. */

static void *cached_alloc(struct pma *pma, size_t size)
{
	struct cache *cache;
	unsigned int class;

	if (size > pma->slab_max)
		return pma_large_pop(pma, size);
	class = pma_class_for(pma, size);
	cache = class ? pma_cache_get(pma) : NULL;
	return cache ? pma_cache_reload(pma, cache, class) : NULL;
}

/**
 * pma_cached_alloc() - a parked block, after the fast way has found none
 * @pma: the arena
 * @size: not 0
 *
 * No call of the kernel gives or takes memory here.
 *
 * Return: the block; NULL if the whole way has to be gone.
 */
void *pma_cached_alloc(struct pma *pma, size_t size)
{
	return pma_depot_is_due(pma) ? NULL : cached_alloc(pma, size);
}

/* The whole way; the kernel refuses size 0. */
static void *alloc_small(struct pma *pma, size_t size)
{
	unsigned int class = pma_class_for(pma, size);
	struct cache *cache = class ? pma_cache_get(pma) : NULL;
	void *block = NULL;

	if (cache)
		block = pma_cache_fill(pma, cache, class);
	return block ? block : alloc_or_reclaim(pma, 0, size);
}

/**
 * pma_malloc_slow() - pma_malloc() after its fast way
 * @pma: the arena
 * @size: of a class of which there is none in the thread's magazine, or of none
 */
SLOW void *pma_malloc_slow(struct pma *pma, size_t size)
{
	void *block;

	if (pma->exact || !size)
		return pma_alloc_call(pma, 0, size, 0, 0);
	pma_depot_tidy(pma);
	block = cached_alloc(pma, size);
	if (block)
		return block;
	return size > pma->slab_max ? pma_large_alloc(pma, size, 0) : alloc_small(pma, size);
}

EXPORT void *pma_malloc(struct pma *pma, size_t size)
{
	void *block;

	if (unlikely(size > pma->slab_max))
		return pma_large_malloc(pma, size);
	block = pma_cache_pop(pma, size);
	return likely(block) ? block : pma_malloc_slow(pma, size);
}

/* 1 if it is done, 0 if not; -1 and errno if it is free already. */
static int park(struct pma *pma, void *block, bool may_call)
{
	unsigned int class = pma_class_at(pma, pma_offset(pma, block));
	struct cache *cache;
	struct bin *bin;

	if (!pma_class_is_slab(class))
		return class == CLASS_PIECE ? pma_large_park(pma, block, may_call) : 0;
	cache = pma_cache_get(pma);
	if (!cache)
		return 0;
	bin = &cache->bins[class];
	if (bin->nr && bin->blocks[bin->nr] == block) {
		errno = EALREADY;
		return -1;
	}
	return pma_cache_put(pma, cache, class, block, may_call);
}

/**
 * pma_cached_free() - park a block, after the fast way could not
 * @pma: the arena
 * @block: inside the region
 *
 * No call of the kernel gives or takes memory here.
 *
 * Return: true if that is all; false if the whole way has to be gone.
 */
bool pma_cached_free(struct pma *pma, void *block)
{
	return !pma_depot_is_due(pma) && park(pma, block, false) > 0;
}

static SLOW int free_slow(struct pma *pma, void *block)
{
	int done;

	if (!block)
		return 0;
	if (pma->exact || pma_offset(pma, block) >= pma->region_bytes)
		return pma_free_call(pma, block);
	pma_depot_tidy(pma);
	done = park(pma, block, true);
	if (done)
		return done > 0 ? 0 : -1;
	return pma_free_call(pma, block);
}

EXPORT int pma_free(struct pma *pma, void *block)
{
	return likely(pma_push(pma, block)) ? 0 : free_slow(pma, block);
}

/* What is made of them. */

/* The kernel zeroes what comes from it. */
static APART void *calloc_slow(struct pma *pma, size_t size)
{
	void *block;

	if (size <= pma->slab_max) {
		block = pma_malloc_slow(pma, size);
	} else {
		pma_depot_tidy(pma);
		block = cached_alloc(pma, size);
		if (!block)
			return pma_large_alloc(pma, size, PMA_ZERO);
	}
	return block ? memset(block, 0, size) : NULL;
}

EXPORT void *pma_calloc(struct pma *pma, size_t nr, size_t size)
{
	size_t bytes;
	void *block;

	if (__builtin_mul_overflow(nr, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	block = pma_cache_pop(pma, bytes);
	return likely(block) ? pma_zero(block, bytes) : calloc_slow(pma, bytes);
}

/* A size whose blocks are aligned; 0 if the kernel has to be asked for one. */
static size_t size_for(const struct pma *pma, size_t align, size_t size)
{
	size_t page = (size_t)1 << pma->page_shift;
	size_t rounded = (size + align - 1) & -align;

	/* Slab pages are aligned: a block is as far as its size is. */
	if (rounded >= size && rounded <= pma->slab_max)
		return rounded;
	if (size > pma->large_max)
		return 0;
	return align <= 16 ? size : (size + page - 1) & -page;
}

EXPORT void *pma_aligned_alloc(struct pma *pma, size_t align, size_t size)
{
	size_t rounded;
	void *block;

	if (!align || align & (align - 1) || align >> pma->page_shift > 1 || !size) {
		errno = EINVAL;
		return NULL;
	}
	rounded = size_for(pma, align, size);
	if (rounded) {
		block = pma_malloc(pma, rounded);
		if (block && !((uintptr_t)block & (align - 1)))
			return block;
		if (block)
			pma_free(pma, block);
	}
	return alloc_or_reclaim(pma, align, size);
}

/* The class of what may be a slab block; 0 also where only the kernel shall judge. */
static unsigned int class_of(const struct pma *pma, const void *block)
{
	size_t offset = pma_offset(pma, block);
	unsigned int class;

	if (offset >= pma->region_bytes || pma->exact)
		return 0;
	class = pma_class_at(pma, offset);
	return pma_class_is_slab(class) ? class : 0;
}

/**
 * pma_known_size() - the size of a block, as far as it is known without a call
 * @pma: the arena
 * @block: not NULL
 *
 * Return: its class's; 0 if the kernel has to tell; -1 and EALREADY if it is free.
 */
ssize_t pma_known_size(const struct pma *pma, const void *block)
{
	unsigned int class = class_of(pma, block);

	if (class)
		return pma_class_bytes(pma, class);
	if (pma->exact || pma_offset(pma, block) >= pma->region_bytes)
		return 0;
	return pma_piece_bytes(pma, block);
}

EXPORT size_t pma_usable_size(struct pma *pma, void *block)
{
	struct pma_query_args args = { .handle = pma_offset(pma, block) };
	ssize_t bytes = block ? pma_known_size(pma, block) : -1;

	if (bytes)
		return bytes > 0 ? bytes : 0;
	return ioctl(pma->fd, PMA_IOC_QUERY, &args) ? 0 : args.usable;
}

/* To @other, which was allocated for @size bytes, if it was. */
static inline void *move_to(struct pma *pma, void *other, void *block, size_t have, size_t size)
{
	if (!other)
		return size <= have ? block : NULL;
	pma_copy(other, block, have < size ? have : size);
	if (unlikely(!pma_cache_push(pma, block)))
		free_slow(pma, block);
	return other;
}

static inline void *move(struct pma *pma, void *block, size_t have, size_t size)
{
	void *other = pma_cache_pop(pma, size);

	return move_to(pma, likely(other) ? other : pma_malloc_slow(pma, size), block, have, size);
}

/* What is parked is nearest; but the kernel may resize the block where it is. */
static void *realloc_large(struct pma *pma, void *block, size_t have, size_t size)
{
	void *other = NULL;

	if (have && size <= COPIED_MAX && !*pma->fd_is_out)
		other = cached_alloc(pma, size);
	return other ? move_to(pma, other, block, have, size) :
		       pma_large_resize(pma, block, size);
}

/* Of what is no slab block, or no block. */
static APART void *realloc_slow(struct pma *pma, void *block, size_t size)
{
	ssize_t have;

	if (!block)
		return pma_malloc(pma, size);
	if (!size) {
		pma_free(pma, block);
		return NULL;
	}
	have = pma_known_size(pma, block);
	if (have < 0)
		return NULL;
	if (pma_is_good_for(have, size))
		return block;
	if (pma->exact || size > pma->slab_max)
		return realloc_large(pma, block, have, size);
	if (!have)
		have = pma_usable_size(pma, block);
	return have ? move(pma, block, have, size) : NULL;
}

EXPORT void *pma_realloc(struct pma *pma, void *block, size_t size)
{
	unsigned int class = block && size ? class_of(pma, block) : 0;
	size_t have;

	if (unlikely(!class))
		return realloc_slow(pma, block, size);
	have = pma_class_bytes(pma, class);
	return pma_is_good_for(have, size) ? block : move(pma, block, have, size);
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
	if (pma->exact)
		return;
	pma_cache_flush(pma, pma_caches[pma->number]);
	pma_depot_flush(pma);
}

EXPORT int pma_fd(const struct pma *pma)
{
	/* It may be used to share blocks: see is_shared() in large.c. */
	atomic_store(pma->fd_is_out, 1);
	return pma->fd;
}

EXPORT int pma_stats(struct pma *pma, struct pma_stats *stats)
{
	return ioctl(pma->fd, PMA_IOC_STATS, stats);
}
