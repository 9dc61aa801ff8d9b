// SPDX-License-Identifier: GPL-2.0
/*
 * pma_ioctl.c - the commands of /dev/pma: include/uapi/linux/pma.h
 *
 * Every command copies its argument in, judges flags and reserved fields, makes one
 * call of L3 and copies the answer out.  Where the answer cannot be copied out, what
 * was done is undone; for what cannot be undone (a realloc, a free in a batch) the
 * memory is made writable before anything is done, so that only a caller that unmaps
 * it meanwhile can lose the answer.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "pma_ioctl.h"
#include "pma_batch.h"
#include "pma_block.h"
#include "pma_check.h"
#include "pma_client.h"
#include "pma_dump.h"
#include "pma_handover.h"
#include "pma_held.h"
#include "pma_place.h"
#include "pma_request.h"
#include "pma_root.h"

#define DUMP_RECS_MAX	1024

static __always_inline bool is_zero(const void *reserved, size_t bytes)
{
	const u32 *words = reserved;
	u32 bits = 0;
	size_t i;

	for (i = 0; i < bytes / sizeof(*words); i++)
		bits |= words[i];
	return !bits;
}

static bool write_back(char __user *at)
{
	char byte;

	return !get_user(byte, at) && !put_user(byte, at);
}

/**
 * pma_ioctl_make_writable() - make memory writable before what can't be undone is done
 * @memory: a user's
 * @bytes: its length
 *
 * It nearly always is: then this costs a load and a store for each frame.
 *
 * Context: May sleep.
 * Return: false if it can't be written.
 */
bool pma_ioctl_make_writable(void __user *memory, size_t bytes)
{
	char __user *at = memory;
	size_t i;

	for (i = 0; i < bytes; i += PAGE_SIZE)
		if (!write_back(at + i))
			return false;
	return write_back(at + bytes - 1);
}

