/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rebuild.h - the boot images, rebuilt by the tool of the system that made them. */
#pragma once

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

/* Rebuilds the images of all kernels, shows what the tool prints, and looks into those that boot
 * next. Returns CMD_OK if they hold the current configuration, the tool's exit code, or CMD_FAILED
 * after printing the reason. */
int rebuild_run(const struct host *h, const char *verb);

/* Ends a change of the configuration: rebuilds the images if `apply`, or prints what to run.
 * Returns an exit code. */
int rebuild_end(const struct host *h, const char *verb, bool apply);
