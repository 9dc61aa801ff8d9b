/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_request.h - a process asks for a block
 */
#ifndef _PMA_REQUEST_H
#define _PMA_REQUEST_H

#include "pma_arena.h"

/**
 * struct pma_request - what a block is asked for with, and what it is then
 * @arena: whose it will be
 * @handle: the block to change, or PMA_HANDLE_NONE for a new one
 * @size: bytes wanted
 * @align: as for ALLOC
 * @flags: likewise
 * @block: the answer
 */
struct pma_request {
	struct pma_arena *arena;
	u64 handle;
	u64 size;
	u32 align;
	u32 flags;
	struct pma_block block;
};

int pma_request_try(struct pma_request *request);
int pma_request_serve(struct pma_request *request);
int pma_request_serve_or_wait(struct pma_request *request, u32 timeout_ms);

#endif /* _PMA_REQUEST_H */
