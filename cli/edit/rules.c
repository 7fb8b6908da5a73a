/* rules.c - see rules.h */
#define _GNU_SOURCE
#include "rules.h"

#include <string.h>

#include "../../runtime/core/plan_text.h"
#include "../cmd.h"
#include "conf_edit.h"
#include "conf_write.h"
#include "rebuild.h"

#define FOLDER "vgapass.conf.d/"
#define NAME_LETTERS "0123456789-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Rules with their comments, all of them. */
#define LINES_MAX (RULES_NEW_MAX * (RULE_TEXT_MAX + HOST_NAME_MAX + 8))

int rules_check_names(struct rules_how *how, const char *file)
{
	static struct config scratch;
	char section[128];

	text_make(how->file, sizeof(how->file), file ? FOLDER "%s.conf" : "vgapass.conf", file);
	if (file && (!*file || *file == '.' || strlen(file) > 40 ||
		     file[strspn(file, NAME_LETTERS)])) {
		cmd_complain("%s: --file: expected a name of at most 40 letters, digits, - and _",
			     how->verb);
		return CMD_USAGE;
	}
	if (!how->profile)
		return CMD_OK;
	config_start(&scratch);
	text_make(section, sizeof(section), "[profile %s]", how->profile);
	config_parse(&scratch, "", section, strlen(section));
	if (scratch.errors || !scratch.profiles || strcmp(scratch.profile[0], how->profile)) {
		cmd_complain("%s: --profile: %s", how->verb,
			     scratch.errors ? scratch.error[0].phrase : "expected a name");
		return CMD_USAGE;
	}
	return CMD_OK;
}

struct new_rule *rules_new(struct new_rules *rules, const struct rules_how *how)
{
	if (rules->n == RULES_NEW_MAX) {
		cmd_complain("%s: more than %u rules, which is the limit: use an ID or class= for "
			     "many", how->verb, RULES_NEW_MAX);
		return NULL;
	}
	struct new_rule *r = &rules->rule[rules->n++];
	r->text[0] = r->comment[0] = '\0';
	r->f = NULL;
	return r;
}

static bool same_id(const struct pci_function *a, const struct pci_function *b)
{
	return a->vendor == b->vendor && a->device == b->device;
}

static void add_serial(struct text *t, uint64_t serial)
{
	text_add(t, " serial=");
	for (int shift = 56; shift >= 0; shift -= 8)
		text_add(t, shift ? "%b-" : "%b", (unsigned)(serial >> shift & 0xff));
}

static void add_path(struct text *t, const struct pci_path *path)
{
	text_add(t, " path=");
	if (path->domain)
		text_add(t, "%h:", path->domain);
	text_add(t, "%b:", path->bus);
	for (unsigned i = 0; i < path->hops; i++)
		text_add(t, "%s%b.%d", i ? "/" : "", path->hop[i] >> 3, path->hop[i] & 7);
}

/* What it takes to tell a function from the others of the machine, the best first: what is
 * told by its ID or its serial number is found in whatever slot it is. */
enum identity { BY_ID, BY_SERIAL, BY_PLACE };

static enum identity identity_of(const struct inventory *inv, const struct pci_function *f)
{
	enum identity best = BY_ID;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		if (g == f || !same_id(f, g))
			continue;
		if (!f->has_serial || (g->has_serial && g->identity->serial == f->identity->serial))
			return BY_PLACE;
		best = BY_SERIAL;
	}
	return best;
}

static void add_identity(struct text *t, const struct inventory *inv, const struct pci_function *f)
{
	enum identity identity = identity_of(inv, f);

	text_add(t, "%i", f);
	if (identity == BY_SERIAL)
		add_serial(t, f->identity->serial);
	else if (identity == BY_PLACE && f->identity->path.hops)
		add_path(t, &f->identity->path);
	else if (identity == BY_PLACE)
		text_add(t, " address=%a", &f->at);
}

