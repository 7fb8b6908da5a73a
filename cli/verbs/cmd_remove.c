/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_remove.c - vgapass remove: takes away the rules that take cards, and no others. */
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "cli/cmd.h"
#include "cli/edit/account.h"
#include "cli/edit/conf_edit.h"
#include "cli/edit/rules.h"
#include "cli/out/xalloc.h"

/* What one rule does on its own. */
struct effect {
	const struct pci_function *ours;  /* a function of the cards that it matches; NULL: none */
	const struct pci_function *other; /* one that it matches and is not of the cards */
	const struct pci_function *companion; /* one of the cards that goes with another */
};

static struct effect effect_of(const struct run *run, const struct rule *rule,
			       const struct cards *cards)
{
	const struct plan *plan = rules_alone(run, rule);
	struct effect ret = { NULL, NULL, NULL };

	for (unsigned i = 0; i < run->inv.functions; i++) {
		const struct pci_function *f = &run->inv.function[i];
		const struct plan_entry *e = &plan->entry[i];
		if (!e->rule)
			continue;
		if (!cards_have(cards, f))
			ret.other = e->companion ? ret.other : f;
		else if (e->companion)
			ret.companion = f;
		else
			ret.ours = f;
	}
	return ret;
}

/* True: the rule is to go. What stays and still takes a function is said and counted. */
static bool rule_may_go(const struct run *run, const struct rule *rule, const struct cards *cards,
			unsigned *stay)
{
	char at[PLAN_LINE_MAX], ours[64], other[64], path[HOST_NAME_MAX];
	struct effect e = effect_of(run, rule, cards);

	if (rule->keep || (!e.ours && !e.companion))
		return false;
	if (e.ours && !e.other)
		return true;
	(*stay)++;
	text_make(at, sizeof(at), "%pp", &rule->at);
	text_make(ours, sizeof(ours), "%pa", e.ours ? &e.ours->at : &e.companion->at);
	if (e.ours) {
		account_error("rule-of-others", at,
			      "takes %s and also %s of another card: it is kept", ours,
			      text_make(other, sizeof(other), "%pa", &e.other->at));
		account_fix(FIX_EDIT, at, "narrow the rule to what is to stay, as with path=%s",
			    host_path(e.other, path));
	} else {
		account_error("rule-of-others", at,
			      "takes %s together with another card: it is kept", ours);
		account_fix(FIX_EDIT, at, "remove its with=");
	}
	return false;
}

/* Names of profiles, each once: one that lost a rule. */
struct profiles {
	unsigned n;
	char name[CONFIG_PROFILES_MAX][256];
};

static void note_profile(struct profiles *p, const char *name)
{
	unsigned i = 0;

	while (name && i < p->n && strcmp(p->name[i], name) != 0)
		i++;
	if (name && i == p->n && i < CONFIG_PROFILES_MAX)
		text_make(p->name[p->n++], sizeof(p->name[0]), "%s", name);
}

/* A boot with vgapass=NAME binds nothing at all where no section has that name, so an empty one
 * is not taken away. */
static void show_empty(const struct config *c, const struct profiles *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		unsigned rules = 0;
		for (unsigned k = 0; k < c->rules; k++)
			rules += c->rule[k].profile && !strcmp(c->rule[k].profile, p->name[i]);
		if (!rules)
			account_print("[profile %s] has no rule left; it stays, so that "
				      "vgapass=%s is still the name of a profile\n", p->name[i],
				      p->name[i]);
	}
}

/* Removes the rules from one file's text. Returns how many, or fails the command. */
static unsigned edit_file(struct host *h, struct conf_file *f, const struct cards *cards,
			  unsigned *stay, struct profiles *lost)
{
	static struct conf_change lines[CONFIG_RULES_MAX];
	const struct slice old = { f->text, f->n };
	char at[PLAN_LINE_MAX];
	unsigned n = 0;
	struct text t;

	for (unsigned i = 0; i < h->run.config.rules; i++) {
		const struct rule *rule = &h->run.config.rule[i];
		if (!slice_is(slice_of(rule->at.file), f->name) ||
		    !rule_may_go(&h->run, rule, cards, stay))
			continue;
		lines[n++] = (struct conf_change){ rule->at.line, NULL };
		account_rule(text_make(at, sizeof(at), "%pp", &rule->at),
			     conf_edit_line(old, rule->at.line), "remove");
		note_profile(lost, rule->profile == config_trial ? NULL : rule->profile);
	}
	if (!n)
		return 0;
	char *buf = xmalloc(f->n + 1);
	text_start(&t, buf, f->n + 1);
	conf_edit_change(old, lines, n, &t);
	conf_file_take(f, &t);
	free(buf);
	return n;
}

