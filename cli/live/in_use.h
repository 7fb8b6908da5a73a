/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use.h - who uses a function, so that its driver must not lose it.
 *
 * To unbind a driver that is in use hangs in the kernel, loses data or takes the display away.
 * To keep it off at the next boot takes from the host what it lives on.
 */
#pragma once

#include <sys/types.h>

#include "runtime/io/gather.h"
#include "obstacle.h"

/* Finds all users of n functions, before they are unbound: those of in_use_by_host(), disks that
 * something in the kernel has claimed, and current users: processes, consoles, addresses of
 * interfaces. */
void in_use_find(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		 struct obstacles *ret);

/* Finds the processes that have virtual functions of f open. */
void in_use_virtual(const struct roots *roots, const struct pci_function *f,
		    struct obstacles *ret);

/* Makes in_use_find() leave out this process too. A worker names its parent, whose open files it
 * has inherited. */
void in_use_except(pid_t pid);

/* Finds only what the host itself needs, also after the next boot: mounted file systems, swap,
 * and disks that are a part of something else; the only keyboard; the network by which the host
 * is reached, bridges and bonds. It reads tables below roots and opens no device, so it needs no
 * root and works on any machine. Functions without a driver of the host are not used and cost
 * nothing. */
void in_use_by_host(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		    struct obstacles *ret);

/* The same for the functions that the plan is to bind, and for those that it refuses only
 * because no rule identifies them: the user is about to write such a rule. `going` is parallel
 * to inv->function, or NULL: functions that go anyway. They are counted where the last keyboard
 * is looked for, but are not themselves reported. */
void in_use_by_plan(const struct roots *roots, const struct inventory *inv,
		    const struct plan *plan, const bool *going, struct obstacles *ret);
