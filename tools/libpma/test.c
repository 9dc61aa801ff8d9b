// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test.c - pma-lib-test: libpma against a device
 *
 *	pma-lib-test [--device=PATH] [--seed=N] [--ops=N] [NAME...]
 *
 * Speaks KTAP; ends with 0 only if no test failed.  After each test the arena must
 * be sound, and have no block once the magazines are flushed.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chosen.h"
#include "pattern.h"
#include "test.h"

#define NOTES_MAX		20
#define THREADS			4

const char *device = "/dev/pma";
struct pma_info info;
static unsigned int seed;
static unsigned long ops = 20000;
static unsigned int nr_notes;

int want(int line, const char *what, uint64_t got, uint64_t wanted)
{
	if (got == wanted)
		return 1;
	if (nr_notes++ < NOTES_MAX)
		printf("    # %d: %s is %llu, not %llu\n", line, what, (unsigned long long)got,
		       (unsigned long long)wanted);
	return 0;
}

struct pma_stats stats_of(struct pma *pma)
{
	struct pma_stats stats = { };

	WANT(pma_stats(pma, &stats), 0);
	return stats;
}

void want_sound(struct pma *pma)
{
	struct pma_check_args check = { };

	WANT(ioctl(pma_fd(pma), PMA_IOC_CHECK, &check), 0);
	WANT(check.errors, 0);
}

/* Sizes around every boundary. */
static size_t size_at(size_t i)
{
	const size_t page = info.page_size, slab = info.slab_max;
	const size_t sizes[] = {
		1, 7, 8, 9, 15, 16, 17, 24, 33, 48, 64, 65, 100, 129, 200, 500, 1000, slab - 1,
		slab, slab + 1, page - 1, page, page + 1, page + 100, 2 * page, 2 * page + 1,
		5 * page + 8, 9 * page,
	};

	return sizes[i % ARRAY_SIZE(sizes)];
}

#define NR_SIZES	28

static void test_sizes(struct pma *pma)
{
	size_t i, size, usable;
	char *block;

	for (i = 0; i < 3 * NR_SIZES; i++) {
		size = size_at(i);
		block = pma_malloc(pma, size);
		if (!WANT_TRUE(block))
			return;
		usable = pma_usable_size(pma, block);
		WANT_TRUE(usable >= size);
		WANT((uintptr_t)block % (size < 16 ? 8 : 16), 0);
		WANT_TRUE(pma_ptr(pma, pma_handle(pma, block)) == block);
		pattern_fill(block, usable, i);
		WANT(pattern_match(block, usable, i), usable);
		WANT(pma_free(pma, block), 0);
	}
}

static void test_refusals(struct pma *pma)
{
	char *block;

	errno = 0;
	WANT_TRUE(!pma_malloc(pma, 0) && errno == EINVAL);
	errno = 0;
	WANT_TRUE(!pma_calloc(pma, 0, 8) && errno == EINVAL);
	errno = 0;
	WANT_TRUE(!pma_malloc(pma, info.region_bytes + 1) && errno == ENOMEM);
	errno = 0;
	WANT_TRUE(!pma_malloc(pma, SIZE_MAX) && errno == ENOMEM);
	errno = 0;
	WANT_TRUE(!pma_calloc(pma, SIZE_MAX / 8, 9) && errno == ENOMEM);
	errno = 0;
	WANT_TRUE(!pma_aligned_alloc(pma, 24, 100) && errno == EINVAL);
	errno = 0;
	WANT_TRUE(!pma_aligned_alloc(pma, 2 * info.page_size, 100) && errno == EINVAL);
	errno = 0;
	WANT_TRUE(!pma_aligned_alloc(pma, 0, 100) && errno == EINVAL);
	WANT(pma_free(pma, NULL), 0);
	WANT(pma_usable_size(pma, NULL), 0);
	WANT(pma_handle(pma, NULL), PMA_HANDLE_NONE);
	WANT_TRUE(!pma_ptr(pma, PMA_HANDLE_NONE));
	WANT_TRUE(!pma_ptr(pma, info.region_bytes));
	errno = 0;
	WANT_TRUE(pma_free(pma, &info) == -1 && errno == ERANGE);
	errno = 0;
	WANT_TRUE(!pma_open("/dev/null", 0) && errno == ENOTTY);
	errno = 0;
	WANT_TRUE(!pma_open("/nothing/there", 0) && errno == ENOENT);
	errno = 0;
	WANT_TRUE(!pma_open(device, 1 << 8) && errno == EINVAL);
	/* freed twice in a row: noticed, though the kernel has not seen either */
	block = pma_malloc(pma, 64);
	WANT(pma_free(pma, block), 0);
	errno = 0;
	WANT_TRUE(pma_free(pma, block) == -1 && errno == EALREADY);
	block = pma_malloc(pma, 2 * info.page_size);
	errno = 0;
	WANT_TRUE(pma_free(pma, block + 8) == -1 && errno == EBADSLT);
	WANT(pma_free(pma, block), 0);
	errno = 0;
	WANT_TRUE(pma_free(pma, block) == -1 && errno == EALREADY);
}

