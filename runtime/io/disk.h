/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk.h - whether the host uses a disk of a function. */
#pragma once

#include "gather.h"

/* Returns true if a block device below the function is mounted, swap space or claimed (by dm, md
 * or ZFS); its file goes to *ret. For NVMe multipath that is the disk itself, which is not below
 * the function in sysfs. */
bool disk_in_use(const struct roots *roots, const struct pci_function *f, char ret[OUTCOME_DETAIL]);
