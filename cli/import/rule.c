/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.c - see rule.h */
#include "rule.h"

#include <string.h>

/* A half of an ID as the kernel reads it: up to 8 digits, ffffffff or * for any. */
static bool read_half(struct slice s, uint32_t *ret)
{
	uint64_t v;

	*ret = PCI_ANY;
	if (slice_is(s, "*"))
		return true;
	if (!slice_hex(s, UINT32_MAX, &v) || (v > UINT16_MAX && v != UINT32_MAX))
		return false;
	if (v <= UINT16_MAX)
		*ret = (uint32_t)v;
	return true;
}

static void add_id(struct text *t, uint32_t vendor, uint32_t device)
{
	text_add(t, vendor == PCI_ANY ? "*:" : "%04x:", vendor);
	text_add(t, device == PCI_ANY ? "*" : "%04x", device);
}

/* " class=03" of class and mask: a mask covers whole bytes from the left. */
static bool add_class(struct text *t, struct slice class, struct slice mask)
{
	static const unsigned masks[] = { 0, 0xff0000, 0xffff00, 0xffffff };
	uint64_t value = 0, bits = 0;
	unsigned bytes = 0;

	if ((class.n && !slice_is(class, "*") && !slice_hex(class, 0xffffff, &value)) ||
	    (mask.n && !slice_is(mask, "*") && !slice_hex(mask, UINT32_MAX, &bits)))
		return false;
	while (bytes < 4 && masks[bytes] != (bits & 0xffffff))
		bytes++;
	if (bytes == 4)
		return false;
	if (bytes)
		text_add(t, " class=");
	for (unsigned i = 0; i < bytes; i++)
		text_add(t, "%02x", (unsigned)(value >> (16 - 8 * i) & 0xff));
	return true;
}

bool import_id_rule(struct text *t, const char *item)
{
	struct slice rest = slice_of(item), part[6];
	uint32_t half[4] = { PCI_ANY, PCI_ANY, PCI_ANY, PCI_ANY };

	for (unsigned i = 0; i < 6; i++) {
		part[i] = slice_cut(&rest, ':');
		if (i < 4 && (part[i].n || i < 2) && !read_half(part[i], &half[i]))
			return false;
	}
	if (rest.n)
		return false;
	add_id(t, half[0], half[1]);
	if (half[2] != PCI_ANY || half[3] != PCI_ANY) {
		text_add(t, " subsystem=");
		add_id(t, half[2], half[3]);
	}
	return add_class(t, part[4], part[5]);
}

static const struct pci_function *function_at(const struct run *run, const struct pci_address *at)
{
	for (unsigned i = 0; i < run->inv.functions; i++)
		if (!pci_compare(&run->inv.function[i].at, at))
			return &run->inv.function[i];
	return NULL;
}

/* "0000:01:00.0", "01:00.0|10de:1b81" */
static const struct pci_function *by_address(const struct run *run, const char *item,
					     const char **why)
{
	struct slice rest = slice_of(item), address = slice_cut(&rest, '|');
	struct pci_address at = { 0 };
	uint32_t vendor, device;

	if (!pci_parse_address(address, &at, NULL)) {
		*why = "no address of a PCI function";
		return NULL;
	}
	const struct pci_function *f = function_at(run, &at);
	if (f && rest.n && (!pci_parse_id(rest, &vendor, &device) || vendor != f->vendor ||
			    device != f->device)) {
		*why = "another card is at that address now";
		return NULL;
	}
	return f;
}

/* One hop "1c.0" of a Qubes path, "00_1c.0" with the bus behind the bridge, which must be its
 * first. */
static bool read_hop(struct slice hop, uint8_t *devfn)
{
	struct slice bus = slice_cut(&hop, '_');

	return slice_is(bus, "00") && pci_parse_devfn(hop, devfn, NULL);
}

/* The function that is reached from `start`, a bridge, by the hops. NULL: none. */
static const struct pci_function *follow(const struct run *run, const struct pci_function *start,
					 struct slice hops)
{
	struct pci_path path = start->identity->path;

	while (hops.n) {
		if (!path.hops || path.hops == PCI_HOPS_MAX ||
		    !read_hop(slice_cut(&hops, '-'), &path.hop[path.hops]))
			return NULL;
		path.hops++;
	}
	for (unsigned i = 0; i < run->inv.functions; i++) {
		const struct pci_path *p = &run->inv.function[i].identity->path;
		if (p->domain == path.domain && p->bus == path.bus && p->hops == path.hops &&
		    !memcmp(p->hop, path.hop, path.hops))
			return &run->inv.function[i];
	}
	return NULL;
}

/* "01_00.0", "0000_01_00.0", "01:00.0", and the paths "00_1c.0-00_00.0" of Qubes 4.2. */
static const struct pci_function *by_qubes(const struct run *run, const char *item)
{
	const struct pci_function *f = NULL;
	struct pci_address at = { 0 };
	char text[FINDING_ITEM_MAX];

	text_make(text, sizeof(text), "%s", item);
	for (char *p = text; *p && *p != '-'; p++)
		*p = *p == '_' ? ':' : *p;
	struct slice hops = slice_of(text);
	if (pci_parse_address(slice_cut(&hops, '-'), &at, NULL))
		f = function_at(run, &at);
	return f && hops.n ? follow(run, f, hops) : f;
}

const struct pci_function *import_function(const struct run *run, const struct finding *f,
					   const char **why)
{
	*why = "no such function is there now: vgapass list shows them all";
	if (strcmp(f->driver, "none"))
		return f->kind == FOUND_QUBES ? by_qubes(run, f->item) :
						by_address(run, f->item, why);
	*why = "a rule binds a driver, it does not keep all off: it can stay with driverctl";
	return NULL;
}
