/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receipt_read.h - what the last boot did, read from /run/vgapass/receipt.json.
 *
 * vgapass-receipt(5) is the form; members that are not known are passed over.
 */
#pragma once

#include <json-c/json.h>

#include "runtime/io/gather.h"

/* A receipt's text, to be given back with json_object_put(); NULL: it is none. */
json_object *receipt_parse(const char *text);

/* The receipt below the root, to be given back with json_object_put(). NULL: there is none, and
 * *why is NULL, or it is no receipt, and *why says what is wrong with it. */
json_object *receipt_read(const struct roots *roots, const char **why);

/* A member as text; "" where it is missing, null or no text. */
const char *receipt_text(json_object *o, const char *name);

/* A member that is a list; NULL where it is missing or none. */
json_object *receipt_list(json_object *o, const char *name);
