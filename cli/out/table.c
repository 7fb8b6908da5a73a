/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - see table.h */
#include "table.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "cli/cmd.h"
#include "ascii.h"
#include "near.h"
#include "wrap.h"
#include "xalloc.h"

bool columns_has(const struct columns *c, unsigned k)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->chosen[i] == k)
			return true;
	return false;
}

static int complain_column(const struct column *all, const char *name, size_t n)
{
	char word[64];
	struct near near;

	snprintf(word, sizeof(word), "%.*s", n < sizeof(word) ? (int)n : (int)sizeof(word), name);
	near_start(&near, word);
	for (; all->name; all++)
		near_try(&near, all->name);
	return cmd_misused(&verb_list, "%.*s: no such column%s", (int)n, name,
			   near_hint(&near, ""));
}

int columns_choose(struct columns *c, const char *list)
{
	if (*list == '+')
		list++;
	else
		c->n = 0;
	for (size_t n = strcspn(list, ",");; list += n + 1, n = strcspn(list, ",")) {
		unsigned k = 0;
		while (c->all[k].name && (strlen(c->all[k].name) != n ||
					  !ascii_same(c->all[k].name, list, n)))
			k++;
		if (!c->all[k].name)
			return complain_column(c->all, list, n);
		if (!columns_has(c, k) && c->n < TABLE_COLUMNS_MAX)
			c->chosen[c->n++] = k;
		if (!list[n])
			return CMD_OK;
	}
}

void columns_choose_all(struct columns *c)
{
	for (c->n = 0; c->all[c->n].name && c->n < TABLE_COLUMNS_MAX; c->n++)
		c->chosen[c->n] = c->n;
}

struct libscols_table *table_start(const struct columns *c)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		xalloc_fail(sizeof(void *));
	for (unsigned i = 0; i < c->n; i++) {
		const struct column *column = &c->all[c->chosen[i]];
		if (!scols_table_new_column(table, column->name, 0,
					    column->flags & ~SCOLS_FL_TRUNC))
			xalloc_fail(sizeof(void *));
	}
	return table;
}

void table_set(struct libscols_line *line, const struct columns *c, unsigned k, const char *text)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->chosen[i] == k && *text && scols_line_set_data(line, i, text))
			xalloc_fail(strlen(text));
}

struct libscols_line *table_line(struct libscols_table *table, struct libscols_line *parent)
{
	struct libscols_line *line = scols_table_new_line(table, parent);

	if (!line)
		xalloc_fail(sizeof(void *));
	return line;
}

void table_color(struct libscols_line *line, const struct columns *c, unsigned k,
		 const char *color)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->chosen[i] == k && *color &&
		    scols_cell_set_color(scols_line_get_cell(line, i), color))
			xalloc_fail(strlen(color));
}

json_object *cell_json(const struct column *column, const char *text)
{
	json_object *list;

	switch (column->json) {
	case SCOLS_JSON_ARRAY_STRING:
		list = json_object_new_array();
		for (; *text; text += strspn(text, ",")) {
			json_object_array_add(list, json_text(text, strcspn(text, ",")));
			text += strcspn(text, ",");
		}
		return list;
	case SCOLS_JSON_BOOLEAN:
		return json_object_new_boolean(*text);
	case SCOLS_JSON_NUMBER:
		return *text ? json_object_new_int64(strtoll(text, NULL, 10)) : NULL;
	default:
		return *text ? json_text(text, strlen(text)) : NULL;
	}
}

/* --- cutting */

/* Columns of the terminal that the first character of the text takes, with its bytes: what cannot
 * be shown is printed as "\x1b". */
static unsigned shown_character(const char *text, size_t *bytes)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n = mbrtowc(&c, text, MB_CUR_MAX, &state);

	if (n == (size_t)-1 || n == (size_t)-2 || !n) {
		*bytes = 1;
		return 4;
	}
	*bytes = n;
	return !iswprint((wint_t)c) ? 4 * (unsigned)n : wcwidth(c) > 0 ? (unsigned)wcwidth(c) : 0;
}

static unsigned shown_width(const char *text)
{
	unsigned width = 0;

	for (size_t n; text && *text; text += n)
		width += shown_character(text, &n);
	return width;
}

