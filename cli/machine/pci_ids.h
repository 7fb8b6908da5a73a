/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pci_ids.h - what pci.ids calls an ID.
 *
 * libpci copies each of the file's 36,000 lines into memory of its own before it gives the first
 * name. Here the text is indexed where it lies: a thirtieth of the instructions.
 */
#pragma once

#include "runtime/core/slice.h"

struct pci_ids {
	struct pci_ids_entry *entries; /* by key; NULL: nothing was read */
	size_t n, cap;
	bool is_damaged;               /* a line is none of pci.ids: what follows it is not known */
};

/* Indexes the text of a file. The text must live as long as *ids, which must be zeroed memory;
 * pci_ids_free() frees the index alone. */
void pci_ids_read(struct pci_ids *ids, struct slice text);
void pci_ids_free(struct pci_ids *ids);

/* Names, which are pieces of the text. Empty: not known. */
struct slice pci_ids_vendor(const struct pci_ids *ids, unsigned vendor);
struct slice pci_ids_device(const struct pci_ids *ids, unsigned vendor, unsigned device);
struct slice pci_ids_class(const struct pci_ids *ids, unsigned base);
struct slice pci_ids_subclass(const struct pci_ids *ids, unsigned base, unsigned sub);

/* The name of a board, without its vendor's. */
struct slice pci_ids_board(const struct pci_ids *ids, unsigned vendor, unsigned device,
			   unsigned subvendor, unsigned subdevice);
