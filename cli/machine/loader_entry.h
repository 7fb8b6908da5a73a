/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader_entry.h - one entry of a boot loader. Paths are below the root, without "/" in front. */
#pragma once

#include <stdbool.h>

enum loader_kind {
	LOADER_GRUB,     /* a menuentry of grub.cfg; without a kernel: kernelopts of grubenv */
	LOADER_BLS,      /* loader/entries/ *.conf */
	LOADER_UKI,      /* a unified kernel image: file, kernel and initrd are all its path */
	LOADER_ADDON,    /* *.addon.efi: options for unified kernel images, nothing else */
	LOADER_EXTLINUX, /* extlinux.conf, syslinux.cfg */
	LOADER_LIMINE,   /* limine.conf, limine.cfg */
	LOADER_REFIND,   /* refind.conf; refind_linux.conf, whose entries have no kernel */
	LOADER_FIRMWARE, /* initrd= of the command line that runs, which an EFI variable may hold */
};

/* Which entry boots next nobody knows: a menu asks. */
enum loader_use {
	LOADER_UNKNOWN,
	LOADER_BOOTED,  /* the entry that booted the kernel that runs */
	LOADER_UNUSED,  /* another boot loader booted the kernel that runs */
	LOADER_FOREIGN, /* of another system on this machine, or of another snapshot of this one */
};

/* A line of options for the kernel: text as it stands there, without the quotes around it. */
struct loader_options {
	unsigned line; /* 0: the file is binary */
	char *text;
};

/* A file that an entry names. Not found: the path is where the entry's own partition has it. */
struct loader_path {
	char *path;
	bool found;
};

struct loader_entry {
	enum loader_kind kind;
	enum loader_use use;
	char *file;    /* where the entry is written */
	unsigned line; /* its first line there; 0: the whole file is the entry */
	char *version; /* of the kernel, where the entry says one; else NULL */
	char *machine; /* the machine's ID, as version */
	struct loader_path kernel; /* path NULL: the entry names none */
	unsigned initrds;           /* the kernel unpacks them one after the other */
	struct loader_path *initrd; /* of a unified kernel image: the kernel's path again */
	unsigned options;
	struct loader_options *option;
};

struct loader {
	unsigned n;
	struct loader_entry *entry; /* in the order of reading */
};
