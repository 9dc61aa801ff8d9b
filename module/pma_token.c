// SPDX-License-Identifier: GPL-2.0
/*
 * pma_token.c - rights to claim a shared block
 *
 * A token is 128 bits: 32 say where it is kept, so that looking it up takes one
 * step, and 96 are random, so that nobody can guess one.  It is of the claim that
 * gave it out (pma_share.c), and dies with it, when it is used up, or taken back.
 *
 *	new --issue--> out: in the pool's table --use, withdraw--> free
 *			    and its claim's list
 *
 * What may sleep, getting its memory and number, and giving them back, is done
 * without a lock, while nobody can find it.  Random bits are drawn for some tokens
 * at once, and one that is free keeps its memory and number for the next.
 */
#include "pma_share.h"

static u32 number_of(const u64 *bits)
{
	return bits[0];
}

static void destroy(struct pma_pool *pool, struct pma_token *token)
{
	ida_free(&pool->token_ids, number_of(token->bits));
	kfree(token);
}

/* What is in stock: NULL if that is no token, and false if it is no random bits. */
static struct pma_token *take_stock(struct pma_pool *pool, struct pma_token_random *bits,
				    bool *drawn)
{
	struct pma_token_stock *stock = &pool->token_stock;
	struct pma_token *token;
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	token = stock->spare;
	stock->spare = NULL;
	*drawn = stock->nr_drawn;
	if (*drawn) {
		*bits = stock->drawn[--stock->nr_drawn];
		/* Nobody shall find here what a token is. */
		stock->drawn[stock->nr_drawn] = (struct pma_token_random){};
	}
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return token;
}

/* Draw for many: one costs nearly as much. */
static void draw(struct pma_pool *pool, struct pma_token_random *bits)
{
	struct pma_token_stock *stock = &pool->token_stock;
	struct pma_token_random fresh[PMA_TOKENS_DRAWN + 1] __uninitialized;
	unsigned long irq;

	get_random_bytes(fresh, sizeof(fresh));
	*bits = fresh[PMA_TOKENS_DRAWN];
	raw_spin_lock_irqsave(&pool->lock, irq);
	memcpy(stock->drawn, fresh, sizeof(stock->drawn));
	stock->nr_drawn = PMA_TOKENS_DRAWN;
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	memzero_explicit(fresh, sizeof(fresh));
}

/* A token with a number, and nothing else. */
static struct pma_token *create(struct pma_pool *pool)
{
	struct pma_token *token = kzalloc(sizeof(*token), GFP_KERNEL);
	int number;

	if (!token)
		return ERR_PTR(-ENOMEM);
	number = ida_alloc_range(&pool->token_ids, 0, PMA_TOKENS_MAX, GFP_KERNEL);
	if (number < 0) {
		kfree(token);
		return ERR_PTR(number);
	}
	token->bits[0] = number;
	if (!pma_table_reserve(&pool->tokens, number))
		return token;
	destroy(pool, token);
	return ERR_PTR(-ENOMEM);
}

/**
 * pma_token_new() - make a token, which nobody can use yet
 * @pool: of the block it will be for
 *
 * Context: May sleep.
 * Return: the token, to be issued or freed; ERR_PTR(-ENOMEM, -ENOSPC for too many
 * in the pool).
 */
struct pma_token *pma_token_new(struct pma_pool *pool)
{
	struct pma_token_random bits;
	bool drawn;
	struct pma_token *token = take_stock(pool, &bits, &drawn);

	if (!token)
		token = create(pool);
	if (IS_ERR(token))
		return token;
	if (!drawn)
		draw(pool, &bits);
	token->bits[0] = (u64)bits.words[0] << 32 | number_of(token->bits);
	token->bits[1] = (u64)bits.words[1] << 32 | bits.words[2];
	return token;
}

/**
 * pma_token_free() - free a token
 * @pool: where it was made
 * @token: the token, which is not out
 *
 * One is kept for the next that is wanted, with its number.
 *
 * Context: Any but NMI; takes the pool's lock.
 */
void pma_token_free(struct pma_pool *pool, struct pma_token *token)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&pool->lock, irq);
	swap(pool->token_stock.spare, token);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	if (token)
		destroy(pool, token);
}

/**
 * pma_token_keep() - keep a token for the next that is wanted
 * @pool: where it was made
 * @token: the token, which is not out
 *
 * Context: The pool's lock is held.
 * Return: false if there is one already, and it is the caller's to free.
 */
