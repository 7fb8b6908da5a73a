/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rebuild_obstacle.c - settings of a tool that keep vgapass out of what it makes; see
 * rebuild_plan.h */
#include "rebuild_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "hook/image/modprobe.h"
#include "preset.h"
#include "runtime/io/sysfs.h"

#define TOOL_FILE_MAX ((size_t)256 << 10)

/* Appends a file and a newline to the text of TOOL_FILE_MAX bytes. */
static void append_file(const struct host *h, const char *path, char *text)
{
	size_t n = strlen(text);
	ssize_t more = n + 2 < TOOL_FILE_MAX ?
		sysfs_read_file(h->roots.root, path, text + n, TOOL_FILE_MAX - n - 1) : 0;

	if (more > 0) {
		n += strlen(text + n);
		text[n++] = '\n';
	}
	text[n] = '\0';
}

static void append_directory(const struct host *h, const char *path, char *text)
{
	struct folder f;

	if (!folder_open(&f, h->roots.root, path))
		return;
	for (const char *name; (name = folder_next(&f));) {
		size_t n = strlen(name);
		if (n > 5 && !strcmp(name + n - 5, ".conf"))
			append_file(h, f.path, text);
	}
}

static char *new_text(void)
{
	char *text = xmalloc(TOOL_FILE_MAX);

	*text = '\0';
	return text;
}

/* Returns where the word stands among the words of a list, from 1. 0: nowhere. */
static unsigned find_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	unsigned at = 1;

	for (const char *p = list + strspn(list, " "); *p; at++) {
		size_t m = strcspn(p, " ");
		if (m == n && !strncmp(p, word, n))
			return at;
		p += m;
		p += strspn(p, " ");
	}
	return 0;
}

/* update-initramfs.conf(5) */
static bool find_debian_obstacle(const struct host *h, struct text *t)
{
	char *text = new_text(), *value;

	append_file(h, "etc/initramfs-tools/update-initramfs.conf", text);
	value = preset_value(text, "update_initramfs");
	bool is_off = value && find_word(value, "no");
	if (is_off)
		text_add(t, "update_initramfs=no in /etc/initramfs-tools/update-initramfs.conf "
			 "keeps update-initramfs from its work: write update_initramfs=yes");
	free(value);
	free(text);
	return is_off;
}

/* The configuration of the preset that makes the image; drop-ins belong to the usual one. */
static void read_mkinitcpio(const struct host *h, const struct boot_image *image, char *path,
			    size_t cap, char *text)
{
	struct presets presets;

	text_make(path, cap, "etc/mkinitcpio.conf");
	presets_read(h, &presets);
	for (unsigned i = 0; i < presets.n; i++)
		if (!strcmp(presets.image[i].path, image->path))
			text_make(path, cap, "%s", presets.image[i].config);
	presets_free(&presets);
	append_file(h, path, text);
	if (!strcmp(path, "etc/mkinitcpio.conf"))
		append_directory(h, "etc/mkinitcpio.conf.d", text);
}

static bool find_mkinitcpio_obstacle(const struct host *h, const struct boot_image *image,
				     struct text *t)
{
	char *text = new_text(), path[256];

	read_mkinitcpio(h, image, path, sizeof(path), text);
	char *hooks = preset_value(text, "HOOKS");
	unsigned us = hooks ? find_word(hooks, "vgapass") : 0;
	unsigned udev = hooks ? find_word(hooks, "udev") : 0;
	bool systemd = hooks && find_word(hooks, "systemd");
	bool late = us && udev && udev < us && !systemd;
	if (hooks && (!us || late))
		text_add(t, "HOOKS of /%s has %s: write HOOKS=(base %s ...)", path,
			 late ? "vgapass behind udev" : "no vgapass",
			 systemd ? "systemd vgapass" : "vgapass udev");
	free(hooks);
	free(text);
	return t->len;
}

static bool find_dracut_obstacle(const struct host *h, struct text *t)
{
	char *text = new_text();

	append_directory(h, "usr/lib/dracut/dracut.conf.d", text);
	append_file(h, "etc/dracut.conf", text);
	append_directory(h, "etc/dracut.conf.d", text);
	char *omit = preset_value(text, "omit_dracutmodules");
	char *only = preset_value(text, "dracutmodules");
	if (omit && find_word(omit, "vgapass"))
		text_add(t, "omit_dracutmodules in dracut.conf.d has vgapass: remove "
			 "it from there");
	else if (only && *(only + strspn(only, " ")) && !find_word(only, "vgapass"))
		text_add(t, "dracutmodules in dracut.conf.d has no vgapass: add it there");
	free(omit);
	free(only);
	free(text);
	return t->len;
}

bool rebuild_obstacle(const struct host *h, const struct rebuild_plan *p,
		      const struct boot_image *image, struct text *t)
{
	const char *tool = p->n ? p->step[0].word[0] : "";

	if (!strcmp(tool, "update-initramfs"))
		return find_debian_obstacle(h, t);
	if (strstr(tool, "mkinitcpio") || (!strcmp(tool, "kernel-install") &&
					   sysfs_exists(h->roots.root, "etc/mkinitcpio.conf")))
		return find_mkinitcpio_obstacle(h, image, t);
	return find_dracut_obstacle(h, t);
}
