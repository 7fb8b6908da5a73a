/* SPDX-License-Identifier: GPL-2.0-or-later */
/* path.h - paths below /sys, built without stdio. */
#pragma once

#include "runtime/core/pci.h"
#include "runtime/core/text.h"

/* holds a function's directory and an attribute's or driver's longest name */
struct path {
	char s[192];
};

/* What text_add() makes of it. There is one buffer, so it holds until the next call. */
const char *path_make(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "0000:01:00.0/" and `rest`, an attribute's name or "", in that buffer: a path below
 * inventory.devices */
const char *path_function(const struct pci_function *f, const char *rest);

/* a, b and c one after the other. The text of *p. */
static inline const char *path_join(struct path *p, const char *a, const char *b, const char *c)
{
	return text_make(p->s, sizeof(p->s), "%s%s%s", a, b, c);
}
