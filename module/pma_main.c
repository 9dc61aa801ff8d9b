// SPDX-License-Identifier: GPL-2.0
/*
 * pma_main.c - the module: its parameters, and the pool of /dev/pma
 */
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "pma_chardev.h"
#include "pma_pool.h"
#include "pma_proc.h"

/* Parameters that are sizes take the suffixes of memparse(). */
static int size_set(const char *val, const struct kernel_param *kp)
{
	unsigned long long bytes;
	char *end;

	bytes = memparse(val, &end);
	if (end == val || (*end && *end != '\n') || bytes > ULONG_MAX)
		return -EINVAL;
	*(unsigned long *)kp->arg = bytes;
	return 0;
}

static const struct kernel_param_ops size_ops = {
	.set = size_set,
	.get = param_get_ulong,
};

#define param_check_size(name, p) __param_check(name, p, unsigned long)

static unsigned long param_size = SZ_64M;
module_param_cb(size, &size_ops, &param_size, 0444);
__MODULE_PARM_TYPE(size, "size");
MODULE_PARM_DESC(size, "Bytes of the region of /dev/pma, a whole number of pages; K, M, G (default 64M)");

static unsigned long param_page_size = PAGE_SIZE;
module_param_cb(page_size, &size_ops, &param_page_size, 0444);
__MODULE_PARM_TYPE(page_size, "size");
MODULE_PARM_DESC(page_size, "Bytes of a page, a power of two from 256 to 64K (default PAGE_SIZE)");

static unsigned long param_slab_max;
module_param_cb(slab_max, &size_ops, &param_slab_max, 0444);
__MODULE_PARM_TYPE(slab_max, "size");
MODULE_PARM_DESC(slab_max, "Largest block of a slab page, 64 to page_size/2 (default page_size/2)");

static char *param_classes = "fine";
module_param_named(classes, param_classes, charp, 0444);
MODULE_PARM_DESC(classes, "Class map: fine (default) or pow2");

static bool param_track = true;
module_param_named(track, param_track, bool, 0444);
MODULE_PARM_DESC(track, "Record the requested size of slab blocks, a byte for each 16 of the region (default on)");

static unsigned long param_limit;
module_param_cb(limit, &size_ops, &param_limit, 0444);
__MODULE_PARM_TYPE(limit, "size");
MODULE_PARM_DESC(limit, "Bytes that an arena of /dev/pma may have at first, a whole number of pages; 0: no limit (default)");

static struct pma_pool *pool;

static int refuse(const char *why, unsigned long value)
{
	pr_err("%s: %lu\n", why, value);
	return -EINVAL;
}

/* Say what is wrong before the pool, which can't, refuses it. */
static int check_params(void)
{
	if (!is_power_of_2(param_page_size) || param_page_size < BIT(PMA_PAGE_SHIFT_MIN) ||
	    param_page_size > BIT(PMA_PAGE_SHIFT_MAX))
		return refuse("page_size is not a power of two from 256 to 65536", param_page_size);
	if (!param_size || param_size & (param_page_size - 1))
		return refuse("size is not a whole number of pages", param_size);
	if (param_size / param_page_size > PMA_NR_PAGES_MAX)
		return refuse("size is more than 2^26 - 1 pages", param_size);
	if (param_slab_max && (param_slab_max < 64 || param_slab_max > param_page_size / 2))
		return refuse("slab_max is not between 64 and page_size/2", param_slab_max);
	if (param_limit & (param_page_size - 1) || param_limit > param_size)
		return refuse("limit is not a whole number of pages of the region", param_limit);
	if (strcmp(param_classes, "fine") && strcmp(param_classes, "pow2")) {
		pr_err("classes is neither fine nor pow2: %s\n", param_classes);
		return -EINVAL;
	}
	return 0;
}

static int create_pool(void)
{
	struct pma_pool_params params = {
		.page_size = param_page_size,
		.slab_max = param_slab_max,
		.arena_limit = param_limit / param_page_size,
		.flags = PMA_POOL_ISOLATE | (param_track ? PMA_POOL_TRACK : 0) |
			 (strcmp(param_classes, "pow2") ? 0 : PMA_POOL_POW2),
	};

	pool = pma_pool_new("pma", param_size, &params);
	if (!IS_ERR(pool))
		return 0;
	pr_err("no region of %lu bytes: %pe\n", param_size, pool);
	return PTR_ERR(pool);
}

static int __init pma_main_init(void)
{
	int err = check_params();

	if (err)
		return err;
	err = create_pool();
	if (err)
		return err;
	err = pma_proc_init();
	if (err)
		goto delete_pool;
	err = pma_chardev_init(pool);
	if (err)
		goto exit_proc;
	param_slab_max = pool->classes->slab_max;
	pr_info("region of %lu bytes, %u pages of %lu, %zu bytes of metadata\n", param_size,
		pool->region.nr_pages, param_page_size, pma_pool_metadata_bytes(pool));
	return 0;

exit_proc:
	pma_proc_exit();
delete_pool:
	pma_pool_delete(pool);
	return err;
}

static void __exit pma_main_exit(void)
{
	pma_chardev_exit();
	pma_proc_exit();
	pma_pool_delete(pool);
}

module_init(pma_main_init);
module_exit(pma_main_exit);

MODULE_DESCRIPTION("Page memory allocator");
MODULE_LICENSE("GPL");
