// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * heaps.c - what a program's heap costs
 *
 *  user-pair-SIZE	alloc and free, again and again
 *  user-pair-SIZE-2t	the same in two threads; the time that passes for a pair of
 *			either
 *  user-larson		two threads replace blocks of 16 to 1024 bytes at random, and
 *			hand all they have to their successors, which free them; the
 *			time for a block of either
 *  user-prodcons	one thread allocates, another frees; for each block
 *  user-replay-NAME	a trace of a program, for each operation; blocks are filled
 *  fit-NAME		of a trace: the most memory it takes, over what is in use
 *
 *	heaps [OPTION...] [--trace=FILE] [PATTERN...]
 *
 * Compiled plainly it measures malloc, whichever is preloaded; with HEAP_BOOST
 * that of boost.interprocess, with HEAP_PMA libpma.  A fit is the most memory that
 * the process ever had where the heap takes it from the system, and the smallest
 * region where it has one.
 *
 * Where instructions are counted, a control is taken off each: the same loops with
 * a heap that answers with always the same memory, so that filling is not counted.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HEAP_PMA
#include "pma.h"
#endif

#include "heap.h"
#include "measure.h"
#include "trace.h"

/* The control. */

static char same_memory[16 << 20] __attribute__((aligned(4096)));

static __always_inline void *same_malloc(size_t size)
{
	char *block = same_memory;

	(void)size;
	__asm__ volatile("" : "+r" (block));
	return block;
}

static __always_inline void *same_calloc(size_t size)
{
	return same_malloc(size);
}

static __always_inline void *same_realloc(void *block, size_t old, size_t size)
{
	(void)block;
	(void)old;
	return same_malloc(size);
}

static __always_inline void *same_aligned(size_t size, size_t align)
{
	(void)align;
	return same_malloc(size);
}

static __always_inline void same_free(void *block)
{
	__asm__ volatile("" : : "r" (block) : "memory");
}

static const struct heap control = {
	same_malloc, same_calloc, same_realloc, same_aligned, same_free
};

#ifdef HEAP_BOOST

#define REGION		(256u << 20)

static const struct heap measured = {
	heap_boost_malloc, heap_boost_calloc, heap_boost_realloc, heap_boost_aligned,
	heap_boost_free
};

#elif defined(HEAP_PMA)

static struct pma *pma;

static __always_inline void *lib_malloc(size_t size)
{
	return pma_malloc(pma, size);
}

static __always_inline void *lib_calloc(size_t size)
{
	return pma_calloc(pma, 1, size);
}

static __always_inline void *lib_realloc(void *block, size_t old, size_t size)
{
	(void)old;
	return pma_realloc(pma, block, size);
}

static __always_inline void *lib_aligned(size_t size, size_t align)
{
	return pma_aligned_alloc(pma, align, size);
}

static __always_inline void lib_free(void *block)
{
	pma_free(pma, block);
}

static const struct heap measured = {
	lib_malloc, lib_calloc, lib_realloc, lib_aligned, lib_free
};

#else

static __always_inline void *libc_malloc(size_t size)
{
	void *block = malloc(size);

	__asm__ volatile("" : "+r" (block) : : "memory");
	return block;
}

static __always_inline void *libc_calloc(size_t size)
{
	void *block = calloc(1, size);

	__asm__ volatile("" : "+r" (block) : : "memory");
	return block;
}

static __always_inline void *libc_realloc(void *block, size_t old, size_t size)
{
	(void)old;
	return realloc(block, size);
}

static __always_inline void *libc_aligned(size_t size, size_t align)
{
	return aligned_alloc(align, (size + align - 1) & -align);
}

static __always_inline void libc_free(void *block)
{
	free(block);
}

static const struct heap measured = {
	libc_malloc, libc_calloc, libc_realloc, libc_aligned, libc_free
};

#endif

static void report(const char *name, __u64 ticks, __u64 control_ticks, double nr)
{
	if (!measure_icount)
		control_ticks = 0;
	measure_report_ticks(name, measure_allocator,
			     ticks > control_ticks ? ticks - control_ticks : 0, nr);
}

static void *checked(void *block)
{
	if (!block)
		measure_fail(measure_allocator);
	return block;
}

/* Pairs. */

#define PAIRS		1000	/* in a repetition */
#define REPETITIONS	101

static __always_inline __u64 pairs(const struct heap *heap, size_t size, unsigned int nr)
{
	__u64 begin = measure_now();

	while (nr--)
		heap->free(heap->malloc(size));
	return measure_now() - begin;
}

static __attribute_noinline__ __u64 pairs_control(size_t size, unsigned int nr)
{
	return pairs(&control, size, nr);
}

static __attribute_noinline__ __u64 pairs_measured(size_t size, unsigned int nr)
{
	return pairs(&measured, size, nr);
}

