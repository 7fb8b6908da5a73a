/* SPDX-License-Identifier: GPL-2.0-or-later */
/* saved.h - what vgapass reads of a machine, as text that somebody else can unpack.
 *
 * tests/machines/tree.py describes the form and unpacks it.
 */
#pragma once

#include <stdio.h>

#include "cli/machine/host.h"
#include "scrub.h"

/* Writes the configuration, the kernel command line and the PCI functions of /sys. Calls
 * missing(path, why, arg) for what could not be read though it is there. */
void saved_write(FILE *to, const struct host *h, struct scrub *s,
		 void (*missing)(const char *path, const char *why, void *arg), void *arg);
