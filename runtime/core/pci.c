/* pci.c - see pci.h */
#include "pci.h"

static bool parse_half(struct slice s, uint32_t *ret)
{
	uint64_t v = PCI_ANY;

	if (!slice_is(s, "*") && (s.n != 4 || !slice_hex(s, 0xffff, &v)))
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
	struct slice device = slice_cut(&s, '.');
	uint64_t dev, fn = 0;

	if (device.n != 2 || !slice_hex(device, 31, &dev))
		return false;
	if (any && slice_is(s, "*"))
		*any = true;
	else if (s.n != 1 || !slice_hex(s, 7, &fn))
		return false;
	*devfn = (uint8_t)(dev << 3 | fn);
	return true;
}

bool pci_parse_address(struct slice s, struct pci_address *at, bool *any)
{
	struct slice first = slice_cut(&s, ':');
	uint64_t domain = 0, bus;

	if (slice_has(s, ':')) {
		if (first.n < 4 || first.n > 8 || !slice_hex(first, 0xffffffff, &domain))
			return false;
		first = slice_cut(&s, ':');
	}
	if (first.n != 2 || !slice_hex(first, 0xff, &bus))
		return false;
	at->domain = (uint32_t)domain;
	at->bus = (uint8_t)bus;
	return pci_parse_devfn(s, &at->devfn, any);
}
