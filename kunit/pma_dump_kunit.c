// SPDX-License-Identifier: GPL-2.0
/*
 * pma_dump_kunit.c - records of pages and of blocks
 */
#include <linux/pma.h>

#include "pma_block.h"
#include "pma_dump.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"
#include "pma_mix.h"
#include "pma_place.h"

#define RECS	512
#define BLOCKS	80

/**
 * struct world - a pool of two arenas, and room for what is told of it
 * @pool: the pool
 * @arenas: a kernel client's and a process's
 * @handles: blocks of the first, in no order
 * @nr: how many
 * @pages: records of pages
 * @blocks: records of blocks
 * @some_pages: likewise, told in pieces
 * @some_blocks: likewise
 */
struct world {
	struct pma_pool *pool;
	struct pma_arena *arenas[2];
	u64 handles[BLOCKS];
	u32 nr;
	struct pma_page_rec pages[RECS];
	struct pma_block_rec blocks[RECS];
	struct pma_page_rec some_pages[RECS];
	struct pma_block_rec some_blocks[RECS];
};

/* Blocks of all sizes, every third freed again. */
static struct world *create_world(struct kunit *test)
{
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	struct pma_kunit_rng rng;
	struct pma_block block;
	u32 i, a, most;

	KUNIT_ASSERT_NOT_NULL(test, world);
	pma_kunit_rng_init(&rng, test, "dump");
	world->pool = pma_kunit_pool(test, test->param_value);
	most = max_t(u32, world->pool->region.bytes / 24, 1);
	for (a = 0; a < 2; a++)
		world->arenas[a] = pma_kunit_arena(test, world->pool, a ? PMA_ARENA_USER : 0);
	for (i = 0; i < 2 * BLOCKS; i++) {
		if (pma_block_alloc(world->arenas[i & 1], pma_kunit_size(&rng, 1, most), 0, 0,
				    &block))
			continue;
		if (i % 3 == 0)
			pma_kunit_free(test, world->arenas[i & 1], block.handle);
		else if (!(i & 1))
			world->handles[world->nr++] = block.handle;
	}
	return world;
}

static void end_world(struct world *world)
{
	pma_block_free_all(world->arenas[0]);
	pma_block_free_all(world->arenas[1]);
}

static u32 dump_pages(struct kunit *test, struct world *world, struct pma_page_rec *recs, u32 step)
{
	u64 cursor = 0;
	u32 n = 0;

	while (cursor != PMA_HANDLE_NONE) {
		KUNIT_ASSERT_LE(test, n + step, RECS);
		n += pma_dump_pages(world->pool, world->arenas[0], &cursor, recs + n, step);
	}
	return n;
}

static u32 dump_blocks(struct kunit *test, struct world *world, u32 a, struct pma_block_rec *recs,
		       u32 step)
{
	u64 cursor = 0;
	u32 n = 0;

	while (cursor != PMA_HANDLE_NONE) {
		KUNIT_ASSERT_LE(test, n + step, RECS);
		n += pma_dump_blocks(world->arenas[a], &cursor, recs + n, step);
	}
	return n;
}

/* The lowest free block of a slab page, by its bits. */
static u64 lowest_free(const struct pma_pool *pool, u32 pgno)
{
	u32 block_size = pool->pages.desc[pgno].slab.block_size;
	u64 handle = pma_region_handle(&pool->region, pgno);
	u64 end = pma_region_handle(&pool->region, pgno + 1);

	for (; handle + block_size <= end; handle += block_size)
		if (test_bit(handle >> pool->pages.bit_shift, pool->pages.shadow))
			return handle;
	return PMA_HANDLE_NONE;
}

static void expect_slab_rec(struct kunit *test, const struct pma_pool *pool,
			    const struct pma_page_rec *rec)
{
	const struct pma_page *page = &pool->pages.desc[rec->first_page];

	KUNIT_EXPECT_EQ(test, rec->nr_pages, 1);
	KUNIT_EXPECT_EQ(test, rec->block_size, page->slab.block_size);
	KUNIT_EXPECT_EQ(test, rec->nr_blocks,
			pma_region_page_size(&pool->region) / page->slab.block_size);
	KUNIT_EXPECT_EQ(test, rec->free_blocks, page->slab.nr_free);
	KUNIT_EXPECT_EQ(test, rec->free_bytes, (u64)page->slab.nr_free * page->slab.block_size);
	KUNIT_EXPECT_EQ(test, rec->first_free, lowest_free(pool, rec->first_page));
	KUNIT_EXPECT_EQ(test, rec->first_free == PMA_HANDLE_NONE, !rec->free_blocks);
}

