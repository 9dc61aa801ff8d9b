// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * chosen.c - tests that a command line names
 */
#include <stddef.h>
#include <string.h>

#include "chosen.h"

/* Is @name one of those that begin with any of @chosen? Without any, all are. */
bool chosen_has(char **chosen, const char *name)
{
	if (!*chosen)
		return true;
	for (; *chosen; chosen++)
		if (!strncmp(name, *chosen, strlen(*chosen)))
			return true;
	return false;
}
