/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench_ioctl.h - an ioctl that does nothing but copy its argument in and out
 */
#ifndef _BENCH_IOCTL_H
#define _BENCH_IOCTL_H

int bench_ioctl_init(void);
void bench_ioctl_exit(void);

#endif /* _BENCH_IOCTL_H */
