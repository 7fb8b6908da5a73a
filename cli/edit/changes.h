/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.h - options that are set in rules that are there already, and rules that go into a
 * profile.
 */
#pragma once

#include "rules.h"

struct rule_change {
	char file[sizeof(struct conf_path)];
	uint32_t line;
	char options[128]; /* that are set: "with=group required=yes" */
	bool moves;        /* into the section of how->profile */
};

struct changes {
	unsigned n;
	struct rule_change change[CONFIG_RULES_MAX];
};

/* Finds out what the rule has to say so that it does for f what `how` asks for; with: its value
 * of with=, or NULL. Returns false if it says so already. */
bool changes_need(const struct rules_how *how, const struct rule *rule,
		  const struct pci_function *f, const char *with, struct rule_change *ret);

/* Notes a change, once for each rule. */
void changes_add(struct changes *all, const struct rule_change *change);

/* Makes the changes in the files of the set and plans with them. Returns CMD_OK, or CMD_FAILED
 * after printing the reason. */
int changes_make(struct host *h, struct conf_set *set, const struct rules_how *how,
		 const struct changes *all);
