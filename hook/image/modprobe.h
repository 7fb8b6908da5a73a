/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modprobe.h - what modprobe.d says of a module, and the directories that libkmod reads. */
#pragma once

#include <dirent.h>
#include <stdbool.h>

struct kmod_module;

#define MODPROBE_DIRS 5
extern const char *const modprobe_dirs[MODPROBE_DIRS]; /* below the root */

/* A directory below the directory fd of a root, whose entries are read one after the other. */
struct folder {
	DIR *dir;
	char *path; /* of the entry, below the root */
	char name[300];
};

bool folder_open(struct folder *f, int root, const char *name);

/* Returns the next entry's name, or NULL after closing the directory at its end. */
const char *folder_next(struct folder *f);

/* Returns an entry of a directory that libkmod must not open, as a path below the root, to be
 * freed; NULL: there is none. This is a FIFO or a device, on which libkmod would block for ever, or
 * a link that leads out of the root. A link to /dev/null is fine: it masks a file of another
 * directory. */
char *modprobe_find_stranger(int root, const char *folder);

/* Returns a module's options of modprobe.d, to be freed, or NULL if there is no memory. They lack
 * "ids=...", which *had_ids tells: as soon as it is loaded, a module with ids= takes every free
 * function of these IDs, even those that no rule names or that a rule keeps
 * (drivers/vfio/pci/vfio_pci.c, vfio_pci_fill_ids()). They also lack what libkmod adds from this
 * machine's kernel command line. */
char *modprobe_options(struct kmod_module *mod, bool *had_ids);

/* Returns a file of modprobe.d that gives the module ids=, as a path below the root, to be freed;
 * NULL: there is none. */
char *modprobe_ids_file(int root, const char *module);
