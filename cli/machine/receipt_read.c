/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receipt_read.c - see receipt_read.h */
#include "receipt_read.h"

#include <errno.h>

#include "runtime/io/receipt.h"
#include "runtime/io/sysfs.h"

json_object *receipt_parse(const char *text)
{
	json_object *o = json_tokener_parse(text);

	if (o && json_object_is_type(o, json_type_object) && *receipt_text(o, "result"))
		return o;
	json_object_put(o);
	return NULL;
}

json_object *receipt_read(const struct roots *roots, const char **why)
{
	static char text[RECEIPT_MAX];
	ssize_t n = sysfs_read_file(roots->root, "run/vgapass/receipt.json", text, sizeof(text));

	if (n < 0) {
		*why = n == -ENOENT ? NULL : "/run/vgapass/receipt.json cannot be read";
		return NULL;
	}
	json_object *o = receipt_parse(text);
	if (!o)
		*why = "/run/vgapass/receipt.json is not a receipt";
	return o;
}

const char *receipt_text(json_object *o, const char *name)
{
	json_object *member = NULL;

	if (!json_object_object_get_ex(o, name, &member) ||
	    !json_object_is_type(member, json_type_string))
		return "";
	return json_object_get_string(member);
}

json_object *receipt_list(json_object *o, const char *name)
{
	json_object *member = NULL;

	json_object_object_get_ex(o, name, &member);
	return json_object_is_type(member, json_type_array) ? member : NULL;
}
