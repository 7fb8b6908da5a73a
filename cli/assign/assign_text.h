/* SPDX-License-Identifier: GPL-2.0-or-later */
/* assign_text.h - the texts that hand a card to a guest, one for each software that runs it.
 *
 * Each goes to stdout, whole, with comments that say where to put it.
 */
#pragma once

#include "cli/machine/card.h"

struct assign {
	const struct host *host;
	const struct card *card;
	unsigned slot; /* --guest-slot, or the form's own */
};

struct assign_form {
	const char *name;                   /* --for NAME */
	unsigned slot, slot_min, slot_max;  /* its --guest-slot; slot_max 0: it has none */
	int (*print)(const struct assign *a); /* CMD_OK, or CMD_FAILED, said */
};

extern const struct assign_form assign_forms[]; /* ends with a NULL name */