/* A free that the library could not judge is judged by the kernel when it gets there. */
static void test_late_refusal(struct pma *pma)
{
	char *one = pma_malloc(pma, 64), *two = pma_malloc(pma, 64);

	pma_free(pma, one);
	pma_free(pma, two);
	pma_free(pma, one);
	pma_flush(pma);
	WANT(stats_of(pma).bad_free, 1);
	want_sound(pma);
}

static void test_exact(struct pma *unused)
{
	struct pma *pma = pma_open(device, PMA_EXACT);
	char *block, *other;

	if (!WANT_TRUE(pma))
		return;
	block = pma_malloc(pma, 64);
	other = pma_malloc(pma, 64);
	WANT(stats_of(pma).live_blocks, 2);
	errno = 0;
	WANT_TRUE(pma_free(pma, block + 8) == -1 && errno == EBADSLT);
	WANT(pma_free(pma, block), 0);
	WANT(pma_free(pma, other), 0);
	errno = 0;
	WANT_TRUE(pma_free(pma, block) == -1 && errno == EALREADY);
	WANT(stats_of(pma).live_blocks, 0);
	block = pma_realloc(pma, pma_calloc(pma, 10, 10), 3000);
	WANT(pattern_match_zero(block, 100), 100);
	WANT_TRUE(!pma_realloc(pma, block, 0));
	WANT(stats_of(pma).live_blocks, 0);
	pma_close(pma);
}

static void test_calloc(struct pma *pma)
{
	size_t i, size;
	char *block;

	for (i = 0; i < 2 * NR_SIZES; i++) {
		size = size_at(i / 2);
		block = pma_calloc(pma, 1, size);
		if (!WANT_TRUE(block))
			return;
		WANT(pattern_match_zero(block, size), size);
		memset(block, 0xff, pma_usable_size(pma, block));
		pma_free(pma, block);
	}
}

static void test_aligned(struct pma *pma)
{
	size_t align, i;
	char *blocks[NR_SIZES];

	for (align = 1; align <= info.page_size; align *= 2) {
		for (i = 0; i < NR_SIZES; i++) {
			blocks[i] = pma_aligned_alloc(pma, align, size_at(i));
			WANT_TRUE(blocks[i] && pma_usable_size(pma, blocks[i]) >= size_at(i));
			WANT((uintptr_t)blocks[i] % align, 0);
			memset(blocks[i], 0xff, size_at(i));
		}
		for (i = 0; i < NR_SIZES; i++)
			WANT(pma_free(pma, blocks[i]), 0);
	}
}

/* From every size to every other, and back to nothing. */
static void test_realloc(struct pma *pma)
{
	size_t i, j, kept;
	char *block;

	for (i = 0; i < NR_SIZES; i++) {
		for (j = 0; j < NR_SIZES; j++) {
			block = pma_realloc(pma, NULL, size_at(i));
			if (!WANT_TRUE(block))
				return;
			pattern_fill(block, size_at(i), i);
			block = pma_realloc(pma, block, size_at(j));
			if (!WANT_TRUE(block))
				return;
			kept = size_at(i) < size_at(j) ? size_at(i) : size_at(j);
			WANT(pattern_match(block, kept, i), kept);
			WANT_TRUE(pma_usable_size(pma, block) >= size_at(j));
			if (size_at(i) < size_at(j))
				memset(block, 0xff, size_at(j));
			WANT_TRUE(!pma_realloc(pma, block, info.region_bytes + 1));
			WANT_TRUE(!pma_realloc(pma, block, 0));
		}
	}
}

