/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_release.c - vgapass release: gives cards back to the host's own drivers now. */
#include <string.h>

#include "runtime/core/driver.h"
#include "cli/cmd.h"
#include "cli/live/live.h"
#include "cli/live/live_json.h"

static bool json;

/* It is not the host's own driver that has it. */
static bool is_not_the_hosts(const struct live *l, unsigned k)
{
	const struct pci_function *f = l->function[k].f;
	const struct plan_entry *e = host_entry(&l->host, f);

	return !*f->driver || driver_is_for_guests(f->driver) ||
	       (e->rule && !e->rule->keep && !strcmp(f->driver, e->driver));
}

/* An override may be left where the host's driver has the function, by a bind that was killed: the
 * next time that its module is loaded it would lose it. */
static void release_item(void *live, unsigned k)
{
	struct live *l = live;
	struct live_function *one = &l->function[k];

	if (!live_may_take(l, k))
		return;
	if (one->wanted)
		live_give_back(l, k, false);
	else if (*one->override)
		one->done = !live_override(l, one->f, "");
}

static int say_released(struct live *l, struct live_function *one)
{
	char at[64], from[PCI_DRIVER_NAME + 8] = "", names[HOST_NAME_MAX];
	const char *was = one->f->driver;

	text_make(at, sizeof(at), "%pa [%pi]", &one->f->at, one->f);
	if (*was)
		text_make(from, sizeof(from), " from %s", was);
	if (!one->wanted && *one->override && !one->done)
		return cmd_complain("%s: driver_override %s was not cleared: see the "
				    "kernel log", at, one->override);
	if (!one->wanted && json)
		return CMD_OK;
	if (!one->wanted) {
		printf("%s is the host's already, %s has it%s%s%s\n", at, was,
		       *one->override ? "; driver_override " : "", one->override,
		       *one->override ? " was left, and is cleared" : "");
		return CMD_OK;
	}
	if (!one->done)
		return cmd_complain("%s: the kernel has not returned from releasing it%s: see the "
				    "kernel log", at, from);
	if (*one->driver && !strcmp(one->driver, was))
		return cmd_complain("%s: %s has bound it again: does %s.ids= or new_id name its "
				    "ID?", at, was, was);
	if (!*one->driver && *host_candidates(&l->host, one->f, names))
		return cmd_complain("%s: released%s, but no driver has bound it, "
				    "though %s can: see the kernel log", at, from, names);
	if (json)
		return CMD_OK;
	if (*one->driver)
		printf("%s released%s, %s has it now\n", at, from, one->driver);
	else
		printf("%s released%s, the host has no driver for it\n", at, from);
	return CMD_OK;
}

static void say_what_would_be(const struct live_function *one)
{
	char at[64];

	text_make(at, sizeof(at), "%pa [%pi]", &one->f->at, one->f);
	if (one->wanted)
		printf("%s to be released%s%s\n", at, *one->f->driver ? " from " : "",
		       one->f->driver);
	else if (*one->override)
		printf("%s: driver_override %s to be cleared, %s has it\n", at, one->override,
		       one->f->driver);
	else
		printf("%s is the host's already, %s has it\n", at, one->f->driver);
}

/* What is to be done with it; NULL: nothing. */
static const char *action_of(const struct live_function *one)
{
	return one->wanted ? "release" : *one->override ? "clear-override" : NULL;
}

static void print_json(const struct live *l, const bool *good, bool dry_run)
{
	for (unsigned k = 0; k < l->n; k++) {
		const struct live_function *one = &l->function[k];
		const char *action = action_of(one);
		bool unknown = dry_run || !action;
		live_json_set(l, k, action, unknown ? LIVE_DONE_UNKNOWN :
			      good[k] ? LIVE_DONE_YES : LIVE_DONE_NO,
			      one->wanted && one->done ? one->driver : one->f->driver);
	}
	live_json_print(l);
}

static int release_cards(struct live *l, bool dry_run)
{
	bool good[PCI_FUNCTIONS_MAX] = { false };
	int code = CMD_OK;

	if (json)
		live_json_start(l);
	if (!dry_run)
		live_begin();
	if (!live_is_free(l))
		return CMD_FAILED;
	for (unsigned k = 0; dry_run && !json && k < l->n; k++)
		say_what_would_be(&l->function[k]);
	if (dry_run && json)
		print_json(l, good, dry_run);
	if (dry_run)
		return CMD_OK;
	live_run(l, l->n, release_item);
	if (l->stop)
		live_complain(l);
	/* What has not begun stays as it is: the reason is said. */
	for (unsigned k = 0; k < l->n; k++)
		if (!l->stop || l->function[k].done) {
			good[k] = say_released(l, &l->function[k]) == CMD_OK;
			code |= good[k] ? CMD_OK : CMD_FAILED;
		}
	if (json)
		print_json(l, good, dry_run);
	return l->stop ? CMD_FAILED : code;
}

static struct live_options opt = { .verb = "release", .wants = is_not_the_hosts };

static const struct cmd_option options[] = {
	CMD_DRY_RUN(&opt.dry_run),
	CMD_JSON(&json),
	CMD_END,
};

static int run_release(int argc, char **argv)
{
	if (!argc)
		return cmd_misused(&verb_release, "a card is required");
	struct live *l = live_open(&opt, (unsigned)argc, argv);
	if (!l)
		return CMD_FAILED;
	int code = release_cards(l, opt.dry_run);
	live_close(l);
	return code;
}

const struct cmd_verb verb_release = {
	.name = "release",
	.summary = "give a card back to the host now",
	.arguments = "CARD ...",
	.about = "Takes all functions of the cards from vfio-pci, or from the driver of their\n"
		 "rule, and gives them back to the host's own drivers, now. CARD is an address,\n"
		 "an ID or words of its name, see vgapass list.",
	.options = options,
	.notes = "A card that a guest has is refused, and the process is named. A driver_override\n"
		 "that was left on one of its functions is cleared. The configuration is not\n"
		 "changed: its rules apply at the next boot, until vgapass remove.",
	.exits = "0 the host has them, 1 refused or failed, 2 usage.",
	.plural = "functions",
	.run = run_release,
};
