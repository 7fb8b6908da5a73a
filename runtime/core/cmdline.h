/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmdline.h - what the kernel command line says to vgapass and to the VFIO modules.
 *
 * Pure. Words are split and unquoted as the kernel does it (lib/cmdline.c, next_arg()). What
 * is behind a lone "--" is init's; only what turns vgapass off counts there too.
 */
#pragma once

#include "text.h"

/* bytes; the kernel's own limit, COMMAND_LINE_SIZE, is 4096 or less wherever vgapass runs */
#define CMDLINE_MAX 16384

enum run_mode { MODE_ON, MODE_OFF, MODE_DRY_RUN };
#define MODE_WORDS "on|off|dry-run" /* of vgapass=, in this order */

struct cmdline {
	enum run_mode mode;    /* off by one word anywhere, or in a recovery boot; then dry-run */
	struct slice recovery; /* the last word that asks for a recovery boot; n == 0: none */
	struct slice profile;  /* the last vgapass=NAME; n == 0: none chosen */
	struct slice ids;      /* the last vgapass.ids=; n == 0: none */
	uint32_t ids_column;   /* from 1 */
};

/* The slices of *ret point into `text`. */
void cmdline_parse(struct slice text, struct cmdline *ret);

/* Adds to `params` the words "MODULE.NAME=VALUE" as "NAME=VALUE", with spaces between: the
 * kernel leaves those of a loadable module to whoever loads it. '-' and '_' are the same
 * in a module's name. Not ids=: by that a driver takes functions that no rule names. */
void cmdline_module_params(struct slice text, struct slice module, struct text *params);
