// SPDX-License-Identifier: GPL-2.0
/*
 * bench_replay.c - a trace of a real program, played again
 *
 * A packed trace (bench/trace.h) comes in by the file "trace"; then
 *
 *  replay	plays it from the first operation to the last, and reports what an
 *		operation takes as case replay-NAME
 *  fit		plays it in smaller and smaller regions, and reports the smallest that
 *		completes it, over the bytes in use at the peak, as fit-NAME; of
 *		kmalloc, which has no region, the most that its slabs and pages took
 *
 * A trace is played in parts, several times over; a part's time is the median of
 * its rounds, so an interrupt, which falls into one of them, does not count.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "trace.h"
#include "bench_contest.h"
#include "bench_replay.h"
#include "bench_report.h"

#define PART		512	/* operations */
#define ROUNDS		5
#define REGION		SZ_64M	/* of a replay */
#define TRACE_MAX	SZ_64M	/* bytes */

static void *trace_blob;
static size_t trace_bytes;	/* come in so far */

static const struct bench_trace *trace_head(void)
{
	return trace_blob;
}

static const struct bench_operation *trace_operations(void)
{
	return trace_blob + sizeof(struct bench_trace);
}

static size_t trace_bytes_due(void)
{
	return sizeof(struct bench_trace) +
	       (size_t)trace_head()->nr_operations * sizeof(struct bench_operation);
}

static bool trace_is_whole(void)
{
	const struct bench_operation *operation;
	u32 i;

	if (trace_bytes < sizeof(struct bench_trace) ||
	    trace_head()->magic != BENCH_TRACE_MAGIC || trace_bytes != trace_bytes_due() ||
	    trace_head()->name[BENCH_TRACE_NAME_MAX - 1])
		return false;
	operation = trace_operations();
	for (i = 0; i < trace_head()->nr_operations; i++)
		if (bench_operation_id(&operation[i]) >= trace_head()->nr_ids)
			return false;
	return true;
}

/* A trace is written from its beginning, in any pieces. */
static ssize_t trace_write(struct file *file, const char __user *from, size_t bytes, loff_t *pos)
{
	if (!trace_blob)
		trace_blob = vmalloc(TRACE_MAX);
	if (!trace_blob)
		return -ENOMEM;
	if (!*pos)
		trace_bytes = 0;
	if (*pos != trace_bytes || bytes > TRACE_MAX - trace_bytes)
		return -EINVAL;
	if (copy_from_user(trace_blob + trace_bytes, from, bytes))
		return -EFAULT;
	trace_bytes += bytes;
	*pos += bytes;
	return bytes;
}

const struct file_operations bench_replay_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = trace_write,
	.llseek = noop_llseek,
};

/**
 * bench_replay_exit() - forget the trace
 */
void bench_replay_exit(void)
{
	vfree(trace_blob);
}

/* Play @nr operations; false if one failed. */
static __always_inline bool play(const struct bench_peer *peer, struct bench_heap *heap,
				 const struct bench_operation *operation, u32 nr)
{
	for (; nr--; operation++) {
		u32 id = bench_operation_id(operation), size = operation->size;
		void *block = heap->block[id];

		switch (bench_operation_kind(operation)) {
		case BENCH_MALLOC:
			block = peer->alloc(heap, size);
			break;
		case BENCH_CALLOC:
			block = peer->zalloc(heap, size);
			break;
		case BENCH_REALLOC:
			if (block)
				block = peer->realloc(heap, block, heap->size[id], size);
			else
				block = peer->alloc(heap, size);
			break;
		case BENCH_ALIGNED:
			block = peer->alloc_aligned(heap, size, bench_operation_align(operation));
			break;
		default:
			peer->free(heap, block, heap->size[id]);
			heap->block[id] = NULL;
			continue;
		}
		if (unlikely(!block))
			return false;
		heap->block[id] = block;
		heap->size[id] = size;
	}
	return true;
}

