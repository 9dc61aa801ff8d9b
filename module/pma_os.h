/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_os.h - the one door for kernel headers of L0 to L3
 *
 * host/pma_os.h is its twin: the same names over libc, so that the same
 * sources run in a process under ASan and UBSan.  What is not named here or
 * below must not be used in L0 to L3.
 *
 *  types, bits	u8..u64, BIT(), ilog2(), fls(), __ffs(), is_power_of_2(), ALIGN()
 *  bitmap	find_next_bit(), find_next_zero_bit(),
 *		bitmap_zero(), __set_bit(), __clear_bit(),
 *		test_bit(), hweight_long(), ror64()
 *  random	get_random_bytes()
 *  memory	kzalloc(), kfree(), kvzalloc(), kvcalloc(), kvfree(), __vmalloc(),
 *		vmalloc_huge(), vmalloc_to_pfn(), vfree(), si_mem_available(), memset(), memcpy(),
 *		memzero_explicit(), swap()
 *  locks	raw_spinlock_t, mutex, atomic_t, lockdep_assert_held(), cond_resched()
 *  CPUs	__alloc_percpu(), free_percpu(), this_cpu_ptr(), per_cpu_ptr(),
 *		__this_cpu_read(), __this_cpu_write(), __this_cpu_inc(), __this_cpu_dec(),
 *		local_irq_save(), smp_processor_id(), on_each_cpu(), cpus_read_lock(),
 *		cpu_online(), for_each_possible_cpu(), set_bit(), clear_bit(),
 *		test_bit_acquire(), test_and_set_bit(), test_and_clear_bit(), cmpxchg(),
 *		try_cmpxchg(),
 *		smp_load_acquire(), smp_store_release(), xchg(), atomic_or(),
 *		atomic_andnot(), smp_store_mb(), smp_mb__before_atomic()
 *  later	delayed_work, schedule_delayed_work(), jiffies, time_before(), HZ, fsleep()
 *  lists, ids	list_head, ida
 *  arithmetic	DIV_ROUND_UP(), min(), max(), clamp_t(), struct_size()
 *  compiler	likely(), unlikely(), noinline, __uninitialized
 *  reports	WARN_ON_ONCE(), pr_err(), pr_warn()
 */
#ifndef _PMA_OS_H
#define _PMA_OS_H

#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/idr.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#endif /* _PMA_OS_H */
