// SPDX-License-Identifier: GPL-2.0
/*
 * pma_resize_random_kunit.c - random sizes for a few blocks, which keep their bytes, and on threads
 */
#include "pma_block.h"
#include "pma_kunit_resize.h"
#include "pma_place.h"

/* Where a size tells no kind. */
static const struct pma_kunit_config adaptive_configs[] = {
	{ "plain", 63, 4096, 0, PMA_POOL_ADAPTIVE },
	{ "track", 63, 4096, 0, PMA_POOL_ADAPTIVE | PMA_POOL_TRACK },
	{ "isolate_512", 100, 512, 0, PMA_POOL_ADAPTIVE | PMA_POOL_ISOLATE },
};

KUNIT_ARRAY_PARAM_DESC(adaptive_configs, adaptive_configs, name);

/* Random sizes for a few blocks; nothing of theirs is lost. */

struct live {
	u64 handle;
	u32 size;
	u32 filled;		/* bytes that are surely as filled */
	u32 tag;
};

static void random_resize(struct kunit *test, struct pma_arena *arena, struct live *live,
			  struct pma_kunit_rng *rng)
{
	u32 size = pma_kunit_size(rng, 1, arena->pool->region.bytes / 8);
	u32 flags = pma_kunit_below(rng, 3) ? 0 : PMA_ZERO, kept;
	struct pma_block old = pma_kunit_resize_look(test, arena, live->handle), new;
	int err = pma_resize_block(arena, live->handle, size, 0, flags, &new);

	if (err) {
		KUNIT_ASSERT_EQ(test, err, -ENOMEM);
		KUNIT_ASSERT_GT(test, size, old.size);
		new = old;
		size = old.size;
		kept = live->filled;
	} else {
		kept = pma_kunit_resize_kept(&old, size, flags);
		if (flags)
			KUNIT_ASSERT_TRUE(test,
					  pma_kunit_is_zero(pma_kunit_ptr(arena->pool, new.handle) +
							    kept, new.size - kept));
		kept = min(live->filled, kept);
	}
	KUNIT_ASSERT_GE(test, new.size, size);
	KUNIT_ASSERT_TRUE(test, pma_kunit_is_filled(pma_kunit_ptr(arena->pool, new.handle), kept,
						    live->tag));
	*live = (struct live){ new.handle, new.size, kept, live->tag };
	if (err || pma_kunit_below(rng, 2))
		return;
	live->tag = pma_kunit_random(rng);
	live->filled = new.size;
	pma_kunit_fill(pma_kunit_ptr(arena->pool, new.handle), new.size, live->tag);
}

static void random_resizes(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, test->param_value);
	struct pma_arena *arena = pma_kunit_arena(test, pool, 0);
	struct live lives[12];
	struct pma_kunit_rng rng;
	u32 i, step;

	pma_kunit_rng_init(&rng, test, __func__);
	for (i = 0; i < ARRAY_SIZE(lives); i++) {
		lives[i] = (struct live){ pma_kunit_alloc(test, arena, 8), 8, 8, i };
		pma_kunit_fill(pma_kunit_ptr(arena->pool, lives[i].handle), 8, i);
	}
	for (step = 0; step < pma_kunit_ops() / 20; step++) {
		random_resize(test, arena, &lives[pma_kunit_below(&rng, ARRAY_SIZE(lives))], &rng);
		if (step % 100 == 0)
			KUNIT_ASSERT_EQ(test, pma_kunit_errors(pool), 0);
	}
	KUNIT_EXPECT_EQ(test, arena->stats.live_blocks, ARRAY_SIZE(lives));
	for (i = 0; i < ARRAY_SIZE(lives); i++)
		pma_kunit_free(test, arena, lives[i].handle);
}

static void random_adaptive_resizes(struct kunit *test)
{
	random_resizes(test);
}

/*
 * Threads of one arena that resize, free and write to the same handles, right and
 * wrong, at the same time, next to another arena.  Anything may become of their
 * blocks, but no byte of the other arena is ever seen in them, or written to.
 */

#define FOREIGN	0xbb
#define OWN	0x11

struct race {
	struct pma_pool *pool;
	struct pma_arena *arena;
	struct pma_arena *other;
	u64 handles[4];
	atomic_t seen;
	atomic_t lost;
	struct pma_kunit_rng rngs[4];
};

static void look(struct race *race, u64 handle)
{
	u8 bytes[64];

	if (!pma_place_read(race->arena, handle, bytes, sizeof(bytes)) &&
	    memchr(bytes, FOREIGN, sizeof(bytes)))
		atomic_inc(&race->seen);
}

static void meddle(struct race *race, struct pma_kunit_rng *rng)
{
	u64 *slot = &race->handles[pma_kunit_below(rng, ARRAY_SIZE(race->handles))];
	u64 handle = READ_ONCE(*slot), inside = handle + pma_kunit_below(rng, 12) * 1024;
	u8 bytes[64];
	struct pma_block block;

	memset(bytes, OWN, sizeof(bytes));
	switch (pma_kunit_below(rng, 8)) {
	case 0:
		pma_block_free(race->arena, handle);
		break;
	case 1:
		pma_block_free(race->arena, inside);
		break;
	case 2:
		pma_place_write(race->arena, inside, bytes, sizeof(bytes));
		break;
	case 3:
		look(race, inside);
		break;
	default:
		if (pma_resize_block(race->arena, handle, pma_kunit_size(rng, 64, 40000), 0, 0,
				     &block) &&
		    pma_block_alloc(race->arena, 10000, 0, 0, &block))
			break;
		WRITE_ONCE(*slot, block.handle);
		look(race, block.handle);
		look(race, block.handle + block.size - 64);
	}
}

static void mind_own_business(struct race *race, struct pma_kunit_rng *rng)
{
	struct pma_block block;

	if (pma_block_alloc(race->other, pma_kunit_size(rng, 64, 40000), 0, 0, &block))
		return;
	memset(pma_kunit_ptr(race->pool, block.handle), FOREIGN, block.size);
	cond_resched();
	if (memchr_inv(pma_kunit_ptr(race->pool, block.handle), FOREIGN, block.size) ||
	    pma_block_free(race->other, block.handle))
		atomic_inc(&race->lost);
}

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	u32 i;

	for (i = 0; i < 4 * pma_kunit_rounds(); i++) {
		if (index)
			meddle(race, &race->rngs[index]);
		else
			mind_own_business(race, &race->rngs[index]);
	}
}

static void resize_and_free_same_handles_threads(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->pool = pma_kunit_pool(test, &pma_kunit_isolating);
	race->arena = pma_kunit_arena(test, race->pool, 0);
	race->other = pma_kunit_arena(test, race->pool, 0);
	pma_kunit_rng_init(&race->rngs[0], test, __func__);
	for (i = 0; i < 4; i++) {
		race->rngs[i].state = race->rngs[0].state + i;
		race->handles[i] = pma_kunit_alloc(test, race->arena, 10000);
	}
	pma_kunit_threads(test, 4, race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->seen), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->lost), 0);
	pma_kunit_expect_sound(test, race->pool);
	pma_kunit_resize_empty(race->pool);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(random_resizes, pma_kunit_resize_configs_gen_params),
	KUNIT_CASE_PARAM(random_adaptive_resizes, adaptive_configs_gen_params),
	KUNIT_CASE_SLOW(resize_and_free_same_handles_threads),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_resize_random",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
