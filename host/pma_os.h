/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_os.h - the twin of module/pma_os.h: the same names over libc
 *
 * Force-included by the Makefile, so that its guard keeps the original out and
 * the sources of L0 to L3 compile as they are.  Beyond what the kernel does with
 * these names it judges how they are used: a lock that is taken twice, out of
 * order or held across something that may sleep, lockdep_assert_held() without
 * the lock, and a WARN_ON_ONCE() each fail the test that runs (see pma_os.c).
 */
#ifndef _PMA_OS_H
#define _PMA_OS_H

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* types, bits */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;
typedef unsigned int gfp_t;

#define __packed		__attribute__((packed))
#define __maybe_unused		__attribute__((unused))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define noinline		__attribute__((noinline))
#define __uninitialized
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define static_assert(expr, ...) _Static_assert(expr, #expr)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define BITS_PER_LONG		64
#define BITS_PER_BYTE		8
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK_ULL(h, l)	((~0ULL >> (63 - (h))) & (~0ULL << (l)))
#define lower_32_bits(n)	((u32)(n))
#define upper_32_bits(n)	((u32)((u64)(n) >> 32))
#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)

#define U8_MAX			UINT8_MAX
#define U16_MAX			UINT16_MAX
#define U32_MAX			UINT32_MAX
#define U64_MAX			(~0ULL)

#define SZ_4K			0x1000UL
#define SZ_32K			0x8000UL
#define SZ_64K			0x10000UL
#define SZ_1M			0x100000UL
#define SZ_16M			0x1000000UL
#define SZ_64M			0x4000000UL

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)

/* No value twice: arguments with side effects are fine, as in the kernel. */
#define min(a, b) ({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define min_t(type, a, b)	({ type min_a_ = (a), min_b_ = (b); \
				   min_a_ < min_b_ ? min_a_ : min_b_; })
#define max_t(type, a, b)	({ type max_a_ = (a), max_b_ = (b); \
				   max_a_ > max_b_ ? max_a_ : max_b_; })
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define swap(a, b)		do { typeof(a) swap_ = (a); (a) = (b); (b) = swap_; } while (0)

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define ALIGN(x, a)		(((x) + (typeof(x))(a) - 1) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((typeof(x))(a) - 1)) == 0)
#define PTR_ALIGN(p, a)		((typeof(p))ALIGN((unsigned long)(p), (a)))

static inline int fls(u32 x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

#define __ffs64(x)		__builtin_ctzll(x)

static inline unsigned long __fls(unsigned long x)
{
	return BITS_PER_LONG - 1 - __builtin_clzl(x);
}

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

static inline int ilog2(u64 n)
{
	return 63 - __builtin_clzll(n);
}

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << ilog2(n);
}

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << (ilog2(n - 1) + 1);
}

static inline size_t size_mul(size_t a, size_t b)
{
	size_t product;

	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

#define struct_size(p, member, n) \
	(sizeof(*(p)) + size_mul(n, sizeof((p)->member[0])))

#define OPTIMIZER_HIDE_VAR(x)	__asm__("" : "=r" (x) : "0" (x))

/* atomics; for ThreadSanitizer a marked access is an atomic one */

/* A race by design; tsan.supp says where. */
#define data_race(expr)		(expr)
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), v, __ATOMIC_RELAXED)

typedef struct {
	int counter;
} atomic_t;

static inline int atomic_read(const atomic_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);
}

static inline void atomic_set(atomic_t *v, int n)
{
	__atomic_store_n(&v->counter, n, __ATOMIC_RELAXED);
}

static inline void atomic_inc(atomic_t *v)
{
	__atomic_fetch_add(&v->counter, 1, __ATOMIC_RELAXED);
}

static inline void atomic_dec(atomic_t *v)
{
	__atomic_fetch_sub(&v->counter, 1, __ATOMIC_RELAXED);
}

static inline void atomic_or(int n, atomic_t *v)
{
	__atomic_fetch_or(&v->counter, n, __ATOMIC_SEQ_CST);
}

static inline void atomic_andnot(int n, atomic_t *v)
{
	__atomic_fetch_and(&v->counter, ~n, __ATOMIC_SEQ_CST);
}

typedef struct {
	long counter;
} atomic_long_t;

static inline void atomic_long_andnot(long n, atomic_long_t *v)
{
	__atomic_fetch_and(&v->counter, ~n, __ATOMIC_SEQ_CST);
}

static inline int atomic_inc_return(atomic_t *v)
{
	return __atomic_add_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);
}

/* bitmap */

static inline bool test_bit(unsigned long n, const unsigned long *map)
{
	return READ_ONCE(map[n / BITS_PER_LONG]) >> (n % BITS_PER_LONG) & 1;
}

