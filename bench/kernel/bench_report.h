/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench_report.h - results, as lines of JSON
 */
#ifndef _BENCH_REPORT_H
#define _BENCH_REPORT_H

#include <linux/fs.h>
#include <linux/types.h>

int bench_report_init(const char *lane);
void bench_report_exit(void);

void bench_report_ticks(const char *name, const char *allocator, u64 ticks, u64 nr);
void bench_report(const char *name, const char *allocator, u64 hundredths, const char *unit);

extern const struct file_operations bench_report_fops;

#endif /* _BENCH_REPORT_H */
