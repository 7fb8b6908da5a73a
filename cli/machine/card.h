/* SPDX-License-Identifier: GPL-2.0-or-later */
/* card.h - cards, which is what people think in: the functions that go to one guest together.
 */
#pragma once

#include "host.h"

#define CARD_FUNCTIONS_MAX 8 /* a guest has one slot for them */

/* Usually the functions of a slot behind a bridge. With them comes the sound of a display that
 * is in another slot behind the same switch on the card (Intel's Arc).
 *
 * Each function is a card of its own on a root bus, where functions of the chipset share slots,
 * and where a processor shows its own parts as if they were a card's (AMD's). In both places a
 * display and sound of the same vendor belong together all the same. A virtual function is a
 * card of its own, too. Bridges are no part of any card. */
struct card {
	unsigned n;
	/* The display's slot comes first. */
	const struct pci_function *function[CARD_FUNCTIONS_MAX];
};

/* Gives the card that f is a part of; n = 0 for a bridge. */
void card_of(const struct host *h, const struct pci_function *f, struct card *ret);

/* True for AMD's and Hygon's processors and chipsets, which show their security processor, USB
 * and sound as functions beside the display, behind a bridge. No card has these vendors. */
bool card_is_of_processor(const struct pci_function *f);

/* True: f is one of the card's functions. */
bool card_has(const struct card *card, const struct pci_function *f);

/* Finds the cards that a person means by an address (0000:01:00.0, 01:00.0, 01:00), an ID
 * (1002:6608) or words of the name, all of which must be in it, in any case and order.
 * Returns their number, of which the first `cap` are in *ret. */
unsigned card_find(const struct host *h, const char *text, struct card *ret, unsigned cap);

/* Returns a bridge that is meant by an address or ID; NULL: none. */
const struct pci_function *card_find_bridge(const struct host *h, const char *text);

/* Finds the one card that is meant. Returns NULL after printing the reason: no card matches, or
 * several do, which are listed with the address of each. */
const struct card *card_pick(const struct host *h, const char *text, struct card *ret);
