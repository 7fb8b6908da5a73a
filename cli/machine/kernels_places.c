/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels_places.c - see kernels_places.h */
#include "kernels_places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "hook/image/modprobe.h"
#include "runtime/io/sysfs.h"

/* %v is the kernel's version, %n its first two numbers (Manjaro), %p the name of Arch's package, %f
 * the flavor that Alpine has behind the last "-" of the version. */
static const char *const usual_places[] = {
	"boot/initrd.img-%v",   "boot/initramfs-%v.img", "boot/initrd-%v",
	"boot/initrd-%v.img",   "boot/initramfs-%v",     "boot/initramfs-genkernel-x86_64-%v",
	"boot/initramfs-%p.img", "boot/initramfs-%f",    "boot/initramfs-%n-x86_64.img",
};

/* Looked for where there is no other image: it may be left over. */
static const char *const booster_places[] = { "boot/booster-%p.img", "boot/booster-%v.img" };

static const char *const bases[] = { "boot", "efi", "boot/efi" };

#define ARRAY(a) (sizeof(a) / sizeof((a)[0]))

/* Reads the first word of a short file; "" where it is not found. */
static void read_word(const struct host *h, const char *path, char *to, size_t cap)
{
	if (sysfs_read_file(h->roots.root, path, to, cap) < 0)
		*to = '\0';
	to[strcspn(to, " \n")] = '\0';
}

bool places_package(const struct host *h, const char *version, char *to, size_t cap)
{
	char path[256];

	read_word(h, text_make(path, sizeof(path), "lib/modules/%s/pkgbase", version), to, cap);
	return *to;
}

/* Adds the path if something is found there. */
static void add_place(const struct host *h, struct place_list *to, const char *path)
{
	for (unsigned i = 0; i < to->n; i++)
		if (!strcmp(to->path[i], path))
			return;
	if (!sysfs_exists(h->roots.root, path))
		return;
	to->path = xreallocarray(to->path, to->n + 1, sizeof(*to->path));
	to->path[to->n++] = xstrdup(path);
}

/* Writes the word that the letter behind "%" stands for; "": none. */
static void place_word(const struct host *h, const char *version, char letter, char *to, size_t cap)
{
	const char *dash = strrchr(version, '-'), *dot = strchr(version, '.');

	*to = '\0';
	if (letter == 'v')
		text_make(to, cap, "%s", version);
	else if (letter == 'p')
		places_package(h, version, to, cap);
	else if (letter == 'f' && dash)
		text_make(to, cap, "%s", dash + 1);
	else if (letter == 'n' && dot)
		text_make(to, cap, "%pv", &(struct slice){ version,
			  (size_t)(dot + 1 - version) + strspn(dot + 1, "0123456789") });
}

static void add_usual_places(const struct host *h, const char *version, const char *const *places,
			     size_t n, struct place_list *to)
{
	char word[256], path[512];
	struct text t;

	for (size_t i = 0; i < n; i++) {
		const char *percent = strchr(places[i], '%');
		place_word(h, version, percent[1], word, sizeof(word));
		text_start(&t, path, sizeof(path));
		text_add(&t, "%pv%s%s", &(struct slice){ places[i], (size_t)(percent - places[i]) },
			 word, percent + 2);
		if (*word && !t.cut)
			add_place(h, to, path);
	}
}

/* A preset is of the kernel of its package, or of the kernel that it names. */
static void add_preset_places(const struct host *h, const struct presets *presets,
			      const char *version, struct place_list *to)
{
	char package[64];

	places_package(h, version, package, sizeof(package));
	for (unsigned i = 0; i < presets->n; i++) {
		const struct preset_image *p = &presets->image[i];
		const char *kernel = p->kernel ? p->kernel : "";
		size_t n = strlen(kernel), m = strlen(version);
		if (!strcmp(p->package, package) ||
		    (n >= m && !strcmp(kernel + n - m, version)))
			add_place(h, to, p->path);
	}
}

/* kernel-install(8): TOKEN/VERSION/initrd, where the token is the machine's ID, or what
 * /etc/kernel/entry-token says, or the system's ID. */
static void add_token_places(const struct host *h, const char *version, const char *token,
			     struct place_list *to)
{
	char directory[512];
	struct folder f;

