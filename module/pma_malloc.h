/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_malloc.h - the kernel interface: what calls for blocks share
 */
#ifndef _PMA_MALLOC_H
#define _PMA_MALLOC_H

#include "pma_types.h"

/* Bytes of a block that is zeroed without a call. */
#define PMA_ZERO_INLINE	128

/*
 * Zero a slab block, whose length is a multiple of 16 bytes: of short ones memset() would spend
 * more on finding out how long they are.
 */
static __always_inline void *pma_malloc_zero(void *block, size_t bytes)
{
	u64 *to = block, *last = block + bytes - PMA_BLOCK_MIN;

	if (bytes > PMA_ZERO_INLINE)
		return memset(block, 0, bytes);
	/* First the ends.  Volatile, or gcc would have it a memset() again. */
	WRITE_ONCE(last[0], 0);
	WRITE_ONCE(last[1], 0);
	WRITE_ONCE(to[0], 0);
	WRITE_ONCE(to[1], 0);
	for (to += 2; to < last; to += 2) {
		WRITE_ONCE(to[0], 0);
		WRITE_ONCE(to[1], 0);
	}
	return block;
}

#endif /* _PMA_MALLOC_H */
