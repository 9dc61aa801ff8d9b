/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * pma: a page memory allocator - the user interface of /dev/pma
 *
 * An open file of /dev/pma is an *arena*: its blocks belong to it, whoever
 * holds the descriptor (dup, fork and SCM_RIGHTS share it), and all of them
 * go back to the pool at the last close.  An arena can have a name instead, and
 * then outlives its files (&struct pma_open_args).
 *
 * A block is named by its *handle*, its offset in the pool's region, in bytes.
 * 0 is a valid handle; %PMA_HANDLE_NONE is the null handle: freeing it does
 * nothing, reallocating it allocates.
 *
 * Contents are reached by pread() and pwrite() at a file position equal to the
 * handle, or to any byte of the block.  A transfer must lie inside one block
 * of this arena, up to its usable size, else it fails with the errors below.
 * If the caller's buffer ends in memory that is not there, what came before is
 * transferred and counted in the answer; -EFAULT if that is nothing.
 *
 * Or they are mapped: mmap(), MAP_SHARED, of any part of the region, at the
 * handle as the offset.  A mapping reaches the pages of this arena's blocks, and
 * SIGBUS is what there is elsewhere, and at a block that is being reallocated.
 * How much one fault maps is the kernel's choice.
 * A freed page is out of reach before anybody else gets it, and zeroed.  Frames
 * can be pinned and hold shared futexes.  -EINVAL: MAP_PRIVATE, or beyond the
 * region; -ENODEV: pages smaller than the machine's.
 *
 * Rules that hold for every call:
 *  - unknown flags and non-zero reserved fields are -EINVAL;
 *  - a call that fails changes nothing; what is wrong with its arguments or
 *    handles, and memory that is not there for a block, is counted (see
 *    &struct pma_stats).  Not counted are -EFAULT, -EBADF, -ENOTTY, -EPERM, and
 *    what OPEN, UNLINK, LIMIT and DUMP refuse other than with -EINVAL;
 *  - an unreadable or unwritable argument is -EFAULT, and then nothing was
 *    allocated;
 *  - an unknown command is -ENOTTY;
 *  - structs have the same layout for 32-bit and 64-bit callers; pointers are
 *    passed as __u64;
 *  - all sizes are in bytes unless the name says pages or blocks.
 *
 * Errors a handle can meet, in FREE, REALLOC, QUERY, pread and pwrite:
 *
 *	-ERANGE		the handle lies outside the region
 *	-EALREADY	the memory there is free already (a double free)
 *	-EACCES		it belongs to another arena, or others
 *	-EBADSLT	it lies inside a block, not at its start (an interior
 *			handle); for pread and pwrite: the transfer would run
 *			over the end of the block
 *	-EROFS		in pwrite: the block was claimed for reading only
 *	-EBUSY		in REALLOC: the block is shared
 *
 * A big block can be *shared* with other arenas, whole, for as long as any of them
 * holds it.  SHARE answers a token; who is given the token, by whatever channel,
 * CLAIMs the block with it, and has it from then on as if it were its own: at the
 * same handle, in the mappings it already has, charged to it, until it FREEs it.  The
 * block itself is freed when the last of its holders does so, or ends.  See &struct
 * pma_share_args.
 *
 * A file that is open for reading only may INFO, QUERY, STATS, DUMP, CHECK and ROOT,
 * pread(), poll() and be mapped for reading; every other command here is -EBADF.
 */
#ifndef _UAPI_LINUX_PMA_H
#define _UAPI_LINUX_PMA_H

#include <linux/types.h>
#include <linux/ioctl.h>

/* Bumped when a struct or a meaning changes; compared by nobody but people. */
#define PMA_ABI_VERSION		1

#define PMA_HANDLE_NONE		(~(__u64)0)

/* Allocation flags, in every @flags next to a size. */
#define PMA_ZERO		(1U << 0)	/* it reads as zeroes up to its usable size */
#define PMA_ALLOC_FLAGS		PMA_ZERO	/* all that are for every size */
#define PMA_WAIT		(1U << 1)	/* ALLOC and REALLOC: if there is no room, wait */

