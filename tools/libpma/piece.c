// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * piece.c - what is known of larger blocks, one by one
 *
 * Pieces of all sizes lie side by side, so the page does not tell a piece's class.
 * But no two begin within the length of the shortest chunk: a word for each such
 * stretch tells where the piece begins, of which class it is, and whether it is out
 * or parked.
 *
 *	nothing	learn	out		the kernel gave it
 *	out	park	parked		it is freed
 *	parked	unpark	out		it is handed out again
 *	parked	drop	nothing		it goes back to the kernel
 *	out	forget	nothing		the kernel shall judge it from now on
 *
 * Each step is one compare-and-swap, and the word alone says whose a parked piece
 * is: whoever gets it out of that state has it.  Magazines and the depot only have
 * hints, which may be out of date.  So a free of what is free already is found out
 * at once, by any thread and in any process that has the table; and who is short of
 * memory can give back what is parked anywhere (pma_piece_steal()).  What the word
 * does not confirm - a pointer to somewhere else, a piece that is shared - is for the
 * kernel to judge.
 */
#include <errno.h>
#include <string.h>

#include "lib.h"

/* Classes. */

static unsigned int step_of(const struct pma *pma, size_t size)
{
	unsigned int high = 63 - __builtin_clzl(size - 1);
	unsigned int base = 31 - __builtin_clz(pma->slab_max);

	return (high - base) * LARGE_STEPS + ((size - 1) >> (high - 3) & (LARGE_STEPS - 1));
}

/* The largest size of a step, in whole pages where those waste at most 1/8. */
static size_t step_bytes(const struct pma *pma, unsigned int step)
{
	unsigned int base = 31 - __builtin_clz(pma->slab_max);
	size_t page = (size_t)1 << pma->page_shift;
	size_t bytes = (size_t)(LARGE_STEPS + step % LARGE_STEPS + 1) <<
		       (base + step / LARGE_STEPS - 3);
	size_t whole = (bytes + page - 1) & -page;

	bytes = (bytes + 15) & -16UL;
	return (whole - bytes) * 8 <= whole ? whole : bytes;
}

/**
 * pma_piece_plan() - set up the classes of pieces
 * @pma: with its table
 */
void pma_piece_plan(struct pma *pma)
{
	unsigned int step, class = CLASS_LARGE;
	size_t bytes, last = 0;

	for (step = 0; step < NR_LARGE; step++) {
		bytes = step_bytes(pma, step);
		if (bytes > LARGE_MAX || bytes > pma->region_bytes / LARGE_STEPS)
			break;
		class += last && bytes != last;
		pma->large_class[step] = class;
		/* Each process that opens it plans the same. */
		atomic_store_explicit(&pma->class_size[class], bytes, memory_order_relaxed);
		pma->large_max = bytes;
		last = bytes;
	}
	pma->near_shift = 31 - __builtin_clz(pma->slab_max) - 3;
	for (step = pma->slab_max >> pma->near_shift; step < LARGE_NEAR; step++) {
		bytes = (size_t)(step + 1) << pma->near_shift;
		if (bytes <= pma->large_max)
			pma->large_near[step] = pma_piece_far_class(pma, bytes);
	}
}

/**
 * pma_piece_far_class() - the class for a size
 * @pma: the arena
 * @size: above slab_max, up to large_max
 */
unsigned int pma_piece_far_class(const struct pma *pma, size_t size)
{
	return pma->large_class[step_of(pma, size)];
}

/* Words. */

/* The word of @block; 0 if that is none. */
static unsigned long read_word(const struct pma *pma, const void *block)
{
	size_t offset = pma_offset(pma, block);
	unsigned long word = atomic_load_explicit(pma_piece_at(pma, offset), memory_order_acquire);

	return word >> PIECE_START_SHIFT == offset ? word : 0;
}

static bool change_word(const struct pma *pma, const void *block, unsigned long from,
			unsigned long to)
{
	return atomic_compare_exchange_strong(pma_piece_at(pma, pma_offset(pma, block)), &from, to);
}

/* Every page that the piece touches: what it was before must mislead nobody. */
static void learn_pages(struct pma *pma, uint64_t handle, size_t usable)
{
	size_t page = handle >> pma->page_shift;
	size_t last = (handle + usable - 1) >> pma->page_shift;

	for (; page <= last; page++)
		pma_class_set(pma, page << pma->page_shift, CLASS_PIECE);
}

