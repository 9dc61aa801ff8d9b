// SPDX-License-Identifier: GPL-2.0
/*
 * pma_mmap_kunit.c - what mappings reach, and what becomes of their frames
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "pma_block.h"
#include "pma_held.h"
#include "pma_kunit_front.h"
#include "pma_share.h"

#define FRAMES	64UL
#define RW	(PROT_READ | PROT_WRITE)

static unsigned long map(struct kunit *test, struct file *file, unsigned long prot)
{
	unsigned long at = kunit_vm_mmap(test, file, 0, FRAMES * PAGE_SIZE, prot, MAP_SHARED, 0);

	KUNIT_ASSERT_NE(test, at, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	return at;
}

/* As a process does; -EFAULT where that gets SIGBUS. */
static int touch(unsigned long base, u64 handle)
{
	char byte;

	return copy_from_user(&byte, (char __user *)base + handle, 1) ? -EFAULT : 0;
}

static int scribble(unsigned long base, u64 handle)
{
	return put_user('x', (char __user *)base + handle);
}

static struct page *frame_of(const struct pma_pool *pool, u64 handle)
{
	return vmalloc_to_page(pma_kunit_ptr(pool, handle));
}

/* Has the frame ever been mapped, since it was revoked? */
static bool is_on(const struct pma_pool *pool, u64 handle)
{
	const struct page *frame = frame_of(pool, handle);

	return frame->mapping;
}

static u32 nr_on(const struct pma_pool *pool)
{
	u32 frame, nr = 0;

	for (frame = 0; frame < FRAMES; frame++)
		nr += is_on(pool, frame * PAGE_SIZE);
	return nr;
}

static void bad_mappings_are_refused(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *read_only = pma_kunit_front_open(test, O_RDONLY);
	static const struct {
		u64 from;		/* in frames */
		u64 frames;
		unsigned long prot, flags;
		bool read_only;
		int err;
	} table[] = {
		{ 0, 1, PROT_READ, MAP_PRIVATE, false, -EINVAL },
		{ 0, FRAMES, RW, MAP_PRIVATE, false, -EINVAL },
		{ 0, FRAMES + 1, RW, MAP_SHARED, false, -EINVAL },
		{ 1, FRAMES, RW, MAP_SHARED, false, -EINVAL },
		{ FRAMES - 1, 2, RW, MAP_SHARED, false, -EINVAL },
		{ FRAMES, 1, RW, MAP_SHARED, false, -EINVAL },
		{ 1UL << 40, 1, RW, MAP_SHARED, false, -EINVAL },
		{ 0, FRAMES, RW, MAP_SHARED, true, -EACCES },
		{ 0, 1, PROT_READ, MAP_PRIVATE, true, -EINVAL },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct file *file = table[i].read_only ? read_only : front->file;
		unsigned long at = vm_mmap(file, 0, table[i].frames * PAGE_SIZE, table[i].prot,
					   table[i].flags, table[i].from * PAGE_SIZE);

		KUNIT_EXPECT_EQ_MSG(test, (long)at, table[i].err, "row %u", i);
		KUNIT_EXPECT_FALSE(test, pma_kunit_front_arena(file)->mapped);
	}
	pma_kunit_front_close(read_only);
}

/* Pages have to be frames, or several. */
static void small_pages_are_not_mapped(struct kunit *test)
{
	static const struct pma_kunit_config config = { "small", 64, 512, 0, PMA_POOL_ISOLATE };
	struct pma_pool *pool = pma_kunit_pool(test, &config);
	struct pma_arena *arena = pma_kunit_arena(test, pool, PMA_ARENA_USER);
	struct vm_area_struct vma = {};
	struct pma_mmap mm = { .arena = arena };

	KUNIT_EXPECT_EQ(test, pma_mmap_map(&mm, &vma), -ENODEV);
	KUNIT_EXPECT_FALSE(test, arena->mapped);
}

