/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_confirm.c - vgapass confirm: the rules of a trial that went well hold from now on. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/edit/account.h"
#include "cli/edit/conf_edit.h"
#include "cli/edit/rules.h"
#include "cli/machine/booted.h"
#include "cli/machine/receipt_read.h"
#include "cli/once/within.h"
#include "cli/out/xalloc.h"

static struct host_options opt;
static struct rules_how how = { .verb = &verb_confirm, .apply = true };
static bool or_reboot;

/* --- whether there is something to confirm */

/* Returns whether this boot is a trial, by its receipt, and else why not. */
static bool is_trial(json_object *receipt, const char **why)
{
	json_object *once = NULL;

	json_object_object_get_ex(receipt, "once", &once);
	if (strcmp(receipt_text(once, "word"), "trial") != 0)
		*why = "this boot is no trial";
	else if (strcmp(receipt_text(once, "state"), "taken") != 0)
		*why = "a trial was asked for, but the boot could not take the question away";
	else
		return true;
	return false;
}

/* The trial has to have gone well. Returns CMD_OK, or CMD_FAILED after printing the reason. */
static int may_confirm(const struct host *h)
{
	const char *why = NULL;
	json_object *receipt = receipt_read(&h->roots, &why);
	char result[32];
	bool trial = receipt && is_trial(receipt, &why);

	text_make(result, sizeof(result), "%s", receipt ? receipt_text(receipt, "result") : "");
	json_object_put(receipt);
	if (!trial) {
		account_error("no-trial", "", "nothing to confirm: %s",
			      why ? why : "this boot left no receipt");
		account_fix(FIX_COMMAND, NULL, "vgapass status");
		return account_unchanged();
	}
	if (strcmp(result, "ok") != 0) {
		account_error("trial-failed", "", "the trial did not go well (%s), so it is not "
			      "kept", result);
		account_fix(FIX_COMMAND, NULL, "vgapass status");
		return account_unchanged();
	}
	return CMD_OK;
}

/* Only what was tried is kept. */
static int is_as_booted(const struct host *h)
{
	struct booted *booted = booted_read(&h->roots, &h->run);
	bool same = booted && booted_is_same(booted);

	if (!same) {
		account_error("configuration-changed", "", booted ?
			      "the configuration has changed since the boot, so it is not what "
			      "was tried" : "the configuration of this boot is not known");
		account_fix(FIX_COMMAND, NULL, "vgapass try");
	}
	booted_free(booted);
	return same ? CMD_OK : account_unchanged();
}

/* --- moving the rules */

/* Takes the rules out of [trial] and adds them before the first section. Returns false after
 * printing the reason. */
static bool move_rules(const struct config *c, struct conf_file *f)
{
	static struct conf_change lines[CONFIG_RULES_MAX];
	const struct slice old = { f->text, f->n };
	const size_t size = 2 * f->n + CONFIG_RULES_MAX + 512;
	char *moved = xmalloc(size), *left = xmalloc(size), *out = xmalloc(size);
	struct text rules, t;
	unsigned n = 0;
	bool good = true;

	text_start(&rules, moved, size);
	for (unsigned i = 0; i < c->rules; i++) {
		const struct rule *rule = &c->rule[i];
		if (rule->profile != config_trial || strcmp(rule->at.file, f->name) != 0)
			continue;
		struct slice line = conf_edit_line(old, rule->at.line);
		text_add(&rules, "%s%pv", n ? "\n" : "", &line);
		lines[n++] = (struct conf_change){ rule->at.line, NULL };
	}
	if (n) {
		text_start(&t, left, size);
		conf_edit_change(old, lines, n, &t);
		struct slice rest = { left, t.len };
		text_start(&t, out, size);
		conf_edit_drop_empty(rest, config_trial, &t);
		rest = (struct slice){ out, t.len };
		text_start(&t, left, size);
		conf_edit_add(rest, NULL, (struct slice){ moved, rules.len }, &t);
		good = conf_file_take(f, &t);
	}
	free(moved);
	free(left);
	free(out);
	return good;
}

/* True: every boot does now what the trial does. Else the first difference is said. */
static bool is_same_plan(const struct host *h, const struct plan_entry *trial)
{
	char at[PCI_ADDRESS_SIZE];

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct plan_entry *now = &h->run.plan.entry[i];
		if (now->state == trial[i].state && now->reason == trial[i].reason &&
		    !strcmp(now->driver ? now->driver : "", trial[i].driver ? trial[i].driver : ""))
			continue;
		pci_put_address(at, &h->run.inv.function[i].at);
		account_error("rules-differ", at,
			      "outside of [trial], the rules would do something else with it");
		account_fix(FIX_ADVICE, NULL,
			    "move the rules by hand, and rebuild the boot images");
		return false;
	}
	return true;
}

