/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c - see filter.h */
#include "filter.h"

#include <string.h>

#include "runtime/core/driver.h"
#include "cli/cmd.h"
#include "cli/out/near.h"

/* As class= has them (runtime/core/config.c, set_class()): the first digits of the code. */
static const struct {
	const char *word, *digits;
} classes[] = {
	{ "display", "03" }, { "audio", "0401" }, { "audio", "0403" }, { "network", "02" },
	{ "storage", "01" }, { "usb", "0c03" }, { "serial", "07" },
};

#define CLASSES (sizeof(classes) / sizeof(classes[0]))

static bool has_digits(const struct pci_function *f, struct slice digits)
{
	uint64_t n = 0;

	return slice_hex(digits, 0xffffff, &n) && f->class >> (24 - 4 * digits.n) == n;
}

static bool is_class(const struct pci_function *f, struct slice word)
{
	bool is_word = false, has = false;

	for (size_t i = 0; i < CLASSES; i++) {
		if (!slice_is(word, classes[i].word))
			continue;
		is_word = true;
		has |= has_digits(f, slice_of(classes[i].digits));
	}
	return is_word ? has : has_digits(f, word);
}

static bool is_group(const struct pci_function *f, struct slice word)
{
	uint64_t n = 0;

	if (f->group < 0)
		return slice_is(word, "none");
	return slice_dec(word, INT32_MAX, &n) && n == (uint64_t)f->group;
}

static bool is_driver(const struct pci_function *f, struct slice word)
{
	return *f->driver ? module_same_name(word, slice_of(f->driver)) : slice_is(word, "none");
}

/* True: the function is one of the list's words; of no list, each is. */
static bool is_one_of(const struct pci_function *f, const char *list,
		      bool (*is)(const struct pci_function *f, struct slice word))
{
	struct slice rest = slice_of(list ? list : "");

	while (rest.n)
		if (is(f, slice_cut(&rest, ',')))
			return true;
	return !list;
}

bool filter_has(const struct list_filter *l, const struct pci_function *f)
{
	return is_one_of(f, l->class, is_class) && is_one_of(f, l->group, is_group) &&
	       is_one_of(f, l->driver, is_driver);
}

static int check_class(struct slice word)
{
	char text[64];
	struct near near;
	uint64_t n;

	for (size_t i = 0; i < CLASSES; i++)
		if (slice_is(word, classes[i].word))
			return CMD_OK;
	if (word.n && word.n % 2 == 0 && word.n <= 6 && slice_hex(word, 0xffffff, &n))
		return CMD_OK;
	near_start(&near, text_make(text, sizeof(text), "%pv", &word));
	for (size_t i = 0; i < CLASSES; i++)
		near_try(&near, classes[i].word);
	if (near_best(&near))
		return cmd_misused(&verb_list, "--class %s: no such class%s", text,
				   near_hint(&near, ""));
	return cmd_misused(&verb_list, "--class %s: expected display, audio, network, storage, "
			   "usb, serial or the first 2, 4 or 6 digits of a class code", text);
}

static int check_group(struct slice word)
{
	char text[64];
	uint64_t n;

	if (slice_is(word, "none") || slice_dec(word, INT32_MAX, &n))
		return CMD_OK;
	return cmd_misused(&verb_list, "--group %s: expected a number or \"none\"",
			   text_make(text, sizeof(text), "%pv", &word));
}

static int check_driver(struct slice word)
{
	return word.n ? CMD_OK : cmd_misused(&verb_list, "--driver: expected a name or \"none\"");
}

static int check_list(const char *list, int (*check)(struct slice word))
{
	struct slice rest = slice_of(list ? list : "");
	int r = CMD_OK;

	if (list && !*list)
		return check(rest);
	while (rest.n && !r)
		r = check(slice_cut(&rest, ','));
	return r;
}

int filter_check(const struct list_filter *l)
{
	int r = check_list(l->class, check_class);

	if (!r)
		r = check_list(l->group, check_group);
	return r ? r : check_list(l->driver, check_driver);
}

void filter_note_empty(const struct list_filter *l, const struct host *h)
{
	struct near near;

	near_start(&near, l->driver ? l->driver : "");
	for (unsigned i = 0; i < h->run.inv.functions; i++)
		near_try(&near, h->run.inv.function[i].driver);
	/* A driver that exists and has other functions is not mistyped. */
	bool mistyped = near_best(&near) && near.distance;
	cmd_note("no function matches%s%s%s%s%s%s%s", l->class ? " --class " : "",
		 l->class ? l->class : "", l->group ? " --group " : "", l->group ? l->group : "",
		 l->driver ? " --driver " : "", l->driver ? l->driver : "",
		 mistyped ? near_hint(&near, "") : "");
}
