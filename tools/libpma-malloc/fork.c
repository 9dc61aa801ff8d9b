// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fork.c - a heap of its own for a child
 *
 * An arena can only be mapped shared, but after a fork() whoever uses malloc counts
 * on memory that is his alone.  So:
 *
 *	prepare	all that gives pages back is kept out; what is parked goes back to
 *		the kernel, where a child can have it; what is in the arena's pages is
 *		copied to private memory, beside a list of the blocks whose sizes the
 *		class table does not tell
 *	parent	drops the copy
 *	child	moves the copy to where the arena was mapped (mremap(), no byte is
 *		copied again), lets go of the arena, opens one of its own
 *
 * The parent's blocks that a child inherits so are ordinary private memory.  They
 * can be used, resized (by moving) and freed; what is freed of whole pages goes back
 * to the system, the rest is not used again.  A child's child finds them copied as
 * any memory is, and what its parent has in an arena as described.
 *
 * The copy is made between the program's own handlers and the fork, as this one
 * is registered before any other: who holds locks across a fork finds what they
 * protect in one piece.  What other threads write meanwhile may be there in part;
 * a child may count on it after no fork.
 *
 * The arena's mapping is not there in a child (MADV_DONTFORK).  A child made
 * without handlers - _Fork(), clone() without CLONE_VM - would else write into its
 * parent's heap; so it gets a SIGSEGV where it touches it.  vfork(), posix_spawn()
 * and the like run in the parent's memory, and nothing is copied for them.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "heap.h"

#define FRAME		4096UL
#define HUGE		(2UL << 20)
#define NR_PAGES	512
#define NR_BLOCKS	256

struct piece {
	uint64_t handle;
	uint64_t size;
};

/**
 * struct inherited - a parent's arena as it was when it forked
 * @next: of the parent's own parent
 * @pma: base, tables; the file is closed
 * @contents: the copy, before it is moved
 * @room: mapped for it, and its length
 * @bytes: of this struct's own mapping
 * @nr: of @pieces
 * @pieces: blocks that are no slab blocks, by handle
 */
struct inherited {
	struct inherited *next;
	struct pma pma;
	char *contents;
	char *room;
	size_t room_bytes;
	size_t bytes;
	size_t nr;
	struct piece pieces[];
};

/* A handler that is never taken off again, as pthread_atfork()'s at exit. */
extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
			     void *dso);

static struct inherited *inherited;	/* the latest first */
static struct inherited *copy;		/* from prepare to parent or child */
static int copy_error;

/* Used by who has stopped the heap. */
static struct pma_page_rec pages[NR_PAGES];
static struct pma_block_rec blocks[NR_BLOCKS];

