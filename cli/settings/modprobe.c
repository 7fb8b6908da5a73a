/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modprobe.c - modprobe.d(5), in libkmod's order: a file stands for those of its name in later
 * folders, and a line that ends in a backslash goes on. */
#include "reader.h"

#include <string.h>

#include "match.h"

#define DRIVERS_KEPT "the rules keep the host's drivers off their functions"

/* True: a word that comes behind "ids=..., ", where the module's parameter has ended. */
static bool is_lost_id(struct slice word)
{
	struct setting_id id;
	struct slice first = slice_cut(&word, ',');

	return !slice_has(first, '=') && setting_parse_id(first, &id);
}

/* "options vfio-pci ids=10de:1b81,10de:10f0 disable_vga=1" */
static void read_options(struct reader *r, struct slice module, struct slice rest)
{
	struct slice word, ids = { "", 0 };
	struct setting *s;
	char options[512];
	struct text t;
	unsigned others = 0;
	bool stub = module_same_name(module, slice_of("pci_stub"));

	text_start(&t, options, sizeof(options));
	while ((word = slice_next(&rest, '"')).n) {
		struct slice plain = slice_unquoted(word);
		/* No comment, but no option either. */
		if (*word.p == '#')
			break;
		if (slice_starts(plain, "ids=") && !ids.n) {
			ids = word;
		} else if (ids.n && is_lost_id(plain)) {
			reader_add(r, SETTING_WRONG, word, plain,
				   "stands behind a blank, where the "
				   "list has ended, so the kernel never read it");
		} else {
			text_add(&t, "%s%pv", others++ ? " " : "", &word);
		}
	}
	if (ids.n) {
		struct slice list = slice_unquoted(ids);
		slice_cut(&list, '=');
		list = slice_unquoted(list);
		s = reader_add(r, settings_takes_ids(module) ? SETTING_GIVES : SETTING_WRONG,
			       others ? ids : slice_of(r->text), list,
			       settings_takes_ids(module) ? "" : "is for a module without ids=, so "
			       "nothing reads it (options vfio-pci ids=...)");
		s->driver = stub ? "pci-stub" : "vfio-pci";
		s->more = others;
	}
	if (!others)
		return;
	s = reader_add(
		r, strstr(options, "allow_unsafe_interrupts=1") ? SETTING_RISK : SETTING_OPTIONS,
		slice_of(options), slice_of(options),
		strstr(options, "allow_unsafe") ? "lets a guest send any interrupt" : "");
	s->driver = reader_copy(r, module);
}

/* "blacklist nouveau", "install nouveau /bin/false", "alias nouveau off" */
static void add_blacklist(struct reader *r, struct slice line, struct slice module, bool never)
{
	if (settings_is_vfio(module))
		reader_add(r, never ? SETTING_STOPS : SETTING_HINDERS, line, module,
			   never ? "keeps it from loading" : "may keep it from loading");
	else if (!r->foreign)
		reader_add(r, SETTING_BLACKLIST, line, module, DRIVERS_KEPT);
}

/* "options nouveau modeset=0", "options xen-pciback hide=(0000:01:00.0)" */
static void read_other_options(struct reader *r, struct slice module, struct slice rest)
{
	struct slice word;

	while ((word = slice_next(&rest, '"')).n) {
		struct slice value = slice_unquoted(word), key = slice_cut(&value, '=');
		bool alone = !slice_trimmed(rest).n &&
			     slice_of(r->text).n < 16 + module.n + word.n;
		struct slice words = alone ? slice_of(r->text) : word;
		if (slice_is(key, "modeset") && slice_is(value, "0") && !r->foreign) {
			reader_add(r, SETTING_BLACKLIST, words, module, DRIVERS_KEPT);
		} else if (slice_is(key, "enable_gvt") && slice_is(module, "i915") &&
			   settings_turns_on(value)) {
			reader_add(r, SETTING_SHARES, words, slice_of(""), "");
		} else if (slice_is(key, "hide") &&
			   (module_same_name(module, slice_of("xen-pciback")) ||
			    module_same_name(module, slice_of("pciback")))) {
			struct setting *s = reader_add(r, SETTING_GIVES, words, slice_of(""), "");
			s->driver = "pciback";
			reader_add_hidden(r, s, value);
		}
	}
}

/* "install vfio-pci /sbin/modprobe -i vfio-pci ids=10de:1b81" */
static bool read_install_ids(struct reader *r, struct slice line, struct slice command)
{
	struct slice word, key;

	while ((word = slice_next(&command, '"')).n) {
		key = slice_cut(&word, '=');
		if (slice_is(key, "ids") && word.n) {
			reader_add(r, SETTING_GIVES, line, slice_unquoted(word), "");
			return true;
		}
	}
	return false;
}

static void read_install(struct reader *r, struct slice line, struct slice module,
			 struct slice command)
{
	struct slice first = command;
	char why[512];
	struct setting *s;