static void good_mappings_are_set_up(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *read_only = pma_kunit_front_open(test, O_RDONLY);
	u32 i;

	for (i = 0; i < 2; i++) {
		struct file *file = i ? read_only : front->file;
		unsigned long at = map(test, file, i ? PROT_READ : RW), flags;
		const struct vm_operations_struct *ops;
		struct vm_area_struct *vma;

		mmap_read_lock(current->mm);
		vma = find_vma(current->mm, at);
		flags = vma->vm_flags;
		ops = vma->vm_ops;
		mmap_read_unlock(current->mm);
		KUNIT_EXPECT_TRUE(test, flags & VM_MIXEDMAP);
		KUNIT_EXPECT_TRUE(test, flags & VM_DONTEXPAND);
		KUNIT_EXPECT_TRUE(test, flags & VM_DONTDUMP);
		KUNIT_EXPECT_EQ(test, !!(flags & VM_MAYWRITE), !i);
		KUNIT_EXPECT_FALSE(test, flags & (VM_PFNMAP | VM_IO));
		KUNIT_EXPECT_PTR_EQ(test, ops, &((struct pma_mmap *)file->private_data)->vm_ops);
		KUNIT_EXPECT_NULL(test, ops->page_mkwrite);
		KUNIT_EXPECT_TRUE(test, pma_kunit_front_arena(file)->mapped);
		KUNIT_EXPECT_EQ(test, vm_munmap(at, FRAMES * PAGE_SIZE), 0);
	}
	/* Each its own, so that a zap walks no others' mappings. */
	KUNIT_EXPECT_PTR_NE(test, front->file->f_mapping, read_only->f_mapping);
	pma_kunit_front_close(read_only);
}

/* A fault maps the block, segment or slab page that it is in, and nothing else. */
static void faults_reach_what_is_the_arena_s(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *other = pma_kunit_front_open(test, O_RDWR);
	const u64 slab = pma_kunit_alloc(test, front->arena, 100);
	const u64 foreign = pma_kunit_alloc(test, pma_kunit_front_arena(other), 3 * 4096);
	const u64 big = pma_kunit_alloc(test, front->arena, 5 * 4096);
	const u64 heap = pma_kunit_alloc(test, front->arena, 3000);
	const struct {
		u64 handle;
		u32 frames;		/* mapped by it; 0: SIGBUS */
	} table[] = {
		{ slab + 4095, 1 },		{ foreign, 0 },
		{ foreign + 2 * 4096, 0 },	{ big + 2 * 4096, 5 },
		{ heap, front->arena->stats.heap_pages }, { FRAMES * 4096 - 1, 0 },
	};
	unsigned long at = map(test, front->file, RW);
	u32 i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_EQ_MSG(test, touch(at, table[i].handle),
				    table[i].frames ? 0 : -EFAULT, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, scribble(at, table[i].handle),
				    table[i].frames ? 0 : -EFAULT, "row %u", i);
		nr += table[i].frames;
		KUNIT_EXPECT_EQ_MSG(test, nr_on(front->pool), nr, "row %u", i);
		if (table[i].frames)
			KUNIT_EXPECT_EQ(test, *(char *)pma_kunit_ptr(front->pool, table[i].handle),
					'x');
	}
	pma_block_free_all(front->arena);
	pma_held_settle(front->arena, 0);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ_MSG(test, touch(at, table[i].handle), -EFAULT, "row %u", i);
	KUNIT_EXPECT_EQ(test, nr_on(front->pool), 0);
	pma_kunit_front_close(other);
}

