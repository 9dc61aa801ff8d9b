// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mmap.c - mapping the region: what is refused, what is reached, what a mapping
 * can be made into
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

static size_t frame_bytes(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* The errno of an mmap(), which leaves nothing. */
static int try_mmap(int fd, __u64 bytes, int prot, int flags, __u64 offset)
{
	void *base = mmap(NULL, bytes, prot, flags, fd, offset);

	if (base == MAP_FAILED)
		return -errno;
	munmap(base, bytes);
	return 0;
}

static void mmap_refusals(struct test *t)
{
	const __u64 frame = frame_bytes(), region = t->info.region_bytes;
	const int rw = PROT_READ | PROT_WRITE;
	const struct {
		const char *name;
		__u64 bytes;
		__u64 offset;
		int flags;
		int err;
	} cases[] = {
		{ "all", region, 0, MAP_SHARED, 0 },
		{ "first frame", frame, 0, MAP_SHARED, 0 },
		{ "last frame", frame, region - frame, MAP_SHARED, 0 },
		{ "private", frame, 0, MAP_PRIVATE, EINVAL },
		{ "all, private", region, 0, MAP_PRIVATE, EINVAL },
		{ "validated, no flag more", frame, 0, MAP_SHARED_VALIDATE, 0 },
		{ "validated, synchronous", frame, 0, MAP_SHARED_VALIDATE | MAP_SYNC, EOPNOTSUPP },
		{ "no bytes", 0, 0, MAP_SHARED, EINVAL },
		{ "a frame more", region + frame, 0, MAP_SHARED, EINVAL },
		{ "all, a frame on", region, frame, MAP_SHARED, EINVAL },
		{ "over the end", 2 * frame, region - frame, MAP_SHARED, EINVAL },
		{ "at the end", frame, region, MAP_SHARED, EINVAL },
		{ "beyond the end", frame, region + frame, MAP_SHARED, EINVAL },
		{ "beyond 32 bits", frame, 1ULL << 32, MAP_SHARED, EINVAL },
		{ "beyond 32 bits of frames", frame, 1ULL << 43, MAP_SHARED, EINVAL },
		{ "no frame's start", frame, frame / 2, MAP_SHARED, EINVAL },
	};
	struct pma_stats before = stats_get(t, t->fd);
	size_t i;

	if (!reach_can(t))
		return;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		test_context(t, "%s", cases[i].name);
		WANT_ERR(t, try_mmap(t->fd, cases[i].bytes, rw, cases[i].flags, cases[i].offset),
			 cases[i].err);
	}
	/* Where the sum of offset and length overflows, the kernel may see it first. */
	test_context(t, "offset and length overflow");
	WANT_TRUE(t, try_mmap(t->fd, region, rw, MAP_SHARED, INT64_MAX - frame + 1) < 0);
	t->context[0] = '\0';
	stats_undone(t, t->fd, &before);
}

static void mmap_small_pages(struct test *t)
{
	struct pma_stats before = stats_get(t, t->fd);

	if (t->info.page_size >= frame_bytes()) {
		t->skipped = "pages are no smaller than the machine's";
		return;
	}
	WANT_ERR(t, try_mmap(t->fd, frame_bytes(), PROT_READ, MAP_SHARED, 0), ENODEV);
	WANT_ERR(t, try_mmap(t->fd, frame_bytes(), PROT_READ, MAP_PRIVATE, 0), ENODEV);
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
}

