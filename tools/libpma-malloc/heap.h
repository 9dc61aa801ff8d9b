/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * heap.h - what the files of the shim share
 *
 *	heap	where memory comes from: the arena, and what there is instead
 *	fork	what a child has of its parent's arena
 *	malloc	the functions of malloc(3)
 *	files	keeps the arena's file open
 *	report	messages, statistics
 */
#ifndef HEAP_H
#define HEAP_H

#include "lib.h"

#define EXPORT		__attribute__((visibility("default")))

/* The process's arena; one that has nothing, and takes nothing, while there is none. */
extern struct pma *heap HIDDEN;

/**
 * enum heap_kind - where memory comes from
 * @HEAP_EARLY: the program is not that far yet: a few static bytes
 * @HEAP_ARENA: the arena
 * @HEAP_LIBC: libc's malloc, as there is no arena and the user wanted it so
 */
enum heap_kind {
	HEAP_EARLY,
	HEAP_ARENA,
	HEAP_LIBC,
};

/* heap.c */
HIDDEN enum heap_kind heap_kind(void);
HIDDEN void heap_enter(void);
HIDDEN void heap_leave(void);
HIDDEN void heap_stop(void);
HIDDEN void heap_go_on(void);
HIDDEN void heap_begin_child(bool had_arena);
HIDDEN void *heap_early_alloc(size_t align, size_t size);
HIDDEN size_t heap_early_size(const void *block);

/* fork.c */
HIDDEN void fork_register(void);
HIDDEN bool fork_forget(void *block);
HIDDEN size_t fork_usable(const void *block);

/* report.c */
HIDDEN void report_begin(const char *pid);
HIDDEN __attribute__((noreturn)) void report_no_arena(const char *path, int err);
HIDDEN __attribute__((noreturn)) void report_bad_pointer(const char *call, const void *block,
							 int err);
HIDDEN __attribute__((noreturn)) void report_lost(const char *what, int err);

static inline bool heap_has(const void *block)
{
	return pma_offset(heap, block) < heap->region_bytes;
}

#endif /* HEAP_H */
