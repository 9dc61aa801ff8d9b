// SPDX-License-Identifier: GPL-2.0
/*
 * pma_cpu.c - slab pages that a CPU has to itself
 *
 * In front of a kernel arena each CPU *has* one slab page of each class it uses:
 * it allocates from that page's bitmap, and frees to it, without the arena's
 * lock.  The bitmap stays the one truth about which blocks are free, so a free is
 * judged as exactly as under the lock, and no block is parked anywhere else.
 *
 *	descriptor.slab.cpu	0: in the arena's lists, changed under its lock
 *				n: CPU n-1 has it; it is in the list "active"
 *
 * A page that a CPU has:
 *  - bits are cleared only by that CPU with interrupts off: that is allocation;
 *  - bits are set by that CPU with interrupts off, or by others under the lock:
 *    atomically, as neither sees the other;
 *  - nr_free and first_free are not kept; they are counted from the bitmap when
 *    the CPU parts with the page, which it does under the lock.
 *
 * So who holds the lock and finds slab.cpu 0 has the page for himself, and a CPU
 * that finds its own number there with interrupts off is sure it stays.  A CPU
 * parts with a page when it is used up, when it is asked to (drain), or when it
 * has gone offline.  (The idea of a page for each CPU is that of SLUB.)
 */
#include "pma_block.h"
#include "pma_cpu.h"

static unsigned long no_word;

static void have_none(struct pma_cpu_page *page)
{
	page->word = &no_word;
	page->pgno = PMA_NONE;
}

static void have(const struct pma_arena *arena, struct pma_cpu_page *page, u32 pgno, u32 class)
{
	const struct pma_class *of = &arena->pool->classes->class[class];

	page->block_size = of->block_size;
	page->inverse = of->inverse;
	page->nr_blocks = of->nr_blocks;
	page->pgno = pgno;
	page->bitmap = pma_pages_shadow(&arena->pool->pages, pgno);
}

/* Go to a word of the CPU's page that has a free block; is there one? */
static bool next_word(const struct pma_arena *arena, struct pma_cpu_page *page)
{
	const struct pma_region *region = &arena->pool->region;
	u32 word;

	if (page->pgno == PMA_NONE)
		return false;
	word = find_next_bit(page->bitmap, page->nr_blocks, 0) / BITS_PER_LONG;
	page->word = page->bitmap + min_t(u32, word, (page->nr_blocks - 1) / BITS_PER_LONG);
	page->base = pma_region_ptr(region, pma_region_handle(region, page->pgno)) +
		     (page->word - page->bitmap) * BITS_PER_LONG * page->block_size;
	return READ_ONCE(*page->word);
}

/* Tell the arena what the CPU did on its own; the arena's lock is held. */
static void fold(struct pma_arena *arena, struct pma_cpu_page *page)
{
	arena->stats.allocs += page->allocs;
	arena->stats.frees += page->frees;
	arena->stats.live_blocks += page->allocs - page->frees;
	pma_arena_count_bytes(arena, (s64)(page->allocs - page->frees) * page->block_size);
	page->allocs = 0;
	page->frees = 0;
}

/* Part with a page; the arena's lock is held. */
static void part_with(struct pma_arena *arena, struct pma_cpu_page *page)
{
	if (page->pgno == PMA_NONE)
		return;
	fold(arena, page);
	pma_block_slab_settle(arena, page->pgno);
	have_none(page);
}

/* Have another page; the arena's lock is held. */
static bool refill(struct pma_arena *arena, struct pma_cpu_page *page, u32 class)
{
	u32 pgno;

	part_with(arena, page);
	if (arena->draining)
		return false;
	pgno = pma_block_slab_activate(arena, class, smp_processor_id() + 1);
	if (pgno == PMA_NONE)
		return false;
	have(arena, page, pgno, class);
	return next_word(arena, page);
}

/**
 * pma_cpu_prepare() - make sure that a CPU's page has a free block
 * @arena: the arena
 * @page: of this CPU
 * @class: of its blocks
 *
 * Context: Interrupts are off; takes the arena's lock.
 * Return: false if there is none to be had.
 */
bool pma_cpu_prepare(struct pma_arena *arena, struct pma_cpu_page *page, u32 class)
{
	bool done;

	if (next_word(arena, page))
		return true;
	raw_spin_lock(&arena->lock);
	done = refill(arena, page, class);
	raw_spin_unlock(&arena->lock);
	return done;
}

/* Take up to @nr blocks out of the CPU's word, all at once. */
static unsigned int take_from_word(struct pma_cpu_page *page, unsigned int nr, void **blocks)
{
	unsigned long all = READ_ONCE(*page->word), left = all;
	unsigned int n;

	for (n = 0; n < nr && left; n++) {
		blocks[n] = page->base + __ffs(left) * page->block_size;
		left &= left - 1;
	}
	/* Others may set bits meanwhile, but not these. */
	atomic_long_andnot(all ^ left, (atomic_long_t *)page->word);
	/* Now, as the CPU may have to part with the page for the next ones. */
	page->allocs += n;
	return n;
}

/**
 * pma_cpu_alloc_batch() - allocate slab blocks without the arena's lock
 * @arena: whose they will be
 * @size: bytes of each
 * @nr: how many
 * @blocks: filled from the first on
 *
 * Context: Any but NMI; may take the arena's lock.
 * Return: how many were allocated; the others must be in another way.
 */
unsigned int pma_cpu_alloc_batch(struct pma_arena *arena, size_t size, unsigned int nr,
				 void **blocks)
{
	struct pma_cpu_page *page;
	unsigned int done = 0;
	unsigned long irq;
	u32 class;

	if (size - 1 >= arena->fast.size_max)
		return 0;
	local_irq_save(irq);
	page = pma_cpu_page_for(arena, size, &class);
	while (done < nr && (READ_ONCE(*page->word) || pma_cpu_prepare(arena, page, class)))
		done += take_from_word(page, nr - done, blocks + done);
	local_irq_restore(irq);
	return done;
}

