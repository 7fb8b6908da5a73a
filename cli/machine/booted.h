/* SPDX-License-Identifier: GPL-2.0-or-later */
/* booted.h - the configuration as it is now against that of the last boot, which is
 * /run/vgapass/booted.conf. */
#pragma once

#include "runtime/io/gather.h"

struct booted;

/* Reads both; r->config is the current configuration. NULL: the boot left none, or it cannot be
 * read. To be given back with booted_free(). */
struct booted *booted_read(const struct roots *roots, const struct run *r);
void booted_free(struct booted *b);

/* True: byte for byte. */
bool booted_is_same(const struct booted *b);

/* Prints how they differ: up to `lines` lines of a diff. */
void booted_print(const struct booted *b, unsigned lines);
