// SPDX-License-Identifier: GPL-2.0
/*
 * pma_share_told_kunit.c - what front-ends are told of shared blocks
 */
#include "pma_kunit_share.h"
#include "pma_place.h"
#include "pma_share.h"

static void fault(struct kunit *test, struct pma_arena *arena, u64 handle, u32 *first, u32 *nr)
{
	bool found, writable;
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	found = pma_place_pages(arena, handle, false, first, nr, &writable);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	KUNIT_EXPECT_TRUE(test, found);
}

/* What a front-end is asked to do, in which order. */
static char calls[16];
static u32 zapped, nr_zapped;

static void told(char what)
{
	size_t n = strlen(calls);

	if (n < sizeof(calls) - 1)
		calls[n] = what;
}

static bool told_revoke(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	told('R');
	return true;
}

static void told_zap(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	told('Z');
	zapped = pgno;
	nr_zapped = nr_pages;
}

static void told_expect_read_only(struct pma_arena *arena)
{
	told('E');
}

static bool told_is_idle(struct pma_pool *pool, u32 pgno, u32 nr_pages)
{
	return true;
}

static const struct pma_pool_ops told_ops = {
	.revoke = told_revoke,
	.zap = told_zap,
	.expect_read_only = told_expect_read_only,
	.is_idle = told_is_idle,
};

static void expect_calls(struct kunit *test, const char *wanted)
{
	KUNIT_EXPECT_STREQ(test, calls, wanted);
	memset(calls, 0, sizeof(calls));
}

/*
 * Of each holder's mappings is zapped what it has reached when it goes; the last
 * revokes, whoever was mapped.
 */
static void release_zaps_and_revokes(struct kunit *test)
{
	struct pma_kunit_share *world = pma_kunit_share_create(test, &pma_kunit_isolating);
	u32 pgno = pma_region_pgno(&world->pool->region, world->handle), first, nr;
	u64 token[2];

	memset(calls, 0, sizeof(calls));
	world->pool->ops = &told_ops;
	world->arenas[0]->mapped = true;
	world->arenas[1]->mapped = true;
	pma_kunit_share_token(test, world, PMA_SHARE_WRITE, 2, token);
	pma_kunit_share_claim(test, world, 1, token);
	pma_kunit_share_claim(test, world, 2, token);
	fault(test, world->arenas[1], world->handle + 8192, &first, &nr);
	expect_calls(test, "");
	pma_kunit_free(test, world->arenas[0], world->handle);
	expect_calls(test, "Z");
	/* it may have been mapped before it was shared */
	KUNIT_EXPECT_EQ(test, zapped, pgno);
	KUNIT_EXPECT_EQ(test, nr_zapped, 3);
	pma_kunit_free(test, world->arenas[1], world->handle);
	expect_calls(test, "Z");
	KUNIT_EXPECT_EQ(test, zapped, pgno + 2);
	KUNIT_EXPECT_EQ(test, nr_zapped, 1);
	/* it was never mapped, but others were */
	pma_kunit_free(test, world->arenas[2], world->handle);
	expect_calls(test, "R");
	world->handle = pma_kunit_alloc(test, world->arenas[0], world->bytes);
	pma_kunit_share_token(test, world, 0, 1, token);
	pma_kunit_share_claim(test, world, 3, token);
	expect_calls(test, "E");
	/* it is mapped, but has reached nothing */
	world->arenas[3]->mapped = true;
	pma_kunit_free(test, world->arenas[3], world->handle);
	expect_calls(test, "");
	/* nor does the arena keep it as it keeps its own */
	pma_kunit_free(test, world->arenas[0], world->handle);
	expect_calls(test, "R");
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(world->pool, NULL), world->pool->region.nr_pages);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(release_zaps_and_revokes),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_share_told",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
