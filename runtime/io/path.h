/* SPDX-License-Identifier: GPL-2.0-or-later */
/* path.h - paths below /sys, built without stdio. */
#pragma once

#include "runtime/core/pci.h"
#include "runtime/core/text.h"

/* Has room for a function's directory and the longest name of an attribute or driver. */
struct path {
	char s[192];
};

/* Returns what text_add() makes of it, in the one buffer of this file: it is valid until the next
 * call of path_make() or path_function(). */
const char *path_make(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Returns "0000:01:00.0/" and `rest`, an attribute's name or "", in the same buffer: a path below
 * inventory.devices. */
const char *path_function(const struct pci_function *f, const char *rest);

/* Returns a, b and c one after the other, in *p. */
static inline const char *path_join(struct path *p, const char *a, const char *b, const char *c)
{
	return text_make(p->s, sizeof(p->s), "%s%s%s", a, b, c);
}
