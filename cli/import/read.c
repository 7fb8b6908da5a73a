/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.c - see read.h */
#include "read.h"

#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/core/driver.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"

#define FILE_MAX ((size_t)1 << 20)

#define TRUENAS "isolated GPUs of TrueNAS: its web interface, System, Advanced"

/* Where a reader is, and what it has found. */
struct reader {
	const struct host *h;
	struct findings *found;
	const char *file; /* below the root, with a / in front; "" for the command line */
	unsigned line;
};

typedef void (*read_line)(struct reader *r, struct slice line);

static struct finding *find(struct reader *r, enum finding_kind kind, struct slice what,
			    struct slice item)
{
	static struct finding dropped;
	struct findings *all = r->found;
	struct finding *f = all->n < FINDINGS_MAX ? &all->finding[all->n] : &dropped;

	all->n++;
	f->kind = kind;
	f->line = r->line;
	f->driver[0] = '\0';
	f->left_out = false;
	text_make(f->file, sizeof(f->file), "%s", r->file);
	text_make(f->what, sizeof(f->what), "%pv", &what);
	text_make(f->item, sizeof(f->item), "%pv", &item);
	if (kind == FOUND_QUBES) /* Xen's, which dom0 gives guests away with */
		text_make(f->driver, sizeof(f->driver), "pciback");
	return f;
}

static bool starts(struct slice s, const char *with)
{
	struct slice head = { s.p, strlen(with) };

	return s.n >= head.n && slice_is(head, with);
}

static bool has(struct slice s, const char *text)
{
	return memmem(s.p, s.n, text, strlen(text));
}

static void find_all(struct reader *r, enum finding_kind kind, struct slice what,
		     struct slice list)
{
	while (list.n) {
		struct slice item = slice_cut(&list, ',');
		if (item.n)
			find(r, kind, what, item);
	}
}

static struct slice unquoted(struct slice s)
{
	while (s.n && (*s.p == '"' || *s.p == '\''))
		s.p++, s.n--;
	while (s.n && (s.p[s.n - 1] == '"' || s.p[s.n - 1] == '\''))
		s.n--;
	return s;
}

/* A word of a kernel command line. */
static void read_word(struct reader *r, struct slice word)
{
	struct slice value = word, key = slice_cut(&value, '='), option = key;
	struct slice module = slice_cut(&option, '.');

	value = unquoted(value);
	if (module_takes_ids(module) && slice_is(option, "ids"))
		find_all(r, FOUND_ID, word, value);
	else if (slice_is(key, "rd.qubes.hide_pci"))
		find_all(r, FOUND_QUBES, word, value);
	else if (slice_word(key, "modprobe.blacklist|rd.driver.blacklist|module_blacklist") !=
		 SLICE_NO_WORD)
		find(r, FOUND_BLACKLIST, word, value);
	else if (slice_is(option, "blacklist"))
		find(r, FOUND_BLACKLIST, word, module);
	else if ((slice_is(key, "rd.driver.pre") && has(value, "vfio")) ||
		 (slice_is(key, "video") && (starts(value, "efifb:off") ||
					     starts(value, "vesafb:off"))))
		find(r, FOUND_LINE, word, value);
}

static void read_words(struct reader *r, struct slice line)
{
	struct slice word;

	while ((word = unquoted(slice_next(&line, '"'))).n)
		read_word(r, word);
}

/* GRUB_CMDLINE_LINUX_DEFAULT="quiet vfio-pci.ids=10de:1b81" */
static void read_grub(struct reader *r, struct slice line)
{
	struct slice key = slice_cut(&line, '=');

	key = slice_next(&key, '\0');
	line = unquoted(slice_cut(&line, '#'));
	while (starts(key, "GRUB_CMDLINE") && line.n) {
		struct slice word = unquoted(slice_next(&line, '\0'));
		if (!word.n)
			break;
		read_word(r, word);
	}
}

/* The "ids=" behind a module's name; `what` is the whole line. */
static void read_ids(struct reader *r, struct slice what, struct slice words)
{
	struct slice word;

	while ((word = slice_next(&words, '\0')).n)
		if (starts(word, "ids=")) {
			slice_cut(&word, '=');
			find_all(r, FOUND_ID, what, unquoted(word));
		}
}

