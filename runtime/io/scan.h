/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan.h - from /sys/bus/pci/devices to an inventory.
 *
 * What is read comes from drivers/pci/pci-sysfs.c (modalias, boot_vga, secondary_bus_number,
 * config) and drivers/iommu/iommu.c (iommu_group); the Device Serial Number is in PCIe 7.9.3. No
 * read here takes the function's lock, as one of uevent does (drivers/base/core.c,
 * uevent_show()): a driver that hangs in its probe holds that lock, and the boot would hang with
 * it.
 */
#pragma once

#include "runtime/core/pci.h"

/* Fills inv with the functions below sys/bus/pci/devices of the directory fd `root`, in the order
 * of their addresses, each with what its modalias says: three system calls a function. Leaves out
 * one that vanishes meanwhile. inv->devices stays open. Returns 0, or -errno; -E2BIG: more than
 * PCI_FUNCTIONS_MAX. */
int scan_functions(int root, struct inventory *inv);

/* An address as a number, in the order of domain, bus, device, function. */
static inline uint64_t scan_key(const struct pci_address *at)
{
	return (uint64_t)at->domain << 16 | at->bus << 8 | at->devfn;
}

/* Appends the function at this address, with what its modalias says, unless it is gone. There must
 * be room for it. */
void scan_function(struct inventory *inv, uint64_t key);

/* Reads those of `details` (enum pci_detail) of function i that are not known yet. What cannot be
 * read counts as missing: no group, no serial number, not the boot display. Two things are read
 * once, below `root`: proc/iomem, for the function that owns the firmware's framebuffer; and,
 * when the first function without a group is met, sys/class/iommu and sys/firmware/acpi/tables.
 * They tell whether a function may get a group when it is probed (inv->has_iommu), or when
 * virtio-iommu's module is loaded; then its group is PCI_GROUP_LATER. */
void scan_details(int root, struct inventory *inv, unsigned i, unsigned details);

/* Reads IDs, subsystem and class from a modalias. Returns false if it is not one of a PCI
 * function. */
bool scan_parse_modalias(struct slice text, struct pci_function *f);

/* Reads "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0". Returns false for another
 * path. */
bool scan_parse_path(struct slice target, struct pci_path *ret);
