// SPDX-License-Identifier: GPL-2.0
/*
 * pma_client_kunit.c - names, who may use them, and how long an arena lives
 */
#include <linux/file.h>
#include <linux/module.h>

#include "pma_block.h"
#include "pma_chardev.h"
#include "pma_kunit_front.h"

#define NAME	"pma_kunit-name"

/* Answers a descriptor or an error. */
static int open_name(struct kunit *test, const char *name, u32 flags, u32 mode)
{
	struct pma_kunit_front *front = test->priv;
	struct pma_open_args args = { .flags = flags, .mode = mode, .fd = -1 };
	long err;

	strscpy(args.name, name, sizeof(args.name));
	err = pma_kunit_front_call(test, front->file, PMA_IOC_OPEN, &args);
	return err ?: args.fd;
}

static int create_name(struct kunit *test, const char *name, u32 mode)
{
	return open_name(test, name, PMA_OPEN_CREATE | PMA_OPEN_EXCL, mode);
}

static long unlink_name(struct kunit *test, const char *name)
{
	struct pma_kunit_front *front = test->priv;
	struct pma_unlink_args args = {};

	strscpy(args.name, name, sizeof(args.name));
	return pma_kunit_front_call(test, front->file, PMA_IOC_UNLINK, &args);
}

static void expect_arenas(struct kunit *test, u32 nr, u32 nr_named)
{
	struct pma_kunit_front *front = test->priv;

	KUNIT_EXPECT_EQ(test, front->pool->nr_arenas, nr);
	KUNIT_EXPECT_EQ(test, pma_client_nr_named(), nr_named);
}

static void bad_names_are_refused(struct kunit *test)
{
	static const struct pma_open_args table[] = {
		{ .flags = PMA_OPEN_CREATE },
		{ .name = ".hidden", .flags = PMA_OPEN_CREATE },
		{ .name = "a b", .flags = PMA_OPEN_CREATE },
		{ .name = "a/b", .flags = PMA_OPEN_CREATE },
		{ .name = "a\n", .flags = PMA_OPEN_CREATE },
		{ .name = "\xc3\xa4", .flags = PMA_OPEN_CREATE },
		{ .name = "a\0b", .flags = PMA_OPEN_CREATE },
		{ .name = "0123456789abcdef0123456789abcdef", .flags = PMA_OPEN_CREATE },
		{ .name = NAME, .flags = 8 | PMA_OPEN_CREATE },
		{ .name = NAME, .flags = 1U << 31 | PMA_OPEN_CREATE },
		{ .name = NAME, .flags = PMA_OPEN_CREATE, .mode = 0100 },
		{ .name = NAME, .flags = PMA_OPEN_CREATE, .mode = 01000 },
		{ .name = NAME, .flags = PMA_OPEN_CREATE, .reserved = { 1 } },
		{ .name = NAME, .flags = PMA_OPEN_CREATE, .reserved = { 0, 0, 1 } },
	};
	struct pma_kunit_front *front = test->priv;
	struct pma_open_args args;
	struct pma_unlink_args unlink;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		args = table[i];
		pma_kunit_front_expect_refused(test, front->file, PMA_IOC_OPEN, &args, -EINVAL,
					       args.name);
		memcpy(unlink.name, table[i].name, sizeof(unlink.name));
		pma_kunit_front_expect_refused(test, front->file, PMA_IOC_UNLINK, &unlink,
					       strcmp(unlink.name, NAME) ? -EINVAL : -ENOENT,
					       unlink.name);
	}
	expect_arenas(test, 1, 0);
}

