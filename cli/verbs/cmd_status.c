/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_status.c - vgapass status: what the last boot did, against what is so now. */
#include <stdlib.h>
#include <string.h>

#include "runtime/core/driver.h"
#include "runtime/core/words.h"
#include "cli/cmd.h"
#include "cli/machine/function_json.h"
#include "cli/machine/hint.h"
#include "cli/machine/kernel_log.h"
#include "cli/machine/last_boot.h"
#include "cli/machine/metrics.h"
#include "cli/machine/users.h"
#include "cli/out/table.h"
#include "cli/out/wrap.h"
#include "cli/out/xalloc.h"

#define DIFF_LINES 20
#define WIDE 100 /* columns of a terminal that has room for all columns of the table */

enum { ADDRESS, ID, NAME, BOOT, DRIVER, USER, RULE };

static const struct column columns[] = {
	[ADDRESS] = { "ADDRESS", 0, 0, SCOLS_JSON_STRING, NULL },
	[ID] = { "ID", 0, 0, SCOLS_JSON_STRING, NULL },
	[NAME] = { "NAME", 0.35, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, NULL },
	[BOOT] = { "BOOT", 0, 0, SCOLS_JSON_STRING, NULL },
	[DRIVER] = { "DRIVER", 0, 0, SCOLS_JSON_STRING, NULL },
	[USER] = { "USER", 0, 0, SCOLS_JSON_STRING, NULL },
	[RULE] = { "RULE", 0, 0, SCOLS_JSON_STRING, NULL },
	{ NULL, 0, 0, 0, NULL },
};

/* A function that the boot or a rule is about. */
struct subject {
	json_object *then;              /* in the receipt; NULL: it is not there */
	const struct pci_function *now; /* NULL: it is gone */
};

struct status {
	struct host host;
	struct last_boot boot;
	size_t n;
	struct subject *subject; /* in the order of the receipt, then of the addresses */
	struct users users;
	struct findings findings;
	bool good;
	char *log; /* NULL: not asked for, or none */
};

static struct host_options opt = { .as_boot = true, .once = true };
static bool only_verify, json, metrics, with_log;

/* --- reading */

static void add_subject(struct status *s, json_object *then, const struct pci_function *now)
{
	s->subject = xreallocarray(s->subject, s->n + 1, sizeof(*s->subject));
	s->subject[s->n++] = (struct subject){ then, now };
}

static bool is_subject(const struct status *s, const struct pci_function *f)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->subject[i].now == f)
			return true;
	return false;
}

static void collect_subjects(struct status *s)
{
	const struct inventory *inv = &s->host.run.inv;

	for (size_t i = 0; i < last_boot_functions(&s->boot); i++) {
		json_object *f = last_boot_function(&s->boot, i);
		add_subject(s, f, last_boot_now(&s->boot, f));
	}
	for (unsigned i = 0; i < inv->functions; i++)
		if (s->host.run.plan.entry[i].rule && !is_subject(s, &inv->function[i]))
			add_subject(s, NULL, &inv->function[i]);
}

/* Of those that guests may have: what the host uses is of no interest here. */
static void find_users(struct status *s)
{
	const struct pci_function **f = xcalloc(s->n + 1, sizeof(struct pci_function *));
	unsigned n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->subject[i].now && driver_is_for_guests(s->subject[i].now->driver))
			f[n++] = s->subject[i].now;
	if (n)
		users_find(&s->host, f, n, &s->users);
	else
		s->users.known = true;
	free(f);
	if (!s->users.known && !s->users.n && !*s->host.sysroot)
		finding_fix(findings_add(&s->findings, FINDING_NOTE, "users-unknown", "",
					 "which guest has a card is not known"),
			    FIX_ADVICE, NULL, "run as root");
}

/* How many functions the boot bound, refused, and neither bound nor kept. */
struct boot_counts {
	unsigned bound, refused, failed, planned;
};

static struct boot_counts count_boot(const struct status *s)
{
	struct boot_counts c = { 0 };

	for (size_t i = 0; i < last_boot_functions(&s->boot); i++) {
		const char *state = receipt_text(last_boot_function(&s->boot, i), "state");
		c.bound += !strcmp(state, "bound");
		c.refused += !strcmp(state, "refused");
		c.failed += !strcmp(state, "failed") || !strcmp(state, "held");
		c.planned += !strcmp(state, "planned") || !strcmp(state, "bind");
	}
	return c;
}

