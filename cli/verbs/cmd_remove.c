/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_remove.c - vgapass remove: takes away the rules that take cards, and no others. */
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "cli/cmd.h"
#include "cli/edit/conf_edit.h"
#include "cli/edit/rules.h"
#include "cli/out/xalloc.h"

#define VERB "remove"

/* What one rule does on its own. */
struct effect {
	const struct pci_function *ours;  /* a function of the cards that it matches; NULL: none */
	const struct pci_function *other; /* one that it matches and is not of the cards */
	const struct pci_function *along; /* one of the cards that goes with another */
};

static bool is_of(const struct cards *cards, const struct pci_function *f)
{
	for (unsigned i = 0; i < cards->n; i++)
		for (unsigned k = 0; k < cards->card[i].n; k++)
			if (cards->card[i].function[k] == f)
				return true;
	return false;
}

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
		if (!is_of(cards, f))
			ret.other = e->companion ? ret.other : f;
		else if (e->companion)
			ret.along = f;
		else
			ret.ours = f;
	}
	return ret;
}

/* True: the rule is to go. What stays and still takes a function is said and counted. */
static bool rule_may_go(const struct run *run, const struct rule *rule, const struct cards *cards,
		  unsigned *stay)
{
	char at[PLAN_LINE_MAX], ours[64], other[64];
	struct effect e = effect_of(run, rule, cards);

	if (rule->keep || (!e.ours && !e.along))
		return false;
	if (e.ours && !e.other)
		return true;
	(*stay)++;
	text_make(at, sizeof(at), "%pp", &rule->at);
	text_make(ours, sizeof(ours), "%pa", e.ours ? &e.ours->at : &e.along->at);
	text_make(other, sizeof(other), "%pa", e.other ? &e.other->at : &e.along->at);
	if (e.ours)
		cmd_complain(VERB ": %s takes %s and also %s of another card: it stays, narrow it "
			     "in the file", at, ours, other);
	else
		cmd_complain(VERB ": %s takes %s along with another card: it stays, remove its "
			     "with= in the file", at, ours);
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
			printf("[profile %s] has no rule left; it stays, so that vgapass=%s is "
			       "still the name of a profile\n", p->name[i], p->name[i]);
	}
}

/* Takes the rules out of one file's text. How many have gone. */
static unsigned edit_file(struct host *h, struct conf_file *f, const struct cards *cards,
			  unsigned *stay, struct profiles *lost)
{
	uint32_t lines[CONFIG_RULES_MAX];
	unsigned n = 0;
	struct text t;

	for (unsigned i = 0; i < h->run.config.rules; i++) {
		const struct rule *rule = &h->run.config.rule[i];
		if (!slice_is(slice_of(rule->at.file), f->name) ||
		    !rule_may_go(&h->run, rule, cards, stay))
			continue;
		lines[n++] = rule->at.line;
		note_profile(lost, rule->profile);
	}
	if (!n)
		return 0;
	char *buf = xmalloc(f->n + 1);
	text_start(&t, buf, f->n + 1);
	conf_edit_remove((struct slice){ f->text, f->n }, lines, n, &t);
	conf_file_take(f, &t, VERB);
	free(buf);
	return n;
}

static int remove_cards(struct host *h, struct conf_set *set, const struct rules_how *how,
			const struct cards *cards)
{
	struct profiles lost = { .n = 0 };
	unsigned gone = 0, stay = 0;

	choose_show(h, cards);
	for (unsigned i = 0; i < set->files; i++)
		gone += edit_file(h, &set->file[i], cards, &stay, &lost);
	if (!gone) {
		puts(stay ? "nothing is changed" : "no rule takes it: nothing to remove");
		int r = rules_unchanged(h, how);
		return r ? r : stay ? CMD_FAILED : CMD_OK;
	}
	conf_set_plan(set, h, NULL);
	if (conf_set_errors(h))
		return cmd_complain(VERB ": nothing is changed");
	if (!how->dry_run)
		conf_set_diff(set);
	show_empty(&h->run.config, &lost);
	int r = rules_finish(h, set, how);
	return r ? r : stay ? CMD_FAILED : CMD_OK;
}

static struct host_options opt;
static struct rules_how how = { .verb = VERB };

static const struct cmd_option options[] = {
	{ "apply", 0, NULL, "rebuild the boot images of all kernels", &how.apply, NULL },
	CMD_DRY_RUN(&how.dry_run),
	CMD_SYSROOT(&opt.sysroot),
	CMD_END,
};

static int run_remove(int argc, char **argv)
{
	if (choose_check(&verb_remove, argc))
		return CMD_USAGE;
	return rules_edit(&opt, &how, argc, argv, remove_cards);
}

const struct cmd_verb verb_remove = {
	.name = "remove",
	.summary = "remove the rules of a card",
	.arguments = "[CARD ...]",
	.about = "Removes the rules that take functions of the cards, from every profile and\n"
		 "file: the next boot leaves the cards to the host. A rule that takes functions of\n"
		 "other cards as well is kept and reported. CARD is an address, an ID or words of\n"
		 "its name, see vgapass list; without one, on a terminal, it asks.",
	.options = options,
	.exits = "0 done, or no rule took them, 1 not done or not all, or the image that boots does not hold the configuration after --apply, 2 usage.",
	.run = run_remove,
};
