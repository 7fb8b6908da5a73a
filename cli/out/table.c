/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - see table.h */
#include "table.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "ascii.h"
#include "json.h"
#include "near.h"
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
		if (!c->all[k].name) {
			return complain_column(c->all, list, n);
		}
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

struct libscols_table *table_start(const char *name, const struct columns *c, bool json)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		xalloc_fail(sizeof(void *));
	scols_table_set_name(table, name);
	scols_table_enable_json(table, json);
	scols_table_enable_colors(table, *color_good() != '\0');
	for (unsigned i = 0; i < c->n; i++) {
		const struct column *column = &c->all[c->chosen[i]];
		struct libscols_column *made = scols_table_new_column(table, column->name,
								      column->width, column->flags);
		if (!made)
			xalloc_fail(sizeof(void *));
		scols_column_set_json_type(made, column->json);
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

static json_object *json_cell(int type, const char *data)
{
	json_object *list;

	switch (type) {
	case SCOLS_JSON_ARRAY_STRING:
		list = json_object_new_array();
		for (; data && *data; data += strspn(data, "\n")) {
			json_object_array_add(list, json_text(data, strcspn(data, "\n")));
			data += strcspn(data, "\n");
		}
		return list;
	case SCOLS_JSON_BOOLEAN:
		return json_object_new_boolean(data && *data == '1');
	case SCOLS_JSON_NUMBER:
		return data ? json_object_new_int64(strtoll(data, NULL, 10)) : NULL;
	default:
		return data ? json_text(data, strlen(data)) : NULL;
	}
}

static void json_add(json_object *o, const char *name, json_object *value)
{
	char key[64];
	size_t n = 0;

	for (; *name && n < sizeof(key) - 1; name++)
		key[n++] = ascii_lower(*name);
	key[n] = '\0';
	json_object_object_add(o, key, value);
}

static json_object *json_line(struct libscols_table *table, struct libscols_line *line)
{
	json_object *o = json_object_new_object(), *children = NULL;
	struct libscols_iter *i = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *child;

	for (size_t k = 0; k < scols_table_get_ncols(table); k++) {
		struct libscols_column *column = scols_table_get_column(table, k);
		const char *data = scols_cell_get_data(scols_line_get_cell(line, k));
		json_add(o, scols_column_get_name(column),
			 json_cell(scols_column_get_json_type(column), data));
	}
	if (scols_line_has_children(line))
		json_add(o, "children", children = json_object_new_array());
	while (children && !scols_line_next_child(line, i, &child))
		json_object_array_add(children, json_line(table, child));
	scols_free_iter(i);
	return o;
}

/* libsmartcols has JSON too, but no empty lists, and other words from release to release. */
static void print_table_json(struct libscols_table *table)
{
	json_object *list = json_object_new_array();
	struct libscols_iter *i = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	while (!scols_table_next_line(table, i, &line))
		if (!scols_line_get_parent(line))
			json_object_array_add(list, json_line(table, line));
	scols_free_iter(i);
	json_print(json_document(scols_table_get_name(table), list));
}

void table_end(struct libscols_table *table)
{
	if (scols_table_is_json(table))
		print_table_json(table);
	else
		scols_print_table(table);
	scols_unref_table(table);
}

unsigned table_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return UINT_MAX;
	/* A serial console does not know; libsmartcols takes 80 then. */
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
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