/* True: nothing is configured, and nothing was. */
static bool is_unconfigured(const struct status *s)
{
	const struct config *c = &s->host.run.config;

	return !c->rules && !c->errors && !s->boot.why && !last_boot_functions(&s->boot) &&
	       (!s->boot.receipt || !strcmp(receipt_text(s->boot.receipt, "result"), "nothing") ||
		!strcmp(receipt_text(s->boot.receipt, "result"), "off"));
}

/* True: the next boot may come to something else than the last one did. */
static bool is_next_other(const struct status *s)
{
	const struct plan *p = &s->host.run.plan;
	struct boot_counts c = count_boot(s);

	return !s->boot.receipt || last_boot_is_outdated(&s->boot) ||
	       p->planned != c.bound || p->refused != c.refused;
}

static void look_at_status(struct status *s)
{
	if (only_verify) {
		if (!last_boot_is_good(&s->boot))
			findings_required(&s->boot, &s->findings);
		s->good = last_boot_is_good(&s->boot);
		return;
	}
	collect_subjects(s);
	if (!is_unconfigured(s))
		findings_of_boot(&s->boot, &s->findings);
	s->good = !s->findings.count[FINDING_ERROR] && last_boot_is_good(&s->boot);
	if (!is_unconfigured(s))
		findings_of_plan(&s->host, &s->findings);
	find_users(s);
	findings_merge(&s->findings);
}

/* --- text */

/* What the boot was told by its command line, which is still the same; false: to bind. */
static bool add_mode(const struct status *s, struct text *t)
{
	const char *mode = receipt_text(s->boot.receipt, "mode");
	const char *once = last_boot_once(&s->boot);
	struct boot_counts c = count_boot(s);
	char why[HOST_NAME_MAX];

	if (!strcmp(mode, "dry-run"))
		text_add(t, "nothing was bound, as vgapass=dry-run was on the kernel command line; "
			    "without it: %u bound, %u refused", c.planned, c.refused);
	else if (!strcmp(mode, "off"))
		text_add(t, "nothing was bound, as %s", once && !strcmp(once, "off") ?
			 "that was asked of this boot alone" :
			 s->host.run.plan.state == PLAN_OFF ?
			 hint_off(&s->host.run, why) : "the kernel command line said so");
	else
		return false;
	return true;
}

/* Adds that the boot was no trial, of which it had rules. Returns whether that is so. */
static bool add_unconfirmed(const struct status *s, struct text *t)
{
	const struct host *h = &s->host;
	const struct rule *rules[PCI_FUNCTIONS_MAX];
	const char *comma = "";

	if (!s->boot.booted || last_boot_is_outdated(&s->boot) || !host_on_trial(h, rules))
		return false;
	text_add(t, "the trial was not confirmed, so the host kept ");
	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		if (!rules[i])
			continue;
		text_add(t, "%s%pa", comma, &h->run.inv.function[i].at);
		comma = ", ";
	}
	if (last_boot_functions(&s->boot))
		text_add(t, "; ");
	return true;
}

static void add_counts(const struct status *s, struct text *t)
{
	struct boot_counts c = count_boot(s);
	const char *result = receipt_text(s->boot.receipt, "result");

	if (!strcmp(result, "error")) {
		text_add(t, "nothing was bound");
		return;
	}
	if (last_boot_is_trial(&s->boot))
		text_add(t, "a trial, ");
	else if (add_unconfirmed(s, t) && !last_boot_functions(&s->boot))
		return;
	if (!strcmp(result, "nothing")) {
		text_add(t, "nothing to bind, as no rule matched a function");
		return;
	}
	text_add(t, "%u of %u bound", c.bound, c.bound + c.refused + c.failed);
	if (c.refused)
		text_add(t, ", %u refused", c.refused);
	if (c.failed)
		text_add(t, ", %u failed", c.failed);
}

