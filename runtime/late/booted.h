/* SPDX-License-Identifier: GPL-2.0-or-later */
/* booted.h - the configuration that this boot started with.
 *
 * A function that appears later is decided by the rules of the boot, not by those that
 * /etc/vgapass.conf may have by now: what a person has edited, and has not put into a boot image
 * yet, changes nothing until the next boot.
 */
#pragma once

#include "runtime/io/gather.h"

/* The boot's reports, which vgapass-early writes: first the one, then the other. */
#define BOOTED_RECEIPT "run/vgapass/receipt.json"
#define BOOTED_CONFIG "run/vgapass/booted.conf"

/* Returns true in a boot image. */
bool booted_is_image(const struct roots *roots);

/* Fills c: in a boot image from its own files, else from booted.conf. Returns false if the boot
 * ran without vgapass, if it was told to do nothing, or if its receipt tells of an error that
 * left the rules without effect. */
bool booted_config(const struct roots *roots, struct config *c);

/* Adds to c the files that booted.conf holds. A file begins with the line "# /etc/NAME", and the
 * names are in their order. A comment of a user that looks the same, and fits into this order,
 * ends the defaults above it. */
void booted_parse(struct config *c, struct slice text);
