// SPDX-License-Identifier: GPL-2.0
/*
 * pma_heap_kunit.c - chunks of any size
 *
 * Over a region that isn't there: no engine touches what it deals in.
 */
#include "pma_fit_check.h"
#include "pma_heap.h"
#include "pma_kunit.h"
#include "pma_page.h"
#include "pma_slab.h"

#define LIVE_MAX	256
#define OWNER		9

/**
 * struct world - a heap and what it stands on
 * @region: without memory
 * @pages: its table
 * @geo: units
 * @heap: the heap
 */
struct world {
	struct pma_region region;
	struct pma_pages pages;
	struct pma_heap_geometry geo;
	struct pma_heap *heap;
};

static const struct shape {
	char name[24];
	u32 page_size;
	u32 slab_max;
	u32 nr_pages;
} shapes[] = {
	{ "page_4096", 4096, 2048, 64 },
	{ "page_4096_slab_64", 4096, 64, 64 },
	{ "page_256", 256, 128, 128 },
	{ "page_65536", 65536, 32768, 64 },
};

KUNIT_ARRAY_PARAM_DESC(shapes, shapes, name);

static struct world *create(struct kunit *test, const struct shape *shape)
{
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, world);
	test->priv = world;
	world->region = (struct pma_region){
		.bytes = (size_t)shape->nr_pages * shape->page_size,
		.nr_pages = shape->nr_pages,
		.page_shift = ilog2(shape->page_size),
	};
	world->geo = pma_heap_plan(&world->region, shape->slab_max);
	KUNIT_ASSERT_EQ(test, pma_pages_init(&world->pages, &world->region, world->geo.tag_bytes,
					     false), 0);
	world->heap = pma_heap_create(&world->pages, &world->geo);
	KUNIT_ASSERT_NOT_NULL(test, world->heap);
	return world;
}

static void exit_world(struct kunit *test)
{
	struct world *world = test->priv;

	if (!world)
		return;
	pma_heap_destroy(world->heap);
	pma_pages_exit(&world->pages);
}

static void expect_sound(struct kunit *test, const struct world *world, u32 pgno, u32 nr_pages)
{
	struct pma_fit_sum sum = {};
	u32 units = world->region.bytes >> world->geo.granule_shift;

	KUNIT_EXPECT_EQ(test, pma_heap_check(world->heap, pgno, nr_pages, 0, &sum), 0);
	KUNIT_EXPECT_EQ(test, pma_fit_check_lists(&world->heap->fit, units, &sum), 0);
}

static u32 nr_free(const struct world *world, u32 pgno, u32 nr_pages)
{
	u64 first;

	return pma_heap_look_free(&world->pages, &world->geo, pgno, nr_pages, &first);
}

/* Region, slab_max, and the units that follow. */
static const struct {
	u64 bytes;
	u32 page_size;
	u32 slab_max;
	u32 granule;
	u32 chunk_min;
	u32 tag_bytes;
} plan_table[] = {
	{ SZ_64M, 4096, 2048, 16, 2048, 32 },
	{ SZ_64M, 4096, 1024, 16, 1024, 64 },
	{ SZ_64M, 4096, 1023, 16, 512, 128 },
	{ SZ_64M, 4096, 64, 16, 128, 512 },
	{ SZ_64M, 4096, 100, 16, 128, 512 },
	{ SZ_64M, 4096, 255, 16, 128, 512 },
	{ SZ_64M, 4096, 256, 16, 256, 256 },
	{ SZ_64M, 256, 128, 16, 128, 32 },
	{ SZ_64M, 256, 64, 16, 128, 32 },
	{ SZ_64M, 512, 256, 16, 256, 32 },
	{ SZ_64M, 8192, 4096, 32, 2048, 64 },
	{ SZ_64M, 65536, 32768, 256, 2048, 512 },
	{ SZ_64M, 65536, 64, 256, 256, 4096 },
	{ (1ULL << 36) - 4096, 4096, 2048, 16, 2048, 32 },
	{ 1ULL << 36, 4096, 2048, 32, 2048, 32 },
	{ 1ULL << 37, 4096, 2048, 64, 2048, 32 },
};

