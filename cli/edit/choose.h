/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choose.h - the cards that a verb is about: named, or chosen from a table on a terminal. */
#pragma once

#include "cli/cmd.h"
#include "cli/machine/card.h"

#define CARDS_MAX 64
#define CHOOSE_NOTE_MAX 64

struct cards {
	unsigned n;
	bool chosen; /* from the table, not named */
	struct card card[CARDS_MAX];
};

/* Returns whether the verb can do its work for a card, and what is to be noted beside it. */
typedef bool choose_fn(const struct host *h, const struct card *card, char note[CHOOSE_NOTE_MAX]);

/* Returns CMD_OK, or CMD_USAGE after printing the reason: no card is named (n = 0), and there is no
 * terminal to ask on, or `json`, which asks nothing. */
int choose_check(const struct cmd_verb *verb, int n, bool json);

/* Finds the cards that are named, each once; with n = 0 it asks, and offers what can_go() lets
 * through. Returns CMD_OK, or CMD_FAILED after printing the reason. */
int choose_cards(const struct host *h, int n, char **names, choose_fn *can_go,
		 struct cards *cards);

/* True: f is a function of one of the cards. */
bool cards_have(const struct cards *cards, const struct pci_function *f);
