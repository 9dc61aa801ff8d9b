// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slab.c - a page cut into equal blocks of one class
 *
 * A bit a block, 1 = free, in the page's shadow; in the descriptor the lowest
 * free block and how many there are:
 *
 *	page	| 0 | 1 | 2 | 3 | 4 | 5 | tail |	block_size 640
 *	bitmap	  0   0   1   1   0   1			first_free 2, nr_free 3
 *
 * Blocks are taken lowest first, up to a bitmap word at a time, so that a page
 * stays dense at its beginning.  Whether a block is free is its bit and nothing
 * else: nothing of this lies in the page.
 *
 * Two class maps.  *pow2* has the powers of two from 16 on.  *fine* has multiples of
 * 16, as all blocks are aligned to 16, that *suit* a page: it takes as many of no
 * larger size, so that hardly anything is left at its end.  Where those are too far
 * apart there are steps between them.  Of a block at most 12.5 % is waste above 64
 * bytes, or 15 bytes where that is more (below 112).
 */
#include "pma_slab.h"

/* The largest block size of which a page takes @nr_blocks. */
static u32 suiting(u32 page_size, u32 nr_blocks)
{
	return ALIGN_DOWN(page_size / nr_blocks, PMA_BLOCK_MIN);
}

/* The largest block size up to @limit that suits. */
static u32 suiting_below(u32 page_size, u32 limit)
{
	u32 nr_blocks = page_size / limit;

	return suiting(page_size, nr_blocks) == limit ? limit : suiting(page_size, nr_blocks + 1);
}

/* The largest block size after @size of which at most 1 / @parts is waste, or the next. */
static u32 limit_after(u32 size, u32 parts)
{
	return max_t(u32, size + PMA_BLOCK_MIN,
		     ALIGN_DOWN((size + 1) * parts / (parts - 1), PMA_BLOCK_MIN));
}

/*
 * The next larger block size of the fine map: the largest that suits and wastes at
 * most a ninth; else the first of the fewest even steps to the next that suits, of
 * which each wastes at most a tenth.  None goes past a power of two, as those are
 * what alignments ask for.
 */
static u32 next_fine(u32 page_size, u32 size)
{
	u32 limit = min_t(u32, limit_after(size, 9), roundup_pow_of_two(size + 1));
	u32 next = suiting_below(page_size, limit);
	u32 steps, step;

	if (next > size)
		return next;
	next = suiting(page_size, page_size / (size + PMA_BLOCK_MIN));
	limit = limit_after(size, 10);
	for (steps = 2; ; steps++) {
		step = ALIGN(DIV_ROUND_UP(next - size, steps), PMA_BLOCK_MIN);
		if (size + step <= limit)
			return size + step;
	}
}

static void add_class(struct pma_classes *classes, u32 size, u32 page_size)
{
	classes->class[classes->nr++] = (struct pma_class){
		.block_size = size,
		.inverse = (u32)(BIT_ULL(32) / size) + 1,
		.nr_blocks = page_size / size,
	};
}

/**
 * pma_slab_classes_create() - make a class map
 * @page_size: bytes of a page
 * @slab_max: largest size it shall serve, 64 to @page_size / 2
 * @pow2: powers of two only
 *
 * The largest class is the largest of the map that is not above @slab_max.
 *
 * Context: May sleep.
 * Return: the map, or NULL without memory.
 */
struct pma_classes *pma_slab_classes_create(u32 page_size, u32 slab_max, bool pow2)
{
	struct pma_classes *classes;
	u32 size, i, class = 0;

	classes = kvzalloc(sizeof(*classes) + slab_max / PMA_BLOCK_MIN, GFP_KERNEL);
	if (!classes)
		return NULL;
	for (size = PMA_BLOCK_MIN; size <= slab_max;
	     size = pow2 ? size * 2 : next_fine(page_size, size))
		add_class(classes, size, page_size);
	classes->slab_max = classes->class[classes->nr - 1].block_size;
	for (i = 0; i < classes->slab_max / PMA_BLOCK_MIN; i++) {
		if ((i + 1) * PMA_BLOCK_MIN > classes->class[class].block_size)
			class++;
		classes->of_size[i] = class;
	}
	return classes;
}

