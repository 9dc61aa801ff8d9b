// SPDX-License-Identifier: GPL-2.0
/*
 * pma_slab.c - a page cut into equal blocks of one class
 *
 * A bit for each 16 bytes in the page's shadow: 0 where a block in use begins, and else 1;
 * in the descriptor how many blocks are free, and below which there is none:
 *
 *	page	|  0  |  1  |  2  |  3  | .. | tail |	block_size 48
 *	bitmap	 0 1 1 1 1 1 0 1 1 1 1 1  ..   1 1	first_free 1, nr_free 83 of 85
 *
 * So one look tells whether a handle is that of a block in use.  Blocks are taken lowest
 * first, so that a page stays dense at its beginning.  Whether a block is free is its bit and
 * nothing else: nothing of this lies in the page.
 *
 * Two class maps.  *pow2* has the powers of two from 16 on.  *fine* has multiples of
 * 16, as all blocks are aligned to 16, that *suit* a page: it takes as many of no
 * larger size, so that hardly anything is left at its end.  Where those are too far
 * apart there are steps between them.  Of a block at most 12.5 % is waste above 64
 * bytes, or 15 bytes where that is more (below 112).
 */
#include "pma_slab.h"

#define LARGE_PAGE	SZ_32K

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
 * what alignments ask for.  Of large pages that would be more than PMA_CLASSES_MAX: there
 * an eighth and a ninth.
 */
static u32 next_fine(u32 page_size, u32 size)
{
	u32 parts = page_size < LARGE_PAGE ? 9 : 8;
	u32 limit = min_t(u32, limit_after(size, parts), roundup_pow_of_two(size + 1));
	u32 next = suiting_below(page_size, limit);
	u32 steps, step;

	if (next > size)
		return next;
	next = suiting(page_size, page_size / (size + PMA_BLOCK_MIN));
	limit = limit_after(size, parts + 1);
	for (steps = 2; ; steps++) {
		step = ALIGN(DIV_ROUND_UP(next - size, steps), PMA_BLOCK_MIN);
		if (size + step <= limit)
			return size + step;
	}
}

static void add_class(struct pma_classes *classes, u32 size, u32 page_size, u8 bit_shift)
{
	classes->class[classes->nr++] = (struct pma_class){
		.block_size = size,
		.nr_blocks = page_size / size,
		.step = size >> bit_shift,
	};
}

/**
 * pma_slab_classes_create() - make a class map
 * @page_size: bytes of a page
 * @slab_max: largest size it shall serve, 64 to @page_size / 2
 * @bit_shift: of the descriptor table: log2 of the bytes that a bit stands for
 * @pow2: powers of two only
 *
 * The largest class is the largest of the map that is not above @slab_max.
 *
 * Context: May sleep.
 * Return: the map, or NULL without memory.
 */
struct pma_classes *pma_slab_classes_create(u32 page_size, u32 slab_max, u8 bit_shift, bool pow2)
{
	struct pma_classes *classes;
	u32 size, i, class = 0;

