/* SPDX-License-Identifier: GPL-2.0-or-later */
/* card.c - see card.h */
#include "card.h"

#include <string.h>

#include "cli/cmd.h"
#include "cli/out/ascii.h"
#include "cli/out/wrap.h"

#define CARDS_SHOWN 16
#define PCI_BASE_SOUND 0x04

static bool is_display(const struct pci_function *f)
{
	return PCI_CLASS_BASE(f->class) == PCI_BASE_DISPLAY;
}

static bool is_sound(const struct pci_function *f)
{
	return PCI_CLASS_BASE(f->class) == PCI_BASE_SOUND;
}

bool card_is_of_processor(const struct pci_function *f)
{
	return f->vendor == 0x1022 || f->vendor == 0x1d94;
}

static bool is_alone(const struct pci_function *f)
{
	return card_is_of_processor(f) || f->is_virtual || pci_is_bridge(f);
}

/* True: the functions, of one slot, are of one card. */
static bool are_together(const struct pci_function *f, const struct pci_function *g)
{
	if (f == g)
		return true;
	if (is_alone(f) || is_alone(g))
		return false;
	return f->identity->path.hops >= 2 ||
	       (f->vendor == g->vendor && ((is_display(f) && is_sound(g)) ||
					   (is_sound(f) && is_display(g))));
}

/* Adds what belongs to f in its slot. */
static void add_slot(const struct inventory *inv, const struct pci_function *f, struct card *ret)
{
	const struct pci_function *end = inv->function + inv->functions, *g = f;

	/* The functions of a slot follow one another. */
	while (g > inv->function && pci_same_slot(&g[-1].at, &f->at))
		g--;
	for (; g < end && pci_same_slot(&g->at, &f->at); g++)
		if (!pci_is_bridge(g) && are_together(f, g))
			ret->function[ret->n++] = g;
}

/* --- a switch on the card */

/* True: both are below the same bridge, the one that is `hops` deep. */
static bool is_below(const struct pci_function *f, const struct pci_function *g, unsigned hops)
{
	const struct pci_path *a = &f->identity->path, *b = &g->identity->path;

	return a->hops > hops && b->hops > hops && a->domain == b->domain && a->bus == b->bus &&
	       !memcmp(a->hop, b->hop, hops);
}

/* The bridge above f that is `hops` deep; NULL: the inventory lacks it. */
static const struct pci_function *find_bridge(const struct inventory *inv,
					      const struct pci_function *f, unsigned hops)
{
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		if (g->bridge && g->identity->path.hops == hops && is_below(f, g, hops - 1) &&
		    g->identity->path.hop[hops - 1] == f->identity->path.hop[hops - 1])
			return g;
	}
	return NULL;
}

/* Below the bridge above f that is `hops` deep: the card, where there is one display, and
 * nothing else but what is in its slot, and sound of the same vendor. Otherwise n = 0: two
 * displays are two cards, and a box or a board has network and disks behind its switch. */
static void look_below(const struct inventory *inv, const struct pci_function *f, unsigned hops,
		       struct card *ret)
{
	const struct pci_function *display = NULL;

	ret->n = 0;
	for (unsigned i = 0; i < inv->functions && !display; i++)
		if (is_display(&inv->function[i]) && !is_alone(&inv->function[i]) &&
		    is_below(f, &inv->function[i], hops))
			display = &inv->function[i];
	if (!display)
		return;
	add_slot(inv, display, ret);
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		if (!is_below(f, g, hops) || pci_is_bridge(g) || g->is_virtual || card_has(ret, g))
			continue;
		if (!is_sound(g) || g->vendor != display->vendor || ret->n == CARD_FUNCTIONS_MAX) {
			ret->n = 0;
			return;
		}
		ret->function[ret->n++] = g;
	}
}

/* Goes up from a display, or sound, as long as the bridges are of its vendor: those are on the
 * card. A root port is none of them. */
static void add_switch(const struct inventory *inv, const struct pci_function *f, struct card *ret)
{
	struct card all;

	for (unsigned hops = f->identity->path.hops - 1; hops >= 2; hops--) {
		const struct pci_function *bridge = find_bridge(inv, f, hops);
		if (!bridge || bridge->vendor != f->vendor)
			return;
		look_below(inv, f, hops, &all);
		if (all.n > ret->n)
			*ret = all;
	}
}

void card_of(const struct host *h, const struct pci_function *f, struct card *ret)
{
	const struct inventory *inv = &h->run.inv;
	const struct pci_function *lead = NULL;

	ret->n = 0;
	add_slot(inv, f, ret);
	for (unsigned i = 0; i < ret->n && !lead; i++)
		if (is_display(ret->function[i]))
			lead = ret->function[i];
	if (!lead && ret->n && is_sound(ret->function[0]))
		lead = ret->function[0];
	if (lead && !is_alone(lead) && lead->identity->path.hops > 2)
		add_switch(inv, lead, ret);
}

