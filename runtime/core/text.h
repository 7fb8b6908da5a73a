/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - pieces of text in, and text built into a buffer of the caller's.
 *
 * Pure. Stands in for stdio, which costs the boot binary a third of its size, and for
 * strtoul, which in klibc takes "-1" and never reports a range.
 */
#pragma once

#include <stdarg.h>
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
unsigned text_digit(char c);

/* All of s as exactly n hex digits, at most 8; -1: it is anything else. */
int64_t slice_digits(struct slice s, size_t n);

/* The next word of *rest, and *rest behind it; spaces between two of `quote` belong to the
 * word. Empty: no more. */
struct slice slice_next(struct slice *rest, char quote);

/* A text under construction. It stays NUL-terminated and never grows past cap; what did
 * not fit is dropped and `cut` says so. */
struct text {
	char *buf;
	size_t cap;
	size_t len;
	bool cut;
};

void text_start(struct text *t, char *buf, size_t cap);

/* Adds `format`, in which stand for an argument each:
 *     %s  const char *
 *     %j  const char *, as a JSON string; bytes outside printable ASCII become \u00XX, so
 *         that the result is valid JSON whatever they are
 *     %n  the same, but null where it is ""
 *     %v  const struct slice *
 *     %u  unsigned, decimal
 *     %h  unsigned, four hex digits or more; %b two, %d one
 *     %a  const struct pci_address *, 0000:01:00.0
 *     %i  const struct pci_function *, its vendor:device
 *     %r  const struct pci_path *, 00:01.0/00.0, with its domain where that is not 0;
 *         nothing where it is not known
 *     %p  const struct place *, vgapass.conf:3, with its column where that is not 0
 * There is no %%. */
void text_add(struct text *t, const char *format, ...);
void text_vadd(struct text *t, const char *format, va_list arguments);

/* The same into an empty buffer, which it returns; what does not fit is dropped. */
const char *text_make(char *buf, size_t cap, const char *format, ...);

/* Where something stands: a file as messages name it, line and column from 1. Line 0: the
 * file as a whole. */
struct place {
	const char *file;
	uint32_t line, column;
};
