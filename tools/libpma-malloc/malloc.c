// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * malloc.c - malloc(3) and its kin over an arena
 *
 * To the letter of glibc: size 0 gives a block of its own, realloc(p, 0) frees,
 * blocks are aligned to 16 bytes, free() keeps errno, a wrong pointer ends the
 * program with a message.
 *
 * The fast way is a magazine of the thread's (libpma/lib.h).  The slow way sorts
 * out whose a block is: the arena's, the parent's of before a fork, early memory.
 *
 * The kernel aligns to its page at most.  A block for more is one of whole pages
 * that is longer, and the pointer is to a page inside it, which the page table
 * marks (CLASS_INSIDE).
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "heap.h"

#define ALIGN_MIN	16U

/* libc's own, under names that nobody replaces. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t nr, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t align, size_t size);
extern void __libc_free(void *block);

/* malloc(0) is a block, too; the smallest there is serves what is less than 16 bytes. */
static size_t at_least(size_t size)
{
	return size < ALIGN_MIN ? ALIGN_MIN : size;
}

static bool is_inside(const void *block)
{
	return pma_class_at(heap, pma_offset(heap, block)) == CLASS_INSIDE;
}

/* Pointers that are inside their block. */

static void mark_page(const void *block, unsigned int class)
{
	atomic_store_explicit(&heap->page_class[pma_offset(heap, block) >> heap->page_shift],
			      class, memory_order_relaxed);
}