static void plan_chooses_units(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(plan_table); i++) {
		struct pma_region region = {
			.bytes = plan_table[i].bytes,
			.page_shift = ilog2(plan_table[i].page_size),
		};
		struct pma_heap_geometry geo = pma_heap_plan(&region, plan_table[i].slab_max);

		KUNIT_EXPECT_EQ_MSG(test, 1U << geo.granule_shift, plan_table[i].granule,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pma_heap_chunk_min(&geo), plan_table[i].chunk_min,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, geo.tag_bytes, plan_table[i].tag_bytes, "row %u", i);
		/* A slab page's bitmap has the same room. */
		KUNIT_EXPECT_GE_MSG(test, 8 * geo.tag_bytes,
				    ALIGN(plan_table[i].page_size / PMA_BLOCK_MIN, 64),
				    "row %u", i);
		KUNIT_EXPECT_LE_MSG(test, 8 * geo.tag_bytes, plan_table[i].page_size, "row %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, is_power_of_2(geo.tag_bytes), "row %u", i);
	}
}

static void create_fails_without_memory(struct kunit *test)
{
	struct world *world = create(test, &shapes[0]);
	struct pma_heap *heap;
	bool failed = true;
	u32 nth;

	for (nth = 1; failed && pma_kunit_fail_begin(nth); nth++) {
		heap = pma_heap_create(&world->pages, &world->geo);
		failed = pma_kunit_fail_end();
		/* Of some that fail, the kernel has a second way to get the memory. */
		KUNIT_EXPECT_TRUE(test, heap || failed);
		pma_heap_destroy(heap);
	}
}

static void add_marks_pages(struct kunit *test)
{
	struct world *world = create(test, &shapes[0]);
	u32 i;

	memset(&world->pages.desc[5], 0xff, 3 * sizeof(world->pages.desc[0]));
	KUNIT_EXPECT_EQ(test, pma_heap_add(world->heap, 5, 3, OWNER, 2400, 0), 5 * 4096);
	for (i = 0; i < 10; i++) {
		const struct pma_page *page = &world->pages.desc[i];
		bool ours = i >= 5 && i < 8;

		KUNIT_EXPECT_EQ(test, page->kind, ours ? PMA_KIND_HEAP : PMA_KIND_FREE);
		KUNIT_EXPECT_EQ(test, page->owner, ours ? OWNER : 0);
		KUNIT_EXPECT_EQ(test, page->heap.segment, ours ? 5 : 0);
	}
	KUNIT_EXPECT_EQ(test, nr_free(world, 5, 3), 1);
	KUNIT_EXPECT_EQ(test, world->pages.desc[5].heap.used_chunks, 1);
	KUNIT_EXPECT_EQ(test, world->pages.desc[5].heap.used_units, 150);
	KUNIT_EXPECT_EQ(test, world->heap->fit.free_units, 3 * 256 - 150);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(pma_pages_shadow(&world->pages, 4), 0, 32));
	KUNIT_EXPECT_TRUE(test, !memchr_inv(pma_pages_shadow(&world->pages, 8), 0, 32));
	expect_sound(test, world, 5, 3);
	KUNIT_EXPECT_EQ(test, pma_heap_free(world->heap, 5 * 4096), 5);
	KUNIT_EXPECT_EQ(test, world->heap->fit.free_pieces, 0);
	KUNIT_EXPECT_EQ(test, world->heap->fit.free_units, 0);
	KUNIT_EXPECT_EQ(test, pma_heap_alloc(world->heap, 1024, 0), PMA_HANDLE_NONE);
	/* Wherever a tag stays, there seems to be a chunk. */
	for (i = 5 * 256; i < 8 * 256; i++)
		KUNIT_EXPECT_FALSE(test, pma_fit_is_piece(&world->heap->fit, i));
}

