// SPDX-License-Identifier: GPL-2.0
/*
 * pma_fit_check.c - the proof of what pma_fit.c keeps
 *
 * What the engine relies on is said twice: a piece's head and foot, its flags and its
 * neighbours', its tags and the free lists, the lists and the maps.  The proof reads
 * both and compares.  It goes by the tags first, span by span, as that takes nothing
 * but a span's bounds for granted; then by the lists, and both must have come by the
 * same free pieces: as many, as long, and at places of the same sum.
 *
 * It changes nothing, and goes nowhere before it has seen that the place is one of
 * the span or the table; so it ends, whatever is in the tags.  As for the engine, the
 * caller serializes.
 */
#include "pma_fit_check.h"

/*
 * Do the windows of a piece hold no head but its own, and no foot?  The last one
 * may have the head of the piece after it, the first the foot of the one before.
 */
static bool inside_is_blank(const struct pma_fit *fit, u32 unit, u32 units)
{
	u32 mask = pma_fit_min_units(fit) - 1;
	u32 first = unit >> fit->window_shift;
	u32 last = (unit + units - 1) >> fit->window_shift;
	u32 i;

	for (i = first; i <= last; i++) {
		if (i > first && (i < last || !((unit + units) & mask)) && fit->tags[i].head)
			return false;
		if (i < last && (i > first || !(unit & mask)) && fit->tags[i].foot)
			return false;
	}
	return true;
}

static u32 check_piece(const struct pma_fit *fit, u32 unit, u32 left, u32 flags_want)
{
	u32 flags, units;

	if (!pma_fit_is_piece(fit, unit))
		return 1;
	flags = pma_fit_flags(fit, unit);
	units = pma_fit_units(fit, unit);
	if (units < pma_fit_min_units(fit) || units > left)
		return 1;
	return !!((flags ^ flags_want) & (PMA_FIT_P | PMA_FIT_FIRST)) +
	       (!!(flags & PMA_FIT_LAST) != (units == left)) +
	       (pma_fit_foot_tag(fit, unit, units)->foot != pma_fit_foot_word(units, flags)) +
	       !inside_is_blank(fit, unit, units) +
	       ((flags & PMA_FIT_FREE) && (flags & PMA_FIT_CLIENT));
}

/**
 * pma_fit_check_span() - prove the tags of a span
 * @fit: the instance
 * @unit: first unit of the span
 * @units: its length
 * @sum: counts are added here
 *
 * Every piece follows the one before without a gap, its two tags match, its
 * flags are true of its neighbours, and no two free pieces touch.
 */
void pma_fit_check_span(const struct pma_fit *fit, u32 unit, u32 units, struct pma_fit_sum *sum)
{
	u32 want = PMA_FIT_P | PMA_FIT_FIRST;
	u32 end = unit + units;

	while (unit < end) {
		u32 errors = check_piece(fit, unit, end - unit, want);
		u32 len = pma_fit_units(fit, unit);

		sum->errors += errors;
		if (errors && (!len || len > end - unit))
			return;
		sum->pieces++;
		if (pma_fit_is_free(fit, unit)) {
			if (!(want & PMA_FIT_P))
				sum->errors++;	/* two free pieces touch */
			sum->free_pieces++;
			sum->free_units += len;
			sum->free_starts += unit;
			want = 0;
		} else {
			want = PMA_FIT_P;
		}
		unit += len;
	}
}

/* Do the maps tell which lists are empty? */
static u32 check_maps(const struct pma_fit *fit)
{
	u32 errors = 0, fl, list;

	for (fl = 0; fl < 32; fl++)
		errors += !!(fit->fl_map & BIT(fl)) != (fl < PMA_FIT_FL_MAX && fit->sl_map[fl]);
	for (list = 0; list < PMA_FIT_FL_MAX * PMA_FIT_SL; list++) {
		bool mapped = fit->sl_map[list / PMA_FIT_SL] & BIT(list % PMA_FIT_SL);

		errors += mapped != (list < fit->nr_lists && fit->heads[list] != PMA_NONE);
	}
	return errors;
}

/**
 * pma_fit_check_lists() - prove the free lists
 * @fit: the instance
 * @end: units that its tags are for
 * @sum: of pma_fit_check_span() over all its spans
 *
 * Every listed piece is free and in the list of its length, links match, maps
 * tell which lists are empty, and the counts are those of the lists and of the
 * spans: every free piece is in exactly one list.
 *
 * Return: number of errors.
 */
u32 pma_fit_check_lists(const struct pma_fit *fit, u32 end, const struct pma_fit_sum *sum)
{
	u32 errors = check_maps(fit), pieces = 0, units = 0, list;
	u64 starts = 0;

	for (list = 0; list < fit->nr_lists; list++) {
		u32 unit, prev = PMA_NONE;

		for (unit = fit->heads[list]; unit != PMA_NONE;
		     unit = pma_fit_link(fit, unit)->next) {
			if (unit >= end || !pma_fit_is_piece(fit, unit) ||
			    !pma_fit_is_free(fit, unit) || pieces == fit->free_pieces)
				return errors + 1;	/* and the rest can't be walked */
			errors += pma_fit_list_of(pma_fit_units(fit, unit)) != list;
			errors += pma_fit_link(fit, unit)->prev != prev;
			prev = unit;
			pieces++;
			units += pma_fit_units(fit, unit);
			starts += unit;
		}
	}
	errors += (pieces != fit->free_pieces) + (units != fit->free_units);
	return errors + (pieces != sum->free_pieces) + (units != sum->free_units) +
	       (starts != sum->free_starts);
}
