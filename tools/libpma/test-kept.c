// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-kept.c - what becomes of freed blocks
 *
 * That they are used again without the kernel is seen in its counters; that they are
 * no loss, in what can be had when all else is taken.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib.h"
#include "pattern.h"
#include "test.h"

/* Another thread does @run, and lives until it is told to end. */
struct helper {
	pthread_t thread;
	pthread_barrier_t barrier;
	struct pma *pma;
	void (*run)(struct helper *helper);
	void **blocks;
	size_t nr;
};

static void *help(void *arg)
{
	struct helper *helper = arg;

	helper->run(helper);
	pthread_barrier_wait(&helper->barrier);
	pthread_barrier_wait(&helper->barrier);
	return NULL;
}

static void begin_helper(struct helper *helper)
{
	pthread_barrier_init(&helper->barrier, NULL, 2);
	WANT(pthread_create(&helper->thread, NULL, help, helper), 0);
	pthread_barrier_wait(&helper->barrier);
}

static void end_helper(struct helper *helper)
{
	pthread_barrier_wait(&helper->barrier);
	pthread_join(helper->thread, NULL);
	pthread_barrier_destroy(&helper->barrier);
}

/* Up to 1 MiB, and a 64th of the region. */
static size_t largest(void)
{
	size_t most = info.region_bytes / 64;

	return most < 1 << 20 ? most : 1 << 20;
}

#define NR_FEW	64

static void want_pattern(struct pma *pma, char *block, unsigned int seed)
{
	size_t usable = pma_usable_size(pma, block);

	WANT(pattern_match(block, usable, seed), usable);
}

/* What is zeroed and copied in place: all of it, and nothing of the neighbours'. */
void test_few_bytes(struct pma *pma)
{
	char *blocks[NR_FEW];
	size_t size, other, i;

	for (size = 1; size <= 100; size++) {
		other = size * 37 % 100 + 1;
		for (i = 0; i < NR_FEW; i++) {
			blocks[i] = pma_malloc(pma, size);
			pattern_fill(blocks[i], pma_usable_size(pma, blocks[i]), i);
		}
		for (i = 0; i < NR_FEW; i += 4) {
			WANT(pma_free(pma, blocks[i]), 0);
			blocks[i] = pma_calloc(pma, 1, size);
			WANT(pattern_match_zero(blocks[i], size), size);
			blocks[i + 1] = pma_realloc(pma, blocks[i + 1], other);
			WANT(pattern_match(blocks[i + 1], other < size ? other : size, i + 1),
			     other < size ? other : size);
		}
		for (i = 0; i < NR_FEW; i += 4) {
			want_pattern(pma, blocks[i + 2], i + 2);
			want_pattern(pma, blocks[i + 3], i + 3);
		}
		for (i = 0; i < NR_FEW; i++)
			WANT(pma_free(pma, blocks[i]), 0);
	}
}

/*
 * The fast way misses while nobody knows the class of a size; by the time a thread looks
 * again, another one may have learnt it, and its magazine has blocks.
 */
void test_learnt_meanwhile(struct pma *pma)
{
	void *blocks[4];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_malloc(pma, 64);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		WANT(pma_free(pma, blocks[i]), 0);
	for (i = ARRAY_SIZE(blocks); i--; )
		WANT_TRUE(pma_cached_alloc(pma, 64) == blocks[i]);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		WANT(pma_free(pma, blocks[i]), 0);
}

/* A block that was freed is the next one of its size; and is not much larger than that. */
void test_larger(struct pma *pma)
{
	size_t size, usable, whole;
	uint64_t allocs;
	char *block;

	for (size = info.slab_max + 1; size <= largest(); size += size / 7) {
		block = pma_malloc(pma, size);
		if (!WANT_TRUE(block))
			return;
		usable = pma_usable_size(pma, block);
		whole = (size + info.page_size - 1) & -(size_t)info.page_size;
		WANT_TRUE(usable >= size && (usable - size <= usable / 8 || usable <= whole));
		pattern_fill(block, usable, size);
		WANT_TRUE(pma_realloc(pma, block, usable) == block);
		WANT(pma_free(pma, block), 0);
		allocs = stats_of(pma).allocs;
		WANT_TRUE(pma_malloc(pma, usable) == block);
		WANT(pma_free(pma, block), 0);
		WANT_TRUE(pma_calloc(pma, 1, size) == block);
		WANT(pattern_match_zero(block, size), size);
		WANT(stats_of(pma).allocs, allocs);
		WANT(pma_free(pma, block), 0);
	}
}

