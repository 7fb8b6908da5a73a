/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmdline.h - what the kernel command line says to vgapass and to the VFIO modules.
 *
 * Pure. Words are split and unquoted as the kernel does it (lib/cmdline.c, next_arg()). Words
 * after a lone "--" are for init; of them, only those that turn vgapass off are obeyed.
 */
#pragma once

#include "text.h"

/* bytes; the kernel's own limit, COMMAND_LINE_SIZE, is at most 4096 where vgapass runs */
#define CMDLINE_MAX 16384

enum run_mode { MODE_ON, MODE_OFF, MODE_DRY_RUN };
#define MODE_WORDS "on|off|dry-run" /* of vgapass=, in this order */
#define TRIAL_WORD "trial"          /* of vgapass=, too */

struct cmdline {
	enum run_mode mode;    /* off if any word says so, or in a recovery boot; else dry-run if
				  any word says so */
	struct slice recovery; /* the last word that asks for a recovery boot; n == 0: none */
	bool trial;            /* a word says that the rules of [trial] hold */
	struct slice profile;  /* the last vgapass=NAME; n == 0: none, which vgapass=on says too;
				  p == NULL: neither is there */
	struct slice ids;      /* the last vgapass.ids=; n == 0: none */
	uint32_t ids_column;   /* from 1 */
};

/* Fills *ret, whose slices point into `text`. */
void cmdline_parse(struct slice text, struct cmdline *ret);

/* Finds the next vgapass.rule= of *text that is not empty: *ret gets its value, *text what follows
 * it. Returns false if there is none before a lone "--". */
bool cmdline_next_rule(struct slice *text, struct slice *ret);

/* Adds the words "MODULE.NAME=VALUE" to `params` as "NAME=VALUE", separated by spaces: the
 * program that loads a module has to pass them, as the kernel does it only for built-in code.
 * Leaves ids= out, with which a driver takes functions that no rule names. */
void cmdline_module_params(struct slice text, struct slice module, struct text *params);