static void good_names_are_taken(struct kunit *test)
{
	static const char * const names[] = {
		"a", "-", "_.", "0123456789abcdef0123456789abcde", "A-z_0.9",
	};
	u32 i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_EQ_MSG(test, open_name(test, names[i], 0, 0), -ENOENT, "%s",
				    names[i]);
		fd = create_name(test, names[i], 0600);
		KUNIT_ASSERT_GE_MSG(test, fd, 0, "%s", names[i]);
		KUNIT_EXPECT_EQ_MSG(test, create_name(test, names[i], 0600), -EEXIST, "%s",
				    names[i]);
		pma_kunit_front_close_fd(test, fd);
		expect_arenas(test, 2, 1);
		KUNIT_EXPECT_EQ_MSG(test, unlink_name(test, names[i]), 0, "%s", names[i]);
		expect_arenas(test, 1, 0);
	}
}

static void modes_are_judged_as_a_file_s(struct kunit *test)
{
	/* Created by 1000:1000. */
	static const struct {
		u32 mode, uid, gid, flags;
		int err;
	} table[] = {
		{ 0600, 1000, 1000, 0, 0 },
		{ 0200, 1000, 1000, 0, -EACCES },
		{ 0400, 1000, 1000, 0, -EACCES },
		{ 0400, 1000, 1000, PMA_OPEN_READ_ONLY, 0 },
		{ 0066, 1000, 1000, 0, -EACCES },
		{ 0060, 1001, 1000, 0, 0 },
		{ 0040, 1001, 1000, 0, -EACCES },
		{ 0040, 1001, 1000, PMA_OPEN_READ_ONLY, 0 },
		{ 0606, 1001, 1000, 0, -EACCES },
		{ 0006, 1001, 1001, 0, 0 },
		{ 0004, 1001, 1001, 0, -EACCES },
		{ 0004, 1001, 1001, PMA_OPEN_READ_ONLY, 0 },
		{ 0660, 1001, 1001, PMA_OPEN_READ_ONLY, -EACCES },
		{ 0002, 1001, 1001, PMA_OPEN_READ_ONLY, -EACCES },
	};
	const struct cred *root;
	int fd, err;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		root = pma_kunit_front_be(test, 1000, 1000);
		fd = create_name(test, NAME, table[i].mode);
		pma_kunit_front_be_again(root);
		KUNIT_ASSERT_GE(test, fd, 0);
		root = pma_kunit_front_be(test, table[i].uid, table[i].gid);
		err = open_name(test, NAME, table[i].flags, 0);
		if (err >= 0)
			pma_kunit_front_close_fd(test, err);
		KUNIT_EXPECT_EQ_MSG(test, min(err, 0), table[i].err, "row %u", i);
		err = table[i].uid == 1000 ? 0 : unlink_name(test, NAME);
		pma_kunit_front_be_again(root);
		KUNIT_EXPECT_EQ_MSG(test, err, table[i].uid == 1000 ? 0 : -EACCES, "row %u", i);
		/* Root may. */
		err = open_name(test, NAME, 0, 0);
		KUNIT_EXPECT_GE_MSG(test, err, 0, "row %u", i);
		pma_kunit_front_close_fd(test, err);
		pma_kunit_front_close_fd(test, fd);
		KUNIT_EXPECT_EQ(test, unlink_name(test, NAME), 0);
		expect_arenas(test, 1, 0);
	}
}

static int module_refs(void)
{
#ifdef CONFIG_MODULE_UNLOAD
	if (pma_chardev_fops.owner)
		return module_refcount(pma_chardev_fops.owner);
#endif
	return 0;
}

