/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scripts.c - scripts that bind functions, or remove them, where people put them. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/io/sysfs.h"

#define PATH_LENGTH 256

static bool is_hex(char c)
{
	return slice_digit(c) < 16;
}

/* The bytes of an address at p, "0000:01:00.0" or "01:00.*"; 0: there is none. */
static size_t address_length(struct slice s)
{
	static const char *const forms[] = { "hhhh:hh:hh.f", "hh:hh.f" };

	for (unsigned i = 0; i < 2; i++) {
		size_t n = 0;
		for (const char *form = forms[i]; *form && n < s.n; form++, n++)
			if (*form == 'h' ? !is_hex(s.p[n]) :
			    *form == 'f' ? !((s.p[n] >= '0' && s.p[n] <= '7') || s.p[n] == '*') :
					   s.p[n] != *form)
				break;
		if (n == strlen(forms[i]) && (n == s.n || !is_hex(s.p[n])))
			return n;
	}
	return 0;
}

/* The bytes of an ID, "10de:1b81" or "10de 1b81". */
static size_t id_length(struct slice s, char between)
{
	for (unsigned i = 0; i < 9; i++)
		if (i >= s.n || (i == 4 ? s.p[i] != between : !is_hex(s.p[i])))
			return 0;
	return s.n == 9 || (!is_hex(s.p[9]) && s.p[9] != ':') ? 9 : 0;
}

void reader_add_named(struct reader *r, struct setting *s, struct slice line, bool new_id)
{
	char item[16];

	new_id |= slice_contains(line, "new_id");
	for (struct slice rest = line; rest.n; rest.p++, rest.n--) {
		if (rest.p > line.p && (is_hex(rest.p[-1]) || rest.p[-1] == ':'))
			continue;
		size_t n = address_length(rest);
		if (!n && !(n = id_length(rest, ':')) && !(new_id && (n = id_length(rest, ' '))))
			continue;
		text_make(item, sizeof(item), "%pv", &(struct slice){ rest.p, n });
		if (n == 9)
			item[4] = ':';
		reader_add_item(r, s, slice_of(item));
		rest.p += n - 1, rest.n -= n - 1;
	}
}

static bool binds(struct slice line, bool vfio)
{
	return slice_contains(line, "driver_override") ||
	       slice_contains(line, "driverctl set-override") ||
	       (vfio && (slice_contains(line, "/new_id") || slice_contains(line, "/bind")));
}

/* True: the address in a line that removes it is "/sys/bus/pci/devices/0000:01:00.2/remove". */
static bool removes(struct slice line)
{
	return slice_contains(line, "/remove") && slice_contains(line, "pci/devices") &&
	       (slice_contains(line, "echo") || slice_contains(line, "tee"));
}

/* Adds what the script names to *s. The number of the first line that binds; 0: none does. */
static unsigned look_into(struct reader *r, struct setting *s, struct slice text)
{
	bool vfio = slice_contains(text, "vfio") || slice_contains(text, "pci-stub");
	unsigned first = 0, n = 0;

	for (struct slice rest = text; rest.n;) {
		struct slice line = slice_trimmed(slice_cut(&rest, '\n'));
		n++;
		if (line.n && *line.p == '#')
			continue;
		if (!first && binds(line, vfio)) {
			first = n;
			s->line = *s->file && s->source != SOURCE_SCRIPT ? s->line : n;
		}
	}
	for (struct slice rest = text; first && rest.n;) {
		struct slice line = slice_trimmed(slice_cut(&rest, '\n'));
		if (line.n && *line.p != '#' && !removes(line))
			reader_add_named(r, s, line, false);
	}
	return first;
}

static void read_removals(struct reader *r, const char *path, struct slice text)
{
	unsigned n = 0;

	for (struct slice rest = text; rest.n;) {
		struct slice line = slice_trimmed(slice_cut(&rest, '\n'));
		n++;
		if (!line.n || *line.p == '#' || !removes(line))
			continue;
		r->file = path;
		r->line = n;
		r->text = reader_copy(r, line);
		reader_add_named(r, reader_add(r, SETTING_REMOVES, line, slice_of(""), ""), line,
				 false);
	}
}

static bool is_read(const struct reader *r, const char *path)
{
	for (unsigned i = 0; i < r->found->n; i++)
		if (r->found->list[i].source == SOURCE_SCRIPT &&
		    !strcmp(r->found->list[i].file, path))
			return true;
	return false;
}

static void read_script(struct reader *r, const char *path)
{
	struct slice text = { NULL, 0 };
	char *copy;

	if (strstr(path, "vgapass") || is_read(r, path) || !(copy = reader_text(r, path, &text.n)))
		return;
	text.p = copy;
	r->file = path;
	r->line = 1;
	r->text = "";
	struct setting *s = reader_add(r, SETTING_BINDS, slice_of(""), slice_of(""),
				       "binds functions "
				       "beside the rules");
	if (!look_into(r, s, text))
		r->found->n--;
	read_removals(r, path, text);
	free(copy);
}

