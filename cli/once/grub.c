/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grub.c - the token as GRUB's next_entry, which names an entry of its menu for one boot.
 *
 * GRUB takes it out of its environment block before it loads the kernel, as the code does that
 * grub-mkconfig puts at the start of grub.cfg. It can do so only where it can write: it puts the
 * block back to the sectors that it has read it from.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/machine/whole_file.h"
#include "cli/out/xalloc.h"
#include "menu_id.h"

#define CFG_MAX ((size_t)4 << 20)
#define MOUNTS_MAX ((size_t)4 << 20)
#define HEADER "# GRUB Environment Block\n"
#define VARIABLE "next_entry="
#define BLOCK_MAX 65536

static const char *grub_folder(const struct roots *roots)
{
	return sysfs_exists(roots->root, "boot/grub2/grub.cfg") ? "boot/grub2" : "boot/grub";
}

/* "/boot/grub/grubenv" */
static const char *block_path(const struct roots *roots)
{
	static char path[64];

	return text_make(path, sizeof(path), "/%s/grubenv", grub_folder(roots));
}

/* --- can GRUB take it out? */

/* Where the block is mounted: the type and the source of its file system. */
struct mount {
	char type[32], source[256];
};

static void find_mount(const struct roots *roots, struct mount *ret)
{
	char path[4096], *text;
	size_t longest = 0;

	*ret = (struct mount){ .type = "" };
	if (!roots->real || sysfs_path(roots->root, block_path(roots) + 1, path, sizeof(path)) < 0)
		text_make(path, sizeof(path), "%s", block_path(roots));
	if (whole_file(roots->proc, "mounts", MOUNTS_MAX, &text) < 0)
		return;
	struct slice rest = slice_of(text);
	while (rest.n) {
		struct slice line = slice_cut(&rest, '\n');
		struct slice source = slice_cut(&line, ' '), at = slice_cut(&line, ' ');
		struct slice type = slice_cut(&line, ' ');
		size_t n = at.n == 1 ? 0 : at.n; /* of "/" nothing has to match */
		/* The last one that is mounted at a place covers those before. */
		if (n < longest || strncmp(path, at.p, n) != 0 || path[n] != '/')
			continue;
		longest = n;
		text_make(ret->type, sizeof(ret->type), "%pv", &type);
		text_make(ret->source, sizeof(ret->source), "%pv", &source);
	}
	free(text);
}

/* GRUB writes to where it has read: not where each write goes elsewhere (btrfs, ZFS), and not where
 * a disk is put together of others (grub-core/disk/diskfilter.c cannot write). */
static bool can_take_out(const struct roots *roots, char *why, size_t size)
{
	static const char *const parts[] = { "/dev/mapper/", "/dev/dm-", "/dev/md" };
	struct mount m;

	find_mount(roots, &m);
	if (slice_word(slice_of(m.type), "ext2|ext3|ext4|vfat|xfs") == SLICE_NO_WORD) {
		text_make(why, size, "GRUB cannot write %s on %s", block_path(roots),
			  *m.type ? m.type : "an unknown file system");
		return false;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strncmp(m.source, parts[i], strlen(parts[i]))) {
			text_make(why, size, "GRUB cannot write %s on %s", block_path(roots),
				  m.source);
			return false;
		}
	return true;
}

/* --- the menu */

/* Returns the value of next_entry that boots our entry, in `value`. False: the menu has none. With
 * blscfg, as on Fedora, entries are files. */
static bool find_entry(const struct roots *roots, const char *cfg, const char *id,
		       char value[MENU_ID_MAX])
{
	char quoted[MENU_ID_MAX + 2], path[MENU_ID_MAX + 64];

	text_make(quoted, sizeof(quoted), "'%s'", id);
	text_make(value, MENU_ID_MAX, "%s", id);
	if (strstr(cfg, quoted))
		return true;
	text_make(value, MENU_ID_MAX, "~%s", id);
	text_make(path, sizeof(path), "boot/loader/entries/%s.conf", value);
	return strstr(cfg, "blscfg") && sysfs_exists(roots->root, path);
}

static bool has_booted(const struct roots *roots)
{
	char *cmdline;
	bool has = whole_file(roots->proc, "cmdline", CFG_MAX, &cmdline) >= 0 &&
		   strstr(cmdline, "BOOT_IMAGE=");

	free(cmdline);
	return has;
}

/* Reads grub.cfg, to be freed. NULL, and `why` says it: GRUB does not boot this machine, or has no
 * entry that can be booted once. */
static char *read_menu(const struct roots *roots, char *why, size_t size)
{
	char path[64], *cfg;

	text_make(path, sizeof(path), "%s/grub.cfg", grub_folder(roots));
	if (!has_booted(roots) || whole_file(roots->root, path, CFG_MAX, &cfg) < 0) {
		text_make(why, size, "GRUB has not booted this machine");
		return NULL;
	}
	if (strstr(cfg, "load_env") && strstr(cfg, "next_entry"))
		return cfg;
	text_make(why, size, "/%s does not look at next_entry: make it by grub-mkconfig", path);
	free(cfg);
	return NULL;
}

