/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rebuild.h - the boot images, made anew by the tool of the system that made them. */
#pragma once

#include "host.h"

/* The command as a person types it; "": no tool is there. */
const char *rebuild_command(const struct host *h);

/* The same for a sentence: where no tool is there, what to do. */
const char *rebuild_advice(const struct host *h);

/* Runs it for all installed kernels, and shows what it prints. Its exit code. */
int rebuild_run(const struct host *h, const char *verb);

/* What every change of the configuration ends with: runs it, or says what to run. An exit
 * code. */
int rebuild_end(const struct host *h, const char *verb, bool apply);
