// SPDX-License-Identifier: GPL-2.0
/*
 * pma_block_random_kunit.c - random blocks of several arenas, against a model and on threads
 */
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_kunit_configs.h"
#include "pma_place.h"

#define LIVE_MAX	256
#define SLOTS		3

/*
 * Random operations of several arenas against a model: live blocks, each painted
 * with a byte that tells its arena and itself, and a map of who has what.
 */

struct live {
	u64 handle;
	u32 size;
	u32 requested;
	u32 slot;
	u8 paint;
};

struct model {
	struct kunit *test;
	struct pma_pool *pool;
	struct pma_arena *arenas[SLOTS];
	struct pma_stats want[SLOTS];
	struct pma_kunit_map map;	/* of the least block's bytes */
	struct pma_kunit_rng rng;
	struct live live[LIVE_MAX];
	u32 nr_live;
	u32 most;
};

static void *live_ptr(const struct model *m, const struct live *live)
{
	return pma_kunit_ptr(m->pool, live->handle);
}

/* Upper half: the arena's, as long as it lives; lower half: the block's. */
static u8 paint_of(struct model *m, u32 slot)
{
	return (1 + (u32)m->arenas[slot]->uid % 15) << 4 | pma_kunit_below(&m->rng, 16);
}

static void paint(struct model *m, struct live *live)
{
	live->paint = paint_of(m, live->slot);
	memset(live_ptr(m, live), live->paint, live->size);
}

static bool is_painted(const struct model *m, const struct live *live, u32 bytes)
{
	return !memchr_inv(live_ptr(m, live), live->paint, bytes);
}

/* No byte that another arena has painted: looked for here and there. */
static bool is_isolated(struct model *m, const struct live *live)
{
	const u8 *bytes = live_ptr(m, live);
	u8 own = 1 + (u32)m->arenas[live->slot]->uid % 15;
	u32 i, at;

	for (i = 0; i < 32; i++) {
		at = pma_kunit_below(&m->rng, live->size);
		if (bytes[at] && bytes[at] >> 4 != own)
			return false;
	}
	return true;
}

static void count_live(struct model *m, u32 slot, int blocks, s64 bytes)
{
	m->want[slot].live_blocks += blocks;
	m->want[slot].live_bytes += bytes;
}

/* Is there really no room for it? */
static void expect_no_room(struct model *m, u32 size, u32 align)
{
	struct pma_route route;

	KUNIT_ASSERT_EQ(m->test, pma_pool_route(m->pool, size, align, &route), 0);
	KUNIT_ASSERT_LT(m->test, pma_kunit_largest_run(m->pool),
			route.kind == PMA_KIND_SLAB ? 1 : pma_kunit_fit_bound(route.nr_pages));
}

static void model_alloc(struct model *m)
{
	u32 slot = pma_kunit_below(&m->rng, SLOTS), size = pma_kunit_size(&m->rng, 1, m->most);
	u32 align = pma_kunit_below(&m->rng, 8) ? 0 : BIT(pma_kunit_below(&m->rng, 13));
	u32 flags = pma_kunit_below(&m->rng, 4) ? 0 : PMA_ZERO;
	struct live *live = &m->live[m->nr_live];
	struct pma_block block;

	align = min_t(u32, align, pma_region_page_size(&m->pool->region));
	if (pma_block_alloc(m->arenas[slot], size, align, flags, &block)) {
		expect_no_room(m, size, align);
		return;
	}
	*live = (struct live){ block.handle, block.size, size, slot, 0 };
	KUNIT_ASSERT_GE(m->test, block.size, size);
	KUNIT_ASSERT_EQ(m->test, block.handle & (max_t(u64, align, 8) - 1), 0);
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_take(&m->map, block.handle / 8, block.size / 8));
	if (flags & PMA_ZERO)
		KUNIT_ASSERT_TRUE(m->test, is_painted(m, live, block.size));
	else if (pma_pool_isolates(m->pool))
		KUNIT_ASSERT_TRUE(m->test, is_isolated(m, live));
	paint(m, live);
	count_live(m, slot, 1, block.size);
	m->nr_live++;
}

static void forget(struct model *m, u32 i)
{
	struct live live = m->live[i];

	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_give(&m->map, live.handle / 8, live.size / 8));
	count_live(m, live.slot, -1, -(s64)live.size);
	m->live[i] = m->live[--m->nr_live];
}

