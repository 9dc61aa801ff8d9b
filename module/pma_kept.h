/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kept.h - big blocks and chunks that a CPU keeps for the next request
 */
#ifndef _PMA_KEPT_H
#define _PMA_KEPT_H

#include "pma_arena.h"

/* How often a request that finds no room is tried again, as others may keep something anew. */
#define PMA_KEPT_ROUNDS		8

#define PMA_KEPT_DEPTH		6	/* pieces of about a length */
#define PMA_KEPT_RUN_PAGES	256	/* of the longest run that is kept */
#define PMA_KEPT_RUN_BINS	21	/* lengths up to that */
#define PMA_KEPT_CHUNK_BINS	33	/* to 16 times the shortest; none in the last */

/**
 * struct pma_kept - what a CPU keeps of an arena
 * @allocs: blocks handed out here, since they were last added to the arena's
 * @frees: runs taken back here, since then
 * @bytes: in the former, less those in the latter
 * @now: bytes that are kept, more or less
 * @big_word: what the descriptor of a big block of the arena says
 * @kept_word: the same of one that is kept
 * @run_tags: of the pool's runs
 * @chunk_bins_from: bin of the shortest chunk
 * @any: something may be kept; no bool, which not every xchg() takes
 * @runs: first pages, by length
 * @chunks: first granules, by length
 *
 * Only the CPU puts pieces here, with interrupts off; whoever changes a place back to
 * PMA_NONE has the piece.
 */
struct pma_kept {
	u64 allocs;
	u64 frees;
	s64 bytes;
	s64 now;
	const struct pma_fit_tag *run_tags;
	u32 big_word;
	u32 kept_word;
	u32 chunk_bins_from;
	u32 any;
	u32 runs[PMA_KEPT_RUN_BINS][PMA_KEPT_DEPTH];
	u32 chunks[PMA_KEPT_CHUNK_BINS][PMA_KEPT_DEPTH];
};

void pma_kept_become_keeper(struct pma_arena *arena);
void pma_kept_init(const struct pma_arena *arena, struct pma_kept *kept);
void *pma_kept_alloc(struct pma_arena *arena, size_t size);
void *pma_kept_zalloc(struct pma_arena *arena, size_t size);
bool pma_kept_put_run(struct pma_arena *arena, u64 handle);
bool pma_kept_put_chunk(struct pma_arena *arena, u64 handle);
bool pma_kept_flush(struct pma_arena *arena);
bool pma_kept_make_room(struct pma_arena *arena, u64 bytes, u32 *rounds);
void pma_kept_add_stats(const struct pma_arena *arena, const struct pma_kept *kept,
			struct pma_stats *stats);
void pma_kept_fold(struct pma_arena *arena, struct pma_kept *kept);
void pma_kept_end(struct pma_arena *arena);

/* The arena keeps something that others may want; interrupts are off. */
static __always_inline void pma_kept_tell(struct pma_arena *arena)
{
	if (unlikely(!READ_ONCE(arena->keeps)))
		pma_kept_become_keeper(arena);
}

/* Flags of a request's next try: in the last one it takes what there is. */
static inline u32 pma_kept_flags(u32 rounds)
{
	return rounds == PMA_KEPT_ROUNDS ? PMA_MAKE_DO : 0;
}

#endif /* _PMA_KEPT_H */
