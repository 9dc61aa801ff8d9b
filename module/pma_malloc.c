// SPDX-License-Identifier: GPL-2.0
/*
 * pma_malloc.c - the kernel interface: single blocks (include/linux/pma.h)
 *
 * Blocks are pointers here and handles below; a pointer that is not in the
 * region becomes a handle outside it, and is refused as such.
 *
 * What a CPU's magazine serves is done in place.  Whatever else there is to do is left to
 * functions that are called last, so that the short way saves no registers.
 */
#include <linux/export.h>

#include "pma_adapt.h"
#include "pma_block.h"
#include "pma_cpu.h"
#include "pma_free.h"
#include "pma_kept.h"
#include "pma_malloc.h"
#include "pma_place.h"
#include "pma_resize.h"
#include "pma_slabs.h"

static u64 handle_of(const struct pma_arena *arena, const void *block)
{
	const struct pma_region *region = &arena->pool->region;

	if (!block)
		return PMA_HANDLE_NONE;
	return min_t(uintptr_t, (uintptr_t)block - (uintptr_t)region->base, region->bytes);
}

static void *ptr_of(const struct pma_arena *arena, u64 handle)
{
	return handle == PMA_HANDLE_NONE ? NULL : pma_region_ptr(&arena->pool->region, handle);
}

/* As pma_alloc_aligned(), under the arena's lock. */
static noinline void *alloc_locked(struct pma_arena *arena, size_t size, size_t align, u32 flags)
{
	struct pma_block block;

	if (pma_block_alloc(arena, size, align, flags, &block))
		return NULL;
	return ptr_of(arena, block.handle);
}

/* As pma_alloc(), of what no slab block serves, or where CPUs have none. */
static noinline void *alloc_larger(struct pma_arena *arena, size_t size)
{
	void *block = pma_kept_alloc(arena, size);

	return block ?: alloc_locked(arena, size, 0, 0);
}

/* As alloc_slowly(), of a size that no magazine is for: classes adapt (pma_adapt.c). */
static noinline void *alloc_unearned(struct pma_arena *arena, size_t size, u32 flags,
				     unsigned long irq)
{
	u32 class = arena->pool->classes->of_size[(size - 1) / PMA_BLOCK_MIN];
	struct pma_block block __uninitialized;
	bool done;

	raw_spin_lock(&arena->lock);
	if (pma_adapt_ask(arena, size, class, 1)) {
		done = !pma_mixed_alloc(arena, size, flags, &block);
		if (unlikely(!done))
			pma_adapt_take_back(arena, size);
	} else {
		done = pma_slabs_alloc(arena, class, size, flags, 1, &block.handle);
	}
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return done ? (void *)arena->fast.base + block.handle :
		      alloc_locked(arena, size, 0, flags);
}

/* As pma_alloc(), where the magazine is empty; interrupts are off, and on again then. */
static noinline void *alloc_slowly(struct pma_arena *arena, size_t size,
				   struct pma_magazine __percpu *own, unsigned long irq)
{
	void *block;

	if (!__this_cpu_read(own->cap))
		return alloc_unearned(arena, size, 0, irq);
	block = pma_cpu_take_slowly(arena, own);
	local_irq_restore(irq);
	return block ?: alloc_locked(arena, size, 0, 0);
}

/**
 * pma_alloc() - allocate a block
 * @arena: whose block it will be
 * @size: bytes wanted, at least 1
 *
 * Context: Any but NMI; never sleeps.
 * Return: the block, aligned to 16 bytes, or NULL.
 */
void *pma_alloc(struct pma_arena *arena, size_t size)
{
	struct pma_magazine __percpu *own;
	unsigned long irq;
	void *block;

	if (unlikely(!pma_cpu_serves(arena, size)))
		return alloc_larger(arena, size);
	local_irq_save(irq);
	own = pma_cpu_magazine_for(arena, size);
	if (unlikely(!pma_cpu_take(arena, own, &block)))
		return alloc_slowly(arena, size, own, irq);
	local_irq_restore(irq);
	return block;
}
EXPORT_SYMBOL_GPL(pma_alloc);

/* As alloc_larger(), zeroed. */
static noinline void *zalloc_larger(struct pma_arena *arena, size_t size)
{
	void *block = pma_kept_zalloc(arena, size);

	return block ?: alloc_locked(arena, size, 0, PMA_ZERO);
}

/* As pma_zalloc(), as alloc_slowly(). */
static noinline void *zalloc_slowly(struct pma_arena *arena, size_t size,
				    struct pma_magazine __percpu *own, unsigned long irq)
{
	size_t block_size;
	void *block;

