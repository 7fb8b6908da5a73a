/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_add.c - vgapass add: rules for cards, written for a person; or more options for those that
 * are there.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "cli/cmd.h"
#include "cli/edit/account.h"
#include "cli/edit/changes.h"
#include "cli/edit/rules.h"
#include "cli/once/ask.h"
#include "cli/live/in_use.h"
#include "cli/machine/next_boot.h"
#include "cli/out/xalloc.h"
#include "add.h"

/* What is to be done for all cards. */
struct addition {
	struct new_rules rules;
	struct changes changes;
	uint32_t first;                    /* the line of the first new rule */
	bool good;
	bool planned[PCI_FUNCTIONS_MAX];   /* before; this and the others are parallel to
					      inventory.function */
	bool changed[PCI_FUNCTIONS_MAX];   /* its rule is to change */
	bool asked[PCI_FUNCTIONS_MAX];     /* of the cards, and what goes along with them */
};

/* True: with= in the rule of function i takes nothing more than in the rule of one before it. */
static bool is_covered_before(const struct card *card, unsigned i, const char *with)
{
	const struct pci_function *f = card->function[i];
	bool group = !strcmp(with, "group");

	for (unsigned k = 0; k < i; k++)
		if (group ? card->function[k]->group == f->group :
			    pci_same_slot(&card->function[k]->at, &f->at))
			return true;
	return false;
}

/* --vfs is not about functions of the card that can have no virtual ones. */
static bool is_left_out(const struct rules_how *how, const struct pci_function *f)
{
	return how->vfs && !f->vfs;
}

/* The options of --vfs against the card; said. */
static bool can_have_vfs(const struct host *h, const struct rules_how *how, const struct card *card)
{
	char at[64], by[PLAN_LINE_MAX];
	unsigned able = 0;

	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *f = card->function[i];
		const struct plan_entry *e = host_entry(h, f);
		text_make(at, sizeof(at), "%pa", &f->at);
		able += f->vfs > 0;
		if (!f->vfs)
			continue;
		if (how->vfs > f->vfs) {
			account_error("vfs", at, "--vfs %u, but it can have %u", how->vfs, f->vfs);
			account_fix(FIX_COMMAND, NULL, "vgapass add %s --vfs %u", at, f->vfs);
			return false;
		}
		if (!e->rule || e->rule->keep || e->rule->vfs == how->vfs)
			continue;
		text_make(by, sizeof(by), "%pp", &e->rule->at);
		account_error("has-rule", at, e->rule->vfs ? "%s gives it %u virtual functions" :
			      "%s takes the card itself, so the host cannot make virtual functions",
			      by, (unsigned)e->rule->vfs);
		account_fix(FIX_EDIT, by, e->rule->vfs ? "change its vfs=" : "remove it");
		return false;
	}
	if (!able) {
		text_make(at, sizeof(at), "%pa", &card->function[0]->at);
		account_error("vfs", at, "it can have no virtual functions (SR-IOV)");
		account_fix(FIX_COMMAND, NULL, "vgapass list -a -o +VFS");
	}
	return able;
}

/* Returns what the rule of function i is to say behind with=; NULL: nothing. */
static const char *with_of(const struct rules_how *how, const struct card *card, unsigned i)
{
	return how->with && !is_covered_before(card, i, how->with) ? how->with : NULL;
}

/* True: it has no rule that takes it, so it gets one. A companion belongs to the first rule that
 * finds it: one that it refuses needs a rule of its own. */
static bool is_open_to_rule(const struct plan_entry *e)
{
	return !e->rule || (e->companion && e->state == STATE_REFUSED);
}

static bool add_rule(const struct host *h, const struct rules_how *how, const struct card *card,
		     unsigned i, struct new_rules *rules)
{
	const char *with = with_of(how, card, i);
	struct new_rule *r = rules_new(rules);
	struct text t;

	if (!r)
		return false;
	rules_identify(h, how, card->function[i], r);
	text_start(&t, r->text + strlen(r->text), sizeof(r->text) - strlen(r->text));
	if (with)
		text_add(&t, " with=%s", with);
	return true;
}

/* The rule takes the function, or refuses it, and `how` changes nothing in that. Returns whether
 * all is as it is wished. */
static bool say_decided(const struct host *h, const struct pci_function *f)
{
	const struct plan_entry *e = host_entry(h, f);
	char at[64], by[PLAN_LINE_MAX];

	text_make(at, sizeof(at), "%pa", &f->at);
	text_make(by, sizeof(by), "%pp", &e->rule->at);
	if (e->state == STATE_SHARED) {
		account_print("%s has the rule %s already, with vfs=%u\n", at, by,
			      (unsigned)e->rule->vfs);
		return true;
	}
	if (e->state == STATE_PLANNED) {
		account_print("%s is taken already by %s, driver %s\n", at, by, e->driver);
		return true;
	}
	if (e->rule->keep) {
		account_error("kept", at, "the keep rule %s matches it", by);
		account_fix(FIX_EDIT, by, "remove or narrow it");
	} else {
		rules_say_refused(h, f, e, false);
	}
	return false;
}