static void model_free(struct model *m, u32 i)
{
	struct live *live = &m->live[i];

	KUNIT_ASSERT_TRUE(m->test, is_painted(m, live, live->size));
	KUNIT_ASSERT_EQ(m->test, pma_block_free(m->arenas[live->slot], live->handle), 0);
	forget(m, i);
}

static struct live *find_live(struct model *m, u64 handle)
{
	u32 i;

	for (i = 0; i < m->nr_live; i++)
		if (handle - m->live[i].handle < m->live[i].size)
			return &m->live[i];
	return NULL;
}

/* What a handle is to an arena, by the model. */
static int judge(struct model *m, u32 slot, u64 handle)
{
	struct live *live = find_live(m, handle);
	struct pma_page_id id;

	if (handle >= m->pool->region.bytes)
		return -ERANGE;
	if (live)
		return live->slot != slot ? -EACCES : live->handle == handle ? 0 : -EBADSLT;
	id = pma_page_id(&m->pool->pages.desc[pma_region_pgno(&m->pool->region, handle)]);
	return id.owner && id.owner != m->arenas[slot]->id ? -EACCES : -EALREADY;
}

static void model_bad_free(struct model *m)
{
	u32 slot = pma_kunit_below(&m->rng, SLOTS);
	u64 handle = pma_kunit_below(&m->rng, m->pool->region.bytes + 64);
	int err;

	if (m->nr_live && pma_kunit_below(&m->rng, 2)) {
		handle = m->live[pma_kunit_below(&m->rng, m->nr_live)].handle;
		handle += pma_kunit_below(&m->rng, 2) * 8;
	}
	err = judge(m, slot, handle);
	if (err)
		KUNIT_ASSERT_EQ_MSG(m->test, pma_block_free(m->arenas[slot], handle), err,
				    "handle 0x%llx", handle);
}

static void model_query(struct model *m)
{
	struct live *live = &m->live[pma_kunit_below(&m->rng, m->nr_live)];
	u64 handle = live->handle + pma_kunit_below(&m->rng, live->size);
	struct pma_block block;

	KUNIT_ASSERT_EQ(m->test,
			pma_place_query(m->arenas[live->slot], handle, true, &block), 0);
	KUNIT_ASSERT_EQ(m->test, block.handle, live->handle);
	KUNIT_ASSERT_EQ(m->test, block.size, live->size);
	if (block.flags & PMA_BLOCK_REQUESTED)
		KUNIT_ASSERT_EQ(m->test, block.requested, live->requested);
}

/* All blocks of an arena at once, and maybe the arena itself. */
static void model_free_all(struct model *m, bool anew)
{
	u32 slot = pma_kunit_below(&m->rng, SLOTS), i;

	if (anew) {
		pma_arena_delete(m->arenas[slot]);
		m->arenas[slot] = pma_kunit_arena(m->test, m->pool, slot ? PMA_ARENA_USER : 0);
	} else {
		pma_block_free_all(m->arenas[slot]);
	}
	for (i = m->nr_live; i--;)
		if (m->live[i].slot == slot)
			forget(m, i);
}

static void model_check(struct model *m)
{
	struct pma_stats stats;
	u32 slot;

	KUNIT_ASSERT_EQ(m->test, pma_kunit_errors(m->pool), 0);
	for (slot = 0; slot < SLOTS; slot++) {
		pma_arena_get_stats(m->arenas[slot], &stats);
		KUNIT_ASSERT_EQ(m->test, stats.live_blocks, m->want[slot].live_blocks);
		KUNIT_ASSERT_EQ(m->test, stats.live_bytes, m->want[slot].live_bytes);
		KUNIT_ASSERT_EQ(m->test, stats.allocs - stats.frees, stats.live_blocks);
	}
}

static void model_step(struct model *m, u32 step)
{
	u32 dice = pma_kunit_below(&m->rng, 1000);

	if (!m->nr_live || (dice < (step & 1024 ? 500 : 350) && m->nr_live < LIVE_MAX))
		model_alloc(m);
	else if (dice < 850)
		model_free(m, pma_kunit_below(&m->rng, m->nr_live));
	else if (dice < 920)
		model_bad_free(m);
	else if (dice < 998)
		model_query(m);
	else
		model_free_all(m, dice == 999);
}