static bool grub_there(const struct roots *roots, char *why, size_t size)
{
	char value[MENU_ID_MAX], *cfg = read_menu(roots, why, size);
	bool has = cfg && find_entry(roots, cfg, "vgapass-off", value);

	if (cfg && !has)
		text_make(why, size, "its menu has no entries for this: vgapass menu");
	free(cfg);
	if (!has || !can_take_out(roots, why, size))
		return false;
	if (sysfs_exists(roots->root, block_path(roots) + 1))
		return true;
	text_make(why, size, "%s is not there: grub-editenv %s create", block_path(roots),
		  block_path(roots));
	return false;
}

/* --- the block */

/* Reads the block, to be freed: its variables, and nothing of what fills it up. Returns its size,
 * or -errno; -EINVAL: it is none. */
static ssize_t read_block(const struct roots *roots, char **ret)
{
	ssize_t size = whole_file(roots->root, block_path(roots) + 1, BLOCK_MAX, ret), n = size;

	if (size < 0)
		return size;
	while (n && (*ret)[n - 1] == '#')
		n--;
	(*ret)[n] = '\0';
	if (!strncmp(*ret, HEADER, strlen(HEADER)) && n && (*ret)[n - 1] == '\n')
		return size;
	free(*ret);
	*ret = NULL;
	return -EINVAL;
}

/* Puts the block back, with next_entry=VALUE; NULL: without. It stays in its place on the disk,
 * where GRUB writes. Half of a value, as a power cut may leave it, is no entry's name: GRUB boots
 * the default then. Returns 0, or -errno; -ENOSPC: it has no room. */
static int write_block(const struct roots *roots, const char *value)
{
	char *old, *block;
	ssize_t size = read_block(roots, &old);
	struct text t;

	if (size < 0)
		return (int)size;
	block = xmalloc((size_t)size + 1);
	text_start(&t, block, (size_t)size + 1);
	for (struct slice rest = slice_of(old); rest.n;) {
		struct slice line = slice_cut(&rest, '\n');
		if (line.n < strlen(VARIABLE) || memcmp(line.p, VARIABLE, strlen(VARIABLE)) != 0)
			text_add(&t, "%pv\n", &line);
	}
	if (value)
		text_add(&t, VARIABLE "%s\n", value);
	int r = t.cut ? -ENOSPC : 0, fd = -1;
	if (!r)
		memset(block + t.len, '#', (size_t)size - t.len);
	if (!r && (fd = sysfs_open(roots->root, block_path(roots) + 1, O_WRONLY | O_CLOEXEC)) < 0)
		r = fd;
	if (!r && (pwrite(fd, block, (size_t)size, 0) != size || fsync(fd)))
		r = errno ? -errno : -EIO;
	if (fd >= 0)
		close(fd);
	free(block);
	free(old);
	return r;
}

/* Returns 1 and the value of next_entry; 0: it has none; or -errno. */
static int read_value(const struct roots *roots, char value[MENU_ID_MAX])
{
	char *block;
	ssize_t size = read_block(roots, &block);
	int found = 0;

	if (size < 0)
		return size == -ENOENT ? 0 : (int)size;
	for (struct slice rest = slice_of(block); rest.n;) {
		struct slice line = slice_cut(&rest, '\n'), name = slice_cut(&line, '=');
		if (slice_is(name, "next_entry") && line.n && line.n < MENU_ID_MAX) {
			text_make(value, MENU_ID_MAX, "%pv", &line);
			found = 1;
		}
	}
	free(block);
	return found;
}

static int grub_failed(const struct roots *roots, int error, char *why, size_t size)
{
	if (error == -EINVAL)
		text_make(why, size, "%s is no environment block: grub-editenv %s create",
			  block_path(roots), block_path(roots));
	else if (error == -ENOSPC)
		text_make(why, size, "%s has no room: grub-editenv %s list, and unset",
			  block_path(roots), block_path(roots));
	else
		text_make(why, size, "%s: %s", block_path(roots), strerror(-error));
	return error;
}

/* --- as once.h has it */

static int grub_pending(const struct roots *roots, char *token, size_t size)
{
	char value[MENU_ID_MAX];
	int r = read_value(roots, value);

	return r > 0 ? menu_id_token(slice_of(value), token, size) : r;
}

static int grub_arm(const struct roots *roots, const char *token, char *why, size_t size)
{
	char id[MENU_ID_MAX], value[MENU_ID_MAX], now[ONCE_TOKEN_MAX];
	int r = menu_id_of(token, id);
	char *cfg = r ? NULL : read_menu(roots, why, size);

	if (r)
		return grub_failed(roots, r, why, size);
	if (!cfg)
		return -ENOENT;
	bool has = find_entry(roots, cfg, id, value);
	free(cfg);
	if (!has) {
		text_make(why, size, "its menu has no entry %s: vgapass menu", id);
		return -ENOENT;
	}
	r = write_block(roots, value);
	if (!r && (grub_pending(roots, now, sizeof(now)) <= 0 || strcmp(now, token) != 0))
		r = -EIO;
	return r ? grub_failed(roots, r, why, size) : 0;
}

static int grub_cancel(const struct roots *roots, char *why, size_t size)
{
	char token[ONCE_TOKEN_MAX];
	int r = grub_pending(roots, token, sizeof(token));

	if (r > 0)
		r = write_block(roots, NULL);
	return r ? grub_failed(roots, r, why, size) : 0;
}

const struct once_means once_grub = {
	.name = "GRUB's next_entry",
	.there = grub_there,
	.arm = grub_arm,
	.pending = grub_pending,
	.cancel = grub_cancel,
};
