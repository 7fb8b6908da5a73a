/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slice.h - reading: pieces of text that belong to somebody else, cut and compared.
 *
 * Pure. Stands in for strtoul() too, which in klibc takes "-1" and never reports a range.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of somebody else's text; not NUL-terminated. */
struct slice {
	const char *p;
	size_t n;
};

struct slice slice_of(const char *nul_terminated);
bool slice_is(struct slice s, const char *word);
bool slice_equal(struct slice a, struct slice b);
bool slice_has(struct slice s, char c);

/* The n-th piece of "zero|one|two"; empty where there is none. */
struct slice slice_nth(struct slice list, char separator, unsigned n);

/* Which of the words "one|two|three" s is, from 0; SLICE_NO_WORD: none of them. */
#define SLICE_NO_WORD UINT32_MAX
unsigned slice_word(struct slice s, const char *words);

/* The same for any separator, and for words with something behind them, "one=1|two=2": that
 * of s is in *value then. */
unsigned slice_find(struct slice s, struct slice words, char separator, struct slice *value);

/* Cuts the bytes up to the first separator off *rest and returns them; *rest keeps what
 * follows the separator, or nothing. */
struct slice slice_cut(struct slice *rest, char separator);

/* All of s as a number. False, and *ret untouched: empty, a stranger among the digits, or
 * more than max. hex: 1 to 16 digits of either case, no 0x. */
bool slice_hex(struct slice s, uint64_t max, uint64_t *ret);
bool slice_dec(struct slice s, uint64_t max, uint64_t *ret);

/* The value of a hex digit of either case; 16: it is none. */
unsigned slice_digit(char c);

/* All of s as exactly n hex digits, at most 8; -1: it is anything else. */
int64_t slice_digits(struct slice s, size_t n);

/* The next word of *rest, and *rest behind it; spaces between two of `quote` belong to the
 * word. Empty: no more. */
struct slice slice_next(struct slice *rest, char quote);
