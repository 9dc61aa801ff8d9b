// SPDX-License-Identifier: GPL-2.0
/*
 * pma_proc_kunit.c - the text of /proc/pma
 *
 * It is read through a mount of the case's own, as there may be none yet.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/sched.h>

#include "pma_block.h"
#include "pma_kunit_front.h"

#define TEXT_MAX	SZ_64K

static struct vfsmount *proc;

static int pma_proc_kunit_init(struct kunit *test)
{
	struct file_system_type *type = get_fs_type("proc");

	KUNIT_ASSERT_NOT_NULL(test, type);
	proc = kern_mount(type);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, proc);
	return pma_kunit_front_init(test);
}

static void pma_proc_kunit_exit(struct kunit *test)
{
	pma_kunit_front_exit(test);
	if (!IS_ERR_OR_NULL(proc))
		kern_unmount(proc);
}

static struct file *open_text(struct kunit *test)
{
	const struct path root = { .mnt = proc, .dentry = proc->mnt_root };
	struct file *file = file_open_root(&root, "pma", O_RDONLY, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	return file;
}

/* All of it from @pos on, @bytes at a time. */
static char *read_text(struct kunit *test, struct file *file, loff_t pos, size_t bytes)
{
	char *text = kunit_kzalloc(test, TEXT_MAX, GFP_KERNEL);
	size_t at = 0;
	ssize_t nr;

	KUNIT_ASSERT_NOT_NULL(test, text);
	do {
		nr = kernel_read(file, text + at, min(bytes, TEXT_MAX - 1 - at), &pos);
		KUNIT_ASSERT_GE(test, nr, 0);
		at += nr;
	} while (nr);
	return text;
}

/* What it says of one pool. */
static char *text_of(struct kunit *test, const char *pool, size_t bytes)
{
	struct file *file = open_text(test);
	char *text = read_text(test, file, 0, bytes), *end;
	char head[64];

	pma_kunit_front_close(file);
	snprintf(head, sizeof(head), "# pool %s: ", pool);
	text = strstr(text, head);
	KUNIT_ASSERT_NOT_NULL(test, text);
	end = strstr(text + 1, "\n# pool ");
	if (end)
		end[1] = '\0';
	return text;
}

/* Each state of a page, alike neighbours in one line, each page once. */
static void lines_tell_every_page(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *other = pma_kunit_front_open(test, O_RDWR);
	u32 id = front->arena->id, other_id = pma_kunit_front_arena(other)->id, i;
	char want[512], *text;

	/* Full pages of 36 blocks, another's between them, and one with one block. */
	for (i = 0; i < 2 * 36; i++)
		pma_kunit_alloc(test, front->arena, 112);
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, pma_kunit_front_arena(other), 4096), 0x2000);
	for (i = 0; i < 36; i++)
		pma_kunit_alloc(test, front->arena, 112);
	for (i = 0; i < 36; i++)
		pma_kunit_alloc(test, pma_kunit_front_arena(other), 112);
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 112), 0x5000);
	snprintf(want, sizeof(want),
		 "# PAGES KIND BLOCK_SIZE FREE/BLOCKS FIRST_FREE OWNER\n"
		 "0-1 slab 112 0/36 - %u\n"
		 "2 big 4096 0/1 - %u\n"
		 "3 slab 112 0/36 - %u\n"
		 "4 slab 112 0/36 - %u\n"
		 "5 slab 112 35/36 0x5070 %u\n"
		 "6-63 free 0 0/0 0x6000 0\n", id, other_id, id, other_id, id);
	text = text_of(test, front->pool->name, TEXT_MAX);
	text = strstr(text, "# PAGES");
	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_STREQ(test, text, want);
	pma_kunit_front_close(other);
}