static void expect_heap_rec(struct kunit *test, const struct pma_pool *pool,
			    const struct pma_page_rec *rec)
{
	const struct pma_page *page = &pool->pages.desc[rec->first_page];
	u64 bytes = pma_region_handle(&pool->region, rec->nr_pages), first;

	KUNIT_EXPECT_EQ(test, rec->block_size, bytes);
	KUNIT_EXPECT_EQ(test, rec->free_blocks,
			pma_heap_look_free(&pool->pages, &pool->geo, rec->first_page,
					   rec->nr_pages, &first));
	KUNIT_EXPECT_EQ(test, rec->nr_blocks, rec->free_blocks + page->heap.used_chunks);
	KUNIT_EXPECT_EQ(test, rec->free_bytes,
			bytes - ((u64)page->heap.used_units << pool->geo.granule_shift));
	KUNIT_EXPECT_EQ(test, rec->first_free, first);
	KUNIT_EXPECT_EQ(test, rec->first_free == PMA_HANDLE_NONE, !rec->free_blocks);
}

static void expect_mixed_rec(struct kunit *test, const struct pma_pool *pool,
			     const struct pma_page_rec *rec)
{
	const struct pma_page *page = &pool->pages.desc[rec->first_page];
	u64 bytes = pma_region_handle(&pool->region, rec->nr_pages);
	struct pma_mix_sum sum = pma_mix_sum(pma_pages_shadow(&pool->pages, rec->first_page),
					     bytes / PMA_MIX_UNIT);

	KUNIT_EXPECT_EQ(test, rec->block_size, bytes);
	KUNIT_EXPECT_EQ(test, rec->nr_blocks, rec->free_blocks + page->mixed.used);
	KUNIT_EXPECT_EQ(test, rec->free_bytes, bytes - sum.used_units * PMA_MIX_UNIT);
	KUNIT_EXPECT_EQ(test, rec->first_free, !rec->free_blocks ? PMA_HANDLE_NONE :
			pma_region_handle(&pool->region, rec->first_page) +
			sum.first_free * PMA_MIX_UNIT);
}

static void expect_rec(struct kunit *test, const struct pma_pool *pool,
		       const struct pma_page_rec *rec)
{
	struct pma_page_id id = pma_page_id(&pool->pages.desc[rec->first_page]);
	u64 bytes = pma_region_handle(&pool->region, rec->nr_pages);

	KUNIT_EXPECT_EQ(test, rec->kind, id.kind == PMA_PAGE_MIXED ? PMA_KIND_HEAP : id.kind);
	KUNIT_EXPECT_EQ(test, rec->owner, id.owner);
	if (id.kind == PMA_PAGE_MIXED) {
		expect_mixed_rec(test, pool, rec);
		return;
	}
	switch (rec->kind) {
	case PMA_KIND_SLAB:
		expect_slab_rec(test, pool, rec);
		return;
	case PMA_KIND_HEAP:
		expect_heap_rec(test, pool, rec);
		return;
	case PMA_KIND_BIG:
		KUNIT_EXPECT_EQ(test, rec->block_size, bytes);
		KUNIT_EXPECT_EQ(test, rec->nr_blocks, 1);
		KUNIT_EXPECT_EQ(test, rec->free_bytes, 0);
		KUNIT_EXPECT_EQ(test, rec->first_free, PMA_HANDLE_NONE);
		break;
	default:
		KUNIT_EXPECT_EQ(test, rec->kind, PMA_KIND_FREE);
		KUNIT_EXPECT_EQ(test, rec->block_size, 0);
		KUNIT_EXPECT_EQ(test, rec->nr_blocks, 0);
		KUNIT_EXPECT_EQ(test, rec->free_bytes, bytes);
		KUNIT_EXPECT_EQ(test, rec->first_free,
				pma_region_handle(&pool->region, rec->first_page));
	}
	KUNIT_EXPECT_EQ(test, rec->free_blocks, 0);
}

static void pages_tell_every_page_once(struct kunit *test)
{
	struct world *world = create_world(test);
	u32 n = dump_pages(test, world, world->pages, RECS), next = 0, nr_free = 0, i;

	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, world->pages[i].first_page, next);
		next += world->pages[i].nr_pages;
		nr_free += world->pages[i].kind == PMA_KIND_FREE ? world->pages[i].nr_pages : 0;
		expect_rec(test, world->pool, &world->pages[i]);
	}
	KUNIT_EXPECT_EQ(test, next, world->pool->region.nr_pages);
	KUNIT_EXPECT_EQ(test, nr_free, pma_pool_free_pages(world->pool, NULL));
	end_world(world);
}

