// SPDX-License-Identifier: GPL-2.0
/*
 * pma_ioctl_batch.c - the commands of /dev/pma for many blocks
 *
 * BATCH is a vector of operations, each with its answer; ALLOC_BATCH and FREE_BATCH are
 * for equal blocks, with an array of handles and one answer.  They go through the vector or
 * the array in chunks, as many as one lock section does (pma_batch.c); what is not plain
 * work, or a mistake, is done as the single command does it.
 */
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "pma_ioctl.h"
#include "pma_batch.h"
#include "pma_block.h"
#include "pma_request.h"

static void batch_alloc(struct pma_arena *arena, struct pma_batch_entry *entry)
{
	struct pma_request request = {
		.arena = arena,
		.handle = PMA_HANDLE_NONE,
		.size = entry->size,
		.align = entry->align,
		.flags = entry->flags,
	};

	entry->result = pma_request_serve(&request);
	entry->handle = entry->result ? PMA_HANDLE_NONE : request.block.handle;
	entry->usable = entry->result ? 0 : request.block.size;
}

static void batch_free(struct pma_arena *arena, struct pma_batch_entry *entry)
{
	if (entry->size || entry->align || entry->flags)
		entry->result = pma_ioctl_bad_args(arena);
	else
		entry->result = pma_block_free(arena, entry->handle);
}

static void batch_one(struct pma_arena *arena, struct pma_batch_entry *entry)
{
	if (entry->op == PMA_BATCH_ALLOC)
		batch_alloc(arena, entry);
	else if (entry->op == PMA_BATCH_FREE)
		batch_free(arena, entry);
	else
		entry->result = pma_ioctl_bad_args(arena);
}

/* How many failed. */
static u32 batch_do(struct pma_arena *arena, struct pma_batch_entry *entries, u32 nr)
{
	u32 failed = 0, i, done;

	for (i = 0; i < nr; i += done) {
		done = pma_batch_do(arena, entries + i, nr - i);
		if (done)
			continue;
		batch_one(arena, &entries[i]);
		failed += !!entries[i].result;
		done = 1;
	}
	return failed;
}

static void batch_undo(struct pma_arena *arena, const struct pma_batch_entry *entries, u32 nr)
{
	while (nr--)
		if (entries[nr].op == PMA_BATCH_ALLOC && !entries[nr].result)
			pma_block_free(arena, entries[nr].handle);
}

/* One chunk of a batch, from and to @user. */
static int batch_chunk(struct pma_arena *arena, struct pma_batch_entry *entries,
		       struct pma_batch_entry __user *user, u32 nr, u32 *failed)
{
	if (copy_from_user(entries, user, nr * sizeof(*entries)))
		return -EFAULT;
	*failed = batch_do(arena, entries, nr);
	if (!copy_to_user(user, entries, nr * sizeof(*entries)))
		return 0;
	batch_undo(arena, entries, nr);
	return -EFAULT;
}

static noinline_for_stack long ioc_batch(struct pma_arena *arena, void __user *arg)
{
	struct pma_batch_entry entries[PMA_BATCH_CHUNK] __uninitialized;
	struct pma_batch_entry __user *user;
	struct pma_batch_args args;
	u32 nr, failed;
	int err = 0;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!args.nr || args.nr > PMA_BATCH_MAX || args.flags || args.reserved)
		return pma_ioctl_bad_args(arena);
	user = u64_to_user_ptr(args.entries);
	if (!pma_ioctl_make_writable(arg, sizeof(args)) ||
	    !pma_ioctl_make_writable(user, args.nr * sizeof(*user)))
		return -EFAULT;
	args.done = 0;
	args.failed = 0;
	while (args.done < args.nr) {
		nr = min(args.nr - args.done, PMA_BATCH_CHUNK);
		err = batch_chunk(arena, entries, user + args.done, nr, &failed);
		if (err)
			break;
		args.done += nr;
		args.failed += failed;
		cond_resched();
	}
	if (copy_to_user(arg, &args, sizeof(args)))
		return -EFAULT;
	return err;
}

/* The answer, as two words. */
static_assert(offsetof(struct pma_alloc_batch_args, nr) ==
	      offsetof(struct pma_alloc_batch_args, usable) + sizeof(u64));
static_assert(offsetof(struct pma_alloc_batch_args, done) ==
	      offsetof(struct pma_alloc_batch_args, nr) + sizeof(u32));

/*
 * Tell of some more blocks: where they are, and last how many there are now; or there are no
 * more.
 */
static int tell_blocks(struct pma_arena *arena, struct pma_alloc_batch_args *args,
		       struct pma_alloc_batch_args __user *user,
		       const u64 *handles, u32 nr, u64 usable)
{
	u64 __user *to = (u64 __user *)u64_to_user_ptr(args->handles) + args->done;

	args->usable = args->done ? min(args->usable, usable) : usable;
	args->done += nr;
	if (likely(!copy_to_user(to, handles, nr * sizeof(*handles)) &&
		   pma_ioctl_write_words((u64 __user *)&user->usable, &args->usable, 2)))
		return 0;
	args->done -= nr;
	while (nr--)
		pma_block_free(arena, handles[nr]);
	return -EFAULT;
}

