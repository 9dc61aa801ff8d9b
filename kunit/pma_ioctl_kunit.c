// SPDX-License-Identifier: GPL-2.0
/*
 * pma_ioctl_kunit.c - what the door of ioctls refuses, and what it undoes
 */
#include <linux/module.h>
#include <linux/uaccess.h>

#include "pma_block.h"
#include "pma_ioctl.h"
#include "pma_kunit_front.h"

/* What lies where, when a case begins. */
#define SMALL	0UL		/* a slab block of the arena's */
#define BIG	4096UL		/* two pages of it */
#define OTHER	(3 * 4096UL)	/* another arena's */
#define FREE	(8 * 4096UL)
#define REGION	(64 * 4096UL)

union args {
	struct pma_alloc_args alloc;
	struct pma_free_args free;
	struct pma_realloc_args realloc;
	struct pma_batch_args batch;
	struct pma_alloc_batch_args alloc_batch;
	struct pma_free_batch_args free_batch;
	struct pma_query_args query;
	struct pma_dump_args dump;
	struct pma_check_args check;
	struct pma_limit_args limit;
	struct pma_root_args root;
	struct pma_unlink_args unlink;
	struct pma_tag_args tag;
	struct pma_info info;
	struct pma_stats stats;
};

struct call {
	const char *name;
	u32 cmd;
	union args args;
	int err;
	u32 nr_copies;		/* from and to the process */
};

static struct file *set_up(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *other = pma_kunit_front_open(test, O_RDWR);

	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 100), SMALL);
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 8192), BIG);
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, pma_kunit_front_arena(other), 4096), OTHER);
	return other;
}

#define CALL(command, error, what) \
	.name = #command ": " what, .cmd = PMA_IOC_##command, .err = error