static void add_card(const struct host *h, const struct rules_how *how, const struct card *card,
		     struct addition *a)
{
	if (how->vfs && !can_have_vfs(h, how, card)) {
		a->good = false;
		return;
	}
	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *f = card->function[i];
		const struct plan_entry *e = host_entry(h, f);
		struct rule_change change;
		if (is_left_out(how, f))
			continue;
		if (is_open_to_rule(e)) {
			a->good &= add_rule(h, how, card, i, &a->rules);
		} else if (!e->companion && !e->rule->keep &&
			   changes_need(how, e->rule, f, with_of(how, card, i), &change)) {
			changes_add(&a->changes, &change);
			a->changed[f - h->run.inv.function] = true;
		} else {
			a->good &= say_decided(h, f);
		}
	}
}

/* Marks the functions of the cards, and those that their rules take along. */
static void mark_asked(const struct host *h, const struct cards *cards, bool *asked)
{
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct plan_entry *e = &h->run.plan.entry[i];
		asked[i] = cards_have(cards, &inv->function[i]);
		for (unsigned k = 0; k < inv->functions && e->companion && !asked[i]; k++)
			asked[i] = h->run.plan.entry[k].rule == e->rule &&
				   cards_have(cards, &inv->function[k]);
	}
}

/* --- what is wrong with the result */

/* Returns whether the next boot takes all that was asked for. What is no part of the card, and goes
 * along with it or not, is a matter of its group: rules_show_strangers(). */
static bool is_taken(const struct host *h, const struct rules_how *how, const struct addition *a)
{
	bool good = true;

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct plan_entry *e = &h->run.plan.entry[i];
		if (!a->asked[i] || e->state != STATE_REFUSED || e->reason == REASON_STRANGER)
			continue;
		rules_say_refused(h, &h->run.inv.function[i], e,
				  rules_is_new(e->rule, how, a->first, a->rules.n));
		good = false;
	}
	return good;
}

/* Adds the users of what the new rules take that the host cannot do without. Returns their
 * number. No option overrules this: every guide would have it. */
static unsigned say_in_use(const struct host *h, const struct addition *a)
{
	static struct obstacles found;
	bool root = false;
	char at[64];

	in_use_by_plan(&h->roots, &h->run.inv, &h->run.plan, a->planned, &found);
	for (unsigned i = 0; i < found.n && i < OBSTACLES_MAX; i++) {
		const struct obstacle *o = &found.obstacle[i];
		account_error("in-use", text_make(at, sizeof(at), "%pa", &o->f->at), "%s", o->text);
		root |= o->user == USER_ROOT;
	}
	if (found.n > OBSTACLES_MAX)
		account_error("in-use", "", "and %u more", found.n - OBSTACLES_MAX);
	for (unsigned i = 0; found.n && !root && i < a->rules.n; i++)
		account_fix(FIX_EDIT, "/etc/vgapass.conf",
			    "if the host can do without it, write the rule by hand: %s",
			    a->rules.rule[i].text);
	return found.n;
}

/* A rule that changes may be about other cards, too. */
static void say_others(const struct host *h, const struct addition *a)
{
	const struct inventory *inv = &h->run.inv;
	char at[64], by[PLAN_LINE_MAX];

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct rule *rule = h->run.plan.entry[i].rule;
		bool shared = false;
		for (unsigned k = 0; k < inv->functions && rule && !a->asked[i]; k++)
			shared |= a->changed[k] && h->run.plan.entry[k].rule == rule;
		if (!shared)
			continue;
		text_make(by, sizeof(by), "%pp", &rule->at);
		text_make(at, sizeof(at), "%pa", &inv->function[i].at);
		account_warning("rule-of-others", at, "the rule %s, which changes, is its rule too",
				by);
	}
}

static void note_rules(const struct host *h, struct conf_set *set, const struct rules_how *how,
		       const struct addition *a)
{
	for (unsigned i = 0; i < h->run.config.rules; i++) {
		const struct rule *rule = &h->run.config.rule[i];
		bool changed = false;
		for (unsigned k = 0; k < h->run.inv.functions; k++)
			changed |= a->changed[k] && h->run.plan.entry[k].rule == rule;
		if (rules_is_new(rule, how, a->first, a->rules.n))
			rules_account(set, rule, "add");
		else if (changed)
			rules_account(set, rule, "change");
	}
}

