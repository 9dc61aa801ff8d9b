// SPDX-License-Identifier: GPL-2.0
/*
 * pma_held_kunit.c - runs that are freed, but kept back
 *
 * Nothing is mapped here: what pma_mmap.c would do is only counted, and a frame is
 * pinned if the case says so.
 */
#include "pma_block.h"
#include "pma_held.h"
#include "pma_kunit.h"
#include "pma_place.h"

#define PAGE_BYTES	4096
#define PAGES		64		/* of the pool: twice as many as are settled at a time */

/* What the front-end was asked, and what it answers. */
static struct {
	u32 revoked;		/* runs */
	u32 first[PAGES];	/* their first pages, in order */
	u32 unannounced;	/* while nobody could tell that pages move */
	u64 pinned;		/* a bit a page */
} front;

static bool is_idle(struct pma_pool *pool, u32 pgno, u32 nr_pages)
{
	u32 i;

	front.unannounced += !atomic_read(&pool->moving);
	for (i = pgno; i < pgno + nr_pages; i++)
		if (front.pinned >> i & 1)
			return false;
	return true;
}

static bool revoke(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	if (front.revoked < PAGES)
		front.first[front.revoked] = pgno;
	front.revoked++;
	return is_idle(arena->pool, pgno, nr_pages);
}

static const struct pma_pool_ops front_ops = {
	.revoke = revoke,
	.is_idle = is_idle,
};

static struct pma_pool *mapped_pool(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);

	KUNIT_ASSERT_EQ(test, pool->region.nr_pages, PAGES);
	memset(&front, 0, sizeof(front));
	pool->ops = &front_ops;
	return pool;
}

static struct pma_arena *mapped_arena(struct kunit *test, struct pma_pool *pool)
{
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);

	arena->mapped = true;
	return arena;
}

static u32 used(const struct pma_arena *arena)
{
	return arena->budget.used;
}

static u32 left(struct pma_pool *pool)
{
	return pma_pool_free_pages(pool, NULL);
}

/* Let an arena hold @nr runs of @nr_pages each; answers the first page of the first. */
static u32 hold(struct kunit *test, struct pma_arena *arena, u32 nr, u32 nr_pages)
{
	u64 handles[PAGES];
	u32 i;

	KUNIT_ASSERT_LE(test, nr, PAGES);
	for (i = 0; i < nr; i++)
		handles[i] = pma_kunit_alloc(test, arena, nr_pages * PAGE_BYTES);
	for (i = 0; i < nr; i++)
		pma_kunit_free(test, arena, handles[i]);
	return handles[0] / PAGE_BYTES;
}

static u32 take(struct pma_arena *arena, u32 nr_pages, u32 client_flags)
{
	unsigned long irq;
	u32 pgno;

	raw_spin_lock_irqsave(&arena->lock, irq);
	pgno = pma_held_take(arena, nr_pages, client_flags);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return pgno;
}

static void give(struct pma_arena *arena, u32 pgno, u32 nr_pages)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	pma_arena_give_run(arena, pgno, nr_pages);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

/* Free for who asks, charged still, and out of any fault's reach. */
static void put_keeps_the_run(struct kunit *test)
{
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool);
	u32 pgno = hold(test, arena, 1, 3), first, nr_pages;
	struct pma_block block;
	unsigned long irq;
	bool writable;

	KUNIT_EXPECT_EQ(test, pma_held_pages(arena), 3);
	KUNIT_EXPECT_EQ(test, used(arena), 3);
	KUNIT_EXPECT_EQ(test, left(pool), PAGES - 3);
	KUNIT_EXPECT_EQ(test, front.revoked, 0);
	KUNIT_EXPECT_EQ(test, pool->pages.desc[pgno].kind, PMA_KIND_HELD);
	KUNIT_EXPECT_EQ(test, pma_place_query(arena, pgno * PAGE_BYTES, true, &block), -EALREADY);
	KUNIT_EXPECT_EQ(test, pma_block_free(arena, pgno * PAGE_BYTES), -EALREADY);
	raw_spin_lock_irqsave(&arena->lock, irq);
	KUNIT_EXPECT_FALSE(test, pma_place_pages(arena, pgno * PAGE_BYTES, false, &first, &nr_pages,
						 &writable));
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	pma_kunit_expect_sound(test, pool);
}

