/* host.c - see host.h */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <libkmod.h>
#include <pci/pci.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/io/path.h"
#include "../runtime/io/scan.h"
#include "../runtime/io/sysfs.h"
#include "cmd.h"

#define NAMES_FILE "usr/share/misc/pci.ids"

static char *make_cmdline(const struct host *h, const struct host_options *o)
{
	static char real[CMDLINE_MAX];
	const char *base = o->cmdline;
	char *ret = NULL;

	if (!base && !o->profile)
		return NULL;
	if (!base) {
		if (sysfs_read_file(h->roots.proc, "cmdline", real, sizeof(real)) < 0)
			*real = '\0';
		real[strcspn(real, "\n")] = '\0';
		base = real;
	}
	if (asprintf(&ret, "%s%s%s", base, o->profile ? " vgapass=" : "",
		     o->profile ? o->profile : "") < 0)
		abort();
	return ret;
}

/* The boot reads what its rules need; people want to see it all. The plan is the same. */
static void scan_all(struct host *h)
{
	struct run *r = &h->run;

	if (!r->inv.functions && !r->input_error) {
		r->input_error = scan_functions(h->roots.root, &r->inv);
		if (r->input_error)
			r->inv.functions = 0;
	}
	for (unsigned i = 0; i < r->inv.functions; i++)
		scan_details(h->roots.root, &r->inv, i, PCI_DETAIL_ALL);
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
}

char *host_file(const struct host *h, const char *path)
{
	char real[4096];

	if (!*h->sysroot)
		text_make(real, sizeof(real), "/%s", path);
	else if (sysfs_path(h->roots.root, path, real, sizeof(real)) < 0)
		return NULL;
	return strdup(real);
}

static void say_nothing(char *message, ...)
{
	(void)message;
}

static void open_pci_ids(struct host *h)
{
	struct pci_access *access = pci_alloc();
	char *path = NULL;

	/* pci_init() would set these, and look for functions, which is not wanted of it. */
	access->debug = access->warning = say_nothing;
	/* Nor for what lspci -q has brought home: each unknown ID would look there. */
	access->id_lookup_mode = 0;
	if (*h->sysroot && (path = host_file(h, NAMES_FILE)))
		pci_set_name_list_path(access, path, 1);
	h->pci_ids = access;
}

int host_open_names(struct host *h, const struct host_options *o)
{
	h->sysroot = o->sysroot && strcmp(o->sysroot, "/") ? o->sysroot : "";
	if (gather_root(o->sysroot, &h->roots))
		return cmd_complain("%s: cannot be opened: name an existing folder", o->sysroot);
	int r = *h->sysroot ? sysfs_confine(h->roots.root) : 0;
	if (r)
		return cmd_complain("--sysroot: links in %s could lead to this host's files "
				    "(openat2: %s): use Linux 5.6 or later", o->sysroot,
				    strerror(-r));
	gather_mounts(&h->roots);
	open_pci_ids(h);
	return CMD_OK;
}

int host_open(struct host *h, const struct host_options *o)
{
	if (host_open_names(h, o))
		return CMD_FAILED;
	h->cmdline = make_cmdline(h, o);
	gather_run(&h->roots, h->cmdline, &h->run);
	scan_all(h);
	return CMD_OK;
}

void host_close(struct host *h)
{
	if (h->pci_ids)
		pci_cleanup(h->pci_ids);
	kmod_unref(h->kmod);
	free(h->cmdline);
	if (h->run.inv.devices > 0)
		close(h->run.inv.devices);
	if (h->roots.root > 0)
		close(h->roots.root);
	if (h->roots.sys > 0)
		close(h->roots.sys);
	if (h->roots.proc > 0)
		close(h->roots.proc);
}

const char *host_name(const struct host *h, const struct pci_function *f, char name[HOST_NAME_MAX])
{
	return pci_lookup_name(h->pci_ids, name, HOST_NAME_MAX,
			       PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_HWDB,
			       f->vendor, f->device);
}

const char *host_vendor(const struct host *h, const struct pci_function *f,
			char name[HOST_NAME_MAX])
{
	return pci_lookup_name(h->pci_ids, name, HOST_NAME_MAX,
			       PCI_LOOKUP_VENDOR | PCI_LOOKUP_NO_HWDB, f->vendor);
}

const char *host_device(const struct host *h, const struct pci_function *f,
			char name[HOST_NAME_MAX])
{
	return pci_lookup_name(h->pci_ids, name, HOST_NAME_MAX,
			       PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_HWDB, f->vendor, f->device);
}

