// SPDX-License-Identifier: GPL-2.0
/*
 * pma_mmap.c - mappings of a region
 *
 * A mapping spans the region, so that base plus handle is the address.  It is
 * empty at first; a fault is judged by the descriptor of its page:
 *
 *	fault	page of a block of this arena?  then map what belongs with it: the
 *		slab page, the segment, the big block, or of one that it claimed
 *		a part (pma_reach_window()); else SIGBUS
 *	claim	as the fault at its first byte would, where that is expected
 *	free	the run is held (pma_held.c), then revoked: zapped from all mappings
 *		of the arena, before the pool gets it
 *	release	of a block that others hold too: zapped from all mappings of the arena;
 *		the last to release it revokes it
 *
 * Each arena has an inode for its mappings, so that a zap walks them and no others'.
 *
 * Faults and revocations of an arena exclude each other by its fault_sem: what a
 * fault has judged stays so until it is mapped.
 *
 * Frames are mapped as ordinary ones, with a reference and a place in an
 * address_space, for get_user_pages() and shared futexes to work on them.  It is
 * the same for all arenas, as a shared block has several, and no vma is found by
 * it.  A futex's key is made of it and the frame's index, so the index has a number
 * in it that is new whenever a frame is mapped that was not: who waited there before
 * that neither takes nor is woken by a wake-up that is meant for others.  So a frame
 * that is neither mapped nor pinned has just the one reference of vmalloc;
 * more after a zap means that somebody has it pinned, and then its page stays in
 * quarantine, looked at again from a work item.  The address_space is taken off
 * again when a page is revoked, before vfree() could see it.
 *
 * A frame that is claimed for reading only is mapped so.  The core would make that
 * writable at the first write, unless there is a page_mkwrite() to ask: so an arena
 * has one from its first such claim on, and not before, as with one its mappings
 * can't be pinned for long.  PTEs get their protection from what the fault has
 * judged, as vm_page_prot leaves all of them unwritable where there is a
 * page_mkwrite(), and one fault shall still do for many.
 *
 * Order: mmap_lock, fault_sem, i_mmap_rwsem; the arena's lock is innermost.
 */
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/workqueue.h>

#include "pma_held.h"
#include "pma_mmap.h"
#include "pma_place.h"
#include "pma_reach.h"
#include "pma_wait.h"

/* Frames that one fault maps at most: 2 MiB. */
#define FAULT_FRAMES_MAX	512

/* Frames that the core is given in one call. */
#define FRAMES_AT_ONCE		16

/* How often the quarantine is looked at, while there is something in it. */
#define QUARANTINE_PERIOD	(HZ / 10)

/* A frame's index: its number in the region below, and a number of its own above. */
#define FRAME_BITS	30

static struct vfsmount *mount;
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

static bool is_idle(struct pma_pool *pool, u32 pgno, u32 nr_pages)
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
 * struct reach - what a fault may map
 * @start: handle of the first page
 * @end: of the page after the last
 * @writable: they may be written
 */
struct reach {
	u64 start;
	u64 end;
	bool writable;
};

