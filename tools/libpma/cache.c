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
	struct depot *depot;
	struct head *heads;
	struct head *idle;
} numbers[ARENAS_MAX];

static struct cache no_cache;	/* has nothing, and takes nothing */

__thread struct cache *pma_caches[ARENAS_MAX] = { [0 ... ARENAS_MAX - 1] = &no_cache };
static __thread bool thread_ends;

static struct process *process;
static pthread_key_t thread_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

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

/* Frees that are done by one call. */
struct frees {
	uint32_t nr;
	uint64_t handles[CALL_BLOCKS];
};

/* What the kernel refuses it has counted: go on behind it. */
static void free_added(struct pma *pma, struct frees *frees)
{
	struct pma_free_batch_args args;
	uint32_t done;

	for (done = 0; done < frees->nr; done += args.done + 1) {
		args = (struct pma_free_batch_args){
			.handles = (uintptr_t)&frees->handles[done],
			.nr = frees->nr - done,
		};
		if (!ioctl(pma->fd, PMA_IOC_FREE_BATCH, &args))
			break;
	}
	frees->nr = 0;
}

static void add_free(struct pma *pma, struct frees *frees, const void *block)
{
	frees->handles[frees->nr++] = pma_offset(pma, block);
	if (frees->nr == CALL_BLOCKS)
		free_added(pma, frees);
}

/**
 * pma_cache_give_back() - free blocks in the kernel, which judges them
 * @pma: the arena
 * @class: of the blocks
 * @blocks: what they are; pieces are parked
 * @nr: how many
 */
void pma_cache_give_back(struct pma *pma, unsigned int class, void **blocks, uint32_t nr)
{
	bool is_piece = !pma_class_is_slab(class);
	struct frees frees;
	uint32_t i;

	frees.nr = 0;
	for (i = 0; i < nr; i++)
		if (!is_piece || pma_piece_drop(pma, blocks[i], class))
			add_free(pma, &frees, blocks[i]);
	free_added(pma, &frees);
}

/* The @nr blocks that were freed first go. */
static void shift_bin(struct bin *bin, uint32_t nr)
{
	bin->nr -= nr;
	memmove(&bin->blocks[1], &bin->blocks[1 + nr], bin->nr * sizeof(*bin->blocks));
}

static void empty_bin(struct pma *pma, struct bin *bin, unsigned int class, uint32_t nr)
{
	if (nr)
		pma_cache_give_back(pma, class, &bin->blocks[1], nr);
	shift_bin(bin, nr);
}

/*
 * Those of big blocks, but for one, and of no blocks are not even looked at: no page of
 * them is there.
 */
static bool has_bin(const struct pma *pma, const struct cache *cache, unsigned int class)
{
	size_t bytes = pma_class_bytes(pma, class);

	if (pma_class_is_slab(class))
		return bytes;
	return bytes - 1 < BIN_BYTES / LIMIT_MIN || class == cache->big_class;
}

/**
 * pma_cache_flush() - give back to the kernel what is in the magazines of a cache
 * @pma: the arena
 * @cache: of the calling thread, or of one that does not use it now
 */
void pma_cache_flush(struct pma *pma, struct cache *cache)
{
	unsigned int class;

	for (class = 1; class < CLASS_PIECE; class++)
		if (has_bin(pma, cache, class) && cache->bins[class].nr)
			empty_bin(pma, &cache->bins[class], class, cache->bins[class].nr);
}

/**
 * pma_cache_reclaim() - give back to the kernel all that can be got hold of
 * @pma: the arena, which is short of memory
 *
 * Only small blocks in the magazines of other threads stay.
 */
void pma_cache_reclaim(struct pma *pma)
{
	struct frees frees;
	void *block;
	size_t at = 0;

	if (pma->exact)
		return;
	pma_flush(pma);
	frees.nr = 0;
	while ((block = pma_piece_steal(pma, &at)))
		add_free(pma, &frees, block);
	free_added(pma, &frees);
}

