// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fault.c - pointers that can't be read or written
 *
 * Three frames of memory: the first can be read and written, the second only
 * read, the third not at all:
 *
 *	| rw | ro | none |
 *
 * Arguments are put across the borders.  The answer is EFAULT, and nothing is
 * left behind: what was allocated and could not be told is undone.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

#define RESULT_UNTOUCHED	12345

static size_t frame;
static char *memory;	/* the three frames */
void *nowhere;		/* null; not static, or the compiler would know it */

static char *rw_end(size_t bytes)
{
	return memory + frame - bytes;
}

static char *ro_end(size_t bytes)
{
	return memory + 2 * frame - bytes;
}

static bool memory_map(struct test *t)
{
	frame = sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, 3 * frame, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED) {
		NOTE(t, "mmap: errno %d", errno);
		return false;
	}
	return true;
}

/* What was written into the second and third frame stays there. */
static void memory_protect(void)
{
	mprotect(memory + frame, frame, PROT_READ);
	mprotect(memory + 2 * frame, frame, PROT_NONE);
}

static void memory_unmap(void)
{
	munmap(memory, 3 * frame);
}

/*
 * Every command that takes a struct, with arguments that would succeed.
 * @reads: it reads the struct; @writes: it writes it.
 */
struct call {
	const char *name;
	unsigned int command;
	size_t bytes;
	bool reads;
	bool writes;
	union {
		struct pma_alloc_args alloc;
		struct pma_free_args free;
		struct pma_realloc_args realloc;
		struct pma_batch_args batch;
		struct pma_alloc_batch_args alloc_batch;
		struct pma_free_batch_args free_batch;
		struct pma_query_args query;
		struct pma_dump_args dump;
		struct pma_check_args check;
		struct pma_share_args share;
		struct pma_claim_args claim;
		struct pma_export_args export;
	} args;
};

#define CALL(command, type, reads, writes) \
	.name = #command, PMA_IOC_##command, sizeof(struct type), reads, writes

#define NR_CALLS	17

static size_t make_calls(struct call *calls, const struct block *small, const struct block *big,
			 void *entry, void *rec)
{
	const struct call all[NR_CALLS] = {
		{ CALL(INFO, pma_info, false, true) },
		{ CALL(ALLOC, pma_alloc_args, true, true), .args.alloc.size = 64 },
		{ CALL(ALLOC, pma_alloc_args, true, true), .args.alloc.size = 3 * frame },
		{ CALL(REALLOC, pma_realloc_args, true, true),
		  .args.realloc = { .handle = small->handle, .size = 3000 } },
		{ CALL(REALLOC, pma_realloc_args, true, true),
		  .args.realloc = { .handle = big->handle, .size = 64 } },
		{ CALL(REALLOC, pma_realloc_args, true, true),
		  .args.realloc = { .handle = big->handle, .size = 0 } },
		{ CALL(REALLOC, pma_realloc_args, true, true),
		  .args.realloc = { .handle = PMA_HANDLE_NONE, .size = 64 } },
		{ CALL(BATCH, pma_batch_args, true, true),
		  .args.batch = { .entries = (uintptr_t)entry, .nr = 1 } },
		{ CALL(ALLOC_BATCH, pma_alloc_batch_args, true, true),
		  .args.alloc_batch = { .handles = (uintptr_t)rec, .size = 64, .nr = 1 } },
		{ CALL(FREE_BATCH, pma_free_batch_args, true, true),
		  .args.free_batch = { .handles = (uintptr_t)&small->handle, .nr = 1 } },
		{ CALL(QUERY, pma_query_args, true, true), .args.query.handle = small->handle },
		{ CALL(STATS, pma_stats, false, true) },
		{ CALL(DUMP, pma_dump_args, true, true),
		  .args.dump = { .records = (uintptr_t)rec, .what = PMA_DUMP_PAGES, .nr = 1 } },
		{ CALL(CHECK, pma_check_args, true, true) },
		{ CALL(SHARE, pma_share_args, true, true),
		  .args.share = { .handle = big->handle, .nr_claims = 1 } },
		{ CALL(CLAIM, pma_claim_args, true, true) },
		{ CALL(EXPORT, pma_export_args, true, true),
		  .args.export = { .handle = big->handle } },
	};

	memcpy(calls, all, sizeof(all));
	return ARRAY_SIZE(all);
}

