// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit.c - what the suites share
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_check.h"
#include "pma_cpu.h"
#include "pma_dump.h"
#include "pma_kunit.h"

const struct pma_kunit_config pma_kunit_default = { "default", 64, 4096, 0, 0 };
const struct pma_kunit_config pma_kunit_isolating = {
	"isolating", 64, 4096, 0, PMA_POOL_ISOLATE | PMA_POOL_TRACK
};

/* Random numbers: splitmix64 by Sebastiano Vigna. */

static u64 mix(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/*
 * Begin with the seed and @what, the case's name, so that it draws the same
 * numbers alone as in company.
 */
void pma_kunit_rng_init(struct pma_kunit_rng *rng, struct kunit *test, const char *what)
{
	rng->state = pma_kunit_seed();
	while (*what)
		rng->state = mix(rng->state + *what++);
	kunit_info(test, "seed=%llu", pma_kunit_seed());
}

u32 pma_kunit_random(struct pma_kunit_rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ULL;
	return mix(rng->state) >> 32;
}

/* From 0 to @bound - 1. */
u32 pma_kunit_below(struct pma_kunit_rng *rng, u32 bound)
{
	return ((u64)pma_kunit_random(rng) * bound) >> 32;
}

u32 pma_kunit_between(struct pma_kunit_rng *rng, u32 least, u32 most)
{
	return least + pma_kunit_below(rng, most - least + 1);
}

/* Small ones as often as large ones: even over the logarithm. */
u32 pma_kunit_size(struct pma_kunit_rng *rng, u32 least, u32 most)
{
	u32 top = most >> pma_kunit_below(rng, ilog2(most / least) + 1);

	return pma_kunit_between(rng, least, max(top, least));
}

/* Models. */

void pma_kunit_map_init(struct kunit *test, struct pma_kunit_map *map, u32 units)
{
	map->units = units;
	map->taken = kunit_kzalloc(test, units, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, map->taken);
}

bool pma_kunit_map_is_free(const struct pma_kunit_map *map, u32 unit, u32 units)
{
	return unit <= map->units && units <= map->units - unit &&
	       !memchr_inv(&map->taken[unit], 0, units);
}

bool pma_kunit_map_take(struct pma_kunit_map *map, u32 unit, u32 units)
{
	if (!pma_kunit_map_is_free(map, unit, units))
		return false;
	memset(&map->taken[unit], 1, units);
	return true;
}

bool pma_kunit_map_give(struct pma_kunit_map *map, u32 unit, u32 units)
{
	if (memchr_inv(&map->taken[unit], 1, units))
		return false;
	memset(&map->taken[unit], 0, units);
	return true;
}

/* Free units from @unit on, up to @end. */
u32 pma_kunit_map_gap(const struct pma_kunit_map *map, u32 unit, u32 end)
{
	const u8 *taken = unit < end ? memchr_inv(&map->taken[unit], 0, end - unit) : NULL;

	return (taken ? taken - map->taken : max(unit, end)) - unit;
}

/* The longest free piece of [unit, end). */
u32 pma_kunit_map_largest(const struct pma_kunit_map *map, u32 unit, u32 end)
{
	u32 largest = 0, gap;

	for (; unit < end; unit += gap + 1) {
		gap = pma_kunit_map_gap(map, unit, end);
		largest = max(largest, gap);
	}
	return largest;
}

u32 pma_kunit_map_free(const struct pma_kunit_map *map)
{
	u32 unit, nr = 0;

	for (unit = 0; unit < map->units; unit++)
		nr += !map->taken[unit];
	return nr;
}

/* A free piece this long is sure to be found for @units: the next list's least. */
u32 pma_kunit_fit_bound(u32 units)
{
	u32 step = units < PMA_FIT_SL ? 1 : 1U << (ilog2(units) - PMA_FIT_SL_SHIFT);

	return ALIGN(units, step);
}

/* Contents. */

#define PATTERN	256

static u8 pattern[2 * PATTERN];

static void init_pattern(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pattern); i++)
		pattern[i] = mix(i % PATTERN + 1) | 1;
}