static const struct call bad_calls[] = {
	{ CALL(ALLOC, -EINVAL, "no size") },
	{ CALL(ALLOC, -EINVAL, "align 3"), .args.alloc = { .size = 8, .align = 3 } },
	{ CALL(ALLOC, -EINVAL, "two pages' align"), .args.alloc = { .size = 8, .align = 8192 } },
	{ CALL(ALLOC, -EINVAL, "flag 2"), .args.alloc = { .size = 8, .flags = 4 } },
	{ CALL(ALLOC, -EINVAL, "flag 31"), .args.alloc = { .size = 8, .flags = 1U << 31 } },
	{ CALL(ALLOC, -EINVAL, "flag 31 and WAIT"),
	  .args.alloc = { .size = 8, .flags = 1U << 31 | PMA_WAIT } },
	{ CALL(ALLOC, -EINVAL, "a timeout, no WAIT"),
	  .args.alloc = { .size = 8, .timeout_ms = 1 } },
	{ CALL(ALLOC, -EINVAL, "reserved 0"), .args.alloc = { .size = 8, .reserved = { 1 } } },
	{ CALL(ALLOC, -EINVAL, "reserved 1"), .args.alloc = { .size = 8, .reserved = { 0, 1 } } },
	{ CALL(ALLOC, -EINVAL, "reserved 2"),
	  .args.alloc = { .size = 8, .reserved = { 0, 0, 1U << 31 } } },
	{ CALL(ALLOC, -ENOMEM, "region + 1"), .args.alloc.size = REGION + 1 },
	{ CALL(ALLOC, -ENOMEM, "region + 1, WAIT"),
	  .args.alloc = { .size = REGION + 1, .flags = PMA_WAIT } },
	{ CALL(ALLOC, -ENOMEM, "all 64 bits"), .args.alloc.size = ~0ULL },
	{ CALL(FREE, -EINVAL, "reserved"),
	  .args.free = { .handle = SMALL, .reserved = 1ULL << 63 } },
	{ CALL(FREE, -ERANGE, "region's end"), .args.free.handle = REGION },
	{ CALL(FREE, -EALREADY, "free page"), .args.free.handle = FREE },
	{ CALL(FREE, -EBADSLT, "interior"), .args.free.handle = BIG + 1 },
	{ CALL(FREE, -EACCES, "another's"), .args.free.handle = OTHER },
	{ CALL(REALLOC, -EINVAL, "reserved 0"),
	  .args.realloc = { .handle = SMALL, .size = 8, .reserved = { 1 } } },
	{ CALL(REALLOC, -EINVAL, "reserved 2, size 0"),
	  .args.realloc = { .handle = SMALL, .reserved = { 0, 0, 1 } } },
	{ CALL(REALLOC, -EINVAL, "a timeout, no WAIT"),
	  .args.realloc = { .handle = SMALL, .size = 200, .timeout_ms = 1 } },
	{ CALL(REALLOC, -EINVAL, "nothing to nothing"), .args.realloc.handle = PMA_HANDLE_NONE },
	{ CALL(REALLOC, -EINVAL, "align 3"),
	  .args.realloc = { .handle = SMALL, .size = 8, .align = 3 } },
	{ CALL(REALLOC, -EINVAL, "flag 2"),
	  .args.realloc = { .handle = SMALL, .size = 8, .flags = 4 } },
	{ CALL(REALLOC, -EACCES, "another's"), .args.realloc = { .handle = OTHER, .size = 8 } },
	{ CALL(REALLOC, -ENOMEM, "region + 1"),
	  .args.realloc = { .handle = BIG, .size = REGION + 1 } },
	{ CALL(BATCH, -EINVAL, "none") },
	{ CALL(BATCH, -EINVAL, "one too many"), .args.batch.nr = PMA_BATCH_MAX + 1 },
	{ CALL(BATCH, -EINVAL, "flag 0"), .args.batch = { .nr = 1, .flags = 1 } },
	{ CALL(BATCH, -EINVAL, "reserved"), .args.batch = { .nr = 1, .reserved = 1ULL << 32 } },
	{ CALL(BATCH, -EFAULT, "entries at null"), .args.batch.nr = 1 },
	{ CALL(BATCH, -EFAULT, "entries in the kernel"),
	  .args.batch = { .nr = 1, .entries = ~0ULL << 47 } },
	{ CALL(ALLOC_BATCH, -EINVAL, "none"), .args.alloc_batch.size = 8 },
	{ CALL(ALLOC_BATCH, -EINVAL, "one too many"),
	  .args.alloc_batch = { .size = 8, .nr = PMA_BATCH_MAX + 1 } },
	{ CALL(ALLOC_BATCH, -EINVAL, "no size"), .args.alloc_batch.nr = 1 },
	{ CALL(ALLOC_BATCH, -EINVAL, "align 3"),
	  .args.alloc_batch = { .size = 8, .align = 3, .nr = 1 } },
	{ CALL(ALLOC_BATCH, -EINVAL, "WAIT"),
	  .args.alloc_batch = { .size = 8, .flags = PMA_WAIT, .nr = 1 } },
	{ CALL(ALLOC_BATCH, -EINVAL, "flag 31"),
	  .args.alloc_batch = { .size = 8, .flags = 1U << 31, .nr = 1 } },
	{ CALL(ALLOC_BATCH, -EINVAL, "reserved"),
	  .args.alloc_batch = { .size = 8, .nr = 1, .reserved = 1ULL << 32 } },
	{ CALL(ALLOC_BATCH, -ENOMEM, "region + 1"),
	  .args.alloc_batch = { .size = REGION + 1, .nr = 1 } },
	{ CALL(ALLOC_BATCH, -ENOMEM, "all 64 bits"),
	  .args.alloc_batch = { .size = ~0ULL, .nr = 1 } },
	{ CALL(FREE_BATCH, -EINVAL, "none") },
	{ CALL(FREE_BATCH, -EINVAL, "one too many"), .args.free_batch.nr = PMA_BATCH_MAX + 1 },
	{ CALL(FREE_BATCH, -EINVAL, "reserved"),
	  .args.free_batch = { .nr = 1, .reserved = 1ULL << 32 } },
	{ CALL(FREE_BATCH, -EFAULT, "handles at null"), .args.free_batch.nr = 1 },
	{ CALL(FREE_BATCH, -EFAULT, "handles in the kernel"),
	  .args.free_batch = { .nr = 1, .handles = ~0ULL << 47 } },
	{ CALL(QUERY, -EINVAL, "flag 1"), .args.query = { .handle = SMALL, .flags = 2 } },
	{ CALL(QUERY, -EINVAL, "reserved"), .args.query = { .handle = SMALL, .reserved = 1 } },
	{ CALL(QUERY, -EBADSLT, "interior"), .args.query.handle = SMALL + 1 },
	{ CALL(QUERY, -EALREADY, "free page, interior"),
	  .args.query = { .handle = FREE + 1, .flags = PMA_QUERY_INTERIOR } },
	{ CALL(DUMP, -EINVAL, "what 0"), .args.dump.nr = 1 },
	{ CALL(DUMP, -EINVAL, "what 4"), .args.dump = { .what = 4, .nr = 1 } },
	{ CALL(DUMP, -EINVAL, "no records"), .args.dump.what = PMA_DUMP_PAGES },
	{ CALL(DUMP, -EINVAL, "reserved"),
	  .args.dump = { .what = PMA_DUMP_BLOCKS, .nr = 1, .reserved = 1 } },
	{ CALL(DUMP, -EFAULT, "records at null"),
	  .args.dump = { .what = PMA_DUMP_ARENAS, .nr = ~0U } },
	{ CALL(CHECK, -EINVAL, "flag 1"), .args.check.flags = 2 },
	{ CALL(CHECK, -EINVAL, "reserved"), .args.check.reserved = 1 },
	{ CALL(LIMIT, -EINVAL, "flag 3"), .args.limit.flags = 8 },
	{ CALL(LIMIT, -EINVAL, "reserved 1"), .args.limit.reserved = { 0, 1 } },
	{ CALL(LIMIT, -EINVAL, "reserve above the limit"),
	  .args.limit = { .flags = PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE,
			  .limit = 3, .reserve = 4 } },
	{ CALL(SET_ROOT, -EINVAL, "reserved"), .args.root = { .handle = SMALL, .reserved = 1 } },
	{ CALL(SET_ROOT, -EBADSLT, "interior"), .args.root.handle = BIG + 4096 },
	{ CALL(UNLINK, -EINVAL, "no name") },
	{ CALL(UNLINK, -ENOENT, "not there"), .args.unlink.name = "pma_kunit-none" },
	{ CALL(TAG, -EINVAL, "a line's end"), .args.tag.tag = "a\n" },
	{ .name = "command 0x0f", .cmd = _IO(PMA_IOC_TYPE, 0x0f), .err = -ENOTTY },
	{ .name = "command 0x26", .cmd = _IO(PMA_IOC_TYPE, 0x26), .err = -ENOTTY },
	{ .name = "ALLOC of another size", .cmd = _IOWR(PMA_IOC_TYPE, 0x11, char[40]),
	  .err = -ENOTTY },
	{ .name = "ALLOC of another type", .cmd = _IOWR('p', 0x11, struct pma_alloc_args),
	  .err = -ENOTTY },
};

