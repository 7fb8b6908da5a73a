/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elsewhere.c - modprobe.d, lists of modules, driverctl, scripts: what fights with the rules
 * there or is needless now. */
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "hook/image/modules.h"

#define TAKE_OUT "take this line out"

static bool is_vfio(const char *module)
{
	return module_is_for_guests(slice_of(module));
}

/* --- modprobe.d */

/* The boot image gets the other options of the line, but not ids= (hook/modprobe.c). */
static void look_at_options(struct check *c, const char *at, const char *module, char *rest)
{
	char *word;

	if (!is_vfio(module) && !strstr(module, "vfio"))
		return;
	while ((word = check_word(&rest, " \t\"")))
		if (!strncmp(word, "ids=", 4))
			check_say_ids(c, at, "options ids= (left out of the boot image, as it obeys no "
				      "rule)", word + 4, rest && *rest ? "remove ids= from it, and "
				      "keep the rest" : TAKE_OUT);
}

/* A package's own blacklist, such as that of the nvidia driver for nouveau, has its reasons. */
static void look_at_blacklist(struct check *c, const struct check_at *at, const char *what,
			      const char *module)
{
	if (strstr(at->path, "nvidia") || strncmp(at->path, "etc/", 4) != 0)
		return;
	if (check_is_host_driver(c, module))
		check_say(c, CHECK_WARNING, check_line(at->path, at->line), "%s %s is needless: the "
			  "rules keep it off their functions, and other cards may want it\n"
			  TAKE_OUT, what, module);
}

static void look_at_install(struct check *c, const struct check_at *at, const char *module,
			    const char *command)
{
	const char *where = check_line(at->path, at->line);
	bool nothing = command && (strstr(command, "/true") || strstr(command, "/false"));

	if (nothing && is_vfio(module))
		check_say(c, CHECK_ERROR, where, "install %s keeps it from loading\n" TAKE_OUT, module);
	else if (nothing)
		look_at_blacklist(c, at, "install", module);
	else if (is_vfio(module) || (command && strstr(command, "vfio")))
		check_say(c, CHECK_WARNING, where, "install %s runs a command that binds functions "
			  "beside the rules\n" TAKE_OUT ", and the script that it names away", module);
}

static void look_at_modprobe_line(struct check *c, const struct check_at *at, char *line)
{
	const char *where = check_line(at->path, at->line);
	const char *verb = check_word(&line, " \t"), *module = check_word(&line, " \t");

	if (!verb || !module)
		return;
	if (!strcmp(verb, "options"))
		look_at_options(c, where, module, line);
	else if (!strcmp(verb, "blacklist") && is_vfio(module))
		check_say(c, CHECK_WARNING, where, "blacklist %s may keep it from loading\n" TAKE_OUT,
			  module);
	else if (!strcmp(verb, "blacklist"))
		look_at_blacklist(c, at, verb, module);
	else if (!strcmp(verb, "softdep") && line && !is_vfio(module) && strstr(line, "vfio"))
		check_say(c, CHECK_WARNING, where, "softdep %s: vfio is needless: the rules come before "
			  "any driver\n" TAKE_OUT, module);
	else if (!strcmp(verb, "alias") && line && is_vfio(line + strspn(line, " \t")))
		check_say(c, CHECK_WARNING, where, "an alias that gives functions to %s is needless: "
			  "the rules do\n" TAKE_OUT, line + strspn(line, " \t"));
	else if (!strcmp(verb, "install"))
		look_at_install(c, at, module, line);
}

void check_modprobe(struct check *c)
{
	static const char *const folders[] = { "etc/modprobe.d", "run/modprobe.d",
					       "usr/local/lib/modprobe.d", "usr/lib/modprobe.d",
					       "lib/modprobe.d" };
	struct stat lib;
	bool merged = !fstatat(c->host->roots.root, "lib", &lib, AT_SYMLINK_NOFOLLOW) &&
		      S_ISLNK(lib.st_mode);

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (!merged || strncmp(folders[i], "lib/", 4) != 0)
			check_folder(c, folders[i], ".conf", look_at_modprobe_line);
}

/* --- lists of modules to load, or to put into boot images */

/* True: the newest kernel does not have it. */
static bool is_gone(const struct check *c, const char *module)
{
	struct kernels kernels;
	struct modules m;
	bool gone = false;

	kernels_find(c->host, &kernels);
	if (kernels.n && !modules_open(&m, &c->host->roots,
				       kernels.kernel[kernels.n - 1].version)) {
		gone = modules_add(&m, module) == -ENOENT;
		modules_close(&m);
	}
	kernels_free(&kernels);
	return gone;
}