/* A mapping that begins inside the region shows what is there. */
static void faults_find_their_place(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	const u64 big = pma_kunit_alloc(test, front->arena, 8 * 4096);
	unsigned long at;
	u32 i;

	KUNIT_ASSERT_EQ(test, big, 0);
	at = vm_mmap(front->file, 0, 3 * PAGE_SIZE, RW, MAP_SHARED, 4 * PAGE_SIZE);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	for (i = 0; i < 8; i++)
		*(char *)pma_kunit_ptr(front->pool, i * PAGE_SIZE) = 'a' + i;
	KUNIT_EXPECT_EQ(test, touch(at, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, nr_on(front->pool), 3);
	for (i = 0; i < 3; i++) {
		char byte = 0;

		KUNIT_EXPECT_EQ(test, get_user(byte, (char __user *)at + i * PAGE_SIZE), 0);
		KUNIT_EXPECT_EQ(test, byte, 'a' + 4 + i);
	}
	KUNIT_EXPECT_EQ(test, vm_munmap(at, 3 * PAGE_SIZE), 0);
}

/* Off all mappings, with an index of its own when it is mapped again. */
static void revoked_frames_are_as_new(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	unsigned long at = map(test, front->file, RW), again = map(test, front->file, PROT_READ);
	struct page *frame = frame_of(front->pool, 0);
	unsigned long index[3];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(index); i++) {
		KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 4096), 0);
		KUNIT_EXPECT_EQ(test, scribble(at, 0), 0);
		KUNIT_EXPECT_EQ(test, touch(again, 0), 0);
		KUNIT_EXPECT_EQ(test, page_count(frame), 3);
		index[i] = frame->index;
		KUNIT_EXPECT_NE(test, index[i], i ? index[i - 1] : 0);
		pma_kunit_free(test, front->arena, 0);
		/* Held: still mapped, and nobody else's. */
		KUNIT_EXPECT_EQ(test, pma_held_pages(front->arena), 1);
		KUNIT_EXPECT_TRUE(test, pma_held_settle(front->arena, 0));
		KUNIT_EXPECT_EQ(test, page_count(frame), 1);
		KUNIT_EXPECT_NULL(test, frame->mapping);
		KUNIT_EXPECT_EQ(test, frame->index, 0);
		KUNIT_EXPECT_EQ(test, touch(at, 0), -EFAULT);
		KUNIT_EXPECT_EQ(test, touch(again, 0), -EFAULT);
	}
	KUNIT_EXPECT_NE(test, index[0], index[2]);
}

/* What somebody has pinned nobody else gets, until it is let go. */
static void pinned_frames_stay_in_quarantine(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	unsigned long at = map(test, front->file, RW);
	struct pma_pool *pool = front->pool;
	struct page *frame;

	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 2 * 4096), 0);
	KUNIT_ASSERT_EQ(test, pin_user_pages_fast(at + PAGE_SIZE, 1, FOLL_WRITE, &frame), 1);
	KUNIT_EXPECT_PTR_EQ(test, frame, frame_of(pool, 4096));
	pma_kunit_free(test, front->arena, 0);
	KUNIT_EXPECT_FALSE(test, pma_held_settle(front->arena, 0));
	KUNIT_EXPECT_EQ(test, pool->quarantine_pages, 2);
	KUNIT_EXPECT_EQ(test, front->arena->budget.used, 2);
	KUNIT_EXPECT_EQ(test, pma_held_release_idle(pool), 2);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), FRAMES - 2);
	KUNIT_EXPECT_EQ(test, touch(at, 4096), -EFAULT);
	unpin_user_page(frame);
	KUNIT_EXPECT_EQ(test, pma_held_release_idle(pool), 0);
	KUNIT_EXPECT_EQ(test, pma_pool_free_pages(pool, NULL), FRAMES);
	KUNIT_EXPECT_EQ(test, front->arena->budget.used, 0);
}

/* Only who claims for reading only has to be asked before a write. */
static void read_only_claims_are_not_written(struct kunit *test)
{
	struct pma_kunit_front *front = test->priv;
	struct file *other = pma_kunit_front_open(test, O_RDWR);
	struct pma_mmap *ours = front->file->private_data, *theirs = other->private_data;
	unsigned long at = map(test, front->file, RW), there = map(test, other, RW);
	struct pma_block block;
	u64 token[2], handle;
	u32 i;

	for (i = 0; i < 2; i++) {
		bool writable = !i;

		KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 8192), 0);
		KUNIT_ASSERT_EQ(test, pma_share_block(front->arena, 0,
						      writable ? PMA_SHARE_WRITE : 0, 1, token),
				0);
		KUNIT_ASSERT_EQ(test, pma_share_claim(pma_kunit_front_arena(other), token, &block),
				0);
		KUNIT_EXPECT_EQ(test, !!theirs->vm_ops.page_mkwrite, !writable);
		KUNIT_EXPECT_NULL(test, ours->vm_ops.page_mkwrite);
		KUNIT_EXPECT_EQ(test, touch(there, 4096), 0);
		KUNIT_EXPECT_EQ(test, scribble(there, 4096), writable ? 0 : -EFAULT);
		KUNIT_EXPECT_EQ(test, touch(there, 4096), 0);
		KUNIT_EXPECT_EQ(test, scribble(at, 4096), 0);
		/* Theirs is zapped, ours is not. */
		pma_kunit_free(test, pma_kunit_front_arena(other), 0);
		KUNIT_EXPECT_EQ(test, touch(there, 4096), -EFAULT);
		KUNIT_EXPECT_EQ(test, page_count(frame_of(front->pool, 4096)), 2);
		pma_kunit_free(test, front->arena, 0);
		pma_held_settle(front->arena, 0);
		KUNIT_EXPECT_EQ(test, nr_on(front->pool), 0);
	}
	/* What is their own may be written, by way of page_mkwrite() too. */
	handle = pma_kunit_alloc(test, pma_kunit_front_arena(other), 4096);
	KUNIT_EXPECT_EQ(test, touch(there, handle), 0);
	KUNIT_EXPECT_EQ(test, scribble(there, handle), 0);
	KUNIT_EXPECT_EQ(test, vm_munmap(there, FRAMES * PAGE_SIZE), 0);
	pma_kunit_front_close(other);
}