static void bad_calls_are_refused(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *other = set_up(test);
	union args args;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad_calls); i++) {
		const struct call *call = &bad_calls[i];

		args = call->args;
		pma_kunit_front_expect_refused(test, front->file, call->cmd, &args, call->err,
					       call->name);
		KUNIT_EXPECT_TRUE_MSG(test, !memcmp(&args, &call->args, sizeof(args)),
				      "%s: an answer", call->name);
	}
	pma_kunit_front_close(other);
}

/* What they would have to be allowed. */
static void rights_are_asked_for(struct kunit *test)
{
	static const struct call calls[] = {
		{ CALL(CHECK, -EPERM, "the pool"), .args.check.flags = PMA_CHECK_POOL },
		{ CALL(LIMIT, -EPERM, "a reserve"),
		  .args.limit = { .flags = PMA_LIMIT_RESERVE, .reserve = 1 } },
		{ CALL(LIMIT, -EPERM, "a higher limit"),
		  .args.limit = { .flags = PMA_LIMIT_LIMIT, .limit = 21 } },
	};
	struct pma_limit_args lower = { .flags = PMA_LIMIT_LIMIT, .limit = 20 };
	struct pma_kunit_front *front = test->priv;
	const struct cred *root = pma_kunit_front_be(test, 1000, 1000);
	union args args;
	u32 i;

	KUNIT_EXPECT_EQ(test, pma_kunit_front_call(test, front->file, PMA_IOC_LIMIT, &lower), 0);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		args = calls[i].args;
		pma_kunit_front_expect_refused(test, front->file, calls[i].cmd, &args,
					       calls[i].err, calls[i].name);
	}
	pma_kunit_front_be_again(root);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		args = calls[i].args;
		KUNIT_EXPECT_EQ_MSG(test, pma_kunit_front_call(test, front->file, calls[i].cmd,
							       &args), 0, "%s", calls[i].name);
	}
}

