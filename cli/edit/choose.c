/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choose.c - see choose.h */
#include "choose.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/out/xalloc.h"

#define SHOWN_MAX 20 /* cards to choose from: the displays stay on the screen */

static void show_function(const struct host *h, const struct pci_function *f)
{
	char at[64], name[HOST_NAME_MAX];

	printf("%s  %s  (%s)\n", text_make(at, sizeof(at), "%pa [%pi]", &f->at, f),
	       host_name(h, f, name), *f->driver ? f->driver : "no driver");
}

static bool is_display(const struct card *c)
{
	return PCI_CLASS_BASE(c->function[0]->class) == PCI_BASE_DISPLAY;
}

/* All cards of the machine, displays first. */
static unsigned list_cards(const struct host *h, struct card *ret, unsigned cap)
{
	const struct inventory *inv = &h->run.inv;
	unsigned n = 0;

	for (int others = 0; others < 2; others++)
		for (unsigned i = 0; i < inv->functions && n < cap; i++) {
			struct card *c = &ret[n];
			card_of(h, &inv->function[i], c);
			if (c->n && c->function[0] == &inv->function[i] && is_display(c) == !others)
				n++;
		}
	return n;
}

/* 0, or CMD_FAILED, said. */
static int ask_for_card(const struct host *h, const char *verb, struct cards *cards)
{
	const unsigned cap = h->run.inv.functions;
	struct card *all = xcalloc(cap + 1, sizeof(*all));
	unsigned there = list_cards(h, all, cap);
	unsigned n = there < SHOWN_MAX ? there : SHOWN_MAX;
	char line[32] = "", at[64], name[HOST_NAME_MAX];
	uint64_t number;

	for (unsigned i = 0; i < n; i++) {
		const struct pci_function *f = all[i].function[0];
		printf("%3u  %s  %s\n", i + 1, text_make(at, sizeof(at), "%pa [%pi]", &f->at, f),
		       host_name(h, f, name));
	}
	if (there > n)
		printf("and %u more: vgapass %s CARD takes any\n", there - n, verb);
	printf("number of the card: ");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		*line = '\0';
	line[strcspn(line, "\n")] = '\0';
	bool good = slice_dec(slice_of(line), n, &number) && number;
	if (good)
		cards->card[0] = all[number - 1];
	free(all);
	if (!good)
		return cmd_complain("%s: \"%s\": no number from 1 to %u: nothing is changed",
				    verb, line, n);
	cards->n = 1;
	return CMD_OK;
}

int choose_cards(const struct host *h, const char *verb, int n, char **names, struct cards *cards)
{
	cards->n = 0;
	if (!n)
		return ask_for_card(h, verb, cards);
	for (int i = 0; i < n; i++) {
		if (cards->n == CARDS_MAX)
			return cmd_complain("%s: more than %u cards at once: call it again for "
					    "the others", verb, CARDS_MAX);
		struct card *c = &cards->card[cards->n];
		unsigned k = 0;
		if (!card_pick(h, names[i], c))
			return CMD_FAILED;
		while (cards->card[k].function[0] != c->function[0])
			k++;
		cards->n += k == cards->n;
	}
	return CMD_OK;
}

int choose_check(const struct cmd_verb *verb, int n)
{
	if (n || isatty(STDIN_FILENO))
		return CMD_OK;
	return cmd_misused(verb, "no card is named");
}

void choose_show(const struct host *h, const struct cards *cards)
{
	for (unsigned i = 0; i < cards->n; i++)
		for (unsigned k = 0; k < cards->card[i].n; k++)
			show_function(h, cards->card[i].function[k]);
}
