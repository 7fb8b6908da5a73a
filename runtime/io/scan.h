/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan.h - from /sys/bus/pci/devices to an inventory.
 *
 * Kernel sources of what is read: modalias, boot_vga, secondary_bus_number and config
 * drivers/pci/pci-sysfs.c,
 * iommu_group drivers/iommu/iommu.c, the Device Serial Number PCIe 7.9.3. None of them
 * takes the function's lock, as uevent does (drivers/base/core.c, uevent_show()): a driver
 * that hangs in its probe holds that lock, and the boot would hang with it.
 */
#pragma once

#include "runtime/core/pci.h"

/* Fills inv from the functions below sys/bus/pci/devices of the directory fd `root`, in the
 * order of their addresses, with modalias of each: three system calls a function. One that
 * vanishes meanwhile is left out. inv->devices stays open. 0, or -errno: -E2BIG, more than
 * PCI_FUNCTIONS_MAX. */
int scan_functions(int root, struct inventory *inv);

/* Reads those of `details` (enum pci_detail) of function i that are not known yet. What
 * cannot be read is as if it were not there: no group, no serial, not the boot display. Of
 * `root` it reads, once, proc/iomem: who the firmware's framebuffer belongs to; and for the first
 * function without a group sys/class/iommu and sys/firmware/acpi/tables: whether one may come
 * with the probe (inv->has_iommu) or with virtio-iommu's module. Then the group is
 * PCI_GROUP_LATER. */
void scan_details(int root, struct inventory *inv, unsigned i, unsigned details);

/* A function's modalias: IDs, subsystem and class. False: it is none of a PCI function. */
bool scan_parse_modalias(struct slice text, struct pci_function *f);

/* "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0". False: no such path. */
bool scan_parse_path(struct slice target, struct pci_path *ret);
