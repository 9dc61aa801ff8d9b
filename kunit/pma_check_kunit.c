// SPDX-License-Identifier: GPL-2.0
/*
 * pma_check_kunit.c - the checker itself
 *
 * Whatever single bit of the metadata is wrong, the check must say so, and must
 * not fall over it: on small pools with something of everything, every bit is
 * flipped in turn.
 */
#include "pma_adapt.h"
#include "pma_block.h"
#include "pma_check.h"
#include "pma_kunit.h"

static const struct pma_kunit_config configs[] = {
	{ "plain", 24, 4096, 512, 0 },
	{ "isolating", 24, 4096, 512, PMA_POOL_ISOLATE | PMA_POOL_TRACK },
	{ "page_256", 40, 256, 0, 0 },
	{ "adaptive", 24, 4096, 512, PMA_POOL_ADAPTIVE },
	{ "adaptive_256", 64, 256, 0, PMA_POOL_ADAPTIVE },
};

KUNIT_ARRAY_PARAM_DESC(configs, configs, name);

/**
 * struct world - a pool with something of everything
 * @pool: the pool
 * @arenas: a kernel client's, a process's, and one without a block
 */
struct world {
	struct pma_pool *pool;
	struct pma_arena *arenas[3];
};

/* Sizes of pages and fractions of them: every kind, and holes between. */
static void populate(struct kunit *test, struct pma_arena *arena, u32 page_size)
{
	static const struct {
		u16 eighths;
		bool keep;
	} table[] = {
		{ 1, true }, { 1, false }, { 1, true }, { 8, true }, { 6, true }, { 5, false },
		{ 6, true }, { 16, false }, { 8, true }, { 24, true }, { 8, false },
	};
	u64 handles[ARRAY_SIZE(table)];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		handles[i] = pma_kunit_alloc(test, arena, page_size / 8 * table[i].eighths);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (!table[i].keep)
			pma_kunit_free(test, arena, handles[i]);
}

static void fill_slab_page(struct kunit *test, struct pma_arena *arena)
{
	const struct pma_class *class = &arena->pool->classes->class[3];
	u64 *handles = kunit_kcalloc(test, class->nr_blocks, sizeof(*handles), GFP_KERNEL);

	/* Many at once, so that it is a slab page where classes adapt, too. */
	KUNIT_ASSERT_NOT_NULL(test, handles);
	KUNIT_ASSERT_EQ(test, pma_block_alloc_batch(arena, class->block_size, 0, class->nr_blocks,
						    handles), class->nr_blocks);
	KUNIT_ASSERT_NE(test, arena->full, PMA_NONE);
}

static void create_world(struct kunit *test, struct world *world,
			 const struct pma_kunit_config *config)
{
	u32 i;

	world->pool = pma_kunit_pool(test, config);
	for (i = 0; i < ARRAY_SIZE(world->arenas); i++)
		world->arenas[i] = pma_kunit_arena(test, world->pool, i & 1 ? PMA_ARENA_USER : 0);
	populate(test, world->arenas[0], config->page_size);
	populate(test, world->arenas[1], config->page_size);
	fill_slab_page(test, world->arenas[0]);
	pma_kunit_expect_sound(test, world->pool);
}

static void end_world(struct kunit *test, struct world *world)
{
	pma_kunit_expect_sound(test, world->pool);
	pma_block_free_all(world->arenas[0]);
	pma_block_free_all(world->arenas[1]);
}

/* Flip each bit of @bytes at @what; those of @except (a byte's bits) need not show. */
static void flip(struct kunit *test, struct world *world, void *what, size_t bytes,
		 const char *name, u32 index)
{
	u8 *byte = what;
	size_t i;
	u32 bit;

	for (i = 0; i < bytes; i++) {
		for (bit = 0; bit < 8; bit++) {
			byte[i] ^= BIT(bit);
			KUNIT_EXPECT_NE_MSG(test, pma_kunit_errors(world->pool), 0,
					    "%s %u, bit %u", name, index, (u32)i * 8 + bit);
			byte[i] ^= BIT(bit);
		}
	}
}

/* Heads of lists: of an empty one a bit will do, as each makes it not empty. */
static void flip_heads(struct kunit *test, struct world *world, struct pma_fit *fit)
{
	u32 i, bit;

	for (i = 0; i < fit->nr_lists; i++) {
		bool is_empty = fit->heads[i] == PMA_NONE;

		for (bit = is_empty ? i % 32 : 0; bit < 32; bit += is_empty ? 32 : 1) {
			fit->heads[i] ^= BIT(bit);
			KUNIT_EXPECT_NE_MSG(test, pma_kunit_errors(world->pool), 0,
					    "list %u, bit %u", i, bit);
			fit->heads[i] ^= BIT(bit);
		}
	}
}

