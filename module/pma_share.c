// SPDX-License-Identifier: GPL-2.0
/*
 * pma_share.c - big blocks that several arenas hold
 *
 * A block that is shared belongs to no arena any more: its first page's descriptor
 * names PMA_OWNER_SHARED, and it is in the list of no arena but in the pool's.  Who
 * may reach it has a *claim*, the arena that shared it like any other:
 *
 *	pool->shares --> share --> claim of arena 1 (may write) --> token, 3 claims left
 *			       --> claim of arena 4
 *	arena 4: claims, a table by page number, for the judge of handles
 *
 * Each claim is charged to its arena.  The last one to go frees the block, whoever
 * that is.  An arena that goes is first cut off (pma_share_leave(): no call and no
 * fault finds the block any more), then its mappings are zapped, and only then does
 * it cease to count as a holder: the block cannot be anybody else's before.
 *
 * A *token* (pma_token.c) is what a claim hands out for others to claim with.  It
 * dies when it is used up, when it is taken back, and with the claim it is of.
 *
 * The bodies of a block name their first page and whoever made them: for pools that
 * isolate only, as their bodies are marked.
 */
#include "pma_held.h"
#include "pma_place.h"
#include "pma_reach.h"
#include "pma_share.h"

/* Whose bytes are in a run that several arenas held: nobody's, so it is zeroed. */
#define UID_OF_MANY	U64_MAX

/* What a call may need, taken before there are locks; what it uses it takes out. */
struct kit {
	struct pma_share *share;
	struct pma_claim *claim;
	struct pma_token *token;
};

/* One is kept for the next that is wanted. */
static void free_claim(struct pma_arena *arena, struct pma_claim *claim)
{
	if (cmpxchg(&arena->spare_claim, NULL, claim))
		kfree(claim);
}

static void kit_exit(struct kit *kit, struct pma_arena *arena)
{
	if (!IS_ERR_OR_NULL(kit->token))
		pma_token_free(arena->pool, kit->token);
	if (kit->claim)
		free_claim(arena, kit->claim);
	kfree(kit->share);
}

/* To hold the block at @pgno, or one at a page that is not known yet. */
static int kit_add_claim(struct kit *kit, struct pma_arena *arena, u32 pgno)
{
	if (!kit->claim)
		kit->claim = xchg(&arena->spare_claim, NULL) ?:
			     kzalloc(sizeof(*kit->claim), GFP_KERNEL);
	return kit->claim ? pma_table_reserve(&arena->claims, pgno) : -ENOMEM;
}

/* To let others hold it, and if @first to make a share of it. */
static int kit_add_token(struct kit *kit, struct pma_arena *arena, u32 pgno, bool first)
{
	kit->token = pma_token_new(arena->pool);
	if (IS_ERR(kit->token) || !first)
		return PTR_ERR_OR_ZERO(kit->token);
	kit->share = kzalloc(sizeof(*kit->share), GFP_KERNEL);
	return kit->share ? kit_add_claim(kit, arena, pgno) : -ENOMEM;
}

/**
 * pma_share_find() - the claim of an arena
 * @arena: whose
 * @pgno: first page of the block; any number
 *
 * Context: The arena's lock is held.
 * Return: its claim, or NULL.
 */
struct pma_claim *pma_share_find(const struct pma_arena *arena, u32 pgno)
{
	lockdep_assert_held(&arena->lock);
	return pma_table_get(&arena->claims, pgno);
}

/* Let an arena hold a block; both locks are held. */
static struct pma_claim *hold(struct pma_arena *arena, struct kit *kit, struct pma_share *share,
			      bool writable)
{
	struct pma_claim *claim = kit->claim;

	kit->claim = NULL;
	*claim = (struct pma_claim){
		.share = share,
		.arena = arena,
		.writable = writable,
		.window = 1,
		.reach_first = PMA_NONE,
	};
	INIT_LIST_HEAD(&claim->tokens);
	list_add_tail(&claim->of_share, &share->claims);
	share->nr_holders++;
	list_add_tail(&claim->of_arena, &arena->claim_list);
	pma_table_set(&arena->claims, share->pgno, claim);
	return claim;
}

