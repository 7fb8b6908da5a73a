/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pattern.c - see pattern.h */
#include "pattern.h"

#include <string.h>

#define NUMBER_MAX 999999999

void capture_start(struct capture *c)
{
	*c = (struct capture){ .group = -1, .number = -1 };
}

static size_t count_digits(struct slice s, unsigned base)
{
	size_t n = 0;

	while (n < s.n && n < 20 && slice_digit(s.p[n]) < base)
		n++;
	return n;
}

size_t pattern_address(struct slice s, struct pci_address *at)
{
	size_t n = 0;

	while (n < s.n && n < PCI_ADDRESS_SIZE && (slice_digit(s.p[n]) < 16 || s.p[n] == ':'))
		n++;
	if (n + 2 > s.n || s.p[n] != '.')
		return 0;
	n += 2;
	return pci_parse_address((struct slice){ s.p, n }, at, NULL) ? n : 0;
}

static size_t count_word(struct slice s)
{
	size_t n = 0;

	while (n < s.n && n < PATTERN_WORD_MAX && !strchr(" \t\"'(),;[]<>", s.p[n]))
		n++;
	return n;
}

static bool is_word_end(struct slice s)
{
	char c = s.n ? *s.p : ' ';

	return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

/* Matches one conversion. Returns false, or sets *n to the length of its text. */
static bool match_conversion(char kind, struct slice s, struct capture *ret, size_t *n)
{
	uint64_t number = 0;

	switch (kind) {
	case 'a':
		*n = pattern_address(s, &ret->at);
		return ret->has_address = *n;
	case 'w':
		*n = count_word(s);
		ret->word = (struct slice){ s.p, *n };
		return *n;
	case 'e':
		*n = 0;
		return is_word_end(s);
	case 'x':
		return (*n = count_digits(s, 16));
	default:
		*n = count_digits(s, 10);
		if (!*n || kind == 'i')
			return *n;
		if (!slice_dec((struct slice){ s.p, *n }, NUMBER_MAX, &number))
			return false;
		*(kind == 'g' ? &ret->group : &ret->number) = (int64_t)number;
		return true;
	}
}

/* Matches the part of a pattern before its next '*'. */
static bool match_part(struct slice part, struct slice s, struct capture *ret, size_t *length)
{
	size_t at = 0, n;

	for (size_t i = 0; i < part.n; i++) {
		struct slice rest = { s.p + at, s.n - at };
		if (part.p[i] == '%' && i + 1 < part.n) {
			if (!match_conversion(part.p[++i], rest, ret, &n))
				return false;
			at += n;
		} else if (!rest.n || *rest.p != part.p[i])
			return false;
		else
			at++;
	}
	*length = at;
	return true;
}

/* Finds the first place at or behind s.p[at] where the part matches; false: there is none near. */
static bool find_part(struct slice part, struct slice s, struct capture *ret, size_t *at, size_t *n)
{
	size_t end = s.n - *at > PATTERN_GAP_MAX ? *at + PATTERN_GAP_MAX : s.n;

	for (const char *p; (p = memchr(s.p + *at, *part.p, end - *at)); *at += 1) {
		*at = (size_t)(p - s.p);
		if (match_part(part, (struct slice){ p, s.n - *at }, ret, n))
			return true;
	}
	return false;
}

size_t pattern_match(struct slice pattern, struct slice s, struct capture *ret)
{
	size_t at = 0, n = 0;

	capture_start(ret);
	if (!match_part(slice_cut(&pattern, '*'), s, ret, &n))
		return 0;
	/* The first place where a part matches is as good as any later one. */
	for (at = n; pattern.n; at += n)
		if (!find_part(slice_cut(&pattern, '*'), s, ret, &at, &n))
			return 0;
	return at;
}