static __always_inline void free_rest(const struct bench_peer *peer, struct bench_heap *heap)
{
	u32 i;

	for (i = 0; i < heap->nr; i++) {
		if (heap->block[i])
			peer->free(heap, heap->block[i], heap->size[i]);
		heap->block[i] = NULL;
	}
}

#define PLAY(of)								\
	static noinline bool play_##of(struct bench_heap *heap,			\
				       const struct bench_operation *operation, u32 nr) \
	{									\
		return play(&bench_##of, heap, operation, nr);			\
	}									\
	static noinline void free_rest_##of(struct bench_heap *heap)		\
	{									\
		free_rest(&bench_##of, heap);					\
	}

PLAY(control)
PLAY(pma)
PLAY(adaptive)
PLAY(kmalloc)
PLAY(gen_pool)

/**
 * struct player - a peer and its loops
 * @peer: the peer
 * @play: plays some operations
 * @free_rest: frees what is in use
 * @rounds: of a replay; one where each takes very long
 */
struct player {
	const struct bench_peer *peer;
	bool (*play)(struct bench_heap *heap, const struct bench_operation *operation, u32 nr);
	void (*free_rest)(struct bench_heap *heap);
	u32 rounds;
};

#define PLAYER(of, nr) { &bench_##of, play_##of, free_rest_##of, nr }

static const struct player control = PLAYER(control, ROUNDS);

static const struct player players[] = {
	PLAYER(pma, ROUNDS), PLAYER(adaptive, ROUNDS), PLAYER(kmalloc, ROUNDS),
	PLAYER(gen_pool, 1),
};

static int begin(const struct player *player, struct bench_heap *heap, size_t region)
{
	const struct bench_need need = { .region = region, .gfp = GFP_KERNEL };
	int err = bench_peer_open(player->peer, heap, &need);

	if (err)
		return err;
	heap->nr = trace_head()->nr_ids;
	heap->block = kvcalloc(heap->nr, sizeof(*heap->block), GFP_KERNEL);
	heap->size = kvcalloc(heap->nr, sizeof(*heap->size), GFP_KERNEL);
	if (heap->block && heap->size)
		return 0;
	kvfree(heap->size);
	kvfree(heap->block);
	bench_peer_close(player->peer, heap);
	return -ENOMEM;
}

static void end(const struct player *player, struct bench_heap *heap)
{
	player->free_rest(heap);
	kvfree(heap->size);
	kvfree(heap->block);
	bench_peer_close(player->peer, heap);
}

static u32 nr_parts(void)
{
	return DIV_ROUND_UP(trace_head()->nr_operations, PART);
}

/* Operations of a part. */
static u32 part_nr(u32 part)
{
	return min_t(u32, PART, trace_head()->nr_operations - part * PART);
}

/* One round; @ticks gets each part's, @stride apart. */
static bool play_round(const struct player *player, struct bench_heap *heap, u64 *ticks, u32 stride)
{
	u32 part;

	for (part = 0; part < nr_parts(); part++) {
		u64 begin = bench_now();

		if (!player->play(heap, trace_operations() + part * PART, part_nr(part)))
			return false;
		ticks[part * stride] = bench_now() - begin;
		cond_resched();
	}
	player->free_rest(heap);
	return true;
}

static u64 sum_of_medians(u64 *ticks, u32 rounds)
{
	u64 sum = 0;
	u32 part;

	for (part = 0; part < nr_parts(); part++)
		sum += bench_median(ticks + part * rounds, rounds);
	return sum;
}

static int replay(const struct player *player, u64 *sum)
{
	u64 *ticks = kvcalloc(nr_parts() * player->rounds, sizeof(*ticks), GFP_KERNEL);
	struct bench_heap heap;
	u32 round;
	int err = ticks ? begin(player, &heap, REGION) : -ENOMEM;

	if (err)
		goto free;
	for (round = 0; round < player->rounds && !err; round++)
		err = play_round(player, &heap, ticks + round, player->rounds) ? 0 : -ENOMEM;
	end(player, &heap);
	*sum = sum_of_medians(ticks, player->rounds);
free:
	kvfree(ticks);
	return err;
}

static int run_replay(const struct bench_case *what)
{
	u64 empty, ticks;
	char name[64];
	u32 i;
	int err;

	if (!trace_is_whole())
		return -ENODATA;
	scnprintf(name, sizeof(name), "replay-%s", trace_head()->name);
	err = replay(&control, &empty);
	for (i = 0; i < ARRAY_SIZE(players) && !err; i++) {
		if (!bench_peer_plays(players[i].peer))
			continue;
		err = replay(&players[i], &ticks);
		if (!err)
			bench_report_ticks(name, players[i].peer->name,
					   ticks > empty ? ticks - empty : 0,
					   trace_head()->nr_operations);
	}
	return err;
}

/* Does a region of so many bytes do? */
static bool fits(const struct player *player, size_t region)
{
	struct bench_heap heap;
	u32 part, parts = nr_parts();

	if (begin(player, &heap, region))
		return false;
	for (part = 0; part < parts; part++) {
		if (!player->play(&heap, trace_operations() + part * PART, part_nr(part)))
			break;
		cond_resched();
	}
	end(player, &heap);
	return part == parts;
}

/* The smallest region, in frames, between one that is too small and one that does. */
static size_t fit_region(const struct player *player)
{
	size_t low = trace_head()->peak_bytes >> PAGE_SHIFT, high = low + low / 8 + 16;

	while (!fits(player, high << PAGE_SHIFT)) {
		low = high;
		high += high / 8 + 1;
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (fits(player, middle << PAGE_SHIFT))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static s64 slab_frames(void)
{
	return (global_node_page_state(NR_SLAB_UNRECLAIMABLE_B) +
		global_node_page_state(NR_SLAB_RECLAIMABLE_B));
}

/* Give back what slabs have that nobody uses. */
static void shrink_kmalloc(void)
{
	int i;

	for (i = 0; i <= KMALLOC_SHIFT_HIGH; i++)
		if (kmalloc_caches[KMALLOC_NORMAL][i])
			kmem_cache_shrink(kmalloc_caches[KMALLOC_NORMAL][i]);
}

/* The most frames that slabs and large kmallocs took. */
static size_t peak_frames(const struct player *player)
{
	s64 before, peak = 0;
	struct bench_heap heap;
	u32 part;

	if (begin(player, &heap, 0))
		return 0;
	shrink_kmalloc();
	before = slab_frames();
	for (part = 0; part < nr_parts(); part++) {
		if (!player->play(&heap, trace_operations() + part * PART, part_nr(part)))
			break;
		peak = max(peak, slab_frames() - before);
	}
	end(player, &heap);
	return peak;
}

static int run_fit(const struct bench_case *what)
{
	char name[64];
	size_t frames;
	u32 i;

	if (!trace_is_whole())
		return -ENODATA;
	scnprintf(name, sizeof(name), "live-%s", trace_head()->name);
	bench_report(name, "trace", div_u64(trace_head()->peak_bytes * 100, SZ_1K), "KB");
	scnprintf(name, sizeof(name), "fit-%s", trace_head()->name);
	for (i = 0; i < ARRAY_SIZE(players); i++) {
		if (!bench_peer_plays(players[i].peer))
			continue;
		if (players[i].peer == &bench_kmalloc)
			frames = peak_frames(&players[i]);
		else
			frames = fit_region(&players[i]);
		bench_report(name, players[i].peer->name,
			     div64_u64((u64)frames * PAGE_SIZE * 10000, trace_head()->peak_bytes),
			     "% of live");
	}
	return 0;
}

const struct bench_case bench_replay_cases[] = {
	{ "replay", run_replay },
	{ "fit", run_fit },
	{}
};
