/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd.h - the verbs of vgapass, one file each, and how they speak with people.
 *
 * A verb takes its own argv, argv[0] being its name, and returns an exit code.
 *
 * "said" in a comment means that the error has been printed by cmd_complain(): whoever gets such a
 * result prints nothing more and returns it, up to main(). "0, or CMD_FAILED, said" is a function
 * that returns CMD_OK, or CMD_FAILED after printing the reason.
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
int cmd_explain(int argc, char **argv);
int cmd_report(int argc, char **argv);

/* One option of a verb: --NAME, or -LETTER where that is not 0. */
struct cmd_option {
	const char *name;
	char letter;
	bool *flag;        /* becomes true, for an option without a value; or */
	const char **text; /* becomes the value; of an option given twice, the last */
};

/* Reads the options of a verb, which may stand in front of, between and behind its arguments; the
 * table ends with a NULL name. Returns the index in argv of the first argument, where all of them
 * are moved to the end; or -1, and the verb ends with *code: after --help, for which `help` is
 * printed if it is not NULL, or after a usage error. */
int cmd_options(int argc, char **argv, const struct cmd_option *options, const char *help,
		int *code);

/* Returns CMD_OK if there is no argument, or CMD_USAGE after printing the reason. */
int cmd_no_arguments(int argc, char **argv, int first);

/* Prints "vgapass: ", the text and a newline on stderr: the place, what is wrong, what to do.
 * Returns CMD_FAILED. */
int cmd_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