/* Of two free pages: what is asked, what is got. */
static const struct {
	u32 size;
	u32 got;
	bool alone;		/* nothing is left beside it */
} alloc_table[] = {
	{ 1, 2048, false },
	{ 2048, 2048, false },
	{ 2049, 2064, false },
	{ 2400, 2400, false },
	{ 3121, 3136, false },
	{ 6144, 6144, false },
	{ 6145, 8192, true },	/* 2032 bytes would be no chunk */
	{ 8191, 8192, true },
	{ 8192, 8192, true },
};

/* What a row says of its chunk, in a segment that has @before bytes in use besides. */
static void expect_rounded_up(struct kunit *test, const struct world *world, u32 row, u64 handle,
			      u32 pgno, u32 nr_pages, u32 before)
{
	struct pma_block block;

	KUNIT_ASSERT_EQ(test, handle, pgno * 4096 + before);
	pma_heap_block(world->heap, handle, &block);
	KUNIT_EXPECT_EQ_MSG(test, block.size, alloc_table[row].got, "row %u", row);
	KUNIT_EXPECT_EQ(test, block.requested, alloc_table[row].size);
	KUNIT_EXPECT_EQ(test, block.kind, PMA_KIND_HEAP);
	KUNIT_EXPECT_EQ(test, pma_heap_used_bytes(world->heap, pgno),
			before + alloc_table[row].got);
	KUNIT_EXPECT_EQ(test, nr_free(world, pgno, nr_pages), !alloc_table[row].alone);
	expect_sound(test, world, pgno, nr_pages);
}

static void first_chunk_rounds_up(struct kunit *test)
{
	struct world *world = create(test, &shapes[0]);
	u64 handle;
	u32 row;

	for (row = 0; row < ARRAY_SIZE(alloc_table); row++) {
		handle = pma_heap_add(world->heap, 4, 2, OWNER, alloc_table[row].size, 0);
		expect_rounded_up(test, world, row, handle, 4, 2, 0);
		KUNIT_EXPECT_EQ(test, pma_heap_free(world->heap, handle), 4);
		KUNIT_EXPECT_EQ(test, world->heap->fit.free_units, 0);
	}
}

static void alloc_rounds_up(struct kunit *test)
{
	struct world *world = create(test, &shapes[0]);
	u64 first, handle;
	u32 row;

	for (row = 0; row < ARRAY_SIZE(alloc_table); row++) {
		first = pma_heap_add(world->heap, 8, 3, OWNER, 4096, 0);
		handle = pma_heap_alloc(world->heap, alloc_table[row].size, 0);
		expect_rounded_up(test, world, row, handle, 8, 3, 4096);
		KUNIT_EXPECT_EQ(test, pma_heap_alloc(world->heap, 8193, 0), PMA_HANDLE_NONE);
		KUNIT_EXPECT_EQ(test, pma_heap_free(world->heap, handle), PMA_NONE);
		KUNIT_EXPECT_EQ(test, pma_heap_used_bytes(world->heap, 8), 4096);
		expect_sound(test, world, 8, 3);
		KUNIT_EXPECT_EQ(test, pma_heap_free(world->heap, first), 8);
		KUNIT_EXPECT_EQ(test, world->heap->fit.free_units, 0);
	}
}

static void block_tells_flags(struct kunit *test)
{
	struct world *world = create(test, &shapes[0]);
	struct pma_block block;
	u64 a, b;

	a = pma_heap_add(world->heap, 4, 2, OWNER, 2000, PMA_FIT_A);
	b = pma_heap_alloc(world->heap, 2000, 0);
	pma_heap_block(world->heap, a, &block);
	KUNIT_EXPECT_EQ(test, block.flags, PMA_BLOCK_A | PMA_BLOCK_P);
	pma_heap_block(world->heap, b, &block);
	KUNIT_EXPECT_EQ(test, block.flags, PMA_BLOCK_P);
	KUNIT_EXPECT_EQ(test, pma_heap_free(world->heap, a), PMA_NONE);
	pma_heap_block(world->heap, b, &block);
	KUNIT_EXPECT_EQ(test, block.flags, 0);
	KUNIT_EXPECT_EQ(test, pma_heap_free(world->heap, b), 4);
}

