/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_edit.c - see conf_edit.h */
#include "conf_edit.h"

#include "runtime/core/config.h"

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

/* "[profile NAME]" or "[trial]", whose name is "trial", as config.c reads them. No profile can have
 * that name. */
static bool is_section(struct slice line, struct slice *name)
{
	struct slice rest = slice_cut(&line, '#'), look = rest, word = slice_next(&look, '\0');

	if (!word.n || *word.p != '[')
		return false;
	slice_cut(&rest, '[');
	rest = slice_cut(&rest, ']');
	word = slice_next(&rest, '\0');
	*name = slice_is(word, config_trial) ? word : slice_next(&rest, '\0');
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

/* Returns whether lines at `*at` need an empty line above them: they stand below a comment. Where
 * one is there that nothing else needs, *at goes behind it. */
static bool needs_blank(struct slice text, size_t end, size_t *at)
{
	struct slice rest = { text.p + *at, end - *at }, blank;

	if (!*at || !is_comment(line_before(text, *at)))
		return false;
	blank = next_line(&rest);
	if (!blank.n || blank.p[blank.n - 1] != '\n' || !is_blank(blank))
		return true;
	if (end < text.n && (!rest.n || !is_blank(next_line(&rest))))
		return true;
	*at += blank.n;
	return false;
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
	size_t stop = section_end(old, profile);
	bool make = stop == NOWHERE;
	size_t at = make ? old.n : place_in(old, stop);
	bool apart = make ? at && !is_blank(line_before(old, at)) : needs_blank(old, stop, &at);
	struct slice head = { old.p, at }, tail = { old.p + at, old.n - at };
	uint32_t first = count_lines(head) + 1 + apart + make;
	/* A text whose last line has no end stays like that. */
	bool open = at && old.p[at - 1] != '\n';

	text_add(out, "%pv", &head);
	if (open)
		text_add(out, "%s", old.p[at - 1] == '\r' ? "\n" : end);
	text_add(out, "%s", apart ? end : "");
	if (make)
		text_add(out, profile == config_trial ? "[%s]%s" : "[profile %s]%s", profile, end);
	while (lines.n) {
		struct slice line = slice_cut(&lines, '\n');
		text_add(out, "%pv%s", &line, open && !lines.n ? "" : end);
	}
	text_add(out, "%pv", &tail);
	return first;
}

/* Without its end: "\n" or "\r\n". */
static struct slice without_end(struct slice line)
{
	if (line.n && line.p[line.n - 1] == '\n')
		line.n -= line.n > 1 && line.p[line.n - 2] == '\r' ? 2 : 1;
	return line;
}

void conf_edit_change(struct slice old, const struct conf_change *changes, unsigned n,
		      struct text *out)
{
	bool open = old.n && old.p[old.n - 1] != '\n', gone = false;
	struct slice rest = old;

	for (uint32_t number = 1; rest.n; number++) {
		const struct conf_change *change = NULL;
		struct slice line = next_line(&rest), body = without_end(line);
		for (unsigned i = 0; i < n; i++)
			if (changes[i].line == number)
				change = &changes[i];
		gone = change && !change->text;
		if (!change)
			text_add(out, "%pv", &line);
		if (!change || gone)
			continue;
		struct slice end = { body.p + body.n, line.n - body.n };
		text_add(out, "%s%pv", change->text, &end);
	}
	/* The last line had no end, so the one that is last now has none. */
	if (open && gone && out->len && out->buf[out->len - 1] == '\n')
		out->len -= out->len > 1 && out->buf[out->len - 2] == '\r' ? 2 : 1;
	out->buf[out->len] = '\0';
}

/* Returns the blank lines that the text begins with, if nothing else comes before the next section
 * or the end; *is tells that. */
static struct slice empty_section(struct slice text, bool *is)
{
	struct slice rest = text, line, name;
	size_t n = 0;

	for (*is = true; rest.n; n += line.n) {
		line = next_line(&rest);
		if (is_blank(line))
			continue;
		*is = is_section(line, &name);
		break;
	}
	return (struct slice){ text.p, n };
}

void conf_edit_drop_empty(struct slice old, const char *profile, struct text *out)
{
	struct slice rest = old, name;
	bool empty;

	while (rest.n) {
		struct slice line = next_line(&rest), blanks = empty_section(rest, &empty);
		if (!is_section(line, &name) || !slice_is(name, profile) || !empty) {
			text_add(out, "%pv", &line);
			continue;
		}
		rest.p += blanks.n;
		rest.n -= blanks.n;
	}
}

struct slice conf_edit_line(struct slice text, uint32_t line)
{
	struct slice ret = next_line(&text);

	while (--line)
		ret = next_line(&text);
	return without_end(ret);
}

/* Finds the word "key=..." in a rule; n = 0: it has none. */
static struct slice find_option(struct slice rule, struct slice key)
{
	struct slice word;

	while ((word = slice_next(&rule, '\0')).n)
		if (word.n > key.n && word.p[key.n] == '=' &&
		    slice_equal((struct slice){ word.p, key.n }, key))
			return word;
	return word;
}

/* True: `options` sets this word of the rule, to *value. */
static bool is_set(struct slice options, struct slice word, struct slice *value)
{
	struct slice rest = word, key = slice_cut(&rest, '=');

	*value = find_option(options, key);
	return key.n < word.n && value->n;
}

void conf_edit_set(struct slice line, const char *options, struct text *out)
{
	struct slice tail = line, rule = slice_cut(&tail, '#'), rest = rule, word, value;
	struct slice all = slice_of(options), key;
	const char *done = line.p;

	while ((word = slice_next(&rest, '\0')).n) {
		struct slice before = { done, (size_t)(word.p - done) };
		text_add(out, "%pv%pv", &before,
			 is_set(all, word, &value) ? &value : &word);
		done = word.p + word.n;
	}
	while ((word = slice_next(&all, '\0')).n) {
		struct slice cut = word;
		key = slice_cut(&cut, '=');
		if (!find_option(rule, key).n)
			text_add(out, " %pv", &word);
	}
	rest = (struct slice){ done, (size_t)(line.p + line.n - done) };
	text_add(out, "%pv", &rest);
}
