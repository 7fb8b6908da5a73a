/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modules.c - do the kernels have the modules of the rules, and may those be loaded? */
#include "check.h"

#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/bootline.h"
#include "hook/image/modprobe.h"
#include "hook/image/modules.h"
#include "runtime/io/sysfs.h"

#define SIGNATURE "~Module signature appended~\n"

static void say_module_faults(struct check *c, const struct kernel *k)
{
	static struct modules m;

	if (modules_open(&m, &c->host->roots, k->version)) {
		check_say(c, CHECK_ERROR, "", "%s", m.text);
		return;
	}
	modules_add_drivers(&m, &c->host->run.config);
	for (unsigned i = 0; i < m.faults; i++) {
		const struct module_fault *f = &m.fault[i];
		check_say(c, CHECK_ERROR, f->at.file ? check_place(&f->at) : "", "%s", f->text);
	}
	if (!m.faults && !m.n)
		check_say(c, CHECK_OK, "", "kernel %s has all of it built in\n", k->version);
	modules_close(&m);
}

/* An upgrade may remove the modules of the kernel that runs. */
static void check_running_modules(struct check *c)
{
	char version[128], path[192];

	if (sysfs_read_file(c->host->roots.proc, "sys/kernel/osrelease", version,
			    sizeof(version)) < 0)
		return;
	version[strcspn(version, "\n")] = '\0';
	text_make(path, sizeof(path), "lib/modules/%s", version);
	/* Some systems have their kernels elsewhere. */
	if (check_exists(c, "lib/modules") && !check_exists(c, path))
		check_say(c, CHECK_WARNING, check_line(path, 0), "is not there, so the kernel that "
			  "runs can load no module\nreboot into the kernel that is installed");
}

/* --- options of what is built in: modprobe.d is for what modprobe loads */

static int is_module_line(struct slice line, void *module)
{
	char name[128];

	/* "kernel/drivers/vfio/pci/vfio-pci.ko" */
	text_make(name, sizeof(name), "%pv", &line);
	const char *slash = strrchr(name, '/');
	char *end = strrchr(name, '.');
	if (!slash || !end || end < slash)
		return 0;
	*end = '\0';
	return module_same_name(slice_of(slash + 1), slice_of(module));
}

static bool is_built_in(const struct check *c, const struct kernel *k, const char *module)
{
	char path[256];

	text_make(path, sizeof(path), "lib/modules/%s/modules.builtin", k->version);
	return sysfs_lines(c->host->roots.root, path, is_module_line, (void *)module) == 1;
}

/* True: the kernel command line that runs has MODULE.OPTION, with either of '-' and '_'. */
static bool is_on_cmdline(const struct check *c, const char *module, struct slice option)
{
	static char cmdline[CMDLINE_MAX];
	struct slice rest, word;

	if (sysfs_read_file(c->host->roots.proc, "cmdline", cmdline, sizeof(cmdline)) < 0)
		return false;
	for (rest = slice_of(cmdline); (word = slice_next(&rest, '"')).n;) {
		struct slice before = slice_cut(&word, '.');
		if (slice_equal(word, option) && module_same_name(before, slice_of(module)))
			return true;
	}
	return false;
}

static void say_options(struct check *c, const struct kernel *k, const char *module,
			const char *options)
{
	struct slice rest = slice_of(options), option;
	char words[512];
	struct text t;

	text_start(&t, words, sizeof(words));
	while ((option = slice_next(&rest, '"')).n)
		if (!is_on_cmdline(c, module, option))
			text_add(&t, "%s%s.%pv", t.len ? " " : "", module, &option);
	if (t.len)
		check_say(c, CHECK_WARNING, "", "%s is built in in kernel %s, so its options in "
			  "modprobe.d have no effect: %s\nadd %s to %s, and reboot", module, k->version,
			  options, words, bootline_place(c->host));
}

static void check_built_in_options(struct check *c, const struct kernel *k)
{
	static const char *const names[] = { "vfio", "vfio_iommu_type1", "vfio_pci_core",
					     "vfio_pci", "pci_stub" };
	static struct modules m;

	if (modules_open(&m, &c->host->roots, k->version))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct kmod_module *mod;
		bool had_ids;
		if (!is_built_in(c, k, names[i]) ||
		    kmod_module_new_from_name(m.kmod, names[i], &mod))
			continue;
		char *options = modprobe_options(mod, &had_ids);
		if (options)
			say_options(c, k, names[i], options);
		free(options);
		kmod_module_unref(mod);
	}
	modules_close(&m);
}

void check_modules(struct check *c)
{
	struct kernels kernels;

	if (check_is_idle(c))
		return;
	check_running_modules(c);
	kernels_find(c->host, &kernels);
	for (unsigned i = 0; i < kernels.n; i++) {
		say_module_faults(c, &kernels.kernel[i]);
		if (kernels_is_next(&kernels, i))
			check_built_in_options(c, &kernels.kernel[i]);
	}
	kernels_free(&kernels);
}

/* --- Secure Boot */

/* Returns why the kernel refuses modules without a signature; NULL: it takes them. Secure Boot
 * alone decides nothing: a kernel of one's own may take all modules under it. What enforces is
 * sig_enforce and lockdown (kernel/module/signing.c, module_sig_check()). */
static const char *find_lockdown(const struct check *c)
{
	char lockdown[128], enforce[8];
	int sys = c->host->roots.sys;

	if (sysfs_read_file(sys, "kernel/security/lockdown", lockdown, sizeof(lockdown)) >= 0 &&
	    !strstr(lockdown, "[none]"))
		return "the kernel is locked down";
	if (sysfs_read_file(sys, "module/module/parameters/sig_enforce", enforce,
			    sizeof(enforce)) >= 0 && *enforce == 'Y')
		return "module.sig_enforce is on";
	return NULL;
}

static bool is_signed(const struct module *module)
{
	const size_t n = sizeof(SIGNATURE) - 1;

	return module->size >= n && !memcmp(module->data + module->size - n, SIGNATURE, n);
}

static void check_kernel_signatures(struct check *c, const struct kernel *k, const char *why)
{
	static struct modules m;
	char names[512];
	struct text t;

	if (modules_open(&m, &c->host->roots, k->version))
		return;
	text_start(&t, names, sizeof(names));
	modules_add_drivers(&m, &c->host->run.config);
	for (unsigned i = 0; i < m.n; i++)
		if (!is_signed(&m.module[i]))
			text_add(&t, "%s%s", t.len ? ", " : "", m.module[i].name);
	if (t.len)
		check_say(c, CHECK_ERROR, "", "%s, and kernel %s has modules without signature: %s\n"
			  "take the kernel of the distribution, sign them (kmodsign, mokutil "
			  "--import), or turn Secure Boot off in the firmware setup", why, k->version,
			  names);
	modules_close(&m);
}

void check_signatures(struct check *c)
{
	struct kernels kernels;
	const char *why = find_lockdown(c);

	if (!why || check_is_idle(c))
		return;
	kernels_find(c->host, &kernels);
	for (unsigned i = 0; i < kernels.n; i++)
		check_kernel_signatures(c, &kernels.kernel[i], why);
	kernels_free(&kernels);
}
