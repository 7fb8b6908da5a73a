/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rebuild.h - the boot images, rebuilt by the tool of the system that made them. */
#pragma once

#include <stdio.h>

#include "cli/out/finding.h"
#include "kernels.h"

/* Returns the commands as a person types them, or what to do where no tool is found or none can
 * help. Good until the next call, as is rebuild_advice_for(). */
const char *rebuild_advice(const struct host *h);

/* The same for one kernel, NULL: all. With an image that lacks vgapass: first, what to change in
 * the configuration of the tool, which would make the same image again. */
const char *rebuild_advice_for(const struct host *h, const char *kernel,
			       const struct boot_image *image);

/* Returns true where nothing on this system can put vgapass into boot images; then *text says why
 * and *instead what to do. */
bool rebuild_unsupported(const struct host *h, const char **text, const char **instead);

struct rebuild_how {
	bool apply;   /* rebuild; else say what to run */
	bool verbose; /* show all that the tool prints; else what is about images and faults */
	FILE *to;     /* for what is printed while it works */
	const char *profile; /* that the rules are in, and a boot has to choose; NULL: none */
};

/* Ends a change of the configuration: rebuilds the images of all kernels and looks into those that
 * boot next, or prints what to run. What is not as wished is added to the findings. Returns CMD_OK
 * if what was asked for is done: the images hold the current configuration; or CMD_FAILED. */
int rebuild_end(const struct host *h, const struct rebuild_how *how, struct findings *l);

/* What a command is for. */
struct rebuild_task {
	const char *doing; /* "Rebuilding the boot images" */
	const char *left;  /* what it leaves where it fails, for the finding */
};

/* Runs one command, whose words end with NULL, in the same way. Returns CMD_OK, or CMD_FAILED and
 * a finding. */
int rebuild_run(const struct host *h, const struct rebuild_how *how,
		const struct rebuild_task *task, const char *const *words, struct findings *l);
