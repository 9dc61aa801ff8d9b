// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * heap-boost.cpp - boost.interprocess as a heap
 *
 * What managed_shared_memory is made of: rbtree_best_fit with a mutex that
 * processes share, here in a region of this process.
 */
#include <cstdlib>
#include <cstring>
#include <new>

#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>

#include "heap.h"

namespace ipc = boost::interprocess;

using buffer = ipc::basic_managed_external_buffer<char, ipc::rbtree_best_fit<ipc::mutex_family>,
						  ipc::iset_index>;

static void *region;
static buffer *heap;

void heap_boost_begin(size_t bytes)
{
	region = aligned_alloc(4096, bytes);
	heap = new buffer(ipc::create_only, region, bytes);
}

void heap_boost_end(void)
{
	delete heap;
	free(region);
}

void *heap_boost_malloc(size_t size)
{
	return heap->allocate(size, std::nothrow);
}

void *heap_boost_calloc(size_t size)
{
	void *block = heap_boost_malloc(size);

	return block ? memset(block, 0, size) : nullptr;
}

void *heap_boost_realloc(void *block, size_t old, size_t size)
{
	char *reused = static_cast<char *>(block);
	size_t got = size;
	void *now;

	if (size <= old) {
		heap->allocation_command<char>(ipc::shrink_in_place | ipc::nothrow_allocation,
					       old, got, reused);
		return block;
	}
	now = heap->allocation_command<char>(ipc::allocate_new | ipc::expand_fwd |
					     ipc::nothrow_allocation, size, got, reused);
	if (now && now != block) {
		memcpy(now, block, old);
		heap->deallocate(block);
	}
	return now;
}

void *heap_boost_aligned(size_t size, size_t align)
{
	return heap->allocate_aligned(size, align, std::nothrow);
}

void heap_boost_free(void *block)
{
	heap->deallocate(block);
}
