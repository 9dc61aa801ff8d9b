// SPDX-License-Identifier: GPL-2.0
/*
 * pma_share_kunit.c - big blocks that several arenas hold
 */
#include "pma_block.h"
#include "pma_dump.h"
#include "pma_kunit_configs.h"
#include "pma_kunit_share.h"
#include "pma_place.h"
#include "pma_resize.h"
#include "pma_share.h"

static u32 pages_left(const struct pma_kunit_share *world)
{
	return pma_pool_free_pages(world->pool, NULL);
}

static u32 arena_pages(const struct pma_kunit_share *world, u32 i)
{
	struct pma_stats stats;

	pma_arena_get_stats(world->arenas[i], &stats);
	return stats.arena_pages;
}

static void share_with_two(struct kunit *test, struct pma_kunit_share *world)
{
	u64 token[2];

	pma_kunit_share_token(test, world, PMA_SHARE_WRITE, 2, token);
	pma_kunit_share_claim(test, world, 1, token);
	pma_kunit_share_claim(test, world, 2, token);
}

/* Each of them has all of it. */
static void expect_holders(struct kunit *test, struct pma_kunit_share *world, const u8 *holders,
			   u32 nr, u32 nr_pages)
{
	u64 last = world->handle + world->bytes - 1;
	u32 flags, i;

	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, arena_pages(world, holders[i]), nr_pages);
		KUNIT_EXPECT_EQ(test, pma_kunit_share_query(world, holders[i], last, &flags), 0);
		KUNIT_EXPECT_TRUE(test, flags & PMA_BLOCK_SHARED);
		KUNIT_EXPECT_EQ(test, pma_place_write(world->arenas[holders[i]], last, "x", 1), 0);
	}
}

static void expect_gone(struct kunit *test, struct pma_kunit_share *world, u32 i, int err)
{
	u64 last = world->handle + world->bytes - 1;
	u32 flags;

	KUNIT_EXPECT_EQ(test, arena_pages(world, i), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_share_query(world, i, world->handle, &flags), err);
	KUNIT_EXPECT_EQ(test, pma_kunit_share_query(world, i, last, &flags), err);
	pma_kunit_expect_sound(test, world->pool);
}

/* Whoever goes first, and whoever last: the block is there for as long as one holds it. */
static void block_lives_till_the_last_holder(struct kunit *test)
{
	static const u8 orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct pma_kunit_share *world = pma_kunit_share_create(test, test->param_value);
	u32 all = world->pool->region.nr_pages, nr = all - pages_left(world);
	u32 order, i;

	for (order = 0; order < ARRAY_SIZE(orders); order++) {
		share_with_two(test, world);
		for (i = 0; i < 3; i++) {
			expect_holders(test, world, &orders[order][i], 3 - i, nr);
			pma_kunit_free(test, world->arenas[orders[order][i]], world->handle);
			expect_gone(test, world, orders[order][i], i < 2 ? -EACCES : -EALREADY);
			KUNIT_EXPECT_EQ(test, pages_left(world), i < 2 ? all - nr : all);
		}
		/* Nobody gets to see what was in it, the last holder neither. */
		i = orders[order][2];
		world->handle = pma_kunit_alloc(test, world->arenas[i], world->bytes);
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_zero(pma_kunit_ptr(world->pool, world->handle),
							  world->bytes));
		pma_kunit_free(test, world->arenas[i], world->handle);
		world->handle = pma_kunit_alloc(test, world->arenas[0], world->bytes);
	}
	pma_kunit_free(test, world->arenas[0], world->handle);
}

static void block_lives_till_the_last_arena(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	u64 token[2];
	u32 i;

	pma_kunit_share_token(test, world, PMA_SHARE_WRITE, 3, token);
	for (i = 1; i < PMA_KUNIT_SHARERS; i++)
		pma_kunit_share_claim(test, world, i, token);
	for (i = 0; i < PMA_KUNIT_SHARERS; i++) {
		KUNIT_EXPECT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(world->pool,
									  world->handle),
							    world->bytes, 1));
		KUNIT_EXPECT_NE(test, pages_left(world), world->pool->region.nr_pages);
		pma_arena_delete(world->arenas[i]);
		pma_kunit_expect_sound(test, world->pool);
	}
	KUNIT_EXPECT_EQ(test, pages_left(world), world->pool->region.nr_pages);
}

