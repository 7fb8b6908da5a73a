/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_import.c - vgapass import: rules from what did this job before, and what can go then. */
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "cli/edit/account.h"
#include "cli/edit/conf_write.h"
#include "cli/cmd.h"
#include "cli/import/rule.h"
#include "cli/live/in_use.h"
#include "cli/machine/hint.h"
#include "cli/machine/iommu.h"
#include "cli/settings/match.h"
#include "cli/edit/rules.h"
#include "cli/out/xalloc.h"

/* What import works on. */
struct import {
	struct host host;
	struct conf_set set;
	struct settings found;
	struct new_rules rules;
	struct new_rules covered; /* that need not be added */
	struct rules_how how;
	unsigned left_out;	       /* items that no rule stands for, and functions that stay */
	bool full;		       /* more rules than a configuration can have */
	bool taken[PCI_FUNCTIONS_MAX]; /* parallel to inventory.function: by the new rules */
};

/* An item of a setting, which is to become a rule. */
struct item {
	struct setting *s;
	struct slice text;
};

/* Adds a finding about an item. */
static void say_item(const struct item *i, enum finding_level level, const char *code,
		     const char *why)
{
	char at[SETTING_PLACE_MAX];

	findings_add(account_findings(), level, code, setting_place(i->s, at), "%.*s: %s",
		     (int)i->text.n, i->text.p, why);
}

/* fix: what a person can do instead; NULL: nothing. */
static void leave_out(struct import *m, const struct item *i, const char *code, const char *why,
		      const char *fix)
{
	say_item(i, FINDING_ERROR, code, why);
	if (fix)
		account_fix(FIX_ADVICE, NULL, "%s", fix);
	i->s->left_out = true;
	m->left_out++;
}

/* The one rule of a text; NULL: it is none. */
static const struct rule *parse(const char *text)
{
	static struct config c;

	config_start(&c);
	config_parse(&c, "", text, strlen(text));
	return c.errors || c.rules != 1 ? NULL : &c.rule[0];
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
	return !b->profile && !b->keep && a->vendor == b->vendor && a->device == b->device &&
	       a->given == b->given &&
	       (!(a->given & RULE_SUBSYSTEM) ||
		(a->subvendor == b->subvendor && a->subdevice == b->subdevice)) &&
	       (!(a->given & RULE_CLASS) || a->class == b->class);
}

static bool has_rule(const struct new_rules *rules, const char *text)
{
	for (unsigned i = 0; i < rules->n; i++)
		if (!strcmp(rules->rule[i].text, text))
			return true;
	return false;
}

/* Notes that a rule is there already: `where` it stands, and who asks for it. */
static void note_covered(struct import *m, const struct item *f, const char *text,
			 const struct rule *by)
{
	char at[SETTING_PLACE_MAX], where[PLAN_LINE_MAX];
	struct new_rule *r = NULL;
	struct text t;

	for (unsigned i = 0; i < m->covered.n && !r; i++)
		if (!strcmp(m->covered.rule[i].text, text))
			r = &m->covered.rule[i];
	if (!r && m->covered.n < RULES_NEW_MAX) {
		r = rules_new(&m->covered);
		text_make(r->text, sizeof(r->text), "%s", text);
		text_make(r->comment, sizeof(r->comment), "%s decides about it already, from ",
			  text_make(where, sizeof(where), "%pp", &by->at));
	} else if (!r || strstr(r->comment, setting_place(f->s, at))) {
		return;
	} else {
		text_start(&t, r->comment + strlen(r->comment),
			   sizeof(r->comment) - strlen(r->comment));
		text_add(&t, ", ");
	}
	text_start(&t, r->comment + strlen(r->comment), sizeof(r->comment) - strlen(r->comment));
	text_add(&t, "%s", setting_place(f->s, at));
}

static void say_covered(const struct import *m)
{
	for (unsigned i = 0; i < m->covered.n; i++)
		account_print_wrapped("%s: %s", m->covered.rule[i].text,
				      m->covered.rule[i].comment);
}

