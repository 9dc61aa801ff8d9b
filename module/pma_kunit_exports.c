// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_exports.c - what pma_kunit.ko may call of L1 to L4
 *
 * Part of pma.ko only where it is built for tests.  Here rather than beside each
 * function, so that the engines need not know.
 */
#include <linux/export.h>

#include "pma_adapt.h"
#include "pma_arena.h"
#include "pma_batch.h"
#include "pma_big.h"
#include "pma_block.h"
#include "pma_chardev.h"
#include "pma_check.h"
#include "pma_client.h"
#include "pma_cpu.h"
#include "pma_dmabuf.h"
#include "pma_drain.h"
#include "pma_dump.h"
#include "pma_fit_check.h"
#include "pma_free.h"
#include "pma_heap.h"
#include "pma_held.h"
#include "pma_ioctl.h"
#include "pma_keepers.h"
#include "pma_limit.h"
#include "pma_main.h"
#include "pma_mix.h"
#include "pma_mmap.h"
#include "pma_page.h"
#include "pma_place.h"
#include "pma_pool.h"
#include "pma_reach.h"
#include "pma_region.h"
#include "pma_request.h"
#include "pma_resize.h"
#include "pma_root.h"
#include "pma_share.h"
#include "pma_slab.h"
#include "pma_slabs.h"
#include "pma_table.h"
#include "pma_wait.h"

#define EXPORT_FOR_KUNIT(symbol) EXPORT_SYMBOL_NS_GPL(symbol, PMA_KUNIT_NS)

EXPORT_FOR_KUNIT(pma_region_init);
EXPORT_FOR_KUNIT(pma_region_exit);

EXPORT_FOR_KUNIT(pma_pages_init);
EXPORT_FOR_KUNIT(pma_pages_exit);
EXPORT_FOR_KUNIT(pma_pages_metadata_bytes);
EXPORT_FOR_KUNIT(pma_pages_requested);
EXPORT_FOR_KUNIT(pma_pages_retire);
EXPORT_FOR_KUNIT(pma_pages_clean);

EXPORT_FOR_KUNIT(pma_table_reserve);
EXPORT_FOR_KUNIT(pma_table_exit);

EXPORT_FOR_KUNIT(pma_fit_nr_lists);
EXPORT_FOR_KUNIT(pma_fit_init);
EXPORT_FOR_KUNIT(pma_fit_add);
EXPORT_FOR_KUNIT(pma_fit_add_used);
EXPORT_FOR_KUNIT(pma_fit_free_or_remove);
EXPORT_FOR_KUNIT(pma_fit_alloc);
EXPORT_FOR_KUNIT(pma_fit_free);
EXPORT_FOR_KUNIT(pma_fit_resize);
EXPORT_FOR_KUNIT(pma_fit_find);
EXPORT_FOR_KUNIT(pma_fit_largest);
EXPORT_FOR_KUNIT(pma_fit_check_span);
EXPORT_FOR_KUNIT(pma_fit_check_lists);

EXPORT_FOR_KUNIT(pma_slab_classes_create);
EXPORT_FOR_KUNIT(pma_slab_classes_destroy);
EXPORT_FOR_KUNIT(pma_slab_class_of);
EXPORT_FOR_KUNIT(pma_slab_page_init);
EXPORT_FOR_KUNIT(pma_slab_take);
EXPORT_FOR_KUNIT(pma_slab_lend);
EXPORT_FOR_KUNIT(pma_slab_lend_beside);
EXPORT_FOR_KUNIT(pma_slab_nr_used);
EXPORT_FOR_KUNIT(pma_slab_find);
EXPORT_FOR_KUNIT(pma_slab_check);

EXPORT_FOR_KUNIT(pma_mix_init);
EXPORT_FOR_KUNIT(pma_mix_alloc);
EXPORT_FOR_KUNIT(pma_mix_free);
EXPORT_FOR_KUNIT(pma_mix_resize);
EXPORT_FOR_KUNIT(pma_mix_find);
EXPORT_FOR_KUNIT(pma_mix_sum);

EXPORT_FOR_KUNIT(pma_big_mark_body);
EXPORT_FOR_KUNIT(pma_big_find);

EXPORT_FOR_KUNIT(pma_heap_plan);
EXPORT_FOR_KUNIT(pma_heap_create);
EXPORT_FOR_KUNIT(pma_heap_destroy);
EXPORT_FOR_KUNIT(pma_heap_add);
EXPORT_FOR_KUNIT(pma_heap_discard);
EXPORT_FOR_KUNIT(pma_heap_used_bytes);
EXPORT_FOR_KUNIT(pma_heap_alloc);
EXPORT_FOR_KUNIT(pma_heap_free);
EXPORT_FOR_KUNIT(pma_heap_resize);
EXPORT_FOR_KUNIT(pma_heap_find);
EXPORT_FOR_KUNIT(pma_heap_record);
EXPORT_FOR_KUNIT(pma_heap_block);
EXPORT_FOR_KUNIT(pma_heap_next);
EXPORT_FOR_KUNIT(pma_heap_look_free);
EXPORT_FOR_KUNIT(pma_heap_check);

