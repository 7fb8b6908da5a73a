/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_profile.c - vgapass profile: which profile the next boot has, or every boot. */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/edit/account.h"
#include "cli/edit/conf_edit.h"
#include "cli/edit/rules.h"
#include "cli/once/ask.h"
#include "cli/out/near.h"
#include "cli/out/xalloc.h"

#define NONE "none"
#define SWITCH "profile="

static struct host_options opt;
static struct rules_how how = { .verb = &verb_profile, .file = "vgapass.conf" };
static bool next_boot, always, cancel;

/* True: a section has that name; else that is said. */
static bool is_profile(const struct host *h, const char *name)
{
	const struct config *c = &h->run.config;
	struct near near;

	if (config_find_profile(c, slice_of(name)))
		return true;
	account_error("unknown-profile", "", "no profile is named %s", name);
	near_start(&near, name);
	for (unsigned i = 0; i < c->profiles; i++)
		near_try(&near, c->profile[i]);
	if (near_best(&near))
		account_fix(FIX_ADVICE, NULL, "did you mean %s?", near_best(&near));
	account_fix(FIX_EDIT, "/etc/vgapass.conf", "write a section [profile %s]", name);
	return false;
}

/* --- for good: the line profile=NAME */

static bool is_switch(struct slice line)
{
	struct slice word = slice_next(&line, '\0');

	return word.n > strlen(SWITCH) && !memcmp(word.p, SWITCH, strlen(SWITCH));
}

/* The line with another value: its comment stays. Given back by the end of the process. */
static char *change_switch(struct slice line, const char *wanted)
{
	const size_t size = line.n + strlen(wanted) + 1;
	char *buf = xmalloc(size);
	struct text t;

	text_start(&t, buf, size);
	conf_edit_set(line, wanted, &t);
	return buf;
}

/* Takes the switch out of a file, or gives the one that is there the value; wanted: NULL takes it
 * out. Returns whether one is there now; false with *good false: it does not fit, which is said. */
static bool edit_switches(struct conf_file *f, const char *wanted, bool *good)
{
	const struct slice old = { f->text, f->n };
	const size_t size = f->n + 1024;
	struct conf_change *lines = xcalloc(f->n / strlen(SWITCH) + 1, sizeof(*lines));
	struct slice rest = old;
	struct text t;
	unsigned n = 0;
	bool there = false;

	for (uint32_t number = 1; rest.n; number++) {
		if (!is_switch(slice_cut(&rest, '\n')))
			continue;
		const char *now = there || !wanted ? NULL :
				  change_switch(conf_edit_line(old, number), wanted);
		lines[n++] = (struct conf_change){ number, now };
		there = wanted;
	}
	if (n) {
		char *buf = xmalloc(size);
		text_start(&t, buf, size);
		conf_edit_change(old, lines, n, &t);
		*good &= conf_file_take(f, &t);
		free(buf);
	}
	free(lines);
	return there;
}

/* Adds it before the first section. */
static bool add_switch(struct conf_set *set, const char *line)
{
	struct conf_file *f = conf_set_file(set, how.file);
	struct text t;

	if (!f)
		return false;
	const size_t size = f->n + 512;
	char *buf = xmalloc(size);
	text_start(&t, buf, size);
	conf_edit_add((struct slice){ f->text, f->n }, NULL, slice_of(line), &t);
	bool good = conf_file_take(f, &t);
	free(buf);
	return good;
}

/* Of several lines the last one holds, so there is one afterwards. */
static int set_default(struct host *h, struct conf_set *set, void *arg)
{
	const char *name = arg;
	const char *now = h->run.config.chosen, *wanted = strcmp(name, NONE) != 0 ? name : NULL;
	char line[CONFIG_NAME_MAX + sizeof(SWITCH)];
	bool there = false, good = true;

	if (wanted && !is_profile(h, wanted))
		return account_unchanged();
	if (!strcmp(now ? now : NONE, name)) {
		account_print("It is so already.\n");
		return rules_unchanged(h, &how);
	}
	text_make(line, sizeof(line), SWITCH "%s", wanted ? wanted : "");
	for (unsigned i = 0; i < set->files; i++)
		there |= edit_switches(&set->file[i], wanted && !there ? line : NULL, &good);
	if (!good || (wanted && !there && !add_switch(set, line)))
		return account_unchanged();
	conf_set_plan(set, h, NULL);
	if (conf_set_errors(h))
		return account_unchanged();
	rules_show_plan(h, &how, NULL);
	if (how.dry_run)
		conf_set_diff(set);
	return rules_finish(h, set, &how);
}

/* --- for one boot */

static int run_once(const char *name)
{
	struct host *h = xcalloc(1, sizeof(*h));
	char token[ONCE_TOKEN_MAX];
	const struct once once = { .token = token, .json = how.json };

	text_make(token, sizeof(token), "1 profile %s\n", name);
	account_start(&verb_profile, how.json);
	int r = host_open(h, &opt);
	if (!r && !is_profile(h, name))
		r = account_unchanged();
	r = account_end(r);
	host_close(h);
	free(h);
	return r ? r : once_run(&verb_profile, &opt, &once);
}

static const struct cmd_option options[] = {
	{ "apply", 0, NULL, "with --default, rebuild the boot images of all kernels", &how.apply,
	  NULL },
	{ "cancel", 0, NULL, "ask nothing of the next boot", &cancel, NULL },
	{ "default", 0, NULL, "choose it for boots whose command line chooses none", &always,
	  NULL },
	CMD_DRY_RUN(&how.dry_run),
	{ "next-boot", 0, NULL, "choose it for the next boot, and for no other", &next_boot,
	  NULL },
	CMD_JSON(&how.json),
	CMD_SYSROOT(&opt.sysroot),
	{ "verbose", 'v', NULL, "with --apply, show all that the tool prints", &how.verbose, NULL },
	CMD_END,
};

static int run_profile(int argc, char **argv)
{
	if (next_boot + always + cancel != 1)
		return cmd_misused(&verb_profile, "expected one of --next-boot, --default and "
				   "--cancel");
	if (argc != !cancel)
		return cmd_misused(&verb_profile, cancel ? "--cancel stands alone" :
				   "expected the name of one profile");
	if ((how.apply || how.dry_run) && !always)
		return cmd_misused(&verb_profile, "%s needs --default", how.apply ? "--apply" :
				   "--dry-run");
	if (cancel)
		return once_run_cancel(&verb_profile, &opt, how.json);
	return always ? rules_run(&opt, &how, set_default, argv[0]) : run_once(argv[0]);
}

const struct cmd_verb verb_profile = {
	.name = "profile",
	.summary = "choose the profile of the next boot, or of every boot",
	.arguments = "[PROFILE]",
	.about = "Chooses a profile without a word on the kernel command line: for the next boot "
		 "alone, or as the default, which is a line profile=PROFILE in the configuration; "
		 "none takes that line away. vgapass=PROFILE on the command line beats the "
		 "default, and vgapass=on means no profile.",
	.options = options,
	.notes = "With a variable of the EFI firmware, --next-boot needs a line next-boot=yes in "
		 "the configuration, or a rule in [trial], so that boots look for it.",
	.exits = "0 done, 1 not done, or the image that boots does not hold the configuration "
		 "after --apply, 2 usage.",
	.plural = "rules",
	.run = run_profile,
};