/* Adds " (kernel 6.12.107, profile games, 0.6 ms)". */
static void add_boot(const struct status *s, struct text *t)
{
	const char *kernel = receipt_text(s->boot.receipt, "kernel");
	const char *profile = receipt_text(s->boot.receipt, "profile");
	json_object *us = NULL;
	size_t start = t->len;

	json_object_object_get_ex(s->boot.receipt, "took_us", &us);
	if (*kernel)
		text_add(t, " (kernel %s", kernel);
	if (*profile)
		text_add(t, "%sprofile %s", t->len > start ? ", " : " (", profile);
	if (us && json_object_get_int64(us) > 0) {
		unsigned long long n = (unsigned long long)json_object_get_int64(us) / 100;
		char time[32];
		snprintf(time, sizeof(time), "%llu.%llu ms", n / 10, n % 10);
		text_add(t, "%s%s", t->len > start ? ", " : " (", time);
	}
	if (t->len > start)
		text_add(t, ")");
}

static void print_headlines(const struct status *s)
{
	char buf[PLAN_LINE_MAX + HOST_NAME_MAX];
	struct text t;

	if (is_unconfigured(s)) {
		puts("Nothing is configured: vgapass add");
		return;
	}
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "Last boot: ");
	if (!s->boot.receipt)
		text_add(&t, "not known");
	else if (!add_mode(s, &t))
		add_counts(s, &t);
	if (s->boot.receipt)
		add_boot(s, &t);
	wrap_print(stdout, 0, 0, wrap_width(), buf);
	if (!is_next_other(s))
		return;
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "Next boot: ");
	next_boot_headline(&s->host, &t);
	wrap_print(stdout, 0, 0, wrap_width(), buf);
}

/* The device's name by its ID, also of one that is gone. */
static const char *name_of(const struct host *h, const char *id, char name[HOST_NAME_MAX])
{
	struct pci_function card = { .group = -1 };
	uint32_t vendor, device;

	if (!pci_parse_id(slice_of(id), &vendor, &device))
		return "";
	card.vendor = (uint16_t)vendor;
	card.device = (uint16_t)device;
	return host_device(h, &card, name);
}

static void color_row(const struct status *s, const struct subject *x, const struct columns *c,
		      struct libscols_line *line)
{
	const char *state = x->then ? receipt_text(x->then, "state") : "";

	if (x->then && last_boot_is_changed(&s->boot, x->then))
		table_color(line, c, DRIVER, color_bad());
	else if (!strcmp(state, "bound"))
		table_color(line, c, BOOT, color_good());
	else if (!strcmp(state, "refused") || !strcmp(state, "failed") || !strcmp(state, "held"))
		table_color(line, c, BOOT, color_warn());
}

static void fill_row(const struct status *s, const struct subject *x, const struct columns *c,
		     struct libscols_line *line)
{
	char text[HOST_NAME_MAX], id[16];
	const struct rule *rule = x->now ? host_entry(&s->host, x->now)->rule : NULL;

	if (x->then) {
		snprintf(id, sizeof(id), "%s", receipt_text(x->then, "id"));
		table_set(line, c, ADDRESS, receipt_text(x->then, "address"));
		table_set(line, c, BOOT, receipt_text(x->then, "state"));
	} else {
		text_make(id, sizeof(id), "%pi", x->now);
		table_set(line, c, ADDRESS, text_make(text, sizeof(text), "%pa", &x->now->at));
		table_set(line, c, BOOT, "-");
	}
	table_set(line, c, ID, id);
	table_set(line, c, NAME, name_of(&s->host, id, text));
	table_set(line, c, DRIVER, !x->now ? "(gone)" : *x->now->driver ? x->now->driver : "none");
	if (x->now)
		table_set(line, c, USER, *users_text(&s->users, x->now, text) ? text : "-");
	table_set(line, c, RULE, x->then ? receipt_text(x->then, "rule") :
		  text_make(text, sizeof(text), "%pp", &rule->at));
	color_row(s, x, c, line);
}

static void print_table(const struct status *s)
{
	bool wide = wrap_width() >= WIDE;
	struct columns c = { .all = columns };

	if (!s->n)
		return;
	columns_choose(&c, wide && s->users.n ? "ADDRESS,ID,NAME,BOOT,DRIVER,USER,RULE" :
			   wide ? "ADDRESS,ID,NAME,BOOT,DRIVER,RULE" :
			   s->users.n ? "ADDRESS,NAME,BOOT,DRIVER,USER" :
			   "ADDRESS,NAME,BOOT,DRIVER,RULE");
	struct libscols_table *table = table_start(&c);
	for (size_t i = 0; i < s->n; i++)
		fill_row(s, &s->subject[i], &c, table_line(table, NULL));
	table_end(table, &c, TABLE_PLAIN, true);
}