static void run_pairs(size_t size)
{
	__u64 samples[REPETITIONS], ticks;
	char name[64];
	int i;

	snprintf(name, sizeof(name), "user-pair-%zu", size);
	if (!measure_wants(name))
		return;
	pairs_measured(size, PAIRS);
	for (i = 0; i < REPETITIONS; i++)
		samples[i] = pairs_measured(size, PAIRS);
	ticks = measure_median(samples, REPETITIONS);
	for (i = 0; i < REPETITIONS; i++)
		samples[i] = pairs_control(size, PAIRS);
	report(name, ticks, measure_median(samples, REPETITIONS), PAIRS);
}

/* Threads that begin together; what passes from the first's begin to the last's end. */

#define THREADS_MAX	2

struct thread {
	pthread_t id;
	pthread_barrier_t *barrier;
	void (*play)(struct thread *thread);
	size_t size;
	unsigned int number;
	__u64 begin;
	__u64 end;
	__u64 random;
	void **slots;
};

static void *thread_main(void *arg)
{
	struct thread *thread = arg;

	pthread_barrier_wait(thread->barrier);
	thread->begin = measure_now();
	thread->play(thread);
	thread->end = measure_now();
	return NULL;
}

static __u64 play_threads(struct thread *threads, unsigned int nr,
			  void (*play)(struct thread *thread))
{
	pthread_barrier_t barrier;
	__u64 begin = ~0ULL, end = 0;
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, nr);
	for (i = 0; i < nr; i++) {
		threads[i].barrier = &barrier;
		threads[i].play = play;
		threads[i].number = i;
		if (pthread_create(&threads[i].id, NULL, thread_main, &threads[i]))
			measure_fail("pthread_create");
	}
	for (i = 0; i < nr; i++) {
		pthread_join(threads[i].id, NULL);
		begin = threads[i].begin < begin ? threads[i].begin : begin;
		end = threads[i].end > end ? threads[i].end : end;
	}
	pthread_barrier_destroy(&barrier);
	return end - begin;
}

#define THREAD_PAIRS	100000	/* in a repetition */
#define THREAD_REPETITIONS	11

static void play_pairs(struct thread *thread)
{
	pairs_measured(thread->size, THREAD_PAIRS);
}

static void run_pairs_in_threads(size_t size)
{
	struct thread threads[THREADS_MAX] = { { .size = size }, { .size = size } };
	__u64 samples[THREAD_REPETITIONS];
	char name[64];
	int i;

	snprintf(name, sizeof(name), "user-pair-%zu-2t", size);
	if (!measure_wants(name))
		return;
	for (i = 0; i < THREAD_REPETITIONS; i++)
		samples[i] = play_threads(threads, THREADS_MAX, play_pairs);
	report(name, measure_median(samples, THREAD_REPETITIONS), 0, THREADS_MAX * THREAD_PAIRS);
}

/* Larson's server: blocks outlive the thread that allocated them. */

#define SLOTS		1000
#define REPLACED	20000	/* by a thread, in its life */

static void play_larson(struct thread *thread)
{
	int i;

	for (i = 0; i < REPLACED; i++) {
		__u32 number = measure_random(&thread->random);
		void **slot = &thread->slots[(__u64)number * SLOTS >> 32];
		size_t size = 16 + number % 1009;

		measured.free(*slot);
		*slot = checked(measured.malloc(size));
		*(char *)*slot = 1;
	}
}

static void run_larson(void)
{
	static void *slots[THREADS_MAX][SLOTS];
	struct thread threads[THREADS_MAX];
	__u64 samples[THREAD_REPETITIONS];
	int i, j;

	if (!measure_wants("user-larson"))
		return;
	for (i = 0; i < THREADS_MAX; i++)
		for (j = 0; j < SLOTS; j++)
			slots[i][j] = checked(measured.malloc(16 + j));
	for (i = 0; i < THREAD_REPETITIONS; i++) {
		for (j = 0; j < THREADS_MAX; j++)
			threads[j] = (struct thread){ .random = measure_seed(2 * i + j),
						      .slots = slots[(i + j) % THREADS_MAX] };
		samples[i] = play_threads(threads, THREADS_MAX, play_larson);
	}
	for (i = 0; i < THREADS_MAX; i++)
		for (j = 0; j < SLOTS; j++)
			measured.free(slots[i][j]);
	report("user-larson", measure_median(samples, THREAD_REPETITIONS), 0,
	       THREADS_MAX * REPLACED);
}

/* A producer and a consumer, and a ring between them. */

#define RING		1024
#define PASSED		100000	/* blocks, in a repetition */

static struct {
	_Atomic unsigned int head;
	char apart[60];
	_Atomic unsigned int tail;
	void *block[RING];
} ring;

