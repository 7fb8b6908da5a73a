/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader_use.h - which entry of a boot loader booted the kernel that runs, for loader.c. */
#pragma once

#include "host.h"
#include "loader_entry.h"

/* What is known of the system that runs. */
struct loader_running {
	char machine[64];   /* its ID */
	unsigned snapshot;  /* of snapper, which its root is; 0: none */
	char kernel[128];   /* its version */
	char initrd[1024];  /* the words of initrd=, with blanks between */
	char image[512];    /* BOOT_IMAGE=, which GRUB and syslinux put on the command line */
	char selected[256]; /* the entry that systemd-boot booted */
	char stub[256];     /* the unified kernel image that runs */
};

void loader_read_running(const struct host *h, struct loader_running *ret);

/* The paths of the entry are still as they are written, as that of BOOT_IMAGE= is. */
enum loader_use loader_find_use(const struct loader_running *run, const struct loader_entry *e);
