/* scan.h - from /sys/bus/pci/devices to an inventory.
 *
 * Kernel sources of what is read: uevent drivers/pci/pci-driver.c (pci_uevent) and
 * drivers/base/core.c (DRIVER=), boot_vga and config drivers/pci/pci-sysfs.c, iommu_group
 * drivers/iommu/iommu.c, the Device Serial Number PCIe 7.9.3.
 */
#pragma once

#include "../core/plan.h"

/* Fills inv from the functions below the sysfs directory fd `sys`, in the order of their
 * addresses, with what the uevent of each says: three system calls a function. One that
 * vanishes meanwhile is left out. 0, or -errno: -E2BIG, more than PCI_FUNCTIONS_MAX. */
int scan_functions(int sys, struct inventory *inv);

/* Reads those of `details` (enum pci_detail) that are not known yet. What cannot be read
 * is as if it were not there: no group, no serial, not the boot display. `proc` is a
 * directory fd of /proc or negative: who the firmware's framebuffer belongs to. */
void scan_details(int sys, int proc, struct pci_function *f, unsigned details);

/* One function's uevent. False: it is none of a PCI function. `driver` may stay empty. */
bool scan_parse_uevent(struct slice text, struct pci_function *f, struct slice *driver);

/* "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0". False: no such path. */
bool scan_parse_path(struct slice target, struct pci_path *ret);