/* Who may only read may also let others only read. */
static void claim_to_read(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	struct pma_kunit_before before;
	u64 token[2], more[2];
	u32 flags, first, nr;
	bool writable = true;
	unsigned long irq;
	char byte = 1;

	pma_kunit_share_token(test, world, 0, 1, token);
	flags = pma_kunit_share_claim(test, world, 1, token).flags;
	KUNIT_EXPECT_EQ(test, flags & (PMA_BLOCK_SHARED | PMA_BLOCK_READ_ONLY),
			PMA_BLOCK_SHARED | PMA_BLOCK_READ_ONLY);
	KUNIT_EXPECT_EQ(test, pma_place_read(world->arenas[1], world->handle + 5000, &byte, 1), 0);
	pma_kunit_watch(&before, world->arenas[1]);
	KUNIT_EXPECT_EQ(test, pma_place_write(world->arenas[1], world->handle + 5000, &byte, 1),
			-EROFS);
	pma_kunit_expect_refused(test, &before, world->arenas[1], -EROFS, "write");
	pma_kunit_watch(&before, world->arenas[1]);
	KUNIT_EXPECT_EQ(test, pma_share_block(world->arenas[1], world->handle, PMA_SHARE_WRITE, 1,
					      more), -EROFS);
	pma_kunit_expect_refused(test, &before, world->arenas[1], -EROFS, "share");
	KUNIT_EXPECT_EQ(test, pma_share_block(world->arenas[1], world->handle, 0, 1, more), 0);
	KUNIT_EXPECT_TRUE(test, pma_kunit_share_claim(test, world, 2, more).flags &
			  PMA_BLOCK_READ_ONLY);
	raw_spin_lock_irqsave(&world->arenas[1]->lock, irq);
	KUNIT_EXPECT_FALSE(test, pma_place_pages(world->arenas[1], world->handle + 8191, true,
						 &first, &nr, &writable));
	KUNIT_EXPECT_TRUE(test, pma_place_pages(world->arenas[1], world->handle + 8191, false,
						&first, &nr, &writable));
	raw_spin_unlock_irqrestore(&world->arenas[1]->lock, irq);
	KUNIT_EXPECT_FALSE(test, writable);
	KUNIT_EXPECT_EQ(test, first, pma_region_pgno(&world->pool->region, world->handle) + 1);
	KUNIT_EXPECT_EQ(test, nr, 1);
	/* who has it for writing still has */
	KUNIT_EXPECT_EQ(test, pma_place_write(world->arenas[0], world->handle, &byte, 1), 0);
	pma_kunit_free(test, world->arenas[0], world->handle);
	pma_kunit_free(test, world->arenas[1], world->handle);
	pma_kunit_free(test, world->arenas[2], world->handle);
}

static void expect_bad_token(struct kunit *test, struct pma_kunit_share *world, u32 i,
			     const u64 *token)
{
	struct pma_kunit_before before;
	struct pma_block block;

	pma_kunit_watch(&before, world->arenas[i]);
	KUNIT_EXPECT_EQ(test, pma_share_claim(world->arenas[i], token, &block), -EKEYREJECTED);
	pma_kunit_expect_refused(test, &before, world->arenas[i], -EKEYREJECTED, "claim");
}

/* One wrong bit is as wrong as all of them. */
static void claim_refuses_wrong_tokens(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	const u64 nothing[2] = {};
	u64 token[2], wrong[2];
	u32 bit;

	expect_bad_token(test, world, 1, nothing);
	pma_kunit_share_token(test, world, PMA_SHARE_WRITE, 1, token);
	for (bit = 0; bit < 128; bit++) {
		wrong[0] = token[0] ^ (bit < 64 ? BIT_ULL(bit) : 0);
		wrong[1] = token[1] ^ (bit < 64 ? 0 : BIT_ULL(bit - 64));
		expect_bad_token(test, world, 1, wrong);
		KUNIT_EXPECT_EQ(test, pma_share_revoke(world->arenas[0], wrong), -EKEYREJECTED);
	}
	pma_kunit_share_claim(test, world, 1, token);
	/* used up */
	expect_bad_token(test, world, 2, token);
	KUNIT_EXPECT_EQ(test, pma_share_revoke(world->arenas[0], token), -EKEYREJECTED);
	pma_kunit_free(test, world->arenas[0], world->handle);
	pma_kunit_free(test, world->arenas[1], world->handle);
	expect_bad_token(test, world, 1, token);
}