/* In pieces of any length, it is the same story. */
static void pages_resume(struct kunit *test)
{
	static const u32 piece[] = { 1, 2, 3, 7, 50 };
	struct world *world = create_world(test);
	u32 n = dump_pages(test, world, world->pages, RECS), i;

	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		memset(world->some_pages, 0xff, sizeof(world->some_pages));
		KUNIT_EXPECT_EQ(test, dump_pages(test, world, world->some_pages, piece[i]), n);
		KUNIT_EXPECT_MEMEQ(test, world->some_pages, world->pages,
				   n * sizeof(*world->pages));
	}
	end_world(world);
}

static void blocks_tell_every_block_once(struct kunit *test)
{
	struct world *world = create_world(test);
	u32 n = dump_blocks(test, world, 0, world->blocks, RECS), i, j;
	struct pma_block block;

	KUNIT_EXPECT_EQ(test, n, world->nr);
	for (i = 0; i < n; i++) {
		struct pma_block_rec *rec = &world->blocks[i];

		if (i)
			KUNIT_EXPECT_GE(test, rec->handle, rec[-1].handle + rec[-1].size);
		KUNIT_EXPECT_EQ(test, pma_place_query(world->arenas[0], rec->handle, false,
						      &block), 0);
		KUNIT_EXPECT_EQ(test, rec->size, block.size);
		KUNIT_EXPECT_EQ(test, rec->usable, block.size);
		KUNIT_EXPECT_EQ(test, rec->requested, block.requested);
		KUNIT_EXPECT_EQ(test, rec->kind, block.kind);
		KUNIT_EXPECT_EQ(test, rec->flags, block.flags);
		KUNIT_EXPECT_EQ(test, rec->owner, world->arenas[0]->id);
		KUNIT_EXPECT_EQ(test, rec->reserved, 0);
		for (j = 0; j < world->nr && world->handles[j] != rec->handle; j++)
			;
		KUNIT_EXPECT_LT_MSG(test, j, world->nr, "handle 0x%llx", rec->handle);
	}
	KUNIT_EXPECT_EQ(test, dump_blocks(test, world, 1, world->some_blocks, RECS),
			world->arenas[1]->stats.live_blocks);
	end_world(world);
}

static void blocks_resume(struct kunit *test)
{
	static const u32 piece[] = { 1, 2, 3, 7, 50 };
	struct world *world = create_world(test);
	u32 n = dump_blocks(test, world, 0, world->blocks, RECS), i;

	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		memset(world->some_blocks, 0xff, sizeof(world->some_blocks));
		KUNIT_EXPECT_EQ(test, dump_blocks(test, world, 0, world->some_blocks, piece[i]),
				n);
		KUNIT_EXPECT_MEMEQ(test, world->some_blocks, world->blocks,
				   n * sizeof(*world->blocks));
	}
	end_world(world);
}

/* From any cursor on, even inside of a block: the first block that begins there. */
static void blocks_begin_anywhere(struct kunit *test)
{
	struct world *world = create_world(test);
	u32 n = dump_blocks(test, world, 0, world->blocks, RECS), next = 0;
	u64 at, cursor, step = max_t(u64, 8, ALIGN(world->pool->region.bytes / 4096, 8));
	struct pma_block_rec rec;

	for (at = 0; at < world->pool->region.bytes; at += step) {
		while (next < n && world->blocks[next].handle < at)
			next++;
		cursor = at;
		while (!pma_dump_blocks(world->arenas[0], &cursor, &rec, 1) &&
		       cursor != PMA_HANDLE_NONE)
			;
		if (next == n) {
			KUNIT_EXPECT_EQ_MSG(test, cursor, PMA_HANDLE_NONE, "at 0x%llx", at);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, rec.handle, world->blocks[next].handle, "at 0x%llx", at);
	}
	end_world(world);
}

