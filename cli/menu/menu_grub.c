/* SPDX-License-Identifier: GPL-2.0-or-later */
/* menu_grub.c - see menu.h */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/edit/account.h"
#include "cli/machine/bootline.h"
#include "cli/machine/rebuild.h"
#include "cli/machine/rebuild_plan.h"
#include "menu.h"

#define FOLDER "etc/grub.d"
#define NAME "45_vgapass"
#define LINK FOLDER "/" NAME
#define SCRIPT "usr/lib/vgapass/grub-entry"

static const struct rebuild_task task = {
	.doing = "Making GRUB's menu",
	.left = "its menu may still be the old one",
};

/* Returns the command that makes the menu, as words; NULL: GRUB has no menu that grub-mkconfig
 * makes of /etc/grub.d. With Fedora's blscfg its entries are no part of that. */
static const char *const *grub_command(const struct host *h)
{
	static const struct {
		const char *file; /* that is there, too */
		const char *words[4];
	} commands[] = {
		{ "etc/kernel/proxmox-boot-uuids", { "proxmox-boot-tool", "refresh" } },
		{ "boot/grub/grub.cfg", { "update-grub" } },
		{ "boot/grub2/grub.cfg", { "grub2-mkconfig", "-o", "/boot/grub2/grub.cfg" } },
		{ "boot/grub/grub.cfg", { "grub-mkconfig", "-o", "/boot/grub/grub.cfg" } },
	};
	char path[128];

	if (!bootline_exists(h, FOLDER "/10_linux") || bootline_is_grubby(h))
		return NULL;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (bootline_exists(h, commands[i].file) &&
		    rebuild_find_program(h, commands[i].words[0], path, sizeof(path)))
			return commands[i].words;
	return NULL;
}

/* Makes the link, or removes it. Returns 0, or -errno. */
static int change_link(const struct menu *m)
{
	int r = 0, dir = sysfs_open(m->h->roots.root, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return dir;
	if (m->remove ? unlinkat(dir, NAME, 0) : symlinkat("/" SCRIPT, dir, NAME))
		r = -errno;
	if (!r && fsync(dir))
		r = -errno;
	close(dir);
	return r;
}

/* Returns 1 if the link is there, 0 if nothing is, or CMD_FAILED below 0 and a finding: there is
 * something else, or the script that it would lead to is missing. */
static int look_at_link(const struct menu *m)
{
	char target[256];
	ssize_t n = sysfs_link(m->h->roots.root, LINK, 1, target, sizeof(target));

	if (n > 0 && !strcmp(target, "/" SCRIPT))
		return 1;
	if (n != -ENOENT || bootline_exists(m->h, LINK)) {
		account_error("not-written", "/" LINK, "is not the link that vgapass makes, so it "
			      "stays as it is");
		account_fix(FIX_COMMAND, NULL, "mv /" LINK " /root/");
		return -CMD_FAILED;
	}
	if (m->remove || bootline_exists(m->h, SCRIPT))
		return 0;
	account_error("not-written", "/" SCRIPT, "is not installed");
	account_fix(FIX_ADVICE, NULL, "install vgapass again");
	return -CMD_FAILED;
}

int menu_grub(struct menu *m)
{
	const char *const *command = grub_command(m->h);
	const struct rebuild_how how = { .verbose = m->verbose,
					 .to = account_is_json() ? stderr : stdout };
	int is = command ? look_at_link(m) : 0;

	m->menus += command != NULL;
	if (!command || is < 0 || (m->remove && !is))
		return -is;
	if (m->dry_run) {
		if (!is || m->remove)
			account_print("/" LINK " would be %s\n", m->remove ? "removed" : "made");
		account_print("%s would be run\n", command[0]);
		return CMD_OK;
	}
	int r = is == !m->remove ? 0 : change_link(m);
	if (r) {
		account_error("not-written", "/" LINK, "cannot be %s: %s",
			      m->remove ? "removed" : "made", strerror(-r));
		return CMD_FAILED;
	}
	if (is != !m->remove)
		account_print("/" LINK " is %s\n", m->remove ? "removed" : "made");
	m->changes++;
	account_flush();
	/* Also where the link was there: the profiles may be others now. */
	return rebuild_run(m->h, &how, &task, command, account_findings());
}
