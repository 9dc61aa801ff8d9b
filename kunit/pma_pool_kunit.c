// SPDX-License-Identifier: GPL-2.0
/*
 * pma_pool_kunit.c - a region, its free runs and its arenas
 */
#include "pma_kunit.h"
#include "pma_kunit_configs.h"
#include "pma_pool.h"

static const struct {
	size_t bytes;
	struct pma_pool_params params;
	int err;
} bad_params[] = {
	{ 0, {}, -EINVAL },
	{ 4095, {}, -EINVAL },
	{ 4097, {}, -EINVAL },
	{ SIZE_MAX, {}, -EINVAL },
	{ SIZE_MAX & ~4095UL, {}, -EINVAL },
	{ 65536, { .page_size = 128 }, -EINVAL },
	{ 65536, { .page_size = 4095 }, -EINVAL },
	{ 65536, { .page_size = 1 }, -EINVAL },
	{ 1 << 20, { .page_size = 131072 }, -EINVAL },
	{ 1 << 20, { .page_size = 1U << 31 }, -EINVAL },
	{ 65536, { .page_size = 4096, .slab_max = 63 }, -EINVAL },
	{ 65536, { .page_size = 4096, .slab_max = 2049 }, -EINVAL },
	{ 65536, { .page_size = 4096, .slab_max = U32_MAX }, -EINVAL },
	{ 65536, { .page_size = 256, .slab_max = 129 }, -EINVAL },
	{ 65536, { .flags = PMA_POOL_ADAPTIVE << 1 }, -EINVAL },
	{ 65536, { .flags = PMA_POOL_ADAPTIVE | PMA_POOL_POW2 }, -EINVAL },
	{ 65536, { .flags = ~0U }, -EINVAL },
	/* More than there is: 8 TiB. */
	{ 1UL << 43, { .page_size = 65536 }, -EINVAL },
	{ 1UL << 41, { .page_size = 65536 }, -ENOMEM },
};

static void new_refuses_bad_params(struct kunit *test)
{
	struct pma_pool *pool;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad_params); i++) {
		pool = pma_pool_new("bad", bad_params[i].bytes, &bad_params[i].params);
		KUNIT_ASSERT_TRUE(test, IS_ERR(pool));
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(pool), bad_params[i].err, "row %u", i);
	}
}

static void new_takes_limits(struct kunit *test)
{
	static const struct pma_kunit_config configs[] = {
		{ "least", 1, 256, 64, 0 },
		{ "largest page", 1, 65536, 32768, 0 },
		{ "smallest slab_max", 1, 65536, 64, 0 },
		{ "all flags", 1, 4096, 2048, PMA_POOL_FLAGS & ~PMA_POOL_POW2 },
	};
	struct pma_info info;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(configs); i++) {
		pma_pool_info(pma_kunit_pool(test, &configs[i]), &info);
		KUNIT_EXPECT_EQ(test, info.nr_pages, 1);
		KUNIT_EXPECT_EQ(test, info.page_size, configs[i].page_size);
		KUNIT_EXPECT_EQ(test, info.slab_max, configs[i].slab_max);
		KUNIT_EXPECT_EQ(test, info.flags, configs[i].flags);
		KUNIT_EXPECT_EQ(test, info.region_bytes, configs[i].page_size);
		KUNIT_EXPECT_EQ(test, info.abi, PMA_ABI_VERSION);
		KUNIT_EXPECT_GE(test, info.metadata_bytes, sizeof(struct pma_pool));
	}
}

static void new_has_defaults(struct kunit *test)
{
	struct pma_pool *pool = pma_pool_new(NULL, 8 * PAGE_SIZE, NULL);
	struct pma_info info;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	pma_kunit_adopt(test, pool);
	pma_pool_info(pool, &info);
	KUNIT_EXPECT_EQ(test, info.page_size, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, info.slab_max, PAGE_SIZE / 2);
	KUNIT_EXPECT_EQ(test, info.flags, 0);
	KUNIT_EXPECT_EQ(test, info.nr_pages, 8);
	KUNIT_EXPECT_STREQ(test, pool->name, "");
}

