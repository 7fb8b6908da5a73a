/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h - vgapass list --class, --group and --driver. */
#pragma once

#include "cli/machine/host.h"

/* What a function must be. Each is a list with commas, of which one must be true; NULL: any. */
struct list_filter {
	const char *class;  /* words as of class= in a rule, or the first digits of a class code */
	const char *group;  /* numbers, or "none" */
	const char *driver; /* names, or "none" */
};

/* Returns CMD_OK, or CMD_USAGE after printing which word is wrong. */
int filter_check(const struct list_filter *l);

/* True: nothing is filtered. */
static inline bool filter_is_empty(const struct list_filter *l)
{
	return !l->class && !l->group && !l->driver;
}

bool filter_has(const struct list_filter *l, const struct pci_function *f);

/* Says that nothing of the machine is left, and where a driver's name is mistyped, which may be
 * meant. */
void filter_note_empty(const struct list_filter *l, const struct host *h);
