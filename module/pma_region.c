// SPDX-License-Identifier: GPL-2.0
/*
 * pma_region.c - the contiguous memory of a pool
 *
 * One vmalloc range, zeroed, cut into equal pages by number alone: page n is
 * the bytes from n << page_shift on.  Everything that is known about a page
 * stands elsewhere (pma_page.c).
 *
 * Where its size is a whole number of huge pages (PMD_SIZE), and the kernel has
 * them at hand, it is mapped by those: a TLB entry for 2 MiB, and no page tables
 * for it.  vmalloc_huge() splits what it gets, so frames are ordinary ones, each with
 * a reference count, either way.  Other sizes would be rounded up, at the cost of
 * those who want memory besides.
 */
#include "pma_region.h"

/* Nobody shall be pressed for huge pages: there are small ones. */
static void *get_huge(size_t bytes, u32 page_size)
{
	void *memory;

	if (!IS_ALIGNED(bytes, PMD_SIZE))
		return NULL;
	memory = vmalloc_huge(bytes, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY);
	/* It may have been content with small ones, which are aligned to a frame. */
	if (!memory || IS_ALIGNED((unsigned long)memory, page_size))
		return memory;
	vfree(memory);
	return NULL;
}

/* It aligns to a frame, and a handle's alignment shall be the pointer's. */
static void *get_small(size_t bytes, u32 page_size)
{
	return __vmalloc(bytes + max_t(size_t, page_size, PAGE_SIZE) - PAGE_SIZE,
			 GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
}

/* Nobody says what vmalloc_huge() has done, but the frames show it. */
static bool is_huge(const void *memory, size_t bytes)
{
	unsigned long pfn = 0;
	size_t at;

	if (!IS_ALIGNED(bytes | (unsigned long)memory, PMD_SIZE))
		return false;
	for (at = 0; at < bytes; at += PAGE_SIZE) {
		unsigned long next = vmalloc_to_pfn(memory + at);

		if (IS_ALIGNED(at, PMD_SIZE) ? !IS_ALIGNED(next, PMD_SIZE / PAGE_SIZE) :
					       next != pfn + 1)
			return false;
		if (IS_ALIGNED(at, PMD_SIZE))
			cond_resched();
		pfn = next;
	}
	return true;
}

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
	memory = get_huge(bytes, page_size) ?: get_small(bytes, page_size);
	if (!memory)
		return -ENOMEM;
	*region = (struct pma_region){
		.memory = memory,
		.base = PTR_ALIGN(memory, page_size),
		.bytes = bytes,
		.nr_pages = bytes >> page_shift,
		.page_shift = page_shift,
		.huge = is_huge(memory, bytes),
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