static void want_fault(struct test *t, int err)
{
	WANT_ERR(t, err, EFAULT);
}

/* The block is where it was and what it was. */
static void try_fault(struct test *t, const struct call *call, void *at,
		      const struct block *small, const struct block *big)
{
	struct pma_stats before = stats_get(t, t->fd);

	want_fault(t, device_call(t->fd, call->command, at));
	stats_undone(t, t->fd, &before);
	block_verify(t, t->fd, small, small->usable);
	block_verify(t, t->fd, big, big->usable);
}

static void try_call(struct test *t, const struct call *call, const struct block *small,
		     const struct block *big)
{
	size_t bytes = call->bytes, known = bytes < sizeof(call->args) ? bytes : sizeof(call->args);
	char *at;

	test_context(t, "%s, null pointer", call->name);
	try_fault(t, call, NULL, small, big);
	test_context(t, "%s, in the kernel's half", call->name);
	try_fault(t, call, (void *)(uintptr_t)(~0UL - 4095), small, big);
	test_context(t, "%s, unmapped", call->name);
	try_fault(t, call, memory + 2 * frame, small, big);

	test_context(t, "%s, half unmapped", call->name);
	at = ro_end(bytes / 2);
	mprotect(memory, 3 * frame, PROT_READ | PROT_WRITE);
	memcpy(at, &call->args, known);
	memory_protect();
	try_fault(t, call, at, small, big);

	test_context(t, "%s, read-only", call->name);
	at = ro_end(bytes);
	mprotect(memory, 3 * frame, PROT_READ | PROT_WRITE);
	memcpy(at, &call->args, known);
	memory_protect();
	try_fault(t, call, at, small, big);

	test_context(t, "%s, half read-only", call->name);
	at = rw_end(bytes / 2);
	mprotect(memory, 3 * frame, PROT_READ | PROT_WRITE);
	memcpy(at, &call->args, known);
	memory_protect();
	try_fault(t, call, at, small, big);
}

static void fault_arguments(struct test *t)
{
	struct pma_batch_entry entry = { .op = PMA_BATCH_ALLOC, .size = 64 };
	struct pma_page_rec rec;
	struct call calls[NR_CALLS];
	struct block small, big;
	size_t i, nr;

	if (!memory_map(t) || !block_alloc(t, t->fd, 100, &small) ||
	    !block_alloc(t, t->fd, 2 * t->info.page_size, &big))
		return;
	block_fill(t, t->fd, &small, 1);
	block_fill(t, t->fd, &big, 2);
	memory_protect();
	nr = make_calls(calls, &small, &big, &entry, &rec);
	for (i = 0; i < nr; i++)
		try_call(t, &calls[i], &small, &big);
	memory_unmap();
	block_free(t, t->fd, &small);
	block_free(t, t->fd, &big);
}

/* FREE only reads: from memory that can't be written it works, else it does nothing. */
static void fault_free(struct test *t)
{
	struct pma_free_args *args;
	struct pma_stats before;
	struct block block;

	if (!memory_map(t) || !block_alloc(t, t->fd, 64, &block))
		return;
	args = (void *)ro_end(sizeof(*args));
	args->handle = block.handle;
	memory_protect();
	before = stats_get(t, t->fd);
	want_fault(t, device_call(t->fd, PMA_IOC_FREE, memory + 2 * frame));
	want_fault(t, device_call(t->fd, PMA_IOC_FREE, ro_end(8)));
	want_fault(t, device_call(t->fd, PMA_IOC_FREE, NULL));
	stats_undone(t, t->fd, &before);
	WANT_OK(t, device_call(t->fd, PMA_IOC_FREE, args));
	memory_unmap();
}

static int batch(int fd, void *entries, __u32 nr)
{
	struct pma_batch_args args = { .entries = (uintptr_t)entries, .nr = nr };

	return device_call(fd, PMA_IOC_BATCH, &args);
}

static int batch_at(int fd, __u64 entries, __u32 nr)
{
	struct pma_batch_args args = { .entries = entries, .nr = nr };

	return device_call(fd, PMA_IOC_BATCH, &args);
}