/**
 * enum pma_kind - what a page, or the block at a handle, is part of
 * @PMA_KIND_FREE: nothing: free pages
 * @PMA_KIND_SLAB: a slab page, cut into equal blocks of one class
 * @PMA_KIND_BIG: a big block, whole contiguous pages
 * @PMA_KIND_HEAP: a heap segment, cut into chunks by boundary tags
 * @PMA_KIND_HELD: freed, but kept back: until no mapping reaches it any more, and
 *	nobody has it pinned
 */
enum pma_kind {
	PMA_KIND_FREE = 0,
	PMA_KIND_SLAB = 1,
	PMA_KIND_BIG = 2,
	PMA_KIND_HEAP = 3,
	PMA_KIND_HELD = 4,
};

/*
 * Flags of a block, with the meaning of the classic heap's A, M and P:
 */
#define PMA_BLOCK_A	(1U << 0)	/* the arena is a process's, not the kernel's */
#define PMA_BLOCK_M	(1U << 1)	/* served as whole pages, not from a heap or slab */
#define PMA_BLOCK_P	(1U << 2)	/* the block before it is in use, or there is none */
#define PMA_BLOCK_REQUESTED (1U << 3)	/* @requested is what was asked for; else it is @usable,
					 * as the pool keeps no record for slab and mixed blocks
					 */
#define PMA_BLOCK_SHARED (1U << 4)	/* shared: others hold it, did so once, or may claim it */
#define PMA_BLOCK_READ_ONLY (1U << 5)	/* claimed for reading only */

/* Owner of what several arenas hold; no arena has this number. */
#define PMA_OWNER_SHARED	0xffff

/* Flags of a pool. */
#define PMA_POOL_TRACK		(1U << 0)	/* records the requested size of slab blocks too */
#define PMA_POOL_POW2		(1U << 1)	/* classes are powers of two */
#define PMA_POOL_ISOLATE	(1U << 2)	/* pages are zeroed before they change owner */
#define PMA_POOL_ADAPTIVE	(1U << 3)	/* kernel arenas learn what to cut pages for */

/**
 * struct pma_info - what the pool is
 * @abi: PMA_ABI_VERSION of the module
 * @flags: PMA_POOL_*
 * @region_bytes: size of the region
 * @page_size: of one page
 * @nr_pages: of the region
 * @slab_max: largest block served by a slab page
 * @heap_chunk_min: smallest chunk of the heap
 * @heap_granule: unit of the heap's chunk sizes
 * @nr_classes: number of slab classes
 * @metadata_bytes: kept outside the region for it
 * @arena: number of the caller's arena, its owner number in dumps
 * @named_arenas: how many arenas have a name
 * @reserved: zero
 */
struct pma_info {
	__u32 abi;
	__u32 flags;
	__u64 region_bytes;
	__u32 page_size;
	__u32 nr_pages;
	__u32 slab_max;
	__u32 heap_chunk_min;
	__u32 heap_granule;
	__u32 nr_classes;
	__u64 metadata_bytes;
	__u32 arena;
	__u32 named_arenas;
	__u32 reserved[2];
};

/**
 * struct pma_alloc_args - allocate a block
 * @size: in: bytes wanted, at least 1
 * @align: in: power of two up to the page size; 0 for the natural alignment, which
 *	is 16
 * @flags: in: PMA_ZERO, PMA_WAIT
 * @handle: out: of the block
 * @usable: out: bytes that may be used, at least @size
 * @timeout_ms: in: with PMA_WAIT, how long to wait at most, in milliseconds; 0: as
 *	long as it takes.  Zero without it
 * @reserved: zero
 *
 * -EINVAL: size 0, bad alignment, unknown flag; -ENOMEM: larger than the
 * region, or nothing left that fits.
 *
 * With PMA_WAIT, what finds no room waits for blocks that this arena frees, pages
 * that come back to the pool, or a limit that is raised.  -ETIMEDOUT: there was
 * none in time; -EINTR: a signal came first; -ENOMEM at once: larger than the
 * limit or the region, so that it can never be.  Who waits is served in the order
 * in which it last tried, but nobody's large request is in the way of a smaller
 * one.
 */
struct pma_alloc_args {
	__u64 size;
	__u32 align;
	__u32 flags;
	__u64 handle;
	__u64 usable;
	__u32 timeout_ms;
	__u32 reserved[3];
};