/* A thread that allocates, checks, frees, and lets others free. */
struct worker {
	pthread_t thread;
	struct pma *pma;
	unsigned int seed;
	unsigned long ops;
	unsigned long wrong;
};

struct box {
	size_t size;
	unsigned int seed;
	unsigned char bytes[];
};

#define NR_BOXES	256
static struct box *_Atomic boxes[NR_BOXES];

static struct box *new_box(struct pma *pma, unsigned int *seed)
{
	size_t size = rand_r(seed) % 16 ? rand_r(seed) % 600 : rand_r(seed) % 20000;
	struct box *box = pma_malloc(pma, sizeof(*box) + size);

	if (!box)
		return NULL;
	box->size = size;
	box->seed = rand_r(seed);
	pattern_fill(box->bytes, size, box->seed);
	return box;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct box *box;
	unsigned long i;

	for (i = 0; i < worker->ops; i++) {
		box = new_box(worker->pma, &worker->seed);
		if (box && rand_r(&worker->seed) % 4 == 0) {
			struct box *longer = pma_realloc(worker->pma, box, sizeof(*box) +
							 2 * box->size + 1);

			box = longer ? longer : box;
		}
		box = __atomic_exchange_n((struct box **)&boxes[rand_r(&worker->seed) % NR_BOXES],
					  box, __ATOMIC_ACQ_REL);
		if (!box)
			continue;
		worker->wrong += pattern_match(box->bytes, box->size, box->seed) != box->size;
		worker->wrong += pma_free(worker->pma, box) != 0;
	}
	return NULL;
}

static void free_boxes(struct pma *pma)
{
	size_t i;

	for (i = 0; i < NR_BOXES; i++) {
		pma_free(pma, boxes[i]);
		boxes[i] = NULL;
	}
}

static void test_threads(struct pma *pma)
{
	struct worker workers[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .pma = pma, .seed = seed + i,
					      .ops = ops / THREADS };
		WANT(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		WANT(workers[i].wrong, 0);
	}
	want_sound(pma);
	free_boxes(pma);
}

static void *fill_magazines(void *arg)
{
	void *blocks[100];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = pma_malloc(arg, size_at(i % 16));
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		pma_free(arg, blocks[i]);
	return NULL;
}

/* What was in the magazines of a thread that has ended is there for the next one. */
static void test_thread_exit(struct pma *pma)
{
	uint64_t allocs = 0;
	pthread_t thread;
	int i;

	for (i = 0; i < 50; i++) {
		WANT(pthread_create(&thread, NULL, fill_magazines, pma), 0);
		pthread_join(thread, NULL);
		if (!i)
			allocs = stats_of(pma).allocs;
	}
	WANT(stats_of(pma).allocs, allocs);
	pma_flush(pma);
	WANT(stats_of(pma).live_blocks, 0);
}

