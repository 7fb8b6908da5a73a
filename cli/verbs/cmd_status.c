/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_status.c - vgapass status: what the last boot did, against what is so now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/machine/booted.h"
#include "cli/check/check.h"
#include "cli/cmd.h"
#include "cli/machine/rebuild.h"
#include "cli/machine/group.h"
#include "cli/machine/hint.h"
#include "cli/machine/receipt_read.h"
#include "cli/out/table.h"
#include "cli/out/xalloc.h"

#define DIFF_LINES 20

static const char help[] =
	"usage: vgapass status [OPTION ...]\n\n"
	"Shows what the last boot did with each function, and what has changed since.\n\n"
	"  -J, --json     print the receipt, with the current state\n"
	"  --verify       print only what is wrong, for scripts and units\n"
	"  --sysroot DIR  look at the machine whose files are below DIR\n\n"
	"Exit code: 0 all is as the rules say, 1 it is not, 2 usage.\n";

enum { ADDRESS, ID, NAME, STATE, THEN, NOW, RULE };

static const struct column columns[] = {
	[ADDRESS] = { "ADDRESS", 0, 0, SCOLS_JSON_STRING, NULL },
	[ID] = { "ID", 0, 0, SCOLS_JSON_STRING, NULL },
	[NAME] = { "NAME", 0.35, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, NULL },
	[STATE] = { "STATE", 0, 0, SCOLS_JSON_STRING, NULL },
	[THEN] = { "THEN", 0, 0, SCOLS_JSON_STRING, NULL },
	[NOW] = { "NOW", 0, 0, SCOLS_JSON_STRING, NULL },
	[RULE] = { "RULE", 0, 0, SCOLS_JSON_STRING, NULL },
	{ NULL, 0, 0, 0, NULL },
};

/* What is looked at besides the receipt. */
struct status {
	struct host host;
	json_object *receipt;
	struct booted *booted; /* NULL: not known */
	bool good;
};

/* The driver that the function is on now, "" for none. */
static const char *driver_now(const struct roots *roots, json_object *f,
			      char driver[PCI_DRIVER_NAME])
{
	struct path p;

	path_join(&p, "bus/pci/devices/", receipt_text(f, "address"), "/driver");
	if (roots->sys < 0 || sysfs_link(roots->sys, p.s, 0, driver, PCI_DRIVER_NAME) < 0)
		*driver = '\0';
	return driver;
}

/* True: what the boot bound is on another driver now. */
static bool is_changed(json_object *f, const char *now)
{
	return !strcmp(receipt_text(f, "state"), "bound") &&
	       strcmp(now, receipt_text(f, "driver")) != 0;
}

