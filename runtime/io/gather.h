/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gather.h - all that a run starts from: configuration, command line, functions, plan.
 *
 * The boot binary and the host's `vgapass` both begin here, so they decide alike.
 */
#pragma once

#include "runtime/core/run.h"

/* Directory fds below the root that a program works on; a negative one: not there. */
struct roots {
	int root; /* / or --sysroot */
	int sys;
	int proc;
	int dev;
	bool real; /* root is / */
};

/* Opens `sysroot`, NULL: /. 0, or -errno. */
int gather_root(const char *sysroot, struct roots *ret);

/* Opens sys, proc and dev below it, which a boot moves to the real root in the end. A missing one
 * is found out later, where it matters. */
void gather_mounts(struct roots *roots);

/* Both, for who does not count calls. */
static inline int gather_roots(const char *sysroot, struct roots *ret)
{
	int r = gather_root(sysroot, ret);

	if (!r)
		gather_mounts(ret);
	return r;
}

/* Reads etc/vgapass.conf and then etc/vgapass.conf.d/ *.conf in C order into c. No file: no
 * rules. One that cannot be read is an error of the configuration, as is one in it. */
void gather_config(const struct roots *roots, struct config *c);

/* The path below the root of a configuration file that messages call `name`. */
struct conf_path {
	char s[sizeof("etc/vgapass.conf.d/") + 255];
};

const char *gather_conf_path(struct conf_path *p, const char *name);

/* Fills r->config, cmd, inv and plan, all by roots->root. `cmdline` stands in for proc/cmdline
 * if not NULL. Never fails: what is wrong stands in r. r->inv.devices is open where functions
 * were read. */
void gather_run(const struct roots *roots, const char *cmdline, struct run *r);

/* Who has the functions that rules are about: no claim waits for that. */
void gather_drivers(const struct roots *roots, struct run *r);
