// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pool.c - the commands about the pool and the arena as a whole
 */
#include <jansson.h>

#include "pmactl.h"

static const struct field info_fields[] = {
	FIELD(pma_info, abi),
	FIELD_AS(pma_info, flags, FIELD_POOL_FLAGS),
	FIELD(pma_info, region_bytes),
	FIELD(pma_info, page_size),
	FIELD(pma_info, nr_pages),
	FIELD(pma_info, slab_max),
	FIELD(pma_info, heap_chunk_min),
	FIELD(pma_info, heap_granule),
	FIELD(pma_info, nr_classes),
	FIELD(pma_info, metadata_bytes),
	FIELD(pma_info, arena),
	FIELD(pma_info, named_arenas),
};

static const struct field stats_fields[] = {
	FIELD(pma_stats, allocs),
	FIELD(pma_stats, frees),
	FIELD(pma_stats, failed),
	FIELD(pma_stats, bad_args),
	FIELD(pma_stats, bad_range),
	FIELD(pma_stats, bad_free),
	FIELD(pma_stats, bad_owner),
	FIELD(pma_stats, bad_interior),
	FIELD(pma_stats, bad_token),
	FIELD(pma_stats, live_blocks),
	FIELD(pma_stats, live_bytes),
	FIELD(pma_stats, peak_bytes),
	FIELD(pma_stats, arena_pages),
	FIELD(pma_stats, peak_pages),
	FIELD(pma_stats, slab_pages),
	FIELD(pma_stats, big_pages),
	FIELD(pma_stats, heap_pages),
	FIELD(pma_stats, pool_pages),
	FIELD(pma_stats, pool_free_pages),
	FIELD(pma_stats, pool_largest_run),
	FIELD(pma_stats, pool_arenas),
	FIELD(pma_stats, held_pages),
	FIELD(pma_stats, charged_pages),
	FIELD_AS(pma_stats, limit_pages, FIELD_LIMIT),
};

static void pool_print(const struct session *s, const struct field *fields, size_t nr,
		       const void *record)
{
	if (s->json)
		out_json(out_object(fields, nr, record));
	else
		out_text(fields, nr, record);
}

enum status pool_info(struct session *s, const struct args *args)
{
	struct pma_info info;
	int err;

	err = device_info(s->arena->fd, &info);
	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "info");
	pool_print(s, info_fields, ARRAY_SIZE(info_fields), &info);
	return STATUS_DONE;
}

enum status pool_stat(struct session *s, const struct args *args)
{
	struct pma_stats stats;
	int err;

	err = device_stats(s->arena->fd, &stats);
	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "stat");
	pool_print(s, stats_fields, ARRAY_SIZE(stats_fields), &stats);
	return STATUS_DONE;
}

static void check_print(const struct session *s, const struct pma_check_args *check)
{
	if (s->json)
		out_json(json_pack("{s:I, s:I, s:I, s:o}", "errors", (json_int_t)check->errors,
				   "pages", (json_int_t)check->pages, "blocks",
				   (json_int_t)check->blocks, "first_bad_page",
				   check->errors ? json_integer(check->first_bad_page) :
						   json_null()));
	else if (!check->errors)
		printf("sound: %llu pages, %llu blocks\n", check->pages, check->blocks);
}

enum status pool_check(struct session *s, const struct args *args)
{
	__u32 flags = args->given & OPTION_POOL ? PMA_CHECK_POOL : 0;
	struct pma_check_args check;
	int err;

	err = device_check(s->arena->fd, flags, &check);
	if (err)
		return session_refuse(s, REQUEST_CHECK, err, "check");
	check_print(s, &check);
	if (!check.errors)
		return STATUS_DONE;
	session_complain(s, "check: %u broken invariants in %llu pages, the first at page %u",
			 check.errors, check.pages, check.first_bad_page);
	return STATUS_WRONG;
}

enum status pool_reset(struct session *s, const struct args *args)
{
	int err = device_reset(s->arena->fd);

	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "reset");
	return STATUS_DONE;
}
