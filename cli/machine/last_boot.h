/* SPDX-License-Identifier: GPL-2.0-or-later */
/* last_boot.h - what the boot of the running system did, by its receipt, against what is so now. */
#pragma once

#include "booted.h"
#include "next_boot.h"
#include "receipt_read.h"

struct last_boot {
	struct host *host;
	const struct plan *all; /* that of a boot that sees all functions, see host_plan_of_all() */
	json_object *receipt; /* NULL: there is none that can be used, and */
	const char *why;      /* what is wrong with it; NULL: it is not found */
	struct booted *booted; /* the configuration of the boot; NULL: not known */
};

/* h was opened as_boot. last_boot_free() is needed afterwards. */
void last_boot_read(struct host *h, struct last_boot *ret);
void last_boot_free(struct last_boot *b);

/* How many elements a list has, 0 if it is missing; and the i-th function of the receipt. */
size_t last_boot_functions(const struct last_boot *b);
json_object *last_boot_function(const struct last_boot *b, size_t i);

/* Returns the function of the receipt as it is now; NULL: it is gone. */
const struct pci_function *last_boot_now(const struct last_boot *b, json_object *function);

/* Returns true if the boot bound it and it is on another driver now. */
bool last_boot_is_changed(const struct last_boot *b, json_object *function);

/* Returns whether a guest can have the IOMMU group of a function that the boot bound, by what is so
 * now: the boot could not know what the host's drivers take later. Adds why not. */
enum viability last_boot_viable(const struct last_boot *b, json_object *function,
				struct text *why);

/* Returns true if f is on a driver for guests, and neither the boot nor a rule has put it there. */
bool last_boot_is_stray(const struct last_boot *b, const struct pci_function *f);

/* Returns true if the configuration is no longer that of the boot. */
bool last_boot_is_outdated(const struct last_boot *b);

/* What was asked of that boot alone and was taken away: "trial", "off" or "profile"; NULL:
 * nothing. */
const char *last_boot_once(const struct last_boot *b);
bool last_boot_is_trial(const struct last_boot *b);

/* Returns true if some rule of the configuration says required=yes. */
bool last_boot_is_required(const struct last_boot *b);

/* Returns whether what the rules require holds, which is what units ask for. The boot has judged:
 * a rule with required=yes that is not fulfilled makes its result "failed". A boot that was told to
 * do nothing has judged nothing. */
bool last_boot_is_good(const struct last_boot *b);

/* Adds all that is not as wished: what the boot did not do, and what has changed since. */
void findings_of_boot(const struct last_boot *b, struct findings *l);

/* Adds what matters to a unit alone: what required=yes is about, and what has changed. */
void findings_required(const struct last_boot *b, struct findings *l);
