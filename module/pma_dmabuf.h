/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_dmabuf.h - big blocks as dma-bufs
 */
#ifndef _PMA_DMABUF_H
#define _PMA_DMABUF_H

#include "pma_arena.h"

struct dma_buf;

#if IS_ENABLED(CONFIG_DMA_SHARED_BUFFER)
struct dma_buf *pma_dmabuf_export(struct pma_arena *arena, u64 handle);
void pma_dmabuf_put(struct dma_buf *dmabuf);
struct file *pma_dmabuf_file(struct dma_buf *dmabuf);
u64 pma_dmabuf_bytes(const struct dma_buf *dmabuf);
#else
static inline struct dma_buf *pma_dmabuf_export(struct pma_arena *arena, u64 handle)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline void pma_dmabuf_put(struct dma_buf *dmabuf)
{
}

static inline struct file *pma_dmabuf_file(struct dma_buf *dmabuf)
{
	return NULL;
}

static inline u64 pma_dmabuf_bytes(const struct dma_buf *dmabuf)
{
	return 0;
}
#endif

#endif /* _PMA_DMABUF_H */