/* Its files, and its name, which keeps the module too: the last of them ends it. */
static void an_arena_lives_by_its_users(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	u32 unlink_at, step;
	int fds[2], refs = module_refs();
	struct file *file;

	for (unlink_at = 0; unlink_at < 3; unlink_at++) {
		fds[0] = create_name(test, NAME, 0600);
		fds[1] = open_name(test, NAME, PMA_OPEN_CREATE, 0);
		KUNIT_ASSERT_GE(test, min(fds[0], fds[1]), 0);
		file = fget(fds[1]);
		KUNIT_EXPECT_EQ(test, pma_kunit_front_arena(file)->client->users, 3);
		pma_kunit_alloc(test, pma_kunit_front_arena(file), 8192);
		pma_kunit_front_close(file);
		for (step = 0; step < 3; step++) {
			expect_arenas(test, 2, step <= unlink_at);
			KUNIT_EXPECT_EQ(test, pma_pool_free_pages(front->pool, NULL), 62);
			if (pma_chardev_fops.owner)
				KUNIT_EXPECT_GT(test, module_refs(), refs);
			if (step == unlink_at)
				KUNIT_EXPECT_EQ(test, unlink_name(test, NAME), 0);
			else
				pma_kunit_front_close_fd(test, fds[step > unlink_at ? step - 1 :
								   step]);
		}
		expect_arenas(test, 1, 0);
		KUNIT_EXPECT_EQ(test, pma_pool_free_pages(front->pool, NULL), 64);
		KUNIT_EXPECT_EQ(test, module_refs(), refs);
	}
}

static long open_without_each(struct kunit *test, struct pma_open_args *args,
			      struct pma_kunit_faults *faults, bool *failed)
{
	struct pma_kunit_front *front = test->priv;
	void __user *user = pma_kunit_front_put(test, args, sizeof(*args));
	long err;

	pma_kunit_front_fail(faults);
	err = pma_chardev_fops.unlocked_ioctl(front->file, PMA_IOC_OPEN, (unsigned long)user);
	*failed = pma_kunit_front_failed(test, faults, err);
	pma_kunit_flush_files();
	pma_kunit_front_get(test, args, sizeof(*args));
	return err;
}

/* Whatever fails on the way of OPEN: neither arena, name nor user is left. */
static void open_fails_and_leaves_nothing(struct kunit *test)
{
	static const char * const names[] = { NAME, "pma_kunit-new" };
	int fd, refs;
	bool failed;
	u32 i;

	pma_kunit_front_need_faults(test);
	fd = create_name(test, NAME, 0600);
	refs = module_refs();
	KUNIT_ASSERT_GE(test, fd, 0);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct pma_kunit_faults faults = { .wanted = 2 };

		do {
			struct pma_open_args args = { .flags = PMA_OPEN_CREATE };

			strscpy(args.name, names[i], sizeof(args.name));
			if (!open_without_each(test, &args, &faults, &failed)) {
				pma_kunit_front_close_fd(test, args.fd);
				if (i)
					KUNIT_EXPECT_EQ(test, unlink_name(test, names[i]), 0);
			}
			expect_arenas(test, 2, 1);
			KUNIT_EXPECT_EQ(test, module_refs(), refs);
		} while (failed);
	}
	pma_kunit_front_close_fd(test, fd);
	KUNIT_EXPECT_EQ(test, unlink_name(test, NAME), 0);
	expect_arenas(test, 1, 0);
}

static void users_have_so_many_names(struct kunit *test)
{
	const struct cred *root = pma_kunit_front_be(test, 1000, 1000);
	char name[PMA_ARENA_NAME_MAX];
	int fds[17], i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		snprintf(name, sizeof(name), "pma_kunit-%d", i);
		fds[i] = create_name(test, name, 0600);
		KUNIT_EXPECT_EQ_MSG(test, min(fds[i], 0), i < 16 ? 0 : -EDQUOT, "%d", i);
	}
	pma_kunit_front_be_again(root);
	/* Root's are no concern of theirs. */
	fds[16] = create_name(test, name, 0600);
	KUNIT_EXPECT_GE(test, fds[16], 0);
	expect_arenas(test, 18, 17);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		snprintf(name, sizeof(name), "pma_kunit-%d", i);
		KUNIT_EXPECT_EQ(test, unlink_name(test, name), 0);
		pma_kunit_front_close_fd(test, fds[i]);
	}
	expect_arenas(test, 1, 0);
}