static size_t list_length(json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

/* The function as it is now; NULL: it is gone. */
static const struct pci_function *function_now(const struct status *s, json_object *f)
{
	const struct inventory *inv = &s->host.run.inv;
	struct pci_address at = { 0 };

	if (!pci_parse_address(slice_of(receipt_text(f, "address")), &at, NULL))
		return NULL;
	for (unsigned i = 0; i < inv->functions; i++)
		if (!pci_compare(&inv->function[i].at, &at))
			return &inv->function[i];
	return NULL;
}

/* What is so now of the IOMMU group of a function that the boot bound: the boot could not know
 * what the host's drivers take later. */
static enum viability viable_now(struct status *s, json_object *f, struct text *why)
{
	const struct pci_function *now = function_now(s, f);
	char names[1024];
	struct text t;

	if (!now || now->group < 0 || strcmp(receipt_text(f, "state"), "bound") != 0)
		return VIABLE_UNKNOWN;
	text_start(&t, names, sizeof(names));
	if (group_list(&s->host, now->group, GROUP_HELD, false, &t)) {
		text_add(why, "no guest can have it: the host's drivers have %s of its "
			      "IOMMU group %u: vgapass check iommu says what to do", names,
			 (unsigned)now->group);
		return VIABLE_NO;
	}
	if (group_is_reserved(&s->host, now->group)) {
		text_add(why, "no guest can have it: the firmware keeps memory through "
			      "its IOMMU group %u (RMRR): vgapass check iommu says what to do",
			 (unsigned)now->group);
		return VIABLE_NO;
	}
	text_start(&t, names, sizeof(names));
	if (!group_list(&s->host, now->group, GROUP_WANTED, false, &t))
		return VIABLE_YES;
	text_add(why, "a guest can have it until the host loads drivers for %s of its "
		 "IOMMU group %u", names, (unsigned)now->group);
	return VIABLE_UNKNOWN;
}

/* True: its rule says required=yes, and no guest can have it. */
static bool is_kept_from_guests(struct status *s, json_object *f)
{
	const struct pci_function *now = function_now(s, f);
	const struct rule *rule = now ? host_entry(&s->host, now)->rule : NULL;
	struct text why;
	char buf[1];

	text_start(&why, buf, sizeof(buf));
	return rule && rule->required && viable_now(s, f, &why) == VIABLE_NO;
}

/* True: a rule of the configuration says required=yes. */
static bool is_required(const struct config *c)
{
	for (unsigned i = 0; i < c->rules; i++)
		if (c->rule[i].required)
			return true;
	return false;
}

/* The boot has judged: a rule with required=yes that is not fulfilled makes its result
 * "failed". A boot that was told to do nothing has judged nothing. */
static bool is_good(struct status *s)
{
	json_object *list = receipt_list(s->receipt, "functions");
	const char *result = receipt_text(s->receipt, "result");
	char now[PCI_DRIVER_NAME];

	if (!strcmp(result, "failed") || !strcmp(result, "error"))
		return false;
	if (strcmp(receipt_text(s->receipt, "mode"), "on") && is_required(&s->host.run.config))
		return false;
	for (size_t i = 0; i < list_length(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		if (is_changed(f, driver_now(&s->host.roots, f, now)) || is_kept_from_guests(s, f))
			return false;
	}
	return true;
}

/* The kernel command line is still that of the boot. */
static void print_off(const struct status *s)
{
	char why[HOST_NAME_MAX];

	if (!strcmp(receipt_text(s->receipt, "mode"), "off") && s->host.run.plan.state == PLAN_OFF)
		printf("nothing was bound: %s\n", hint_off(&s->host.run, why));
}

static void print_result(const struct status *s)
{
	printf("the last boot's result: %s (mode %s)\n", receipt_text(s->receipt, "result"),
	       receipt_text(s->receipt, "mode"));
}

static void print_changed(const struct status *s)
{
	json_object *list = receipt_list(s->receipt, "functions");
	char now[PCI_DRIVER_NAME];

	for (size_t i = 0; i < list_length(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		if (is_changed(f, driver_now(&s->host.roots, f, now)))
			printf("%s [%s] was bound to %s by the boot and is on %s now (%s)\n",
			       receipt_text(f, "address"), receipt_text(f, "id"),
			       receipt_text(f, "driver"), *now ? now : "no driver",
			       receipt_text(f, "rule"));
	}
}

/* What a guest meets now; for --verify only what a rule with required=yes is about. */
static void print_groups(struct status *s, bool required)
{
	json_object *list = receipt_list(s->receipt, "functions");
	char buf[PLAN_LINE_MAX + 1024], now[PCI_DRIVER_NAME];
	struct text why;

	for (size_t i = 0; i < list_length(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		text_start(&why, buf, sizeof(buf));
		if (!is_changed(f, driver_now(&s->host.roots, f, now)))
			viable_now(s, f, &why);
		if (why.len && (!required || is_kept_from_guests(s, f)))
			printf("%s: %s\n", receipt_text(f, "address"), buf);
	}
}

/* True: it is on a driver for guests, and neither the boot nor a rule has put it there. */
static bool is_stray(const struct status *s, const struct pci_function *f)
{
	json_object *list = receipt_list(s->receipt, "functions");

	const struct rule *rule = host_entry(&s->host, f)->rule;

	if (!driver_is_for_guests(f->driver) || (rule && !rule->keep) ||
	    !s->host.run.config.rules || s->host.run.plan.state != PLAN_READY)
		return false;
	for (size_t i = 0; i < list_length(list); i++)
		if (function_now(s, json_object_array_get_idx(list, i)) == f)
			return false;
	return true;
}

static void print_strays(const struct status *s)
{
	const struct inventory *inv = &s->host.run.inv;
	json_object *list = receipt_list(s->receipt, "strays");
	char at[PCI_ADDRESS_SIZE];

	for (size_t i = 0; i < list_length(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		printf("%s was on %s when the boot ended, and no rule takes it\n",
		       receipt_text(f, "address"), receipt_text(f, "driver"));
	}
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!is_stray(s, f))
			continue;
		pci_put_address(at, &f->at);
		printf("%s is on %s now, and no rule takes it\n", at, f->driver);
	}
}

static void print_reasons(const struct status *s)
{
	json_object *list = receipt_list(s->receipt, "functions");

	for (size_t i = 0; i < list_length(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		if (*receipt_text(f, "reason"))
			printf("%s: %s: %s\n", receipt_text(f, "address"),
			       receipt_text(f, "state"), receipt_text(f, "reason"));
	}
}

static void print_problems(const struct status *s)
{
	json_object *list = receipt_list(s->receipt, "problems");

	for (size_t i = 0; i < list_length(list); i++) {
		json_object *p = json_object_array_get_idx(list, i);
		const char *at = receipt_text(p, "at");
		printf("%s%s%s\n", at, *at ? ": " : "", receipt_text(p, "text"));
	}
}

static void print_row(const struct status *s, struct libscols_line *line, const struct columns *c,
		      json_object *f)
{
	struct pci_function card = { .group = -1 };
	const char *state = receipt_text(f, "state");
	char name[HOST_NAME_MAX], now[PCI_DRIVER_NAME];
	uint32_t vendor, device;

	if (pci_parse_id(slice_of(receipt_text(f, "id")), &vendor, &device)) {
		card.vendor = (uint16_t)vendor;
		card.device = (uint16_t)device;
		table_set(line, c, NAME, host_device(&s->host, &card, name));
	}
	driver_now(&s->host.roots, f, now);
	table_set(line, c, ADDRESS, receipt_text(f, "address"));
	table_set(line, c, ID, receipt_text(f, "id"));
	table_set(line, c, STATE, state);
	table_set(line, c, THEN, receipt_text(f, "driver"));
	table_set(line, c, NOW, now);
	table_set(line, c, RULE, receipt_text(f, "rule"));
	if (is_changed(f, now))
		table_color(line, c, NOW, color_bad());
	else if (!strcmp(state, "bound"))
		table_color(line, c, STATE, color_good());
	else if (strcmp(state, "kept") != 0 && strcmp(state, "shared") != 0)
		table_color(line, c, STATE, color_warn());
}

static void print_table(const struct status *s)
{
	struct columns c = { .all = columns };
	json_object *list = receipt_list(s->receipt, "functions");

	columns_choose_all(&c);
	struct libscols_table *table = table_start("functions", &c, false);
	for (size_t i = 0; i < list_length(list); i++)
		print_row(s, table_line(table, NULL), &c, json_object_array_get_idx(list, i));
	table_end(table);
}

static void print_text(struct status *s)
{
	print_result(s);
	print_off(s);
	if (list_length(receipt_list(s->receipt, "functions")))
		print_table(s);
	print_changed(s);
	print_groups(s, false);
	print_strays(s);
	print_reasons(s);
	print_problems(s);
	if (s->booted && !booted_is_same(s->booted)) {
		printf("the configuration has changed since the boot: %s, and reboot\n",
		       rebuild_advice(&s->host));
		booted_print(s->booted, DIFF_LINES);
	}
}

static json_object *strays_now(const struct status *s)
{
	const struct inventory *inv = &s->host.run.inv;
	json_object *list = json_object_new_array();
	char at[PCI_ADDRESS_SIZE];

	for (unsigned i = 0; i < inv->functions; i++) {
		if (!is_stray(s, &inv->function[i]))
			continue;
		json_object *o = json_object_new_object();
		pci_put_address(at, &inv->function[i].at);
		json_object_object_add(o, "address", json_object_new_string(at));
		json_object_object_add(o, "driver",
				       json_object_new_string(inv->function[i].driver));
		json_object_array_add(list, o);
	}
	return list;
}

static void print_json(struct status *s)
{
	json_object *list = receipt_list(s->receipt, "functions");
	char now[PCI_DRIVER_NAME], buf[1];
	struct text why;

	for (size_t i = 0; i < list_length(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		driver_now(&s->host.roots, f, now);
		json_object_object_add(f, "now", *now ? json_object_new_string(now) : NULL);
		json_object_object_add(f, "changed", json_object_new_boolean(is_changed(f, now)));
		text_start(&why, buf, sizeof(buf));
		enum viability viable = viable_now(s, f, &why);
		json_object_object_add(f, "viable_now", viable == VIABLE_UNKNOWN ? NULL :
				       json_object_new_boolean(viable == VIABLE_YES));
	}
	json_object_object_add(s->receipt, "strays_now", strays_now(s));
	json_object_object_add(s->receipt, "configuration_changed",
			       s->booted ? json_object_new_boolean(!booted_is_same(s->booted)) :
			       NULL);
	puts(json_object_to_json_string_ext(s->receipt, TABLE_JSON));
}

static int complain_receipt(const struct status *s, const char *why)
{
	const struct config *c = &s->host.run.config;

	if (why)
		return cmd_complain("%s, so what the boot did is not known: run vgapass "
				    "status as root, or reboot", why);
	if (!c->rules && !c->errors)
		return cmd_complain("this boot left no receipt, as there is no rule: vgapass add "
				    "makes one");
	return cmd_complain("this boot left no receipt: %s, and reboot", rebuild_advice(&s->host));
}

/* Says only what is wrong. Without a receipt nothing is proven; that matters where a rule
 * requires it. */
static int print_verdict(struct status *s, const char *why)
{
	if (!s->receipt)
		return is_required(&s->host.run.config) ? complain_receipt(s, why) : CMD_OK;
	if (s->good)
		return CMD_OK;
	print_changed(s);
	print_groups(s, true);
	print_problems(s);
	print_result(s);
	return CMD_FAILED;
}

/* Returns the exit code of the verb. */
static int print_status(struct status *s, const char *why, bool only_verify, bool json)
{
	if (only_verify)
		return print_verdict(s, why);
	if (!s->receipt)
		return complain_receipt(s, why);
	(json ? print_json : print_text)(s);
	return s->good ? CMD_OK : CMD_FAILED;
}

static int show_status(const struct host_options *o, bool only_verify, bool json)
{
	struct status *s = xcalloc(1, sizeof(*s));
	const char *why;
	int r = host_open(&s->host, o);

	if (!r) {
		s->receipt = receipt_read(&s->host.roots, &why);
		s->good = s->receipt && is_good(s);
		s->booted = booted_read(&s->host.roots, &s->host.run);
		if (!json)
			receipt_make_printable(s->receipt);
		r = print_status(s, why, only_verify, json);
		json_object_put(s->receipt);
		booted_free(s->booted);
	}
	host_close(&s->host);
	free(s);
	return r;
}

int cmd_status(int argc, char **argv)
{
	struct host_options o = { 0 };
	bool only_verify = false, json = false;
	const struct cmd_option options[] = {
		{ .name = "verify", .flag = &only_verify },
		{ .name = "json", .letter = 'J', .flag = &json },
		{ .name = "sysroot", .text = &o.sysroot },
		{ .name = NULL },
	};
	int r, first = cmd_options(argc, argv, options, help, &r);

	if (first < 0)
		return r;
	if (cmd_no_arguments(argc, argv, first))
		return CMD_USAGE;
	if (only_verify && json) {
		cmd_complain("status: --verify prints no JSON: leave one of both out");
		return CMD_USAGE;
	}
	return show_status(&o, only_verify, json);
}