/**
 * struct pma_free_args - free a block
 * @handle: in: of the block; PMA_HANDLE_NONE does nothing
 * @reserved: zero
 */
struct pma_free_args {
	__u64 handle;
	__u64 reserved;
};

/**
 * struct pma_realloc_args - change a block's size, contents kept
 * @handle: in: the block, or PMA_HANDLE_NONE to allocate; out: where it is now
 * @size: in: bytes wanted; 0 frees the block and answers PMA_HANDLE_NONE (-EINVAL
 *	if there is none to free)
 * @align: in: as for alloc; holds for the result
 * @flags: in: PMA_ZERO: what is beyond the old block's requested size (its
 *	usable size where that is not recorded) reads as zeroes
 * @usable: out: bytes that may be used
 * @timeout_ms: in: as for alloc, with PMA_WAIT in @flags
 * @reserved: zero
 *
 * Grows and shrinks in place where it can.  On any error the old block stays
 * as it was; with PMA_WAIT the errors of alloc, and the block can be used and
 * freed by others meanwhile.
 */
struct pma_realloc_args {
	__u64 handle;
	__u64 size;
	__u32 align;
	__u32 flags;
	__u64 usable;
	__u32 timeout_ms;
	__u32 reserved[3];
};

enum pma_batch_op {
	PMA_BATCH_ALLOC = 1,
	PMA_BATCH_FREE = 2,
};

/**
 * struct pma_batch_entry - one operation of a batch
 * @op: in: &enum pma_batch_op
 * @result: out: 0 or a negative errno, as the single call would give
 * @size: in: for alloc; zero for free
 * @handle: in for free, out for alloc (PMA_HANDLE_NONE if it failed)
 * @align: in: as for alloc
 * @flags: in: as for alloc, without PMA_WAIT
 * @usable: out: for alloc
 */
struct pma_batch_entry {
	__u32 op;
	__s32 result;
	__u64 size;
	__u64 handle;
	__u32 align;
	__u32 flags;
	__u64 usable;
};

/**
 * struct pma_batch_args - a vector of allocs and frees, done in order
 * @entries: in: pointer to an array of &struct pma_batch_entry
 * @nr: in: its length, 1 to PMA_BATCH_MAX
 * @flags: in: zero
 * @done: out: entries whose result was written
 * @failed: out: those of them whose result is not 0
 * @reserved: zero
 *
 * One entry's failure does not stop the others.  The call itself fails only
 * before it did anything (-EINVAL, -EFAULT); if the array becomes
 * unwritable while it runs (-EFAULT), the allocs that could not be reported
 * are undone.
 */
struct pma_batch_args {
	__u64 entries;
	__u32 nr;
	__u32 flags;
	__u32 done;
	__u32 failed;
	__u64 reserved;
};

#define PMA_BATCH_MAX		4096

/**
 * struct pma_alloc_batch_args - allocate equal blocks
 * @handles: in: pointer to an array of @nr __u64; out: a handle in each of the first @done
 * @size: in: bytes wanted of each, at least 1
 * @align: in: as for alloc
 * @flags: in: PMA_ZERO
 * @usable: out: bytes that may be used of each, at least @size; blocks of slab pages have
 *	no more
 * @nr: in: how many, 1 to PMA_BATCH_MAX
 * @done: out: how many there are; what is in @handles behind these is no block
 * @reserved: zero
 *
 * As a batch of allocs, but cheaper.  Where there is no room for all, or the array or this
 * struct can't be written any more, it ends with the blocks there are, and a call for the
 * others says what is the matter.  With an error there are none: those of alloc, -EINVAL
 * also for a bad @nr, and for PMA_WAIT.
 */
struct pma_alloc_batch_args {
	__u64 handles;
	__u64 size;
	__u32 align;
	__u32 flags;
	__u64 usable;
	__u32 nr;
	__u32 done;
	__u64 reserved;
};

