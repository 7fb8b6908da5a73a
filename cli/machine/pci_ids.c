/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pci_ids.c - see pci_ids.h
 *
 *     1002  Advanced Micro Devices, Inc. [AMD/ATI]        vendor
 *     \t6608  Oland GL [FirePro W2100]                    device
 *     \t\t1002 2120  FirePro W2100                        board
 *     C 03  Display controller                            class
 *     \t00  VGA compatible controller                     subclass
 *     \t\t00  VGA controller                              programming interface
 */
#include "pci_ids.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"

/* Keys sort as the file does: a vendor, its devices, the next vendor, ..., the classes. */
#define KEY_CLASS ((uint64_t)1 << 40)
#define KEY_MEMBER ((uint64_t)1 << 16)
#define key_of(id) ((uint64_t)(id) << 20)

struct pci_ids_entry {
	uint64_t key;
	struct slice name; /* for a device: up to the end of the file, as its boards follow */
};

enum section { SECTION_NONE, SECTION_VENDOR, SECTION_CLASS, SECTION_OTHER };

static void index_line(struct pci_ids *ids, uint64_t key, struct slice name)
{
	if (ids->n == ids->cap) {
		/* Debian 12's file has 19,000 vendors and devices. */
		ids->cap = ids->cap ? 2 * ids->cap : 32768;
		ids->entries = xreallocarray(ids->entries, ids->cap, sizeof(*ids->entries));
	}
	ids->entries[ids->n++] = (struct pci_ids_entry){ key, name };
}

/* Cuts an ID of so many digits off *line, and the blanks behind it. -1: it has none, or no name. */
static int64_t cut_id(struct slice *line, size_t digits)
{
	if (line->n <= digits || (line->p[digits] != ' ' && line->p[digits] != '\t'))
		return -1;
	int64_t id = slice_digits((struct slice){ line->p, digits }, digits);

	for (line->p += digits, line->n -= digits; line->n; line->p++, line->n--)
		if (*line->p != ' ' && *line->p != '\t')
			return id;
	return -1;
}

/* slice_cut() is for short pieces: with it, reading the file takes four times the instructions. */
static struct slice cut_line(struct slice *text)
{
	const char *end = memchr(text->p, '\n', text->n);
	struct slice line = { text->p, end ? (size_t)(end - text->p) : text->n };
	size_t skip = line.n + (end != NULL);

	text->p += skip, text->n -= skip;
	return line;
}

/* The first line of `text`, without the blanks at its end. */
static struct slice first_line(struct slice text)
{
	struct slice line = cut_line(&text);

	while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	return line;
}

/* A line without a tab. Returns the section that it begins; SECTION_NONE: it is damaged. */
static enum section read_head(struct pci_ids *ids, struct slice line, uint64_t *head)
{
	bool has_letter = line.n > 2 && line.p[0] >= 'A' && line.p[0] <= 'Z' && line.p[1] == ' ';
	bool is_class = has_letter && *line.p == 'C';

	if (has_letter && !is_class)
		return SECTION_OTHER;
	if (is_class)
		line = (struct slice){ line.p + 2, line.n - 2 };
	int64_t id = cut_id(&line, is_class ? 2 : 4);
	if (id < 0)
		return SECTION_NONE;
	*head = key_of(id) + (is_class ? KEY_CLASS : 0);
	index_line(ids, *head, line);
	return is_class ? SECTION_CLASS : SECTION_VENDOR;
}

static int compare_keys(const void *a, const void *b)
{
	const struct pci_ids_entry *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* The file is sorted, but nothing says that a host's is. */
static void sort_entries(struct pci_ids *ids)
{
	for (size_t i = 1; i < ids->n; i++)
		if (ids->entries[i - 1].key > ids->entries[i].key) {
			qsort(ids->entries, ids->n, sizeof(*ids->entries), compare_keys);
			return;
		}
}

void pci_ids_read(struct pci_ids *ids, struct slice text)
{
	enum section section = SECTION_NONE;
	const char *end = text.p + text.n;
	uint64_t head = 0;

	while (text.n && !ids->is_damaged) {
		struct slice line = cut_line(&text);
		/* Two of three lines are boards: pci_ids_board() reads those of the device. */
		if (!line.n || *line.p == '#' ||
		    (line.n > 1 && line.p[0] == '\t' && line.p[1] == '\t') ||
		    (*line.p == '\t' && section == SECTION_OTHER))
			continue;
		if (*line.p != '\t') {
			section = read_head(ids, line, &head);
			ids->is_damaged = !section;
			continue;
		}
		line.p++, line.n--;
		int64_t id = section ? cut_id(&line, section == SECTION_CLASS ? 2 : 4) : -1;
		ids->is_damaged = id < 0;
		if (id >= 0)
			index_line(ids, head + KEY_MEMBER + (uint64_t)id,
				   (struct slice){ line.p, (size_t)(end - line.p) });
	}
	sort_entries(ids);
}

void pci_ids_free(struct pci_ids *ids)
{
	free(ids->entries);
	*ids = (struct pci_ids){ 0 };
}

/* From the name on; empty: not known. */
static struct slice find_entry(const struct pci_ids *ids, uint64_t key)
{
	struct pci_ids_entry wanted = { .key = key }, *found = NULL;

	if (ids->n)
		found = bsearch(&wanted, ids->entries, ids->n, sizeof(wanted), compare_keys);
	return found ? found->name : (struct slice){ "", 0 };
}

struct slice pci_ids_vendor(const struct pci_ids *ids, unsigned vendor)
{
	return first_line(find_entry(ids, key_of(vendor)));
}

struct slice pci_ids_device(const struct pci_ids *ids, unsigned vendor, unsigned device)
{
	return first_line(find_entry(ids, key_of(vendor) + KEY_MEMBER + device));
}

struct slice pci_ids_class(const struct pci_ids *ids, unsigned base)
{
	return first_line(find_entry(ids, KEY_CLASS + key_of(base)));
}

struct slice pci_ids_subclass(const struct pci_ids *ids, unsigned base, unsigned sub)
{
	return first_line(find_entry(ids, KEY_CLASS + key_of(base) + KEY_MEMBER + sub));
}

struct slice pci_ids_board(const struct pci_ids *ids, unsigned vendor, unsigned device,
			   unsigned subvendor, unsigned subdevice)
{
	struct slice text = find_entry(ids, key_of(vendor) + KEY_MEMBER + device);

	cut_line(&text);
	while (text.n) {
		struct slice line = first_line(text);
		cut_line(&text);
		if (!line.n || *line.p == '#')
			continue;
		if (line.n < 2 || line.p[0] != '\t' || line.p[1] != '\t')
			break;
		line.p += 2, line.n -= 2;
		if (cut_id(&line, 4) == subvendor && cut_id(&line, 4) == subdevice)
			return line;
	}
	return (struct slice){ "", 0 };
}
