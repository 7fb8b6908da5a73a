/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_add.c - vgapass add: rules for cards, written for a person. */
#include <stdlib.h>

#include "runtime/core/words.h"
#include "cli/cmd.h"
#include "cli/edit/rules.h"
#include "cli/live/in_use.h"
#include "cli/machine/hint.h"
#include "cli/out/xalloc.h"

#define VERB "add"

static const char help[] =
	"usage: vgapass add [OPTION ...] [CARD ...]\n\n"
	"Writes rules for all functions of the cards: the next boot keeps them for\n"
	"guests. CARD is an address, an ID or words of its name, see vgapass list;\n"
	"without one, on a terminal, it asks. What the next boot would refuse is refused\n"
	"here, and what the host itself needs: its disks, only keyboard and network.\n\n"
	"  --apply              rebuild the boot images of all kernels\n"
	"  --dry-run            show what would be added, write nothing\n"
	"  --file NAME          write to /etc/vgapass.conf.d/NAME.conf\n"
	"  --profile PROFILE    write rules for boots with vgapass=PROFILE\n"
	"  --required           count a boot without the card as failed\n"
	"  --take-boot-display  allow the display that the firmware uses; the console\n"
	"                       goes with it\n"
	"  --no-iommu           allow functions that have no IOMMU group\n"
	"  --sysroot DIR        look at the machine whose files are below DIR\n\n"
	"Exit code: 0 done, or it was so already, 1 not done, 2 usage; with --apply also\n"
	"1 if the image that boots does not hold the configuration afterwards, or the\n"
	"exit code of the command that rebuilds it.\n";

/* Returns whether the present rules leave the function to a new one. If not, prints why, and sets
 * *good to false unless the function is taken already. */
static bool is_open_to_rule(const struct host *h, const struct pci_function *f, bool *good)
{
	const struct plan_entry *e = host_entry(h, f);
	char at[64], by[PLAN_LINE_MAX], why[PLAN_LINE_MAX];
	struct text t;

	if (!e->rule)
		return true;
	text_make(at, sizeof(at), "%pa", &f->at);
	text_make(by, sizeof(by), "%pp", &e->rule->at);
	if (e->state == STATE_PLANNED) {
		printf("%s is taken already by %s, driver %s\n", at, by, e->driver);
		return false;
	}
	text_start(&t, why, sizeof(why));
	words_reason(&t, &h->run, f, e);
	cmd_complain(VERB ": %s: %s decides about it: %s: change that rule first", at, by, why);
	*good = false;
	return false;
}

/* Makes rules for a card. A function that another rule was to take along, and does not, gets a
 * rule of its own: a companion belongs to the first rule that finds it. */
static bool add_card(const struct host *h, const struct rules_how *how, const struct card *card,
		     struct new_rules *rules)
{
	struct card open = { .n = 0 };
	bool good = true;

	for (unsigned i = 0; i < card->n; i++) {
		const struct pci_function *f = card->function[i];
		const struct plan_entry *e = host_entry(h, f);
		if (e->companion && e->state == STATE_REFUSED)
			good &= rules_new_card(h, how, &(struct card){ 1, { f } }, rules);
		else if (is_open_to_rule(h, f, &good))
			open.function[open.n++] = f;
	}
	return good & rules_new_card(h, how, &open, rules);
}

static bool make_rules(const struct host *h, const struct rules_how *how,
		       const struct cards *cards, struct new_rules *rules)
{
	bool good = true;

	rules->n = 0;
	choose_show(h, cards);
	for (unsigned i = 0; i < cards->n; i++)
		good &= add_card(h, how, &cards->card[i], rules);
	return good;
}

/* Prints the users of what the new rules take that the host cannot do without. Returns their
 * number. No option overrules this: every guide would have it. */
static unsigned say_in_use(const struct host *h, const struct new_rules *rules,
			   const bool *planned_before)
{
	static struct obstacles found;
	bool root = false;
	char at[64];

	in_use_by_plan(&h->roots, &h->run.inv, &h->run.plan, planned_before, &found);
	for (unsigned i = 0; i < found.n && i < OBSTACLES_MAX; i++) {
		const struct obstacle *o = &found.obstacle[i];
		cmd_complain(VERB ": %s: %s", text_make(at, sizeof(at), "%pa", &o->f->at), o->text);
		root |= o->user == USER_ROOT;
	}
	if (found.n > OBSTACLES_MAX)
		cmd_complain(VERB ": and %u more", found.n - OBSTACLES_MAX);
	for (unsigned i = 0; found.n && !root && i < rules->n; i++)
		cmd_complain(VERB ": if the host can do without it, write the rule by hand: %s",
			     rules->rule[i].text);
	return found.n;
}

static int add_cards(struct host *h, struct conf_set *set, const struct rules_how *how,
		     const struct cards *cards)
{
	/* Given back by the end of the process. */
	struct new_rules *rules = xcalloc(1, sizeof(*rules));
	static bool planned[PCI_FUNCTIONS_MAX];
	uint32_t first;

	conf_set_plan(set, h, how->profile);
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		planned[i] = h->run.plan.entry[i].state == STATE_PLANNED;
	if (!make_rules(h, how, cards, rules))
		return cmd_complain(VERB ": nothing is changed");
	if (!rules->n) {
		rules_show_strangers(h, cards->card, cards->n);
		puts("nothing to add");
		return rules_unchanged(h, how);
	}
	if (rules_add(h, set, how, rules, &first)) {
		hint_no_group(h);
		return CMD_FAILED;
	}
	if (say_in_use(h, rules, planned))
		return cmd_complain(VERB ": nothing is changed");
	rules_show_plan(h, how, first, rules->n);
	rules_show_strangers(h, cards->card, cards->n);
	return rules_finish(h, set, how);
}

int cmd_add(int argc, char **argv)
{
	struct host_options o = { 0 };
	struct rules_how how = { .verb = VERB };
	const char *file = NULL;
	const struct cmd_option options[] = {
		{ .name = "file", .text = &file },
		{ .name = "profile", .text = &how.profile },
		{ .name = "required", .flag = &how.required },
		{ .name = "take-boot-display", .flag = &how.take_boot_display },
		{ .name = "no-iommu", .flag = &how.no_iommu },
		{ .name = "dry-run", .flag = &how.dry_run },
		{ .name = "apply", .flag = &how.apply },
		{ .name = "sysroot", .text = &o.sysroot },
		{ .name = NULL },
	};
	int code, first = cmd_options(argc, argv, options, help, &code);

	if (first < 0)
		return code;
	if (choose_check(VERB, argc - first) || rules_check_names(&how, file))
		return CMD_USAGE;
	return rules_edit(&o, &how, argc - first, argv + first, add_cards);
}