	if (!__this_cpu_read(own->cap))
		return alloc_unearned(arena, size, PMA_ZERO, irq);
	block = pma_cpu_take_slowly(arena, own);
	block_size = __this_cpu_read(own->block_size);
	local_irq_restore(irq);
	return block ? memset(block, 0, block_size) : alloc_locked(arena, size, 0, PMA_ZERO);
}

/**
 * pma_zalloc() - allocate a block that reads as zeroes
 * @arena: whose block it will be
 * @size: bytes wanted, at least 1
 *
 * Context: Any but NMI; never sleeps.
 * Return: the block, zeroed up to its usable size, or NULL.
 */
void *pma_zalloc(struct pma_arena *arena, size_t size)
{
	struct pma_magazine __percpu *own;
	unsigned long irq;
	size_t block_size;
	void *block;

	if (unlikely(!pma_cpu_serves(arena, size)))
		return zalloc_larger(arena, size);
	local_irq_save(irq);
	own = pma_cpu_magazine_for(arena, size);
	if (unlikely(!pma_cpu_take(arena, own, &block)))
		return zalloc_slowly(arena, size, own, irq);
	block_size = __this_cpu_read(own->block_size);
	local_irq_restore(irq);
	return pma_malloc_zero(block, block_size);
}
EXPORT_SYMBOL_GPL(pma_zalloc);

/**
 * pma_alloc_aligned() - allocate a block
 * @arena: whose block it will be
 * @size: bytes wanted, at least 1
 * @align: power of two up to the page size, or 0 for the natural alignment: 16
 * @flags: PMA_ZERO: it reads as zeroes up to its usable size
 *
 * Context: Any but NMI; never sleeps.
 * Return: the block, or NULL; pma_arena_stats() tells bad arguments from
 * exhaustion.
 */
void *pma_alloc_aligned(struct pma_arena *arena, size_t size, size_t align, u32 flags)
{
	if (align | (flags & ~PMA_ZERO))
		return alloc_locked(arena, size, align, flags);
	return flags ? pma_zalloc(arena, size) : pma_alloc(arena, size);
}
EXPORT_SYMBOL_GPL(pma_alloc_aligned);

/**
 * pma_calloc() - allocate a zeroed array
 * @arena: whose block it will be
 * @nmemb: elements, at least 1
 * @size: bytes of each, at least 1
 *
 * Context: Any but NMI; never sleeps.
 * Return: the block, zeroed up to its usable size; or NULL, also if the product
 * overflows.
 */
void *pma_calloc(struct pma_arena *arena, size_t nmemb, size_t size)
{
	/* SIZE_MAX on overflow: more than any region, so refused and counted. */
	return pma_zalloc(arena, size_mul(nmemb, size));
}
EXPORT_SYMBOL_GPL(pma_calloc);

/* A block from the magazine, which pma_cpu_serves(), or NULL. */
static void *take_of_cpu(struct pma_arena *arena, size_t size)
{
	struct pma_magazine __percpu *own;
	unsigned long irq;
	void *block;

	local_irq_save(irq);
	own = pma_cpu_magazine_for(arena, size);
	if (unlikely(!pma_cpu_take(arena, own, &block)))
		block = pma_cpu_take_slowly(arena, own);
	local_irq_restore(irq);
	return block;
}

/* Another block for the first @bytes of one, which is freed then; or NULL, and nothing changes. */
static void *move_to_cpu(struct pma_arena *arena, void *block, size_t bytes, size_t size)
{
	void *new = take_of_cpu(arena, size);

	if (unlikely(!new))
		return NULL;
	memcpy(new, block, bytes);
	if (likely(!pma_free(arena, block)))
		return new;
	/* By mistake it was freed meanwhile. */
	pma_free(arena, new);
	return NULL;
}

/*
 * As pma_realloc(), from any slab block to another, or to the same, without the arena's lock;
 * or NULL, and it must be done in another way.  A client that frees the block meanwhile by
 * mistake might get what another arena has written there by then: so not in a pool that
 * isolates.
 */
static void *realloc_of_cpu(struct pma_arena *arena, void *block, size_t size, u32 flags)
{
	const struct pma_classes *classes = arena->pool->classes;
	const struct pma_class *from, *to;
	size_t kept;

	if (!pma_cpu_serves(arena, size) || flags & ~PMA_ZERO || pma_pool_isolates(arena->pool))
		return NULL;
	/* Of NULL that is no number of the region, either. */
	from = pma_place_look_slab(arena, (uintptr_t)block - arena->fast.base);
	if (!from)
		return NULL;
	to = &classes->class[classes->of_size[(size - 1) / PMA_BLOCK_MIN]];
	kept = min_t(size_t, from->block_size, size);
	if (from != to)
		block = move_to_cpu(arena, block, kept, size);
	if (block && flags)
		memset(block + kept, 0, to->block_size - kept);
	return block;
}

