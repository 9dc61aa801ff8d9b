/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_main.h - the module's parameters
 */
#ifndef _PMA_MAIN_H
#define _PMA_MAIN_H

#include "pma_types.h"

struct kernel_param;

/**
 * struct pma_main_params - as modinfo tells of them
 * @size: bytes of the region
 * @page_size: bytes of a page
 * @slab_max: largest block of a slab page; 0 for page_size/2
 * @classes: "fine" or "pow2"
 * @track: record the requested size of slab blocks
 * @limit: bytes that an arena may have at first; 0 for no limit
 */
struct pma_main_params {
	unsigned long size;
	unsigned long page_size;
	unsigned long slab_max;
	char *classes;
	bool track;
	unsigned long limit;
};

int pma_main_set_size(const char *val, const struct kernel_param *kp);
int pma_main_check_params(const struct pma_main_params *params);

#endif /* _PMA_MAIN_H */
