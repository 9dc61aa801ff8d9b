// SPDX-License-Identifier: GPL-2.0
/*
 * pma_place_kunit.c - what is at a handle
 *
 * A pool with something of everything, and handles to all of it: each has one
 * right answer, the same for every call, and a refusal changes nothing.
 */
#include "pma_block.h"
#include "pma_kunit.h"
#include "pma_place.h"
#include "pma_resize.h"

static const struct pma_kunit_config configs[] = {
	{ "plain", 64, 4096, 0, 0 },
	{ "isolate_track", 64, 4096, 0, PMA_POOL_ISOLATE | PMA_POOL_TRACK },
	{ "page_256", 128, 256, 0, PMA_POOL_TRACK },
	{ "page_65536", 32, 65536, 0, PMA_POOL_ISOLATE },
};

KUNIT_ARRAY_PARAM_DESC(configs, configs, name);

enum what {
	SLAB,			/* three of one class in a page, the second freed */
	SLAB_FREED,
	SLAB_LAST,
	TAIL,			/* what is over of a page of another class */
	HEAP,			/* likewise, chunks */
	HEAP_FREED,
	HEAP_LAST,
	BIG,			/* three pages */
	BIG_FREED,		/* two pages between big blocks */
	BIG_LAST,		/* a page */
	NR_WHAT,
};

/**
 * struct world - a pool with something of everything
 * @pool: the pool
 * @arenas: a kernel client's and a process's
 * @handles: of the blocks of each
 * @sizes: their lengths
 */
struct world {
	struct pma_pool *pool;
	struct pma_arena *arenas[2];
	u64 handles[2][NR_WHAT];
	u64 sizes[NR_WHAT];
};

static void create_blocks(struct kunit *test, struct world *world, u32 a)
{
	u32 page_size = pma_region_page_size(&world->pool->region), i;
	const u32 sizes[NR_WHAT] = {
		[SLAB] = page_size / 16,
		[SLAB_FREED] = page_size / 16,
		[SLAB_LAST] = page_size / 16,
		[TAIL] = page_size / 16 * 3,		/* five, and a sixteenth is over */
		[HEAP] = page_size / 16 * 17,		/* and the next fits beside it */
		[HEAP_FREED] = page_size / 16 * 9,
		[HEAP_LAST] = page_size / 16 * 9,
		[BIG] = 3 * page_size,
		[BIG_FREED] = 2 * page_size,
		[BIG_LAST] = page_size,
	};
	struct pma_block block;

	for (i = 0; i < NR_WHAT; i++) {
		world->handles[a][i] = pma_kunit_alloc(test, world->arenas[a], sizes[i]);
		pma_place_query(world->arenas[a], world->handles[a][i], false, &block);
		world->sizes[i] = block.size;
		pma_kunit_fill(pma_kunit_ptr(world->pool, block.handle), block.size, i);
	}
	/* From here on a handle to the tail is meant. */
	i = pma_region_pgno(&world->pool->region, world->handles[a][TAIL]);
	world->handles[a][TAIL] = pma_region_handle(&world->pool->region, i) +
				  page_size / world->sizes[TAIL] * world->sizes[TAIL];
	world->sizes[TAIL] = page_size % world->sizes[TAIL];
}

/* Only when all are there, so that nothing takes their places. */
static void free_blocks(struct kunit *test, struct world *world, u32 a)
{
	pma_kunit_free(test, world->arenas[a], world->handles[a][SLAB_FREED]);
	pma_kunit_free(test, world->arenas[a], world->handles[a][HEAP_FREED]);
	pma_kunit_free(test, world->arenas[a], world->handles[a][BIG_FREED]);
}

static struct world *create_world(struct kunit *test)
{
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	u32 a;

