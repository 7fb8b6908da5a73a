/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pci.c - see pci.h */
#include "pci.h"

static bool parse_half(struct slice s, uint32_t *ret)
{
	int64_t v = slice_is(s, "*") ? PCI_ANY : slice_digits(s, 4);

	if (v < 0)
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool pci_parse_id(struct slice s, uint32_t *vendor, uint32_t *device)
{
	struct slice head = slice_cut(&s, ':');

	return parse_half(head, vendor) && parse_half(s, device);
}

bool pci_parse_devfn(struct slice s, uint8_t *devfn, bool *any)
{
	int64_t device = slice_digits(slice_cut(&s, '.'), 2), function = slice_digits(s, 1);
	bool all = any && slice_is(s, "*");

	if (all)
		function = 0;
	/* As unsigned, -1 is too large as well. */
	if ((uint64_t)device > 31 || (uint64_t)function > 7)
		return false;
	if (all)
		*any = true;
	*devfn = (uint8_t)(device << 3 | function);
	return true;
}

bool pci_parse_bus(struct slice domain, struct slice bus, struct pci_address *at)
{
	int64_t d = domain.n < 4 ? -1 : slice_digits(domain, domain.n);
	int64_t b = slice_digits(bus, 2);

	if (d < 0 || b < 0)
		return false;
	at->domain = (uint32_t)d;
	at->bus = (uint8_t)b;
	return true;
}

bool pci_parse_address(struct slice s, struct pci_address *at, bool *any)
{
	struct slice domain = { "0000", 4 }, bus = slice_cut(&s, ':');

	if (slice_has(s, ':')) {
		domain = bus;
		bus = slice_cut(&s, ':');
	}
	return pci_parse_bus(domain, bus, at) && pci_parse_devfn(s, &at->devfn, any);
}

/* Without text_add(), as the claim does this for each function of the machine. */
char *pci_put_address(char to[PCI_ADDRESS_SIZE], const struct pci_address *at)
{
	/* The digits behind the domain: two of the bus, two of the device, one of the
	 * function. */
	uint64_t v = (uint64_t)at->domain << 20 | at->bus << 12 | (at->devfn >> 3) << 4 |
		     (at->devfn & 7);
	unsigned digits = 9;

	while (v >> 4 * digits)
		digits++;
	while (digits--) {
		*to++ = "0123456789abcdef"[v >> 4 * digits & 15];
		if (digits == 5 || digits == 3)
			*to++ = ':';
		if (digits == 1)
			*to++ = '.';
	}
	*to = '\0';
	return to;
}

enum pci_kind pci_kind(const struct pci_function *f)
{
	unsigned class = f->class >> 8;

	return PCI_CLASS_BASE(f->class) == PCI_BASE_STORAGE || class == PCI_CLASS_SD ||
	       class == PCI_CLASS_USB ? PCI_VITAL :
	       PCI_CLASS_BASE(f->class) == PCI_BASE_NETWORK ? PCI_NETWORK : PCI_OTHER;
}