bool card_has(const struct card *card, const struct pci_function *f)
{
	for (unsigned i = 0; i < card->n; i++)
		if (card->function[i] == f)
			return true;
	return false;
}

/* --- what a person writes for a card */

/* It is parsed once, and then compared with thousands of functions. */
struct card_word {
	enum { WORD_FUNCTION, WORD_SLOT, WORD_ID, WORD_NAME } kind;
	struct pci_address at;
	uint32_t vendor, device;
	struct slice text;
};

static struct card_word read_word(const char *text)
{
	struct card_word w = { .kind = WORD_NAME, .text = slice_of(text) };
	char whole[64];
	bool any = false;

	text_make(whole, sizeof(whole), "%s%s", text, strchr(text, '.') ? "" : ".*");
	if (pci_parse_address(slice_of(whole), &w.at, &any))
		w.kind = any ? WORD_SLOT : WORD_FUNCTION;
	else if (pci_parse_id(w.text, &w.vendor, &w.device))
		w.kind = WORD_ID;
	return w;
}

/* True: it has a letter or digit, also one of another alphabet. "." alone is in every name that
 * ends with "Inc.". */
static bool means_something(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((ascii_lower(s.p[i]) >= 'a' && ascii_lower(s.p[i]) <= 'z') ||
		    (s.p[i] >= '0' && s.p[i] <= '9') || (unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

static bool has_all_words(struct slice rest, const char *name)
{
	char one[HOST_NAME_MAX];
	struct slice word;
	bool some = false;

	while ((word = slice_next(&rest, '\0')).n) {
		some = true;
		text_make(one, sizeof(one), "%pv", &word);
		if (!means_something(word) || !ascii_find(name, one))
			return false;
	}
	return some;
}

static bool is_meant(const struct host *h, const struct card_word *w, const struct pci_function *f)
{
	char name[HOST_NAME_MAX];

	switch (w->kind) {
	case WORD_FUNCTION:
		return !pci_compare(&w->at, &f->at);
	case WORD_SLOT:
		return pci_same_slot(&w->at, &f->at);
	case WORD_ID:
		return w->vendor == f->vendor && w->device == f->device;
	default:
		return has_all_words(w->text, host_name(h, f, name));
	}
}

/* True: another function of the card, one that comes before f, is meant, too. */
static bool was_found(const struct host *h, const struct card_word *w, const struct card *card,
		      const struct pci_function *f)
{
	for (unsigned i = 0; i < card->n; i++)
		if (card->function[i] < f && is_meant(h, w, card->function[i]))
			return true;
	return false;
}

unsigned card_find(const struct host *h, const char *text, struct card *ret, unsigned cap)
{
	const struct inventory *inv = &h->run.inv;
	const struct card_word word = read_word(text);
	unsigned found = 0;

	for (unsigned i = 0; i < inv->functions; i++) {
		struct card card;
		if (!is_meant(h, &word, &inv->function[i]))
			continue;
		card_of(h, &inv->function[i], &card);
		if (!card.n || was_found(h, &word, &card, &inv->function[i]))
			continue;
		if (found < cap)
			ret[found] = card;
		found++;
	}
	return found;
}

const struct pci_function *card_find_bridge(const struct host *h, const char *text)
{
	const struct card_word word = read_word(text);

	for (unsigned i = 0; word.kind != WORD_NAME && i < h->run.inv.functions; i++)
		if (pci_is_bridge(&h->run.inv.function[i]) &&
		    is_meant(h, &word, &h->run.inv.function[i]))
			return &h->run.inv.function[i];
	return NULL;
}

/* Lists the cards that a text matches, on stderr. */
static void print_candidates(const struct host *h, const struct card *card, unsigned n)
{
	char name[HOST_NAME_MAX], at[PCI_ADDRESS_SIZE];

	for (unsigned i = 0; i < n && i < CARDS_SHOWN; i++) {
		const struct pci_function *f = card[i].function[0];
		unsigned column = (unsigned)fprintf(stderr, "  %s  ",
						    text_make(at, sizeof(at), "%pa", &f->at));
		wrap_print(stderr, column, column, wrap_error_width(), host_name(h, f, name));
	}
	if (n > CARDS_SHOWN)
		fprintf(stderr, "  and %u more\n", n - CARDS_SHOWN);
}

const struct card *card_pick(const struct host *h, const char *text, struct card *ret)
{
	struct card cards[CARDS_SHOWN];
	unsigned n = card_find(h, text, cards, CARDS_SHOWN);

	if (n == 1) {
		*ret = cards[0];
		return ret;
	}
	if (!n && card_find_bridge(h, text))
		cmd_complain("%s: it is a bridge, which stays with the host: name what is behind "
			     "it, see vgapass list", text);
	else if (!n)
		cmd_complain("%s: no such card: vgapass list -a shows all", text);
	else
		cmd_complain("%s: matches %u cards: name one by its address", text, n);
	print_candidates(h, cards, n);
	return NULL;
}