static void new_cuts_long_names(struct kunit *test)
{
	char name[100];
	struct pma_pool *pool;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	pool = pma_pool_new(name, 8 * PAGE_SIZE, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	pma_kunit_adopt(test, pool);
	KUNIT_EXPECT_EQ(test, strlen(pool->name), PMA_NAME_MAX - 1);
}

/* Every allocation in turn: an error, and nothing is left (see pma_kunit_exit()). */
static void new_fails_without_memory(struct kunit *test)
{
	struct pma_pool_params params = { .flags = PMA_POOL_TRACK };
	struct pma_pool *pool;
	u32 nth;

	for (nth = 1; pma_kunit_fail_begin(nth); nth++) {
		pool = pma_pool_new("poor", 16 * PAGE_SIZE, &params);
		if (!pma_kunit_fail_end()) {
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
			pma_kunit_adopt(test, pool);
			break;
		}
		/* Of some that fail, the kernel has a second way to get the memory. */
		if (!IS_ERR(pool))
			pma_pool_delete(pool);
		else
			KUNIT_EXPECT_EQ(test, PTR_ERR(pool), -ENOMEM);
	}
}

static bool is_listed(struct pma_pool *wanted)
{
	struct pma_pool *pool = NULL;
	bool found = false;

	pma_pool_list_lock();
	while ((pool = pma_pool_next(pool)))
		found |= pool == wanted;
	pma_pool_list_unlock();
	return found;
}

static void list_has_every_pool(struct kunit *test)
{
	struct pma_pool *pools[3];
	u32 i;

	for (i = 0; i < 3; i++)
		pools[i] = pma_kunit_pool(test, &pma_kunit_configs[i]);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, is_listed(pools[i]));
	pma_kunit_forget(test, pools[1]);
	pma_pool_delete(pools[1]);
	KUNIT_EXPECT_TRUE(test, is_listed(pools[0]));
	KUNIT_EXPECT_FALSE(test, is_listed(pools[1]));
	KUNIT_EXPECT_TRUE(test, is_listed(pools[2]));
}

/* Routes: what is asked of a pool of 64 pages of 4096 bytes, and who serves it. */
static const struct {
	size_t size;
	size_t align;
	u32 kind;
	u32 units;		/* block size of a slab; else pages */
} routes[] = {
	{ 1, 0, PMA_KIND_SLAB, 16 },		{ 16, 0, PMA_KIND_SLAB, 16 },
	{ 17, 0, PMA_KIND_SLAB, 32 },		{ 64, 0, PMA_KIND_SLAB, 64 },
	{ 65, 0, PMA_KIND_SLAB, 80 },		{ 2047, 0, PMA_KIND_SLAB, 2048 },
	{ 2048, 0, PMA_KIND_SLAB, 2048 },	{ 2049, 0, PMA_KIND_HEAP, 1 },
	{ 3583, 0, PMA_KIND_HEAP, 1 },		{ 3584, 0, PMA_KIND_BIG, 1 },
	{ 4096, 0, PMA_KIND_BIG, 1 },		{ 4097, 0, PMA_KIND_HEAP, 2 },
	{ 7167, 0, PMA_KIND_HEAP, 2 },		{ 7168, 0, PMA_KIND_BIG, 2 },
	{ 8192, 0, PMA_KIND_BIG, 2 },		{ 8193, 0, PMA_KIND_HEAP, 3 },
	{ 10751, 0, PMA_KIND_HEAP, 3 },		{ 10752, 0, PMA_KIND_BIG, 3 },
	{ 24577, 0, PMA_KIND_HEAP, 7 },		{ 25087, 0, PMA_KIND_HEAP, 7 },
	{ 25088, 0, PMA_KIND_BIG, 7 },		{ 28672, 0, PMA_KIND_BIG, 7 },
	{ 28673, 0, PMA_KIND_BIG, 8 },		{ 32768, 0, PMA_KIND_BIG, 8 },
	{ 32769, 0, PMA_KIND_BIG, 9 },		{ 64 * 4096 - 1, 0, PMA_KIND_BIG, 64 },
	{ 64 * 4096, 0, PMA_KIND_BIG, 64 },
	/* Alignments: up to a class, the granule, a page. */
	{ 1, 1, PMA_KIND_SLAB, 16 },		{ 1, 8, PMA_KIND_SLAB, 16 },
	{ 1, 16, PMA_KIND_SLAB, 16 },		{ 20, 16, PMA_KIND_SLAB, 32 },
	{ 33, 32, PMA_KIND_SLAB, 64 },		{ 48, 16, PMA_KIND_SLAB, 48 },
	{ 48, 32, PMA_KIND_SLAB, 64 },		{ 65, 64, PMA_KIND_SLAB, 128 },
	{ 1, 2048, PMA_KIND_SLAB, 2048 },	{ 1025, 1024, PMA_KIND_SLAB, 2048 },
	{ 1, 4096, PMA_KIND_BIG, 1 },		{ 2048, 4096, PMA_KIND_BIG, 1 },
	{ 2049, 8, PMA_KIND_HEAP, 1 },		{ 2049, 16, PMA_KIND_HEAP, 1 },
	{ 2049, 32, PMA_KIND_BIG, 1 },		{ 3000, 4096, PMA_KIND_BIG, 1 },
	{ 4097, 16, PMA_KIND_HEAP, 2 },		{ 4097, 64, PMA_KIND_BIG, 2 },
	{ 64 * 4096, 4096, PMA_KIND_BIG, 64 },
};

