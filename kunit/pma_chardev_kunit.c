// SPDX-License-Identifier: GPL-2.0
/*
 * pma_chardev_kunit.c - the file: opened and closed, read and written at handles
 */
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/uio.h>

#include "pma_block.h"
#include "pma_chardev.h"
#include "pma_held.h"
#include "pma_kunit_front.h"

#define SMALL	0UL		/* 112 bytes */
#define BIG	4096UL		/* two pages */
#define OTHER	(3 * 4096UL)	/* another arena's */
#define FREE	(8 * 4096UL)
#define REGION	(64 * 4096UL)

static struct file *set_up(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *other = pma_kunit_front_open(test, O_RDWR);

	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 112), SMALL);
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 8192), BIG);
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, pma_kunit_front_arena(other), 4096), OTHER);
	return other;
}

/* An open file is an arena of the device's pool, and its last close is its end. */
static void an_open_file_is_an_arena(struct kunit *test)
{
	struct file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct pma_pool *pool;
	u32 before, nth;
	bool failed;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, file);
	KUNIT_ASSERT_EQ(test, pma_chardev_fops.open(NULL, file), 0);
	pool = pma_kunit_front_arena(file)->pool;
	KUNIT_EXPECT_STREQ(test, pool->name, "pma");
	KUNIT_EXPECT_TRUE(test, pma_pool_isolates(pool));
	before = pool->nr_arenas - 1;
	pma_kunit_alloc(test, pma_kunit_front_arena(file), 10000);
	pma_chardev_fops.release(NULL, file);
	KUNIT_EXPECT_EQ(test, pool->nr_arenas, before);
	for (nth = 1, failed = true; failed && pma_kunit_fail_begin(nth); nth++) {
		err = pma_chardev_fops.open(NULL, file);
		failed = pma_kunit_fail_end();
		KUNIT_EXPECT_TRUE(test, !err || (failed && err == -ENOMEM));
		if (!err)
			pma_chardev_fops.release(NULL, file);
		KUNIT_EXPECT_EQ_MSG(test, pool->nr_arenas, before, "allocation %u", nth);
	}
}

static ssize_t transfer(struct file *file, bool write, u64 handle, struct iov_iter *iter)
{
	struct kiocb kiocb;
	ssize_t ret;

	init_sync_kiocb(&kiocb, file);
	kiocb.ki_pos = handle;
	ret = write ? file->f_op->write_iter(&kiocb, iter) : file->f_op->read_iter(&kiocb, iter);
	return kiocb.ki_pos == handle + max_t(ssize_t, ret, 0) ? ret : -EIO;
}

static ssize_t transfer_kernel(struct file *file, bool write, u64 handle, void *buf, size_t bytes)
{
	struct kvec vec = { .iov_base = buf, .iov_len = bytes };
	struct iov_iter iter;

	iov_iter_kvec(&iter, write ? ITER_SOURCE : ITER_DEST, &vec, 1, bytes);
	return transfer(file, write, handle, &iter);
}

static const struct {
	u64 handle;
	size_t bytes;
	int err;
} transfers[] = {
	{ SMALL, 112 },			{ SMALL, 113, -EBADSLT },
	{ SMALL + 111, 1 },		{ SMALL + 111, 2, -EBADSLT },
	{ SMALL, 0 },			{ SMALL + 112, 1, -EALREADY },
	{ BIG, 8192 },			{ BIG, 8193, -EBADSLT },
	{ BIG + 4095, 4097 },		{ BIG + 4095, 4098, -EBADSLT },
	{ BIG + 8191, SIZE_MAX, -EBADSLT },
	{ OTHER, 1, -EACCES },		{ OTHER, 0, -EACCES },
	{ FREE, 1, -EALREADY },		{ FREE, 0, -EALREADY },
	{ REGION, 1, -ERANGE },		{ ~0ULL, 1, -ERANGE },
	{ 1ULL << 63, 0, -ERANGE },
};

/* Within one block of one's own, and else nothing is read or written. */
static void transfers_stay_in_one_block(struct kunit *test)
{
	char *buf = kunit_kzalloc(test, 8192, GFP_KERNEL);
	struct pma_kunit_front *front = test->priv;
	struct file *other = set_up(test);
	struct pma_kunit_before before;
	u32 i, write;
	char *at;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < 2 * ARRAY_SIZE(transfers); i++) {
		const size_t bytes = transfers[i / 2].bytes;
		const int err = transfers[i / 2].err;

		write = i % 2;
		at = pma_kunit_ptr(front->pool, err ? 0 : transfers[i / 2].handle);
		pma_kunit_fill(write || err ? buf : at, err ? 8192 : bytes, i);
		pma_kunit_watch(&before, front->arena);
		KUNIT_EXPECT_EQ_MSG(test, transfer_kernel(front->file, write,
							  transfers[i / 2].handle, buf, bytes),
				    err ?: (ssize_t)bytes, "row %u", i / 2);
		KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_filled(buf, err ? 8192 : bytes, i),
				      "row %u", i / 2);
		if (err)
			pma_kunit_expect_refused(test, &before, front->arena, err, "transfer");
		else
			KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_filled(at, bytes, i), "row %u",
					      i / 2);
	}
	pma_kunit_front_close(other);
}

