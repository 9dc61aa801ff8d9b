/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_share.h - what the suites of shared blocks share
 */
#ifndef _PMA_KUNIT_SHARE_H
#define _PMA_KUNIT_SHARE_H

#include "pma_kunit.h"

#define PMA_KUNIT_SHARERS	4

/**
 * struct pma_kunit_share - a block of three pages and those who may hold it
 * @pool: the pool
 * @arenas: the first has the block
 * @handle: of it
 * @bytes: of it
 */
struct pma_kunit_share {
	struct pma_pool *pool;
	struct pma_arena *arenas[PMA_KUNIT_SHARERS];
	u64 handle;
	u64 bytes;
};

struct pma_kunit_share *pma_kunit_share_create(struct kunit *test,
					       const struct pma_kunit_config *config);
void pma_kunit_share_token(struct kunit *test, struct pma_kunit_share *world, u32 flags, u32 nr,
			   u64 *token);
struct pma_block pma_kunit_share_claim(struct kunit *test, struct pma_kunit_share *world, u32 i,
				       const u64 *token);
int pma_kunit_share_query(struct pma_kunit_share *world, u32 i, u64 handle, u32 *flags);

#endif /* _PMA_KUNIT_SHARE_H */
