/* SPDX-License-Identifier: GPL-2.0-or-later */
/* booted.c - see booted.h */
#include "booted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/receipt.h"
#include "runtime/io/sysfs.h"

/* Larger parts are shown as taken away and added as a whole. */
#define CELLS_MAX (1u << 22)

/* The files one after the other. They are compared as one text: where one ends, a comment
 * line of a user's own may look the same. */
static char then_text[RECEIPT_MAX], now_text[RECEIPT_MAX];
static struct slice then, now;

struct lines {
	struct slice *line;
	unsigned n;
};

static struct lines cut_lines(struct slice rest)
{
	struct lines ret = { NULL, 0 };

	for (size_t cap = 0; rest.n; ret.n++) {
		if (ret.n == cap)
			ret.line = reallocarray(ret.line, cap = 2 * cap + 64, sizeof(*ret.line));
		if (!ret.line)
			abort();
		ret.line[ret.n] = slice_cut(&rest, '\n');
	}
	return ret;
}

enum booted booted_compare(const struct roots *roots, const struct run *r)
{
	struct text t;
	ssize_t n = sysfs_read_file(roots->root, "run/vgapass/booted.conf", then_text,
				    sizeof(then_text));

	if (n < 0)
		return BOOTED_UNKNOWN;
	text_start(&t, now_text, sizeof(now_text));
	receipt_fill_booted(&t, roots, r);
	then = (struct slice){ then_text, (size_t)n };
	now = (struct slice){ t.buf, t.len };
	return slice_equal(then, now) ? BOOTED_SAME : BOOTED_CHANGED;
}

static bool is_name(struct slice line)
{
	static const char start[] = "# /etc/vgapass.conf";

	return line.n >= sizeof(start) - 1 && !memcmp(line.p, start, sizeof(start) - 1);
}

/* What is printed, and how much of it. */
struct printer {
	unsigned lines, left_out;
	struct slice name; /* of the file that the next line is in, until it is said */
};

static void print_line(struct printer *p, char sign, struct slice line)
{
	if (p->name.n) {
		printf("  %.*s\n", (int)p->name.n, p->name.p);
		p->name.n = 0;
	}
	if (!p->lines) {
		p->left_out++;
		return;
	}
	p->lines--;
	printf("  %c%.*s\n", sign, (int)line.n, line.p);
}

/* length[i * (b.n + 1) + k]: the most lines that a from i on and b from k on have in common,
 * in their order. NULL: too many to tell. */
static unsigned *common_lengths(struct lines a, struct lines b)
{
	size_t width = (size_t)b.n + 1;

	if ((a.n + 1) * width > CELLS_MAX)
		return NULL;
	unsigned *length = calloc((a.n + 1) * width, sizeof(*length));
	if (!length)
		abort();
	for (unsigned i = a.n; i-- > 0;)
		for (unsigned k = b.n; k-- > 0;) {
			unsigned *at = &length[i * width + k];
			*at = at[1] > at[width] ? at[1] : at[width];
			if (slice_equal(a.line[i], b.line[k]))
				*at = at[width + 1] + 1;
		}
	return length;
}

static void print_middle(struct printer *p, struct lines a, struct lines b)
{
	unsigned *length = common_lengths(a, b), i = 0, k = 0;
	size_t width = (size_t)b.n + 1;

	while (i < a.n || k < b.n) {
		const unsigned *at = length ? &length[i * width + k] : NULL;
		if (at && i < a.n && k < b.n && slice_equal(a.line[i], b.line[k])) {
			if (is_name(b.line[k]))
				p->name = b.line[k];
			i++, k++;
		} else if (i < a.n && (!at || k == b.n || at[width] >= at[1])) {
			print_line(p, '-', a.line[i++]);
		} else {
			print_line(p, '+', b.line[k++]);
		}
	}
	free(length);
}

void booted_print(unsigned lines)
{
	struct lines a = cut_lines(then), b = cut_lines(now);
	struct printer p = { .lines = lines };
	struct slice *then_line = a.line, *now_line = b.line;

	for (; a.n && b.n && slice_equal(*a.line, *b.line); a.line++, b.line++, a.n--, b.n--)
		if (is_name(*b.line))
			p.name = *b.line;
	for (; a.n && b.n && slice_equal(a.line[a.n - 1], b.line[b.n - 1]); a.n--)
		b.n--;
	print_middle(&p, a, b);
	if (p.left_out)
		printf("  and %u more lines\n", p.left_out);
	free(then_line);
	free(now_line);
}