static void produce(void)
{
	unsigned int i;

	for (i = 0; i < PASSED; i++) {
		while (i - atomic_load_explicit(&ring.tail, memory_order_acquire) == RING)
			sched_yield();
		ring.block[i % RING] = checked(measured.malloc(64));
		atomic_store_explicit(&ring.head, i + 1, memory_order_release);
	}
}

static void consume(void)
{
	unsigned int i;

	for (i = 0; i < PASSED; i++) {
		while (atomic_load_explicit(&ring.head, memory_order_acquire) == i)
			sched_yield();
		measured.free(ring.block[i % RING]);
		atomic_store_explicit(&ring.tail, i + 1, memory_order_release);
	}
}

static void play_prodcons(struct thread *thread)
{
	if (thread->number)
		produce();
	else
		consume();
}

static void run_prodcons(void)
{
	struct thread threads[2] = {};
	__u64 samples[THREAD_REPETITIONS];
	int i;

	if (!measure_wants("user-prodcons"))
		return;
	for (i = 0; i < THREAD_REPETITIONS; i++) {
		ring.head = 0;
		ring.tail = 0;
		samples[i] = play_threads(threads, 2, play_prodcons);
	}
	report("user-prodcons", measure_median(samples, THREAD_REPETITIONS), 0, PASSED);
}

/* Traces.  The tables of a player come from the system, not from the heap. */

#define PART		512	/* operations */
#define ROUNDS		5

struct player {
	const struct bench_trace *head;
	const struct bench_operation *operations;
	void **block;
	unsigned int *size;
	bool failed;
};

static void *pages(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		measure_fail("mmap");
	return at;
}

static const struct bench_trace *open_trace(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat stat;
	void *at;

	if (fd < 0 || fstat(fd, &stat))
		measure_fail(path);
	at = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED)
		measure_fail(path);
	close(fd);
	return at;
}

static __always_inline void play(const struct heap *heap, struct player *player,
				 unsigned int from, unsigned int nr)
{
	const struct bench_operation *operation = player->operations + from;

	for (; nr--; operation++) {
		unsigned int id = bench_operation_id(operation), size = operation->size;
		void *block = player->block[id];

		switch (bench_operation_kind(operation)) {
		case BENCH_MALLOC:
			block = heap->malloc(size);
			break;
		case BENCH_CALLOC:
			block = heap->calloc(size);
			break;
		case BENCH_REALLOC:
			block = block ? heap->realloc(block, player->size[id], size) :
					heap->malloc(size);
			break;
		case BENCH_ALIGNED:
			block = heap->aligned(size, bench_operation_align(operation));
			break;
		default:
			heap->free(block);
			player->block[id] = NULL;
			continue;
		}
		if (!block) {
			player->failed = true;
			return;
		}
		memset(block, id, size);
		player->block[id] = block;
		player->size[id] = size;
	}
}

static __attribute_noinline__ void play_control(struct player *player, unsigned int from,
						unsigned int nr)
{
	play(&control, player, from, nr);
}

static __attribute_noinline__ void play_measured(struct player *player, unsigned int from,
						 unsigned int nr)
{
	play(&measured, player, from, nr);
}

static void free_rest(struct player *player, void (*free_block)(void *block))
{
	unsigned int i;

	for (i = 0; i < player->head->nr_ids; i++) {
		if (player->block[i])
			free_block(player->block[i]);
		player->block[i] = NULL;
	}
}

static struct player begin_player(const struct bench_trace *head)
{
	return (struct player){
		.head = head,
		.operations = (const void *)(head + 1),
		.block = pages(head->nr_ids * sizeof(void *)),
		.size = pages(head->nr_ids * sizeof(unsigned int)),
	};
}

static void end_player(struct player *player)
{
	munmap(player->block, player->head->nr_ids * sizeof(void *));
	munmap(player->size, player->head->nr_ids * sizeof(unsigned int));
}

static unsigned int nr_parts(const struct bench_trace *head)
{
	return (head->nr_operations + PART - 1) / PART;
}

static unsigned int part_nr(const struct bench_trace *head, unsigned int part)
{
	unsigned int left = head->nr_operations - part * PART;

	return left < PART ? left : PART;
}

/* Ticks of all parts, each the median of its rounds. */
static __u64 replay(const struct bench_trace *head, void (*free_block)(void *block),
		    void (*play_part)(struct player *player, unsigned int from, unsigned int nr))
{
	struct player player = begin_player(head);
	size_t bytes = sizeof(__u64) * ROUNDS * nr_parts(head);
	__u64 *ticks = pages(bytes), sum = 0, begin;
	unsigned int round, part;

	for (round = 0; round < ROUNDS; round++) {
		for (part = 0; part < nr_parts(head); part++) {
			begin = measure_now();
			play_part(&player, part * PART, part_nr(head, part));
			ticks[part * ROUNDS + round] = measure_now() - begin;
		}
		free_rest(&player, free_block);
	}
	if (player.failed)
		measure_fail("playing a trace");
	for (part = 0; part < nr_parts(head); part++)
		sum += measure_median(ticks + part * ROUNDS, ROUNDS);
	munmap(ticks, bytes);
	end_player(&player);
	return sum;
}

