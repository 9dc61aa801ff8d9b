// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_share.c - what the suites of shared blocks share
 */
#include "pma_kunit_share.h"
#include "pma_place.h"
#include "pma_share.h"

struct pma_kunit_share *pma_kunit_share_create(struct kunit *test,
					       const struct pma_kunit_config *config)
{
	struct pma_kunit_share *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, world);
	world->pool = pma_kunit_pool(test, config);
	for (i = 0; i < PMA_KUNIT_SHARERS; i++)
		world->arenas[i] = pma_kunit_arena(test, world->pool, PMA_ARENA_USER);
	world->bytes = min(3 * config->page_size, config->nr_pages * config->page_size);
	world->handle = pma_kunit_alloc(test, world->arenas[0], world->bytes);
	pma_kunit_fill(pma_kunit_ptr(world->pool, world->handle), world->bytes, 1);
	return world;
}

void pma_kunit_share_token(struct kunit *test, struct pma_kunit_share *world, u32 flags, u32 nr,
			   u64 *token)
{
	KUNIT_ASSERT_EQ(test, pma_share_block(world->arenas[0], world->handle, flags, nr, token),
			0);
}

struct pma_block pma_kunit_share_claim(struct kunit *test, struct pma_kunit_share *world, u32 i,
				       const u64 *token)
{
	struct pma_block block = {};

	KUNIT_ASSERT_EQ(test, pma_share_claim(world->arenas[i], token, &block), 0);
	KUNIT_EXPECT_EQ(test, block.handle, world->handle);
	KUNIT_EXPECT_EQ(test, block.size, world->bytes);
	pma_kunit_expect_sound(test, world->pool);
	return block;
}

int pma_kunit_share_query(struct pma_kunit_share *world, u32 i, u64 handle, u32 *flags)
{
	struct pma_block block = {};
	int err = pma_place_query(world->arenas[i], handle, true, &block);

	*flags = block.flags;
	return err;
}