	for (size_t i = 0; *token && i < ARRAY(bases); i++) {
		text_make(directory, sizeof(directory), "%s/%s/%s", bases[i], token, version);
		if (!folder_open(&f, h->roots.root, directory))
			continue;
		for (const char *name; (name = folder_next(&f));)
			if (!strncmp(name, "initrd", 6) || !strncmp(name, "initramfs", 9))
				add_place(h, to, f.path);
	}
}

/* ID or IMAGE_ID of os-release. */
static void read_system_id(const struct host *h, const char *key, char *to, size_t cap)
{
	char text[4096], *found = text;
	size_t n = strlen(key);

	*to = '\0';
	if (sysfs_read_file(h->roots.root, "etc/os-release", text, sizeof(text)) < 0)
		return;
	for (; found; found = strchr(found, '\n'), found += !!found)
		if (!strncmp(found, key, n) && found[n] == '=') {
			const char *value = found + n + 1 + (found[n + 1] == '"');
			text_make(to, cap, "%pv",
				  &(struct slice){ value, strcspn(value, "\"\n") });
		}
}

void places_of_images(const struct host *h, const struct presets *presets, const char *version,
		      struct place_list *ret)
{
	char token[128];

	*ret = (struct place_list){ .n = 0 };
	add_preset_places(h, presets, version, ret);
	/* What mkinitcpio makes is what boots; others are left over from another generator. */
	if (ret->n && sysfs_exists(h->roots.root, "usr/bin/mkinitcpio"))
		return;
	add_usual_places(h, version, usual_places, ARRAY(usual_places), ret);
	read_word(h, "etc/kernel/entry-token", token, sizeof(token));
	add_token_places(h, version, token, ret);
	read_word(h, "etc/machine-id", token, sizeof(token));
	add_token_places(h, version, token, ret);
	read_system_id(h, "ID", token, sizeof(token));
	add_token_places(h, version, token, ret);
	read_system_id(h, "IMAGE_ID", token, sizeof(token));
	add_token_places(h, version, token, ret);
	if (!ret->n)
		add_usual_places(h, version, booster_places, ARRAY(booster_places), ret);
}

void places_free(struct place_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		free(l->path[i]);
	free(l->path);
	*l = (struct place_list){ .n = 0 };
}

bool places_has_kernel(const struct host *h, const char *version)
{
	static const struct {
		const char *before, *behind;
	} where[] = { { "boot/vmlinuz-", "" }, { "boot/vmlinux-", "" },
		      { "boot/kernel-", "" },  { "lib/modules/", "/vmlinuz" } };
	char path[256];

	for (size_t i = 0; i < ARRAY(where); i++) {
		text_make(path, sizeof(path), "%s%s%s", where[i].before, version, where[i].behind);
		if (sysfs_exists(h->roots.root, path))
			return true;
	}
	return false;
}

/* --- partitions that are not mounted */

/* True: a line of the file has the path as its n-th word, from 0. */
static bool has_mount(int at, const char *file, unsigned n, const char *path)
{
	size_t cap = (size_t)1 << 20;
	char *text = xmalloc(cap), *rest = text, *line;
	bool found = false;

	if (sysfs_read_file(at, file, text, cap) < 0)
		*text = '\0';
	while (!found && (line = strsep(&rest, "\n"))) {
		char *word = line + strspn(line, " \t");
		for (unsigned i = 0; *word != '#' && i < n; i++) {
			word += strcspn(word, " \t");
			word += strspn(word, " \t");
		}
		size_t length = strcspn(word, " \t");
		while (length > 1 && word[length - 1] == '/')
			length--;
		found = *word == '/' && strlen(path) == length - 1 &&
			!strncmp(word + 1, path, length - 1);
	}
	free(text);
	return found;
}

static bool is_empty(const struct host *h, const char *directory)
{
	struct folder f;
	bool empty = true;

	if (folder_open(&f, h->roots.root, directory))
		for (const char *name; (name = folder_next(&f));)
			empty &= *name == '.' || !strcmp(name, "lost+found");
	return empty;
}

const char *places_unmounted(const struct host *h)
{
	for (size_t i = 0; i < ARRAY(bases); i++) {
		if (!has_mount(h->roots.root, "etc/fstab", 1, bases[i]))
			continue;
		if (is_empty(h, bases[i]) ||
		    (sysfs_exists(h->roots.proc, "self/mountinfo") &&
		     !has_mount(h->roots.proc, "self/mountinfo", 4, bases[i])))
			return bases[i];
	}
	return NULL;
}