/* An array that can't be read whole: nothing is done. */
static void fault_batch_unreadable(struct test *t)
{
	struct pma_batch_entry *entries;
	struct pma_stats before;
	size_t i;

	if (!memory_map(t))
		return;
	entries = (void *)ro_end(2 * sizeof(*entries));
	for (i = 0; i < 4; i++)
		entries[i] = (struct pma_batch_entry){ .op = PMA_BATCH_ALLOC, .size = 64 };
	memory_protect();
	before = stats_get(t, t->fd);
	want_fault(t, batch(t->fd, entries, 4));
	want_fault(t, batch(t->fd, memory + 2 * frame, 1));
	want_fault(t, batch(t->fd, NULL, 1));
	want_fault(t, batch_at(t->fd, ~0ULL - 7, 1));
	want_fault(t, batch_at(t->fd, ~0ULL - 4096, 4096));
	want_fault(t, batch_at(t->fd, 1ULL << 63, 1));
	want_fault(t, batch_at(t->fd, 0xffff800000000000ULL, 1));
	/* what a 32-bit caller could reach if the upper half were cut off */
	if (sizeof(void *) == 4)
		want_fault(t, batch_at(t->fd, 1ULL << 32 | (uintptr_t)memory, 1));
	stats_undone(t, t->fd, &before);
	memory_unmap();
}

/* An array that can't be written: nothing is done. */
static void fault_batch_unwritable(struct test *t)
{
	struct pma_batch_entry *entries;
	struct pma_stats before;
	struct block block;
	size_t i;

	if (!memory_map(t) || !block_alloc(t, t->fd, 64, &block))
		return;
	block_fill(t, t->fd, &block, 1);
	entries = (void *)ro_end(8 * sizeof(*entries));
	for (i = 0; i < 8; i++)
		entries[i] = (struct pma_batch_entry){
			.op = PMA_BATCH_ALLOC,
			.result = RESULT_UNTOUCHED,
			.size = i % 2 ? 64 : 3 * frame,
		};
	entries[7] = (struct pma_batch_entry){
		.op = PMA_BATCH_FREE,
		.result = RESULT_UNTOUCHED,
		.handle = block.handle,
	};
	memory_protect();
	before = stats_get(t, t->fd);
	test_context(t, "allocs");
	want_fault(t, batch(t->fd, entries, 7));
	stats_undone(t, t->fd, &before);
	test_context(t, "a free");
	want_fault(t, batch(t->fd, entries + 7, 1));
	stats_undone(t, t->fd, &before);
	test_context(t, "allocs and a free");
	want_fault(t, batch(t->fd, entries, 8));
	stats_undone(t, t->fd, &before);
	for (i = 0; i < 8; i++)
		WANT(t, entries[i].result, RESULT_UNTOUCHED);
	block_verify(t, t->fd, &block, block.usable);
	memory_unmap();
	block_free(t, t->fd, &block);
}

/*
 * An array that can be written up to its middle: what was told is live, what
 * could not be told is not.
 */
static void fault_batch_half_writable(struct test *t)
{
	enum { NR = 200, WRITABLE = 100 };
	struct pma_batch_entry *entries;
	struct pma_stats before;
	__u64 told = 0;
	size_t i;

	if (!memory_map(t))
		return;
	entries = (void *)rw_end(WRITABLE * sizeof(*entries));
	for (i = 0; i < NR; i++)
		entries[i] = (struct pma_batch_entry){
			.op = PMA_BATCH_ALLOC,
			.result = RESULT_UNTOUCHED,
			.size = 64,
		};
	memory_protect();
	before = stats_get(t, t->fd);
	want_fault(t, batch(t->fd, entries, NR));
	for (i = 0; i < NR; i++)
		told += entries[i].result == 0;
	WANT_TRUE(t, told <= WRITABLE);
	WANT(t, stats_get(t, t->fd).live_blocks, before.live_blocks + told);
	for (i = 0; i < NR; i++)
		if (!entries[i].result)
			WANT_OK(t, device_free(t->fd, entries[i].handle));
	stats_undone(t, t->fd, &before);
	memory_unmap();
}