/* Of a claimed block what is touched, and the more the oftener; all that goes with it. */
static void claims_are_mapped_as_they_are_touched(struct kunit *test)
{
	static const struct {
		u32 frame, nr;		/* mapped then */
	} table[] = { { 20, 1 }, { 20, 1 }, { 21, 4 }, { 0, 24 }, { 47, 48 } };
	struct pma_kunit_front *front = test->priv;
	struct file *other = pma_kunit_front_open(test, O_RDWR);
	unsigned long at = map(test, front->file, RW), there = map(test, other, RW);
	struct pma_block block;
	u64 token[2];
	u32 i, nr;

	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, front->arena, 48 * 4096), 0);
	KUNIT_ASSERT_EQ(test, pma_share_block(front->arena, 0, PMA_SHARE_WRITE, 1, token), 0);
	KUNIT_ASSERT_EQ(test, pma_share_claim(pma_kunit_front_arena(other), token, &block), 0);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_EQ(test, scribble(there, table[i].frame * PAGE_SIZE), 0);
		KUNIT_EXPECT_EQ_MSG(test, nr_on(front->pool), table[i].nr, "row %u", i);
	}
	pma_kunit_free(test, pma_kunit_front_arena(other), 0);
	for (nr = 0, i = 0; i < 48; i++) {
		KUNIT_EXPECT_EQ(test, page_count(frame_of(front->pool, i * PAGE_SIZE)), 1);
		KUNIT_EXPECT_EQ(test, touch(there, i * PAGE_SIZE), -EFAULT);
	}
	/* Whose own it was maps all of it at once, as before. */
	KUNIT_EXPECT_EQ(test, touch(at, 0), 0);
	for (i = 0; i < 48; i++)
		nr += page_count(frame_of(front->pool, i * PAGE_SIZE)) == 2;
	KUNIT_EXPECT_EQ(test, nr, 48);
	KUNIT_EXPECT_EQ(test, vm_munmap(there, FRAMES * PAGE_SIZE), 0);
	pma_kunit_front_close(other);
}

/**
 * struct ahead - two arenas, of which one claims of the other
 * @front: the fixture; its arena has a block of three pages at 0, which it does not map
 * @other: who claims it
 * @arena: of @other
 * @at: where @other is mapped
 */
struct ahead {
	struct pma_kunit_front *front;
	struct file *other;
	struct pma_arena *arena;
	unsigned long at;
};

static void ahead_begin(struct kunit *test, struct ahead *ahead)
{
	ahead->front = test->priv;
	ahead->other = pma_kunit_front_open(test, O_RDWR);
	ahead->arena = pma_kunit_front_arena(ahead->other);
	ahead->at = map(test, ahead->other, RW);
	KUNIT_ASSERT_EQ(test, pma_kunit_alloc(test, ahead->front->arena, 3 * 4096), 0);
}

static void ahead_end(struct kunit *test, struct ahead *ahead)
{
	pma_kunit_free(test, ahead->front->arena, 0);
	KUNIT_EXPECT_EQ(test, nr_on(ahead->front->pool), 0);
	KUNIT_EXPECT_EQ(test, vm_munmap(ahead->at, FRAMES * PAGE_SIZE), 0);
	pma_kunit_front_close(ahead->other);
}

