/* SPDX-License-Identifier: MIT */
/* receipt [DIRECTORY]: prints "ADDRESS STATE" for each function of a vgapass-receipt(5).
 * cc -o receipt receipt.c $(pkg-config --cflags --libs json-c) */
#include <err.h>
#include <glob.h>
#include <json-c/json.h>
#include <stdio.h>

static json_object *need(json_object *o, const char *name, json_type type)
{
	if (!json_object_is_type(o = json_object_object_get(o, name), type))
		errx(1, "%s: missing, or of another type", name);
	return o;
}

static void add(json_object *states, json_object *f)
{
	json_object_object_add(states, json_object_get_string(need(f, "address", json_type_string)),
			       json_object_get(need(f, "state", json_type_string)));
}

int main(int argc, char **argv)
{
	const char *directory = argc > 1 ? argv[1] : "/run/vgapass";
	char path[4096];
	snprintf(path, sizeof(path), "%s/receipt.json", directory);
	json_object *receipt = json_object_from_file(path), *states = json_object_new_object();
	if (json_object_get_int(need(receipt, "version", json_type_int)) != 1)
		errx(1, "version is not known");
	json_object *list = need(receipt, "functions", json_type_array);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		add(states, json_object_array_get_idx(list, i));
	glob_t late = { 0 }; /* A function that appeared later has a file, which counts more. */
	snprintf(path, sizeof(path), "%s/late/*.json", directory);
	for (glob(path, 0, NULL, &late); late.gl_pathc; late.gl_pathc--, late.gl_pathv++)
		add(states, json_object_from_file(*late.gl_pathv));
	json_object_object_foreach(states, at, state)
		printf("%s %s\n", at, json_object_get_string(state));
}