	KUNIT_ASSERT_NOT_NULL(test, world);
	world->pool = pma_kunit_pool(test, test->param_value);
	for (a = 0; a < 2; a++) {
		world->arenas[a] = pma_kunit_arena(test, world->pool, a ? PMA_ARENA_USER : 0);
		create_blocks(test, world, a);
	}
	for (a = 0; a < 2; a++)
		free_blocks(test, world, a);
	pma_kunit_expect_sound(test, world->pool);
	return world;
}

static void end_world(struct world *world)
{
	pma_block_free_all(world->arenas[0]);
	pma_block_free_all(world->arenas[1]);
}

/* Every call that takes a handle refuses this one in the same way. */
static void expect_refused(struct kunit *test, struct world *world, u64 handle, int err,
			   const char *what)
{
	size_t page_size = pma_region_page_size(&world->pool->region);
	struct pma_arena *arena = world->arenas[0];
	struct pma_kunit_before before;
	struct pma_block block;
	char bytes[8] = {};
	u32 call;
	int got;

	for (call = 0; call < 7; call++) {
		pma_kunit_watch(&before, arena);
		switch (call) {
		case 0:
			got = pma_block_free(arena, handle);
			break;
		case 1:
			got = pma_place_query(arena, handle, false, &block);
			break;
		case 2:
			got = pma_resize_block(arena, handle, 100, 0, 0, &block);
			break;
		case 3:
			got = pma_resize_block(arena, handle, 5 * page_size, 0, 0, &block);
			break;
		case 4:
			got = pma_resize_block(arena, handle, 0, 0, 0, &block);
			break;
		/* These two take a handle inside a block. */
		case 5:
			got = err == -EBADSLT ? err : pma_place_read(arena, handle, bytes, 1);
			break;
		default:
			got = err == -EBADSLT ? err : pma_place_write(arena, handle, bytes, 1);
			break;
		}
		KUNIT_EXPECT_EQ_MSG(test, got, err, "%s, call %u", what, call);
		if (err == -EBADSLT && call >= 5)
			continue;
		pma_kunit_expect_refused(test, &before, arena, err, what);
	}
}

static void find_refuses_handles_outside(struct kunit *test)
{
	struct world *world = create_world(test);
	u64 bytes = world->pool->region.bytes;

	expect_refused(test, world, bytes, -ERANGE, "end");
	expect_refused(test, world, bytes + 1, -ERANGE, "end + 1");
	expect_refused(test, world, bytes + 4096, -ERANGE, "end + 4096");
	expect_refused(test, world, 1ULL << 32, -ERANGE, "2^32");
	expect_refused(test, world, (1ULL << 32) + world->handles[0][SLAB], -ERANGE, "2^32 + it");
	expect_refused(test, world, 1ULL << 63, -ERANGE, "2^63");
	expect_refused(test, world, PMA_HANDLE_NONE - 1, -ERANGE, "the last");
	end_world(world);
}

static void find_refuses_null_handle(struct kunit *test)
{
	struct world *world = create_world(test);
	struct pma_kunit_before before;
	struct pma_block block;

	pma_kunit_watch(&before, world->arenas[0]);
	KUNIT_EXPECT_EQ(test, pma_place_query(world->arenas[0], PMA_HANDLE_NONE, true, &block),
			-ERANGE);
	pma_kunit_expect_refused(test, &before, world->arenas[0], -ERANGE, "query of nothing");
	end_world(world);
}

static const struct {
	enum what what;
	const char *name;
	int start;		/* of an own block */
	int inside;
} answers[] = {
	{ SLAB, "slab block", 0, -EBADSLT },
	{ SLAB_FREED, "free slab block", -EALREADY, -EALREADY },
	{ SLAB_LAST, "last slab block", 0, -EBADSLT },
	{ TAIL, "tail of a slab page", -EALREADY, -EALREADY },
	{ HEAP, "chunk", 0, -EBADSLT },
	{ HEAP_FREED, "free chunk", -EALREADY, -EALREADY },
	{ HEAP_LAST, "last chunk", 0, -EBADSLT },
	{ BIG, "big block", 0, -EBADSLT },
	{ BIG_FREED, "free pages", -EALREADY, -EALREADY },
	{ BIG_LAST, "page", 0, -EBADSLT },
};

