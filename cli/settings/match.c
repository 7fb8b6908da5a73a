/* SPDX-License-Identifier: GPL-2.0-or-later */
/* match.c - see match.h */
#include "match.h"

#include <fnmatch.h>
#include <string.h>

#define ITEM_MAX 256

/* A field as sscanf("%x") reads it: blanks and 0x in front do not count, and it ends at the
 * first sign that is no digit. *last: such a sign is there, where sscanf() stops. */
static bool read_field(struct slice s, unsigned *ret, bool *last)
{
	uint64_t v;
	size_t digits = 0;

	s = slice_next(&s, '\0');
	*last = false;
	if (slice_is(s, "*")) {
		*ret = SETTING_ID_ANY;
		return true;
	}
	if (s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X'))
		s.p += 2, s.n -= 2;
	while (digits < s.n && slice_digit(s.p[digits]) < 16)
		digits++;
	*last = digits < s.n;
	if (!slice_hex((struct slice){ s.p, digits }, UINT32_MAX, &v))
		return false;
	*ret = (unsigned)v;
	return true;
}

bool setting_parse_id(struct slice item, struct setting_id *ret)
{
	struct setting_id id = {
		SETTING_ID_ANY, SETTING_ID_ANY, SETTING_ID_ANY, SETTING_ID_ANY, 0, 0
	};
	unsigned *field[] = { &id.vendor,    &id.device, &id.subvendor,
			      &id.subdevice, &id.class,	 &id.mask };
	bool last = false;

	for (unsigned i = 0; i < 6; i++) {
		struct slice one = slice_cut(&item, ':');
		if (!one.n && i >= 2)
			continue;
		if (!read_field(one, field[i], &last) || (last && !i))
			return false;
		if (i < 4 && *field[i] > UINT16_MAX && *field[i] != SETTING_ID_ANY)
			return false;
		if (last)
			break;
	}
	*ret = id;
	return last || !item.n;
}

static bool is_half(unsigned wanted, unsigned is)
{
	return wanted == SETTING_ID_ANY || wanted == is;
}

bool setting_id_matches(const struct setting_id *id, const struct pci_function *f)
{
	return is_half(id->vendor, f->vendor) && is_half(id->device, f->device) &&
	       is_half(id->subvendor, f->subvendor) && is_half(id->subdevice, f->subdevice) &&
	       !((id->class ^ f->class) & id->mask & 0xffffff);
}

/* Cuts the letters and then the value off a modalias, "v000010DE": hex digits or "*". */
static bool cut_value(struct slice *s, const char *letters, struct slice *value)
{
	size_t n = strlen(letters), digits = 0;

	if (s->n < n || memcmp(s->p, letters, n) != 0)
		return false;
	s->p += n, s->n -= n;
	while (digits < s->n && slice_digit(s->p[digits]) < 16 && digits < 8)
		digits++;
	if (!digits && (!s->n || *s->p != '*'))
		return false;
	digits = digits ? digits : 1;
	*value = (struct slice){ s->p, digits };
	s->p += digits, s->n -= digits;
	return true;
}

static void add_half(struct text *t, struct slice value)
{
	uint64_t v;

	if (slice_hex(value, UINT16_MAX, &v))
		text_add(t, "%04x", (unsigned)v);
	else
		text_add(t, "ffffffff");
}

bool setting_id_of_alias(struct slice pattern, struct text *id)
{
	static const char *const letters[] = { "v", "d", "sv", "sd", "bc", "sc", "i" };
	struct slice value[7];
	unsigned class = 0, mask = 0;
	uint64_t v;

	if (pattern.n < 4 || memcmp(pattern.p, "pci:", 4) != 0)
		return false;
	pattern.p += 4, pattern.n -= 4;
	for (unsigned i = 0; i < 7; i++) {
		value[i] = slice_of("*");
		/* "pci:v000010DEd00001B81*": the rest is any. */
		if (i && (!pattern.n || slice_is(pattern, "*")))
			continue;
		if (!cut_value(&pattern, letters[i], &value[i]))
			return false;
	}
	for (unsigned i = 0; i < 4; i++) {
		text_add(id, i ? ":" : "");
		add_half(id, value[i]);
	}
	for (unsigned i = 4; i < 7; i++) {
		bool given = slice_hex(value[i], 0xff, &v);
		class = class << 8 | (given ? (unsigned)v : 0);
		mask = mask << 8 | (given ? 0xff : 0);
	}
	if (mask)
		text_add(id, ":%x:%x", class, mask);
	return true;
}

enum setting_form setting_form(struct slice item)
{
	struct slice rest = item, address = slice_cut(&rest, '|');
	struct slice dot = address, bus = slice_cut(&dot, '.');

	if (slice_has(address, '_') || (slice_has(bus, ':') && slice_has(dot, '-')))
		return FORM_PATH;
	return slice_has(address, '.') ? FORM_ADDRESS : FORM_ID;
}

static const struct pci_function *function_at(const struct run *run, const struct pci_address *at)
{
	for (unsigned i = 0; i < run->inv.functions; i++)
		if (!pci_compare(&run->inv.function[i].at, at))
			return &run->inv.function[i];
	return NULL;
}

/* "0000:01:00.0", "01:00.0|10de:1b81" */
static const struct pci_function *by_address(const struct run *run, struct slice item,
					     const char **why)
{
	struct slice address = slice_cut(&item, '|');
	struct pci_address at = { 0 };
	uint32_t vendor, device;

	if (!pci_parse_address(address, &at, NULL)) {
		*why = "no address of a PCI function";
		return NULL;
	}
	const struct pci_function *f = function_at(run, &at);
	if (f && item.n &&
	    (!pci_parse_id(item, &vendor, &device) || vendor != f->vendor || device != f->device)) {
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
static const struct pci_function *follow_hops(const struct run *run,
					      const struct pci_function *start, struct slice hops)
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
static const struct pci_function *by_path(const struct run *run, struct slice item)
{
	const struct pci_function *f = NULL;
	struct pci_address at = { 0 };
	char text[ITEM_MAX];

	text_make(text, sizeof(text), "%pv", &item);
	for (char *p = text; *p && *p != '-'; p++)
		*p = *p == '_' ? ':' : *p;
	struct slice hops = slice_of(text);
	if (pci_parse_address(slice_cut(&hops, '-'), &at, NULL))
		f = function_at(run, &at);
	return f && hops.n ? follow_hops(run, f, hops) : f;
}

const struct pci_function *setting_function(const struct host *h, struct slice item,
					    const char **why)
{
	*why = "no such function: vgapass list -a shows all";
	return setting_form(item) == FORM_PATH ? by_path(&h->run, item) :
						 by_address(&h->run, item, why);
}

/* "0000:01:00.*", "01:00.[01]" */
static bool is_pattern_of(struct slice item, const struct pci_function *f)
{
	char pattern[ITEM_MAX], at[PCI_ADDRESS_SIZE];
	unsigned colons = 0;

	text_make(pattern, sizeof(pattern), "%pv", &item);
	for (const char *p = pattern; *p; p++)
		colons += *p == ':';
	pci_put_address(at, &f->at);
	return !fnmatch(pattern, colons == 1 ? strchr(at, ':') + 1 : at, 0);
}

bool setting_item_means(const struct host *h, struct slice item, const struct pci_function *f)
{
	struct setting_id id;
	const char *why;

	if (setting_form(item) == FORM_ID)
		return setting_parse_id(item, &id) && setting_id_matches(&id, f);
	if (slice_has(item, '*') || slice_has(item, '[') || slice_has(item, '?'))
		return is_pattern_of(item, f);
	return setting_function(h, item, &why) == f;
}

bool settings_turns_on(struct slice value)
{
	return !value.n || slice_word(value, "0|n|N|off|OFF|no|NO") == SLICE_NO_WORD;
}

bool settings_is_vfio(struct slice module)
{
	return module_is_for_guests(module) || settings_takes_ids(module);
}

bool settings_takes_ids(struct slice module)
{
	struct slice end = module;

	if (module.n >= 8)
		end = (struct slice){ module.p + module.n - 8, 8 };
	return module_takes_ids(module) || module_same_name(end, slice_of("vfio_pci"));
}
