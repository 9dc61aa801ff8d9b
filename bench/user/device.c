// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * device.c - what a process pays for a call, a page and a hand-over
 *
 *  getppid	a system call that does nothing
 *  ioctl-empty	an ioctl that copies 48 bytes in and out
 *  ioctl-alloc	ALLOC of /dev/pma, of 64 bytes
 *  ioctl-free	FREE of it
 *  ioctl-batchN	a block of an ALLOC_BATCH of N and its part of the FREE_BATCH
 *  ioctl-batchN-alloc	its part of the ALLOC_BATCH alone
 *  ioctl-entriesN	a block of a BATCH of N allocs and its part of the BATCH of frees
 *  first-touch	a frame of 1 MiB that is touched for the first time
 *  first-touch-ro	the same in an arena that holds another block for reading only
 *  handover-*	see handover.c
 *  metadata	what a pool keeps outside its region, in % of it
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/pma.h>

#include "device.h"
#include "measure.h"

#define BENCH_IOC_EMPTY	_IOWR(0xBB, 0x10, struct pma_alloc_args)

#define CALLS		200	/* in a repetition */
#define REPETITIONS	51
#define BATCH_MAX	256

static int pma = -1;

int open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		measure_fail(path);
	return fd;
}

void must(int result, const char *what)
{
	if (result < 0)
		measure_fail(what);
}

/* Median over many repetitions of what @repeat answers: ticks. */
__u64 median_of(__u64 (*repeat)(unsigned int), unsigned int arg)
{
	__u64 samples[REPETITIONS];
	int i;

	repeat(arg);
	for (i = 0; i < REPETITIONS; i++)
		samples[i] = repeat(arg);
	return measure_median(samples, REPETITIONS);
}

static __u64 repeat_nothing(unsigned int unused)
{
	__u64 begin = measure_now();
	int i;

	(void)unused;
	for (i = 0; i < CALLS; i++)
		__asm__ volatile("" : : : "memory");
	return measure_now() - begin;
}