/* The most operations on the first of the pools. */
static void random_arenas(struct kunit *test)
{
	u32 ops = pma_kunit_ops() / (test->param_value == pma_kunit_configs ? 1 : 40), step;
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->pool = pma_kunit_pool(test, test->param_value);
	m->most = max_t(u32, m->pool->region.bytes / 6, 1);
	for (step = 0; step < SLOTS; step++)
		m->arenas[step] = pma_kunit_arena(test, m->pool, step ? PMA_ARENA_USER : 0);
	pma_kunit_map_init(test, &m->map, m->pool->region.bytes / 8);
	pma_kunit_rng_init(&m->rng, test, __func__);
	for (step = 0; step < ops; step++) {
		model_step(m, step);
		if (step % 100 == 0)
			model_check(m);
	}
	while (m->nr_live)
		model_free(m, m->nr_live - 1);
	for (step = 0; step < SLOTS; step++)
		KUNIT_EXPECT_EQ(test, m->arenas[step]->stats.arena_pages, 0);
}

/* Threads. */

#define THREADS	4

struct race {
	struct pma_pool *pool;
	struct pma_arena *arenas[THREADS];
	atomic_t errors;
	atomic_t running;
	bool resets;
	struct pma_kunit_rng rngs[THREADS];
};

static void race_round(struct race *race, struct pma_arena *arena, u32 index)
{
	struct pma_kunit_rng *rng = &race->rngs[index];
	struct pma_block blocks[12];
	u32 i, n = 0, size;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		size = pma_kunit_size(rng, 1, 12000);
		if (pma_block_alloc(arena, size, 0, i & 1 ? PMA_ZERO : 0, &blocks[n]))
			continue;
		if (!race->resets && (i & 1) &&
		    !pma_kunit_is_zero(pma_kunit_ptr(race->pool, blocks[n].handle), size))
			atomic_inc(&race->errors);
		if (!race->resets)
			pma_kunit_fill(pma_kunit_ptr(race->pool, blocks[n].handle),
				       blocks[n].size, index * 64 + n);
		n++;
	}
	while (n--) {
		void *bytes = pma_kunit_ptr(race->pool, blocks[n].handle);

		if (race->resets)
			pma_block_free(arena, blocks[n].handle);
		else if (!pma_kunit_is_filled(bytes, blocks[n].size, index * 64 + n) ||
			 pma_block_free(arena, blocks[n].handle))
			atomic_inc(&race->errors);
	}
}

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	u32 i;

	if (race->resets && !index) {
		while (atomic_read(&race->running)) {
			pma_block_free_all(race->arenas[0]);
			cond_resched();
		}
		return;
	}
	for (i = 0; i < pma_kunit_rounds(); i++)
		race_round(race, race->arenas[index], index);
	atomic_dec(&race->running);
}

static void run_race(struct kunit *test, bool one_arena, bool resets)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->pool = pma_kunit_pool(test, &pma_kunit_isolating);
	race->resets = resets;
	for (i = 0; i < THREADS; i++)
		race->arenas[i] = i && one_arena ? race->arenas[0] :
						   pma_kunit_arena(test, race->pool, 0);
	pma_kunit_rng_init(&race->rngs[0], test, one_arena ? "one" : "many");
	for (i = 1; i < THREADS; i++)
		race->rngs[i].state = race->rngs[0].state + i;
	atomic_set(&race->running, THREADS - 1);
	pma_kunit_threads(test, THREADS, race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->errors), 0);
	if (resets)
		pma_block_free_all(race->arenas[0]);
}

static void alloc_of_one_arena_threads(struct kunit *test)
{
	run_race(test, true, false);
}

static void alloc_of_many_arenas_threads(struct kunit *test)
{
	run_race(test, false, false);
}

/* A thread's blocks may be gone when it frees them, and another's in their place. */
static void free_all_during_alloc_threads(struct kunit *test)
{
	run_race(test, true, true);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(random_arenas, pma_kunit_configs_gen_params),
	KUNIT_CASE_SLOW(alloc_of_one_arena_threads),
	KUNIT_CASE_SLOW(alloc_of_many_arenas_threads),
	KUNIT_CASE_SLOW(free_all_during_alloc_threads),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_block_random",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
