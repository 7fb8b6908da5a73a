/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff.h - the lines in which two texts differ. */
#pragma once

#include <stdio.h>

#include "runtime/core/text.h"

/* Calls each(sign, line, arg) for every line of both texts, without its line end: ' ' for a line
 * that both have, '-' for a line of `old` alone, '+' for a line of `new` alone. Of a change the
 * '-' come before the '+'. Line ends are not compared. The changes are the fewest that there
 * can be; where they are thousands, all lines between the first and the last change differ. */
void diff_lines(struct slice old, struct slice new,
		void (*each)(char sign, struct slice line, void *arg), void *arg);

/* Prints the difference as "diff -U0" does, without the file names. */
void diff_print(FILE *to, struct slice old, struct slice new);

/* Prints a line with '?' in place of its control characters, which a terminal would obey. */
void diff_put(FILE *to, struct slice line);