/* A descriptor that can't write gives no mapping that could. */
static void mmap_read_only(struct test *t)
{
	size_t bytes = t->info.region_bytes;
	int fd;
	char *base;

	if (!reach_can(t))
		return;
	fd = block_open(t, O_RDONLY);
	if (fd < 0)
		return;
	WANT_ERR(t, try_mmap(fd, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, 0), EACCES);
	WANT_ERR(t, try_mmap(fd, bytes, PROT_WRITE, MAP_SHARED, 0), EACCES);
	base = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (WANT_TRUE(t, base != MAP_FAILED)) {
		WANT_TRUE(t, reach_none(base, 16 * frame_bytes()));	/* it owns nothing */
		WANT(t, mprotect(base, bytes, PROT_READ | PROT_WRITE), -1);
		WANT(t, errno, EACCES);
		munmap(base, bytes);
	}
	close(fd);
	fd = block_open(t, O_WRONLY);
	WANT_ERR(t, try_mmap(fd, bytes, PROT_WRITE, MAP_SHARED, 0), EACCES);
	WANT_ERR(t, try_mmap(fd, bytes, PROT_READ, MAP_SHARED, 0), EACCES);
	close(fd);
}

/* A mapping made for reading of a file that can write may be upgraded. */
static void mmap_mprotect(struct test *t)
{
	size_t bytes = t->info.region_bytes;
	struct block block;
	char *base;

	if (!reach_can(t) || !block_alloc(t, t->fd, 100, &block))
		return;
	block_fill(t, t->fd, &block, 1);
	base = reach_map(t, t->fd);
	if (!base)
		return;
	WANT(t, mprotect(base, bytes, PROT_READ), 0);
	reach_verify(t, base, &block);
	WANT(t, mprotect(base, bytes, PROT_NONE), 0);
	WANT(t, mprotect(base, bytes, PROT_READ | PROT_WRITE), 0);
	reach_fill(base, &block, 2);
	block_verify(t, t->fd, &block, block.usable);
	reach_unmap(t, base);
	block_free(t, t->fd, &block);
}

static bool is_own(const struct pma_page_rec *rec, __u32 arena)
{
	return rec->owner == arena && rec->kind != PMA_KIND_HELD;
}

/*
 * Each page of @arena can be reached through @base, the others can't; of those as
 * many are tried as there is time for.
 */
static void try_reach(struct test *t, char *base, const struct pma_page_rec *recs, size_t nr,
		      __u32 arena, __u32 own_pages)
{
	__u32 page, own = 0;
	char *at, byte;
	size_t i;

	for (i = 0; i < nr; i++) {
		for (page = recs[i].first_page; page < recs[i].first_page + recs[i].nr_pages;
		     page++) {
			bool wanted = is_own(&recs[i], arena);

			if (!wanted && !test_goes_on(t))
				break;
			test_context(t, "page %u, of arena %u", page, recs[i].owner);
			at = base + (size_t)page * t->info.page_size;
			own += wanted;
			WANT(t, reach_read(at + t->info.page_size - 1, &byte), wanted);
			if (wanted || page % 8 == 0)
				WANT(t, reach_write(at, 0x55), wanted);
		}
	}
	t->context[0] = '\0';
	WANT(t, own, own_pages);
}

/* Blocks of every size of both, mixed. */
static void alloc_mixed(struct test *t, int mine, int theirs)
{
	__u64 sizes[BLOCK_SIZES_MAX];
	size_t i, nr = block_sizes(t, sizes, ARRAY_SIZE(sizes));
	struct block block;

	for (i = 0; i < 2 * nr; i++) {
		if (stats_get(t, mine).pool_free_pages < t->info.nr_pages / 2)
			return;
		block_alloc(t, i % 3 == 1 ? theirs : mine, sizes[i % nr], &block);
	}
}

