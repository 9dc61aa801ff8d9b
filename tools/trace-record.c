// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Records the allocations of a program as a trace.
 *
 *	PMA_TRACE=out.trace LD_PRELOAD=.../pma-trace-record.so program...
 *
 * The program runs on glibc's allocator as ever; each call of it that changed
 * something is a line of out.trace, in the format of pmactl/trace.h.  Only the
 * process that creates out.trace writes it: the file must not exist, so that
 * programs started by the program, which inherit the environment, stay out, and
 * so do its forks.  A program that ends by _exit() or a signal loses the end of
 * its trace.
 *
 * Threads.  One lock covers the table, the IDs and the buffer, and keeps the
 * order of lines possible, that is, no block begins in the trace before the one
 * that had its address has ended:
 *
 *  - an allocation is written after it was made;
 *  - a free is written before it is made, so the address can't come back to
 *    another thread any sooner;
 *  - a realloc ends one address and begins another at once, so it is made with
 *    the lock held: who gets the old address has to wait to write that.
 *
 * The recorder's own memory comes from mmap(), never from what it records.
 *
 * Requests of 0 bytes are written as 1, and realloc(p, 0) as a free, which is
 * what glibc makes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/types.h>

/* glibc's allocator by its own names: no dlsym(), which would allocate. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nmemb, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *p);

#define BUFFER_BYTES	(1 << 16)
#define LINE_BYTES	64	/* no line is longer */
#define ID_NONE		(~0U)

struct block {
	uintptr_t address;	/* 0: an empty place, 1: one that was left */
	__u32 id;
};

#define ADDRESS_LEFT	1

static struct {
	pthread_mutex_t lock;
	int fd;			/* -1 while nothing is recorded */
	size_t used;
	char buffer[BUFFER_BYTES];
	struct block *blocks;	/* open addressing */
	size_t nr_places;	/* a power of two */
	size_t nr_taken;	/* places that are not empty */
	__u32 *free_ids;	/* a stack */
	size_t nr_free_ids;
	__u32 next_id;
} recorder = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

/* The buffer */

