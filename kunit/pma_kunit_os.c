// SPDX-License-Identifier: GPL-2.0
/*
 * pma_kunit_os.c - the suites in the kernel: the module, its parameters, threads
 *
 *	insmod pma_kunit.ko [seed=N] [ops=N]
 */
#include <linux/anon_inodes.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "pma_kunit.h"

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "Of the random suites; 0 for another one each time (default)");

static unsigned int ops = 100000;
module_param(ops, uint, 0444);
MODULE_PARM_DESC(ops, "Operations of a random suite (default 100000)");

u64 pma_kunit_seed(void)
{
	while (!seed)
		seed = get_random_u32();
	return seed;
}

u32 pma_kunit_ops(void)
{
	return ops;
}

/* What each thread of a case on threads does: under an emulator that takes long. */
u32 pma_kunit_rounds(void)
{
	return ops / 1000;
}

struct thread {
	void (*run)(void *context, u32 index);
	void *context;
	u32 index;
	struct completion done;
};

static int run_thread(void *data)
{
	struct thread *thread = data;

	thread->run(thread->context, thread->index);
	kthread_complete_and_exit(&thread->done, 0);
}

/* Run @nr threads to their ends.  They can't use assertions or expectations. */
void pma_kunit_threads(struct kunit *test, u32 nr, void (*run)(void *context, u32 index),
		       void *context)
{
	struct thread *threads = kunit_kcalloc(test, nr, sizeof(*threads), GFP_KERNEL);
	u32 started, i;

	KUNIT_ASSERT_NOT_NULL(test, threads);
	for (started = 0; started < nr; started++) {
		struct thread *thread = &threads[started];

		*thread = (struct thread){ .run = run, .context = context, .index = started };
		init_completion(&thread->done);
		if (IS_ERR(kthread_run(run_thread, thread, "pma_kunit/%u", started)))
			break;
	}
	for (i = 0; i < started; i++)
		wait_for_completion(&threads[i].done);
	KUNIT_EXPECT_EQ(test, started, nr);
}

/* Let the rest of the case run on that CPU; false if there is no such. */
bool pma_kunit_move_to_cpu(u32 cpu)
{
	return cpu < nr_cpu_ids && cpu_online(cpu) &&
	       !set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

static int tell_of_release(struct inode *inode, struct file *file)
{
	complete(file->private_data);
	return 0;
}

/*
 * Wait for the release of files that were put.  A kernel thread's put leaves it to a work
 * item.  What that has not begun with can be flushed; if it has begun, it comes to one more
 * file only when it is done with those.
 */
void pma_kunit_flush_files(void)
{
	static const struct file_operations fops = { .release = tell_of_release };
	DECLARE_COMPLETION_ONSTACK(released);
	struct file *file = anon_inode_getfile("[pma_kunit]", &fops, &released, 0);

	flush_delayed_fput();
	if (WARN_ON(IS_ERR(file)))
		return;
	fput(file);
	wait_for_completion(&released);
}

void pma_kunit_sleep(void)
{
	msleep(20);
}

#ifdef CONFIG_HOTPLUG_CPU
bool pma_kunit_offline_cpu(u32 cpu)
{
	return cpu < nr_cpu_ids && !remove_cpu(cpu);
}

void pma_kunit_online_cpu(u32 cpu)
{
	add_cpu(cpu);
}
#else
bool pma_kunit_offline_cpu(u32 cpu)
{
	return false;
}

void pma_kunit_online_cpu(u32 cpu)
{
}
#endif

#ifdef CONFIG_FAULT_INJECTION
/*
 * The @nth allocation from now on fails, of those that the knobs in
 * /sys/kernel/debug/failslab and fail_page_alloc let fail.
 */
bool pma_kunit_fail_begin(u32 nth)
{
	WRITE_ONCE(current->fail_nth, nth);
	return true;
}

/* Did it? */
bool pma_kunit_fail_end(void)
{
	unsigned int left = READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return !left;
}
#else
bool pma_kunit_fail_begin(u32 nth)
{
	return false;
}

bool pma_kunit_fail_end(void)
{
	return false;
}
#endif

/* Of others nobody says what they do at a moment, but on the host. */
bool pma_kunit_let_others(void (*act)(void *context), void *context)
{
	return false;
}

/* What is logged goes to the console alone. */
bool pma_kunit_log_begin(char *text, size_t bytes)
{
	return false;
}

void pma_kunit_log_end(void)
{
}

MODULE_DESCRIPTION("KUnit suites of the page memory allocator");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(PMA_KUNIT_NS);