/* Make a block of the arena's own one that is shared; both locks are held. */
static struct pma_claim *make_shared(struct pma_arena *arena, struct kit *kit, u32 pgno)
{
	struct pma_pool *pool = arena->pool;
	struct pma_share *share = kit->share;
	struct pma_claim *claim;

	kit->share = NULL;
	share->pgno = pgno;
	share->nr_pages = pma_pool_run_pages(pool, pgno);
	INIT_LIST_HEAD(&share->claims);
	list_add_tail(&share->node, &pool->shares);
	pool->generation++;
	pma_limit_disown(arena, share->nr_pages);
	pma_arena_drop(arena, &arena->big, pgno);
	pma_page_set(&pool->pages.desc[pgno], PMA_KIND_BIG, 0, PMA_OWNER_SHARED);
	claim = hold(arena, kit, share, true);
	/* Whose own it was may have mapped all of it, and goes on as before. */
	claim->window = share->nr_pages;
	claim->reach_first = pgno;
	claim->reach_end = pgno + share->nr_pages;
	return claim;
}

/* The other way, for a block that nobody else has ever held; both locks are held. */
static void make_private(struct pma_arena *arena, struct kit *kit, struct pma_claim *claim)
{
	struct pma_pool *pool = arena->pool;
	struct pma_share *share = claim->share;

	list_del(&share->node);
	list_del(&claim->of_arena);
	pma_table_set(&arena->claims, share->pgno, NULL);
	pool->generation++;
	pma_limit_own(arena, share->nr_pages);
	pma_page_set(&pool->pages.desc[share->pgno], PMA_KIND_BIG, 0, arena->id);
	pma_arena_push(arena, &arena->big, share->pgno);
	kit->share = share;
	kit->claim = claim;
}

/* Both locks are held.  -EAGAIN: it is the arena's own, and the kit has no share. */
static int share_place(struct kit *kit, struct pma_arena *arena, const struct pma_place *place,
		       bool writable, u32 nr_claims)
{
	if (place->kind != PMA_KIND_BIG || !pma_pool_isolates(arena->pool))
		return -EOPNOTSUPP;
	if (writable && place->claim && !place->claim->writable)
		return -EROFS;
	if (arena->nr_tokens >= PMA_TOKENS_ARENA_MAX)
		return -ENOSPC;
	if (!place->claim && !kit->share)
		return -EAGAIN;
	pma_token_issue(kit->token, place->claim ?: make_shared(arena, kit, place->pgno), writable,
			nr_claims);
	kit->token = NULL;
	return 0;
}

/* Both locks are held from here on. */
static unsigned long lock_both(struct pma_arena *arena)
	__acquires(&arena->lock) __acquires(&arena->pool->lock)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&arena->lock, irq);
	raw_spin_lock(&arena->pool->lock);
	return irq;
}

static void unlock_both(struct pma_arena *arena, unsigned long irq)
	__releases(&arena->pool->lock) __releases(&arena->lock)
{
	raw_spin_unlock(&arena->pool->lock);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
}

/* With what is in the kit. */
static int share_block(struct kit *kit, struct pma_arena *arena, u64 handle, bool writable,
		       u32 nr_claims)
{
	struct pma_place place;
	unsigned long irq;
	int err;

	raw_spin_lock_irqsave(&arena->lock, irq);
	err = pma_place_find(arena, handle, &place);
	if (!err) {
		raw_spin_lock(&arena->pool->lock);
		err = share_place(kit, arena, &place, writable, nr_claims);
		raw_spin_unlock(&arena->pool->lock);
	}
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return err;
}

/* What is shared already needs a token only.  A guess, as there is no lock. */
static bool seems_shared(const struct pma_pool *pool, u64 handle)
{
	u32 pgno = pma_region_pgno(&pool->region, handle);

	return pma_region_has(&pool->region, handle) &&
	       pma_page_id(&pool->pages.desc[pgno]).owner == PMA_OWNER_SHARED;
}

/**
 * pma_share_block() - let others claim a big block
 * @arena: who holds it
 * @handle: of its start
 * @flags: PMA_SHARE_WRITE: who claims it may write it
 * @nr_claims: how many may
 * @token: two words, with which they can
 *
 * Context: May sleep.
 * Return: 0; the errors of pma_place_find(); -EINVAL for a wrong flag or number;
 * -EOPNOTSUPP if it is no big block; -EROFS if the arena itself may not write it;
 * -ENOSPC for too many tokens; -ENOMEM; all counted.
 */
