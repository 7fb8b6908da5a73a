/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_list.c - vgapass list: the machine's PCI functions, and what becomes of them. */
#include <stdlib.h>
#include <string.h>

#include "cli/assign/ravada.h"
#include "cli/cmd.h"
#include "cli/list/cells.h"
#include "cli/list/filter.h"
#include "cli/machine/hint.h"
#include "cli/machine/host.h"
#include "cli/machine/next_boot.h"
#include "cli/machine/order.h"
#include "cli/out/wrap.h"
#include "cli/out/xalloc.h"

/* What there is room for beside the names, on a terminal of so many columns. */
static const struct {
	unsigned width;
	const char *list, *tree;
} usual[] = {
	{ 100, "GROUP,ADDRESS,ID,NAME,DRIVER,BOOT,PLAN,RULE",
	  "ADDRESS,ID,NAME,DRIVER,GROUP,BOOT,PLAN,RULE" },
	{ 72, "GROUP,ADDRESS,ID,NAME,DRIVER,BOOT,PLAN", "ADDRESS,ID,NAME,DRIVER,GROUP,BOOT,PLAN" },
	{ 56, "GROUP,ADDRESS,NAME,DRIVER,PLAN", "ADDRESS,NAME,DRIVER,PLAN" },
	{ 0, "ADDRESS,NAME,PLAN", "ADDRESS,NAME,PLAN" },
};

struct options {
	struct host_options host;
	struct list_filter filter;
	const char *output, *software;
	bool all, tree, json, noheadings, raw, pairs, output_all;
};

static enum table_form form_of(const struct options *o)
{
	return o->raw ? TABLE_RAW : o->pairs ? TABLE_PAIRS : TABLE_PLAIN;
}

static void print_table(struct list_cells *cells, const struct order *o, const struct options *opt)
{
	struct libscols_line **line = xcalloc(o->n, sizeof(struct libscols_line *));
	struct libscols_table *table = table_start(cells->columns);
	bool tree = opt->tree && form_of(opt) == TABLE_PLAIN;

	for (unsigned i = 0; i < o->n; i++) {
		bool below = tree && o->above[i] != ORDER_NO_BRIDGE;
		line[i] = table_line(table, below ? line[o->above[i]] : NULL);
		cells_set(cells, line[i], o->function[i]);
	}
	table_end(table, cells->columns, form_of(opt), !opt->noheadings);
	free(line);
}

/* Puts a function below the bridge that is above it. */
static void add_child(json_object *bridge, json_object *function)
{
	json_object *children;

	if (!json_object_object_get_ex(bridge, "children", &children)) {
		children = json_object_new_array();
		json_object_object_add(bridge, "children", children);
	}
	json_object_array_add(children, function);
}

static void print_json(struct list_cells *cells, const struct order *o, bool tree)
{
	json_object *list = json_object_new_array();
	json_object **made = xcalloc(o->n, sizeof(struct json_object *));

	for (unsigned i = 0; i < o->n; i++) {
		made[i] = cells_json(cells, o->function[i]);
		if (tree && o->above[i] != ORDER_NO_BRIDGE)
			add_child(made[o->above[i]], made[i]);
		else
			json_object_array_add(list, made[i]);
	}
	json_print(json_document("functions", list));
	free(made);
}

/* Below the table: what it cannot show. */
static void print_foot(const struct host *h, const struct order *o, const struct options *opt,
		       bool by_default)
{
	struct findings l = { .n = 0 };
	unsigned more = h->run.inv.functions - o->n;

	for (unsigned i = 0; i < o->n; i++)
		findings_of_function(h, o->function[i], host_entry(h, o->function[i]), &l);
	findings_merge(&l);
	if (l.n)
		putchar('\n');
	findings_print(&l);
	findings_free(&l);
	if (by_default && more && o->n)
		printf("\n%u more function%s: vgapass list -a%s\n", more, more > 1 ? "s" : "",
		       opt->tree ? "t" : "");
}