static struct slice trimmed(struct slice line)
{
	struct slice rest = line, first = slice_next(&rest, '\0');
	size_t skip = (size_t)(first.p - line.p);

	line.p += skip;
	line.n -= skip;
	while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t' ||
			  line.p[line.n - 1] == '\r'))
		line.n--;
	return line;
}

/* modprobe.d(5) */
static void read_modprobe(struct reader *r, struct slice line)
{
	struct slice what = trimmed(line), rest = what;
	struct slice command = slice_next(&rest, '\0'), module = slice_next(&rest, '\0');

	if (slice_is(command, "options") && module_takes_ids(module))
		read_ids(r, what, rest);
	else if (slice_is(command, "blacklist"))
		find(r, FOUND_BLACKLIST, what, module);
	else if ((slice_is(command, "softdep") && (has(rest, "vfio") || has(rest, "pci-stub") ||
						   has(rest, "pci_stub"))) ||
		 (slice_is(command, "install") && (module_is_for_guests(module) || has(rest, "vfio"))))
		find(r, FOUND_LINE, what, module);
}

/* /etc/modules and its kin: a module a line, with options; TrueNAS had several in a line. */
static void read_modules(struct reader *r, struct slice line)
{
	struct slice what = trimmed(slice_cut(&line, '#')), rest = what;
	struct slice module = slice_next(&rest, '\0');

	if (!module_is_for_guests(module))
		return;
	find(r, FOUND_LINE, what, module);
	read_ids(r, what, rest);
}

/* Unraid: BIND=0000:01:00.0|10de:1b81 01:00.1 10de:10f0, as its script vfio-pci reads it. */
static void read_unraid(struct reader *r, struct slice line)
{
	struct slice what = trimmed(line), rest = what, key = slice_cut(&rest, '='), item;
	uint32_t vendor, device;

	if (!slice_is(key, "BIND"))
		return;
	rest = unquoted(rest);
	while ((item = slice_next(&rest, '\0')).n)
		find(r, pci_parse_id(item, &vendor, &device) ? FOUND_ID : FOUND_ADDRESS, what, item);
}

/* TrueNAS 26 and later: an address a line. */
static void read_addresses(struct reader *r, struct slice line)
{
	struct slice address = slice_next(&line, '\0');

	if (address.n)
		find(r, FOUND_ADDRESS, slice_of(TRUENAS), address);
}

/* False: nothing can be read of it. Unless it is simply not there, that is said and counted. */
static bool is_read(struct reader *r, const char *path, ssize_t n)
{
	if (n >= 0)
		return true;
	/* EBADF: below the root there is no proc. */
	if (n == -ENOENT || n == -ENOTDIR || n == -EISDIR || n == -EBADF)
		return false;
	r->found->unread++;
	cmd_complain("import: /%s: %s: nothing of it is imported", path,
		     n == -E2BIG ? "too large" : strerror((int)-n));
	return false;
}

/* Calls `read` for each line that is no comment. One that ends in a backslash goes on. */
static void each_line(struct reader *r, const char *path, read_line read)
{
	static char text[FILE_MAX + 1];
	char file[256];
	ssize_t n = sysfs_read_file(r->h->roots.root, path, text, sizeof(text));
	unsigned line = 0;

	if (!is_read(r, path, n))
		return;
	r->file = text_make(file, sizeof(file), "/%s", path);
	for (char *p = text, *end = text + n; p < end;) {
		char *start = p, *stop = memchr(p, '\n', (size_t)(end - p));
		r->line = ++line;
		for (; stop && stop > start && stop[-1] == '\\';
		     stop = memchr(stop, '\n', (size_t)(end - stop)), line++)
			stop[-1] = stop[0] = ' ';
		stop = stop ? stop : end;
		p = stop + 1;
		struct slice rest = { start, (size_t)(stop - start) }, look = rest;
		struct slice word = slice_next(&look, '\0');
		if (word.n && *word.p != '#')
			read(r, rest);
	}
	r->file = "";
}

/* Debian has /etc/modules in modules-load.d as well. */
static bool is_modules_again(struct reader *r, const char *path)
{
	char target[256];

	return sysfs_link(r->h->roots.root, path, 1, target, sizeof(target)) > 0 &&
	       !strcmp(target, "../modules");
}

