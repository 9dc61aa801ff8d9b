/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_kunit_kept.h - what the suites of kept blocks share
 *
 * Their cases go by the kernel interface, as its users do.  Those of one CPU stay on it.
 */
#ifndef _PMA_KUNIT_KEPT_H
#define _PMA_KUNIT_KEPT_H

#include <linux/pma.h>

#include "pma_cpu.h"
#include "pma_kept.h"
#include "pma_kunit.h"

#define PMA_KUNIT_RUN	(5 * 4096)	/* bytes of a big block */
#define PMA_KUNIT_CHUNK	3000

/* Large enough for a CPU to keep some of each. */
static const struct pma_kunit_config __maybe_unused pma_kunit_keeping = {
	"large", 1024, 4096, 0, 0
};

/* What CPU 0 keeps. */
static inline struct pma_kept *pma_kunit_kept(struct pma_arena *arena)
{
	return per_cpu_ptr(arena->kept, 0);
}

#endif /* _PMA_KUNIT_KEPT_H */