/* True: it is no text, or driverctl, whose settings are read by themselves. */
static bool is_program(const struct reader *r, const char *path)
{
	char start[2] = "";

	sysfs_read_at(r->h->roots.root, path, start, sizeof(start), 0);
	return memcmp(start, "#!", 2) != 0 || strstr(path, "driverctl");
}

/* The word of a command that is a path of a script. */
static struct slice script_of(struct slice command)
{
	struct slice word;

	while ((word = slice_unquoted(slice_next(&command, '\0'))).n)
		if (word.n < PATH_LENGTH && *word.p == '/' && !slice_starts(word, "/sys/") &&
		    !slice_starts(word, "/dev/") && !slice_contains(word, "modprobe") &&
		    slice_word(word, "/bin/sh|/bin/bash|/usr/bin/sh|/usr/bin/bash|/usr/bin/env") ==
			    SLICE_NO_WORD)
			return word;
	return (struct slice){ "", 0 };
}

bool read_named_script(struct reader *r, struct setting *s, struct slice command)
{
	struct slice word = script_of(command), text = { NULL, 0 };
	char path[PATH_LENGTH], why[PATH_LENGTH + 64];
	bool ret = false;
	ssize_t n;

	while (word.n && strchr(";&|", word.p[word.n - 1]))
		word.n--;
	if (!word.n)
		return false;
	text_make(path, sizeof(path), "%pv", &(struct slice){ word.p + 1, word.n - 1 });
	char *copy = is_program(r, path) ? NULL : reader_try(r, path, &n);
	if (copy) {
		text = (struct slice){ copy, (size_t)n };
		ret = look_into(r, s, text);
		if (ret) {
			text_make(why, sizeof(why),
				  "runs /%s, which binds functions beside the rules", path);
			s->why = reader_copy(r, slice_of(why));
		}
	}
	free(copy);
	return ret;
}

/* ExecStart=/usr/local/bin/bind-gpu 01:00.0 */
static void read_unit_line(struct reader *r, struct slice line)
{
	struct slice rest = line, key = slice_cut(&rest, '=');
	struct setting *s;

	if (!slice_starts(key, "Exec"))
		return;
	s = reader_add(r, SETTING_BINDS, line, slice_of(""), "binds functions beside the rules");
	/* Signs such as "-" and "!" may stand in front of the path. */
	struct slice command = rest;
	while (command.n && *command.p != '/')
		command.p++, command.n--;
	if (binds(rest, slice_contains(rest, "vfio")) || read_named_script(r, s, command))
		reader_add_named(r, s, rest, false);
	else
		r->found->n--;
}

static void read_unit(struct reader *r, const char *path)
{
	if (!strstr(path, "vgapass"))
		reader_lines(r, path, JOIN_LINES, read_unit_line);
}

/* Of the folders of programs, only files whose name tells. */
static void read_program(struct reader *r, const char *path)
{
	if (strstr(strrchr(path, '/'), "vfio") && !is_program(r, path))
		read_script(r, path);
}

/* dracut's modules, of which those of people are named so. */
static void read_dracut_module(struct reader *r, const char *path)
{
	const char *const folder[] = { path, NULL };

	if (strstr(strrchr(path, '/'), "vfio"))
		reader_folders(r, folder, ".sh", read_script);
}

void read_scripts(struct reader *r)
{
	static const char *const boot[] = { "etc/initramfs-tools/scripts/init-top",
					    "etc/initramfs-tools/scripts/init-premount",
					    "etc/initramfs-tools/scripts/local-top",
					    "etc/initramfs-tools/scripts/local-premount",
					    "etc/initramfs-tools/scripts/init-bottom",
					    "etc/initramfs-tools/scripts/local-bottom",
					    "etc/initcpio/hooks",
					    "usr/lib/initcpio/hooks",
					    "etc/local.d",
					    NULL };
	static const char *const tools[] = { "usr/share/initramfs-tools/scripts/init-top",
					     "usr/share/initramfs-tools/scripts/init-premount",
					     NULL };
	static const char *const units[] = { "etc/systemd/system", "usr/local/lib/systemd/system",
					     NULL };
	static const char *const programs[] = {
		"usr/local/bin", "usr/local/sbin", "usr/sbin", "usr/bin", "sbin", "bin", NULL
	};
	static const char *const modules[] = { "usr/lib/dracut/modules.d", NULL };
	static const char *const files[] = { "etc/rc.local", "etc/rc.d/rc.local",
					     "boot/config/go" };

	r->source = SOURCE_SCRIPT;
	reader_folders(r, boot, "", read_script);
	reader_folders(r, tools, "", read_script);
	reader_folders(r, modules, "", read_dracut_module);
	reader_folders(r, programs, "", read_program);
	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		read_script(r, files[i]);
	reader_folders(r, units, ".service", read_unit);
	r->text = "";
}