/**
 * struct pma_free_batch_args - free blocks
 * @handles: in: pointer to an array of @nr handles; PMA_HANDLE_NONE does nothing
 * @nr: in: how many, 1 to PMA_BATCH_MAX
 * @done: out: how many are done with, from the first on
 * @reserved: zero
 *
 * As a batch of frees, but cheaper.  It ends at the first handle that is refused, with the
 * error that free gives for it; the one after it is at @done + 1.  It ends with -EFAULT where
 * the array can't be read, perhaps some handles before that, and nothing is freed if this
 * struct can't be written at first; -EINVAL for a bad @nr.
 */
struct pma_free_batch_args {
	__u64 handles;
	__u32 nr;
	__u32 done;
	__u64 reserved;
};

/**
 * struct pma_query_args - what is at a handle
 * @handle: in: a handle, at the start of a block or inside it
 * @flags: in: PMA_QUERY_INTERIOR to accept a handle inside a block
 * @kind: out: &enum pma_kind
 * @start: out: handle of the block's start
 * @size: out: bytes the block takes from the region
 * @usable: out: bytes that may be used
 * @requested: out: bytes that were asked for
 * @block_flags: out: PMA_BLOCK_*
 * @owner: out: number of the owning arena, or PMA_OWNER_SHARED
 * @reserved: zero
 */
struct pma_query_args {
	__u64 handle;
	__u32 flags;
	__u32 kind;
	__u64 start;
	__u64 size;
	__u64 usable;
	__u64 requested;
	__u32 block_flags;
	__u32 owner;
	__u64 reserved;
};

#define PMA_QUERY_INTERIOR	(1U << 0)

/**
 * struct pma_stats - counters of the caller's arena, and totals of the pool
 * @allocs: blocks handed out since the arena began
 * @frees: blocks taken back
 * @failed: allocations refused for want of memory
 * @bad_args: calls refused with -EINVAL, or another error that has no counter here
 * @bad_range: handles outside the region
 * @bad_free: handles of memory that is free already
 * @bad_owner: handles of another arena's blocks
 * @bad_interior: handles not at the start of a block, and transfers over its end
 * @bad_token: tokens that are none, or none any more
 * @live_blocks: blocks out now
 * @live_bytes: their usable bytes
 * @peak_bytes: highest @live_bytes
 * @arena_pages: pages the arena owns, and those it holds with others
 * @peak_pages: highest @arena_pages
 * @slab_pages: of them, slab pages
 * @big_pages: of them, in big blocks
 * @heap_pages: of them, in heap segments and mixed runs
 * @pool_pages: pages of the pool
 * @pool_free_pages: of them, free
 * @pool_largest_run: length of a longest free run, in pages, within 1/32
 *	(exact for runs below 32 pages)
 * @pool_arenas: arenas of the pool
 * @held_pages: pages the arena has freed but not given back yet, as it is mapped or its
 *	CPUs keep them; not among @arena_pages
 * @charged_pages: pages that count for its limit: @arena_pages, @held_pages, and pages
 *	it has freed but that somebody has pinned
 * @limit_pages: its limit, or PMA_LIMIT_NONE
 */
struct pma_stats {
	__u64 allocs;
	__u64 frees;
	__u64 failed;
	__u64 bad_args;
	__u64 bad_range;
	__u64 bad_free;
	__u64 bad_owner;
	__u64 bad_interior;
	__u64 bad_token;
	__u64 live_blocks;
	__u64 live_bytes;
	__u64 peak_bytes;
	__u32 arena_pages;
	__u32 peak_pages;
	__u32 slab_pages;
	__u32 big_pages;
	__u32 heap_pages;
	__u32 pool_pages;
	__u32 pool_free_pages;
	__u32 pool_largest_run;
	__u32 pool_arenas;
	__u32 held_pages;
	__u32 charged_pages;
	__u32 limit_pages;
};

