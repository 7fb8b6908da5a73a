/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdev.h - mediated devices: the shares of a card that its host driver makes (Intel's GVT-g by
 * kvmgt, NVIDIA's vGPU on cards without SR-IOV).
 *
 * The card stays with the host driver. vgapass makes no mediated device: mdevctl(8) does, and its
 * definitions are read here as well.
 */
#pragma once

#include "host.h"

#define MDEV_UUID_SIZE 37 /* bytes, with the NUL */
#define MDEV_NAME_MAX 128

struct mdev {
	char uuid[MDEV_UUID_SIZE];
	char parent[MDEV_NAME_MAX]; /* "0000:00:02.0"; of other buses another name */
	char type[MDEV_NAME_MAX];   /* "i915-GVTg_V5_4"; "": not known */
	bool exists;                /* it is in /sys; else mdevctl defines it, no more */
	bool defined;               /* mdevctl defines it, */
	bool at_boot;               /* and starts it when the card's host driver is ready */
	int group;                  /* of the IOMMU, once it exists; negative: not known */
};

/* All mediated devices, in the order of their UUIDs within their kind: those in /sys, then those
 * that are only defined. */
struct mdevs {
	unsigned n;
	struct mdev *list;
	bool denied; /* this user cannot read mdevctl's definitions */
};

/* mdevs_free() is needed afterwards. */
void mdevs_read(const struct host *h, struct mdevs *ret);
void mdevs_free(struct mdevs *l);

/* Returns the one with this UUID, in small letters; NULL: there is none. */
const struct mdev *mdevs_find(const struct mdevs *l, const char *uuid);

/* Writes a UUID in small letters. Returns false if the text is none. */
bool mdev_parse_uuid(const char *text, char uuid[MDEV_UUID_SIZE]);

/* Returns the function that the device is a share of; NULL: it is no PCI function, or is gone. */
const struct pci_function *mdev_parent(const struct host *h, const struct mdev *m);

/* Returns how many devices are shares of f. *one is the first of them that mdevctl defines, else
 * the first, else NULL. */
unsigned mdevs_of(const struct host *h, const struct mdevs *l, const struct pci_function *f,
		  const struct mdev **one);

/* Returns the first function whose driver can make mediated devices now, and one of its types, of
 * which another one can be made if that is so of any; NULL: there is no such function. */
const struct pci_function *mdev_maker(const struct host *h, char type[MDEV_NAME_MAX]);

/* Returns true if the kernel has GVT-g for this display: Intel's of Broadwell to Comet Lake. */
bool mdev_has_gvt(const struct pci_function *f);

/* Where mdevctl keeps the definition of a device. */
const char *mdev_definition(const struct mdev *m, char path[3 * MDEV_NAME_MAX]);