/* True: a function that is shown is refused as it has no IOMMU group. The foot says why. */
static bool says_why_no_group(const struct host *h, const struct order *o)
{
	for (unsigned i = 0; i < o->n; i++)
		if (host_entry(h, o->function[i])->reason == REASON_NO_GROUP)
			return true;
	return false;
}

/* Says on stderr what a person should know who looks at the table. */
static void print_hints(const struct host *h, const struct list_cells *c, const struct order *o,
			const struct options *opt)
{
	if (!o->n && !filter_is_empty(&opt->filter))
		filter_note_empty(&opt->filter, h);
	else if (!o->n)
		cmd_note("no display here: vgapass list -a shows every PCI function");
	if (opt->json || opt->raw || opt->pairs || opt->noheadings || !says_why_no_group(h, o))
		hint_iommu(h);
	hint_plan(h);
	hint_mediated(h);
	hint_serials(h, columns_has(c->columns, LIST_SERIAL));
	/* In JSON, null says so. */
	if (columns_has(c->columns, LIST_USER) && !c->users.known && !opt->json)
		cmd_note("not all users are known, as the open files of some processes cannot be "
			 "seen: run it as root on the host");
}

static int choose_columns(struct columns *c, const struct options *o)
{
	unsigned width = form_of(o) == TABLE_PLAIN ? wrap_width() : UINT32_MAX, i = 0;
	int r = CMD_OK;

	while (usual[i].width > width)
		i++;
	columns_choose(c, o->tree ? usual[i].tree : usual[i].list);
	if (o->json || o->output_all)
		columns_choose_all(c);
	if (o->output)
		r = columns_choose(c, o->output);
	if (!r && o->tree && !o->json && !columns_has(c, LIST_ADDRESS))
		r = cmd_misused(&verb_list, "--tree: it is drawn in the column ADDRESS, which -o "
				"leaves out");
	return r;
}

static int choose_functions(const struct host *h, const struct options *opt, int cards,
			    char **card, struct order *o)
{
	bool filtered = !filter_is_empty(&opt->filter);
	int r = CMD_OK;

	if (opt->all || (filtered && !cards))
		order_want_all(h, o);
	else if (!cards)
		order_want_displays(h, o);
	for (int i = 0; i < cards; i++)
		if (!order_want_cards(h, card[i], o))
			r = cmd_complain("%s: no such card: vgapass list -a shows all",
					 card[i]);
	for (unsigned i = 0; filtered && i < h->run.inv.functions; i++)
		o->wanted[i] &= filter_has(&opt->filter, &h->run.inv.function[i]);
	if (opt->tree)
		order_by_tree(h, o);
	else
		order_by_group(h, o);
	return r;
}

static void print_functions(struct host *h, const struct order *o, const struct columns *c,
			    const struct options *opt, bool by_default)
{
	struct list_cells cells;

	cells_start(&cells, h, c, o->function, o->n);
	if (opt->json)
		print_json(&cells, o, opt->tree);
	else
		print_table(&cells, o, opt);
	if (!opt->json && !opt->noheadings && form_of(opt) == TABLE_PLAIN)
		print_foot(h, o, opt, by_default);
	print_hints(h, &cells, o, opt);
	cells_end(&cells);
}

static int list_functions(const struct options *opt, const struct columns *c, int cards,
			  char **card)
{
	struct host *h = xcalloc(1, sizeof(*h));
	struct order *o = xcalloc(1, sizeof(*o));
	int r = host_open(h, &opt->host);

	if (!r && h->run.input_error)
		r = hint_input(h);
	else if (!r && opt->software)
		ravada_list(h);
	else if (!r)
		r = choose_functions(h, opt, cards, card, o);
	if (!r && !opt->software)
		print_functions(h, o, c, opt,
				!opt->all && !cards && filter_is_empty(&opt->filter));
	host_close(h);
	free(o);
	free(h);
	return r;
}