static void run_replay(const struct bench_trace *head)
{
	__u64 control_ticks, ticks;
	char name[64];

	snprintf(name, sizeof(name), "user-replay-%s", head->name);
	if (!measure_wants(name))
		return;
	control_ticks = measure_icount ? replay(head, same_free, play_control) : 0;
	ticks = replay(head, measured.free, play_measured);
	report(name, ticks, control_ticks, head->nr_operations);
}

#ifdef HEAP_BOOST

/* Does a region of so many bytes do? */
static bool fits(struct player *player, size_t region)
{
	unsigned int part;

	player->failed = false;
	heap_boost_begin(region);
	for (part = 0; part < nr_parts(player->head) && !player->failed; part++)
		play_measured(player, part * PART, part_nr(player->head, part));
	memset(player->block, 0, player->head->nr_ids * sizeof(void *));
	heap_boost_end();
	return !player->failed;
}

/* The smallest region, in frames of 4 KiB. */
static double fit_bytes(struct player *player)
{
	size_t low = player->head->peak_bytes >> 12, high = low + low / 8 + 16;

	while (!fits(player, high << 12)) {
		low = high;
		high += high / 8 + 1;
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (fits(player, middle << 12))
			high = middle;
		else
			low = middle;
	}
	return (double)(high << 12);
}

#elif !defined(HEAP_PMA)

/*
 * Memory of the process, counted page by page: VmRSS and VmHWM of its status are off by what
 * each CPU has not told yet.
 */
static long anonymous_kb(void)
{
	static const char field[] = "Anonymous:";
	char text[4096], *at;
	int fd = open("/proc/self/smaps_rollup", O_RDONLY);
	ssize_t bytes = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (bytes < 0)
		measure_fail("/proc/self/smaps_rollup");
	close(fd);
	text[bytes] = '\0';
	at = strstr(text, field);
	return at ? atol(at + strlen(field)) : 0;
}

/* Looked at so often, and after each operation on a block that may be a mapping of its own. */
#define FIT_OPERATIONS	64
#define FIT_LARGE	32768

static double fit_bytes(struct player *player)
{
	long before = anonymous_kb(), most = before, now;
	unsigned int i;

	for (i = 0; i < player->head->nr_operations; i++) {
		play_measured(player, i, 1);
		if (i % FIT_OPERATIONS && player->operations[i].size < FIT_LARGE)
			continue;
		now = anonymous_kb();
		most = now > most ? now : most;
	}
	return (most - before) * 1024.0;
}

#endif

#ifdef HEAP_PMA
/* Its region is the kernel's: what it takes is measured there. */
static void run_fit(const struct bench_trace *head)
{
	(void)head;
}
#else
static void run_fit(const struct bench_trace *head)
{
	struct player player;
	char name[64];

	snprintf(name, sizeof(name), "fit-%s", head->name);
	if (!measure_wants(name))
		return;
	player = begin_player(head);
	measure_report(name, measure_allocator, 100 * fit_bytes(&player) / head->peak_bytes,
		       "% of live");
	end_player(&player);
}
#endif

/* The trace is the last argument but for the patterns: it is no option of measure.c. */
static const char *take_trace(int *argc, char **argv)
{
	static const char option[] = "--trace=";
	const char *path = NULL;
	int i, left = 1;

	for (i = 1; i < *argc; i++) {
		if (!strncmp(argv[i], option, strlen(option)))
			path = argv[i] + strlen(option);
		else
			argv[left++] = argv[i];
	}
	argv[left] = NULL;
	*argc = left;
	return path;
}

int main(int argc, char **argv)
{
	const char *path = take_trace(&argc, argv);
	const struct bench_trace *head = path ? open_trace(path) : NULL;

	measure_init(argc, argv);
	/* Before anything else has made holes in the heap. */
	if (head)
		run_fit(head);
#ifdef HEAP_BOOST
	heap_boost_begin(REGION);
#endif
#ifdef HEAP_PMA
	pma = pma_open(NULL, 0);
	if (!pma)
		measure_fail("/dev/pma");
#endif
	if (head) {
		run_replay(head);
		return 0;
	}
	run_pairs(64);
	run_pairs(1024);
	run_pairs(4096);
	run_pairs(65536);
	run_pairs_in_threads(64);
	run_larson();
	run_prodcons();
	return 0;
}
