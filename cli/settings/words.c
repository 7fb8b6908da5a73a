/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.c - the words of a kernel command line, wherever it stands. */
#include "match.h"
#include "reader.h"

#include <string.h>

#define DRIVERS_KEPT "the rules keep the host's drivers off their functions"
#define OWN_DISPLAY "the firmware framebuffer releases the card on its own"

static bool is_stub(struct slice module)
{
	return module_same_name(module, slice_of("pci_stub"));
}

/* "vfio-pci.ids=10de:1b81,10de:10f0" */
static bool read_ids(struct reader *r, struct slice word, struct slice module, struct slice option,
		     struct slice value)
{
	bool stub = is_stub(module);

	if (!slice_is(option, "ids") ||
	    (!stub && !module_same_name(module, slice_of("vfio_pci"))))
		return false;
	if (slice_unquoted(value).n)
		reader_add(r, SETTING_GIVES, word, slice_unquoted(value), "")->driver =
			stub ? "pci-stub" : "vfio-pci";
	return true;
}

void reader_add_hidden(struct reader *r, struct setting *s, struct slice value)
{
	value = slice_unquoted(value);
	while (value.n) {
		struct slice item = slice_cut(&value, ')');
		slice_cut(&item, '(');
		if (item.n)
			reader_add_item(r, s, item);
	}
}

/* xen-pciback.hide=(0000:01:00.0)(01:00.1), and rd.qubes.hide_pci=01_00.0,01_00.1 */
static bool read_xen(struct reader *r, struct slice word, struct slice key, struct slice value)
{
	struct setting *s;

	/* All USB controllers, by their class. */
	if (slice_is(word, "rd.qubes.hide_all_usb")) {
		reader_add(r, SETTING_GIVES, word,
			   slice_of("ffffffff:ffffffff:ffffffff:ffffffff:c0300:ffff00"), "")
			->driver = "pciback";
		return true;
	}
	if (slice_is(key, "rd.qubes.hide_pci")) {
		reader_add(r, SETTING_GIVES, word, slice_unquoted(value), "")->driver = "pciback";
		return true;
	}
	if (slice_word(key, "xen-pciback.hide|xen_pciback.hide|pciback.hide") == SLICE_NO_WORD)
		return false;
	s = reader_add(r, SETTING_GIVES, word, slice_of(""), "");
	s->driver = "pciback";
	reader_add_hidden(r, s, value);
	return true;
}

static bool names_vfio(struct slice list)
{
	while (list.n)
		if (settings_is_vfio(slice_cut(&list, ',')))
			return true;
	return false;
}

/* "modprobe.blacklist=nouveau", "nouveau.blacklist=1", "nouveau.modeset=0" */
static bool read_blacklist(struct reader *r, struct slice word, struct slice module,
			   struct slice option, struct slice value)
{
	struct slice rest = word, key = slice_cut(&rest, '=');

	if (slice_word(key, "modprobe.blacklist|rd.driver.blacklist|module_blacklist") !=
	    SLICE_NO_WORD) {
		value = slice_unquoted(value);
		if (names_vfio(value) && slice_is(key, "module_blacklist"))
			reader_add(r, SETTING_STOPS, word, value, "keeps VFIO from loading");
		else if (names_vfio(value))
			reader_add(r, SETTING_HINDERS, word, value, "may keep VFIO from loading");
		else
			reader_add(r, SETTING_BLACKLIST, word, value, DRIVERS_KEPT);
		return true;
	}
	/* i915.force_probe=!56a0 */
	if (!slice_is(option, "blacklist") &&
	    !(slice_is(option, "force_probe") && slice_starts(slice_unquoted(value), "!")) &&
	    !(slice_is(option, "modeset") && slice_is(slice_unquoted(value), "0")))
		return false;
	reader_add(r, SETTING_BLACKLIST, word, module, DRIVERS_KEPT);
	return true;
}

