/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pattern.h - bytes that follow from a seed, to be found again
 *
 * Two seeds differ in nearly every byte, and each byte depends on its place, so
 * that a block that was overwritten, moved or mixed up with another shows.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stddef.h>

#include <linux/types.h>

void pattern_fill(void *buf, size_t bytes, __u64 seed);
size_t pattern_match(const void *buf, size_t bytes, __u64 seed);
size_t pattern_match_zero(const void *buf, size_t bytes);

#endif /* PATTERN_H */
