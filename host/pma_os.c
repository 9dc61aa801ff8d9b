// SPDX-License-Identifier: GPL-2.0
/*
 * pma_os.c - what of the kernel the host's pma_os.h can't say inline
 *
 * Misuse is a complaint, and a complaint fails the test that runs:
 *
 *  - each thread knows the locks it holds, so that a second one of the same
 *    class, a sleep, or an allocation that may sleep under a spinlock shows
 *    without any contention;
 *  - each pair of classes that was ever nested one way may not be nested the
 *    other way.
 */
#include <unistd.h>
#include <stdarg.h>

#include "pma_os.h"

#define HELD_MAX	8
#define CLASSES_MAX	16

struct host_memory host_memory;
unsigned long host_complaints;

static pthread_mutex_t lockdep_mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *classes[CLASSES_MAX];
static bool nested[CLASSES_MAX][CLASSES_MAX];	/* [inner] was taken in [outer] */

static __thread struct {
	struct host_lock *locks[HELD_MAX];
	int nr;
	int spinning;
} held;

static char *log_text;
static size_t log_room;

/* reports */

void host_log(const char *format, ...)
{
	va_list args;
	int n;

	if (!log_text)
		return;
	va_start(args, format);
	n = vsnprintf(log_text, log_room, format, args);
	va_end(args);
	n = min_t(size_t, n, log_room - 1);
	log_text += n;
	log_room -= n;
}

/* From now on, what is logged goes to @text. */
void host_log_begin(char *text, size_t bytes)
{
	*text = '\0';
	log_text = text;
	log_room = bytes;
}

void host_log_end(void)
{
	log_text = NULL;
}

void host_complain(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	printf("    # %s\n", line);
	__atomic_fetch_add(&host_complaints, 1, __ATOMIC_RELAXED);
}

/* locks */

static int class_of(const struct host_lock *lock)
{
	int i;

	for (i = 0; i < CLASSES_MAX && classes[i]; i++)
		if (classes[i] == lock->name)
			return i;
	if (i == CLASSES_MAX)
		abort();
	classes[i] = lock->name;
	return i;
}

static void check_order(const struct host_lock *lock)
{
	int i, inner, outer;

	pthread_mutex_lock(&lockdep_mutex);
	inner = class_of(lock);
	for (i = 0; i < held.nr; i++) {
		outer = class_of(held.locks[i]);
		if (outer == inner)
			host_complain("two locks of the class %s", lock->name);
		else if (nested[outer][inner])
			host_complain("%s and %s are taken in either order",
				      lock->name, held.locks[i]->name);
		nested[inner][outer] = true;
	}
	pthread_mutex_unlock(&lockdep_mutex);
}

void host_might_sleep(const char *what)
{
	if (held.spinning)
		host_complain("%s under a spinlock", what);
}

void host_sleep(unsigned int us)
{
	host_might_sleep("fsleep()");
	usleep(us);
}

void host_lock_init(struct host_lock *lock, const char *name)
{
	pthread_mutex_init(&lock->mutex, NULL);
	lock->name = name;
	lock->holder = NULL;
}

void host_lock_destroy(struct host_lock *lock)
{
	if (lock->holder)
		host_complain("%s is destroyed while it is held", lock->name);
	pthread_mutex_destroy(&lock->mutex);
}

void host_lock(struct host_lock *lock, bool spins)
{
	if (!spins)
		host_might_sleep("mutex_lock()");
	if (held.nr == HELD_MAX)
		abort();
	if (held.nr)
		check_order(lock);
	pthread_mutex_lock(&lock->mutex);
	__atomic_store_n(&lock->holder, &held, __ATOMIC_RELAXED);
	held.locks[held.nr++] = lock;
	held.spinning += spins;
}

void host_unlock(struct host_lock *lock, bool spins)
{
	if (!held.nr || held.locks[held.nr - 1] != lock)
		host_complain("%s is not the lock taken last", lock->name);
	held.nr--;
	held.spinning -= spins;
	__atomic_store_n(&lock->holder, NULL, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&lock->mutex);
}

bool host_lock_is_held(const struct host_lock *lock)
{
	return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == (void *)&held;
}

/* CPUs */