/**
 * struct pma_limit_args - how many pages the caller's arena may have, and is sure
 *	to get
 * @flags: in: which of @limit, @reserve and @low to set: PMA_LIMIT_*; 0 for none
 * @limit: in: most pages that may be charged to it, or PMA_LIMIT_NONE; out: as it
 *	is now
 * @reserve: in: pages it is sure to get; out: as it is now
 * @low: in: low-water mark, 0 for none; out: as it is now
 * @used: out: pages charged to it now (charged_pages of &struct pma_stats)
 * @available: out: pages it could be given now, one by one
 * @reserved: zero
 *
 * The limit holds before anything is touched: what would exceed it is -ENOMEM.
 * One below the present use refuses growth and frees nothing.
 *
 * Of the reserve the pool keeps back what the arena does not use: others can't
 * have those pages.  Guaranteed are pages, not runs: any request that single pages
 * serve (slab blocks, and blocks of up to a page) succeeds within the reserve,
 * longer ones where free pages lie side by side.
 *
 * A file is readable for poll(), select() and epoll (EPOLLIN | EPOLLRDNORM) while
 * @available is below @low, if that is not 0.  Whoever waits is woken when it becomes
 * so, and with EPOLLET there is one edge for each such crossing that this arena
 * causes itself, by what it takes or by a new limit or mark; crossings by what
 * others take that follow each other faster than anybody looks are one.
 *
 * -EINVAL: unknown flag, reserve above the limit; -EPERM: a limit or reserve above
 * what it was, without CAP_SYS_RESOURCE; -ENOMEM: the pool has not so many pages
 * to promise.
 */
struct pma_limit_args {
	__u32 flags;
	__u32 limit;
	__u32 reserve;
	__u32 low;
	__u32 used;
	__u32 available;
	__u32 reserved[2];
};

#define PMA_LIMIT_LIMIT		(1U << 0)
#define PMA_LIMIT_RESERVE	(1U << 1)
#define PMA_LIMIT_LOW		(1U << 2)

#define PMA_LIMIT_NONE		(~(__u32)0)

#define PMA_ARENA_NAME_MAX	32
#define PMA_TAG_MAX		32

/**
 * struct pma_open_args - open an arena by its name
 * @name: in: letters, digits, '.', '_' and '-', not first a dot, at most 31; the
 *	rest zeroes
 * @flags: in: PMA_OPEN_*
 * @mode: in: with PMA_OPEN_CREATE, who may open it, as a file's: bits of 0666; the
 *	umask does not apply
 * @fd: out: a new descriptor, close-on-exec; every call works on it
 * @reserved: zero
 *
 * An arena with a name lives until it has neither the name nor an open file, or
 * mapping: blocks, limits and the root survive the processes.  All files opened by
 * the name are the same arena; shared futexes work between all its mappings.  The
 * one that the call was made on is not concerned.  The module can't be removed
 * while there is a name.
 *
 * The owner and the group are the file system ids of who creates it; the mode is
 * judged as a file's, and CAP_DAC_OVERRIDE overrides it.
 *
 * -EINVAL: a name, mode or flag that is not as said; -ENOENT: no such name;
 * -EEXIST: with PMA_OPEN_CREATE and PMA_OPEN_EXCL, there is one; -EACCES: the mode
 * does not allow it; -EDQUOT: the user has 16 names already, without
 * CAP_SYS_RESOURCE; -ENOSPC: there are 1024, or no number is left.
 */
struct pma_open_args {
	char name[PMA_ARENA_NAME_MAX];
	__u32 flags;
	__u32 mode;
	__s32 fd;
	__u32 reserved[3];
};

#define PMA_OPEN_CREATE		(1U << 0)	/* make it if there is none */
#define PMA_OPEN_EXCL		(1U << 1)	/* with that: there must be none */
#define PMA_OPEN_READ_ONLY	(1U << 2)	/* the descriptor is for reading only */

/**
 * struct pma_unlink_args - take an arena's name away
 * @name: in: the name
 *
 * -EINVAL: no name; -ENOENT: there is none; -EACCES: it is another user's, and
 * CAP_FOWNER is missing.
 */
struct pma_unlink_args {
	char name[PMA_ARENA_NAME_MAX];
};

/**
 * struct pma_tag_args - what people shall see the caller's arena called
 * @tag: in: at most 31 printable ASCII characters, the rest zeroes (else -EINVAL);
 *	none for no tag
 */
struct pma_tag_args {
	char tag[PMA_TAG_MAX];
};

/**
 * struct pma_root_args - the block that leads to the others
 * @handle: ROOT: out: PMA_HANDLE_NONE if there is none, or no block is there any
 *	more; SET_ROOT: in: of the start of a block of the arena, or PMA_HANDLE_NONE
 * @reserved: zero
 *
 * Who opens an arena by its name finds what is in it from there.  A root is not
 * pinned: who frees it sets another.  RESET leaves none.
 */
