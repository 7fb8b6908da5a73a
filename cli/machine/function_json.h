/* SPDX-License-Identifier: GPL-2.0-or-later */
/* function_json.h - a function as every verb's JSON has it. */
#pragma once

#include "cli/out/json.h"
#include "host.h"

/* Returns { address, id, name, driver, group, rule, target, state, reason_code, reason, late }:
 * what the function is on now, and what the next boot does with it. rule: "/etc/vgapass.conf:3";
 * target: the driver that the rule wants; state: bind, refused or keep; each is null where no rule
 * is. late: true for a function that appears after the boot has looked; the rest is about then. */
json_object *function_json(const struct host *h, const struct pci_function *f);
