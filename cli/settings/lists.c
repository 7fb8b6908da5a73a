/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lists.c - modules to load, or to put into boot images. */
#include "match.h"
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/io/sysfs.h"
#include "shell.h"

#define NO_SUCH_FILE "means nothing here, as the file lists modules, so nothing reads it"

/* A module a line, with options; TrueNAS had several in a line. */
static void read_list_line(struct reader *r, struct slice line)
{
	struct slice what = slice_trimmed(slice_cut(&line, '#')), rest = what, word;
	struct slice module = slice_next(&rest, '\0');
	struct setting *s = NULL;

	r->text = reader_copy(r, what);
	if (slice_word(module, "softdep|options|blacklist|alias|install") != SLICE_NO_WORD &&
	    slice_contains(rest, "vfio")) {
		const char *ids = strstr(r->text, " ids=");
		reader_add(r, SETTING_WRONG, what, slice_of(ids ? ids + 5 : ""), NO_SUCH_FILE);
		return;
	}
	if (module_same_name(module, slice_of("kvmgt")))
		reader_add(r, SETTING_SHARES, what, module, "");
	if (!settings_is_vfio(module))
		return;
	while ((word = slice_next(&rest, '\0')).n)
		if (slice_starts(word, "ids=")) {
			bool takes = settings_takes_ids(module);
			slice_cut(&word, '=');
			s = reader_add(r, takes ? SETTING_GIVES : SETTING_WRONG, what,
				       slice_unquoted(word),
				       takes ? "" : "is for a module without ids=, so nothing "
				       "reads it (vfio_pci ids=...)");
			s->driver = module_same_name(module, slice_of("pci_stub")) ?
					    "pci-stub" :
					    "vfio-pci";
		}
	if (!s)
		reader_add(r, SETTING_LOADS, what, module, "");
}

/* Debian has /etc/modules in modules-load.d as well. */
static void read_list_file(struct reader *r, const char *path)
{
	char target[256];

	if (sysfs_link(r->h->roots.root, path, 1, target, sizeof(target)) <= 0 ||
	    strcmp(target, "../modules") != 0)
		reader_lines(r, path, JOIN_NOT, read_list_line);
}

/* --- variables of dracut and mkinitcpio */

static void void_lists(struct reader *r)
{
	struct settings *all = r->found;
	unsigned kept = 0;

	for (unsigned i = 0; i < all->n; i++)
		if (all->list[i].source != r->source ||
		    strcmp(all->list[i].variable, r->variable) != 0)
			all->list[kept++] = all->list[i];
	all->n = kept;
}

/* A list that leaves out what it names. */
static void read_omitted(struct reader *r, const char *name, struct slice word)
{
	if (!strcmp(name, "omit_dracutmodules") && slice_is(word, "vgapass"))
		reader_add(r, SETTING_STOPS, word, slice_of(""),
			   "omit_dracutmodules leaves vgapass "
			   "out of boot images");
	else if (!strcmp(name, "omit_drivers") && settings_is_vfio(word))
		reader_add(r, SETTING_HINDERS, word, word,
			   "omit_drivers may leave VFIO out of boot "
			   "images");
	else if (!strcmp(name, "omit_drivers"))
		reader_add(r, SETTING_BLACKLIST, word, word,
			   "the rules keep the host's drivers off "
			   "their functions");
}

static bool is_module_list(const char *name)
{
	return !strcmp(name, "add_drivers") || !strcmp(name, "force_drivers") ||
	       !strcmp(name, "drivers") || !strcmp(name, "MODULES") ||
	       !strncmp(name, "modules", 7);
}

/* Files and parts of boot images that were made to bind functions. */
static bool is_part_list(const char *name)
{
	return slice_word(slice_of(name), "FILES|BINARIES|HOOKS|install_items|"
			  "install_optional_items|add_dracutmodules|force_add_dracutmodules|"
			  "dracutmodules") != SLICE_NO_WORD;
}

/* module_vfio_pci_args="ids=10de:1b81" of OpenRC's modules */
static bool read_arguments(struct reader *r, const char *name, struct slice word)
{
	struct slice module = slice_of(name);

	if (slice_cut(&module, '_').n != 6 || strncmp(name, "module", 6) != 0)
		return false;
	const char *end = memmem(module.p, module.n, "_args", 5);
	if (!end)
		return false;
	module.n = (size_t)(end - module.p);
	if (settings_takes_ids(module) && slice_starts(word, "ids=")) {
		struct slice value = word;
		slice_cut(&value, '=');
		reader_add(r, SETTING_GIVES, word, value, "")->driver =
			module_same_name(module, slice_of("pci_stub")) ? "pci-stub" : "vfio-pci";
	}
	return true;
}

static void read_variable(void *arg, const struct shell_assignment *a)
{
	struct reader *r = arg;
	struct slice rest = a->value, word;

	r->variable = a->name;
	if (!a->append)
		void_lists(r);
	while ((word = slice_next(&rest, '"')).n) {
		r->line = a->line[word.p - a->value.p];
		r->text = a->name;
		if (!strcmp(a->name, "kernel_cmdline"))
			read_kernel_words(r, word);
		else if (read_arguments(r, a->name, word))
			continue;
		else if (is_part_list(a->name) && slice_contains(word, "vfio"))
			reader_add(r, SETTING_NEEDLESS, word, slice_of(""),
				   "the boot image binds by the rules");
		else if (!is_module_list(a->name))
			read_omitted(r, a->name, word);
		else if (settings_is_vfio(word))
			reader_add(r, SETTING_LOADS, word, word, "");
	}
	r->variable = "";
}

static void read_variables(struct reader *r, const char *path)
{
	struct slice text = { NULL, 0 };
	char *copy = reader_text(r, path, &text.n);

	r->file = path;
	text.p = copy;
	if (copy)
		shell_read(text, "", read_variable, r);
	free(copy);
}

void read_module_lists(struct reader *r)
{
	static const char *const load[] = {
		"etc/modules-load.d",	  "run/modules-load.d", "usr/local/lib/modules-load.d",
		"usr/lib/modules-load.d", "lib/modules-load.d", NULL
	};
	static const char *const tools[] = { "usr/share/initramfs-tools/modules.d", NULL };
	static const char *const dracut[] = { "etc/dracut.conf.d", "usr/lib/dracut/dracut.conf.d",
					      NULL };
	static const char *const mkinitcpio[] = { "etc/mkinitcpio.conf.d", NULL };

	r->source = SOURCE_LIST;
	read_list_file(r, "etc/modules");
	reader_folders(r, load, ".conf", read_list_file);
	read_list_file(r, "etc/initramfs-tools/modules");
	reader_folders(r, tools, "", read_list_file);
	read_variables(r, "etc/dracut.conf");
	reader_folders(r, dracut, ".conf", read_variables);
	read_variables(r, "etc/mkinitcpio.conf");
	reader_folders(r, mkinitcpio, ".conf", read_variables);
	read_variables(r, "etc/conf.d/modules");
	r->text = "";
}
