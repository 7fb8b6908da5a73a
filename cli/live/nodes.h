/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes.h - what the kernel has made of PCI functions: disks, cards, interfaces, connectors.
 *
 * Whoever uses a function does so by one of these. Nothing here takes the function's lock,
 * as reading uevent would.
 */
#pragma once

#include <sys/types.h>

#include "runtime/io/gather.h"

#define NODE_HIDDEN "hidden" /* no subsystem: network interfaces in another namespace */

struct node {
	const struct pci_function *f; /* it lies below this function, or stands for it */
	dev_t dev;                    /* of its file in /dev; 0: it has none */
	char subsystem[32];
	char *path; /* below sys: "bus/pci/devices/0000:01:00.0/drm/card0" */
};

struct nodes {
	size_t n;
	struct node *node;
};

/* Adds the devices below the function, and those that stand on them or speak for them from
 * elsewhere: device mapper and md on disks, the disks of NVMe subsystems, VFIO's group and
 * those of mediated devices, NVIDIA's own files. */
void nodes_find(const struct roots *roots, const struct pci_function *f, struct nodes *nodes);

/* Adds those of its virtual functions: they go with it. */
void nodes_find_virtual(const struct roots *roots, const struct pci_function *f,
			struct nodes *nodes);

void nodes_free(struct nodes *nodes);

/* "card0" */
const char *node_name(const struct node *node);

/* True: the node is of this subsystem. */
bool node_is(const struct node *node, const char *subsystem);

/* An attribute of the node without its newline; "" where it cannot be read. */
const char *node_attribute(const struct roots *roots, const struct node *node, const char *name,
			   char value[256]);
