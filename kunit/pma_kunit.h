/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit.h - what the suites share
 *
 * A suite or more for nearly each module file, the same source in the kernel and on the host
 * (see host/).  Whatever differs between the two is behind the functions of
 * pma_kunit_os.c, of which there are two.  Of several suites for a file the others' names
 * begin with the first one's: SUITE='pma_fit*' runs them all.  What only they share is in
 * pma_kunit_fit.[ch].
 *
 * A suite that works on pools has pma_kunit_init() and pma_kunit_exit(): after
 * each case its pools must be sound, their arenas without a block and their
 * pages one free run.  Cases on threads have names that end in _threads.
 */
#ifndef _PMA_KUNIT_H
#define _PMA_KUNIT_H

#include <kunit/test.h>

#include "pma_arena.h"

/* Random numbers, the same for a seed wherever they are drawn. */
struct pma_kunit_rng {
	u64 state;
};

void pma_kunit_rng_init(struct pma_kunit_rng *rng, struct kunit *test, const char *what);
u32 pma_kunit_random(struct pma_kunit_rng *rng);
u32 pma_kunit_below(struct pma_kunit_rng *rng, u32 bound);
u32 pma_kunit_between(struct pma_kunit_rng *rng, u32 least, u32 most);
u32 pma_kunit_size(struct pma_kunit_rng *rng, u32 least, u32 most);

/**
 * struct pma_kunit_map - the simplest model of who has what: a byte a unit
 * @taken: 1 where something is taken
 * @units: length of @taken
 */
struct pma_kunit_map {
	u8 *taken;
	u32 units;
};

void pma_kunit_map_init(struct kunit *test, struct pma_kunit_map *map, u32 units);
bool pma_kunit_map_is_free(const struct pma_kunit_map *map, u32 unit, u32 units);
bool pma_kunit_map_take(struct pma_kunit_map *map, u32 unit, u32 units);
bool pma_kunit_map_give(struct pma_kunit_map *map, u32 unit, u32 units);
u32 pma_kunit_map_gap(const struct pma_kunit_map *map, u32 unit, u32 end);
u32 pma_kunit_map_largest(const struct pma_kunit_map *map, u32 unit, u32 end);
u32 pma_kunit_map_free(const struct pma_kunit_map *map);
u32 pma_kunit_fit_bound(u32 units);

/* Contents: bytes that tell which block they are of, and where in it. */
void pma_kunit_fill(void *bytes, size_t nr, u32 tag);
bool pma_kunit_is_filled(const void *bytes, size_t nr, u32 tag);
bool pma_kunit_is_zero(const void *bytes, size_t nr);

/* Blocks for threads to pass on, of 16 bytes at least: size and tag are in the first ones. */
void pma_kunit_write_block(void *block, u32 size, u32 tag);
bool pma_kunit_is_block(const void *block, u32 size);
u32 pma_kunit_block_size(const void *block);
void *pma_kunit_make_block(struct pma_arena *arena, u32 size, u32 tag);
u32 pma_kunit_block_tag(const void *block);
bool pma_kunit_drop_block(struct pma_arena *arena, void *block);

/**
 * struct pma_kunit_config - a pool to test on
 * @name: of the parameter
 * @nr_pages: pages
 * @page_size: bytes of each
 * @slab_max: as in struct pma_pool_params
 * @flags: PMA_POOL_*
 */
struct pma_kunit_config {
	char name[24];
	u32 nr_pages;
	u32 page_size;
	u32 slab_max;
	u32 flags;
};

#define PMA_KUNIT_POOLS	4

/**
 * struct pma_kunit - fixture: what pma_kunit_exit() takes down
 * @pools: with all their arenas
 */
struct pma_kunit {
	struct pma_pool *pools[PMA_KUNIT_POOLS];
};

int pma_kunit_init(struct kunit *test);
void pma_kunit_exit(struct kunit *test);
struct pma_pool *pma_kunit_pool(struct kunit *test, const struct pma_kunit_config *config);
void pma_kunit_adopt(struct kunit *test, struct pma_pool *pool);
void pma_kunit_forget(struct kunit *test, struct pma_pool *pool);
struct pma_arena *pma_kunit_arena(struct kunit *test, struct pma_pool *pool, u32 flags);
struct pma_arena *pma_kunit_percpu(struct kunit *test, const struct pma_kunit_config *config);

/* The first page size's default pool, without a parameter. */
extern const struct pma_kunit_config pma_kunit_default;
extern const struct pma_kunit_config pma_kunit_isolating;

void *pma_kunit_ptr(const struct pma_pool *pool, u64 handle);
u64 pma_kunit_alloc(struct kunit *test, struct pma_arena *arena, size_t size);
void pma_kunit_free(struct kunit *test, struct pma_arena *arena, u64 handle);
void pma_kunit_expect_sound(struct kunit *test, struct pma_pool *pool);
void pma_kunit_expect_live(struct kunit *test, struct pma_arena *arena, u64 blocks, u64 bytes);
u32 pma_kunit_magazine_blocks(const struct pma_arena *arena);
struct pma_stats pma_kunit_stats(struct pma_arena *arena);
u32 pma_kunit_held_pages(struct pma_arena *arena);
u32 pma_kunit_errors(struct pma_pool *pool);
u32 pma_kunit_largest_run(struct pma_pool *pool);
u64 pma_kunit_fingerprint(struct pma_pool *pool);

/**
 * struct pma_kunit_before - what a refused call must leave as it was
 * @stats: of the arena that is called
 * @fingerprint: of all metadata and contents
 */
struct pma_kunit_before {
	struct pma_stats stats;
	u64 fingerprint;
};

void pma_kunit_watch(struct pma_kunit_before *before, struct pma_arena *arena);
void pma_kunit_expect_refused(struct kunit *test, const struct pma_kunit_before *before,
			      struct pma_arena *arena, int err, const char *what);

/* Kernel or host: pma_kunit_os.c. */
u64 pma_kunit_seed(void);
u32 pma_kunit_ops(void);
u32 pma_kunit_rounds(void);
void pma_kunit_threads(struct kunit *test, u32 nr, void (*run)(void *context, u32 index),
		       void *context);
bool pma_kunit_move_to_cpu(u32 cpu);
void pma_kunit_flush_files(void);
void pma_kunit_sleep(void);
bool pma_kunit_offline_cpu(u32 cpu);
void pma_kunit_online_cpu(u32 cpu);
bool pma_kunit_fail_begin(u32 nth);
bool pma_kunit_fail_end(void);
bool pma_kunit_let_others(void (*act)(void *context), void *context);
bool pma_kunit_log_begin(char *text, size_t bytes);
void pma_kunit_log_end(void);

#endif /* _PMA_KUNIT_H */
