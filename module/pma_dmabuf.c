// SPDX-License-Identifier: GPL-2.0
/*
 * pma_dmabuf.c - big blocks as dma-bufs
 *
 * An exported block is one more holder's: that of an arena which the dma-buf makes
 * for itself (pma_share.c).  So it is accounted for like any, and it lives for as
 * long as the dma-buf does, whatever becomes of who exported it.  Its frames stay
 * where they are: nothing is pinned or moved when a device attaches.
 *
 *	block --> share --> claim of the exporter
 *			--> claim of the arena "dma-buf" --> dma_buf --> attachments
 *
 * A mapping of the dma-buf is empty at first; a fault maps what it can of the block.
 * As the dma-buf's file outlives its mappings, none ever has to be zapped.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/module.h>

#include "pma_dmabuf.h"
#include "pma_frame.h"
#include "pma_mmap.h"
#include "pma_share.h"

/**
 * struct buffer - what a dma-buf is made of
 * @arena: its own, which holds the block
 * @block: the block
 * @lock: of @attachments and what of them is mapped
 * @attachments: devices that may reach it
 */
struct buffer {
	struct pma_arena *arena;
	struct pma_block block;
	struct mutex lock;		/* attachments, and what of them is mapped */
	struct list_head attachments;
};

/**
 * struct attachment - a device that may reach it
 * @node: in the buffer's list
 * @device: the device
 * @sgt: the block's frames
 * @mapped: for the device, now
 */
struct attachment {
	struct list_head node;
	struct device *device;
	struct sg_table sgt;
	bool mapped;
};

static struct page **frames_of(const struct buffer *buffer, unsigned int *nr)
{
	const char *at = pma_region_ptr(&buffer->arena->pool->region, buffer->block.handle);
	struct page **frames;
	unsigned int i;

	*nr = buffer->block.size >> PAGE_SHIFT;
	frames = kvmalloc_array(*nr, sizeof(*frames), GFP_KERNEL);
	for (i = 0; frames && i < *nr; i++)
		frames[i] = vmalloc_to_page(at + i * PAGE_SIZE);
	return frames;
}

static int buffer_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct buffer *buffer = dmabuf->priv;
	struct attachment *attachment;
	struct page **frames;
	unsigned int nr;
	int err = -ENOMEM;

	attachment = kzalloc(sizeof(*attachment), GFP_KERNEL);
	if (!attachment)
		return -ENOMEM;
	frames = frames_of(buffer, &nr);
	if (frames)
		err = sg_alloc_table_from_pages(&attachment->sgt, frames, nr, 0,
						buffer->block.size, GFP_KERNEL);
	kvfree(frames);
	if (err) {
		kfree(attachment);
		return err;
	}
	attachment->device = attach->dev;
	attach->priv = attachment;
	mutex_lock(&buffer->lock);
	list_add_tail(&attachment->node, &buffer->attachments);
	mutex_unlock(&buffer->lock);
	return 0;
}

static void buffer_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct attachment *attachment = attach->priv;
	struct buffer *buffer = dmabuf->priv;

	mutex_lock(&buffer->lock);
	list_del(&attachment->node);
	mutex_unlock(&buffer->lock);
	sg_free_table(&attachment->sgt);
	kfree(attachment);
}

static struct sg_table *buffer_map_dma(struct dma_buf_attachment *attach,
				       enum dma_data_direction direction)
{
	struct attachment *attachment = attach->priv;
	struct buffer *buffer = attach->dmabuf->priv;
	int err = dma_map_sgtable(attach->dev, &attachment->sgt, direction, 0);

	if (err)
		return ERR_PTR(err);
	mutex_lock(&buffer->lock);
	attachment->mapped = true;
	mutex_unlock(&buffer->lock);
	return &attachment->sgt;
}

static void buffer_unmap_dma(struct dma_buf_attachment *attach, struct sg_table *sgt,
			     enum dma_data_direction direction)
{
	struct attachment *attachment = attach->priv;
	struct buffer *buffer = attach->dmabuf->priv;

	mutex_lock(&buffer->lock);
	attachment->mapped = false;
	mutex_unlock(&buffer->lock);
	dma_unmap_sgtable(attach->dev, sgt, direction, 0);
}

static void sync(struct buffer *buffer, enum dma_data_direction direction,
		 void (*how)(struct device *device, struct sg_table *sgt,
			     enum dma_data_direction direction))
{
	struct attachment *attachment;

	mutex_lock(&buffer->lock);
	list_for_each_entry(attachment, &buffer->attachments, node)
		if (attachment->mapped)
			how(attachment->device, &attachment->sgt, direction);
	mutex_unlock(&buffer->lock);
}

static int buffer_begin_cpu_access(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	sync(dmabuf->priv, direction, dma_sync_sgtable_for_cpu);
	return 0;
}

static int buffer_end_cpu_access(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	sync(dmabuf->priv, direction, dma_sync_sgtable_for_device);
	return 0;
}

static int buffer_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct buffer *buffer = dmabuf->priv;

	iosys_map_set_vaddr(map, pma_region_ptr(&buffer->arena->pool->region,
						buffer->block.handle));
	return 0;
}

