// SPDX-License-Identifier: GPL-2.0
/*
 * pma_chardev.c - the file /dev/pma: include/uapi/linux/pma.h
 *
 * An open file is an arena, or one of several of an arena with a name
 * (pma_client.c); its commands are in pma_ioctl.c.
 *
 * Here is where an arena's held runs are settled (pma_held.c), as here it may
 * sleep: after each call what is above the reserve, or, while somebody waits for
 * pages, all.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uio.h>

#include "pma_chardev.h"
#include "pma_block.h"
#include "pma_client.h"
#include "pma_held.h"
#include "pma_ioctl.h"
#include "pma_mmap.h"
#include "pma_place.h"
#include "pma_wait.h"

static struct pma_pool *device_pool;

static struct pma_arena *arena_of(const struct file *file)
{
	struct pma_mmap *mm = file->private_data;

	return mm->arena;
}

static void settle(struct pma_arena *arena)
{
	u32 keep_pages;

	if (!pma_held_pages(arena))
		return;
	/* Either we see who waits, or he finds what we hold; see pma_wait_for_room(). */
	smp_mb();
	keep_pages = READ_ONCE(arena->pool->waiting) ? 0 : PMA_HELD_RESERVE;
	if (pma_held_pages(arena) > keep_pages)
		pma_held_settle(arena, keep_pages);
}

static long pma_chardev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pma_arena *arena = arena_of(file);
	long ret;

	if (unlikely(!(file->f_mode & FMODE_WRITE)) && pma_ioctl_needs_write(cmd))
		return -EBADF;
	if (cmd == PMA_IOC_OPEN)
		return pma_client_open(file, (void __user *)arg);
	ret = pma_ioctl_do(arena, cmd, (void __user *)arg);
	settle(arena);
	return ret;
}

/* Is all of a transfer in one block? */
static int check_transfer(struct pma_arena *arena, u64 handle, size_t bytes)
{
	struct pma_block block;
	int err = pma_place_query(arena, handle, true, &block);

	if (!err && bytes > block.handle + block.size - handle)
		err = pma_arena_count_error(arena, -EBADSLT);
	return err;
}

/*
 * Copying to or from a user may sleep, so the bytes go through a bounce buffer, a
 * frame at a time.  A block that is freed meanwhile ends the transfer there.
 */
static ssize_t transfer(struct kiocb *iocb, struct iov_iter *iter, bool read)
{
	struct pma_arena *arena = arena_of(iocb->ki_filp);
	ssize_t done = 0;
	void *bounce;
	int err = check_transfer(arena, iocb->ki_pos, iov_iter_count(iter));

	if (err || !iov_iter_count(iter))
		return err;
	bounce = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	while (!err && iov_iter_count(iter)) {
		size_t bytes = min_t(size_t, iov_iter_count(iter), PAGE_SIZE);

		if (read) {
			err = pma_place_read(arena, iocb->ki_pos, bounce, bytes);
			if (!err)
				bytes = copy_to_iter(bounce, bytes, iter);
		} else {
			bytes = copy_from_iter(bounce, bytes, iter);
			if (bytes)
				err = pma_place_write(arena, iocb->ki_pos, bounce, bytes);
		}
		if (!err && !bytes)
			err = -EFAULT;
		if (err)
			break;
		iocb->ki_pos += bytes;
		done += bytes;
	}
	kfree(bounce);
	return done ?: err;
}

static ssize_t pma_chardev_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	return transfer(iocb, to, true);
}

static ssize_t pma_chardev_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	return transfer(iocb, from, false);
}

static __poll_t pma_chardev_poll(struct file *file, poll_table *table)
{
	return pma_wait_poll(arena_of(file), file, table);
}

static int pma_chardev_mmap(struct file *file, struct vm_area_struct *vma)
{
	return pma_mmap_map(file->private_data, vma);
}

static int pma_chardev_open(struct inode *inode, struct file *file)
{
	struct pma_client *client = pma_client_begin(device_pool);

	if (IS_ERR(client))
		return PTR_ERR(client);
	pma_mmap_attach(client->mm, file);
	return 0;
}

static int pma_chardev_release(struct inode *inode, struct file *file)
{
	pma_client_put(arena_of(file)->client);
	return 0;
}

/* Of files that are opened by name too. */
const struct file_operations pma_chardev_fops = {
	.owner = THIS_MODULE,
	.open = pma_chardev_open,
	.release = pma_chardev_release,
	.unlocked_ioctl = pma_chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read_iter = pma_chardev_read_iter,
	.write_iter = pma_chardev_write_iter,
	.poll = pma_chardev_poll,
	.mmap = pma_chardev_mmap,
	.llseek = no_seek_end_llseek,
};

static struct miscdevice pma_chardev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pma",
	.mode = 0660,
	.fops = &pma_chardev_fops,
};

/**
 * pma_chardev_init() - make /dev/pma
 * @pool: that its arenas belong to
 *
 * Return: 0 or the error of pma_wait_init(), pma_mmap_init() or misc_register().
 */
int pma_chardev_init(struct pma_pool *pool)
{
	int err = pma_wait_init(pool);

	if (err)
		return err;
	err = pma_mmap_init(pool);
	if (err)
		goto exit_wait;
	device_pool = pool;
	err = misc_register(&pma_chardev);
	if (err)
		goto exit_mmap;
	return 0;

exit_mmap:
	pma_mmap_exit(pool);
exit_wait:
	pma_wait_exit(pool);
	return err;
}

/**
 * pma_chardev_exit() - remove /dev/pma
 *
 * No file of it is open: each holds the module.
 */
void pma_chardev_exit(void)
{
	misc_deregister(&pma_chardev);
	pma_mmap_exit(device_pool);
	pma_wait_exit(device_pool);
}
