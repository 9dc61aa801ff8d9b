/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * heap.h - an allocator under one interface
 *
 * The loops of heaps.c are inline functions of a constant heap, so that the calls
 * in them are direct.
 */
#ifndef _HEAP_H
#define _HEAP_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct heap - an allocator
 * @malloc: a block or NULL
 * @calloc: a block that reads as zeroes
 * @realloc: change a block's size, contents kept
 * @aligned: a block at a multiple of @align
 * @free: give it back
 */
struct heap {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t size);
	void *(*realloc)(void *block, size_t old, size_t size);
	void *(*aligned)(size_t size, size_t align);
	void (*free)(void *block);
};

/* The heap of boost.interprocess, in a region of its own: heap-boost.cpp. */
void heap_boost_begin(size_t region);
void heap_boost_end(void);
void *heap_boost_malloc(size_t size);
void *heap_boost_calloc(size_t size);
void *heap_boost_realloc(void *block, size_t old, size_t size);
void *heap_boost_aligned(size_t size, size_t align);
void heap_boost_free(void *block);

#ifdef __cplusplus
}
#endif

#endif /* _HEAP_H */
