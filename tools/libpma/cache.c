// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cache.c - the magazines of threads
 *
 * A thread gets a cache for an arena with its first allocation there, and gives
 * it back, emptied, when it ends.  Caches are kept for the next thread and never
 * unmapped, so that no thread has a pointer to one that is gone.
 *
 * After a fork() the magazines are the parent's.  Their memory is wiped in the
 * child (MADV_WIPEONFORK), as is the lock, which may have been held: the child
 * begins with empty ones, however it was made.  The lists of caches are changed by
 * single stores, and what was in use by other threads is nobody's in the child.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lib.h"

/* A magazine begins with as many blocks, and takes up to so many bytes. */
#define LIMIT_FIRST	8U
#define LIMIT_MIN	2U
#define BIN_BYTES	(64U << 10)

/* What is kept of a cache across a fork, in front of it. */
struct head {
	struct head *next;	/* of all of an arena's number */
	struct head *next_idle;	/* of those no thread has */
	struct cache *cache;
};

/* Wiped in a child: unlocked, and not known. */
struct process {
	pthread_mutex_t lock;	/* zeroes are PTHREAD_MUTEX_INITIALIZER */
	bool known;
};

/* An arena's number: its caches outlive it. */
static struct {
	struct pma pma;
	bool used;
	struct head *heads;
	struct head *idle;
} numbers[ARENAS_MAX];

static struct cache no_cache;	/* has nothing, and takes nothing */

__thread struct cache *pma_caches[ARENAS_MAX] = { [0 ... ARENAS_MAX - 1] = &no_cache };
static __thread bool thread_ends;