EXPORT_FOR_KUNIT(pma_pool_new);
EXPORT_FOR_KUNIT(pma_pool_delete);
EXPORT_FOR_KUNIT(pma_pool_metadata_bytes);
EXPORT_FOR_KUNIT(pma_pool_info);
EXPORT_FOR_KUNIT(pma_pool_route);
EXPORT_FOR_KUNIT(pma_pool_find_big);
EXPORT_FOR_KUNIT(pma_pool_free_pages);
EXPORT_FOR_KUNIT(pma_pool_list_lock);
EXPORT_FOR_KUNIT(pma_pool_list_unlock);
EXPORT_FOR_KUNIT(pma_pool_next);

EXPORT_FOR_KUNIT(pma_runs_take);
EXPORT_FOR_KUNIT(pma_runs_take_irqs_off);
EXPORT_FOR_KUNIT(pma_runs_give);
EXPORT_FOR_KUNIT(pma_runs_give_irqs_off);
EXPORT_FOR_KUNIT(pma_runs_resize);
EXPORT_FOR_KUNIT(pma_runs_join);

EXPORT_FOR_KUNIT(pma_limit_set);
EXPORT_FOR_KUNIT(pma_limit_get);
EXPORT_FOR_KUNIT(pma_limit_charge);
EXPORT_FOR_KUNIT(pma_limit_uncharge);
EXPORT_FOR_KUNIT(pma_limit_disown);
EXPORT_FOR_KUNIT(pma_limit_own);
EXPORT_FOR_KUNIT(pma_limit_is_in_the_way);
EXPORT_FOR_KUNIT(pma_limit_is_low);
EXPORT_FOR_KUNIT(pma_limit_look);
EXPORT_FOR_KUNIT(pma_limit_wait_begin);
EXPORT_FOR_KUNIT(pma_limit_wait_end);

EXPORT_FOR_KUNIT(pma_arena_new);
EXPORT_FOR_KUNIT(pma_arena_delete);
EXPORT_FOR_KUNIT(pma_arena_get_stats);
EXPORT_FOR_KUNIT(pma_arena_take_held);
EXPORT_FOR_KUNIT(pma_arena_clean_run);
EXPORT_FOR_KUNIT(pma_arena_give_held);
EXPORT_FOR_KUNIT(pma_arena_big_take);
EXPORT_FOR_KUNIT(pma_arena_big_publish);
EXPORT_FOR_KUNIT(pma_arena_big_drop);
EXPORT_FOR_KUNIT(pma_arena_big_resize);
EXPORT_FOR_KUNIT(pma_arena_big_give);
EXPORT_FOR_KUNIT(pma_arena_big_unlink);
EXPORT_FOR_KUNIT(pma_arena_count_error);
EXPORT_FOR_KUNIT(pma_arena_count_error_locked);

EXPORT_FOR_KUNIT(pma_adapt_route);
EXPORT_FOR_KUNIT(pma_mixed_hints);

EXPORT_FOR_KUNIT(pma_cpu_init);
EXPORT_FOR_KUNIT(pma_cpu_exit);
EXPORT_FOR_KUNIT(pma_cpu_fill);
EXPORT_FOR_KUNIT(pma_cpu_make_room);
EXPORT_FOR_KUNIT(pma_cpu_flush);
EXPORT_FOR_KUNIT(pma_cpu_take_own);
EXPORT_FOR_KUNIT(pma_cpu_steal);
EXPORT_FOR_KUNIT(pma_kept_flush);
EXPORT_FOR_KUNIT(pma_keepers_join);
EXPORT_FOR_KUNIT(pma_keepers_make_room);
EXPORT_FOR_KUNIT(pma_drain_begin);
EXPORT_FOR_KUNIT(pma_drain_end);
EXPORT_FOR_KUNIT(pma_drain_offline);
EXPORT_FOR_KUNIT(pma_cpu_add_stats);

EXPORT_FOR_KUNIT(pma_held_put);
EXPORT_FOR_KUNIT(pma_held_revoke);
EXPORT_FOR_KUNIT(pma_held_take);
EXPORT_FOR_KUNIT(pma_held_settle);
EXPORT_FOR_KUNIT(pma_held_settle_all);
EXPORT_FOR_KUNIT(pma_held_make_room);
EXPORT_FOR_KUNIT(pma_held_release_idle);

EXPORT_FOR_KUNIT(pma_slabs_alloc);
EXPORT_FOR_KUNIT(pma_slabs_lend);
EXPORT_FOR_KUNIT(pma_slabs_put_back);
EXPORT_FOR_KUNIT(pma_slabs_recount);
EXPORT_FOR_KUNIT(pma_slabs_place);
EXPORT_FOR_KUNIT(pma_slabs_release);