/* As pma_realloc(), by any way. */
static noinline void *resize(struct pma_arena *arena, void *block, size_t size, u32 flags)
{
	void *moved = realloc_of_cpu(arena, block, size, flags);
	struct pma_block new;

	if (moved)
		return moved;
	if (pma_resize_block(arena, handle_of(arena, block), size, 0, flags, &new))
		return NULL;
	return ptr_of(arena, new.handle);
}

/**
 * pma_realloc() - change a block's size, contents kept
 * @arena: whose block it is
 * @block: the block, or NULL to allocate
 * @size: bytes wanted; 0 frees
 * @flags: PMA_ZERO: what is beyond the old requested size (where that is not
 *	recorded, its usable size) reads as zeroes
 *
 * From one magazine to another: the old block is freed first, so that this is its judge, and
 * copied while interrupts are off, as nobody can have it then: it is the magazine's last.
 *
 * Context: Any but NMI; never sleeps.
 * Return: the block, moved or not; NULL after freeing, or on failure, and then the
 * old block is as it was.
 */
void *pma_realloc(struct pma_arena *arena, void *block, size_t size, u32 flags)
{
	size_t bit = pma_cpu_bit(arena, block);
	struct pma_magazine __percpu *from, *to;
	const struct pma_page *page;
	void *new = NULL;
	unsigned long irq;
	u32 seen;

	/* Nor is NULL in the region. */
	if (unlikely(bit >= arena->fast.nr_bits || !pma_cpu_serves(arena, size) || flags))
		return resize(arena, block, size, flags);
	page = &arena->fast.desc[bit >> arena->fast.page_bits_shift];
	local_irq_save(irq);
	from = pma_cpu_magazine_of(arena, page);
	to = pma_cpu_magazine_for(arena, size);
	/* It stays where it is. */
	if (from == to && pma_place_in_use(arena, bit, page, __this_cpu_read(from->word))) {
		local_irq_restore(irq);
		return block;
	}
	if (unlikely(from == to || !pma_cpu_has(arena, to, &seen) ||
		     !pma_cpu_give(arena, from, bit, page))) {
		local_irq_restore(irq);
		return resize(arena, block, size, 0);
	}
	/* Never: what was seen is nobody else's to take. */
	if (!WARN_ON_ONCE(!pma_cpu_take_seen(arena, to, seen, &new)))
		memcpy(new, block, min_t(size_t, size, __this_cpu_read(from->block_size)));
	local_irq_restore(irq);
	return new;
}
EXPORT_SYMBOL_GPL(pma_realloc);

/* As pma_free(), of what is not in the region, or in one where CPUs have no magazines. */
static noinline int free_elsewhere(struct pma_arena *arena, size_t bit)
{
	return pma_block_free(arena, handle_of(arena, pma_cpu_pointer(arena, bit)));
}

/**
 * pma_free() - free a block
 * @arena: whose block it is
 * @block: the block, or NULL, which does nothing
 *
 * Context: Any but NMI; never sleeps.
 * Return: 0; -ERANGE if @block is not in the pool's region; -EALREADY if that
 * memory is free already; -EACCES if it is another arena's; -EBADSLT if it is
 * inside a block.  On error nothing has changed, but a counter.
 */
int pma_free(struct pma_arena *arena, void *block)
{
	size_t bit = pma_cpu_bit(arena, block);
	struct pma_magazine __percpu *own;
	struct pma_page *page;
	unsigned long irq;

	/* Without magazines there are no bits here. */
	if (unlikely(bit >= arena->fast.nr_bits))
		return free_elsewhere(arena, bit);
	page = &arena->fast.desc[bit >> arena->fast.page_bits_shift];
	local_irq_save(irq);
	own = pma_cpu_magazine_of(arena, page);
	if (unlikely(!pma_cpu_give(arena, own, bit, page)))
		return pma_free_irqs_off(arena, (u64)bit << arena->fast.bit_shift, page, irq);
	local_irq_restore(irq);
	return 0;
}
EXPORT_SYMBOL_GPL(pma_free);

/**
 * pma_usable_size() - bytes of a block that may be used
 * @arena: whose block it is
 * @block: its start
 *
 * Context: Any but NMI; never sleeps.
 * Return: bytes, at least what was asked for; 0 if there is no such block.
 */
size_t pma_usable_size(struct pma_arena *arena, const void *block)
{
	const struct pma_class *class =
		pma_place_look_slab(arena, (uintptr_t)block - arena->fast.base);
	struct pma_block found;

	if (class)
		return class->block_size;
	if (!block || pma_place_query(arena, handle_of(arena, block), false, &found))
		return 0;
	return found.size;
}
EXPORT_SYMBOL_GPL(pma_usable_size);
