// SPDX-License-Identifier: GPL-2.0
/*
 * pma_calls_kunit.c - all calls of the kernel interface at once
 *
 * Threads on several CPUs play on two arenas of a pool.  Blocks lie in slots, and whoever
 * takes one out by xchg() has it for himself: so each call has but one right answer,
 * whatever the others do meanwhile, and each block's contents are known.
 */
#include "pma_drain.h"
#include "pma_kept.h"
#include "pma_kunit_magazine.h"

#define NR_THREADS	4
#define NR_CPUS_USED	4
#define NR_SLOTS	96
#define BATCH		24
#define SIZE_LEAST	16

/**
 * struct world - what the threads share
 * @arenas: of one pool
 * @slots: of each, blocks that nobody has just now
 * @wrong: answers and contents that were
 * @size_most: bytes of the longest blocks
 * @seed: of the first thread
 */
struct world {
	struct pma_arena *arenas[2];
	void *slots[2][NR_SLOTS];
	atomic_t wrong;
	u32 size_most;
	u64 seed;
};

/**
 * struct turn - what a thread does next
 * @world: what is shared
 * @rng: the thread's
 * @arena: which is called
 * @other: that is not
 * @slot: of the arena's
 * @size: bytes wanted
 * @flags: PMA_ZERO or 0
 */
struct turn {
	struct world *world;
	struct pma_kunit_rng *rng;
	struct pma_arena *arena;
	struct pma_arena *other;
	void **slot;
	u32 size;
	u32 flags;
};

static void expect(const struct turn *turn, bool right)
{
	if (!right)
		atomic_inc(&turn->world->wrong);
}

/* A new block is long enough, and zeroed if it was to be, from @from on. */
static void begin_block(const struct turn *turn, void *block, size_t from)
{
	size_t usable = pma_usable_size(turn->arena, block);

	expect(turn, usable >= turn->size);
	if (turn->flags & PMA_ZERO && usable > from)
		expect(turn, pma_kunit_is_zero(block + from, usable - from));
	pma_kunit_write_block(block, turn->size, pma_kunit_random(turn->rng));
}

static void drop(const struct turn *turn, void *block)
{
	expect(turn, !block || pma_kunit_drop_block(turn->arena, block));
}

static void alloc_one(const struct turn *turn)
{
	void *block = turn->flags ? pma_zalloc(turn->arena, turn->size) :
				    pma_alloc(turn->arena, turn->size);

	if (block)
		begin_block(turn, block, 0);
	drop(turn, xchg(turn->slot, block));
}

static void free_one(const struct turn *turn)
{
	drop(turn, xchg(turn->slot, NULL));
}

static void realloc_one(const struct turn *turn)
{
	void *block = xchg(turn->slot, NULL), *moved;
	size_t usable;

	if (!block)
		return;
	usable = pma_usable_size(turn->arena, block);
	moved = pma_realloc(turn->arena, block, turn->size, turn->flags);
	if (moved) {
		expect(turn, pma_kunit_is_block(moved, min(pma_kunit_block_size(moved),
							   turn->size)));
		begin_block(turn, moved, usable);
		block = moved;
	}
	drop(turn, xchg(turn->slot, block));
}

static void alloc_many(const struct turn *turn)
{
	void *blocks[BATCH];
	u32 nr = pma_alloc_batch(turn->arena, turn->size, turn->flags, BATCH, blocks), i;

	for (i = 0; i < nr; i++)
		begin_block(turn, blocks[i], 0);
	cond_resched();
	for (i = 0; i < nr; i++)
		expect(turn, pma_kunit_is_block(blocks[i], turn->size));
	expect(turn, !pma_free_batch(turn->arena, nr, blocks));
}

static void free_wrongly(const struct turn *turn)
{
	void *block = xchg(turn->slot, NULL);

	if (!block)
		return;
	expect(turn, pma_free(turn->other, block) == -EACCES);
	expect(turn, pma_free(turn->arena, block + 1) == -EBADSLT);
	expect(turn, !pma_realloc(turn->arena, block + 8, turn->size, 0));
	drop(turn, block);
}