/* True, noted: a rule that is there already does what this one would. */
static bool is_covered(struct import *m, const struct item *f, const char *text,
		       const struct rule *rule)
{
	const struct run *run = &m->host.run;
	const struct plan *alone = rules_alone(run, rule);
	const struct rule *by = NULL;
	bool all = true;

	for (unsigned i = 0; i < run->inv.functions; i++) {
		if (!alone->entry[i].rule)
			continue;
		by = run->plan.entry[i].rule;
		all &= by != NULL;
	}
	for (unsigned i = 0; i < run->config.rules && !by; i++)
		if (same_rule(rule, &run->config.rule[i]))
			by = &run->config.rule[i];
	if (by && all)
		note_covered(m, f, text, by);
	return by && all;
}

static void add_comment(const struct import *m, const struct item *f, const struct rule *rule,
			struct new_rule *r)
{
	struct pci_function like = { .vendor = (uint16_t)rule->vendor,
				     .device = (uint16_t)rule->device };
	char name[HOST_NAME_MAX] = "", at[SETTING_PLACE_MAX];
	bool named = rule->vendor != PCI_ANY && rule->device != PCI_ANY;

	if (named)
		host_name(&m->host, &like, name);
	text_make(r->comment, sizeof(r->comment), "%s%sfrom %s", name, *name ? ", " : "",
		  setting_place(f->s, at));
	/* A file may have any name, a comment has one line. */
	for (char *p = r->comment; *p; p++)
		*p = (unsigned char)*p < ' ' ? '?' : *p;
}

/* True: all that the rule matches is taken by new rules above it. If not, it is from now on. */
static bool is_taken(struct import *m, const struct rule *rule)
{
	const struct plan *alone = rules_alone(&m->host.run, rule);
	bool some = false, all = true;

	for (unsigned i = 0; i < m->host.run.inv.functions; i++) {
		if (!alone->entry[i].rule)
			continue;
		some = true;
		all &= m->taken[i];
		m->taken[i] = true;
	}
	return some && all;
}

/* True, said: the next boot would refuse a function by this rule, or the host needs it. The
 * other rules do not wait for this one. */
static bool is_refused(struct import *m, const struct item *f, const struct rule *rule)
{
	static struct obstacles found;
	static bool going[PCI_FUNCTIONS_MAX];
	const struct run *run = &m->host.run;
	const struct plan *alone = rules_alone(run, rule);
	char why[2 * PLAN_LINE_MAX];
	const char *option = "";
	struct text t;

	text_start(&t, why, sizeof(why));
	for (unsigned i = 0; i < run->inv.functions; i++) {
		const struct plan_entry *e = &alone->entry[i];
		going[i] = m->taken[i] || run->plan.entry[i].state == STATE_PLANNED;
		if (e->state != STATE_REFUSED || t.len)
			continue;
		text_add(&t, "%pa: the next boot would refuse it: ", &run->inv.function[i].at);
		char *reason = why + t.len;
		words_reason(&t, run, &run->inv.function[i], e);
		char *advice = strstr(reason, ": ");
		/* The option says it. */
		if (advice && *rules_way_out(&m->host, e->reason))
			*advice = '\0';
		option = rules_way_out(&m->host, e->reason);
	}
	in_use_by_plan(&m->host.roots, &run->inv, alone, going, &found);
	if (found.n && !t.len)
		text_add(&t, "%pa: %s", &found.obstacle[0].f->at, found.obstacle[0].text);
	if (t.len)
		leave_out(m, f, found.n ? "in-use" : "refused", why, NULL);
	if (*option)
		account_fix(FIX_COMMAND, NULL, "%s", account_command(option));
	return t.len;
}

/* One more rule, unless it is there already, or another finding has made it. */
static void take_rule(struct import *m, const struct item *f, const struct new_rule *made)
{
	const struct rule *rule = parse(made->text);

	if (!rule) {
		leave_out(m, f, "no-rule", "no rule can say it", "write one by hand");
		return;
	}
	if (has_rule(&m->rules, made->text))
		return;
	if (is_covered(m, f, made->text, rule) || is_refused(m, f, rule) || is_taken(m, rule))
		return;
	struct new_rule *r = rules_new(&m->rules);
	if (!r) {
		m->full = true;
		return;
	}
	*r = *made;
	add_comment(m, f, rule, r);
}

