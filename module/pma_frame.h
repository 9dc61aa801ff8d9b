/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_frame.h - the region's frames in mappings
 */
#ifndef _PMA_FRAME_H
#define _PMA_FRAME_H

#include <linux/fs.h>
#include <linux/mm.h>

#include "pma_pool.h"

/**
 * struct pma_frame_range - frames side by side
 * @start: handle of the first
 * @end: of the one after the last
 * @writable: they may be written
 */
struct pma_frame_range {
	u64 start;
	u64 end;
	bool writable;
};

/* Where @handle is in a mapping, or would be. */
static inline unsigned long pma_frame_address(const struct vm_area_struct *vma, u64 handle)
{
	return vma->vm_start + (handle - ((u64)vma->vm_pgoff << PAGE_SHIFT));
}

int pma_frames_init(struct pma_pool *pool, struct super_block *sb);
void pma_frames_exit(void);
int pma_frames_map(struct pma_pool *pool, struct vm_area_struct *vma, u64 handle,
		   const struct pma_frame_range *range);
bool pma_frames_take_off(struct pma_pool *pool, u32 pgno, u32 nr_pages);
bool pma_frames_are_idle(struct pma_pool *pool, u32 pgno, u32 nr_pages);

#endif /* _PMA_FRAME_H */
