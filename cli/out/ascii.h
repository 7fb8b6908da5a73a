/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ascii.h - upper and lower case of the letters A to Z alone, and what is UTF-8.
 *
 * tolower(), strcasecmp() and strcasestr() follow the locale: in Turkish the lower case of I is
 * no i, so that names of columns and JSON's members would be others there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

char ascii_lower(char c);

/* True: the first n bytes are equal but for case. Both have so many. */
bool ascii_same(const char *a, const char *b, size_t n);

/* The first place in text where `part` is, in any case; NULL: nowhere. */
const char *ascii_find(const char *text, const char *part);

/* True: the bytes are UTF-8. */
bool utf8_is_valid(const char *text, size_t n);

/* Columns that n bytes of UTF-8 take on a terminal, each character being one wide. */
unsigned utf8_columns(const char *text, size_t n);

/* Sets which characters the terminal shows, by LC_ALL, LC_CTYPE or LANG. A locale that is not
 * installed, as after ssh from another machine, still says whether it is UTF-8. */
void utf8_set_locale(void);