/* Only what was held last, and only for what it was: its tags stay as they are. */
static void take_wants_length_and_flags(struct kunit *test)
{
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool);
	u32 flags = PMA_FIT_A | PMA_FIT_M, pgno;

	KUNIT_EXPECT_EQ(test, take(arena, 2, flags), PMA_NONE);
	pgno = hold(test, arena, 1, 2);
	KUNIT_EXPECT_EQ(test, take(arena, 1, flags), PMA_NONE);
	KUNIT_EXPECT_EQ(test, take(arena, 3, flags), PMA_NONE);
	KUNIT_EXPECT_EQ(test, take(arena, 2, PMA_FIT_A), PMA_NONE);
	KUNIT_EXPECT_EQ(test, take(arena, 2, PMA_FIT_M), PMA_NONE);
	KUNIT_EXPECT_EQ(test, pma_held_pages(arena), 2);
	KUNIT_EXPECT_EQ(test, take(arena, 2, flags), pgno);
	KUNIT_EXPECT_EQ(test, pma_held_pages(arena), 0);
	KUNIT_EXPECT_EQ(test, arena->held, PMA_NONE);
	KUNIT_EXPECT_EQ(test, pool->pages.desc[pgno].kind, PMA_KIND_FREE);
	KUNIT_EXPECT_EQ(test, used(arena), 2);
	give(arena, pgno, 2);
	KUNIT_EXPECT_EQ(test, pma_held_pages(arena), 2);
	pma_kunit_expect_sound(test, pool);
}

/* A client that frees and allocates in turns neither zaps nor moves. */
static void take_serves_the_next_block(struct kunit *test)
{
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool);
	u32 pgno = hold(test, arena, 1, 2), round;
	u64 handle;

	for (round = 0; round < 10; round++) {
		handle = pma_kunit_alloc(test, arena, 2 * PAGE_BYTES);
		KUNIT_EXPECT_EQ(test, handle, pgno * PAGE_BYTES);
		KUNIT_EXPECT_EQ(test, pma_held_pages(arena), 0);
		pma_kunit_free(test, arena, handle);
	}
	KUNIT_EXPECT_EQ(test, front.revoked, 0);
	KUNIT_EXPECT_EQ(test, used(arena), 2);
}

/* Down to what may stay, the newest first; a run is never cut. */
static void settle_keeps_what_it_may(struct kunit *test)
{
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool);
	u32 pgno = hold(test, arena, 10, 2);

	KUNIT_EXPECT_FALSE(test, pma_held_settle(arena, 21));
	KUNIT_EXPECT_FALSE(test, pma_held_settle(arena, 20));
	KUNIT_EXPECT_EQ(test, front.revoked, 0);
	KUNIT_EXPECT_TRUE(test, pma_held_settle(arena, 15));
	KUNIT_EXPECT_EQ(test, front.revoked, 3);
	KUNIT_EXPECT_EQ(test, front.first[0], pgno + 18);
	KUNIT_EXPECT_EQ(test, front.first[2], pgno + 14);
	KUNIT_EXPECT_EQ(test, pma_held_pages(arena), 14);
	KUNIT_EXPECT_EQ(test, used(arena), 14);
	KUNIT_EXPECT_EQ(test, left(pool), PAGES - 14);
	pma_kunit_expect_sound(test, pool);
	KUNIT_EXPECT_TRUE(test, pma_held_settle(arena, 0));
	KUNIT_EXPECT_EQ(test, front.revoked, 10);
	KUNIT_EXPECT_EQ(test, used(arena), 0);
	KUNIT_EXPECT_EQ(test, left(pool), PAGES);
	KUNIT_EXPECT_FALSE(test, pma_held_settle(arena, 0));
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->moving), 0);
	KUNIT_EXPECT_EQ(test, front.unannounced, 0);
}

/* More than are taken at a time, each once. */
static void settle_of_many(struct kunit *test)
{
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool);
	u64 seen = 0;
	u32 i;

	hold(test, arena, PAGES, 1);
	KUNIT_EXPECT_EQ(test, pma_held_pages(arena), PAGES);
	KUNIT_EXPECT_EQ(test, left(pool), 0);
	KUNIT_EXPECT_TRUE(test, pma_held_settle(arena, 0));
	KUNIT_ASSERT_EQ(test, front.revoked, PAGES);
	for (i = 0; i < PAGES; i++)
		seen |= 1ULL << front.first[i];
	KUNIT_EXPECT_EQ(test, seen, U64_MAX);
	KUNIT_EXPECT_EQ(test, left(pool), PAGES);
}

/* A pinned run is nobody's, and charged, until it is let go. */
static void quarantine_lasts_until_it_is_idle(struct kunit *test)
{
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool);
	u32 pgno = hold(test, arena, 3, 2);
	struct pma_block block;
	u64 generation;

	front.pinned = 1ULL << (pgno + 1) | 1ULL << (pgno + 4);
	generation = pool->generation;
	KUNIT_EXPECT_TRUE(test, pma_held_settle(arena, 0));
	KUNIT_EXPECT_GE(test, pool->generation, generation + 2);
	KUNIT_EXPECT_EQ(test, pool->quarantine_pages, 4);
	KUNIT_EXPECT_EQ(test, pma_held_pages(arena), 0);
	KUNIT_EXPECT_EQ(test, used(arena), 4);
	KUNIT_EXPECT_EQ(test, left(pool), PAGES - 4);
	KUNIT_EXPECT_EQ(test, pool->pages.desc[pgno].kind, PMA_KIND_HELD);
	KUNIT_EXPECT_EQ(test, pool->pages.desc[pgno].owner, 0);
	KUNIT_EXPECT_EQ(test, pma_place_query(arena, pgno * PAGE_BYTES, true, &block), -EALREADY);
	pma_kunit_expect_sound(test, pool);

	KUNIT_EXPECT_EQ(test, pma_held_release_idle(pool), 4);
	KUNIT_EXPECT_EQ(test, left(pool), PAGES - 4);
	front.pinned = 1ULL << (pgno + 1);
	KUNIT_EXPECT_EQ(test, pma_held_release_idle(pool), 2);
	KUNIT_EXPECT_EQ(test, used(arena), 2);
	KUNIT_EXPECT_EQ(test, left(pool), PAGES - 2);
	pma_kunit_expect_sound(test, pool);
	front.pinned = 0;
	KUNIT_EXPECT_EQ(test, pma_held_release_idle(pool), 0);
	KUNIT_EXPECT_EQ(test, used(arena), 0);
	KUNIT_EXPECT_EQ(test, left(pool), PAGES);
	KUNIT_EXPECT_EQ(test, pool->pages.desc[pgno].kind, PMA_KIND_FREE);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->moving), 0);
	KUNIT_EXPECT_EQ(test, front.unannounced, 0);
}