static void ahead_claim(struct kunit *test, struct ahead *ahead, bool writable)
{
	struct pma_block block;
	u64 token[2];

	KUNIT_ASSERT_EQ(test, pma_share_block(ahead->front->arena, 0,
					      writable ? PMA_SHARE_WRITE : 0, 1, token), 0);
	KUNIT_ASSERT_EQ(test, pma_share_claim(ahead->arena, token, &block), 0);
}

/* In how many mappings is a page of the block? */
static int nr_mapped(const struct ahead *ahead, u32 page)
{
	return page_count(frame_of(ahead->front->pool, page * PAGE_SIZE)) - 1;
}

static void ahead_release(struct kunit *test, struct ahead *ahead)
{
	u32 i;

	pma_kunit_free(test, ahead->arena, 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, nr_mapped(ahead, i), 0);
}

/* The next claim will be touched, it seems. */
static void ahead_expect(struct kunit *test, struct ahead *ahead)
{
	ahead_claim(test, ahead, true);
	KUNIT_EXPECT_EQ(test, nr_mapped(ahead, 0), 0);
	KUNIT_EXPECT_EQ(test, touch(ahead->at, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_mapped(ahead, 0), 1);
	ahead_release(test, ahead);
}

/* And is then not, so that nothing is expected of the one after it. */
static void ahead_forget(struct kunit *test, struct ahead *ahead)
{
	while (ahead->arena->ahead) {
		ahead_claim(test, ahead, true);
		ahead_release(test, ahead);
	}
}

/* Only the first page, and no more may be done there than elsewhere. */
static void claims_are_mapped_ahead(struct kunit *test)
{
	static const struct {
		unsigned long prot;
		bool writable;
	} table[] = { { RW, true }, { RW, false }, { PROT_READ, true }, { RW, true } };
	struct ahead ahead;
	char byte;
	u32 i;

	ahead_begin(test, &ahead);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		bool writable = table[i].writable && table[i].prot == RW;

		KUNIT_ASSERT_EQ(test, vm_mmap(ahead.other, ahead.at, FRAMES * PAGE_SIZE,
					      table[i].prot, MAP_SHARED | MAP_FIXED, 0), ahead.at);
		ahead_expect(test, &ahead);
		ahead_claim(test, &ahead, table[i].writable);
		pma_mmap_ahead(ahead.arena, 0);
		KUNIT_EXPECT_EQ_MSG(test, nr_mapped(&ahead, 0), 1, "row %u", i);
		KUNIT_EXPECT_EQ(test, nr_mapped(&ahead, 1), 0);
		*(char *)pma_kunit_ptr(ahead.front->pool, 0) = 'a' + i;
		KUNIT_EXPECT_EQ(test, get_user(byte, (char __user *)ahead.at), 0);
		KUNIT_EXPECT_EQ(test, byte, 'a' + i);
		KUNIT_EXPECT_EQ_MSG(test, scribble(ahead.at, 0), writable ? 0 : -EFAULT,
				    "row %u", i);
		KUNIT_EXPECT_EQ(test, *(char *)pma_kunit_ptr(ahead.front->pool, 0),
				writable ? 'x' : 'a' + i);
		/* What comes next does not begin anew. */
		KUNIT_EXPECT_EQ(test, touch(ahead.at, PAGE_SIZE), 0);
		KUNIT_EXPECT_EQ(test, nr_mapped(&ahead, 0), 1);
		KUNIT_EXPECT_EQ(test, nr_mapped(&ahead, 2), 1);
		ahead_release(test, &ahead);
		KUNIT_EXPECT_EQ(test, touch(ahead.at, 0), -EFAULT);
		ahead_forget(test, &ahead);
	}
	ahead_end(test, &ahead);
}

