// SPDX-License-Identifier: GPL-2.0
/*
 * bench_waste.c - memory that nobody asked for
 *
 *  waste-uniform	one block of each size from 16 to 4096 bytes: of the bytes
 *			that may be used, the share that was not asked for
 *  waste-all		the same, and what is around the blocks: of the memory that is
 *			taken for four of each size, the share that was not asked for
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "bench_contest.h"
#include "bench_report.h"

#define SIZE_MIN	16
#define SIZE_MAX_OF_ALL	4096
#define EACH		4	/* blocks of a size, in waste-all */
#define REGION		SZ_64M

static const struct bench_need need = { .region = REGION, .gfp = GFP_KERNEL };

static void report(const char *name, const char *allocator, u64 asked, u64 taken)
{
	bench_report(name, allocator, div64_u64((taken - asked) * 10000, taken), "%");
}

/* One block after the other: bytes that may be used. */
static u64 usable_pma(struct bench_heap *heap)
{
	u64 usable = 0;
	size_t size;

	for (size = SIZE_MIN; size <= SIZE_MAX_OF_ALL; size++) {
		void *block = pma_alloc(heap->arena, size);

		usable += pma_usable_size(heap->arena, block);
		pma_free(heap->arena, block);
	}
	return usable;
}

static u64 usable_kmalloc(struct bench_heap *heap)
{
	u64 usable = 0;
	size_t size;

	for (size = SIZE_MIN; size <= SIZE_MAX_OF_ALL; size++)
		usable += kmalloc_size_roundup(size);
	return usable;
}

static u64 taken_by_pma(struct bench_heap *heap)
{
	struct pma_stats stats;

	pma_arena_stats(heap->arena, &stats);
	return (u64)stats.arena_pages * PAGE_SIZE;
}

static u64 taken_by_kmalloc(struct bench_heap *heap)
{
	return (u64)(global_node_page_state(NR_SLAB_UNRECLAIMABLE_B) +
		     global_node_page_state(NR_SLAB_RECLAIMABLE_B)) * PAGE_SIZE;
}

/**
 * struct player - a peer and what is asked of it
 * @peer: the peer
 * @usable: bytes that may be used of a block of each size
 * @taken: bytes that are taken from the system or the region
 */
struct player {
	const struct bench_peer *peer;
	u64 (*usable)(struct bench_heap *heap);
	u64 (*taken)(struct bench_heap *heap);
};

static const struct player players[] = {
	{ &bench_pma, usable_pma, taken_by_pma },
	{ &bench_adaptive, usable_pma, taken_by_pma },
	{ &bench_kmalloc, usable_kmalloc, taken_by_kmalloc },
};

static int run_uniform(const struct bench_case *what)
{
	u64 asked = (u64)(SIZE_MIN + SIZE_MAX_OF_ALL) * (SIZE_MAX_OF_ALL - SIZE_MIN + 1) / 2;
	struct bench_heap heap;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(players); i++) {
		int err = bench_peer_open(players[i].peer, &heap, &need);

		if (err)
			return err;
		report(what->name, players[i].peer->name, asked, players[i].usable(&heap));
		bench_peer_close(players[i].peer, &heap);
	}
	return 0;
}

/* In an order that is all over the sizes: 7 has no factor in common with their number. */
static size_t size_at(u32 i)
{
	u32 sizes = SIZE_MAX_OF_ALL - SIZE_MIN + 1;

	return SIZE_MIN + (i * 1009) % sizes;
}

static int take_all(const struct player *player, struct bench_heap *heap, void **blocks, u32 nr,
		    u64 *asked, u64 *taken)
{
	u64 before = player->taken(heap);
	u32 i;
	int err = 0;

	*asked = 0;
	for (i = 0; i < nr && !err; i++) {
		blocks[i] = player->peer->alloc(heap, size_at(i));
		*asked += size_at(i);
		err = blocks[i] ? 0 : -ENOMEM;
	}
	*taken = player->taken(heap) - before;
	while (i--)
		if (blocks[i])
			player->peer->free(heap, blocks[i], size_at(i));
	return err;
}

static int run_all(const struct bench_case *what)
{
	u32 nr = (SIZE_MAX_OF_ALL - SIZE_MIN + 1) * EACH, i;
	void **blocks = kvcalloc(nr, sizeof(*blocks), GFP_KERNEL);
	struct bench_heap heap;
	u64 asked, taken;
	int err = blocks ? 0 : -ENOMEM;

	for (i = 0; i < ARRAY_SIZE(players) && !err; i++) {
		err = bench_peer_open(players[i].peer, &heap, &need);
		if (err)
			break;
		err = take_all(&players[i], &heap, blocks, nr, &asked, &taken);
		bench_peer_close(players[i].peer, &heap);
		if (!err)
			report(what->name, players[i].peer->name, asked, taken);
	}
	kvfree(blocks);
	return err;
}

const struct bench_case bench_waste_cases[] = {
	{ "waste-uniform", run_uniform },
	{ "waste-all", run_all },
	{}
};
