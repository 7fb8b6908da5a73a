/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slice.c - see slice.h */
#include "slice.h"

struct slice slice_of(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return (struct slice){ s, n };
}

bool slice_equal(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != b.p[i])
			return false;
	return true;
}

bool slice_is(struct slice s, const char *word)
{
	return slice_equal(s, slice_of(word));
}

bool slice_has(struct slice s, char c)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == c)
			return true;
	return false;
}

struct slice slice_cut(struct slice *rest, char separator)
{
	struct slice head = { rest->p, 0 };

	while (head.n < rest->n && head.p[head.n] != separator)
		head.n++;
	size_t skip = head.n < rest->n ? head.n + 1 : head.n;
	rest->p += skip;
	rest->n -= skip;
	return head;
}

struct slice slice_nth(struct slice list, char separator, unsigned n)
{
	struct slice item;

	do
		item = slice_cut(&list, separator);
	while (n--);
	return item;
}

unsigned slice_find(struct slice s, struct slice words, char separator, struct slice *value)
{
	for (unsigned i = 0; words.n; i++) {
		*value = slice_cut(&words, separator);
		if (slice_equal(slice_cut(value, '='), s))
			return i;
	}
	return SLICE_NO_WORD;
}

unsigned slice_word(struct slice s, const char *words)
{
	struct slice none;

	return slice_find(s, slice_of(words), '|', &none);
}

unsigned slice_digit(char c)
{
	unsigned digit = (unsigned char)c - '0', letter = ((unsigned char)c | 32u) - 'a';

	return digit < 10 ? digit : letter < 6 ? letter + 10 : 16;
}

static bool parse_number(struct slice s, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = slice_digit(s.p[i]);
		if (digit >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	if (!s.n || v > max)
		return false;
	*ret = v;
	return true;
}

bool slice_hex(struct slice s, uint64_t max, uint64_t *ret)
{
	return s.n <= 16 && parse_number(s, 16, max, ret);
}

bool slice_dec(struct slice s, uint64_t max, uint64_t *ret)
{
	return parse_number(s, 10, max, ret);
}

int64_t slice_digits(struct slice s, size_t n)
{
	uint64_t v;

	return s.n == n && n <= 8 && slice_hex(s, UINT32_MAX, &v) ? (int64_t)v : -1;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_next(struct slice *rest, char quote)
{
	struct slice s = *rest;
	bool quoted = false;
	size_t n = 0;

	while (s.n && is_space(*s.p))
		s.p++, s.n--;
	while (n < s.n && (quoted || !is_space(s.p[n])))
		quoted ^= s.p[n++] == quote;
	*rest = (struct slice){ s.p + n, s.n - n };
	return (struct slice){ s.p, n };
}
