/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receipt.h - /run/vgapass/receipt.json: what a run did, for people and programs.
 *
 * vgapass-receipt(5) documents it. Fields may be added, never changed or removed.
 */
#pragma once

#include "gather.h"

/* bytes; enough for 4,096 functions whose rules have places with the longest names */
#define RECEIPT_MAX (16u << 20)

/* Adds the text of receipt.json. */
void receipt_fill(struct text *t, const struct roots *roots, const struct run *r);

/* Adds the object of one function, as it is in the list of functions: a line behind `comma`, which
 * ends with " }". */
void receipt_fill_function(struct text *t, const char *comma, const struct run *r, unsigned i);

/* Adds the text of booted.conf: the configuration files as they are, each after a comment line
 * with its name. */
void receipt_fill_booted(struct text *t, const struct roots *roots, const struct run *r);

/* Makes run/vgapass below the root. Returns its directory fd, or -errno. Keep the fd: the boot
 * moves /run to the real root while a run may still be going on. */
int receipt_dir(const struct roots *roots);

/* Writes receipt.json into dir, and booted.conf beside it. Each replaces an older one in one
 * step, so readers find a whole file or none. Returns 0, or -errno. */
int receipt_write(const struct roots *roots, int dir, const struct run *r);
