/* modules.h - which modules a kernel needs for a driver, in the order of their loading.
 *
 * By libkmod, from the target kernel's own module folder and the system's modprobe.d. What
 * is built in is left out.
 */
#pragma once

#include <stdbool.h>

#include "../runtime/core/config.h"

#define MODULES_MAX 64

struct module {
	char *name;
	char *file;    /* path of the .ko, .ko.xz, ... */
	char *options; /* of modprobe.d, behind "async_probe" where `async`; without those that are
			  on this machine's own kernel command line, which libkmod mixes in */
};

struct modules {
	unsigned n;
	struct module module[MODULES_MAX];
	const char *sysroot, *kernel;
	void *kmod; /* struct kmod_ctx */
	/* Of what is being added: its probes may be asynchronous, which those of VFIO stand. Then
	 * its loading waits neither for them nor for those of other drivers, like a disk's
	 * (kernel/module/main.c, do_init_module()), and several functions are probed at once. */
	bool async;
};

/* 0, or -errno: -ENOENT, the kernel has no module folder. `sysroot` may be "". */
int modules_open(struct modules *m, const char *sysroot, const char *kernel);

/* Adds the driver's module and all that it needs: dependencies, and the softdeps of each of
 * them. 0, or -errno: -ENOENT the kernel has no such module, -E2BIG more than MODULES_MAX. */
int modules_add(struct modules *m, const char *driver);

/* Adds those of all drivers that the configuration asks for; *driver is the one in question
 * where that fails. */
int modules_add_drivers(struct modules *m, const struct config *c, const char **driver);

/* The list for vgapass-early: a module with its options a line. */
void modules_list(const struct modules *m, struct text *t);

void modules_close(struct modules *m);