int pma_share_block(struct pma_arena *arena, u64 handle, u32 flags, u32 nr_claims, u64 *token)
{
	u32 pgno = pma_region_pgno(&arena->pool->region, handle);
	bool first = !seems_shared(arena->pool, handle);
	struct kit kit;
	int err;

	if (flags & ~PMA_SHARE_FLAGS || !nr_claims || nr_claims > PMA_CLAIMS_MAX)
		return pma_arena_count_error(arena, -EINVAL);
	do {
		kit = (struct kit){};
		err = kit_add_token(&kit, arena, pgno, first);
		if (!err) {
			memcpy(token, kit.token->bits, sizeof(kit.token->bits));
			err = share_block(&kit, arena, handle, flags & PMA_SHARE_WRITE, nr_claims);
		}
		kit_exit(&kit, arena);
		first = true;
	} while (err == -EAGAIN);
	return err ? pma_arena_count_error(arena, err) : 0;
}

/* Both locks are held.  -EAGAIN: the kit is not for the block at @pgno yet. */
static int claim_with(struct kit *kit, struct pma_arena *arena, struct pma_token *token,
		      struct pma_place *place, u32 *pgno)
{
	struct pma_pool *pool = arena->pool;
	struct pma_share *share;

	if (!token)
		return -EKEYREJECTED;
	share = token->claim->share;
	*pgno = share->pgno;
	if (!pma_table_where(&arena->claims, share->pgno))
		return -EAGAIN;
	if (pma_share_find(arena, share->pgno))
		return -EEXIST;
	if (!pma_limit_charge(arena, share->nr_pages))
		return -ENOMEM;
	/* Before a fault can find it. */
	if (!token->writable && pool->ops)
		pool->ops->expect_read_only(arena);
	*place = (struct pma_place){
		.kind = PMA_KIND_BIG,
		.pgno = share->pgno,
		.start = pma_region_handle(&pool->region, share->pgno),
		.claim = hold(arena, kit, share, token->writable),
	};
	share->claimed = true;
	if (pma_token_use(token) && !pma_token_keep(pool, token))
		kit->token = token;
	return 0;
}

/* The arena has it now, and it counts as its own; the lock is held. */
static void take_in(struct pma_arena *arena, const struct pma_place *place,
		    struct pma_block *block)
{
	pma_place_describe(arena, place, block);
	pma_arena_count_pages(arena, &arena->stats.big_pages, place->claim->share->nr_pages);
	pma_arena_count_allocs(arena, 1, block->size);
}

/* With what is in the kit. */
static int claim_block(struct kit *kit, struct pma_arena *arena, const u64 *bits,
		       struct pma_block *block, u32 *pgno)
{
	struct pma_place place;
	unsigned long irq;
	int err;

	irq = lock_both(arena);
	err = claim_with(kit, arena, pma_token_find(arena->pool, bits), &place, pgno);
	raw_spin_unlock(&arena->pool->lock);
	if (!err)
		take_in(arena, &place, block);
	raw_spin_unlock_irqrestore(&arena->lock, irq);
	return err;
}

/**
 * pma_share_claim() - hold a block that another arena shares
 * @arena: who will hold it too
 * @bits: two words, from pma_share_block()
 * @block: what it is
 *
 * Context: May sleep.
 * Return: 0; -EKEYREJECTED if that is no token, or none any more; -EEXIST if the
 * arena holds the block already; -ENOMEM if its limit forbids it, or without memory;
 * all but that are counted.
 */
int pma_share_claim(struct pma_arena *arena, const u64 *bits, struct pma_block *block)
{
	struct kit kit = {};
	u32 pgno = PMA_NONE;
	int err;

	/* Twice at most: what is reserved stays. */
	do {
		err = kit_add_claim(&kit, arena, pgno);
		if (!err)
			err = claim_block(&kit, arena, bits, block, &pgno);
	} while (err == -EAGAIN);
	kit_exit(&kit, arena);
	return !err || err == -ENOMEM ? err : pma_arena_count_error(arena, err);
}