static const u8 *pattern_at(u32 tag, size_t offset)
{
	return &pattern[(tag * 37 + offset / PATTERN) % PATTERN];
}

/* No byte of it is 0. */
void pma_kunit_fill(void *bytes, size_t nr, u32 tag)
{
	size_t done, part;

	for (done = 0; done < nr; done += part) {
		part = min_t(size_t, nr - done, PATTERN);
		memcpy((char *)bytes + done, pattern_at(tag, done), part);
	}
}

bool pma_kunit_is_filled(const void *bytes, size_t nr, u32 tag)
{
	size_t done, part;

	for (done = 0; done < nr; done += part) {
		part = min_t(size_t, nr - done, PATTERN);
		if (memcmp((const char *)bytes + done, pattern_at(tag, done), part))
			return false;
	}
	return true;
}

bool pma_kunit_is_zero(const void *bytes, size_t nr)
{
	return !memchr_inv(bytes, 0, nr);
}

#define BLOCK_HEAD	8	/* bytes of size and tag */

void pma_kunit_write_block(void *block, u32 size, u32 tag)
{
	u32 *head = block;

	head[0] = size;
	head[1] = tag;
	pma_kunit_fill((u8 *)block + BLOCK_HEAD, size - BLOCK_HEAD, tag);
}

void *pma_kunit_make_block(struct pma_arena *arena, u32 size, u32 tag)
{
	void *block = pma_alloc(arena, size);

	if (block)
		pma_kunit_write_block(block, size, tag);
	return block;
}

u32 pma_kunit_block_size(const void *block)
{
	return ((const u32 *)block)[0];
}

u32 pma_kunit_block_tag(const void *block)
{
	return ((const u32 *)block)[1];
}

/* Are its first @size bytes as they were written? */
bool pma_kunit_is_block(const void *block, u32 size)
{
	return pma_kunit_is_filled((const u8 *)block + BLOCK_HEAD, size - BLOCK_HEAD,
				   pma_kunit_block_tag(block));
}

/* False if it is not as it was made, or the free is refused. */
bool pma_kunit_drop_block(struct pma_arena *arena, void *block)
{
	bool is_whole = pma_kunit_is_block(block, pma_kunit_block_size(block));

	return !pma_free(arena, block) && is_whole;
}

/* Fixture. */

int pma_kunit_init(struct kunit *test)
{
	init_pattern();
	test->priv = kunit_kzalloc(test, sizeof(struct pma_kunit), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void end_arena(struct kunit *test, struct pma_arena *arena)
{
	pma_kunit_expect_live(test, arena, 0, 0);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
	KUNIT_EXPECT_EQ(test, arena->stats.allocs, arena->stats.frees);
	pma_arena_delete(arena);
}

static void end_pool(struct kunit *test, struct pma_pool *pool)
{
	struct pma_arena *arena, *next;
	u32 largest;

	pma_kunit_expect_sound(test, pool);
	list_for_each_entry_safe(arena, next, &pool->arenas, node)
		end_arena(test, arena);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, &largest), pool->region.nr_pages);
	KUNIT_EXPECT_EQ(test, largest, pool->region.nr_pages);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->moving), 0);
	pma_pool_delete(pool);
}

void pma_kunit_exit(struct kunit *test)
{
	struct pma_kunit *fixture = test->priv;
	u32 i;

	for (i = 0; fixture && i < PMA_KUNIT_POOLS; i++)
		if (fixture->pools[i])
			end_pool(test, fixture->pools[i]);
}

/* pma_kunit_exit() shall see to a pool. */
void pma_kunit_adopt(struct kunit *test, struct pma_pool *pool)
{
	struct pma_kunit *fixture = test->priv;
	u32 i;

	for (i = 0; i < PMA_KUNIT_POOLS - 1 && fixture->pools[i]; i++)
		;
	KUNIT_ASSERT_TRUE(test, !fixture->pools[i]);
	fixture->pools[i] = pool;
}

