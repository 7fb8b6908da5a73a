/* SPDX-License-Identifier: GPL-2.0-or-later */
/* foreign.c - what people write into vgapass.conf as they know it from elsewhere. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* The IDs of a list with commas or blanks between, as the lines that they are to be. */
static const char *as_lines(struct slice list, char fix[CHECK_PLACE_MAX])
{
	uint32_t vendor, device;
	struct text t;
	unsigned n = 0;

	text_start(&t, fix, CHECK_PLACE_MAX);
	while (list.n) {
		struct slice rest = slice_cut(&list, ','), id;
		while ((id = slice_next(&rest, '\0')).n) {
			while (id.n && strchr("\"'[(", *id.p))
				id.p++, id.n--;
			while (id.n && strchr("\"'])", id.p[id.n - 1]))
				id.n--;
			if (pci_parse_id(id, &vendor, &device))
				text_add(&t, n++ ? " and %pv" : "%pv", &id);
		}
	}
	if (n == 1)
		text_add(&t, " is all of the line: write only the ID");
	else
		text_add(&t, " are rules of their own: write one ID per line");
	return n ? fix : NULL;
}

/* What the line should be; NULL: it looks like nothing that is known. */
static const char *advise_line(struct slice line, char fix[CHECK_PLACE_MAX])
{
	struct slice rest = line, first = slice_next(&rest, '\0');
	struct pci_address at;
	const char *ids = memmem(line.p, line.n, "ids=", 4);

	if (first.n > 2 && !memcmp(first.p, "\xef\xbb\xbf", 3))
		return "the file begins with a byte order mark: save it as UTF-8 without BOM";
	if (first.n > 1 && (!memcmp(first.p, "\xff\xfe", 2) || !memcmp(first.p, "\xfe\xff", 2)))
		return "the file is UTF-16: save it as UTF-8 without BOM";
	if (ids)
		return as_lines((struct slice){ ids + 4, line.n - (size_t)(ids + 4 - line.p) },
				fix);
	if (pci_parse_address(first, &at, NULL))
		return text_make(fix, CHECK_PLACE_MAX,
				 "a rule begins with an ID, and address=%pv comes "
				 "behind it: vgapass add %pv writes it",
				 &first, &first);
	if (slice_has(first, ',') || *first.p == '[' || *first.p == '"')
		return as_lines(line, fix);
	return NULL;
}

const char *check_foreign_line(struct check *c, const char *place, char fix[CHECK_PLACE_MAX])
{
	struct slice rest = slice_of(place), name = slice_cut(&rest, ':'), line;
	char file[CHECK_PLACE_MAX];
	struct conf_path path;
	uint64_t number;

	if (!slice_dec(slice_cut(&rest, ':'), UINT32_MAX, &number))
		return NULL;
	text_make(file, sizeof(file), "%pv", &name);
	char *text = check_read(c, gather_conf_path(&path, file));
	struct slice all = slice_of(text ? text : "");
	for (line = slice_cut(&all, '\n'); number > 1 && all.n; number--)
		line = slice_cut(&all, '\n');
	const char *ret = line.n && number <= 1 ? advise_line(line, fix) : NULL;
	free(text);
	return ret;
}