/* Handles that can't be told, or not all: what was told is live, and nothing else. */
static void fault_equal_allocs(struct test *t)
{
	enum { NR = 200, WRITABLE = 100 };
	static const __u64 sizes[] = { 64, 3000, 10000 };
	struct pma_alloc_batch_args args;
	struct pma_stats before;
	__u64 *handles;
	__u32 done;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		test_context(t, "size %llu", sizes[i]);
		if (!memory_map(t))
			return;
		handles = (void *)rw_end(WRITABLE * sizeof(*handles));
		memory_protect();
		args = (struct pma_alloc_batch_args){ .size = sizes[i], .nr = NR };
		before = stats_get(t, t->fd);
		want_fault(t, device_alloc_batch(t->fd, &args));
		args.handles = (uintptr_t)ro_end(64);
		want_fault(t, device_alloc_batch(t->fd, &args));
		args.handles = (uintptr_t)memory + 2 * frame;
		want_fault(t, device_alloc_batch(t->fd, &args));
		args.handles = 1ULL << 63;
		want_fault(t, device_alloc_batch(t->fd, &args));
		stats_undone(t, t->fd, &before);
		args.handles = (uintptr_t)handles;
		if (WANT_OK(t, device_alloc_batch(t->fd, &args))) {
			WANT_TRUE(t, args.done && args.done <= WRITABLE);
			WANT(t, stats_get(t, t->fd).live_blocks, before.live_blocks + args.done);
			WANT_OK(t, device_free_batch(t->fd, handles, args.done, &done));
		}
		stats_undone(t, t->fd, &before);
		memory_unmap();
	}
}

/* Of the struct the first @cut bytes can only be read, or only those behind them can. */
static void try_told(struct test *t, size_t cut, bool front)
{
	bool writable = front ? cut <= offsetof(struct pma_alloc_batch_args, usable) :
				cut >= offsetof(struct pma_alloc_batch_args, reserved);
	struct pma_alloc_batch_args *args = (void *)rw_end(cut);
	__u64 handles[8];
	__u32 done;

	*args = (struct pma_alloc_batch_args){
		.handles = (uintptr_t)handles,
		.size = 64,
		.nr = ARRAY_SIZE(handles),
	};
	mprotect(front ? memory : memory + frame, frame, PROT_READ);
	if (!writable)
		want_fault(t, device_alloc_batch(t->fd, args));
	else if (WANT_OK(t, device_alloc_batch(t->fd, args)))
		WANT_OK(t, device_free_batch(t->fd, handles, ARRAY_SIZE(handles), &done));
	WANT(t, args->done, writable ? ARRAY_SIZE(handles) : 0);
}

/* Wherever the struct can't be written, it tells of no block that there is not. */
static void fault_equal_told(struct test *t)
{
	struct pma_stats before = stats_get(t, t->fd);
	size_t cut, end = sizeof(struct pma_alloc_batch_args);

	for (cut = 0; cut < 2 * end; cut += sizeof(__u64)) {
		if (!memory_map(t))
			return;
		test_context(t, "cut %zu", cut);
		try_told(t, cut % end, cut < end);
		stats_undone(t, t->fd, &before);
		memory_unmap();
	}
}

/* Handles that can't be read, or not all: it says how many were freed. */
static void fault_equal_frees(struct test *t)
{
	enum { NR = 200, READABLE = 100 };
	struct pma_alloc_batch_args args = { .size = 64, .nr = NR };
	struct pma_stats before;
	__u64 *readable, handles[NR];
	__u32 done;

	if (!memory_map(t))
		return;
	args.handles = (uintptr_t)handles;
	if (!WANT_OK(t, device_alloc_batch(t->fd, &args)) || !WANT(t, args.done, NR))
		return;
	readable = (void *)ro_end(READABLE * sizeof(*readable));
	memcpy(readable, handles, READABLE * sizeof(*readable));
	memory_protect();
	before = stats_get(t, t->fd);
	want_fault(t, device_free_batch(t->fd, NULL, NR, &done));
	want_fault(t, device_free_batch(t->fd, (void *)(memory + 2 * frame), NR, &done));
	WANT(t, done, 0);
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
	want_fault(t, device_free_batch(t->fd, readable, NR, &done));
	WANT_TRUE(t, done <= READABLE);
	WANT(t, stats_get(t, t->fd).live_blocks, before.live_blocks - done);
	WANT_OK(t, device_free_batch(t->fd, handles + done, NR - done, &done));
	memory_unmap();
}

static int dump(int fd, __u32 what, void *records, __u32 nr)
{
	__u64 cursor = 0;

	return device_dump(fd, what, &cursor, records, &nr);
}