	classes = kvzalloc(sizeof(*classes) + slab_max / PMA_BLOCK_MIN, GFP_KERNEL);
	if (!classes)
		return NULL;
	for (size = PMA_BLOCK_MIN; size <= slab_max;
	     size = pow2 ? size * 2 : next_fine(page_size, size))
		add_class(classes, size, page_size, bit_shift);
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

/* A page's shadow, and where it ends. */
static unsigned long *bitmap_of(const struct pma_pages *pages, u32 pgno, unsigned long **end)
{
	*end = pma_pages_shadow(pages, pgno + 1);
	return pma_pages_shadow(pages, pgno);
}

/**
 * pma_slab_page_init() - cut a page
 * @pages: the table
 * @pgno: the page; kind, class and owner are the caller's to set
 * @class: to cut it into
 */
void pma_slab_page_init(struct pma_pages *pages, u32 pgno, const struct pma_class *class)
{
	struct pma_page *page = &pages->desc[pgno];
	unsigned long *word, *end;

	page->slab.first_free = 0;
	page->slab.nr_free = class->nr_blocks;
	page->slab.block_size = class->block_size;
	WRITE_ONCE(page->slab.cpu, raw_smp_processor_id());
	/* Who looked at it a moment ago, as a page of the same class, must find no block in use. */
	for (word = bitmap_of(pages, pgno, &end); word != end; word++)
		WRITE_ONCE(*word, ~0UL);
}

/**
 * pma_slab_take() - take free blocks, lowest first
 * @pages: the table
 * @pgno: the page; no CPU has been lent blocks of it that are not in use
 * @class: that it is cut into
 * @nr: how many are wanted
 * @handles: of those that were taken
 *
 * Return: how many were: @nr, or all that were free.
 */
unsigned int pma_slab_take(struct pma_pages *pages, u32 pgno, const struct pma_class *class,
			   unsigned int nr, u64 *handles)
{
	struct pma_page *page = &pages->desc[pgno];
	u32 page_bits = pages->shadow_bytes * BITS_PER_BYTE, bit = page->slab.first_free;
	u64 handle = pma_region_handle(pages->region, pgno) + (bit << pages->bit_shift);
	unsigned long *bitmap = pma_pages_shadow(pages, pgno);
	u32 block_size = class->block_size, step = class->step;
	const u64 *end;

	nr = min_t(u32, nr, page->slab.nr_free);
	for (end = handles + nr; handles != end && bit < page_bits; ) {
		unsigned long *word = &bitmap[bit / BITS_PER_LONG], free = READ_ONCE(*word);
		unsigned long mask = BIT(bit % BITS_PER_LONG), taken = 0;
		u32 word_end = ALIGN_DOWN(bit, BITS_PER_LONG) + BITS_PER_LONG;

		for (; bit < word_end; bit += step, mask <<= step % BITS_PER_LONG) {
			if (free & mask) {
				if (handles == end)
					break;
				taken |= mask;
				*handles++ = handle;
			}
			handle += block_size;
		}
		atomic_long_andnot(taken, (atomic_long_t *)word);
	}
	/* Never; but what is of the next page is not for us. */
	if (WARN_ON_ONCE(handles != end))
		nr -= end - handles;
	page->slab.nr_free -= nr;
	page->slab.first_free = bit;
	return nr;
}

/* Of a page that is whole, and has none in use. */
static u32 lend_of_empty(u32 first, u32 step, unsigned int nr, u32 *bits)
{
	u32 bit = first;

	for (; nr; bit += step)
		bits[--nr] = bit;
	return bit - first;
}

/* As pma_slab_lend_beside(); or without @lent. */
static __always_inline bool lend(struct pma_pages *pages, u32 pgno, const struct pma_class *class,
				 unsigned int nr, const unsigned long *lent, u32 *bits)
{
	unsigned long *end, *word = bitmap_of(pages, pgno, &end);
	struct pma_page *page = &pages->desc[pgno];
	u32 nr_used = class->nr_blocks - page->slab.nr_free;
	u32 first = pma_pages_first_bit(pages, pgno), bit = page->slab.first_free;
	u32 word_end = 0, i = nr;

	if (!nr_used) {
		bit = lend_of_empty(first, class->step, nr, bits);
		goto done;
	}
	for (; word != end; word++) {
		unsigned long free = READ_ONCE(*word);

		if (lent)
			free &= ~*lent++;
		word_end += BITS_PER_LONG;
		if (free != ~0UL)
			nr_used -= hweight_long(~free);
		for (; i && bit < word_end; bit += class->step)
			if (free & BIT(bit % BITS_PER_LONG))
				bits[--i] = first + bit;
	}
	if (unlikely(nr_used))
		return false;
done:
	page->slab.nr_free -= nr;
	page->slab.first_free = bit;
	return true;
}

/**
 * pma_slab_lend() - lend free blocks to a CPU, lowest first
 * @pages: the table
 * @pgno: the page; CPUs may be changing bits of blocks that they were lent
 * @class: that it is cut into
 * @nr: how many, at least 1; so many are free
 * @bits: of them among all pages' bits, the lowest last
 *
 * They are not free in the page any more, though their bits still say so.  Each word is
 * looked at once: if no more blocks seem free than are, it is those.
 *
 * Return: false if other blocks seem free, which CPUs have; then nothing was done.
 */
bool pma_slab_lend(struct pma_pages *pages, u32 pgno, const struct pma_class *class,
		   unsigned int nr, u32 *bits)
{
	return lend(pages, pgno, class, nr, NULL, bits);
}

/**
 * pma_slab_lend_beside() - as pma_slab_lend(), of a page of which some blocks are known to be lent
 * @pages: the table
 * @pgno: the page
 * @class: that it is cut into
 * @nr: how many
 * @lent: a bitmap of those that are known, as the page's own; none of them is a free one of
 *	the page
 * @bits: of those that are lent now
 *
 * Return: false if yet others seem free; then nothing was done.
 */
bool pma_slab_lend_beside(struct pma_pages *pages, u32 pgno, const struct pma_class *class,
			  unsigned int nr, const unsigned long *lent, u32 *bits)
{
	return lend(pages, pgno, class, nr, lent, bits);
}

/**
 * pma_slab_nr_used() - count the blocks in use by their bits
 * @pages: the table
 * @pgno: the page; others may be changing its bits
 *
 * Return: how many.
 */
u32 pma_slab_nr_used(const struct pma_pages *pages, u32 pgno)
{
	unsigned long *end, *word = bitmap_of(pages, pgno, &end);
	u32 nr = 0;

	for (; word != end; word++)
		nr += hweight_long(~READ_ONCE(*word));
	return nr;
}

/**
 * pma_slab_find() - which block of a page does a handle lie in?
 * @pages: the table
 * @handle: in the page
 * @class: that it is cut into
 * @start: of the block, unless it is free
 *
 * Return: 0 if it is the start of a block in use, -EBADSLT if it lies within one; -EALREADY
 * if that memory is free.
 */
int pma_slab_find(const struct pma_pages *pages, u64 handle, const struct pma_class *class,
		  u64 *start)
{
	u32 offset = handle & (pma_region_page_size(pages->region) - 1);
	u32 index = offset / class->block_size;

	*start = handle - offset + index * class->block_size;
	/* What is over at the page's end no block ever takes: its bit is set. */
	if (test_bit(*start >> pages->bit_shift, pages->shadow))
		return -EALREADY;
	return *start == handle ? 0 : -EBADSLT;
}

/**
 * pma_slab_check() - prove a slab page's descriptor against its bitmap
 * @pages: the table
 * @pgno: the page; no CPU has been lent any of its blocks
 * @class: that it is cut into
 *
 * A word at a time, as that is done for all pages of an arena under its lock.
 *
 * Return: number of errors.
 */
u32 pma_slab_check(const struct pma_pages *pages, u32 pgno, const struct pma_class *class)
{
	const struct pma_page *page = &pages->desc[pgno];
	u32 step = class->step, word_step = BITS_PER_LONG % step, end_bit = class->nr_blocks * step;
	u32 nr_free = 0, lowest = U32_MAX, bit, ahead = 0;
	unsigned long *end, *word = bitmap_of(pages, pgno, &end);
	unsigned long every = 1, starts, free;
	bool stray = false;

	for (bit = step; bit < BITS_PER_LONG; bit *= 2)
		every |= every << bit;
	for (bit = 0; word != end; word++, bit += BITS_PER_LONG) {
		/* The next block begins @ahead bits on. */
		starts = ahead < BITS_PER_LONG ? every << ahead : 0;
		if (bit + BITS_PER_LONG > end_bit)
			starts &= bit < end_bit ? BIT(end_bit - bit) - 1 : 0;
		ahead = ahead >= word_step ? ahead - word_step : ahead + step - word_step;
		free = *word & starts;
		if (free && lowest == U32_MAX)
			lowest = bit + __ffs(free);
		nr_free += hweight_long(free);
		/* A bit where no block begins must be set. */
		stray |= ~(*word | starts);
	}
	return (nr_free != page->slab.nr_free) + (lowest < page->slab.first_free) + stray +
	       (page->slab.block_size != class->block_size);
}
