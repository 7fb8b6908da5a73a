/* disk.h - whether the host has something on the disks of a function. */
#pragma once

#include "gather.h"

/* True: a block device below the function is mounted, swap space or a part of something (dm,
 * md, ZFS), and *ret is its file. Below its multipath heads too, which the kernel hangs
 * elsewhere. */
bool disk_in_use(const struct roots *roots, const struct pci_function *f, char ret[PLAN_DETAIL]);
