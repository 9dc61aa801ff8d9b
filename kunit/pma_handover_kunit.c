// SPDX-License-Identifier: GPL-2.0
/*
 * pma_handover_kunit.c - what is refused of SHARE, CLAIM, UNSHARE and EXPORT, and what
 * is undone when it can't be told
 */
#include <linux/file.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "pma_block.h"
#include "pma_held.h"
#include "pma_ioctl.h"
#include "pma_kunit_front.h"
#include "pma_share.h"

#define BIG	0UL		/* two pages of the first arena's */
#define SMALL	8192UL		/* a slab block of it */
#define THEIRS	(3 * 4096UL)	/* the second arena's */
#define FREE	(8 * 4096UL)
#define REGION	(64 * 4096UL)

union args {
	struct pma_share_args share;
	struct pma_claim_args claim;
	struct pma_unshare_args unshare;
	struct pma_export_args export;
};

struct call {
	const char *name;
	u32 cmd;
	int err;
	union args args;
	bool with_token;	/* one that is good */
};

#define CALL(command, error, what) \
	.name = #command ": " what, .cmd = PMA_IOC_##command, .err = error

static struct file *set_up(struct kunit *test, u64 *token)
{
	struct pma_kunit_front *front = test->priv;
	struct file *other = pma_kunit_front_open(test, O_RDWR);

	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 8192), BIG);
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 100), SMALL);
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, pma_kunit_front_arena(other), 4096), THEIRS);
	KUNIT_ASSERT_EQ(test, pma_share_block(front->arena, BIG, 0, 3, token), 0);
	return other;
}

/* The struct of a call, in the process's frame. */
static void put(struct kunit *test, const struct call *call, const u64 *token)
{
	union args args = call->args;

	if (call->with_token && call->cmd == PMA_IOC_CLAIM)
		memcpy(args.claim.token, token, sizeof(args.claim.token));
	if (call->with_token && call->cmd == PMA_IOC_UNSHARE)
		memcpy(args.unshare.token, token, sizeof(args.unshare.token));
	pma_kunit_front_put(test, &args, sizeof(args));
}

/* Calls of the second arena. */
static void bad_calls_are_refused(struct kunit *test)
{
	static const struct call calls[] = {
		{ CALL(SHARE, -EINVAL, "no claims"), .args.share.handle = THEIRS },
		{ CALL(SHARE, -EINVAL, "too many claims"),
		  .args.share = { .handle = THEIRS, .nr_claims = PMA_CLAIMS_MAX + 1 } },
		{ CALL(SHARE, -EINVAL, "flag 1"),
		  .args.share = { .handle = THEIRS, .nr_claims = 1, .flags = 2 } },
		{ CALL(SHARE, -EINVAL, "reserved"),
		  .args.share = { .handle = THEIRS, .nr_claims = 1, .reserved = 1 } },
		{ CALL(SHARE, -EACCES, "another's"),
		  .args.share = { .handle = SMALL, .nr_claims = 1 } },
		{ CALL(SHARE, -ERANGE, "region's end"),
		  .args.share = { .handle = REGION, .nr_claims = 1 } },
		{ CALL(SHARE, -EALREADY, "free"),
		  .args.share = { .handle = FREE, .nr_claims = 1 } },
		{ CALL(SHARE, -EBADSLT, "interior"),
		  .args.share = { .handle = THEIRS + 16, .nr_claims = 1 } },
		{ CALL(CLAIM, -EKEYREJECTED, "no token") },
		{ CALL(CLAIM, -EINVAL, "flag 0"), .args.claim.flags = 1, .with_token = true },
		{ CALL(CLAIM, -EINVAL, "reserved"), .args.claim.reserved = 1ULL << 32,
		  .with_token = true },
		{ CALL(UNSHARE, -EKEYREJECTED, "no token") },
		{ CALL(UNSHARE, -EKEYREJECTED, "another's token"), .with_token = true },
		{ CALL(UNSHARE, -EINVAL, "reserved"), .args.unshare.reserved = 1,
		  .with_token = true },
		{ CALL(EXPORT, -EINVAL, "flag 0"),
		  .args.export = { .handle = THEIRS, .flags = 1 } },
		{ CALL(EXPORT, -EINVAL, "reserved"),
		  .args.export = { .handle = THEIRS, .reserved = 1 } },
		{ .name = "command 0x24", .cmd = _IO(PMA_IOC_TYPE, 0x24), .err = -ENOTTY },
	};
	struct pma_kunit_front *front = test->priv;
	struct pma_kunit_before before;
	struct pma_arena *arena;
	struct file *other;
	union args args;
	u64 token[2];
	u32 i;

	other = set_up(test, token);
	arena = pma_kunit_front_arena(other);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		put(test, &calls[i], token);
		pma_kunit_watch(&before, arena);
		KUNIT_EXPECT_EQ_MSG(test, pma_ioctl_do(arena, calls[i].cmd, front->user),
				    calls[i].err, "%s", calls[i].name);
		pma_kunit_expect_refused(test, &before, arena, calls[i].err, calls[i].name);
		pma_kunit_front_get(test, &args, sizeof(args));
		if (!calls[i].with_token)
			KUNIT_EXPECT_TRUE_MSG(test, !memcmp(&args, &calls[i].args, sizeof(args)),
					      "%s: an answer", calls[i].name);
		KUNIT_EXPECT_EQ(test, front->arena->nr_tokens, 1);
	}
	pma_kunit_front_close(other);
}