/* The options that a verb's own options ask for, where a function needs them. */
static void add_allowed(const struct import *m, struct new_rule *r)
{
	const struct rule *rule = parse(r->text);
	const struct run *run = &m->host.run;
	bool display = false, alone = false;
	struct text t;

	if (!rule)
		return;
	const struct plan *plan = rules_alone(run, rule);
	for (unsigned i = 0; i < run->inv.functions; i++) {
		display |= plan->entry[i].rule && run->inv.function[i].boot_display;
		alone |= plan->entry[i].rule && run->inv.function[i].group < 0;
	}
	size_t n = strlen(r->text);
	text_start(&t, r->text + n, sizeof(r->text) - n);
	text_add(&t, "%s%s", display && m->how.take_boot_display ? " take=boot-display" : "",
		 alone && m->how.no_iommu ? " iommu=ignore" : "");
}

/* True: what the rule matches has to be named one by one, by path or serial number: no rule
 * by ID takes a storage or USB controller, or several network interfaces. */
static bool wants_identity(const struct import *m, const struct rule *rule)
{
	const struct plan *alone = rules_alone(&m->host.run, rule);

	for (unsigned i = 0; i < m->host.run.inv.functions; i++)
		if (alone->entry[i].reason == REASON_IDENTITY ||
		    alone->entry[i].reason == REASON_SEVERAL)
			return true;
	return false;
}

/* True: it is of the card of the boot display, which stays with the host. */
static bool is_of_boot_display(const struct import *m, const struct pci_function *f)
{
	bool is = false;
	struct card card;

	card_of(&m->host, f, &card);
	for (unsigned i = 0; i < card.n; i++)
		is |= card.function[i]->boot_display;
	return is && !m->how.take_boot_display;
}

/* True: several cards have what the rule matches; one of them stays with the host, and another
 * can go. An ID cannot tell them apart. */
static bool is_of_two(const struct import *m, const struct rule *rule)
{
	const struct inventory *inv = &m->host.run.inv;
	const struct plan *alone = rules_alone(&m->host.run, rule);
	const struct pci_function *first = NULL;
	bool several = false, stays = false, goes = false;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!alone->entry[i].rule)
			continue;
		first = first ? first : f;
		several |= !pci_same_slot(&first->at, &f->at);
		bool can_go = alone->entry[i].state == STATE_PLANNED && !is_of_boot_display(m, f);
		stays |= !can_go;
		goes |= can_go;
	}
	return several && stays && goes;
}

/* Rules give to vfio-pci, unless the setting gives to another driver. Under Xen there are no
 * groups, and pciback needs none. */
static void add_driver(const struct import *m, const struct item *f, struct new_rule *r)
{
	size_t n = strlen(r->text);
	struct text t;

	text_start(&t, r->text + n, sizeof(r->text) - n);
	if (strcmp(f->s->driver, "vfio-pci") != 0 && strcmp(f->s->driver, "pci-stub") != 0)
		text_add(&t, " driver=%s", f->s->driver);
	if (strstr(f->s->driver, "pciback") && iommu_is_xens(&m->host) && !m->how.no_iommu)
		text_add(&t, " iommu=ignore");
}

/* By a rule each; what is of the boot display's card stays. */
static void import_one_by_one(struct import *m, const struct item *f, const bool *matches)
{
	const struct inventory *inv = &m->host.run.inv;
	const struct pci_function *goes = NULL;
	char text[160];
	struct new_rule r;

	for (unsigned i = 0; i < inv->functions && !goes; i++)
		if (matches[i] && !is_of_boot_display(m, &inv->function[i]))
			goes = &inv->function[i];
	for (unsigned i = 0; i < inv->functions; i++) {
		if (!matches[i])
			continue;
		if (goes && is_of_boot_display(m, &inv->function[i])) {
			say_item(f, FINDING_WARNING, "boot-display", text_make(text, sizeof(text),
					      "%pa: it is of the boot display's card and "
					      "stays: %pa has the ID too and is named by its path",
					      &inv->function[i].at, &goes->at));
			m->left_out++;
			continue;
		}
		rules_identify(&m->host, &m->how, &inv->function[i], &r);
		add_driver(m, f, &r);
		take_rule(m, f, &r);
	}
}

