/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_ioctl.h - the commands of /dev/pma
 */
#ifndef _PMA_IOCTL_H
#define _PMA_IOCTL_H

#include "pma_arena.h"

bool pma_ioctl_make_writable(void __user *memory, size_t bytes);
long pma_ioctl_do(struct pma_arena *arena, unsigned int cmd, void __user *user);
bool pma_ioctl_needs_write(unsigned int cmd);

#endif /* _PMA_IOCTL_H */
