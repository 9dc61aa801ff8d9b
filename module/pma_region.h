/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_region.h - the contiguous memory of a pool
 */
#ifndef _PMA_REGION_H
#define _PMA_REGION_H

#include "pma_types.h"

int pma_region_init(struct pma_region *region, size_t bytes, u32 page_size);
void pma_region_exit(struct pma_region *region);

#endif /* _PMA_REGION_H */