static struct process *process;
static pthread_key_t thread_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Memory that a child finds zeroed, @kept bytes of it excepted. */
static void *map_wiped(size_t kept, size_t bytes)
{
	char *at = mmap(NULL, kept + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	if (at == MAP_FAILED)
		return NULL;
	if (!madvise(at + kept, bytes, MADV_WIPEONFORK))
		return at;
	munmap(at, kept + bytes);
	return NULL;
}

/* Of the threads that had caches only the one that forked is here. */
static void know_process(void)
{
	struct head *head;
	unsigned int i;

	for (i = 0; i < ARENAS_MAX; i++) {
		numbers[i].idle = NULL;
		for (head = numbers[i].heads; head; head = head->next) {
			if (head->cache == pma_caches[i])
				continue;
			head->next_idle = numbers[i].idle;
			numbers[i].idle = head;
		}
	}
	process->known = true;
}

static void lock(void)
{
	pthread_mutex_lock(&process->lock);
	if (!process->known)
		know_process();
}

static void unlock(void)
{
	pthread_mutex_unlock(&process->lock);
}

/* Gives the @nr blocks that were freed first back to the kernel, which judges them. */
static void empty_bin(struct pma *pma, struct bin *bin, uint32_t nr)
{
	struct pma_batch_entry entries[BIN_BLOCKS] = { };
	struct pma_batch_args args = { .entries = (uintptr_t)entries, .nr = nr };
	uint32_t i;

	if (!nr)
		return;
	for (i = 0; i < nr; i++) {
		entries[i].op = PMA_BATCH_FREE;
		entries[i].handle = pma_offset(pma, bin->blocks[i + 1]);
	}
	bin->nr -= nr;
	memmove(&bin->blocks[1], &bin->blocks[1 + nr], bin->nr * sizeof(*bin->blocks));
	ioctl(pma->fd, PMA_IOC_BATCH, &args);
}

/**
 * pma_cache_flush() - empty all magazines of a cache
 * @pma: the arena
 * @cache: of the calling thread, or of one that does not use it now
 */
void pma_cache_flush(struct pma *pma, struct cache *cache)
{
	unsigned int class;

	if (!pma->class_size)
		return;		/* not open yet: nothing is in it */
	for (class = 1; class < CLASSES_MAX && pma_class_bytes(pma, class); class++)
		empty_bin(pma, &cache->bins[class], cache->bins[class].nr);
}

static void end_thread(void *unused)
{
	struct head *head;
	unsigned int i;

	thread_ends = true;
	lock();
	for (i = 0; i < ARENAS_MAX; i++) {
		if (pma_caches[i] == &no_cache)
			continue;
		if (numbers[i].used)
			pma_cache_flush(&numbers[i].pma, pma_caches[i]);
		for (head = numbers[i].heads; head->cache != pma_caches[i]; )
			head = head->next;
		pma_caches[i] = &no_cache;
		head->next_idle = numbers[i].idle;
		numbers[i].idle = head;
	}
	unlock();
}

/* In the thread that forked: no other one could tell which cache is still in use. */
static void begin_child(void)
{
	lock();
	unlock();
}

static void init(void)
{
	struct process *new = map_wiped(0, sizeof(*process));

	if (!new || pthread_key_create(&thread_key, end_thread) ||
	    pthread_atfork(NULL, NULL, begin_child))
		return;
	new->known = true;
	process = new;
}

/**
 * pma_cache_open() - get the room for an arena
 *
 * Return: where it shall be, with its number; NULL and errno if there are too many.
 */
struct pma *pma_cache_open(void)
{
	struct pma *pma = NULL;
	unsigned int i;

	pthread_once(&once, init);
	if (!process) {
		errno = ENOMEM;
		return NULL;
	}
	lock();
	for (i = 0; i < ARENAS_MAX && numbers[i].used; i++)
		;
	if (i < ARENAS_MAX) {
		numbers[i].used = true;
		pma = &numbers[i].pma;
		*pma = (struct pma){ .number = i };
	}
	unlock();
	if (!pma)
		errno = EMFILE;
	return pma;
}

/**
 * pma_cache_close() - empty the magazines of all threads, give the room back
 * @pma: the arena, that no thread uses any more; not to be touched again
 */
void pma_cache_close(struct pma *pma)
{
	struct head *head;
	unsigned int class;

	lock();
	for (head = numbers[pma->number].heads; head; head = head->next) {
		pma_cache_flush(pma, head->cache);
		for (class = 0; class < CLASSES_MAX; class++)
			if (head->cache->bins[class].limit)
				head->cache->bins[class].limit = 0;
	}
	numbers[pma->number].used = false;
	unlock();
}

/**
 * pma_cache_abandon() - give the room back in a child, which has nothing else of it
 * @pma: the arena, whose file and mapping are the parent's
 */
void pma_cache_abandon(struct pma *pma)
{
	lock();
	numbers[pma->number].used = false;
	unlock();
}

/**
 * pma_cache_lock() - keep magazines from being emptied or given to threads
 *
 * In a child of a process that has it locked it is not locked.
 */
void pma_cache_lock(void)
{
	lock();
}

/**
 * pma_cache_unlock() - end what pma_cache_lock() began
 */
void pma_cache_unlock(void)
{
	unlock();
}

static struct head *new_head(unsigned int number)
{
	/* A page apart, as advice is about whole pages. */
	const size_t kept = 64 << 10;
	struct head *head = map_wiped(kept, sizeof(struct cache));

	if (!head)
		return NULL;
	head->cache = (struct cache *)((char *)head + kept);
	head->next = numbers[number].heads;
	atomic_signal_fence(memory_order_seq_cst);
	numbers[number].heads = head;
	return head;
}

/**
 * pma_cache_get() - the calling thread's cache of an arena
 * @pma: the arena
 *
 * Return: the cache; NULL where there shall be none.
 */
struct cache *pma_cache_get(struct pma *pma)
{
	struct cache *cache = pma_caches[pma->number];
	struct head *head;

	if (cache != &no_cache && likely(process->known))
		return cache;
	if (pma->exact || thread_ends)
		return NULL;
	lock();
	if (cache == &no_cache) {
		head = numbers[pma->number].idle;
		if (head)
			numbers[pma->number].idle = head->next_idle;
		else
			head = new_head(pma->number);
		cache = head ? head->cache : NULL;
		if (cache)
			pma_caches[pma->number] = cache;
	}
	unlock();
	pthread_setspecific(thread_key, cache);
	return cache;
}

/* A magazine that was empty, or full, may grow. */
static void grow(struct pma *pma, struct bin *bin, unsigned int class)
{
	uint32_t most = BIN_BYTES / pma_class_bytes(pma, class);

	most = most > BIN_BLOCKS ? BIN_BLOCKS : most < LIMIT_MIN ? LIMIT_MIN : most;
	bin->limit = bin->limit ? 2 * bin->limit : LIMIT_FIRST;
	if (bin->limit > most)
		bin->limit = most;
}

static void give_back(struct pma *pma, const void *block)
{
	struct pma_free_args args = { .handle = pma_offset(pma, block) };

	ioctl(pma->fd, PMA_IOC_FREE, &args);
}

/**
 * pma_cache_fill() - fill a magazine
 * @pma: the arena
 * @cache: the calling thread's
 * @size: of a class that is known, and has no block in @cache
 *
 * Return: a block of it; NULL and errno if there was none.
 */
void *pma_cache_fill(struct pma *pma, struct cache *cache, size_t size)
{
	struct pma_batch_entry entries[BIN_BLOCKS] = { };
	struct pma_batch_args args = { .entries = (uintptr_t)entries };
	unsigned int class = pma_class_for(pma, size);
	void *first = NULL;
	uint32_t i;

	grow(pma, &cache->bins[class], class);
	args.nr = (cache->bins[class].limit + 1) / 2;
	for (i = 0; i < args.nr; i++) {
		entries[i].op = PMA_BATCH_ALLOC;
		entries[i].size = pma_class_bytes(pma, class);
	}
	if (ioctl(pma->fd, PMA_IOC_BATCH, &args))
		return NULL;
	/* Backwards, so that they are served from low addresses to high. */
	for (i = args.nr; i--; ) {
		if (entries[i].result) {
			errno = -entries[i].result;
			continue;
		}
		if (first && !pma_cache_put(pma, cache, class, first))
			give_back(pma, first);
		/* It need not be the class of the last time. */
		class = pma_table_learn(pma, entries[i].handle, entries[i].size,
					entries[i].usable);
		first = pma->base + entries[i].handle;
	}
	return first;
}

/**
 * pma_cache_put() - put a block into its magazine
 * @pma: the arena
 * @cache: the calling thread's
 * @class: of the block
 * @block: it is nobody's
 *
 * Return: false if it is in there already, as the one freed last, or has no class.
 */
bool pma_cache_put(struct pma *pma, struct cache *cache, unsigned int class, void *block)
{
	struct bin *bin = &cache->bins[class];

	if (!class || bin->blocks[bin->nr] == block)
		return false;
	if (bin->nr >= bin->limit)
		grow(pma, bin, class);
	if (bin->nr >= bin->limit)
		empty_bin(pma, bin, (bin->nr + 1) / 2);
	bin->blocks[++bin->nr] = block;
	return true;
}
