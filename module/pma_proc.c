// SPDX-License-Identifier: GPL-2.0
/*
 * pma_proc.c - /proc/pma: the pools as text, for people and awk
 *
 * For each pool a header, whose lines begin with '#', and a line for each run of
 * equal pages:
 *
 *	# pool pma: size 67108864 page_size 4096 pages 16384 free 16382 ...
 *	# arena 1 (sh): pages 2 blocks 4 bytes 4480 peak_bytes 4480 failed 0 refused 0 held ...
 *	# PAGES KIND BLOCK_SIZE FREE/BLOCKS FIRST_FREE OWNER
 *	0 slab 128 29/32 0x180 1
 *	1 big 4096 0/1 - 1
 *	2-16383 free 0 0/0 0x2000 0
 *
 * Neighbours that are alike in all but their place are one line, and then
 * FIRST_FREE is the first one's.  Offsets only: no address leaves the kernel.
 *
 * The text is made run by run as it is read, so a pool may change meanwhile; a
 * line is true of one moment.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "pma_client.h"
#include "pma_dump.h"
#include "pma_proc.h"

#define RECS		16	/* records fetched at a time */
#define ARENAS_MAX	256	/* told of in a header, which is made in one go */

/**
 * struct reader - one open file's place in the text
 * @pool: the pool told now; compared with the list before it is looked at
 * @cursor: where its next records come from
 * @in_header: its header is told next
 * @line: else the line told next
 * @pos: number of what is told next
 * @recs: records fetched but not told
 * @nr: how many
 * @at: the next of them
 */
struct reader {
	struct pma_pool *pool;
	u64 cursor;
	bool in_header;
	struct pma_page_rec line;
	loff_t pos;
	struct pma_page_rec recs[RECS];
	u32 nr;
	u32 at;
};

static const char * const kind_names[] = {
	[PMA_KIND_FREE] = "free",
	[PMA_KIND_SLAB] = "slab",
	[PMA_KIND_BIG] = "big",
	[PMA_KIND_HEAP] = "heap",
	[PMA_KIND_HELD] = "held",
};

static void show_arena(struct seq_file *m, const struct pma_arena_rec *rec)
{
	seq_printf(m, "# arena %u (%s): pages %u blocks %llu bytes %llu peak_bytes %llu failed %llu refused %llu held %u charged %u",
		   rec->arena, rec->comm, rec->arena_pages, rec->live_blocks, rec->live_bytes,
		   rec->peak_bytes, rec->failed, rec->refused, rec->held_pages,
		   rec->charged_pages);
	if (rec->limit_pages != PMA_LIMIT_NONE)
		seq_printf(m, " limit %u", rec->limit_pages);
	if (rec->reserve_pages)
		seq_printf(m, " reserve %u", rec->reserve_pages);
	seq_printf(m, " pid %d", rec->pid);
	if (rec->name[0])
		seq_printf(m, " opens %u uid %u gid %u mode %03o name %s", rec->opens, rec->uid,
			   rec->gid, rec->mode, rec->name);
	/* Last, as it may have spaces in it. */
	if (rec->tag[0])
		seq_printf(m, " tag %s", rec->tag);
	seq_putc(m, '\n');
}

static void show_arenas(struct seq_file *m, struct pma_pool *pool)
{
	struct pma_arena_rec *recs = kmalloc_array(RECS, sizeof(*recs), GFP_KERNEL);
	u32 nr, i, told = 0;
	u64 cursor = 0;

	while (recs && cursor != PMA_HANDLE_NONE && told < ARENAS_MAX) {
		nr = pma_client_dump(pool, &cursor, recs, RECS);
		for (i = 0; i < nr; i++)
			show_arena(m, &recs[i]);
		told += nr;
	}
	kfree(recs);
	if (cursor != PMA_HANDLE_NONE)
		seq_puts(m, "# and more arenas: pmactl arenas\n");
}

static void show_header(struct seq_file *m, struct pma_pool *pool)
{
	struct pma_info info;
	u32 free_pages, largest;

	pma_pool_info(pool, &info);
	free_pages = pma_pool_free_pages(pool, &largest);
	seq_printf(m, "# pool %s: size %llu page_size %u pages %u free %u largest_run %u slab_max %u classes %u%s heap_chunk_min %u metadata %llu arenas %u\n",
		   pool->name, info.region_bytes, info.page_size, info.nr_pages, free_pages,
		   largest, info.slab_max, info.nr_classes,
		   info.flags & PMA_POOL_POW2 ? " (pow2)" :
		   info.flags & PMA_POOL_ADAPTIVE ? " (adaptive)" : " (fine)", info.heap_chunk_min,
		   info.metadata_bytes, pool->nr_arenas);
	show_arenas(m, pool);
	seq_puts(m, "# PAGES KIND BLOCK_SIZE FREE/BLOCKS FIRST_FREE OWNER\n");
}

