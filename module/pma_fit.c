// SPDX-License-Identifier: GPL-2.0
/*
 * pma_fit.c - two-level segregated fit over units with boundary tags
 *
 * A *span* is a stretch of units, cut into *pieces*, each free or in use; two
 * free pieces never touch.  Free pieces hang in lists by length: one list for
 * each length below PMA_FIT_SL units, then PMA_FIT_SL lists for each power of
 * two.  Two levels of bitmaps find the first non-empty list that is sure to
 * fit, so that no operation depends on how many pieces there are.  (TLSF:
 * M. Masmano, I. Ripoll, A. Crespo, J. Real, "TLSF: a new dynamic memory
 * allocator for real-time systems", ECRTS 2004.)
 *
 * Unlike the original, a search first tries a few pieces of the list that the
 * length itself belongs to: it finds exact fits, above all a span that is
 * wanted whole, and only then goes for a larger list.
 *
 * The tags lie in a side table, never in the memory they describe.  No piece is
 * shorter than a *window* of 2^window_shift units, so in each window at most
 * one piece starts and at most one ends, and one tag a window holds both: fine
 * units cost no more table than coarse ones.
 *
 *	window        0        |        1        |        2        |    3
 *	piece   [---- A ----------)[------- B -----------)[----- C --------
 *	tag     head A             | head B, foot A  | head C, foot B  |
 *
 * Over pages a window is one page; over granules it is the smallest chunk.  A
 * tag without a head is inside a piece: every operation clears the heads and
 * feet it buries, so that pma_fit_is_piece() can be trusted with any unit.
 *
 * The engine knows no lock: the caller serializes.  What it keeps is proved in
 * pma_fit_check.c.
 */
#include "pma_fit.h"

static u32 head_word(const struct pma_fit *fit, u32 unit, u32 units, u32 flags)
{
	u32 offset = unit & (pma_fit_min_units(fit) - 1);

	return (((units << fit->window_shift) | offset) << PMA_FIT_FLAG_BITS) | flags;
}

static __always_inline void write_piece(struct pma_fit *fit, u32 unit, u32 units, u32 flags)
{
	pma_fit_tag(fit, unit)->head = head_word(fit, unit, units, flags);
	pma_fit_foot_tag(fit, unit, units)->foot = pma_fit_foot_word(units, flags);
}

/* Bury the boundary between two pieces that become one. */
static void erase_boundary(struct pma_fit *fit, u32 unit)
{
	pma_fit_tag(fit, unit)->head = 0;
	pma_fit_tag(fit, unit - 1)->foot = 0;
}

/*
 * Tell the piece after the one that ends before @unit whether that is in use.
 * Who owns that piece may read the rest of its head meanwhile, without a lock, or
 * change a flag of the client's.
 */
static void set_prev_used(struct pma_fit *fit, u32 unit, bool used)
{
	atomic_t *head = (atomic_t *)&pma_fit_tag(fit, unit)->head;

	if (used)
		atomic_or(PMA_FIT_P, head);
	else
		atomic_andnot(PMA_FIT_P, head);
}

static void push_free(struct pma_fit *fit, u32 unit, u32 units)
{
	u32 list = pma_fit_list_of(units);
	u32 next = fit->heads[list];
	struct pma_link *link = pma_fit_link(fit, unit);

	link->next = next;
	link->prev = PMA_NONE;
	if (next != PMA_NONE)
		pma_fit_link(fit, next)->prev = unit;
	fit->heads[list] = unit;
	fit->fl_map |= BIT(list / PMA_FIT_SL);
	fit->sl_map[list / PMA_FIT_SL] |= BIT(list % PMA_FIT_SL);
	fit->free_units += units;
	fit->free_pieces++;
}

static void mark_empty(struct pma_fit *fit, u32 list)
{
	u32 fl = list / PMA_FIT_SL;

	fit->sl_map[fl] &= ~BIT(list % PMA_FIT_SL);
	if (!fit->sl_map[fl])
		fit->fl_map &= ~BIT(fl);
}