static void print_text(struct status *s)
{
	print_headlines(s);
	print_table(s);
	findings_print(&s->findings);
	if (last_boot_is_outdated(&s->boot)) {
		puts("Changed since the boot:");
		booted_print(s->boot.booted, DIFF_LINES);
	}
	if (s->log)
		printf("Kernel log:\n%s", s->log);
}

/* --- JSON */

/* A member of the receipt's, whatever type it should have. */
struct member {
	const char *name;
	json_type type;
	const struct member *of; /* of each object in a list */
};
#define MEMBERS_END { NULL, json_type_null, NULL }

/* Returns the members of an object that vgapass-json(5) documents; null is one that is missing or
 * of another type, as programs other than vgapass-early may write a receipt. */
static json_object *json_members(json_object *from, const struct member *members)
{
	json_object *o = json_object_new_object(), *value;

	for (const struct member *m = members; m->name; m++) {
		bool is = json_object_object_get_ex(from, m->name, &value) &&
			  json_object_is_type(value, m->type);
		json_object *made = m->of ? json_object_new_array() :
				    is	  ? json_object_get(value) : NULL;
		for (size_t i = 0; is && m->of && i < json_object_array_length(value); i++)
			json_object_array_add(made, json_members(
				json_object_array_get_idx(value, i), m->of));
		json_object_object_add(o, m->name, made);
	}
	return o;
}

/* What the receipt says of the boot as a whole; NULL: there is no receipt. */
static json_object *json_boot(const struct status *s)
{
	static const struct member rule[] = { { "at", json_type_string, NULL },
					      { "matched", json_type_int, NULL }, MEMBERS_END };
	static const struct member stray[] = { { "address", json_type_string, NULL },
					       { "driver", json_type_string, NULL }, MEMBERS_END };
	static const struct member problem[] = { { "at", json_type_string, NULL },
						 { "text", json_type_string, NULL }, MEMBERS_END };
	static const struct member boot[] = {
		{ "vgapass", json_type_string, NULL }, { "kernel", json_type_string, NULL },
		{ "boot_id", json_type_string, NULL }, { "mode", json_type_string, NULL },
		{ "profile", json_type_string, NULL }, { "result", json_type_string, NULL },
		{ "claim_us", json_type_int, NULL },   { "took_us", json_type_int, NULL },
		{ "once", json_type_object, NULL },
		{ "rules", json_type_array, rule },    { "strays", json_type_array, stray },
		{ "problems", json_type_array, problem }, MEMBERS_END
	};

	return s->boot.receipt ? json_members(s->boot.receipt, boot) : NULL;
}

/* A function that is gone, as function_json() has it. */
static json_object *json_gone(const struct status *s, json_object *then)
{
	static const char *const unknown[] = { "driver", "group", "rule", "target", "state",
					       "reason_code", "reason" };
	json_object *o = json_object_new_object();
	char name[HOST_NAME_MAX];

	json_set(o, "address", receipt_text(then, "address"));
	json_set(o, "id", receipt_text(then, "id"));
	json_set(o, "name", name_of(&s->host, receipt_text(then, "id"), name));
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		json_object_object_add(o, unknown[i], NULL);
	return o;
}

static json_object *json_subject(const struct status *s, const struct subject *x)
{
	json_object *o = x->now ? function_json(&s->host, x->now) : json_gone(s, x->then);
	struct text why;
	char buf[1];

	json_set(o, "boot_state", x->then ? receipt_text(x->then, "state") : NULL);
	json_set(o, "boot_driver", x->then ? receipt_text(x->then, "driver") : NULL);
	json_set(o, "boot_reason", x->then ? receipt_text(x->then, "reason") : NULL);
	json_set(o, "boot_rule", x->then ? receipt_text(x->then, "rule") : NULL);
	json_object_object_add(o, "user", x->now ? users_json(&s->users, x->now) : NULL);
	json_object_object_add(o, "changed", x->then ? json_object_new_boolean(
				       last_boot_is_changed(&s->boot, x->then)) : NULL);
	text_start(&why, buf, sizeof(buf));
	enum viability viable = x->then ? last_boot_viable(&s->boot, x->then, &why) :
					  VIABLE_UNKNOWN;
	json_object_object_add(o, "viable", viable == VIABLE_UNKNOWN ? NULL :
			       json_object_new_boolean(viable == VIABLE_YES));
	return o;
}