/* What lies around @handle and is the arena's to reach, and if @write to write. */
static bool judge(struct pma_arena *arena, u64 handle, bool write, struct reach *reach)
{
	const struct pma_region *region = &arena->pool->region;
	unsigned long irq;
	u32 first, nr_pages;
	bool found;

	if (!pma_region_has(region, handle))
		return false;
	raw_spin_lock_irqsave(&arena->lock, irq);
	found = pma_place_pages(arena, handle, write, &first, &nr_pages, &reach->writable);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (!found)
		return false;
	reach->start = pma_region_handle(region, first);
	reach->end = pma_region_handle(region, first + nr_pages);
	return true;
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

/* Where @handle is in a mapping, or would be. */
static unsigned long address_of(const struct vm_area_struct *vma, u64 handle)
{
	return vma->vm_start + (handle - ((u64)vma->vm_pgoff << PAGE_SHIFT));
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
		err = vm_insert_pages(vma, address_of(vma, handle), frames, &left);
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
	err = vm_insert_page(vma, address_of(vma, handle), frame);
	return err == -EBUSY ? 0 : err;
}

/* Map the frame at @handle, and what of @reach there is room for in the mapping. */
static int map_reach(struct pma_pool *pool, struct vm_area_struct *vma, u64 handle,
		     const struct reach *reach)
{
	u64 vma_start = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 vma_end = vma_start + (vma->vm_end - vma->vm_start);
	int err, others = 0;
	u64 start, end;

	/* The frame itself first: the others are only company. */
	err = map_frame(pool, vma, handle);
	start = max3(reach->start, vma_start,
		     handle - min(handle, FAULT_FRAMES_MAX / 2 * PAGE_SIZE));
	end = min3(reach->end, vma_end, start + FAULT_FRAMES_MAX * PAGE_SIZE);
	if (!err && start < handle)
		others = map_frames(pool, vma, start, handle);
	if (!err && !others && end > handle + PAGE_SIZE)
		map_frames(pool, vma, handle + PAGE_SIZE, end);
	return err;
}

/* As map_reach(), through a copy of the vma with a protection of its own. */
static int map_reach_as(struct pma_pool *pool, const struct vm_area_struct *vma, u64 handle,
			const struct reach *reach, pgprot_t prot)
{
	struct vm_area_struct view = *vma;

	view.vm_page_prot = prot;
	return map_reach(pool, &view, handle, reach);
}

/* As map_reach(), with the protection that is right for these pages: mostly the vma's. */
static int map_protected(struct pma_pool *pool, struct vm_area_struct *vma, u64 handle,
			 const struct reach *reach)
{
	pgprot_t prot = vm_get_page_prot(reach->writable ? vma->vm_flags :
							   vma->vm_flags & ~VM_WRITE);

	if (likely(pgprot_val(prot) == pgprot_val(vma->vm_page_prot)))
		return map_reach(pool, vma, handle, reach);
	return map_reach_as(pool, vma, handle, reach, prot);
}

/**
 * pma_mmap_insert() - map pages that may be written into another's mapping
 * @pool: whose they are
 * @vma: a MIXEDMAP whose offsets are those of the region
 * @handle: of the page that is wanted
 * @start: of the first that may be mapped with it
 * @end: of the one after the last
 *
 * Context: That of a fault; nobody revokes these pages.
 * Return: 0 or the error of vm_insert_pages().
 */
int pma_mmap_insert(struct pma_pool *pool, struct vm_area_struct *vma, u64 handle, u64 start,
		    u64 end)
{
	struct reach reach = { .start = start, .end = end, .writable = true };

	return map_protected(pool, vma, handle, &reach);
}

/* Map pages that have been judged: who revokes them is kept out from then on. */
static int map_judged(struct pma_mmap *mm, struct vm_area_struct *vma, u64 handle,
		      const struct reach *reach)
{
	lockdep_assert_held_read(&mm->fault_sem);
	return map_protected(mm->arena->pool, vma, handle, reach);
}

/* For pma_mmap_ahead().  Hardly ever it changes. */
static void note_fault(struct pma_mmap *mm, const struct vm_area_struct *vma)
{
	unsigned long base = address_of(vma, 0);

	if (READ_ONCE(mm->space) != vma->vm_mm)
		WRITE_ONCE(mm->space, vma->vm_mm);
	if (READ_ONCE(mm->base) != base)
		WRITE_ONCE(mm->base, base);
}

static vm_fault_t pma_mmap_fault(struct vm_fault *vmf)
{
	struct pma_mmap *mm = vmf->vma->vm_private_data;
	u64 handle = (u64)vmf->pgoff << PAGE_SHIFT;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct reach reach;
	int err;

	down_read(&mm->fault_sem);
	if (judge(mm->arena, handle, vmf->flags & FAULT_FLAG_WRITE, &reach)) {
		note_fault(mm, vmf->vma);
		err = map_judged(mm, vmf->vma, handle, &reach);
		ret = err ? vmf_error(err) : VM_FAULT_NOPAGE;
	}
	up_read(&mm->fault_sem);
	return ret;
}

/*
 * Who has a map_pages() is called without mmap_lock, as it may be where there is a
 * lock for each mapping.  There is nothing to be done without sleeping.
 */
static vm_fault_t pma_mmap_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	return 0;
}

