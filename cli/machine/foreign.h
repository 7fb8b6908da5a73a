/* SPDX-License-Identifier: GPL-2.0-or-later */
/* foreign.h - lines of vgapass.conf as people know them from lspci or from other programs. */
#pragma once

#include "runtime/core/text.h"

/* Adds to *text what such a line is, and to *fix what to write in its place. Returns false and
 * adds nothing if it looks like nothing that is known. */
bool foreign_line(struct slice line, struct text *text, struct text *fix);
