/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ready.h - whether a guest can have a card, and which of its functions. */
#pragma once

#include "cli/machine/card.h"

/* The driver that the next boot gives the function; "": none by a rule. */
const char *ready_planned(const struct host *h, const struct pci_function *f);

/* Gives what goes to the guest of a card: all functions that are on a driver of VFIO, or will be
 * after the next boot. One that stays with the host is left out where it is in another IOMMU
 * group. Warns where the card can be had only in this boot, or only after the next one. Returns
 * CMD_OK, or CMD_FAILED after printing why no guest can have it. */
int ready_card(struct host *h, const struct card *card, struct card *ret);

/* True: a guest can have the card at this moment. Prints nothing. */
bool ready_now(struct host *h, const struct card *card);