static void find_refuses_what_is_no_block(struct kunit *test)
{
	struct world *world = create_world(test);
	u32 page_size = pma_region_page_size(&world->pool->region), i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		u64 handle = world->handles[0][answers[i].what];
		u64 size = world->sizes[answers[i].what];

		if (answers[i].start)
			expect_refused(test, world, handle, answers[i].start, answers[i].name);
		expect_refused(test, world, handle + 1, answers[i].inside, answers[i].name);
		expect_refused(test, world, handle + 8, answers[i].inside, answers[i].name);
		expect_refused(test, world, handle + size - 1, answers[i].inside,
			       answers[i].name);
		if (size > page_size)
			expect_refused(test, world, handle + page_size, answers[i].inside,
				       answers[i].name);
	}
	pma_kunit_expect_sound(test, world->pool);
	end_world(world);
}

static void find_refuses_what_is_anothers(struct kunit *test)
{
	struct world *world = create_world(test);
	u32 page_size = pma_region_page_size(&world->pool->region), i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		u64 handle = world->handles[1][answers[i].what];
		u64 size = world->sizes[answers[i].what];

		/* Those pages are nobody's any more. */
		if (answers[i].what == BIG_FREED)
			continue;
		expect_refused(test, world, handle, -EACCES, answers[i].name);
		expect_refused(test, world, handle + 8, -EACCES, answers[i].name);
		expect_refused(test, world, handle + size - 1, -EACCES, answers[i].name);
		if (size > page_size)
			expect_refused(test, world, handle + page_size, -EACCES, answers[i].name);
	}
	end_world(world);
}

static void find_refuses_block_twice(struct kunit *test)
{
	struct world *world = create_world(test);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		u64 handle = world->handles[0][answers[i].what];

		if (answers[i].start)
			continue;
		pma_kunit_free(test, world->arenas[0], handle);
		expect_refused(test, world, handle, -EALREADY, answers[i].name);
		expect_refused(test, world, handle + 8, -EALREADY, answers[i].name);
	}
	pma_kunit_expect_live(test, world->arenas[0], 1, world->arenas[0]->stats.live_bytes);
	end_world(world);
}

/* Where bodies are not marked, it looks back so far and no further. */
static void find_looks_back_so_far(struct kunit *test)
{
	static const struct pma_kunit_config config = { "many", 1024, 256, 0, 0 };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	u64 handle = pma_kunit_alloc(test, arena, 600 * 256);
	u64 reach = (u64)PMA_BIG_LOOK_BACK * 256;

	KUNIT_EXPECT_EQ(test, pma_block_free(arena, handle + reach - 1), -EBADSLT);
	KUNIT_EXPECT_EQ(test, pma_block_free(arena, handle + reach), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_block_free(other, handle + reach - 1), -EACCES);
	KUNIT_EXPECT_EQ(test, pma_block_free(other, handle + reach), -EALREADY);
	pma_kunit_free(test, arena, handle);
}

/*
 * The pages of a big block are given back without the arena's lock, and where
 * the body's descriptor said whose it is, there may stand something else by the
 * time it is looked at: that must lead nowhere.
 */