/* Chunks of two segments that touch stay apart. */
static void free_stays_within_segment(struct kunit *test)
{
	struct world *world = create(test, &shapes[0]);
	u64 a, b;

	a = pma_heap_add(world->heap, 4, 1, OWNER, 2048, 0);
	b = pma_heap_add(world->heap, 5, 1, OWNER, 2048, 0);
	KUNIT_EXPECT_EQ(test, world->heap->fit.free_pieces, 2);
	KUNIT_EXPECT_EQ(test, pma_heap_alloc(world->heap, 2049, 0), PMA_HANDLE_NONE);
	KUNIT_EXPECT_FALSE(test, pma_heap_resize(world->heap, a, 4097));
	KUNIT_EXPECT_TRUE(test, pma_heap_resize(world->heap, a, 4096));
	KUNIT_EXPECT_EQ(test, pma_heap_free(world->heap, b), 5);
	KUNIT_EXPECT_FALSE(test, pma_heap_resize(world->heap, a, 4097));
	KUNIT_EXPECT_EQ(test, pma_heap_free(world->heap, a), 4);
	KUNIT_EXPECT_EQ(test, world->heap->fit.free_pieces, 0);
}

static void resize_in_place(struct kunit *test)
{
	struct world *world = create(test, &shapes[0]);
	struct pma_block block;
	u64 a, b;

	a = pma_heap_add(world->heap, 4, 4, OWNER, 4096, 0);
	b = pma_heap_alloc(world->heap, 4096, 0);
	KUNIT_EXPECT_FALSE(test, pma_heap_resize(world->heap, a, 4097));
	pma_heap_block(world->heap, a, &block);
	KUNIT_EXPECT_EQ(test, block.requested, 4096);
	KUNIT_EXPECT_TRUE(test, pma_heap_resize(world->heap, b, 12288));
	pma_heap_block(world->heap, b, &block);
	KUNIT_EXPECT_EQ(test, block.size, 12288);
	KUNIT_EXPECT_EQ(test, block.requested, 12288);
	KUNIT_EXPECT_FALSE(test, pma_heap_resize(world->heap, b, 12289));
	KUNIT_EXPECT_EQ(test, pma_heap_used_bytes(world->heap, 4), 16384);
	KUNIT_EXPECT_TRUE(test, pma_heap_resize(world->heap, a, 1000));
	pma_heap_block(world->heap, a, &block);
	KUNIT_EXPECT_EQ(test, block.size, 2048);
	KUNIT_EXPECT_EQ(test, block.requested, 1000);
	KUNIT_EXPECT_EQ(test, pma_heap_used_bytes(world->heap, 4), 14336);
	KUNIT_EXPECT_EQ(test, world->pages.desc[4].heap.used_chunks, 2);
	KUNIT_EXPECT_EQ(test, nr_free(world, 4, 4), 1);
	pma_heap_record(world->heap, a, 77);
	pma_heap_block(world->heap, a, &block);
	KUNIT_EXPECT_EQ(test, block.requested, 77);
	expect_sound(test, world, 4, 4);
}