static char *alloc_inside(size_t align, size_t size)
{
	size_t page = (size_t)1 << heap->page_shift, bytes;
	char *block, *inside;

	if (__builtin_add_overflow(size, align - page, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	block = pma_aligned_alloc(heap, page, bytes);
	if (!block)
		return NULL;
	inside = (char *)(((uintptr_t)block + align - 1) & -align);
	if (inside != block)
		mark_page(inside, CLASS_INSIDE);
	return inside;
}

/* The kernel's answer, with usable counted from @inside on. */
static int query_inside(const void *inside, struct pma_query_args *args)
{
	*args = (struct pma_query_args){
		.handle = pma_offset(heap, inside),
		.flags = PMA_QUERY_INTERIOR,
	};
	if (ioctl(heap->fd, PMA_IOC_QUERY, args))
		return -1;
	args->usable -= pma_offset(heap, inside) - args->start;
	return 0;
}

static int free_inside(void *inside)
{
	struct pma_query_args args;

	if (query_inside(inside, &args))
		return -1;
	mark_page(inside, CLASS_PIECE);
	return pma_free(heap, heap->base + args.start);
}

/* Allocating. */

static void *alloc_arena(size_t align, size_t size, bool zero)
{
	void *block;

	heap_enter();
	if (align >> heap->page_shift > 1) {
		block = alloc_inside(align, size);
		if (block && zero)
			memset(block, 0, size);
	} else if (align > ALIGN_MIN) {
		block = pma_aligned_alloc(heap, align, size);
	} else {
		block = zero ? pma_calloc(heap, 1, size) : pma_malloc(heap, size);
	}
	heap_leave();
	if (!block && errno != ENOMEM)
		report_lost("allocate", errno);
	return block;
}

static void *alloc_libc(size_t align, size_t size, bool zero)
{
	if (align > ALIGN_MIN)
		return __libc_memalign(align, size);
	return zero ? __libc_calloc(1, size) : __libc_malloc(size);
}

/* What is parked can be had while a fork copies the heap: no page changes hands. */
static void *alloc_cached(size_t align, size_t size, bool zero)
{
	void *block = align <= ALIGN_MIN ? pma_cached_alloc(heap, size) : NULL;

	return block && zero ? memset(block, 0, size) : block;
}

static APART void *alloc_slow(size_t align, size_t size, bool zero)
{
	void *block;

	switch (heap_kind()) {
	case HEAP_ARENA:
		block = alloc_cached(align, at_least(size), zero);
		return block ? block : alloc_arena(align, at_least(size), zero);
	case HEAP_LIBC:
		return alloc_libc(align, size, zero);
	default:
		return heap_early_alloc(align, at_least(size));
	}
}

static APART void *malloc_slow(size_t size)
{
	/* no_arena has none */
	void *block = size > heap->slab_max ? pma_large_pop(heap, size) : NULL;

	return block ? block : alloc_slow(ALIGN_MIN, size, false);
}

EXPORT void *malloc(size_t size)
{
	void *block = pma_cache_pop(heap, size);

	return likely(block) ? block : malloc_slow(size);
}

EXPORT void *calloc(size_t nr, size_t size)
{
	size_t bytes;
	void *block;

	if (unlikely(__builtin_mul_overflow(nr, size, &bytes))) {
		errno = ENOMEM;
		return NULL;
	}
	block = pma_cache_pop(heap, bytes);
	if (likely(block))
		return pma_zero(block, bytes);
	return alloc_slow(ALIGN_MIN, bytes, true);
}

EXPORT void *memalign(size_t align, size_t size)
{
	if (align <= ALIGN_MIN)
		return malloc(size);
	if (align > SIZE_MAX / 2 + 1) {
		errno = EINVAL;
		return NULL;
	}
	/* As glibc does it: the next power of two. */
	if (align & (align - 1))
		align = (size_t)1 << (64 - __builtin_clzl(align));
	return alloc_slow(align, size, false);
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

EXPORT int posix_memalign(void **to, size_t align, size_t size)
{
	int err = errno;
	void *block;

	if (!align || align & (align - 1) || align % sizeof(void *))
		return EINVAL;
	block = memalign(align, size);
	errno = err;
	if (!block)
		return ENOMEM;
	*to = block;
	return 0;
}

EXPORT void *valloc(size_t size)
{
	return memalign(sysconf(_SC_PAGESIZE), size);
}

EXPORT void *pvalloc(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE), rounded = (size + page - 1) & -page;

	if (rounded < size) {
		errno = ENOMEM;
		return NULL;
	}
	return memalign(page, rounded);
}

/* Freeing. */

static void free_arena(void *block)
{
	int refused;

	heap_enter();
	refused = is_inside(block) ? free_inside(block) : pma_free(heap, block);
	heap_leave();
	if (refused)
		report_bad_pointer("free", block, errno);
}

static void free_elsewhere(void *block)
{
	if (heap_early_size(block) || fork_forget(block))
		return;
	if (heap_kind() != HEAP_LIBC)
		report_bad_pointer("free", block, ERANGE);
	__libc_free(block);
}

static APART void free_slow(void *block)
{
	int err = errno;

	if (!block)
		return;
	if (!heap_has(block))
		free_elsewhere(block);
	else if (!pma_cached_free(heap, block))
		free_arena(block);
	errno = err;
}

EXPORT void free(void *block)
{
	if (unlikely(!pma_push(heap, block)))
		free_slow(block);
}

/* Sizes. */

static size_t usable_arena(void *block)
{
	struct pma_query_args args;
	size_t size;

	heap_enter();
	if (!is_inside(block))
		size = pma_usable_size(heap, block);
	else
		size = query_inside(block, &args) ? 0 : args.usable;
	heap_leave();
	return size;
}

/* 0 for what is no block. */
static size_t usable(void *block)
{
	ssize_t known;
	size_t size;

	if (heap_has(block)) {
		known = is_inside(block) ? 0 : pma_known_size(heap, block);
		if (known < 0)
			return 0;
		return known ? (size_t)known : usable_arena(block);
	}
	size = heap_early_size(block);
	return size ? size : fork_usable(block);
}

/* There is no other name for it. */
static size_t usable_libc(void *block)
{
	size_t (*libc)(void *block) = dlsym(RTLD_NEXT, "malloc_usable_size");

	return libc(block);
}

EXPORT size_t malloc_usable_size(void *block)
{
	int err = errno;
	size_t size;

	if (!block)
		return 0;
	size = usable(block);
	if (!size && heap_kind() == HEAP_LIBC)
		size = usable_libc(block);
	errno = err;
	return size;
}

/* Changing a size. */

static void *move(void *block, size_t have, size_t size)
{
	void *other = malloc(size);

	if (!other)
		return NULL;
	memcpy(other, block, have < size ? have : size);
	free(block);
	return other;
}

/* Of slab blocks, which are the arena's. */
static inline void *resize_small(void *block, size_t have, size_t size)
{
	void *other;

	if (pma_is_good_for(have, size))
		return block;
	other = pma_cache_pop(heap, size);
	if (unlikely(!other))
		other = alloc_slow(ALIGN_MIN, size, false);
	if (unlikely(!other))
		return NULL;
	pma_copy(other, block, have < size ? have : size);
	if (unlikely(!pma_cache_push(heap, block)))
		free_slow(block);
	return other;
}

/* Whole pages and chunks, which the kernel can grow where they are. */
static void *resize_arena(void *block, size_t size)
{
	void *other;

	heap_enter();
	other = pma_realloc(heap, block, size);
	heap_leave();
	if (!other && errno != ENOMEM)
		report_bad_pointer("realloc", block, errno);
	return other;
}

static void *realloc_elsewhere(void *block, size_t size)
{
	size_t have = usable(block);

	if (!have && heap_kind() == HEAP_LIBC)
		return __libc_realloc(block, size);
	if (!have)
		report_bad_pointer("realloc", block, heap_has(block) ? errno : ERANGE);
	return pma_is_good_for(have, size) ? block : move(block, have, size);
}

static APART void *realloc_slow(void *block, size_t size)
{
	ssize_t have;

	if (!block)
		return malloc(size);
	if (!size) {
		free(block);
		return NULL;
	}
	size = at_least(size);
	if (!heap_has(block) || is_inside(block))
		return realloc_elsewhere(block, size);
	have = pma_known_size(heap, block);
	return have > 0 && pma_is_good_for(have, size) ? block : resize_arena(block, size);
}

EXPORT void *realloc(void *block, size_t size)
{
	size_t offset = pma_offset(heap, block);
	unsigned int class = offset < heap->region_bytes ? pma_class_at(heap, offset) : 0;

	if (unlikely(!pma_class_is_slab(class) || !size))
		return realloc_slow(block, size);
	return resize_small(block, pma_class_bytes(heap, class), at_least(size));
}

EXPORT void *reallocarray(void *block, size_t nr, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nr, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, bytes);
}

/* What tunes and asks libc's heap: nothing to tune here. */

EXPORT int mallopt(int parameter, int value)
{
	return 1;
}

EXPORT int malloc_trim(size_t kept)
{
	if (heap_kind() != HEAP_ARENA)
		return 0;
	heap_enter();
	pma_flush(heap);
	heap_leave();
	return 1;
}

EXPORT struct mallinfo2 mallinfo2(void)
{
	struct mallinfo2 info = { };
	struct pma_stats stats;

	if (heap_kind() != HEAP_ARENA || pma_stats(heap, &stats))
		return info;
	info.arena = (size_t)stats.arena_pages << heap->page_shift;
	info.uordblks = stats.live_bytes - pma_depot_bytes(heap);
	info.fordblks = info.arena > info.uordblks ? info.arena - info.uordblks : 0;
	info.usmblks = stats.peak_bytes;
	return info;
}

EXPORT struct mallinfo mallinfo(void)
{
	struct mallinfo2 info = mallinfo2();

	return (struct mallinfo){
		.arena = info.arena,
		.uordblks = info.uordblks,
		.fordblks = info.fordblks,
		.usmblks = info.usmblks,
	};
}
