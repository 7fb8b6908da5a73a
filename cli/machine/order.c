/* SPDX-License-Identifier: GPL-2.0-or-later */
/* order.c - see order.h */
#include "order.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "card.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* The inventory is in the order of addresses, so pointers into it compare as addresses do. */
static int compare_groups(const void *va, const void *vb)
{
	const struct pci_function *const *a = va, *const *b = vb;
	/* As unsigned numbers, -1 and -2 (no group) are the highest. */
	int r = COMPARE((uint32_t)(*a)->group, (uint32_t)(*b)->group);

	return r ? r : COMPARE(*a, *b);
}

/* Puts a bridge right before everything behind it, and functions whose path is not known last. */
static int compare_paths(const void *va, const void *vb)
{
	const struct pci_function *const *fa = va, *const *fb = vb;
	const struct pci_path *a = &(*fa)->identity->path, *b = &(*fb)->identity->path;
	size_t common = a->hops < b->hops ? a->hops : b->hops;
	int r = COMPARE(!a->hops, !b->hops);

	r = r ? r : COMPARE(a->domain, b->domain);
	r = r ? r : COMPARE(a->bus, b->bus);
	r = r ? r : memcmp(a->hop, b->hop, common);
	r = r ? r : COMPARE(a->hops, b->hops);
	return r ? r : COMPARE(*fa, *fb);
}

static bool hangs_below(const struct pci_function *f, const struct pci_function *bridge)
{
	const struct pci_path *a = &f->identity->path, *b = &bridge->identity->path;

	return a->hops == b->hops + 1 && a->domain == b->domain && a->bus == b->bus &&
	       !memcmp(a->hop, b->hop, b->hops);
}

/* Fills o->function with all functions, sorted. */
static void sort_all(const struct host *h, struct order *o,
		     int (*compare)(const void *, const void *))
{
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < inv->functions; i++)
		o->function[i] = &inv->function[i];
	qsort(o->function, inv->functions, sizeof(void *), compare);
}

static bool *wanted(const struct host *h, struct order *o, const struct pci_function *f)
{
	return &o->wanted[f - h->run.inv.function];
}

/* Removes what is not wanted from o->function, and counts the rest in o->n. */
static void keep_wanted(const struct host *h, struct order *o)
{
	o->n = 0;
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		if (*wanted(h, o, o->function[i]))
			o->function[o->n++] = o->function[i];
}

void order_want_all(const struct host *h, struct order *o)
{
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		o->wanted[i] = true;
}

static bool same_slot(const struct pci_function *a, const struct pci_function *b)
{
	return pci_same_slot(&a->at, &b->at);
}

static bool same_group(const struct pci_function *a, const struct pci_function *b)
{
	return a->group >= 0 && a->group == b->group;
}

/* Adds each row of sorted functions that are the same by same(), if a display is among them. */
static void want_rows(const struct host *h, struct order *o,
		      bool (*same)(const struct pci_function *, const struct pci_function *))
{
	unsigned n = h->run.inv.functions;

	for (unsigned first = 0, end; first < n; first = end) {
		bool display = false;
		for (end = first; end < n && (end == first ||
					      same(o->function[first], o->function[end])); end++)
			display |= PCI_CLASS_BASE(o->function[end]->class) == PCI_BASE_DISPLAY;
		for (unsigned i = first; display && i < end; i++)
			*wanted(h, o, o->function[i]) = true;
	}
}

static void want_card(const struct host *h, struct order *o, const struct card *card)
{
	for (unsigned i = 0; i < card->n; i++)
		*wanted(h, o, card->function[i]) = true;
}

void order_want_displays(const struct host *h, struct order *o)
{
	struct card card;

	sort_all(h, o, compare_groups);
	want_rows(h, o, same_group);
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		o->function[i] = &h->run.inv.function[i];
	want_rows(h, o, same_slot);
	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		if (PCI_CLASS_BASE(o->function[i]->class) != PCI_BASE_DISPLAY)
			continue;
		card_of(h, o->function[i], &card);
		want_card(h, o, &card);
	}
}

bool order_want_cards(const struct host *h, const char *text, struct order *o)
{
	const unsigned cap = h->run.inv.functions;
	struct card *card = xcalloc(cap, sizeof(*card));
	unsigned n = card_find(h, text, card, cap);

	for (unsigned i = 0; i < n; i++)
		want_card(h, o, &card[i]);
	free(card);
	return n;
}

void order_by_group(const struct host *h, struct order *o)
{
	sort_all(h, o, compare_groups);
	keep_wanted(h, o);
}

void order_by_tree(const struct host *h, struct order *o)
{
	/* For each depth, the function that was seen last. */
	const struct pci_function *below[PCI_HOPS_MAX + 1] = { NULL };
	unsigned bridge[PCI_HOPS_MAX + 1];

	sort_all(h, o, compare_paths);
	for (unsigned i = h->run.inv.functions; i-- > 0;) {
		const struct pci_function *f = o->function[i];
		unsigned depth = f->identity->path.hops;
		if (depth < PCI_HOPS_MAX && below[depth + 1] && hangs_below(below[depth + 1], f))
			*wanted(h, o, f) = true;
		if (*wanted(h, o, f))
			below[depth] = f;
	}
	keep_wanted(h, o);
	for (unsigned i = 0; i <= PCI_HOPS_MAX; i++)
		bridge[i] = ORDER_NO_BRIDGE;
	for (unsigned i = 0; i < o->n; i++) {
		unsigned depth = o->function[i]->identity->path.hops;
		unsigned up = depth > 1 ? bridge[depth - 1] : ORDER_NO_BRIDGE;
		bool found = up != ORDER_NO_BRIDGE && hangs_below(o->function[i], o->function[up]);
		o->above[i] = found ? up : ORDER_NO_BRIDGE;
		bridge[depth] = i;
	}
}
