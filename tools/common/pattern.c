// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pattern.c - bytes that follow from a seed, to be found again
 */
#include <string.h>

#include "pattern.h"

/* The mixer of splitmix64 (Steele, Lea, Flood 2014), a word at a time. */
static __u64 pattern_word(__u64 seed, size_t index)
{
	__u64 x = seed + (index + 1) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

void pattern_fill(void *buf, size_t bytes, __u64 seed)
{
	unsigned char *at = buf;
	__u64 word;
	size_t i, n;

	for (i = 0; bytes; i++) {
		n = bytes < sizeof(word) ? bytes : sizeof(word);
		word = pattern_word(seed, i);
		memcpy(at, &word, n);
		at += n;
		bytes -= n;
	}
}

/* How many bytes from the start are as pattern_fill() made them. */
size_t pattern_match(const void *buf, size_t bytes, __u64 seed)
{
	const unsigned char *at = buf, *as;
	__u64 word;
	size_t i, n, done = 0;

	for (i = 0; done < bytes; i++) {
		n = bytes - done < sizeof(word) ? bytes - done : sizeof(word);
		word = pattern_word(seed, i);
		if (memcmp(at + done, &word, n))
			break;
		done += n;
	}
	as = (const unsigned char *)&word;
	for (i = 0; done < bytes && at[done] == as[i]; i++)
		done++;
	return done;
}

/* How many bytes from the start are zero. */
size_t pattern_match_zero(const void *buf, size_t bytes)
{
	const unsigned char *at = buf;
	size_t done = 0;

	while (done < bytes && !at[done])
		done++;
	return done;
}
