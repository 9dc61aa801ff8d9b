// SPDX-License-Identifier: GPL-2.0
/*
 * pma_share_random_kunit.c - random holders of shared blocks, against a model and on threads
 */
#include "pma_block.h"
#include "pma_kunit_share.h"
#include "pma_place.h"
#include "pma_share.h"

/* Random calls against a model: who holds which block, and how. */

#define BLOCKS	8

struct model {
	struct pma_kunit_share *world;
	struct pma_kunit_rng rng;
	struct {
		u64 handle;
		u64 token[2];
		u32 left;		/* claims of the token */
		u32 sharer;
		bool token_writes;
		u8 holds[PMA_KUNIT_SHARERS];	/* 1 to read, 2 to write */
	} blocks[BLOCKS];
};

static bool is_held(const struct model *model, u32 b)
{
	u32 i;

	for (i = 0; i < PMA_KUNIT_SHARERS; i++)
		if (model->blocks[b].holds[i])
			return true;
	return false;
}

static void model_alloc(struct kunit *test, struct model *model, u32 b, u32 i)
{
	struct pma_block block;
	u32 bytes = pma_kunit_between(&model->rng, 1, 4) * 4096;

	if (is_held(model, b) ||
	    pma_block_alloc(model->world->arenas[i], bytes, 0, 0, &block))
		return;
	model->blocks[b].handle = block.handle;
	model->blocks[b].left = 0;
	model->blocks[b].holds[i] = 2;
}

static void model_share(struct kunit *test, struct model *model, u32 b, u32 i)
{
	u32 nr = pma_kunit_between(&model->rng, 1, 3), flags = pma_kunit_below(&model->rng, 2);
	struct pma_arena **arenas = model->world->arenas;
	u8 holds = model->blocks[b].holds[i];
	u64 token[2];
	int err;

	if (!is_held(model, b))
		return;
	err = pma_share_block(arenas[i], model->blocks[b].handle, flags, nr, token);
	KUNIT_ASSERT_EQ(test, err, !holds ? -EACCES : flags && holds == 1 ? -EROFS : 0);
	if (err)
		return;
	/* the model knows of one token at a time */
	if (model->blocks[b].left)
		KUNIT_ASSERT_EQ(test, pma_share_revoke(arenas[model->blocks[b].sharer],
						       model->blocks[b].token), 0);
	memcpy(model->blocks[b].token, token, sizeof(token));
	model->blocks[b].left = nr;
	model->blocks[b].sharer = i;
	model->blocks[b].token_writes = flags;
}

static void model_claim(struct kunit *test, struct model *model, u32 b, u32 i)
{
	struct pma_block block;
	int err = pma_share_claim(model->world->arenas[i], model->blocks[b].token, &block);

	if (!model->blocks[b].left) {
		KUNIT_ASSERT_EQ(test, err, -EKEYREJECTED);
		return;
	}
	KUNIT_ASSERT_EQ(test, err, model->blocks[b].holds[i] ? -EEXIST : 0);
	if (err)
		return;
	KUNIT_ASSERT_EQ(test, block.handle, model->blocks[b].handle);
	model->blocks[b].holds[i] = 1 + model->blocks[b].token_writes;
	model->blocks[b].left--;
}

static void model_forget(struct model *model, u32 b, u32 i)
{
	model->blocks[b].holds[i] = 0;
	if (model->blocks[b].sharer == i)
		model->blocks[b].left = 0;
}

static void model_free(struct kunit *test, struct model *model, u32 b, u32 i)
{
	bool held = model->blocks[b].holds[i];

	if (!is_held(model, b))
		return;
	KUNIT_ASSERT_EQ(test, pma_block_free(model->world->arenas[i], model->blocks[b].handle),
			held ? 0 : -EACCES);
	if (held)
		model_forget(model, b, i);
}

static void model_reset(struct model *model, u32 i)
{
	u32 b;

	pma_block_free_all(model->world->arenas[i]);
	for (b = 0; b < BLOCKS; b++)
		model_forget(model, b, i);
}

