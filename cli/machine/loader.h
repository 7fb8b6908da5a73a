/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.h - what the boot loaders of the machine can boot: one reader of their entries.
 *
 * Read are GRUB's grub.cfg (with Xen's modules), Boot Loader Specification entries of type 1
 * (loader/entries: systemd-boot, GRUB with blscfg, ostree, Pop!_OS, openSUSE) and of type 2
 * (unified kernel images) on /boot, /efi and /boot/efi, extlinux and syslinux, limine, rEFInd.
 * All paths are below the root and have no "/" in front.
 */
#pragma once

#include "host.h"
#include "loader_entry.h"

/* Reads all entries. A file that is not found or cannot be read has none. loader_free() is
 * needed afterwards. */
void loader_read(const struct host *h, struct loader *ret);

void loader_free(struct loader *l);