/* Take what CPUs have, give some back, or look at all there is. */
static void disturb(const struct turn *turn)
{
	struct pma_pool *pool = turn->arena->pool;
	u32 class = pma_kunit_below(turn->rng, pool->classes->nr);

	switch (pma_kunit_below(turn->rng, 8)) {
	case 0:
		expect(turn, !pma_check(pool, NULL));
		break;
	case 1:
		pma_kept_flush(turn->arena);
		break;
	case 2:
		pma_kunit_drain(turn->arena);
		break;
	case 3:
		pma_kunit_flush_own(turn->arena, class, pma_kunit_below(turn->rng, 8));
		break;
	default:
		expect(turn, pma_kunit_steal_and_put_back(turn->arena, class));
	}
}

static void take_turn(const struct turn *turn)
{
	u32 what = pma_kunit_below(turn->rng, 100);

	if (what < 40)
		alloc_one(turn);
	else if (what < 60)
		free_one(turn);
	else if (what < 75)
		realloc_one(turn);
	else if (what < 85)
		alloc_many(turn);
	else if (what < 97)
		free_wrongly(turn);
	else
		disturb(turn);
}

static void play(void *context, u32 index)
{
	struct world *world = context;
	struct pma_kunit_rng rng = { .state = world->seed + index };
	u32 ops = 2 * pma_kunit_rounds(), i;

	for (i = 0; i < ops; i++) {
		u32 which = pma_kunit_below(&rng, 2);
		const struct turn turn = {
			.world = world,
			.rng = &rng,
			.arena = world->arenas[which],
			.other = world->arenas[!which],
			.slot = &world->slots[which][pma_kunit_below(&rng, NR_SLOTS)],
			.size = pma_kunit_size(&rng, SIZE_LEAST, world->size_most),
			.flags = pma_kunit_below(&rng, 2) ? PMA_ZERO : 0,
		};

		if (!(i % 8))
			pma_kunit_move_to_cpu(pma_kunit_below(&rng, NR_CPUS_USED));
		take_turn(&turn);
		cond_resched();
	}
}

static const struct pma_kunit_config configs[] = {
	{ "few_pages", 64, 4096, 0, 0 },
	{ "many_pages", 2048, 4096, 0, 0 },
	{ "page_256", 512, 256, 0, 0 },
	{ "page_65536", 96, 65536, 0, 0 },
	{ "pow2", 64, 4096, 0, PMA_POOL_POW2 },
	{ "isolates", 64, 4096, 0, PMA_POOL_ISOLATE },
	{ "tracks", 64, 4096, 0, PMA_POOL_TRACK },
	{ "adaptive", 128, 4096, 0, PMA_POOL_ADAPTIVE },
	{ "adaptive_65536", 96, 65536, 0, PMA_POOL_ADAPTIVE },
	{ "adaptive_slab_max_64", 64, 4096, 64, PMA_POOL_ADAPTIVE },
};

KUNIT_ARRAY_PARAM_DESC(configs, configs, name);

static void each_call_is_answered_threads(struct kunit *test)
{
	const struct pma_kunit_config *config = test->param_value;
	struct pma_pool *pool = pma_kunit_pool(test, config);
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	struct pma_kunit_rng rng;
	u32 i, n;

	KUNIT_ASSERT_NOT_NULL(test, world);
	pma_kunit_rng_init(&rng, test, "calls");
	world->seed = rng.state;
	world->size_most = config->page_size * 5 / 2;
	for (i = 0; i < 2; i++)
		world->arenas[i] = pma_kunit_arena(test, pool, PMA_ARENA_PERCPU);
	pma_kunit_threads(test, NR_THREADS, play, world);
	KUNIT_EXPECT_EQ(test, atomic_read(&world->wrong), 0);
	for (i = 0; i < 2; i++)
		for (n = 0; n < NR_SLOTS; n++)
			if (world->slots[i][n])
				KUNIT_EXPECT_TRUE(test,
						  pma_kunit_drop_block(world->arenas[i],
								       world->slots[i][n]));
	pma_kunit_expect_sound(test, pool);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(each_call_is_answered_threads, configs_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_calls",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