static void *map(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Making the copy. */

static void drop(struct inherited *old)
{
	munmap(old->room, old->room_bytes);
	munmap(old, old->bytes);
}

/* As many blocks as there can be; only what is used of this takes memory. */
static struct inherited *new_copy(const struct pma_info *info)
{
	size_t nr = info->region_bytes / info->heap_chunk_min + info->nr_pages;
	size_t bytes = sizeof(struct inherited) + nr * sizeof(struct piece);
	struct inherited *new = map(bytes);

	if (!new)
		return NULL;
	new->pma = *heap;
	new->bytes = bytes;
	new->next = inherited;
	/* Page tables are moved, not entries, where both places are alike to 2 MiB. */
	new->room_bytes = heap->region_bytes + HUGE;
	new->room = map(new->room_bytes);
	if (!new->room) {
		munmap(new, bytes);
		return NULL;
	}
	new->contents = new->room + (((uintptr_t)heap->base - (uintptr_t)new->room) & (HUGE - 1));
	return new;
}

/* Nobody touched it, or not yet: the copy reads as zeroes anyway. */
static bool is_zero(const char *frame)
{
	return !*frame && !memcmp(frame, frame + 1, FRAME - 1);
}

static void copy_bytes(struct inherited *to, size_t offset, size_t bytes)
{
	size_t end = offset + bytes;

	for (; offset < end; offset += FRAME)
		if (!is_zero(heap->base + offset))
			memcpy(to->contents + offset, heap->base + offset, FRAME);
}

static void note_piece(struct inherited *to, uint64_t handle, uint64_t size)
{
	to->pieces[to->nr++] = (struct piece){ .handle = handle, .size = size };
}

static int note_chunks(struct inherited *to, uint64_t start, uint64_t end)
{
	struct pma_dump_args args = {
		.cursor = start,
		.records = (uintptr_t)blocks,
		.what = PMA_DUMP_BLOCKS,
	};
	size_t i;

	while (args.cursor < end) {
		args.nr = NR_BLOCKS;
		if (ioctl(heap->fd, PMA_IOC_DUMP, &args))
			return -errno;
		for (i = 0; i < args.nr && blocks[i].handle < end; i++)
			note_piece(to, blocks[i].handle, blocks[i].usable);
	}
	return 0;
}

static int copy_run(struct inherited *to, const struct pma_page_rec *run)
{
	size_t start = (size_t)run->first_page << heap->page_shift;
	size_t bytes = (size_t)run->nr_pages << heap->page_shift;

	/* Nobody's: what is parked is not there in a child. */
	if (run->kind == PMA_KIND_BIG && pma_piece_is_parked(heap, start))
		return 0;
	copy_bytes(to, start, bytes);
	if (run->kind == PMA_KIND_BIG)
		note_piece(to, start, bytes);
	else if (run->kind == PMA_KIND_HEAP)
		return note_chunks(to, start, start + bytes);
	return 0;
}

static bool has_bytes(const struct pma_page_rec *run, const struct pma_info *info)
{
	return run->owner == info->arena &&
	       (run->kind == PMA_KIND_SLAB || run->kind == PMA_KIND_BIG ||
		run->kind == PMA_KIND_HEAP);
}

static int copy_pages(struct inherited *to, const struct pma_info *info)
{
	struct pma_dump_args args = {
		.records = (uintptr_t)pages,
		.what = PMA_DUMP_PAGES,
	};
	size_t i;
	int err = 0;

	while (!err && args.cursor != PMA_HANDLE_NONE) {
		args.nr = NR_PAGES;
		if (ioctl(heap->fd, PMA_IOC_DUMP, &args))
			return -errno;
		for (i = 0; !err && i < args.nr; i++)
			if (has_bytes(&pages[i], info))
				err = copy_run(to, &pages[i]);
	}
	return err;
}

static int copy_heap(void)
{
	struct pma_info info;
	struct inherited *new;
	int err;

	/* But for what is in other threads' magazines. */
	pma_flush(heap);
	if (ioctl(heap->fd, PMA_IOC_INFO, &info))
		return -errno;
	new = new_copy(&info);
	if (!new)
		return -ENOMEM;
	err = copy_pages(new, &info);
	if (err)
		drop(new);
	else
		copy = new;
	return err;
}

/* The three handlers. */

static void prepare(void)
{
	int err = errno;

	heap_stop();
	pma_cache_lock();
	copy_error = heap->region_bytes ? copy_heap() : 0;
	errno = err;
}

static void parent(void)
{
	int err = errno;

	if (copy)
		drop(copy);
	copy = NULL;
	pma_cache_unlock();
	heap_go_on();
	errno = err;
}

static void child(void)
{
	int err = errno;
	struct inherited *new = copy;
	struct pma *old = heap;

	if (copy_error)
		report_lost("copy the heap for a fork", -copy_error);
	copy = NULL;
	if (new) {
		if (mremap(new->contents, new->pma.region_bytes, new->pma.region_bytes,
			   MREMAP_MAYMOVE | MREMAP_FIXED, new->pma.base) == MAP_FAILED)
			report_lost("place the heap after a fork", errno);
		inherited = new;
		syscall(SYS_close, old->fd);	/* files.c would not */
		pma_cache_abandon(old);
	}
	heap_begin_child(new);
	errno = err;
}

/**
 * fork_register() - have forks handled from now on
 *
 * Handlers that come first are called last before a fork, and first after it.
 */
void fork_register(void)
{
	__register_atfork(prepare, parent, child, NULL);
}

/* What a child does with them. */

static struct inherited *find(const void *block)
{
	struct inherited *old = inherited;

	while (old && pma_offset(&old->pma, block) >= old->pma.region_bytes)
		old = old->next;
	return old;
}

/* The last one that begins at @handle or before. */
static const struct piece *find_piece(const struct inherited *old, uint64_t handle)
{
	size_t low = 0, high = old->nr, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (old->pieces[middle].handle <= handle)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || handle - old->pieces[low - 1].handle >= old->pieces[low - 1].size)
		return NULL;
	return &old->pieces[low - 1];
}

/**
 * fork_usable() - the size of a block that was inherited
 * @block: anything
 *
 * Return: its usable size; 0 if it is no such block.
 */
size_t fork_usable(const void *block)
{
	const struct inherited *old = find(block);
	const struct piece *piece;
	unsigned int class;
	size_t offset;

	if (!old)
		return 0;
	offset = pma_offset(&old->pma, block);
	class = pma_class_at(&old->pma, offset);
	if (pma_class_is_slab(class))
		return pma_class_bytes(&old->pma, class);
	piece = find_piece(old, offset);
	return piece ? piece->handle + piece->size - offset : 0;
}

/**
 * fork_forget() - free a block that was inherited
 * @block: anything
 *
 * Return: false if it is no such block.
 */
bool fork_forget(void *block)
{
	const struct inherited *old = find(block);
	const struct piece *piece;
	uintptr_t start, end;

	if (!old)
		return false;
	piece = find_piece(old, pma_offset(&old->pma, block));
	if (!piece)
		return true;
	start = ((uintptr_t)old->pma.base + piece->handle + FRAME - 1) & -FRAME;
	end = ((uintptr_t)old->pma.base + piece->handle + piece->size) & -FRAME;
	if (start < end)
		madvise((void *)start, end - start, MADV_DONTNEED);
	return true;
}
