/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.c - see host.h */
#include "host.h"

#include <errno.h>
#include <libkmod.h>
#include <pci/pci.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/path.h"
#include "runtime/io/scan.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "receipt_read.h"

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

/* --- the boot display, when a driver has long replaced the firmware's framebuffer */

struct drm {
	const struct host *h;
	struct pci_function *f;
};

/* Linux 6.17 and later: drivers/gpu/drm/drm_sysfs.c, boot_display_show(). */
static int look_at_drm(const char *name, void *arg)
{
	const struct drm *d = arg;
	char drm[PCI_ADDRESS_SIZE + 8], value[8];
	struct path p;

	text_make(drm, sizeof(drm), "%pa/drm/", &d->f->at);
	path_join(&p, drm, name, "/boot_display");
	if (sysfs_read(d->h->run.inv.devices, p.s, value, sizeof(value)) > 0 && *value == '1')
		d->f->boot_display = true;
	return 0;
}

/* What the last boot saw before any driver came. */
static void ask_receipt(json_object *receipt, struct pci_function *f)
{
	json_object *list = receipt_list(receipt, "functions"), *shown;
	char at[PCI_ADDRESS_SIZE], id[16];

	pci_put_address(at, &f->at);
	text_make(id, sizeof(id), "%pi", f);
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *o = json_object_array_get_idx(list, i);
		if (!strcmp(receipt_text(o, "address"), at) && !strcmp(receipt_text(o, "id"), id) &&
		    json_object_object_get_ex(o, "boot_display", &shown) &&
		    json_object_get_boolean(shown))
			f->boot_display = true;
	}
}

static void find_boot_display(struct host *h)
{
	const char *why;
	json_object *receipt = receipt_read(&h->roots, &why);

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		struct pci_function *f = &h->run.inv.function[i];
		if (PCI_CLASS_BASE(f->class) != PCI_BASE_DISPLAY)
			continue;
		sysfs_list(h->run.inv.devices, path_function(f, "drm"), look_at_drm,
			   &(struct drm){ h, f });
		if (receipt)
			ask_receipt(receipt, f);
	}
	json_object_put(receipt);
}

/* --- what appears later than the boot looks */

/* The function whose driver made the domain of f: above the last "pci10000:e0" of its place.
 * False: none. */
static bool find_maker(const struct host *h, const struct pci_function *f,
		       struct pci_address *ret)
{
	char target[512], *last = NULL;

	if (sysfs_link(h->run.inv.devices, path_make("%pa", &f->at), 1, target, sizeof(target)) < 0)
		return false;
	for (char *p = target; (p = strstr(p, "/pci")); p++)
		last = p;
	if (!last)
		return false;
	*last = '\0';
	const char *above = strrchr(target, '/');
	return above && pci_parse_address(slice_of(above + 1), ret, NULL);
}

enum host_later host_later(const struct host *h, const struct pci_function *f)
{
	struct pci_address maker;
	char text[16];

	if (f->at.domain > UINT16_MAX || find_maker(h, f, &maker))
		return HOST_BEHIND_VMD;
	if (f->is_virtual)
		return HOST_VIRTUAL;
	if (sysfs_read(h->run.inv.devices, path_function(f, "removable"), text,
		       sizeof(text)) > 0 && !strncmp(text, "removable", 9))
		return HOST_REMOVABLE;
	return HOST_NOT_LATER;
}

/* " (0000:00:0e.0)": the function that has it all behind it; "": which is not known. */
static const char *vmd_of(const struct host *h, const struct pci_function *f, char text[32])
{
	const struct inventory *inv = &h->run.inv;
	struct pci_address at;
	unsigned n = 0;

	*text = '\0';
	if (find_maker(h, f, &at))
		return text_make(text, 32, " (%pa)", &at);
	for (unsigned i = 0; i < inv->functions; i++)
		if (!strcmp(inv->function[i].driver, "vmd") && !n++)
			at = inv->function[i].at;
	return n == 1 ? text_make(text, 32, " (%pa)", &at) : text;
}

const char *host_later_text(const struct host *h, const struct pci_function *f,
			    char text[HOST_NAME_MAX])
{
	char of[32];

	switch (host_later(h, f)) {
	case HOST_BEHIND_VMD:
		return text_make(text, HOST_NAME_MAX, "it is behind VMD%s and appears only when the "
				 "driver vmd has run, after the boot has looked: turn VMD off for its "
				 "port in the firmware setup, or give a guest the VMD function whole",
				 vmd_of(h, f, of));
	case HOST_VIRTUAL:
		if (sysfs_link(h->run.inv.devices, path_function(f, "physfn"), 0, of, sizeof(of)) < 0)
			*of = '\0';
		return text_make(text, HOST_NAME_MAX, "it is a virtual function and appears only when "
				 "the host's driver of %s has made it, after the boot has looked: "
				 "vgapass bind %pa takes it then", of, &f->at);
	case HOST_REMOVABLE:
		return text_make(text, HOST_NAME_MAX, "it is behind a port for external devices "
				 "(Thunderbolt) and may appear only after the boot has looked: vgapass "
				 "bind %pa takes it then", &f->at);
	default:
		*text = '\0';
		return text;
	}
}

/* The boot reads what its rules need; people want to see it all. The plan is the same. */
static void scan_all(struct host *h, bool as_boot)
{
	struct run *r = &h->run;

	if (!r->inv.functions && !r->input_error) {
		r->input_error = scan_functions(h->roots.root, &r->inv);
		if (r->input_error)
			r->inv.functions = 0;
	}
	for (unsigned i = 0; i < r->inv.functions; i++)
		scan_details(h->roots.root, &r->inv, i, PCI_DETAIL_ALL);
	find_boot_display(h);
	for (unsigned i = 0; i < r->inv.functions && as_boot; i++) {
		enum host_later later = host_later(h, &r->inv.function[i]);
		r->inv.function[i].later = later == HOST_BEHIND_VMD || later == HOST_VIRTUAL;
	}
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

int host_open(struct host *h, const struct host_options *o)
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
	h->cmdline = make_cmdline(h, o);
	gather_run(&h->roots, h->cmdline, &h->run);
	scan_all(h, o->as_boot);
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
	if (h->roots.dev > 0)
		close(h->roots.dev);
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
	return text_make(path, HOST_NAME_MAX, "%pr", &f->identity->path);
}

const char *host_serial(const struct pci_function *f, char serial[HOST_NAME_MAX])
{
	struct text t;

	text_start(&t, serial, HOST_NAME_MAX);
	for (int shift = 56; f->has_serial && shift >= 0; shift -= 8)
		text_add(&t, shift ? "%02x-" : "%02x", (unsigned)(f->identity->serial >> shift & 0xff));
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

const struct plan *host_plan_of_all(struct host *h)
{
	static struct plan plan;
	static bool later[PCI_FUNCTIONS_MAX];
	struct run *r = &h->run;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		later[i] = r->inv.function[i].later;
		r->inv.function[i].later = false;
	}
	plan_build(&r->config, &r->cmd, &r->inv, &plan);
	for (unsigned i = 0; i < r->inv.functions; i++)
		r->inv.function[i].later = later[i];
	return &plan;
}

bool host_has_no_iommu_mode(const struct host *h)
{
	return sysfs_exists(h->roots.sys, "module/vfio/parameters/enable_unsafe_noiommu_mode");
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
