/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.h - rules that are added for a person: made, judged by the engine, written. */
#pragma once

#include "cli/machine/card.h"
#include "conf_set.h"

#define RULES_NEW_MAX CONFIG_RULES_MAX
#define RULE_TEXT_MAX 256

struct new_rule {
	char text[RULE_TEXT_MAX];
	char comment[HOST_NAME_MAX];
	const struct pci_function *f; /* that it is to take; NULL: whatever it matches */
};

/* What a verb was asked to do with them. */
struct rules_how {
	const char *verb;
	char file[64];       /* as messages name it: "vgapass.conf" */
	const char *profile; /* NULL: outside of sections */
	bool take_boot_display, no_iommu, required, dry_run, apply;
};

/* Large: one in a program. */
struct new_rules {
	unsigned n;
	struct new_rule rule[RULES_NEW_MAX];
};

/* Sets how->file to that of --file, NULL: vgapass.conf, and looks at both names. 0, or
 * CMD_USAGE, said. */
int rules_check_names(struct rules_how *how, const char *file);

/* One more, empty. NULL, said: there are as many as a configuration can have. */
struct new_rule *rules_new(struct new_rules *rules, const struct rules_how *how);

/* Makes the rule that takes this function and no other: its ID and its path, which say both
 * what it is and where, so that no second card of the kind and no other card in its place is
 * taken for it. A serial number is none: there are makers who give one to all. */
void rules_identify(const struct host *h, const struct rules_how *how,
		    const struct pci_function *f, struct new_rule *ret);

/* Such a rule for each function of a card. False, said: there are too many. */
bool rules_new_card(const struct host *h, const struct rules_how *how, const struct card *card,
		    struct new_rules *rules);

/* What a rule takes where it is the only one: a plan that holds until the next call. */
const struct plan *rules_alone(const struct run *run, const struct rule *rule);

/* ": --take-boot-display writes that": the option against a refusal, or "". */
const char *rules_way_out(const struct host *h, enum reason reason);

/* The lines of a file that they are, with their comments below each other. */
struct slice rules_lines(const struct new_rules *rules);

/* Adds them to the file and asks the engine for its opinion. 0: the plan is in h->run, and
 * nothing is refused; or CMD_FAILED, said. *first is the line of the first of them. */
int rules_add(struct host *h, struct conf_set *set, const struct rules_how *how,
	      const struct new_rules *rules, uint32_t *first);

/* Says what the plan in h->run does to a function by the rules added, and who in its IOMMU
 * group will keep it from a guest, and what comes too late for the boot. */
void rules_show_plan(const struct host *h, const struct rules_how *how, uint32_t first,
		     unsigned n);
void rules_show_strangers(struct host *h, const struct card *cards, unsigned n);

/* The end of a verb: shows the difference, or writes, and says or does what is due to the boot
 * images. An exit code. */
int rules_finish(const struct host *h, const struct conf_set *set, const struct rules_how *how);