/* CMD_OK, or CMD_USAGE after printing the reason. */
static int check_options(const struct options *o, int cards, char **card)
{
	if (o->software &&
	    (cards || o->all || o->tree || o->json || o->output || o->noheadings || o->raw ||
	     o->pairs || o->output_all || !filter_is_empty(&o->filter)))
		return cmd_misused(&verb_list, "--for %s: it has a form of its own, so nothing but "
				   "--sysroot goes with it", o->software);
	if (o->json + o->raw + o->pairs > 1)
		return cmd_misused(&verb_list, "--json, --raw, --pairs: expected one of them");
	if (o->output && o->output_all)
		return cmd_misused(&verb_list, "--output, --output-all: expected one of them");
	if (o->all && cards)
		return cmd_misused(&verb_list, "%s: -a shows all cards, expected one of both",
				   card[0]);
	return filter_check(&o->filter);
}

static bool get_column(unsigned i, struct cmd_word *ret)
{
	*ret = (struct cmd_word){ list_columns[i].name, list_columns[i].help };
	return ret->word != NULL;
}

static const struct cmd_words words[] = { { "COLUMNS", "Columns", get_column }, CMD_WORDS_END };

static struct options opt = { .host.as_boot = true };

static const struct cmd_option options[] = {
	{ "all", 'a', NULL, "show every PCI function", &opt.all, NULL },
	{ "tree", 't', NULL, "order by bridges instead of IOMMU groups", &opt.tree, NULL },
	{ "class", 0, "CLASS", "show functions of a class: display, audio, network, storage, usb, "
	  "serial or a class code", NULL, &opt.filter.class },
	{ "group", 0, "N", "show this IOMMU group; none: functions without one", NULL,
	  &opt.filter.group },
	{ "driver", 0, "NAME", "show functions on a driver; none: those without one", NULL,
	  &opt.filter.driver },
	{ "output", 'o', "COLUMNS", "show these columns; +COLUMNS adds to the usual ones", NULL,
	  &opt.output },
	{ "output-all", 'O', NULL, "show all columns", &opt.output_all, NULL },
	{ "noheadings", 'n', NULL, "omit the headings and what stands below the table",
	  &opt.noheadings, NULL },
	{ "raw", 'r', NULL, "separate columns by one blank; a blank within is \\x20, an empty cell "
	  "-", &opt.raw, NULL },
	{ "pairs", 'P', NULL, "print COLUMN=\"value\"", &opt.pairs, NULL },
	{ "json", 'J', NULL, "print JSON, see vgapass-json(5); all columns unless -o chooses",
	  &opt.json, NULL },
	{ "for", 0, "ravada", "print cards that are ready for guests, a line each, in the format "
	  "that Ravada requires", NULL, &opt.software },
	CMD_PROFILE(&opt.host.profile),
	CMD_SYSROOT(&opt.host.sysroot),
	CMD_END,
};

static int run_list(int argc, char **argv)
{
	struct columns c = { .all = list_columns };

	if (check_options(&opt, argc, argv) || choose_columns(&c, &opt))
		return CMD_USAGE;
	return list_functions(&opt, &c, argc, argv);
}

const struct cmd_verb verb_list = {
	.name = "list",
	.summary = "show PCI functions by IOMMU group, with names, drivers and rules",
	.arguments = "[CARD ...]",
	.about = "Shows displays, and what shares a slot or an IOMMU group with one; or the cards\n"
		 "that are named: by an address (01:00.0, 01:00), an ID (1002:6608) or words of a\n"
		 "name; or every function that --class, --group and --driver match, each of which\n"
		 "takes a list with commas.",
	.options = options,
	.notes = "For scripts: --raw, --pairs or --json, as empty cells shift the words of a line.",
	.words = words,
	.exits = "0 it is shown, 1 no such card or no way to read the machine, 2 usage.",
	.plural = "functions",
	.run = run_list,
};
