// SPDX-License-Identifier: GPL-2.0
/*
 * pma_frame.c - the region's frames in mappings
 *
 * Frames are mapped as ordinary ones, with a reference and a place in an
 * address_space, for get_user_pages() and shared futexes to work on them.  It is
 * the same for all arenas, as a shared block has several, and no vma is found by
 * it.  A futex's key is made of it and the frame's index, so the index has a number
 * in it that is new whenever a frame is mapped that was not: who waited there before
 * that neither takes nor is woken by a wake-up that is meant for others.
 *
 *	put on		before it is mapped for the first time
 *	mapped		by the fault on it, or one near it, in any number of mappings
 *	taken off	after it has been zapped from all of them, before vfree() could
 *			see it
 *
 * So a frame that is neither mapped nor pinned has just the one reference of vmalloc;
 * more after a zap means that somebody has it pinned, and then its page stays in
 * quarantine, looked at again from a work item.
 *
 * PTEs get their protection from what the fault has judged, as vm_page_prot leaves all
 * of them unwritable where there is a page_mkwrite(), and one fault shall still do for
 * many.
 *
 * Which frames may be mapped, and that none is meanwhile revoked, is for the caller to
 * know: pma_mmap.c for arenas, pma_dmabuf.c for the blocks of dma-bufs.
 */
#include <linux/pagemap.h>
#include <linux/workqueue.h>

#include "pma_frame.h"
#include "pma_held.h"

/* Frames that one fault maps at most: 2 MiB. */
#define FAULT_FRAMES_MAX	512

/* Frames that the core is given in one call. */
#define FRAMES_AT_ONCE		16

/* How often the quarantine is looked at, while there is something in it. */
#define QUARANTINE_PERIOD	(HZ / 10)

/* A frame's index: its number in the region below, and a number of its own above. */
#define FRAME_BITS	30

static struct inode *frames_inode;
static DEFINE_SPINLOCK(frames_lock);	/* of last_index, and of who puts a frame on */
static u64 last_index;
static struct pma_pool *mapped_pool;
static struct page **huge_frames;	/* of its region */

static void look_at_quarantine(struct work_struct *work);
static DECLARE_DELAYED_WORK(quarantine_work, look_at_quarantine);

static void look_at_quarantine(struct work_struct *work)
{
	if (pma_held_release_idle(mapped_pool))
		schedule_delayed_work(&quarantine_work, QUARANTINE_PERIOD);
}

/* Where the region is mapped by huge pages, their frames lie side by side: no walk. */
static struct page *frame_of(const struct pma_pool *pool, u64 handle)
{
	if (huge_frames && pool == mapped_pool)
		return huge_frames[handle >> PMD_SHIFT] + ((handle & ~PMD_MASK) >> PAGE_SHIFT);
	return vmalloc_to_page(pma_region_ptr(&pool->region, handle));
}

/* The first frame of each; NULL without memory, or if it is not. */
static struct page **find_huge_frames(const struct pma_region *region)
{
	size_t nr = region->bytes >> PMD_SHIFT, i;
	struct page **frames = region->huge ? kvcalloc(nr, sizeof(*frames), GFP_KERNEL) : NULL;

	for (i = 0; frames && i < nr; i++)
		frames[i] = vmalloc_to_page(pma_region_ptr(region, (u64)i << PMD_SHIFT));
	return frames;
}

/**
 * pma_frames_are_idle() - has nobody pinned frames that are not mapped?
 * @pool: whose they are
 * @pgno: first of their pages
 * @nr_pages: how many
 *
 * Context: Any.
 * Return: true if vmalloc's is the only reference of each.
 */
bool pma_frames_are_idle(struct pma_pool *pool, u32 pgno, u32 nr_pages)
{
	u64 handle = pma_region_handle(&pool->region, pgno);
	u64 end = pma_region_handle(&pool->region, pgno + nr_pages);

	for (; handle < end; handle += PAGE_SIZE)
		if (page_count(frame_of(pool, handle)) != 1)
			return false;
	return true;
}

static void take_off(struct pma_pool *pool, u64 handle, u64 end)
{
	for (; handle < end; handle += PAGE_SIZE) {
		struct page *frame = frame_of(pool, handle);

		WRITE_ONCE(frame->mapping, NULL);
		frame->index = 0;
	}
}

/**
 * pma_frames_take_off() - undo what mapping made of frames
 * @pool: whose they are
 * @pgno: first of their pages, all zapped, and found by no fault any more
 * @nr_pages: how many
 *
 * Context: Any.
 * Return: true if they are idle; else the quarantine is looked at until they are.
 */
bool pma_frames_take_off(struct pma_pool *pool, u32 pgno, u32 nr_pages)
{
	bool idle;

	take_off(pool, pma_region_handle(&pool->region, pgno),
		 pma_region_handle(&pool->region, pgno + nr_pages));
	idle = pma_frames_are_idle(pool, pgno, nr_pages);
	if (!idle)
		schedule_delayed_work(&quarantine_work, QUARANTINE_PERIOD);
	return idle;
}

