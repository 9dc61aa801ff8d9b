// SPDX-License-Identifier: GPL-2.0
/*
 * pma_resize.c - change a block's size, contents kept
 *
 * In place where that can be: the same class, a chunk with room after it, a run
 * with free pages after it.  Else a new block is taken, the bytes are copied and
 * the old one freed; if there is no new one, the old one stays as it was, and
 * serves if it is long enough.
 *
 * The bytes of small blocks are copied under the arena's lock.  Between two big
 * blocks they are copied without it, while both are BUSY (see pma_arena.c).
 */
#include "pma_adapt.h"
#include "pma_block.h"
#include "pma_keepers.h"
#include "pma_place.h"
#include "pma_resize.h"

/* What is wanted, and of whom. */
struct resize {
	struct pma_arena *arena;
	size_t size;
	size_t align;
	u32 flags;
	struct pma_route route;
};

static void *ptr_of(const struct resize *want, u64 handle)
{
	return pma_region_ptr(&want->arena->pool->region, handle);
}

static bool is_aligned(const struct resize *want, u64 handle)
{
	return !want->align || !(handle & (want->align - 1));
}

/* With PMA_ZERO, what nobody asked for before must read as zeroes. */
static u64 bytes_to_keep(const struct resize *want, const struct pma_block *old)
{
	return min_t(u64, want->flags & PMA_ZERO ? old->requested : old->size, want->size);
}

static void zero_tail(const struct resize *want, const struct pma_block *block, u64 kept)
{
	if (want->flags & PMA_ZERO)
		memset(ptr_of(want, block->handle + kept), 0, block->size - kept);
}

/* Find the block and describe it; the lock is held. */
static int find_old(const struct resize *want, u64 handle, struct pma_place *place,
		    struct pma_block *old)
{
	int err = pma_place_find(want->arena, handle, place);

	/* Where others hold it too, it stays as long as it is, and where it is. */
	if (!err && place->claim)
		err = -EBUSY;
	if (err)
		return pma_arena_count_error_locked(want->arena, err);
	pma_place_describe(want->arena, place, old);
	return 0;
}

/* The old block stays, with room for what is wanted; the lock is held. */
static void keep(const struct resize *want, const struct pma_place *place,
		 const struct pma_block *old, struct pma_block *block)
{
	pma_place_record(want->arena, place, want->size);
	pma_place_describe(want->arena, place, block);
	zero_tail(want, block, bytes_to_keep(want, old));
	pma_arena_count_bytes(want->arena, (s64)(block->size - old->size));
}

/* Can the old block serve, if there is no better one? */
static bool old_serves(const struct resize *want, const struct pma_block *old)
{
	return want->size <= old->size && is_aligned(want, old->handle);
}

/* Can the engine that would serve the new size do so where the block is? */
static bool fits_in_place(const struct resize *want, const struct pma_place *place)
{
	struct pma_arena *arena = want->arena;

	if (!is_aligned(want, place->start))
		return false;
	if (place->kind == PMA_PAGE_MIXED)
		return pma_mixed_resize(arena, place->start, want->size);
	if (place->kind != want->route.kind)
		return false;
	if (place->kind == PMA_KIND_SLAB)
		return pma_page_id(&arena->pool->pages.desc[place->pgno]).class ==
		       want->route.class;
	return pma_heap_resize(arena->heap, place->start, want->size);
}

/*
 * Free the old block, unless a CPU has done so meanwhile, by mistake; the lock is held.  The
 * pages that are owed then.
 */
static u32 free_old(const struct resize *want, const struct pma_place *place)
{
	return max_t(s64, pma_block_free_place(want->arena, place), 0);
}

/* Take another block, copy and free the old one; the lock is held. */
static int move_to_small(const struct resize *want, const struct pma_place *place,
			 const struct pma_block *old, struct pma_block *block, u32 *run_pages)
{
	int err = pma_block_alloc_small(want->arena, want->size, &want->route, want->flags, block);

	if (err)
		return err;
	memcpy(ptr_of(want, block->handle), ptr_of(want, old->handle), bytes_to_keep(want, old));
	*run_pages = free_old(want, place);
	return 0;
}

/*
 * Let calls reach the busy block at @pgno.  If that is another than the one at
 * @place, that one is freed.
 */
