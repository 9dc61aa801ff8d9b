/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_fit.h - two-level segregated fit over units with boundary tags
 *
 * Used twice: over a region's pages (pieces are runs) and over a heap's
 * granules (pieces are chunks).  See pma_fit.c for the design.
 */
#ifndef _PMA_FIT_H
#define _PMA_FIT_H

#include "pma_types.h"

#define PMA_FIT_SL_SHIFT	5
#define PMA_FIT_SL		BIT(PMA_FIT_SL_SHIFT)	/* lists a power of two */
#define PMA_FIT_FL_MAX		(26 - PMA_FIT_SL_SHIFT + 1)
#define PMA_FIT_LOOK		4	/* pieces of its own list that a search tries */

/*
 * Flags of a piece, in the low bits of its head tag.  The client's flags are
 * kept as they are given; the engine never looks at them.
 */
#define PMA_FIT_FREE		BIT(0)
#define PMA_FIT_P		BIT(1)	/* the piece before is in use, or there is none */
#define PMA_FIT_FIRST		BIT(2)	/* first of its span */
#define PMA_FIT_LAST		BIT(3)	/* last of its span */
#define PMA_FIT_A		BIT(4)	/* client's: a process's arena, not the kernel's */
#define PMA_FIT_M		BIT(5)	/* client's, of a run: served as whole pages */
#define PMA_FIT_KEPT		BIT(5)	/* client's, of a chunk: kept by a CPU (pma_kept.c) */
#define PMA_FIT_CLIENT		(PMA_FIT_A | PMA_FIT_M)
#define PMA_FIT_FLAG_BITS	6

/* Not a flag of a piece: cut it from the end of a free one, not from its beginning. */
#define PMA_FIT_END		BIT(6)

/**
 * struct pma_fit_tag - boundary tags of one window (see pma_fit.c)
 * @head: of the piece that starts in the window: flags, the start's offset in
 *	the window, the length in units; 0 if none starts here
 * @foot: of the piece that ends in the window: its flag PMA_FIT_FREE and its
 *	length; 0 if none ends here
 * @link: of the piece that starts here: while it is free, its neighbours in its
 *	free list; while it is in use, the client's to use
 */
struct pma_fit_tag {
	u32 head;
	u32 foot;
	struct pma_link link;
};

/**
 * struct pma_fit - one instance
 * @tags: one a window, not owned
 * @window_shift: log2 of the units of a window, which is the least length
 * @free_units: in free pieces
 * @free_pieces: how many there are
 * @nr_lists: length of @heads
 * @fl_map: bit f: @sl_map[f] is not empty
 * @sl_map: bit s of word f: list f * PMA_FIT_SL + s is not empty
 * @heads: first piece of each free list, PMA_NONE if empty
 */
struct pma_fit {
	struct pma_fit_tag *tags;
	u8 window_shift;
	u32 free_units;
	u32 free_pieces;
	u32 nr_lists;
	u32 fl_map;
	u32 sl_map[PMA_FIT_FL_MAX];
	u32 heads[];
};

/* The list for pieces of @units: see pma_fit.c. */
static inline u32 pma_fit_list_of(u32 units)
{
	u32 order;

	if (units < PMA_FIT_SL)
		return units;
	order = ilog2(units);
	return ((order - PMA_FIT_SL_SHIFT) << PMA_FIT_SL_SHIFT) +
	       (units >> (order - PMA_FIT_SL_SHIFT));
}

static inline u32 pma_fit_min_units(const struct pma_fit *fit)
{
	return 1U << fit->window_shift;
}

static inline struct pma_fit_tag *pma_fit_tag(const struct pma_fit *fit, u32 unit)
{
	return &fit->tags[unit >> fit->window_shift];
}

static inline struct pma_link *pma_fit_link(const struct pma_fit *fit, u32 unit)
{
	return &pma_fit_tag(fit, unit)->link;
}

/* The tag of the window in which the piece of @units at @unit ends. */
static inline struct pma_fit_tag *pma_fit_foot_tag(const struct pma_fit *fit, u32 unit, u32 units)
{
	return pma_fit_tag(fit, unit + units - 1);
}

/* What it says of that piece. */
static inline u32 pma_fit_foot_word(u32 units, u32 flags)
{
	return units << PMA_FIT_FLAG_BITS | (flags & PMA_FIT_FREE);
}

/* Length in units of the piece of which @head is the tag's. */
static inline u32 pma_fit_head_units(const struct pma_fit *fit, u32 head)
{
	return head >> (PMA_FIT_FLAG_BITS + fit->window_shift);
}

/* Length in units of the piece that starts at @unit. */
static inline u32 pma_fit_units(const struct pma_fit *fit, u32 unit)
{
	return pma_fit_head_units(fit, READ_ONCE(pma_fit_tag(fit, unit)->head));
}

static inline u32 pma_fit_flags(const struct pma_fit *fit, u32 unit)
{
	return READ_ONCE(pma_fit_tag(fit, unit)->head) & (BIT(PMA_FIT_FLAG_BITS) - 1);
}

/* Give a piece in use other flags of its client. */
static inline void pma_fit_set_client(struct pma_fit *fit, u32 unit, u32 client_flags)
{
	struct pma_fit_tag *tag = pma_fit_tag(fit, unit);

	tag->head = (tag->head & ~PMA_FIT_CLIENT) | (client_flags & PMA_FIT_CLIENT);
}

static inline bool pma_fit_is_free(const struct pma_fit *fit, u32 unit)
{
	return READ_ONCE(pma_fit_tag(fit, unit)->head) & PMA_FIT_FREE;
}

/* Does a piece, free or in use, start exactly at @unit? */
static inline bool pma_fit_is_piece(const struct pma_fit *fit, u32 unit)
{
	u32 mask = pma_fit_min_units(fit) - 1;
	u32 head = READ_ONCE(pma_fit_tag(fit, unit)->head);

	return head && ((head >> PMA_FIT_FLAG_BITS) & mask) == (unit & mask);
}

u32 pma_fit_nr_lists(u32 max_units);
void pma_fit_init(struct pma_fit *fit, struct pma_fit_tag *tags, u8 window_shift, u32 max_units);
void pma_fit_add(struct pma_fit *fit, u32 unit, u32 units);
void pma_fit_add_used(struct pma_fit *fit, u32 unit, u32 units, u32 used, u32 client_flags);
u32 pma_fit_alloc(struct pma_fit *fit, u32 units, u32 client_flags);
u32 pma_fit_free(struct pma_fit *fit, u32 unit);
bool pma_fit_free_or_remove(struct pma_fit *fit, u32 unit);
bool pma_fit_resize(struct pma_fit *fit, u32 unit, u32 units);
u32 pma_fit_find(const struct pma_fit *fit, u32 unit, u32 max_windows);
u32 pma_fit_largest(const struct pma_fit *fit);

#endif /* _PMA_FIT_H */
