/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gather.h - all that a run starts from: configuration, command line, functions, plan.
 *
 * The boot binary and the host's `vgapass` both begin here, so both decide the same.
 */
#pragma once

#include "runtime/core/run.h"

/* Directory fds of the root that a program works on, and below it; negative: not found. */
struct roots {
	int root; /* / or --sysroot */
	int sys;
	int proc;
	int dev;
	bool real; /* root is / */
};

/* Opens `sysroot`, or / if it is NULL. Returns 0, or -errno. */
int gather_root(const char *sysroot, struct roots *ret);

/* Opens sys, proc and dev below the root now, as the end of the boot moves them to the real root.
 * A missing one is reported later, by the call that needs it. */
void gather_mounts(struct roots *roots);

/* gather_root() and gather_mounts() in one call, for the CLI. The boot binary does the second
 * only when it needs it. Returns 0, or -errno. */
static inline int gather_roots(const char *sysroot, struct roots *ret)
{
	int r = gather_root(sysroot, ret);

	if (!r)
		gather_mounts(ret);
	return r;
}

/* Reads etc/vgapass.conf and then etc/vgapass.conf.d/ *.conf in C order into c. Without files
 * there are no rules. A file that cannot be read is an error of the configuration. */
void gather_config(const struct roots *roots, struct config *c);

struct conf_path {
	char s[sizeof("etc/vgapass.conf.d/") + 255];
};

/* Returns the path below the root of the configuration file that messages call `name`; it is in
 * *p. */
const char *gather_conf_path(struct conf_path *p, const char *name);

/* Fills r->config, cmd, inv and plan; uses roots->root only. r is zeros, or what an earlier call
 * left if nothing was applied since; r->token counts if the caller has filled it. `cmdline`
 * replaces proc/cmdline if it is not NULL. Never fails: what is wrong is in r. r->inv.devices is
 * open if functions were read. */
void gather_run(const struct roots *roots, const char *cmdline, struct run *r);

/* The second and the third part of gather_run(), for a caller that has filled r->config:
 * gather_cmdline() reads the command line, and adds its rules to r->config;
 * gather_plan() obeys r->token, reads the functions and builds the plan. */
void gather_cmdline(const struct roots *roots, const char *cmdline, struct run *r);
void gather_plan(const struct roots *roots, struct run *r);

/* Reads the drivers of the functions that rules are about. The claim does not wait for this. */
void gather_drivers(const struct roots *roots, struct run *r);
