/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modules.c - do the kernels have the modules of the rules, and may those be loaded? */
#include "check.h"

#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "hook/image/modules.h"
#include "runtime/io/sysfs.h"

#define SIGNATURE "~Module signature appended~\n"

/* "what is wrong", a newline, and what to do, as hook/image/modules.h has it. */
static void say_fault(struct check *c, const struct place *at, const char *text)
{
	size_t n = strcspn(text, "\n");
	const char *place = at && at->file ? check_place(at) : "";

	check_say(c, FINDING_ERROR, CODE_MODULE_FAULT, place, "%.*s", (int)n, text);
	if (text[n])
		check_follow(c, *place ? place : NULL, text + n + 1);
}

static void say_module_faults(struct check *c, const struct kernel *k)
{
	static struct modules m;

	if (modules_open(&m, &c->host->roots, k->version)) {
		say_fault(c, NULL, m.text);
		return;
	}
	modules_add_drivers(&m, &c->host->run.config, &c->host->run.inv);
	for (unsigned i = 0; i < m.faults; i++)
		say_fault(c, &m.fault[i].at, m.fault[i].text);
	if (!m.faults && !m.n)
		check_say(c, FINDING_OK, CODE_MODULES_BUILT_IN, "",
			  "kernel %s has all of it built in", k->version);
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
	if (check_exists(c, "lib/modules") && !check_exists(c, path)) {
		check_say(c, FINDING_WARNING, CODE_MODULES_GONE, check_line(path, 0),
			  "not found, so the running kernel can load no module");
		check_advise(c, "reboot into an installed kernel");
	}
}

void check_modules(struct check *c)
{
	struct kernels kernels;

	if (check_is_idle(c))
		return;
	check_running_modules(c);
	kernels_find(c->host, &kernels);
	for (unsigned i = 0; i < kernels.n; i++)
		say_module_faults(c, &kernels.kernel[i]);
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
	modules_add_drivers(&m, &c->host->run.config, &c->host->run.inv);
	for (unsigned i = 0; i < m.n; i++)
		if (!is_signed(&m.module[i]))
			text_add(&t, "%s%s", t.len ? ", " : "", m.module[i].name);
	if (t.len) {
		check_say(c, FINDING_ERROR, CODE_MODULES_UNSIGNED, "",
			  "%s, and kernel %s has modules without signature: %s", why, k->version,
			  names);
		check_advise(c, "take the kernel of the distribution, sign them (kmodsign, mokutil "
			     "--import), or turn Secure Boot off in the firmware setup");
	}
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