static void buffer_flush(void)
{
	size_t done = 0;
	ssize_t n;

	while (done < recorder.used) {
		n = write(recorder.fd, recorder.buffer + done, recorder.used - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort();	/* half a trace would pass for one */
		done += n;
	}
	recorder.used = 0;
}

static void buffer_number(size_t value)
{
	char digits[24];
	int n = sizeof(digits);

	do {
		digits[--n] = '0' + value % 10;
		value /= 10;
	} while (value);
	recorder.buffer[recorder.used++] = ' ';
	memcpy(recorder.buffer + recorder.used, digits + n, sizeof(digits) - n);
	recorder.used += sizeof(digits) - n;
}

/* printf() may allocate; these are few and simple */
static void buffer_line(char op, __u32 id, size_t size, size_t align)
{
	if (recorder.used > BUFFER_BYTES - LINE_BYTES)
		buffer_flush();
	recorder.buffer[recorder.used++] = op;
	buffer_number(id);
	if (op != 'f')
		buffer_number(size ? size : 1);
	if (op == 'm')
		buffer_number(align);
	recorder.buffer[recorder.used++] = '\n';
}

/* The table of live blocks */

static size_t table_hash(uintptr_t address)
{
	return (address >> 4) * 0x9e3779b97f4a7c15ULL >> 20;
}

static void table_put(uintptr_t address, __u32 id)
{
	size_t at = table_hash(address);

	while (recorder.blocks[at & (recorder.nr_places - 1)].address > ADDRESS_LEFT)
		at++;
	at &= recorder.nr_places - 1;
	recorder.nr_taken += !recorder.blocks[at].address;
	recorder.blocks[at] = (struct block){ .address = address, .id = id };
}

/* Twice the places: also gets rid of those that were left. */
static void table_grow(void)
{
	struct block *old = recorder.blocks;
	size_t i, nr_old = recorder.nr_places;
	__u32 *ids;

	recorder.nr_places = nr_old ? 2 * nr_old : 1 << 16;
	recorder.blocks = map(recorder.nr_places * sizeof(*old));
	recorder.nr_taken = 0;
	ids = map(recorder.nr_places * sizeof(*ids));
	for (i = 0; i < nr_old; i++)
		if (old[i].address > ADDRESS_LEFT)
			table_put(old[i].address, old[i].id);
	if (nr_old) {
		memcpy(ids, recorder.free_ids, recorder.nr_free_ids * sizeof(*ids));
		munmap(recorder.free_ids, nr_old * sizeof(*ids));
		munmap(old, nr_old * sizeof(*old));
	}
	recorder.free_ids = ids;
}

/* Takes a block out of the table; ID_NONE if it began before the recording. */
static __u32 table_take(uintptr_t address)
{
	size_t at = table_hash(address);
	struct block *block;

	for (;; at++) {
		block = &recorder.blocks[at & (recorder.nr_places - 1)];
		if (!block->address)
			return ID_NONE;
		if (block->address != address)
			continue;
		block->address = ADDRESS_LEFT;
		return block->id;
	}
}

static void id_put_back(__u32 id)
{
	recorder.free_ids[recorder.nr_free_ids++] = id;
}

static __u32 id_new(void)
{
	return recorder.nr_free_ids ? recorder.free_ids[--recorder.nr_free_ids] :
				      recorder.next_id++;
}

/* What happened; the lock is held */

static void begin_locked(char op, void *p, size_t size, size_t align)
{
	__u32 id;

	if (2 * (recorder.nr_taken + 1) > recorder.nr_places)
		table_grow();
	id = id_new();
	table_put((uintptr_t)p, id);
	buffer_line(op, id, size, align);
}

static void end_locked(void *p)
{
	__u32 id = table_take((uintptr_t)p);

	if (id == ID_NONE)
		return;
	buffer_line('f', id, 0, 0);
	id_put_back(id);
}

static void move_locked(void *from, void *to, size_t size)
{
	__u32 id = table_take((uintptr_t)from);

	if (id == ID_NONE) {
		begin_locked('a', to, size, 0);
		return;
	}
	if (2 * (recorder.nr_taken + 1) > recorder.nr_places)
		table_grow();
	table_put((uintptr_t)to, id);
	buffer_line('r', id, size, 0);
}

/* errno is the program's: only the allocator may set it */
static bool lock(void)
{
	pthread_mutex_lock(&recorder.lock);
	if (recorder.fd >= 0)
		return true;
	pthread_mutex_unlock(&recorder.lock);
	return false;
}

static void *begin(char op, void *p, size_t size, size_t align)
{
	int saved = errno;

	if (p && lock()) {
		begin_locked(op, p, size, align);
		pthread_mutex_unlock(&recorder.lock);
	}
	errno = saved;
	return p;
}

/* The allocator's names */

void *malloc(size_t size)
{
	return begin('a', __libc_malloc(size), size, 0);
}

void *calloc(size_t nmemb, size_t size)
{
	return begin('c', __libc_calloc(nmemb, size), nmemb * size, 0);
}

void free(void *p)
{
	int saved = errno;

	if (p && lock()) {
		end_locked(p);
		pthread_mutex_unlock(&recorder.lock);
	}
	errno = saved;
	__libc_free(p);
}

void *realloc(void *p, size_t size)
{
	void *new;
	int saved;

	if (!p)
		return malloc(size);
	if (!size) {
		free(p);
		return NULL;
	}
	if (!lock())
		return __libc_realloc(p, size);
	new = __libc_realloc(p, size);
	saved = errno;
	if (new)
		move_locked(p, new, size);
	pthread_mutex_unlock(&recorder.lock);
	errno = saved;
	return new;
}

void *reallocarray(void *p, size_t nmemb, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nmemb, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

void *memalign(size_t align, size_t size)
{
	return begin('m', __libc_memalign(align, size), size, align);
}

void *aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	int saved = errno;
	void *new;

	if (!align || align & (align - 1) || align % sizeof(void *))
		return EINVAL;
	new = memalign(align, size);
	errno = saved;
	if (!new)
		return ENOMEM;
	*p = new;
	return 0;
}

void *valloc(size_t size)
{
	return memalign(sysconf(_SC_PAGESIZE), size);
}

void *pvalloc(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return memalign(page, (size + page - 1) & -page);
}

/* Begin and end */

static void fork_prepare(void)
{
	pthread_mutex_lock(&recorder.lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&recorder.lock);
}

/* The buffer is the parent's to write. */
static void fork_child(void)
{
	if (recorder.fd >= 0)
		close(recorder.fd);
	recorder.fd = -1;
	pthread_mutex_unlock(&recorder.lock);
}

__attribute__((constructor))
static void recorder_begin(void)
{
	const char *path = getenv("PMA_TRACE");
	int fd;

	fd = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
	if (fd < 0)
		return;
	pthread_atfork(fork_prepare, fork_parent, fork_child);
	pthread_mutex_lock(&recorder.lock);
	table_grow();
	recorder.fd = fd;
	pthread_mutex_unlock(&recorder.lock);
}

__attribute__((destructor))
static void recorder_end(void)
{
	pthread_mutex_lock(&recorder.lock);
	if (recorder.fd >= 0) {
		buffer_flush();
		close(recorder.fd);
		recorder.fd = -1;
	}
	pthread_mutex_unlock(&recorder.lock);
}
