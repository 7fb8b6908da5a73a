/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_edit.c - see conf_edit.h */
#include "conf_edit.h"

#define NOWHERE SIZE_MAX

/* The next line with its end. */
static struct slice next_line(struct slice *rest)
{
	const char *start = rest->p;

	slice_cut(rest, '\n');
	return (struct slice){ start, (size_t)(rest->p - start) };
}

/* The line that ends at `end`, which is behind a line's end or of the text. */
static struct slice line_before(struct slice text, size_t end)
{
	size_t start = end - 1;

	while (start && text.p[start - 1] != '\n')
		start--;
	return (struct slice){ text.p + start, end - start };
}

static bool is_blank(struct slice line)
{
	return !slice_next(&line, '\0').n;
}

static bool is_comment(struct slice line)
{
	struct slice word = slice_next(&line, '\0');

	return word.n && *word.p == '#';
}

/* "[profile NAME]", as config.c reads it. */
static bool is_section(struct slice line, struct slice *name)
{
	struct slice rest = slice_cut(&line, '#'), look = rest, word = slice_next(&look, '\0');

	if (!word.n || *word.p != '[')
		return false;
	slice_cut(&rest, '[');
	rest = slice_cut(&rest, ']');
	slice_next(&rest, '\0');
	*name = slice_next(&rest, '\0');
	return true;
}

/* Where the section ends: at the next one, or with the text. */
static size_t section_end(struct slice text, const char *profile)
{
	struct slice rest = text, name;
	bool inside = !profile;
	size_t end = NOWHERE;

	while (rest.n) {
		struct slice line = next_line(&rest);
		if (!is_section(line, &name))
			continue;
		if (inside)
			end = (size_t)(line.p - text.p);
		inside = profile && slice_is(name, profile);
	}
	return inside ? text.n : end;
}

/* The comment above the next section is about that one, and the blanks keep both apart. */
static size_t place_in(struct slice text, size_t end)
{
	size_t at = end;

	while (at && end < text.n && is_comment(line_before(text, at)))
		at -= line_before(text, at).n;
	while (at && is_blank(line_before(text, at)))
		at -= line_before(text, at).n;
	return at ? at : end < text.n ? end : 0;
}

static uint32_t count_lines(struct slice text)
{
	uint32_t n = 0;

	while (text.n) {
		slice_cut(&text, '\n');
		n++;
	}
	return n;
}

static const char *line_end(struct slice text)
{
	struct slice line = slice_cut(&text, '\n');

	return text.p > line.p + line.n && line.n && line.p[line.n - 1] == '\r' ? "\r\n" : "\n";
}

uint32_t conf_edit_add(struct slice old, const char *profile, struct slice lines,
		       struct text *out)
{
	const char *end = line_end(old);
	size_t at = section_end(old, profile);
	bool make = at == NOWHERE;

	at = make ? old.n : place_in(old, at);
	struct slice head = { old.p, at }, tail = { old.p + at, old.n - at };
	uint32_t first = count_lines(head) + 1;
	/* A text whose last line has no end stays like that. */
	bool open = at && old.p[at - 1] != '\n';
	text_add(out, "%pv", &head);
	if (open)
		text_add(out, "%s", old.p[at - 1] == '\r' ? "\n" : end);
	if (make) {
		bool apart = at && !is_blank(line_before(old, at));
		text_add(out, "%s[profile %s]%s", apart ? end : "", profile, end);
		first += apart ? 2 : 1;
	}
	while (lines.n) {
		struct slice line = slice_cut(&lines, '\n');
		text_add(out, "%pv%s", &line, open && !lines.n ? "" : end);
	}
	text_add(out, "%pv", &tail);
	return first;
}

void conf_edit_remove(struct slice old, const uint32_t *lines, unsigned n, struct text *out)
{
	bool open = old.n && old.p[old.n - 1] != '\n', gone = false;
	struct slice rest = old;

	for (uint32_t number = 1; rest.n; number++) {
		struct slice line = next_line(&rest);
		gone = false;
		for (unsigned i = 0; i < n; i++)
			gone |= lines[i] == number;
		if (!gone)
			text_add(out, "%pv", &line);
	}
	/* The last line had no end, so the one that is last now has none. */
	if (open && gone && out->len && out->buf[out->len - 1] == '\n')
		out->len -= out->len > 1 && out->buf[out->len - 2] == '\r' ? 2 : 1;
	out->buf[out->len] = '\0';
}