/* True, said: it means bridges, which no guest takes and no rule need. Its setting can go. */
static bool is_of_bridges(const struct item *f, const struct host *h)
{
	const struct pci_function *bridge = NULL;
	char text[160];

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *g = &h->run.inv.function[i];
		if (!setting_item_means(h, f->text, g))
			continue;
		if (!pci_is_bridge(g))
			return false;
		bridge = g;
	}
	if (bridge)
		say_item(f, FINDING_NOTE, "bridge", text_make(text, sizeof(text),
				      "%pa is a bridge, which goes to no guest: it "
				      "needs no rule",
				      &bridge->at));
	return bridge;
}

static void import_id(struct import *m, const struct item *f)
{
	static bool matches[PCI_FUNCTIONS_MAX];
	struct new_rule r = { .f = NULL };
	const struct rule *rule;
	struct text t;

	text_start(&t, r.text, sizeof(r.text));
	if (!import_id_rule(&m->host, &t, f->text)) {
		struct setting_id id;
		if (memchr(f->text.p, '$', f->text.n))
			leave_out(m, f, "no-rule", "its value is not known here",
				  "write the rule by hand");
		else if (setting_parse_id(f->text, &id))
			leave_out(m, f, "no-rule", "no rule can say it", "write one by hand");
		else
			leave_out(m, f, "no-rule", "is no ID, so the kernel takes nothing by it",
				  "vgapass add CARD makes a rule if it is meant");
		return;
	}
	rule = parse(r.text);
	if (rule && (wants_identity(m, rule) || is_of_two(m, rule))) {
		const struct plan *alone = rules_alone(&m->host.run, rule);
		for (unsigned i = 0; i < m->host.run.inv.functions; i++)
			matches[i] = alone->entry[i].rule;
		import_one_by_one(m, f, matches);
		return;
	}
	add_allowed(m, &r);
	add_driver(m, f, &r);
	take_rule(m, f, &r);
}

/* "0000:01:00.*" */
static bool import_pattern(struct import *m, const struct item *f)
{
	static bool matches[PCI_FUNCTIONS_MAX];
	bool some = false;

	if (setting_form(f->text) != FORM_ADDRESS ||
	    (!memchr(f->text.p, '*', f->text.n) && !memchr(f->text.p, '[', f->text.n)))
		return false;
	for (unsigned i = 0; i < m->host.run.inv.functions; i++) {
		const struct pci_function *g = &m->host.run.inv.function[i];
		matches[i] = !pci_is_bridge(g) && setting_item_means(&m->host, f->text, g);
		some |= matches[i];
	}
	if (some)
		import_one_by_one(m, f, matches);
	return some;
}

/* "none" keeps all drivers off, as vfio-pci does for the host. */
static bool is_for_guests(const char *driver)
{
	return settings_is_vfio(slice_of(driver)) || strstr(driver, "uio") ||
	       strstr(driver, "pciback") || !strcmp(driver, "none");
}

static void import_address(struct import *m, const struct item *f)
{
	const char *why, *driver = f->s->driver;
	const struct pci_function *function = setting_function(&m->host, f->text, &why);
	struct new_rule r;

	if (function && f->s->source == SOURCE_DRIVERCTL && !is_for_guests(driver)) {
		say_item(f, FINDING_NOTE, "driver-of-host", text_make(r.text, sizeof(r.text),
				      "driverctl keeps it on %s, a driver of the "
				      "host's: it can stay with driverctl",
				      driver));
		f->s->left_out = true;
		return;
	}
	if (!strcmp(driver, "none")) {
		leave_out(m, f, "no-rule", "a rule binds a driver, it does not keep all off",
			  "it can stay with driverctl");
		return;
	}
	if (!function) {
		leave_out(m, f, "no-rule", why, NULL);
		return;
	}
	rules_identify(&m->host, &m->how, function, &r);
	add_driver(m, f, &r);
	take_rule(m, f, &r);
}

static void import_item(struct import *m, const struct item *f)
{
	if (is_of_bridges(f, &m->host) || import_pattern(m, f))
		return;
	if (setting_form(f->text) == FORM_ID)
		import_id(m, f);
	else
		import_address(m, f);
}

