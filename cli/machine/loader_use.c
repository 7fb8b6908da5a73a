/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader_use.c - see loader_use.h */
#include "loader_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/sysfs.h"

#define VENDOR "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f" /* of systemd's EFI variables */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Reads a text of systemd's, which is UTF-16 behind four bytes of attributes. "": none. */
static const char *read_variable(const struct host *h, const char *name, char *to, size_t cap)
{
	char path[128], buf[1024];
	size_t len = 0;

	text_make(path, sizeof(path), "firmware/efi/efivars/%s-" VENDOR, name);
	ssize_t n = sysfs_read_file(h->roots.sys, path, buf, sizeof(buf));
	for (ssize_t i = 4; i + 1 < n && len + 1 < cap && (buf[i] || buf[i + 1]); i += 2)
		to[len++] = buf[i + 1] ? '?' : buf[i] == '\\' ? '/' : buf[i];
	to[len] = '\0';
	return to;
}

/* Copies the name of an entry's file without the counter of tries, "arch+3-1.conf". */
static void copy_id(char *to, size_t cap, const char *name)
{
	const char *dot = strrchr(name, '.'), *plus = dot;

	while (plus && plus > name && strchr("0123456789-", plus[-1]))
		plus--;
	if (plus && plus > name + 1 && plus < dot && plus[-1] == '+')
		snprintf(to, cap, "%.*s%s", (int)(plus - 1 - name), name, dot);
	else
		snprintf(to, cap, "%s", name);
}

static bool same_id(const char *a, const char *b)
{
	char left[256], right[256];

	copy_id(left, sizeof(left), base_name(a));
	copy_id(right, sizeof(right), base_name(b));
	return !strcasecmp(left, right);
}

static bool is_for_grub(const struct loader_entry *e)
{
	return e->kind == LOADER_GRUB || e->kind == LOADER_EXTLINUX ||
	       (e->kind == LOADER_BLS && !strncmp(e->file, "boot/loader/", 12));
}

/* The N of "rootflags=subvol=@/.snapshots/N/snapshot"; 0: none. */
static unsigned find_snapshot(const char *options)
{
	const char *p = strstr(options, "/.snapshots/");

	return p ? (unsigned)strtoul(p + 12, NULL, 10) : 0;
}

static bool is_foreign(const struct loader_running *run, const struct loader_entry *e)
{
	if (e->machine && *run->machine && strcmp(e->machine, run->machine) != 0)
		return true;
	for (unsigned i = 0; i < e->options; i++)
		if (find_snapshot(e->option[i].text) &&
		    find_snapshot(e->option[i].text) != run->snapshot)
			return true;
	return false;
}

void loader_read_running(const struct host *h, struct loader_running *ret)
{
	static char cmdline[CMDLINE_MAX];
	struct slice rest, word;
	struct text initrd;

	*ret = (struct loader_running){ .image = "" };
	if (sysfs_read_file(h->roots.root, "etc/machine-id", ret->machine,
			    sizeof(ret->machine)) < 0)
		*ret->machine = '\0';
	ret->machine[strcspn(ret->machine, "\n")] = '\0';
	read_variable(h, "LoaderEntrySelected", ret->selected, sizeof(ret->selected));
	read_variable(h, "StubImageIdentifier", ret->stub, sizeof(ret->stub));
	if (sysfs_read_file(h->roots.proc, "cmdline", cmdline, sizeof(cmdline)) < 0)
		return;
	ret->snapshot = find_snapshot(cmdline);
	text_start(&initrd, ret->initrd, sizeof(ret->initrd));
	for (rest = slice_of(cmdline); (word = slice_next(&rest, '"')).n;) {
		struct slice value = word, key = slice_cut(&value, '=');
		if (slice_is(key, "BOOT_IMAGE"))
			text_make(ret->image, sizeof(ret->image), "%pv", &value);
		else if (slice_is(key, "initrd"))
			text_add(&initrd, "%s%pv", initrd.len ? " " : "", &value);
	}
	if (sysfs_read_file(h->roots.proc, "sys/kernel/osrelease", ret->kernel,
			    sizeof(ret->kernel)) < 0)
		*ret->kernel = '\0';
	ret->kernel[strcspn(ret->kernel, "\n")] = '\0';
}

enum loader_use loader_find_use(const struct loader_running *run, const struct loader_entry *e)
{
	const char *image = run->image, *device = strchr(image, ')');

	if (e->kind == LOADER_FIRMWARE)
		return LOADER_BOOTED;
	if (is_foreign(run, e))
		return LOADER_FOREIGN;
	if (*image) {
		image = *image == '(' && device ? device + 1 : image;
		if ((is_for_grub(e) || e->kind == LOADER_BLS) && e->kernel.path &&
		    !strcmp(e->kernel.path, image))
			return LOADER_BOOTED;
		return is_for_grub(e) ? LOADER_UNKNOWN : LOADER_UNUSED;
	}
	if (*run->stub && e->kind == LOADER_UKI && same_id(run->stub, e->file))
		return LOADER_BOOTED;
	if (!*run->selected)
		return LOADER_UNKNOWN;
	if (e->kind != LOADER_BLS && e->kind != LOADER_UKI && e->kind != LOADER_ADDON)
		return LOADER_UNUSED;
	return same_id(run->selected, e->file) ? LOADER_BOOTED : LOADER_UNKNOWN;
}
