/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c - see text.h */
#include "text.h"

#include "pci.h"

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

unsigned text_digit(char c)
{
	unsigned digit = (unsigned char)c - '0', letter = ((unsigned char)c | 32u) - 'a';

	return digit < 10 ? digit : letter < 6 ? letter + 10 : 16;
}

static bool number(struct slice s, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = text_digit(s.p[i]);
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
	return s.n <= 16 && number(s, 16, max, ret);
}

bool slice_dec(struct slice s, uint64_t max, uint64_t *ret)
{
	return number(s, 10, max, ret);
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

void text_start(struct text *t, char *buf, size_t cap)
{
	*t = (struct text){ .buf = buf, .cap = cap };
	buf[0] = '\0';
}

static void put(struct text *t, char c)
{
	if (t->len + 1 >= t->cap) {
		t->cut = true;
		return;
	}
	t->buf[t->len++] = c;
	t->buf[t->len] = '\0';
}

static void put_slice(struct text *t, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		put(t, s.p[i]);
}

static void put_number(struct text *t, unsigned v, unsigned base, int min_digits)
{
	if (v >= base || min_digits > 1)
		put_number(t, v / base, base, min_digits - 1);
	put(t, "0123456789abcdef"[v % base]);
}

static void put_json(struct text *t, const char *s)
{
	put(t, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < 0x20 || c >= 0x7f) {
			text_add(t, "\\u%h", c);
			continue;
		}
		if (c == '"' || c == '\\')
			put(t, '\\');
		put(t, (char)c);
	}
	put(t, '"');
}

static void put_place(struct text *t, const struct place *at)
{
	text_add(t, at->column ? "%s:%u:%u" : at->line ? "%s:%u" : "%s", at->file, at->line,
		 at->column);
}

static void put_path(struct text *t, const struct pci_path *path)
{
	if (!path->hops)
		return;
	if (path->domain)
		text_add(t, "%h:", path->domain);
	text_add(t, "%b:", path->bus);
	for (unsigned i = 0; i < path->hops; i++)
		text_add(t, i ? "/%b.%d" : "%b.%d", path->hop[i] >> 3, path->hop[i] & 7);
}

static void put_object(struct text *t, char how, const void *p)
{
	const struct pci_function *f = p;
	char address[PCI_ADDRESS_SIZE];

	if (how == 'a')
		put_slice(t, (struct slice){ address,
					     (size_t)(pci_put_address(address, p) - address) });
	else if (how == 'i')
		text_add(t, "%h:%h", f->vendor, f->device);
	else if (how == 'r')
		put_path(t, p);
	else if (how == 'p')
		put_place(t, p);
	else if (how == 'v')
		put_slice(t, *(const struct slice *)p);
	else if (how == 's' || (how == 'n' && !*(const char *)p))
		put_slice(t, slice_of(how == 's' ? p : "null"));
	else
		put_json(t, p);
}

void text_vadd(struct text *t, const char *format, va_list args)
{
	for (; *format; format++) {
		if (*format != '%') {
			put(t, *format);
			continue;
		}
		char how = *++format;
		/* The numbers: at least 1, 2 and 4 hex digits, decimal, and what is none. */
		struct slice numbers = slice_of("dbhu");
		size_t number = slice_cut(&numbers, how).n;
		if (number <= 3)
			put_number(t, va_arg(args, unsigned), number < 3 ? 16 : 10,
				   number < 3 ? 1 << number : 1);
		else
			put_object(t, how, va_arg(args, const void *));
	}
}

void text_add(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vadd(t, format, args);
	va_end(args);
}

const char *text_make(char *buf, size_t cap, const char *format, ...)
{
	struct text t;
	va_list args;

	text_start(&t, buf, cap);
	va_start(args, format);
	text_vadd(&t, format, args);
	va_end(args);
	return buf;
}
