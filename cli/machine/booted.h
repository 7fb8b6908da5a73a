/* SPDX-License-Identifier: GPL-2.0-or-later */
/* booted.h - the configuration as it is now against that of the last boot, which is
 * /run/vgapass/booted.conf. */
#pragma once

#include "runtime/io/gather.h"

enum booted { BOOTED_SAME, BOOTED_CHANGED, BOOTED_UNKNOWN };

/* Reads both. r->config is the configuration now. */
enum booted booted_compare(const struct roots *roots, const struct run *r);

/* Prints what booted_compare() found changed: up to `lines` lines of a diff. */
void booted_print(unsigned lines);