static void route_of_sizes(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	struct pma_route route;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(routes); i++) {
		size_t size = routes[i].size, align = routes[i].align;

		KUNIT_ASSERT_EQ(test, pma_pool_route(pool, size, align, &route), 0);
		KUNIT_EXPECT_EQ_MSG(test, route.kind, routes[i].kind, "%zu, %zu", size, align);
		if (route.kind == PMA_KIND_SLAB)
			KUNIT_EXPECT_EQ_MSG(test, pool->classes->class[route.class].block_size,
					    routes[i].units, "%zu, %zu", size, align);
		else
			KUNIT_EXPECT_EQ_MSG(test, route.nr_pages, routes[i].units, "%zu, %zu",
					    size, align);
	}
}

/* Of any pool, every size around each boundary: the rule as the header says it. */
static void expect_rule(struct kunit *test, const struct pma_pool *pool, size_t size)
{
	size_t page_size = pma_region_page_size(&pool->region);
	u32 nr_pages = DIV_ROUND_UP(size, page_size);
	size_t waste = nr_pages * page_size - size;
	u32 want = size <= pool->classes->slab_max ? PMA_KIND_SLAB :
		   8 * waste <= nr_pages * page_size ? PMA_KIND_BIG : PMA_KIND_HEAP;
	struct pma_route route;

	if (!size || size > pool->region.bytes)
		return;
	KUNIT_ASSERT_EQ(test, pma_pool_route(pool, size, 0, &route), 0);
	KUNIT_ASSERT_EQ_MSG(test, route.kind, want, "size %zu", size);
	if (want != PMA_KIND_SLAB)
		KUNIT_ASSERT_EQ_MSG(test, route.nr_pages, nr_pages, "size %zu", size);
}

static void route_at_every_boundary(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	u32 page_size = pma_region_page_size(&pool->region), n;
	int d;

	for (d = -2; d <= 2; d++) {
		expect_rule(test, pool, pool->classes->slab_max + d);
		for (n = 1; n <= 20; n++) {
			expect_rule(test, pool, n * page_size + d);
			expect_rule(test, pool, n * page_size - n * page_size / 8 + d);
		}
		expect_rule(test, pool, pool->region.bytes + d);
	}
}

static void route_refuses_bad_requests(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	size_t page_size = pma_region_page_size(&pool->region), bytes = pool->region.bytes;
	const struct {
		size_t size;
		size_t align;
		int err;
	} table[] = {
		{ 0, 0, -EINVAL },		{ 0, 8, -EINVAL },
		{ 1, 3, -EINVAL },		{ 1, 12, -EINVAL },
		{ 1, page_size - 1, -EINVAL },	{ 1, page_size + 1, -EINVAL },
		{ 1, 2 * page_size, -EINVAL },	{ 1, SIZE_MAX, -EINVAL },
		{ 1, ~(SIZE_MAX >> 1), -EINVAL },
		{ bytes, 0, 0 },		{ bytes, page_size, 0 },
		{ bytes + 1, 0, -ENOMEM },	{ bytes + 1, page_size, -ENOMEM },
		{ SIZE_MAX, 0, -ENOMEM },	{ SIZE_MAX - page_size, 0, -ENOMEM },
		{ 1, page_size, 0 },		{ 1, 1, 0 },
	};
	struct pma_route route;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ_MSG(test, pma_pool_route(pool, table[i].size, table[i].align,
							 &route),
				    table[i].err, "%zu, %zu", table[i].size, table[i].align);
}