static void drop_free(struct pma_fit *fit, u32 unit)
{
	u32 units = pma_fit_units(fit, unit);
	u32 list = pma_fit_list_of(units);
	struct pma_link *link = pma_fit_link(fit, unit);

	if (link->next != PMA_NONE)
		pma_fit_link(fit, link->next)->prev = link->prev;
	if (link->prev != PMA_NONE)
		pma_fit_link(fit, link->prev)->next = link->next;
	else
		fit->heads[list] = link->next;
	if (fit->heads[list] == PMA_NONE)
		mark_empty(fit, list);
	fit->free_units -= units;
	fit->free_pieces--;
}

/* The tightest of the first few pieces of the list that @units belongs to. */
static u32 look_in_own_list(const struct pma_fit *fit, u32 list, u32 units)
{
	u32 unit = fit->heads[list], best = PMA_NONE, best_units = ~0U;
	int i;

	for (i = 0; i < PMA_FIT_LOOK && unit != PMA_NONE; i++) {
		u32 have = pma_fit_units(fit, unit);

		if (have >= units && have < best_units) {
			best = unit;
			best_units = have;
		}
		unit = pma_fit_link(fit, unit)->next;
	}
	return best;
}

/* The first piece of the first non-empty list after @list. */
static u32 look_above(const struct pma_fit *fit, u32 list)
{
	u32 fl, map;

	list++;
	fl = list / PMA_FIT_SL;
	if (fl >= PMA_FIT_FL_MAX)
		return PMA_NONE;
	map = fit->sl_map[fl] & (~0U << (list % PMA_FIT_SL));
	if (!map) {
		map = fit->fl_map & (~1U << fl);
		if (!map)
			return PMA_NONE;
		fl = __ffs(map);
		map = fit->sl_map[fl];
	}
	return fit->heads[fl * PMA_FIT_SL + __ffs(map)];
}

static u32 find_free(const struct pma_fit *fit, u32 units)
{
	u32 list = pma_fit_list_of(units);
	u32 unit;

	if (list >= fit->nr_lists)
		return PMA_NONE;
	unit = look_in_own_list(fit, list, units);
	return unit != PMA_NONE ? unit : look_above(fit, list);
}

/*
 * Make [unit, unit + have) a piece in use of @units, and a free one of what is
 * over if that is long enough.  @flags are those of the whole; what comes after
 * is in use, or there is nothing.
 */
static __always_inline void carve(struct pma_fit *fit, u32 unit, u32 have, u32 units, u32 flags)
{
	u32 rest = have - units;

	flags &= ~PMA_FIT_FREE;
	if (rest < pma_fit_min_units(fit)) {
		write_piece(fit, unit, have, flags);
		if (!(flags & PMA_FIT_LAST))
			set_prev_used(fit, unit + have, true);
		return;
	}
	write_piece(fit, unit, units, flags & ~PMA_FIT_LAST);
	write_piece(fit, unit + units, rest, PMA_FIT_FREE | PMA_FIT_P | (flags & PMA_FIT_LAST));
	push_free(fit, unit + units, rest);
	if (!(flags & PMA_FIT_LAST))
		set_prev_used(fit, unit + have, false);
}

/* As carve(), at the end of the whole; its first unit. */
static u32 carve_end(struct pma_fit *fit, u32 unit, u32 have, u32 units, u32 flags)
{
	u32 rest = have - units;

	if (rest < pma_fit_min_units(fit)) {
		carve(fit, unit, have, units, flags);
		return unit;
	}
	write_piece(fit, unit, rest, flags & ~(PMA_FIT_LAST | PMA_FIT_CLIENT));
	push_free(fit, unit, rest);
	unit += rest;
	write_piece(fit, unit, units, flags & (PMA_FIT_LAST | PMA_FIT_CLIENT));
	if (!(flags & PMA_FIT_LAST))
		set_prev_used(fit, unit + units, true);
	return unit;
}

/* Swallow the free piece after the one at @unit, if there is one; *@flags learns LAST. */
static __always_inline u32 absorb_next(struct pma_fit *fit, u32 unit, u32 units, u32 *flags)
{
	u32 next = unit + units, next_units;

	if ((*flags & PMA_FIT_LAST) || !pma_fit_is_free(fit, next))
		return units;
	next_units = pma_fit_units(fit, next);
	drop_free(fit, next);
	*flags |= pma_fit_flags(fit, next) & PMA_FIT_LAST;
	erase_boundary(fit, next);
	return units + next_units;
}