static void find_distrusts_body_of_leaving_block(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	u64 own = pma_kunit_alloc(test, arena, 3 * 4096), body = own + 4096;
	u64 slab = pma_kunit_alloc(test, arena, 64);
	u64 before = pma_kunit_alloc(test, arena, 4096);
	u64 theirs = pma_kunit_alloc(test, other, 3 * 4096);
	const u32 firsts[] = {
		theirs / 4096, slab / 4096, before / 4096, pool->region.nr_pages,
		pool->region.nr_pages + 1, U32_MAX, U32_MAX / 2, 1000000,
	};
	struct pma_page *page = &pool->pages.desc[body / 4096];
	struct pma_block block;
	u32 i, first = page->big.first;

	for (i = 0; i < ARRAY_SIZE(firsts); i++) {
		page->big.first = firsts[i];
		KUNIT_EXPECT_EQ_MSG(test, pma_place_query(arena, body, true, &block), -EALREADY,
				    "first page %u", firsts[i]);
		KUNIT_EXPECT_EQ(test, pma_block_free(arena, body), -EALREADY);
	}
	page->big.first = first;
	KUNIT_EXPECT_EQ(test, pma_place_query(arena, body, true, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, own);
	pma_block_free_all(arena);
	pma_block_free_all(other);
}

/* Nor does a body that says so make a block longer. */
static void find_distrusts_body_beyond_its_block(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 own = pma_kunit_alloc(test, arena, 3 * 4096), beyond = own + 3 * 4096;
	struct pma_page *page = &pool->pages.desc[beyond / 4096];
	struct pma_block block;

	KUNIT_ASSERT_EQ(test, page->kind, PMA_KIND_FREE);
	page->big.first = own / 4096;
	pma_page_set(page, PMA_PAGE_BODY, 0, arena->id);
	KUNIT_EXPECT_EQ(test, pma_place_query(arena, beyond - 1, true, &block), 0);
	KUNIT_EXPECT_EQ(test, pma_place_query(arena, beyond, true, &block), -EALREADY);
	pma_page_set(page, PMA_KIND_FREE, 0, 0);
	pma_kunit_free(test, arena, own);
}

/* The pages that a fault may map: those of what is there, and ours, and in reach. */

static bool find_pages(struct pma_arena *arena, u64 handle, u32 *first, u32 *nr_pages)
{
	unsigned long irq;
	bool found, writable = true;

	*first = PMA_NONE;
	*nr_pages = 0;
	raw_spin_lock_irqsave(&arena->lock, irq);
	found = pma_place_pages(arena, handle, true, first, nr_pages, &writable);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return found && writable;
}

static void pages_of_every_kind(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	u64 slab = pma_kunit_alloc(test, arena, 64), heap = pma_kunit_alloc(test, arena, 5000);
	u64 big = pma_kunit_alloc(test, arena, 3 * 4096);
	u32 busy = pma_arena_big_take(arena, 2), i;
	const struct {
		u64 handle;
		u32 nr_pages;		/* 0: out of reach */
		u64 first;
	} table[] = {
		{ slab, 1, slab }, { slab + 4095, 1, slab }, { heap, 2, heap },
		{ heap + 8191, 2, heap }, { big, 3, big }, { big + 4096, 3, big },
		{ big + 3 * 4096 - 1, 3, big }, { (u64)busy * 4096, 0, 0 },
		{ (u64)busy * 4096 + 4096, 0, 0 }, { (u64)busy * 4096 + 8192, 0, 0 },
		{ 62 * 4096, 0, 0 },
	};
	u32 first, nr_pages;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_EQ_MSG(test, find_pages(arena, table[i].handle, &first, &nr_pages),
				    !!table[i].nr_pages, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, nr_pages, table[i].nr_pages, "row %u", i);
		if (nr_pages)
			KUNIT_EXPECT_EQ_MSG(test, first, table[i].first / 4096, "row %u", i);
		KUNIT_EXPECT_FALSE(test, find_pages(other, table[i].handle, &first, &nr_pages));
	}
	pma_arena_big_drop(arena, busy);
	pma_block_free_all(arena);
}

