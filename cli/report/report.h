/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - a machine as one text for a bug report: see vgapass(8), REPORT. */
#pragma once

#include <stdbool.h>

#include "cli/machine/host.h"

struct report {
	char *text; /* to be freed */
	size_t n;
	char *missing; /* a line for each thing that could not be read, to be freed */
};

/* Makes the report of the machine; with `full` nothing is replaced. Runs verbs of this program. */
void report_make(const struct host *h, const struct host_options *o, bool full, struct report *ret);