static __u64 repeat_getppid(unsigned int unused)
{
	__u64 begin = measure_now();
	int i;

	(void)unused;
	for (i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return measure_now() - begin;
}

static void run_calls(const char *name, __u64 (*repeat)(unsigned int), const char *allocator,
		      unsigned int arg, double nr)
{
	__u64 control = median_of(repeat_nothing, 0), ticks;

	if (!measure_wants(name))
		return;
	ticks = median_of(repeat, arg);
	measure_report_ticks(name, allocator, ticks - control, nr);
}

static int empty = -1;

static __u64 repeat_empty(unsigned int unused)
{
	struct pma_alloc_args args = { .size = 64 };
	__u64 begin = measure_now();
	int i;

	(void)unused;
	for (i = 0; i < CALLS; i++)
		must(ioctl(empty, BENCH_IOC_EMPTY, &args), "the empty ioctl");
	return measure_now() - begin;
}

static __u64 handles[CALLS];

static __u64 alloc_all(void)
{
	struct pma_alloc_args args = { .size = 64 };
	__u64 begin = measure_now();
	int i;

	for (i = 0; i < CALLS; i++) {
		must(ioctl(pma, PMA_IOC_ALLOC, &args), "PMA_IOC_ALLOC");
		handles[i] = args.handle;
	}
	return measure_now() - begin;
}

static __u64 free_all(void)
{
	struct pma_free_args args = {};
	__u64 begin = measure_now();
	int i;

	for (i = 0; i < CALLS; i++) {
		args.handle = handles[i];
		must(ioctl(pma, PMA_IOC_FREE, &args), "PMA_IOC_FREE");
	}
	return measure_now() - begin;
}

static __u64 repeat_alloc(unsigned int unused)
{
	__u64 ticks = alloc_all();

	(void)unused;
	free_all();
	return ticks;
}

static __u64 repeat_free(unsigned int unused)
{
	(void)unused;
	alloc_all();
	return free_all();
}

static __u64 timed(unsigned int command, void *args, const char *name)
{
	__u64 begin = measure_now();

	must(ioctl(pma, command, args), name);
	return measure_now() - begin;
}

static __u64 many[BATCH_MAX];

static __u64 batch_allocs(unsigned int nr)
{
	struct pma_alloc_batch_args args = { .handles = (unsigned long)many, .size = 64, .nr = nr };
	__u64 ticks = timed(PMA_IOC_ALLOC_BATCH, &args, "PMA_IOC_ALLOC_BATCH");

	if (args.done != nr)
		measure_fail("a batch's block");
	return ticks;
}

static __u64 batch_frees(unsigned int nr)
{
	struct pma_free_batch_args args = { .handles = (unsigned long)many, .nr = nr };

	return timed(PMA_IOC_FREE_BATCH, &args, "PMA_IOC_FREE_BATCH");
}

/* A batch of allocs, and one of their frees. */
static __u64 repeat_batch(unsigned int nr)
{
	__u64 ticks = batch_allocs(nr);

	return ticks + batch_frees(nr);
}

static __u64 repeat_batch_alloc(unsigned int nr)
{
	__u64 ticks = batch_allocs(nr);

	batch_frees(nr);
	return ticks;
}

static struct pma_batch_entry entries[BATCH_MAX];

static __u64 timed_entries(unsigned int nr)
{
	struct pma_batch_args args = { .entries = (unsigned long)entries, .nr = nr };
	__u64 ticks = timed(PMA_IOC_BATCH, &args, "PMA_IOC_BATCH");

	if (args.failed)
		measure_fail("a batch's entry");
	return ticks;
}

/* The same, each block with an entry of its own. */
static __u64 repeat_entries(unsigned int nr)
{
	unsigned int i;
	__u64 ticks;

	for (i = 0; i < nr; i++)
		entries[i] = (struct pma_batch_entry){ .op = PMA_BATCH_ALLOC, .size = 64 };
	ticks = timed_entries(nr);
	for (i = 0; i < nr; i++)
		entries[i] = (struct pma_batch_entry){ .op = PMA_BATCH_FREE,
						       .handle = entries[i].handle };
	return ticks + timed_entries(nr);
}

static void run_batches(void)
{
	static const struct {
		const char *name;
		__u64 (*repeat)(unsigned int nr);
	} cases[] = {
		{ "ioctl-batch%u", repeat_batch },
		{ "ioctl-batch%u-alloc", repeat_batch_alloc },
		{ "ioctl-entries%u", repeat_entries },
	};
	static const unsigned int nrs[] = { 32, 256 };
	char name[32];
	int i, k;

	for (i = 0; i < 2; i++) {
		for (k = 0; k < 3; k++) {
			snprintf(name, sizeof(name), cases[k].name, nrs[i]);
			if (measure_wants(name))
				measure_report_ticks(name, "pma",
						     median_of(cases[k].repeat, nrs[i]), nrs[i]);
		}
	}
}

/* First touches: what maps 1 MiB, and what lets it go. */

void touch(char *at, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i += FRAME) {
		at[i] = 1;
		__asm__ volatile("" : : : "memory");
	}
}

static __u64 timed_touch(char *at)
{
	__u64 begin = measure_now();

	touch(at, MIB);
	return measure_now() - begin;
}

void *map(int fd, off_t offset, size_t bytes, int flags)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);

	if (at == MAP_FAILED)
		measure_fail("mmap");
	return at;
}

static __u64 repeat_touch_anonymous(unsigned int unused)
{
	char *at = map(-1, 0, MIB, MAP_PRIVATE | MAP_ANONYMOUS);
	__u64 ticks = timed_touch(at);

	(void)unused;
	munmap(at, MIB);
	return ticks;
}

int make_memfd(void)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);

	must(fd, "memfd_create");
	must(ftruncate(fd, MIB), "ftruncate");
	return fd;
}