static void free_again(struct helper *helper)
{
	size_t i;

	for (i = 0; i < helper->nr; i++) {
		errno = 0;
		WANT_TRUE(pma_free(helper->pma, helper->blocks[i]) == -1 && errno == EALREADY);
	}
}

/* Not only twice in a row, not only in one thread: each one is noticed at once. */
void test_larger_twice(struct pma *pma)
{
	void *blocks[40];
	struct helper helper = { .pma = pma, .run = free_again, .blocks = blocks, .nr = 40 };
	size_t i, size = 2 * (size_t)info.page_size;
	char *block;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_malloc(pma, info.slab_max + 1 + i * 200);
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		block = blocks[i];
		errno = 0;
		WANT_TRUE(pma_free(pma, block + 16) == -1 && errno == EBADSLT);
		errno = 0;
		WANT_TRUE(pma_free(pma, block + 4) == -1 && errno == EBADSLT);
		WANT(pma_free(pma, block), 0);
	}
	free_again(&helper);
	begin_helper(&helper);
	end_helper(&helper);
	/* nor is there anything else to be done with it */
	errno = 0;
	WANT_TRUE(!pma_realloc(pma, blocks[0], size) && errno == EALREADY);
	errno = 0;
	WANT_TRUE(!pma_realloc(pma, blocks[0], 16) && errno == EALREADY);
	errno = 0;
	WANT_TRUE(!pma_usable_size(pma, blocks[0]) && errno == EALREADY);
	pma_flush(pma);
	errno = 0;
	WANT_TRUE(pma_free(pma, blocks[0]) == -1 && errno == EALREADY);
	/* pages that were slab pages are not taken for such inside a larger block */
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_malloc(pma, info.slab_max);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		WANT(pma_free(pma, blocks[i]), 0);
	pma_flush(pma);
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = pma_malloc(pma, size);
		errno = 0;
		WANT_TRUE(pma_free(pma, (char *)blocks[i] + size / 2) == -1 &&
			  errno == EBADSLT);
	}
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		WANT(pma_free(pma, blocks[i]), 0);
}

/* A block that others hold is never kept for the next one, however it was shared. */
void test_larger_shared(struct pma *pma)
{
	struct pma *other = pma_open(device, 0);
	size_t bytes = 4 * (size_t)info.page_size;
	struct pma_share_args args = { .nr_claims = 1 };
	struct pma_token token;
	char *block, *claimed;
	int by_hand;

	if (!WANT_TRUE(other))
		return;
	for (by_hand = 0; by_hand < 2; by_hand++) {
		block = pma_malloc(pma, bytes);
		if (by_hand) {
			args.handle = pma_handle(pma, block);
			WANT(ioctl(pma_fd(pma), PMA_IOC_SHARE, &args), 0);
			memcpy(token.bits, args.token, sizeof(token.bits));
		} else {
			WANT(pma_share(pma, block, 0, 1, &token), 0);
		}
		pattern_fill(block, bytes, 1);
		claimed = pma_claim(other, &token);
		if (!WANT_TRUE(claimed))
			return;
		WANT(pma_free(pma, block), 0);
		WANT_TRUE(pma_malloc(pma, bytes) != block);
		WANT(pattern_match(claimed, bytes, 1), bytes);
		WANT(pma_free(other, claimed), 0);
		/* the last hold is gone, and it is in no magazine */
		WANT(stats_of(other).live_blocks, 0);
		WANT(ioctl(pma_fd(pma), PMA_IOC_RESET), 0);
		pma_flush(pma);
	}
	block = pma_malloc(pma, bytes);
	WANT(pma_free(pma, block), 0);
	errno = 0;
	WANT_TRUE(pma_share(pma, block, 0, 1, &token) == -1 && errno == EALREADY);
	errno = 0;
	WANT_TRUE(pma_release(pma, block) == -1 && errno == EALREADY);
	pma_close(other);
}

