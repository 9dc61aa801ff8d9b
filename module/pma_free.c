// SPDX-License-Identifier: GPL-2.0
/*
 * pma_free.c - free a block where CPUs have pages
 *
 *	of a page that is	way
 *	the one taken from	its bit (pma_cpu_give())
 *	full			the CPU adopts it
 *	a spare one of the CPU's	its bit, while nobody else takes the page
 *	partial			under the arena's lock, its bit and the page's counts
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
#include "pma_slabs.h"

/* A CPU's or a full page may become partial, or anything, before we have the lock. */
static __always_inline bool give_to_partial(struct pma_arena *arena, u64 handle,
					    struct pma_page *page)
{
	struct pma_page_id id = pma_page_id(page);
	const struct pma_class *class;
	u32 index;

	if (id.kind != PMA_KIND_SLAB || id.owner != arena->id)
		return false;
	class = &arena->pool->classes->class[id.class];
	return pma_slab_find(class, handle & arena->fast.page_mask, &index) &&
	       pma_slabs_free(arena, page, handle >> arena->fast.page_shift, class->nr_blocks,
			      index);
}

/**
 * pma_free_of_partial() - free a block of what seems to be a partial slab page
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @page: the same
 * @irq: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_of_partial(struct pma_arena *arena, u64 handle, struct pma_page *page,
			unsigned long irq)
{
	raw_spin_lock(&arena->lock);
	if (unlikely(!give_to_partial(arena, handle, page)))
		return pma_block_free_and_unlock(arena, handle, irq);
	raw_spin_unlock(&arena->lock);
	local_irq_restore(irq);
	return 0;
}

/* As pma_free_of_partial(), of a page that the CPU might have adopted, had it had a place. */
static noinline int free_not_adopted(struct pma_arena *arena, u64 handle, struct pma_page *page,
				     unsigned long irq)
{
	u32 class;

	/* It may have been adopted, and refused. */
	if (pma_cpu_was_given(page))
		pma_keepers_tell(arena);
	raw_spin_lock(&arena->lock);
	class = pma_page_id(page).class;
	if (unlikely(!give_to_partial(arena, handle, page)))
		return pma_block_free_and_unlock(arena, handle, irq);
	pma_cpu_make_place(arena, class);
	raw_spin_unlock(&arena->lock);
	local_irq_restore(irq);
	return 0;
}

/* It was freed; others may want its page. */
static noinline int tell_and_return(struct pma_arena *arena, unsigned long irq)
{
	pma_keepers_tell(arena);
	local_irq_restore(irq);
	return 0;
}

/**
 * pma_free_of_full() - free a block of what seems to be a full slab page
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @page: the same
 * @irq: the same
 * @own: the same
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_of_full(struct pma_arena *arena, u64 handle, struct pma_page *page,
		     unsigned long irq, struct pma_cpu_page __percpu *own)
{
	if (unlikely(!pma_cpu_adopt(arena, own, handle, page)))
		return free_not_adopted(arena, handle, page, irq);
	if (pma_cpu_was_given(page))
		return tell_and_return(arena, irq);
	local_irq_restore(irq);
	return 0;
}

/*
 * As pma_free_of_partial(), to be refused; others may want the page, in its place again: who
 * looked for an empty one just then did not find it.
 */
static noinline int free_refused(struct pma_arena *arena, u64 handle, struct pma_page *page,
				 unsigned long irq)
{
	pma_keepers_tell(arena);
	return pma_free_of_partial(arena, handle, page, irq);
}

/* A block of a spare page, which is in none of its places just now, was its last one perhaps. */
static noinline int put_away(struct pma_arena *arena, struct pma_cpu_page *own, u32 i, u32 pgno,
			     unsigned long irq)
{
	pma_cpu_put_away(arena, own, i, pgno);
	local_irq_restore(irq);
	return 0;
}

/**
 * pma_free_of_spare() - free a block of what seems to be a slab page of a CPU's
 * @arena: as for pma_free_irqs_off()
 * @handle: the same
 * @page: the same
 * @irq: the same
 * @each: as its @own
 *
 * Context: as that.
 * Return: as that.
 */
int pma_free_of_spare(struct pma_arena *arena, u64 handle, struct pma_page *page,
		      unsigned long irq, struct pma_cpu_page __percpu *each)
{
	struct pma_cpu_page *own = this_cpu_ptr(each);
	u32 pgno = handle >> arena->fast.page_shift, i = READ_ONCE(page->slab.place), index;
	u32 *place = own->spares + i, was = pgno;
	unsigned long *bitmap;

	OPTIMIZER_HIDE_VAR(own);
	OPTIMIZER_HIDE_VAR(place);
	/*
	 * If it is in a place of this CPU's, then it is what it seems to be; and nobody else must
	 * take it just now.
	 */
	if (i >= PMA_CPU_SPARES || READ_ONCE(*place) != pgno ||
	    unlikely(!pma_cpu_find(own, handle & arena->fast.page_mask, &index) ||
		     !try_cmpxchg(place, &was, PMA_NONE)))
		return pma_free_of_partial(arena, handle, page, irq);
	bitmap = pma_cpu_bitmap(arena, pgno);
	if (unlikely(test_and_set_bit(index, bitmap))) {
		pma_cpu_place(place, pgno);
		return free_refused(arena, handle, page, irq);
	}
	own->frees++;
	/* Only what is done may change where the page is: what is refused changes nothing. */
	if (unlikely(READ_ONCE(*bitmap) == own->all_free))
		return put_away(arena, own, place - own->spares, pgno, irq);
	pma_cpu_place(place, pgno);
	if (pma_cpu_was_given(page))
		return tell_and_return(arena, irq);
	local_irq_restore(irq);
	return 0;
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
	struct pma_kept *kept = &this_cpu_ptr(arena->cpu)->kept;
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
	struct pma_kept *kept = &this_cpu_ptr(arena->cpu)->kept;
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
