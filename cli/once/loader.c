/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.c - the token as systemd-boot's LoaderEntryOneShot, which names an entry of its menu for
 * one boot. systemd-boot deletes the variable before it starts the entry.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/io/sysfs.h"
#include "cli/machine/whole_file.h"
#include "cli/out/xalloc.h"
#include "menu_id.h"
#include "variable.h"

#define VENDOR "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f" /* of systemd's variables */
#define ONE_SHOT "LoaderEntryOneShot" VENDOR
#define VARIABLE_MAX ((size_t)1 << 20)

/* Reads a variable, to be freed: texts with a NUL behind each, which are UTF-16 in there. Returns
 * their length with the NULs, or -errno. */
static ssize_t read_texts(const struct roots *roots, const char *name, char **ret)
{
	char path[128];
	ssize_t n = whole_file(roots->root,
			       text_make(path, sizeof(path), VARIABLE_DIR "/%s", name),
			       VARIABLE_MAX, ret);
	size_t len = 0;

	if (n < 0)
		return n;
	for (size_t i = VARIABLE_ATTRIBUTES; i + 1 < (size_t)n; i += 2)
		(*ret)[len++] = (*ret)[i + 1] ? '?' : (*ret)[i];
	(*ret)[len] = '\0';
	return (ssize_t)len + 1;
}

/* GRUB's module bli sets LoaderInfo, too, and knows no LoaderEntryOneShot. */
static bool has_booted(const struct roots *roots)
{
	char *text;
	bool is = read_texts(roots, "LoaderInfo" VENDOR, &text) > 0 &&
		  !strncmp(text, "systemd-boot ", 13);

	free(text);
	return is;
}

/* Finds the entry of the menu that stands for the token: of a unified kernel image, that of the
 * one that has booted. Returns its ID, to be freed; NULL: there is none. systemd-boot deletes an ID
 * that it does not know, and boots the default without a word. It has all IDs in small letters. */
static char *find_entry(const struct roots *roots, const char *token)
{
	char *all, *selected, now[ONCE_TOKEN_MAX], *found = NULL;
	ssize_t n = read_texts(roots, "LoaderEntries" VENDOR, &all);

	if (read_texts(roots, "LoaderEntrySelected" VENDOR, &selected) < 0)
		selected = NULL;
	for (const char *id = all; n > 0 && id < all + n; id += strlen(id) + 1) {
		size_t image = strcspn(id, "@");
		bool same = selected && id[image] && !strncmp(id, selected, image) &&
			    (!selected[image] || selected[image] == '@');
		if (menu_id_token(slice_of(id), now, sizeof(now)) <= 0 ||
		    strcasecmp(now, token) != 0 || (found && !same))
			continue;
		free(found);
		found = xstrdup(id);
	}
	free(all);
	free(selected);
	return found;
}

static bool loader_there(const struct roots *roots, char *why, size_t size)
{
	if (!has_booted(roots)) {
		text_make(why, size, "systemd-boot has not booted this machine");
		return false;
	}
	char *id = find_entry(roots, ONCE_OFF);
	bool has = id;
	free(id);
	if (!has)
		text_make(why, size, "its menu had no entries for this at the last boot: vgapass "
			  "menu, and reboot");
	return has;
}

/* The name in UTF-16, with its NUL. */
static int write_entry(const struct roots *roots, const char *id)
{
	char buf[VARIABLE_DATA_MAX] = { 0 };
	size_t n = strlen(id);

	if (2 * (n + 1) > sizeof(buf))
		return -E2BIG;
	for (size_t i = 0; i < n; i++)
		buf[2 * i] = id[i];
	return variable_put(roots, ONE_SHOT, buf, 2 * (n + 1));
}

static int loader_pending(const struct roots *roots, char *token, size_t size)
{
	char *id;
	ssize_t n = read_texts(roots, ONE_SHOT, &id);
	int r = n > 0 ? menu_id_token(slice_of(id), token, size) : n == -ENOENT ? 0 : (int)n;

	free(id);
	return r;
}

static int loader_arm(const struct roots *roots, const char *token, char *why, size_t size)
{
	char name[MENU_ID_MAX], now[ONCE_TOKEN_MAX], *id = find_entry(roots, token);
	int r = menu_id_of(token, name);

	if (!id || r) {
		text_make(why, size, "its menu had no entry %s at the last boot: vgapass menu, and "
			  "reboot", r ? "" : name);
		free(id);
		return -ENOENT;
	}
	r = write_entry(roots, id);
	if (!r && (loader_pending(roots, now, sizeof(now)) <= 0 ||
		   strcasecmp(now, token) != 0))
		r = -EIO;
	free(id);
	return r ? variable_failed(r, ONE_SHOT, why, size) : 0;
}

static int loader_cancel(const struct roots *roots, char *why, size_t size)
{
	char token[ONCE_TOKEN_MAX];
	int r = loader_pending(roots, token, sizeof(token));

	if (r > 0)
		r = variable_delete(roots, ONE_SHOT);
	return r ? variable_failed(r, ONE_SHOT, why, size) : 0;
}

const struct once_means once_loader = {
	.name = "systemd-boot's one-shot entry",
	.there = loader_there,
	.arm = loader_arm,
	.pending = loader_pending,
	.cancel = loader_cancel,
};