static void model_compare(struct kunit *test, struct model *model)
{
	u32 b, i, flags;

	for (b = 0; b < BLOCKS; b++) {
		for (i = 0; i < PMA_KUNIT_SHARERS && is_held(model, b); i++) {
			u8 holds = model->blocks[b].holds[i];
			int err = pma_kunit_share_query(model->world, i, model->blocks[b].handle,
							&flags);

			KUNIT_ASSERT_EQ(test, err, holds ? 0 : -EACCES);
			KUNIT_ASSERT_EQ(test, !!(flags & PMA_BLOCK_READ_ONLY), holds == 1);
		}
	}
	KUNIT_ASSERT_EQ(test, pma_kunit_errors(model->world->pool), 0);
}

static void random_holders(struct kunit *test)
{
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	u32 step, b, i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->world = pma_kunit_share_create(test, &pma_kunit_isolating);
	pma_kunit_free(test, model->world->arenas[0], model->world->handle);
	pma_kunit_rng_init(&model->rng, test, "share");
	for (step = 0; step < pma_kunit_ops() / 5; step++) {
		b = pma_kunit_below(&model->rng, BLOCKS);
		i = pma_kunit_below(&model->rng, PMA_KUNIT_SHARERS);
		switch (pma_kunit_below(&model->rng, 9)) {
		case 0:
			model_alloc(test, model, b, i);
			break;
		case 1:
		case 2:
			model_share(test, model, b, i);
			break;
		case 3:
		case 4:
		case 5:
			model_claim(test, model, b, i);
			break;
		case 6:
		case 7:
			model_free(test, model, b, i);
			break;
		default:
			if (!pma_kunit_below(&model->rng, 10))
				model_reset(model, i);
		}
		if (step % 100 == 0)
			model_compare(test, model);
	}
	for (i = 0; i < PMA_KUNIT_SHARERS; i++)
		pma_block_free_all(model->world->arenas[i]);
}

/* Threads that claim and let go while the sharer shares, takes back and goes. */

struct race {
	struct pma_kunit_share *world;
	u64 token[2];
	atomic_t errors;
};

static bool is_expected(int err)
{
	return !err || err == -EKEYREJECTED || err == -EEXIST || err == -EACCES ||
	       err == -EALREADY;
}

static void race_thread(void *context, u32 index)
{
	struct race *race = context;
	struct pma_arena *arena = race->world->arenas[index];
	struct pma_block block;
	u64 token[2];
	u32 round;
	int err;

	for (round = 0; round < pma_kunit_rounds(); round++) {
		if (!index) {
			err = pma_block_alloc(arena, 3 * 4096, 0, 0, &block);
			err = err ?: pma_share_block(arena, block.handle, PMA_SHARE_WRITE, 2,
						     token);
			WRITE_ONCE(race->token[0], token[0]);
			WRITE_ONCE(race->token[1], token[1]);
			cond_resched();
			err = err ?: pma_block_free(arena, block.handle);
			if (err && err != -ENOMEM)
				atomic_inc(&race->errors);
			continue;
		}
		token[0] = READ_ONCE(race->token[0]);
		token[1] = READ_ONCE(race->token[1]);
		err = pma_share_claim(arena, token, &block);
		if (!err) {
			u64 word = index;

			err = pma_place_write(arena, block.handle + 8 * index, &word, 8) ?:
			      pma_block_free(arena, block.handle);
			if (err)
				atomic_inc(&race->errors);
		} else if (!is_expected(err)) {
			atomic_inc(&race->errors);
		}
	}
}

static void claim_threads(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->world = pma_kunit_share_create(test, &pma_kunit_isolating);
	pma_kunit_free(test, race->world->arenas[0], race->world->handle);
	pma_kunit_threads(test, PMA_KUNIT_SHARERS, race_thread, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->errors), 0);
	for (i = 0; i < PMA_KUNIT_SHARERS; i++)
		pma_block_free_all(race->world->arenas[i]);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(random_holders),
	KUNIT_CASE_SLOW(claim_threads),
	{}
};

static struct kunit_suite suite = {
	.name = "pma_share_random",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
