/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_edit.h - a configuration file, changed as a careful person would: text in, text out.
 *
 * Pure. Of a text that config_parse() finds no error in, every byte stays that is not asked
 * to go: comments, order, blanks, line ends, and a last line without one.
 */
#pragma once

#include "runtime/core/text.h"

/* Adds lines ('\n' between them, none at the end) behind the rules of a section, the one that
 * is last of its name, or with profile NULL behind those outside of sections. A section that
 * is not there is made at the end. Returns the line that the first of them is in `out`. What
 * does not fit is seen by out->cut. */
uint32_t conf_edit_add(struct slice old, const char *profile, struct slice lines,
		       struct text *out);

/* Leaves out n lines, by their numbers from 1. */
void conf_edit_remove(struct slice old, const uint32_t *lines, unsigned n, struct text *out);
