/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pma.h - libpma: a heap in an arena of /dev/pma
 *
 * The arena's memory is mapped, blocks are plain pointers.  Those up to 1 MiB come from
 * magazines, stacks of free blocks that each thread has for each block size, and from
 * a depot behind them, which are filled and emptied by one call of the kernel for many
 * blocks.
 *
 * Every function may be called by any thread.  After a fork() parent and child
 * share the arena, and both may use it: either may free what the other allocated.
 *
 * Sizes are in bytes; size 0 is refused (EINVAL).  Blocks are aligned to 16
 * bytes.  Details: libpma(3), and linux/pma.h.
 */
#ifndef PMA_H
#define PMA_H

#include <stddef.h>
#include <stdint.h>

#include <linux/pma.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pma;

/* Flags of pma_open(). */
#define PMA_EXACT	1U	/* no magazines: the kernel judges every free at once */

/* An arena of its own; @path NULL is /dev/pma.  NULL and errno on failure. */
struct pma *pma_open(const char *path, unsigned int flags);

/*
 * An arena with a name, which outlives its processes until it is unlinked; @flags are
 * PMA_OPEN_CREATE and PMA_OPEN_EXCL of linux/pma.h, where the errors are told too.  It
 * has no magazines.  NULL, or -1, and errno on failure.
 */
struct pma *pma_open_named(const char *path, const char *name, unsigned int flags,
			   unsigned int mode);
int pma_unlink(const char *path, const char *name);

/* The block by which the next process finds the others; NULL if there is none. */
void *pma_root(struct pma *pma);
int pma_set_root(struct pma *pma, const void *block);

/* No thread uses it any more.  All its blocks go, unless another process has it. */
void pma_close(struct pma *pma);

/* NULL and errno (ENOMEM, EINVAL) on failure; a failed realloc changes nothing. */
void *pma_malloc(struct pma *pma, size_t size);
void *pma_calloc(struct pma *pma, size_t nr, size_t size);
void *pma_realloc(struct pma *pma, void *block, size_t size);
void *pma_aligned_alloc(struct pma *pma, size_t align, size_t size);

/*
 * 0, or -1 and errno: EALREADY for a free block, EBADSLT inside a block, ERANGE,
 * EACCES.  With magazines not every wrong pointer to blocks of up to half a page is
 * noticed at once.
 */
int pma_free(struct pma *pma, void *block);

/* What may be used of a block; 0 and errno if there is none. */
size_t pma_usable_size(struct pma *pma, void *block);

/* A block's name in the kernel and in every process; PMA_HANDLE_NONE is NULL. */
uint64_t pma_handle(const struct pma *pma, const void *block);
void *pma_ptr(const struct pma *pma, uint64_t handle);

/* What a block that others share is claimed with; any channel may carry it. */
struct pma_token {
	uint64_t bits[2];
};

/*
 * Lets @nr_claims other arenas claim a block of whole pages (of a multiple of the page
 * size, or aligned to it), for reading, or with PMA_SHARE_WRITE for writing too.  0, or
 * -1 and errno: EOPNOTSUPP for a smaller block, EROFS, ENOSPC, and those of pma_free().
 */
int pma_share(struct pma *pma, void *block, unsigned int flags, unsigned int nr_claims,
	      struct pma_token *token);

/* Makes a token worthless; who has claimed with it keeps its claim. */
int pma_unshare(struct pma *pma, const struct pma_token *token);

/*
 * Holds a block that another arena shares; NULL and errno: EKEYREJECTED for a token that
 * is none or none any more, EEXIST if the arena has the block, ENOMEM.  Until it is
 * released it is there, whatever becomes of the others who hold it.
 */
void *pma_claim(struct pma *pma, const struct pma_token *token);

/* Gives up a hold of a shared block, claimed or its own; the last to do so frees it. */
int pma_release(struct pma *pma, void *block);

/* Gives what is free, but kept by the calling thread or for all, back to the arena. */
void pma_flush(struct pma *pma);

/*
 * The open file, for what is not here; blocks may be shared and exported by it, which
 * makes each free of a larger one ask for that.
 */
int pma_fd(const struct pma *pma);

/* 0, or -1 and errno. */
int pma_stats(struct pma *pma, struct pma_stats *stats);

#ifdef __cplusplus
}
#endif

#endif /* PMA_H */