/* True: each function that the setting means is bound by a rule, old or new. */
static bool is_done(const struct import *m, const struct setting *s)
{
	const struct run *run = &m->host.run;

	for (unsigned i = 0; i < run->inv.functions; i++)
		if (!m->taken[i] && run->plan.entry[i].state != STATE_PLANNED &&
		    setting_means(&m->host, s, &run->inv.function[i]))
			return false;
	return true;
}

static void import_setting(struct import *m, struct setting *s)
{
	struct item f = { s, slice_of(*s->items ? s->items : *s->words ? s->words : s->file) };
	struct slice rest = slice_of(s->items);
	char why[SETTING_FIX_MAX];

	if (*s->entry) {
		if (!is_done(m, s))
			leave_out(m, &f, "one-entry",
				  text_make(why, sizeof(why),
					    "it holds only when the boot entry %s is chosen",
					    s->entry),
				  "make the rules by vgapass add --profile NAME CARD, and write "
				  "vgapass=NAME into that entry");
		return;
	}
	if (!*s->items)
		leave_out(m, &f, "functions-unknown",
			  text_make(why, sizeof(why),
				    "it %s; which functions, only a person can tell", s->why),
			  "vgapass add CARD makes the rules");
	while (rest.n && !m->full) {
		f.text = slice_cut(&rest, ',');
		if (f.text.n)
			import_item(m, &f);
	}
}

/* A guest that takes a function only while it runs is no matter of the boot: no rule unasked. */
static void import_guests(struct import *m, struct setting *s)
{
	struct item f = { s, slice_of(*s->items ? s->items : "functions") };
	char why[SETTING_FIX_MAX];

	if (!*s->items || !is_done(m, s))
		leave_out(m, &f, "guest-only",
			  text_make(why, sizeof(why),
				    "it %s: no rule is made of it", s->why),
			  "if they are for guests from the boot on, vgapass add CARD makes one");
}

/* What nothing reads has never had an effect: no rule is made of it unasked. */
static void import_wrong(struct import *m, struct setting *s)
{
	char why[SETTING_FIX_MAX];
	struct item f = { s, slice_of(s->words) };

	if (*s->items && !is_done(m, s))
		leave_out(m, &f, "never-read",
			  text_make(why, sizeof(why),
				    "it %s", s->why),
			  "vgapass add CARD makes a rule if it is meant");
}

static void say_unread(struct import *m, const struct setting *s)
{
	char at[SETTING_PLACE_MAX];

	account_error("not-read", setting_place(s, at), "%s: nothing of it is imported", s->why);
	m->left_out++;
}

/* Returns how many settings there are that rules could stand for. */
static unsigned make_rules(struct import *m)
{
	unsigned some = 0;

	for (unsigned i = 0; i < m->found.n && !m->full; i++) {
		struct setting *s = &m->found.list[i];
		some += s->kind == SETTING_GIVES || s->kind == SETTING_BINDS ||
			s->kind == SETTING_GUESTS || s->kind == SETTING_WRONG;
		if (s->kind == SETTING_GIVES || s->kind == SETTING_BINDS)
			import_setting(m, s);
		else if (s->kind == SETTING_UNREAD)
			say_unread(m, s);
	}
	for (unsigned i = 0; i < m->found.n; i++) {
		if (m->found.list[i].kind == SETTING_WRONG)
			import_wrong(m, &m->found.list[i]);
		if (m->found.list[i].kind == SETTING_GUESTS)
			import_guests(m, &m->found.list[i]);
	}
	return some;
}

/* Adds the rules to the configuration and shows them. */
static int add_rules(struct import *m)
{
	static bool wanted[PCI_FUNCTIONS_MAX];
	struct slice lines = rules_lines(&m->rules);
	struct host *h = &m->host;
	uint32_t first;
	bool good = true;

	if (m->how.dry_run)
		account_print("%.*s\n", (int)lines.n, lines.p);
	if (rules_add(h, &m->set, &m->how, &m->rules, &first))
		return CMD_FAILED;
	for (unsigned i = 0; i < h->run.config.rules; i++)
		if (rules_is_new(&h->run.config.rule[i], &m->how, first, m->rules.n))
			rules_account(&m->set, &h->run.config.rule[i], "add");
	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct plan_entry *e = host_entry(h, &h->run.inv.function[i]);
		wanted[i] = rules_is_new(e->rule, &m->how, first, m->rules.n);
		if (!wanted[i] || e->state != STATE_REFUSED)
			continue;
		rules_say_refused(h, &h->run.inv.function[i], e, true);
		good = false;
	}
	account_functions(h, wanted);
	if (!good)
		return account_unchanged();
	if (!m->how.dry_run)
		conf_set_diff(&m->set);
	return CMD_OK;
}

