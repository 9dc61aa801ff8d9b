/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kept.h - big blocks and chunks that a CPU keeps for the next request
 */
#ifndef _PMA_KEPT_H
#define _PMA_KEPT_H

#include "pma_arena.h"

#define PMA_KEPT_DEPTH		16	/* runs of about a length */
#define PMA_KEPT_CHUNK_DEPTH	8	/* chunks of about a length */
#define PMA_KEPT_SHED_LOOKS	8	/* places looked at for a piece to shed */
#define PMA_KEPT_RUN_PAGES	256	/* of the longest run that is kept */
#define PMA_KEPT_RUN_BINS	20	/* lengths up to that */
#define PMA_KEPT_SHORT_PAGES	16U	/* shorter runs have a bin for each length */
#define PMA_KEPT_CHUNK_BINS	65	/* to 16 times the shortest, or more; none in the last */
#define PMA_KEPT_RUN_PLACES	(PMA_KEPT_RUN_BINS * PMA_KEPT_DEPTH)
#define PMA_KEPT_PLACES		(PMA_KEPT_RUN_PLACES + PMA_KEPT_CHUNK_BINS * PMA_KEPT_CHUNK_DEPTH)

/**
 * struct pma_kept_place - where a piece may be kept
 * @piece: its first page or granule; PMA_NONE if there is none
 * @length: in pages or granules; 0 if there was none when its CPU last took from it
 *
 * Only the CPU puts pieces there, with interrupts off; whoever changes @piece back to
 * PMA_NONE has it.  @length is the CPU's own.
 */
struct pma_kept_place {
	u32 piece;
	u32 length;
};

/**
 * struct pma_kept - what a CPU keeps of an arena
 * @allocs: blocks handed out here, since they were last added to the arena's
 * @frees: blocks taken back here, since then
 * @bytes: in all blocks taken back here, less those in all handed out
 * @bytes_flushed: in all pieces that were flushed; what is kept is the rest of @bytes
 * @run_pages: as @bytes, pages of runs
 * @run_pages_flushed: in all runs that were flushed
 * @big_word: what the descriptor of a big block of the arena says
 * @kept_word: the same of one that is kept
 * @heap_word: the same of a page of a segment
 * @run_tags: of the pool's runs
 * @bytes_max: that may be kept
 * @chunk_bins_from: bin of the shortest chunk
 * @next_shed: place to be looked at
 * @filled: places of each bin of chunks whose length is not 0
 * @places: for each bin, by length: PMA_KEPT_DEPTH for those of runs, which come first,
 *	PMA_KEPT_CHUNK_DEPTH for those of chunks
 *
 * What is flushed is counted under the arena's lock.  Of the arena's live bytes those that are
 * kept are a part; its other counters are told what CPUs did when these are drained.
 */
struct pma_kept {
	u64 allocs;
	u64 frees;
	unsigned long bytes;
	unsigned long bytes_flushed;
	u32 run_pages;
	u32 run_pages_flushed;
	const struct pma_fit_tag *run_tags;
	size_t bytes_max;
	u32 big_word;
	u32 kept_word;
	u32 heap_word;
	u32 chunk_bins_from;
	u32 next_shed;
	u8 filled[PMA_KEPT_CHUNK_BINS];
	struct pma_kept_place places[PMA_KEPT_PLACES];
};

/* The bin of runs of that length: of shorter ones it is their own, else a power of two's. */
static inline struct pma_kept_place *pma_kept_run_bin(struct pma_kept *kept, u32 nr_pages)
{
	size_t bin = nr_pages < PMA_KEPT_SHORT_PAGES ? nr_pages :
		  PMA_KEPT_SHORT_PAGES - ilog2(PMA_KEPT_SHORT_PAGES) + __fls(nr_pages);

	return &kept->places[(bin - 1) * PMA_KEPT_DEPTH];
}

/* log2 of a length in sixteenths, more or less. */
static inline u32 pma_kept_sixteenths(u32 units)
{
	u32 order = ilog2(units | 16) - 4;

	return (order << 4) + (units >> order);
}

/* The bin of chunks of about that length, sixteen a power of two; false if none are kept. */
static __always_inline bool pma_kept_chunk_bin(const struct pma_kept *kept, u32 units, size_t *bin)
{
	*bin = pma_kept_sixteenths(units) - kept->chunk_bins_from;
	return *bin < PMA_KEPT_CHUNK_BINS - 1;
}

/* Where the chunks of a bin are kept. */
static inline struct pma_kept_place *pma_kept_chunks(struct pma_kept *kept, size_t bin)
{
	return &kept->places[PMA_KEPT_RUN_PLACES + bin * PMA_KEPT_CHUNK_DEPTH];
}

/* How much is kept, what others flush just now perhaps included. */
static inline unsigned long pma_kept_bytes(const struct pma_kept *kept)
{
	/* First: what is read later is no less, but while a piece is put into its place. */
	unsigned long flushed = smp_load_acquire(&kept->bytes_flushed);

	return READ_ONCE(kept->bytes) - flushed;
}

void pma_kept_init(const struct pma_arena *arena, struct pma_kept *kept);
void *pma_kept_alloc(struct pma_arena *arena, size_t size);
void *pma_kept_zalloc(struct pma_arena *arena, size_t size);
void pma_kept_shed(struct pma_arena *arena);
void pma_kept_shed_locked(struct pma_arena *arena);
bool pma_kept_flush(struct pma_arena *arena);
void pma_kept_add_stats(const struct pma_arena *arena, const struct pma_kept *kept,
			struct pma_stats *stats);
void pma_kept_fold(struct pma_arena *arena, struct pma_kept *kept);

#endif /* _PMA_KEPT_H */