/* A settling that only fills the quarantine has given nothing. */
static void quarantine_is_no_gift(struct kunit *test)
{
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool);

	hold(test, arena, 1, 2);
	front.pinned = U64_MAX;
	KUNIT_EXPECT_FALSE(test, pma_held_settle(arena, 0));
	KUNIT_EXPECT_FALSE(test, pma_held_settle_all(pool));
	front.pinned = 0;
	KUNIT_EXPECT_TRUE(test, pma_held_settle_all(pool));
	KUNIT_EXPECT_FALSE(test, pma_held_settle_all(pool));
}

/* Its arena ends, and another one comes: the pool gets the run, nobody's account. */
static void quarantine_outlives_its_arena(struct kunit *test)
{
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool), *other;

	hold(test, arena, 1, 2);
	front.pinned = U64_MAX;
	pma_arena_delete(arena);
	other = mapped_arena(test, pool);
	pma_kunit_expect_sound(test, pool);
	KUNIT_EXPECT_EQ(test, pool->quarantine_pages, 2);
	front.pinned = 0;
	KUNIT_EXPECT_EQ(test, pma_held_release_idle(pool), 0);
	KUNIT_EXPECT_EQ(test, left(pool), PAGES);
	KUNIT_EXPECT_EQ(test, used(other), 0);
}

/* Who finds no room is served by what it holds itself, then by what others hold. */
static void make_room_begins_at_home(struct kunit *test)
{
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool);
	struct pma_arena *other = mapped_arena(test, pool);

	hold(test, arena, 1, 2);
	hold(test, other, 1, 3);
	KUNIT_EXPECT_TRUE(test, pma_held_make_room(arena, PAGE_BYTES));
	KUNIT_EXPECT_EQ(test, pma_held_pages(arena), 0);
	KUNIT_EXPECT_EQ(test, pma_held_pages(other), 3);
	KUNIT_EXPECT_TRUE(test, pma_held_make_room(arena, U64_MAX));
	KUNIT_EXPECT_EQ(test, pma_held_pages(other), 0);
	KUNIT_EXPECT_FALSE(test, pma_held_make_room(arena, PAGE_BYTES));
}

/* Where its own limit is in the way, what others hold is no help. */
static void make_room_leaves_others_alone(struct kunit *test)
{
	struct pma_limit_args want = { .flags = PMA_LIMIT_LIMIT, .limit = 4 };
	struct pma_pool *pool = mapped_pool(test);
	struct pma_arena *arena = mapped_arena(test, pool);
	struct pma_arena *other = mapped_arena(test, pool);

	KUNIT_ASSERT_EQ(test, pma_limit_set(arena, &want, true), 0);
	hold(test, other, 1, 3);
	KUNIT_EXPECT_FALSE(test, pma_held_make_room(arena, 4 * PAGE_BYTES + 1));
	KUNIT_EXPECT_EQ(test, pma_held_pages(other), 3);
	KUNIT_EXPECT_TRUE(test, pma_held_make_room(arena, 4 * PAGE_BYTES));
	KUNIT_EXPECT_EQ(test, pma_held_pages(other), 0);
}

static struct kunit_case pma_held_cases[] = {
	KUNIT_CASE(put_keeps_the_run),
	KUNIT_CASE(take_wants_length_and_flags),
	KUNIT_CASE(take_serves_the_next_block),
	KUNIT_CASE(settle_keeps_what_it_may),
	KUNIT_CASE(settle_of_many),
	KUNIT_CASE(quarantine_lasts_until_it_is_idle),
	KUNIT_CASE(quarantine_is_no_gift),
	KUNIT_CASE(quarantine_outlives_its_arena),
	KUNIT_CASE(make_room_begins_at_home),
	KUNIT_CASE(make_room_leaves_others_alone),
	{}
};

static struct kunit_suite pma_held_suite = {
	.name = "pma_held",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_held_cases,
};

kunit_test_suite(pma_held_suite);