#define FLIP(test, world, field, index) \
	flip(test, world, &(field), sizeof(field), #field, index)

/* The lowest bit of a slab page's bitmap at which a block is free, or U32_MAX. */
static u32 lowest_free(const struct pma_pool *pool, u32 pgno)
{
	const struct pma_class *class = &pool->classes->class[pool->pages.desc[pgno].class];
	u32 i;

	for (i = 0; i < class->nr_blocks; i++)
		if (test_bit(i * class->step, pma_pages_shadow(&pool->pages, pgno)))
			return i * class->step;
	return U32_MAX;
}

/* It is a bound: wrong only above a free block. */
static void flip_first_free(struct kunit *test, struct world *world, struct pma_page *page, u32 i)
{
	u32 lowest = lowest_free(world->pool, i), bit;

	for (bit = 0; bit < 16; bit++) {
		page->slab.first_free ^= BIT(bit);
		KUNIT_EXPECT_EQ_MSG(test, pma_kunit_errors(world->pool) != 0,
				    page->slab.first_free > lowest, "first_free %u, bit %u", i,
				    bit);
		page->slab.first_free ^= BIT(bit);
	}
}

static void flip_slab_desc(struct kunit *test, struct world *world, struct pma_page *page, u32 i)
{
	FLIP(test, world, page->kind, i);
	FLIP(test, world, page->class, i);
	FLIP(test, world, page->owner, i);
	flip_first_free(test, world, page, i);
	FLIP(test, world, page->slab.nr_free, i);
	FLIP(test, world, page->slab.block_size, i);
}

static void flip_heap_desc(struct kunit *test, struct world *world, struct pma_page *page, u32 i)
{
	FLIP(test, world, page->kind, i);
	FLIP(test, world, page->owner, i);
	FLIP(test, world, page->heap.segment, i);
	if (page->heap.segment != i)
		return;
	FLIP(test, world, page->heap.used_chunks, i);
	FLIP(test, world, page->heap.used_units, i);
}

static void flip_mixed_desc(struct kunit *test, struct world *world, struct pma_page *page, u32 i)
{
	FLIP(test, world, page->kind, i);
	FLIP(test, world, page->owner, i);
	FLIP(test, world, page->mixed.run, i);
	if (page->mixed.run != i)
		return;
	FLIP(test, world, page->mixed.largest, i);
	FLIP(test, world, page->mixed.used, i);
}

static void flip_big_desc(struct kunit *test, struct world *world, struct pma_page *page, u32 i)
{
	u8 *slack = (u8 *)&page->big.slack;

	/* BUSY is a kind of its own, where the check has to look away. */
	flip(test, world, &page->owner, sizeof(page->owner), "big owner", i);
	FLIP(test, world, page->big.first, i);
	if (page->kind == PMA_KIND_BIG)
		flip(test, world, slack + 2, 2, "big slack, upper half", i);
}

/* Of a big block's body, where nobody marks it, and of a free page: kind and owner. */
static void flip_free_desc(struct kunit *test, struct world *world, struct pma_page *page, u32 i,
			   bool in_run)
{
	FLIP(test, world, page->kind, i);
	if (!in_run)
		FLIP(test, world, page->owner, i);
}

static void flip_desc(struct kunit *test, struct world *world, u32 pgno)
{
	struct pma_page *page = &world->pool->pages.desc[pgno];
	u32 run = pma_fit_find(world->pool->runs, pgno, ~0U);

	switch (pma_page_id(page).kind) {
	case PMA_KIND_SLAB:
		flip_slab_desc(test, world, page, pgno);
		break;
	case PMA_KIND_HEAP:
		flip_heap_desc(test, world, page, pgno);
		break;
	case PMA_PAGE_MIXED:
		flip_mixed_desc(test, world, page, pgno);
		break;
	case PMA_KIND_FREE:
		flip_free_desc(test, world, page, pgno, !pma_fit_is_free(world->pool->runs, run));
		break;
	default:
		flip_big_desc(test, world, page, pgno);
	}
}

static void check_sees_flips_of_descriptors(struct kunit *test)
{
	struct world world;
	u32 pgno;

	create_world(test, &world, test->param_value);
	for (pgno = 0; pgno < world.pool->region.nr_pages; pgno++)
		flip_desc(test, &world, pgno);
	end_world(test, &world);
}

static bool is_loose(const struct pma_pool *pool, u32 pgno)
{
	return pool->loose[pma_pool_loose_slot(pma_pool_run_pages(pool, pgno))] == pgno;
}

/* Every bit of heads and feet, and of the links of free runs and of arenas' lists. */
static void check_sees_flips_of_runs(struct kunit *test)
{
	struct pma_fit *runs;
	struct world world;
	u32 pgno;

	create_world(test, &world, test->param_value);
	runs = world.pool->runs;
	for (pgno = 0; pgno < world.pool->region.nr_pages; pgno++) {
		FLIP(test, &world, runs->tags[pgno].head, pgno);
		FLIP(test, &world, runs->tags[pgno].foot, pgno);
		if (pma_fit_is_piece(runs, pgno) && !is_loose(world.pool, pgno))
			FLIP(test, &world, runs->tags[pgno].link, pgno);
	}
	FLIP(test, &world, world.pool->loose, 0);
	FLIP(test, &world, world.pool->loose_pages, 0);
	FLIP(test, &world, runs->free_units, 0);
	FLIP(test, &world, runs->free_pieces, 0);
	FLIP(test, &world, runs->fl_map, 0);
	FLIP(test, &world, runs->sl_map, 0);
	flip_heads(test, &world, runs);
	end_world(test, &world);
}

/* Every bit that stands for some bytes of a mixed run. */
static void flip_mixed(struct kunit *test, struct world *world, u32 run)
{
	u64 bytes = pma_region_handle(&world->pool->region,
				      pma_pool_run_pages(world->pool, run));

	flip(test, world, pma_pages_shadow(&world->pool->pages, run), bytes / PMA_MIX_UNIT / 8,
	     "mixed", run);
}

/* Of slab pages every bit of the bitmap, block or none; of segments every one of the tags. */
static void flip_shadow(struct kunit *test, struct world *world, u32 pgno)
{
	struct pma_pages *pages = &world->pool->pages;
	struct pma_fit_tag *tags = pma_pages_shadow(pages, pgno);
	u32 i;

	if (pma_page_id(&pages->desc[pgno]).kind == PMA_KIND_SLAB) {
		flip(test, world, tags, pages->shadow_bytes, "bitmap", pgno);
		return;
	}
	if (pages->desc[pgno].kind == PMA_PAGE_MIXED && pages->desc[pgno].mixed.run == pgno)
		flip_mixed(test, world, pgno);
	if (pages->desc[pgno].kind != PMA_KIND_HEAP)
		return;
	for (i = 0; i < pages->shadow_bytes / sizeof(*tags); i++) {
		FLIP(test, world, tags[i].head, pgno);
		FLIP(test, world, tags[i].foot, pgno);
		if (tags[i].head & PMA_FIT_FREE)
			FLIP(test, world, tags[i].link, pgno);
		else if (tags[i].head)	/* what was asked for: not more than there is */
			flip(test, world, (u8 *)&tags[i].link.next + 2, 2, "requested", pgno);
	}
}

static void check_sees_flips_of_shadows(struct kunit *test)
{
	struct world world;
	u32 pgno;

	create_world(test, &world, test->param_value);
	for (pgno = 0; pgno < world.pool->region.nr_pages; pgno++)
		flip_shadow(test, &world, pgno);
	end_world(test, &world);
}

static void flip_arena(struct kunit *test, struct world *world, struct pma_arena *arena)
{
	struct pma_fit *fit = &arena->heap->fit;
	u32 i;

	flip(test, world, arena->partial, arena->pool->classes->nr * sizeof(u32), "partial", 0);
	FLIP(test, world, arena->full, 0);
	FLIP(test, world, arena->big, 0);
	FLIP(test, world, arena->segments, 0);
	FLIP(test, world, arena->stats.live_blocks, 0);
	FLIP(test, world, arena->stats.live_bytes, 0);
	FLIP(test, world, arena->stats.arena_pages, 0);
	FLIP(test, world, arena->stats.slab_pages, 0);
	FLIP(test, world, arena->stats.big_pages, 0);
	FLIP(test, world, arena->stats.heap_pages, 0);
	FLIP(test, world, fit->free_units, 0);
	FLIP(test, world, fit->free_pieces, 0);
	FLIP(test, world, fit->fl_map, 0);
	FLIP(test, world, fit->sl_map, 0);
	flip_heads(test, world, fit);
	if (!arena->adapt)
		return;
	FLIP(test, world, arena->adapt->mixed.nr_pages, 0);
	FLIP(test, world, arena->adapt->mixed.runs, 0);
	for (i = 0; i < PMA_MIXED_LISTS; i++) {
		__change_bit(i, arena->adapt->mixed.lists);
		KUNIT_EXPECT_NE_MSG(test, pma_kunit_errors(world->pool), 0, "bit of list %u", i);
		__change_bit(i, arena->adapt->mixed.lists);
	}
}

static void check_sees_flips_of_arenas(struct kunit *test)
{
	struct world world;
	u32 i;

	create_world(test, &world, test->param_value);
	for (i = 0; i < ARRAY_SIZE(world.arenas); i++)
		flip_arena(test, &world, world.arenas[i]);
	FLIP(test, &world, world.pool->nr_arenas, 0);
	FLIP(test, &world, world.pool->promised, 0);
	FLIP(test, &world, world.arenas[0]->budget.promised, 0);
	end_world(test, &world);
}

/* What takes more than a bit: everything about a page agrees, but it is lost. */
static void check_pool_sees_lost_page(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 pgno = pma_runs_take(pool, NULL, 3, 0);

	KUNIT_EXPECT_NE(test, pma_kunit_errors(pool), 0);
	pma_runs_give(pool, NULL, pgno);
	KUNIT_EXPECT_EQ(test, pma_kunit_errors(pool), 0);
	KUNIT_EXPECT_EQ(test, arena->stats.arena_pages, 0);
}

/* Two arenas have the same big block, each with all its counters right. */
static void check_sees_page_of_two_arenas(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *one = pma_kunit_arena(test, pool, 0);
	struct pma_arena *two = pma_kunit_arena(test, pool, 0);
	u64 handle = pma_kunit_alloc(test, one, 4096);
	struct pma_stats stats = two->stats;

	two->big = one->big;
	two->stats = one->stats;
	KUNIT_EXPECT_NE(test, pma_kunit_errors(pool), 0);
	two->big = PMA_NONE;
	two->stats = stats;
	pma_kunit_free(test, one, handle);
}

/* A free page with a tag that seems to be of a segment. */
static void check_sees_tag_of_free_page(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_fit_tag *tags = pma_pages_shadow(&pool->pages, pool->region.nr_pages - 1);
	struct pma_fit_tag *last = tags + pool->pages.shadow_bytes / sizeof(*tags) - 1;

	last->head = 1;
	KUNIT_EXPECT_EQ(test, pma_kunit_errors(pool), 1);
	last->head = 0;
	tags->foot = 1;
	KUNIT_EXPECT_EQ(test, pma_kunit_errors(pool), 1);
	tags->foot = 0;
	KUNIT_EXPECT_EQ(test, pma_kunit_errors(pool), 0);
}

/* A slab page that holds nothing and yet was kept. */
static void check_sees_empty_slab_page(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 handle = pma_kunit_alloc(test, arena, 64);
	u32 pgno = pma_region_pgno(&pool->region, handle);
	struct pma_page *page = &pool->pages.desc[pgno];
	const struct pma_class *class = &pool->classes->class[page->class];
	u64 again;

	__set_bit(0, pma_pages_shadow(&pool->pages, pgno));
	pma_slab_count_given(page, 1, 0);
	pma_arena_count_frees(arena, 1, 64);
	KUNIT_EXPECT_NE(test, pma_kunit_errors(pool), 0);
	KUNIT_EXPECT_EQ(test, pma_slab_take(&pool->pages, pgno, class, 1, &again), 1);
	KUNIT_EXPECT_EQ(test, again, handle);
	arena->stats.frees--;
	arena->stats.live_blocks++;
	arena->stats.live_bytes += 64;
	pma_kunit_free(test, arena, handle);
}

static void check_counts_pages_and_blocks(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_check_args result = { .first_bad_page = PMA_NONE };
	static const u32 sizes[] = { 8, 8, 3000, 4096, 20000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		pma_kunit_alloc(test, arena, sizes[i]);
	pma_check_arena(arena, &result);
	KUNIT_EXPECT_EQ(test, result.errors, 0);
	KUNIT_EXPECT_EQ(test, result.pages, 1 + 2 + 1 + 5);
	KUNIT_EXPECT_EQ(test, result.blocks, ARRAY_SIZE(sizes));
	pma_check_runs(pool, &result);
	KUNIT_EXPECT_EQ(test, result.pages, pool->region.nr_pages);
	KUNIT_EXPECT_EQ(test, result.first_bad_page, PMA_NONE);
	pma_block_free_all(arena);
}

static void check_names_first_bad_page(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_check_args result = { .first_bad_page = PMA_NONE };
	u64 first = pma_kunit_alloc(test, arena, 4096);
	u64 second = pma_kunit_alloc(test, arena, 100);
	u32 pgno = pma_region_pgno(&pool->region, second);

	pool->pages.desc[pgno].slab.nr_free++;
	pma_check_pool(pool, &result);
	pool->pages.desc[pgno].slab.nr_free--;
	KUNIT_EXPECT_NE(test, result.errors, 0);
	KUNIT_EXPECT_EQ(test, result.first_bad_page, pgno);
	pma_kunit_free(test, arena, first);
	pma_kunit_free(test, arena, second);
}

/* A block that is being resized is nobody's error. */
static void check_looks_away_from_busy_block(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 pgno = pma_arena_big_take(arena, 5);

	KUNIT_EXPECT_EQ(test, pma_kunit_errors(pool), 0);
	KUNIT_EXPECT_TRUE(test, pma_runs_resize(pool, &arena->budget, pgno, 3));
	KUNIT_EXPECT_EQ(test, pma_kunit_errors(pool), 0);
	KUNIT_EXPECT_TRUE(test, pma_runs_resize(pool, &arena->budget, pgno, 5));
	pma_arena_big_drop(arena, pgno);
}

/*
 * Checks while arenas come and go, and their blocks with them: not one error, as
 * nothing is wrong.
 */
struct race {
	struct pma_pool *pool;
	atomic_t running;
	atomic_t errors;
	struct pma_kunit_rng rngs[4];
};

static void churn(struct race *race, struct pma_kunit_rng *rng)
{
	struct pma_arena *arena = pma_arena_new(race->pool, "churn", 0);
	struct pma_block block;
	u64 handles[16];
	u32 i, n = 0;

	if (IS_ERR(arena)) {
		atomic_inc(&race->errors);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(handles); i++)
		if (!pma_block_alloc(arena, pma_kunit_size(rng, 1, 20000), 0, 0, &block))
			handles[n++] = block.handle;
	while (n && pma_kunit_below(rng, 8))
		if (pma_block_free(arena, handles[--n]))
			atomic_inc(&race->errors);
	pma_arena_delete(arena);
}

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	u32 i;

	if (index) {
		for (i = 0; i < pma_kunit_rounds(); i++)
			churn(race, &race->rngs[index]);
		atomic_dec(&race->running);
		return;
	}
	while (atomic_read(&race->running)) {
		if (pma_kunit_errors(race->pool))
			atomic_inc(&race->errors);
		/* Locks are not fair everywhere. */
		pma_kunit_sleep();
	}
}

static void check_while_arenas_come_and_go_threads(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->pool = pma_kunit_pool(test, &pma_kunit_isolating);
	pma_kunit_rng_init(&race->rngs[0], test, __func__);
	for (i = 1; i < ARRAY_SIZE(race->rngs); i++)
		race->rngs[i].state = race->rngs[0].state + i;
	atomic_set(&race->running, ARRAY_SIZE(race->rngs) - 1);
	pma_kunit_threads(test, ARRAY_SIZE(race->rngs), race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->errors), 0);
}

static struct kunit_case pma_check_cases[] = {
	KUNIT_CASE_PARAM(check_sees_flips_of_descriptors, configs_gen_params),
	KUNIT_CASE_PARAM(check_sees_flips_of_runs, configs_gen_params),
	KUNIT_CASE_PARAM(check_sees_flips_of_shadows, configs_gen_params),
	KUNIT_CASE_PARAM(check_sees_flips_of_arenas, configs_gen_params),
	KUNIT_CASE(check_pool_sees_lost_page),
	KUNIT_CASE(check_sees_page_of_two_arenas),
	KUNIT_CASE(check_sees_tag_of_free_page),
	KUNIT_CASE(check_sees_empty_slab_page),
	KUNIT_CASE(check_counts_pages_and_blocks),
	KUNIT_CASE(check_names_first_bad_page),
	KUNIT_CASE(check_looks_away_from_busy_block),
	KUNIT_CASE_SLOW(check_while_arenas_come_and_go_threads),
	{}
};

static struct kunit_suite pma_check_suite = {
	.name = "pma_check",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_check_cases,
};

kunit_test_suite(pma_check_suite);