static void mmap_reaches_own(struct test *t)
{
	int other = reach_can(t) ? block_open(t, O_RDWR) : -1;
	__u32 mine, theirs = t->info.arena;
	struct pma_page_rec *recs;
	char *base[2];
	size_t nr;

	if (other < 0)
		return;
	WANT_OK(t, device_info(t->fd, &t->info));
	mine = t->info.arena;
	WANT_OK(t, device_info(other, &t->info));
	theirs = t->info.arena;
	WANT_OK(t, device_info(t->fd, &t->info));
	base[0] = reach_map(t, t->fd);
	base[1] = reach_map(t, other);
	if (base[0] && base[1]) {
		alloc_mixed(t, t->fd, other);
		recs = stats_dump(t, t->fd, PMA_DUMP_PAGES, DUMP_RECORDS, &nr);
		try_reach(t, base[0], recs, nr, mine, stats_get(t, t->fd).arena_pages);
		try_reach(t, base[1], recs, nr, theirs, stats_get(t, other).arena_pages);
		free(recs);
		stats_sound(t, t->fd);
		stats_sound(t, other);
	}
	reach_unmap(t, base[0]);
	reach_unmap(t, base[1]);
	close(other);
	WANT_OK(t, device_reset(t->fd));
}

/* Both ways to a block's bytes show the same, wherever the mapping begins. */
static void mmap_contents(struct test *t)
{
	struct block blocks[BLOCK_KINDS_MAX];
	size_t i, nr, in_frame, bytes;
	char *base, *part;

	if (!reach_can(t))
		return;
	base = reach_map(t, t->fd);
	if (!base)
		return;
	nr = block_of_each_kind(t, t->fd, blocks);
	for (i = 0; i < nr; i++) {
		test_context(t, "block of %llu", blocks[i].size);
		reach_verify(t, base, &blocks[i]);
		reach_fill(base, &blocks[i], 7 + i);
		block_verify(t, t->fd, &blocks[i], blocks[i].usable);
		block_fill(t, t->fd, &blocks[i], 70 + i);
		reach_verify(t, base, &blocks[i]);

		in_frame = blocks[i].handle % frame_bytes();
		bytes = in_frame + blocks[i].usable;
		part = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd,
			    blocks[i].handle - in_frame);
		if (!WANT_TRUE(t, part != MAP_FAILED))
			continue;
		reach_verify(t, part + in_frame - blocks[i].handle, &blocks[i]);
		reach_fill(part + in_frame - blocks[i].handle, &blocks[i], 700 + i);
		reach_verify(t, base, &blocks[i]);
		WANT(t, munmap(part, bytes), 0);
	}
	t->context[0] = '\0';
	for (i = 0; i < nr; i++)
		block_free(t, t->fd, &blocks[i]);
	reach_unmap(t, base);
}

/* A block allocated with PMA_ZERO, or never used before, reads as zeroes here too. */
static void mmap_zero(struct test *t)
{
	__u64 sizes[] = { 64, 1000, t->info.page_size + 100, 8 * t->info.page_size };
	__u64 handle, usable;
	char *base;
	size_t i;

	if (!reach_can(t))
		return;
	base = reach_map(t, t->fd);
	for (i = 0; base && i < 2 * ARRAY_SIZE(sizes); i++) {
		test_context(t, "size %llu", sizes[i / 2]);
		if (!WANT_OK(t, device_alloc(t->fd, sizes[i / 2], 0, PMA_ZERO, &handle, &usable)))
			break;
		WANT(t, pattern_match_zero(base + handle, usable), usable);
		pattern_fill(base + handle, usable, 1);
		WANT_OK(t, device_free(t->fd, handle));
	}
	reach_unmap(t, base);
}

/* Whether frames are mapped: all of them, or none. */
static void want_there(struct test *t, char *base, size_t bytes, bool wanted)
{
	size_t i, nr_frames = bytes / frame_bytes();
	unsigned char *there = calloc(nr_frames, 1);

	WANT(t, mincore(base, bytes, there), 0);
	for (i = 0; i < nr_frames; i++)
		if (!WANT(t, there[i] & 1, wanted))
			break;
	free(there);
}

