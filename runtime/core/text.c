/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c - see text.h */
#include "text.h"

#include "pci.h"

void text_start(struct text *t, char *buf, size_t cap)
{
	*t = (struct text){ .buf = buf, .cap = cap };
	buf[0] = '\0';
}

static void put_char(struct text *t, char c)
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
		put_char(t, s.p[i]);
}

static void put_number(struct text *t, unsigned v, unsigned base, int min_digits)
{
	if (v >= base || min_digits > 1)
		put_number(t, v / base, base, min_digits - 1);
	put_char(t, "0123456789abcdef"[v % base]);
}

static void put_json(struct text *t, const char *s)
{
	put_char(t, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < 0x20 || c >= 0x7f) {
			text_add(t, "\\u%04x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			put_char(t, '\\');
		put_char(t, (char)c);
	}
	put_char(t, '"');
}

static void put_place(struct text *t, const struct place *at)
{
	struct slice rest = slice_of(at->file);

	text_add(t, slice_is(slice_cut(&rest, '.'), "vgapass") ? "/etc/%s" : "%s", at->file);
	if (at->line)
		text_add(t, ":%u", at->line);
	if (at->line && at->column)
		text_add(t, ":%u", at->column);
}

static void put_path(struct text *t, const struct pci_path *path)
{
	if (!path->hops)
		return;
	if (path->domain)
		text_add(t, "%04x:", path->domain);
	text_add(t, "%02x:", path->bus);
	for (unsigned i = 0; i < path->hops; i++)
		text_add(t, "%s%02x.%x", i ? "/" : "", path->hop[i] >> 3, path->hop[i] & 7u);
}

/* letter: the one after %p; text.h has the type that each stands for. */
static void put_object(struct text *t, char letter, const void *p)
{
	const struct pci_function *f = p;
	char address[PCI_ADDRESS_SIZE];

	if (letter == 'a')
		put_slice(t, (struct slice){ address,
					     (size_t)(pci_put_address(address, p) - address) });
	else if (letter == 'i')
		text_add(t, "%04x:%04x", f->vendor, f->device);
	else if (letter == 'r')
		put_path(t, p);
	else if (letter == 'p')
		put_place(t, p);
	else if (letter == 'v')
		put_slice(t, *(const struct slice *)p);
	else if (letter == 'n' && !*(const char *)p)
		put_slice(t, slice_of("null"));
	else
		put_json(t, p);
}

void text_vadd(struct text *t, const char *format, va_list args)
{
	for (; *format; format++) {
		if (*format != '%') {
			put_char(t, *format);
			continue;
		}
		int digits = 0;
		if (*++format == '0')
			digits = *++format - '0', format++;
		if (*format == 's')
			put_slice(t, slice_of(va_arg(args, const char *)));
		else if (*format == 'p')
			put_object(t, *++format, va_arg(args, const void *));
		else
			put_number(t, va_arg(args, unsigned), *format == 'x' ? 16 : 10, digits);
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
