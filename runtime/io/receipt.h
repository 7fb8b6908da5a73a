/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receipt.h - /run/vgapass/receipt.json: what a run did, for people and programs.
 *
 * vgapass-receipt(5) documents it; fields are only ever added.
 */
#pragma once

#include "gather.h"

/* Bytes of the longest text: 4,096 functions with the longest names that a rule's place can
 * have. */
#define RECEIPT_MAX (16u << 20)

/* The text of receipt.json. */
void receipt_fill(struct text *t, const struct roots *roots, const struct run *r);

/* The text of booted.conf: the configuration files as they are, each behind a comment line
 * with its name. */
void receipt_fill_booted(struct text *t, const struct roots *roots, const struct run *r);

/* Makes run/vgapass below the root. Its directory fd, to be kept: the boot moves /run to
 * the real root while a run may still be going on. Or -errno. */
int receipt_dir(const struct roots *roots);

/* Writes receipt.json into dir, and booted.conf beside it. Each replaces an older one in one
 * step, so that there is a whole one or none. 0, or -errno. */
int receipt_write(const struct roots *roots, int dir, const struct run *r);
