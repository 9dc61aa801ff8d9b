// SPDX-License-Identifier: GPL-2.0
/*
 * bench_main.c - the module: its parameters, and its files in debugfs
 *
 *	/sys/kernel/debug/pma_bench/
 *		cases	 names of the cases
 *		run	 write a name: plays the case
 *		results	 what was measured, a JSON object a line; a write empties it
 *		trace	 write a packed trace for the cases replay and fit
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "bench.h"
#include "bench_ioctl.h"
#include "bench_replay.h"
#include "bench_report.h"

static char *lane = "guest";
module_param(lane, charp, 0444);
MODULE_PARM_DESC(lane, "Name of the lane in the results");

u64 bench_seed = 1;
module_param_named(seed, bench_seed, ullong, 0444);
MODULE_PARM_DESC(seed, "Of all random numbers (default 1)");

bool bench_counts_instructions;
module_param_named(icount, bench_counts_instructions, bool, 0444);
MODULE_PARM_DESC(icount, "The machine runs under -icount shift=0: a tick is an instruction");

char *bench_only;
module_param_named(only, bench_only, charp, 0444);
MODULE_PARM_DESC(only, "Measure this allocator alone");

unsigned int bench_times = 1;
module_param_named(times, bench_times, uint, 0444);
MODULE_PARM_DESC(times, "So many times the repetitions, for a profile (default 1)");

static const struct bench_case *const all_cases[] = {
	bench_pair_cases,
	bench_live_cases,
	bench_worst_cases,
	bench_arenas_cases,
	bench_smp_cases,
	bench_replay_cases,
	bench_waste_cases,
};

static const struct bench_case *find_case(const char *name)
{
	const struct bench_case *what;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all_cases); i++)
		for (what = all_cases[i]; what->name; what++)
			if (!strcmp(what->name, name))
				return what;
	return NULL;
}

static int cases_show(struct seq_file *seq, void *unused)
{
	const struct bench_case *what;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all_cases); i++)
		for (what = all_cases[i]; what->name; what++)
			seq_printf(seq, "%s\n", what->name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cases);

static ssize_t run_write(struct file *file, const char __user *from, size_t bytes, loff_t *pos)
{
	static DEFINE_MUTEX(run_mutex);
	const struct bench_case *what;
	char name[64];
	int err;

	if (bytes >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, bytes))
		return -EFAULT;
	name[bytes] = '\0';
	what = find_case(strim(name));
	if (!what)
		return -ENOENT;
	mutex_lock(&run_mutex);
	err = what->run(what);
	mutex_unlock(&run_mutex);
	return err ?: bytes;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
	.llseek = noop_llseek,
};

static struct dentry *dir;

static int __init bench_main_init(void)
{
	int err = bench_report_init(lane);

	if (err)
		return err;
	err = bench_ioctl_init();
	if (err) {
		bench_report_exit();
		return err;
	}
	dir = debugfs_create_dir("pma_bench", NULL);
	debugfs_create_file("cases", 0400, dir, NULL, &cases_fops);
	debugfs_create_file("run", 0200, dir, NULL, &run_fops);
	debugfs_create_file("results", 0600, dir, NULL, &bench_report_fops);
	debugfs_create_file("trace", 0200, dir, NULL, &bench_replay_fops);
	return 0;
}

static void __exit bench_main_exit(void)
{
	debugfs_remove(dir);
	bench_ioctl_exit();
	bench_replay_exit();
	bench_report_exit();
}

module_init(bench_main_init);
module_exit(bench_main_exit);

MODULE_DESCRIPTION("The peers of pma side by side");
MODULE_LICENSE("GPL");
