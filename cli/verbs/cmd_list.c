/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_list.c - vgapass list: the machine's PCI functions, and what becomes of them. */
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "cli/assign/ravada.h"
#include "cli/cmd.h"
#include "cli/machine/hint.h"
#include "cli/machine/host.h"
#include "cli/machine/order.h"
#include "cli/out/table.h"
#include "cli/out/xalloc.h"

enum {
	GROUP, ADDRESS, ID, SUBSYSTEM, CODE, CLASS, VENDOR, NAME, DRIVER, CANDIDATES, BOOT, RESET,
	PATH, SERIAL, RULE, PLAN, REASON,
};

static const struct column columns[] = {
	[GROUP] = { "GROUP", 0, SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "IOMMU group" },
	[ADDRESS] = { "ADDRESS", 0, SCOLS_FL_TREE, SCOLS_JSON_STRING, "PCI address" },
	[ID] = { "ID", 0, 0, SCOLS_JSON_STRING, "vendor:device" },
	[SUBSYSTEM] = { "SUBSYSTEM", 0, 0, SCOLS_JSON_STRING, "vendor:device of the board" },
	[CODE] = { "CODE", 0, 0, SCOLS_JSON_STRING, "class code, as class= takes it" },
	[CLASS] = { "CLASS", 0.15, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, "class in words" },
	[VENDOR] = { "VENDOR", 0.15, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, "vendor in words" },
	[NAME] = { "NAME", 0.35, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, "device in words" },
	[DRIVER] = { "DRIVER", 0, 0, SCOLS_JSON_STRING, "driver that it is on now" },
	[CANDIDATES] = { "CANDIDATES", 0, 0, SCOLS_JSON_ARRAY_STRING,
			 "host drivers that want it" },
	[BOOT] = { "BOOT", 0, 0, SCOLS_JSON_BOOLEAN, "whether it is the boot display" },
	[RESET] = { "RESET", 0, 0, SCOLS_JSON_ARRAY_STRING, "ways to reset it, first tried first" },
	[PATH] = { "PATH", 0, 0, SCOLS_JSON_STRING, "its place below bridges, as path= takes it" },
	[SERIAL] = { "SERIAL", 0, 0, SCOLS_JSON_STRING, "serial number; only root can read it" },
	[RULE] = { "RULE", 0, 0, SCOLS_JSON_STRING, "the rule that decides: file:line" },
	[PLAN] = { "PLAN", 0, 0, SCOLS_JSON_STRING, "next boot: planned, refused or kept" },
	[REASON] = { "REASON", 0, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, "why it is refused or kept" },
	{ NULL, 0, 0, 0, NULL },
};

#define LIST_COLUMNS "GROUP,ADDRESS,ID,NAME,DRIVER,BOOT,PLAN"
#define TREE_COLUMNS "ADDRESS,ID,NAME,DRIVER,GROUP,BOOT,PLAN"
#define RULE_COLUMN "+RULE"
#define RULE_WIDTH 100 /* of a terminal: on a narrower one the rule would leave no room for names */

static const char help[] =
	"usage: vgapass list [OPTION ...] [CARD ...]\n\n"
	"Shows displays, and what shares a slot or an IOMMU group with one; or the cards\n"
	"that are named: by an address (01:00.0, 01:00), an ID (1002:6608) or words of a\n"
	"name.\n\n"
	"  -a, --all             show every PCI function\n"
	"  -t, --tree            order by bridges instead of IOMMU groups\n"
	"  -J, --json            print JSON, with all columns unless -o chooses\n"
	"  -o, --output COLUMNS  show these columns; +COLUMNS adds to the usual ones\n"
	"  -n, --noheadings      omit the line of headings\n"
	"  --for ravada          print cards that are ready for guests, a line each,\n"
	"                        in the format that Ravada requires\n"
	"  --sysroot DIR         look at the machine whose files are below DIR\n\n"
	"Columns:\n";

struct options {
	struct host_options host;
	const char *output, *software;
	bool all, tree, json, noheadings;
};

/* Sets a list with commas, which libsmartcols wants as lines if it is to be an array of JSON. */
static void set_list(struct libscols_line *line, const struct columns *c, unsigned k, bool json,
		     char *list)
{
	for (char *p = list; json && *p; p++)
		if (*p == ',')
			*p = '\n';
	table_set(line, c, k, list);
}

static void set_identity(const struct host *h, struct libscols_line *line, const struct columns *c,
			 const struct pci_function *f)
{
	char buf[HOST_NAME_MAX];

	if (f->group >= 0)
		table_set(line, c, GROUP, text_make(buf, sizeof(buf), "%u", (unsigned)f->group));
	table_set(line, c, ADDRESS, text_make(buf, sizeof(buf), "%pa", &f->at));
	table_set(line, c, ID, text_make(buf, sizeof(buf), "%pi", f));
	if (f->subvendor || f->subdevice)
		table_set(line, c, SUBSYSTEM, text_make(buf, sizeof(buf), "%04x:%04x", f->subvendor,
							f->subdevice));
	table_set(line, c, CODE, text_make(buf, sizeof(buf), "%02x%02x%02x", f->class >> 16,
					   f->class >> 8 & 0xff, f->class & 0xff));
	if (columns_has(c, CLASS))
		table_set(line, c, CLASS, host_class(h, f, buf));
	if (columns_has(c, VENDOR))
		table_set(line, c, VENDOR, host_vendor(h, f, buf));
	if (columns_has(c, NAME))
		table_set(line, c, NAME, host_device(h, f, buf));
	table_set(line, c, PATH, host_path(f, buf));
	table_set(line, c, SERIAL, host_serial(f, buf));
}