/* One fault is enough for a block, whatever of it is there; with MAP_POPULATE none. */
static void mmap_populate(struct test *t)
{
	int prot = PROT_READ | PROT_WRITE;
	size_t bytes, frame = frame_bytes(), at;
	struct block block;
	char *base, byte;

	if (!reach_can(t))
		return;
	/* whole pages, of 50 frames at least */
	bytes = (50 * frame + t->info.page_size - 1) / t->info.page_size * t->info.page_size;
	if (!block_alloc(t, t->fd, bytes, &block))
		return;
	bytes = block.usable;
	base = mmap(NULL, bytes, prot, MAP_SHARED, t->fd, block.handle);
	if (!WANT_TRUE(t, base != MAP_FAILED))
		return;
	want_there(t, base, bytes, false);
	WANT_TRUE(t, reach_read(base + bytes / 2, &byte));
	want_there(t, base, bytes, true);
	for (at = 0; at < bytes; at += 7 * frame)
		WANT(t, madvise(base + at, frame, MADV_DONTNEED), 0);
	WANT_TRUE(t, reach_read(base + 14 * frame, &byte));
	want_there(t, base, bytes, true);
	munmap(base, bytes);
	base = mmap(NULL, bytes, prot, MAP_SHARED | MAP_POPULATE, t->fd, block.handle);
	if (!WANT_TRUE(t, base != MAP_FAILED))
		return;
	want_there(t, base, bytes, true);
	munmap(base, bytes);
	/* of all the region, most of which is not there */
	WANT_OK(t, try_mmap(t->fd, t->info.region_bytes, prot, MAP_SHARED | MAP_POPULATE, 0));
	block_free(t, t->fd, &block);
}

static void mmap_mremap(struct test *t)
{
	const size_t frame = frame_bytes(), bytes = t->info.region_bytes / 2;
	struct block block;
	char *base, *moved;

	if (!reach_can(t) || !block_alloc(t, t->fd, 3 * t->info.page_size, &block))
		return;
	block_fill(t, t->fd, &block, 1);
	base = reach_map(t, t->fd);
	if (!base)
		return;
	munmap(base + bytes, t->info.region_bytes - bytes);
	reach_verify(t, base, &block);
	WANT_TRUE(t, mremap(base, bytes, bytes + frame, 0) == MAP_FAILED);
	WANT_TRUE(t, mremap(base, bytes, bytes + frame, MREMAP_MAYMOVE) == MAP_FAILED);
	WANT_TRUE(t, mremap(base, bytes, 4 * bytes, MREMAP_MAYMOVE) == MAP_FAILED);
	reach_verify(t, base, &block);

	moved = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	moved = mremap(base, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, moved);
	if (!WANT_TRUE(t, moved != MAP_FAILED))
		return;
	reach_verify(t, moved, &block);
	reach_fill(moved, &block, 2);
	block_verify(t, t->fd, &block, block.usable);
	if (block.handle + block.usable <= bytes / 2) {
		WANT_TRUE(t, mremap(moved, bytes, bytes / 2, 0) == moved);
		reach_verify(t, moved, &block);
	}
	munmap(moved, bytes);
	block_free(t, t->fd, &block);
}

/* What is left of a mapping works on. */
static void mmap_munmap_part(struct test *t)
{
	const size_t page = t->info.page_size, bytes = t->info.region_bytes;
	struct block block;
	char *base;

	if (!reach_can(t) || !block_alloc(t, t->fd, 9 * page, &block))
		return;
	base = reach_map(t, t->fd);
	if (!base)
		return;
	reach_fill(base, &block, 1);
	WANT(t, munmap(base + block.handle + 3 * page, 3 * page), 0);
	WANT(t, pattern_match(base + block.handle, 3 * page, 1), 3 * page);
	WANT_TRUE(t, reach_all(base + block.handle + 6 * page, 3 * page));
	block_verify(t, t->fd, &block, block.usable);
	block_free(t, t->fd, &block);
	munmap(base, block.handle + 3 * page);
	munmap(base + block.handle + 6 * page, bytes - block.handle - 6 * page);
}