/* Each in cache lines of its own. */
static struct {
	pthread_mutex_t mutex;
} __aligned(64) cpus[HOST_CPUS] = {
	[0 ... HOST_CPUS - 1] = { PTHREAD_MUTEX_INITIALIZER }
};

static int next_cpu;

/* That one, or -1. */
int host_offline_cpu = -1;

__thread struct host_others host_others;

static __thread struct {
	int number;	/* of the CPU, from 1 on; 0 before the thread is on one */
	int irqs_off;	/* how often */
} on_cpu;

int host_cpu(void)
{
	if (!on_cpu.number)
		on_cpu.number = __atomic_fetch_add(&next_cpu, 1, __ATOMIC_RELAXED) % HOST_CPUS + 1;
	return on_cpu.number - 1;
}

bool host_move_to_cpu(int cpu)
{
	if (cpu >= HOST_CPUS || cpu == host_offline_cpu)
		return false;
	on_cpu.number = cpu + 1;
	return true;
}

void host_irqs_off(void)
{
	if (!on_cpu.irqs_off++)
		pthread_mutex_lock(&cpus[host_cpu()].mutex);
	held.spinning++;
}

void host_irqs_on(void)
{
	held.spinning--;
	if (!--on_cpu.irqs_off)
		pthread_mutex_unlock(&cpus[host_cpu()].mutex);
}

void *host_this_cpu(void *p)
{
	if (!on_cpu.irqs_off)
		host_complain("this_cpu_ptr() with interrupts on");
	return per_cpu_ptr((char *)p, host_cpu());
}

void *host_alloc_percpu(size_t bytes)
{
	if (bytes > HOST_PERCPU_BYTES)
		abort();
	return kvzalloc(HOST_CPUS * HOST_PERCPU_BYTES, GFP_KERNEL);
}

void host_on_each_cpu(void (*func)(void *data), void *data)
{
	int here = host_cpu(), cpu;

	host_might_sleep("on_each_cpu()");
	for (cpu = 0; cpu < HOST_CPUS; cpu++) {
		if (!host_move_to_cpu(cpu))
			continue;
		host_irqs_off();
		func(data);
		host_irqs_on();
	}
	host_move_to_cpu(here);
}

/* later */

static pthread_mutex_t works_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct work_struct *works[16];

void host_schedule_work(struct work_struct *work)
{
	int i;

	pthread_mutex_lock(&works_mutex);
	for (i = 0; !work->pending && i < ARRAY_SIZE(works); i++)
		if (!works[i]) {
			works[i] = work;
			work->pending = true;
		}
	pthread_mutex_unlock(&works_mutex);
}

/* It is run only by who also cancels it, or waits for that. */
static struct work_struct *unschedule(int i)
{
	struct work_struct *work;

	pthread_mutex_lock(&works_mutex);
	work = works[i];
	works[i] = NULL;
	if (work)
		work->pending = false;
	pthread_mutex_unlock(&works_mutex);
	return work;
}

void host_cancel_work(struct work_struct *work)
{
	int i;

	host_might_sleep("cancel_delayed_work_sync()");
	for (i = 0; i < ARRAY_SIZE(works); i++)
		if (READ_ONCE(works[i]) == work)
			unschedule(i);
}

void host_run_works(void)
{
	struct work_struct *work;
	int i;

	for (i = 0; i < ARRAY_SIZE(works); i++) {
		work = unschedule(i);
		if (work)
			work->func(work);
	}
}

/* memory */

static bool allocation_fails(gfp_t gfp)
{
	if (gfp & GFP_KERNEL)
		host_might_sleep("an allocation");
	return host_memory.fail_in && !--host_memory.fail_in;
}

static void *count_allocation(void *p)
{
	if (p)
		__atomic_fetch_add(&host_memory.blocks, 1, __ATOMIC_RELAXED);
	return p;
}

void *kvmalloc(size_t bytes, gfp_t gfp)
{
	void *p;

	if (allocation_fails(gfp) || bytes > PTRDIFF_MAX)
		return NULL;
	/* As kmalloc() does: what is for different CPUs may be in different lines. */
	if (posix_memalign(&p, bytes < SMP_CACHE_BYTES ? sizeof(u64) : SMP_CACHE_BYTES, bytes))
		return NULL;
	/* What is not asked to be zero isn't. */
	memset(p, gfp & __GFP_ZERO ? 0 : 0xa5, bytes);
	return count_allocation(p);
}

