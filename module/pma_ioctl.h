/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_ioctl.h - the commands of /dev/pma
 */
#ifndef _PMA_IOCTL_H
#define _PMA_IOCTL_H

#include <linux/fault-inject-usercopy.h>
#include <linux/uaccess.h>

#include "pma_arena.h"

/*
 * The few words of what is called most, ALLOC, FREE and hand-overs, are copied in
 * place: that takes half of what copy_from_user() and copy_to_user() do.
 */

/**
 * pma_ioctl_read_words() - copy a few words in
 * @to: where to
 * @from: a user's
 * @nr: how many
 *
 * Context: May sleep.
 * Return: false if they can't be read.
 */
static __always_inline bool pma_ioctl_read_words(u64 *to, const u64 __user *from, size_t nr)
{
	size_t i;

	if (should_fail_usercopy() || !user_read_access_begin(from, nr * sizeof(*from)))
		return false;
#pragma GCC unroll 8
	for (i = 0; i < nr; i++)
		unsafe_get_user(to[i], &from[i], failed);
	user_read_access_end();
	return true;
failed:
	user_read_access_end();
	return false;
}

/**
 * pma_ioctl_write_words() - copy a few words out
 * @to: a user's
 * @from: where from
 * @nr: how many
 *
 * Context: May sleep.
 * Return: false if they can't be written.
 */
static __always_inline bool pma_ioctl_write_words(u64 __user *to, const u64 *from, size_t nr)
{
	size_t i;

	if (should_fail_usercopy() || !user_write_access_begin(to, nr * sizeof(*to)))
		return false;
#pragma GCC unroll 8
	for (i = 0; i < nr; i++)
		unsafe_put_user(from[i], &to[i], failed);
	user_write_access_end();
	return true;
failed:
	user_write_access_end();
	return false;
}

/* A flag, reserved field or count that is not as the header says. */
static inline int pma_ioctl_bad_args(struct pma_arena *arena)
{
	return pma_arena_count_error(arena, -EINVAL);
}

bool pma_ioctl_make_writable(void __user *memory, size_t bytes);
long pma_ioctl_do(struct pma_arena *arena, unsigned int cmd, void __user *user);
bool pma_ioctl_needs_write(unsigned int cmd);

/* pma_ioctl_batch.c */
long pma_ioctl_batch_do(struct pma_arena *arena, unsigned int cmd, void __user *user);

#endif /* _PMA_IOCTL_H */
