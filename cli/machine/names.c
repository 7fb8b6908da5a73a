/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names.c - what functions are called, and what sysfs says of them as text: see host.h */
#include <pci/pci.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/out/xalloc.h"
#include "host.h"

#define NAMES_FILE "usr/share/misc/pci.ids"

static void ignore(char *message, ...)
{
	(void)message;
}

/* libpci calls fail() if pci.ids is damaged or memory runs out; fail() must not return to it. */
static jmp_buf loading;
static bool is_loading;

static void fail(char *message, ...) __attribute__((noreturn));

static void fail(char *message, ...)
{
	if (is_loading && strncmp(message, "Out of memory", 13) != 0)
		longjmp(loading, 1);
	xalloc_fail(sizeof(struct pci_access));
}

/* Loads pci.ids once. A damaged file gives the names before the damage. */
static struct pci_access *load_names(const struct host *h)
{
	static const struct pci_access *loaded;

	if (loaded == h->pci_ids)
		return h->pci_ids;
	loaded = h->pci_ids;
	is_loading = true;
	if (!setjmp(loading))
		pci_load_name_list(h->pci_ids);
	else
		cmd_complain("warning: %s is damaged, so names are missing",
			     h->pci_ids->id_file_name);
	is_loading = false;
	return h->pci_ids;
}

/* libpci opens the file itself, and would block on a FIFO. */
static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

void host_open_names(struct host *h)
{
	struct pci_access *access = pci_alloc();
	char *path = NULL;

	/* pci_init() would set these, but it also looks for functions. */
	access->debug = access->warning = ignore;
	access->error = fail;
	/* Without this each unknown ID is looked up in the cache of lspci -q. */
	access->id_lookup_mode = 0;
	if (*h->sysroot)
		path = host_file(h, NAMES_FILE);
	if (path && is_file(path))
		pci_set_name_list_path(access, path, 1);
	else
		free(path);
	h->pci_ids = access;
}

void host_close_names(struct host *h)
{
	if (h->pci_ids)
		pci_cleanup(h->pci_ids);
	h->pci_ids = NULL;
}

const char *host_name(const struct host *h, const struct pci_function *f, char name[HOST_NAME_MAX])
{
	return pci_lookup_name(load_names(h), name, HOST_NAME_MAX,
			       PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_HWDB,
			       f->vendor, f->device);
}

const char *host_vendor(const struct host *h, const struct pci_function *f,
			char name[HOST_NAME_MAX])
{
	return pci_lookup_name(load_names(h), name, HOST_NAME_MAX,
			       PCI_LOOKUP_VENDOR | PCI_LOOKUP_NO_HWDB, f->vendor);
}

const char *host_device(const struct host *h, const struct pci_function *f,
			char name[HOST_NAME_MAX])
{
	return pci_lookup_name(load_names(h), name, HOST_NAME_MAX,
			       PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_HWDB, f->vendor, f->device);
}

const char *host_class(const struct host *h, const struct pci_function *f, char name[HOST_NAME_MAX])
{
	return pci_lookup_name(load_names(h), name, HOST_NAME_MAX,
			       PCI_LOOKUP_CLASS | PCI_LOOKUP_NO_HWDB, f->class >> 8);
}

const char *host_board(const struct host *h, const struct pci_function *f, char name[HOST_NAME_MAX])
{
	*name = '\0';
	if (!f->subvendor && !f->subdevice)
		return name;
	return pci_lookup_name(load_names(h), name, HOST_NAME_MAX,
			       PCI_LOOKUP_SUBSYSTEM | PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE |
			       PCI_LOOKUP_NO_HWDB,
			       f->vendor, f->device, f->subvendor, f->subdevice);
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
