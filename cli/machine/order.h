/* SPDX-License-Identifier: GPL-2.0-or-later */
/* order.h - which of a machine's functions are shown, and in which order.
 *
 * Each call is linear, or sorts: a machine may have 4,096 functions.
 */
#pragma once

#include "host.h"

struct order {
	bool wanted[PCI_FUNCTIONS_MAX]; /* parallel to h->run.inv.function */
	unsigned n;
	const struct pci_function *function[PCI_FUNCTIONS_MAX]; /* those, in their order */
	unsigned above[PCI_FUNCTIONS_MAX]; /* in a tree, the place of the bridge above each */
};

#define ORDER_NO_BRIDGE UINT32_MAX

void order_want_all(const struct host *h, struct order *o);

/* Adds displays, the rest of their cards, and the functions that share a slot or an IOMMU group
 * with one. */
void order_want_displays(const struct host *h, struct order *o);

/* Adds the functions of the cards that card_find() finds for `text`. False: it finds none. */
bool order_want_cards(const struct host *h, const char *text, struct order *o);

/* Sorts by IOMMU group, functions without one at the end, then by address. */
void order_by_group(const struct host *h, struct order *o);

/* Sorts each function after the bridge above it, and adds the bridges that lead to one. */
void order_by_tree(const struct host *h, struct order *o);