/* What a body says beyond the block gives no claim. */
static void claim_ends_with_the_block(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	u64 end = world->handle + world->bytes, token[2];
	struct pma_page *page = &world->pool->pages.desc[end / 4096];
	u32 flags;

	pma_kunit_share_token(test, world, 0, 1, token);
	pma_kunit_share_claim(test, world, 1, token);
	KUNIT_ASSERT_EQ(test, page->kind, PMA_KIND_FREE);
	page->big.first = world->handle / 4096;
	pma_page_set(page, PMA_PAGE_BODY, 0, world->arenas[0]->id);
	KUNIT_EXPECT_EQ(test, pma_kunit_share_query(world, 1, end - 1, &flags), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_share_query(world, 1, end, &flags), -EACCES);
	pma_page_set(page, PMA_KIND_FREE, 0, 0);
	pma_kunit_free(test, world->arenas[0], world->handle);
	pma_kunit_free(test, world->arenas[1], world->handle);
}

static void token_dies_with_its_sharer(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	u64 token[2], other[2];

	pma_kunit_share_token(test, world, 0, 3, token);
	pma_kunit_share_claim(test, world, 1, token);
	KUNIT_ASSERT_EQ(test, pma_share_block(world->arenas[1], world->handle, 0, 1, other), 0);
	pma_kunit_free(test, world->arenas[0], world->handle);
	expect_bad_token(test, world, 2, token);
	/* but not another's */
	pma_kunit_share_claim(test, world, 2, other);
	pma_kunit_free(test, world->arenas[1], world->handle);
	pma_block_free_all(world->arenas[2]);
	KUNIT_EXPECT_EQ(test, pages_left(world), world->pool->region.nr_pages);
}

static void revoke_takes_a_token_back(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	struct pma_kunit_before before;
	u64 token[2], other[2];
	struct pma_block block;
	unsigned long irq;

	pma_kunit_watch(&before, world->arenas[0]);
	pma_kunit_share_token(test, world, 0, 3, token);
	pma_kunit_share_token(test, world, 0, PMA_CLAIMS_MAX, other);
	/* it is for who gave it out to take it back */
	KUNIT_EXPECT_EQ(test, pma_share_revoke(world->arenas[1], token), -EKEYREJECTED);
	KUNIT_EXPECT_EQ(test, pma_share_revoke(world->arenas[0], token), 0);
	expect_bad_token(test, world, 1, token);
	KUNIT_EXPECT_EQ(test, pma_share_revoke(world->arenas[0], token), -EKEYREJECTED);
	KUNIT_EXPECT_EQ(test, pma_resize_block(world->arenas[0], world->handle, 100, 0, 0, &block),
			-EBUSY);
	/* Nobody ever had a chance: it is as if it had not been shared. */
	KUNIT_EXPECT_EQ(test, pma_share_revoke(world->arenas[0], other), 0);
	raw_spin_lock_irqsave(&world->arenas[0]->lock, irq);
	KUNIT_EXPECT_NULL(test, pma_share_find(world->arenas[0], world->handle / 4096));
	raw_spin_unlock_irqrestore(&world->arenas[0]->lock, irq);
	KUNIT_EXPECT_EQ(test, pma_kunit_fingerprint(world->pool), before.fingerprint);
	pma_kunit_expect_sound(test, world->pool);
	KUNIT_EXPECT_EQ(test, pma_resize_block(world->arenas[0], world->handle, 20000, 0, 0,
					       &block), 0);
	pma_kunit_free(test, world->arenas[0], block.handle);
}

static void revoke_leaves_claims_alone(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	u64 token[2];
	u32 flags;

	pma_kunit_share_token(test, world, 0, 3, token);
	pma_kunit_share_claim(test, world, 1, token);
	KUNIT_EXPECT_EQ(test, pma_share_revoke(world->arenas[0], token), 0);
	expect_bad_token(test, world, 2, token);
	KUNIT_EXPECT_EQ(test, pma_kunit_share_query(world, 1, world->handle, &flags), 0);
	pma_kunit_free(test, world->arenas[1], world->handle);
	KUNIT_EXPECT_EQ(test, pma_kunit_share_query(world, 0, world->handle, &flags), 0);
	pma_kunit_free(test, world->arenas[0], world->handle);
}

