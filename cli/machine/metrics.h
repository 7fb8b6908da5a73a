/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.h - what vgapass status says, in the text format of Prometheus, 0.0.4. */
#pragma once

#include "last_boot.h"

/* Prints them on stdout. good: all is as the rules say. */
void metrics_print(const struct last_boot *b, const struct findings *l, bool good);