/* The last of descriptors and mappings ends the arena, not the last descriptor. */
static void mmap_outlives_fd(struct test *t)
{
	struct pma_stats before = stats_get(t, t->fd), during;
	int fd = reach_can(t) ? block_open(t, O_RDWR) : -1;
	struct block block;
	char *base;

	if (fd < 0 || !block_alloc(t, fd, 4 * t->info.page_size, &block))
		return;
	base = reach_map(t, fd);
	block_fill(t, fd, &block, 1);
	close(fd);
	if (!base)
		return;
	reach_verify(t, base, &block);
	during = stats_get(t, t->fd);
	WANT(t, during.pool_arenas, before.pool_arenas + 1);
	WANT_TRUE(t, during.pool_free_pages < before.pool_free_pages);
	reach_fill(base, &block, 2);
	reach_verify(t, base, &block);
	reach_unmap(t, base);
	stats_unchanged(t, t->fd, &before, COUNTER_NONE);
}

/* With no file open any more, the mapping alone keeps the module from being unloaded. */
static void mmap_holds_module(struct test *t)
{
	struct block block;
	char *base;

	if (geteuid()) {
		t->skipped = "only root may try to unload the module";
		return;
	}
	if (!reach_can(t) || !block_alloc(t, t->fd, t->info.page_size, &block))
		return;
	base = reach_map(t, t->fd);
	if (!base)
		return;
	reach_fill(base, &block, 1);
	close(t->fd);
	WANT(t, syscall(SYS_delete_module, "pma", O_NONBLOCK), -1);
	WANT(t, errno, EWOULDBLOCK);
	reach_verify(t, base, &block);
	reach_unmap(t, base);
	t->fd = block_open(t, O_RDWR);
}

/* Whatever is written wherever it can be, the metadata is sound. */
static void mmap_scribble(struct test *t)
{
	struct block block, blocks[BLOCK_KINDS_MAX];
	struct pma_page_rec *recs;
	size_t i, j, nr, nr_blocks;
	char *base;

	if (!reach_can(t))
		return;
	base = reach_map(t, t->fd);
	if (!base)
		return;
	alloc_mixed(t, t->fd, t->fd);
	nr_blocks = block_of_each_kind(t, t->fd, blocks);
	recs = stats_dump(t, t->fd, PMA_DUMP_PAGES, DUMP_RECORDS, &nr);
	for (i = 0; i < nr; i++)
		if (is_own(&recs[i], t->info.arena))
			memset(base + (size_t)recs[i].first_page * t->info.page_size, 0xff,
			       (size_t)recs[i].nr_pages * t->info.page_size);
	free(recs);
	stats_sound(t, t->fd);
	for (i = 0; i < nr_blocks; i++)
		block_free(t, t->fd, &blocks[i]);
	for (j = 0; j < 3; j++) {
		alloc_mixed(t, t->fd, t->fd);
		if (!block_alloc(t, t->fd, 64, &block))
			break;
		memset(base + block.handle, 0xff, t->info.page_size -
		       block.handle % t->info.page_size);
		stats_sound(t, t->fd);
	}
	WANT_OK(t, device_reset(t->fd));
	stats_sound(t, t->fd);
	reach_unmap(t, base);
}

const struct test_case mmap_cases[] = {
	{ "mmap_refusals", mmap_refusals },
	{ "mmap_small_pages", mmap_small_pages },
	{ "mmap_read_only", mmap_read_only },
	{ "mmap_mprotect", mmap_mprotect },
	{ "mmap_reaches_own", mmap_reaches_own },
	{ "mmap_contents", mmap_contents },
	{ "mmap_zero", mmap_zero },
	{ "mmap_populate", mmap_populate },
	{ "mmap_mremap", mmap_mremap },
	{ "mmap_munmap_part", mmap_munmap_part },
	{ "mmap_outlives_fd", mmap_outlives_fd },
	{ "mmap_holds_module", mmap_holds_module },
	{ "mmap_scribble", mmap_scribble },
	{ }
};