/**
 * pma_share_revoke() - make a token worthless
 * @arena: who has shared with it
 * @bits: two words, from pma_share_block()
 *
 * Who has claimed with it keeps its claim.  A block that nobody has claimed, and
 * nobody can any more, is the arena's own again.
 *
 * Context: May sleep.
 * Return: 0; -EKEYREJECTED if that is no token of this arena's; counted.
 */
int pma_share_revoke(struct pma_arena *arena, const u64 *bits)
{
	struct pma_token *token;
	struct pma_claim *claim;
	struct kit kit = {};
	unsigned long irq;

	irq = lock_both(arena);
	token = pma_token_find(arena->pool, bits);
	if (token && token->claim->arena == arena) {
		claim = token->claim;
		pma_token_withdraw(token);
		kit.token = token;
		if (!claim->share->claimed && !claim->nr_tokens)
			make_private(arena, &kit, claim);
	}
	unlock_both(arena, irq);
	if (!kit.token)
		return pma_arena_count_error(arena, -EKEYREJECTED);
	kit_exit(&kit, arena);
	return 0;
}

/**
 * pma_share_leave() - cut an arena off a block it holds
 * @arena: who holds it
 * @claim: its claim, which the caller owes to pma_share_release()
 *
 * Context: The arena's lock is held; takes the pool's.
 */
void pma_share_leave(struct pma_arena *arena, struct pma_claim *claim)
{
	const struct pma_share *share = claim->share;

	lockdep_assert_held(&arena->lock);
	pma_arena_count_pages(arena, &arena->stats.big_pages, -share->nr_pages);
	pma_arena_count_frees(arena, 1, pma_region_handle(&arena->pool->region, share->nr_pages));
	pma_table_set(&arena->claims, share->pgno, NULL);
	list_del(&claim->of_arena);
	claim->mapped = arena->mapped;
	if (pma_reach_is_empty(claim))
		pma_reach_expect(arena, false);
	raw_spin_lock(&arena->pool->lock);
	if (claim->nr_tokens)
		pma_token_withdraw_all(claim);
	claim->alone = share->nr_holders == 1;
	raw_spin_unlock(&arena->pool->lock);
}

/* True for the last of them, who now owes the run to free_run(). */
static bool drop(struct pma_pool *pool, struct pma_claim *claim)
{
	struct pma_share *share = claim->share;
	unsigned long irq;
	bool last;

	raw_spin_lock_irqsave(&pool->lock, irq);
	list_del(&claim->of_share);
	pma_limit_uncharge(claim->arena, share->nr_pages);
	share->mapped |= claim->mapped;
	last = !--share->nr_holders;
	if (last) {
		atomic_inc(&pool->moving);
		pool->generation++;
		list_del(&share->node);
		pma_page_set(&pool->pages.desc[share->pgno], PMA_KIND_FREE, 0, 0);
	}
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return last;
}

static void free_run(struct pma_arena *arena, const struct pma_share *share)
{
	struct pma_pool *pool = arena->pool;

	pma_pages_retire(&pool->pages, share->pgno, share->nr_pages, UID_OF_MANY);
	if (share->mapped)
		pma_held_revoke(arena, share->pgno);
	else
		pma_runs_give(pool, NULL, share->pgno);
	atomic_dec(&pool->moving);
}

/**
 * pma_share_release() - end a claim; the last one frees the block
 * @arena: whose it was
 * @claim: from pma_share_leave()
 *
 * Context: May sleep if the arena, or any that held the block, is mapped.
 * O(pages of the block).
 */
void pma_share_release(struct pma_arena *arena, struct pma_claim *claim)
{
	struct pma_share *share = claim->share;
	struct pma_pool *pool = arena->pool;

	if (claim->nr_tokens)
		pma_token_free_all(pool, claim);
	/* Who was alone frees the block, and so revokes it: nobody can have claimed it since. */
	if (claim->mapped && !pma_reach_is_empty(claim) && !claim->alone)
		pool->ops->zap(arena, claim->reach_first, claim->reach_end - claim->reach_first);
	if (drop(pool, claim)) {
		free_run(arena, share);
		kfree(share);
	}
	free_claim(arena, claim);
}
