/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_slab.h - a page cut into equal blocks of one class
 */
#ifndef _PMA_SLAB_H
#define _PMA_SLAB_H

#include "pma_page.h"

#define PMA_CLASSES_MAX		128

/**
 * struct pma_class - one class
 * @block_size: bytes of a block
 * @inverse: 2^32 / @block_size + 1
 * @nr_blocks: blocks in a page
 *
 * Of a length that makes an index a shift.
 */
struct pma_class {
	u32 block_size;
	u32 inverse;
	u32 nr_blocks;
} __aligned(16);

/**
 * struct pma_classes - the class map
 * @slab_max: block size of the largest class
 * @nr: classes
 * @class: smallest first
 * @of_size: class of a size, by (size - 1) / PMA_BLOCK_MIN
 */
struct pma_classes {
	u32 slab_max;
	u32 nr;
	struct pma_class class[PMA_CLASSES_MAX];
	u8 of_size[];
};

struct pma_classes *pma_slab_classes_create(u32 page_size, u32 slab_max, bool pow2);
void pma_slab_classes_destroy(struct pma_classes *classes);
int pma_slab_class_of(const struct pma_classes *classes, size_t size, size_t align);

void pma_slab_page_init(struct pma_page *page, unsigned long *bitmap,
			const struct pma_class *class);
unsigned long pma_slab_take(struct pma_page *page, unsigned long *bitmap, u32 nr_blocks,
			    unsigned int nr, u32 *base);
void pma_slab_recount(struct pma_page *page, const unsigned long *bitmap, u32 nr_blocks);
u32 pma_slab_check(const struct pma_page *page, const unsigned long *bitmap,
		   const struct pma_class *class);

/**
 * pma_slab_count_given() - count blocks that were put back
 * @page: descriptor
 * @nr: how many, whose bits were clear and are set now
 * @lowest: the first of them in the page
 */
static inline void pma_slab_count_given(struct pma_page *page, u32 nr, u32 lowest)
{
	page->slab.nr_free += nr;
	if (lowest < page->slab.first_free)
		page->slab.first_free = lowest;
}

/**
 * pma_slab_take_one() - take the lowest free block, if its bitmap word has another
 * @page: descriptor
 * @bitmap: the page's shadow
 * @index: number of the block
 *
 * What pma_slab_take() does for one, in most cases.
 *
 * Return: false if nothing was done.
 */
static __always_inline bool pma_slab_take_one(struct pma_page *page, unsigned long *bitmap,
					      u32 *index)
{
	u32 first = page->slab.first_free;
	unsigned long *word = &bitmap[first / BITS_PER_LONG];
	unsigned long left = *word & (*word - 1);

	if (unlikely(!left))
		return false;
	WRITE_ONCE(*word, left);	/* as pma_slab_take() */
	*index = first;
	page->slab.nr_free--;
	page->slab.first_free = ALIGN_DOWN(first, BITS_PER_LONG) + __ffs(left);
	return true;
}

/**
 * pma_slab_divide() - find the block that an offset in a page lies in
 * @inverse: 2^32 / block size + 1
 * @offset: below 2^16, of a page with blocks of at most 2^15 bytes
 *
 * Return: in the upper half the block's number, which may be one more than there are
 * blocks, for what is over at the page's end; and see pma_slab_is_start().
 */
static __always_inline u64 pma_slab_divide(u32 inverse, u32 offset)
{
	return (u64)offset * inverse;
}

/**
 * pma_slab_is_start() - does a block start there?
 * @inverse: that was divided by
 * @quotient: from pma_slab_divide()
 *
 * The lower half is the quotient's fraction, too large by less than 2^16: it is below
 * @inverse where there is no remainder.  (Lemire, Kaser, Kurz: "Faster remainder by
 * direct computation", 2019.)
 */
static __always_inline bool pma_slab_is_start(u32 inverse, u64 quotient)
{
	return lower_32_bits(quotient) < inverse;
}

/**
 * pma_slab_find() - which block begins at an offset in a page?
 * @class: of the page
 * @offset: below 2^16
 * @index: number of the block
 *
 * Return: false if none begins there.
 */
static __always_inline bool pma_slab_find(const struct pma_class *class, u32 offset, u32 *index)
{
	u64 quotient = pma_slab_divide(class->inverse, offset);

	*index = upper_32_bits(quotient);
	return pma_slab_is_start(class->inverse, quotient) && *index < class->nr_blocks;
}

#endif /* _PMA_SLAB_H */