static void expect_no_share(struct kunit *test, struct pma_kunit_share *world, u64 handle,
			    u32 flags, u32 nr, int err)
{
	struct pma_kunit_before before;
	u64 token[2];

	pma_kunit_watch(&before, world->arenas[0]);
	KUNIT_EXPECT_EQ_MSG(test, pma_share_block(world->arenas[0], handle, flags, nr, token), err,
			    "handle 0x%llx", handle);
	pma_kunit_expect_refused(test, &before, world->arenas[0], err, "share");
	pma_kunit_expect_sound(test, world->pool);
}

static void share_refuses(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	struct pma_arena *arena = world->arenas[0];
	u64 slab = pma_kunit_alloc(test, arena, 64), heap = pma_kunit_alloc(test, arena, 5000);
	u64 theirs = pma_kunit_alloc(test, world->arenas[1], 8192);
	u32 busy = pma_arena_big_take(arena, 1);

	expect_no_share(test, world, slab, 0, 1, -EOPNOTSUPP);
	expect_no_share(test, world, heap, 0, 1, -EOPNOTSUPP);
	expect_no_share(test, world, theirs, 0, 1, -EACCES);
	expect_no_share(test, world, world->handle + 1, 0, 1, -EBADSLT);
	expect_no_share(test, world, world->handle + 4096, 0, 1, -EBADSLT);
	expect_no_share(test, world, slab + 64, 0, 1, -EALREADY);
	expect_no_share(test, world, 63 * 4096, 0, 1, -EALREADY);
	expect_no_share(test, world, (u64)busy * 4096, 0, 1, -EALREADY);
	expect_no_share(test, world, world->pool->region.bytes, 0, 1, -ERANGE);
	expect_no_share(test, world, PMA_HANDLE_NONE, 0, 1, -ERANGE);
	expect_no_share(test, world, world->handle, 2, 1, -EINVAL);
	expect_no_share(test, world, world->handle, 0, 0, -EINVAL);
	expect_no_share(test, world, world->handle, 0, PMA_CLAIMS_MAX + 1, -EINVAL);
	pma_arena_big_drop(arena, busy);
	pma_block_free_all(arena);
	pma_block_free_all(world->arenas[1]);
}

/* Where bodies are not marked nothing can be shared: nobody there is a process. */
static void share_refuses_kernel_pools(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_default);

	expect_no_share(test, world, world->handle, 0, 1, -EOPNOTSUPP);
	pma_kunit_free(test, world->arenas[0], world->handle);
}

static void share_has_an_end(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	u64 token[2], last[2];
	u32 i;

	for (i = 0; i < PMA_TOKENS_ARENA_MAX; i++)
		pma_kunit_share_token(test, world, 0, 1, i ? token : last);
	expect_no_share(test, world, world->handle, 0, 1, -ENOSPC);
	pma_kunit_share_claim(test, world, 1, last);
	pma_kunit_share_token(test, world, 0, 1, token);
	expect_no_share(test, world, world->handle, 0, 1, -ENOSPC);
	KUNIT_EXPECT_EQ(test, pma_share_revoke(world->arenas[0], token), 0);
	pma_kunit_share_token(test, world, 0, 1, token);
	/* another's are not counted with them */
	KUNIT_EXPECT_EQ(test, pma_share_block(world->arenas[1], world->handle, 0, 1, token), 0);
	for (i = 0; i < 2; i++)
		pma_kunit_free(test, world->arenas[i], world->handle);
	KUNIT_EXPECT_EQ(test, world->arenas[0]->nr_tokens, 0);
}

