/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choose.h - the cards that a verb is about: named, or chosen from a list on a terminal. */
#pragma once

#include "cli/machine/card.h"

#define CARDS_MAX 64

struct cards {
	unsigned n;
	struct card card[CARDS_MAX];
};

/* 0, or CMD_USAGE, said: n names are given, none, and there is no terminal to ask. */
int choose_check(const char *verb, int n);

/* The cards that are named, each once; n = 0: asks. 0, or CMD_FAILED, said. */
int choose_cards(const struct host *h, const char *verb, int n, char **names,
		 struct cards *cards);

/* Prints their functions, one a line. */
void choose_show(const struct host *h, const struct cards *cards);
