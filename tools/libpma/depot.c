// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * depot.c - where an arena's free blocks wait for a thread
 *
 * What is too much for a thread's magazine goes here, and from here an empty one is
 * filled: so blocks that one thread allocates and another frees go round without a
 * call, and what a program frees and soon wants again need not go to the kernel.
 *
 * How much there may be is asked of the kernel: a quarter of what the arena could
 * still be given, by its limit and by what the pool has free.  So less is kept the
 * fuller the pool is, and nothing where nothing is left.  What nobody has wanted for
 * a second goes back, half of it each second in which the arena is used.
 *
 * A child finds the depot zeroed after a fork(), which is empty, and unlocked.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "lib.h"

#define NODE_BLOCKS	62U
#define NODES_MAX	(32U << 10)	/* for two million blocks */
#define ALLOWED_PART	4		/* of what could still be had */
#define ASK_BYTES	(2UL << 20)	/* more than there are: the kernel is asked again */
#define ASK_CALLS	16U		/* not so soon again after a refusal */
#define LOOK_CALLS	32U		/* how often to look at the clock */
#define TIDY_NODES	64U		/* that go back at a time */

struct node {
	struct node *next;
	uint64_t nr;
	void *blocks[NODE_BLOCKS];
};

struct list {
	struct node *top;	/* the only one that is not full */
	atomic_uint nr;	/* of blocks; changed under the lock */
	uint32_t idle;		/* so many were there all the time since it was tidied */
};

/**
 * struct depot - free blocks of an arena
 * @lock: of all but what is atomic
 * @kept: bytes of the blocks
 * @allowed: and how many there may be, as far as is known
 * @calls: that came here
 * @ask_at: number of the call from which on to ask the kernel again
 * @second: when it was tidied
 * @is_due: to be tidied
 * @unused: nodes
 * @nr_nodes: nodes that were ever used
 * @lists: by class
 * @nodes: for all lists
 */
struct depot {
	pthread_mutex_t lock;	/* zeroes are PTHREAD_MUTEX_INITIALIZER */
	atomic_size_t kept;	/* changed under the lock */
	size_t allowed;
	uint32_t calls;
	uint32_t ask_at;
	time_t second;
	atomic_bool is_due;
	struct node *unused;
	uint32_t nr_nodes;
	struct list lists[CLASSES_MAX];
	struct node nodes[NODES_MAX] __attribute__((aligned(64)));
};

/**
 * pma_depot_map() - memory that a child finds zeroed
 * @kept: bytes in front that it finds as they are
 * @bytes: of the rest
 *
 * Return: both; NULL if there is none.
 */
void *pma_depot_map(size_t kept, size_t bytes)
{
	char *at = mmap(NULL, kept + bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	/* Little of it is touched: the first bytes shall not cost a huge page. */
	madvise(at, kept + bytes, MADV_NOHUGEPAGE);
	if (!madvise(at + kept, bytes, MADV_WIPEONFORK))
		return at;
	munmap(at, kept + bytes);
	return NULL;
}

/**
 * pma_depot_create() - a depot, empty
 *
 * Return: NULL if there is no memory.
 */
struct depot *pma_depot_create(void)
{
	return pma_depot_map(0, sizeof(struct depot));
}

/**
 * pma_depot_reset() - begin anew, for another arena
 * @depot: which is empty
 */
void pma_depot_reset(struct depot *depot)
{
	unsigned int class;

	depot->allowed = 0;
	depot->ask_at = depot->calls;
	for (class = 0; class < CLASSES_MAX; class++)
		depot->lists[class].idle = 0;
}

/* How much may be kept. */

/* A quarter of what could be had, but a step at a time: what is left may change. */
static void ask(struct pma *pma, struct depot *depot)
{
	struct pma_limit_args args = { };
	size_t most;

	if (ioctl(pma->fd, PMA_IOC_LIMIT, &args))
		return;
	most = ((size_t)args.available << pma->page_shift) / ALLOWED_PART;
	depot->allowed = depot->kept + ASK_BYTES;
	if (depot->allowed > most)
		depot->allowed = most;
}

/* How many blocks of @bytes there is room for, up to @nr. */
static uint32_t room_for(struct pma *pma, struct depot *depot, size_t bytes, uint32_t nr)
{
	size_t kept = depot->kept, room;

	if (kept + nr * bytes > depot->allowed && (int32_t)(depot->calls - depot->ask_at) >= 0) {
		ask(pma, depot);
		if (kept + nr * bytes > depot->allowed)
			depot->ask_at = depot->calls + ASK_CALLS;
	}
	room = depot->allowed > kept ? (depot->allowed - kept) / bytes : 0;
	return room < nr ? room : nr;
}

/* Lists. */

static struct node *new_node(struct depot *depot)
{
	struct node *node = depot->unused;

	if (node)
		depot->unused = node->next;
	else if (depot->nr_nodes < NODES_MAX)
		node = &depot->nodes[depot->nr_nodes++];
	return node;
}

/* How many of @blocks found a place. */
static uint32_t append(struct depot *depot, struct list *list, void **blocks, uint32_t nr)
{
	struct node *node;
	uint32_t done = 0, some;

	while (done < nr) {
		if (!list->top || list->top->nr == NODE_BLOCKS) {
			node = new_node(depot);
			if (!node)
				break;
			node->next = list->top;
			node->nr = 0;
			list->top = node;
		}
		node = list->top;
		some = NODE_BLOCKS - node->nr;
		some = some < nr - done ? some : nr - done;
		memcpy(&node->blocks[node->nr], &blocks[done], some * sizeof(*blocks));
		node->nr += some;
		done += some;
	}
	return done;
}

/* How many were there, up to @nr. */
static uint32_t take_off(struct depot *depot, struct list *list, void **blocks, uint32_t nr)
{
	struct node *node;
	uint32_t done = 0, some;

	while (done < nr && list->top) {
		node = list->top;
		some = node->nr < nr - done ? node->nr : nr - done;
		node->nr -= some;
		memcpy(&blocks[done], &node->blocks[node->nr], some * sizeof(*blocks));
		done += some;
		if (!node->nr) {
			list->top = node->next;
			node->next = depot->unused;
			depot->unused = node;
		}
	}
	return done;
}

static void look_at_clock(struct depot *depot)
{
	struct timespec now;

	if (++depot->calls % LOOK_CALLS)
		return;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec != depot->second) {
		depot->second = now.tv_sec;
		depot->is_due = true;
	}
}