void kvfree(const void *p)
{
	if (p)
		__atomic_fetch_sub(&host_memory.blocks, 1, __ATOMIC_RELAXED);
	free((void *)p);
}

/*
 * Aligned to a frame and, as vmalloc() may do, to no more; what it returns ends
 * where the allocation does, so that ASan guards the end to the byte.
 */
void *__vmalloc(unsigned long bytes, gfp_t gfp)
{
	char *p;

	if (allocation_fails(gfp) || bytes > PTRDIFF_MAX)
		return NULL;
	if (posix_memalign((void **)&p, 32 * PAGE_SIZE, bytes + PAGE_SIZE))
		return NULL;
	p += PAGE_SIZE;
	memset(p, gfp & __GFP_ZERO ? 0 : 0xa5, bytes);
	return count_allocation(p);
}

/* As where there are no huge pages. */
void *vmalloc_huge(unsigned long bytes, gfp_t gfp)
{
	return __vmalloc(bytes, gfp);
}

void vfree(const void *p)
{
	host_might_sleep("vfree()");
	if (!p)
		return;
	__atomic_fetch_sub(&host_memory.blocks, 1, __ATOMIC_RELAXED);
	free((char *)p - PAGE_SIZE);
}

/* Frames: 4 GiB of them. */
long si_mem_available(void)
{
	return 1L << 20;
}

void *memchr_inv(const void *p, int c, size_t bytes)
{
	const unsigned char *byte = p;

	for (; bytes; bytes--, byte++)
		if (*byte != (unsigned char)c)
			return (void *)byte;
	return NULL;
}

long strscpy(char *to, const char *from, size_t bytes)
{
	size_t n = strnlen(from, bytes);

	if (!bytes)
		return -E2BIG;
	if (n == bytes) {
		memcpy(to, from, bytes - 1);
		to[bytes - 1] = '\0';
		return -E2BIG;
	}
	memcpy(to, from, n + 1);
	return n;
}

/* bitmap */

static unsigned long find_next(const unsigned long *map, unsigned long size,
			       unsigned long start, unsigned long invert)
{
	while (start < size) {
		unsigned long word = (map[start / BITS_PER_LONG] ^ invert) >>
				     (start % BITS_PER_LONG);

		if (word)
			return min(start + __ffs(word), size);
		start = ALIGN(start + 1, BITS_PER_LONG);
	}
	return size;
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long start)
{
	return find_next(map, size, start, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long start)
{
	return find_next(map, size, start, ~0UL);
}

unsigned long find_last_bit(const unsigned long *map, unsigned long size)
{
	unsigned long bit = size;

	while (bit--)
		if (test_bit(bit, map))
			return bit;
	return size;
}

/* random */

void get_random_bytes(void *to, size_t bytes)
{
	while (bytes) {
		size_t some = min_t(size_t, bytes, 256);	/* what it gives at a time */

		if (getentropy(to, some))
			abort();
		to += some;
		bytes -= some;
	}
}

/* ids */

void ida_init(struct ida *ida)
{
	pthread_mutex_init(&ida->mutex, NULL);
	memset(ida->used, 0, sizeof(ida->used));
}

void ida_destroy(struct ida *ida)
{
	pthread_mutex_destroy(&ida->mutex);
}

int ida_alloc_range(struct ida *ida, unsigned int first, unsigned int last, gfp_t gfp)
{
	unsigned long id;

	if (allocation_fails(gfp))
		return -ENOMEM;
	pthread_mutex_lock(&ida->mutex);
	id = find_next_zero_bit(ida->used, last + 1, first);
	if (id <= last)
		__set_bit(id, ida->used);
	pthread_mutex_unlock(&ida->mutex);
	return id <= last ? (int)id : -ENOSPC;
}

void ida_free(struct ida *ida, unsigned int id)
{
	pthread_mutex_lock(&ida->mutex);
	if (!test_bit(id, ida->used))
		host_complain("id %u is free already", id);
	__clear_bit(id, ida->used);
	pthread_mutex_unlock(&ida->mutex);
}
