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
 * How a frame comes into a mapping, and what becomes of one that somebody has pinned
 * when it is revoked, is pma_frame.c's to know.
 *
 * What is claimed for reading only is mapped so.  The core would make that writable at
 * the first write, unless there is a page_mkwrite() to ask: so an arena has one from its
 * first such claim on, and not before, as with one its mappings can't be pinned for long.
 *
 * Order: mmap_lock, fault_sem, i_mmap_rwsem; the arena's lock is innermost.
 */
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#include "pma_frame.h"
#include "pma_mmap.h"
#include "pma_place.h"
#include "pma_reach.h"
#include "pma_wait.h"

static struct vfsmount *mount;

/* What lies around @handle and is the arena's to reach, and if @write to write. */
static bool judge(struct pma_arena *arena, u64 handle, bool write, struct pma_frame_range *range)
{
	const struct pma_region *region = &arena->pool->region;
	unsigned long irq;
	u32 first, nr_pages;
	bool found;

	if (!pma_region_has(region, handle))
		return false;
	raw_spin_lock_irqsave(&arena->lock, irq);
	found = pma_place_pages(arena, handle, write, &first, &nr_pages, &range->writable);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	if (!found)
		return false;
	range->start = pma_region_handle(region, first);
	range->end = pma_region_handle(region, first + nr_pages);
	return true;
}

/* Map pages that have been judged: who revokes them is kept out from then on. */
static int map_judged(struct pma_mmap *mm, struct vm_area_struct *vma, u64 handle,
		      const struct pma_frame_range *range)
{
	lockdep_assert_held_read(&mm->fault_sem);
	return pma_frames_map(mm->arena->pool, vma, handle, range);
}

/* For pma_mmap_ahead().  Hardly ever it changes. */
static void note_fault(struct pma_mmap *mm, const struct vm_area_struct *vma)
{
	unsigned long base = pma_frame_address(vma, 0);

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
	struct pma_frame_range range;
	int err;

	down_read(&mm->fault_sem);
	if (judge(mm->arena, handle, vmf->flags & FAULT_FLAG_WRITE, &range)) {
		note_fault(mm, vmf->vma);
		err = map_judged(mm, vmf->vma, handle, &range);
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
	struct pma_frame_range range;
	bool writable;

	down_read(&mm->fault_sem);
	writable = judge(mm->arena, (u64)vmf->pgoff << PAGE_SHIFT, true, &range);
	up_read(&mm->fault_sem);
	return writable ? 0 : VM_FAULT_SIGBUS;
}

/* If that is still a claim: who lets it go zaps it after us. */
static void map_first(struct pma_mmap *mm, struct vm_area_struct *vma, u64 handle)
{
	const struct pma_region *region = &mm->arena->pool->region;
	struct pma_frame_range range = {
		.start = handle,
		.end = handle + pma_region_page_size(region),
	};

	down_read(&mm->fault_sem);
	if (pma_reach_ahead(mm->arena, pma_region_pgno(region, handle), &range.writable))
		map_judged(mm, vma, handle, &range);
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
	zap(arena, pgno, nr_pages);
	return pma_frames_take_off(arena->pool, pgno, nr_pages);
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
	.is_idle = pma_frames_are_idle,
	.freed = pma_wait_freed,
	.crossed = pma_wait_crossed,
	.shifted = pma_wait_shifted,
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
 * Return: 0 or the error of kern_mount() or pma_frames_init().
 */
int pma_mmap_init(struct pma_pool *pool)
{
	int err;

	mount = kern_mount(&pma_mmap_fs);
	if (IS_ERR(mount))
		return PTR_ERR(mount);
	err = pma_frames_init(pool, mount->mnt_sb);
	if (err) {
		kern_unmount(mount);
		return err;
	}
	pool->ops = &mmap_pool_ops;
	return 0;
}

/**
 * pma_mmap_exit() - end what pma_mmap_init() began
 * @pool: the pool, which has no mapped arenas any more
 */
void pma_mmap_exit(struct pma_pool *pool)
{
	pma_frames_exit();
	kern_unmount(mount);
}