static void claim_refuses_who_has_it(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	struct pma_kunit_before before;
	struct pma_block block;
	u64 token[2];
	u32 i;

	pma_kunit_share_token(test, world, PMA_SHARE_WRITE, 2, token);
	pma_kunit_share_claim(test, world, 1, token);
	for (i = 0; i < 2; i++) {
		pma_kunit_watch(&before, world->arenas[i]);
		KUNIT_EXPECT_EQ(test, pma_share_claim(world->arenas[i], token, &block), -EEXIST);
		pma_kunit_expect_refused(test, &before, world->arenas[i], -EEXIST, "claim");
	}
	/* that did not use it up; and who has let go can have it again */
	pma_kunit_free(test, world->arenas[1], world->handle);
	pma_kunit_share_claim(test, world, 1, token);
	for (i = 0; i < 2; i++)
		pma_kunit_free(test, world->arenas[i], world->handle);
}

/* Freed once by each: once more is a double free, or another's block. */
static void release_refuses_what_is_not_held(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	struct pma_kunit_before before;
	u64 token[2];

	pma_kunit_share_token(test, world, PMA_SHARE_WRITE, 2, token);
	pma_kunit_watch(&before, world->arenas[1]);
	KUNIT_EXPECT_EQ(test, pma_block_free(world->arenas[1], world->handle), -EACCES);
	pma_kunit_expect_refused(test, &before, world->arenas[1], -EACCES, "free");
	pma_kunit_share_claim(test, world, 1, token);
	pma_kunit_watch(&before, world->arenas[1]);
	KUNIT_EXPECT_EQ(test, pma_block_free(world->arenas[1], world->handle + 8), -EBADSLT);
	pma_kunit_expect_refused(test, &before, world->arenas[1], -EBADSLT, "free");
	pma_kunit_free(test, world->arenas[0], world->handle);
	pma_kunit_watch(&before, world->arenas[0]);
	KUNIT_EXPECT_EQ(test, pma_block_free(world->arenas[0], world->handle), -EACCES);
	pma_kunit_expect_refused(test, &before, world->arenas[0], -EACCES, "free");
	KUNIT_EXPECT_EQ(test, pma_block_free(world->arenas[0], world->handle + 4096), -EACCES);
	pma_kunit_free(test, world->arenas[1], world->handle);
	KUNIT_EXPECT_EQ(test, pma_block_free(world->arenas[1], world->handle), -EALREADY);
}

static void resize_refuses_shared_blocks(struct kunit *test)
{
	static const u32 sizes[] = { 1, 100, 5000, 8192, 12288, 50000 };
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	struct pma_kunit_before before;
	struct pma_block block;
	u64 token[2];
	u32 i, a;

	pma_kunit_share_token(test, world, PMA_SHARE_WRITE, 1, token);
	pma_kunit_share_claim(test, world, 1, token);
	for (a = 0; a < 2; a++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			pma_kunit_watch(&before, world->arenas[a]);
			KUNIT_EXPECT_EQ(test, pma_resize_block(world->arenas[a], world->handle,
							       sizes[i], 0, 0, &block), -EBUSY);
			pma_kunit_expect_refused(test, &before, world->arenas[a], -EBUSY, "resize");
		}
		/* a size of 0 frees, here as elsewhere */
		KUNIT_EXPECT_EQ(test, pma_resize_block(world->arenas[a], world->handle, 0, 0, 0,
						       &block), 0);
		pma_kunit_expect_sound(test, world->pool);
	}
}

/* Each holder is charged: also who shared, and only once. */
static void claim_keeps_to_the_limit(struct kunit *test)
{
	struct pma_limit_args limit = { .flags = PMA_LIMIT_LIMIT, .limit = 5 };
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	struct pma_kunit_before before;
	struct pma_block block;
	u64 token[2], own;
	u32 i;

	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test, pma_limit_set(world->arenas[i], &limit, true), 0);
	own = pma_kunit_alloc(test, world->arenas[1], 3 * 4096);
	pma_kunit_share_token(test, world, 0, 1, token);
	pma_kunit_watch(&before, world->arenas[1]);
	KUNIT_EXPECT_EQ(test, before.stats.charged_pages, 3);
	KUNIT_EXPECT_EQ(test, pma_share_claim(world->arenas[1], token, &block), -ENOMEM);
	/* That may not be all that is tried. */
	pma_kunit_expect_refused(test, &before, world->arenas[1], 0, "claim");
	pma_kunit_free(test, world->arenas[1], own);
	pma_kunit_share_claim(test, world, 1, token);
	for (i = 0; i < 2; i++) {
		pma_arena_get_stats(world->arenas[i], &before.stats);
		KUNIT_EXPECT_EQ(test, before.stats.charged_pages, 3);
		KUNIT_EXPECT_EQ(test, pma_block_alloc(world->arenas[i], 3 * 4096, 0, 0, &block),
				-ENOMEM);
		pma_kunit_free(test, world->arenas[i], world->handle);
		pma_arena_get_stats(world->arenas[i], &before.stats);
		KUNIT_EXPECT_EQ(test, before.stats.charged_pages, 0);
	}
}