/* The case destroys it itself. */
void pma_kunit_forget(struct kunit *test, struct pma_pool *pool)
{
	struct pma_kunit *fixture = test->priv;
	u32 i;

	for (i = 0; i < PMA_KUNIT_POOLS; i++)
		if (fixture->pools[i] == pool)
			fixture->pools[i] = NULL;
}

struct pma_pool *pma_kunit_pool(struct kunit *test, const struct pma_kunit_config *config)
{
	struct pma_pool_params params = {
		.page_size = config->page_size,
		.slab_max = config->slab_max,
		.flags = config->flags,
	};
	struct pma_pool *pool;

	pool = pma_pool_new(config->name, (size_t)config->nr_pages * config->page_size, &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	pma_kunit_adopt(test, pool);
	return pool;
}

struct pma_arena *pma_kunit_arena(struct kunit *test, struct pma_pool *pool, u32 flags)
{
	struct pma_arena *arena = pma_arena_new(pool, "kunit", flags);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, arena);
	return arena;
}

/* An arena whose CPUs have magazines, in a pool of its own. */
struct pma_arena *pma_kunit_percpu(struct kunit *test, const struct pma_kunit_config *config)
{
	return pma_kunit_arena(test, pma_kunit_pool(test, config), PMA_ARENA_PERCPU);
}

struct pma_stats pma_kunit_stats(struct pma_arena *arena)
{
	struct pma_stats stats;

	pma_arena_stats(arena, &stats);
	return stats;
}

/**
 * pma_kunit_held_pages() - pages that an arena has freed but not given back
 * @arena: the arena
 *
 * Return: pages.
 */
u32 pma_kunit_held_pages(struct pma_arena *arena)
{
	return pma_kunit_stats(arena).held_pages;
}

/* How many blocks CPUs have in their magazines. */
u32 pma_kunit_magazine_blocks(const struct pma_arena *arena)
{
	u32 nr = 0, class;
	int n;

	if (!arena->kept)
		return 0;
	for_each_possible_cpu(n)
		for (class = 0; class < arena->pool->classes->nr; class++)
			nr += per_cpu_ptr(arena->fast.magazines, n)[class].nr;
	return nr;
}

void *pma_kunit_ptr(const struct pma_pool *pool, u64 handle)
{
	return pma_region_ptr(&pool->region, handle);
}

u64 pma_kunit_alloc(struct kunit *test, struct pma_arena *arena, size_t size)
{
	struct pma_block block;

	KUNIT_ASSERT_EQ_MSG(test, pma_block_alloc(arena, size, 0, 0, &block), 0, "size %zu", size);
	return block.handle;
}

void pma_kunit_free(struct kunit *test, struct pma_arena *arena, u64 handle)
{
	KUNIT_EXPECT_EQ_MSG(test, pma_block_free(arena, handle), 0, "handle 0x%llx", handle);
}

u32 pma_kunit_errors(struct pma_pool *pool)
{
	struct pma_check_args result = { .first_bad_page = PMA_NONE };

	pma_check_pool(pool, &result);
	return result.errors;
}

void pma_kunit_expect_sound(struct kunit *test, struct pma_pool *pool)
{
	struct pma_check_args result = { .first_bad_page = PMA_NONE };

	pma_check_pool(pool, &result);
	KUNIT_EXPECT_EQ_MSG(test, result.errors, 0, "first bad page %d",
			    (s32)result.first_bad_page);
	KUNIT_EXPECT_EQ(test, result.pages, pool->region.nr_pages);
	KUNIT_EXPECT_EQ(test, result.first_bad_page, PMA_NONE);
}

void pma_kunit_expect_live(struct kunit *test, struct pma_arena *arena, u64 blocks, u64 bytes)
{
	struct pma_stats stats = pma_kunit_stats(arena);

	KUNIT_EXPECT_EQ(test, stats.live_blocks, blocks);
	KUNIT_EXPECT_EQ(test, stats.live_bytes, bytes);
}