/* A piece in use that is to be free, with what is free beside it. */
struct whole {
	u32 unit;
	u32 units;
	u32 flags;
};

/* Swallow the free pieces beside the one at @unit; the tags of the whole are not written yet. */
static __always_inline struct whole absorb(struct pma_fit *fit, u32 unit)
{
	u32 flags = pma_fit_flags(fit, unit) & ~PMA_FIT_CLIENT;
	u32 units = absorb_next(fit, unit, pma_fit_units(fit, unit), &flags);

	if (!(flags & PMA_FIT_P)) {
		u32 prev_units = pma_fit_tag(fit, unit - 1)->foot >> PMA_FIT_FLAG_BITS;
		u32 prev = unit - prev_units;

		drop_free(fit, prev);
		erase_boundary(fit, unit);
		flags = (flags & PMA_FIT_LAST) | (pma_fit_flags(fit, prev) & ~PMA_FIT_LAST);
		unit = prev;
		units += prev_units;
	}
	return (struct whole){ unit, units, flags };
}

static __always_inline void give_whole(struct pma_fit *fit, const struct whole *whole)
{
	write_piece(fit, whole->unit, whole->units, whole->flags | PMA_FIT_FREE);
	push_free(fit, whole->unit, whole->units);
	if (!(whole->flags & PMA_FIT_LAST))
		set_prev_used(fit, whole->unit + whole->units, false);
}

/**
 * pma_fit_nr_lists() - how many free lists an instance needs
 * @max_units: longest piece it will ever hold
 *
 * Return: the length of &pma_fit.heads.
 */
u32 pma_fit_nr_lists(u32 max_units)
{
	return pma_fit_list_of(max_units) + 1;
}

/**
 * pma_fit_init() - begin without a span
 * @fit: the instance, with room for pma_fit_nr_lists(@max_units) heads
 * @tags: side table, one tag for each 2^@window_shift units
 * @window_shift: log2 of the least length of a piece
 * @max_units: longest piece it will ever hold
 */
void pma_fit_init(struct pma_fit *fit, struct pma_fit_tag *tags, u8 window_shift, u32 max_units)
{
	u32 i;

	memset(fit, 0, sizeof(*fit));
	fit->tags = tags;
	fit->window_shift = window_shift;
	fit->nr_lists = pma_fit_nr_lists(max_units);
	for (i = 0; i < fit->nr_lists; i++)
		fit->heads[i] = PMA_NONE;
}

/**
 * pma_fit_add() - add a span, as one free piece
 * @fit: the instance
 * @unit: its first unit; the tags of its windows must be zero
 * @units: its length, at least a window
 */
void pma_fit_add(struct pma_fit *fit, u32 unit, u32 units)
{
	write_piece(fit, unit, units,
		    PMA_FIT_FREE | PMA_FIT_P | PMA_FIT_FIRST | PMA_FIT_LAST);
	push_free(fit, unit, units);
}

/**
 * pma_fit_add_used() - add a span, and take its first piece
 * @fit: the instance
 * @unit: its first unit; the tags of its windows must be zero
 * @units: its length, at least @used
 * @used: length of the piece, at least a window; it may be longer, as in pma_fit_alloc()
 * @client_flags: PMA_FIT_CLIENT flags it shall carry
 */
void pma_fit_add_used(struct pma_fit *fit, u32 unit, u32 units, u32 used, u32 client_flags)
{
	carve(fit, unit, units, used, PMA_FIT_P | PMA_FIT_FIRST | PMA_FIT_LAST |
	      (client_flags & PMA_FIT_CLIENT));
}

/**
 * pma_fit_alloc() - take a piece
 * @fit: the instance
 * @units: its length, at least a window
 * @client_flags: PMA_FIT_CLIENT flags it shall carry, and PMA_FIT_END
 *
 * O(1).  The piece may be longer than asked for, by less than a window.
 *
 * Return: its first unit, or PMA_NONE.
 */
