/* SPDX-License-Identifier: GPL-2.0-or-later */
/* problem.h - what is wrong with the configuration and the plan, in the command's words.
 *
 * The engine's phrases are fixed texts, as the boot has no room for more. Here an error quotes the
 * word that it is about, and says which word was probably meant.
 */
#pragma once

#include "host.h"
#include "runtime/core/words.h"

struct problem {
	char at[PLAN_LINE_MAX];   /* "/etc/vgapass.conf:3:11", an address; "": the run as a whole */
	char text[PLAN_LINE_MAX]; /* what is wrong, one phrase: unknown option "adress" */
	char fix[PLAN_LINE_MAX];  /* what to do; "": nothing is known */
	const struct place *in;   /* an error of the configuration: its place, and no rule holds;
				     NULL: it is of another kind */
	bool foreign;             /* the line is in the syntax of other software */
	bool denied;              /* a file that this user cannot read: root may find no error */
};

/* Fills *ret with the k-th problem of h->run, in the order of words_problem(). Returns false if
 * there is no k-th. */
bool problem_get(const struct host *h, unsigned k, struct problem *ret);

/* Returns it as a line, "AT: TEXT: FIX" without what is empty, which is valid until the next call;
 * NULL: there is no k-th. */
const char *problem_line(const struct host *h, unsigned k);

/* Returns the first file or directory of the configuration that this user cannot read, as
 * "/etc/vgapass.conf"; NULL: there is none. Valid until the next call. */
const char *problem_denied(const struct host *h);

/* Replaces " (error 2)", as the engine has it, by " (No such file or directory)"; what does not
 * fit into `size` bytes is cut. */
void problem_error_words(char *text, size_t size);