/* Tags, and commands' names, go into lines of text. */
static void tags_are_text(struct kunit *test)
{
	static const struct {
		struct pma_tag_args args;
		int err;
	} table[] = {
		{ { "a tag, ~!" } },		{ { "0123456789abcdef0123456789abcde" } },
		{ { "0123456789abcdef0123456789abcdef" }, -EINVAL },
		{ { "tab\t" }, -EINVAL },	{ { "\x7f" }, -EINVAL },
		{ { "\x80" }, -EINVAL },	{ { "a\0b" }, -EINVAL },
		{ { "" } },
	};
	struct pma_kunit_front *front = test->priv;
	struct pma_tag_args args, now = {};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		args = table[i].args;
		if (table[i].err) {
			pma_kunit_front_expect_refused(test, front->file, PMA_IOC_TAG, &args,
						       table[i].err, args.tag);
		} else {
			now = args;
			KUNIT_EXPECT_EQ(test, pma_kunit_front_call(test, front->file, PMA_IOC_TAG,
								   &args), 0);
		}
		KUNIT_EXPECT_TRUE_MSG(test, !memcmp(front->arena->client->tag, now.tag,
						    sizeof(now.tag)), "row %u", i);
	}
}

static void commands_are_told_as_text(struct kunit *test)
{
	char comm[TASK_COMM_LEN];
	struct file *file;

	memcpy(comm, current->comm, sizeof(comm));
	strscpy(current->comm, "a\nb\x80 c\x7f", sizeof(current->comm));
	file = pma_kunit_front_open(test, O_RDWR);
	memcpy(current->comm, comm, sizeof(comm));
	KUNIT_EXPECT_STREQ(test, pma_kunit_front_arena(file)->name, "a?b? c?");
	pma_kunit_front_close(file);
}

/* Oldest first, each once, though some go between two calls. */
static void dumps_resume(struct kunit *test)
{
	struct pma_arena_rec *rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);
	struct pma_kunit_front *front = test->priv;
	struct file *files[4];
	u64 cursor = 0;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, rec);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		files[i] = pma_kunit_front_open(test, O_RDWR);
	KUNIT_EXPECT_EQ(test, pma_client_dump(front->pool, &cursor, rec, 1), 1);
	KUNIT_EXPECT_EQ(test, rec->arena, front->arena->id);
	KUNIT_EXPECT_EQ(test, rec->opens, 1);
	KUNIT_EXPECT_EQ(test, rec->limit_pages, PMA_LIMIT_NONE);
	/* The one that the cursor is at goes, and one that has been told. */
	pma_kunit_front_close(files[0]);
	for (i = 1; i < ARRAY_SIZE(files); i++) {
		KUNIT_EXPECT_NE(test, cursor, PMA_HANDLE_NONE);
		KUNIT_EXPECT_EQ(test, pma_client_dump(front->pool, &cursor, rec, 1), 1);
		KUNIT_EXPECT_EQ(test, rec->arena, pma_kunit_front_arena(files[i])->id);
		pma_kunit_front_close(files[i]);
	}
	KUNIT_EXPECT_EQ(test, cursor, PMA_HANDLE_NONE);
	KUNIT_EXPECT_EQ(test, pma_client_dump(front->pool, &cursor, rec, 1), 0);
}

static struct kunit_case pma_client_cases[] = {
	KUNIT_CASE(bad_names_are_refused),
	KUNIT_CASE(good_names_are_taken),
	KUNIT_CASE(modes_are_judged_as_a_file_s),
	KUNIT_CASE(an_arena_lives_by_its_users),
	KUNIT_CASE(open_fails_and_leaves_nothing),
	KUNIT_CASE(users_have_so_many_names),
	KUNIT_CASE(tags_are_text),
	KUNIT_CASE(commands_are_told_as_text),
	KUNIT_CASE(dumps_resume),
	{}
};

static struct kunit_suite pma_client_suite = {
	.name = "pma_client",
	.init = pma_kunit_front_init,
	.exit = pma_kunit_front_exit,
	.test_cases = pma_client_cases,
};

kunit_test_suite(pma_client_suite);
