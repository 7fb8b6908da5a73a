/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settings.c - see settings.h */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "cli/machine/bootline.h"
#include "match.h"
#include "reader.h"

void settings_read(struct host *h, struct settings *ret)
{
	struct reader r = {
		.h = h, .found = ret, .file = "", .text = "", .entry = "", .variable = "",
		.environment = "", .guards = ""
	};

	*ret = (struct settings){ 0 };
	read_cmdline_sources(&r);
	read_modprobe(&r);
	read_module_lists(&r);
	read_binders(&r);
	read_udev(&r);
	read_scripts(&r);
	read_running_cmdline(&r);
}

void settings_free(struct settings *s)
{
	for (unsigned i = 0; i < s->texts; i++)
		free(s->text[i]);
	free(s->text);
	free(s->list);
	*s = (struct settings){ 0 };
}

const char *setting_place(const struct setting *s, char buf[SETTING_PLACE_MAX])
{
	char file[SETTING_PLACE_MAX];
	struct place at = { file, s->line, 0 };

	if (s->source == SOURCE_RUNNING)
		return "the kernel command line";
	text_make(file, sizeof(file), "/%s", s->file);
	return text_make(buf, SETTING_PLACE_MAX, "%pp", &at);
}

/* The command that removes a word of the boot loader's, up to the word, which is in quotes if a
 * quote stands in front; NULL: it is edited. */
static const char *tool_of(struct host *h, const struct setting *s)
{
	bool entry = s->source == SOURCE_ENTRY;

	if (entry && strstr(s->file, "loader/entries/ostree"))
		return "rpm-ostree kargs --delete=";
	if (entry && strstr(s->file, "loader/entries/") && bootline_is_grubby(h))
		return "grubby --update-kernel=ALL --remove-args=";
	return strstr(s->file, "kernelstub") ? "kernelstub --delete-options '" : NULL;
}

/* A word of the kernel command line. */
static void fix_word(struct host *h, const struct setting *s, struct setting_fix *ret)
{
	bool running = s->source == SOURCE_RUNNING;
	const char *tool = tool_of(h, s), *apply = bootline_apply(h, s->file);
	char kept[SETTING_FIX_MAX];

	ret->target = running ? SETTING_BOOTLINE : SETTING_FILE;
	if (*setting_kept(h, s, kept)) {
		text_make(ret->edit, sizeof(ret->edit), running ? "make it %s in" : "make it %s",
			  kept);
	} else if (tool) {
		text_make(ret->command, sizeof(ret->command), "%s%s%s", tool, s->words,
			  strchr(tool, '\'') ? "'" : "");
		return;
	} else {
		text_make(ret->edit, sizeof(ret->edit), running ? "remove %s from" : "remove %s",
			  s->words);
	}
	if (s->source != SOURCE_ENTRY && !running)
		text_make(ret->command, sizeof(ret->command), "%s", apply ? apply : "reboot");
}

static void fix_modprobe(struct host *h, const struct setting *s, struct setting_fix *ret)
{
	struct slice name = slice_of(s->words), key = slice_cut(&name, '=');
	char kept[SETTING_FIX_MAX];

	if (*setting_kept(h, s, kept))
		text_make(ret->edit, sizeof(ret->edit), "make it %s", kept);
	else if (!s->more)
		text_make(ret->edit, sizeof(ret->edit), "delete this line");
	else
		text_make(ret->edit, sizeof(ret->edit), "remove %pv%s from it, and keep the rest",
			  &key, strchr(s->words, '=') ? "=" : "");
}

static const char *edit_of(const struct setting *s)
{
	switch (s->source) {
	case SOURCE_UDEV:
		return "delete this rule";
	case SOURCE_SCRIPT:
		return strstr(s->file, "initramfs") || strstr(s->file, "initcpio") ||
				       strstr(s->file, "dracut") ?
			"remove what it does to functions of a rule, and rebuild the boot images" :
			"remove what it does to functions of a rule";
	case SOURCE_UNRAID:
		return "unbind them in Unraid's web interface: Tools, System Devices";
	case SOURCE_TRUENAS:
		return "unset isolated GPUs in TrueNAS's web interface: System, Advanced";
	case SOURCE_ALIAS:
		return "delete this line";
	default:
		return "";
	}
}

void setting_fix(struct host *h, const struct setting *s, struct setting_fix *ret)
{
	*ret->command = '\0';
	ret->target = s->source == SOURCE_UNRAID || s->source == SOURCE_TRUENAS ? SETTING_SCREEN :
										 SETTING_FILE;
	text_make(ret->edit, sizeof(ret->edit), "%s", edit_of(s));
	switch (s->source) {
	case SOURCE_MODPROBE:
		fix_modprobe(h, s, ret);
		break;
	case SOURCE_LIST:
		text_make(ret->edit, sizeof(ret->edit), s->more ? "remove %s from it" :
								  "delete this line", s->words);
		break;
	case SOURCE_DRIVERCTL:
		text_make(ret->command, sizeof(ret->command), "driverctl unset-override %s",
			  s->items);
		break;
	case SOURCE_UDEV:
		text_make(ret->command, sizeof(ret->command), "udevadm control --reload");
		break;
	case SOURCE_RUNNING:
	case SOURCE_ENTRY:
	case SOURCE_GRUB:
	case SOURCE_KERNEL:
		fix_word(h, s, ret);
		break;
	default:
		break;
	}
}

