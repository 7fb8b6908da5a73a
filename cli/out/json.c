/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c - see json.h */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "xalloc.h"

#define JSON_FORM \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

/* In a receipt each byte becomes a character too. */
json_object *json_text(const char *text, size_t n)
{
	char *made = xmalloc(2 * n + 1), *w = made;

	memcpy(made, text, n);
	made[n] = '\0';
	if (utf8_is_valid(made, n))
		w += n;
	else
		for (const unsigned char *p = (const unsigned char *)text; n; n--, p++) {
			if (*p >= 0x80)
				*w++ = (char)(0xc0 | *p >> 6);
			*w++ = (char)(*p < 0x80 ? *p : 0x80 | (*p & 0x3f));
		}
	json_object *o = json_object_new_string_len(made, (int)(w - made));
	free(made);
	return o;
}

void json_set(json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, text && *text ? json_text(text, strlen(text)) : NULL);
}

void json_set_number(json_object *o, const char *name, long long n)
{
	json_object_object_add(o, name, json_object_new_int64(n));
}

void json_set_flag(json_object *o, const char *name, bool flag)
{
	json_object_object_add(o, name, json_object_new_boolean(flag));
}

json_object *json_document(const char *plural, json_object *list)
{
	json_object *o = json_object_new_object();

	json_set_number(o, "version", JSON_VERSION);
	json_object_object_add(o, plural, list);
	return o;
}

static bool was_printed;

bool json_was_printed(void)
{
	return was_printed;
}

void json_print(json_object *document)
{
	was_printed = true;
	puts(json_object_to_json_string_ext(document, JSON_FORM));
	json_object_put(document);
}
