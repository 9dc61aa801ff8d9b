// SPDX-License-Identifier: GPL-2.0
/*
 * pma_pool.c - a region, its free runs and its arenas
 *
 * The pool deals in runs of pages (pma_runs.c): it gives them to arenas and takes them
 * back, and knows nothing of what they do with them.  It also says which engine serves
 * which request, the same for all its arenas:
 *
 *	size			engine	waste of a block
 *	up to slab_max		slab	classes=fine: 12.5 % above 64 B, or 15 B;
 *					classes=pow2: 50 %
 *	where whole pages	big	12.5 %, which is always so above 8 pages
 *	waste little
 *	else			heap	a granule, and less than the smallest chunk
 *					where a remainder is too short to stand alone
 *
 * An alignment above the granule, that no class gives, is whole pages' too.  A
 * request that finds no room for a segment gets one of just the pages it needs.
 */
#include "pma_drain.h"
#include "pma_runs.h"
#include "pma_share.h"

static LIST_HEAD(pools);
static DEFINE_MUTEX(pools_mutex);

static int check_params(struct pma_pool_params *params)
{
	if (!params->page_size)
		params->page_size = PAGE_SIZE;
	if (!params->slab_max)
		params->slab_max = params->page_size / 2;
	if (params->flags & ~PMA_POOL_FLAGS ||
	    (params->flags & PMA_POOL_POW2 && params->flags & PMA_POOL_ADAPTIVE))
		return -EINVAL;
	/* The region checks the page size again: it must be right to be compared with. */
	if (params->slab_max < 64 || params->slab_max > params->page_size / 2)
		return -EINVAL;
	return 0;
}

static struct pma_fit *create_runs(u32 nr_pages)
{
	struct pma_fit *runs;
	struct pma_fit_tag *tags;

	runs = kvzalloc(sizeof(*runs) + pma_fit_nr_lists(nr_pages) * sizeof(u32), GFP_KERNEL);
	tags = kvcalloc(nr_pages, sizeof(*tags), GFP_KERNEL);
	if (!runs || !tags) {
		kvfree(tags);
		kvfree(runs);
		return NULL;
	}
	pma_fit_init(runs, tags, 0, nr_pages);
	pma_fit_add(runs, 0, nr_pages);
	return runs;
}

static void destroy_runs(struct pma_fit *runs)
{
	if (runs)
		kvfree(runs->tags);
	kvfree(runs);
}

/**
 * pma_pool_new() - make a pool
 * @name: for people; cut to PMA_NAME_MAX - 1 characters
 * @bytes: of the region, a whole number of pages
 * @params: what it is to be; NULL for the defaults
 *
 * Context: May sleep.
 * Return: the pool, or ERR_PTR(-EINVAL, -ENOMEM).
 */
struct pma_pool *pma_pool_new(const char *name, size_t bytes, const struct pma_pool_params *params)
{
	struct pma_pool_params want = params ? *params : (struct pma_pool_params){};
	struct pma_pool *pool;
	int err = check_params(&want);

	if (err)
		return ERR_PTR(err);
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	err = pma_region_init(&pool->region, bytes, want.page_size);
	if (err)
		goto free_pool;
	err = -ENOMEM;
	pool->geo = pma_heap_plan(&pool->region, want.slab_max);
	err = pma_pages_init(&pool->pages, &pool->region, pool->geo.tag_bytes,
			     want.flags & PMA_POOL_TRACK);
	if (err)
		goto exit_region;
	err = -ENOMEM;
	pool->classes = pma_slab_classes_create(want.page_size, want.slab_max,
						pool->pages.bit_shift,
						want.flags & PMA_POOL_POW2);
	if (!pool->classes)
		goto exit_pages;
	pool->runs = create_runs(pool->region.nr_pages);
	if (!pool->runs)
		goto destroy_classes;

	pool->has_plenty = true;
	pool->flags = want.flags;
	pool->arena_limit = want.arena_limit ?: PMA_LIMIT_NONE;
	strscpy(pool->name, name ?: "", sizeof(pool->name));
	raw_spin_lock_init(&pool->lock);
	memset(pool->loose, 0xff, sizeof(pool->loose));	/* PMA_NONE */
	pool->quarantine = PMA_NONE;
	mutex_init(&pool->arenas_mutex);
	INIT_LIST_HEAD(&pool->arenas);
	ida_init(&pool->ids);
	INIT_LIST_HEAD(&pool->shares);
	INIT_LIST_HEAD(&pool->keepers);
	INIT_DELAYED_WORK(&pool->drain, pma_drain_pool);
	pool->next_drain = jiffies;
	pma_table_init(&pool->tokens, PMA_TOKENS_MAX + 1);
	ida_init(&pool->token_ids);
	mutex_lock(&pools_mutex);
	list_add_tail(&pool->node, &pools);
	mutex_unlock(&pools_mutex);
	return pool;

destroy_classes:
	pma_slab_classes_destroy(pool->classes);
exit_pages:
	pma_pages_exit(&pool->pages);
exit_region:
	pma_region_exit(&pool->region);
free_pool:
	kfree(pool);
	return ERR_PTR(err);
}

/**
 * pma_pool_delete() - free a pool that has no arenas any more
 * @pool: the pool
 *
 * Context: May sleep.
 */