struct pma_root_args {
	__u64 handle;
	__u64 reserved;
};

/**
 * struct pma_page_rec - a run of equal pages in a dump
 * @first_page: number of the first
 * @nr_pages: pages in it
 * @kind: &enum pma_kind
 * @owner: number of the owning arena, 0 for none, PMA_OWNER_SHARED for several
 * @block_size: bytes of a block (slab), of the whole block (big), of the
 *	segment (heap), 0 (free)
 * @free_blocks: free blocks (slab), free chunks (heap), else 0
 * @nr_blocks: blocks (slab), chunks (heap), 1 (big), 0 (free)
 * @first_free: handle of the first free block or chunk, of a free run its own;
 *	PMA_HANDLE_NONE if none
 * @free_bytes: bytes free in it
 */
struct pma_page_rec {
	__u32 first_page;
	__u32 nr_pages;
	__u32 kind;
	__u32 owner;
	__u64 block_size;
	__u32 free_blocks;
	__u32 nr_blocks;
	__u64 first_free;
	__u64 free_bytes;
};

/**
 * struct pma_block_rec - a block in a dump
 * @handle: of the block
 * @size: bytes it takes from the region
 * @usable: bytes that may be used
 * @requested: bytes asked for
 * @kind: &enum pma_kind
 * @flags: PMA_BLOCK_*
 * @owner: number of the owning arena, or PMA_OWNER_SHARED
 * @reserved: zero
 */
struct pma_block_rec {
	__u64 handle;
	__u64 size;
	__u64 usable;
	__u64 requested;
	__u32 kind;
	__u32 flags;
	__u32 owner;
	__u32 reserved;
};

/**
 * struct pma_arena_rec - an arena in a dump
 * @arena: its number, the owner in other records
 * @pid: of who made it, as seen by the caller; 0 for the kernel's, for a process that
 *	has ended (its pid may be another's by now), and for one outside the caller's
 *	pid namespace
 * @uid: its owner
 * @gid: his group
 * @mode: of its name
 * @opens: open files
 * @live_blocks: these are as in &struct pma_stats
 * @live_bytes: ...
 * @peak_bytes: ...
 * @failed: ...
 * @refused: calls refused for what was wrong with them
 * @arena_pages: pages it owns
 * @held_pages: freed, but not given back yet
 * @charged_pages: that count for its limit
 * @limit_pages: its limit, or PMA_LIMIT_NONE
 * @reserve_pages: its reserve
 * @low_pages: its low-water mark
 * @comm: command that made it
 * @name: its name, empty if it has none
 * @tag: set by TAG
 */
struct pma_arena_rec {
	__u32 arena;
	__s32 pid;
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 opens;
	__u64 live_blocks;
	__u64 live_bytes;
	__u64 peak_bytes;
	__u64 failed;
	__u64 refused;
	__u32 arena_pages;
	__u32 held_pages;
	__u32 charged_pages;
	__u32 limit_pages;
	__u32 reserve_pages;
	__u32 low_pages;
	char comm[16];
	char name[PMA_ARENA_NAME_MAX];
	char tag[PMA_TAG_MAX];
};

enum pma_dump_what {
	PMA_DUMP_PAGES = 1,	/* struct pma_page_rec of all the pool's pages */
	PMA_DUMP_BLOCKS = 2,	/* struct pma_block_rec of this arena's blocks */
	PMA_DUMP_ARENAS = 3,	/* struct pma_arena_rec of all arenas, the oldest first */
};

/**
 * struct pma_dump_args - binary records, in the order of the region
 * @cursor: in: 0 to begin, then what the call before answered (any number is
 *	taken, and goes on at what comes next); out: where to go on;
 *	PMA_HANDLE_NONE when all has been said
 * @records: in: pointer to an array of the records named by @what
 * @what: in: &enum pma_dump_what
 * @nr: in: how many records the array takes, at least 1; out: how many were
 *	written
 * @reserved: zero
 *
 * One call writes at most 1024 records, and looks at a bounded number of pages:
 * it may write none and yet not be at the end.  Within a call the runs of pages
 * are one moment's, as are the counts of the caller's own pages; the count of
 * another arena's page is its own moment's.  If the pool changed between two
 * calls, what is left of a run that the cursor is now inside of is passed over.
 * A big block that is being reallocated is not among the blocks.
 */
