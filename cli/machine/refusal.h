/* SPDX-License-Identifier: GPL-2.0-or-later */
/* refusal.h - why a plan refuses a function, and the line of the configuration that allows it. */
#pragma once

#include "cli/out/finding.h"
#include "host.h"

/* Adds why the entry of f is refused, and what to do; nothing if it is not refused. e is f's entry
 * in h->run's plan, or in another plan for the same functions. */
void findings_of_function(const struct host *h, const struct pci_function *f,
			  const struct plan_entry *e, struct findings *l);

/* Adds what to do about a rule that decides nothing. */
void refusal_fix_miss(const struct host *h, const struct rule *rule, const struct plan_miss *miss,
		      struct finding *to);
