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

unsigned slice_word(struct slice s, const char *words)
{
	struct slice rest = slice_of(words);

	for (unsigned i = 0; rest.n; i++)
		if (slice_equal(slice_cut(&rest, '|'), s))
			return i;
	return SLICE_NO_WORD;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static bool number(struct slice s, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)digit_of(s.p[i]);
		if (digit >= base || digit > max || v > (max - digit) / base)
			return false;
		v = v * base + digit;
	}
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

static void put_number(struct text *t, unsigned v, unsigned base, unsigned min_digits)
{
	char out[10];
	unsigned n = 0;

	do {
		out[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v || n < min_digits);
	while (n)
		put(t, out[--n]);
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

static void put_address(struct text *t, const struct pci_address *at)
{
	text_add(t, "%h:%b:%b.%d", at->domain, at->bus, at->devfn >> 3, at->devfn & 7);
}

static void put_place(struct text *t, const struct place *at)
{
	text_add(t, at->column ? "%s:%u:%u" : at->line ? "%s:%u" : "%s", at->file, at->line,
		 at->column);
}

static void put_number_as(struct text *t, char how, unsigned v)
{
	put_number(t, v, how == 'u' ? 10 : 16, how == 'h' ? 4 : how == 'b' ? 2 : 1);
}

static void put_object(struct text *t, char how, const void *p)
{
	const struct pci_function *f = p;

	switch (how) {
	case 'a':
		put_address(t, p);
		break;
	case 'i':
		text_add(t, "%h:%h", f->vendor, f->device);
		break;
	case 'p':
		put_place(t, p);
		break;
	case 'v':
		put_slice(t, *(const struct slice *)p);
		break;
	case 'n':
		if (!*(const char *)p) {
			text_add(t, "null");
			break;
		}
		/* fall through */
	case 'j':
		put_json(t, p);
		break;
	default:
		put_slice(t, slice_of(p));
	}
}

void text_vadd(struct text *t, const char *format, va_list args)
{
	for (; *format; format++) {
		if (*format != '%')
			put(t, *format);
		else if (slice_has(slice_of("uhbd"), *++format))
			put_number_as(t, *format, va_arg(args, unsigned));
		else
			put_object(t, *format, va_arg(args, const void *));
	}
}

void text_add(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vadd(t, format, args);
	va_end(args);
}
