// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * map.c - the region as a picture: a cell per page, a colour per kind
 *
 * A cell stands for one page, or for a power of two of them where the region
 * has more pages than the picture has cells.  It takes the kind that most of
 * its pages in use are of, and is free only if all of them are, so that a small
 * block in a large region can be seen.
 *
 *	plain		. free   s S slab   h H heap   b B big; capital: full
 *	terminal	the kind's colour, filled from below by eighths of use
 *
 * A row has a power of two of cells too, so that addresses are round.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <jansson.h>

#include "pmactl.h"

#define NR_KINDS	(PMA_KIND_HELD + 1)
#define LABEL_WIDTH	12
#define PLAIN_WIDTH	(LABEL_WIDTH + 64)
#define PLAIN_ROWS	16

/* What lies in a cell: pages of each kind, and bytes in use. */
struct cell {
	__u32 pages[NR_KINDS];
	__u64 used;
};

struct map {
	struct pma_info info;
	__u32 per_cell;		/* pages, a power of two */
	__u32 per_row;		/* cells, a power of two */
	__u32 nr_cells;
	struct cell *cells;
	bool color;
	bool blocks;		/* the terminal can show eighths */
};

static __u32 map_kind(const struct cell *cell)
{
	__u32 kind, most = PMA_KIND_FREE;

	for (kind = PMA_KIND_FREE + 1; kind < NR_KINDS; kind++)
		if (cell->pages[kind] && (!most || cell->pages[kind] > cell->pages[most]))
			most = kind;
	return most;
}

static double map_fill(const struct map *map, const struct cell *cell)
{
	__u64 pages = 0;
	__u32 kind;

	for (kind = 0; kind < NR_KINDS; kind++)
		pages += cell->pages[kind];
	return pages ? (double)cell->used / ((double)pages * map->info.page_size) : 0;
}

/* Spreads a run over the cells it lies in; its use is spread evenly. */
static void map_add(struct map *map, const struct pma_page_rec *rec)
{
	__u64 total = (__u64)rec->nr_pages * map->info.page_size;
	double per_page = rec->kind == PMA_KIND_FREE || rec->free_bytes > total ? 0 :
			  (double)(total - rec->free_bytes) / rec->nr_pages;
	__u32 page = rec->first_page, left = rec->nr_pages, n;
	struct cell *cell;

	if (rec->kind >= NR_KINDS)
		return;
	while (left && page / map->per_cell < map->nr_cells) {
		cell = &map->cells[page / map->per_cell];
		n = map->per_cell - page % map->per_cell;
		if (n > left)
			n = left;
		cell->pages[rec->kind] += n;
		cell->used += per_page * n;
		page += n;
		left -= n;
	}
}

static __u32 power_of_two_within(__u32 n)
{
	__u32 power = 1;

	while (power <= n / 2)
		power *= 2;
	return power;
}

/* How wide and high the picture may be: the terminal less legend and prompt. */
static void map_fit(struct map *map, const struct args *args)
{
	__u32 width = PLAIN_WIDTH, rows = PLAIN_ROWS;
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col) {
		width = size.ws_col;
		rows = size.ws_row > 8 ? size.ws_row - 4 : 4;
	}
	if (args->given & OPTION_WIDTH)
		width = args->width < 4096 ? args->width : 4096;
	width = width > LABEL_WIDTH ? width - LABEL_WIDTH : 1;
	map->per_row = power_of_two_within(width);
	map->per_cell = 1;
	while ((map->info.nr_pages - 1) / map->per_cell / map->per_row >= rows)
		map->per_cell *= 2;
	map->nr_cells = (map->info.nr_pages - 1) / map->per_cell + 1;
}

