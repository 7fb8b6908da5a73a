/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.h - from what a finding says to a rule. */
#pragma once

#include "read.h"

/* Adds the rule of vendor:device[:subvendor[:subdevice[:class[:mask]]]], as the kernel's
 * vfio_pci_fill_ids() reads it (drivers/vfio/pci/vfio_pci.c). False: no rule can say it. */
bool import_id_rule(struct text *rule, const char *item);

/* The function that a FOUND_ADDRESS or FOUND_QUBES is about. NULL: there is none, and why. */
const struct pci_function *import_function(const struct run *run, const struct finding *f,
					   const char **why);
