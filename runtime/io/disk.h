/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk.h - whether the host has something on the disks of a function. */
#pragma once

#include "gather.h"

/* True: a block device below the function is mounted, swap space or claimed by something (dm, md,
 * ZFS), and *ret is its file. Of NVMe with several paths the disk, which hangs elsewhere. */
bool disk_in_use(const struct roots *roots, const struct pci_function *f, char ret[OUTCOME_DETAIL]);
