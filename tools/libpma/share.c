// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * share.c - blocks that several arenas hold
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "lib.h"

#define EXPORT		__attribute__((visibility("default")))

/* Can it be a piece? */
static bool may_be_piece(const struct pma *pma, const void *block)
{
	return !pma->exact && pma_offset(pma, block) < pma->region_bytes;
}

EXPORT int pma_share(struct pma *pma, void *block, unsigned int flags, unsigned int nr_claims,
		     struct pma_token *token)
{
	struct pma_share_args args = {
		.handle = pma_offset(pma, block),
		.flags = flags,
		.nr_claims = nr_claims,
	};

	/* From now on the kernel judges it, and it is never parked. */
	if (may_be_piece(pma, block) && pma_piece_forget(pma, block) < 0)
		return -1;
	if (ioctl(pma->fd, PMA_IOC_SHARE, &args))
		return -1;
	token->bits[0] = args.token[0];
	token->bits[1] = args.token[1];
	return 0;
}

EXPORT int pma_unshare(struct pma *pma, const struct pma_token *token)
{
	struct pma_unshare_args args = { .token = { token->bits[0], token->bits[1] } };

	return ioctl(pma->fd, PMA_IOC_UNSHARE, &args);
}

EXPORT void *pma_claim(struct pma *pma, const struct pma_token *token)
{
	struct pma_claim_args args = { .token = { token->bits[0], token->bits[1] } };

	if (ioctl(pma->fd, PMA_IOC_CLAIM, &args)) {
		if (errno != ENOMEM)
			return NULL;
		pma_cache_reclaim(pma);
		if (ioctl(pma->fd, PMA_IOC_CLAIM, &args))
			return NULL;
	}
	/* Its pages may have been slab pages of this arena once. */
	pma_table_learn(pma, args.handle, 0, args.usable, 0);
	return pma->base + args.handle;
}

/* Always the kernel's to judge: a claim is never parked. */
EXPORT int pma_release(struct pma *pma, void *block)
{
	struct pma_free_args args = { .handle = block ? pma_offset(pma, block) : PMA_HANDLE_NONE };

	if (may_be_piece(pma, block) && pma_piece_forget(pma, block) < 0)
		return -1;
	return ioctl(pma->fd, PMA_IOC_FREE, &args);
}