static json_object *json_strays(const struct status *s)
{
	const struct inventory *inv = &s->host.run.inv;
	json_object *list = json_object_new_array();
	char at[PCI_ADDRESS_SIZE];

	for (unsigned i = 0; i < inv->functions; i++) {
		if (!last_boot_is_stray(&s->boot, &inv->function[i]))
			continue;
		json_object *o = json_object_new_object();
		pci_put_address(at, &inv->function[i].at);
		json_set(o, "address", at);
		json_set(o, "driver", inv->function[i].driver);
		json_object_array_add(list, o);
	}
	return list;
}

static json_object *json_log(const char *log)
{
	json_object *list = json_object_new_array();

	for (size_t n; log && *log; log += n + 1) {
		n = strcspn(log, "\n");
		json_object_array_add(list, json_text(log, n));
	}
	return list;
}

static void print_json(struct status *s)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->n; i++)
		json_object_array_add(list, json_subject(s, &s->subject[i]));
	json_object *o = json_document("functions", list);
	json_object_object_add(o, "boot", json_boot(s));
	json_object_object_add(o, "findings", findings_json(&s->findings));
	json_object_object_add(o, "strays", json_strays(s));
	json_object_object_add(o, "configuration_changed", s->boot.booted ?
			       json_object_new_boolean(last_boot_is_outdated(&s->boot)) : NULL);
	if (with_log)
		json_object_object_add(o, "log", json_log(s->log));
	json_print(o);
}

/* --- the verb */

static void read_log(struct status *s)
{
	const char *why;

	s->log = kernel_log_of_vgapass(&s->host, s->boot.receipt ?
				       receipt_text(s->boot.receipt, "boot_id") : "", &why);
	if (!s->log)
		cmd_note("%s", why);
}

static int show_status(struct status *s)
{
	int r = host_open(&s->host, &opt);

	if (r)
		return r;
	last_boot_read(&s->host, &s->boot);
	if (!json)
		receipt_make_printable(s->boot.receipt);
	look_at_status(s);
	if (with_log)
		read_log(s);
	if (only_verify)
		findings_print(&s->findings);
	else if (metrics)
		metrics_print(&s->boot, &s->findings, s->good);
	else
		(json ? print_json : print_text)(s);
	return s->good ? CMD_OK : CMD_FAILED;
}

static const struct cmd_option options[] = {
	CMD_JSON(&json),
	{ "log", 0, NULL, "print vgapass's lines of the kernel log too", &with_log, NULL },
	{ "metrics", 0, NULL, "print metrics in the text format of Prometheus", &metrics, NULL },
	{ "verify", 0, NULL, "print only what required=yes is about, and only if it does not hold, "
	  "for scripts and units", &only_verify, NULL },
	CMD_SYSROOT(&opt.sysroot),
	CMD_END,
};

static int run_status(int argc, char **argv)
{
	if (cmd_no_arguments(&verb_status, argc, argv))
		return CMD_USAGE;
	if (metrics && (json || with_log || only_verify))
		return cmd_misused(&verb_status, "--metrics stands alone: leave %s out", json ?
				   "--json" : with_log ? "--log" : "--verify");
	if (only_verify && (json || with_log))
		return cmd_misused(&verb_status, "--verify prints no %s: leave one of both out",
				   json ? "JSON" : "log");
	struct status *s = xcalloc(1, sizeof(*s));
	int r = show_status(s);
	last_boot_free(&s->boot);
	findings_free(&s->findings);
	users_free(&s->users);
	host_close(&s->host);
	free(s->subject);
	free(s->log);
	free(s);
	return r;
}

const struct cmd_verb verb_status = {
	.name = "status",
	.summary = "show what the last boot did, and whether that still holds",
	.arguments = "",
	.about = "Shows what the last boot did with each function, which driver and which guest\n"
		 "has it now, what is not as the rules say, and what to do.",
	.options = options,
	.exits = "0 all is as the rules say, or nothing is configured, 1 it is not, 2 usage.",
	.plural = "functions",
	.run = run_status,
};
