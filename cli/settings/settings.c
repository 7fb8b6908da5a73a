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

static const char *fix_of_word(const struct host *h, const struct setting *s, char *buf)
{
	if (s->source == SOURCE_RUNNING)
		return text_make(buf, SETTING_FIX_MAX, "remove it from %s, and reboot",
				 bootline_place(h));
	if (s->source == SOURCE_ENTRY && strstr(s->file, "loader/entries/ostree"))
		return text_make(buf, SETTING_FIX_MAX, "rpm-ostree kargs --delete=%s", s->words);
	if (s->source == SOURCE_ENTRY && strstr(s->file, "loader/entries/") &&
	    bootline_is_grubby(h))
		return "remove it by grubby --update-kernel=ALL --remove-args=...";
	if (strstr(s->file, "kernelstub"))
		return text_make(buf, SETTING_FIX_MAX, "kernelstub --delete-options '%s'",
				 s->words);
	if (s->source == SOURCE_ENTRY)
		return "remove it from the options of this entry";
	return text_make(buf, SETTING_FIX_MAX, "remove it, and %s", bootline_apply(h, s->file));
}

const char *setting_fix(const struct host *h, const struct setting *s, char buf[SETTING_FIX_MAX])
{
	struct slice name = slice_of(s->words), key = slice_cut(&name, '=');

	switch (s->source) {
	case SOURCE_MODPROBE:
		if (!s->more)
			return "delete this line";
		return text_make(buf, SETTING_FIX_MAX, "remove %pv%s from it, and keep the rest",
				 &key, strchr(s->words, '=') ? "=" : "");
	case SOURCE_ALIAS:
		return "delete this line";
	case SOURCE_LIST:
		return !s->more ? "delete this line" :
				  text_make(buf, SETTING_FIX_MAX, "remove %s from it", s->words);
	case SOURCE_DRIVERCTL:
		return text_make(buf, SETTING_FIX_MAX, "driverctl unset-override %s", s->items);
	case SOURCE_UDEV:
		return "delete this rule, and run udevadm control --reload";
	case SOURCE_SCRIPT:
		return strstr(s->file, "initramfs") || strstr(s->file, "initcpio") ||
				       strstr(s->file, "dracut") ?
			"remove what it does to functions of a rule, and rebuild the boot images" :
			"remove what it does to functions of a rule";
	case SOURCE_UNRAID:
		return "unbind them in Unraid's web interface: Tools, System Devices";
	case SOURCE_TRUENAS:
		return "unset isolated GPUs in TrueNAS's web interface: System, Advanced";
	default:
		return fix_of_word(h, s, buf);
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
		return "snd_hda_intel";
	if (display && f->vendor == 0x10de)
		return "nouveau,nvidia,nvidia_drm,nvidia_modeset,nvidia_uvm,nova_core";
	if (display && f->vendor == 0x1002)
		return "amdgpu,radeon";
	if (display && f->vendor == 0x8086)
		return "i915,xe";
	return "";
}

bool setting_is_for_rules(struct host *h, const struct setting *s)
{
	const struct inventory *inv = &h->run.inv;
	char names[HOST_NAME_MAX];

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		struct slice rest = slice_of(s->items);
		if (host_entry(h, f)->state != STATE_PLANNED)
			continue;
		while (rest.n) {
			struct slice module = slice_cut(&rest, ',');
			/* The framebuffer drivers of old are kept off by all distributions. */
			if (!module.n ||
			    (module.n > 2 && !memcmp(module.p + module.n - 2, "fb", 2)))
				continue;
			if (is_listed(slice_of(usual_drivers(f)), module) ||
			    module_same_name(slice_of(f->driver), module) ||
			    is_listed(slice_of(host_candidates(h, f, names)), module))
				return true;
		}
	}
	return false;
}

bool settings_is_vfio(struct slice module)
{
	struct slice end = module;

	if (module.n >= 8)
		end = (struct slice){ module.p + module.n - 8, 8 };
	return slice_starts(module, "vfio") || module_same_name(module, slice_of("pci_stub")) ||
	       module_same_name(end, slice_of("vfio_pci"));
}