/* Asked before the core makes the PTE of a mapped frame writable. */
static vm_fault_t pma_mmap_mkwrite(struct vm_fault *vmf)
{
	struct pma_mmap *mm = vmf->vma->vm_private_data;
	struct reach reach;
	bool writable;

	down_read(&mm->fault_sem);
	writable = judge(mm->arena, (u64)vmf->pgoff << PAGE_SHIFT, true, &reach);
	up_read(&mm->fault_sem);
	return writable ? 0 : VM_FAULT_SIGBUS;
}

/* If that is still a claim: who lets it go zaps it after us. */
static void map_first(struct pma_mmap *mm, struct vm_area_struct *vma, u64 handle)
{
	const struct pma_region *region = &mm->arena->pool->region;
	struct reach reach = {
		.start = handle,
		.end = handle + pma_region_page_size(region),
	};

	down_read(&mm->fault_sem);
	if (pma_reach_ahead(mm->arena, pma_region_pgno(region, handle), &reach.writable))
		map_judged(mm, vma, handle, &reach);
	up_read(&mm->fault_sem);
}

/**
 * pma_mmap_ahead() - map the first page of a claim before it is touched
 * @arena: whose claim it is
 * @handle: of its start
 *
 * Does what the fault at its first byte would, if one is expected, and where the last
 * one was: in the same address space, which is the caller's, and the same mapping, or
 * what is there now.  If that is not easy, or fails, the fault does it.
 *
 * Context: May sleep.
 */
void pma_mmap_ahead(struct pma_arena *arena, u64 handle)
{
	struct pma_mmap *mm = arena->front;
	struct mm_struct *space = current->mm;
	struct vm_area_struct *vma;

	if (!READ_ONCE(arena->ahead) || !space || READ_ONCE(mm->space) != space ||
	    !mmap_read_trylock(space))
		return;
	vma = vma_lookup(space, READ_ONCE(mm->base) + handle);
	if (vma && vma->vm_ops == &mm->vm_ops && (vma->vm_flags & VM_READ))
		map_first(mm, vma, handle);
	mmap_read_unlock(space);
}

static void zap(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	const struct pma_region *region = &arena->pool->region;
	struct pma_mmap *mm = arena->front;

	if (!mm)		/* a dma-buf's, which has no mappings any more */
		return;
	down_write(&mm->fault_sem);
	unmap_mapping_pages(mm->inode->i_mapping, pma_region_handle(region, pgno) >> PAGE_SHIFT,
			    pma_region_handle(region, nr_pages) >> PAGE_SHIFT, true);
	up_write(&mm->fault_sem);
}

/* What has been zapped no fault finds again: its descriptors say so already. */
static bool revoke(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	struct pma_pool *pool = arena->pool;
	bool idle;

	zap(arena, pgno, nr_pages);
	take_off(pool, pma_region_handle(&pool->region, pgno),
		 pma_region_handle(&pool->region, pgno + nr_pages));
	idle = is_idle(pool, pgno, nr_pages);
	if (!idle)
		schedule_delayed_work(&quarantine_work, QUARANTINE_PERIOD);
	return idle;
}

static void expect_read_only(struct pma_arena *arena)
{
	struct pma_mmap *mm = arena->front;

	WRITE_ONCE(mm->vm_ops.page_mkwrite, pma_mmap_mkwrite);
}

static const struct pma_pool_ops mmap_pool_ops = {
	.revoke = revoke,
	.zap = zap,
	.expect_read_only = expect_read_only,
	.is_idle = is_idle,
	.freed = pma_wait_freed,
	.crossed = pma_wait_crossed,
	.shifted = pma_wait_shifted,
};

static const struct address_space_operations pma_mmap_aops = {
	.dirty_folio = noop_dirty_folio,
};

/**
 * pma_mmap_begin() - set up a mapping of a region, empty at first
 * @vma: the mapping
 * @ops: of its faults
 * @data: for them
 *
 * Return: 0, or -EINVAL for a private mapping.
 */
int pma_mmap_begin(struct vm_area_struct *vma, const struct vm_operations_struct *ops, void *data)
{
	/* MAYSHARE, as a file that is open for reading only loses VM_SHARED. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	/*
	 * MIXEDMAP: faults insert frames of vmalloc by themselves.  DONTEXPAND:
	 * mremap() may move it, not make it longer.  DONTDUMP: most of it is not
	 * there, and a core would hold the rest of the region as zeroes.
	 */
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = ops;
	vma->vm_private_data = data;
	return 0;
}