static void note_functions(const struct host *h, const struct cards *cards)
{
	static bool wanted[PCI_FUNCTIONS_MAX];

	for (unsigned i = 0; i < h->run.inv.functions; i++)
		wanted[i] = cards_have(cards, &h->run.inv.function[i]);
	account_functions(h, wanted);
}

static int remove_cards(struct host *h, struct conf_set *set, const struct rules_how *how,
			const struct cards *cards)
{
	struct profiles lost = { .n = 0 };
	unsigned gone = 0, stay = 0;

	for (unsigned i = 0; i < set->files; i++)
		gone += edit_file(h, &set->file[i], cards, &stay, &lost);
	if (gone)
		conf_set_plan(set, h, NULL);
	note_functions(h, cards);
	if (!gone) {
		if (stay)
			account_unchanged();
		else
			account_print("Nothing to remove: no rule takes it.\n");
		int r = rules_unchanged(h, how);
		return r ? r : stay ? CMD_FAILED : CMD_OK;
	}
	if (conf_set_errors(h))
		return account_unchanged();
	conf_set_diff(set);
	show_empty(&h->run.config, &lost);
	if (cards->chosen && rules_confirm(how))
		return CMD_FAILED;
	int r = rules_finish(h, set, how);
	return r ? r : stay ? CMD_FAILED : CMD_OK;
}

/* Marks the functions that a rule of any profile takes by itself. */
static void mark_ruled(const struct run *run, bool *ruled)
{
	for (unsigned i = 0; i < run->config.rules; i++) {
		const struct rule *rule = &run->config.rule[i];
		const struct plan *plan = rule->keep ? NULL : rules_alone(run, rule);
		for (unsigned k = 0; plan && k < run->inv.functions; k++)
			ruled[k] |= plan->entry[k].rule && !plan->entry[k].companion;
	}
}

static bool may_remove(const struct host *h, const struct card *card, char note[CHOOSE_NOTE_MAX])
{
	static bool *ruled;
	bool some = false;

	if (!ruled)
		mark_ruled(&h->run, ruled = xcalloc(PCI_FUNCTIONS_MAX, sizeof(*ruled)));
	for (unsigned i = 0; i < card->n; i++) {
		const struct plan_entry *e = host_entry(h, card->function[i]);
		some |= ruled[card->function[i] - h->run.inv.function];
		if (card->function[i]->boot_display)
			text_make(note, CHOOSE_NOTE_MAX, "boot display");
		else if (e->state == STATE_REFUSED)
			text_make(note, CHOOSE_NOTE_MAX, "refused by %pp", &e->rule->at);
	}
	return some;
}

static struct host_options opt;
static struct rules_how how = { .verb = &verb_remove };

static const struct cmd_option options[] = {
	{ "apply", 0, NULL, "rebuild the boot images of all kernels", &how.apply, NULL },
	CMD_DRY_RUN(&how.dry_run),
	CMD_JSON(&how.json),
	CMD_SYSROOT(&opt.sysroot),
	{ "verbose", 'v', NULL, "with --apply, show all that the tool prints", &how.verbose, NULL },
	{ "yes", 'y', NULL, "ask nothing", &how.yes, NULL },
	CMD_END,
};

static int run_remove(int argc, char **argv)
{
	if (choose_check(&verb_remove, argc, how.json))
		return CMD_USAGE;
	return rules_edit(&opt, &how, argc, argv, may_remove, remove_cards);
}

const struct cmd_verb verb_remove = {
	.name = "remove",
	.summary = "remove the rules of a card",
	.arguments = "[CARD ...]",
	.about = "Removes the rules that take functions of the cards, from every profile and file: "
		 "the next boot leaves the cards to the host. A rule that takes functions of other "
		 "cards as well is kept and reported. CARD is an address, an ID or words of its "
		 "name, see vgapass list; without one, on a terminal, it asks.",
	.options = options,
	.exits = "0 done, or no rule took them, 1 not done or not all, or the image that boots "
		 "does not hold the configuration after --apply, 2 usage.",
	.plural = "rules",
	.run = run_remove,
};
