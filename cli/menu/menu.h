/* SPDX-License-Identifier: GPL-2.0-or-later */
/* menu.h - entries of boot menus that boot without passthrough, with a trial, with a profile: each
 * is a copy of the default entry with one more word on the kernel command line.
 *
 * What is changed is printed as it is done; faults are findings of the account.
 */
#pragma once

#include "cli/machine/host.h"

struct menu_entry {
	const char *word; /* of vgapass= */
	char id[16 + CONFIG_NAME_MAX];    /* "vgapass-off", "vgapass-profile-NAME" */
	char title[32 + CONFIG_NAME_MAX]; /* behind the default entry's: "without passthrough" */
};

struct menu {
	const struct host *h;
	bool remove;  /* the entries are to go */
	bool dry_run; /* change nothing, print what would be changed */
	bool verbose; /* show all that a tool prints */
	unsigned entries;
	struct menu_entry entry[2 + CONFIG_PROFILES_MAX];
	unsigned menus;   /* that are found */
	unsigned changes; /* that are made */
};

/* GRUB's menu, which grub-mkconfig makes: our script in /etc/grub.d. Returns CMD_OK, also if there
 * is no such menu, or CMD_FAILED and a finding. */
int menu_grub(struct menu *m);

/* The entries of the Boot Loader Specification, which systemd-boot and Fedora's GRUB read. Returns
 * as menu_grub(). */
int menu_loader(struct menu *m);
