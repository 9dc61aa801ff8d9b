// SPDX-License-Identifier: GPL-2.0
/*
 * pma_free.c - free a block where CPUs have magazines
 *
 *	of a page that is	way
 *	a slab page		into the CPU's magazine (pma_cpu_give()), of which half is
 *				flushed before, under the arena's lock, if it is full
 *	a big block's		the CPU keeps it
 *	a mixed run's		under the arena's lock
 *	a segment's		under the arena's lock, the CPU keeps it, or it goes back
 *
 * What none of them takes, as it must be done in another way or is to be refused, is for
 * pma_block_free_and_unlock().
 */
#include "pma_block.h"
#include "pma_chunks.h"
#include "pma_cpu.h"
#include "pma_free.h"
#include "pma_keepers.h"
#include "pma_kept.h"
#include "pma_mixed.h"

/**
 * pma_free_of_slab() - free a block of what seems to be a slab page
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @page: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_of_slab(struct pma_arena *arena, u64 handle, struct pma_page *page,
		     unsigned long irq)
{
	struct pma_magazine __percpu *own = pma_cpu_magazine_of(arena, page);
	struct pma_magazine *magazine = this_cpu_ptr(own);
	size_t bit = handle >> arena->fast.bit_shift;

	/* Only where there was no place: what is wrong shall change nothing. */
	if (pma_page_read(page) == magazine->word && magazine->nr >= magazine->max &&
	    !test_bit(bit, arena->fast.shadow) &&
	    pma_cpu_make_room(arena, magazine) && pma_cpu_give(arena, own, bit, page)) {
		local_irq_restore(irq);
		return 0;
	}
	raw_spin_lock(&arena->lock);
	return pma_block_free_and_unlock(arena, handle, irq);
}

/* May CPUs keep anything just now? */
static bool may_keep(const struct pma_arena *arena)
{
	return pma_pool_has_plenty(arena->pool) && !READ_ONCE(arena->draining);
}

/* May this one keep so many bytes more? */
static bool has_room(const struct pma_kept *kept, size_t bytes)
{
	return pma_kept_bytes(kept) + bytes <= kept->bytes_max;
}

/* Go on to an empty place of that bin, if there is one; only this CPU fills any. */
static __always_inline bool find_empty(struct pma_kept_place **place, u32 nr)
{
	struct pma_kept_place *end = *place + nr;

	for (; *place != end; (*place)++)
		if (READ_ONCE((*place)->piece) == PMA_NONE)
			return true;
	return false;
}

static __always_inline void keep(struct pma_arena *arena, struct pma_kept *kept,
				 struct pma_kept_place *place, u32 piece, u32 length,
				 size_t bytes)
{
	kept->frees++;
	place->length = length;
	/* Whoever takes it out sees all that was read and written of it before. */
	smp_store_release(&place->piece, piece);
	/* Who flushes sees this, or we that it must be told. */
	smp_store_mb(kept->bytes, kept->bytes + bytes);
	pma_keepers_tell(arena);
}

/* If a big block in use starts there, free it, for this CPU to keep.  Interrupts are off. */
static __always_inline bool keep_run(struct pma_arena *arena, u64 handle)
{
	u32 pgno = handle >> arena->fast.page_shift, nr_pages;
	struct pma_kept *kept = this_cpu_ptr(arena->kept);
	struct pma_page *page = &arena->fast.desc[pgno];
	struct pma_kept_place *place;
	size_t bytes;

	if (!may_keep(arena) || handle & arena->fast.page_mask ||
	    !pma_page_swap(page, kept->big_word, kept->kept_word))
		return false;
	nr_pages = pma_pool_tag_pages(&kept->run_tags[pgno]);
	bytes = (size_t)nr_pages << arena->fast.page_shift;
	place = pma_kept_run_bin(kept, nr_pages);
	if (unlikely(nr_pages > PMA_KEPT_RUN_PAGES || !has_room(kept, bytes) ||
		     !find_empty(&place, PMA_KEPT_DEPTH))) {
		/* Whoever claims it next may change its tag, which was read just now. */
		smp_store_release((u32 *)page, kept->big_word);
		return false;
	}
	kept->run_pages += nr_pages;
	keep(arena, kept, place, pgno, nr_pages, bytes);
	return true;
}

/* Keep the chunk in use that has that tag; the arena's lock is held. */
static __always_inline bool keep_chunk(struct pma_arena *arena, struct pma_kept *kept,
				       struct pma_fit_tag *tag, u32 unit, u32 units)
{
	size_t bytes = (size_t)units << arena->heap->geo.granule_shift;
	struct pma_kept_place *place;
	size_t bin;

	if (!may_keep(arena) || !pma_kept_chunk_bin(kept, units, &bin) || !has_room(kept, bytes))
		return false;
	place = pma_kept_chunks(kept, bin);
	if (!find_empty(&place, PMA_KEPT_CHUNK_DEPTH))
		return false;
	pma_heap_keep(tag);
	/* Others may have emptied it. */
	kept->filled[bin] += !place->length;
	keep(arena, kept, place, unit, units, bytes);
	return true;
}

/* If a chunk in use starts there, free it; the arena's lock is held. */
static __always_inline bool free_chunk(struct pma_arena *arena, u64 handle)
{
	const struct pma_page *page = &arena->fast.desc[handle >> arena->fast.page_shift];
	struct pma_kept *kept = this_cpu_ptr(arena->kept);
	const struct pma_heap *heap = arena->heap;
	u32 unit = handle >> heap->geo.granule_shift, units;
	struct pma_fit_tag *tag;

	lockdep_assert_held(&arena->lock);
	if (pma_page_read(page) != kept->heap_word)
		return false;
	tag = pma_fit_tag(&heap->fit, unit);
	units = pma_heap_used_units(heap, handle, tag);
	if (!units)
		return false;
	/* Two segments that go back would be much for one call. */
	if (!keep_chunk(arena, kept, tag, unit, units) && !pma_chunks_free(arena, handle))
		pma_kept_shed_locked(arena);
	return true;
}

/* Free what is not kept, and where others could use it a piece that is. */
static noinline int free_and_shed(struct pma_arena *arena, u64 handle, unsigned long irq)
	__releases(&arena->lock)
{
	int err = pma_block_free_and_unlock(arena, handle, irq);

	if (!err)
		pma_kept_shed(arena);
	return err;
}

/**
 * pma_free_big() - free what seems to be a big block
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_big(struct pma_arena *arena, u64 handle, unsigned long irq)
{
	if (unlikely(!keep_run(arena, handle))) {
		raw_spin_lock(&arena->lock);
		return free_and_shed(arena, handle, irq);
	}
	local_irq_restore(irq);
	return 0;
}

/**
 * pma_free_other() - free what may be a chunk, or anything
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_other(struct pma_arena *arena, u64 handle, unsigned long irq)
{
	raw_spin_lock(&arena->lock);
	if (!free_chunk(arena, handle))
		return free_and_shed(arena, handle, irq);
	raw_spin_unlock(&arena->lock);
	local_irq_restore(irq);
	return 0;
}

/**
 * pma_free_of_mixed() - free a block of what seems to be a mixed run
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @page: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_of_mixed(struct pma_arena *arena, u64 handle, struct pma_page *page,
		      unsigned long irq)
{
	raw_spin_lock(&arena->lock);
	if (unlikely(pma_page_read(page) != pma_page_word(PMA_PAGE_MIXED, 0, arena->id) ||
		     !pma_mixed_free(arena, handle)))
		return free_and_shed(arena, handle, irq);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	pma_kept_shed(arena);
	return 0;
}