/* Exactly, where pma_pool_free_pages() is about right. */
u32 pma_kunit_largest_run(struct pma_pool *pool)
{
	struct pma_page_rec recs[8];
	u64 cursor = 0;
	u32 largest = 0, n, i;

	while (cursor != PMA_HANDLE_NONE) {
		n = pma_dump_pages(pool, NULL, &cursor, recs, ARRAY_SIZE(recs));
		for (i = 0; i < n; i++)
			if (recs[i].kind == PMA_KIND_FREE)
				largest = max(largest, recs[i].nr_pages);
	}
	return largest;
}

/* A hash of everything that a refused call has to leave alone. */

static void hash(u64 *sum, const void *bytes, size_t nr)
{
	const u8 *byte = bytes;
	u64 word;

	for (; nr >= sizeof(word); nr -= sizeof(word), byte += sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		*sum = mix(*sum ^ word);
	}
	word = 0;
	memcpy(&word, byte, nr);
	*sum = mix(*sum ^ word);
}

static void hash_fit(u64 *sum, const struct pma_fit *fit)
{
	hash(sum, fit, struct_size(fit, heads, fit->nr_lists));
}

static void hash_arena(u64 *sum, const struct pma_arena *arena)
{
	hash(sum, arena->partial, sizeof(arena->partial));
	hash(sum, &arena->full, sizeof(arena->full));
	hash(sum, &arena->big, sizeof(arena->big));
	hash(sum, &arena->segments, sizeof(arena->segments));
	hash_fit(sum, &arena->heap->fit);
}

/* Of large regions only every so many bytes: nothing strays over so few. */
static void hash_contents(u64 *sum, const struct pma_region *region)
{
	size_t step = ALIGN(region->bytes / 8192 + 1, 8), at;

	for (at = 0; at < region->bytes; at += step)
		hash(sum, (char *)region->base + at, 8);
}

u64 pma_kunit_fingerprint(struct pma_pool *pool)
{
	u32 nr_pages = pool->region.nr_pages;
	struct pma_arena *arena;
	u64 sum = 1;

	hash_contents(&sum, &pool->region);
	hash(&sum, pool->pages.desc, nr_pages * sizeof(*pool->pages.desc));
	hash(&sum, pool->pages.shadow, (size_t)nr_pages * pool->pages.shadow_bytes);
	hash(&sum, pool->runs->tags, nr_pages * sizeof(*pool->runs->tags));
	hash_fit(&sum, pool->runs);
	hash(&sum, pool->loose, sizeof(pool->loose));
	list_for_each_entry(arena, &pool->arenas, node)
		hash_arena(&sum, arena);
	return sum;
}

void pma_kunit_watch(struct pma_kunit_before *before, struct pma_arena *arena)
{
	pma_arena_get_stats(arena, &before->stats);
	before->fingerprint = pma_kunit_fingerprint(arena->pool);
}

static u64 *counter_of(struct pma_stats *stats, int err)
{
	switch (err) {
	case -ENOMEM:
		return &stats->failed;
	case -EINVAL:
	case -EOPNOTSUPP:
	case -EROFS:
	case -EBUSY:
	case -EEXIST:
	case -ENOSPC:
		return &stats->bad_args;
	case -EKEYREJECTED:
		return &stats->bad_token;
	case -ERANGE:
		return &stats->bad_range;
	case -EALREADY:
		return &stats->bad_free;
	case -EACCES:
		return &stats->bad_owner;
	case -EBADSLT:
		return &stats->bad_interior;
	default:
		return NULL;
	}
}

/* The counter of @err is one higher, and nothing else has changed. */
void pma_kunit_expect_refused(struct kunit *test, const struct pma_kunit_before *before,
			      struct pma_arena *arena, int err, const char *what)
{
	struct pma_stats want = before->stats, stats;
	u64 *counter = counter_of(&want, err);

	if (counter)
		(*counter)++;
	pma_arena_get_stats(arena, &stats);
	KUNIT_EXPECT_TRUE_MSG(test, !memcmp(&want, &stats, sizeof(stats)),
			      "%s: counters, refused with %d", what, err);
	KUNIT_EXPECT_EQ_MSG(test, pma_kunit_fingerprint(arena->pool), before->fingerprint,
			    "%s: state, refused with %d", what, err);
}
