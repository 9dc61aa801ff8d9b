// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * table.c - the class of a block from its address, without asking the kernel
 *
 * Which sizes the kernel's classes have, and which page is cut into which class,
 * is learnt from its answers: an allocation tells handle and usable size.  A page
 * can't change its class while a block in it is out, so what is learnt of a block
 * stays right until that is freed in the kernel; what is wrong by then is learnt
 * anew with the next block there, before anybody has it.
 *
 * The table is shared memory, but for an arena that is alone: after a fork() a
 * process must know the classes of the pages that the others fill.  Entries are
 * single bytes and words that are only ever set to what is true; there is no lock
 * that a killed process could keep.
 */
#include <errno.h>
#include <sys/mman.h>

#include "lib.h"

#define STEP	(1U << SIZE_STEP_SHIFT)

/* | each piece | size of each class | fd_is_out | class of each size | class of each page | */
int pma_table_open(struct pma *pma, const struct pma_info *info)
{
	size_t nr_sizes = info->slab_max / STEP + 1;
	size_t nr_pieces = info->region_bytes >> pma->piece_shift;
	char *at;

	pma->table_bytes = nr_pieces * sizeof(*pma->pieces) +
			   (CLASSES_MAX + 1) * sizeof(*pma->class_size) + nr_sizes + info->nr_pages;
	at = mmap(NULL, pma->table_bytes, PROT_READ | PROT_WRITE,
		  (pma->alone ? MAP_PRIVATE : MAP_SHARED) | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	/* Little of it is touched: the first bytes shall not cost a huge page. */
	madvise(at, pma->table_bytes, MADV_NOHUGEPAGE);
	pma->table = at;
	pma->pieces = (atomic_ulong *)at;
	pma->class_size = (atomic_uint *)(pma->pieces + nr_pieces);
	pma->fd_is_out = pma->class_size + CLASSES_MAX;
	pma->size_class = (atomic_uchar *)(pma->fd_is_out + 1);
	pma->page_class = pma->size_class + nr_sizes;
	return 0;
}

void pma_table_close(struct pma *pma)
{
	munmap(pma->table, pma->table_bytes);
}

/*
 * The class of slab blocks of @bytes; 0 if there are too many.  Numbers are given out
 * in order and never taken back, so who comes to an empty place has seen all.
 */
static unsigned int class_of(struct pma *pma, uint32_t bytes)
{
	unsigned int class;
	unsigned int there;

	for (class = 1; class < CLASS_LARGE; class++) {
		there = 0;
		if (pma_class_bytes(pma, class) == bytes ||
		    atomic_compare_exchange_strong(&pma->class_size[class], &there, bytes) ||
		    there == bytes)
			return class;
	}
	return 0;
}

/**
 * pma_table_learn() - note what the kernel answered
 * @pma: the arena
 * @handle: of a new block
 * @size: that was asked for, in a request without an alignment; 0 for one with
 * @usable: what may be used of it
 * @class: of a piece: what it was asked for; else a guess
 *
 * Return: its class, 0 if it has none.
 */
unsigned int pma_table_learn(struct pma *pma, uint64_t handle, size_t size, size_t usable,
			     unsigned int class)
{
	size_t i;

	/* A thread may have magazines of its number's arena before: it has no classes. */
	if (pma->exact)
		return 0;
	if (usable > pma->slab_max) {
		pma_piece_learn(pma, handle, usable, class);
		return class;
	}
	if (!class || pma_class_bytes(pma, class) != usable)
		class = class_of(pma, usable);
	pma_class_set(pma, handle, class);
	if (!class || !size || pma_class_for(pma, size) == class)
		return class;
	/* What is between the two would have got the same; the shim gives no less than 16. */
	i = pma->alone && usable <= 16 ? 0 : (size + STEP - 1) / STEP;
	for (; i <= usable / STEP; i++)
		atomic_store_explicit(&pma->size_class[i], class, memory_order_relaxed);
	return class;
}
