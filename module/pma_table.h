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
void pma_table_exit(struct pma_table *table);

/**
 * pma_table_where() - where an entry is
 * @table: the table
 * @i: any number
 *
 * Return: its place, or NULL if it was never reserved.
 */
static inline void **pma_table_where(const struct pma_table *table, u32 i)
{
	void ***leaves = smp_load_acquire(&table->leaves); /* pairs with pma_table_reserve() */
	void **leaf;

	if (i >= table->nr || !leaves)
		return NULL;
	leaf = smp_load_acquire(&leaves[i / PMA_TABLE_LEAF]);	/* likewise */
	return leaf ? &leaf[i % PMA_TABLE_LEAF] : NULL;
}

/**
 * pma_table_get() - look an entry up
 * @table: the table
 * @i: any number
 *
 * Return: what was set, or NULL.
 */
static inline void *pma_table_get(const struct pma_table *table, u32 i)
{
	void **where = pma_table_where(table, i);

	return where ? *where : NULL;
}

/**
 * pma_table_set() - set an entry
 * @table: the table
 * @i: its number, reserved
 * @entry: what it shall be, or NULL for nothing
 */
static inline void pma_table_set(struct pma_table *table, u32 i, void *entry)
{
	void **where = pma_table_where(table, i);

	if (!WARN_ON_ONCE(!where))
		*where = entry;
}

#endif /* _PMA_TABLE_H */
