/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_verb.h - what a verb of this program prints, whatever becomes of it. */
#pragma once

#include <stddef.h>

#include "cli/cmd.h"

/* Runs a verb in a process of its own; argv begins with its name and ends with NULL. Returns what
 * it prints on stdout and stderr, to be freed, and its length in *n. Says in `end` how it ended:
 * "exit code 1". One that takes more than a minute is ended. */
char *run_verb(const struct cmd_verb *verb, const char *const *argv, size_t *n,
	       char end[64]);