static __u64 repeat_touch_memfd(unsigned int unused)
{
	int fd = make_memfd();
	char *at = map(fd, 0, MIB, MAP_SHARED);
	__u64 ticks = timed_touch(at);

	(void)unused;
	munmap(at, MIB);
	close(fd);
	return ticks;
}

struct arena open_arena(void)
{
	struct arena arena = { .fd = open_device("/dev/pma") };
	struct pma_info info;

	must(ioctl(arena.fd, PMA_IOC_INFO, &info), "PMA_IOC_INFO");
	arena.base = map(arena.fd, 0, info.region_bytes, MAP_SHARED);
	arena.bytes = info.region_bytes;
	return arena;
}

void close_arena(const struct arena *arena)
{
	munmap(arena->base, arena->bytes);
	close(arena->fd);
}

__u64 alloc_big(const struct arena *arena)
{
	struct pma_alloc_args args = { .size = MIB };

	must(ioctl(arena->fd, PMA_IOC_ALLOC, &args), "PMA_IOC_ALLOC");
	return args.handle;
}

void free_big(const struct arena *arena, __u64 handle)
{
	struct pma_free_args args = { .handle = handle };

	must(ioctl(arena->fd, PMA_IOC_FREE, &args), "PMA_IOC_FREE");
}

static struct arena toucher;

static __u64 repeat_touch_pma(unsigned int unused)
{
	__u64 handle = alloc_big(&toucher), ticks = timed_touch(toucher.base + handle);

	(void)unused;
	free_big(&toucher, handle);
	return ticks;
}

/* Of the arena's own blocks, beside one that it may only read. */
static void run_touches_read_only(void)
{
	struct arena other;
	__u64 handle;

	if (!measure_wants("first-touch-ro"))
		return;
	toucher = open_arena();
	other = open_arena();
	handle = alloc_big(&other);
	share_big(&other, handle, 0);
	claim_big(&toucher);
	measure_report_ticks("first-touch-ro", "pma", median_of(repeat_touch_pma, 0),
			     MIB / FRAME);
	close_arena(&other);
	close_arena(&toucher);
}

static void run_touches(void)
{
	if (!measure_wants("first-touch"))
		return;
	toucher = open_arena();
	measure_report_ticks("first-touch", "pma", median_of(repeat_touch_pma, 0), MIB / FRAME);
	measure_report_ticks("first-touch", "anonymous", median_of(repeat_touch_anonymous, 0),
			     MIB / FRAME);
	measure_report_ticks("first-touch", "memfd", median_of(repeat_touch_memfd, 0),
			     MIB / FRAME);
	close_arena(&toucher);
}

static void run_metadata(const struct pma_info *info)
{
	/* Of Linux, struct page alone: 64 bytes for a frame of 4 KiB. */
	if (!measure_wants("metadata"))
		return;
	measure_report("metadata", info->flags & PMA_POOL_TRACK ? "pma-track" : "pma",
		       100.0 * info->metadata_bytes / info->region_bytes, "%");
	measure_report("metadata", "struct-page", 100.0 * 64 / FRAME, "%");
}

int main(int argc, char **argv)
{
	struct pma_info info;

	measure_init(argc, argv);
	pma = open_device("/dev/pma");
	empty = open_device("/dev/pma_bench");
	open_pipe();
	must(ioctl(pma, PMA_IOC_INFO, &info), "PMA_IOC_INFO");

	run_calls("getppid", repeat_getppid, "kernel", 0, CALLS);
	run_calls("ioctl-empty", repeat_empty, "kernel", 0, CALLS);
	run_calls("ioctl-alloc", repeat_alloc, "pma", 0, CALLS);
	run_calls("ioctl-free", repeat_free, "pma", 0, CALLS);
	run_batches();
	run_touches();
	run_touches_read_only();
	run_handovers("handover-1M", 1);
	run_handovers("handover-1M-all", MIB);
	run_metadata(&info);
	return 0;
}
