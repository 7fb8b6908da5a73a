/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - tables and trees, by libsmartcols, which fit the terminal.
 *
 * Columns with SCOLS_FL_TRUNC are cut to its width, and what was cut ends with a mark. libsmartcols
 * cuts too, but without one.
 */
#pragma once

#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>

#include "json.h"

struct column {
	const char *name;
	double width;     /* with SCOLS_FL_TRUNC: its share of a line that is too short */
	int flags;        /* SCOLS_FL_* */
	int json;         /* SCOLS_JSON_*: what cell_json() makes of it */
	const char *help; /* what it shows, for --help */
};

#define TABLE_COLUMNS_MAX 32

/* Columns of a table, chosen from all that a verb has. */
struct columns {
	const struct column *all; /* ends with a NULL name */
	unsigned n;
	unsigned chosen[TABLE_COLUMNS_MAX]; /* indices in all */
};

/* Chooses the columns of a list such as "ADDRESS,NAME"; "+NAME,..." adds to those chosen before.
 * Returns CMD_OK, or CMD_USAGE after printing the reason. */
int columns_choose(struct columns *c, const char *list);

/* All of them, in their own order. */
void columns_choose_all(struct columns *c);

/* True: column k of c->all is chosen. */
bool columns_has(const struct columns *c, unsigned k);

enum table_form {
	TABLE_PLAIN,
	TABLE_RAW,   /* one blank between columns; a blank in a cell is \x20, an empty cell "-" */
	TABLE_PAIRS, /* COLUMN="cell", with \x22 for a quote */
};

/* A table with the chosen columns. In a locale that is not UTF-8 its lines are ASCII. Given back
 * with table_end(). */
struct libscols_table *table_start(const struct columns *c);

/* A new line; in a tree, below `parent`. */
struct libscols_line *table_line(struct libscols_table *table, struct libscols_line *parent);

/* Sets the cell of column k of c->all, if it is chosen; "" is as if it were not set. */
void table_set(struct libscols_line *line, const struct columns *c, unsigned k, const char *text);

/* The same cell in JSON: a number, which is decimal in the text; an array, which has commas
 * between its elements; true or false, for a text or ""; or a text. Of "" the array is empty, and
 * a number or a text is null. */
json_object *cell_json(const struct column *column, const char *text);

/* Gives it a color, one of color_good() and so on. */
void table_color(struct libscols_line *line, const struct columns *c, unsigned k,
		 const char *color);

/* Prints the table in a form and frees it. Lines of a tree must have no parents in other forms than
 * TABLE_PLAIN. */
void table_end(struct libscols_table *table, const struct columns *c, enum table_form form,
	       bool headings);

/* SGR codes for text in a state, "" where there is to be no color: stdout is no terminal, or
 * cmd_wants_color(). */
const char *color_good(void), *color_bad(void), *color_warn(void), *color_off(void);
