/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver.h - what the names of drivers and of modules say about guests.
 *
 * Pure. The kernel has no list of drivers that give functions to guests, but their names follow
 * a custom: vfio-pci and its variants are called mlx5_vfio_pci, hisi_acc_vfio_pci, xe-vfio-pci,
 * nvgrace-gpu-vfio-pci. A driver is named with '-' or '_'; in a module's name both are the same.
 */
#pragma once

#include "slice.h"

/* Returns true if the name begins or ends with one of `words` ("one|two"), all of which have
 * eight letters. */
bool driver_is_like(const char *driver, const char *words);

/* Returns true for vfio-pci and its variants: a guest uses the function through VFIO. */
static inline bool driver_is_vfio(const char *driver)
{
	return driver_is_like(driver, "vfio-pci|vfio_pci");
}

/* Returns true for a driver that holds a function for guests. pci-stub does so too: it keeps the
 * function from the host. False for "", no driver. */
static inline bool driver_is_for_guests(const char *driver)
{
	return driver_is_like(driver, "vfio-pci|vfio_pci|pci-stub");
}

/* Returns true if a function on this driver, or on none (""), leaves its IOMMU group to a guest.
 * Beside the drivers for guests, pcieport does: it does no DMA of its own
 * (drivers/pci/pcie/portdrv.c, driver_managed_dma). */
static inline bool driver_shares_group(const char *driver)
{
	return !*driver || driver_is_like(driver, "vfio-pci|vfio_pci|pci-stub|pcieport");
}

/* Returns true if the names are equal, where '-' and '_' are the same. */
bool module_same_name(struct slice a, struct slice b);

/* Returns true for the modules that take functions by a list ids= of their own. */
static inline bool module_takes_ids(struct slice module)
{
	return module_same_name(module, slice_of("vfio-pci")) ||
	       module_same_name(module, slice_of("pci-stub"));
}

/* Returns true for the modules of VFIO (vfio, vfio_iommu_type1, vfio_pci_core) and for
 * pci-stub. */
static inline bool module_is_for_guests(struct slice module)
{
	return (module.n >= 4 && slice_is((struct slice){ module.p, 4 }, "vfio")) ||
	       module_takes_ids(module);
}
