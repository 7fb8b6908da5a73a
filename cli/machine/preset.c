/* SPDX-License-Identifier: GPL-2.0-or-later */
/* preset.c - see preset.h */
#include "preset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "hook/image/modprobe.h"
#include "runtime/io/sysfs.h"

#define DIRECTORY "etc/mkinitcpio.d"
#define CONFIG "etc/mkinitcpio.conf"
#define PRESET_FILE_MAX ((size_t)64 << 10)

bool preset_is_rescue(const char *path)
{
	static const char *const words[] = { "fallback", "rescue", "kdump", "recovery", "memtest",
					     "/zbm/", "zfsbootmenu" };
	static const char *const ends[] = { ".old", ".bak", "~", "-previous", ".dpkg-bak",
					    ".dpkg-tmp", ".old-dkms", ".old.img", ".bak.img" };
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(path, words[i]))
			return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t m = strlen(ends[i]);
		if (n > m && !strcmp(path + n - m, ends[i]))
			return true;
	}
	return false;
}

/* Appends what stands behind "=" to *value if `add`, else replaces *value by it. */
static void take_value(char **value, const char *from, bool add)
{
	size_t before = add && *value ? strlen(*value) : 0;
	size_t n = strcspn(from, *from == '(' ? ")" : "\n#");

	*value = xreallocarray(*value, before + n + 2, 1);
	(*value)[before] = ' ';
	memcpy(*value + before + 1, from, n);
	(*value)[before + 1 + n] = '\0';
	for (char *p = *value + before; *p; p++)
		if (strchr("\"'()\t\r\n", *p))
			*p = ' ';
}

char *preset_value(const char *text, const char *name)
{
	size_t n = strlen(name);
	char *value = NULL;

	for (const char *line = text; line; line = strchr(line, '\n'), line += !!line) {
		const char *p = line + strspn(line, " \t");
		if (strncmp(p, name, n) != 0)
			continue;
		bool add = p[n] == '+';
		if (p[n + add] == '=')
			take_value(&value, p + n + add + 1, add);
	}
	return value;
}

/* Returns the first word of the value as a path below the root, to be freed. NULL: none. */
static char *read_path(const char *text, const char *preset, const char *what)
{
	char name[128], *value, *ret = NULL;

	value = preset_value(text, text_make(name, sizeof(name), "%s_%s", preset, what));
	if (value) {
		char *word = value + strspn(value, " /");
		word[strcspn(word, " ")] = '\0';
		if (*word)
			ret = xstrdup(word);
	}
	free(value);
	return ret;
}

static void add_image(struct presets *to, const char *file, const char *text, const char *preset,
		      const char *what)
{
	char *path = read_path(text, preset, what);

	if (!path || preset_is_rescue(path)) {
		free(path);
		return;
	}
	to->image = xreallocarray(to->image, to->n + 1, sizeof(*to->image));
	struct preset_image *i = &to->image[to->n++];
	*i = (struct preset_image){ .package = xstrdup(file), .path = path };
	*strrchr(i->package, '.') = '\0';
	i->kernel = read_path(text, preset, "kver");
	if (!i->kernel)
		i->kernel = read_path(text, "ALL", "kver");
	i->config = read_path(text, preset, "config");
	if (!i->config)
		i->config = read_path(text, "ALL", "config");
	if (!i->config)
		i->config = xstrdup(CONFIG);
}

static void read_preset(struct presets *to, const char *file, const char *text)
{
	char *value = preset_value(text, "PRESETS"), *rest = value, *preset;

	while ((preset = strsep(&rest, " "))) {
		if (!*preset || preset_is_rescue(preset))
			continue;
		add_image(to, file, text, preset, "image");
		add_image(to, file, text, preset, "uki");
		add_image(to, file, text, preset, "efi_image"); /* before mkinitcpio 33 */
	}
	free(value);
}

void presets_read(const struct host *h, struct presets *ret)
{
	struct folder f;
	char *text = xmalloc(PRESET_FILE_MAX);

	*ret = (struct presets){ .n = 0 };
	if (folder_open(&f, h->roots.root, DIRECTORY))
		for (const char *name; (name = folder_next(&f));) {
			size_t n = strlen(name);
			if (n <= 7 || strcmp(name + n - 7, ".preset") != 0 ||
			    sysfs_read_file(h->roots.root, f.path, text, PRESET_FILE_MAX) < 0)
				continue;
			ret->files++;
			read_preset(ret, name, text);
		}
	free(text);
}

void presets_free(struct presets *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		free(p->image[i].package);
		free(p->image[i].kernel);
		free(p->image[i].path);
		free(p->image[i].config);
	}
	free(p->image);
	*p = (struct presets){ .n = 0 };
}