static inline bool test_bit_acquire(unsigned long n, const unsigned long *map)
{
	unsigned long word = __atomic_load_n(&map[n / BITS_PER_LONG], __ATOMIC_ACQUIRE);

	return word >> (n % BITS_PER_LONG) & 1;
}

static inline void __set_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] |= BIT(n % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] &= ~BIT(n % BITS_PER_LONG);
}

static inline void __change_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] ^= BIT(n % BITS_PER_LONG);
}

static inline unsigned int hweight_long(unsigned long w)
{
	return __builtin_popcountl(w);
}

static inline u64 ror64(u64 word, unsigned int shift)
{
	return word >> (shift & 63) | word << (-shift & 63);
}

static inline void bitmap_zero(unsigned long *map, unsigned int nbits)
{
	memset(map, 0, BITS_TO_LONGS(nbits) * sizeof(long));
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long start);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long start);
unsigned long find_last_bit(const unsigned long *map, unsigned long size);

#define DECLARE_BITMAP(name, bits)	unsigned long name[BITS_TO_LONGS(bits)]

static inline unsigned long find_first_bit(const unsigned long *map, unsigned long size)
{
	return find_next_bit(map, size, 0);
}

#define BITMAP_FIRST_WORD_MASK(start)	(~0UL << ((start) & (BITS_PER_LONG - 1)))
#define BITMAP_LAST_WORD_MASK(nbits)	(~0UL >> (-(nbits) & (BITS_PER_LONG - 1)))

static inline bool bitmap_full(const unsigned long *map, unsigned int nbits)
{
	return find_next_zero_bit(map, nbits, 0) >= nbits;
}

/* errors in pointers */

#define MAX_ERRNO	4095