static int by_value(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

#define NR_FORK	200

/* Handles of new blocks of mixed sizes. */
static void take(struct pma *pma, uint64_t *handles)
{
	size_t i;

	for (i = 0; i < NR_FORK; i++)
		handles[i] = pma_handle(pma, pma_malloc(pma, size_at(i % 20)));
}

/* What a parent and a child get from full magazines is never the same. */
static void test_fork(struct pma *pma)
{
	uint64_t handles[2 * NR_FORK];
	int pipes[2], status;
	size_t i;
	pid_t child;

	fill_magazines(pma);
	if (pipe(pipes))
		return;
	child = fork();
	if (!child) {
		take(pma, handles);
		_exit(write(pipes[1], handles, sizeof(*handles) * NR_FORK) < 0);
	}
	take(pma, handles + NR_FORK);
	WANT(read(pipes[0], handles, sizeof(*handles) * NR_FORK), sizeof(*handles) * NR_FORK);
	waitpid(child, &status, 0);
	WANT(status, 0);
	qsort(handles, 2 * NR_FORK, sizeof(*handles), by_value);
	for (i = 0; i + 1 < 2 * NR_FORK; i++)
		WANT_TRUE(handles[i] != handles[i + 1]);
	/* the parent frees its child's, too */
	for (i = 0; i < 2 * NR_FORK; i++)
		WANT(pma_free(pma, pma_ptr(pma, handles[i])), 0);
	close(pipes[0]);
	close(pipes[1]);
	/* what was left in the child's magazines went with it */
	WANT(ioctl(pma_fd(pma), PMA_IOC_RESET), 0);
}

/* A child frees what the parent allocates after the fork, in pages it knows otherwise. */
static void test_fork_frees(struct pma *pma)
{
	uint64_t handles[NR_FORK];
	int go[2], status;
	size_t i;
	pid_t child;

	fill_magazines(pma);
	if (pipe(go))
		return;
	child = fork();
	if (!child) {
		int bad = read(go[0], handles, sizeof(handles)) != sizeof(handles);

		for (i = 0; i < NR_FORK; i++)
			bad |= pma_free(pma, pma_ptr(pma, handles[i]));
		pma_flush(pma);
		_exit(bad);
	}
	pma_flush(pma);
	for (i = 0; i < NR_FORK; i++)
		handles[i] = pma_handle(pma, pma_malloc(pma, size_at(20 - i % 20)));
	WANT(write(go[1], handles, sizeof(handles)), sizeof(handles));
	waitpid(child, &status, 0);
	WANT(status, 0);
	close(go[0]);
	close(go[1]);
	WANT(stats_of(pma).bad_free + stats_of(pma).bad_interior, 0);
	pma_flush(pma);
	WANT(stats_of(pma).live_blocks, 0);
}

static void *fork_often(void *arg)
{
	struct worker *worker = arg;
	int status;
	pid_t child;
	unsigned long i;

	for (i = 0; i < 20; i++) {
		child = fork();
		if (!child) {
			fill_magazines(worker->pma);
			pma_flush(worker->pma);
			_exit(0);
		}
		waitpid(child, &status, 0);
		worker->wrong += status != 0;
	}
	return NULL;
}

/* Forks while other threads are anywhere in the library. */
static void test_fork_in_threads(struct pma *pma)
{
	struct worker workers[3];
	size_t i;

	for (i = 0; i < 3; i++) {
		workers[i] = (struct worker){ .pma = pma, .seed = seed + i, .ops = ops / 5 };
		pthread_create(&workers[i].thread, NULL, i ? work : fork_often, &workers[i]);
	}
	for (i = 0; i < 3; i++) {
		pthread_join(workers[i].thread, NULL);
		WANT(workers[i].wrong, 0);
	}
	free_boxes(pma);
}

/* All is taken, and comes back; what idles in magazines is used, too. */
static void test_exhaustion(struct pma *pma)
{
	size_t i, nr, room = info.region_bytes / info.slab_max + 1;
	void **blocks = calloc(room, sizeof(*blocks));

	fill_magazines(pma);
	for (nr = 0; nr < room; nr++) {
		blocks[nr] = pma_malloc(pma, info.slab_max);
		if (!blocks[nr])
			break;
	}
	WANT(errno, ENOMEM);
	WANT_TRUE(nr > room / 4);
	for (i = 0; i < nr; i++)
		WANT(pma_free(pma, blocks[i]), 0);
	free(blocks);
}

/* A thread that has a cache of an arena that is gone uses the next one. */
static void *across_arenas(void *arg)
{
	struct pma *pma;
	int i;

	for (i = 0; i < 5; i++) {
		pma = pma_open(device, 0);
		fill_magazines(pma);
		if (i % 2)
			pma_flush(pma);
		pma_close(pma);
	}
	return NULL;
}

#define NAME	"pma-lib-test"

/* Another process, which has nothing of this one's but the name. */
static int find_root(void)
{
	struct pma *pma = pma_open_named(device, NAME, 0, 0);
	char *root = pma ? pma_root(pma) : NULL;

	if (!root || strcmp(root, "found"))
		return 1;
	/* Its page becomes another class's: who made it must not be misled by that. */
	if (pma_free(pma, root))
		return 2;
	root = pma_malloc(pma, 1000);
	if (!root)
		return 4;
	memcpy(root, "left", 5);
	return pma_set_root(pma, root) ? 3 : 0;
}

static void test_named(struct pma *unused)
{
	struct pma *pma;
	int status;
	char *root;
	pid_t child;

	WANT_TRUE(!pma_open_named(device, NAME, 0, 0) && errno == ENOENT);
	WANT_TRUE(!pma_open_named(device, "a/b", PMA_OPEN_CREATE, 0600) && errno == EINVAL);
	WANT_TRUE(!pma_open_named(device, NAME, 1U << 31, 0600) && errno == EINVAL);
	pma = pma_open_named(device, NAME, PMA_OPEN_CREATE | PMA_OPEN_EXCL, 0600);
	if (!WANT_TRUE(pma))
		return;
	WANT_TRUE(!pma_open_named(device, NAME, PMA_OPEN_CREATE | PMA_OPEN_EXCL, 0600) &&
		  errno == EEXIST);
	WANT_TRUE(!pma_root(pma));
	root = pma_malloc(pma, 16);
	memcpy(root, "found", 6);
	WANT(pma_set_root(pma, root), 0);
	WANT_TRUE(pma_set_root(pma, root + 8) == -1 && errno == EBADSLT);
	child = fork();
	if (!child)
		_exit(find_root());
	WANT(waitpid(child, &status, 0), child);
	WANT(status, 0);
	root = pma_root(pma);
	WANT_TRUE(root && !strcmp(root, "left"));
	WANT(pma_usable_size(pma, root) >= 1000, 1);
	WANT(stats_of(pma).live_blocks, 1);
	WANT(pma_free(pma, root), 0);
	WANT_TRUE(!pma_root(pma));
	WANT(stats_of(pma).live_blocks, 0);
	want_sound(pma);
	pma_close(pma);
	WANT(pma_unlink(device, NAME), 0);
	WANT_TRUE(pma_unlink(device, NAME) == -1 && errno == ENOENT);
}

static void test_arenas(struct pma *pma)
{
	struct pma *arenas[40];
	size_t i, nr;
	void *block;

	across_arenas(NULL);
	for (nr = 0; nr < ARRAY_SIZE(arenas); nr++) {
		arenas[nr] = pma_open(device, 0);
		if (!arenas[nr])
			break;
	}
	WANT(errno, EMFILE);
	WANT(nr, 31);
	for (i = 0; i < nr; i++) {
		block = pma_malloc(arenas[i], 64);
		WANT(stats_of(arenas[i]).live_blocks, 1);
		pma_free(arenas[i], block);
	}
	for (i = 0; i < nr; i++)
		pma_close(arenas[i]);
	across_arenas(NULL);
}

/* A block goes to another arena, and on; pages that were slab pages there are none now. */
static void test_share(struct pma *pma)
{
	struct pma *other = pma_open(device, 0);
	size_t bytes = 4 * (size_t)info.page_size;
	struct pma_token token;
	void *small[64], *block, *claimed;
	size_t i;

	if (!WANT_TRUE(other))
		return;
	/* the other's magazines know pages that will be the block's */
	for (i = 0; i < ARRAY_SIZE(small); i++)
		small[i] = pma_malloc(other, info.slab_max);
	for (i = 0; i < ARRAY_SIZE(small); i++)
		WANT(pma_free(other, small[i]), 0);
	pma_flush(other);
	block = pma_malloc(pma, bytes);
	pattern_fill(block, bytes, 1);
	WANT(pma_share(pma, block, PMA_SHARE_WRITE, 1, &token), 0);
	claimed = pma_claim(other, &token);
	if (!WANT_TRUE(claimed))
		return;
	WANT(pma_handle(other, claimed), pma_handle(pma, block));
	WANT(pma_usable_size(other, claimed), bytes);
	WANT(pattern_match(claimed, bytes, 1), bytes);
	pattern_fill(claimed, bytes, 2);
	WANT(pattern_match(block, bytes, 2), bytes);
	WANT_TRUE(!pma_claim(other, &token) && errno == EKEYREJECTED);
	WANT_TRUE(!pma_realloc(other, claimed, 2 * bytes) && errno == EBUSY);
	WANT(pma_release(pma, block), 0);
	WANT(pma_share(other, claimed, 0, 1, &token), 0);
	WANT(pma_unshare(other, &token), 0);
	WANT_TRUE(!pma_claim(pma, &token) && errno == EKEYREJECTED);
	WANT(pma_free(other, claimed), 0);
	WANT_TRUE(pma_release(other, claimed) == -1 && errno == EALREADY);
	block = pma_malloc(pma, 64);
	WANT_TRUE(pma_share(pma, block, 0, 1, &token) == -1 && errno == EOPNOTSUPP);
	WANT(pma_free(pma, block), 0);
	pma_close(other);
}

static const struct {
	const char *name;
	void (*run)(struct pma *pma);
} tests[] = {
	{ "lib_sizes", test_sizes },
	{ "lib_refusals", test_refusals },
	{ "lib_late_refusal", test_late_refusal },
	{ "lib_exact", test_exact },
	{ "lib_calloc", test_calloc },
	{ "lib_aligned", test_aligned },
	{ "lib_realloc", test_realloc },
	{ "lib_threads", test_threads },
	{ "lib_thread_exit", test_thread_exit },
	{ "lib_fork", test_fork },
	{ "lib_fork_frees", test_fork_frees },
	{ "lib_fork_in_threads", test_fork_in_threads },
	{ "lib_exhaustion", test_exhaustion },
	{ "lib_arenas", test_arenas },
	{ "lib_named", test_named },
	{ "lib_share", test_share },
	{ "lib_few_bytes", test_few_bytes },
	{ "lib_learnt_meanwhile", test_learnt_meanwhile },
	{ "lib_larger", test_larger },
	{ "lib_larger_twice", test_larger_twice },
	{ "lib_larger_shared", test_larger_shared },
	{ "lib_passed_on", test_passed_on },
	{ "lib_kept", test_kept },
	{ "lib_limit_in_full", test_limit_in_full },
};

static int run(size_t i)
{
	struct pma *pma = pma_open(device, 0);

	nr_notes = 0;
	if (!WANT_TRUE(pma))
		return 1;
	tests[i].run(pma);
	pma_flush(pma);
	want_sound(pma);
	WANT(stats_of(pma).live_blocks, 0);
	pma_close(pma);
	return nr_notes;
}

/* Can the device be mapped at all? */
static int can_map(void)
{
	int fd = open(device, O_RDWR | O_CLOEXEC), err;

	if (fd < 0 || ioctl(fd, PMA_IOC_INFO, &info)) {
		printf("Bail out! %s: %s\n", device, strerror(errno));
		exit(1);
	}
	err = info.page_size < (unsigned int)sysconf(_SC_PAGESIZE);
	close(fd);
	return !err;
}

static const struct option options[] = {
	{ "device", required_argument, NULL, 'd' },
	{ "seed", required_argument, NULL, 's' },
	{ "ops", required_argument, NULL, 'o' },
	{ }
};

int main(int argc, char **argv)
{
	size_t i, number = 0, failed = 0;
	int c, skip;

	seed = time(NULL);
	while ((c = getopt_long(argc, argv, "d:s:o:", options, NULL)) != -1) {
		if (c == 'd')
			device = optarg;
		else if (c == 's')
			seed = strtoul(optarg, NULL, 0);
		else if (c == 'o')
			ops = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	puts("KTAP version 1");
	skip = !can_map();
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		number += chosen_has(argv + optind, tests[i].name);
	printf("# --seed=%u --ops=%lu\n1..%zu\n", seed, ops, number);
	fflush(stdout);
	for (number = 0, i = 0; i < ARRAY_SIZE(tests); i++) {
		if (!chosen_has(argv + optind, tests[i].name))
			continue;
		c = skip ? 0 : run(i);
		failed += !!c;
		printf("%s %zu %s%s\n", c ? "not ok" : "ok", ++number, tests[i].name,
		       skip ? " # SKIP pages are smaller than the machine's" : "");
		fflush(stdout);		/* a test may fork */
	}
	return failed || !number;
}
