/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_slab.h - a page cut into equal blocks of one class
 */
#ifndef _PMA_SLAB_H
#define _PMA_SLAB_H

#include "pma_page.h"

/* A magazine for each, and one more, are what a CPU may be given at once: 32 KiB. */
#define PMA_CLASSES_MAX		63

/**
 * struct pma_class - one class
 * @block_size: bytes of a block
 * @nr_blocks: blocks in a page
 * @step: bits from a block's to the next one's
 *
 * Of a length that makes an index a shift.
 */
struct pma_class {
	u32 block_size;
	u32 nr_blocks;
	u32 step;
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

struct pma_classes *pma_slab_classes_create(u32 page_size, u32 slab_max, u8 bit_shift, bool pow2);
void pma_slab_classes_destroy(struct pma_classes *classes);
int pma_slab_class_of(const struct pma_classes *classes, size_t size, size_t align);

void pma_slab_page_init(struct pma_pages *pages, u32 pgno, const struct pma_class *class);
unsigned int pma_slab_take(struct pma_pages *pages, u32 pgno, const struct pma_class *class,
			   unsigned int nr, u64 *handles);
bool pma_slab_lend(struct pma_pages *pages, u32 pgno, const struct pma_class *class,
		   unsigned int nr, u32 *bits);
bool pma_slab_lend_beside(struct pma_pages *pages, u32 pgno, const struct pma_class *class,
			  unsigned int nr, const unsigned long *lent, u32 *bits);
u32 pma_slab_nr_used(const struct pma_pages *pages, u32 pgno);
int pma_slab_find(const struct pma_pages *pages, u64 handle, const struct pma_class *class,
		  u64 *start);
u32 pma_slab_check(const struct pma_pages *pages, u32 pgno, const struct pma_class *class);

/**
 * pma_slab_count_given() - count blocks that were put back
 * @page: descriptor
 * @nr: how many, whose bits are set
 * @lowest: the first bit of them in the page
 */
static __always_inline void pma_slab_count_given(struct pma_page *page, u32 nr, u32 lowest)
{
	page->slab.nr_free += nr;
	if (lowest < page->slab.first_free)
		page->slab.first_free = lowest;
}

/**
 * pma_slab_take_one() - take the lowest free block, if that is where it is looked for first
 * @pages: the table
 * @pgno: the page
 * @class: that it is cut into
 * @handle: of the block
 *
 * What pma_slab_take() does for one, in most cases; the page has another one then.
 *
 * Return: false if nothing was done.
 */
static __always_inline bool pma_slab_take_one(struct pma_pages *pages, u32 pgno,
					      const struct pma_class *class, u64 *handle)
{
	unsigned long *bitmap = pma_pages_shadow(pages, pgno);
	struct pma_page *page = &pages->desc[pgno];
	u32 bit = page->slab.first_free;

	if (unlikely(page->slab.nr_free < 2 || !test_bit(bit, bitmap)))
		return false;
	clear_bit(bit, bitmap);
	*handle = pma_region_handle(pages->region, pgno) + (bit << pages->bit_shift);
	page->slab.nr_free--;
	page->slab.first_free = bit + class->step;
	return true;
}

#endif /* _PMA_SLAB_H */