/**
 * pma_mmap_map() - map a region, or a part of it
 * @mm: of the open file
 * @vma: the mapping
 *
 * Return: 0; -EINVAL for a private mapping or one that runs over the region's end;
 * -ENODEV if pages are smaller than frames.
 */
int pma_mmap_map(struct pma_mmap *mm, struct vm_area_struct *vma)
{
	struct pma_arena *arena = mm->arena;
	const struct pma_region *region = &arena->pool->region;
	u64 frames = PAGE_ALIGN(region->bytes) >> PAGE_SHIFT;
	unsigned long irq;
	int err;

	if (pma_region_page_size(region) < PAGE_SIZE)
		return -ENODEV;
	if (vma->vm_pgoff > frames || vma_pages(vma) > frames - vma->vm_pgoff)
		return -EINVAL;
	err = pma_mmap_begin(vma, &mm->vm_ops, mm);
	if (err)
		return err;
	raw_spin_lock_irqsave(&arena->lock, irq);
	arena->mapped = true;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return 0;
}

/**
 * pma_mmap_open() - let an arena be mapped
 * @arena: the arena, nobody else's yet
 *
 * Return: what its files need, or ERR_PTR().
 */
struct pma_mmap *pma_mmap_open(struct pma_arena *arena)
{
	struct pma_mmap *mm = kzalloc(sizeof(*mm), GFP_KERNEL);

	if (!mm)
		return ERR_PTR(-ENOMEM);
	mm->inode = alloc_anon_inode(mount->mnt_sb);
	if (IS_ERR(mm->inode)) {
		struct inode *inode = mm->inode;

		kfree(mm);
		return ERR_CAST(inode);
	}
	mm->arena = arena;
	mm->vm_ops.fault = pma_mmap_fault;
	mm->vm_ops.map_pages = pma_mmap_map_pages;
	init_rwsem(&mm->fault_sem);
	arena->front = mm;
	return mm;
}

/**
 * pma_mmap_attach() - let an open file be mapped
 * @mm: of its arena
 * @file: the file, nobody else's yet
 */
void pma_mmap_attach(struct pma_mmap *mm, struct file *file)
{
	file->f_mapping = mm->inode->i_mapping;
	file->private_data = mm;
}

/**
 * pma_mmap_close() - end what pma_mmap_open() began
 * @mm: of files that are mapped no more, whose arena has ended
 */
void pma_mmap_close(struct pma_mmap *mm)
{
	iput(mm->inode);
	kfree(mm);
}

static int pma_mmap_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, 0x706d6100) ? 0 : -ENOMEM;	/* "pma" */
}

/* Without an owner: the mount is the module's own, and must not keep it loaded. */
static struct file_system_type pma_mmap_fs = {
	.name = "pma",
	.init_fs_context = pma_mmap_fs_context,
	.kill_sb = kill_anon_super,
};

/**
 * pma_mmap_init() - let the arenas of a pool be mapped
 * @pool: the pool
 *
 * Return: 0 or the error of kern_mount() or alloc_anon_inode().
 */
int pma_mmap_init(struct pma_pool *pool)
{
	mount = kern_mount(&pma_mmap_fs);
	if (IS_ERR(mount))
		return PTR_ERR(mount);
	frames_inode = alloc_anon_inode(mount->mnt_sb);
	if (IS_ERR(frames_inode)) {
		kern_unmount(mount);
		return PTR_ERR(frames_inode);
	}
	frames_inode->i_mapping->a_ops = &pma_mmap_aops;
	mapped_pool = pool;
	huge_frames = find_huge_frames(&pool->region);
	pool->ops = &mmap_pool_ops;
	return 0;
}

/**
 * pma_mmap_exit() - end what pma_mmap_init() began
 * @pool: the pool, which has no mapped arenas any more
 *
 * What is still in quarantine is nobody's but who has it pinned: the frames go
 * when they are let go.
 */
void pma_mmap_exit(struct pma_pool *pool)
{
	cancel_delayed_work_sync(&quarantine_work);
	kvfree(huge_frames);
	huge_frames = NULL;
	iput(frames_inode);
	kern_unmount(mount);
}
