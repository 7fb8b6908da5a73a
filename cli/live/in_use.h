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

/* Finds all users of n functions, for who is to unbind them now: those of in_use_by_host(),
 * disks that something in the kernel claims, and whoever uses them at the moment: processes,
 * consoles, addresses of interfaces. */
void in_use_find(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		 struct obstacles *ret);

/* Leaves out one more process than the one that asks: its parent, of whom it has inherited what
 * is open. */
void in_use_except(pid_t pid);

/* Finds only what the host itself needs, at the next boot too: mounted file systems, swap, and
 * disks that are a part of something else; the only keyboard; the network that the host is
 * reached by, bridges and bonds. Reads tables below roots and opens no device, so everybody
 * may call it, of any machine. Functions that no driver of the host has are used by nobody,
 * and cost nothing. */
void in_use_by_host(const struct roots *roots, const struct pci_function *const *f, unsigned n,
		    struct obstacles *ret);

/* The same of the functions of inv that the plan is to bind, or would if a rule identified
 * them: whoever writes what a refusal asks for has to know. Those at `going`, which is parallel
 * to inv->function, go anyway: with them goes the last keyboard, but nobody asks who uses them.
 * NULL: none. */
void in_use_by_plan(const struct roots *roots, const struct inventory *inv,
		    const struct plan *plan, const bool *going, struct obstacles *ret);
