/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receipt_read.h - what the last boot did, read from /run/vgapass/receipt.json.
 *
 * vgapass-receipt(5) describes it. Unknown members are ignored, and a missing one is empty. What
 * the lists hold is checked: each function and stray is an object with a PCI address.
 */
#pragma once

#include <json-c/json.h>

#include "runtime/io/gather.h"

/* The receipt in n bytes of text, to be given back with json_object_put(); or NULL, and *why is
 * a sentence without a full stop that names the file and says what is wrong with it. */
json_object *receipt_parse(const char *text, size_t n, const char **why);

/* The receipt of this boot below the root, to be given back with json_object_put(). Functions that
 * appeared later, which vgapass-late writes to files of their own, are in its list of functions,
 * which is in the order of addresses. NULL: there
 * is no receipt, and *why is NULL; or it cannot be used, and *why says why. */
json_object *receipt_read(const struct roots *roots, const char **why);

/* A member as text; "" where it is missing, null or no text. */
const char *receipt_text(json_object *o, const char *name);

/* A member that is a list of objects; NULL where it is missing. */
json_object *receipt_list(json_object *o, const char *name);

/* Replaces control characters in all texts of a value by '?', so that they can be printed: a
 * terminal would obey them. */
void receipt_make_printable(json_object *value);
