/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.h - a run in words: the same at boot, in the receipt and in `vgapass plan`.
 *
 * Pure. Each refusal ends with what to write to allow it.
 */
#pragma once

#include "run.h"

/* bytes; enough for any line made here: phrases, names of files, drivers and attributes */
#define PLAN_LINE_MAX 768

const char *state_word(enum function_state s); /* bind refused keep bound failed held */
const char *mode_word(enum run_mode m);        /* on off dry-run */

/* Returns the reason in one stable word, for programs: "boot-display"; "" for REASON_NONE. */
struct slice reason_code(enum reason reason);

/* Adds why the entry is refused, failed or held; nothing if there is no reason. f is of r->inv; e
 * is its entry in r->plan, or in another plan for the same functions, from any
 * configuration. */
void words_reason(struct text *t, const struct run *r, const struct pci_function *f,
		  const struct plan_entry *e);

/* Adds "0000:01:00.0 [1002:6608] bound to vfio-pci (/etc/vgapass.conf:3)"; f and e as
 * above. */
void words_function(struct text *t, const struct run *r, const struct pci_function *f,
		    const struct plan_entry *e);

/* Adds the k-th problem of the run: to *at its place (an address, a place in the configuration,
 * or nothing for the run as a whole), to *what its text. Both are empty before. Returns false if
 * there is no k-th. */
bool words_problem(const struct run *r, unsigned k, struct text *at, struct text *what);

/* Returns the same as a line, "AT: WHAT" or "WHAT", which is valid until the next call; NULL:
 * there is no k-th. */
const char *words_problem_line(const struct run *r, unsigned k);

/* Adds what was asked for this boot alone, and whether it counts; nothing if nothing was. */
void words_token(struct text *t, const struct run *r);