static vm_fault_t buffer_fault(struct vm_fault *vmf)
{
	struct buffer *buffer = vmf->vma->vm_private_data;
	struct pma_frame_range range = {
		.start = buffer->block.handle,
		.end = buffer->block.handle + buffer->block.size,
		.writable = true,
	};
	u64 handle = (u64)vmf->pgoff << PAGE_SHIFT;
	int err;

	if (handle < range.start || handle >= range.end)
		return VM_FAULT_SIGBUS;
	err = pma_frames_map(buffer->arena->pool, vmf->vma, handle, &range);
	return err ? vmf_error(err) : VM_FAULT_NOPAGE;
}

static const struct vm_operations_struct buffer_vm_ops = {
	.fault = buffer_fault,
};

/* That it lies inside the dma-buf is known already. */
static int buffer_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct buffer *buffer = dmabuf->priv;

	/* From here on offsets are in the region, as they are for a fault. */
	vma->vm_pgoff += buffer->block.handle >> PAGE_SHIFT;
	return pma_mmap_begin(vma, &buffer_vm_ops, buffer);
}

static void destroy(struct buffer *buffer)
{
	pma_arena_delete(buffer->arena);
	mutex_destroy(&buffer->lock);
	kfree(buffer);
}

static void buffer_release(struct dma_buf *dmabuf)
{
	destroy(dmabuf->priv);
}

static const struct dma_buf_ops buffer_ops = {
	.attach = buffer_attach,
	.detach = buffer_detach,
	.map_dma_buf = buffer_map_dma,
	.unmap_dma_buf = buffer_unmap_dma,
	.begin_cpu_access = buffer_begin_cpu_access,
	.end_cpu_access = buffer_end_cpu_access,
	.mmap = buffer_mmap,
	.vmap = buffer_vmap,
	.release = buffer_release,
};

/* Make the buffer a holder of the exporter's block. */
static int hold(struct buffer *buffer, struct pma_arena *arena, u64 handle)
{
	u64 token[2];
	int err = pma_share_block(arena, handle, PMA_SHARE_WRITE, 1, token);

	if (err)
		return err;
	err = pma_share_claim(buffer->arena, token, &buffer->block);
	if (err)
		pma_share_revoke(arena, token);
	return err;
}

static struct buffer *create(struct pma_arena *arena, u64 handle)
{
	struct buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	int err;

	if (!buffer)
		return ERR_PTR(-ENOMEM);
	buffer->arena = pma_arena_new(arena->pool, "dma-buf", PMA_ARENA_USER);
	if (IS_ERR(buffer->arena)) {
		err = PTR_ERR(buffer->arena);
		goto free_buffer;
	}
	/* Its mappings are the dma-buf's, but frames will have been mapped. */
	buffer->arena->mapped = arena->pool->ops;
	err = hold(buffer, arena, handle);
	if (err)
		goto delete_arena;
	mutex_init(&buffer->lock);
	INIT_LIST_HEAD(&buffer->attachments);
	return buffer;

delete_arena:
	pma_arena_delete(buffer->arena);
free_buffer:
	kfree(buffer);
	return ERR_PTR(err);
}

/**
 * pma_dmabuf_export() - make a dma-buf of a big block
 * @arena: who holds it, for writing
 * @handle: of its start
 *
 * Context: May sleep.
 * Return: a dma-buf, to be ended by pma_dmabuf_put(), or ERR_PTR(): the errors of
 * pma_share_block() and pma_share_claim(), counted; -EOPNOTSUPP if pages are smaller
 * than frames; those of pma_arena_new() and dma_buf_export().
 */
struct dma_buf *pma_dmabuf_export(struct pma_arena *arena, u64 handle)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	struct buffer *buffer;

	if (pma_region_page_size(&arena->pool->region) < PAGE_SIZE)
		return ERR_PTR(pma_arena_count_error(arena, -EOPNOTSUPP));
	buffer = create(arena, handle);
	if (IS_ERR(buffer))
		return ERR_CAST(buffer);
	info.ops = &buffer_ops;
	info.size = buffer->block.size;
	info.flags = O_RDWR;
	info.priv = buffer;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		destroy(buffer);
	return dmabuf;
}

/**
 * pma_dmabuf_put() - let a dma-buf go
 * @dmabuf: from pma_dmabuf_export()
 */
void pma_dmabuf_put(struct dma_buf *dmabuf)
{
	dma_buf_put(dmabuf);
}

/**
 * pma_dmabuf_file() - its file, for a descriptor
 * @dmabuf: from pma_dmabuf_export()
 *
 * Return: the file, with the caller's reference in it.
 */
struct file *pma_dmabuf_file(struct dma_buf *dmabuf)
{
	return dmabuf->file;
}

/**
 * pma_dmabuf_bytes() - its length
 * @dmabuf: from pma_dmabuf_export()
 *
 * Return: bytes.
 */
u64 pma_dmabuf_bytes(const struct dma_buf *dmabuf)
{
	return dmabuf->size;
}

MODULE_IMPORT_NS(PMA_DMA_BUF_NS);