static inline void *ERR_PTR(long err)
{
	return (void *)err;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p >= (unsigned long)-MAX_ERRNO;
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

static inline int PTR_ERR_OR_ZERO(const void *p)
{
	return IS_ERR(p) ? PTR_ERR(p) : 0;
}

/* memory */

#define GFP_KERNEL		1U
#define GFP_ATOMIC		2U
#define __GFP_ZERO		4U
#define __GFP_NOWARN		8U
#define __GFP_RETRY_MAYFAIL	16U
#define __GFP_NORETRY		32U
#define PMD_SIZE		(1UL << 21)

void *kvmalloc(size_t bytes, gfp_t gfp);
void kvfree(const void *p);
void *__vmalloc(unsigned long bytes, gfp_t gfp);
void *vmalloc_huge(unsigned long bytes, gfp_t gfp);

static inline unsigned long vmalloc_to_pfn(const void *p)
{
	return (unsigned long)p / PAGE_SIZE;
}

void vfree(const void *p);
long si_mem_available(void);
void get_random_bytes(void *to, size_t bytes);
#define memzero_explicit(p, bytes)	explicit_bzero(p, bytes)
void *memchr_inv(const void *p, int c, size_t bytes);
long strscpy(char *to, const char *from, size_t bytes);

static inline void *kvzalloc(size_t bytes, gfp_t gfp)
{
	return kvmalloc(bytes, gfp | __GFP_ZERO);
}

static inline void *kvcalloc(size_t n, size_t bytes, gfp_t gfp)
{
	return kvzalloc(size_mul(n, bytes), gfp);
}

#define kzalloc			kvzalloc
#define kcalloc			kvcalloc
#define kfree			kvfree

/* locks, with a lockdep for the little that is used */

/**
 * struct host_lock - any lock
 * @mutex: what it is made of
 * @name: where it was initialised: locks of one place are of one class
 * @holder: thread that has it, by the address of a variable of its own
 */
struct host_lock {
	pthread_mutex_t mutex;
	const char *name;
	void *holder;
};

typedef struct {
	struct host_lock lock;
} raw_spinlock_t;

struct mutex {
	struct host_lock lock;
};

#define HOST_LINE__(x)		#x
#define HOST_LINE_(x)		HOST_LINE__(x)
#define HOST_HERE		__FILE__ ":" HOST_LINE_(__LINE__)
#define HOST_LOCK_INIT		{ PTHREAD_MUTEX_INITIALIZER, HOST_HERE, NULL }
#define DEFINE_MUTEX(m)		struct mutex m = { HOST_LOCK_INIT }
#define DEFINE_RAW_SPINLOCK(l)	raw_spinlock_t l = { HOST_LOCK_INIT }

void host_lock_init(struct host_lock *lock, const char *name);
void host_lock_destroy(struct host_lock *lock);
void host_lock(struct host_lock *lock, bool spins);
void host_unlock(struct host_lock *lock, bool spins);
bool host_lock_is_held(const struct host_lock *lock);
void host_might_sleep(const char *what);
void host_sleep(unsigned int us);

#define raw_spin_lock_init(l)	host_lock_init(&(l)->lock, HOST_HERE)
#define raw_spin_lock(l)	host_lock(&(l)->lock, true)
#define raw_spin_unlock(l)	host_unlock(&(l)->lock, true)
#define raw_spin_lock_irqsave(l, flags) \
	do { local_irq_save(flags); raw_spin_lock(l); } while (0)
#define raw_spin_unlock_irqrestore(l, flags) \
	do { raw_spin_unlock(l); local_irq_restore(flags); } while (0)
#define mutex_init(m)		host_lock_init(&(m)->lock, HOST_HERE)
#define mutex_destroy(m)	host_lock_destroy(&(m)->lock)
#define mutex_lock(m)		host_lock(&(m)->lock, false)
#define mutex_unlock(m)		host_unlock(&(m)->lock, false)
#define lockdep_assert_held(l)	WARN_ON_ONCE(!host_lock_is_held(&(l)->lock))
#define might_sleep()		host_might_sleep(__func__)
#define fsleep(us)		host_sleep(us)
#define cond_resched()		do { host_might_sleep("cond_resched()"); sched_yield(); } while (0)

/*
 * CPUs: each thread is on one of them, and interrupts off is to have it for oneself.
 */

/* What others do just after this thread's next cmpxchg() or test_and_set_bit(). */
struct host_others {
	void (*act)(void *context);
	void *context;
};

extern __thread struct host_others host_others;

static inline void host_let_others(void)
{
	struct host_others others = host_others;

	if (likely(!others.act))
		return;
	host_others.act = NULL;
	others.act(others.context);
}

#define HOST_CPUS		8
#define HOST_PERCPU_BYTES	0x8000UL	/* PCPU_MIN_UNIT_SIZE: the kernel gives no more */

void host_irqs_off(void);
void host_irqs_on(void);
int host_cpu(void);
bool host_move_to_cpu(int cpu);
void *host_this_cpu(void *p);
void *host_alloc_percpu(size_t bytes);
extern int host_offline_cpu;

void host_on_each_cpu(void (*func)(void *data), void *data);

#define __percpu
#define __acquires(l)
#define __releases(l)
#define __aligned(n)		__attribute__((aligned(n)))
#define DECLARE_FLEX_ARRAY(type, name) \
	struct { struct { } __empty_ ## name; type name[]; }

#define __alloc_percpu(size, align) ((void)(align), host_alloc_percpu(size))
#define free_percpu(p)		kvfree(p)
#define this_cpu_ptr(p)		((typeof(p))host_this_cpu(p))
/* Others may look. */
#define __this_cpu_read(v)	READ_ONCE(*this_cpu_ptr(&(v)))
#define __this_cpu_write(v, to)	WRITE_ONCE(*this_cpu_ptr(&(v)), to)
#define __this_cpu_add(v, n) ({							\
	typeof(&(v)) add_to_ = this_cpu_ptr(&(v));				\
	/* TSan knows no fences: what comes after smp_wmb() is a release. */	\
	smp_store_release(add_to_, *add_to_ + (n));				\
})
#define __this_cpu_inc(v)	__this_cpu_add(v, 1)
#define __this_cpu_dec(v)	__this_cpu_add(v, -1)
#define per_cpu_ptr(p, cpu)	((typeof(p))((char *)(p) + (cpu) * HOST_PERCPU_BYTES))
#define smp_processor_id()	host_cpu()
#define raw_smp_processor_id()	host_cpu()
#define SMP_CACHE_BYTES		64
#define local_irq_save(flags)	do { (flags) = 0; host_irqs_off(); } while (0)
#define local_irq_restore(flags) do { (void)(flags); host_irqs_on(); } while (0)
#define on_each_cpu(func, arg, wait) host_on_each_cpu(func, arg)
#define cpus_read_lock()	host_might_sleep("cpus_read_lock()")
#define cpus_read_unlock()	do { } while (0)
#define cpu_online(cpu)		((cpu) != host_offline_cpu)
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < HOST_CPUS; (cpu)++)

static inline void set_bit(unsigned long n, unsigned long *map)
{
	__atomic_fetch_or(&map[n / BITS_PER_LONG], BIT(n % BITS_PER_LONG), __ATOMIC_SEQ_CST);
}

static inline void clear_bit(unsigned long n, unsigned long *map)
{
	__atomic_fetch_and(&map[n / BITS_PER_LONG], ~BIT(n % BITS_PER_LONG), __ATOMIC_SEQ_CST);
}

