/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modprobe.h - what modprobe.d says of a module, and the directories that libkmod reads. */
#pragma once

#include <dirent.h>
#include <stdbool.h>

struct kmod_module;

#define MODPROBE_DIRS 5
extern const char *const modprobe_dirs[MODPROBE_DIRS]; /* below the root */

/* A directory below the directory fd of a root, and one of its entries after the other. */
struct folder {
	DIR *dir;
	char *path; /* of the entry, below the root */
	char name[300];
};

bool folder_open(struct folder *f, int root, const char *name);

/* Returns the entry's name; NULL: no more, and the folder is closed. */
const char *folder_next(struct folder *f);

/* Returns what is no regular file in a directory that libkmod reads, or leads to a file that is
 * not below the root, as a path below it, to be freed; NULL: nothing. libkmod would wait for ever
 * for a FIFO, or a terminal, and it follows every link. A link to /dev/null masks a file of
 * another directory, and is none of those. */
char *modprobe_find_stranger(int root, const char *folder);

/* A module's options without "ids=...", to be freed, and whether it had those; NULL: no memory. As
 * soon as it is loaded a module with ids= takes every free function of these IDs, those that no
 * rule names and those that are kept included (drivers/vfio/pci/vfio_pci.c,
 * vfio_pci_fill_ids()). */
char *modprobe_options(struct kmod_module *mod, bool *had_ids);

/* True: the names of a module are the same, '-' and '_' being one. */
bool modprobe_same(const char *a, const char *b);

/* The file of modprobe.d that gives the module ids=, as a path below the root, to be freed;
 * NULL: none does. */
char *modprobe_ids_file(int root, const char *module);
