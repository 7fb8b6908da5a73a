/* SPDX-License-Identifier: GPL-2.0-or-later */
/* next_boot.h - what the next boot does, for people: a headline, a table, and what is not as wished
 * with what to do about it. The same for every verb.
 */
#pragma once

#include "cli/out/finding.h"
#include "image_look.h"
#include "refusal.h"

/* Adds all that is not as wished in h->run's plan: errors of the configuration, functions that are
 * refused, rules that match nothing, profiles that are not chosen, functions that appear later than
 * the boot looks. Errors are what keeps the next boot from a wish. */
void findings_of_plan(struct host *h, struct findings *l);

/* Part of findings_of_plan(): adds each card that a rule takes and that has mediated devices. */
void findings_of_mediated(const struct host *h, struct findings *l);

/* The boot image of the kernel that boots next. */
enum next_image_state {
	NEXT_UNKNOWN, /* no kernel or no image is found, or it may not be read */
	NEXT_CURRENT, /* it holds the current configuration */
	NEXT_STALE,   /* it holds another one, or cannot do the work */
	NEXT_MISSING,
	NEXT_IDLE,    /* no rule needs it */
};

struct next_image {
	enum next_image_state state;
	char *kernel; /* its version; NULL: not known */
	char *path;   /* below the root; NULL: not known */
	bool runs;    /* the kernel is the one that runs */
};

/* Looks into the image, which takes up to a second for a large one, and adds a finding unless it
 * is as it should be; l may be NULL. next_image_free() is needed afterwards. */
void next_image_look(const struct host *h, struct next_image *ret, struct findings *l);
void next_image_free(struct next_image *i);

/* Adds to a finding how to rebuild the boot images of a kernel, NULL: of all. With an image that
 * lacks vgapass: also what to change in the configuration of the tool, which would make the same
 * image again. */
void next_boot_fix(const struct host *h, const char *kernel, const struct boot_image *image,
		   struct finding *to);

/* Returns { path, state }. */
json_object *next_image_json(const struct next_image *i);

/* Adds why the boot binds nothing: "nothing: vgapass=off is on the kernel command line". Returns
 * false, and adds nothing, if it binds what it can. */
bool next_boot_is_idle(const struct host *h, struct text *t);

/* Adds what the boot does: "2 of 3 bound, 1 refused", or "nothing: vgapass=off is on the kernel
 * command line". */
void next_boot_headline(const struct host *h, struct text *t);

/* Adds ", 2 more when they appear": the functions that the rules take after the boot; nothing if
 * there is none. */
void next_boot_add_late(const struct host *h, struct text *t);

/* Prints a table of the functions that rules of h->run's plan are about: ADDRESS, NAME,
 * "radeon -> vfio-pci", RULE. wanted: parallel to h->run.inv.function, or NULL for all. Prints
 * nothing if there is none. */
void next_boot_table(const struct host *h, const bool *wanted);
