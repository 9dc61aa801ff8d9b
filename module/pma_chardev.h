/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_chardev.h - /dev/pma
 */
#ifndef _PMA_CHARDEV_H
#define _PMA_CHARDEV_H

#include "pma_pool.h"

extern const struct file_operations pma_chardev_fops;

int pma_chardev_init(struct pma_pool *pool);
void pma_chardev_exit(void);

#endif /* _PMA_CHARDEV_H */
