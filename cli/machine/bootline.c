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

/* Files of which one is written, in this order; what a machine has beside is not used. */
static const struct bootline {
	const char *file, *tool; /* both exist; tool NULL: whatever runs */
	const char *place;
} lines[] = {
	{ "etc/NIXOS", NULL,
	  "boot.kernelParams of the NixOS configuration, run nixos-rebuild boot" },
	{ "etc/kernelstub/configuration", NULL,
	  "the kernel command line by kernelstub --add-options" },
	{ "ostree/repo", "usr/bin/rpm-ostree",
	  "the kernel command line by rpm-ostree kargs --editor" },
	{ "etc/default/grub", "usr/sbin/update-grub",
	  "GRUB_CMDLINE_LINUX of /etc/default/grub, run update-grub" },
	{ "etc/default/grub", "usr/sbin/grub2-mkconfig",
	  "GRUB_CMDLINE_LINUX of /etc/default/grub, run "
	  "grub2-mkconfig -o /boot/grub2/grub.cfg" },
	{ "etc/default/grub", NULL,
	  "GRUB_CMDLINE_LINUX of /etc/default/grub, run grub-mkconfig -o "
	  "/boot/grub/grub.cfg" },
	{ "etc/update-extlinux.conf", NULL,
	  "default_kernel_opts of /etc/update-extlinux.conf, run update-extlinux" },
	{ "etc/default/limine", NULL,
	  "KERNEL_CMDLINE of /etc/default/limine, run limine-mkinitcpio" },
	{ "etc/kernel/cmdline", "usr/bin/sdbootutil",
	  "the line of /etc/kernel/cmdline, run sdbootutil update-all-entries" },
	{ "etc/kernel/cmdline", "usr/bin/mkinitcpio",
	  "the line of /etc/kernel/cmdline, run mkinitcpio -P" },
	{ "etc/kernel/cmdline", NULL,
	  "the line of /etc/kernel/cmdline, run kernel-install add-all" },
	{ "boot/refind_linux.conf", NULL, "the lines of /boot/refind_linux.conf" },
	{ "boot/loader/entries", NULL, "the options of /boot/loader/entries/*.conf" },
	{ "efi/loader/entries", NULL, "the options of /efi/loader/entries/*.conf" },
	{ "boot/efi/loader/entries", NULL, "the options of /boot/efi/loader/entries/*.conf" },
	{ "boot/syslinux/syslinux.cfg", NULL, "the append line of /boot/syslinux/syslinux.cfg" },
	{ "boot/extlinux/extlinux.conf", NULL, "the append line of /boot/extlinux/extlinux.conf" },
};

const char *bootline_place(const struct host *h)
{
	if (bootline_is_proxmox(h) && !bootline_is_grub(h) &&
	    bootline_exists(h, "etc/kernel/cmdline"))
		return "the line of /etc/kernel/cmdline, run proxmox-boot-tool refresh";
	if (bootline_is_proxmox(h) && bootline_exists(h, "etc/default/grub"))
		return "GRUB_CMDLINE_LINUX of /etc/default/grub, run proxmox-boot-tool refresh";
	if (bootline_is_grubby(h) && !bootline_exists(h, "ostree/repo"))
		return "the kernel command line by grubby --update-kernel=ALL --args=...";
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (bootline_exists(h, lines[i].file) &&
		    (!lines[i].tool || bootline_exists(h, lines[i].tool)))
			return lines[i].place;
	return "the kernel command line in the boot loader's configuration";
}

const char *bootline_apply(const struct host *h, const char *path)
{
	if (strstr(path, "etc/default/limine") || strstr(path, "etc/limine-entry-tool"))
		return "run limine-mkinitcpio";
	if (strstr(path, "etc/update-extlinux"))
		return "run update-extlinux";
	if (bootline_is_proxmox(h))
		return "run proxmox-boot-tool refresh";
	if (strstr(path, "grub") && bootline_is_grubby(h))
		return "run grubby --update-kernel=ALL --remove-args=...";
	if (strstr(path, "grub") && bootline_exists(h, "usr/sbin/update-grub"))
		return "run update-grub";
	if (strstr(path, "grub") && bootline_exists(h, "usr/sbin/grub2-mkconfig"))
		return "run grub2-mkconfig -o /boot/grub2/grub.cfg";
	if (strstr(path, "grub"))
		return "run grub-mkconfig -o /boot/grub/grub.cfg";
	if (strstr(path, "etc/kernel/") && bootline_exists(h, "usr/bin/sdbootutil"))
		return "run sdbootutil update-all-entries";
	if (bootline_exists(h, "usr/bin/mkinitcpio") && strstr(path, "cmdline"))
		return "run mkinitcpio -P";
	if (strstr(path, "etc/kernel/"))
		return "run kernel-install add-all";
	return "reboot";
}
