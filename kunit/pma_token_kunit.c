// SPDX-License-Identifier: GPL-2.0
/*
 * pma_token_kunit.c - rights to claim a shared block
 *
 * The claims that give them out are of no block.
 */
#include "pma_kunit.h"
#include "pma_share.h"

#define TOKENS	50

static void claim_init(struct pma_claim *claim, struct pma_arena *arena, bool writable)
{
	*claim = (struct pma_claim){ .arena = arena, .writable = writable };
	INIT_LIST_HEAD(&claim->tokens);
}

static struct pma_arena *create_arena(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);

	return pma_kunit_arena(test, pool, PMA_ARENA_USER);
}

static struct pma_token *create(struct kunit *test, struct pma_pool *pool)
{
	struct pma_token *token = pma_token_new(pool);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, token);
	return token;
}

static struct pma_token *issue(struct kunit *test, struct pma_claim *claim, bool writable, u32 nr)
{
	struct pma_pool *pool = claim->arena->pool;
	struct pma_token *token = create(test, pool);
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	pma_token_issue(token, claim, writable, nr);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return token;
}

static struct pma_token *find(struct pma_pool *pool, u64 first, u64 second)
{
	const u64 bits[2] = { first, second };
	struct pma_token *token;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	token = pma_token_find(pool, bits);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return token;
}

static bool is_out(struct pma_pool *pool, const struct pma_token *token)
{
	return find(pool, token->bits[0], token->bits[1]) == token;
}

static u32 check(struct pma_claim *claim)
{
	unsigned long irq;
	u32 errors;

	raw_spin_lock_irqsave(&claim->arena->pool->lock, irq);
	errors = pma_token_check(claim);
	raw_spin_unlock_irqrestore(&claim->arena->pool->lock, irq);
	return errors;
}

static void withdraw_all(struct pma_claim *claim)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&claim->arena->pool->lock, irq);
	pma_token_withdraw_all(claim);
	raw_spin_unlock_irqrestore(&claim->arena->pool->lock, irq);
}

static void end_claim(struct pma_claim *claim)
{
	withdraw_all(claim);
	pma_token_free_all(claim->arena->pool, claim);
}

/* Each has a number of its own, to be used again, and bits that are nobody else's. */
static void new_of_many(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_token *tokens[TOKENS];
	u32 round, i, j;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < TOKENS; i++) {
			tokens[i] = create(test, pool);
			KUNIT_EXPECT_LT(test, (u32)tokens[i]->bits[0], TOKENS);
			KUNIT_EXPECT_FALSE(test, is_out(pool, tokens[i]));
			for (j = 0; j < i; j++) {
				KUNIT_ASSERT_NE(test, (u32)tokens[i]->bits[0],
						(u32)tokens[j]->bits[0]);
				KUNIT_ASSERT_NE(test, tokens[i]->bits[1], tokens[j]->bits[1]);
			}
		}
		for (i = 0; i < TOKENS; i++)
			pma_token_free(pool, tokens[i]);
	}
}

static void new_fails_without_memory(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_token *token;
	bool failed = true;
	u32 nth;

	for (nth = 1; failed; nth++) {
		pma_token_end(pool);	/* else the one before would do */
		if (!pma_kunit_fail_begin(nth))
			break;
		token = pma_token_new(pool);
		failed = pma_kunit_fail_end();
		if (IS_ERR(token))
			KUNIT_EXPECT_EQ(test, PTR_ERR(token), -ENOMEM);
		else
			pma_token_free(pool, token);
		/* Nothing is kept of the one that failed. */
		token = create(test, pool);
		KUNIT_EXPECT_EQ(test, (u32)token->bits[0], 0);
		pma_token_free(pool, token);
	}
}

static bool keep(struct pma_pool *pool, struct pma_token *token)
{
	unsigned long irq;
	bool kept;

	raw_spin_lock_irqsave(&pool->lock, irq);
	kept = pma_token_keep(pool, token);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return kept;
}

/* A free one is the next, as somebody else: its bits are new, and drawn for it alone. */
static void new_takes_from_stock(struct kunit *test)
{
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_isolating);
	struct pma_token_stock *stock = &pool->token_stock;
	struct pma_token *token = create(test, pool), *other = create(test, pool);
	u64 bits[2 * PMA_TOKENS_DRAWN][2];
	u32 i, j;

	pma_token_free(pool, token);
	KUNIT_EXPECT_FALSE(test, keep(pool, other));
	pma_token_free(pool, other);
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		KUNIT_ASSERT_TRUE(test, stock->spare == other);
		token = create(test, pool);
		KUNIT_ASSERT_TRUE(test, token == other);
		KUNIT_EXPECT_NULL(test, stock->spare);
		KUNIT_EXPECT_EQ(test, (u32)token->bits[0], 1);
		memcpy(bits[i], token->bits, sizeof(bits[i]));
		for (j = 0; j < i; j++) {
			KUNIT_ASSERT_NE(test, bits[i][0] >> 32, bits[j][0] >> 32);
			KUNIT_ASSERT_NE(test, bits[i][1], bits[j][1]);
		}
		/* What was given out is not there any more. */
		KUNIT_ASSERT_LE(test, stock->nr_drawn, PMA_TOKENS_DRAWN);
		for (j = stock->nr_drawn; j < PMA_TOKENS_DRAWN; j++)
			KUNIT_EXPECT_NULL(test, memchr_inv(&stock->drawn[j], 0,
							   sizeof(stock->drawn[j])));
		if (i % 2)
			KUNIT_EXPECT_TRUE(test, keep(pool, token));
		else
			pma_token_free(pool, token);
	}
}

