/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_off.c - vgapass off: the next boot leaves all cards to the host. */
#include "cli/cmd.h"
#include "cli/once/ask.h"

static struct host_options opt;
static struct once off = { .token = ONCE_OFF };
static bool next_boot, cancel;

static const struct cmd_option options[] = {
	{ "cancel", 0, NULL, "ask nothing of the next boot", &cancel, NULL },
	{ "next-boot", 0, NULL, "turn vgapass off in the next boot, and in no other", &next_boot,
	  NULL },
	CMD_JSON(&off.json),
	CMD_SYSROOT(&opt.sysroot),
	CMD_END,
};

static int run_off(int argc, char **argv)
{
	if (cmd_no_arguments(&verb_off, argc, argv))
		return CMD_USAGE;
	if (!next_boot && !cancel)
		return cmd_misused(&verb_off, "say for how long: --next-boot (for good, remove the "
				   "rules: vgapass remove)");
	return cancel ? once_run_cancel(&verb_off, &opt, off.json) :
			once_run(&verb_off, &opt, &off);
}

const struct cmd_verb verb_off = {
	.name = "off",
	.summary = "leave all cards to the host in the next boot",
	.arguments = "",
	.about = "Asks the next boot to bind nothing, as vgapass=off on its command line does, "
		 "without a menu of a boot loader. The boot after it is as ever.",
	.options = options,
	.notes = "With a variable of the EFI firmware, the configuration needs a line "
		 "next-boot=yes, or a rule in [trial], so that boots look for it.",
	.exits = "0 the next boot binds nothing, or --cancel is done, 1 it does not know, 2 usage.",
	.plural = "rules",
	.run = run_off,
};
