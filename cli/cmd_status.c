/* cmd_status.c - vgapass status: what the last boot did, against what is so now. */
#include <stdio.h>
#include <string.h>

#include "../runtime/io/path.h"
#include "../runtime/io/sysfs.h"
#include "booted.h"
#include "cmd.h"
#include "host.h"
#include "edit/rebuild.h"
#include "receipt_read.h"
#include "table.h"

#define DIFF_LINES 20

static const char help[] =
	"usage: vgapass status [OPTION ...]\n\n"
	"Shows what the last boot did with each function, and what has changed since.\n\n"
	"  -J, --json     the receipt, with what is so now\n"
	"  --verify       says only what is wrong, for scripts and units\n"
	"  --sysroot DIR  the machine whose files are below DIR\n\n"
	"Exit code: 0 all is as the rules want it, 1 it is not, 2 usage.\n";

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
	enum booted booted;
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

static size_t count(json_object *list)
{
	return list ? json_object_array_length(list) : 0;
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
static bool judge(const struct status *s)
{
	json_object *list = receipt_list(s->receipt, "functions");
	const char *result = receipt_text(s->receipt, "result");
	char now[PCI_DRIVER_NAME];

	if (!strcmp(result, "failed") || !strcmp(result, "error"))
		return false;
	if (strcmp(receipt_text(s->receipt, "mode"), "on") && is_required(&s->host.run.config))
		return false;
	for (size_t i = 0; i < count(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		if (is_changed(f, driver_now(&s->host.roots, f, now)))
			return false;
	}
	return true;
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

	for (size_t i = 0; i < count(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		if (is_changed(f, driver_now(&s->host.roots, f, now)))
			printf("%s [%s] was bound to %s by the boot and is on %s now (%s)\n",
			       receipt_text(f, "address"), receipt_text(f, "id"),
			       receipt_text(f, "driver"), *now ? now : "no driver",
			       receipt_text(f, "rule"));
	}
}

static void print_reasons(const struct status *s)
{
	json_object *list = receipt_list(s->receipt, "functions");

	for (size_t i = 0; i < count(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		if (*receipt_text(f, "reason"))
			printf("%s: %s: %s\n", receipt_text(f, "address"),
			       receipt_text(f, "state"), receipt_text(f, "reason"));
	}
}

static void print_problems(const struct status *s)
{
	json_object *list = receipt_list(s->receipt, "problems");

	for (size_t i = 0; i < count(list); i++) {
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
	else if (strcmp(state, "kept") != 0)
		table_color(line, c, STATE, color_warn());
}

static void print_table(const struct status *s)
{
	struct columns c = { .all = columns };
	json_object *list = receipt_list(s->receipt, "functions");

	columns_choose_all(&c);
	struct libscols_table *table = table_start("functions", &c, false);
	for (size_t i = 0; i < count(list); i++)
		print_row(s, table_line(table, NULL), &c, json_object_array_get_idx(list, i));
	table_end(table);
}

static void print_text(const struct status *s)
{
	print_result(s);
	if (count(receipt_list(s->receipt, "functions")))
		print_table(s);
	print_changed(s);
	print_reasons(s);
	print_problems(s);
	if (s->booted == BOOTED_CHANGED) {
		printf("the configuration has changed since the boot: %s, and reboot\n",
		       rebuild_advice(&s->host));
		booted_print(DIFF_LINES);
	}
}

static void print_json(const struct status *s)
{
	json_object *list = receipt_list(s->receipt, "functions");
	char now[PCI_DRIVER_NAME];

	for (size_t i = 0; i < count(list); i++) {
		json_object *f = json_object_array_get_idx(list, i);
		driver_now(&s->host.roots, f, now);
		json_object_object_add(f, "now", *now ? json_object_new_string(now) : NULL);
		json_object_object_add(f, "changed", json_object_new_boolean(is_changed(f, now)));
	}
	json_object_object_add(s->receipt, "configuration_changed",
			       s->booted == BOOTED_UNKNOWN ? NULL :
			       json_object_new_boolean(s->booted == BOOTED_CHANGED));
	puts(json_object_to_json_string_ext(s->receipt, TABLE_JSON));
}

static int complain_receipt(const struct status *s, const char *why)
{
	const struct config *c = &s->host.run.config;

	if (why)
		return cmd_complain("%s", why);
	if (!c->rules && !c->errors)
		return cmd_complain("this boot left no receipt, and no rule is there: vgapass add "
				    "makes one");
	return cmd_complain("this boot left no receipt: %s, and reboot", rebuild_advice(&s->host));
}

/* Says only what is wrong. Without a receipt nothing is proven; that matters where a rule
 * requires it. */
static int verify(struct status *s, const char *why)
{
	if (!s->receipt)
		return is_required(&s->host.run.config) ? complain_receipt(s, why) : CMD_OK;
	if (s->good)
		return CMD_OK;
	print_changed(s);
	print_problems(s);
	print_result(s);
	return CMD_FAILED;
}

static int status(const struct host_options *o, bool only_verify, bool json)
{
	static struct status s;
	const char *why;
	int r = host_open_names(&s.host, o);

	if (r)
		return r;
	gather_config(&s.host.roots, &s.host.run.config);
	s.receipt = receipt_read(&s.host.roots, &why);
	s.good = s.receipt && judge(&s);
	s.booted = booted_compare(&s.host.roots, &s.host.run);
	if (only_verify)
		r = verify(&s, why);
	else if (!s.receipt)
		r = complain_receipt(&s, why);
	else
		r = s.good ? CMD_OK : CMD_FAILED;
	if (s.receipt && !only_verify)
		(json ? print_json : print_text)(&s);
	json_object_put(s.receipt);
	host_close(&s.host);
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
	int r = cmd_options(argc, argv, options, help);

	if (r < 0)
		return -1 - r;
	if (r < argc) {
		cmd_complain("status: %s: it takes no arguments: see vgapass status --help", argv[r]);
		return CMD_USAGE;
	}
	if (only_verify && json) {
		cmd_complain("status: --verify prints no JSON: leave one of both out");
		return CMD_USAGE;
	}
	return status(&o, only_verify, json);
}
