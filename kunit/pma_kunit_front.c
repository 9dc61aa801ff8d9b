// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_front.c - what the suites of the front-ends share
 *
 * The calls are those of file_operations, by a thread that has an address space as a
 * process has.  A kernel thread's last fput() is left to a work item, so whoever closes
 * a file waits for that.
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>
#include <linux/uaccess.h>

#include "pma_chardev.h"
#include "pma_kunit_front.h"
#include "pma_wait.h"

/* What the front-end has set there serves any pool. */
static const struct pma_pool_ops *device_ops(void)
{
	const struct pma_pool_ops *ops = NULL;
	struct pma_pool *pool = NULL;

	pma_pool_list_lock();
	while (!ops && (pool = pma_pool_next(pool)))
		ops = pool->ops;
	pma_pool_list_unlock();
	return ops;
}

static char __user *map(struct kunit *test, struct file *file, size_t bytes, unsigned long prot)
{
	unsigned long at = kunit_vm_mmap(test, file, 0, bytes, prot, MAP_SHARED, 0);

	KUNIT_ASSERT_NE(test, at, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	return (char __user *)at;
}

/* Behind the end of a file there is SIGBUS, and for the kernel -EFAULT. */
static void map_user(struct kunit *test, struct pma_kunit_front *front)
{
	struct file *frame = shmem_file_setup("pma_kunit", PAGE_SIZE, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, frame);
	front->user = map(test, frame, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	front->user_ro = map(test, frame, 2 * PAGE_SIZE, PROT_READ);
	front->nowhere = front->user + PAGE_SIZE;
	fput(frame);
}

int pma_kunit_front_init(struct kunit *test)
{
	struct pma_kunit_front *front = kunit_kzalloc(test, sizeof(*front), GFP_KERNEL);
	int err = pma_kunit_init(test);

	if (err || !front)
		return -ENOMEM;
	test->priv = front;
	front->pool = pma_kunit_pool(test, &pma_kunit_isolating);
	KUNIT_ASSERT_EQ(test, pma_wait_init(front->pool), 0);
	front->pool->ops = device_ops();
	KUNIT_ASSERT_NOT_NULL(test, front->pool->ops);
	front->file = pma_kunit_front_open(test, O_RDWR);
	front->arena = pma_kunit_front_arena(front->file);
	map_user(test, front);
	return 0;
}

/* The case's address space, and with it mappings of files, goes after its thread. */
static void wait_for_arenas(struct kunit *test, struct pma_pool *pool)
{
	u32 tries;

	for (tries = 0; READ_ONCE(pool->nr_arenas) && tries < 1000; tries++) {
		pma_kunit_flush_files();
		usleep_range(1000, 2000);
	}
	KUNIT_EXPECT_EQ(test, pool->nr_arenas, 0);
}

void pma_kunit_front_exit(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;

	if (front && front->file)
		pma_kunit_front_close(front->file);
	if (front && front->pool && front->pool->wait) {
		wait_for_arenas(test, front->pool);
		pma_wait_exit(front->pool);
	}
	pma_kunit_exit(test);
}

/* One more arena of the pool; @flags are O_RDONLY, O_WRONLY or O_RDWR. */
struct file *pma_kunit_front_open(struct kunit *test, u32 flags)
{
	struct pma_kunit_front *front = test->priv;
	struct pma_client *client = pma_client_begin(front->pool);
	struct file *file;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, client);
	file = anon_inode_getfile("[pma_kunit]", &pma_chardev_fops, client->mm, flags);
	if (IS_ERR(file))
		pma_client_put(client);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	pma_mmap_attach(client->mm, file);
	return file;
}

void pma_kunit_front_close(struct file *file)
{
	fput(file);
	pma_kunit_flush_files();
}

void pma_kunit_front_close_fd(struct kunit *test, int fd)
{
	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
	pma_kunit_flush_files();
}

/* Put something at the beginning of the process's frame. */
void __user *pma_kunit_front_put(struct kunit *test, const void *bytes, size_t nr)
{
	struct pma_kunit_front *front = test->priv;

	KUNIT_ASSERT_EQ(test, copy_to_user(front->user, bytes, nr), 0);
	return front->user;
}

void pma_kunit_front_get(struct kunit *test, void *bytes, size_t nr)
{
	struct pma_kunit_front *front = test->priv;

	KUNIT_ASSERT_EQ(test, copy_from_user(bytes, front->user, nr), 0);
}

/* A command, whose struct goes through the process's frame. */
long pma_kunit_front_call(struct kunit *test, struct file *file, u32 cmd, void *args)
{
	void __user *user = pma_kunit_front_put(test, args, _IOC_SIZE(cmd));
	long ret = file->f_op->unlocked_ioctl(file, cmd, (unsigned long)user);

	pma_kunit_front_get(test, args, _IOC_SIZE(cmd));
	return ret;
}

/* One that is refused: it has its error, and but for the counter nothing changes. */
void pma_kunit_front_expect_refused(struct kunit *test, struct file *file, u32 cmd, void *args,
				    int err, const char *what)
{
	struct pma_arena *arena = pma_kunit_front_arena(file);
	struct pma_kunit_before before;

	pma_kunit_watch(&before, arena);
	KUNIT_EXPECT_EQ_MSG(test, pma_kunit_front_call(test, file, cmd, args), err, "%s", what);
	pma_kunit_expect_refused(test, &before, arena, err, what);
}

/* In what comes now the next one fails. */
void pma_kunit_front_fail(struct pma_kunit_faults *faults)
{
	faults->nth = max(faults->nth, 1U);
	pma_kunit_fail_begin(faults->nth);
}

/* It has answered @err; false if nothing was left to fail, and all went well. */
bool pma_kunit_front_failed(struct kunit *test, struct pma_kunit_faults *faults, long err)
{
	if (!pma_kunit_fail_end()) {
		KUNIT_EXPECT_EQ(test, err, 0);
		faults->nth = 1;
		if (faults->nr_copies < faults->wanted && ++faults->rounds < 10)
			return true;
		KUNIT_EXPECT_GE(test, faults->nr_copies, faults->wanted);
		return false;
	}
	KUNIT_EXPECT_TRUE_MSG(test, !err || err == -EFAULT || err == -ENOMEM || err == -ENFILE,
			      "%ld", err);
	/* It may have been KASAN or kmemleak, remembering, and nobody noticed. */
	if (!err && ++faults->tries < 10)
		return true;
	faults->nr_copies += err == -EFAULT;
	faults->tries = 0;
	faults->nth++;
	return true;
}

/* Be somebody else, who has no capabilities; to be ended with what this answers. */
const struct cred *pma_kunit_front_be(struct kunit *test, u32 uid, u32 gid)
{
	struct cred *cred = prepare_creds();
	const struct cred *old;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->fsuid = KUIDT_INIT(uid);
	cred->fsgid = KGIDT_INIT(gid);
	cap_clear(cred->cap_effective);
	old = override_creds(cred);
	put_cred(cred);
	return old;
}

void pma_kunit_front_be_again(const struct cred *old)
{
	revert_creds(old);
}