static void publish(const struct resize *want, u32 pgno, const struct pma_place *place,
		    const struct pma_block *old, struct pma_block *block)
{
	struct pma_arena *arena = want->arena;
	bool moved = place->pgno != pgno;
	unsigned long irq;
	u32 run_pages = 0;

	block->handle = pma_region_handle(&arena->pool->region, pgno);
	block->size = pma_arena_big_bytes(arena, pgno);
	zero_tail(want, block, bytes_to_keep(want, old));
	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_arena_big_publish(arena, pgno, want->size);
	if (moved) {
		pma_arena_count_allocs(arena, 1, block->size);
		run_pages = free_old(want, place);
	} else {
		pma_arena_count_bytes(arena, (s64)(block->size - old->size));
	}
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (run_pages)
		pma_arena_big_give(arena, place->pgno, run_pages);
}

/* A big block is BUSY from now on, as a CPU may free it without the lock, which is held. */
static int claim_big(struct pma_arena *arena, const struct pma_place *place)
{
	if (place->kind != PMA_KIND_BIG ||
	    pma_big_claim(&arena->pool->pages, place->pgno, arena->id))
		return 0;
	return pma_arena_count_error_locked(arena, -EALREADY);
}

/* Nothing has been done; the lock is held. */
static void leave(struct pma_arena *arena, const struct pma_place *place,
		  const struct pma_block *old)
{
	if (place->kind == PMA_KIND_BIG)
		pma_arena_big_publish(arena, place->pgno, old->requested);
}

static int resize_to_small(const struct resize *want, u64 handle, struct pma_block *block)
{
	struct pma_arena *arena = want->arena;
	struct pma_place place;
	struct pma_block old;
	bool big_stays = false;
	unsigned long irq;
	u32 run_pages = 0;
	int err;

	raw_spin_lock_irqsave(&arena->lock, irq);
	err = find_old(want, handle, &place, &old) ?: claim_big(arena, &place);
	if (!err && fits_in_place(want, &place)) {
		keep(want, &place, &old, block);
	} else if (!err) {
		err = move_to_small(want, &place, &old, block, &run_pages);
		if (err && !old_serves(want, &old)) {
			leave(arena, &place, &old);
		} else if (err) {
			err = 0;
			big_stays = place.kind == PMA_KIND_BIG;
			if (!big_stays)
				keep(want, &place, &old, block);
		}
	}
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (run_pages)
		pma_arena_big_give(arena, place.pgno, run_pages);
	/* It may be long, and is to be zeroed without the lock. */
	if (big_stays)
		publish(want, place.pgno, &place, &old, block);
	return err;
}

/* From a busy big block to another length of big block; the lock is not held. */
static int big_to_big(const struct resize *want, const struct pma_place *place,
		      const struct pma_block *old, struct pma_block *block)
{
	struct pma_arena *arena = want->arena;
	unsigned long irq;
	u32 pgno = place->pgno;

	if (pma_arena_big_resize(arena, pgno, want->route.nr_pages)) {
		publish(want, pgno, place, old, block);
		return 0;
	}
	pgno = pma_arena_big_take(arena, want->route.nr_pages);
	if (pgno == PMA_NONE) {
		raw_spin_lock_irqsave(&arena->lock, irq);
		leave(arena, place, old);
		raw_spin_unlock_irqrestore(&arena->lock, irq);
		return -ENOMEM;
	}
	memcpy(ptr_of(want, pma_region_handle(&arena->pool->region, pgno)),
	       ptr_of(want, old->handle), bytes_to_keep(want, old));
	publish(want, pgno, place, old, block);
	return 0;
}

/* From a slab block or a chunk to the busy big block at @pgno; the lock is held. */
static void small_to_big(const struct resize *want, u32 pgno, const struct pma_place *place,
			 const struct pma_block *old, struct pma_block *block)
{
	memcpy(ptr_of(want, block->handle), ptr_of(want, old->handle), bytes_to_keep(want, old));
	pma_arena_big_publish(want->arena, pgno, want->size);
	pma_arena_count_allocs(want->arena, 1, block->size);
	free_old(want, place);
}