static struct host_options opt;
static struct rules_how how = { .verb = &verb_import };
static const char *file;
static bool write_rules, only_show;

static int import(struct import *m)
{
	conf_set_plan(&m->set, &m->host, NULL);
	settings_read(&m->host, &m->found);
	unsigned some = make_rules(m);
	if (some)
		hint_iommu(&m->host);
	if (m->full)
		return account_unchanged();
	say_covered(m);
	if (m->rules.n && add_rules(m))
		return CMD_FAILED;
	if (!m->rules.n)
		account_print(some ? "no rule to add\n" : "nothing to import\n");
	account_flush();
	import_advise(&m->host, &m->found, m->how.json ? account_findings() : NULL);
	int r = CMD_OK;
	if (m->rules.n && m->how.dry_run) {
		if (only_show)
			account_print("Nothing is written.\n");
		else
			account_print_wrapped("Nothing is written. To add these rules: %s",
					      account_command("--write"));
		r = conf_write_check(&m->set, &m->host);
	}
	if (!m->rules.n)
		r = rules_unchanged(&m->host, &m->how);
	else if (!m->how.dry_run)
		r = rules_finish(&m->host, &m->set, &m->how);
	return r ? r : m->left_out ? CMD_FAILED : CMD_OK;
}

static const struct cmd_option options[] = {
	{ "apply", 0, NULL, "with --write, rebuild the boot images of all kernels", &how.apply,
	  NULL },
	CMD_DRY_RUN(&only_show),
	{ "file", 0, "NAME", "write to /etc/vgapass.conf.d/NAME.conf", NULL, &file },
	CMD_JSON(&how.json),
	{ "no-iommu", 0, NULL, "allow functions that have no IOMMU group", &how.no_iommu, NULL },
	CMD_SYSROOT(&opt.sysroot),
	{ "take-boot-display", 0, NULL, "allow the display that the firmware uses; the console "
	  "goes with it", &how.take_boot_display, NULL },
	{ "verbose", 'v', NULL, "with --apply, show all that the tool prints", &how.verbose, NULL },
	{ "write", 0, NULL, "add the rules; change nothing else", &write_rules, NULL },
	CMD_END,
};

static int run_import(int argc, char **argv)
{
	if (cmd_no_arguments(&verb_import, argc, argv))
		return CMD_USAGE;
	if (how.apply && !write_rules)
		return cmd_misused(&verb_import,
				   "--apply requires --write: without it nothing is changed");
	if (rules_check_names(&how, file))
		return CMD_USAGE;
	how.dry_run = !write_rules || only_show;
	account_start(how.verb, how.json);
	struct import *m = xcalloc(1, sizeof(*m));
	m->how = how;
	int r = conf_set_open(&m->set, &m->host, &opt, m->how.dry_run);
	if (!r)
		r = conf_set_read(&m->set, &m->host, m->how.dry_run);
	if (!r)
		r = import(m);
	r = account_end(r);
	settings_free(&m->found);
	conf_set_close(&m->set, &m->host);
	free(m);
	return r;
}

const struct cmd_verb verb_import = {
	.name = "import",
	.summary = "make rules of vfio-pci.ids=, modprobe.d, driverctl and the like",
	.arguments = "",
	.about = "Shows the rules that correspond to settings found elsewhere, what of those no "
		 "rule can say, and what can be deleted then; --write adds the rules. Reads the "
		 "kernel command line and the files and boot entries that it comes from, "
		 "modprobe.d, lists of modules, driverctl, udev rules, scripts, and what Unraid, "
		 "TrueNAS, Qubes and Xen keep.",
	.options = options,
	.exits = "0 done, or there is nothing to do, 1 not done or not all, or the image that "
		 "boots does not hold the configuration after --apply, 2 usage.",
	.plural = "rules",
	.run = run_import,
};