struct pma_dump_args {
	__u64 cursor;
	__u64 records;
	__u32 what;
	__u32 nr;
	__u64 reserved;
};

/**
 * struct pma_check_args - prove the metadata sound
 * @flags: in: PMA_CHECK_POOL: the pool's runs and all arenas (needs
 *	CAP_SYS_ADMIN, else -EPERM); without it the caller's arena
 * @errors: out: broken invariants found; 0 is sound
 * @pages: out: pages looked at
 * @blocks: out: blocks counted
 * @first_bad_page: out: number of the first page with an error, or ~0
 * @reserved: zero
 */
struct pma_check_args {
	__u32 flags;
	__u32 errors;
	__u64 pages;
	__u64 blocks;
	__u32 first_bad_page;
	__u32 reserved;
};

#define PMA_CHECK_POOL		(1U << 0)

/**
 * struct pma_share_args - let other arenas claim a big block
 * @handle: in: of the block
 * @flags: in: PMA_SHARE_WRITE: who claims it may write it too
 * @nr_claims: in: how many arenas may claim it with this token, 1 to PMA_CLAIMS_MAX
 * @token: out: what they claim it with; nobody can guess one
 * @reserved: zero
 *
 * Only big blocks are shared: those of whole pages, so ask for a multiple of the
 * page size, or with @align equal to it.  Whoever holds a block can share it, with
 * as many tokens as he likes, but not for writing if he may not write it himself.
 * There is no first among holders: the block lives on without the one that allocated
 * it.
 *
 * A token is worth nothing any more when it is used up, when it is taken back
 * (UNSHARE), and when the arena that shared with it frees the block or ends.
 *
 * The block stays where it is and as long as it is: REALLOC of a shared block is
 * -EBUSY, even when nobody else holds it any more; unless nobody has ever claimed it,
 * and all its tokens have been taken back.
 *
 * The errors of a handle; -EINVAL: unknown flag, 0 or too many claims; -EOPNOTSUPP:
 * a block of a slab page or of the heap; -EROFS: as above; -ENOSPC: 256 tokens of
 * this arena are out, or 65536 of the pool; -ENOMEM.
 */
struct pma_share_args {
	__u64 handle;
	__u32 flags;
	__u32 nr_claims;
	__u64 token[2];
	__u64 reserved;
};

#define PMA_SHARE_WRITE		(1U << 0)
#define PMA_SHARE_FLAGS		PMA_SHARE_WRITE	/* all of them */

#define PMA_CLAIMS_MAX		0xffff

/**
 * struct pma_claim_args - hold a block that another arena shares
 * @token: in: from SHARE
 * @flags: in: zero
 * @block_flags: out: PMA_BLOCK_*
 * @handle: out: of the block
 * @usable: out: bytes that may be used
 * @requested: out: bytes that were asked for when it was allocated
 * @reserved: zero
 *
 * The block counts as one of the arena's own.  A claim for reading only answers a
 * write with -EROFS in pwrite() and SIGBUS in a mapping, whatever the mapping's
 * protection is or will be; and from the first such claim on, writable mappings of
 * the arena can't be pinned for long (io_uring's registered buffers; -EFAULT), as for
 * files whose writes must be noticed.
 *
 * -EKEYREJECTED: no such token, or it is used up, taken back, or dead with its
 * block, all the same to the caller; -EEXIST: the arena holds the block already;
 * -ENOMEM: its limit forbids it, or there is no memory.
 */
struct pma_claim_args {
	__u64 token[2];
	__u32 flags;
	__u32 block_flags;
	__u64 handle;
	__u64 usable;
	__u64 requested;
	__u64 reserved;
};

/**
 * struct pma_unshare_args - take a token back
 * @token: in: from a SHARE of this arena
 * @reserved: zero
 *
 * Who has claimed with it keeps its claim.  -EKEYREJECTED: no such token.
 */
struct pma_unshare_args {
	__u64 token[2];
	__u64 reserved;
};

