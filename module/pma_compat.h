/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_compat.h - what differs between the kernels pma builds for
 *
 * Force-included by Kbuild, so that the sources stay version-blind; before any
 * header, so it is here that messages get their prefix.
 */
#ifndef _PMA_COMPAT_H
#define _PMA_COMPAT_H

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/version.h>

/* The name of a namespace of symbols became a string. */
#if KERNEL_VERSION(6, 13, 0) > LINUX_VERSION_CODE
#define PMA_KUNIT_NS EXPORTED_FOR_KUNIT_TESTING
#define PMA_DMA_BUF_NS DMA_BUF
#else
#define PMA_KUNIT_NS "EXPORTED_FOR_KUNIT_TESTING"
#define PMA_DMA_BUF_NS "DMA_BUF"
#endif

#if KERNEL_VERSION(6, 3, 0) > LINUX_VERSION_CODE
#include <linux/mm.h>

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

#endif /* _PMA_COMPAT_H */
