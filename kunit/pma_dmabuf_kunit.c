// SPDX-License-Identifier: GPL-2.0
/*
 * pma_dmabuf_kunit.c - big blocks as dma-bufs, as a driver that imports them sees them
 *
 * Not on the host: it is about the kernel's own.
 */
#include <kunit/device.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/module.h>

#include "pma_block.h"
#include "pma_dmabuf.h"
#include "pma_kunit.h"

#define BYTES	(5 * 4096)

/* The importer's side: a device, and what it is given. */
struct importer {
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
};

static void import(struct kunit *test, struct dma_buf *dmabuf, struct importer *importer)
{
	struct device *device = kunit_device_register(test, "pma-importer");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, device);
	device->dma_mask = &device->coherent_dma_mask;
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(device, DMA_BIT_MASK(64)), 0);
	importer->attach = dma_buf_attach(dmabuf, device);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, importer->attach);
	importer->sgt = dma_buf_map_attachment_unlocked(importer->attach, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, importer->sgt);
}

static void end_import(struct dma_buf *dmabuf, struct importer *importer)
{
	dma_buf_unmap_attachment_unlocked(importer->attach, importer->sgt, DMA_BIDIRECTIONAL);
	dma_buf_detach(dmabuf, importer->attach);
}

/* The table has the block's frames, all of them, in order, and nothing else. */
static void map_covers_the_block(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	u64 handle = pma_kunit_alloc(test, arena, BYTES);
	char *at = pma_kunit_ptr(pool, handle);
	struct sg_page_iter frame;
	struct importer importer;
	struct dma_buf *dmabuf;
	size_t done = 0;

	dmabuf = pma_dmabuf_export(arena, handle);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	KUNIT_EXPECT_EQ(test, pma_dmabuf_bytes(dmabuf), BYTES);
	import(test, dmabuf, &importer);
	for_each_sgtable_page(importer.sgt, &frame, 0) {
		KUNIT_EXPECT_PTR_EQ(test, sg_page_iter_page(&frame), vmalloc_to_page(at + done));
		done += PAGE_SIZE;
	}
	KUNIT_EXPECT_EQ(test, done, BYTES);
	pma_kunit_expect_sound(test, pool);
	/* It stays so when the exporter has let go. */
	pma_kunit_fill(at, BYTES, 1);
	pma_kunit_free(test, arena, handle);
	KUNIT_EXPECT_EQ(test, dma_buf_begin_cpu_access(dmabuf, DMA_FROM_DEVICE), 0);
	KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(at, BYTES, 1));
	KUNIT_EXPECT_EQ(test, dma_buf_end_cpu_access(dmabuf, DMA_FROM_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), 64 - 5);
	end_import(dmabuf, &importer);
	pma_dmabuf_put(dmabuf);
	pma_kunit_flush_files();
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), 64);
}

static void vmap_is_the_region(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	u64 handle = pma_kunit_alloc(test, arena, BYTES);
	struct dma_buf *dmabuf = pma_dmabuf_export(arena, handle);
	struct iosys_map map;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	KUNIT_EXPECT_EQ(test, dma_buf_vmap_unlocked(dmabuf, &map), 0);
	KUNIT_EXPECT_PTR_EQ(test, map.vaddr, pma_kunit_ptr(pool, handle));
	dma_buf_vunmap_unlocked(dmabuf, &map);
	pma_dmabuf_put(dmabuf);
	pma_kunit_flush_files();
	pma_kunit_free(test, arena, handle);
}

/* Whatever fails on the way, the block is the exporter's, and nobody else's. */
static void export_fails_without_memory(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct dma_buf *dmabuf;
	u64 handle;
	u32 nth;

	for (nth = 1; ; nth++) {
		bool failed;

		handle = pma_kunit_alloc(test, arena, BYTES);
		if (!pma_kunit_fail_begin(nth)) {
			pma_kunit_free(test, arena, handle);
			break;
		}
		dmabuf = pma_dmabuf_export(arena, handle);
		failed = pma_kunit_fail_end();
		if (!IS_ERR(dmabuf)) {
			pma_dmabuf_put(dmabuf);
			pma_kunit_flush_files();
		} else {
			KUNIT_EXPECT_EQ(test, PTR_ERR(dmabuf), -ENOMEM);
		}
		KUNIT_EXPECT_EQ(test, pool->nr_arenas, 1);
		pma_kunit_expect_sound(test, pool);
		pma_kunit_free(test, arena, handle);
		if (!failed)
			break;
	}
}

static struct kunit_case pma_dmabuf_cases[] = {
	KUNIT_CASE(map_covers_the_block),
	KUNIT_CASE(vmap_is_the_region),
	KUNIT_CASE(export_fails_without_memory),
	{}
};

static struct kunit_suite pma_dmabuf_suite = {
	.name = "pma_dmabuf",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_dmabuf_cases,
};

kunit_test_suite(pma_dmabuf_suite);

MODULE_IMPORT_NS(PMA_DMA_BUF_NS);