void pma_pool_delete(struct pma_pool *pool)
{
	mutex_lock(&pools_mutex);
	list_del(&pool->node);
	mutex_unlock(&pools_mutex);
	cancel_delayed_work_sync(&pool->drain);
	pma_token_end(pool);
	ida_destroy(&pool->token_ids);
	pma_table_exit(&pool->tokens);
	ida_destroy(&pool->ids);
	mutex_destroy(&pool->arenas_mutex);
	destroy_runs(pool->runs);
	pma_pages_exit(&pool->pages);
	pma_slab_classes_destroy(pool->classes);
	pma_region_exit(&pool->region);
	kfree(pool);
}

/**
 * pma_pool_metadata_bytes() - what is kept outside the region for it
 * @pool: the pool
 *
 * Return: bytes, but for those of the arenas.
 */
size_t pma_pool_metadata_bytes(const struct pma_pool *pool)
{
	return sizeof(*pool) + pma_pages_metadata_bytes(&pool->pages) +
	       struct_size(pool->runs, heads, pool->runs->nr_lists) +
	       (size_t)pool->region.nr_pages * sizeof(struct pma_fit_tag) +
	       sizeof(*pool->classes) + pool->classes->slab_max / PMA_BLOCK_MIN;
}

/**
 * pma_pool_info() - describe a pool
 * @pool: the pool
 * @info: filled in, but for the arena's number
 */
void pma_pool_info(const struct pma_pool *pool, struct pma_info *info)
{
	*info = (struct pma_info){
		.abi = PMA_ABI_VERSION,
		.flags = pool->flags,
		.region_bytes = pool->region.bytes,
		.page_size = pma_region_page_size(&pool->region),
		.nr_pages = pool->region.nr_pages,
		.slab_max = pool->classes->slab_max,
		.heap_chunk_min = pma_heap_chunk_min(&pool->geo),
		.heap_granule = 1U << pool->geo.granule_shift,
		.nr_classes = pool->classes->nr,
		.metadata_bytes = pma_pool_metadata_bytes(pool),
	};
}

/**
 * pma_pool_route() - which engine serves a request
 * @pool: the pool
 * @size: bytes
 * @align: power of two up to the page size, or 0 for the natural alignment
 * @route: the answer
 *
 * Return: 0; -EINVAL for a size of 0 or a bad alignment; -ENOMEM for more than
 * the region.
 */
int pma_pool_route(const struct pma_pool *pool, size_t size, size_t align, struct pma_route *route)
{
	const struct pma_region *region = &pool->region;
	int class;

	/* Most are small, and as they come. */
	if (likely(!align && size - 1 < pool->classes->slab_max)) {
		route->kind = PMA_KIND_SLAB;
		route->class = pool->classes->of_size[(size - 1) / PMA_BLOCK_MIN];
		route->align = 1;
		return 0;
	}
	if (!size || (align && !is_power_of_2(align)) || align > pma_region_page_size(region))
		return -EINVAL;
	if (size > region->bytes)
		return -ENOMEM;
	class = size > pool->classes->slab_max ? -1 :
		pma_slab_class_of(pool->classes, size, align);
	if (class >= 0) {
		*route = (struct pma_route){ .kind = PMA_KIND_SLAB, .class = class,
					     .align = align ?: 1 };
		return 0;
	}
	route->class = 0;
	route->align = align ?: 1;
	route->nr_pages = ((size - 1) >> region->page_shift) + 1;
	if (pma_pool_pages_fit(region, size, route->nr_pages) ||
	    align > 1U << pool->geo.granule_shift)
		route->kind = PMA_KIND_BIG;
	else
		route->kind = PMA_KIND_HEAP;
	return 0;
}

/**
 * pma_pool_find_big() - the big block that a page without a descriptor lies in
 * @pool: the pool
 * @pgno: a page whose descriptor says free
 *
 * Context: Any but NMI; takes the pool's lock.
 * Return: the block's first page or PMA_NONE, see pma_big_find().
 */
u32 pma_pool_find_big(struct pma_pool *pool, u32 pgno)
{
	unsigned long irq;
	u32 first;

	raw_spin_lock_irqsave(&pool->lock, irq);
	first = pma_big_find(&pool->pages, pool->runs, pgno);
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return first;
}

/**
 * pma_pool_free_pages() - how much is left
 * @pool: the pool
 * @largest_run: if not NULL, see pma_fit_largest()
 *
 * Context: Any but NMI; takes the pool's lock.
 * Return: free pages.
 */
u32 pma_pool_free_pages(struct pma_pool *pool, u32 *largest_run)
{
	unsigned long irq;
	u32 nr_pages;

	raw_spin_lock_irqsave(&pool->lock, irq);
	nr_pages = pma_pool_nr_free(pool);
	if (largest_run) {
		pma_runs_join(pool);
		*largest_run = pma_fit_largest(pool->runs);
	}
	raw_spin_unlock_irqrestore(&pool->lock, irq);
	return nr_pages;
}

/**
 * pma_pool_list_lock() - hold the list of all pools still
 *
 * Context: May sleep.
 */
void pma_pool_list_lock(void)
{
	mutex_lock(&pools_mutex);
}

/**
 * pma_pool_list_unlock() - let the list of all pools go
 */
void pma_pool_list_unlock(void)
{
	mutex_unlock(&pools_mutex);
}

/**
 * pma_pool_next() - walk the list of all pools
 * @pool: a pool, or NULL to begin
 *
 * Context: between pma_pool_list_lock() and pma_pool_list_unlock().
 * Return: the next pool, or NULL.
 */
struct pma_pool *pma_pool_next(struct pma_pool *pool)
{
	struct list_head *next = pool ? pool->node.next : pools.next;

	lockdep_assert_held(&pools_mutex);
	return next == &pools ? NULL : list_entry(next, struct pma_pool, node);
}