static bool read_needless(struct reader *r, struct slice word, struct slice key, struct slice value)
{
	const char *why;

	if (slice_word(key, "rd.driver.pre|rd.driver.post|modules-load|modules_load|"
			    "rd.modules-load|rd.modules_load|earlymodules") != SLICE_NO_WORD &&
	    names_vfio(slice_unquoted(value)))
		why = "the boot image loads VFIO anyway";
	else if ((slice_is(key, "video") && slice_contains(value, "fb:off")) ||
		 (slice_is(key, "initcall_blacklist") && slice_contains(value, "sysfb_init")))
		why = OWN_DISPLAY ", and this hides the host's early boot";
	else if (slice_is(word, "nomodeset"))
		why = "it also keeps drivers off the host's own display";
	else
		return false;
	reader_add(r, SETTING_NEEDLESS, word, slice_of(""), why);
	return true;
}

static bool read_switch(struct reader *r, struct slice word)
{
	if (slice_is(word, "vgapass=off"))
		reader_add(r, SETTING_STOPS, word, slice_of(""), "the boot binds nothing");
	else if (slice_is(word, "vgapass=dry-run"))
		reader_add(r, SETTING_HINDERS, word, slice_of(""),
			   "the boot only logs what it would "
			   "bind");
	else
		return false;
	return true;
}

static bool read_risk(struct reader *r, struct slice word)
{
	if (slice_starts(word, "pcie_acs_override="))
		reader_add(r, SETTING_RISK, word, slice_of(""),
			   "makes groups that the hardware does "
			   "not: a guest may reach what it should not");
	else if (slice_contains(word, "allow_unsafe_interrupts=1"))
		reader_add(r, SETTING_RISK, word, slice_of(""), "lets a guest send any interrupt");
	else
		return false;
	return true;
}

/* i915.enable_gvt=1: a bool of the kernel, which is false for 0, n and off. */
static bool read_share(struct reader *r, struct slice word, struct slice key, struct slice value)
{
	if (!slice_is(key, "i915.enable_gvt"))
		return false;
	if (settings_turns_on(slice_unquoted(value)))
		reader_add(r, SETTING_SHARES, word, slice_of(""), "");
	return true;
}

/* The IDs in a word that is misspelled: what is behind its last sign. */
static struct slice ids_in(struct slice word)
{
	struct slice rest = word;

	while (rest.n) {
		struct slice look = rest, first = slice_cut(&look, ':');
		if (first.n == 4 && slice_digits(first, 4) >= 0)
			return rest;
		rest.p++, rest.n--;
	}
	return rest;
}

/* "vfio_pci,ids=", "vfio-pci-ids=", "vfio-pci:ids=", "vfio.ids=", "vfio-pci.id=" */
static bool read_misspelled(struct reader *r, struct slice word)
{
	struct slice value = word, key = slice_cut(&value, '='), option = key;
	struct slice module = slice_cut(&option, '.');
	bool vfio = slice_starts(word, "vfio") || slice_starts(word, "pci-stub") ||
		    slice_starts(word, "pci_stub");

	if (!vfio)
		return false;
	if (slice_starts(word, "vfio_pci,") || slice_starts(word, "vfio-pci,") ||
	    slice_starts(word, "vfio,"))
		reader_add(r, SETTING_WRONG, word, ids_in(word),
			   "has a comma for a dot, so nothing "
			   "reads it");
	else if (slice_contains(key, "id") && ids_in(word).n &&
		 !(option.n && settings_is_vfio(module) && slice_is(option, "ids") &&
		   !module_same_name(module, slice_of("vfio"))))
		reader_add(r, SETTING_WRONG, word, ids_in(word),
			   "is no parameter, so nothing reads it "
			   "(the kernel reads vfio-pci.ids=)");
	else
		return false;
	return true;
}

static void read_kernel_word(struct reader *r, struct slice word)
{
	struct slice plain = *word.p == '"' ? slice_unquoted(word) : word, value = plain;
	struct slice key = slice_cut(&value, '='), option = key, module = slice_cut(&option, '.');

	if (!read_switch(r, plain) && !read_ids(r, plain, module, option, value) &&
	    !read_xen(r, plain, key, value) && !read_blacklist(r, plain, module, option, value) &&
	    !read_needless(r, plain, key, value) && !read_risk(r, plain) &&
	    !read_share(r, plain, key, value))
		read_misspelled(r, plain);
}

void read_kernel_words(struct reader *r, struct slice line)
{
	struct slice word;

	while ((word = slice_next(&line, '"')).n)
		read_kernel_word(r, word);
}