/**
 * pma_depot_put() - leave free blocks
 * @pma: the arena
 * @class: of the blocks
 * @blocks: what they are; pieces are parked
 * @nr: how many
 *
 * Return: how many of the first of them were taken; the rest shall go to the kernel.
 */
uint32_t pma_depot_put(struct pma *pma, unsigned int class, void **blocks, uint32_t nr)
{
	struct depot *depot = pma->depot;
	struct list *list = &depot->lists[class];
	size_t bytes = pma_class_bytes(pma, class);

	pthread_mutex_lock(&depot->lock);
	look_at_clock(depot);
	nr = append(depot, list, blocks, room_for(pma, depot, bytes, nr));
	list->nr += nr;
	depot->kept += nr * bytes;
	pthread_mutex_unlock(&depot->lock);
	return nr;
}

/**
 * pma_depot_take() - fetch free blocks
 * @pma: the arena
 * @class: that they shall be of
 * @blocks: room for them
 * @nr: how many at most
 *
 * Return: how many.
 */
uint32_t pma_depot_take(struct pma *pma, unsigned int class, void **blocks, uint32_t nr)
{
	struct depot *depot = pma->depot;
	struct list *list = &depot->lists[class];

	if (!atomic_load_explicit(&list->nr, memory_order_relaxed))
		return 0;
	pthread_mutex_lock(&depot->lock);
	look_at_clock(depot);
	nr = take_off(depot, list, blocks, nr);
	list->nr -= nr;
	if (list->idle > list->nr)
		list->idle = list->nr;
	depot->kept -= nr * pma_class_bytes(pma, class);
	pthread_mutex_unlock(&depot->lock);
	return nr;
}

/**
 * pma_depot_bytes() - how much there is
 * @pma: the arena
 */
size_t pma_depot_bytes(const struct pma *pma)
{
	return atomic_load_explicit(&pma->depot->kept, memory_order_relaxed);
}

/* Giving back. */

static void give_back(struct pma *pma, unsigned int class, uint32_t nr)
{
	void *blocks[NODE_BLOCKS];
	uint32_t some;

	while (nr) {
		some = pma_depot_take(pma, class, blocks, nr < NODE_BLOCKS ? nr : NODE_BLOCKS);
		if (!some)
			break;
		pma_cache_give_back(pma, class, blocks, some);
		nr -= some;
	}
}

/**
 * pma_depot_flush() - give all of it back to the kernel
 * @pma: the arena
 */
void pma_depot_flush(struct pma *pma)
{
	unsigned int class;

	for (class = 1; class < CLASS_PIECE; class++)
		give_back(pma, class, UINT32_MAX);
}

/**
 * pma_depot_is_due() - is it time for pma_depot_tidy()?
 * @pma: the arena
 */
bool pma_depot_is_due(struct pma *pma)
{
	return unlikely(atomic_load_explicit(&pma->depot->is_due, memory_order_relaxed));
}

/* How many blocks of a class to give back; from now on it counts anew. */
static uint32_t too_many(struct depot *depot, unsigned int class, bool short_of_room)
{
	struct list *list = &depot->lists[class];
	uint32_t nr = ((short_of_room ? list->nr : list->idle) + 1) / 2;

	list->idle = list->nr - nr;
	return nr;
}

static SLOW void tidy(struct pma *pma)
{
	struct depot *depot = pma->depot;
	uint32_t nr, left = TIDY_NODES * NODE_BLOCKS;
	bool short_of_room;
	unsigned int class;

	if (!atomic_exchange(&depot->is_due, false))
		return;
	pthread_mutex_lock(&depot->lock);
	ask(pma, depot);
	short_of_room = depot->kept > depot->allowed;
	pthread_mutex_unlock(&depot->lock);
	for (class = 1; class < CLASS_PIECE && left; class++) {
		if (!atomic_load_explicit(&depot->lists[class].nr, memory_order_relaxed))
			continue;
		pthread_mutex_lock(&depot->lock);
		nr = too_many(depot, class, short_of_room);
		pthread_mutex_unlock(&depot->lock);
		nr = nr < left ? nr : left;
		give_back(pma, class, nr);
		left -= nr;
	}
}

/**
 * pma_depot_tidy() - if it is time, give back some of what nobody has wanted for long
 * @pma: the arena
 */
void pma_depot_tidy(struct pma *pma)
{
	if (pma_depot_is_due(pma))
		tidy(pma);
}