/* A batch's entries or handles and a dump's records are in the same frame, behind the struct. */
#define BEHIND		1024
#define NOT_TOLD	12345

static char __user *put(struct kunit *test, const struct call *call, char __user *frame,
			const struct pma_batch_entry *entries, u32 nr)
{
	struct pma_kunit_front *front = test->priv;
	union args args = call->args;

	if (call->cmd == PMA_IOC_BATCH)
		args.batch.entries = (unsigned long)frame + BEHIND;
	if (call->cmd == PMA_IOC_ALLOC_BATCH || call->cmd == PMA_IOC_FREE_BATCH)
		args.free_batch.handles = (unsigned long)frame + BEHIND;
	if (call->cmd == PMA_IOC_DUMP)
		args.dump.records = (unsigned long)frame + BEHIND;
	pma_kunit_front_put(test, &args, sizeof(args));
	KUNIT_ASSERT_EQ(test, copy_to_user(front->user + BEHIND, entries, nr * sizeof(*entries)),
			0);
	if (call->cmd == PMA_IOC_FREE_BATCH)
		KUNIT_ASSERT_EQ(test, put_user(SMALL, (u64 __user *)(front->user + BEHIND)), 0);
	return frame;
}

/* What could not be undone is not begun where the answer can't be written. */
static void what_cannot_be_undone_needs_room_for_its_answer(struct kunit *test)
{
	static const struct call calls[] = {
		{ CALL(REALLOC, -EFAULT, "shrinks"),
		  .args.realloc = { .handle = BIG, .size = 4096 } },
		{ CALL(REALLOC, -EFAULT, "frees"), .args.realloc.handle = BIG },
		{ CALL(BATCH, -EFAULT, "frees"), .args.batch.nr = 1 },
		{ CALL(FREE_BATCH, -EFAULT, "frees"), .args.free_batch.nr = 1 },
		{ CALL(LIMIT, -EFAULT, "sets"),
		  .args.limit = { .flags = PMA_LIMIT_LIMIT, .limit = 9 } },
	};
	static const struct pma_batch_entry entry = { .op = PMA_BATCH_FREE, .handle = SMALL };
	struct pma_kunit_front *front = test->priv;
	struct file *other = set_up(test);
	struct pma_kunit_before before;
	char __user *user;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		user = put(test, &calls[i], front->user_ro, &entry, 1);
		pma_kunit_watch(&before, front->arena);
		KUNIT_EXPECT_EQ_MSG(test, pma_ioctl_do(front->arena, calls[i].cmd, user), -EFAULT,
				    "%s", calls[i].name);
		pma_kunit_expect_refused(test, &before, front->arena, -EFAULT, calls[i].name);
		/* A batch whose struct can be written, but not its entries. */
		KUNIT_EXPECT_EQ_MSG(test, calls[i].cmd != PMA_IOC_BATCH ? -EFAULT :
				    pma_ioctl_do(front->arena, PMA_IOC_BATCH, front->user), -EFAULT,
				    "%s", calls[i].name);
		pma_kunit_expect_refused(test, &before, front->arena, -EFAULT, calls[i].name);
	}
	KUNIT_EXPECT_EQ(test, front->arena->budget.limit, PMA_LIMIT_NONE);
	pma_kunit_front_close(other);
}

