/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_table.h - a sparse table of pointers
 */
#ifndef _PMA_TABLE_H
#define _PMA_TABLE_H

#include "pma_types.h"

#define PMA_TABLE_LEAF	512	/* entries that come together: a frame of them */

/**
 * struct pma_table - pointers by number
 * @leaves: PMA_TABLE_LEAF entries each, NULL where there are none; NULL before the
 *	first reservation
 * @nr: numbers are below it
 */
struct pma_table {
	void ***leaves;
	u32 nr;
};

static inline void pma_table_init(struct pma_table *table, u32 nr)
{
	*table = (struct pma_table){ .nr = nr };
}

int pma_table_reserve(struct pma_table *table, u32 i);
void *pma_table_get(const struct pma_table *table, u32 i);
void pma_table_set(struct pma_table *table, u32 i, void *entry);
void pma_table_exit(struct pma_table *table);

#endif /* _PMA_TABLE_H */