bool pma_token_keep(struct pma_pool *pool, struct pma_token *token)
{
	struct pma_token_stock *stock = &pool->token_stock;

	lockdep_assert_held(&pool->lock);
	if (stock->spare)
		return false;
	stock->spare = token;
	return true;
}

/**
 * pma_token_end() - free what is in stock
 * @pool: the pool, which nobody uses any more
 */
void pma_token_end(struct pma_pool *pool)
{
	struct pma_token_stock *stock = &pool->token_stock;

	if (stock->spare)
		destroy(pool, stock->spare);
	stock->spare = NULL;
}

/**
 * pma_token_issue() - let others find a token
 * @token: the token
 * @claim: who gives it out
 * @writable: what is claimed with it may be written
 * @nr_claims: how often it may be used
 *
 * Context: The pool's lock is held.
 */
void pma_token_issue(struct pma_token *token, struct pma_claim *claim, bool writable,
		     u32 nr_claims)
{
	struct pma_pool *pool = claim->arena->pool;

	lockdep_assert_held(&pool->lock);
	token->claim = claim;
	token->writable = writable;
	token->nr_claims = nr_claims;
	list_add_tail(&token->of_claim, &claim->tokens);
	claim->nr_tokens++;
	claim->arena->nr_tokens++;
	pma_table_set(&pool->tokens, number_of(token->bits), token);
}

/**
 * pma_token_find() - the token of its bits
 * @pool: where it may be
 * @bits: two words, any
 *
 * It takes as much time for a near miss as for a wild guess.
 *
 * Context: The pool's lock is held.
 * Return: the token, or NULL.
 */
struct pma_token *pma_token_find(const struct pma_pool *pool, const u64 *bits)
{
	struct pma_token *token = pma_table_get(&pool->tokens, number_of(bits));

	lockdep_assert_held(&pool->lock);
	if (!token || ((token->bits[0] ^ bits[0]) | (token->bits[1] ^ bits[1])))
		return NULL;
	return token;
}

/**
 * pma_token_use() - claim once with a token
 * @token: the token, which is out
 *
 * Context: The pool's lock is held.
 * Return: true for the last time: it is withdrawn, and the caller's to free.
 */
bool pma_token_use(struct pma_token *token)
{
	if (--token->nr_claims)
		return false;
	pma_token_withdraw(token);
	return true;
}

/**
 * pma_token_withdraw() - nobody shall find a token any more
 * @token: the token, which is out; then it is the caller's to free
 *
 * Context: The pool's lock is held.
 */
void pma_token_withdraw(struct pma_token *token)
{
	struct pma_claim *claim = token->claim;
	struct pma_pool *pool = claim->arena->pool;

	lockdep_assert_held(&pool->lock);
	list_del(&token->of_claim);
	claim->nr_tokens--;
	claim->arena->nr_tokens--;
	pma_table_set(&pool->tokens, number_of(token->bits), NULL);
}

/**
 * pma_token_withdraw_all() - nobody shall find any token of a claim any more
 * @claim: the claim, which keeps them for pma_token_free_all()
 *
 * Context: The pool's lock is held.
 */
void pma_token_withdraw_all(struct pma_claim *claim)
{
	struct pma_pool *pool = claim->arena->pool;
	struct pma_token *token;

	lockdep_assert_held(&pool->lock);
	claim->arena->nr_tokens -= claim->nr_tokens;
	list_for_each_entry(token, &claim->tokens, of_claim)
		pma_table_set(&pool->tokens, number_of(token->bits), NULL);
}

/**
 * pma_token_free_all() - free the tokens of a claim
 * @pool: the pool
 * @claim: the claim, after pma_token_withdraw_all(), and nobody else's any more
 *
 * Context: Any but NMI.
 */
void pma_token_free_all(struct pma_pool *pool, struct pma_claim *claim)
{
	struct pma_token *token, *next;

	list_for_each_entry_safe(token, next, &claim->tokens, of_claim)
		pma_token_free(pool, token);
}

/**
 * pma_token_check() - prove the tokens of a claim
 * @claim: the claim
 *
 * Context: The pool's lock is held.
 * Return: how many errors there are.
 */
u32 pma_token_check(const struct pma_claim *claim)
{
	const struct pma_table *tokens = &claim->arena->pool->tokens;
	const struct pma_token *token;
	u32 errors = 0, nr = 0;

	list_for_each_entry(token, &claim->tokens, of_claim) {
		errors += token->claim != claim || !token->nr_claims;
		errors += pma_table_get(tokens, number_of(token->bits)) != token;
		errors += token->writable && !claim->writable;
		nr++;
	}
	return errors + (nr != claim->nr_tokens);
}