/**
 * pma_cpu_free_batch() - free slab blocks without the arena's lock
 * @arena: whose they are
 * @nr: how many, few enough for interrupts to be off meanwhile
 * @blocks: their starts, it is said
 *
 * Context: Any but NMI.
 * Return: how many from the first on were freed; the next one must be freed, or
 * refused, in another way.
 */
unsigned int pma_cpu_free_batch(struct pma_arena *arena, unsigned int nr, void **blocks)
{
	u32 pgno = PMA_NONE, mask = arena->fast.page_mask;
	struct pma_cpu_page *page = NULL;
	struct pma_cpu *cpu;
	unsigned int done;
	unsigned long irq;

	if (!arena->cpu)
		return 0;
	local_irq_save(irq);
	cpu = this_cpu_ptr(arena->cpu);
	for (done = 0; done < nr; done++) {
		size_t handle = (uintptr_t)blocks[done] - arena->fast.base;

		if (handle >= arena->fast.bytes)
			break;
		/* Mostly of the page of the one before. */
		if (handle >> arena->fast.page_shift != pgno) {
			pgno = handle >> arena->fast.page_shift;
			page = pma_cpu_page_of(arena, cpu, pgno);
			if (!page)
				break;
		}
		if (!pma_cpu_give(page, handle & mask))
			break;
	}
	local_irq_restore(irq);
	return done;
}

static void drain_cpu(struct pma_arena *arena, struct pma_cpu *cpu)
{
	unsigned long irq;
	u32 class;

	raw_spin_lock_irqsave(&arena->lock, irq);
	for (class = 0; class < arena->pool->classes->nr; class++)
		part_with(arena, &cpu->pages[class]);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

static void drain_this_cpu(void *data)
{
	struct pma_arena *arena = data;

	drain_cpu(arena, this_cpu_ptr(arena->cpu));
}

/**
 * pma_cpu_drain_begin() - let all CPUs part with their pages, and get no others
 * @arena: the arena
 *
 * Until pma_cpu_drain_end() everything happens under the arena's lock.
 *
 * Context: May sleep.
 */
void pma_cpu_drain_begin(struct pma_arena *arena)
{
	unsigned long irq;
	int n;

	if (!arena->cpu)
		return;
	raw_spin_lock_irqsave(&arena->lock, irq);
	arena->draining++;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	cpus_read_lock();
	on_each_cpu(drain_this_cpu, arena, 1);
	for_each_possible_cpu(n)
		if (!cpu_online(n))
			drain_cpu(arena, per_cpu_ptr(arena->cpu, n));
	cpus_read_unlock();
}

/**
 * pma_cpu_drain_end() - let CPUs have pages again
 * @arena: the arena
 */
void pma_cpu_drain_end(struct pma_arena *arena)
{
	unsigned long irq;

	if (!arena->cpu)
		return;
	raw_spin_lock_irqsave(&arena->lock, irq);
	arena->draining--;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

static void add_stats(const struct pma_cpu_page *page, struct pma_stats *stats)
{
	u64 allocs = READ_ONCE(page->allocs), frees = READ_ONCE(page->frees);

	stats->allocs += allocs;
	stats->frees += frees;
	stats->live_blocks += allocs - frees;
	stats->live_bytes += (allocs - frees) * page->block_size;
}

/**
 * pma_cpu_add_stats() - add what CPUs did without the lock
 * @arena: the arena
 * @stats: where to
 *
 * Context: The arena's lock is held.  What happens meanwhile is counted or not.
 */
void pma_cpu_add_stats(struct pma_arena *arena, struct pma_stats *stats)
{
	u32 class;
	int n;

	if (!arena->cpu)
		return;
	for_each_possible_cpu(n)
		for (class = 0; class < arena->pool->classes->nr; class++)
			add_stats(&per_cpu_ptr(arena->cpu, n)->pages[class], stats);
	stats->peak_bytes = max(stats->peak_bytes, stats->live_bytes);
}

/**
 * pma_cpu_init() - give an arena's CPUs pages of their own
 * @arena: the arena, nobody else's yet
 *
 * Not where requested sizes are recorded: that is done under the lock.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM; then the arena works without.
 */
int pma_cpu_init(struct pma_arena *arena)
{
	struct pma_pool *pool = arena->pool;
	u32 nr = pool->classes->nr, class;
	struct pma_cpu *cpu;
	int n;

	if (pool->pages.slack)
		return 0;
	arena->cpu = __alloc_percpu(struct_size(cpu, pages, nr), __alignof__(*cpu));
	if (!arena->cpu)
		return -ENOMEM;
	for_each_possible_cpu(n) {
		cpu = per_cpu_ptr(arena->cpu, n);
		for (class = 0; class < nr; class++)
			have_none(&cpu->pages[class]);
	}
	arena->fast = (struct pma_arena_fast){
		.base = (uintptr_t)pool->region.base,
		.bytes = pool->region.bytes,
		.desc = pool->pages.desc,
		.of_size = pool->classes->of_size,
		.page_mask = pma_region_page_size(&pool->region) - 1,
		.size_max = pool->classes->slab_max,
		.page_shift = pool->region.page_shift,
	};
	return 0;
}

/**
 * pma_cpu_exit() - end what pma_cpu_init() began
 * @arena: the arena, which nobody else uses any more
 */
void pma_cpu_exit(struct pma_arena *arena)
{
	arena->fast = (struct pma_arena_fast){};
	free_percpu(arena->cpu);
	arena->cpu = NULL;
}