/* What is not plain work: one block. */
static noinline int alloc_one(struct pma_arena *arena, const struct pma_alloc_batch_args *args,
			      u64 *handle, u64 *usable)
{
	struct pma_request request = {
		.arena = arena,
		.handle = PMA_HANDLE_NONE,
		.size = args->size,
		.align = args->align,
		.flags = args->flags,
	};
	int err = pma_request_try(&request);

	*handle = request.block.handle;
	*usable = request.block.size;
	return err;
}

/* Some more, in one go if that is plain work; how many, or an error. */
static int alloc_some(struct pma_arena *arena, const struct pma_alloc_batch_args *args,
		      u64 *handles, u64 *usable)
{
	u32 nr = pma_batch_alloc_equal(arena, args->size, args->align, args->flags,
				       args->nr - args->done, handles, usable);

	return likely(nr) ? nr : alloc_one(arena, args, handles, usable) ?: 1;
}

static noinline_for_stack long ioc_alloc_batch(struct pma_arena *arena, void __user *user)
{
	struct pma_alloc_batch_args args __uninitialized;
	u64 handles[PMA_BATCH_CHUNK] __uninitialized;
	u64 usable;
	int nr, err;

	if (!pma_ioctl_read_words((u64 *)&args, user, sizeof(args) / sizeof(u64)))
		return -EFAULT;
	if (!args.nr || args.nr > PMA_BATCH_MAX || args.flags & ~PMA_ALLOC_FLAGS ||
	    args.reserved)
		return pma_ioctl_bad_args(arena);
	args.done = 0;
	do {
		nr = alloc_some(arena, &args, handles, &usable);
		err = nr < 0 ? nr : tell_blocks(arena, &args, user, handles, nr, usable);
		cond_resched();
	} while (!err && args.done < args.nr);
	/* Why there are no more the next call will say, and count. */
	return args.done ? 0 : pma_arena_count_failure(arena, err);
}

/* How many of a chunk were freed, from the first on; less than all with an error. */
static u32 free_chunk(struct pma_arena *arena, u32 nr, const u64 *handles, int *err)
{
	u32 done = 0, some;

	while (done < nr) {
		some = pma_batch_free(arena, nr - done, handles + done);
		if (!some) {
			*err = pma_block_free(arena, handles[done]);
			if (*err)
				break;
			some = 1;
		}
		done += some;
	}
	return done;
}

static_assert(offsetof(struct pma_free_batch_args, done) ==
	      offsetof(struct pma_free_batch_args, nr) + sizeof(u32));

static bool tell_done(const struct pma_free_batch_args *args,
		      struct pma_free_batch_args __user *user)
{
	return pma_ioctl_write_words((u64 __user *)&user->nr, (u64 *)&args->nr, 1);
}

static noinline_for_stack long ioc_free_batch(struct pma_arena *arena, void __user *user)
{
	struct pma_free_batch_args args __uninitialized;
	u64 handles[PMA_BATCH_CHUNK] __uninitialized;
	const u64 __user *from;
	int err = 0;
	u32 nr;

	if (!pma_ioctl_read_words((u64 *)&args, user, sizeof(args) / sizeof(u64)))
		return -EFAULT;
	if (!args.nr || args.nr > PMA_BATCH_MAX || args.reserved)
		return pma_ioctl_bad_args(arena);
	args.done = 0;
	if (!tell_done(&args, user))
		return -EFAULT;
	from = u64_to_user_ptr(args.handles);
	while (!err && args.done < args.nr) {
		nr = min(args.nr - args.done, PMA_BATCH_CHUNK);
		if (copy_from_user(handles, from + args.done, nr * sizeof(*handles))) {
			err = -EFAULT;
			break;
		}
		args.done += free_chunk(arena, nr, handles, &err);
		cond_resched();
	}
	return tell_done(&args, user) ? err : -EFAULT;
}

/**
 * pma_ioctl_batch_do() - do one of the commands for many blocks
 * @arena: whose file it is
 * @cmd: PMA_IOC_BATCH, PMA_IOC_ALLOC_BATCH or PMA_IOC_FREE_BATCH
 * @user: its argument
 *
 * Context: May sleep.
 * Return: as include/uapi/linux/pma.h says.
 */
long pma_ioctl_batch_do(struct pma_arena *arena, unsigned int cmd, void __user *user)
{
	if (cmd == PMA_IOC_ALLOC_BATCH)
		return ioc_alloc_batch(arena, user);
	if (cmd == PMA_IOC_FREE_BATCH)
		return ioc_free_batch(arena, user);
	return ioc_batch(arena, user);
}