static void find_every_granule(struct kunit *test)
{
	static const struct {
		u32 size;
		bool is_free;
	} chunks[] = { { 2048, false }, { 2064, true }, { 4832, false }, { 3040, true } };
	struct world *world = create(test, &shapes[0]);
	u64 handles[ARRAY_SIZE(chunks)], handle, start;
	u32 i;

	handles[0] = pma_heap_add(world->heap, 4, 4, OWNER, chunks[0].size, 0);
	for (i = 1; i < ARRAY_SIZE(chunks); i++)
		handles[i] = pma_heap_alloc(world->heap, chunks[i].size, 0);
	for (i = 0; i < ARRAY_SIZE(chunks); i++)
		if (chunks[i].is_free)
			pma_heap_free(world->heap, handles[i]);
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		for (handle = handles[i]; handle < handles[i] + chunks[i].size; handle += 8) {
			int want = chunks[i].is_free ? -EALREADY :
				   handle == handles[i] ? 0 : -EBADSLT;

			KUNIT_EXPECT_EQ_MSG(test, pma_heap_find(world->heap, handle, &start), want,
					    "handle 0x%llx", handle);
			KUNIT_EXPECT_EQ(test, start, handles[i]);
		}
	}
}

static void expect_free(struct kunit *test, const struct world *world, u32 nr, u64 first)
{
	u64 handle;

	KUNIT_EXPECT_EQ(test, pma_heap_look_free(&world->pages, &world->geo, 4, 4, &handle), nr);
	KUNIT_EXPECT_EQ(test, handle, first);
}

static void next_and_look_free(struct kunit *test)
{
	struct world *world = create(test, &shapes[0]);
	u64 handles[5];
	u32 i;

	handles[0] = pma_heap_add(world->heap, 4, 4, OWNER, 3232, 0);
	expect_free(test, world, 1, 4 * 4096 + 3232);
	for (i = 1; i < 5; i++)
		handles[i] = pma_heap_alloc(world->heap, 3232, 0);
	/* 16384 = 5 * 3232 + 224: the last has what is over. */
	expect_free(test, world, 0, PMA_HANDLE_NONE);
	pma_heap_free(world->heap, handles[3]);
	expect_free(test, world, 1, handles[3]);
	pma_heap_free(world->heap, handles[1]);
	expect_free(test, world, 2, handles[1]);
	KUNIT_EXPECT_EQ(test, pma_heap_next(world->heap, handles[0]), handles[2]);
	KUNIT_EXPECT_EQ(test, pma_heap_next(world->heap, handles[1]), handles[2]);
	KUNIT_EXPECT_EQ(test, pma_heap_next(world->heap, handles[2]), handles[4]);
	KUNIT_EXPECT_EQ(test, pma_heap_next(world->heap, handles[4]), PMA_HANDLE_NONE);
	pma_heap_free(world->heap, handles[4]);
	KUNIT_EXPECT_EQ(test, pma_heap_next(world->heap, handles[2]), PMA_HANDLE_NONE);
}

static void discard_frees_every_chunk(struct kunit *test)
{
	struct world *world = create(test, &shapes[0]);
	u64 handle, other;
	u32 n;

	other = pma_heap_add(world->heap, 10, 1, OWNER, 4096, 0);
	pma_heap_add(world->heap, 4, 4, OWNER, 2000, 0);
	for (n = 0; n < 4; n++)
		KUNIT_EXPECT_NE(test, pma_heap_alloc(world->heap, 2000, 0), PMA_HANDLE_NONE);
	handle = pma_heap_alloc(world->heap, 2000, 0);
	pma_heap_alloc(world->heap, 2000, 0);
	pma_heap_free(world->heap, handle);
	pma_heap_discard(world->heap, 4, 4);
	KUNIT_EXPECT_EQ(test, world->heap->fit.free_pieces, 0);
	KUNIT_EXPECT_EQ(test, world->heap->fit.free_units, 0);
	KUNIT_EXPECT_EQ(test, pma_heap_free(world->heap, other), 10);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(world->heap->fit.sl_map,
						  sizeof(world->heap->fit.sl_map)));
}

/* Random operations over segments that come and go, against a map of granules. */

struct chunk {
	u64 handle;
	u32 size;
	u32 requested;
};

