/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_edit.h - a configuration file, changed as a careful person would: text in, text out.
 *
 * Pure. Of a text that config_parse() finds no error in, every byte stays that is not asked
 * to go: comments, order, blanks, line ends, and a last line without one.
 */
#pragma once

#include "runtime/core/text.h"

/* Adds lines ('\n' between them, none at the end) after the rules of the last section of that
 * name; with profile NULL, after the rules outside of sections; with config_trial, in [trial]. A
 * missing section is made at the end. Below a comment there is an empty line first, so that the
 * lines are not read as a part of it. Returns the number of the first added line in `out`. If the
 * text does not fit, out->cut is set. */
uint32_t conf_edit_add(struct slice old, const char *profile, struct slice lines,
		       struct text *out);

/* A line that goes, or is replaced. */
struct conf_change {
	uint32_t line;    /* numbered from 1 */
	const char *text; /* what it becomes, without a line end; NULL: it goes */
};

/* Copies the text with n changes. */
void conf_edit_change(struct slice old, const struct conf_change *changes, unsigned n,
		      struct text *out);

/* Copies the text without the lines that begin sections of that name (as for conf_edit_add()) in
 * which nothing is, and without the empty lines below them. */
void conf_edit_drop_empty(struct slice old, const char *profile, struct text *out);

/* Returns a line of the text, without its line end. */
struct slice conf_edit_line(struct slice text, uint32_t line);

/* Copies a line that is a rule and sets options in it, "key=value" with blanks between: one that
 * it has is replaced, the others come behind its last word. */
void conf_edit_set(struct slice line, const char *options, struct text *out);