/* A rule that names `lead` and takes the others of the card along. */
static void identify(const struct host *h, const struct rules_how *how, const struct card *card,
		     const struct pci_function *lead, struct new_rule *ret)
{
	bool display = false, alone = false;
	struct text t, comment;

	ret->f = lead;
	host_name(h, lead, ret->comment);
	text_start(&comment, ret->comment + strlen(ret->comment),
		   sizeof(ret->comment) - strlen(ret->comment));
	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *f = card->function[i];
		display |= f->boot_display;
		alone |= f->group < 0;
		if (f != lead)
			text_add(&comment, ", %i", f);
	}
	text_start(&t, ret->text, sizeof(ret->text));
	add_identity(&t, &h->run.inv, lead);
	text_add(&t, "%s%s%s%s", card->n > 1 ? " with=slot" : "",
		 how->take_boot_display && display ? " take=boot-display" : "",
		 how->no_iommu && alone ? " iommu=ignore" : "",
		 how->required ? " required=yes" : "");
}

void rules_identify(const struct host *h, const struct rules_how *how,
		    const struct pci_function *f, struct new_rule *ret)
{
	identify(h, how, &(struct card){ 1, { f } }, f, ret);
}

bool rules_new_card(const struct host *h, const struct rules_how *how, const struct card *card,
		    struct new_rules *rules)
{
	const struct pci_function *lead = card->function[0];
	enum identity best = BY_PLACE, worst = BY_ID;
	struct new_rule *r;

	for (unsigned i = 0; i < card->n; i++) {
		enum identity identity = identity_of(&h->run.inv, card->function[i]);
		if (identity < best) {
			lead = card->function[i];
			best = identity;
		}
		if (identity > worst)
			worst = identity;
	}
	if (worst != BY_ID) {
		r = rules_new(rules, how);
		if (r)
			identify(h, how, card, lead, r);
		return r;
	}
	for (unsigned i = 0; i < card->n; i++) {
		r = rules_new(rules, how);
		if (!r)
			return false;
		rules_identify(h, how, card->function[i], r);
	}
	return true;
}

const struct plan *rules_alone(const struct run *run, const struct rule *rule)
{
	static struct config alone;
	static struct plan plan;
	struct cmdline cmd = { .mode = MODE_ON };

	alone = run->config;
	alone.rules = alone.errors = 0;
	config_add_rule(&alone, rule);
	if (rule->profile)
		cmd.profile = slice_of(rule->profile);
	plan_build(&alone, &cmd, &run->inv, &plan);
	return &plan;
}

struct slice rules_lines(const struct new_rules *rules)
{
	static char buf[LINES_MAX];
	size_t width = 0;
	struct text t;

	for (unsigned i = 0; i < rules->n; i++)
		if (strlen(rules->rule[i].text) > width)
			width = strlen(rules->rule[i].text);
	text_start(&t, buf, sizeof(buf));
	for (unsigned i = 0; i < rules->n; i++) {
		const struct new_rule *r = &rules->rule[i];
		text_add(&t, "%s%s", i ? "\n" : "", r->text);
		for (size_t n = strlen(r->text); *r->comment && n < width + 2; n++)
			text_add(&t, " ");
		text_add(&t, *r->comment ? "# %s" : "", r->comment);
	}
	return (struct slice){ buf, t.len };
}

static bool is_new(const struct rule *r, const char *file, uint32_t first, unsigned n)
{
	return r && !strcmp(r->at.file, file) && r->at.line >= first && r->at.line < first + n;
}

static const char *way_out(enum reason reason)
{
	switch (reason) {
	case REASON_BOOT_DISPLAY:
		return ": --take-boot-display writes that";
	case REASON_NO_GROUP:
		return ": --no-iommu writes that";
	default:
		return "";
	}
}

