/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.h - from what a setting says to a rule; and which settings can go then. */
#pragma once

#include "cli/out/finding.h"
#include "cli/settings/settings.h"

/* Adds the rule of an ID as vfio-pci.ids= takes it. A class mask that no rule can say becomes
 * the next wider one, if that means no other function of this machine. False: no rule can say
 * it. */
bool import_id_rule(const struct host *h, struct text *rule, struct slice item);

/* Prints what can be deleted when the plan in h->run holds, if it binds anything: neither what was
 * left out, nor blacklists of modules that want none of the functions planned. l: adds it to these
 * instead; or NULL. */
void import_advise(struct host *h, const struct settings *found, struct findings *l);
