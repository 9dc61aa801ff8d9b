/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_proc.h - /proc/pma
 */
#ifndef _PMA_PROC_H
#define _PMA_PROC_H

#include "pma_pool.h"

int pma_proc_init(void);
void pma_proc_exit(void);

#endif /* _PMA_PROC_H */