u32 pma_fit_alloc(struct pma_fit *fit, u32 units, u32 client_flags)
{
	u32 unit = find_free(fit, units), flags;

	if (unit == PMA_NONE)
		return PMA_NONE;
	drop_free(fit, unit);
	flags = pma_fit_flags(fit, unit) | (client_flags & PMA_FIT_CLIENT);
	if (client_flags & PMA_FIT_END)
		return carve_end(fit, unit, pma_fit_units(fit, unit), units, flags);
	carve(fit, unit, pma_fit_units(fit, unit), units, flags);
	return unit;
}

/**
 * pma_fit_free() - give a piece back
 * @fit: the instance
 * @unit: its first unit
 *
 * O(1): it becomes one with a free piece before it and one after it.
 *
 * Return: the first unit of the free piece it is now part of.
 */
u32 pma_fit_free(struct pma_fit *fit, u32 unit)
{
	struct whole whole = absorb(fit, unit);

	give_whole(fit, &whole);
	return whole.unit;
}

/**
 * pma_fit_free_or_remove() - give a piece back, and its span with the last one
 * @fit: the instance
 * @unit: the piece's first unit
 *
 * O(1), as pma_fit_free(), but a span that holds nothing more is taken out.
 *
 * Return: true if it was.
 */
bool pma_fit_free_or_remove(struct pma_fit *fit, u32 unit)
{
	struct whole whole = absorb(fit, unit);

	if (whole.flags & PMA_FIT_FIRST && whole.flags & PMA_FIT_LAST) {
		pma_fit_tag(fit, whole.unit)->head = 0;
		pma_fit_foot_tag(fit, whole.unit, whole.units)->foot = 0;
		return true;
	}
	give_whole(fit, &whole);
	return false;
}

/**
 * pma_fit_resize() - make a piece shorter or longer where it is
 * @fit: the instance
 * @unit: its first unit
 * @units: wanted length, at least a window
 *
 * O(1): it grows into a free piece after it, and what it no longer needs
 * becomes free, or part of the free piece after it.
 *
 * Return: true if it is now at least @units long; else nothing has changed.
 */
bool pma_fit_resize(struct pma_fit *fit, u32 unit, u32 units)
{
	u32 flags = pma_fit_flags(fit, unit);
	u32 have = pma_fit_units(fit, unit);
	u32 next = unit + have, reach = have;

	if (!(flags & PMA_FIT_LAST) && pma_fit_is_free(fit, next))
		reach += pma_fit_units(fit, next);
	if (reach < units)
		return false;
	have = absorb_next(fit, unit, have, &flags);
	pma_fit_foot_tag(fit, unit, have)->foot = 0;
	carve(fit, unit, have, units, flags);
	return true;
}

/**
 * pma_fit_find() - the piece that a unit lies in
 * @fit: the instance
 * @unit: any unit of a span
 * @max_windows: how far back to look; all these windows must be of that span
 *
 * O(@max_windows), for error paths and queries.
 *
 * Return: the piece's first unit, or PMA_NONE if it starts further back.
 */
u32 pma_fit_find(const struct pma_fit *fit, u32 unit, u32 max_windows)
{
	u32 window = unit >> fit->window_shift, mask = pma_fit_min_units(fit) - 1;

	for (; max_windows--; window--) {
		u32 head = fit->tags[window].head;
		u32 start = (window << fit->window_shift) | ((head >> PMA_FIT_FLAG_BITS) & mask);

		if (head && start <= unit)
			return start;
		if (!window)
			break;
	}
	return PMA_NONE;
}

/**
 * pma_fit_largest() - length of a piece of the highest non-empty list
 * @fit: the instance
 *
 * Return: units; a longest piece is at most 1/PMA_FIT_SL longer; 0 if none is free.
 */
u32 pma_fit_largest(const struct pma_fit *fit)
{
	u32 fl;

	if (!fit->fl_map)
		return 0;
	fl = __fls(fit->fl_map);
	return pma_fit_units(fit, fit->heads[fl * PMA_FIT_SL + __fls(fit->sl_map[fl])]);
}
