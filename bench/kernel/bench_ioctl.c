// SPDX-License-Identifier: GPL-2.0
/*
 * bench_ioctl.c - an ioctl that does nothing but copy its argument in and out
 *
 * What ALLOC of /dev/pma is measured by: a misc device, as that is, with an
 * argument as long as struct pma_alloc_args.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pma.h>
#include <linux/uaccess.h>

#include "bench_ioctl.h"

#define BENCH_IOC_EMPTY		_IOWR(0xBB, 0x10, struct pma_alloc_args)

static_assert(sizeof(struct pma_alloc_args) == 48);

static long bench_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pma_alloc_args args;

	if (cmd != BENCH_IOC_EMPTY)
		return -ENOTTY;
	if (copy_from_user(&args, (void __user *)arg, sizeof(args)))
		return -EFAULT;
	args.handle = args.size;
	return copy_to_user((void __user *)arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static const struct file_operations bench_ioctl_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = bench_ioctl,
};

static struct miscdevice bench_ioctl_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pma_bench",
	.mode = 0600,
	.fops = &bench_ioctl_fops,
};

/**
 * bench_ioctl_init() - make /dev/pma_bench
 *
 * Return: 0 or misc_register()'s error.
 */
int bench_ioctl_init(void)
{
	return misc_register(&bench_ioctl_device);
}

/**
 * bench_ioctl_exit() - remove /dev/pma_bench
 */
void bench_ioctl_exit(void)
{
	misc_deregister(&bench_ioctl_device);
}
