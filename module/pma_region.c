// SPDX-License-Identifier: GPL-2.0
/*
 * pma_region.c - the contiguous memory of a pool
 *
 * One vmalloc range, zeroed, cut into equal pages by number alone: page n is
 * the bytes from n << page_shift on.  Everything that is known about a page
 * stands elsewhere (pma_page.c).
 */
#include "pma_region.h"

/**
 * pma_region_init() - reserve a region
 * @region: to fill in
 * @bytes: its size, a whole number of pages
 * @page_size: bytes of a page, a power of two, 256 to 65536
 *
 * Context: May sleep.
 * Return: 0; -EINVAL if a size is not as said; -ENOMEM if there is not so much
 * memory.
 */
int pma_region_init(struct pma_region *region, size_t bytes, u32 page_size)
{
	u32 page_shift;
	void *memory;

	if (!is_power_of_2(page_size))
		return -EINVAL;
	page_shift = ilog2(page_size);
	if (page_shift < PMA_PAGE_SHIFT_MIN || page_shift > PMA_PAGE_SHIFT_MAX)
		return -EINVAL;
	if (!bytes || bytes & (page_size - 1))
		return -EINVAL;
	if (bytes >> page_shift > PMA_NR_PAGES_MAX)
		return -EINVAL;
	/* vmalloc would try hard, and others would suffer, before it found out. */
	if (bytes >> PAGE_SHIFT > si_mem_available())
		return -ENOMEM;
	/* It aligns to a frame, and a handle's alignment shall be the pointer's. */
	memory = __vmalloc(bytes + max_t(size_t, page_size, PAGE_SIZE) - PAGE_SIZE,
			   GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
	if (!memory)
		return -ENOMEM;
	*region = (struct pma_region){
		.memory = memory,
		.base = PTR_ALIGN(memory, page_size),
		.bytes = bytes,
		.nr_pages = bytes >> page_shift,
		.page_shift = page_shift,
	};
	return 0;
}

/**
 * pma_region_exit() - give a region's memory back
 * @region: from pma_region_init()
 *
 * Context: May sleep.
 */
void pma_region_exit(struct pma_region *region)
{
	vfree(region->memory);
	region->memory = NULL;
	region->base = NULL;
}