static void pages_distrust_body_of_leaving_block(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct pma_arena *other = pma_kunit_arena(test, pool, 0);
	u64 theirs = pma_kunit_alloc(test, other, 3 * 4096);
	u64 own = pma_kunit_alloc(test, arena, 3 * 4096);
	struct pma_page *page = &pool->pages.desc[own / 4096 + 1];
	u32 first, nr_pages, was = page->big.first;

	/* Somebody else's block, nothing at all, and nowhere. */
	page->big.first = theirs / 4096;
	KUNIT_EXPECT_FALSE(test, find_pages(arena, own + 4096, &first, &nr_pages));
	page->big.first = 0;
	pma_kunit_free(test, other, theirs);
	KUNIT_EXPECT_FALSE(test, find_pages(arena, own + 4096, &first, &nr_pages));
	page->big.first = U32_MAX;
	KUNIT_EXPECT_FALSE(test, find_pages(arena, own + 4096, &first, &nr_pages));
	page->big.first = was;
	KUNIT_EXPECT_TRUE(test, find_pages(arena, own + 4096, &first, &nr_pages));
	pma_kunit_free(test, arena, own);
}

/* A block that is being moved is out of reach, its body too. */
static void find_refuses_busy_block(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u32 pgno = pma_arena_big_take(arena, 2);
	u64 handle = pma_region_handle(&pool->region, pgno);
	u32 page_size = pma_region_page_size(&pool->region);

	KUNIT_EXPECT_EQ(test, pma_block_free(arena, handle), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_block_free(arena, handle + 1), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_block_free(arena, handle + page_size), -EALREADY);
	pma_arena_big_drop(arena, pgno);
}

/* What is told of a block. */
static void expect_described(struct kunit *test, struct world *world, u32 a, enum what what,
			     u32 kind, u32 flags, u64 requested)
{
	u64 handle = world->handles[a][what];
	struct pma_block block, same;

	if (a)
		flags |= PMA_BLOCK_A;
	KUNIT_ASSERT_EQ(test, pma_place_query(world->arenas[a], handle, false, &block), 0);
	KUNIT_EXPECT_EQ_MSG(test, block.handle, handle, "%u", what);
	KUNIT_EXPECT_EQ_MSG(test, block.size, world->sizes[what], "%u", what);
	KUNIT_EXPECT_EQ_MSG(test, block.kind, kind, "%u", what);
	KUNIT_EXPECT_EQ_MSG(test, block.flags, flags, "%u of arena %u", what, a);
	KUNIT_EXPECT_EQ_MSG(test, block.requested, requested, "%u", what);
	memset(&same, 0, sizeof(same));
	KUNIT_EXPECT_EQ(test, pma_place_query(world->arenas[a], handle + block.size - 1, true,
					      &same), 0);
	KUNIT_EXPECT_TRUE(test, !memcmp(&block, &same, sizeof(same)));
}

static void query_describes_blocks(struct kunit *test)
{
	struct world *world = create_world(test);
	u32 page_size = pma_region_page_size(&world->pool->region), a;
	u32 tracked = world->pool->flags & PMA_POOL_TRACK ? PMA_BLOCK_REQUESTED : 0;

	for (a = 0; a < 2; a++) {
		u64 *sizes = world->sizes;

		expect_described(test, world, a, SLAB, PMA_KIND_SLAB, PMA_BLOCK_P | tracked,
				 sizes[SLAB]);
		expect_described(test, world, a, SLAB_LAST, PMA_KIND_SLAB, tracked,
				 sizes[SLAB_LAST]);
		expect_described(test, world, a, HEAP, PMA_KIND_HEAP,
				 PMA_BLOCK_P | PMA_BLOCK_REQUESTED, page_size / 16 * 17);
		expect_described(test, world, a, BIG, PMA_KIND_BIG,
				 PMA_BLOCK_P | PMA_BLOCK_M | PMA_BLOCK_REQUESTED, 3 * page_size);
		expect_described(test, world, a, BIG_LAST, PMA_KIND_BIG,
				 PMA_BLOCK_M | PMA_BLOCK_REQUESTED, page_size);
	}
	end_world(world);
}

