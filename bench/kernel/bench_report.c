// SPDX-License-Identifier: GPL-2.0
/*
 * bench_report.c - results, as lines of JSON
 *
 * {"lane", "case", "allocator", "value", "unit", "kernel", "seed"}, kept until
 * they are read, from the file "results" in debugfs.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>

#include "bench.h"
#include "bench_report.h"

#define REPORT_BYTES	(256 * 1024)
#define CALIBRATE_NS	(20 * NSEC_PER_MSEC)

static DEFINE_MUTEX(report_mutex);
static char *report;
static size_t report_bytes;
static const char *report_lane;

/* So many nanoseconds are so many ticks. */
static u64 rate_ns = 1;
static u64 rate_ticks = 1;

static void calibrate(void)
{
	u64 ns = ktime_get_ns(), ticks = bench_now();

	do {
		rate_ns = ktime_get_ns() - ns;
		rate_ticks = bench_now() - ticks;
	} while (rate_ns < CALIBRATE_NS);
}

/**
 * bench_report_init() - begin
 * @lane: that the results are of
 *
 * Return: 0 or -ENOMEM.
 */
int bench_report_init(const char *lane)
{
	report_lane = lane;
	report = vzalloc(REPORT_BYTES);
	if (!report)
		return -ENOMEM;
	if (!bench_counts_instructions)
		calibrate();
	return 0;
}

/**
 * bench_report_exit() - end
 */
void bench_report_exit(void)
{
	vfree(report);
}

/**
 * bench_report() - a result
 * @name: of the case
 * @allocator: that was measured
 * @hundredths: the value
 * @unit: of the value
 */
void bench_report(const char *name, const char *allocator, u64 hundredths, const char *unit)
{
	mutex_lock(&report_mutex);
	report_bytes += scnprintf(report + report_bytes, REPORT_BYTES - report_bytes,
		"{\"lane\": \"%s\", \"case\": \"%s\", \"allocator\": \"%s\", \"value\": %llu.%02llu, \"unit\": \"%s\", \"kernel\": \"%s\", \"seed\": %llu}\n",
		report_lane, name, allocator, hundredths / 100, hundredths % 100, unit,
		init_utsname()->release, bench_seed);
	mutex_unlock(&report_mutex);
}

/**
 * bench_report_ticks() - a result that is a time
 * @name: of the case
 * @allocator: that was measured
 * @ticks: of all operations
 * @nr: of operations
 */
void bench_report_ticks(const char *name, const char *allocator, u64 ticks, u64 nr)
{
	u64 hundredths;

	if (bench_counts_instructions)
		hundredths = div64_u64(ticks * 100, nr);
	else
		hundredths = div64_u64(mul_u64_u64_div_u64(ticks * 100, rate_ns, rate_ticks), nr);
	bench_report(name, allocator, hundredths,
		     bench_counts_instructions ? "instructions" : "ns");
}

static ssize_t report_read(struct file *file, char __user *to, size_t bytes, loff_t *pos)
{
	ssize_t done;

	mutex_lock(&report_mutex);
	done = simple_read_from_buffer(to, bytes, pos, report, report_bytes);
	mutex_unlock(&report_mutex);
	return done;
}

/* Whoever writes to it has read it: forget. */
static ssize_t report_write(struct file *file, const char __user *from, size_t bytes, loff_t *pos)
{
	mutex_lock(&report_mutex);
	report_bytes = 0;
	mutex_unlock(&report_mutex);
	return bytes;
}

const struct file_operations bench_report_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = report_read,
	.write = report_write,
	.llseek = default_llseek,
};