/**
 * pma_piece_learn() - a block above slab_max is out, or there is one
 * @pma: the arena
 * @handle: of it
 * @usable: bytes of it
 * @class: of pieces, no larger than the block; 0: always ask the kernel about it
 */
void pma_piece_learn(struct pma *pma, uint64_t handle, size_t usable, unsigned int class)
{
	learn_pages(pma, handle, usable);
	atomic_store_explicit(pma_piece_at(pma, handle),
			      class ? pma_piece_make(handle, class, PIECE_OUT) : 0,
			      memory_order_release);
}

/**
 * pma_piece_bytes() - the size of a piece
 * @pma: the arena
 * @block: inside the region
 *
 * Return: its class's; 0 if the kernel has to tell; -1 and EALREADY if it is parked.
 */
ssize_t pma_piece_bytes(const struct pma *pma, const void *block)
{
	unsigned long word = read_word(pma, block);

	if ((word & PIECE_STATE) == PIECE_OUT)
		return pma_class_bytes(pma, pma_piece_class_of(word));
	if (!word)
		return 0;
	errno = EALREADY;
	return -1;
}

/**
 * pma_piece_is_parked() - does a parked piece begin there?
 * @pma: the arena
 * @offset: inside the region
 */
bool pma_piece_is_parked(const struct pma *pma, size_t offset)
{
	return (read_word(pma, pma->base + offset) & PIECE_STATE) == PIECE_PARKED;
}

/* The class of what was out; 0 if nothing is known; -1 and EALREADY if it is parked. */
static int take_out(struct pma *pma, const void *block, bool is_parked)
{
	unsigned long word;

	do {
		word = read_word(pma, block);
		if (!word)
			return 0;
		if ((word & PIECE_STATE) != PIECE_OUT) {
			errno = EALREADY;
			return -1;
		}
	} while (!change_word(pma, block, word,
			      is_parked ? word - PIECE_OUT + PIECE_PARKED : 0));
	return pma_piece_class_of(word);
}

/**
 * pma_piece_park() - a piece is freed
 * @pma: the arena
 * @block: inside the region
 *
 * Return: its class; 0 if the kernel has to judge; -1 and EALREADY if it is parked.
 */
int pma_piece_park(struct pma *pma, const void *block)
{
	return take_out(pma, block, true);
}

/**
 * pma_piece_forget() - let the kernel judge a piece from now on
 * @pma: the arena
 * @block: inside the region
 *
 * Return: its class, to learn it again with; else as pma_piece_park().
 */
int pma_piece_forget(struct pma *pma, const void *block)
{
	return take_out(pma, block, false);
}

/**
 * pma_piece_drop() - take a parked piece, to free it in the kernel
 * @pma: the arena
 * @block: a hint
 * @class: that it was of
 *
 * Return: true if it is the caller's to free.
 */
bool pma_piece_drop(struct pma *pma, const void *block, unsigned int class)
{
	size_t offset = pma_offset(pma, block);

	return change_word(pma, block, pma_piece_make(offset, class, PIECE_PARKED),
			   0);
}

/* The first page from @page on that has pieces; where the region ends if there is none. */
static size_t next_page(const struct pma *pma, size_t page)
{
	size_t nr_pages = pma->region_bytes >> pma->page_shift;
	const atomic_uchar *at = memchr((void *)&pma->page_class[page], CLASS_PIECE,
					nr_pages - page);

	return at ? (size_t)(at - pma->page_class) : nr_pages;
}

/**
 * pma_piece_steal() - take a parked piece, wherever it is, to free it in the kernel
 * @pma: the arena
 * @at: offset where to go on; 0 at first
 *
 * Return: the piece; NULL when there are no more.
 */
void *pma_piece_steal(struct pma *pma, size_t *at)
{
	unsigned long word;
	void *block;

	while (*at < pma->region_bytes) {
		if (pma_class_at(pma, *at) != CLASS_PIECE) {
			*at = next_page(pma, *at >> pma->page_shift) << pma->page_shift;
			continue;
		}
		word = atomic_load_explicit(pma_piece_at(pma, *at), memory_order_acquire);
		block = pma->base + (word >> PIECE_START_SHIFT);
		*at += (size_t)1 << pma->piece_shift;
		if ((word & PIECE_STATE) == PIECE_PARKED &&
		    pma_piece_drop(pma, block, pma_piece_class_of(word)))
			return block;
	}
	return NULL;
}