static int keep_rules(struct host *h, struct conf_set *set)
{
	struct config *c = xmalloc(sizeof(*c));
	struct plan_entry *trial = xmalloc(sizeof(h->run.plan.entry));
	bool good = true;

	*c = h->run.config;
	conf_set_plan(set, h, config_trial);
	memcpy(trial, h->run.plan.entry, sizeof(h->run.plan.entry));
	/* Their names are in the configuration, which changes. Given back by the process's end. */
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		trial[i].driver = trial[i].driver ? xstrdup(trial[i].driver) : NULL;
	for (unsigned i = 0; i < set->files && good; i++)
		good = move_rules(c, &set->file[i]);
	if (good) {
		conf_set_plan(set, h, NULL);
		good = !conf_set_errors(h) && is_same_plan(h, trial);
	}
	free(c);
	free(trial);
	if (!good)
		return account_unchanged();
	if (how.dry_run)
		conf_set_diff(set);
	/* From here on there is somebody. */
	else if (within_remove(&h->roots))
		account_warning("timer", "/" WITHIN_FILE, "cannot be removed: the machine may "
				"reboot by itself");
	return rules_finish(h, set, &how);
}

static int confirm(struct host *h, struct conf_set *set, void *arg)
{
	(void)arg;
	if (may_confirm(h))
		return CMD_FAILED;
	if (!h->run.config.trial) {
		account_print("The rules are kept already.\n");
		within_remove(&h->roots);
		return rules_unchanged(h, &how);
	}
	return is_as_booted(h) ? CMD_FAILED : keep_rules(h, set);
}

/* --- the timer, which is vgapass-confirm.service */

static int reboot_machine(void)
{
	cmd_note("nobody has confirmed the trial: rebooting");
	pid_t child = fork();
	if (!child) {
		execlp("systemctl", "systemctl", "reboot", NULL);
		_exit(127);
	}
	int status = -1;
	if (child > 0)
		waitpid(child, &status, 0);
	return status ? cmd_complain("systemctl reboot has failed") : CMD_OK;
}

/* vgapass confirm removes the file. */
static int wait_for_confirm(const struct roots *roots, bool trial)
{
	unsigned seconds = within_read(roots);

	if (!trial)
		return within_remove(roots) ? CMD_FAILED : CMD_OK;
	for (; seconds; seconds--) {
		if (!within_read(roots))
			return CMD_OK;
		sleep(1);
	}
	return within_read(roots) ? reboot_machine() : CMD_OK;
}

static int run_timer(void)
{
	struct roots roots;
	const char *why;
	int r = gather_roots(opt.sysroot, &roots);

	if (r)
		return cmd_complain("%s: %s", opt.sysroot ? opt.sysroot : "/", strerror(-r));
	json_object *receipt = receipt_read(&roots, &why);
	bool trial = receipt && is_trial(receipt, &why);
	json_object_put(receipt);
	return wait_for_confirm(&roots, trial);
}

static const struct cmd_option options[] = {
	CMD_DRY_RUN(&how.dry_run),
	CMD_JSON(&how.json),
	{ "or-reboot", 0, NULL, "wait for as long as vgapass try --within has said, and reboot if "
	  "nobody confirms; for vgapass-confirm.service", &or_reboot, NULL },
	CMD_SYSROOT(&opt.sysroot),
	{ "verbose", 'v', NULL, "show all that the tool prints which rebuilds the boot images",
	  &how.verbose, NULL },
	CMD_END,
};

static int run_confirm(int argc, char **argv)
{
	if (cmd_no_arguments(&verb_confirm, argc, argv))
		return CMD_USAGE;
	return or_reboot ? run_timer() : rules_run(&opt, &how, confirm, NULL);
}

const struct cmd_verb verb_confirm = {
	.name = "confirm",
	.summary = "keep the rules of the trial that is running",
	.arguments = "",
	.about = "Moves the rules of [trial] out of that section, so that they hold in every boot, "
		 "and rebuilds the boot images. Only in a boot that is a trial and has bound all "
		 "that its rules want, and only what that boot has tried.",
	.options = options,
	.exits = "0 the rules are kept, 1 they are not, or the image that boots does not hold "
		 "them, 2 usage.",
	.plural = "rules",
	.run = run_confirm,
};