/* Makes the changes and adds the rules. Returns CMD_OK if the result may be written. */
static int make_result(struct host *h, struct conf_set *set, const struct rules_how *how,
		       const struct cards *cards, struct addition *a)
{
	if (a->changes.n && changes_make(h, set, how, &a->changes))
		return CMD_FAILED;
	if (a->rules.n && rules_add(h, set, how, &a->rules, &a->first))
		return CMD_FAILED;
	mark_asked(h, cards, a->asked);
	account_functions(h, a->asked);
	note_rules(h, set, how, a);
	return is_taken(h, how, a) && !say_in_use(h, a) ? CMD_OK : account_unchanged();
}

/* A trial changes no rule that holds in every boot. h has the plan of a boot that is none. */
static bool say_bound_anyway(const struct host *h, const struct cards *cards)
{
	char at[64], by[PLAN_LINE_MAX];
	bool some = false;

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct plan_entry *e = &h->run.plan.entry[i];
		if (!cards_have(cards, &h->run.inv.function[i]) || is_open_to_rule(e))
			continue;
		text_make(at, sizeof(at), "%pa", &h->run.inv.function[i].at);
		text_make(by, sizeof(by), "%pp", &e->rule->at);
		account_error("has-rule", at, "it has the rule %s, which holds in every boot: "
			      "there is nothing to try", by);
		some = true;
	}
	return some;
}

static int add_cards(struct host *h, struct conf_set *set, const struct rules_how *how,
		     const struct cards *cards)
{
	/* Given back by the end of the process. */
	struct addition *a = xcalloc(1, sizeof(*a));

	a->good = true;
	if (how->profile == config_trial && say_bound_anyway(h, cards))
		return account_unchanged();
	conf_set_plan(set, h, how->profile);
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		a->planned[i] = h->run.plan.entry[i].state == STATE_PLANNED;
	for (unsigned i = 0; i < cards->n; i++)
		add_card(h, how, &cards->card[i], a);
	bool nothing = !a->rules.n && !a->changes.n;
	if (!a->good || nothing) {
		mark_asked(h, cards, a->asked);
		account_functions(h, a->asked);
	}
	if (!a->good)
		return account_unchanged();
	if (nothing) {
		rules_show_strangers(h, cards->card, cards->n);
		account_print("Nothing to add.\n");
		return rules_unchanged(h, how);
	}
	if (make_result(h, set, how, cards, a))
		return CMD_FAILED;
	say_others(h, a);
	findings_of_mediated(h, account_findings());
	rules_show_plan(h, how, a->asked);
	rules_show_strangers(h, cards->card, cards->n);
	if (how->dry_run || a->changes.n || cards->chosen)
		conf_set_diff(set);
	if ((a->changes.n || cards->chosen) && rules_confirm(how))
		return CMD_FAILED;
	return rules_finish(h, set, how);
}

/* --- the verb */

static struct host_options opt;
static struct rules_how how = { .verb = &verb_add };
static const char *file, *vfs;
static bool on_trial;

/* A configuration as it would be with rules for one more card, and its plan. */
struct attempt {
	struct config config;
	struct plan plan;
	struct new_rules rules;
	struct obstacles found;
	bool planned[PCI_FUNCTIONS_MAX];
};

/* Plans what h->run has and the new rules. */
static void plan_attempt(const struct host *h, struct attempt *t)
{
	const struct run *r = &h->run;

	/* All texts of r->config are in r->config. */
	t->config = r->config;
	for (unsigned i = 0; i < t->rules.n; i++)
		config_parse(&t->config, "", t->rules.rule[i].text, strlen(t->rules.rule[i].text));
	plan_build(&t->config, &r->cmd, &r->inv, &t->plan);
	for (unsigned i = 0; i < r->inv.functions; i++)
		t->planned[i] = r->plan.entry[i].state == STATE_PLANNED;
	in_use_by_plan(&h->roots, &r->inv, &t->plan, t->planned, &t->found);
}

/* True: an option that was given allows what the present rule of the function does not. */
static bool is_allowed(const struct pci_function *f, const struct plan_entry *e)
{
	struct rule_change change;

	return e->rule && !e->rule->keep && !e->companion &&
	       changes_need(&how, e->rule, f, how.with, &change);
}

