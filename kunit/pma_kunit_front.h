/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_front.h - what the suites of the front-ends share
 *
 * They are for the kernel only.  Each case has a small pool like that of /dev/pma, an
 * open file with an arena on it, and an address space with memory that a process could
 * call from (lib/kunit/user_alloc.c).
 */
#ifndef _PMA_KUNIT_FRONT_H
#define _PMA_KUNIT_FRONT_H

#include <linux/fs.h>

#include "pma_client.h"
#include "pma_kunit.h"

/**
 * struct pma_kunit_front - fixture
 * @base: of all suites; first
 * @pool: 64 pages of 4096 bytes
 * @file: open for reading and writing, as of /dev/pma
 * @arena: of it
 * @user: a frame of a process; what is behind it can't be reached
 * @user_ro: the same frame, where it can only be read
 * @nowhere: where nothing is
 */
struct pma_kunit_front {
	struct pma_kunit base;
	struct pma_pool *pool;
	struct file *file;
	struct pma_arena *arena;
	char __user *user;
	char __user *user_ro;
	char __user *nowhere;
};

/**
 * struct pma_kunit_faults - a call is made again and again, and each time another
 *	allocation or copy from or to the process fails in it
 * @wanted: so many copies shall have failed; what else it allocates may differ each
 *	time, so that one can be missed, and all begins again
 * @nth: which one fails
 * @tries: with this one
 * @rounds: that have ended
 * @nr_copies: that have failed
 */
struct pma_kunit_faults {
	u32 wanted;
	u32 nth;
	u32 tries;
	u32 rounds;
	u32 nr_copies;
};

int pma_kunit_front_init(struct kunit *test);
void pma_kunit_front_exit(struct kunit *test);
struct file *pma_kunit_front_open(struct kunit *test, u32 flags);
void pma_kunit_front_close(struct file *file);
void pma_kunit_front_close_fd(struct kunit *test, int fd);
void __user *pma_kunit_front_put(struct kunit *test, const void *bytes, size_t nr);
void pma_kunit_front_get(struct kunit *test, void *bytes, size_t nr);
long pma_kunit_front_call(struct kunit *test, struct file *file, u32 cmd, void *args);
void pma_kunit_front_expect_refused(struct kunit *test, struct file *file, u32 cmd, void *args,
				    int err, const char *what);
void pma_kunit_front_fail(struct pma_kunit_faults *faults);
bool pma_kunit_front_failed(struct kunit *test, struct pma_kunit_faults *faults, long err);
const struct cred *pma_kunit_front_be(struct kunit *test, u32 uid, u32 gid);
void pma_kunit_front_be_again(const struct cred *old);

static inline struct pma_arena *pma_kunit_front_arena(const struct file *file)
{
	const struct pma_mmap *mm = file->private_data;

	return mm->arena;
}

/* To be asked before anything is opened.  Inline: some kernels never return from it. */
static inline void pma_kunit_front_need_faults(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_FAULT_INJECTION_USERCOPY))
		kunit_skip(test, "a kernel without CONFIG_FAULT_INJECTION_USERCOPY");
}

#endif /* _PMA_KUNIT_FRONT_H */
