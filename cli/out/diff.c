/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff.c - see diff.h */
#include "diff.h"

#include <stdlib.h>

#include "xalloc.h"

#define CHANGES_MAX 2000 /* the search keeps CHANGES_MAX squared numbers, 16 MB */

struct lines {
	struct slice *line;
	bool *differs; /* parallel to line */
	long n;
};

static struct lines cut_lines(struct slice rest)
{
	struct lines ret = { NULL, NULL, 0 };

	for (size_t cap = 0; rest.n; ret.n++) {
		if ((size_t)ret.n == cap)
			ret.line = xreallocarray(ret.line, cap = 2 * cap + 64, sizeof(*ret.line));
		struct slice line = slice_cut(&rest, '\n');
		line.n -= line.n && line.p[line.n - 1] == '\r';
		ret.line[ret.n] = line;
	}
	ret.differs = xcalloc((size_t)ret.n, sizeof(*ret.differs));
	return ret;
}

static void free_lines(struct lines *l)
{
	free(l->line);
	free(l->differs);
}

/* The part of both texts between their common start and end. */
struct middle {
	struct lines *old, *new;
	long start, n, m; /* first line in both, lines of old, lines of new */
};

static bool same_line(const struct middle *m, long x, long y)
{
	return slice_equal(m->old->line[m->start + x], m->new->line[m->start + y]);
}

/* Row d of the search: reach[d + k] is how many lines of old are used on diagonal k, where the
 * lines used of new are fewer by k, when d lines have been removed or added. */
static void mark_changes(const struct middle *m, long *const *row, long d)
{
	long x = m->n, y = m->m;

	for (; d > 0; d--) {
		const long *before = row[d - 1] + (d - 1);
		long k = x - y;
		bool added = k == -d || (k != d && before[k - 1] < before[k + 1]);
		long k_before = added ? k + 1 : k - 1;
		x = before[k_before];
		y = x - k_before;
		if (added)
			m->new->differs[m->start + y] = true;
		else
			m->old->differs[m->start + x] = true;
	}
}

/* E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). False: there are more
 * than CHANGES_MAX changes. */
static bool search_changes(const struct middle *m)
{
	long *row[CHANGES_MAX + 1];
	bool found = false;
	long d = 0;

	for (; d <= CHANGES_MAX && !found; d++) {
		long *reach = row[d] = xreallocarray(NULL, 2 * (size_t)d + 1, sizeof(**row));
		const long *before = d ? row[d - 1] + (d - 1) : NULL;
		for (long k = -d; k <= d && !found; k += 2) {
			long x = !d ? 0 : k == -d || (k != d && before[k - 1] < before[k + 1]) ?
				 before[k + 1] : before[k - 1] + 1;
			while (x < m->n && x - k >= 0 && x - k < m->m && same_line(m, x, x - k))
				x++;
			reach[d + k] = x;
			found = x == m->n && x - k == m->m;
		}
	}
	if (found)
		mark_changes(m, row, d - 1);
	while (d-- > 0)
		free(row[d]);
	return found;
}

static void find_changes(struct lines *old, struct lines *new)
{
	struct middle m = { old, new, 0, 0, 0 };
	long end = 0;

	while (m.start < old->n && m.start < new->n && same_line(&m, 0, 0))
		m.start++;
	while (end < old->n - m.start && end < new->n - m.start &&
	       slice_equal(old->line[old->n - 1 - end], new->line[new->n - 1 - end]))
		end++;
	m.n = old->n - m.start - end;
	m.m = new->n - m.start - end;
	if (search_changes(&m))
		return;
	for (long i = 0; i < m.n; i++)
		old->differs[m.start + i] = true;
	for (long i = 0; i < m.m; i++)
		new->differs[m.start + i] = true;
}

void diff_lines(struct slice old, struct slice new,
		void (*each)(char sign, struct slice line, void *arg), void *arg)
{
	struct lines a = cut_lines(old), b = cut_lines(new);

	find_changes(&a, &b);
	for (long i = 0, k = 0; i < a.n || k < b.n;) {
		while (i < a.n && a.differs[i])
			each('-', a.line[i++], arg);
		while (k < b.n && b.differs[k])
			each('+', b.line[k++], arg);
		if (i < a.n && k < b.n)
			each(' ', b.line[k], arg);
		i++, k++;
	}
	free_lines(&a);
	free_lines(&b);
}

void diff_put(FILE *to, struct slice line)
{
	for (; line.n; line.p++, line.n--) {
		unsigned char c = (unsigned char)*line.p;
		/* U+0080 to U+009F are c2 80 to c2 9f. */
		bool wide = c == 0xc2 && line.n > 1 && ((unsigned char)line.p[1] & 0xe0) == 0x80;
		line.p += wide;
		line.n -= wide;
		fputc(wide || (c < 0x20 && c != '\t') || c == 0x7f ? '?' : c, to);
	}
	fputc('\n', to);
}

/* The changes since the last common line. */
struct hunk {
	FILE *to;
	unsigned old_line, new_line; /* common lines and changes so far, this hunk left out */
	unsigned removed, added;
	struct slice *line;
	size_t cap;
};

static void print_hunk(struct hunk *h)
{
	unsigned n = h->removed + h->added;

	if (n)
		fprintf(h->to, "@@ -%u,%u +%u,%u @@\n", h->old_line + (h->removed > 0), h->removed,
			h->new_line + (h->added > 0), h->added);
	for (unsigned i = 0; i < n; i++) {
		fputc(i < h->removed ? '-' : '+', h->to);
		diff_put(h->to, h->line[i]);
	}
	h->old_line += h->removed;
	h->new_line += h->added;
	h->removed = h->added = 0;
}

static void add_to_hunk(char sign, struct slice line, void *arg)
{
	struct hunk *h = arg;
	size_t n = h->removed + h->added;

	if (sign == ' ') {
		print_hunk(h);
		h->old_line++;
		h->new_line++;
		return;
	}
	if (n == h->cap)
		h->line = xreallocarray(h->line, h->cap = 2 * n + 16, sizeof(*h->line));
	h->line[n] = line;
	*(sign == '-' ? &h->removed : &h->added) += 1;
}

void diff_print(FILE *to, struct slice old, struct slice new)
{
	struct hunk h = { .to = to };

	diff_lines(old, new, add_to_hunk, &h);
	print_hunk(&h);
	free(h.line);
}