struct model {
	struct kunit *test;
	struct world *world;
	struct pma_kunit_map map;	/* of granules; where no segment is they are taken */
	struct pma_kunit_rng rng;
	struct chunk live[LIVE_MAX];
	u32 nr_live;
	u32 segment_pages;
	bool has_segment[64];
	u32 most;			/* bytes to ask for */
};

static u32 granules(const struct model *m, u64 bytes)
{
	return bytes >> m->world->geo.granule_shift;
}

static u32 segment_granules(const struct model *m)
{
	return granules(m, (u64)m->segment_pages << m->world->region.page_shift);
}

/* A chunk of a new segment, if there is room for one just where we look. */
static u64 model_add_segment(struct model *m, u32 size)
{
	u32 nr = m->world->region.nr_pages / m->segment_pages;
	u32 i = pma_kunit_below(&m->rng, nr), units = segment_granules(m);

	if (m->has_segment[i])
		return PMA_HANDLE_NONE;
	m->has_segment[i] = true;
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_give(&m->map, i * units, units));
	return pma_heap_add(m->world->heap, i * m->segment_pages, m->segment_pages, OWNER, size,
			    0);
}

static u32 largest_gap(const struct model *m)
{
	u32 units = segment_granules(m), largest = 0, i;

	for (i = 0; i < m->map.units; i += units)
		largest = max(largest, pma_kunit_map_largest(&m->map, i, i + units));
	return largest;
}

static void model_alloc(struct model *m)
{
	u32 size = pma_kunit_size(&m->rng, 1, m->most);
	u32 units = granules(m, size + (1U << m->world->geo.granule_shift) - 1);
	u64 handle = pma_heap_alloc(m->world->heap, size, 0);
	struct pma_block block;

	units = max(units, pma_fit_min_units(&m->world->heap->fit));
	if (handle == PMA_HANDLE_NONE) {
		KUNIT_ASSERT_LT(m->test, largest_gap(m), pma_kunit_fit_bound(units));
		handle = model_add_segment(m, size);
	}
	if (handle == PMA_HANDLE_NONE)
		return;
	pma_heap_block(m->world->heap, handle, &block);
	KUNIT_ASSERT_TRUE(m->test, granules(m, block.size) >= units &&
			  granules(m, block.size) <
			  units + pma_fit_min_units(&m->world->heap->fit));
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_take(&m->map, granules(m, handle),
						      granules(m, block.size)));
	m->live[m->nr_live++] = (struct chunk){ handle, block.size, size };
}

static void model_free(struct model *m, u32 i)
{
	struct chunk chunk = m->live[i];
	u32 segment = chunk.handle / ((u64)m->segment_pages << m->world->region.page_shift);
	u32 units = segment_granules(m), empty;

	m->live[i] = m->live[--m->nr_live];
	empty = pma_heap_free(m->world->heap, chunk.handle);
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_give(&m->map, granules(m, chunk.handle),
						      granules(m, chunk.size)));
	KUNIT_ASSERT_EQ(m->test, empty,
			pma_kunit_map_is_free(&m->map, segment * units, units) ?
			segment * m->segment_pages : PMA_NONE);
	if (empty == PMA_NONE)
		return;
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_take(&m->map, segment * units, units));
	m->has_segment[segment] = false;
}

static void model_resize(struct model *m, struct chunk *chunk)
{
	u32 size = pma_kunit_size(&m->rng, 1, m->most);
	u32 start = granules(m, chunk->handle), have = granules(m, chunk->size);
	u32 units = segment_granules(m), end = (start / units + 1) * units;
	u32 reach = have + pma_kunit_map_gap(&m->map, start + have, end);
	u32 want = granules(m, size + (1U << m->world->geo.granule_shift) - 1);
	struct pma_block block;
	bool done = pma_heap_resize(m->world->heap, chunk->handle, size);

	want = max(want, pma_fit_min_units(&m->world->heap->fit));
	KUNIT_ASSERT_EQ(m->test, done, want <= reach);
	pma_heap_block(m->world->heap, chunk->handle, &block);
	KUNIT_ASSERT_EQ(m->test, block.requested, done ? size : chunk->requested);
	pma_kunit_map_give(&m->map, start, have);
	KUNIT_ASSERT_TRUE(m->test, pma_kunit_map_take(&m->map, start, granules(m, block.size)));
	chunk->size = block.size;
	chunk->requested = block.requested;
}