/* What can't be copied ends a transfer; it answers what was. */
static void transfers_end_where_memory_does(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *other = set_up(test);
	const struct {
		char __user *at;
		ssize_t ret;
	} table[] = {
		{ front->user, 112 },		{ front->nowhere - 112, 112 },
		{ front->nowhere - 32, 32 },	{ front->nowhere - 1, 1 },
		{ front->nowhere, -EFAULT },	{ NULL, -EFAULT },
	};
	char *at = pma_kunit_ptr(front->pool, SMALL);
	struct iov_iter iter;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const size_t done = max_t(ssize_t, table[i].ret, 0);

		pma_kunit_fill(at, 112, i);
		iov_iter_ubuf(&iter, ITER_DEST, table[i].at, 112);
		KUNIT_EXPECT_EQ_MSG(test, transfer(front->file, false, SMALL, &iter),
				    table[i].ret, "read %u", i);
		/* And back: what was not read is not written either. */
		memset(at, 0, 112);
		iov_iter_ubuf(&iter, ITER_SOURCE, table[i].at, 112);
		KUNIT_EXPECT_EQ_MSG(test, transfer(front->file, true, SMALL, &iter),
				    table[i].ret, "write %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_filled(at, done, i), "row %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, pma_kunit_is_zero(at + done, 112 - done), "row %u", i);
	}
	pma_kunit_front_close(other);
}

/* The upper half of a 32-bit caller's argument means nothing. */
static void compat_callers_pass_32_bits(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct pma_info info;
	unsigned long at;
	u32 i;

	if (!IS_ENABLED(CONFIG_COMPAT))
		kunit_skip(test, "a kernel without CONFIG_COMPAT");
	at = kunit_vm_mmap(test, NULL, SZ_256M, PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	KUNIT_ASSERT_EQ(test, at, SZ_256M);
	for (i = 0; i < 2; i++, at |= ~(unsigned long)U32_MAX) {
		KUNIT_EXPECT_EQ(test, front->file->f_op->compat_ioctl(front->file, PMA_IOC_INFO,
								      at), 0);
		KUNIT_EXPECT_EQ(test, front->file->f_op->unlocked_ioctl(front->file, PMA_IOC_INFO,
									at), i ? -EFAULT : 0);
		KUNIT_ASSERT_EQ(test, copy_from_user(&info, (void __user *)SZ_256M, sizeof(info)),
				0);
		KUNIT_EXPECT_EQ(test, info.arena, front->arena->id);
		KUNIT_EXPECT_EQ(test, info.nr_pages, 64);
	}
}

/* A mapped arena holds freed pages back, but not while somebody waits for some. */
static void calls_settle_for_who_waits(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct pma_free_args args = { .handle = 0 };
	struct pma_info info = {};
	unsigned long at = kunit_vm_mmap(test, front->file, 0, REGION, PROT_READ, MAP_SHARED, 0);

	KUNIT_ASSERT_FALSE(test, !at || IS_ERR_VALUE(at));
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 4 * 4096), 0);
	KUNIT_EXPECT_EQ(test, pma_kunit_front_call(test, front->file, PMA_IOC_FREE, &args), 0);
	KUNIT_EXPECT_EQ(test, pma_held_pages(front->arena), 4);
	KUNIT_EXPECT_EQ(test, pma_kunit_front_call(test, front->file, PMA_IOC_INFO, &info), 0);
	KUNIT_EXPECT_EQ(test, pma_held_pages(front->arena), 4);
	pma_limit_wait_begin(front->arena);
	KUNIT_EXPECT_EQ(test, pma_kunit_front_call(test, front->file, PMA_IOC_INFO, &info), 0);
	pma_limit_wait_end(front->arena);
	KUNIT_EXPECT_EQ(test, pma_held_pages(front->arena), 0);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(front->pool, NULL), 64);
}

static struct kunit_case pma_chardev_cases[] = {
	KUNIT_CASE(an_open_file_is_an_arena),
	KUNIT_CASE(transfers_stay_in_one_block),
	KUNIT_CASE(transfers_end_where_memory_does),
	KUNIT_CASE(compat_callers_pass_32_bits),
	KUNIT_CASE(calls_settle_for_who_waits),
	{}
};

static struct kunit_suite pma_chardev_suite = {
	.name = "pma_chardev",
	.init = pma_kunit_front_init,
	.exit = pma_kunit_front_exit,
	.test_cases = pma_chardev_cases,
};

kunit_test_suite(pma_chardev_suite);