const char *host_class(const struct host *h, const struct pci_function *f, char name[HOST_NAME_MAX])
{
	return pci_lookup_name(h->pci_ids, name, HOST_NAME_MAX,
			       PCI_LOOKUP_CLASS | PCI_LOOKUP_NO_HWDB, f->class >> 8);
}

const char *host_path(const struct pci_function *f, char path[HOST_NAME_MAX])
{
	const struct pci_path *p = &f->identity->path;
	struct pci_address at = { p->domain, p->bus, p->hop[0] };
	struct text t;

	text_start(&t, path, HOST_NAME_MAX);
	if (p->hops)
		text_add(&t, "%a", &at);
	for (unsigned i = 1; i < p->hops; i++)
		text_add(&t, "/%b.%d", p->hop[i] >> 3, p->hop[i] & 7);
	return path;
}

const char *host_serial(const struct pci_function *f, char serial[HOST_NAME_MAX])
{
	struct text t;

	text_start(&t, serial, HOST_NAME_MAX);
	for (int shift = 56; f->has_serial && shift >= 0; shift -= 8)
		text_add(&t, shift ? "%b-" : "%b", (unsigned)(f->identity->serial >> shift & 0xff));
	return serial;
}

const char *host_resets(const struct host *h, const struct pci_function *f,
			char resets[HOST_NAME_MAX])
{
	if (sysfs_read(h->run.inv.devices, path_function(f, "reset_method"), resets, HOST_NAME_MAX) < 0)
		*resets = '\0';
	resets[strcspn(resets, "\n")] = '\0';
	for (char *p = resets; *p; p++)
		if (*p == ' ')
			*p = ',';
	return resets;
}

bool host_open_kmod(struct host *h)
{
	static const char *const nowhere[] = { NULL };
	char release[128], path[160];

	if (h->kmod)
		return true;
	if (sysfs_read_file(h->roots.proc, "sys/kernel/osrelease", release, sizeof(release)) < 0)
		return false;
	release[strcspn(release, "\n")] = '\0';
	char *folder = host_file(h, text_make(path, sizeof(path), "lib/modules/%s", release));
	if (!folder)
		return false;
	/* The configuration of modprobe is this host's: another machine is looked at without. */
	h->kmod = kmod_new(folder, *h->sysroot ? nowhere : NULL);
	free(folder);
	return h->kmod;
}

static bool has_name(const char *list, const char *name)
{
	struct slice rest = slice_of(list);

	while (rest.n)
		if (slice_is(slice_cut(&rest, ','), name))
			return true;
	return false;
}

/* The modules that want the function, to be unreferenced; NULL: there are none. */
static struct kmod_list *find_candidates(struct host *h, const struct pci_function *f)
{
	struct kmod_list *list = NULL;
	char alias[256];

	if (!host_open_kmod(h) ||
	    sysfs_read(h->run.inv.devices, path_function(f, "modalias"), alias, sizeof(alias)) < 0)
		return NULL;
	alias[strcspn(alias, "\n")] = '\0';
	return kmod_module_new_from_lookup(h->kmod, alias, &list) < 0 ? NULL : list;
}

const char *host_candidates(struct host *h, const struct pci_function *f, char names[HOST_NAME_MAX])
{
	struct kmod_list *list = find_candidates(h, f), *item;
	struct text t;

	text_start(&t, names, HOST_NAME_MAX);
	kmod_list_foreach(item, list) {
		struct kmod_module *module = kmod_module_get_module(item);
		const char *name = kmod_module_get_name(module);
		/* A module that has several aliases for it is there as often. */
		if (!has_name(names, name))
			text_add(&t, "%s%s", t.len ? "," : "", name);
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	return names;
}

/* The first error counts. A blacklisted module gives a positive number. */
static int load(struct kmod_list *list, unsigned flags)
{
	struct kmod_list *item;
	int error = list ? 0 : -ENOENT;

	kmod_list_foreach(item, list) {
		struct kmod_module *module = kmod_module_get_module(item);
		int r = kmod_module_probe_insert_module(module, flags, NULL, NULL, NULL, NULL);
		if (r < 0 && !error)
			error = r;
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	return error;
}

int host_load_driver(struct host *h, const char *driver)
{
	struct kmod_list *list = NULL;

	if (!host_open_kmod(h) || kmod_module_new_from_lookup(h->kmod, driver, &list) < 0)
		return -ENOENT;
	return load(list, 0);
}

int host_load_candidates(struct host *h, const struct pci_function *f)
{
	return load(find_candidates(h, f), KMOD_PROBE_APPLY_BLACKLIST);
}