static void take_and_give_runs(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	u64 generation = pool->generation;
	u32 a, b, largest;

	a = pma_runs_take(pool, NULL, 10, PMA_FIT_M);
	b = pma_runs_take(pool, NULL, 20, 0);
	KUNIT_EXPECT_EQ(test, a, 0);
	KUNIT_EXPECT_EQ(test, b, 10);
	KUNIT_EXPECT_EQ(test, pma_pool_run_pages(pool, a), 10);
	KUNIT_EXPECT_EQ(test, pma_pool_run_pages(pool, b), 20);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, &largest), 34);
	KUNIT_EXPECT_EQ(test, largest, 34);
	KUNIT_EXPECT_EQ(test, pma_runs_take(pool, NULL, 35, 0), PMA_NONE);
	KUNIT_EXPECT_FALSE(test, pma_runs_resize(pool, NULL, a, 11));
	KUNIT_EXPECT_TRUE(test, pma_runs_resize(pool, NULL, b, 54));
	KUNIT_EXPECT_TRUE(test, pma_runs_resize(pool, NULL, a, 4));
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), 6);
	pma_runs_give(pool, NULL, b);
	pma_runs_give(pool, NULL, a);
	/* A check between any two of these sees that something moved. */
	KUNIT_EXPECT_GE(test, pool->generation - generation, 6);
	KUNIT_EXPECT_EQ(test, pma_runs_take(pool, NULL, 64, 0), 0);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, &largest), 0);
	KUNIT_EXPECT_EQ(test, largest, 0);
	pma_runs_give(pool, NULL, 0);
}

/* What is given back is free, and served again as it is to who wants that length. */
static void give_keeps_runs_loose(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	u32 a = pma_runs_take(pool, NULL, 4, PMA_FIT_M), b = pma_runs_take(pool, NULL, 4, 0);
	u32 c = pma_runs_take(pool, NULL, 8, 0);

	pma_runs_give(pool, NULL, a);
	KUNIT_EXPECT_EQ(test, pool->loose_pages, 4);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), 64 - 12);
	/* The flags are those of its new client. */
	KUNIT_EXPECT_EQ(test, pma_runs_take(pool, NULL, 4, PMA_FIT_A), a);
	KUNIT_EXPECT_EQ(test, pma_fit_flags(pool->runs, a) & PMA_FIT_CLIENT, PMA_FIT_A);
	KUNIT_EXPECT_EQ(test, pool->loose_pages, 0);
	/* One of a length is loose: the other one has been joined. */
	pma_runs_give(pool, NULL, a);
	pma_runs_give(pool, NULL, b);
	KUNIT_EXPECT_EQ(test, pool->loose_pages, 4);
	pma_runs_give(pool, NULL, c);
	KUNIT_EXPECT_EQ(test, pool->loose_pages, 12);
	/* Who wants all of it gets it. */
	KUNIT_EXPECT_EQ(test, pma_runs_take(pool, NULL, 64, 0), 0);
	KUNIT_EXPECT_EQ(test, pool->loose_pages, 0);
	pma_runs_give(pool, NULL, 0);
}

/* Runs come from either end, and a loose one as it lies. */
static void take_from_the_end(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	u32 first = pma_runs_take(pool, NULL, 2, PMA_FIT_M), last;

	KUNIT_EXPECT_EQ(test, first, 0);
	last = pma_runs_take(pool, NULL, 2, PMA_FIT_END);
	KUNIT_EXPECT_EQ(test, last, 62);
	pma_runs_give(pool, NULL, first);
	KUNIT_EXPECT_EQ(test, pma_runs_take(pool, NULL, 2, PMA_FIT_END), 0);
	KUNIT_EXPECT_EQ(test, pma_pool_run_pages(pool, 0), 2);
	pma_runs_give(pool, NULL, first);
	pma_runs_give(pool, NULL, last);
	KUNIT_EXPECT_EQ(test, pma_kunit_largest_run(pool), 64);
}

/* A run grows into a loose one, as into any that is free. */
static void resize_joins_loose_runs(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	u32 a = pma_runs_take(pool, NULL, 4, 0), b = pma_runs_take(pool, NULL, 60, 0);

	pma_runs_give(pool, NULL, b);
	KUNIT_EXPECT_EQ(test, pool->loose_pages, 60);
	KUNIT_EXPECT_TRUE(test, pma_runs_resize(pool, NULL, a, 64));
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), 0);
	pma_runs_give(pool, NULL, a);
}

