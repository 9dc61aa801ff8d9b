/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_mmap.h - mappings of a region
 */
#ifndef _PMA_MMAP_H
#define _PMA_MMAP_H

#include <linux/fs.h>

#include "pma_arena.h"

/**
 * struct pma_mmap - what an open file needs to be mapped
 * @arena: its arena
 * @inode: its own, so that its mappings can be found and torn down apart from
 *	those of other arenas
 * @vm_ops: of its mappings, for one of them to come later: see pma_mmap.c
 * @space: whose fault was the last; never followed, as that may have ended
 * @base: where the region begins, or would, in the mapping of that fault
 * @fault_sem: held for reading while a fault judges a page and maps it, for writing
 *	while one is revoked: no fault can map what was revoked meanwhile
 */
struct pma_mmap {
	struct pma_arena *arena;
	struct inode *inode;
	struct vm_operations_struct vm_ops;
	const struct mm_struct *space;
	unsigned long base;
	struct rw_semaphore fault_sem;
};

int pma_mmap_init(struct pma_pool *pool);
void pma_mmap_exit(struct pma_pool *pool);
struct pma_mmap *pma_mmap_open(struct pma_arena *arena);
void pma_mmap_attach(struct pma_mmap *mm, struct file *file);
void pma_mmap_close(struct pma_mmap *mm);
int pma_mmap_begin(struct vm_area_struct *vma, const struct vm_operations_struct *ops, void *data);
void pma_mmap_ahead(struct pma_arena *arena, u64 handle);
int pma_mmap_map(struct pma_mmap *mm, struct vm_area_struct *vma);

#endif /* _PMA_MMAP_H */
