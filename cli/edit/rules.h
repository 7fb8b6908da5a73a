/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.h - rules that are added for a person: made, judged by the engine, written. */
#pragma once

#include "choose.h"
#include "conf_set.h"

struct once;

#define RULES_NEW_MAX CONFIG_RULES_MAX
#define RULE_TEXT_MAX 256

struct new_rule {
	char text[RULE_TEXT_MAX];
	char comment[HOST_NAME_MAX];
	const struct pci_function *f; /* that it is to take; NULL: whatever it matches */
};

/* What a verb was asked to do with them. */
struct rules_how {
	const struct cmd_verb *verb;
	char file[64];       /* as messages name it: "vgapass.conf" */
	const char *profile; /* NULL: outside of sections; config_trial: in [trial] */
	const char *with;    /* "slot", "group", or NULL */
	unsigned vfs;        /* so many virtual functions for guests; 0: the card itself */
	bool take_boot_display, no_iommu, required;
	bool dry_run, apply, json;
	bool yes;     /* ask nothing */
	bool verbose; /* with `apply`, all that the tool prints */
	const struct once *once; /* what the next boot is asked when all is done; NULL: nothing */
};

struct new_rules {
	unsigned n;
	struct new_rule rule[RULES_NEW_MAX];
};

/* Sets how->file to the file that --file names (NULL: vgapass.conf) and checks its name and
 * how->profile. Returns CMD_OK, or CMD_USAGE after printing the reason. */
int rules_check_names(struct rules_how *how, const char *file);

/* Adds an empty rule. NULL, said: there are RULES_NEW_MAX already. */
struct new_rule *rules_new(struct new_rules *rules);

/* Makes the rule that takes this function and no other. It names ID and path, so that neither a
 * second card of the kind nor another card in its slot is taken. The serial number is not used:
 * some makers give the same one to all cards. */
void rules_identify(const struct host *h, const struct rules_how *how,
		    const struct pci_function *f, struct new_rule *ret);

/* The plan of a configuration that has this rule alone. It is valid until the next call. */
const struct plan *rules_alone(const struct run *run, const struct rule *rule);

/* Returns the option that allows what was refused: "--take-boot-display"; "": there is none. */
const char *rules_way_out(const struct host *h, enum reason reason);

/* Adds why the plan e is in refuses f, and what to do; `ours`: its rule is not written yet. */
void rules_say_refused(const struct host *h, const struct pci_function *f,
		       const struct plan_entry *e, bool ours);

/* The rules as lines of a file, comments aligned. Valid until the next call. */
struct slice rules_lines(const struct new_rules *rules);

/* Adds the rules to the file and plans with it. Returns CMD_OK, and *first is the line of the first
 * rule; or CMD_FAILED after printing the reason: a file or the configuration would be too large. */
int rules_add(struct host *h, struct conf_set *set, const struct rules_how *how,
	      const struct new_rules *rules, uint32_t *first);

/* True: r is one of n rules that were added at `first`. */
bool rules_is_new(const struct rule *r, const struct rules_how *how, uint32_t first, unsigned n);

/* Notes a rule of the changed files for JSON. */
void rules_account(struct conf_set *set, const struct rule *rule, const char *action);

/* Print what the plan in h->run does with these functions, parallel to the inventory. */
void rules_show_plan(const struct host *h, const struct rules_how *how, const bool *wanted);

/* Adds what in their IOMMU groups will keep the functions of the cards from a guest, and which of
 * them appear too late for the boot. */
void rules_show_strangers(struct host *h, const struct card *cards, unsigned n);

/* Asks whether to write. Returns CMD_OK, or CMD_FAILED after printing why: no, or there is nobody
 * to ask. */
int rules_confirm(const struct rules_how *how);

/* Ends a verb that had nothing to change: rebuilds the boot images if --apply asks for it, as they
 * may be older than the configuration. Returns an exit code. */
int rules_unchanged(const struct host *h, const struct rules_how *how);

/* Ends a verb: makes sure that the files can be written (dry run), or writes them and rebuilds the
 * boot images (--apply) or says that this is to be done. Returns an exit code. */
int rules_finish(const struct host *h, const struct conf_set *set, const struct rules_how *how);

/* What a verb does with the cards that were named or chosen. Returns an exit code. */
typedef int rules_edit_fn(struct host *h, struct conf_set *set, const struct rules_how *how,
			  const struct cards *cards);

/* Opens the machine and its configuration, finds the n cards that are named, or asks for those that
 * can_go() lets through, and calls edit. Returns an exit code. */
int rules_edit(const struct host_options *o, const struct rules_how *how, int n, char **names,
	       choose_fn *can_go, rules_edit_fn *edit);

/* The same for what changes the configuration, but is about no card. Returns an exit code. */
typedef int rules_run_fn(struct host *host, struct conf_set *set, void *arg);

int rules_run(const struct host_options *o, const struct rules_how *how, rules_run_fn *run,
	      void *arg);