static void take_whole_region(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	u32 nr_pages = pool->region.nr_pages;

	KUNIT_EXPECT_EQ(test, pma_runs_take(pool, NULL, nr_pages + 1, 0), PMA_NONE);
	KUNIT_ASSERT_EQ(test, pma_runs_take(pool, NULL, nr_pages, 0), 0);
	KUNIT_EXPECT_EQ(test, pma_runs_take(pool, NULL, 1, 0), PMA_NONE);
	pma_runs_give(pool, NULL, 0);
}

static void metadata_is_counted(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	/* Descriptors, tags, shadows and slack of 64 pages. */
	size_t tables = 64 * (12 + 16 + 32) + 64 * 4096 / 16;
	size_t rest = pma_pool_metadata_bytes(pool) - tables - sizeof(*pool);

	KUNIT_EXPECT_GT(test, rest, 0);
	KUNIT_EXPECT_LT(test, rest, 8192);
}

/* Threads that take, resize and give runs; each page has one owner's mark. */

struct race {
	struct pma_pool *pool;
	atomic_t errors;
	struct pma_kunit_rng rngs[4];
};

static void mark_run(struct pma_pool *pool, u32 pgno, u32 from, u32 to, u8 mark)
{
	for (; from < to; from++)
		*(u8 *)pma_kunit_ptr(pool, pma_region_handle(&pool->region, pgno + from)) = mark;
}

static u32 check_run(struct pma_pool *pool, u32 pgno, u32 nr_pages, u8 mark)
{
	u32 i, errors = 0;

	for (i = 0; i < nr_pages; i++)
		errors += *(u8 *)pma_kunit_ptr(pool, pma_region_handle(&pool->region, pgno + i)) !=
			  mark;
	return errors;
}

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	struct pma_kunit_rng *rng = &race->rngs[index];
	struct pma_pool *pool = race->pool;
	u32 i, pgno, nr_pages, more;

	for (i = 0; i < 10 * pma_kunit_rounds(); i++) {
		nr_pages = pma_kunit_size(rng, 1, 20);
		pgno = pma_runs_take(pool, NULL, nr_pages, 0);
		if (pgno == PMA_NONE)
			continue;
		mark_run(pool, pgno, 0, nr_pages, index + 1);
		more = pma_kunit_size(rng, 1, 20);
		if (pma_runs_resize(pool, NULL, pgno, more)) {
			mark_run(pool, pgno, nr_pages, more, index + 1);
			nr_pages = more;
		}
		if (pma_pool_run_pages(pool, pgno) != nr_pages ||
		    check_run(pool, pgno, nr_pages, index + 1))
			atomic_inc(&race->errors);
		pma_runs_give(pool, NULL, pgno);
	}
}

static void take_and_give_threads(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->pool = pma_kunit_pool(test, &pma_kunit_default);
	pma_kunit_rng_init(&race->rngs[0], test, __func__);
	for (i = 1; i < ARRAY_SIZE(race->rngs); i++)
		race->rngs[i].state = race->rngs[0].state + i;
	pma_kunit_threads(test, ARRAY_SIZE(race->rngs), race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->errors), 0);
}

static struct kunit_case pma_pool_cases[] = {
	KUNIT_CASE(new_refuses_bad_params),
	KUNIT_CASE(new_takes_limits),
	KUNIT_CASE(new_has_defaults),
	KUNIT_CASE(new_cuts_long_names),
	KUNIT_CASE(new_fails_without_memory),
	KUNIT_CASE(list_has_every_pool),
	KUNIT_CASE(route_of_sizes),
	KUNIT_CASE_PARAM(route_at_every_boundary, pma_kunit_configs_gen_params),
	KUNIT_CASE_PARAM(route_refuses_bad_requests, pma_kunit_configs_gen_params),
	KUNIT_CASE(take_and_give_runs),
	KUNIT_CASE(give_keeps_runs_loose),
	KUNIT_CASE(take_from_the_end),
	KUNIT_CASE(resize_joins_loose_runs),
	KUNIT_CASE_PARAM(take_whole_region, pma_kunit_configs_gen_params),
	KUNIT_CASE(metadata_is_counted),
	KUNIT_CASE_SLOW(take_and_give_threads),
	{}
};

static struct kunit_suite pma_pool_suite = {
	.name = "pma_pool",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_pool_cases,
};

kunit_test_suite(pma_pool_suite);
