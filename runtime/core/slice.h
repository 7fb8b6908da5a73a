/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slice.h - reading: pieces of a text, cut and compared without copying.
 *
 * Pure. Also reads numbers: klibc's strtoul() accepts "-1" and does not report overflow.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of a text that the slice does not own; not NUL-terminated. */
struct slice {
	const char *p;
	size_t n;
};

struct slice slice_of(const char *nul_terminated);
bool slice_is(struct slice s, const char *word);
bool slice_equal(struct slice a, struct slice b);
bool slice_has(struct slice s, char c);

/* Returns the n-th piece of "zero|one|two"; empty if there is none. */
struct slice slice_nth(struct slice list, char separator, unsigned n);

/* Returns which of the words "one|two|three" s is, from 0; SLICE_NO_WORD: none of them. */
#define SLICE_NO_WORD UINT32_MAX
unsigned slice_word(struct slice s, const char *words);

/* The same for any separator, and for words with values, "one=1|two=2": the value of the word
 * that was found goes to *value. */
unsigned slice_find(struct slice s, struct slice words, char separator, struct slice *value);

/* Returns the bytes of *rest before the first separator; *rest becomes what follows the
 * separator, or nothing. */
struct slice slice_cut(struct slice *rest, char separator);

/* Reads all of s as a number; hex takes 1 to 16 digits of either case, without 0x. Returns false
 * and leaves *ret alone if s is empty, has another character, or is more than max. */
bool slice_hex(struct slice s, uint64_t max, uint64_t *ret);
bool slice_dec(struct slice s, uint64_t max, uint64_t *ret);

/* Returns the value of a hex digit of either case; 16: it is none. */
unsigned slice_digit(char c);

/* Returns all of s as exactly n hex digits, n at most 8; -1: it is anything else. */
int64_t slice_digits(struct slice s, size_t n);

/* Returns the next word of *rest, and moves *rest behind it; empty: no more. Spaces between two
 * characters `quote` belong to the word. */
struct slice slice_next(struct slice *rest, char quote);
