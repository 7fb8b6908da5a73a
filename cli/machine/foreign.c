/* SPDX-License-Identifier: GPL-2.0-or-later */
/* foreign.c - see foreign.h */
#include "foreign.h"

#include <string.h>

#include "runtime/core/pci.h"

static bool begins(struct slice s, const char *bytes)
{
	size_t n = strlen(bytes);

	return s.n >= n && !memcmp(s.p, bytes, n);
}

/* Returns the next ID of a list with commas, blanks, quotes, brackets and 0x between; empty: no
 * more. "0x1002:0x6608" is written without 0x. */
static struct slice next_id(struct slice *list, char id[16])
{
	static const char separators[] = " \t,;\"'[](){}";
	uint32_t vendor, device;

	while (list->n) {
		while (list->n && strchr(separators, *list->p))
			list->p++, list->n--;
		struct slice word = { list->p, 0 }, half;
		while (word.n < list->n && !strchr(separators, word.p[word.n]))
			word.n++;
		list->p += word.n;
		list->n -= word.n;
		half = slice_cut(&word, ':');
		for (unsigned i = 0; i < 2 && half.n + word.n; i++) {
			struct slice *s = i ? &word : &half;
			if (begins(*s, "0x"))
				s->p += 2, s->n -= 2;
		}
		struct slice ret = slice_of(text_make(id, 16, "%pv:%pv", &half, &word));
		if (pci_parse_id(ret, &vendor, &device) && !((vendor | device) & PCI_ANY))
			return ret;
	}
	return (struct slice){ NULL, 0 };
}

/* Adds the IDs of a list, as the lines that they are to be. Returns false: there is none. */
static bool add_ids(struct slice list, struct text *fix)
{
	struct slice one;
	char id[16];
	unsigned n = 0;

	for (; (one = next_id(&list, id)).n; n++)
		text_add(fix, n ? " and %pv" : "%pv", &one);
	if (n > 1)
		text_add(fix, " are rules of their own: write one ID per line");
	else if (n)
		text_add(fix, " is all of the line: write only the ID");
	return n;
}

/* A line that begins with an address: pasted from lspci -nn, which ends with "[1002:6608]", or
 * alone. */
static void add_address(struct slice line, const struct slice *address, struct text *fix)
{
	struct slice rest = line, id = { NULL, 0 };
	char buf[16];

	while (slice_has(rest, '[') && !id.n) {
		slice_cut(&rest, '[');
		struct slice behind = rest, inside = slice_cut(&behind, ']');
		id = next_id(&inside, buf);
	}
	if (id.n)
		text_add(fix, "write %pv, or %pv address=%pv", &id, &id, address);
	else
		text_add(fix, "vgapass add %pv writes the rule: an ID, and address=%pv behind it",
			 address, address);
}

/* Returns what follows "ids=" of a module's option: "vfio-pci.ids=..." or "options vfio-pci
 * ids=..."; empty: there is none. */
static struct slice module_ids(struct slice line)
{
	const char *ids = memmem(line.p, line.n, "ids=", 4);

	if (!ids || (ids > line.p && !strchr(" \t.", ids[-1])))
		return (struct slice){ NULL, 0 };
	return (struct slice){ ids + 4, line.n - (size_t)(ids + 4 - line.p) };
}

bool foreign_line(struct slice line, struct text *text, struct text *fix)
{
	struct slice rest = line, first = slice_next(&rest, '\0'), ids = module_ids(line);
	struct pci_address at;

	if (begins(line, "\xef\xbb\xbf")) {
		text_add(text, "the file begins with a byte order mark");
		text_add(fix, "save it as UTF-8 without BOM");
	} else if (begins(line, "\xff\xfe") || begins(line, "\xfe\xff")) {
		text_add(text, "the file is UTF-16");
		text_add(fix, "save it as UTF-8 without BOM");
	} else if (pci_parse_address(first, &at, NULL)) {
		text_add(text, "a rule begins with an ID, not with an address");
		add_address(line, &first, fix);
	} else if (ids.n && add_ids(ids, fix)) {
		text_add(text, "an option of a module is not a rule");
	} else if (slice_word(first, "blacklist|softdep|alias|install|remove|options") !=
		   SLICE_NO_WORD) {
		text_add(text, "\"%pv\" is for modprobe.d", &first);
		text_add(fix, "remove the line: rules keep drivers off without it");
	} else if ((slice_has(first, ',') || strchr("[\"'(", *first.p) || begins(first, "0x")) &&
		   add_ids(line, fix)) {
		text_add(text, "expected a bare ID");
	} else {
		return false;
	}
	return true;
}
