/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modprobe.h - what modprobe.d says of a module, and the directories that libkmod reads. */
#pragma once

#include <dirent.h>
#include <stdbool.h>

struct kmod_module;

#define MODPROBE_DIRS 5
extern const char *const modprobe_dirs[MODPROBE_DIRS]; /* below the sysroot */

/* A directory below the sysroot, and one of its entries after the other. */
struct folder {
	DIR *dir;
	char *path; /* of the entry, as it can be opened */
	char name[300];
};

bool folder_open(struct folder *f, const char *sysroot, const char *name);

/* Returns the entry's name; NULL: no more, and the folder is closed. */
const char *folder_next(struct folder *f);

/* Returns what is no regular file in a directory that libkmod reads, as a path below the
 * sysroot, to be freed; NULL: nothing. It would wait for ever for a FIFO, or a terminal. A link
 * to /dev/null masks a file of another directory, and is none of those. */
char *modprobe_find_stranger(const char *sysroot, const char *folder);

/* A module's options without "ids=...", to be freed, and whether it had those; NULL: no memory. As
 * soon as it is loaded a module with ids= takes every free function of these IDs, those that no
 * rule names and those that are kept included (drivers/vfio/pci/vfio_pci.c, vfio_pci_fill_ids()). */
char *modprobe_options(struct kmod_module *mod, bool *had_ids);

/* True: the names of a module are the same, '-' and '_' being one. */
bool modprobe_same(const char *a, const char *b);

/* The file of modprobe.d that gives the module ids=, as a path below the sysroot, to be freed;
 * NULL: none does. */
char *modprobe_ids_file(const char *sysroot, const char *module);
