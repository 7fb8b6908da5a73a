/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receipt_read.c - see receipt_read.h */
#include "receipt_read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/receipt.h"
#include "runtime/io/sysfs.h"
#include "cli/out/xalloc.h"
#include "whole_file.h"

#define PATH "run/vgapass/receipt.json"
#define FILE_NAME "/" PATH
#define NOT_ONE(what) FILE_NAME " is not a receipt (" what ")"
#define VERSION 1
#define LATE_DIR "run/vgapass/late" /* a file for each function that appeared after the boot */
#define LATE_MAX 65536              /* bytes of such a file */

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

/* JSON has no NaN and no infinity, but json-c reads both. */
static bool is_finite(json_object *value)
{
	if (json_object_is_type(value, json_type_double))
		return isfinite(json_object_get_double(value));
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			if (!is_finite(json_object_array_get_idx(value, i)))
				return false;
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member) {
			(void)name;
			if (!is_finite(member))
				return false;
		}
	}
	return true;
}

/* True: the member is missing or one of the words, which end with a NULL. */
static bool is_one_of(json_object *o, const char *name, const char *const *words)
{
	const char *text = receipt_text(o, name);

	if (!json_object_object_get_ex(o, name, NULL))
		return true;
	while (*words && strcmp(*words, text) != 0)
		words++;
	return *words;
}

static bool is_list_of_objects(json_object *o, const char *name, bool addresses)
{
	json_object *list = receipt_list(o, name);
	struct pci_address at;

	if (!list)
		return !json_object_object_get_ex(o, name, NULL);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		json_object *one = json_object_array_get_idx(list, i);
		if (!json_object_is_type(one, json_type_object) ||
		    (addresses &&
		     !pci_parse_address(slice_of(receipt_text(one, "address")), &at, NULL)))
			return false;
	}
	return true;
}

/* What is wrong with a value as a receipt; NULL: nothing. */
static const char *find_fault(json_object *o)
{
	static const char *const modes[] = { "on", "off", "dry-run", NULL };
	static const char *const results[] = { "ok", "partial", "failed", "refused", "nothing",
					       "off", "error", NULL };
	json_object *version;

	if (!json_object_is_type(o, json_type_object))
		return NOT_ONE("it is no JSON object");
	if (json_object_object_get_ex(o, "version", &version) &&
	    (!json_object_is_type(version, json_type_int) ||
	     json_object_get_int64(version) != VERSION))
		return NOT_ONE("this vgapass knows version 1 alone");
	if (!*receipt_text(o, "result") || !is_one_of(o, "result", results))
		return NOT_ONE("its result is not known");
	if (!is_one_of(o, "mode", modes))
		return NOT_ONE("its mode is not known");
	if (!receipt_list(o, "functions") || !is_list_of_objects(o, "functions", true) ||
	    !is_list_of_objects(o, "strays", true))
		return NOT_ONE("it has no list of functions");
	if (!is_list_of_objects(o, "rules", false) || !is_list_of_objects(o, "problems", false))
		return NOT_ONE("its rules or problems are no list");
	return is_finite(o) ? NULL : NOT_ONE("a number in it is none");
}

static bool is_space(const char *text, size_t n)
{
	while (n && (*text == ' ' || *text == '\n' || *text == '\t' || *text == '\r')) {
		text++;
		n--;
	}
	return !n;
}

/* The only value in the text; NULL: it is no JSON. */
static json_object *parse_json(const char *text, size_t n)
{
	struct json_tokener *t = json_tokener_new();

	if (!t)
		xalloc_fail(sizeof(*t));
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	json_object *o = json_tokener_parse_ex(t, text, (int)n);
	size_t end = json_tokener_get_parse_end(t);
	bool whole = json_tokener_get_error(t) == json_tokener_success &&
		     is_space(text + end, n - end);
	json_tokener_free(t);
	if (whole)
		return o;
	json_object_put(o);
	return NULL;
}

json_object *receipt_parse(const char *text, size_t n, const char **why)
{
	json_object *o = parse_json(text, n);

	*why = o ? find_fault(o) : NOT_ONE("it is no JSON");
	if (!*why)
		return o;
	json_object_put(o);
	return NULL;
}

/* True: a line of /proc/sys/kernel and what the receipt has of it are known, and differ. */
static bool is_other(const struct roots *roots, const char *path, const char *then)
{
	char now[128];

	if (sysfs_read(roots->proc, path, now, sizeof(now)) < 0)
		return false;
	now[strcspn(now, "\n")] = '\0';
	return *then && *now && strcmp(then, now) != 0;
}