/* A line of an arena, with what is not always said of it. */
static void headers_tell_of_arenas(struct kunit *test)
{
	struct pma_limit_args limit = {
		.flags = PMA_LIMIT_LIMIT | PMA_LIMIT_RESERVE, .limit = 20, .reserve = 3,
	};
	struct pma_tag_args tag = { .tag = "a tag" };
	struct pma_kunit_front *front = test->priv;
	char want[256], line[320], *text;

	snprintf(want, sizeof(want),
		 "# arena %u (%s): pages 2 blocks 1 bytes 8192 peak_bytes 8192 failed 1 refused 1 held 0 charged 2",
		 front->arena->id, front->arena->name);
	pma_kunit_alloc(test, front->arena, 8192);
	pma_arena_count_error(front->arena, -ENOMEM);
	pma_arena_count_error(front->arena, -EINVAL);
	text = text_of(test, "isolating", TEXT_MAX);
	snprintf(line, sizeof(line), "%s pid %d\n", want, task_tgid_nr(current));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, line));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "# pool isolating: size 262144 page_size 4096 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " pages 64 free 62 largest_run 62 "));
	KUNIT_EXPECT_EQ(test, pma_limit_set(front->arena, &limit, true), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_front_call(test, front->file, PMA_IOC_TAG, &tag), 0);
	text = text_of(test, "isolating", TEXT_MAX);
	snprintf(line, sizeof(line), "%s limit 20 reserve 3 pid %d tag a tag\n", want,
		 task_tgid_nr(current));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, line));
}

/* However it is read it is the same text. */
static void reads_go_on_where_they_ended(struct kunit *test)
{
	static const size_t steps[] = { 1, 7, 64, 4096 };
	struct pma_kunit_front *front = test->priv;
	struct file *file = open_text(test);
	u64 handles[20];
	char *text;
	u32 i;

	/* More runs than are fetched at a time. */
	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		handles[i] = pma_kunit_alloc(test, front->arena, 4096);
		pma_kunit_alloc(test, front->arena, 4096);
	}
	for (i = 0; i < ARRAY_SIZE(handles); i++)
		pma_kunit_free(test, front->arena, handles[i]);
	text = read_text(test, file, 0, TEXT_MAX);
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		KUNIT_EXPECT_STREQ(test, read_text(test, file, 0, steps[i]), text);
	/* From anywhere, backwards too: it is told again up to there. */
	for (i = strlen(text); i > 100; i -= 100)
		KUNIT_EXPECT_STREQ(test, read_text(test, file, i, 64), text + i);
	pma_kunit_front_close(file);
}

/* A pool that ends while its text is read: the text ends, or goes on with the next. */
static void pools_may_go_meanwhile(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *file = open_text(test);
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	char part[64], *text, *whole;
	loff_t pos;

	whole = read_text(test, file, 0, TEXT_MAX);
	text = strstr(whole, "# pool default: ");
	KUNIT_ASSERT_NOT_NULL(test, text);
	/* Up to its header, so that its lines are told next. */
	pos = 0;
	while (pos <= text - whole)
		KUNIT_ASSERT_GT(test, kernel_read(file, part, sizeof(part), &pos), 0);
	pma_kunit_forget(test, pool);
	pma_pool_delete(pool);
	while (kernel_read(file, part, sizeof(part), &pos) > 0)
		;
	whole = read_text(test, file, 0, TEXT_MAX);
	KUNIT_EXPECT_NULL(test, strstr(whole, "# pool default: "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(whole, front->pool->name));
	pma_kunit_front_close(file);
}

/* The header is made in one go, and so tells of so many arenas. */
static void headers_end_somewhere(struct kunit *test)
{
	static const struct {
		u32 nr;
		bool more;
	} table[] = { { 256, false }, { 257, true } };
	struct pma_pool *pool = pma_kunit_pool(test, &pma_kunit_default);
	u32 i, nr, lines;
	char *text;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		while (pool->nr_arenas < table[i].nr)
			pma_kunit_arena(test, pool, 0);
		text = text_of(test, "default", TEXT_MAX);
		KUNIT_EXPECT_EQ(test, !!strstr(text, "# and more arenas: pmactl arenas\n"),
				table[i].more);
		for (lines = 0, nr = 0; (text = strstr(text, "\n# arena ")); text++, lines++)
			;
		nr = min(table[i].nr, 256U);
		KUNIT_EXPECT_EQ(test, lines, nr);
	}
}

static struct kunit_case pma_proc_cases[] = {
	KUNIT_CASE(lines_tell_every_page),
	KUNIT_CASE(headers_tell_of_arenas),
	KUNIT_CASE(reads_go_on_where_they_ended),
	KUNIT_CASE(pools_may_go_meanwhile),
	KUNIT_CASE(headers_end_somewhere),
	{}
};

static struct kunit_suite pma_proc_suite = {
	.name = "pma_proc",
	.init = pma_proc_kunit_init,
	.exit = pma_proc_kunit_exit,
	.test_cases = pma_proc_cases,
};

kunit_test_suite(pma_proc_suite);
