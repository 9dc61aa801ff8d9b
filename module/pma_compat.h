/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_compat.h - what differs between the kernels pma builds for
 *
 * Force-included by Kbuild, so that the sources stay version-blind.
 */
#ifndef _PMA_COMPAT_H
#define _PMA_COMPAT_H

#include <linux/version.h>

#endif /* _PMA_COMPAT_H */