/* To the depot, so that the thread's successor finds it there. */
static void leave_bins(struct pma *pma, struct cache *cache)
{
	unsigned int class;
	struct bin *bin;

	for (class = 1; class < CLASS_PIECE; class++) {
		bin = &cache->bins[class];
		if (!has_bin(pma, cache, class) || !bin->nr)
			continue;
		shift_bin(bin, pma_depot_put(pma, class, &bin->blocks[1], bin->nr));
		empty_bin(pma, bin, class, bin->nr);
	}
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
			leave_bins(&numbers[i].pma, pma_caches[i]);
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
	struct process *new = pma_depot_map(0, sizeof(*process));

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
	if (i < ARENAS_MAX && !numbers[i].depot)
		numbers[i].depot = pma_depot_create();
	if (i < ARENAS_MAX && numbers[i].depot) {
		numbers[i].used = true;
		pma = &numbers[i].pma;
		*pma = (struct pma){ .number = i, .depot = numbers[i].depot };
		pma_depot_reset(pma->depot);
	}
	unlock();
	if (!pma)
		errno = i < ARENAS_MAX ? ENOMEM : EMFILE;
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
	for (head = numbers[pma->number].heads; head && pma->class_size; head = head->next) {
		pma_cache_flush(pma, head->cache);
		for (class = 1; class < CLASS_PIECE; class++)
			if (has_bin(pma, head->cache, class))
				head->cache->bins[class].limit = 0;
		head->cache->big_class = 0;
	}
	if (pma->class_size)
		pma_depot_flush(pma);
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
	struct head *head = pma_depot_map(kept, sizeof(struct cache));

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

/* A magazine that was empty, or full, may grow; those of big blocks have none, or room for one. */
static void grow(struct pma *pma, struct bin *bin, unsigned int class)
{
	uint32_t most = BIN_BYTES / pma_class_bytes(pma, class);

	most = most > BIN_BLOCKS ? BIN_BLOCKS : most;
	if (most < LIMIT_MIN)
		most = pma_class_is_slab(class) ? LIMIT_MIN : bin->limit;
	if (bin->limit)
		bin->limit *= 2;
	else
		bin->limit = pma_class_is_slab(class) ? LIMIT_FIRST : LIMIT_MIN;
	if (bin->limit > most)
		bin->limit = most;
}

/**
 * pma_cache_reload() - fill a magazine from the depot
 * @pma: the arena
 * @cache: the calling thread's
 * @class: of slab blocks or pieces
 *
 * It is empty, unless another thread has learnt meanwhile that @class is the one wanted.
 * No call of the kernel gives or takes memory here.
 *
 * Return: a free block; NULL if there was none.
 */
void *pma_cache_reload(struct pma *pma, struct cache *cache, unsigned int class)
{
	struct bin *bin = &cache->bins[class];

	if (!bin->nr) {
		grow(pma, bin, class);
		bin->nr = pma_depot_take(pma, class, &bin->blocks[1], bin->limit / 2 + 1);
	}
	return bin->nr ? bin->blocks[bin->nr--] : NULL;
}

static void keep(struct pma *pma, struct cache *cache, unsigned int class, void *block)
{
	if (!class || (!pma_class_is_slab(class) && pma_piece_park(pma, block) <= 0))
		pma_free_call(pma, block);
	else if (!pma_cache_put(pma, cache, class, block, true))
		pma_cache_give_back(pma, class, &block, 1);
}

/* The blocks of a batch, the first of them to be used at once. */
static void *load(struct pma *pma, struct cache *cache, unsigned int class,
		  const struct pma_alloc_batch_args *args, const uint64_t *handles)
{
	void *first = NULL;
	uint32_t i;

	/* Backwards, so that they are served from low addresses to high. */
	for (i = args->done; i--; ) {
		if (first)
			keep(pma, cache, class, first);
		/* It need not be the class of the last time. */
		class = pma_table_learn(pma, handles[i], args->size, args->usable, class);
		first = pma->base + handles[i];
	}
	return first;
}

/**
 * pma_cache_fill() - fill a magazine from the kernel
 * @pma: the arena
 * @cache: the calling thread's
 * @class: of slab blocks or pieces, of which there is none in @cache or the depot
 *
 * Return: a block of it, which is out; NULL and errno if there was none.
 */
void *pma_cache_fill(struct pma *pma, struct cache *cache, unsigned int class)
{
	uint64_t handles[CALL_BLOCKS];
	struct pma_alloc_batch_args args = {
		.handles = (uintptr_t)handles,
		.size = pma_class_bytes(pma, class),
		.nr = (cache->bins[class].limit + 1) / 2,
	};

	if (args.nr > CALL_BLOCKS)
		args.nr = CALL_BLOCKS;
	if (ioctl(pma->fd, PMA_IOC_ALLOC_BATCH, &args))
		return NULL;
	return load(pma, cache, class, &args, handles);
}

/* Half of a magazine to the depot, or to the kernel what that does not take. */
static bool make_room(struct pma *pma, struct bin *bin, unsigned int class, bool may_call)
{
	uint32_t nr = (bin->nr + 1) / 2, taken;

	taken = pma_depot_put(pma, class, &bin->blocks[1], nr);
	shift_bin(bin, taken);
	if (taken < nr && may_call)
		empty_bin(pma, bin, class, nr - taken);
	return taken || may_call;
}

/* Of all big blocks a thread keeps the one freed last: that of before goes. */
static bool begin_big(struct pma *pma, struct cache *cache, unsigned int class, bool may_call)
{
	struct bin *old = &cache->bins[cache->big_class];

	if (old->nr && !make_room(pma, old, cache->big_class, may_call))
		return false;
	old->limit = 0;
	cache->big_class = class;
	cache->bins[class].limit = 1;
	return true;
}

/**
 * pma_cache_put() - put a free block into its magazine
 * @pma: the arena
 * @cache: the calling thread's
 * @class: of the block, slab block or piece
 * @block: it is nobody's; a piece is parked
 * @may_call: the kernel may be given blocks back
 *
 * Return: false if it does not go without such a call.
 */
bool pma_cache_put(struct pma *pma, struct cache *cache, unsigned int class, void *block,
		   bool may_call)
{
	struct bin *bin = &cache->bins[class];

	if (bin->nr >= bin->limit)
		grow(pma, bin, class);
	if (!bin->limit && !begin_big(pma, cache, class, may_call))
		return false;
	if (bin->nr >= bin->limit && !make_room(pma, bin, class, may_call))
		return false;
	bin->blocks[++bin->nr] = block;
	return true;
}
