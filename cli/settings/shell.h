/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shell.h - assignments of files that a shell reads: /etc/default/grub, mkinitcpio.conf, ... */
#pragma once

#include "runtime/core/slice.h"

struct shell_assignment {
	const char *name;     /* "GRUB_CMDLINE_LINUX", "KERNEL_CMDLINE[default]" */
	bool append;	      /* the value comes behind the one before: +=, or "$NAME ..." */
	struct slice value;   /* without quotes; the elements of an array with blanks between */
	const unsigned *line; /* of each byte of the value */
	unsigned first;	      /* the line where the assignment starts */
};

typedef void shell_fn(void *arg, const struct shell_assignment *a);

/* Calls fn for each assignment in the text, in order. Comments, quotes, continued lines, arrays
 * and $NAME of variables that the text has assigned are read as a shell reads them; a command
 * is passed by. A variable whose name begins with `prefix` stands for nothing in others' values,
 * as its own words are reported where it is assigned. */
void shell_read(struct slice text, const char *prefix, shell_fn *fn, void *arg);
