/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modules.c - see modules.h */
#include "modules.h"

#include <elf.h>
#include <err.h>
#include <errno.h>
#include <libkmod.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "runtime/core/driver.h"
#include "runtime/io/apply.h"
#include "runtime/io/sysfs.h"
#include "depmod.h"
#include "modprobe.h"
#include "unpack.h"

#define INSTALL_AGAIN "install the modules of this kernel again"

static int add_module(struct modules *m, struct kmod_module *mod);

/* Writes the reason into m->text: what is wrong, a newline, and what to do. Returns the error. */
static int complain(struct modules *m, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int complain(struct modules *m, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->text, sizeof(m->text), format, args);
	va_end(args);
	return error;
}

/* Returns the path of a directory for libkmod, which opens files by paths, to be freed. Links are
 * resolved below the root. NULL: there is no such directory. */
static char *path_of(const struct modules *m, const char *name)
{
	char path[sizeof(m->sysroot)];

	if (!*m->sysroot)
		text_make(path, sizeof(path), "/%s", name);
	else if (sysfs_path(m->root, name, path, sizeof(path)) < 0)
		return NULL;
	return strdup(path);
}

static int open_kmod(struct modules *m, const char *folder)
{
	char *path = path_of(m, folder), *conf[MODPROBE_DIRS + 1] = { NULL };
	unsigned n = 0;
	int r = 0;

	for (unsigned i = 0; i < MODPROBE_DIRS; i++)
		if ((conf[n] = path_of(m, modprobe_dirs[i])))
			n++;
	if (!path || access(path, X_OK))
		r = complain(m, -ENOENT, "kernel %s has no modules in /lib/modules\ninstall them, "
			     "or remove this kernel", m->kernel);
	if (!r && !(m->kmod = kmod_new(path, (const char *const *)conf)))
		r = -ENOMEM;
	/* What it would print is in m->text, with what to do. */
	if (!r)
		kmod_set_log_priority(m->kmod, LOG_EMERG);
	while (n)
		free(conf[--n]);
	free(path);
	return r;
}

/* libkmod opens each entry that it finds. */
static int look_at_files(struct modules *m, const char *folder)
{
	char *path = modprobe_find_stranger(m->root, folder);

	if (!path)
		return 0;
	complain(m, 0, "/%s: no regular file%s, so it cannot be read\nremove it", path,
		 *m->sysroot ? " below the sysroot" : "");
	free(path);
	return -EINVAL;
}

static int look_at_indices(struct modules *m, const char *folder)
{
	char *path = depmod_find_damage(m->root, folder);

	if (!path)
		return 0;
	complain(m, 0, "/%s: damaged\nrun depmod %s", path, m->kernel);
	free(path);
	return -EINVAL;
}

int modules_open(struct modules *m, const struct roots *roots, const char *kernel)
{
	char folder[300];
	int r = 0;

	*m = (struct modules){ .root = roots->root, .kernel = kernel };
	if (!roots->real)
		r = (int)sysfs_path(m->root, ".", m->sysroot, sizeof(m->sysroot));
	if (r < 0)
		return complain(m, r, "kernel %s: the sysroot has no path (%s)\nmount /proc",
				kernel, strerror(-r));
	if (!strcmp(m->sysroot, "/"))
		*m->sysroot = '\0';
	complain(m, 0, "kernel %s: no memory\ntry again", kernel);
	snprintf(folder, sizeof(folder), "lib/modules/%s", kernel);
	r = look_at_files(m, folder);
	for (unsigned i = 0; !r && i < MODPROBE_DIRS; i++)
		r = look_at_files(m, modprobe_dirs[i]);
	if (!r)
		r = look_at_indices(m, folder);
	return r ? r : open_kmod(m, folder);
}

static void free_module(struct module *module)
{
	free(module->name);
	free(module->file);
	free(module->options);
	free(module->data);
}

static void cut_back(struct modules *m, unsigned n)
{
	while (m->n > n)
		free_module(&m->module[--m->n]);
}

void modules_close(struct modules *m)
{
	cut_back(m, 0);
	free(m->fault);
	kmod_unref(m->kmod);
	*m = (struct modules){ .n = 0 };
}