/* One wrong bit is as wrong as all of them. */
static void find_wants_every_bit(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test);
	struct pma_pool *pool = arena->pool;
	struct pma_claim claim;
	struct pma_token *token;
	u32 bit;

	claim_init(&claim, arena, true);
	KUNIT_EXPECT_NULL(test, find(pool, 0, 0));
	KUNIT_EXPECT_NULL(test, find(pool, U64_MAX, U64_MAX));
	issue(test, &claim, true, 1);
	token = issue(test, &claim, true, 1);
	KUNIT_EXPECT_TRUE(test, is_out(pool, token));
	for (bit = 0; bit < 64; bit++) {
		KUNIT_EXPECT_NULL(test, find(pool, token->bits[0] ^ BIT_ULL(bit), token->bits[1]));
		KUNIT_EXPECT_NULL(test, find(pool, token->bits[0], token->bits[1] ^ BIT_ULL(bit)));
	}
	end_claim(&claim);
}

/* As often as it was said, and then never more. */
static void use_counts_down(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test);
	struct pma_claim claim;
	struct pma_token *token;
	unsigned long irq;
	u32 i;

	claim_init(&claim, arena, false);
	token = issue(test, &claim, false, 3);
	for (i = 1; i <= 3; i++) {
		KUNIT_EXPECT_TRUE(test, is_out(arena->pool, token));
		KUNIT_EXPECT_EQ(test, check(&claim), 0);
		raw_spin_lock_irqsave(&arena->pool->lock, irq);
		KUNIT_EXPECT_EQ(test, pma_token_use(token), i == 3);
		raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
	}
	KUNIT_EXPECT_FALSE(test, is_out(arena->pool, token));
	KUNIT_EXPECT_EQ(test, claim.nr_tokens, 0);
	KUNIT_EXPECT_EQ(test, arena->nr_tokens, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&claim.tokens));
	pma_token_free(arena->pool, token);
}

/* One of several, and then all of one claim; those of others stay. */
static void withdraw_leaves_others_alone(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test);
	struct pma_token *tokens[3], *other;
	struct pma_claim claim, others;
	unsigned long irq;
	u32 i;

	claim_init(&claim, arena, false);
	claim_init(&others, arena, false);
	for (i = 0; i < 3; i++)
		tokens[i] = issue(test, &claim, false, 1);
	other = issue(test, &others, false, 1);
	KUNIT_EXPECT_EQ(test, arena->nr_tokens, 4);
	raw_spin_lock_irqsave(&arena->pool->lock, irq);
	pma_token_withdraw(tokens[1]);
	raw_spin_unlock_irqrestore(&arena->pool->lock, irq);
	KUNIT_EXPECT_EQ(test, arena->nr_tokens, 3);
	KUNIT_EXPECT_EQ(test, claim.nr_tokens, 2);
	KUNIT_EXPECT_EQ(test, check(&claim), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, is_out(arena->pool, tokens[i]), i != 1);
	pma_token_free(arena->pool, tokens[1]);
	withdraw_all(&claim);
	KUNIT_EXPECT_EQ(test, arena->nr_tokens, 1);
	KUNIT_EXPECT_FALSE(test, is_out(arena->pool, tokens[0]));
	KUNIT_EXPECT_FALSE(test, is_out(arena->pool, tokens[2]));
	KUNIT_EXPECT_TRUE(test, is_out(arena->pool, other));
	pma_token_free_all(arena->pool, &claim);
	end_claim(&others);
	KUNIT_EXPECT_EQ(test, arena->nr_tokens, 0);
}

/* Each thing that can be wrong is one error. */
static void check_finds_what_is_wrong(struct kunit *test)
{
	struct pma_arena *arena = create_arena(test);
	struct pma_claim claim, other;
	struct pma_token *token;
	u64 bits;

	claim_init(&claim, arena, true);
	claim_init(&other, arena, true);
	token = issue(test, &claim, true, 1);
	issue(test, &claim, false, 2);
	KUNIT_EXPECT_EQ(test, check(&claim), 0);
	claim.nr_tokens++;
	KUNIT_EXPECT_EQ(test, check(&claim), 1);
	claim.nr_tokens--;
	claim.writable = false;
	KUNIT_EXPECT_EQ(test, check(&claim), 1);
	claim.writable = true;
	token->claim = &other;
	KUNIT_EXPECT_EQ(test, check(&claim), 1);
	token->claim = &claim;
	token->nr_claims = 0;
	KUNIT_EXPECT_EQ(test, check(&claim), 1);
	token->nr_claims = 1;
	bits = token->bits[0];
	token->bits[0] = 1000;
	KUNIT_EXPECT_EQ(test, check(&claim), 1);
	token->bits[0] = bits;
	KUNIT_EXPECT_EQ(test, check(&claim), 0);
	end_claim(&claim);
}

static struct kunit_case pma_token_cases[] = {
	KUNIT_CASE(new_of_many),
	KUNIT_CASE(new_fails_without_memory),
	KUNIT_CASE(new_takes_from_stock),
	KUNIT_CASE(find_wants_every_bit),
	KUNIT_CASE(use_counts_down),
	KUNIT_CASE(withdraw_leaves_others_alone),
	KUNIT_CASE(check_finds_what_is_wrong),
	{}
};

static struct kunit_suite pma_token_suite = {
	.name = "pma_token",
	.init = pma_kunit_init,
	.exit = pma_kunit_exit,
	.test_cases = pma_token_cases,
};

kunit_test_suite(pma_token_suite);
