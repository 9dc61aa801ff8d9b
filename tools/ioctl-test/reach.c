// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * reach.c - mapped memory, and memory that may not be there
 *
 * An access that ends in SIGBUS is an answer here, false, in any thread.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

static __thread sigjmp_buf reach_back;
static __thread atomic_bool reach_tries;

static void reach_signal(int sig)
{
	if (reach_tries)
		siglongjmp(reach_back, 1);
	signal(sig, SIG_DFL);	/* not one of ours: again, for good */
}

bool reach_read(const void *at, char *byte)
{
	bool there = false;

	reach_tries = true;
	if (!sigsetjmp(reach_back, 0)) {
		*byte = __atomic_load_n((const char *)at, __ATOMIC_RELAXED);
		there = true;
	}
	reach_tries = false;
	return there;
}

bool reach_write(void *at, char byte)
{
	bool there = false;

	reach_tries = true;
	if (!sigsetjmp(reach_back, 0)) {
		__atomic_store_n((char *)at, byte, __ATOMIC_RELAXED);
		there = true;
	}
	reach_tries = false;
	return there;
}

/* A byte of each frame of [at, at + bytes) can be read, or of none. */
bool reach_all(const char *at, size_t bytes)
{
	size_t done, frame = sysconf(_SC_PAGESIZE);
	char byte;

	for (done = 0; done < bytes; done += frame)
		if (!reach_read(at + done, &byte))
			return false;
	return true;
}

bool reach_none(const char *at, size_t bytes)
{
	size_t done, frame = sysconf(_SC_PAGESIZE);
	char byte;

	for (done = 0; done < bytes; done += frame)
		if (reach_read(at + done, &byte))
			return false;
	return true;
}

static void reach_catch(void)
{
	/* NODEFER: the mask is as before after the jump, without a call to save it. */
	static const struct sigaction action = {
		.sa_handler = reach_signal,
		.sa_flags = SA_NODEFER,
	};

	sigaction(SIGBUS, &action, NULL);
}

/* Can the region be mapped?  If not the test is skipped. */
bool reach_can(struct test *t)
{
	reach_catch();
	if (t->info.page_size >= (__u32)sysconf(_SC_PAGESIZE))
		return true;
	t->skipped = "pages are smaller than the machine's";
	return false;
}

/* The whole region, or NULL. */
char *reach_map(struct test *t, int fd)
{
	char *base = mmap(NULL, t->info.region_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (base != MAP_FAILED)
		return base;
	NOTE(t, "mmap: errno %d", errno);
	return NULL;
}

void reach_unmap(struct test *t, char *base)
{
	if (base)
		WANT(t, munmap(base, t->info.region_bytes), 0);
}

/*
 * As block_fill() and block_verify(), through a mapping.  Words, as a guest may
 * have to emulate longer ones.
 */
void reach_fill(char *base, struct block *block, __u64 seed)
{
	block->seed = seed;
	pattern_fill(base + block->handle, block->usable, seed);
}

bool reach_verify(struct test *t, const char *base, const struct block *block)
{
	return WANT(t, pattern_match(base + block->handle, block->usable, block->seed),
		    block->usable);
}