/* As resize_to_big(), of a slab block or a chunk; the lock is not held. */
static int grow_to_big(const struct resize *want, u64 handle, struct pma_block *block)
{
	struct pma_arena *arena = want->arena;
	u32 pgno = pma_arena_big_take(arena, want->route.nr_pages);
	struct pma_place place;
	struct pma_block old;
	unsigned long irq;
	int err;

	if (pgno != PMA_NONE) {
		block->handle = pma_region_handle(&arena->pool->region, pgno);
		block->size = pma_arena_big_bytes(arena, pgno);
		zero_tail(want, block, 0);
	}
	raw_spin_lock_irqsave(&arena->lock, irq);
	/* Once more: anything can have happened to it while the lock was free. */
	err = find_old(want, handle, &place, &old);
	if (!err && place.kind == PMA_KIND_BIG)
		err = pma_arena_count_error_locked(arena, -EALREADY);
	if (!err && pgno != PMA_NONE)
		small_to_big(want, pgno, &place, &old, block);
	else if (!err && old_serves(want, &old))
		keep(want, &place, &old, block);
	else if (!err)
		err = -ENOMEM;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (err && pgno != PMA_NONE)
		pma_arena_big_drop(arena, pgno);
	return err;
}

static int resize_to_big(const struct resize *want, u64 handle, struct pma_block *block)
{
	struct pma_arena *arena = want->arena;
	struct pma_place place;
	struct pma_block old;
	unsigned long irq;
	int err;

	raw_spin_lock_irqsave(&arena->lock, irq);
	err = find_old(want, handle, &place, &old) ?: claim_big(arena, &place);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (err)
		return err;
	if (place.kind == PMA_KIND_BIG)
		return big_to_big(want, &place, &old, block);
	return grow_to_big(want, handle, block);
}

/**
 * pma_resize_try() - change a block's size, and if there is no room, count no failure
 * @arena: whose it is
 * @handle: of its start, or PMA_HANDLE_NONE to allocate
 * @size: bytes wanted; 0 frees it
 * @align: of the result: power of two up to the page size, or 0 for the natural one
 * @flags: PMA_ZERO: what is beyond the old requested size (where that is not
 *	recorded, its usable size) reads as zeroes
 * @block: handle and size of the result; PMA_HANDLE_NONE if it was freed
 *
 * For who has something else to try then; see pma_arena_count_failure().
 *
 * Context: Any but NMI, and may sleep where the arena is mapped or the pool's arenas share;
 * takes the arena's lock, then the pool's.
 * Return: as pma_resize_block().
 */
int pma_resize_try(struct pma_arena *arena, u64 handle, size_t size, size_t align, u32 flags,
		   struct pma_block *block)
{
	struct resize want = { .arena = arena, .size = size, .align = align };
	u32 rounds = 0;
	int err;

	if (handle == PMA_HANDLE_NONE)
		return pma_block_try(arena, size, align, flags, block);
	/* Where the size only says "free", the rest must be right all the same. */
	err = pma_block_check_request(arena, size ?: 1, align, flags, &want.route);
	if (err)
		return err;
	if (!size) {
		*block = (struct pma_block){ .handle = PMA_HANDLE_NONE };
		return pma_block_free(arena, handle);
	}
	do {
		want.flags = flags | pma_keepers_flags(rounds);
		err = want.route.kind == PMA_KIND_BIG ? resize_to_big(&want, handle, block) :
							resize_to_small(&want, handle, block);
	} while (err == -ENOMEM && pma_keepers_make_room(arena, size, &rounds));
	if (err != -ENOMEM || want.route.kind != PMA_KIND_BIG ||
	    !pma_block_make_do(arena, align, &want.route))
		return err;
	want.flags |= PMA_MAKE_DO;
	return resize_to_small(&want, handle, block);
}

/**
 * pma_resize_block() - change a block's size, contents kept
 * @arena: whose it is
 * @handle: of its start, or PMA_HANDLE_NONE to allocate
 * @size: bytes wanted; 0 frees it
 * @align: as for pma_resize_try()
 * @flags: likewise
 * @block: handle and size of the result; PMA_HANDLE_NONE if it was freed
 *
 * Context: As pma_resize_try().
 * Return: 0, or the errors of pma_place_find() and pma_block_alloc(), or -EBUSY for a
 * shared block, counted; then the old block is as it was.
 */
int pma_resize_block(struct pma_arena *arena, u64 handle, size_t size, size_t align, u32 flags,
		     struct pma_block *block)
{
	return pma_arena_count_failure(arena, pma_resize_try(arena, handle, size, align, flags,
							     block));
}
