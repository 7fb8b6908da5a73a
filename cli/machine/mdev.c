/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdev.c - see mdev.h */
#include "mdev.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/out/xalloc.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "whole_file.h"

#define DEVICES "bus/mdev/devices"
#define DEFINITIONS "etc/mdevctl.d"
#define DEFINITION_MAX (1 << 16) /* bytes; mdevctl writes some 200 */
#define PATH_BYTES 1024

bool mdev_parse_uuid(const char *text, char uuid[MDEV_UUID_SIZE])
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	unsigned i;

	for (i = 0; form[i]; i++) {
		char c = text[i];
		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		if (form[i] == '-' ? c != '-' : !digit)
			return false;
		uuid[i] = c;
	}
	uuid[i] = '\0';
	return !text[i];
}

/* --- names of a folder, in their order */

struct names {
	unsigned n;
	char **name;
};

static int add_name(const char *name, void *arg)
{
	struct names *l = arg;

	l->name = xreallocarray(l->name, l->n + 1, sizeof(*l->name));
	l->name[l->n++] = xstrdup(name);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Returns 0, or -errno. */
static int read_names(int at, const char *path, struct names *ret)
{
	*ret = (struct names){ 0, NULL };
	int error = sysfs_list(at, path, add_name, ret);

	if (ret->n)
		qsort(ret->name, ret->n, sizeof(*ret->name), compare_names);
	return error;
}

static void free_names(struct names *l)
{
	for (unsigned i = 0; i < l->n; i++)
		free(l->name[i]);
	free(l->name);
}

/* --- all devices */

static struct mdev *add_device(struct mdevs *l, const char *uuid)
{
	l->list = xreallocarray(l->list, l->n + 1, sizeof(*l->list));
	struct mdev *m = &l->list[l->n++];

	*m = (struct mdev){ .group = -1 };
	text_make(m->uuid, sizeof(m->uuid), "%s", uuid);
	return m;
}

/* A type is a word of a driver. What else a file of definitions may have is not for a terminal, and
 * neither XML nor SQL has "--" in a comment. */
static void copy_type(char to[MDEV_NAME_MAX], const char *type)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	text_make(to, MDEV_NAME_MAX, "%s", type);
	for (char *p = to; *p; p++)
		if (!strchr(allowed, *p) || (*p == '-' && p > to && p[-1] == '-'))
			*p = '?';
}

/* The device is a folder in that of its parent. */
static void read_device(const struct host *h, struct mdevs *l, const char *uuid)
{
	char path[PATH_BYTES], target[PATH_BYTES], group[16];
	int sys = h->roots.sys;
	struct mdev *m;

	text_make(path, sizeof(path), DEVICES "/%s", uuid);
	if (sysfs_link(sys, path, 1, target, sizeof(target)) <= 0)
		return;
	m = add_device(l, uuid);
	m->exists = true;
	char *end = strrchr(target, '/');
	if (end) {
		*end = '\0';
		const char *parent = strrchr(target, '/');
		text_make(m->parent, sizeof(m->parent), "%s", parent ? parent + 1 : target);
	}
	text_make(path, sizeof(path), DEVICES "/%s/mdev_type", uuid);
	if (sysfs_link(sys, path, 0, target, sizeof(target)) > 0)
		copy_type(m->type, target);
	text_make(path, sizeof(path), DEVICES "/%s/iommu_group", uuid);
	if (sysfs_link(sys, path, 0, group, sizeof(group)) > 0)
		m->group = (int)strtol(group, NULL, 10);
}

