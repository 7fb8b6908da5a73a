/* receipt.h - /run/vgapass/receipt.json: what a run did, for people and programs.
 *
 * vgapass-receipt(5) documents it; fields are only ever added.
 */
#pragma once

#include "gather.h"

/* Makes run/vgapass below the root. Its directory fd, to be kept: the boot moves /run to
 * the real root while a run may still be going on. Or -errno. */
int receipt_dir(const struct roots *roots);

/* Writes receipt.json into dir, and booted.conf beside it: the configuration files as they
 * were read, each behind a comment line with its name. Each replaces an older one in one
 * step, so that there is a whole one or none. 0, or -errno. */
int receipt_write(const struct roots *roots, int dir, const struct run *r);