/* How many functions the new rules are refused. */
static unsigned say_refused(const struct host *h, const struct rules_how *how, uint32_t first,
			    unsigned n)
{
	char at[64], why[PLAN_LINE_MAX];
	struct text t;
	unsigned refused = 0;

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		const struct plan_entry *e = &h->run.plan.entry[i];
		if (e->state != STATE_REFUSED || !is_new(e->rule, how->file, first, n))
			continue;
		text_start(&t, why, sizeof(why));
		plan_text_reason(&t, &h->run, f, e);
		cmd_complain("%s: %s: the next boot would refuse it: %s%s", how->verb,
			     text_make(at, sizeof(at), "%a", &f->at), why, way_out(e->reason));
		refused++;
	}
	return refused;
}

/* How many of the functions that rules were made for are not taken by any. */
static unsigned say_missed(const struct host *h, const struct rules_how *how,
			   const struct new_rules *rules)
{
	char at[64];
	unsigned missed = 0;

	for (unsigned i = 0; i < rules->n; i++) {
		const struct pci_function *f = rules->rule[i].f;
		if (!f || host_entry(h, f)->rule)
			continue;
		cmd_complain("%s: %s: a line of options in %s narrows the new rule too: use "
			     "--file NAME", how->verb, text_make(at, sizeof(at), "%a", &f->at),
			     how->file);
		missed++;
	}
	return missed;
}

int rules_add(struct host *h, struct conf_set *set, const struct rules_how *how,
	      const struct new_rules *rules, uint32_t *first)
{
	static char buf[CONFIG_FILE_MAX + LINES_MAX];
	struct conf_file *f = conf_set_file(set, how->file, how->verb);
	struct text t;

	if (!f)
		return CMD_FAILED;
	text_start(&t, buf, sizeof(buf));
	*first = conf_edit_add((struct slice){ f->text, f->n }, how->profile, rules_lines(rules),
			       &t);
	if (!conf_file_take(f, &t, how->verb))
		return CMD_FAILED;
	conf_set_plan(set, h, how->profile);
	if (conf_set_errors(h) || say_refused(h, how, *first, rules->n) ||
	    say_missed(h, how, rules))
		return cmd_complain("%s: nothing is changed", how->verb);
	return CMD_OK;
}

void rules_show_plan(const struct host *h, const struct rules_how *how, uint32_t first,
		     unsigned n)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct plan_entry *e = &h->run.plan.entry[i];
		if (!is_new(e->rule, how->file, first, n))
			continue;
		text_start(&t, buf, sizeof(buf));
		plan_text_function(&t, &h->run, &h->run.inv.function[i], e);
		puts(buf);
	}
}

static bool is_in_group(const struct card *cards, unsigned n, int32_t group)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < cards[i].n; k++)
			if (cards[i].function[k]->group == group)
				return true;
	return false;
}

void rules_show_strangers(const struct host *h, const struct card *cards, unsigned n)
{
	char at[64], name[HOST_NAME_MAX];

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		if (f->bridge || PCI_CLASS_BASE(f->class) == PCI_BASE_BRIDGE || f->group < 0 ||
		    h->run.plan.entry[i].state == STATE_PLANNED || !is_in_group(cards, n, f->group))
			continue;
		cmd_complain("warning: %s (%s) is in the same IOMMU group %d: no guest gets the "
			     "card while the host uses it: add it too, write with=group, or use "
			     "another slot", text_make(at, sizeof(at), "%a [%i]", &f->at, f),
			     host_name(h, f, name), f->group);
	}
}

int rules_finish(const struct host *h, const struct conf_set *set, const struct rules_how *how)
{
	if (how->dry_run && conf_write_check(set, h, how->verb))
		return CMD_FAILED;
	if (how->dry_run) {
		conf_set_diff(set);
		return CMD_OK;
	}
	if (conf_write(set, h, how->verb))
		return CMD_FAILED;
	return rebuild_end(h, how->verb, how->apply);
}
