/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chosen.h - tests that a command line names
 */
#ifndef CHOSEN_H
#define CHOSEN_H

#include <stdbool.h>

bool chosen_has(char **chosen, const char *name);

#endif /* CHOSEN_H */
