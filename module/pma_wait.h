/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_wait.h - waiting for pages, and being told that few are left
 */
#ifndef _PMA_WAIT_H
#define _PMA_WAIT_H

#include <linux/poll.h>

#include "pma_arena.h"

int pma_wait_init(struct pma_pool *pool);
void pma_wait_exit(struct pma_pool *pool);
int pma_wait_open(struct pma_arena *arena);
void pma_wait_close(struct pma_wait *wait);

void pma_wait_freed(struct pma_pool *pool, struct pma_arena *arena);
void pma_wait_crossed(struct pma_arena *arena);
void pma_wait_shifted(struct pma_pool *pool);

int pma_wait_for_room(struct pma_arena *arena, int (*try)(void *request), void *request,
		      u32 nr_pages, u32 timeout_ms);
__poll_t pma_wait_poll(struct pma_arena *arena, struct file *file, poll_table *table);

#endif /* _PMA_WAIT_H */