static bool may_add(const struct host *h, const struct card *card, char note[CHOOSE_NOTE_MAX])
{
	static struct attempt *t;
	bool some = false;

	t = t ? t : xcalloc(1, sizeof(*t));
	t->rules.n = 0;
	for (unsigned i = 0; i < card->n; i++) {
		const struct plan_entry *e = host_entry(h, card->function[i]);
		if (card->function[i]->boot_display)
			text_make(note, CHOOSE_NOTE_MAX, "boot display");
		if (is_left_out(&how, card->function[i]))
			continue;
		if (e->rule && !is_open_to_rule(e)) {
			text_make(note, CHOOSE_NOTE_MAX, e->state == STATE_REFUSED ?
				  "refused by %pp" : "has the rule %pp", &e->rule->at);
			some |= is_allowed(card->function[i], e);
		} else {
			some |= add_rule(h, &how, card, i, &t->rules);
		}
	}
	if (!some)
		return false;
	plan_attempt(h, t);
	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *f = card->function[i];
		const struct plan_entry *e = &t->plan.entry[f - h->run.inv.function];
		if (e->state != STATE_PLANNED && e->state != STATE_SHARED &&
		    !is_left_out(&how, f) && !is_allowed(f, e))
			return false;
	}
	return !t->config.errors && !t->found.n;
}

static const struct cmd_option options[] = {
	{ "apply", 0, NULL, "rebuild the boot images of all kernels", &how.apply, NULL },
	CMD_DRY_RUN(&how.dry_run),
	{ "file", 0, "NAME", "write new rules to /etc/vgapass.conf.d/NAME.conf", NULL, &file },
	CMD_JSON(&how.json),
	{ "no-iommu", 0, NULL, "allow functions that have no IOMMU group", &how.no_iommu, NULL },
	{ "profile", 0, "PROFILE", "write rules for boots with vgapass=PROFILE", NULL,
	  &how.profile },
	{ "required", 0, NULL, "count a boot without the card as failed", &how.required, NULL },
	CMD_SYSROOT(&opt.sysroot),
	{ "take-boot-display", 0, NULL, "allow the display that the firmware uses; the console "
	  "goes with it", &how.take_boot_display, NULL },
	{ "try", 0, NULL, "write rules of a trial, which the next boot alone obeys, rebuild the "
	  "boot images and ask that boot: see vgapass try", &on_trial, NULL },
	{ "verbose", 'v', NULL, "with --apply, show all that the tool prints", &how.verbose, NULL },
	{ "vfs", 0, "N", "leave the card to the host, and give guests N virtual functions of it",
	  NULL, &vfs },
	{ "with", 0, "slot|group", "take the other functions of its slot or IOMMU group too", NULL,
	  &how.with },
	{ "yes", 'y', NULL, "change rules that are there without asking", &how.yes, NULL },
	CMD_END,
};

/* CMD_OK, or CMD_USAGE after printing the reason. */
static int read_vfs(void)
{
	uint64_t n = 0;

	if (vfs && (!slice_dec(slice_of(vfs), CONFIG_VFS_MAX, &n) || !n))
		return cmd_misused(&verb_add, "--vfs: expected a number from 1 to %u",
				   CONFIG_VFS_MAX);
	if (vfs && (how.with || how.take_boot_display))
		return cmd_misused(&verb_add, "--vfs: the card stays with the host, so %s has no "
				   "meaning", how.with ? "--with" : "--take-boot-display");
	how.vfs = (unsigned)n;
	return CMD_OK;
}

int add_on_trial(const struct rules_how *as, const struct host_options *o, int n, char **names)
{
	how = *as;
	return rules_edit(o, &how, n, names, may_add, add_cards);
}

/* CMD_OK, or CMD_USAGE after printing the reason. */
static int read_try(void)
{
	static const struct once trial = { .token = ONCE_TRIAL };

	if (!on_trial)
		return CMD_OK;
	if (how.profile)
		return cmd_misused(&verb_add, "--try: the rules of a trial are in no profile, so "
				   "--profile has no meaning");
	how.profile = config_trial;
	how.once = &trial;
	how.apply = true;
	return CMD_OK;
}

static int run_add(int argc, char **argv)
{
	if (read_vfs() || read_try())
		return CMD_USAGE;
	opt.vfs = how.vfs;
	if (choose_check(&verb_add, argc, how.json) || rules_check_names(&how, file))
		return CMD_USAGE;
	return rules_edit(&opt, &how, argc, argv, may_add, add_cards);
}

const struct cmd_verb verb_add = {
	.name = "add",
	.summary = "write the rules that keep a card for guests",
	.arguments = "[CARD ...]",
	.about = "Writes rules for all functions of the cards: the next boot keeps them for "
		 "guests. A card that has a rule gets the options given, after a question. CARD is "
		 "an address, an ID or words of its name, see vgapass list; without one, on a "
		 "terminal, it asks. Refuses what the next boot would refuse, and what the host "
		 "itself needs: its disks, only keyboard and network.",
	.options = options,
	.exits = "0 done, or it was so already, 1 not done, or the image that boots does not hold "
		 "the configuration after --apply, 2 usage.",
	.plural = "rules",
	.run = run_add,
};
