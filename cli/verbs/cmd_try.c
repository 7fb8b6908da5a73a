/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_try.c - vgapass try: rules for one boot, which vgapass confirm keeps. */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/edit/account.h"
#include "cli/once/ask.h"
#include "cli/once/within.h"
#include "cli/out/xalloc.h"
#include "add.h"

static struct host_options opt;
static struct rules_how how = { .verb = &verb_try, .file = "vgapass.conf", .apply = true };
static const char *file, *within;
static bool cancel;
static struct once trial = { .token = ONCE_TRIAL };

/* True: a function of the trial is refused, which is said. */
static bool say_refusals(const struct host *h, const bool *tried)
{
	bool some = false;

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct plan_entry *e = &h->run.plan.entry[i];
		if (!tried[i] || e->state != STATE_REFUSED)
			continue;
		rules_say_refused(h, &h->run.inv.function[i], e, false);
		some = true;
	}
	return some;
}

/* Asks for a trial of the rules that are there. */
static int try_again(struct host *h, struct conf_set *set, void *arg)
{
	const struct rule *rules[PCI_FUNCTIONS_MAX];
	bool tried[PCI_FUNCTIONS_MAX] = { false };

	(void)arg;
	if (!h->run.config.trial) {
		account_error("no-trial", "/etc/vgapass.conf", "has no rule in a section [trial]");
		account_fix(FIX_COMMAND, NULL, "vgapass try CARD");
		return account_unchanged();
	}
	if (!host_on_trial(h, rules)) {
		account_error("no-trial", "", "the rules of [trial] take nothing that other boots "
			      "leave to the host");
		account_fix(FIX_COMMAND, NULL, "vgapass check config");
		return account_unchanged();
	}
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		tried[i] = rules[i];
	conf_set_plan(set, h, config_trial);
	if (say_refusals(h, tried))
		return account_unchanged();
	rules_show_plan(h, &how, tried);
	return rules_unchanged(h, &how);
}

static const struct cmd_option options[] = {
	{ "cancel", 0, NULL, "ask nothing of the next boot; the rules stay in [trial]", &cancel,
	  NULL },
	CMD_DRY_RUN(&how.dry_run),
	{ "file", 0, "NAME", "write new rules to /etc/vgapass.conf.d/NAME.conf", NULL, &file },
	CMD_JSON(&how.json),
	{ "no-iommu", 0, NULL, "allow functions that have no IOMMU group", &how.no_iommu, NULL },
	CMD_SYSROOT(&opt.sysroot),
	{ "take-boot-display", 0, NULL, "allow the display that the firmware uses; the console "
	  "goes with it", &how.take_boot_display, NULL },
	{ "verbose", 'v', NULL, "show all that the tool prints which rebuilds the boot images",
	  &how.verbose, NULL },
	{ "with", 0, "slot|group", "take the other functions of its slot or IOMMU group too", NULL,
	  &how.with },
	{ "within", 0, "TIME", "let the trial reboot by itself if nobody confirms it within TIME, "
	  "such as 90s, 5m or 1h", NULL, &within },
	{ "yes", 'y', NULL, "ask nothing", &how.yes, NULL },
	CMD_END,
};

static int run_try(int argc, char **argv)
{
	if (cancel && (argc || within))
		return cmd_misused(&verb_try, "--cancel stands alone: leave %s out",
				   within ? "--within" : argv[0]);
	if (within && !within_parse(within, &trial.within))
		return cmd_misused(&verb_try, "--within: expected a time such as 90s, 5m or 1h, up "
				   "to 24h");
	if (cancel)
		return once_run_cancel(&verb_try, &opt, how.json);
	if (rules_check_names(&how, file))
		return CMD_USAGE;
	how.profile = config_trial;
	how.once = &trial;
	return argc ? add_on_trial(&how, &opt, argc, argv) :
		      rules_run(&opt, &how, try_again, NULL);
}

const struct cmd_verb verb_try = {
	.name = "try",
	.summary = "keep a card for guests in the next boot alone",
	.arguments = "[CARD ...]",
	.about = "Writes rules for the cards as vgapass add does, but into the section [trial], "
		 "rebuilds the boot images, and asks the next boot to obey them. That boot takes "
		 "the question away before it binds anything, so the boot after it is the host's "
		 "own again, whatever happens: vgapass confirm keeps the rules. Without a card it "
		 "tries the rules again that are in [trial].",
	.options = options,
	.notes = "The question is a variable of the EFI firmware; without one, an entry of vgapass "
		 "menu that GRUB or systemd-boot starts once. A machine that has neither is "
		 "refused, and nothing is changed.",
	.exits = "0 the next boot is a trial, 1 it is not, 2 usage.",
	.plural = "rules",
	.run = run_try,
};
