/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smmu.h - what the firmware of a machine that is no PC shows: by ACPI, or by a device tree. */
#pragma once

#include <stdbool.h>

/* An IOMMU of the PCI functions, by the ACPI table IORT or by the device tree. UNKNOWN: there is
 * neither, or only root may read it. */
enum smmu { SMMU_UNKNOWN, SMMU_NONE, SMMU_SHOWN };

/* `sys` is an fd of /sys. */
enum smmu smmu_in_firmware(int sys);

/* True: the kernel has a device tree of the machine. Where it booted by ACPI it has none, or one
 * that only the boot loader's words are in. */
bool smmu_device_tree(int sys);

/* True: the device tree, or the board's name in DMI, is that of a virtual machine. */
bool smmu_is_guest(int sys);