static void cursors_out_of_range(struct kunit *test)
{
	struct world *world = create_world(test);
	u64 cursors[] = {
		world->pool->region.bytes, world->pool->region.bytes + 1, 1ULL << 32, 1ULL << 63,
		PMA_HANDLE_NONE - 1, PMA_HANDLE_NONE,
	};
	u64 cursor;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cursors); i++) {
		cursor = cursors[i];
		KUNIT_EXPECT_EQ(test, pma_dump_blocks(world->arenas[0], &cursor, world->blocks,
						      RECS), 0);
		KUNIT_EXPECT_EQ(test, cursor, PMA_HANDLE_NONE);
		cursor = cursors[i];
		KUNIT_EXPECT_EQ(test, pma_dump_pages(world->pool, NULL, &cursor, world->pages,
						     RECS), 0);
		KUNIT_EXPECT_EQ(test, cursor, PMA_HANDLE_NONE);
	}
	cursor = world->pool->region.nr_pages;
	KUNIT_EXPECT_EQ(test, pma_dump_pages(world->pool, NULL, &cursor, world->pages, RECS), 0);
	KUNIT_EXPECT_EQ(test, cursor, PMA_HANDLE_NONE);
	end_world(world);
}

/* A run that the cursor has come to lie inside of is passed over. */
static void pages_pass_over_changed_run(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 a = pma_kunit_alloc(test, arena, 8192), b = pma_kunit_alloc(test, arena, 8192);
	u64 c = pma_kunit_alloc(test, arena, 4096), cursor = 0;
	struct pma_page_rec recs[8];

	KUNIT_EXPECT_EQ(test, pma_dump_pages(pool, NULL, &cursor, recs, 1), 1);
	KUNIT_EXPECT_EQ(test, cursor, 2);
	pma_kunit_free(test, arena, a);
	pma_kunit_free(test, arena, b);
	KUNIT_EXPECT_EQ(test, pma_dump_pages(pool, NULL, &cursor, recs, 8), 2);
	KUNIT_EXPECT_EQ(test, recs[0].first_page, 4);
	KUNIT_EXPECT_EQ(test, recs[1].first_page, 5);
	KUNIT_EXPECT_EQ(test, cursor, PMA_HANDLE_NONE);
	pma_kunit_free(test, arena, c);
}

