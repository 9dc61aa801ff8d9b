// SPDX-License-Identifier: GPL-2.0
/*
 * pma_handover.c - the commands of /dev/pma by which arenas hand blocks to each other
 *
 * As in pma_ioctl.c: each copies its argument in, judges flags and reserved fields,
 * makes one call of L3 and copies the answer out, or undoes what was done.
 */
#include <linux/file.h>
#include <linux/uaccess.h>

#include "pma_block.h"
#include "pma_dmabuf.h"
#include "pma_handover.h"
#include "pma_held.h"
#include "pma_ioctl.h"
#include "pma_mmap.h"
#include "pma_share.h"

static long ioc_share(struct pma_arena *arena, void __user *arg)
{
	struct pma_share_args __user *answer = arg;
	struct pma_share_args args __uninitialized;
	int err;

	if (!pma_ioctl_read_words((u64 *)&args, arg, sizeof(args) / sizeof(u64)))
		return -EFAULT;
	if (args.reserved)
		return pma_arena_count_error(arena, -EINVAL);
	err = pma_share_block(arena, args.handle, args.flags, args.nr_claims, args.token);
	if (err)
		return err;
	if (pma_ioctl_write_words(answer->token, args.token, ARRAY_SIZE(args.token)))
		return 0;
	pma_share_revoke(arena, args.token);
	return -EFAULT;
}

/* The answer of CLAIM is the words from its flags on. */
#define CLAIM_ANSWER	offsetof(struct pma_claim_args, flags)
#define CLAIM_WORDS	((offsetof(struct pma_claim_args, reserved) - CLAIM_ANSWER) / sizeof(u64))

static long ioc_claim(struct pma_arena *arena, void __user *arg)
{
	struct pma_claim_args args __uninitialized;
	struct pma_block block;
	int err;

	if (!pma_ioctl_read_words((u64 *)&args, arg, sizeof(args) / sizeof(u64)))
		return -EFAULT;
	if (args.flags || args.reserved)
		return pma_arena_count_error(arena, -EINVAL);
	/* A claim can be undone, but the token would be used up. */
	if (!pma_ioctl_make_writable(arg, sizeof(args)))
		return -EFAULT;
	err = pma_share_claim(arena, args.token, &block);
	while (err == -ENOMEM && pma_held_settle(arena, 0))
		err = pma_share_claim(arena, args.token, &block);
	if (err)
		return pma_arena_count_failure(arena, err);
	args.block_flags = block.flags;
	args.handle = block.handle;
	args.usable = block.size;
	args.requested = block.requested;
	if (!pma_ioctl_write_words(arg + CLAIM_ANSWER, (u64 *)&args.flags, CLAIM_WORDS)) {
		pma_block_free(arena, block.handle);
		return -EFAULT;
	}
	pma_mmap_ahead(arena, block.handle);
	return 0;
}

static long ioc_unshare(struct pma_arena *arena, void __user *arg)
{
	struct pma_unshare_args args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.reserved)
		return pma_arena_count_error(arena, -EINVAL);
	return pma_share_revoke(arena, args.token);
}

/* The descriptor is there for nobody before the answer is. */
static long ioc_export(struct pma_arena *arena, void __user *arg)
{
	struct pma_export_args args;
	struct dma_buf *dmabuf;
	int fd;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags || args.reserved)
		return pma_arena_count_error(arena, -EINVAL);
	if (!pma_ioctl_make_writable(arg, sizeof(args)))
		return -EFAULT;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	dmabuf = pma_dmabuf_export(arena, args.handle);
	if (IS_ERR(dmabuf)) {
		put_unused_fd(fd);
		return PTR_ERR(dmabuf);
	}
	args.fd = fd;
	args.size = pma_dmabuf_bytes(dmabuf);
	if (copy_to_user(arg, &args, sizeof(args))) {
		put_unused_fd(fd);
		pma_dmabuf_put(dmabuf);
		return -EFAULT;
	}
	fd_install(fd, pma_dmabuf_file(dmabuf));
	return 0;
}

/**
 * pma_handover_do() - do one command
 * @arena: whose file it is
 * @cmd: PMA_IOC_*
 * @user: its argument
 *
 * Context: May sleep.
 * Return: as include/uapi/linux/pma.h says; -ENOTTY for what is none of these.
 */
long pma_handover_do(struct pma_arena *arena, unsigned int cmd, void __user *user)
{
	switch (cmd) {
	case PMA_IOC_SHARE:
		return ioc_share(arena, user);
	case PMA_IOC_CLAIM:
		return ioc_claim(arena, user);
	case PMA_IOC_UNSHARE:
		return ioc_unshare(arena, user);
	case PMA_IOC_EXPORT:
		return ioc_export(arena, user);
	default:
		return -ENOTTY;
	}
}