/* The two that can't be undone altogether are not begun. */
static void claims_need_room_for_their_answer(struct kunit *test)
{
	static const struct call calls[] = {
		{ CALL(CLAIM, -EFAULT, ""), .with_token = true },
		{ CALL(EXPORT, -EFAULT, ""), .args.export.handle = THEIRS },
	};
	struct pma_kunit_front *front = test->priv;
	struct pma_kunit_before before;
	struct pma_arena *arena;
	struct file *other;
	u64 token[2];
	u32 i;

	other = set_up(test, token);
	arena = pma_kunit_front_arena(other);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		put(test, &calls[i], token);
		pma_kunit_watch(&before, arena);
		KUNIT_EXPECT_EQ_MSG(test, pma_ioctl_do(arena, calls[i].cmd, front->user_ro),
				    -EFAULT, "%s", calls[i].name);
		pma_kunit_expect_refused(test, &before, arena, -EFAULT, calls[i].name);
	}
	KUNIT_EXPECT_EQ(test, arena->nr_tokens, 0);
	pma_kunit_front_close(other);
}

/* What @call has answered is taken back, so that all is as it was. */
static void take_back(struct kunit *test, struct pma_arena *arena, u32 cmd)
{
	union args args;

	pma_kunit_front_get(test, &args, sizeof(args));
	if (cmd == PMA_IOC_SHARE)
		KUNIT_EXPECT_EQ(test, pma_share_revoke(arena, args.share.token), 0);
	if (cmd == PMA_IOC_CLAIM)
		pma_kunit_free(test, arena, args.claim.handle);
	if (cmd == PMA_IOC_EXPORT)
		pma_kunit_front_close_fd(test, args.export.fd);
}

static u32 lowest_fd(struct kunit *test)
{
	int fd = get_unused_fd_flags(0);

	KUNIT_EXPECT_GE(test, fd, 0);
	put_unused_fd(fd);
	return fd;
}

