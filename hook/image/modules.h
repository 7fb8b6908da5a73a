/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modules.h - which modules a kernel needs for a driver, in the order in which they must be loaded.
 *
 * libkmod finds them in the target kernel's module directory and the system's modprobe.d. Modules
 * that are built in are left out. Each file is read, so a listed module is whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "runtime/core/config.h"
#include "runtime/io/gather.h"
#include "variants.h"

struct kmod_ctx;

#define MODULES_MAX 64
#define MODULES_TEXT_MAX 512
/* vgapass-early hands this many bytes of parameters to the kernel. */
#define MODULES_OPTIONS_MAX 1023

struct module {
	char *name;
	char *file;    /* path of the .ko, .ko.xz, ... */
	char *options; /* of modprobe.d; see modprobe_options() */
	bool had_ids;  /* ids= has been left out of the options */
	bool unlisted; /* vgapass-early loads it by its name: see modules_add_token() */
	unsigned char *data; /* the file, unpacked: a whole ELF file */
	size_t size;
};

/* Why the modules of a driver cannot be listed. */
struct module_fault {
	const char *driver;
	struct place at; /* of the rule that is wrong; file NULL: not the rule is wrong */
	int error;       /* -ENOENT: the kernel has no such module; nothing is damaged */
	char text[MODULES_TEXT_MAX]; /* what is wrong, a newline, and what to do */
};

struct modules {
	unsigned n;
	struct module module[MODULES_MAX];
	unsigned faults;
	struct module_fault *fault; /* one for each driver without modules */
	struct variants variants;
	int variants_error; /* -errno: the variants could not be read */
	int root;           /* directory fd of the system */
	char sysroot[4096]; /* its path without links; "" for / */
	const char *kernel;
	struct kmod_ctx *kmod;
	char text[MODULES_TEXT_MAX]; /* the last error, written as in a fault */
};

/* Opens the module directory of a kernel. Returns 0, or -errno with the reason in m->text: -ENOENT,
 * there is no such directory; -EINVAL, libkmod would hang, crash or leave the root there. Call
 * modules_close() in either case, before `roots` are closed. */
int modules_open(struct modules *m, const struct roots *roots, const char *kernel);

/* Adds a module, its dependencies, and the softdeps of each of them. Returns 0, or -errno with the
 * reason in m->text; then the list is as before. -ENOENT: the kernel has no such module. */
int modules_add(struct modules *m, const char *name);

/* Adds the modules of all drivers that the configuration asks for. If those of a driver cannot be
 * listed, none of them is, and m->fault has the reason. Returns the number of faults.
 *
 * For driver=auto those are vfio-pci and the variants that are wanted: m->variants, where `error`
 * says whether their modules could be added. That is no fault, as vfio-pci is left. `inv`: the
 * functions of the machine, or NULL. */
unsigned modules_add_drivers(struct modules *m, const struct config *c,
			     const struct inventory *inv);

/* Adds what a boot needs that looks for a token (runtime/io/token.h): efivarfs, unless it is built
 * in. Returns 0, or -errno with the reason in m->text. */
int modules_add_token(struct modules *m);

/* Writes the list for vgapass-early: a line for each module, with its options. */
void modules_list(const struct modules *m, struct text *t);

void modules_close(struct modules *m);