	command = slice_trimmed(command);
	first = slice_next(&first, '\0');
	if (slice_word(first, "/bin/true|/bin/false|/usr/bin/true|/usr/bin/false|true|false|:") !=
	    SLICE_NO_WORD) {
		add_blacklist(r, line, module, true);
		return;
	}
	if (!settings_is_vfio(module) && !slice_contains(command, "vfio"))
		return;
	if (reader_binds(command, slice_contains(line, "vfio"))) {
		s = reader_add(r, SETTING_BINDS, line, slice_of(""),
			       "binds functions beside the rules");
		reader_add_named(r, s, command, false);
		return;
	}
	if (read_install_ids(r, line, command))
		return;
	text_make(why, sizeof(why), "runs a command that may bind functions beside the rules (%pv)",
		  &command);
	s = reader_add(r, SETTING_BINDS, line, slice_of(""), why);
	s->more = false;
	if (read_named_script(r, s, command) || !slice_contains(command, "modprobe"))
		return;
	s->kind = SETTING_NEEDLESS;
	s->why = "the rules come before any driver";
}

static void read_alias(struct reader *r, struct slice line, struct slice pattern,
		       struct slice module)
{
	char id[96];
	struct text t;

	module = slice_next(&module, '\0');
	if (slice_is(module, "off")) {
		add_blacklist(r, line, pattern, false);
		return;
	}
	text_start(&t, id, sizeof(id));
	if (!settings_is_vfio(module) || !setting_id_of_alias(pattern, &t))
		return;
	struct setting *s = reader_add(r, SETTING_GIVES, line, slice_of(id), "");
	s->source = SOURCE_ALIAS;
	s->driver = module_same_name(module, slice_of("pci_stub")) ? "pci-stub" : "vfio-pci";
}

static void read_modprobe_line(struct reader *r, struct slice line)
{
	struct slice rest = line, command = slice_next(&rest, '\0');
	struct slice module = slice_next(&rest, '\0');

	if (slice_is(command, "options") && settings_is_vfio(module))
		read_options(r, module, rest);
	else if (slice_is(command, "options") && !slice_contains(module, "ids="))
		read_other_options(r, module, rest);
	else if (slice_is(command, "options"))
		reader_add(r, SETTING_WRONG, line, slice_of(""),
			   "names no module, so nothing reads it "
			   "(options vfio-pci ids=...)");
	else if (slice_is(command, "blacklist"))
		add_blacklist(r, line, module, false);
	else if ((slice_is(command, "softdep") || slice_is(command, "weakdep")) &&
		 !settings_is_vfio(module) &&
		 (slice_contains(rest, "vfio") || slice_contains(rest, "pci-stub") ||
		  slice_contains(rest, "pci_stub")))
		reader_add(r, SETTING_NEEDLESS, line, slice_of(""),
			   "the rules come before any driver");
	else if (slice_is(command, "install"))
		read_install(r, line, module, rest);
	else if (slice_is(command, "alias"))
		read_alias(r, line, module, rest);
}

/* A file of a distribution or of a driver's package has its reasons, which are not ours. */
static void read_modprobe_file(struct reader *r, const char *path)
{
	static const char *const packaged[] = { "nvidia", "blacklist-rare", "50-default",
						"50-blacklist", "dkms" };
	const char *name = strrchr(path, '/') + 1;

	r->foreign = strncmp(path, "etc/", 4) != 0;
	for (unsigned i = 0; i < sizeof(packaged) / sizeof(packaged[0]); i++)
		r->foreign |= !strncmp(name, packaged[i], strlen(packaged[i]));
	reader_lines(r, path, JOIN_LINES, read_modprobe_line);
	r->foreign = false;
}

/* "/etc/modprobe.d/vfio", which libkmod passes by. */
static void read_unread_line(struct reader *r, struct slice line)
{
	const char *ids = strstr(r->text, "ids=");

	if (slice_starts(line, "options") && slice_contains(line, "vfio") && ids)
		reader_add(r, SETTING_WRONG, line, slice_of(ids + 4),
			   "stands in a file whose name has no "
			   ".conf at its end, so nothing reads it");
}

static void read_unread_file(struct reader *r, const char *path)
{
	if (!strchr(strrchr(path, '/'), '.'))
		reader_lines(r, path, JOIN_LINES, read_unread_line);
}

void read_modprobe(struct reader *r)
{
	static const char *const folders[] = { "etc/modprobe.d",	   "run/modprobe.d",
					       "usr/local/lib/modprobe.d", "usr/lib/modprobe.d",
					       "lib/modprobe.d",	   NULL };
	static const char *const own[] = { "etc/modprobe.d", NULL };

	r->source = SOURCE_MODPROBE;
	reader_folders(r, folders, ".conf", read_modprobe_file);
	reader_folders(r, own, "", read_unread_file);
}