static inline bool test_and_set_bit(unsigned long n, unsigned long *map)
{
	unsigned long bit = BIT(n % BITS_PER_LONG);
	bool was_set = __atomic_fetch_or(&map[n / BITS_PER_LONG], bit, __ATOMIC_SEQ_CST) & bit;

	host_let_others();
	return was_set;
}

static inline bool test_and_clear_bit(unsigned long n, unsigned long *map)
{
	unsigned long bit = BIT(n % BITS_PER_LONG);

	return __atomic_fetch_and(&map[n / BITS_PER_LONG], ~bit, __ATOMIC_SEQ_CST) & bit;
}

#define cmpxchg(p, old, new) ({							\
	typeof(*(p)) cmpxchg_old_ = (old);					\
	__atomic_compare_exchange_n(p, &cmpxchg_old_, new, false, __ATOMIC_SEQ_CST, \
				    __ATOMIC_SEQ_CST);				\
	host_let_others();							\
	cmpxchg_old_;								\
})
#define try_cmpxchg(p, old, new)						\
	__atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define smp_wmb()		do { } while (0)	/* before __this_cpu_add() only */
#define smp_rmb()		asm volatile("" : : : "memory")	/* for STATS only */
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE) /* as it says */
/* An exchange, so that later stores that are not atomic stay later, too. */
#define smp_store_mb(v, value)	((void)__atomic_exchange_n(&(v), value, __ATOMIC_SEQ_CST))
#define smp_mb__before_atomic()	do { } while (0)	/* for what is SEQ_CST here */
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE) /* as it says */
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)

/* later: what is scheduled is done when a case sleeps, see host_run_works() */

#define HZ			250
#define jiffies			0UL
#define time_before(a, b)	((long)((a) - (b)) < 0)

struct work_struct {
	void (*func)(struct work_struct *work);
	bool pending;
};

struct delayed_work {
	struct work_struct work;
};

#define INIT_DELAYED_WORK(d, f)	((d)->work = (struct work_struct){ .func = (f) })
#define schedule_delayed_work(d, delay) ((void)(delay), host_schedule_work(&(d)->work))
#define cancel_delayed_work_sync(d) host_cancel_work(&(d)->work)

void host_schedule_work(struct work_struct *work);
void host_cancel_work(struct work_struct *work);
void host_run_works(void);

/* lists, ids */

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }
#define list_entry(p, type, member) container_of(p, type, member)
#define list_for_each_entry(pos, head, member)					\
	for (pos = list_entry((head)->next, typeof(*pos), member);		\
	     &pos->member != (head);						\
	     pos = list_entry(pos->member.next, typeof(*pos), member))
#define list_for_each_entry_safe(pos, n, head, member)				\
	for (pos = list_entry((head)->next, typeof(*pos), member),		\
	     n = list_entry(pos->member.next, typeof(*pos), member);		\
	     &pos->member != (head);						\
	     pos = n, n = list_entry(n->member.next, typeof(*n), member))

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline void list_add_tail(struct list_head *new, struct list_head *head)
{
	new->next = head;
	new->prev = head->prev;
	WRITE_ONCE(head->prev->next, new);
	head->prev = new;
}

static inline void list_del(struct list_head *entry)
{
	WRITE_ONCE(entry->prev->next, entry->next);
	entry->next->prev = entry->prev;
	entry->next = NULL;
	entry->prev = NULL;
}

static inline void list_del_init(struct list_head *entry)
{
	list_del(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add_tail(entry, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

struct ida {
	pthread_mutex_t mutex;
	unsigned long used[BITS_TO_LONGS(U16_MAX + 1)];
};

void ida_init(struct ida *ida);
void ida_destroy(struct ida *ida);
int ida_alloc_range(struct ida *ida, unsigned int first, unsigned int last, gfp_t gfp);
void ida_free(struct ida *ida, unsigned int id);

/* reports */

__printf(1, 2) void host_log(const char *format, ...);
__printf(1, 2) void host_complain(const char *format, ...);

#define pr_err			host_log
#define pr_warn			host_log
#define pr_info			host_log

#define WARN_ON_ONCE(condition) ({						\
	bool warn_ = !!(condition);						\
	if (unlikely(warn_))							\
		host_complain("%s:%d: warning: %s", __FILE__, __LINE__, #condition); \
	warn_;									\
})

/* What tests of the host ask of this file. */

/**
 * struct host_memory - what is allocated
 * @blocks: allocations that are not freed
 * @fail_in: of the allocations to come, the one that fails; 0 for none
 */
struct host_memory {
	long blocks;
	long fail_in;
};

extern struct host_memory host_memory;
extern unsigned long host_complaints;

void host_log_begin(char *text, size_t bytes);
void host_log_end(void);

#endif /* _PMA_OS_H */
