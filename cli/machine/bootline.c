/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bootline.c - see bootline.h */
#include "bootline.h"

#include <string.h>

#include "runtime/io/sysfs.h"

bool bootline_exists(const struct host *h, const char *path)
{
	return sysfs_exists(h->roots.root, path);
}

bool bootline_is_proxmox(const struct host *h)
{
	return bootline_exists(h, "etc/kernel/proxmox-boot-uuids");
}

static int look_for_blscfg(struct slice line, void *arg)
{
	(void)arg;
	return slice_is(line, "GRUB_ENABLE_BLSCFG=true") ||
	       slice_is(line, "GRUB_ENABLE_BLSCFG=\"true\"");
}

bool bootline_is_grubby(const struct host *h)
{
	return bootline_exists(h, "boot/loader/entries") &&
	       (bootline_exists(h, "usr/sbin/grubby") ||
		sysfs_lines(h->roots.root, "etc/default/grub", look_for_blscfg, NULL) == 1);
}

bool bootline_is_grub(const struct host *h)
{
	return strstr(h->run.cmdline, "BOOT_IMAGE=");
}

#define GRUB "/etc/default/grub", "GRUB_CMDLINE_LINUX of /etc/default/grub"
#define KERNEL "/etc/kernel/cmdline", "the line of /etc/kernel/cmdline"

/* Files of which one is written, in this order; what a machine has beside is not used. */
static const struct {
	const char *file, *tool; /* both exist; tool NULL: whatever runs */
	struct bootline line;
} lines[] = {
	{ "etc/NIXOS", NULL,
	  { NULL, "boot.kernelParams of the NixOS configuration", "nixos-rebuild boot" } },
	{ "etc/kernelstub/configuration", NULL,
	  { NULL, "the kernel command line by kernelstub --add-options", NULL } },
	{ "ostree/repo", "usr/bin/rpm-ostree",
	  { NULL, "the kernel command line by rpm-ostree kargs --editor", NULL } },
	{ "etc/default/grub", "usr/sbin/update-grub", { GRUB, "update-grub" } },
	{ "etc/default/grub", "usr/sbin/grub2-mkconfig",
	  { GRUB, "grub2-mkconfig -o /boot/grub2/grub.cfg" } },
	{ "etc/default/grub", NULL, { GRUB, "grub-mkconfig -o /boot/grub/grub.cfg" } },
	{ "etc/update-extlinux.conf", NULL,
	  { "/etc/update-extlinux.conf", "default_kernel_opts of /etc/update-extlinux.conf",
	    "update-extlinux" } },
	{ "etc/default/limine", NULL,
	  { "/etc/default/limine", "KERNEL_CMDLINE of /etc/default/limine", "limine-mkinitcpio" } },
	{ "etc/kernel/cmdline", "usr/bin/sdbootutil", { KERNEL, "sdbootutil update-all-entries" } },
	{ "etc/kernel/cmdline", "usr/bin/mkinitcpio", { KERNEL, "mkinitcpio -P" } },
	{ "etc/kernel/cmdline", NULL, { KERNEL, "kernel-install add-all" } },
	{ "boot/refind_linux.conf", NULL,
	  { "/boot/refind_linux.conf", "the lines of /boot/refind_linux.conf", NULL } },
	{ "boot/loader/entries", NULL,
	  { NULL, "the options of /boot/loader/entries/*.conf", NULL } },
	{ "efi/loader/entries", NULL, { NULL, "the options of /efi/loader/entries/*.conf", NULL } },
	{ "boot/efi/loader/entries", NULL,
	  { NULL, "the options of /boot/efi/loader/entries/*.conf", NULL } },
	{ "boot/syslinux/syslinux.cfg", NULL,
	  { "/boot/syslinux/syslinux.cfg", "the append line of /boot/syslinux/syslinux.cfg",
	    NULL } },
	{ "boot/extlinux/extlinux.conf", NULL,
	  { "/boot/extlinux/extlinux.conf", "the append line of /boot/extlinux/extlinux.conf",
	    NULL } },
};

const struct bootline *bootline_find(const struct host *h)
{
	static const struct bootline proxmox = { KERNEL, "proxmox-boot-tool refresh" },
		proxmox_grub = { GRUB, "proxmox-boot-tool refresh" },
		grubby = { NULL, "the kernel command line by grubby "
				 "--update-kernel=ALL (--args=, --remove-args=)", NULL },
		any = { NULL, "the kernel command line in the boot loader's configuration", NULL };

	if (bootline_is_proxmox(h) && !bootline_is_grub(h) &&
	    bootline_exists(h, "etc/kernel/cmdline"))
		return &proxmox;
	if (bootline_is_proxmox(h) && bootline_exists(h, "etc/default/grub"))
		return &proxmox_grub;
	if (bootline_is_grubby(h) && !bootline_exists(h, "ostree/repo"))
		return &grubby;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (bootline_exists(h, lines[i].file) &&
		    (!lines[i].tool || bootline_exists(h, lines[i].tool)))
			return &lines[i].line;
	return &any;
}

const char *bootline_place(const struct host *h)
{
	static char text[256];
	const struct bootline *line = bootline_find(h);

	return text_make(text, sizeof(text), line->command ? "%s, run %s" : "%s%s", line->where,
			 line->command ? line->command : "");
}

const char *bootline_apply(const struct host *h, const char *path)
{
	if (strstr(path, "etc/default/limine") || strstr(path, "etc/limine-entry-tool"))
		return "limine-mkinitcpio";
	if (strstr(path, "etc/update-extlinux"))
		return "update-extlinux";
	if (bootline_is_proxmox(h))
		return "proxmox-boot-tool refresh";
	if (strstr(path, "grub") && bootline_is_grubby(h))
		return "grubby --update-kernel=ALL --remove-args=...";
	if (strstr(path, "grub") && bootline_exists(h, "usr/sbin/update-grub"))
		return "update-grub";
	if (strstr(path, "grub") && bootline_exists(h, "usr/sbin/grub2-mkconfig"))
		return "grub2-mkconfig -o /boot/grub2/grub.cfg";
	if (strstr(path, "grub"))
		return "grub-mkconfig -o /boot/grub/grub.cfg";
	if (strstr(path, "etc/kernel/") && bootline_exists(h, "usr/bin/sdbootutil"))
		return "sdbootutil update-all-entries";
	if (bootline_exists(h, "usr/bin/mkinitcpio") && strstr(path, "cmdline"))
		return "mkinitcpio -P";
	if (strstr(path, "etc/kernel/"))
		return "kernel-install add-all";
	return NULL;
}
