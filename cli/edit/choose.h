/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choose.h - the cards that a verb is about: named, or chosen from a list on a terminal. */
#pragma once

#include "cli/cmd.h"
#include "cli/machine/card.h"

#define CARDS_MAX 64

struct cards {
	unsigned n;
	struct card card[CARDS_MAX];
};

/* Returns CMD_OK, or CMD_USAGE after printing the reason: no name is given (n = 0), and there is no
 * terminal to ask on. */
int choose_check(const struct cmd_verb *verb, int n);

/* Finds the cards that are named, each once; with n = 0 it asks for one. Returns CMD_OK, or
 * CMD_FAILED after printing the reason. */
int choose_cards(const struct host *h, const char *verb, int n, char **names,
		 struct cards *cards);

/* Prints their functions, one a line. */
void choose_show(const struct host *h, const struct cards *cards);
