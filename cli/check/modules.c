/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modules.c - do the kernels have the modules of the rules, and may those be loaded? */
#include "check.h"

#include <string.h>

#include "hook/image/modules.h"
#include "runtime/io/sysfs.h"

#define SIGNATURE "~Module signature appended~\n"
#define SECURE_BOOT "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static void look_at_kernel(struct check *c, const struct kernel *k)
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

/* An upgrade may take the modules of the kernel that runs away. */
static void look_at_running(struct check *c)
{
	char version[128], path[192];

	if (sysfs_read_file(c->host->roots.proc, "sys/kernel/osrelease", version,
			    sizeof(version)) < 0)
		return;
	version[strcspn(version, "\n")] = '\0';
	text_make(path, sizeof(path), "lib/modules/%s", version);
	if (!check_exists(c, path))
		check_say(c, CHECK_WARNING, check_line(path, 0), "is not there, so the kernel that "
			  "runs can load no module\nreboot into the kernel that is installed");
}

void check_modules(struct check *c)
{
	struct kernels kernels;

	if (check_is_idle(c))
		return;
	look_at_running(c);
	kernels_find(c->host, &kernels);
	for (unsigned i = 0; i < kernels.n; i++)
		look_at_kernel(c, &kernels.kernel[i]);
	kernels_free(&kernels);
}

/* --- Secure Boot */

/* Why the kernel takes signed modules only; NULL: it takes all. */
static const char *find_lockdown(const struct check *c)
{
	unsigned char variable[5]; /* four bytes of attributes before the value */
	char lockdown[128], enforce[8];
	int sys = c->host->roots.sys;

	if (sysfs_read_file(sys, "kernel/security/lockdown", lockdown, sizeof(lockdown)) >= 0 &&
	    !strstr(lockdown, "[none]"))
		return "the kernel is locked down";
	if (sysfs_read_file(sys, "module/module/parameters/sig_enforce", enforce,
			    sizeof(enforce)) >= 0 && *enforce == 'Y')
		return "module.sig_enforce is on";
	if (!sysfs_read_at(sys, SECURE_BOOT, variable, sizeof(variable), 0) && variable[4] == 1)
		return "Secure Boot is on";
	return NULL;
}

static bool is_signed(const struct module *module)
{
	const size_t n = sizeof(SIGNATURE) - 1;

	return module->size >= n && !memcmp(module->data + module->size - n, SIGNATURE, n);
}

static void look_at_signatures(struct check *c, const struct kernel *k, const char *why)
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
		look_at_signatures(c, &kernels.kernel[i], why);
	kernels_free(&kernels);
}