static void show_line(struct seq_file *m, const struct pma_page_rec *rec)
{
	seq_printf(m, "%u", rec->first_page);
	if (rec->nr_pages > 1)
		seq_printf(m, "-%u", rec->first_page + rec->nr_pages - 1);
	seq_printf(m, " %s %llu %u/%u ", kind_names[rec->kind], rec->block_size,
		   rec->free_blocks, rec->nr_blocks);
	if (rec->first_free == PMA_HANDLE_NONE)
		seq_puts(m, "-");
	else
		seq_printf(m, "0x%llx", rec->first_free);
	seq_printf(m, " %u\n", rec->owner);
}

static int pma_proc_show(struct seq_file *m, void *v)
{
	struct reader *reader = v;

	if (reader->in_header)
		show_header(m, reader->pool);
	else
		show_line(m, &reader->line);
	return 0;
}

/* The next record, fetched if need be; NULL at the end of the pool. */
static const struct pma_page_rec *peek(struct reader *reader)
{
	while (reader->at == reader->nr) {
		if (reader->cursor == PMA_HANDLE_NONE)
			return NULL;
		reader->nr = pma_dump_pages(reader->pool, NULL, &reader->cursor,
					    reader->recs, RECS);
		reader->at = 0;
	}
	return &reader->recs[reader->at];
}

/* Slab pages that are alike fold into one line; other runs are lines already. */
static bool folds(const struct pma_page_rec *line, const struct pma_page_rec *rec)
{
	return line->kind == PMA_KIND_SLAB && rec->kind == PMA_KIND_SLAB &&
	       line->first_page + line->nr_pages == rec->first_page &&
	       line->owner == rec->owner && line->block_size == rec->block_size &&
	       line->free_blocks == rec->free_blocks && line->nr_blocks == rec->nr_blocks;
}

static bool next_line(struct reader *reader)
{
	const struct pma_page_rec *rec = peek(reader);

	if (!rec)
		return false;
	reader->line = *rec;
	reader->at++;
	while ((rec = peek(reader)) && folds(&reader->line, rec)) {
		reader->line.nr_pages++;
		reader->at++;
	}
	return true;
}

static bool next_pool(struct reader *reader)
{
	reader->pool = pma_pool_next(reader->pool);
	reader->cursor = 0;
	reader->nr = 0;
	reader->at = 0;
	reader->in_header = true;
	return reader->pool;
}

static bool pool_is_there(const struct pma_pool *wanted)
{
	struct pma_pool *pool = NULL;

	while ((pool = pma_pool_next(pool)))
		if (pool == wanted)
			return true;
	return false;
}

static void *pma_proc_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct reader *reader = m->private;

	reader->pos = ++*pos;
	reader->in_header = false;
	return next_line(reader) || next_pool(reader) ? reader : NULL;
}

static void *pma_proc_start(struct seq_file *m, loff_t *pos)
{
	struct reader *reader = m->private;
	void *v = reader;
	loff_t at = 0;

	pma_pool_list_lock();
	/* Where the last read ended, the line is ready; else tell it all again. */
	if (*pos && *pos == reader->pos)
		return pool_is_there(reader->pool) ? reader : NULL;
	reader->pool = NULL;
	reader->pos = 0;
	if (!next_pool(reader))
		return NULL;
	while (v && at < *pos)
		v = pma_proc_next(m, v, &at);
	return v;
}

static void pma_proc_stop(struct seq_file *m, void *v)
{
	pma_pool_list_unlock();
}

static const struct seq_operations pma_proc_ops = {
	.start = pma_proc_start,
	.next = pma_proc_next,
	.stop = pma_proc_stop,
	.show = pma_proc_show,
};

/**
 * pma_proc_init() - make /proc/pma
 *
 * Return: 0 or -ENOMEM.
 */
int pma_proc_init(void)
{
	return proc_create_seq_private("pma", 0444, NULL, &pma_proc_ops, sizeof(struct reader),
				       NULL) ? 0 : -ENOMEM;
}

/**
 * pma_proc_exit() - remove /proc/pma
 */
void pma_proc_exit(void)
{
	remove_proc_entry("pma", NULL);
}
