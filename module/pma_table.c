// SPDX-License-Identifier: GPL-2.0
/*
 * pma_table.c - a sparse table of pointers
 *
 * Two levels: leaves of a frame each, and a frame or so that leads to them.
 *
 *	leaves	| leaf of 0..511 | NULL | leaf of 1024..1535 | NULL | ...
 *
 * Looking up and setting are two loads and take any context.  What may sleep is
 * apart from them: a leaf is reserved first, without a lock, and then stays until
 * the table ends.  Entries are their user's to lock.
 */
#include "pma_table.h"

static u32 nr_leaves(const struct pma_table *table)
{
	return DIV_ROUND_UP(table->nr, PMA_TABLE_LEAF);
}

/* Put @nr NULLs where a pointer to them is missing; another thread may be first. */
static int provide(void ***where, u32 nr)
{
	void **entries;

	if (smp_load_acquire(where))	/* pairs with cmpxchg() below */
		return 0;
	entries = kvcalloc(nr, sizeof(*entries), GFP_KERNEL);
	if (!entries)
		return -ENOMEM;
	if (cmpxchg(where, NULL, entries))
		kvfree(entries);
	return 0;
}

/**
 * pma_table_reserve() - make sure that an entry can be set
 * @table: the table
 * @i: its number; one that the table does not have is fine, and needs nothing
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int pma_table_reserve(struct pma_table *table, u32 i)
{
	int err;

	if (i >= table->nr)
		return 0;
	err = provide((void ***)&table->leaves, nr_leaves(table));
	return err ?: provide(&table->leaves[i / PMA_TABLE_LEAF], PMA_TABLE_LEAF);
}

/**
 * pma_table_exit() - free a table
 * @table: the table; what its entries point at is not its own
 */
void pma_table_exit(struct pma_table *table)
{
	u32 i;

	for (i = 0; table->leaves && i < nr_leaves(table); i++)
		kvfree(table->leaves[i]);
	kvfree(table->leaves);
}
