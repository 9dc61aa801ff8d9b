// SPDX-License-Identifier: GPL-2.0
/*
 * pma_mmap.c - mappings of a region
 *
 * A mapping spans the region, so that base plus handle is the address.  It is
 * empty at first; a fault is judged by the descriptor of its page:
 *
 *	fault	page of a block of this arena?  then map what belongs with it: the
 *		slab page, the segment, the big block; else SIGBUS
 *	free	the run is held (pma_held.c), then revoked: zapped from all mappings
 *		of the arena, before the pool gets it
 *
 * Faults and revocations of an arena exclude each other by its fault_sem: what a
 * fault has judged stays so until it is mapped.
 *
 * Frames are mapped as ordinary ones, with a reference and a place in the arena's
 * own address_space, for get_user_pages() and shared futexes to work on them.  So
 * a frame that is neither mapped nor pinned has just the one reference of vmalloc;
 * more after a zap means that somebody has it pinned, and then its page stays in
 * quarantine, looked at again from a work item.  The address_space is taken off
 * again when a page is revoked, before vfree() could see it.
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
#include "pma_wait.h"

/* Frames that one fault maps at most: 2 MiB. */
#define FAULT_FRAMES_MAX	512

/* How often the quarantine is looked at, while there is something in it. */
#define QUARANTINE_PERIOD	(HZ / 10)

static struct vfsmount *mount;
static struct pma_pool *mapped_pool;

static void look_at_quarantine(struct work_struct *work);
static DECLARE_DELAYED_WORK(quarantine_work, look_at_quarantine);

static void look_at_quarantine(struct work_struct *work)
{
	if (pma_held_release_idle(mapped_pool))
		schedule_delayed_work(&quarantine_work, QUARANTINE_PERIOD);
}

static struct page *frame_of(const struct pma_pool *pool, u64 handle)
{
	return vmalloc_to_page(pma_region_ptr(&pool->region, handle));
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

static bool revoke(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	struct pma_pool *pool = arena->pool;
	struct pma_mmap *mm = arena->front;
	u64 handle = pma_region_handle(&pool->region, pgno);
	u64 end = pma_region_handle(&pool->region, pgno + nr_pages);
	bool idle;

	down_write(&mm->fault_sem);
	unmap_mapping_range(mm->inode->i_mapping, handle, end - handle, 1);
	take_off(pool, handle, end);
	idle = is_idle(pool, pgno, nr_pages);
	up_write(&mm->fault_sem);
	if (!idle)
		schedule_delayed_work(&quarantine_work, QUARANTINE_PERIOD);
	return idle;
}

static const struct pma_pool_ops mmap_pool_ops = {
	.revoke = revoke,
	.is_idle = is_idle,
	.freed = pma_wait_freed,
	.crossed = pma_wait_crossed,
	.shifted = pma_wait_shifted,
};

/* What a fault at @handle may map around it: [*start, *end), in whole pages. */
static bool judge(struct pma_arena *arena, u64 handle, u64 *start, u64 *end)
{
	struct pma_pool *pool = arena->pool;
	unsigned long irq;
	u32 first, nr_pages;
	bool found;

	raw_spin_lock_irqsave(&arena->lock, irq);
	found = pma_place_pages(arena, handle, &first, &nr_pages);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (!found)
		return false;
	*start = pma_region_handle(&pool->region, first);
	*end = pma_region_handle(&pool->region, first + nr_pages);
	return true;
}

static int map_frame(struct pma_mmap *mm, struct vm_area_struct *vma, u64 handle)
{
	struct page *frame = frame_of(mm->arena->pool, handle);
	unsigned long address = vma->vm_start + (handle - ((u64)vma->vm_pgoff << PAGE_SHIFT));
	int err;

	frame->index = handle >> PAGE_SHIFT;
	WRITE_ONCE(frame->mapping, mm->inode->i_mapping);
	err = vm_insert_page(vma, address, frame);
	return err == -EBUSY ? 0 : err;		/* it is mapped already */
}

static vm_fault_t pma_mmap_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct pma_mmap *mm = vma->vm_private_data;
	u64 handle = (u64)vmf->pgoff << PAGE_SHIFT, start, end;
	u64 vma_start = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 vma_end = vma_start + (vma->vm_end - vma->vm_start);
	int err = 0;

	if (!pma_region_has(&mm->arena->pool->region, handle))
		return VM_FAULT_SIGBUS;
	down_read(&mm->fault_sem);
	if (!judge(mm->arena, handle, &start, &end)) {
		up_read(&mm->fault_sem);
		return VM_FAULT_SIGBUS;
	}
	/* The frame itself first: the others are only company. */
	err = map_frame(mm, vma, handle);
	start = max3(start, vma_start, handle - min(handle, FAULT_FRAMES_MAX / 2 * PAGE_SIZE));
	end = min3(end, vma_end, start + FAULT_FRAMES_MAX * PAGE_SIZE);
	for (; !err && start < end; start += PAGE_SIZE)
		if (start != handle && map_frame(mm, vma, start))
			break;
	up_read(&mm->fault_sem);
	return err ? vmf_error(err) : VM_FAULT_NOPAGE;
}

static const struct vm_operations_struct pma_mmap_vm_ops = {
	.fault = pma_mmap_fault,
};

static const struct address_space_operations pma_mmap_aops = {
	.dirty_folio = noop_dirty_folio,
};

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

	if (pma_region_page_size(region) < PAGE_SIZE)
		return -ENODEV;
	/* MAYSHARE, as a file that is open for reading only loses VM_SHARED. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_pgoff > frames || vma_pages(vma) > frames - vma->vm_pgoff)
		return -EINVAL;
	/*
	 * MIXEDMAP: faults insert frames of vmalloc by themselves.  DONTEXPAND:
	 * mremap() may move it, not make it longer.  DONTDUMP: most of it is not
	 * there, and a core would hold the rest of the region as zeroes.
	 */
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = mm;
	vma->vm_ops = &pma_mmap_vm_ops;
	raw_spin_lock_irqsave(&arena->lock, irq);
	arena->mapped = true;
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return 0;
}

/**
 * pma_mmap_open() - let an open file be mapped
 * @arena: its arena, nobody else's yet
 * @file: the file
 *
 * Return: what the file needs, or ERR_PTR().
 */
struct pma_mmap *pma_mmap_open(struct pma_arena *arena, struct file *file)
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
	mm->inode->i_mapping->a_ops = &pma_mmap_aops;
	mm->arena = arena;
	init_rwsem(&mm->fault_sem);
	file->f_mapping = mm->inode->i_mapping;
	arena->front = mm;
	return mm;
}

/**
 * pma_mmap_close() - end what pma_mmap_open() began
 * @mm: of a file that is mapped no more, whose arena has ended
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
 * Return: 0 or kern_mount()'s error.
 */
int pma_mmap_init(struct pma_pool *pool)
{
	mount = kern_mount(&pma_mmap_fs);
	if (IS_ERR(mount))
		return PTR_ERR(mount);
	mapped_pool = pool;
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
	kern_unmount(mount);
}