/* vfio_virqfd was made part of vfio in 6.2: services and image generators complain of it. */
static void look_at_listed(struct check *c, const char *at, const char *module)
{
	if (is_gone(c, module))
		check_say(c, CHECK_WARNING, at, "%s: the newest kernel has no such module any more, "
			  "which fails or warns at each boot\ntake it out", module);
	else
		check_say(c, CHECK_OK, at, "%s is needless here: the boot image loads what the rules "
			  "need\nmay stay", module);
}

static void look_at_list_line(struct check *c, const struct check_at *at, char *line)
{
	const char *where = check_line(at->path, at->line), *module = check_word(&line, " \t");
	char *word;

	if (!module || !is_vfio(module))
		return;
	while ((word = check_word(&line, " \t")))
		if (!strncmp(word, "ids=", 4)) {
			check_say_ids(c, where, "ids=", word + 4, TAKE_OUT);
			return;
		}
	look_at_listed(c, where, module);
}

/* add_drivers+=" vfio vfio_pci " of dracut, MODULES=(vfio vfio_pci) of mkinitcpio. */
static void look_at_variable(struct check *c, const struct check_at *at, char *line)
{
	const char *where = check_line(at->path, at->line), *name = check_word(&line, "+=");
	char *word;

	if (!name || !line)
		return;
	bool modules = !strcmp(name, "add_drivers") || !strcmp(name, "force_drivers") ||
		       !strcmp(name, "MODULES");
	bool omits = !strcmp(name, "omit_dracutmodules");
	while ((word = check_word(&line, " \t\"'()=+"))) {
		if (modules && is_vfio(word))
			look_at_listed(c, where, word);
		if (omits && !strcmp(word, "vgapass"))
			check_say(c, CHECK_ERROR, where, "omit_dracutmodules leaves vgapass out of boot "
				  "images\ntake vgapass out of this line, and run %s",
				  check_rebuild(c, NULL));
	}
}

void check_module_lists(struct check *c)
{
	check_lines(c, "etc/modules", look_at_list_line);
	check_folder(c, "etc/modules-load.d", ".conf", look_at_list_line);
	check_lines(c, "etc/initramfs-tools/modules", look_at_list_line);
	check_lines(c, "etc/dracut.conf", look_at_variable);
	check_folder(c, "etc/dracut.conf.d", ".conf", look_at_variable);
	check_lines(c, "etc/mkinitcpio.conf", look_at_variable);
	check_folder(c, "etc/mkinitcpio.conf.d", ".conf", look_at_variable);
}

/* --- driverctl: a file named by address holds the driver's name */

static void look_at_override(struct check *c, const struct check_at *at, char *line)
{
	const struct inventory *inv = &c->host->run.inv;
	const char *address = strrchr(at->path, '/') + 1;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!check_is_planned(c, f) || strcmp(check_address(f), address) != 0)
			continue;
		bool same = !strcmp(line, host_entry(c->host, f)->rule->driver);
		check_say(c, same ? CHECK_WARNING : CHECK_ERROR, check_line(at->path, 0), "driverctl "
			  "gives %s to %s: %s\ndriverctl unset-override %s", address, line, same ?
			  "needless, a rule does" : "late in the boot, against the rule", address);
	}
}

void check_driverctl(struct check *c)
{
	check_folder(c, "etc/driverctl.d", "", look_at_override);
}

/* --- what binds functions by a script */

static void look_at_script_line(struct check *c, const struct check_at *at, char *line)
{
	if (strstr(at->path, "vgapass") || (!strstr(line, "driver_override") &&
	    !strstr(line, "vfio-pci/new_id") && !strstr(line, "vfio-pci/bind")))
		return;
	check_say(c, CHECK_WARNING, check_line(at->path, at->line), "binds functions beside the "
		  "rules\ntake it away if it means a function of a rule, and rebuild the boot images");
}

void check_scripts(struct check *c)
{
	check_folder(c, "etc/initramfs-tools/scripts/init-top", "", look_at_script_line);
	check_folder(c, "etc/initramfs-tools/scripts/init-premount", "", look_at_script_line);
	check_folder(c, "etc/udev/rules.d", ".rules", look_at_script_line);
	check_folder(c, "etc/systemd/system", ".service", look_at_script_line);
	check_folder(c, "usr/local/bin", "vfio-pci-override", look_at_script_line);
	check_folder(c, "usr/local/bin", "vfio-pci-override.sh", look_at_script_line);
	check_lines(c, "etc/rc.local", look_at_script_line);
}
