/* SPDX-License-Identifier: GPL-2.0-or-later */
/* card.c - what people call a card; see host.h */
#include "host.h"

#include <ctype.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/out/ascii.h"

#define CARDS_SHOWN 16

/* Of AMD's and Hygon's processors and chipsets, which show their security processor, their USB
 * and sound as functions beside the display behind a bridge. No card has these vendors. */
static bool is_of_processor(const struct pci_function *f)
{
	return f->vendor == 0x1022 || f->vendor == 0x1d94;
}

static bool is_alone(const struct pci_function *f)
{
	return f->identity->path.hops < 2 || is_of_processor(f) || f->is_virtual;
}

void card_of(const struct host *h, const struct pci_function *f, struct card *ret)
{
	const struct inventory *inv = &h->run.inv;
	const struct pci_function *end = inv->function + inv->functions, *g = f;
	bool alone = is_alone(f);

	/* The functions of a slot follow one another. */
	while (g > inv->function && pci_same_slot(&g[-1].at, &f->at))
		g--;
	for (ret->n = 0; g < end && pci_same_slot(&g->at, &f->at); g++)
		if (!pci_is_bridge(g) && (g == f || (!alone && !is_alone(g))))
			ret->function[ret->n++] = g;
}

/* "01:00.0", or "01:00" for all of a slot, each with a domain or without. */
static bool is_at(const char *text, const struct pci_function *f, bool *is_address)
{
	char whole[64];
	struct pci_address at = { 0 };
	bool any = false;
	const char *dot = strchr(text, '.');

	*is_address = pci_parse_address(slice_of(text_make(whole, sizeof(whole), "%s%s", text,
							   dot ? "" : ".*")), &at, &any);
	if (!*is_address)
		return false;
	return any ? pci_same_slot(&at, &f->at) : !pci_compare(&at, &f->at);
}

/* A letter or digit, also one of another alphabet, makes a word: "." is in every name that ends
 * with "Inc.". */
static bool is_word(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (isalnum((unsigned char)s.p[i]) || (unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

static bool has_words(const char *text, const char *name)
{
	struct slice rest = slice_of(text), word;
	char one[HOST_NAME_MAX];
	bool some = false;

	while ((word = slice_next(&rest, '\0')).n) {
		some = true;
		if (!is_word(word) || !ascii_find(name, text_make(one, sizeof(one), "%pv", &word)))
			return false;
	}
	return some;
}

static bool is_meant(const struct host *h, const char *text, const struct pci_function *f)
{
	uint32_t vendor, device;
	char name[HOST_NAME_MAX];
	bool is_address;

	if (is_at(text, f, &is_address) || is_address)
		return is_address && is_at(text, f, &is_address);
	if (pci_parse_id(slice_of(text), &vendor, &device))
		return vendor == f->vendor && device == f->device;
	return has_words(text, host_name(h, f, name));
}

/* True: a function of the card that comes before f is meant, too. */
static bool was_found(const struct host *h, const char *text, const struct card *card,
		      const struct pci_function *f)
{
	for (unsigned i = 0; i < card->n && card->function[i] < f; i++)
		if (is_meant(h, text, card->function[i]))
			return true;
	return false;
}

unsigned card_find(const struct host *h, const char *text, struct card *ret, unsigned cap)
{
	const struct inventory *inv = &h->run.inv;
	unsigned found = 0;

	for (unsigned i = 0; i < inv->functions; i++) {
		struct card card;
		if (!is_meant(h, text, &inv->function[i]))
			continue;
		card_of(h, &inv->function[i], &card);
		if (!card.n || was_found(h, text, &card, &inv->function[i]))
			continue;
		if (found < cap)
			ret[found] = card;
		found++;
	}
	return found;
}

const struct card *card_pick(const struct host *h, const char *text, struct card *ret)
{
	struct card cards[CARDS_SHOWN];
	char buf[HOST_NAME_MAX], at[64];
	unsigned n = card_find(h, text, cards, CARDS_SHOWN);

	if (n == 1) {
		*ret = cards[0];
		return ret;
	}
	if (!n)
		cmd_complain("%s: no such card: vgapass list shows those that there are", text);
	else
		cmd_complain("%s: %u cards are meant by it: write one's address", text, n);
	for (unsigned i = 0; i < n && i < CARDS_SHOWN; i++) {
		const struct pci_function *f = cards[i].function[0];
		fprintf(stderr, "  %s  %s\n", text_make(at, sizeof(at), "%pa", &f->at),
			host_name(h, f, buf));
	}
	if (n > CARDS_SHOWN)
		fprintf(stderr, "  and %u more\n", n - CARDS_SHOWN);
	return NULL;
}
