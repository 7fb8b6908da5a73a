/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holder.h - which processes have a function's devices open: guests, display and sound servers. */
#pragma once

#include <stdbool.h>

#include "nodes.h"

struct holder {
	const struct node *node; /* the first of the nodes with this device number */
	const char *pid, *process;
	const char *guest; /* as QEMU's -name has it; "": it is none, or has no name */
	const char *file, *how; /* "/dev/vfio/14", "open" or "mapped" */
};

/* Calls each() for every process other than this one and `except` (0: none) that has a file of the
 * nodes open or mapped: once, or if `every` is true once for each node. Keyboards and mice do not
 * count, as their readers let go of them. Returns false if the files of some process cannot be
 * seen: this one is not root, or is in a container. */
bool holders_find(const struct roots *roots, const struct nodes *nodes, pid_t except, bool every,
		  void (*each)(const struct holder *holder, void *arg), void *arg);
