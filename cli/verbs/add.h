/* SPDX-License-Identifier: GPL-2.0-or-later */
/* add.h - what vgapass add does, for vgapass try. */
#pragma once

#include "cli/edit/rules.h"

/* Writes the rules for n cards as vgapass add does, with the same refusals. Returns an exit
 * code. */
int add_on_trial(const struct rules_how *as, const struct host_options *o, int n, char **names);