static const char *text_of(json_object *o, const char *name)
{
	json_object *value;

	return json_object_object_get_ex(o, name, &value) &&
	       json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* A device that exists may have no definition, and its definition may name another card. */
static void read_definition(const struct host *h, struct mdevs *l, const char *parent,
			    const char *uuid)
{
	char path[PATH_BYTES], *text;
	struct mdev *m = (struct mdev *)mdevs_find(l, uuid);

	text_make(path, sizeof(path), DEFINITIONS "/%s/%s", parent, uuid);
	if (whole_file(h->roots.root, path, DEFINITION_MAX, &text) < 0)
		return;
	json_object *o = json_tokener_parse(text);
	if (!m || strcmp(m->parent, parent) != 0) {
		m = add_device(l, uuid);
		text_make(m->parent, sizeof(m->parent), "%s", parent);
		copy_type(m->type, text_of(o, "mdev_type"));
	}
	m->defined = true;
	m->at_boot = !strcmp(text_of(o, "start"), "auto");
	json_object_put(o);
	free(text);
}

static void read_definitions(const struct host *h, struct mdevs *l)
{
	char path[PATH_BYTES], uuid[MDEV_UUID_SIZE];
	struct names parents, names;
	int error = read_names(h->roots.root, DEFINITIONS, &parents);

	l->denied |= error == -EACCES;
	for (unsigned i = 0; i < parents.n; i++) {
		text_make(path, sizeof(path), DEFINITIONS "/%s", parents.name[i]);
		error = read_names(h->roots.root, path, &names);
		l->denied |= error == -EACCES;
		for (unsigned k = 0; k < names.n; k++)
			if (mdev_parse_uuid(names.name[k], uuid))
				read_definition(h, l, parents.name[i], names.name[k]);
		free_names(&names);
	}
	free_names(&parents);
}

void mdevs_read(const struct host *h, struct mdevs *ret)
{
	struct names names;

	*ret = (struct mdevs){ 0, NULL, false };
	read_names(h->roots.sys, DEVICES, &names);
	for (unsigned i = 0; i < names.n; i++)
		read_device(h, ret, names.name[i]);
	free_names(&names);
	read_definitions(h, ret);
}

void mdevs_free(struct mdevs *l)
{
	free(l->list);
}

const struct mdev *mdevs_find(const struct mdevs *l, const char *uuid)
{
	for (unsigned i = 0; i < l->n; i++)
		if (!strcasecmp(l->list[i].uuid, uuid))
			return &l->list[i];
	return NULL;
}

/* --- the card */

const struct pci_function *mdev_parent(const struct host *h, const struct mdev *m)
{
	const struct inventory *inv = &h->run.inv;
	struct pci_address at;

	if (!pci_parse_address(slice_of(m->parent), &at, NULL))
		return NULL;
	for (unsigned i = 0; i < inv->functions; i++)
		if (!pci_compare(&at, &inv->function[i].at))
			return &inv->function[i];
	return NULL;
}

unsigned mdevs_of(const struct host *h, const struct mdevs *l, const struct pci_function *f,
		  const struct mdev **one)
{
	unsigned n = 0;

	*one = NULL;
	for (unsigned i = 0; i < l->n; i++) {
		const struct mdev *m = &l->list[i];
		if (mdev_parent(h, m) != f)
			continue;
		if (!n++ || (m->defined && !(*one)->defined))
			*one = m;
	}
	return n;
}

/* Takes the first type, and prefers one of which another device can be made. */
static void choose_type(const struct host *h, const struct pci_function *f,
			const struct names *types, char type[MDEV_NAME_MAX])
{
	char path[PATH_BYTES], left[16];

	for (unsigned i = 0; i < types->n; i++) {
		text_make(path, sizeof(path), "mdev_supported_types/%s/available_instances",
			  types->name[i]);
		bool free_one = sysfs_read(h->run.inv.devices, path_function(f, path), left,
					   sizeof(left)) > 0 && strtol(left, NULL, 10) > 0;
		if (!i || free_one)
			copy_type(type, types->name[i]);
		if (free_one)
			return;
	}
}

const struct pci_function *mdev_maker(const struct host *h, char type[MDEV_NAME_MAX])
{
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		struct names types;
		read_names(inv->devices, path_function(f, "mdev_supported_types"), &types);
		unsigned n = types.n;
		choose_type(h, f, &types, type);
		free_names(&types);
		if (n)
			return f;
	}
	return NULL;
}

/* is_supported_device() of the kernel (drivers/gpu/drm/i915/intel_gvt.c): Broadwell, Skylake,
 * Broxton, Kaby Lake, Coffee Lake and Comet Lake, with the IDs of include/drm/intel/pciids.h. Each
 * platform has a range of its own, in which no display of another one is. */
bool mdev_has_gvt(const struct pci_function *f)
{
	static const struct { uint32_t from, to; } ids[] = {
		{ 0x1602, 0x163e },                                         /* Broadwell */
		{ 0x1902, 0x193d },                                         /* Skylake */
		{ 0x0a84, 0x0a84 }, { 0x1a84, 0x1a85 }, { 0x5a84, 0x5a85 }, /* Broxton */
		{ 0x5902, 0x593b }, { 0x87c0, 0x87c0 },                     /* Kaby Lake */
		{ 0x3e90, 0x3ea9 }, { 0x87ca, 0x87ca },                     /* Coffee Lake */
		{ 0x9b21, 0x9bf6 },                                         /* Comet Lake */
	};

	if (f->vendor != 0x8086 || PCI_CLASS_BASE(f->class) != PCI_BASE_DISPLAY)
		return false;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (f->device >= ids[i].from && f->device <= ids[i].to)
			return true;
	return false;
}

const char *mdev_definition(const struct mdev *m, char path[3 * MDEV_NAME_MAX])
{
	return text_make(path, 3 * MDEV_NAME_MAX, "/" DEFINITIONS "/%s/%s", m->parent, m->uuid);
}