/**
 * pma_slab_classes_destroy() - free a class map
 * @classes: the map or NULL
 */
void pma_slab_classes_destroy(struct pma_classes *classes)
{
	kvfree(classes);
}

/**
 * pma_slab_class_of() - class for a request
 * @classes: the map
 * @size: bytes, at least 1
 * @align: power of two, or 0 for the natural alignment
 *
 * Every power of two up to the largest class is a class or has one a few steps
 * above that is a multiple of it, so the search is short.
 *
 * Return: the smallest class that serves it, or -1.
 */
int pma_slab_class_of(const struct pma_classes *classes, size_t size, size_t align)
{
	u32 class;

	size = max(size, align);
	if (size > classes->slab_max)
		return -1;
	class = classes->of_size[(size - 1) / PMA_BLOCK_MIN];
	if (align <= PMA_BLOCK_MIN)
		return class;
	while (classes->class[class].block_size & (align - 1))
		if (++class == classes->nr)
			return -1;
	return class;
}

/**
 * pma_slab_page_init() - cut a page
 * @page: descriptor; kind, class and owner are the caller's to set
 * @bitmap: the page's shadow
 * @class: to cut it into
 */
void pma_slab_page_init(struct pma_page *page, unsigned long *bitmap,
			const struct pma_class *class)
{
	u32 left = class->nr_blocks;

	page->slab.first_free = 0;
	page->slab.nr_free = class->nr_blocks;
	page->slab.block_size = class->block_size;
	/* Who looked at it a moment ago, as a page of the same class, must find no block in use. */
	for (; left > BITS_PER_LONG; left -= BITS_PER_LONG)
		WRITE_ONCE(*bitmap++, ~0UL);
	WRITE_ONCE(*bitmap, BITMAP_LAST_WORD_MASK(left));
}

/**
 * pma_slab_take() - take free blocks of one bitmap word, lowest first
 * @page: descriptor
 * @bitmap: the page's shadow
 * @nr_blocks: blocks in the page
 * @nr: how many are wanted, at least 1
 * @base: number of the block of the word's lowest bit
 *
 * Return: a bit for each that was taken: @nr, or all that were free in the word
 * with the lowest free block.
 */
unsigned long pma_slab_take(struct pma_page *page, unsigned long *bitmap, u32 nr_blocks,
			    unsigned int nr, u32 *base)
{
	u32 word = page->slab.first_free / BITS_PER_LONG;
	unsigned long all, left;
	unsigned int n;

	if (page->slab.first_free >= nr_blocks)
		return 0;
	all = bitmap[word];
	left = all;
	for (n = 0; n < nr && left; n++)
		left &= left - 1;
	/* Who looks for a block of his own there does so without the lock. */
	WRITE_ONCE(bitmap[word], left);
	*base = word * BITS_PER_LONG;
	page->slab.nr_free -= n;
	page->slab.first_free = left ? *base + __ffs(left) :
				find_next_bit(bitmap, nr_blocks, *base);
	return all ^ left;
}

/**
 * pma_slab_recount() - count the free blocks anew
 * @page: descriptor
 * @bitmap: the page's shadow, changed without the descriptor
 * @nr_blocks: blocks in the page
 */
void pma_slab_recount(struct pma_page *page, const unsigned long *bitmap, u32 nr_blocks)
{
	page->slab.nr_free = bitmap_weight(bitmap, nr_blocks);
	page->slab.first_free = find_next_bit(bitmap, nr_blocks, 0);
}

/**
 * pma_slab_check() - prove a slab page's descriptor against its bitmap
 * @page: descriptor
 * @bitmap: the page's shadow
 * @class: that the page is cut into
 *
 * Return: number of errors.
 */
u32 pma_slab_check(const struct pma_page *page, const unsigned long *bitmap,
		   const struct pma_class *class)
{
	/* Words are taken whole: a bit that no block has must not be set. */
	u32 nr_bits = ALIGN(class->nr_blocks, BITS_PER_LONG);

	return (bitmap_weight(bitmap, nr_bits) != page->slab.nr_free) +
	       (find_next_bit(bitmap, class->nr_blocks, 0) != page->slab.first_free) +
	       (page->slab.block_size != class->block_size);
}