/* Several arenas may do so at once: the first gives it an index. */
static void put_on(struct page *frame, u64 handle)
{
	if (READ_ONCE(frame->mapping))
		return;
	spin_lock(&frames_lock);
	if (!frame->mapping) {
		frame->index = (++last_index << FRAME_BITS) | handle >> PAGE_SHIFT;
		/* Who sees it on sees its index: get_futex_key() reads both. */
		smp_store_release(&frame->mapping, frames_inode->i_mapping);
	}
	spin_unlock(&frames_lock);
}

/* Map frames side by side; those that are mapped already stay as they are. */
static int map_frames(struct pma_pool *pool, struct vm_area_struct *vma, u64 handle, u64 end)
{
	struct page *frames[FRAMES_AT_ONCE] __uninitialized;
	unsigned long nr, left, i;
	int err;

	for (; handle < end; handle += (nr - left) << PAGE_SHIFT) {
		nr = min_t(u64, (end - handle) >> PAGE_SHIFT, ARRAY_SIZE(frames));
		for (i = 0; i < nr; i++) {
			frames[i] = frame_of(pool, handle + (i << PAGE_SHIFT));
			put_on(frames[i], handle + (i << PAGE_SHIFT));
		}
		left = nr;
		err = vm_insert_pages(vma, pma_frame_address(vma, handle), frames, &left);
		if (err == -EBUSY)
			left--;		/* the one that it came upon */
		else if (err)
			return err;
	}
	return 0;
}

/* As map_frames(), of one. */
static int map_frame(struct pma_pool *pool, struct vm_area_struct *vma, u64 handle)
{
	struct page *frame = frame_of(pool, handle);
	int err;

	put_on(frame, handle);
	err = vm_insert_page(vma, pma_frame_address(vma, handle), frame);
	return err == -EBUSY ? 0 : err;
}

/* Map the frame at @handle, and what of @range there is room for in the mapping. */
static int map_range(struct pma_pool *pool, struct vm_area_struct *vma, u64 handle,
		     const struct pma_frame_range *range)
{
	u64 vma_start = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 vma_end = vma_start + (vma->vm_end - vma->vm_start);
	int err, others = 0;
	u64 start, end;

	/* The frame itself first: the others are only company. */
	err = map_frame(pool, vma, handle);
	start = max3(range->start, vma_start,
		     handle - min(handle, FAULT_FRAMES_MAX / 2 * PAGE_SIZE));
	end = min3(range->end, vma_end, start + FAULT_FRAMES_MAX * PAGE_SIZE);
	if (!err && start < handle)
		others = map_frames(pool, vma, start, handle);
	if (!err && !others && end > handle + PAGE_SIZE)
		map_frames(pool, vma, handle + PAGE_SIZE, end);
	return err;
}

/* As map_range(), through a copy of the vma with a protection of its own. */
static int map_range_as(struct pma_pool *pool, const struct vm_area_struct *vma, u64 handle,
			const struct pma_frame_range *range, pgprot_t prot)
{
	struct vm_area_struct view = *vma;

	view.vm_page_prot = prot;
	return map_range(pool, &view, handle, range);
}

/**
 * pma_frames_map() - map a frame, and what there is room for of those around it
 * @pool: whose they are
 * @vma: a MIXEDMAP whose offsets are those of the region
 * @handle: of the frame that is wanted
 * @range: where it lies, and what may be mapped with it
 *
 * With the protection that is right for these frames: mostly the vma's.
 *
 * Context: That of a fault; nobody revokes these frames.
 * Return: 0 or the error of vm_insert_pages().
 */
int pma_frames_map(struct pma_pool *pool, struct vm_area_struct *vma, u64 handle,
		   const struct pma_frame_range *range)
{
	pgprot_t prot = vm_get_page_prot(range->writable ? vma->vm_flags :
							   vma->vm_flags & ~VM_WRITE);

	if (likely(pgprot_val(prot) == pgprot_val(vma->vm_page_prot)))
		return map_range(pool, vma, handle, range);
	return map_range_as(pool, vma, handle, range, prot);
}

static const struct address_space_operations frames_aops = {
	.dirty_folio = noop_dirty_folio,
};

/**
 * pma_frames_init() - let frames of a pool be mapped
 * @pool: the pool
 * @sb: where their address_space is to be
 *
 * Return: 0 or the error of alloc_anon_inode().
 */
int pma_frames_init(struct pma_pool *pool, struct super_block *sb)
{
	frames_inode = alloc_anon_inode(sb);
	if (IS_ERR(frames_inode))
		return PTR_ERR(frames_inode);
	frames_inode->i_mapping->a_ops = &frames_aops;
	mapped_pool = pool;
	huge_frames = find_huge_frames(&pool->region);
	return 0;
}

/**
 * pma_frames_exit() - end what pma_frames_init() began
 *
 * What is still in quarantine is nobody's but who has it pinned: the frames go
 * when they are let go.
 */
void pma_frames_exit(void)
{
	cancel_delayed_work_sync(&quarantine_work);
	kvfree(huge_frames);
	huge_frames = NULL;
	iput(frames_inode);
}
