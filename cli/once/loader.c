/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.c - the token as systemd-boot's LoaderEntryOneShot, which names an entry of its menu for
 * one boot. systemd-boot deletes the variable before it starts the entry.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/machine/whole_file.h"
#include "cli/out/xalloc.h"
#include "menu_id.h"

#define EFIVARS "sys/firmware/efi/efivars"
#define VENDOR "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f" /* of systemd's variables */
#define ONE_SHOT "LoaderEntryOneShot" VENDOR
#define ATTRIBUTES 4
#define VARIABLE_MAX ((size_t)1 << 20)

/* Reads a variable, to be freed: texts with a NUL behind each, which are UTF-16 in there. Returns
 * their length with the NULs, or -errno. */
static ssize_t read_texts(const struct roots *roots, const char *name, char **ret)
{
	char path[128];
	ssize_t n = whole_file(roots->root,
			       text_make(path, sizeof(path), EFIVARS "/%s", name), VARIABLE_MAX,
			       ret);
	size_t len = 0;

	if (n < 0)
		return n;
	for (size_t i = ATTRIBUTES; i + 1 < (size_t)n; i += 2)
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

static int loader_failed(int error, char *why, size_t size)
{
	if (error == -EROFS)
		text_make(why, size, "efivarfs is read-only: mount -o remount,rw /" EFIVARS);
	else if (error == -ENOSPC)
		text_make(why, size, "the firmware has no room for a variable");
	else
		text_make(why, size, "/" EFIVARS "/" ONE_SHOT ": %s", strerror(-error));
	return error;
}

/* Returns 0 if the variable is gone, or -errno. Its file is immutable; one in a directory that
 * stands for efivarfs may have no such flag. */
static int delete_variable(int dir)
{
	int r = sysfs_mutable(dir, ONE_SHOT);

	if (!r || r == -ENOTTY || r == -EOPNOTSUPP)
		r = sysfs_unlink(dir, ONE_SHOT);
	return r == -ENOENT ? 0 : r;
}

/* One write(2) is one call of the firmware: the variable is there whole, or not at all. */
static int write_variable(int dir, const char *id)
{
	char buf[ATTRIBUTES + 2 * 512] = { 7 }; /* non-volatile, for boot and run time */
	size_t n = ATTRIBUTES;
	int error = 0;

	if (strlen(id) >= 512)
		return -E2BIG;
	for (; *id; n += 2)
		buf[n] = *id++;
	n += 2;
	int fd = openat(dir, ONE_SHOT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	ssize_t wrote = write(fd, buf, n);
	if (wrote != (ssize_t)n)
		error = wrote < 0 ? -errno : -EIO;
	close(fd);
	if (error)
		delete_variable(dir);
	return error;
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
	int dir = sysfs_dir(roots->root, EFIVARS);
	r = dir < 0 ? dir : delete_variable(dir);
	if (!r)
		r = write_variable(dir, id);
	if (dir >= 0)
		close(dir);
	if (!r && (loader_pending(roots, now, sizeof(now)) <= 0 ||
		   strcasecmp(now, token) != 0))
		r = -EIO;
	free(id);
	return r ? loader_failed(r, why, size) : 0;
}

static int loader_cancel(const struct roots *roots, char *why, size_t size)
{
	char token[ONCE_TOKEN_MAX];
	int r = loader_pending(roots, token, sizeof(token));

	if (r > 0) {
		int dir = sysfs_dir(roots->root, EFIVARS);
		r = dir < 0 ? dir : delete_variable(dir);
		if (dir >= 0)
			close(dir);
	}
	return r ? loader_failed(r, why, size) : 0;
}

const struct once_means once_loader = {
	.name = "systemd-boot's one-shot entry",
	.there = loader_there,
	.arm = loader_arm,
	.pending = loader_pending,
	.cancel = loader_cancel,
};
