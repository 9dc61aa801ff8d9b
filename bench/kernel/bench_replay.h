/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench_replay.h - a trace of a real program, played again
 */
#ifndef _BENCH_REPLAY_H
#define _BENCH_REPLAY_H

#include <linux/fs.h>

extern const struct file_operations bench_replay_fops;

void bench_replay_exit(void);

#endif /* _BENCH_REPLAY_H */