static void model_look(struct model *m)
{
	struct chunk *chunk = &m->live[pma_kunit_below(&m->rng, m->nr_live)];
	u64 handle = chunk->handle + pma_kunit_below(&m->rng, chunk->size), start;
	int want = handle == chunk->handle ? 0 : -EBADSLT;

	KUNIT_ASSERT_EQ(m->test, pma_heap_find(m->world->heap, handle, &start), want);
	KUNIT_ASSERT_EQ(m->test, start, chunk->handle);
}

static void model_check(struct model *m)
{
	u32 units = m->world->region.bytes >> m->world->geo.granule_shift, i;
	struct pma_fit_sum sum = {};

	for (i = 0; i < ARRAY_SIZE(m->has_segment); i++)
		if (m->has_segment[i])
			KUNIT_ASSERT_EQ(m->test,
					pma_heap_check(m->world->heap, i * m->segment_pages,
						       m->segment_pages, 0, &sum), 0);
	KUNIT_ASSERT_EQ(m->test, pma_fit_check_lists(&m->world->heap->fit, units, &sum), 0);
	KUNIT_ASSERT_EQ(m->test, sum.pieces - sum.free_pieces, m->nr_live);
	KUNIT_ASSERT_EQ(m->test, sum.free_units, pma_kunit_map_free(&m->map));
}

static void model_step(struct model *m, u32 step)
{
	u32 dice = pma_kunit_below(&m->rng, 100);

	if (!m->nr_live || (dice < (step & 1024 ? 50 : 25) && m->nr_live < LIVE_MAX))
		model_alloc(m);
	else if (dice < 75)
		model_free(m, pma_kunit_below(&m->rng, m->nr_live));
	else if (dice < 90)
		model_resize(m, &m->live[pma_kunit_below(&m->rng, m->nr_live)]);
	else
		model_look(m);
}

static void random_chunks(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u32 ops = pma_kunit_ops() / (test->param_value == shapes ? 1 : 20), step;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->world = create(test, test->param_value);
	m->segment_pages = 8;
	m->most = 6 * pma_region_page_size(&m->world->region);
	pma_kunit_map_init(test, &m->map, granules(m, m->world->region.bytes));
	pma_kunit_map_take(&m->map, 0, m->map.units);
	pma_kunit_rng_init(&m->rng, test, __func__);
	for (step = 0; step < ops; step++) {
		model_step(m, step);
		if (step % 100 == 0)
			model_check(m);
	}
	while (m->nr_live)
		model_free(m, 0);
	model_check(m);
}

static struct kunit_case pma_heap_cases[] = {
	KUNIT_CASE(plan_chooses_units),
	KUNIT_CASE(create_fails_without_memory),
	KUNIT_CASE(add_marks_pages),
	KUNIT_CASE(first_chunk_rounds_up),
	KUNIT_CASE(alloc_rounds_up),
	KUNIT_CASE(block_tells_flags),
	KUNIT_CASE(free_stays_within_segment),
	KUNIT_CASE(resize_in_place),
	KUNIT_CASE(find_every_granule),
	KUNIT_CASE(next_and_look_free),
	KUNIT_CASE(discard_frees_every_chunk),
	KUNIT_CASE_PARAM(random_chunks, shapes_gen_params),
	{}
};

static struct kunit_suite pma_heap_suite = {
	.name = "pma_heap",
	.exit = exit_world,
	.test_cases = pma_heap_cases,
};

kunit_test_suite(pma_heap_suite);