/* However large the pool, a call does so much and says where to go on. */
static void dumps_look_at_so_many_pages(struct kunit *test)
{
	static const struct pma_kunit_config config = { "large", 10000, 256, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_page_rec page;
	struct pma_block_rec block;
	u32 calls = 0, found = 0;
	u64 cursor = 1, handle;

	pma_kunit_alloc(test, arena, 9000 * 256);
	while (cursor != PMA_HANDLE_NONE) {
		found += pma_dump_pages(pool, arena, &cursor, &page, 1);
		KUNIT_ASSERT_LT(test, ++calls, 10);
	}
	KUNIT_EXPECT_EQ(test, found, 1);
	KUNIT_EXPECT_EQ(test, page.first_page, 9000);
	KUNIT_EXPECT_GE(test, calls, 3);
	handle = pma_kunit_alloc(test, arena, 8);
	for (cursor = 256, calls = 0, found = 0; cursor != PMA_HANDLE_NONE; calls++) {
		found += pma_dump_blocks(arena, &cursor, &block, 1);
		KUNIT_ASSERT_LT(test, calls, 10);
	}
	KUNIT_EXPECT_EQ(test, found, 1);
	KUNIT_EXPECT_EQ(test, block.handle, handle);
	KUNIT_EXPECT_GE(test, calls, 3);
	pma_block_free_all(arena);
}

/* What CPUs have in their magazines is told as free, as it is. */
static void pages_tell_of_blocks_in_magazines(struct kunit *test)
{
	struct pma_arena *arena = pma_kunit_percpu(test, &pma_kunit_default);
	struct pma_pool *pool = arena->pool;
	struct pma_page_rec rec;
	void *blocks[3];
	u64 cursor = 0;

	KUNIT_ASSERT_EQ(test, pma_alloc_batch(arena, 256, 0, 3, blocks), 3);
	KUNIT_EXPECT_EQ(test, pma_free(arena, blocks[1]), 0);
	KUNIT_EXPECT_EQ(test, pma_dump_pages(pool, arena, &cursor, &rec, 1), 1);
	KUNIT_EXPECT_EQ(test, rec.kind, PMA_KIND_SLAB);
	KUNIT_EXPECT_EQ(test, rec.nr_blocks, 16);
	KUNIT_EXPECT_EQ(test, rec.free_blocks, 14);
	KUNIT_EXPECT_EQ(test, rec.free_bytes, 14 * 256);
	KUNIT_EXPECT_EQ(test, rec.first_free, (uintptr_t)blocks[1] - (uintptr_t)pool->region.base);
	pma_block_free_all(arena);
}

static void dumps_of_busy_block(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 pgno = pma_arena_big_take(arena, 3);
	struct pma_block_rec block;
	struct pma_page_rec page;
	u64 cursor = 0;

	KUNIT_EXPECT_EQ(test, pma_dump_blocks(arena, &cursor, &block, 1), 0);
	cursor = 0;
	KUNIT_EXPECT_EQ(test, pma_dump_pages(pool, arena, &cursor, &page, 1), 1);
	KUNIT_EXPECT_EQ(test, page.kind, PMA_KIND_BIG);
	KUNIT_EXPECT_EQ(test, page.nr_pages, 3);
	KUNIT_EXPECT_EQ(test, page.owner, arena->id);
	pma_arena_big_drop(arena, pgno);
}

/* Dumps while everything moves: runs in order, kinds that exist, blocks in order. */

struct race {
	struct pma_pool *pool;
	struct pma_arena *arenas[2];
	struct pma_page_rec pages[128];
	struct pma_block_rec blocks[128];
	atomic_t running;
	atomic_t errors;
	struct pma_kunit_rng rngs[4];
};

static void read_pages(struct race *race)
{
	u64 cursor = 0;
	u32 n, i, next = 0;

	n = pma_dump_pages(race->pool, race->arenas[0], &cursor, race->pages, 128);
	for (i = 0; i < n; i++) {
		if (race->pages[i].first_page != next ||
		    race->pages[i].kind > PMA_KIND_HEAP ||
		    race->pages[i].free_bytes > 4096ULL * race->pages[i].nr_pages)
			atomic_inc(&race->errors);
		next += race->pages[i].nr_pages;
	}
	if (next != race->pool->region.nr_pages || cursor != PMA_HANDLE_NONE)
		atomic_inc(&race->errors);
}

static void read_blocks(struct race *race)
{
	u64 cursor = 0, next = 0;
	u32 n, i;

	do {
		n = pma_dump_blocks(race->arenas[0], &cursor, race->blocks, 16);
		for (i = 0; i < n; i++) {
			if (race->blocks[i].handle < next || !race->blocks[i].size ||
			    race->blocks[i].requested > race->blocks[i].size)
				atomic_inc(&race->errors);
			next = race->blocks[i].handle + race->blocks[i].size;
		}
	} while (cursor != PMA_HANDLE_NONE);
}

static void churn(struct race *race, struct pma_arena *arena, struct pma_kunit_rng *rng)
{
	struct pma_block blocks[8];
	u32 i, n = 0;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		n += !pma_block_alloc(arena, pma_kunit_size(rng, 1, 12000), 0, 0, &blocks[n]);
	while (n)
		if (pma_block_free(arena, blocks[--n].handle))
			atomic_inc(&race->errors);
}

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	u32 i;

	if (!index) {
		while (atomic_read(&race->running)) {
			read_pages(race);
			read_blocks(race);
			cond_resched();
		}
		return;
	}
	for (i = 0; i < pma_kunit_rounds(); i++)
		churn(race, race->arenas[index & 1], &race->rngs[index]);
	atomic_dec(&race->running);
}

static void dumps_while_everything_moves_threads(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->pool = pma_kunit_pool(test, &pma_kunit_isolating);
	race->arenas[0] = pma_kunit_arena(test, race->pool, 0);
	race->arenas[1] = pma_kunit_arena(test, race->pool, 0);
	pma_kunit_rng_init(&race->rngs[0], test, __func__);
	for (i = 1; i < 4; i++)
		race->rngs[i].state = race->rngs[0].state + i;
	atomic_set(&race->running, 3);
	pma_kunit_threads(test, 4, race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->errors), 0);
}

static struct kunit_case pma_dump_cases[] = {
	KUNIT_CASE_PARAM(pages_tell_every_page_once, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(pages_resume, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(blocks_tell_every_block_once, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(blocks_resume, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(blocks_begin_anywhere, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(cursors_out_of_range, pma_kunit_configs_gen_params),
	KUNIT_CASE(pages_pass_over_changed_run),
	KUNIT_CASE(dumps_look_at_so_many_pages),
	KUNIT_CASE(pages_tell_of_blocks_in_magazines),
	KUNIT_CASE(dumps_of_busy_block),
	KUNIT_CASE_SLOW(dumps_while_everything_moves_threads),
	{}
};

static struct kunit_suite pma_dump_suite = {
	.name = "pma_dump",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_dump_cases,
};

kunit_test_suite(pma_dump_suite);
