/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names.c - what functions are called, and what sysfs says of them as text: see host.h */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/out/xalloc.h"
#include "host.h"
#include "pci_ids.h"
#include "whole_file.h"

#define FILE_MAX (64 << 20) /* Debian 12's has 1.3 MB */

struct host_names {
	struct pci_ids ids;
	char *text;
	bool is_loaded; /* or there is none */
};

/* Debian, and Fedora, Arch and openSUSE. */
static const char *const places[] = { "usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids" };

/* Reads the first file that is there. Returns its length; 0: there is none. */
static size_t read_first(const struct host *h, bool of_sysroot, char **ret, char **path)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		*path = of_sysroot ? host_file(h, places[i]) : xasprintf("/%s", places[i]);
		ssize_t n = of_sysroot ? whole_file(h->roots.root, places[i], FILE_MAX, ret) :
			    whole_file(AT_FDCWD, *path, FILE_MAX, ret);
		if (n > 0)
			return (size_t)n;
		free(*ret);
		free(*path);
	}
	*ret = *path = NULL;
	return 0;
}

/* Loads pci.ids once. A damaged file gives the names before the damage. */
static const struct pci_ids *load_names(const struct host *h)
{
	struct host_names *names = h->names;
	char *path = NULL;

	if (names->is_loaded)
		return &names->ids;
	names->is_loaded = true;
	size_t n = read_first(h, true, &names->text, &path);
	if (!n && *h->sysroot)
		n = read_first(h, false, &names->text, &path);
	pci_ids_read(&names->ids, (struct slice){ names->text, n });
	if (names->ids.is_damaged)
		cmd_complain("warning: %s is damaged, so names are missing", path);
	free(path);
	return &names->ids;
}

void host_open_names(struct host *h)
{
	h->names = xcalloc(1, sizeof(*h->names));
}

void host_close_names(struct host *h)
{
	if (!h->names)
		return;
	pci_ids_free(&h->names->ids);
	free(h->names->text);
	free(h->names);
	h->names = NULL;
}

/* Where a name is missing, the text is lspci's. */
static const char *name_pair(char buf[HOST_NAME_MAX], struct slice vendor, struct slice device,
			     unsigned vendor_id, unsigned device_id)
{
	if (!vendor.n)
		return text_make(buf, HOST_NAME_MAX, "Device %04x:%04x", vendor_id, device_id);
	if (!device.n)
		return text_make(buf, HOST_NAME_MAX, "%pv Device %04x", &vendor, device_id);
	return text_make(buf, HOST_NAME_MAX, "%pv %pv", &vendor, &device);
}

const char *host_name(const struct host *h, const struct pci_function *f, char name[HOST_NAME_MAX])
{
	const struct pci_ids *ids = load_names(h);

	return name_pair(name, pci_ids_vendor(ids, f->vendor),
			 pci_ids_device(ids, f->vendor, f->device), f->vendor, f->device);
}

const char *host_vendor(const struct host *h, const struct pci_function *f,
			char name[HOST_NAME_MAX])
{
	struct slice vendor = pci_ids_vendor(load_names(h), f->vendor);

	return vendor.n ? text_make(name, HOST_NAME_MAX, "%pv", &vendor) :
	       text_make(name, HOST_NAME_MAX, "Vendor %04x", f->vendor);
}

const char *host_device(const struct host *h, const struct pci_function *f,
			char name[HOST_NAME_MAX])
{
	struct slice device = pci_ids_device(load_names(h), f->vendor, f->device);

	return device.n ? text_make(name, HOST_NAME_MAX, "%pv", &device) :
	       text_make(name, HOST_NAME_MAX, "Device %04x", f->device);
}

const char *host_class(const struct host *h, const struct pci_function *f, char name[HOST_NAME_MAX])
{
	const struct pci_ids *ids = load_names(h);
	unsigned base = f->class >> 16 & 0xff, sub = f->class >> 8 & 0xff;
	struct slice class = pci_ids_subclass(ids, base, sub);

	if (class.n)
		return text_make(name, HOST_NAME_MAX, "%pv", &class);
	class = pci_ids_class(ids, base);
	return class.n ? text_make(name, HOST_NAME_MAX, "%pv [%02x%02x]", &class, base, sub) :
	       text_make(name, HOST_NAME_MAX, "Class %02x%02x", base, sub);
}

const char *host_board(const struct host *h, const struct pci_function *f, char name[HOST_NAME_MAX])
{
	*name = '\0';
	if (!f->subvendor && !f->subdevice)
		return name;
	const struct pci_ids *ids = load_names(h);
	struct slice board = pci_ids_board(ids, f->vendor, f->device, f->subvendor, f->subdevice);
	/* The maker of the chip sells the card, too. */
	if (!board.n && f->subvendor == f->vendor && f->subdevice == f->device)
		board = pci_ids_device(ids, f->vendor, f->device);
	return name_pair(name, pci_ids_vendor(ids, f->subvendor), board, f->subvendor,
			 f->subdevice);
}

const char *host_path(const struct pci_function *f, char path[HOST_NAME_MAX])
{
	return text_make(path, HOST_NAME_MAX, "%pr", &f->identity->path);
}

const char *host_serial(const struct pci_function *f, char serial[HOST_NAME_MAX])
{
	struct text t;

	text_start(&t, serial, HOST_NAME_MAX);
	for (int shift = 56; f->has_serial && shift >= 0; shift -= 8)
		text_add(&t, shift ? "%02x-" : "%02x",
			 (unsigned)(f->identity->serial >> shift & 0xff));
	return serial;
}

const char *host_resets(const struct host *h, const struct pci_function *f,
			char resets[HOST_NAME_MAX])
{
	if (sysfs_read(h->run.inv.devices, path_function(f, "reset_method"), resets,
		       HOST_NAME_MAX) < 0)
		*resets = '\0';
	resets[strcspn(resets, "\n")] = '\0';
	for (char *p = resets; *p; p++)
		if (*p == ' ')
			*p = ',';
	return resets;
}