static int read_options(struct modules *m, struct module *to, struct kmod_module *mod)
{
	bool had_ids = false;

	to->options = modprobe_options(mod, &had_ids);
	to->had_ids = had_ids;
	if (!to->options)
		return -ENOMEM;
	if (strlen(to->options) <= MODULES_OPTIONS_MAX)
		return 0;
	return complain(m, -E2BIG, "the options of %s in modprobe.d are longer than %d bytes\n"
			"remove some", to->name, MODULES_OPTIONS_MAX);
}

/* --- the files */

/* Returns true for an ELF file with its whole table of sections, which comes after all that a
 * module needs. */
static bool is_whole(const unsigned char *data, size_t size)
{
	Elf64_Ehdr h;
	Elf32_Ehdr h32;

	if (size < sizeof(h) || memcmp(data, ELFMAG, SELFMAG) != 0)
		return false;
	memcpy(&h, data, sizeof(h));
	memcpy(&h32, data, sizeof(h32));
	if (data[EI_CLASS] == ELFCLASS32) {
		h.e_shoff = h32.e_shoff;
		h.e_shnum = h32.e_shnum;
		h.e_shentsize = h32.e_shentsize;
	}
	return h.e_shnum && h.e_shoff <= size &&
	       (size_t)h.e_shnum * h.e_shentsize <= size - h.e_shoff;
}

static int read_module(struct modules *m, struct module *to)
{
	unsigned char *data = NULL;
	size_t size = 0;
	int r = unpack_file(m->root, to->file + strlen(m->sysroot) + 1, &data, &size);
	const char *why = r == -EBADMSG ? "damaged" : r ? strerror(-r) : !size ? "empty" :
			  is_whole(data, size) ? NULL : "cut short, or no module";

	to->data = data;
	to->size = size;
	if (!why)
		return 0;
	return complain(m, -EBADMSG, "%s: %s\n" INSTALL_AGAIN, to->file + strlen(m->sysroot), why);
}

/* Returns the string behind `key`, which begins with the 0 before it, or NULL. */
static const char *find_string(const struct module *module, const char *key, size_t n)
{
	const unsigned char *at = memmem(module->data, module->size, key, n);

	if (!at || !memchr(at + n, 0, module->size - (size_t)(at + n - module->data)))
		return NULL;
	return (const char *)at + n;
}