static void set_state(struct host *h, struct libscols_line *line, const struct columns *c,
		      const struct pci_function *f, bool json)
{
	char buf[HOST_NAME_MAX];

	table_set(line, c, DRIVER, f->driver);
	if (columns_has(c, CANDIDATES)) {
		host_candidates(h, f, buf);
		set_list(line, c, CANDIDATES, json, buf);
	}
	if (columns_has(c, RESET)) {
		host_resets(h, f, buf);
		set_list(line, c, RESET, json, buf);
	}
	if (f->boot_display)
		table_set(line, c, BOOT, json ? "1" : "yes");
}

static void set_plan(const struct host *h, struct libscols_line *line, const struct columns *c,
		     const struct pci_function *f)
{
	const struct plan_entry *e = host_entry(h, f);
	char buf[PLAN_LINE_MAX];
	struct text t;

	if (!e->rule)
		return;
	table_set(line, c, RULE, text_make(buf, sizeof(buf), "%pp", &e->rule->at));
	table_set(line, c, PLAN, state_word(e->state));
	text_start(&t, buf, sizeof(buf));
	words_reason(&t, &h->run, f, e);
	table_set(line, c, REASON, buf);
	if (e->state == STATE_REFUSED) {
		table_color(line, c, PLAN, color_warn());
	} else if (e->state == STATE_PLANNED && !strcmp(f->driver, e->driver)) {
		table_color(line, c, PLAN, color_good());
		table_color(line, c, DRIVER, color_good());
	}
}

static void print_table(struct host *h, const struct order *o, const struct columns *c,
			const struct options *opt)
{
	struct libscols_line **line = xcalloc(o->n, sizeof(struct libscols_line *));
	struct libscols_table *table = table_start("functions", c, opt->json);

	scols_table_enable_noheadings(table, opt->noheadings);
	for (unsigned i = 0; i < o->n; i++) {
		bool below = opt->tree && o->above[i] != ORDER_NO_BRIDGE;
		line[i] = table_line(table, below ? line[o->above[i]] : NULL);
		set_identity(h, line[i], c, o->function[i]);
		set_state(h, line[i], c, o->function[i], opt->json);
		set_plan(h, line[i], c, o->function[i]);
	}
	table_end(table);
	free(line);
}

/* Prints what a person should know who looks at the table: it cannot show this itself. */
static void print_hints(const struct host *h, const struct order *o, const struct columns *c)
{
	if (!o->n)
		cmd_complain("no display here: vgapass list -a shows every PCI function");
	hint_iommu(h);
	hint_plan(h);
	hint_serials(h, columns_has(c, SERIAL));
}

static int choose_columns(struct columns *c, const struct options *o)
{
	int r = columns_choose(c, o->tree ? TREE_COLUMNS : LIST_COLUMNS);

	if (table_width() >= RULE_WIDTH)
		columns_choose(c, RULE_COLUMN);
	if (o->json)
		columns_choose_all(c);
	if (!r && o->output)
		r = columns_choose(c, o->output);
	if (!r && o->tree && !columns_has(c, ADDRESS)) {
		cmd_complain("--tree: it is drawn in the column ADDRESS: add that to -o");
		r = CMD_USAGE;
	}
	return r;
}

static int choose_functions(const struct host *h, const struct options *opt, int cards,
			    char **card, struct order *o)
{
	int r = CMD_OK;

	if (opt->all)
		order_want_all(h, o);
	else if (!cards)
		order_want_displays(h, o);
	for (int i = 0; i < cards; i++)
		if (!order_want_cards(h, card[i], o))
			r = cmd_complain("%s: no such card: vgapass list -a shows all",
					 card[i]);
	if (opt->tree)
		order_by_tree(h, o);
	else
		order_by_group(h, o);
	return r;
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
	if (!r && !opt->software) {
		print_table(h, o, c, opt);
		print_hints(h, o, c);
	}
	host_close(h);
	free(o);
	free(h);
	return r;
}

/* CMD_OK, or CMD_USAGE after printing the reason. */
static int check_software(const struct options *o, int cards)
{
	if (strcmp(o->software, "ravada") != 0)
		cmd_complain("list: --for %s: expected ravada", o->software);
	else if (cards || o->all || o->tree || o->json || o->output || o->noheadings)
		cmd_complain("list: --for %s: it has a form of its own: leave out what else is "
			     "given",
			     o->software);
	else
		return CMD_OK;
	return CMD_USAGE;
}

static void print_help(void)
{
	fputs(help, stdout);
	columns_help(columns);
	fputs("\nExit code: 0 it is shown, 1 no such card or no way to read the machine, 2 "
	      "usage.\n",
	      stdout);
}

int cmd_list(int argc, char **argv)
{
	struct options o = { .all = false };
	struct columns c = { .all = columns };
	const struct cmd_option options[] = {
		{ .name = "all", .letter = 'a', .flag = &o.all },
		{ .name = "tree", .letter = 't', .flag = &o.tree },
		{ .name = "json", .letter = 'J', .flag = &o.json },
		{ .name = "output", .letter = 'o', .text = &o.output },
		{ .name = "noheadings", .letter = 'n', .flag = &o.noheadings },
		{ .name = "for", .text = &o.software },
		{ .name = "sysroot", .text = &o.host.sysroot },
		{ .name = NULL },
	};
	int code, first = cmd_options(argc, argv, options, NULL, &code);

	if (first < 0 && code == CMD_OK)
		print_help();
	if (first < 0)
		return code;
	if (o.all && first < argc) {
		cmd_complain("list: %s: -a shows all cards: leave one of both out", argv[first]);
		return CMD_USAGE;
	}
	if (o.software && check_software(&o, argc - first))
		return CMD_USAGE;
	if (choose_columns(&c, &o))
		return CMD_USAGE;
	return list_functions(&o, &c, argc - first, argv + first);
}
