/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modules.h - which modules a kernel needs for a driver, in the order of their loading.
 *
 * By libkmod, from the target kernel's own module directory and the system's modprobe.d. What
 * is built in is left out. Every file is read here, so that what is listed is whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "runtime/core/config.h"
#include "runtime/io/gather.h"

struct kmod_ctx;

#define MODULES_MAX 64
#define MODULES_TEXT_MAX 512
/* vgapass-early hands this many bytes of parameters to the kernel. */
#define MODULES_OPTIONS_MAX 1023

struct module {
	char *name;
	char *file;    /* path of the .ko, .ko.xz, ... */
	char *options; /* of modprobe.d, without ids= and without those that are on this machine's
			  own kernel command line, which libkmod mixes in */
	bool had_ids;  /* ids= is left out of the options */
	unsigned char *data; /* the file, unpacked: an ELF file up to its end */
	size_t size;
};

/* Why the driver of a rule cannot be had. */
struct module_fault {
	const char *driver;
	struct place at; /* of the rule, where the rule is wrong; file NULL: the kernel is */
	int error;       /* -ENOENT: the kernel has no such module, and nothing is damaged */
	char text[MODULES_TEXT_MAX]; /* what is wrong, a newline, and what to do */
};

struct modules {
	unsigned n;
	struct module module[MODULES_MAX];
	unsigned faults;
	struct module_fault *fault; /* one for each driver that cannot be had */
	int root;           /* directory fd of the system */
	char sysroot[4096]; /* its path without links; "" for / */
	const char *kernel;
	struct kmod_ctx *kmod;
	char text[MODULES_TEXT_MAX]; /* of the last error, as in a fault */
};

/* Returns 0, or -errno with the reason in m->text: -ENOENT, the kernel has no module
 * directory; -EINVAL, reading would hang or leave the root. modules_close() is needed in any
 * case, and before `roots` are closed. */
int modules_open(struct modules *m, const struct roots *roots, const char *kernel);

/* Adds a module and all that it needs: dependencies, and the softdeps of each of them. Returns
 * 0, or -errno with the reason in m->text; then the list is as before. -ENOENT: the kernel has
 * no such module. */
int modules_add(struct modules *m, const char *name);

/* Adds the modules of all drivers that the configuration asks for. A driver that cannot be had
 * is in m->fault, and none of its modules are listed; the others are. Returns the faults. */
unsigned modules_add_drivers(struct modules *m, const struct config *c);

/* Makes the list for vgapass-early: a module with its options a line. */
void modules_list(const struct modules *m, struct text *t);

void modules_close(struct modules *m);
