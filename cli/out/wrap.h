/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wrap.h - prose in lines of the terminal. */
#pragma once

#include <stdio.h>

/* Prints text in lines of at most `width` columns, and a newline behind it. The cursor stands in
 * column `at`; further lines begin in column `indent`. Lines end at blanks only; a newline in the
 * text stays one. UINT_MAX: no line is broken. */
void wrap_print(FILE *to, unsigned at, unsigned indent, unsigned width, const char *text);

/* Columns of the terminal that stdout is, or stderr; UINT_MAX if it is none. */
unsigned wrap_width(void);
unsigned wrap_error_width(void);
