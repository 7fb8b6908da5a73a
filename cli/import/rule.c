/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.c - see rule.h */
#include "rule.h"

#include "cli/settings/match.h"

static void add_id(struct text *t, unsigned vendor, unsigned device)
{
	text_add(t, vendor == SETTING_ID_ANY ? "*:" : "%04x:", vendor);
	text_add(t, device == SETTING_ID_ANY ? "*" : "%04x", device);
}

/* True: a class mask of so many whole bytes from the left means the same functions. */
static bool is_same(const struct host *h, const struct setting_id *id, unsigned bytes)
{
	struct setting_id wide = *id;

	wide.mask = 0xffffff & ~(0xffffffu >> 8 * bytes);
	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		if (setting_id_matches(&wide, f) != setting_id_matches(id, f))
			return false;
	}
	return true;
}

/* " class=03" of class and mask: a mask covers whole bytes from the left. */
static bool add_class(const struct host *h, struct text *t, const struct setting_id *id)
{
	unsigned bytes = 0;

	while (bytes < 3 && (id->mask >> (16 - 8 * bytes) & 0xff) == 0xff)
		bytes++;
	if (!(id->mask & 0xffffff))
		return true;
	bool exact = bytes == 3 || !(id->mask & 0xffffffu >> 8 * bytes);
	if (!bytes || (!exact && !is_same(h, id, bytes)))
		return false;
	text_add(t, " class=");
	for (unsigned i = 0; i < bytes; i++)
		text_add(t, "%02x", id->class >> (16 - 8 * i) & 0xff);
	return true;
}

bool import_id_rule(const struct host *h, struct text *t, struct slice item)
{
	struct setting_id id;

	if (!setting_parse_id(item, &id))
		return false;
	add_id(t, id.vendor, id.device);
	if (id.subvendor != SETTING_ID_ANY || id.subdevice != SETTING_ID_ANY) {
		text_add(t, " subsystem=");
		add_id(t, id.subvendor, id.subdevice);
	}
	return add_class(h, t, &id);
}
