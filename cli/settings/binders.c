/* SPDX-License-Identifier: GPL-2.0-or-later */
/* binders.c - what other programs keep for themselves: driverctl, Unraid, TrueNAS. */
#include "reader.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* The file pci-0000:01:00.0 holds the name of the driver. */
static void read_override(struct reader *r, const char *path)
{
	struct slice name = slice_of(strrchr(path, '/') + 1), driver;
	size_t n;

	if (slice_starts(name, "pci-"))
		slice_cut(&name, '-');
	if (!slice_has(name, ':') || !slice_has(name, '.'))
		return;
	char *text = reader_text(r, path, &n);
	struct slice rest = { text ? text : "", text ? n : 0 };

	driver = slice_next(&rest, '\0');
	r->file = path;
	r->line = 0;
	r->text = "";
	if (n >= PCI_DRIVER_NAME)
		reader_add_unread(r, path, -E2BIG);
	else if (driver.n)
		reader_add(r, SETTING_GIVES, name, name, "")->driver = reader_copy(r, driver);
	free(text);
}

/* BIND=0000:01:00.0|10de:1b81 01:00.1 10de:10f0, as Unraid's script vfio-pci reads it. */
static void read_unraid_line(struct reader *r, struct slice line)
{
	struct slice rest = line, key = slice_cut(&rest, '='), item;
	struct setting *s;

	rest = slice_unquoted(rest);
	if (!slice_is(key, "BIND") || !rest.n)
		return;
	s = reader_add(r, SETTING_GIVES, line, slice_of(""), "");
	while ((item = slice_next(&rest, '\0')).n)
		reader_add_item(r, s, item);
}

/* TrueNAS until 25.10: { "pci_ids": [ "0000:01:00.0", ... ] } */
static void read_truenas_json(struct reader *r)
{
	const char *path = "boot/initramfs_config.json";
	json_object *list = NULL;
	struct setting *s = NULL;
	size_t n;
	char *text = reader_text(r, path, &n);
	json_object *o = text ? json_tokener_parse(text) : NULL;

	r->file = path;
	r->line = 0;
	r->text = "";
	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, "pci_ids", &list);
	for (size_t i = 0;
	     json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
	     i++) {
		s = s ? s : reader_add(r, SETTING_GIVES, slice_of(""), slice_of(""), "");
		reader_add_item(
			r, s,
			slice_of(json_object_get_string(json_object_array_get_idx(list, i)) ?: ""));
	}
	json_object_put(o);
	free(text);
}

/* TrueNAS 26 and later: an address a line. */
static void read_truenas_line(struct reader *r, struct slice line)
{
	r->line = 0;
	reader_add(r, SETTING_GIVES, slice_of(""), slice_next(&line, '\0'), "");
}

void read_binders(struct reader *r)
{
	static const char *const driverctl[] = { "etc/driverctl.d", NULL };

	r->source = SOURCE_DRIVERCTL;
	reader_folders(r, driverctl, "", read_override);
	r->source = SOURCE_UNRAID;
	reader_lines(r, "boot/config/vfio-pci.cfg", JOIN_NOT, read_unraid_line);
	r->source = SOURCE_TRUENAS;
	read_truenas_json(r);
	reader_lines(r, "data/subsystems/initramfs/truenas_vfio_pci_ids", JOIN_NOT,
		     read_truenas_line);
}
