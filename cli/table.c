/* table.c - see table.h */
#define _GNU_SOURCE
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

bool columns_has(const struct columns *c, unsigned k)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->chosen[i] == k)
			return true;
	return false;
}

int columns_choose(struct columns *c, const char *list)
{
	if (*list == '+')
		list++;
	else
		c->n = 0;
	for (size_t n = strcspn(list, ",");; list += n + 1, n = strcspn(list, ",")) {
		unsigned k = 0;
		while (c->all[k].name && (strncasecmp(c->all[k].name, list, n) ||
					  c->all[k].name[n]))
			k++;
		if (!c->all[k].name) {
			cmd_complain("%.*s: no such column: --help lists them", (int)n, list);
			return CMD_USAGE;
		}
		if (!columns_has(c, k) && c->n < TABLE_COLUMNS_MAX)
			c->chosen[c->n++] = k;
		if (!list[n])
			return CMD_OK;
	}
}

struct libscols_table *table_start(const char *name, const struct columns *c, bool json)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		abort();
	scols_table_set_name(table, name);
	scols_table_enable_json(table, json);
	for (unsigned i = 0; i < c->n; i++) {
		const struct column *column = &c->all[c->chosen[i]];
		struct libscols_column *made = scols_table_new_column(table, column->name,
								      column->width, column->flags);
		if (!made)
			abort();
		scols_column_set_json_type(made, column->json);
	}
	return table;
}

void table_set(struct libscols_line *line, const struct columns *c, unsigned k, const char *text)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->chosen[i] == k && scols_line_set_data(line, i, text))
			abort();
}

void table_end(struct libscols_table *table)
{
	scols_print_table(table);
	if (scols_table_is_json(table))
		putchar('\n');
	scols_unref_table(table);
}

static const char *color(const char *code)
{
	const char *no = getenv("NO_COLOR");

	return (no && *no) || !isatty(STDOUT_FILENO) ? "" : code;
}

const char *color_good(void)
{
	return color("\033[32m");
}

const char *color_bad(void)
{
	return color("\033[31m");
}

const char *color_warn(void)
{
	return color("\033[33m");
}

const char *color_off(void)
{
	return color("\033[0m");
}