static void free_all(struct helper *helper)
{
	size_t i;

	for (i = 0; i < helper->nr; i++)
		WANT(pma_free(helper->pma, helper->blocks[i]), 0);
}

/* What one thread allocates and another frees goes round without the kernel. */
void test_passed_on(struct pma *pma)
{
	static const size_t sizes[] = { 64, 1000, 3000, 10000 };
	void *blocks[1000];
	struct helper helper = { .pma = pma, .run = free_all, .blocks = blocks, .nr = 1000 };
	size_t i, round;
	uint64_t allocs = 0;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < helper.nr; i++)
			blocks[i] = pma_malloc(pma, sizes[i % 4]);
		begin_helper(&helper);
		/* but for what is in the other's magazines */
		if (round)
			WANT_TRUE(stats_of(pma).allocs < allocs + helper.nr / 2);
		allocs = stats_of(pma).allocs;
		end_helper(&helper);
	}
}

/* Bytes in free blocks. */
static uint64_t kept(struct pma *pma)
{
	return stats_of(pma).live_bytes;
}

static void wait_for_next_second(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	usleep((1000000000 - now.tv_nsec) / 1000 + 20000);
}

/* A quarter of what is left is kept, and less of it after a while. */
void test_kept(struct pma *pma)
{
	struct pma_limit_args limit = { .flags = PMA_LIMIT_LIMIT };
	size_t bytes = info.region_bytes / 8, nr = bytes / 5000, i;
	void **blocks = calloc(nr, sizeof(*blocks));
	struct helper helper = { .pma = pma, .run = free_all, .blocks = blocks, .nr = nr };
	uint64_t before, round;

	limit.limit = bytes / info.page_size;
	WANT(ioctl(pma_fd(pma), PMA_IOC_LIMIT, &limit), 0);
	for (i = 0; i < nr; i++)
		blocks[i] = pma_malloc(pma, i % 2 ? 4096 : 128);
	free_all(&helper);
	/* in magazines there are 64 KiB of each at most */
	WANT_TRUE(kept(pma) > bytes / 8);
	WANT_TRUE(kept(pma) <= bytes / 4 + (128 << 10));
	before = kept(pma);
	/* it takes time, so the tests of small pools do without */
	for (round = 0; round < 2 && info.region_bytes >= 64 << 20; round++) {
		wait_for_next_second();
		/* each thread has the big block that it freed last */
		for (i = 0; i < 100; i++)
			pma_free(pma, pma_malloc(pma, i % 2 ? 40000 : 80000));
	}
	WANT_TRUE(!round || kept(pma) < before * 7 / 8);
	pma_flush(pma);
	WANT(kept(pma), 0);
	free(blocks);
}

static void fill_with_larger(struct helper *helper)
{
	size_t i;

	for (i = 0; i < helper->nr; i++)
		helper->blocks[i] = pma_malloc(helper->pma, info.slab_max + 1 + i * 997 % 30000);
	free_all(helper);
}

/* All of a limit can be had, wherever free blocks are: in the depot, with other threads. */
void test_limit_in_full(struct pma *pma)
{
	struct pma_limit_args limit = {
		.flags = PMA_LIMIT_LIMIT,
		.limit = 300 * (size_t)30000 / info.page_size,
	};
	size_t bytes = (size_t)limit.limit * info.page_size;
	void *blocks[100], *block;
	struct helper helper = { .pma = pma, .run = fill_with_larger, .blocks = blocks,
				 .nr = 100 };

	WANT(ioctl(pma_fd(pma), PMA_IOC_LIMIT, &limit), 0);
	begin_helper(&helper);
	fill_with_larger(&helper);
	WANT_TRUE(kept(pma) > 0);
	block = pma_malloc(pma, bytes);
	WANT_TRUE(block);
	WANT(kept(pma), bytes);
	WANT_TRUE(!pma_malloc(pma, 1) && errno == ENOMEM);
	WANT(pma_free(pma, block), 0);
	/* by growing, too, for which both sizes have to have room */
	fill_with_larger(&helper);
	block = pma_realloc(pma, pma_malloc(pma, bytes / 4), bytes / 2 + bytes / 8);
	WANT_TRUE(block);
	WANT(pma_free(pma, block), 0);
	want_sound(pma);
	end_helper(&helper);
}
