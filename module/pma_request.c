// SPDX-License-Identifier: GPL-2.0
/*
 * pma_request.c - a process asks for a block
 *
 * What L3 refuses for want of memory need not be lost here, where one may sleep:
 *
 *	try --> give back what the arena holds, try --> what all hold, try
 *	    --> wait until CPUs have parted with what they had, try
 *	    --> with PMA_WAIT: wait for room, and all of that again
 */
#include "pma_request.h"
#include "pma_block.h"
#include "pma_held.h"
#include "pma_resize.h"
#include "pma_wait.h"

static int try(struct pma_request *request)
{
	if (request->handle == PMA_HANDLE_NONE)
		return pma_block_try(request->arena, request->size, request->align,
				     request->flags, &request->block);
	return pma_resize_try(request->arena, request->handle, request->size, request->align,
			      request->flags, &request->block);
}

static bool fits_size_t(u64 size)
{
	return size <= SIZE_MAX;
}

/*
 * A request that fails has CPUs asked for what they have: if that is just now, wait for it.
 * Have they been since there were @nr_drains?
 */
static bool is_drained_since(struct pma_pool *pool, u32 nr_drains)
{
	flush_work(&pool->drain.work);
	return READ_ONCE(pool->nr_drains) != nr_drains;
}

/**
 * pma_request_try() - as pma_request_serve(), but if there is no room, count no failure
 * @request: what is wanted; its block is the answer
 *
 * What failed for want of memory may do once what is held has been given back, and what
 * CPUs have of kernel arenas: these are asked for it once a second at most.
 *
 * Context: May sleep.
 * Return: as pma_request_serve().
 */
int pma_request_try(struct pma_request *request)
{
	unsigned int again = 2;		/* with what the arena holds, and with what all hold */
	u32 nr_drains = READ_ONCE(request->arena->pool->nr_drains);
	int err;

	if (!fits_size_t(request->size))
		return -ENOMEM;
	err = try(request);
	while (err == -ENOMEM && again-- && pma_held_make_room(request->arena, request->size))
		err = try(request);
	if (err == -ENOMEM && is_drained_since(request->arena->pool, nr_drains))
		err = try(request);
	return err;
}

/**
 * pma_request_serve() - allocate or reallocate, without waiting for others
 * @request: what is wanted; its block is the answer
 *
 * Context: May sleep.
 * Return: 0 or the errors of pma_block_alloc() or pma_resize_block(), counted.
 */
int pma_request_serve(struct pma_request *request)
{
	return pma_arena_count_failure(request->arena, pma_request_try(request));
}

static int try_request(void *data)
{
	return pma_request_try(data);
}

/* Pages that a request takes if no page of its arena has room for it. */
static u32 pages_wanted(const struct pma_request *request)
{
	struct pma_route route;

	if (pma_pool_route(request->arena->pool, request->size, request->align, &route))
		return PMA_NONE;
	return route.kind == PMA_KIND_SLAB ? 1 : route.nr_pages;
}

/**
 * pma_request_serve_or_wait() - likewise, and with PMA_WAIT wait for room
 * @request: what is wanted; its block is the answer
 * @timeout_ms: how long at most, in milliseconds; 0: as long as it takes; nothing
 *	else without PMA_WAIT
 *
 * Context: May sleep.
 * Return: 0; the errors of pma_request_serve() or pma_wait_for_room(); -EINVAL for a
 * time without PMA_WAIT, counted.
 */
int pma_request_serve_or_wait(struct pma_request *request, u32 timeout_ms)
{
	bool wait = request->flags & PMA_WAIT;

	if (!wait && timeout_ms)
		return pma_arena_count_error(request->arena, -EINVAL);
	request->flags &= ~PMA_WAIT;
	if (!wait)
		return pma_request_serve(request);
	return pma_wait_for_room(request->arena, try_request, request, pages_wanted(request),
				 timeout_ms);
}
