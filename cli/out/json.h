/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h - JSON as every verb prints it; vgapass-json(5) documents it.
 *
 * A document is { "version": 1, "<plural>": [ ... ] } with more members behind. Names are
 * snake_case; null is what is not known or does not exist.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#define JSON_VERSION 1 /* counts up when a member changes its meaning or goes */

/* A JSON string of n bytes. JSON is UTF-8, and what others write need not be: a byte above 0x7f
 * of a text that is no UTF-8 becomes the character of Latin-1. */
json_object *json_text(const char *text, size_t n);

/* Set a member: a text, or null for "" and NULL; a number; true or false. */
void json_set(json_object *o, const char *name, const char *text);
void json_set_number(json_object *o, const char *name, long long n);
void json_set_flag(json_object *o, const char *name, bool flag);

/* Returns a document with a list, which it takes. */
json_object *json_document(const char *plural, json_object *list);

/* Prints a document and frees it. */
void json_print(json_object *document);

/* True: json_print() was called. */
bool json_was_printed(void);
