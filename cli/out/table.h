/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - tables and trees, by libsmartcols, and the same as JSON. */
#pragma once

#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>

struct column {
	const char *name;
	double width;     /* as libsmartcols takes it: below 1 a share, else characters */
	int flags;        /* SCOLS_FL_* */
	int json;         /* SCOLS_JSON_* */
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

/* A table with the chosen columns. `name` is that of the list in JSON. In a locale that is not
 * UTF-8 lines are ASCII; names are cut to a terminal's width. Given back with
 * table_end(). */
struct libscols_table *table_start(const char *name, const struct columns *c, bool json);

/* A new line; in a tree, below `parent`. */
struct libscols_line *table_line(struct libscols_table *table, struct libscols_line *parent);

/* Sets the cell of column k of c->all, if it is chosen; "" is as if it were not set, which in
 * JSON is null, false or []. Else a number is decimal there, true is "1", and the elements of
 * an array have newlines between them. Names become lower case. */
void table_set(struct libscols_line *line, const struct columns *c, unsigned k, const char *text);

/* Gives it a colour, one of color_good() and so on. */
void table_color(struct libscols_line *line, const struct columns *c, unsigned k,
		 const char *color);

/* Prints the table and frees it. */
void table_end(struct libscols_table *table);

/* Columns of the terminal that stdout is; UINT_MAX if it is none. */
unsigned table_width(void);

/* SGR codes for text in a state, "" where there is to be no color: stdout is no terminal, or
 * cmd_wants_color(). */
const char *color_good(void), *color_bad(void), *color_warn(void), *color_off(void);
