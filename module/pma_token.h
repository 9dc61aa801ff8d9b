/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_token.h - rights to claim a shared block
 */
#ifndef _PMA_TOKEN_H
#define _PMA_TOKEN_H

#include "pma_arena.h"

struct pma_claim;

/* Tokens that are out at a time: of a pool, and of an arena. */
#define PMA_TOKENS_MAX		U16_MAX
#define PMA_TOKENS_ARENA_MAX	256

/**
 * struct pma_token - a right to claim
 * @bits: what its bearer shows; the low 32 of the first word are its number
 * @claim: whose it is, when it is out
 * @nr_claims: how often it may be used still
 * @writable: what is claimed with it may be written
 * @of_claim: in the claim's list
 */
struct pma_token {
	u64 bits[2];
	struct pma_claim *claim;
	u32 nr_claims;
	bool writable;
	struct list_head of_claim;
};

struct pma_token *pma_token_new(struct pma_pool *pool);
void pma_token_free(struct pma_pool *pool, struct pma_token *token);
bool pma_token_keep(struct pma_pool *pool, struct pma_token *token);
void pma_token_end(struct pma_pool *pool);
void pma_token_issue(struct pma_token *token, struct pma_claim *claim, bool writable,
		     u32 nr_claims);
struct pma_token *pma_token_find(const struct pma_pool *pool, const u64 *bits);
bool pma_token_use(struct pma_token *token);
void pma_token_withdraw(struct pma_token *token);
void pma_token_withdraw_all(struct pma_claim *claim);
void pma_token_free_all(struct pma_pool *pool, struct pma_claim *claim);
u32 pma_token_check(const struct pma_claim *claim);

#endif /* _PMA_TOKEN_H */