/* Cuts a text to so many columns, with a mark at its end. */
static void cut_cell(struct libscols_cell *cell, unsigned width)
{
	const char *text = scols_cell_get_data(cell);
	const char *mark = strcmp(nl_langinfo(CODESET), "UTF-8") != 0 ? ">" : "\u2026";
	size_t kept = 0, n;
	unsigned used = 1;

	if (shown_width(text) <= width)
		return;
	while ((used += shown_character(text + kept, &n)) <= width)
		kept += n;
	char *cut = xasprintf("%.*s%s", (int)kept, text, mark);
	if (scols_cell_refer_data(cell, cut))
		xalloc_fail(kept);
}

/* In front of a line of a tree are two columns for each line above it. */
static unsigned tree_width(const struct libscols_line *line)
{
	unsigned width = 0;

	while ((line = scols_line_get_parent(line)))
		width += 2;
	return width;
}

/* Of each column, how wide it is. Returns the width of a line. */
static unsigned measure_table(struct libscols_table *table, const struct columns *c, bool headings,
			      unsigned width[TABLE_COLUMNS_MAX])
{
	struct libscols_iter *i = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;
	unsigned whole = c->n ? c->n - 1 : 0;

	for (unsigned k = 0; k < c->n; k++)
		width[k] = headings ? shown_width(c->all[c->chosen[k]].name) : 0;
	while (i && !scols_table_next_line(table, i, &line))
		for (unsigned k = 0; k < c->n; k++) {
			const char *text = scols_cell_get_data(scols_line_get_cell(line, k));
			unsigned own = shown_width(text) +
				       (c->all[c->chosen[k]].flags & SCOLS_FL_TREE ?
						tree_width(line) : 0);
			width[k] = own > width[k] ? own : width[k];
		}
	scols_free_iter(i);
	for (unsigned k = 0; k < c->n; k++)
		whole += width[k];
	return whole;
}

#define CUT_MIN 4 /* columns: fewer tell nothing */

/* The column that is to lose one: which has the most for its share. TABLE_COLUMNS_MAX: none. */
static unsigned widest_column(const struct columns *c, const unsigned width[TABLE_COLUMNS_MAX])
{
	unsigned best = TABLE_COLUMNS_MAX;
	double most = 0;

	for (unsigned k = 0; k < c->n; k++) {
		const struct column *column = &c->all[c->chosen[k]];
		double has = width[k] / (column->width > 0 ? column->width : 1);
		if (column->flags & SCOLS_FL_TRUNC && width[k] > CUT_MIN &&
		    width[k] > strlen(column->name) && has > most) {
			most = has;
			best = k;
		}
	}
	return best;
}

static void fit_table(struct libscols_table *table, const struct columns *c, bool headings)
{
	unsigned width[TABLE_COLUMNS_MAX], k;
	unsigned whole = measure_table(table, c, headings, width);
	bool cut[TABLE_COLUMNS_MAX] = { false };
	struct libscols_iter *i = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	for (; whole > wrap_width(); whole--) {
		if ((k = widest_column(c, width)) == TABLE_COLUMNS_MAX)
			break;
		width[k]--;
		cut[k] = true;
	}
	while (i && !scols_table_next_line(table, i, &line))
		for (k = 0; k < c->n; k++)
			if (cut[k])
				cut_cell(scols_line_get_cell(line, k), width[k]);
	scols_free_iter(i);
}

/* Programs that split lines at blanks must find each column where it is. */
static void fill_table(struct libscols_table *table, const struct columns *c)
{
	struct libscols_iter *i = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	while (i && !scols_table_next_line(table, i, &line))
		for (unsigned k = 0; k < c->n; k++)
			if (!scols_cell_get_data(scols_line_get_cell(line, k)) &&
			    scols_line_set_data(line, k, "-"))
				xalloc_fail(2);
	scols_free_iter(i);
}

void table_end(struct libscols_table *table, const struct columns *c, enum table_form form,
	       bool headings)
{
	scols_table_enable_noheadings(table, !headings);
	/* It fits, or nothing more can be cut. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	if (form == TABLE_PLAIN) {
		scols_table_enable_colors(table, cmd_wants_color());
		fit_table(table, c, headings);
	} else if (form == TABLE_RAW) {
		scols_table_enable_raw(table, 1);
		fill_table(table, c);
	} else {
		scols_table_enable_export(table, 1);
	}
	scols_print_table(table);
	scols_unref_table(table);
}

static const char *color_if_wanted(const char *code)
{
	return cmd_wants_color() ? code : "";
}

const char *color_good(void)
{
	return color_if_wanted("\033[32m");
}

const char *color_bad(void)
{
	return color_if_wanted("\033[31m");
}

const char *color_warn(void)
{
	return color_if_wanted("\033[33m");
}

const char *color_off(void)
{
	return color_if_wanted("\033[0m");
}
