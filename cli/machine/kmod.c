/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kmod.c - the modules of the kernel that runs, by libkmod: see host.h */
#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "hook/image/depmod.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "host.h"

static bool has_good_indices(const struct host *h, const char *folder, const char *release)
{
	char *damaged = depmod_find_damage(h->roots.root, folder);

	if (!damaged)
		return true;
	cmd_complain("warning: /%s is damaged, so no module is known: run depmod %s", damaged,
		     release);
	free(damaged);
	return false;
}

bool host_open_kmod(struct host *h)
{
	static const char *const nowhere[] = { NULL };
	char release[128], path[160], *directory;

	if (h->kmod || h->no_kmod)
		return h->kmod;
	h->no_kmod = true;
	if (sysfs_read_file(h->roots.proc, "sys/kernel/osrelease", release, sizeof(release)) < 0)
		return false;
	release[strcspn(release, "\n")] = '\0';
	directory = host_file(h, text_make(path, sizeof(path), "lib/modules/%s", release));
	/* modprobe's configuration is this host's, so another machine is looked at without it. */
	if (directory && has_good_indices(h, path, release))
		h->kmod = kmod_new(directory, *h->sysroot ? nowhere : NULL);
	free(directory);
	return h->kmod;
}

static bool list_has_name(const char *list, const char *name)
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
		if (!list_has_name(names, name))
			text_add(&t, "%s%s", t.len ? "," : "", name);
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	return names;
}

/* The first error counts. A blacklisted module gives a positive number. */
static int load_modules(struct kmod_list *list, unsigned flags)
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
	return load_modules(list, 0);
}

int host_load_candidates(struct host *h, const struct pci_function *f)
{
	return load_modules(find_candidates(h, f), KMOD_PROBE_APPLY_BLACKLIST);
}

void host_close_kmod(struct host *h)
{
	kmod_unref(h->kmod);
	h->kmod = NULL;
}
