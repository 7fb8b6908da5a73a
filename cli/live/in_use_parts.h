/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use_parts.h - the parts of in_use.c: each looks at devices of a kind and adds obstacles. */
#pragma once

#include "members.h"
#include "nodes.h"
#include "obstacle.h"

/* in_use_disk.c: disks that are mounted, swap space or a part of something else; with `claims`
 * also those that the kernel lets nobody open exclusively, which is found out by opening them, and
 * those that a loop device stands on, which nothing uses. */
void in_use_disks(const struct roots *roots, const struct in_use_of *of, bool claims,
		  struct obstacles *o);

/* in_use_net.c: interfaces that the host is reached by, or that others stand on. */
void in_use_networks(const struct roots *roots, const struct in_use_of *of, struct obstacles *o);

/* The same file: interfaces that have an address, of a network that the host may not need. */
void in_use_addresses(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);

/* in_use_input.c: the only keyboard. */
void in_use_keyboards(const struct roots *roots, const struct in_use_of *of, struct obstacles *o);

/* in_use_display.c: the kernel's console on a serial port or on a lit connector. */
void in_use_consoles(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);
void in_use_displays(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);

/* in_use_kernel.c: what parts of the kernel use, which no process has open: disks that are
 * exported, interfaces in other network namespaces, what hangs on Thunderbolt. */
void in_use_kernel(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);

/* in_use_process.c: processes that have files of the nodes open or mapped, one obstacle for each,
 * but this one and `except` (0: none). Sets o->blind. */
void in_use_process(const struct roots *roots, const struct nodes *nodes, pid_t except,
		    struct obstacles *o);