/* Each copy from and to the process fails in turn, and each allocation. */
static void what_cannot_be_told_is_undone(struct kunit *test)
{
	static const struct call calls[] = {
		{ CALL(SHARE, 0, ""), .args.share = { .handle = THEIRS, .nr_claims = 2 } },
		{ CALL(CLAIM, 0, ""), .with_token = true },
		{ CALL(EXPORT, 0, ""), .args.export.handle = THEIRS },
	};
	struct pma_kunit_front *front = test->priv;
	u32 i, fd = lowest_fd(test);
	struct pma_arena *arena;
	struct pma_stats stats;
	struct file *other;
	u64 token[2];
	bool failed;
	long err;

	pma_kunit_front_need_faults(test);
	other = set_up(test, token);
	arena = pma_kunit_front_arena(other);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		struct pma_kunit_faults faults = { .wanted = 2 };

		do {
			/* A token that is used up with each claim, told or not. */
			KUNIT_ASSERT_EQ(test, pma_share_block(front->arena, BIG, 0, 1, token), 0);
			put(test, &calls[i], token);
			pma_kunit_front_fail(&faults);
			err = pma_ioctl_do(arena, calls[i].cmd, front->user);
			failed = pma_kunit_front_failed(test, &faults, err);
			if (!err)
				take_back(test, arena, calls[i].cmd);
			pma_kunit_flush_files();
			pma_share_revoke(front->arena, token);
			pma_arena_get_stats(arena, &stats);
			KUNIT_EXPECT_EQ_MSG(test, stats.live_blocks, 1, "%s", calls[i].name);
			KUNIT_EXPECT_EQ_MSG(test, stats.charged_pages, 1, "%s", calls[i].name);
			KUNIT_EXPECT_EQ_MSG(test, stats.pool_arenas, 2, "%s", calls[i].name);
			KUNIT_EXPECT_EQ(test, arena->nr_tokens, 0);
			KUNIT_EXPECT_EQ(test, lowest_fd(test), fd);
			pma_kunit_expect_sound(test, front->pool);
		} while (failed);
	}
	pma_kunit_front_close(other);
}

/* Held pages count for the limit: they are settled before a claim fails for it. */
static void claims_settle_what_is_in_their_way(struct kunit *test)
{
	struct pma_limit_args limit = { .flags = PMA_LIMIT_LIMIT, .limit = 2 };
	static const struct call call = { CALL(CLAIM, 0, ""), .with_token = true };
	struct pma_kunit_front *front = test->priv;
	struct pma_arena *arena;
	struct pma_stats stats;
	struct file *other;
	unsigned long at;
	u64 token[2];

	other = set_up(test, token);
	arena = pma_kunit_front_arena(other);
	at = kunit_vm_mmap(test, other, 0, REGION, PROT_READ, MAP_SHARED, 0);
	KUNIT_ASSERT_FALSE(test, !at || IS_ERR_VALUE(at));
	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &limit, true), 0);
	pma_kunit_free(test, arena, THEIRS);
	KUNIT_EXPECT_EQ(test, pma_held_pages(arena), 1);
	put(test, &call, token);
	KUNIT_EXPECT_EQ(test, pma_ioctl_do(arena, PMA_IOC_CLAIM, front->user), 0);
	pma_arena_get_stats(arena, &stats);
	KUNIT_EXPECT_EQ(test, stats.charged_pages, 2);
	KUNIT_EXPECT_EQ(test, stats.held_pages, 0);
	KUNIT_EXPECT_EQ(test, stats.failed, 0);
	/* Where that does not help it fails once. */
	pma_kunit_free(test, arena, BIG);
	limit.limit = 1;
	KUNIT_EXPECT_EQ(test, pma_limit_set(arena, &limit, true), 0);
	put(test, &call, token);
	KUNIT_EXPECT_EQ(test, pma_ioctl_do(arena, PMA_IOC_CLAIM, front->user), -ENOMEM);
	pma_arena_get_stats(arena, &stats);
	KUNIT_EXPECT_EQ(test, stats.failed, 1);
	KUNIT_EXPECT_EQ(test, stats.charged_pages, 0);
	KUNIT_EXPECT_EQ(test, vm_munmap(at, REGION), 0);
	pma_kunit_front_close(other);
}

static struct kunit_case pma_handover_cases[] = {
	KUNIT_CASE(bad_calls_are_refused),
	KUNIT_CASE(claims_need_room_for_their_answer),
	KUNIT_CASE(what_cannot_be_told_is_undone),
	KUNIT_CASE(claims_settle_what_is_in_their_way),
	{}
};

static struct kunit_suite pma_handover_suite = {
	.name = "pma_handover",
	.init = pma_kunit_front_init,
	.exit = pma_kunit_front_exit,
	.test_cases = pma_handover_cases,
};

kunit_test_suite(pma_handover_suite);