static void make_writable_looks_at_every_frame(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	const struct {
		char __user *at;
		size_t bytes;
		bool writable;
	} table[] = {
		{ front->user, 1, true },		{ front->user, PAGE_SIZE, true },
		{ front->nowhere - 1, 1, true },	{ front->nowhere - 1, 2, false },
		{ front->user, PAGE_SIZE + 1, false },	{ front->user, 3 * PAGE_SIZE, false },
		{ front->nowhere, 1, false },		{ front->user_ro, 1, false },
		{ NULL, 1, false },			{ (char __user *)~0UL, 1, false },
	};
	char bytes[64], now[64];
	u32 i;

	pma_kunit_fill(bytes, sizeof(bytes), 1);
	pma_kunit_front_put(test, bytes, sizeof(bytes));
	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ_MSG(test, pma_ioctl_make_writable(table[i].at, table[i].bytes),
				    table[i].writable, "row %u", i);
	pma_kunit_front_get(test, now, sizeof(now));
	KUNIT_EXPECT_TRUE(test, !memcmp(bytes, now, sizeof(now)));
}

/* Calls that succeed, and leave no more than blocks that they tell of. */
#define GOOD(command, copies, what) \
	.name = #command ": " what, .cmd = PMA_IOC_##command, .nr_copies = copies

static const struct call good_calls[] = {
	{ GOOD(INFO, 1, "") },
	{ GOOD(ALLOC, 2, "a small one"), .args.alloc.size = 100 },
	{ GOOD(ALLOC, 2, "of the heap"), .args.alloc = { .size = 3000, .flags = PMA_ZERO } },
	{ GOOD(ALLOC, 2, "a big one, WAIT"), .args.alloc = { .size = 8192, .flags = PMA_WAIT } },
	{ GOOD(FREE, 1, "nothing"), .args.free.handle = PMA_HANDLE_NONE },
	{ GOOD(REALLOC, 2, "in place"), .args.realloc = { .handle = BIG, .size = 8000 } },
	{ GOOD(BATCH, 4, ""), .args.batch.nr = 2 },
	{ GOOD(ALLOC_BATCH, 3, "small ones"), .args.alloc_batch = { .size = 100, .nr = 2 } },
	{ GOOD(ALLOC_BATCH, 3, "of the heap"), .args.alloc_batch = { .size = 3000, .nr = 2 } },
	{ GOOD(ALLOC_BATCH, 5, "big ones"), .args.alloc_batch = { .size = 8192, .nr = 2 } },
	{ GOOD(QUERY, 2, ""), .args.query.handle = SMALL },
	{ GOOD(STATS, 1, "") },
	{ GOOD(DUMP, 3, "pages"), .args.dump = { .what = PMA_DUMP_PAGES, .nr = 4 } },
	{ GOOD(DUMP, 3, "blocks"), .args.dump = { .what = PMA_DUMP_BLOCKS, .nr = 4 } },
	{ GOOD(DUMP, 3, "arenas"), .args.dump = { .what = PMA_DUMP_ARENAS, .nr = 4 } },
	{ GOOD(CHECK, 2, "") },
	{ GOOD(LIMIT, 2, ""), .args.limit = { .flags = PMA_LIMIT_LOW } },
	{ GOOD(ROOT, 1, "") },
	{ GOOD(SET_ROOT, 1, ""), .args.root.handle = PMA_HANDLE_NONE },
	{ GOOD(TAG, 1, ""), .args.tag.tag = "a tag" },
};

static const struct pma_batch_entry good_entries[] = {
	{ .op = PMA_BATCH_ALLOC, .size = 100, .result = NOT_TOLD },
	{ .op = PMA_BATCH_ALLOC, .size = 8192, .result = NOT_TOLD },
};

/* Free what we have been told of. */
static void free_told(struct kunit *test, const struct call *call, long err)
{
	struct pma_kunit_front *front = test->priv;
	struct pma_batch_entry entries[2];
	union args args;
	u64 handle;
	u32 i;

	pma_kunit_front_get(test, &args, sizeof(args));
	if (call->cmd == PMA_IOC_ALLOC && !err)
		pma_kunit_free(test, front->arena, args.alloc.handle);
	for (i = 0; call->cmd == PMA_IOC_ALLOC_BATCH && !err && i < args.alloc_batch.done; i++) {
		KUNIT_ASSERT_EQ(test, get_user(handle, (u64 __user *)(front->user + BEHIND) + i),
				0);
		pma_kunit_free(test, front->arena, handle);
	}
	if (call->cmd != PMA_IOC_BATCH)
		return;
	KUNIT_ASSERT_EQ(test, copy_from_user(entries, front->user + BEHIND, sizeof(entries)), 0);
	for (i = 0; i < ARRAY_SIZE(entries); i++)
		if (entries[i].result != NOT_TOLD)
			pma_kunit_free(test, front->arena, entries[i].handle);
}