/* What was asked for, where it is recorded. */
static void query_tells_requested(struct kunit *test)
{
	static const u32 sizes[] = { 1, 8, 9, 17, 33, 100, 2047, 2500, 4000, 9000 };
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	u64 handles[ARRAY_SIZE(sizes)];
	struct pma_block block;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		handles[i] = pma_kunit_alloc(test, arena, sizes[i]);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_EQ(test, pma_place_query(arena, handles[i], false, &block), 0);
		KUNIT_EXPECT_EQ(test, block.requested, sizes[i]);
		KUNIT_EXPECT_TRUE(test, block.flags & PMA_BLOCK_REQUESTED);
	}
	pma_block_free_all(arena);
}

static void read_and_write_within_a_block(struct kunit *test)
{
	static const enum what whats[] = { SLAB, HEAP, BIG, BIG_LAST };
	struct world *world = create_world(test);
	struct pma_arena *arena = world->arenas[0];
	struct pma_kunit_before before;
	u8 bytes[16], written[16];
	u32 i, end;

	memset(written, 0xab, sizeof(written));
	for (i = 0; i < ARRAY_SIZE(whats); i++) {
		u64 handle = world->handles[0][whats[i]], size = world->sizes[whats[i]];
		u8 *block = pma_kunit_ptr(world->pool, handle);

		KUNIT_EXPECT_EQ(test, pma_place_read(arena, handle + 3, bytes, 13), 0);
		KUNIT_EXPECT_TRUE(test, !memcmp(bytes, block + 3, 13));
		KUNIT_EXPECT_EQ(test, pma_place_write(arena, handle + size - 16, written, 16), 0);
		KUNIT_EXPECT_TRUE(test, !memcmp(written, block + size - 16, 16));
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(block, size - 16, whats[i]));
		KUNIT_EXPECT_EQ(test, pma_place_read(arena, handle + size - 1, bytes, 1), 0);
		KUNIT_EXPECT_EQ(test, pma_place_read(arena, handle, bytes, 0), 0);
		for (end = 0; end < 16; end++) {
			pma_kunit_watch(&before, arena);
			KUNIT_EXPECT_EQ(test, pma_place_write(arena, handle + size - end, written,
							      end + 1),
					end ? -EBADSLT :
					pma_place_query(arena, handle + size, true,
							&(struct pma_block){}));
			if (end)
				pma_kunit_expect_refused(test, &before, arena, -EBADSLT, "write");
		}
		pma_kunit_watch(&before, arena);
		KUNIT_EXPECT_EQ(test, pma_place_read(arena, handle, bytes, SIZE_MAX), -EBADSLT);
		pma_kunit_expect_refused(test, &before, arena, -EBADSLT, "read");
	}
	end_world(world);
}

static struct kunit_case pma_place_cases[] = {
	KUNIT_CASE_PARAM(find_refuses_handles_outside, configs_gen_params),
	KUNIT_CASE_PARAM(find_refuses_null_handle, configs_gen_params),
	KUNIT_CASE_PARAM(find_refuses_what_is_no_block, configs_gen_params),
	KUNIT_CASE_PARAM(find_refuses_what_is_anothers, configs_gen_params),
	KUNIT_CASE_PARAM(find_refuses_block_twice, configs_gen_params),
	KUNIT_CASE(find_looks_back_so_far),
	KUNIT_CASE(find_distrusts_body_of_leaving_block),
	KUNIT_CASE(find_distrusts_body_beyond_its_block),
	KUNIT_CASE_PARAM(find_refuses_busy_block, configs_gen_params),
	KUNIT_CASE(pages_of_every_kind),
	KUNIT_CASE(pages_distrust_body_of_leaving_block),
	KUNIT_CASE_PARAM(query_describes_blocks, configs_gen_params),
	KUNIT_CASE(query_tells_requested),
	KUNIT_CASE_PARAM(read_and_write_within_a_block, configs_gen_params),
	{}
};

static struct kunit_suite pma_place_suite = {
	.name = "pma_place",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_place_cases,
};

kunit_test_suite(pma_place_suite);