static void map_style(struct map *map, const struct args *args)
{
	const char *none = getenv("NO_COLOR");

	if (!strcmp(args->color, "auto"))
		map->color = isatty(STDOUT_FILENO) && !(none && *none);
	else
		map->color = !strcmp(args->color, "always");
	setlocale(LC_CTYPE, "");
	map->blocks = !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static const struct {
	char part;
	char full;
	int color;	/* ANSI */
} looks[NR_KINDS] = {
	[PMA_KIND_FREE] = { '.', '.', 90 },
	[PMA_KIND_SLAB] = { 's', 'S', 32 },
	[PMA_KIND_BIG] = { 'b', 'B', 34 },
	[PMA_KIND_HEAP] = { 'h', 'H', 33 },
	[PMA_KIND_HELD] = { 'x', 'X', 35 },
};

static void print_plain(__u32 kind, double fill)
{
	putchar(fill > 0.999 ? looks[kind].full : looks[kind].part);
}

/* The last colour of a row stays until another comes. */
static void print_colored(const struct map *map, __u32 kind, double fill, bool same_color)
{
	static const char * const eighths[] = {
		"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
	};
	int level = fill * 8;

	if (!same_color)
		printf("\033[%dm", looks[kind].color);
	if (kind == PMA_KIND_FREE)
		printf("%s", map->blocks ? "·" : ".");
	else if (map->blocks)
		printf("%s", eighths[level > 7 ? 7 : level]);
	else
		print_plain(kind, fill);
}

static void map_print_cells(const struct map *map)
{
	const struct cell *cell;
	__u32 i, kind, last = NR_KINDS;
	char label[32];

	for (i = 0; i < map->nr_cells; i++, last = kind) {
		cell = &map->cells[i];
		kind = map_kind(cell);
		if (i % map->per_row == 0) {
			printf("%-*s", LABEL_WIDTH,
			       out_handle(label, sizeof(label),
					  (__u64)i * map->per_cell * map->info.page_size, "-"));
			last = NR_KINDS;
		}
		if (map->color)
			print_colored(map, kind, map_fill(map, cell), kind == last);
		else
			print_plain(kind, map_fill(map, cell));
		if (i % map->per_row == map->per_row - 1 || i == map->nr_cells - 1)
			printf("%s\n", map->color ? "\033[0m" : "");
	}
}

static void map_print_text(const struct map *map)
{
	__u32 kind;

	map_print_cells(map);
	printf("%u pages of %u bytes, ", map->info.nr_pages, map->info.page_size);
	if (map->per_cell == 1)
		printf("one a cell;");
	else
		printf("%u a cell;", map->per_cell);
	for (kind = 0; kind < NR_KINDS; kind++) {
		if (map->color)
			printf(" \033[%dm%s\033[0m", looks[kind].color, out_kind(kind));
		else if (kind == PMA_KIND_FREE)
			printf(" %c %s", looks[kind].part, out_kind(kind));
		else
			printf(", %c %s", looks[kind].part, out_kind(kind));
	}
	printf("%s\n", map->color ? "" : " (capital: full)");
}

static void map_print_json(const struct map *map)
{
	json_t *cells = json_array();
	__u32 i;

	for (i = 0; i < map->nr_cells; i++)
		json_array_append_new(cells, json_pack("{s:s, s:f}", "kind",
						       out_kind(map_kind(&map->cells[i])), "fill",
						       map_fill(map, &map->cells[i])));
	out_json(json_pack("{s:I, s:I, s:I, s:o}", "pages", (json_int_t)map->info.nr_pages,
			   "page_size", (json_int_t)map->info.page_size, "pages_per_cell",
			   (json_int_t)map->per_cell, "cells", cells));
}

enum status map_command(struct session *s, const struct args *args)
{
	struct map map = { };
	enum status status;
	void *records;
	size_t i, nr;
	int err;

	err = device_info(s->arena->fd, &map.info);
	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "info");
	status = dump_fetch(s, PMA_DUMP_PAGES, &records, &nr);
	if (status)
		return status;
	map_fit(&map, args);
	map_style(&map, args);
	map.cells = session_alloc(NULL, map.nr_cells * sizeof(*map.cells));
	memset(map.cells, 0, map.nr_cells * sizeof(*map.cells));
	for (i = 0; i < nr; i++)
		map_add(&map, (struct pma_page_rec *)records + i);
	if (s->json)
		map_print_json(&map);
	else
		map_print_text(&map);
	free(map.cells);
	free(records);
	return STATUS_DONE;
}