static void expect_no_more(struct kunit *test, const char *what)
{
	struct pma_kunit_front *front = test->priv;
	struct pma_stats stats;

	pma_arena_get_stats(front->arena, &stats);
	KUNIT_EXPECT_EQ_MSG(test, stats.live_blocks, 2, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, stats.live_bytes, 112 + 8192, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, stats.arena_pages, 3, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, pma_kunit_errors(front->pool), 0, "%s", what);
}

static void call_without_each(struct kunit *test, const struct call *call)
{
	struct pma_kunit_front *front = test->priv;
	struct pma_kunit_faults faults = { .wanted = call->nr_copies };
	bool failed;
	long err;

	do {
		put(test, call, front->user, good_entries, ARRAY_SIZE(good_entries));
		pma_kunit_front_fail(&faults);
		err = pma_ioctl_do(front->arena, call->cmd, front->user);
		failed = pma_kunit_front_failed(test, &faults, err);
		free_told(test, call, err);
		expect_no_more(test, call->name);
	} while (failed);
}

static void what_cannot_be_told_is_undone(struct kunit *test)
{
	struct file *other;
	u32 i;

	pma_kunit_front_need_faults(test);
	other = set_up(test);
	for (i = 0; i < ARRAY_SIZE(good_calls); i++)
		call_without_each(test, &good_calls[i]);
	pma_kunit_front_close(other);
}

/* A file that is open for reading only may look, and nothing else. */
static void read_only_files_may_not_change(struct kunit *test)
{
	static const struct {
		u32 cmd;
		bool changes;
	} table[] = {
		{ PMA_IOC_INFO },		{ PMA_IOC_QUERY },
		{ PMA_IOC_STATS },		{ PMA_IOC_DUMP },
		{ PMA_IOC_CHECK },		{ PMA_IOC_ROOT },
		{ PMA_IOC_ALLOC, true },	{ PMA_IOC_FREE, true },
		{ PMA_IOC_REALLOC, true },	{ PMA_IOC_BATCH, true },
		{ PMA_IOC_ALLOC_BATCH, true },	{ PMA_IOC_FREE_BATCH, true },
		{ PMA_IOC_RESET, true },	{ PMA_IOC_LIMIT, true },
		{ PMA_IOC_SET_ROOT, true },	{ PMA_IOC_OPEN, true },
		{ PMA_IOC_UNLINK, true },	{ PMA_IOC_TAG, true },
		{ PMA_IOC_SHARE, true },	{ PMA_IOC_CLAIM, true },
		{ PMA_IOC_UNSHARE, true },	{ PMA_IOC_EXPORT, true },
	};
	struct file *file = pma_kunit_front_open(test, O_RDONLY);
	union args args = {};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_EQ_MSG(test, pma_ioctl_needs_write(table[i].cmd), table[i].changes,
				    "command 0x%x", table[i].cmd);
		if (table[i].changes)
			pma_kunit_front_expect_refused(test, file, table[i].cmd, &args, -EBADF,
						       "read-only");
	}
	pma_kunit_front_close(file);
}

static struct kunit_case pma_ioctl_cases[] = {
	KUNIT_CASE(bad_calls_are_refused),
	KUNIT_CASE(rights_are_asked_for),
	KUNIT_CASE(what_cannot_be_undone_needs_room_for_its_answer),
	KUNIT_CASE(make_writable_looks_at_every_frame),
	KUNIT_CASE(what_cannot_be_told_is_undone),
	KUNIT_CASE(read_only_files_may_not_change),
	{}
};

static struct kunit_suite pma_ioctl_suite = {
	.name = "pma_ioctl",
	.init = pma_kunit_front_init,
	.exit = pma_kunit_front_exit,
	.test_cases = pma_ioctl_cases,
};

kunit_test_suite(pma_ioctl_suite);