static void fault_dump(struct test *t)
{
	struct pma_stats before;
	struct block blocks[4];
	size_t i;

	if (!memory_map(t))
		return;
	memory_protect();
	for (i = 0; i < 4; i++)
		if (!block_alloc(t, t->fd, t->info.slab_max, &blocks[i]))
			return;
	before = stats_get(t, t->fd);
	for (i = PMA_DUMP_PAGES; i <= PMA_DUMP_BLOCKS; i++) {
		test_context(t, "what %zu", i);
		want_fault(t, dump(t->fd, i, NULL, 4));
		want_fault(t, dump(t->fd, i, memory + 2 * frame, 4));
		want_fault(t, dump(t->fd, i, memory + frame, 4));
		want_fault(t, dump(t->fd, i, rw_end(24), 1));
		want_fault(t, dump(t->fd, i, (void *)(uintptr_t)(~0UL - 4095), 4));
	}
	/* the first would fit, the second not */
	want_fault(t, dump(t->fd, PMA_DUMP_BLOCKS, rw_end(sizeof(struct pma_block_rec)), 4));
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
	memory_unmap();
	for (i = 0; i < 4; i++)
		block_free(t, t->fd, &blocks[i]);
}

/* One call, as it is: the number of bytes, or a negative errno. */
static int raw_pread(int fd, void *buf, size_t bytes, __u64 handle)
{
	ssize_t n = pread(fd, buf, bytes, handle);

	return n < 0 ? -errno : n;
}

static int raw_pwrite(int fd, const void *buf, size_t bytes, __u64 handle)
{
	ssize_t n = pwrite(fd, buf, bytes, handle);

	return n < 0 ? -errno : n;
}

static void fault_transfer(struct test *t)
{
	struct pma_stats before;
	struct block block;

	if (!memory_map(t) || !block_alloc(t, t->fd, 128, &block))
		return;
	block_fill(t, t->fd, &block, 9);
	memory_protect();
	before = stats_get(t, t->fd);
	want_fault(t, raw_pwrite(t->fd, nowhere, 64, block.handle));
	want_fault(t, raw_pwrite(t->fd, memory + 2 * frame, 64, block.handle));
	want_fault(t, raw_pread(t->fd, nowhere, 64, block.handle));
	want_fault(t, raw_pread(t->fd, memory + 2 * frame, 64, block.handle));
	want_fault(t, raw_pread(t->fd, memory + frame, 64, block.handle));
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
	block_verify(t, t->fd, &block, block.usable);
	memory_unmap();
	block_free(t, t->fd, &block);
}

/* As with any file, a transfer that faults on its way ends there, and says so. */
static void fault_transfer_short(struct test *t)
{
	struct pma_stats before;
	unsigned char back[64];
	struct block block;

	if (!memory_map(t) || !block_alloc(t, t->fd, 64, &block))
		return;
	block_fill(t, t->fd, &block, 9);
	memset(memory + frame, 0x5a, frame);
	memory_protect();
	before = stats_get(t, t->fd);
	WANT(t, raw_pread(t->fd, rw_end(32), 64, block.handle), 32);
	WANT(t, pattern_match(rw_end(32), 32, block.seed), 32);
	WANT(t, raw_pwrite(t->fd, ro_end(32), 64, block.handle), 32);
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
	/* the half that was sent is there, the other is as it was */
	WANT_OK(t, device_pread(t->fd, back, 64, block.handle));
	WANT(t, memcmp(back, ro_end(32), 32), 0);
	WANT_OK(t, device_pwrite(t->fd, rw_end(32), 32, block.handle));
	block_verify(t, t->fd, &block, block.usable);
	memory_unmap();
	block_free(t, t->fd, &block);
}

const struct test_case fault_cases[] = {
	{ "fault_arguments", fault_arguments },
	{ "fault_free", fault_free },
	{ "fault_batch_unreadable", fault_batch_unreadable },
	{ "fault_batch_unwritable", fault_batch_unwritable },
	{ "fault_batch_half_writable", fault_batch_half_writable },
	{ "fault_equal_allocs", fault_equal_allocs },
	{ "fault_equal_told", fault_equal_told },
	{ "fault_equal_frees", fault_equal_frees },
	{ "fault_dump", fault_dump },
	{ "fault_transfer", fault_transfer },
	{ "fault_transfer_short", fault_transfer_short },
	{ }
};