bool setting_means(const struct host *h, const struct setting *s, const struct pci_function *f)
{
	struct slice rest = slice_of(s->items);

	while (rest.n) {
		struct slice item = slice_cut(&rest, ',');
		if (item.n && setting_item_means(h, item, f))
			return true;
	}
	return false;
}

/* True: one of the modules, with commas between, is this. */
static bool is_listed(struct slice list, struct slice module)
{
	while (list.n)
		if (module_same_name(slice_cut(&list, ','), module))
			return true;
	return false;
}

/* Drivers that a function may get although no module of this machine says so: the makers' own
 * drivers, and those of kernels that are yet to be installed. */
static const char *usual_drivers(const struct pci_function *f)
{
	bool display = PCI_CLASS_BASE(f->class) == PCI_BASE_DISPLAY;

	if (f->class >> 8 == 0x0403)
		return "snd_hda_intel,snd_hda_codec_hdmi";
	if (f->class >> 8 == PCI_CLASS_USB)
		return "xhci_hcd,xhci_pci";
	if (f->class >> 8 == 0x0c80 && f->vendor == 0x10de)
		return "i2c_nvidia_gpu,ucsi_ccg";
	if (display && f->vendor == 0x10de)
		return "nouveau,nvidia,nvidia_drm,nvidia_modeset,nvidia_uvm,nova_core";
	if (display && f->vendor == 0x1002)
		return "amdgpu,radeon";
	if (display && f->vendor == 0x8086)
		return "i915,xe";
	return "";
}

static bool is_for_rules(struct host *h, struct slice module)
{
	const struct inventory *inv = &h->run.inv;
	char names[HOST_NAME_MAX];

	/* The framebuffer drivers of old are kept off by all distributions. */
	if (!module.n || (module.n > 2 && !memcmp(module.p + module.n - 2, "fb", 2)))
		return false;
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (host_entry(h, f)->state == STATE_PLANNED &&
		    (is_listed(slice_of(usual_drivers(f)), module) ||
		     module_same_name(slice_of(f->driver), module) ||
		     is_listed(slice_of(host_candidates(h, f, names)), module)))
			return true;
	}
	return false;
}

bool setting_is_for_rules(struct host *h, const struct setting *s)
{
	struct slice rest = slice_of(s->items);

	while (rest.n)
		if (is_for_rules(h, slice_cut(&rest, ',')))
			return true;
	return false;
}

/* True: the rules make one element of a needless or blacklisting word's list needless. */
static bool element_may_go(struct host *h, const struct setting *s, struct slice element)
{
	if (s->kind == SETTING_BLACKLIST)
		return is_for_rules(h, element);
	for (struct slice rest = element; rest.n > 5; rest.p++, rest.n--)
		if (!memcmp(rest.p, "fb:off", 6))
			return true;
	return settings_is_vfio(element) || slice_is(element, "sysfb_init");
}

/* "softdep snd_hda_intel pre: vfio-pci snd" without VFIO. */
static void keep_softdep(const struct setting *s, struct text *t)
{
	struct slice rest = slice_of(s->words), word;
	unsigned n = 0, others = 0;

	while ((word = slice_next(&rest, '\0')).n) {
		if (n++ >= 2 && settings_is_vfio(word))
			continue;
		text_add(t, n > 1 ? " %pv" : "%pv", &word);
		others += n > 2 && word.p[word.n - 1] != ':';
	}
	if (!others)
		*t->buf = '\0';
}

const char *setting_kept(struct host *h, const struct setting *s, char buf[SETTING_FIX_MAX])
{
	struct slice rest = slice_of(s->words), key = slice_cut(&rest, '=');
	unsigned n = 0;
	struct text t;

	text_start(&t, buf, SETTING_FIX_MAX);
	if (s->kind != SETTING_BLACKLIST && s->kind != SETTING_NEEDLESS)
		return buf;
	if (s->source == SOURCE_MODPROBE && s->kind == SETTING_NEEDLESS && strstr(s->words, "dep "))
		keep_softdep(s, &t);
	else if (s->source != SOURCE_MODPROBE && s->source != SOURCE_LIST && slice_has(rest, ','))
		while (rest.n) {
			struct slice one = slice_cut(&rest, ',');
			if (element_may_go(h, s, one))
				continue;
			text_add(&t, n++ ? "," : "%pv=", &key);
			text_add(&t, "%pv", &one);
		}
	return buf;
}
