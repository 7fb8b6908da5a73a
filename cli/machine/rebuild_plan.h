/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rebuild_plan.h - which commands rebuild the boot images of this system, for rebuild.c. */
#pragma once

#include "kernels.h"

#define STEP_WORDS_MAX 7

/* A command. */
struct rebuild_step {
	unsigned n;
	char *word[STEP_WORDS_MAX + 1]; /* a NULL behind the last */
	bool may_fail; /* it fails where it was done before */
};

struct rebuild_plan {
	unsigned n;
	struct rebuild_step *step;
	const char *unsupported; /* what makes boot images here cannot carry vgapass: "NixOS is not
				    supported: ..."; NULL: it can */
	const char *instead;     /* what to do then */
	const char *unmounted;   /* "boot": images would be written below the mount point */
	bool later;              /* the image that boots is made while the system shuts down */
};

/* Plans the commands for one kernel, or for all where `kernel` is NULL. No tool found: n is 0.
 * rebuild_plan_free() is needed afterwards. */
void rebuild_plan(const struct host *h, const struct kernels *kernels, const char *kernel,
		  struct rebuild_plan *ret);
void rebuild_plan_free(struct rebuild_plan *p);

/* Appends the commands as a person types them: "COMMAND && COMMAND". */
void rebuild_plan_text(const struct rebuild_plan *p, struct text *t);

/* Finds a program of the system: its path with a "/" in front. False: it is not installed. */
bool rebuild_find_program(const struct host *h, const char *name, char *path, size_t cap);

/* Finds a setting of the tool that keeps vgapass out of the image: what it is, and what to write,
 * for "TEXT, then COMMAND". False: none is found. */
bool rebuild_obstacle(const struct host *h, const struct rebuild_plan *p,
		      const struct boot_image *image, struct text *t);