/* What is wrong with a receipt that is one; NULL: nothing. */
static const char *find_other_boot(const struct roots *roots, json_object *receipt)
{
	if (is_other(roots, "sys/kernel/random/boot_id", receipt_text(receipt, "boot_id")))
		return FILE_NAME " is the receipt of another boot";
	if (is_other(roots, "sys/kernel/osrelease", receipt_text(receipt, "kernel")))
		return FILE_NAME " is the receipt of another kernel's boot";
	return NULL;
}

static bool is_same_function(json_object *a, json_object *b)
{
	return !strcmp(receipt_text(a, "address"), receipt_text(b, "address"));
}

/* Puts the object of a late function into the list: in place of the one with its address, or
 * behind all others. */
static void put_late(json_object *list, json_object *late)
{
	size_t n = json_object_array_length(list);

	for (size_t i = 0; i < n; i++)
		if (is_same_function(json_object_array_get_idx(list, i), late))
			n = i;
	json_object_array_put_idx(list, n, late);
}

struct late {
	const struct roots *roots;
	json_object *list;
};

/* A file that is no such object is left out: vgapass-late replaces files in one step, so it is
 * none of its own. */
static int add_late(const char *name, void *arg)
{
	const struct late *l = arg;
	struct pci_address at;
	struct path path;
	char *text;
	size_t n = strlen(name);

	if (n < 5 || strcmp(name + n - 5, ".json") != 0)
		return 0;
	ssize_t size = whole_file(l->roots->root, path_join(&path, LATE_DIR, "/", name), LATE_MAX,
				  &text);
	json_object *late = size < 0 ? NULL : parse_json(text, (size_t)size);
	free(text);
	if (json_object_is_type(late, json_type_object) && is_finite(late) &&
	    pci_parse_address(slice_of(receipt_text(late, "address")), &at, NULL))
		put_late(l->list, late);
	else
		json_object_put(late);
	return 0;
}

static int compare_functions(const void *a, const void *b)
{
	struct pci_address at[2] = { { .domain = 0 }, { .domain = 0 } };
	json_object *const *one = a, *const *other = b;

	pci_parse_address(slice_of(receipt_text(*one, "address")), &at[0], NULL);
	pci_parse_address(slice_of(receipt_text(*other, "address")), &at[1], NULL);
	return pci_compare(&at[0], &at[1]);
}

static void add_all_late(const struct roots *roots, json_object *receipt)
{
	struct late l = { roots, receipt_list(receipt, "functions") };

	if (sysfs_list(roots->root, LATE_DIR, add_late, &l) >= 0)
		json_object_array_sort(l.list, compare_functions);
}

json_object *receipt_read(const struct roots *roots, const char **why)
{
	char *text;
	ssize_t n = whole_file(roots->root, PATH, RECEIPT_MAX, &text);

	*why = n == -ENOENT || n == -ENOTDIR ? NULL :
	       n == -EFBIG ? NOT_ONE("it is larger than 16 MiB") :
	       n == -EISDIR ? NOT_ONE("it is a directory") :
	       n == -ENODEV ? NOT_ONE("it is not a file") :
	       n == -EACCES ? FILE_NAME " can be read by root alone" : FILE_NAME " cannot be read";
	if (n < 0)
		return NULL;
	json_object *o = receipt_parse(text, (size_t)n, why);
	free(text);
	*why = o ? find_other_boot(roots, o) : *why;
	if (!o)
		return NULL;
	if (!*why) {
		add_all_late(roots, o);
		return o;
	}
	json_object_put(o);
	return NULL;
}

static void make_text_printable(json_object *text)
{
	size_t n = (size_t)json_object_get_string_len(text);
	char *made = xmalloc(n);
	bool changed = false;

	memcpy(made, json_object_get_string(text), n);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)made[i];
		/* U+0080 to U+009F, which some terminals obey as well, are c2 80 to c2 9f. */
		bool wide = c == 0xc2 && i + 1 < n && ((unsigned char)made[i + 1] & 0xe0) == 0x80;
		if (wide)
			made[i++] = '?';
		if (wide || c < 0x20 || c == 0x7f) {
			made[i] = '?';
			changed = true;
		}
	}
	if (changed)
		json_object_set_string_len(text, made, (int)n);
	free(made);
}

void receipt_make_printable(json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		make_text_printable(value);
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			receipt_make_printable(json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member) {
			(void)name;
			receipt_make_printable(member);
		}
	}
}