EXPORT_FOR_KUNIT(pma_block_try);
EXPORT_FOR_KUNIT(pma_block_alloc);
EXPORT_FOR_KUNIT(pma_block_alloc_batch);
EXPORT_FOR_KUNIT(pma_block_free);
EXPORT_FOR_KUNIT(pma_block_free_and_unlock);
EXPORT_FOR_KUNIT(pma_block_free_all);
EXPORT_FOR_KUNIT(pma_block_check_request);
EXPORT_FOR_KUNIT(pma_block_alloc_small);
EXPORT_FOR_KUNIT(pma_block_free_place);

EXPORT_FOR_KUNIT(pma_free_of_mixed);
EXPORT_FOR_KUNIT(pma_free_of_slab);
EXPORT_FOR_KUNIT(pma_free_big);
EXPORT_FOR_KUNIT(pma_free_other);

EXPORT_FOR_KUNIT(pma_batch_alloc);
EXPORT_FOR_KUNIT(pma_batch_alloc_equal);
EXPORT_FOR_KUNIT(pma_batch_free);
EXPORT_FOR_KUNIT(pma_batch_do);

EXPORT_FOR_KUNIT(pma_root_set);
EXPORT_FOR_KUNIT(pma_root_get);

EXPORT_FOR_KUNIT(pma_place_find);
EXPORT_FOR_KUNIT(pma_place_describe);
EXPORT_FOR_KUNIT(pma_place_record);
EXPORT_FOR_KUNIT(pma_place_pages);
EXPORT_FOR_KUNIT(pma_place_query);
EXPORT_FOR_KUNIT(pma_place_read);
EXPORT_FOR_KUNIT(pma_place_write);

EXPORT_FOR_KUNIT(pma_token_new);
EXPORT_FOR_KUNIT(pma_token_end);
EXPORT_FOR_KUNIT(pma_token_free);
EXPORT_FOR_KUNIT(pma_token_keep);
EXPORT_FOR_KUNIT(pma_token_issue);
EXPORT_FOR_KUNIT(pma_token_find);
EXPORT_FOR_KUNIT(pma_token_use);
EXPORT_FOR_KUNIT(pma_token_withdraw);
EXPORT_FOR_KUNIT(pma_token_withdraw_all);
EXPORT_FOR_KUNIT(pma_token_free_all);
EXPORT_FOR_KUNIT(pma_token_check);

EXPORT_FOR_KUNIT(pma_share_block);
EXPORT_FOR_KUNIT(pma_share_claim);
EXPORT_FOR_KUNIT(pma_share_revoke);
EXPORT_FOR_KUNIT(pma_share_find);
EXPORT_FOR_KUNIT(pma_share_leave);
EXPORT_FOR_KUNIT(pma_share_release);

EXPORT_FOR_KUNIT(pma_reach_ahead);

EXPORT_FOR_KUNIT(pma_resize_try);
EXPORT_FOR_KUNIT(pma_resize_block);

EXPORT_FOR_KUNIT(pma_check_arena);
EXPORT_FOR_KUNIT(pma_check_shares);
EXPORT_FOR_KUNIT(pma_check_runs);
EXPORT_FOR_KUNIT(pma_check_pool);

EXPORT_FOR_KUNIT(pma_dump_pages);
EXPORT_FOR_KUNIT(pma_dump_blocks);

EXPORT_FOR_KUNIT(pma_chardev_fops);

EXPORT_FOR_KUNIT(pma_client_begin);
EXPORT_FOR_KUNIT(pma_client_put);
EXPORT_FOR_KUNIT(pma_client_nr_named);
EXPORT_FOR_KUNIT(pma_client_dump);

EXPORT_FOR_KUNIT(pma_ioctl_make_writable);
EXPORT_FOR_KUNIT(pma_ioctl_do);
EXPORT_FOR_KUNIT(pma_ioctl_needs_write);

EXPORT_FOR_KUNIT(pma_request_try);
EXPORT_FOR_KUNIT(pma_request_serve);
EXPORT_FOR_KUNIT(pma_request_serve_or_wait);

EXPORT_FOR_KUNIT(pma_wait_init);
EXPORT_FOR_KUNIT(pma_wait_exit);
EXPORT_FOR_KUNIT(pma_wait_freed);
EXPORT_FOR_KUNIT(pma_wait_for_room);

EXPORT_FOR_KUNIT(pma_mmap_attach);
EXPORT_FOR_KUNIT(pma_mmap_ahead);
EXPORT_FOR_KUNIT(pma_mmap_map);

EXPORT_FOR_KUNIT(pma_main_set_size);
EXPORT_FOR_KUNIT(pma_main_check_params);

#if IS_ENABLED(CONFIG_DMA_SHARED_BUFFER)
EXPORT_FOR_KUNIT(pma_dmabuf_export);
EXPORT_FOR_KUNIT(pma_dmabuf_put);
EXPORT_FOR_KUNIT(pma_dmabuf_file);
EXPORT_FOR_KUNIT(pma_dmabuf_bytes);
#endif