static int add_list(struct modules *m, struct kmod_list *list)
{
	struct kmod_list *item;
	int r = 0;

	kmod_list_foreach(item, list) {
		struct kmod_module *mod = kmod_module_get_module(item);
		/* A softdep may name a module that this kernel does not have. */
		if (!r)
			r = add_module(m, mod);
		if (r == -ENOENT)
			r = 0;
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	return r;
}

static const struct module *find_module(const struct modules *m, const char *name)
{
	for (unsigned i = 0; i < m->n; i++)
		if (module_same_name(slice_of(m->module[i].name), slice_of(name)))
			return &m->module[i];
	return NULL;
}

/* The modules whose dependencies are being added now: softdeps may form a circle. */
static const struct pending {
	const char *name;
	const struct pending *up;
} *pending;

static bool is_pending(const char *name)
{
	for (const struct pending *p = pending; p; p = p->up)
		if (module_same_name(slice_of(p->name), slice_of(name)))
			return true;
	return false;
}

/* Adds the modules that .modinfo names as dependencies. libkmod takes them from modules.dep, and
 * returns none at all if the file of one is missing. */
static int add_depends(struct modules *m, const struct module *of)
{
	static const char key[] = "\0depends=";
	const char *depends = find_string(of, key, sizeof(key) - 1);
	char *copy = strdup(depends ? depends : ""), *rest = copy, *name;
	int r = copy ? 0 : -ENOMEM;

	while (!r && (name = strsep(&rest, ","))) {
		struct kmod_module *mod = NULL;
		if (!*name || find_module(m, name))
			continue;
		r = kmod_module_new_from_name(m->kmod, name, &mod);
		if (!r)
			r = add_module(m, mod);
		if (r == -ENOENT)
			r = complain(m, -EBADMSG, "kernel %s: %s needs %s, which is missing\n"
				     INSTALL_AGAIN ", or run depmod %s", m->kernel, of->name, name,
				     m->kernel);
		kmod_module_unref(mod);
	}
	free(copy);
	return r;
}

static int add_needed(struct modules *m, struct kmod_module *mod, const struct module *of)
{
	struct kmod_list *pre = NULL, *post = NULL;
	int r;

	kmod_module_get_softdeps(mod, &pre, &post);
	kmod_module_unref_list(post);
	r = add_list(m, kmod_module_get_dependencies(mod));
	if (!r)
		r = add_depends(m, of);
	if (!r)
		return add_list(m, pre);
	kmod_module_unref_list(pre);
	return r;
}

static int append_module(struct modules *m, const struct module *module)
{
	if (m->n == MODULES_MAX)
		return complain(m, -E2BIG, "more than %d modules\nremove softdeps from modprobe.d",
				MODULES_MAX);
	m->module[m->n++] = *module;
	return 0;
}

static int add_post(struct modules *m, struct kmod_module *mod)
{
	struct kmod_list *pre = NULL, *post = NULL;

	kmod_module_get_softdeps(mod, &pre, &post);
	kmod_module_unref_list(pre);
	return add_list(m, post);
}

static int add_module(struct modules *m, struct kmod_module *mod)
{
	struct pending this = { kmod_module_get_name(mod), pending };
	struct module own = { .name = NULL };
	int r;

	/* libkmod asks this machine's kernel for the state of a module, and modules.builtin of the
	 * target kernel first. A module that is built in is so on every machine. */
	if (find_module(m, this.name) || is_pending(this.name) ||
	    kmod_module_get_initstate(mod) == KMOD_MODULE_BUILTIN)
		return 0;
	if (!kmod_module_get_path(mod))
		return -ENOENT;
	pending = &this;
	own.name = strdup(this.name);
	own.file = strdup(kmod_module_get_path(mod));
	r = own.name && own.file ? read_module(m, &own) : -ENOMEM;
	if (!r)
		r = read_options(m, &own, mod);
	if (!r)
		r = add_needed(m, mod, &own);
	if (r || find_module(m, own.name) || (r = append_module(m, &own)))
		free_module(&own);
	if (!r)
		r = add_post(m, mod);
	pending = this.up;
	return r;
}

int modules_add(struct modules *m, const char *name)
{
	struct kmod_list *list = NULL;
	unsigned before = m->n;
	int r = kmod_module_new_from_lookup(m->kmod, name, &list);

	complain(m, 0, "kernel %s: the modules of %s cannot be listed (%s)\n" INSTALL_AGAIN,
		 m->kernel, name, strerror(r ? -r : ENOMEM));
	if (!r && !list)
		r = -ENOENT;
	if (!r) {
		struct kmod_module *mod = kmod_module_get_module(list);
		r = add_module(m, mod);
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	if (r == -ENOENT)
		complain(m, r, "kernel %s has no module %s, nor is it built in\ninstall its "
			 "modules (linux-modules-extra, kernel-modules), or remove the rules "
			 "that need it", m->kernel, name);
	if (r)
		cut_back(m, before);
	return r;
}

/* --- drivers, which may have other names than their modules */

/* Returns the module of the driver if the running kernel has it, else the driver's name. */
static const char *module_of_driver(const struct modules *m, const char *driver, char *to,
				    size_t cap)
{
	char path[512];

	text_make(path, sizeof(path), "sys/bus/pci/drivers/%s/module", driver);
	return sysfs_link(m->root, path, 0, to, cap) > 0 ? to : driver;
}

/* Returns true if the running kernel, or every kernel with VFIO, has a driver of this name. */
static bool is_driver(const struct modules *m, const char *name)
{
	char path[512];

	text_make(path, sizeof(path), "sys/bus/pci/drivers/%s", name);
	return sysfs_exists(m->root, path) || driver_is_for_guests(name);
}

/* Writes the name of a driver of a loaded module into *to. Returns false if none is known. */
static bool find_driver(const struct modules *m, const char *module, char *to, size_t cap)
{
	struct folder f;
	char name[256];
	bool found = false;

	snprintf(name, sizeof(name), "sys/module/%s/drivers", module);
	for (char *p = name; *p; p++)
		*p = *p == '-' ? '_' : *p;
	if (!folder_open(&f, m->root, name))
		return false;
	for (const char *entry; (entry = folder_next(&f));)
		if (!found && !strncmp(entry, "pci:", 4)) {
			snprintf(to, cap, "%s", entry + 4);
			found = true;
		}
	return found;
}

/* Checks that a driver has this name: no function can be bound to any other. Nothing is known of
 * drivers that are built in. */
static int check_driver(struct modules *m, const char *driver)
{
	static const char key[] = "\0__pci_register_driver";
	const struct module *module = find_module(m, driver);
	char name[256];

	if (!module || is_driver(m, driver))
		return 0;
	if (find_driver(m, driver, name, sizeof(name)))
		return complain(m, -ENODEV, "driver=%s names a module, whose driver is %s\n"
				"write driver=%s", driver, name, name);
	if (find_string(module, key, sizeof(key) - 1))
		return 0;
	return complain(m, -ENODEV, "driver=%s names a module that has no driver of PCI functions\n"
			"write a driver's name as it is in /sys/bus/pci/drivers", driver);
}

/* Returns true if vgapass-early can read the whole list. */
static bool has_room(const struct modules *m)
{
	char list[MODULES_LIST_MAX];
	struct text t;

	text_start(&t, list, sizeof(list));
	modules_list(m, &t);
	return !t.cut;
}

static void add_driver(struct modules *m, const char *driver, struct place at)
{
	char buf[512];
	const char *name = module_of_driver(m, driver, buf, sizeof(buf));
	unsigned before = m->n;

	for (unsigned i = 0; i < m->faults; i++)
		if (!strcmp(m->fault[i].driver, driver))
			return;
	int r = modules_add(m, name);
	if (!r)
		r = check_driver(m, driver);
	if (!r && !has_room(m))
		r = complain(m, -E2BIG, "the modules' options are longer than %d bytes together\n"
			     "remove some from modprobe.d", MODULES_LIST_MAX - 1);
	if (!r)
		return;
	cut_back(m, before);
	m->fault = reallocarray(m->fault, m->faults + 1, sizeof(*m->fault));
	if (!m->fault)
		err(1, "faults of drivers");
	struct module_fault *fault = &m->fault[m->faults++];
	*fault = (struct module_fault){ .driver = driver, .error = r };
	if (r == -ENODEV)
		fault->at = at;
	memcpy(fault->text, m->text, sizeof(fault->text));
}

/* Beside driver=auto, vfio-pci is what is left. */
static const char *driver_of(const struct rule *r)
{
	return strcmp(r->driver, CONFIG_DRIVER_AUTO) != 0 ? r->driver : "vfio-pci";
}

/* If the running kernel has the module, the driver gets the name that it has there. */
static void add_variant(struct modules *m, struct variant *v)
{
	unsigned before = m->n;

	v->error = modules_add(m, v->module);
	if (!v->error && !has_room(m)) {
		v->error = -E2BIG;
		cut_back(m, before);
	}
	find_driver(m, v->module, v->driver, sizeof(v->driver));
}

unsigned modules_add_drivers(struct modules *m, const struct config *c,
			     const struct inventory *inv)
{
	/* Rules on the kernel command line require vfio-pci. */
	if (c->cmdline_rules)
		add_driver(m, "vfio-pci", (struct place){ .file = NULL });
	for (unsigned i = 0; i < c->rules; i++)
		if (!c->rule[i].keep && c->rule[i].profile != config_auto &&
		    strcmp(c->rule[i].driver, CONFIG_DRIVER_KEEP) != 0)
			add_driver(m, driver_of(&c->rule[i]), c->rule[i].at);
	if (!variants_are_wanted(c))
		return m->faults;
	m->variants_error = variants_read(&m->variants, m->root, m->kernel, c, inv);
	for (unsigned i = 0; i < m->variants.n; i++)
		if (m->variants.variant[i].wanted)
			add_variant(m, &m->variants.variant[i]);
	return m->faults;
}

int modules_add_token(struct modules *m)
{
	unsigned before = m->n;
	int r = modules_add(m, "efivarfs");

	while (before < m->n)
		m->module[before++].unlisted = true;
	return r;
}

void modules_list(const struct modules *m, struct text *t)
{
	for (unsigned i = 0; i < m->n; i++)
		if (!m->module[i].unlisted)
			text_add(t, *m->module[i].options ? "%s %s\n" : "%s%s\n",
				 m->module[i].name, m->module[i].options);
}
