/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_edit.h - a configuration file, changed as a careful person would: text in, text out.
 *
 * Pure. Of a text that config_parse() finds no error in, every byte stays that is not asked
 * to go: comments, order, blanks, line ends, and a last line without one.
 */
#pragma once

#include "runtime/core/text.h"

/* Adds lines ('\n' between them, none at the end) after the rules of the last section of that
 * name; with profile NULL, after the rules outside of sections. A missing section is made at the
 * end. Returns the number of the first added line in `out`. If the text does not fit, out->cut
 * is set. */
uint32_t conf_edit_add(struct slice old, const char *profile, struct slice lines,
		       struct text *out);

/* Copies the text without n lines, which are numbered from 1. */
void conf_edit_remove(struct slice old, const uint32_t *lines, unsigned n, struct text *out);