/**
 * struct pma_export_args - make a dma-buf of a big block
 * @handle: in: of the block
 * @flags: in: zero
 * @fd: out: a file descriptor of it, close-on-exec
 * @size: out: its length in bytes
 * @reserved: zero
 *
 * For whatever takes dma-bufs: V4L2, DRM and others.  The dma-buf is one more holder
 * of the block, with an account of its own (an arena named "dma-buf"), not charged to
 * the exporter: the block is shared from then on, and lives as long as the dma-buf.  It
 * can be mapped (MAP_SHARED), with DMA_BUF_IOCTL_SYNC around accesses.
 *
 * The errors of SHARE; -EOPNOTSUPP too for pages smaller than the machine's, and for a
 * kernel without dma-bufs; -ENOMEM too where it would exceed the limit that an arena
 * begins with; -EMFILE, -ENFILE.
 */
struct pma_export_args {
	__u64 handle;
	__u32 flags;
	__s32 fd;
	__u64 size;
	__u64 reserved;
};

/*
 * Command numbers start at 0x10: the kernel takes the numbers 1 and 2 of some
 * types for itself before a driver sees them (FIBMAP, FIGETBSZ).
 * PMA_IOC_RESET frees all blocks of the caller's arena at once and zeroes its
 * counters.
 */
#define PMA_IOC_TYPE		0xBA
#define PMA_IOC_INFO		_IOR(PMA_IOC_TYPE, 0x10, struct pma_info)
#define PMA_IOC_ALLOC		_IOWR(PMA_IOC_TYPE, 0x11, struct pma_alloc_args)
#define PMA_IOC_FREE		_IOW(PMA_IOC_TYPE, 0x12, struct pma_free_args)
#define PMA_IOC_REALLOC		_IOWR(PMA_IOC_TYPE, 0x13, struct pma_realloc_args)
#define PMA_IOC_BATCH		_IOWR(PMA_IOC_TYPE, 0x14, struct pma_batch_args)
#define PMA_IOC_QUERY		_IOWR(PMA_IOC_TYPE, 0x15, struct pma_query_args)
#define PMA_IOC_STATS		_IOR(PMA_IOC_TYPE, 0x16, struct pma_stats)
#define PMA_IOC_DUMP		_IOWR(PMA_IOC_TYPE, 0x17, struct pma_dump_args)
#define PMA_IOC_CHECK		_IOWR(PMA_IOC_TYPE, 0x18, struct pma_check_args)
#define PMA_IOC_RESET		_IO(PMA_IOC_TYPE, 0x19)
#define PMA_IOC_LIMIT		_IOWR(PMA_IOC_TYPE, 0x1a, struct pma_limit_args)
#define PMA_IOC_ROOT		_IOR(PMA_IOC_TYPE, 0x1b, struct pma_root_args)
#define PMA_IOC_SET_ROOT	_IOW(PMA_IOC_TYPE, 0x1c, struct pma_root_args)
#define PMA_IOC_OPEN		_IOWR(PMA_IOC_TYPE, 0x1d, struct pma_open_args)
#define PMA_IOC_UNLINK		_IOW(PMA_IOC_TYPE, 0x1e, struct pma_unlink_args)
#define PMA_IOC_TAG		_IOW(PMA_IOC_TYPE, 0x1f, struct pma_tag_args)
#define PMA_IOC_SHARE		_IOWR(PMA_IOC_TYPE, 0x20, struct pma_share_args)
#define PMA_IOC_CLAIM		_IOWR(PMA_IOC_TYPE, 0x21, struct pma_claim_args)
#define PMA_IOC_UNSHARE		_IOW(PMA_IOC_TYPE, 0x22, struct pma_unshare_args)
#define PMA_IOC_EXPORT		_IOWR(PMA_IOC_TYPE, 0x23, struct pma_export_args)
#define PMA_IOC_ALLOC_BATCH	_IOWR(PMA_IOC_TYPE, 0x24, struct pma_alloc_batch_args)
#define PMA_IOC_FREE_BATCH	_IOWR(PMA_IOC_TYPE, 0x25, struct pma_free_batch_args)

#endif /* _UAPI_LINUX_PMA_H */