static void share_and_claim_fail_without_memory(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	struct pma_block block;
	u64 token[2];
	u32 nth;
	int err;

	for (nth = 1; pma_kunit_fail_begin(nth); nth++) {
		err = pma_share_block(world->arenas[0], world->handle, 0, 1, token);
		if (!err)
			err = pma_share_claim(world->arenas[1], token, &block);
		if (!pma_kunit_fail_end()) {
			KUNIT_EXPECT_EQ(test, err, 0);
			break;
		}
		/* it may have been one that can do without */
		KUNIT_EXPECT_TRUE(test, !err || err == -ENOMEM);
		pma_kunit_expect_sound(test, world->pool);
		if (err)
			continue;
		pma_block_free_all(world->arenas[0]);
		pma_block_free_all(world->arenas[1]);
		world->handle = pma_kunit_alloc(test, world->arenas[0], world->bytes);
	}
	pma_block_free_all(world->arenas[0]);
	pma_block_free_all(world->arenas[1]);
}

static void dump_tells_of_shared_blocks(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	struct pma_page_rec page;
	struct pma_block_rec rec;
	u64 token[2], cursor;
	u32 i;

	pma_kunit_share_token(test, world, 0, 2, token);
	pma_kunit_share_claim(test, world, 1, token);
	cursor = pma_region_pgno(&world->pool->region, world->handle);
	KUNIT_ASSERT_EQ(test, pma_dump_pages(world->pool, NULL, &cursor, &page, 1), 1);
	KUNIT_EXPECT_EQ(test, page.kind, PMA_KIND_BIG);
	KUNIT_EXPECT_EQ(test, page.owner, PMA_OWNER_SHARED);
	for (i = 0; i < 3; i++) {
		cursor = 0;
		KUNIT_ASSERT_EQ(test, pma_dump_blocks(world->arenas[i], &cursor, &rec, 1), i < 2);
		if (i == 2)
			break;
		KUNIT_EXPECT_EQ(test, rec.handle, world->handle);
		KUNIT_EXPECT_EQ(test, rec.owner, PMA_OWNER_SHARED);
		KUNIT_EXPECT_EQ(test, !!(rec.flags & PMA_BLOCK_READ_ONLY), i);
	}
	pma_block_free_all(world->arenas[0]);
	pma_block_free_all(world->arenas[1]);
}

static struct kunit_case pma_share_cases[] = {
	KUNIT_CASE_PARAM(block_lives_till_the_last_holder, pma_kunit_isolating_configs_gen_params),
	KUNIT_CASE(block_lives_till_the_last_arena),
	KUNIT_CASE(claim_to_read),
	KUNIT_CASE(claim_refuses_wrong_tokens),
	KUNIT_CASE(claim_refuses_who_has_it),
	KUNIT_CASE(claim_ends_with_the_block),
	KUNIT_CASE(token_dies_with_its_sharer),
	KUNIT_CASE(revoke_takes_a_token_back),
	KUNIT_CASE(revoke_leaves_claims_alone),
	KUNIT_CASE(share_refuses),
	KUNIT_CASE(share_refuses_kernel_pools),
	KUNIT_CASE(share_has_an_end),
	KUNIT_CASE(release_refuses_what_is_not_held),
	KUNIT_CASE(resize_refuses_shared_blocks),
	KUNIT_CASE(claim_keeps_to_the_limit),
	KUNIT_CASE(share_and_claim_fail_without_memory),
	KUNIT_CASE(dump_tells_of_shared_blocks),
	{}
};

static struct kunit_suite pma_share_suite = {
	.name = "pma_share",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_share_cases,
};

kunit_test_suite(pma_share_suite);
