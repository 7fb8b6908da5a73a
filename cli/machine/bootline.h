/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bootline.h - where the kernel command line of this machine is written. */
#pragma once

#include "host.h"

/* True: something exists below the root. */
bool bootline_exists(const struct host *h, const char *path);

/* True: Proxmox's tool writes the boot loaders' files. */
bool bootline_is_proxmox(const struct host *h);

/* True: GRUB reads the entries of /boot/loader/entries (blscfg, as on Fedora). grubby edits them;
 * grub2-mkconfig makes grub.cfg and leaves them as they are. */
bool bootline_is_grubby(const struct host *h);

/* True: GRUB has started this kernel. It writes BOOT_IMAGE= in front of the command line, which
 * systemd-boot and the firmware do not; EXTLINUX does, too. */
bool bootline_is_grub(const struct host *h);

/* Where a parameter is written: "add X to" where. */
struct bootline {
	const char *file;    /* "/etc/default/grub"; NULL: it is not written into a file */
	const char *where;   /* "GRUB_CMDLINE_LINUX of /etc/default/grub" */
	const char *command; /* to run afterwards: "update-grub"; NULL: none */
};

const struct bootline *bootline_find(const struct host *h);

/* The same in words: "GRUB_CMDLINE_LINUX of /etc/default/grub, run update-grub". Good until the
 * next call. */
const char *bootline_place(const struct host *h);

/* The command that makes a changed file of the boot loader's count: "update-grub"; NULL: none is
 * needed but a reboot. `path` is below the root. */
const char *bootline_apply(const struct host *h, const char *path);
