// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dump.c - the region as a list: runs of equal pages, or the arena's blocks
 */
#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "pmactl.h"

#define DUMP_RECORDS	1024	/* what one call writes at most */

static size_t record_bytes(__u32 what)
{
	return what == PMA_DUMP_PAGES ? sizeof(struct pma_page_rec) :
	       what == PMA_DUMP_ARENAS ? sizeof(struct pma_arena_rec) :
	       sizeof(struct pma_block_rec);
}

/* Fetches all records of one sort; @records is the caller's to free. */
enum status dump_fetch(struct session *s, __u32 what, void **records, size_t *nr)
{
	size_t room = 0, bytes = record_bytes(what);
	__u64 cursor = 0, last;
	__u32 got;
	int err;

	*records = NULL;
	*nr = 0;
	while (cursor != PMA_HANDLE_NONE) {
		if (room - *nr < DUMP_RECORDS) {
			room = 2 * room + DUMP_RECORDS;
			*records = session_alloc(*records, room * bytes);
		}
		got = DUMP_RECORDS;
		last = cursor;
		err = device_dump(s->arena->fd, what, &cursor, (char *)*records + *nr * bytes,
				  &got);
		if (!err && cursor <= last)
			err = -EPROTO;	/* it would never end */
		if (err) {
			free(*records);
			*records = NULL;
			return session_refuse(s, REQUEST_OTHER, err, "dump");
		}
		*nr += got;
	}
	return STATUS_DONE;
}

static const struct field page_fields[] = {
	FIELD(pma_page_rec, first_page),
	FIELD(pma_page_rec, nr_pages),
	FIELD_AS(pma_page_rec, kind, FIELD_KIND),
	FIELD(pma_page_rec, owner),
	FIELD(pma_page_rec, block_size),
	FIELD(pma_page_rec, free_blocks),
	FIELD(pma_page_rec, nr_blocks),
	FIELD_AS(pma_page_rec, first_free, FIELD_HANDLE),
	FIELD(pma_page_rec, free_bytes),
};

static const struct field block_fields[] = {
	FIELD_AS(pma_block_rec, handle, FIELD_HANDLE),
	FIELD(pma_block_rec, size),
	FIELD(pma_block_rec, usable),
	FIELD(pma_block_rec, requested),
	FIELD_AS(pma_block_rec, kind, FIELD_KIND),
	FIELD_AS(pma_block_rec, flags, FIELD_BLOCK_FLAGS),
	FIELD(pma_block_rec, owner),
};

static void owner_text(char *buf, size_t bytes, __u32 owner)
{
	if (owner)
		snprintf(buf, bytes, "%u", owner);
	else
		snprintf(buf, bytes, "-");
}

static void print_page(const void *record)
{
	const struct pma_page_rec *rec = record;
	char pages[32], first[32], owner[16];

	if (rec->nr_pages > 1)
		snprintf(pages, sizeof(pages), "%u-%u", rec->first_page,
			 rec->first_page + rec->nr_pages - 1);
	else
		snprintf(pages, sizeof(pages), "%u", rec->first_page);
	owner_text(owner, sizeof(owner), rec->owner);
	printf("%-17s %-4s %10llu %6u %10s %6s\n", pages, out_kind(rec->kind), rec->block_size,
	       rec->free_blocks, out_handle(first, sizeof(first), rec->first_free, "-"), owner);
}

static void print_block(const void *record)
{
	const struct pma_block_rec *rec = record;
	char handle[32], requested[32] = "-", owner[16];

	if (rec->flags & PMA_BLOCK_REQUESTED)
		snprintf(requested, sizeof(requested), "%llu", rec->requested);
	owner_text(owner, sizeof(owner), rec->owner);
	printf("%-12s %10llu %10llu %10s %-4s %-5s %6s\n",
	       out_handle(handle, sizeof(handle), rec->handle, "-"), rec->size, rec->usable,
	       requested, out_kind(rec->kind), out_block_flags(rec->flags), owner);
}

/* How records of one sort are told. */
struct dump_form {
	__u32 what;
	const char *name;
	const char *title;
	void (*print)(const void *record);
	const struct field *fields;
	size_t nr_fields;
};

static const struct dump_form pages_form = {
	.what = PMA_DUMP_PAGES,
	.name = "runs",
	.title = "# pages           kind  blocksize   free first-free  owner",
	.print = print_page,
	.fields = page_fields,
	.nr_fields = ARRAY_SIZE(page_fields),
};

static const struct dump_form blocks_form = {
	.what = PMA_DUMP_BLOCKS,
	.name = "blocks",
	.title = "# handle           size     usable  requested kind flags  owner",
	.print = print_block,
	.fields = block_fields,
	.nr_fields = ARRAY_SIZE(block_fields),
};

static void dump_text(const struct dump_form *form, const char *records, size_t nr)
{
	size_t i;

	puts(form->title);
	for (i = 0; i < nr; i++)
		form->print(records + i * record_bytes(form->what));
}

/* Slab pages that are alike in all but their place are one line. */
static bool page_folds(const struct pma_page_rec *line, const struct pma_page_rec *rec)
{
	return line->kind == PMA_KIND_SLAB && rec->kind == PMA_KIND_SLAB &&
	       line->first_page + line->nr_pages == rec->first_page &&
	       line->owner == rec->owner && line->block_size == rec->block_size &&
	       line->free_blocks == rec->free_blocks && line->nr_blocks == rec->nr_blocks;
}

/* Folds records into the lines of the text; answers how many are left. */
static size_t fold_pages(struct pma_page_rec *recs, size_t nr)
{
	size_t i, lines = 0;

	for (i = 0; i < nr; i++) {
		if (lines && page_folds(&recs[lines - 1], &recs[i]))
			recs[lines - 1].nr_pages += recs[i].nr_pages;
		else
			recs[lines++] = recs[i];
	}
	return lines;
}

static void dump_json(const struct dump_form *form, const char *records, size_t nr)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(array, out_object(form->fields, form->nr_fields,
							records + i * record_bytes(form->what)));
	out_json(json_pack("{s:o}", form->name, array));
}

enum status dump_command(struct session *s, const struct args *args)
{
	const struct dump_form *form = args->given & OPTION_BLOCKS ? &blocks_form : &pages_form;
	enum status status;
	void *records;
	size_t nr;

	status = dump_fetch(s, form->what, &records, &nr);
	if (status)
		return status;
	if (!s->json && form->what == PMA_DUMP_PAGES)
		nr = fold_pages(records, nr);
	if (s->json)
		dump_json(form, records, nr);
	else
		dump_text(form, records, nr);
	free(records);
	return STATUS_DONE;
}
