/* card.c - what people call a card; see host.h */
#define _GNU_SOURCE
#include "host.h"

#include <string.h>

#include "cmd.h"

#define CARDS_SHOWN 16

void card_of(const struct host *h, const struct pci_function *f, struct card *ret)
{
	const struct inventory *inv = &h->run.inv;
	const struct pci_function *end = inv->function + inv->functions, *g = f;

	/* The functions of a slot follow one another. */
	while (f->identity->path.hops > 1 && g > inv->function && pci_same_slot(&g[-1].at, &f->at))
		g--;
	for (ret->n = 0; g < end && (g == f || f->identity->path.hops > 1) &&
			 pci_same_slot(&g->at, &f->at); g++)
		if (!pci_is_bridge(g))
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

static bool has_words(const char *text, const char *name)
{
	struct slice rest = slice_of(text), word;
	char one[HOST_NAME_MAX];
	bool some = false;

	while ((word = slice_next(&rest, '\0')).n) {
		some = true;
		if (!strcasestr(name, text_make(one, sizeof(one), "%v", &word)))
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

unsigned card_find(const struct host *h, const char *text, struct card *ret, unsigned cap)
{
	const struct inventory *inv = &h->run.inv;
	const struct pci_function *last = NULL;
	unsigned found = 0;

	for (unsigned i = 0; i < inv->functions; i++) {
		struct card card;
		if (!is_meant(h, text, &inv->function[i]))
			continue;
		card_of(h, &inv->function[i], &card);
		/* The functions of a slot follow one another. */
		if (!card.n || card.function[0] == last)
			continue;
		last = card.function[0];
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
		fprintf(stderr, "  %s  %s\n", text_make(at, sizeof(at), "%a", &f->at),
			host_name(h, f, buf));
	}
	if (n > CARDS_SHOWN)
		fprintf(stderr, "  and %u more\n", n - CARDS_SHOWN);
	return NULL;
}
