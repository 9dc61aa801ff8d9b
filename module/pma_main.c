// SPDX-License-Identifier: GPL-2.0
/*
 * pma_main.c - the module: its parameters, and the pool of /dev/pma
 */
#include <linux/cpuhotplug.h>
#include <linux/ctype.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "pma_chardev.h"
#include "pma_drain.h"
#include "pma_main.h"
#include "pma_pool.h"
#include "pma_proc.h"

/*
 * Is that what a text says, of which memparse() took @nr characters?  It tells of no
 * overflow.  If bits were shifted out, what is left is less than the number before the
 * suffix, or no multiple of it: an odd factor of the number cannot divide both.
 */
static bool is_all_of(const char *val, size_t nr, u64 bytes)
{
	char text[32];
	u64 number;

	if (nr >= sizeof(text))
		return false;
	memcpy(text, val, nr);
	text[nr] = '\0';
	if (!kstrtou64(text, 0, &number))
		return bytes == number;
	if (isdigit(text[nr - 1]))
		return false;
	text[nr - 1] = '\0';
	return !kstrtou64(text, 0, &number) && bytes >= number &&
	       (!number || div64_u64(bytes, number) * number == bytes);
}

/**
 * pma_main_set_size() - a parameter that is a size takes the suffixes of memparse()
 * @val: what it is set to
 * @kp: the parameter, an unsigned long
 *
 * Return: 0, or -EINVAL, and then it is as it was.
 */
int pma_main_set_size(const char *val, const struct kernel_param *kp)
{
	unsigned long long bytes;
	char *end;

	/* To memparse() a suffix alone is a number, too: 0. */
	if (!isdigit(*val))
		return -EINVAL;
	bytes = memparse(val, &end);
	if (!sysfs_streq(end, "") || !is_all_of(val, end - val, bytes) || bytes > ULONG_MAX)
		return -EINVAL;
	*(unsigned long *)kp->arg = bytes;
	return 0;
}

static const struct kernel_param_ops size_ops = {
	.set = pma_main_set_size,
	.get = param_get_ulong,
};

#define param_check_size(name, p) __param_check(name, p, unsigned long)

static struct pma_main_params params = {
	.size = SZ_64M,
	.page_size = PAGE_SIZE,
	.classes = "fine",
	.track = true,
};

module_param_cb(size, &size_ops, &params.size, 0444);
__MODULE_PARM_TYPE(size, "size");
MODULE_PARM_DESC(size, "Bytes of the region of /dev/pma, a whole number of pages; K, M, G (default 64M)");

module_param_cb(page_size, &size_ops, &params.page_size, 0444);
__MODULE_PARM_TYPE(page_size, "size");
MODULE_PARM_DESC(page_size, "Bytes of a page, a power of two from 256 to 64K (default PAGE_SIZE)");

module_param_cb(slab_max, &size_ops, &params.slab_max, 0444);
__MODULE_PARM_TYPE(slab_max, "size");
MODULE_PARM_DESC(slab_max, "Largest block of a slab page, 64 to page_size/2 (default page_size/2)");

module_param_named(classes, params.classes, charp, 0444);
MODULE_PARM_DESC(classes, "Class map: fine (default) or pow2");

module_param_named(track, params.track, bool, 0444);
MODULE_PARM_DESC(track, "Record the requested size of slab blocks, a byte for each 16 of the region (default on)");

module_param_cb(limit, &size_ops, &params.limit, 0444);
__MODULE_PARM_TYPE(limit, "size");
MODULE_PARM_DESC(limit, "Bytes that an arena of /dev/pma may have at first, a whole number of pages; 0: no limit (default)");

static struct pma_pool *pool;

static int refuse(const char *why, unsigned long value)
{
	pr_err("%s: %lu\n", why, value);
	return -EINVAL;
}

/**
 * pma_main_check_params() - say what is wrong before the pool, which can't, refuses it
 * @params: of the module
 *
 * Return: 0, or -EINVAL, and then the log tells why.
 */
int pma_main_check_params(const struct pma_main_params *params)
{
	const unsigned long page_size = params->page_size;

	if (!is_power_of_2(page_size) || page_size < BIT(PMA_PAGE_SHIFT_MIN) ||
	    page_size > BIT(PMA_PAGE_SHIFT_MAX))
		return refuse("page_size is not a power of two from 256 to 65536", page_size);
	if (!params->size || params->size & (page_size - 1))
		return refuse("size is not a whole number of pages", params->size);
	if (params->size / page_size > PMA_NR_PAGES_MAX)
		return refuse("size is more than 2^26 - 1 pages", params->size);
	if (params->slab_max && (params->slab_max < 64 || params->slab_max > page_size / 2))
		return refuse("slab_max is not between 64 and page_size/2", params->slab_max);
	if (params->limit & (page_size - 1) || params->limit > params->size)
		return refuse("limit is not a whole number of pages of the region",
			      params->limit);
	if (strcmp(params->classes, "fine") && strcmp(params->classes, "pow2")) {
		pr_err("classes is neither fine nor pow2: %s\n", params->classes);
		return -EINVAL;
	}
	return 0;
}

static int create_pool(void)
{
	const struct pma_pool_params pool_params = {
		.page_size = params.page_size,
		.slab_max = params.slab_max,
		.arena_limit = params.limit / params.page_size,
		.flags = PMA_POOL_ISOLATE | (params.track ? PMA_POOL_TRACK : 0) |
			 (strcmp(params.classes, "pow2") ? 0 : PMA_POOL_POW2),
	};

	pool = pma_pool_new("pma", params.size, &pool_params);
	if (!IS_ERR(pool))
		return 0;
	pr_err("no region of %lu bytes: %pe\n", params.size, pool);
	return PTR_ERR(pool);
}

/* What a CPU had is given back when it has gone offline. */

static void drain_offline(struct work_struct *work)
{
	pma_drain_offline();
}

static DECLARE_WORK(offline_work, drain_offline);
static int hotplug_state;

/* The locks that it takes to drain are held by others who wait for hotplug to end. */
static int cpu_is_dead(unsigned int cpu)
{
	schedule_work(&offline_work);
	return 0;
}

static int init_hotplug(void)
{
	hotplug_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "mm/pma:dead", NULL,
						  cpu_is_dead);
	return min(hotplug_state, 0);
}

static void exit_hotplug(void)
{
	cpuhp_remove_state_nocalls(hotplug_state);
	cancel_work_sync(&offline_work);
}

static int __init pma_main_init(void)
{
	int err = pma_main_check_params(&params);

	if (err)
		return err;
	err = create_pool();
	if (err)
		return err;
	err = init_hotplug();
	if (err)
		goto delete_pool;
	err = pma_proc_init();
	if (err)
		goto exit_hotplug;
	err = pma_chardev_init(pool);
	if (err)
		goto exit_proc;
	params.slab_max = pool->classes->slab_max;
	pr_info("region of %lu bytes%s, %u pages of %lu, %zu bytes of metadata\n", params.size,
		pool->region.huge ? " in huge pages" : "", pool->region.nr_pages,
		params.page_size, pma_pool_metadata_bytes(pool));
	return 0;

exit_proc:
	pma_proc_exit();
exit_hotplug:
	exit_hotplug();
delete_pool:
	pma_pool_delete(pool);
	return err;
}

static void __exit pma_main_exit(void)
{
	pma_chardev_exit();
	pma_proc_exit();
	exit_hotplug();
	pma_pool_delete(pool);
}

module_init(pma_main_init);
module_exit(pma_main_exit);

MODULE_DESCRIPTION("Page memory allocator");
MODULE_LICENSE("GPL");