/* Where it is not easy it is not done. */
static void claims_are_not_mapped_ahead(struct kunit *test)
{
	enum { LOCKED, UNMAPPED, ANOTHER_S, PROTECTED, ELSEWHERE, RELEASED, OBSTACLES } i;
	struct ahead ahead;
	unsigned long prot;
	struct file *file;
	u64 from;

	ahead_begin(test, &ahead);
	for (i = 0; i < OBSTACLES; i++) {
		ahead_expect(test, &ahead);
		ahead_claim(test, &ahead, true);
		if (i == LOCKED)
			mmap_write_lock(current->mm);
		if (i == UNMAPPED)
			KUNIT_EXPECT_EQ(test, vm_munmap(ahead.at, FRAMES * PAGE_SIZE), 0);
		if (i == ANOTHER_S || i == PROTECTED || i == ELSEWHERE) {
			file = i == ANOTHER_S ? ahead.front->file : ahead.other;
			prot = i == PROTECTED ? PROT_NONE : RW;
			from = i == ELSEWHERE ? PAGE_SIZE : 0;
			KUNIT_EXPECT_EQ(test, vm_mmap(file, ahead.at, 2 * PAGE_SIZE, prot,
						      MAP_SHARED | MAP_FIXED, from), ahead.at);
		}
		if (i == RELEASED)
			ahead_release(test, &ahead);
		pma_mmap_ahead(ahead.arena, 0);
		if (i == LOCKED)
			mmap_write_unlock(current->mm);
		KUNIT_EXPECT_EQ_MSG(test, nr_mapped(&ahead, 0), 0, "obstacle %u", i);
		KUNIT_EXPECT_EQ_MSG(test, nr_mapped(&ahead, 1), 0, "obstacle %u", i);
		KUNIT_EXPECT_EQ(test, vm_mmap(ahead.other, ahead.at, FRAMES * PAGE_SIZE, RW,
					      MAP_SHARED | MAP_FIXED, 0), ahead.at);
		if (i != RELEASED) {
			/* Then a fault does it. */
			KUNIT_EXPECT_EQ(test, touch(ahead.at, 0), 0);
			KUNIT_EXPECT_EQ(test, nr_mapped(&ahead, 0), 1);
			ahead_release(test, &ahead);
		}
		ahead_forget(test, &ahead);
	}
	ahead_end(test, &ahead);
}

/* It follows the mapping that is touched. */
static void claims_are_mapped_where_they_are_touched(struct kunit *test)
{
	struct ahead ahead;
	unsigned long first;
	u32 i;

	ahead_begin(test, &ahead);
	first = ahead.at;
	for (i = 0; i < 2; i++) {
		unsigned long elsewhere = map(test, ahead.other, RW);

		ahead.at = i ? first : elsewhere;
		ahead_expect(test, &ahead);
		ahead_claim(test, &ahead, true);
		pma_mmap_ahead(ahead.arena, 0);
		KUNIT_EXPECT_EQ(test, nr_mapped(&ahead, 0), 1);
		/* Were it the other one that has it, this would be one more. */
		KUNIT_EXPECT_EQ(test, touch(ahead.at, 0), 0);
		KUNIT_EXPECT_EQ(test, nr_mapped(&ahead, 0), 1);
		ahead_release(test, &ahead);
		ahead_forget(test, &ahead);
		KUNIT_EXPECT_EQ(test, vm_munmap(elsewhere, FRAMES * PAGE_SIZE), 0);
	}
	ahead_end(test, &ahead);
}

static struct kunit_case pma_mmap_cases[] = {
	KUNIT_CASE(claims_are_mapped_ahead),
	KUNIT_CASE(claims_are_not_mapped_ahead),
	KUNIT_CASE(claims_are_mapped_where_they_are_touched),
	KUNIT_CASE(claims_are_mapped_as_they_are_touched),
	KUNIT_CASE(bad_mappings_are_refused),
	KUNIT_CASE(small_pages_are_not_mapped),
	KUNIT_CASE(good_mappings_are_set_up),
	KUNIT_CASE(faults_reach_what_is_the_arena_s),
	KUNIT_CASE(faults_find_their_place),
	KUNIT_CASE(revoked_frames_are_as_new),
	KUNIT_CASE(pinned_frames_stay_in_quarantine),
	KUNIT_CASE(read_only_claims_are_not_written),
	{}
};

static struct kunit_suite pma_mmap_suite = {
	.name = "pma_mmap",
	.init = pma_kunit_front_init,
	.exit = pma_kunit_front_exit,
	.test_cases = pma_mmap_cases,
};

kunit_test_suite(pma_mmap_suite);
