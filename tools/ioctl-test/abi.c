// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * abi.c - the shape of the interface: layouts, command numbers, unknown
 * commands, INFO
 *
 * Numbers and layouts stand here as literals, so that the 64- and the 32-bit
 * build prove that they are the same, and a slip shows before anything runs.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "test.h"

#define LAYOUT(type, member, at) \
	_Static_assert(offsetof(struct type, member) == (at), #type "." #member)
#define SIZE(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), "size of " #type)

SIZE(pma_info, 64);
LAYOUT(pma_info, region_bytes, 8);
LAYOUT(pma_info, page_size, 16);
LAYOUT(pma_info, nr_pages, 20);
LAYOUT(pma_info, slab_max, 24);
LAYOUT(pma_info, heap_chunk_min, 28);
LAYOUT(pma_info, heap_granule, 32);
LAYOUT(pma_info, nr_classes, 36);
LAYOUT(pma_info, metadata_bytes, 40);
LAYOUT(pma_info, arena, 48);
LAYOUT(pma_info, named_arenas, 52);
LAYOUT(pma_info, reserved, 56);

SIZE(pma_alloc_args, 48);
LAYOUT(pma_alloc_args, align, 8);
LAYOUT(pma_alloc_args, flags, 12);
LAYOUT(pma_alloc_args, handle, 16);
LAYOUT(pma_alloc_args, usable, 24);
LAYOUT(pma_alloc_args, timeout_ms, 32);
LAYOUT(pma_alloc_args, reserved, 36);

SIZE(pma_free_args, 16);
LAYOUT(pma_free_args, reserved, 8);

SIZE(pma_realloc_args, 48);
LAYOUT(pma_realloc_args, size, 8);
LAYOUT(pma_realloc_args, align, 16);
LAYOUT(pma_realloc_args, flags, 20);
LAYOUT(pma_realloc_args, usable, 24);
LAYOUT(pma_realloc_args, timeout_ms, 32);
LAYOUT(pma_realloc_args, reserved, 36);

SIZE(pma_batch_entry, 40);
LAYOUT(pma_batch_entry, result, 4);
LAYOUT(pma_batch_entry, size, 8);
LAYOUT(pma_batch_entry, handle, 16);
LAYOUT(pma_batch_entry, align, 24);
LAYOUT(pma_batch_entry, flags, 28);
LAYOUT(pma_batch_entry, usable, 32);

SIZE(pma_batch_args, 32);
LAYOUT(pma_batch_args, nr, 8);
LAYOUT(pma_batch_args, flags, 12);
LAYOUT(pma_batch_args, done, 16);
LAYOUT(pma_batch_args, failed, 20);
LAYOUT(pma_batch_args, reserved, 24);

SIZE(pma_query_args, 64);
LAYOUT(pma_query_args, flags, 8);
LAYOUT(pma_query_args, kind, 12);
LAYOUT(pma_query_args, start, 16);
LAYOUT(pma_query_args, size, 24);
LAYOUT(pma_query_args, usable, 32);
LAYOUT(pma_query_args, requested, 40);
LAYOUT(pma_query_args, block_flags, 48);
LAYOUT(pma_query_args, owner, 52);
LAYOUT(pma_query_args, reserved, 56);

SIZE(pma_stats, 144);
LAYOUT(pma_stats, bad_token, 64);
LAYOUT(pma_stats, live_blocks, 72);
LAYOUT(pma_stats, arena_pages, 96);
LAYOUT(pma_stats, pool_arenas, 128);
LAYOUT(pma_stats, held_pages, 132);
LAYOUT(pma_stats, charged_pages, 136);
LAYOUT(pma_stats, limit_pages, 140);

SIZE(pma_limit_args, 32);
LAYOUT(pma_limit_args, limit, 4);
LAYOUT(pma_limit_args, available, 20);
LAYOUT(pma_limit_args, reserved, 24);

SIZE(pma_open_args, 56);
LAYOUT(pma_open_args, flags, 32);
LAYOUT(pma_open_args, fd, 40);
LAYOUT(pma_open_args, reserved, 44);

SIZE(pma_unlink_args, 32);
SIZE(pma_tag_args, 32);

SIZE(pma_root_args, 16);
LAYOUT(pma_root_args, reserved, 8);

SIZE(pma_arena_rec, 168);
LAYOUT(pma_arena_rec, live_blocks, 24);
LAYOUT(pma_arena_rec, arena_pages, 64);
LAYOUT(pma_arena_rec, comm, 88);
LAYOUT(pma_arena_rec, name, 104);
LAYOUT(pma_arena_rec, tag, 136);

SIZE(pma_page_rec, 48);
LAYOUT(pma_page_rec, block_size, 16);
LAYOUT(pma_page_rec, first_free, 32);
LAYOUT(pma_page_rec, free_bytes, 40);

SIZE(pma_block_rec, 48);
LAYOUT(pma_block_rec, kind, 32);
LAYOUT(pma_block_rec, owner, 40);

SIZE(pma_dump_args, 32);
LAYOUT(pma_dump_args, records, 8);
LAYOUT(pma_dump_args, what, 16);
LAYOUT(pma_dump_args, nr, 20);
LAYOUT(pma_dump_args, reserved, 24);

SIZE(pma_check_args, 32);
LAYOUT(pma_check_args, errors, 4);
LAYOUT(pma_check_args, pages, 8);
LAYOUT(pma_check_args, blocks, 16);
LAYOUT(pma_check_args, first_bad_page, 24);
LAYOUT(pma_check_args, reserved, 28);

SIZE(pma_share_args, 40);
LAYOUT(pma_share_args, flags, 8);
LAYOUT(pma_share_args, nr_claims, 12);
LAYOUT(pma_share_args, token, 16);
LAYOUT(pma_share_args, reserved, 32);

SIZE(pma_claim_args, 56);
LAYOUT(pma_claim_args, flags, 16);
LAYOUT(pma_claim_args, block_flags, 20);
LAYOUT(pma_claim_args, handle, 24);
LAYOUT(pma_claim_args, usable, 32);
LAYOUT(pma_claim_args, requested, 40);
LAYOUT(pma_claim_args, reserved, 48);

SIZE(pma_export_args, 32);
LAYOUT(pma_export_args, flags, 8);
LAYOUT(pma_export_args, fd, 12);
LAYOUT(pma_export_args, size, 16);
LAYOUT(pma_export_args, reserved, 24);

SIZE(pma_unshare_args, 24);
LAYOUT(pma_unshare_args, reserved, 16);

SIZE(pma_alloc_batch_args, 48);
LAYOUT(pma_alloc_batch_args, size, 8);
LAYOUT(pma_alloc_batch_args, align, 16);
LAYOUT(pma_alloc_batch_args, flags, 20);
LAYOUT(pma_alloc_batch_args, usable, 24);
LAYOUT(pma_alloc_batch_args, nr, 32);
LAYOUT(pma_alloc_batch_args, done, 36);
LAYOUT(pma_alloc_batch_args, reserved, 40);

SIZE(pma_free_batch_args, 24);
LAYOUT(pma_free_batch_args, nr, 8);
LAYOUT(pma_free_batch_args, done, 12);
LAYOUT(pma_free_batch_args, reserved, 16);

#define NUMBER(command, number) _Static_assert((command) == (number), #command)

NUMBER(PMA_IOC_INFO, 0x8040ba10U);
NUMBER(PMA_IOC_ALLOC, 0xc030ba11U);
NUMBER(PMA_IOC_FREE, 0x4010ba12U);
NUMBER(PMA_IOC_REALLOC, 0xc030ba13U);
NUMBER(PMA_IOC_BATCH, 0xc020ba14U);
NUMBER(PMA_IOC_QUERY, 0xc040ba15U);
NUMBER(PMA_IOC_STATS, 0x8090ba16U);
NUMBER(PMA_IOC_DUMP, 0xc020ba17U);
NUMBER(PMA_IOC_CHECK, 0xc020ba18U);
NUMBER(PMA_IOC_RESET, 0x0000ba19U);
NUMBER(PMA_IOC_LIMIT, 0xc020ba1aU);
NUMBER(PMA_IOC_ROOT, 0x8010ba1bU);
NUMBER(PMA_IOC_SET_ROOT, 0x4010ba1cU);
NUMBER(PMA_IOC_OPEN, 0xc038ba1dU);
NUMBER(PMA_IOC_UNLINK, 0x4020ba1eU);
NUMBER(PMA_IOC_TAG, 0x4020ba1fU);
NUMBER(PMA_IOC_SHARE, 0xc028ba20U);
NUMBER(PMA_IOC_CLAIM, 0xc038ba21U);
NUMBER(PMA_IOC_UNSHARE, 0x4018ba22U);
NUMBER(PMA_IOC_EXPORT, 0xc020ba23U);
NUMBER(PMA_IOC_ALLOC_BATCH, 0xc030ba24U);
NUMBER(PMA_IOC_FREE_BATCH, 0xc018ba25U);

static void abi_unknown_commands(struct test *t)
{
	static const unsigned int commands[] = {
		_IO(PMA_IOC_TYPE, 0x00), _IO(PMA_IOC_TYPE, 0x0f), _IO(PMA_IOC_TYPE, 0x1a),
		_IO(PMA_IOC_TYPE, 0x7f),
		_IO(PMA_IOC_TYPE, 0xff), 0, 0xffffffff,
		/* another type, size or direction is another command */
		_IOWR('p', 0x11, struct pma_alloc_args), _IOWR(PMA_IOC_TYPE, 0x11, char[40]),
		_IOWR(PMA_IOC_TYPE, 0x11, char[56]), _IO(PMA_IOC_TYPE, 0x11),
		_IOR(PMA_IOC_TYPE, 0x11, struct pma_alloc_args),
		_IOWR(PMA_IOC_TYPE, 0x12, struct pma_free_args),
		_IOW(PMA_IOC_TYPE, 0x19, __u32),
	};
	union {
		struct pma_alloc_args alloc;
		char bytes[256];
	} args = { .alloc.size = 64 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		test_context(t, "command 0x%08x", commands[i]);
		WANT_REFUSED(t, t->fd, device_call(t->fd, commands[i], &args), ENOTTY,
			     COUNTER_NONE);
	}
}

static bool is_power_of_two(__u64 n)
{
	return n && !(n & (n - 1));
}

static void abi_info(struct test *t)
{
	struct {
		struct pma_info info;
		unsigned char after[16];
	} out;
	size_t i;

	memset(&out, 0xff, sizeof(out));
	if (!WANT_OK(t, device_info(t->fd, &out.info)))
		return;
	WANT(t, out.info.abi, PMA_ABI_VERSION);
	WANT_TRUE(t, is_power_of_two(out.info.page_size));
	WANT(t, out.info.region_bytes, (__u64)out.info.page_size * out.info.nr_pages);
	WANT_TRUE(t, out.info.slab_max >= 64 && out.info.slab_max <= out.info.page_size / 2);
	WANT_TRUE(t, out.info.nr_classes > 0);
	WANT_TRUE(t, is_power_of_two(out.info.heap_granule));
	WANT_TRUE(t, out.info.heap_chunk_min >= out.info.heap_granule);
	WANT_TRUE(t, out.info.metadata_bytes > 0);
	WANT_TRUE(t, out.info.arena != 0);
	WANT(t, out.info.flags & ~(PMA_POOL_TRACK | PMA_POOL_POW2 | PMA_POOL_ISOLATE), 0);
	for (i = 0; i < ARRAY_SIZE(out.info.reserved); i++)
		WANT(t, out.info.reserved[i], 0);
	for (i = 0; i < sizeof(out.after); i++)
		WANT(t, out.after[i], 0xff);
}

static void abi_stats(struct test *t)
{
	struct {
		struct pma_stats stats;
		unsigned char after[16];
	} out;
	const char *at = (const char *)&out.stats;
	size_t i;

	memset(&out, 0xff, sizeof(out));
	if (!WANT_OK(t, device_stats(t->fd, &out.stats)))
		return;
	/* a fresh arena has counted nothing */
	for (i = 0; i < offsetof(struct pma_stats, pool_pages); i++)
		WANT(t, at[i], 0);
	WANT(t, out.stats.pool_pages, t->info.nr_pages);
	WANT_TRUE(t, out.stats.pool_free_pages <= out.stats.pool_pages);
	WANT_TRUE(t, out.stats.pool_largest_run <= out.stats.pool_free_pages);
	WANT_TRUE(t, out.stats.pool_arenas >= 1);
	WANT(t, out.stats.charged_pages, 0);
	WANT(t, out.stats.limit_pages, PMA_LIMIT_NONE);
	for (i = 0; i < sizeof(out.after); i++)
		WANT(t, out.after[i], 0xff);
}

const struct test_case abi_cases[] = {
	{ "abi_unknown_commands", abi_unknown_commands },
	{ "abi_info", abi_info },
	{ "abi_stats", abi_stats },
	{ }
};
