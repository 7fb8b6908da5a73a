/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scripts.c - scripts that bind functions, or remove them, where people put them. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/io/sysfs.h"

#define PATH_LENGTH 256
#define MOVES "moves functions when a guest starts or ends"
#define GUESTS_DEPTH 8 /* of "etc/libvirt/hooks/qemu.d/NAME/prepare/begin/x.sh" */

static bool is_hex(char c)
{
	return slice_digit(c) < 16;
}

/* The bytes of an address at p, "0000:01:00.0", "01:00.*" or, of libvirt, "0000_01_00_0"; 0: there
 * is none. */
static size_t address_length(struct slice s)
{
	static const char *const forms[] = { "hhhh:hh:hh.f", "hh:hh.f", "hhhh_hh_hh_f" };

	for (unsigned i = 0; i < 3; i++) {
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

/* The bytes of an ID, "10de:1b81", "10de 1b81" or "10de 0x1b81". */
static size_t id_length(struct slice s, char between)
{
	size_t second = s.n > 7 && between == ' ' && !memcmp(s.p + 5, "0x", 2) ? 7 : 5;

	for (size_t i = 0; i < second + 4; i++)
		if (i >= s.n || (i == 4 ? s.p[i] != between : i != second - 1 && !is_hex(s.p[i])))
			return 0;
	s.p += second + 4, s.n -= second + 4;
	return !s.n || (!is_hex(*s.p) && *s.p != ':') ? second + 4 : 0;
}

/* Adds what stands at s: an address of n bytes as "0000:01:00.0", or an ID as "10de:1b81". */
static void add_named(struct reader *r, struct setting *s, struct slice what, bool is_id)
{
	char item[16];

	text_make(item, sizeof(item), "%pv", &what);
	if (is_id) {
		memcpy(item + 5, what.p + what.n - 4, 4);
		item[4] = ':';
		item[9] = '\0';
	} else if (item[4] == '_') {
		item[4] = item[7] = ':';
		item[10] = '.';
	}
	reader_add_item(r, s, slice_of(item));
}

void reader_add_named(struct reader *r, struct setting *s, struct slice line, bool new_id)
{

	new_id |= slice_contains(line, "new_id");
	for (struct slice rest = line; rest.n; rest.p++, rest.n--) {
		if (rest.p > line.p && (is_hex(rest.p[-1]) || rest.p[-1] == ':'))
			continue;
		size_t n = address_length(rest);
		bool is_id = !n;
		if (!n && !(n = id_length(rest, ':')) && !(new_id && (n = id_length(rest, ' '))))
			continue;
		add_named(r, s, (struct slice){ rest.p, n }, is_id);
		rest.p += n - 1, rest.n -= n - 1;
	}
}

/* True: it names a file "bind", and not "/opt/bind.sh". */
static bool has_bind(struct slice line)
{
	const char *p;

	while ((p = memmem(line.p, line.n, "/bind", 5))) {
		line.n -= (size_t)(p + 5 - line.p);
		line.p = p + 5;
		if (!line.n || !strchr(".-_abcdefghijklmnopqrstuvwxyz", *line.p))
			return true;
	}
	return false;
}

/* Consoles and framebuffers have a file "bind", too. */
bool reader_binds(struct slice line, bool vfio)
{
	bool bind = has_bind(line) && !slice_contains(line, "vtcon") &&
		    !slice_contains(line, "bus/platform");

	return slice_contains(line, "driver_override") ||
	       (slice_contains(line, "driverctl") && slice_contains(line, "set-override")) ||
	       slice_contains(line, "pci-assignable-add") ||
	       slice_contains(line, "nodedev-detach") ||
	       (vfio && (slice_contains(line, "/new_id") || bind));
}

/* What a script does to a function when a guest starts or ends. */
static bool moves(struct slice line, bool vfio)
{
	return reader_binds(line, vfio) || slice_contains(line, "nodedev-reattach") ||
	       slice_contains(line, "pci-assignable-remove") ||
	       slice_contains(line, "drivers_probe") ||
	       (slice_contains(line, "/unbind") && slice_contains(line, "pci"));
}

/* Adds what a file names that the line reads: "source /etc/libvirt/hooks/kvm.conf". */
static void add_sourced(struct reader *r, struct setting *s, struct slice line)
{
	struct slice command = slice_next(&line, '\0');
	struct slice path = slice_unquoted(slice_next(&line, '\0'));
	char name[PATH_LENGTH];
	ssize_t n;

	if ((!slice_is(command, "source") && !slice_is(command, ".")) || !path.n ||
	    path.n >= sizeof(name) || *path.p != '/')
		return;
	text_make(name, sizeof(name), "%pv", &(struct slice){ path.p + 1, path.n - 1 });
	char *text = reader_try(r, name, &n);
	if (text)
		reader_add_named(r, s, (struct slice){ text, (size_t)n }, false);
	free(text);
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
		if (!first && (s->kind == SETTING_GUESTS ? moves : reader_binds)(line, vfio)) {
			first = n;
			s->line = n;
		}
	}
	for (struct slice rest = text; first && rest.n;) {
		struct slice line = slice_trimmed(slice_cut(&rest, '\n'));
		if (!line.n || *line.p == '#' || removes(line))
			continue;
		reader_add_named(r, s, line, false);
		add_sourced(r, s, line);
	}
	if (slice_contains(text, "pci-assignable-add"))
		s->driver = "pciback";
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

/* Programs whose settings are read by themselves, of which Unraid's is usr/local/sbin/vfio-pci. */
static bool is_known(const char *path)
{
	return strstr(path, "vgapass") || strstr(path, "driverctl") || strstr(path, "truenas") ||
	       !strcmp(path, "usr/local/sbin/vfio-pci");
}

static void read_script(struct reader *r, const char *path)
{
	struct slice text = { NULL, 0 };
	char *copy;

	if (is_known(path) || is_read(r, path) || !(copy = reader_text(r, path, &text.n)))
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

/* True: it is no text, or a known program. */
static bool is_program(const struct reader *r, const char *path)
{
	char start[2] = "";

	sysfs_read_at(r->h->roots.root, path, start, sizeof(start), 0);
	return memcmp(start, "#!", 2) != 0 || is_known(path);
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
	char path[PATH_LENGTH], why[2 * PATH_LENGTH];
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
		s->line = r->line;
		if (ret)
			s->why = reader_copy(r, slice_of(text_make(why, sizeof(why),
								   "runs /%s, which %s", path,
								   s->why)));
	}
	free(copy);
	return ret;
}

/* A command that binds functions, or runs a script that does: of a unit, of rc.local, of cron. */
static void read_command(struct reader *r, struct slice line, struct slice command)
{
	struct setting *s = reader_add(r, SETTING_BINDS, line, slice_of(""),
				       "binds functions beside the rules");

	if (reader_binds(command, slice_contains(command, "vfio")) ||
	    read_named_script(r, s, command)) {
		reader_add_named(r, s, command, false);
		reader_add_named(r, s, slice_of(r->environment), false);
	} else {
		r->found->n--;
	}
}

/* ExecStart=/usr/local/bin/bind-gpu 01:00.0 */
static void read_unit_line(struct reader *r, struct slice line)
{
	struct slice command = line, key = slice_cut(&command, '=');

	if (!slice_starts(key, "Exec"))
		return;
	/* Signs such as "-" and "!" may stand in front of the path. */
	while (command.n && *command.p != '/')
		command.p++, command.n--;
	read_command(r, line, command);
}

/* Environment=DEVICES=01:00.0, and EnvironmentFile=-/etc/vfio-pci.cfg, of which the last counts. */
static void read_unit_variables(struct reader *r, struct slice line)
{
	struct slice value = line, key = slice_cut(&value, '=');
	char path[PATH_LENGTH];
	ssize_t n;

	if (slice_is(key, "Environment"))
		r->environment = reader_copy(r, value);
	while (value.n && *value.p != '/')
		value.p++, value.n--;
	if (!slice_is(key, "EnvironmentFile") || !value.n || value.n > sizeof(path))
		return;
	text_make(path, sizeof(path), "%pv", &(struct slice){ value.p + 1, value.n - 1 });
	char *text = reader_try(r, path, &n);
	if (text)
		r->environment = reader_copy(r, (struct slice){ text, (size_t)n });
	free(text);
}

static void read_unit(struct reader *r, const char *path)
{
	if (strstr(path, "vgapass"))
		return;
	r->environment = "";
	reader_lines(r, path, JOIN_LINES, read_unit_variables);
	reader_lines(r, path, JOIN_LINES, read_unit_line);
	r->environment = "";
}

/* A line of a script that runs another one. */
static void read_call(struct reader *r, struct slice line, enum setting_kind kind, const char *why)
{
	struct setting *s = reader_add(r, kind, line, slice_of(""), why);

	if (read_named_script(r, s, line))
		reader_add_named(r, s, line, false);
	else
		r->found->n--;
}

static void read_boot_call(struct reader *r, struct slice line)
{
	read_call(r, line, SETTING_BINDS, "binds functions beside the rules");
}

static void read_guest_call(struct reader *r, struct slice line)
{
	read_call(r, line, SETTING_GUESTS, MOVES);
}

/* A script of the boot that people write what else they want into, such as calls of others. */
static void read_starter(struct reader *r, const char *path)
{
	read_script(r, path);
	reader_lines(r, path, JOIN_LINES, read_boot_call);
}

/* "@reboot root /usr/local/bin/bind-gpu": other times come long after the boot. */
static void read_cron_line(struct reader *r, struct slice line)
{
	struct slice rest = line;

	if (slice_is(slice_next(&rest, '\0'), "@reboot"))
		read_command(r, line, rest);
}

static void read_cron(struct reader *r, const char *path)
{
	reader_lines(r, path, JOIN_NOT, read_cron_line);
}

/* "w /sys/bus/pci/devices/0000:01:00.0/driver_override - - - - vfio-pci" of tmpfiles.d, and
 * "bus/pci/devices/0000:01:00.0/driver_override = vfio-pci" of sysfs.conf. */
static void read_value_line(struct reader *r, struct slice line)
{
	if (reader_binds(line, slice_contains(line, "vfio")))
		reader_add_named(r, reader_add(r, SETTING_BINDS, line, slice_of(""),
					       "binds functions beside the rules"),
				 line, false);
}

static void read_values(struct reader *r, const char *path)
{
	reader_lines(r, path, JOIN_NOT, read_value_line);
}

/* True: a line that was found in another place runs the program. */
static bool is_run(const struct reader *r, const char *path)
{
	const char *name = strrchr(path, '/');

	for (unsigned i = 0; i < r->found->n; i++)
		if ((r->found->list[i].kind == SETTING_BINDS ||
		     r->found->list[i].kind == SETTING_GUESTS) &&
		    strstr(r->found->list[i].text, name))
			return true;
	return false;
}

/* Directories of programs are large: only files whose names tell what they do. */
static void read_program(struct reader *r, const char *path)
{
	if (strstr(strrchr(path, '/'), "vfio") && !is_run(r, path) && !is_program(r, path))
		read_script(r, path);
}

/* dracut's modules, of which those of people have such names. */
static void read_dracut_module(struct reader *r, const char *path)
{
	const char *const folder[] = { path, NULL }, *name = strrchr(path, '/');

	if (strstr(name, "vfio") || strstr(name, "gpu") || strstr(name, "passthrough"))
		reader_folders(r, folder, ".sh", read_script);
}

/* A script that a hypervisor runs when a guest starts or ends; or a directory of those. */
static void read_guests(struct reader *r, const char *path)
{
	const char *const folder[] = { path, NULL };
	struct slice text = { NULL, 0 };
	unsigned depth = 0;
	char *copy;

	for (const char *p = path; *p; p++)
		depth += *p == '/';
	copy = reader_text(r, path, &text.n);
	if (!copy && depth < GUESTS_DEPTH)
		reader_folders(r, folder, "", read_guests);
	if (!copy)
		return;
	text.p = copy;
	r->file = path;
	r->line = 1;
	r->text = "";
	struct setting *s = reader_add(r, SETTING_GUESTS, slice_of(""), slice_of(""), MOVES);
	if (!look_into(r, s, text))
		r->found->n--;
	free(copy);
	reader_lines(r, path, JOIN_LINES, read_guest_call);
}

/* Unlike those of settings, directories of scripts do not hide each other's files. */
static void read_each(struct reader *r, const char *const *folders, reader_file_fn *fn)
{
	for (; *folders; folders++)
		reader_folders(r, (const char *const[]){ *folders, NULL }, "", fn);
}

void read_scripts(struct reader *r)
{
	static const char *const boot[] = { "etc/initramfs-tools/scripts/init-top",
					    "etc/initramfs-tools/scripts/init-premount",
					    "etc/initramfs-tools/scripts/local-top",
					    "etc/initramfs-tools/scripts/local-premount",
					    "etc/initramfs-tools/scripts/init-bottom",
					    "etc/initramfs-tools/scripts/local-bottom",
					    "usr/share/initramfs-tools/scripts/init-top",
					    "usr/share/initramfs-tools/scripts/init-premount",
					    "etc/initcpio/hooks",
					    "usr/lib/initcpio/hooks",
					    "etc/init.d",
					    "etc/rc.d",
					    NULL };
	static const char *const starters[] = { "etc/local.d", NULL };
	static const char *const cron[] = { "etc/cron.d", "var/spool/cron/crontabs",
					    "var/spool/cron", NULL };
	static const char *const values[] = { "etc/tmpfiles.d", "usr/local/lib/tmpfiles.d",
					      "etc/sysfs.d", NULL };
	static const char *const units[] = { "etc/systemd/system", "usr/local/lib/systemd/system",
					     NULL };
	static const char *const programs[] = {
		"usr/local/bin", "usr/local/sbin", "usr/sbin", "usr/bin", "sbin", "bin", NULL
	};
	static const char *const modules[] = { "usr/lib/dracut/modules.d", NULL };
	static const char *const guests[] = { "etc/libvirt/hooks", "var/lib/vz/snippets", NULL };

	r->source = SOURCE_SCRIPT;
	read_starter(r, "etc/rc.local");
	read_starter(r, "etc/rc.d/rc.local");
	read_starter(r, "boot/config/go");
	read_each(r, boot, read_script);
	read_each(r, starters, read_starter);
	read_cron(r, "etc/crontab");
	read_each(r, cron, read_cron);
	read_values(r, "etc/sysfs.conf");
	read_each(r, values, read_values);
	reader_folders(r, modules, "", read_dracut_module);
	reader_folders(r, units, ".service", read_unit);
	read_each(r, guests, read_guests);
	reader_folders(r, programs, "", read_program);
	r->text = "";
}