static long ioc_info(struct pma_arena *arena, void __user *arg)
{
	struct pma_info info;

	pma_pool_info(arena->pool, &info);
	info.arena = arena->id;
	info.named_arenas = pma_client_nr_named();
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* A wish, or more than there is room for. */
static noinline int alloc_with_effort(struct pma_arena *arena, struct pma_alloc_args *args)
{
	struct pma_request request = {
		.arena = arena,
		.handle = PMA_HANDLE_NONE,
		.size = args->size,
		.align = args->align,
		.flags = args->flags,
	};
	int err = pma_request_serve_or_wait(&request, args->timeout_ms);

	args->handle = request.block.handle;
	args->usable = request.block.size;
	return err;
}

/* The answer, as two words. */
static_assert(offsetof(struct pma_alloc_args, usable) ==
	      offsetofend(struct pma_alloc_args, handle));

static long ioc_alloc(struct pma_arena *arena, void __user *arg)
{
	struct pma_alloc_args __user *answer = arg;
	struct pma_alloc_args args __uninitialized;
	int err;

	if (!pma_ioctl_read_words((u64 *)&args, arg, sizeof(args) / sizeof(u64)))
		return -EFAULT;
	if (!is_zero(args.reserved, sizeof(args.reserved)))
		return pma_ioctl_bad_args(arena);
	if (args.flags | args.timeout_ms ||
	    !pma_batch_alloc(arena, args.size, args.align, &args.handle, &args.usable)) {
		err = alloc_with_effort(arena, &args);
		if (err)
			return err;
	}
	if (pma_ioctl_write_words(&answer->handle, &args.handle, 2))
		return 0;
	pma_block_free(arena, args.handle);
	return -EFAULT;
}

static long ioc_free(struct pma_arena *arena, void __user *arg)
{
	struct pma_free_args args __uninitialized;

	if (!pma_ioctl_read_words((u64 *)&args, arg, sizeof(args) / sizeof(u64)))
		return -EFAULT;
	if (args.reserved)
		return pma_ioctl_bad_args(arena);
	return pma_block_free(arena, args.handle);
}

static long ioc_realloc(struct pma_arena *arena, void __user *arg)
{
	struct pma_realloc_args args;
	struct pma_request request;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!is_zero(args.reserved, sizeof(args.reserved)))
		return pma_ioctl_bad_args(arena);
	if (!pma_ioctl_make_writable(arg, sizeof(args)))
		return -EFAULT;
	request = (struct pma_request){
		.arena = arena,
		.handle = args.handle,
		.size = args.size,
		.align = args.align,
		.flags = args.flags,
	};
	err = pma_request_serve_or_wait(&request, args.timeout_ms);
	if (err)
		return err;
	args.handle = request.block.handle;
	args.usable = request.block.size;
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static long ioc_query(struct pma_arena *arena, void __user *arg)
{
	struct pma_query_args args;
	struct pma_block block;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~PMA_QUERY_INTERIOR || args.reserved)
		return pma_ioctl_bad_args(arena);
	err = pma_place_query(arena, args.handle, args.flags & PMA_QUERY_INTERIOR, &block);
	if (err)
		return err;
	args.kind = block.kind;
	args.start = block.handle;
	args.size = block.size;
	args.usable = block.size;
	args.requested = block.requested;
	args.block_flags = block.flags;
	args.owner = block.flags & PMA_BLOCK_SHARED ? PMA_OWNER_SHARED : arena->id;
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static long ioc_stats(struct pma_arena *arena, void __user *arg)
{
	struct pma_stats stats;

	pma_arena_get_stats(arena, &stats);
	return copy_to_user(arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

static size_t dump_rec_bytes(u32 what)
{
	switch (what) {
	case PMA_DUMP_PAGES:
		return sizeof(struct pma_page_rec);
	case PMA_DUMP_BLOCKS:
		return sizeof(struct pma_block_rec);
	case PMA_DUMP_ARENAS:
		return sizeof(struct pma_arena_rec);
	default:
		return 0;
	}
}

static long ioc_dump(struct pma_arena *arena, void __user *arg)
{
	struct pma_dump_args args;
	size_t rec_bytes;
	void *recs;
	int err = 0;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	rec_bytes = dump_rec_bytes(args.what);
	if (!rec_bytes || !args.nr || args.reserved)
		return pma_ioctl_bad_args(arena);
	args.nr = min_t(u32, args.nr, DUMP_RECS_MAX);
	recs = kvcalloc(args.nr, rec_bytes, GFP_KERNEL);
	if (!recs)
		return -ENOMEM;
	if (args.what == PMA_DUMP_PAGES)
		args.nr = pma_dump_pages(arena->pool, arena, &args.cursor, recs, args.nr);
	else if (args.what == PMA_DUMP_ARENAS)
		args.nr = pma_client_dump(arena->pool, &args.cursor, recs, args.nr);
	else
		args.nr = pma_dump_blocks(arena, &args.cursor, recs, args.nr);
	if (copy_to_user(u64_to_user_ptr(args.records), recs, args.nr * rec_bytes) ||
	    copy_to_user(arg, &args, sizeof(args)))
		err = -EFAULT;
	kvfree(recs);
	return err;
}

static long ioc_check(struct pma_arena *arena, void __user *arg)
{
	struct pma_check_args args, result = { .first_bad_page = PMA_NONE };

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~PMA_CHECK_POOL || args.reserved)
		return pma_ioctl_bad_args(arena);
	/* All arenas' locks are held in turn, for as long as they are large. */
	if ((args.flags & PMA_CHECK_POOL) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (args.flags & PMA_CHECK_POOL)
		pma_check_pool(arena->pool, &result);
	else
		pma_check_arena(arena, &result);
	result.flags = args.flags;
	return copy_to_user(arg, &result, sizeof(result)) ? -EFAULT : 0;
}

/* Asks for the capability, which leaves a trace, only where it is needed. */
static int set_limit(struct pma_arena *arena, const struct pma_limit_args *args)
{
	int err = pma_limit_set(arena, args, false);

	if (err == -EPERM && capable(CAP_SYS_RESOURCE))
		err = pma_limit_set(arena, args, true);
	if (err == -ENOMEM && pma_held_settle_all(arena->pool))
		err = pma_limit_set(arena, args, true);
	return err;
}

static long ioc_limit(struct pma_arena *arena, void __user *arg)
{
	struct pma_limit_args args;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~PMA_LIMIT_FIELDS || !is_zero(args.reserved, sizeof(args.reserved)))
		return pma_ioctl_bad_args(arena);
	if (!pma_ioctl_make_writable(arg, sizeof(args)))
		return -EFAULT;
	err = set_limit(arena, &args);
	if (err)
		return err == -EINVAL ? pma_ioctl_bad_args(arena) : err;
	pma_limit_get(arena, &args);
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static long ioc_root(struct pma_arena *arena, void __user *arg)
{
	struct pma_root_args args = { .handle = pma_root_get(arena) };

	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static long ioc_set_root(struct pma_arena *arena, void __user *arg)
{
	struct pma_root_args args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.reserved)
		return pma_ioctl_bad_args(arena);
	return pma_root_set(arena, args.handle);
}

static long ioc_unlink(struct pma_arena *arena, void __user *arg)
{
	long err = pma_client_unlink(arg);

	return err == -EINVAL ? pma_ioctl_bad_args(arena) : err;
}

/**
 * pma_ioctl_needs_write() - who may only read may not change
 * @cmd: PMA_IOC_*
 *
 * Return: true for what a file open for reading only refuses.
 */
bool pma_ioctl_needs_write(unsigned int cmd)
{
	return cmd == PMA_IOC_ALLOC || cmd == PMA_IOC_FREE || cmd == PMA_IOC_REALLOC ||
	       cmd == PMA_IOC_BATCH || cmd == PMA_IOC_ALLOC_BATCH || cmd == PMA_IOC_FREE_BATCH ||
	       cmd == PMA_IOC_RESET || cmd == PMA_IOC_LIMIT ||
	       cmd == PMA_IOC_SET_ROOT || cmd == PMA_IOC_OPEN || cmd == PMA_IOC_UNLINK ||
	       cmd == PMA_IOC_TAG ||
	       cmd == PMA_IOC_SHARE || cmd == PMA_IOC_CLAIM || cmd == PMA_IOC_UNSHARE ||
	       cmd == PMA_IOC_EXPORT;
}

/* Apart, as the many arguments that it may copy need much of the stack. */
static noinline long do_rarer(struct pma_arena *arena, unsigned int cmd, void __user *user)
{
	switch (cmd) {
	case PMA_IOC_INFO:
		return ioc_info(arena, user);
	case PMA_IOC_REALLOC:
		return ioc_realloc(arena, user);
	case PMA_IOC_BATCH:
	case PMA_IOC_ALLOC_BATCH:
	case PMA_IOC_FREE_BATCH:
		return pma_ioctl_batch_do(arena, cmd, user);
	case PMA_IOC_QUERY:
		return ioc_query(arena, user);
	case PMA_IOC_STATS:
		return ioc_stats(arena, user);
	case PMA_IOC_DUMP:
		return ioc_dump(arena, user);
	case PMA_IOC_CHECK:
		return ioc_check(arena, user);
	case PMA_IOC_ROOT:
		return ioc_root(arena, user);
	case PMA_IOC_SET_ROOT:
		return ioc_set_root(arena, user);
	case PMA_IOC_UNLINK:
		return ioc_unlink(arena, user);
	case PMA_IOC_TAG:
		return pma_client_tag(arena, user);
	case PMA_IOC_LIMIT:
		return ioc_limit(arena, user);
	case PMA_IOC_RESET:
		pma_block_free_all(arena);
		return 0;
	default:
		return pma_handover_do(arena, cmd, user);
	}
}

/**
 * pma_ioctl_do() - do one command
 * @arena: whose file it is
 * @cmd: PMA_IOC_*
 * @user: its argument
 *
 * Context: May sleep.
 * Return: as include/uapi/linux/pma.h says.
 */
long pma_ioctl_do(struct pma_arena *arena, unsigned int cmd, void __user *user)
{
	if (cmd == PMA_IOC_ALLOC)
		return ioc_alloc(arena, user);
	if (cmd == PMA_IOC_FREE)
		return ioc_free(arena, user);
	if (cmd == PMA_IOC_SHARE || cmd == PMA_IOC_CLAIM)
		return pma_handover_do(arena, cmd, user);
	return do_rarer(arena, cmd, user);
}