/* The entries of a folder, in the order of their names. */
static int list(struct reader *r, const char *folder, struct dirent ***names)
{
	int dir = sysfs_dir(r->h->roots.root, folder);
	int n = dir < 0 ? dir : scandirat(dir, ".", names, NULL, alphasort);

	if (dir >= 0)
		close(dir);
	if (is_read(r, folder, dir >= 0 && n < 0 ? -errno : n))
		return n;
	*names = NULL;
	return 0;
}

/* The same for each file of a folder whose name has this end, in the order of their names. */
static void each_file(struct reader *r, const char *folder, const char *end, read_line read)
{
	struct dirent **names;
	int n = list(r, folder, &names);
	char path[512];

	for (int i = 0; i < n; i++) {
		size_t length = strlen(names[i]->d_name);
		text_make(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (*names[i]->d_name != '.' && length > strlen(end) &&
		    !strcmp(names[i]->d_name + length - strlen(end), end) &&
		    !is_modules_again(r, path))
			each_line(r, path, read);
		free(names[i]);
	}
	free(names);
}

/* driverctl: the file pci-0000:01:00.0 holds the name of the driver. */
static void read_driverctl(struct reader *r)
{
	struct dirent **names;
	int n = list(r, "etc/driverctl.d", &names);
	char path[512], driver[64];

	r->line = 0;
	for (int i = 0; i < n; i++) {
		struct slice name = slice_of(names[i]->d_name), content;
		text_make(path, sizeof(path), "/etc/driverctl.d/%pv", &name);
		content = slice_of("");
		if (starts(name, "pci-") &&
		    is_read(r, path + 1, sysfs_read_file(r->h->roots.root, path + 1, driver,
							 sizeof(driver)))) {
			content = slice_of(driver);
			content = slice_next(&content, '\0');
		}
		if (content.n) {
			slice_cut(&name, '-');
			r->file = path;
			struct finding *f = find(r, FOUND_ADDRESS, content, name);
			text_make(f->what, sizeof(f->what), "driverctl unset-override %pv", &name);
			if (!slice_is(content, "vfio-pci"))
				text_make(f->driver, sizeof(f->driver), "%pv", &content);
		}
		free(names[i]);
	}
	free(names);
	r->file = "";
}

/* TrueNAS until 25.10: { "pci_ids": [ "0000:01:00.0", ... ] } */
static void read_truenas(struct reader *r)
{
	static char text[FILE_MAX + 1];
	const char *path = "/boot/initramfs_config.json";
	json_object *list = NULL;

	if (!is_read(r, path + 1, sysfs_read_file(r->h->roots.root, path + 1, text, sizeof(text))))
		return;
	json_object *o = json_tokener_parse(text);
	r->file = path;
	r->line = 0;
	json_object_object_get_ex(o, "pci_ids", &list);
	for (size_t i = 0; json_object_is_type(list, json_type_array) &&
			   i < json_object_array_length(list); i++) {
		struct slice item = slice_of(json_object_get_string(
			json_object_array_get_idx(list, i)) ? : "");
		find(r, FOUND_ADDRESS, slice_of(TRUENAS), item);
	}
	json_object_put(o);
}

void import_read(const struct host *h, struct findings *ret)
{
	struct reader r = { .h = h, .found = ret };
	static char cmdline[CMDLINE_MAX];

	ret->n = ret->unread = 0;
	each_line(&r, "etc/default/grub", read_grub);
	each_file(&r, "etc/default/grub.d", ".cfg", read_grub);
	each_line(&r, "etc/kernel/cmdline", read_words);
	each_file(&r, "etc/modprobe.d", ".conf", read_modprobe);
	each_line(&r, "etc/modules", read_modules);
	each_file(&r, "etc/modules-load.d", ".conf", read_modules);
	each_line(&r, "etc/initramfs-tools/modules", read_modules);
	read_driverctl(&r);
	each_line(&r, "boot/config/vfio-pci.cfg", read_unraid);
	read_truenas(&r);
	each_line(&r, "data/subsystems/initramfs/truenas_vfio_pci_ids", read_addresses);
	r.file = "";
	r.line = 0;
	if (is_read(&r, "proc/cmdline", sysfs_read_file(h->roots.proc, "cmdline", cmdline,
							sizeof(cmdline))))
		read_words(&r, slice_of(cmdline));
}
