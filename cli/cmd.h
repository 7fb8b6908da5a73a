/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd.h - the verbs of vgapass, one file each, and what they share in speaking with people.
 *
 * A verb takes its own argv, argv[0] being its name, and gives an exit code.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum { CMD_OK, CMD_FAILED, CMD_USAGE };

int cmd_list(int argc, char **argv);
int cmd_add(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_bind(int argc, char **argv);
int cmd_release(int argc, char **argv);
int cmd_assign(int argc, char **argv);
int cmd_report(int argc, char **argv);

/* One option of a verb: --NAME, or -LETTER where that is not 0. */
struct cmd_option {
	const char *name;
	char letter;
	bool *flag;        /* becomes true, for an option without a value; or */
	const char **text; /* becomes the value; of an option given twice, the last */
};

/* Reads the options in front of, between and behind a verb's arguments; the table ends with
 * a NULL name. --help prints `help`, if that is not NULL. The index of the first argument in
 * argv, where all of them are moved to the end; or negative: -1 - CODE, the verb ends with
 * that exit code. */
int cmd_options(int argc, char **argv, const struct cmd_option *options, const char *help);

/* "vgapass: " and the text to stderr, with a newline. What is wrong, and what to do. Returns
 * CMD_FAILED. */
int cmd_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
