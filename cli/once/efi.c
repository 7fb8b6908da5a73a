/* SPDX-License-Identifier: GPL-2.0-or-later */
/* efi.c - the token as a variable of the firmware, which no boot loader has to know. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>

#include "runtime/io/sysfs.h"
#include "cli/machine/whole_file.h"
#include "once.h"

#define EFI "sys/firmware/efi"
#define EFIVARS EFI "/efivars"
#define ATTRIBUTES_TEXT "\007\0\0" /* non-volatile, for boot and run time; a NUL behind it */
#define VARIABLE_MAX 4096

static bool is_mounted(const struct roots *roots)
{
	struct statfs fs;
	int dir = sysfs_dir(roots->root, EFIVARS);
	/* Below --sysroot the variables are files of a directory. */
	bool is = dir >= 0 && (!roots->real || (!fstatfs(dir, &fs) &&
						fs.f_type == EFIVARFS_MAGIC));

	if (dir >= 0)
		close(dir);
	return is;
}

static bool efi_there(const struct roots *roots, char *why, size_t size)
{
	if (!sysfs_exists(roots->root, EFI))
		text_make(why, size, "this machine has not booted by EFI");
	else if (!is_mounted(roots))
		/* The mount tells a kernel without variables: ENODEV. */
		text_make(why, size, "efivarfs is not mounted: mount -t efivarfs efivarfs /" EFIVARS
			  " (\"unknown filesystem type\" and \"no such device\" mean that the "
			  "kernel has no variables, as with noefi)");
	else
		return true;
	return false;
}

/* What an error of efivarfs means to a person. */
static int efi_failed(int error, char *why, size_t size)
{
	if (error == -ENOSPC)
		text_make(why, size, "the firmware has no room for a variable of %u bytes: delete "
			  "old ones, such as dump-type0-* in /" EFIVARS, ONCE_TOKEN_MAX);
	else if (error == -EROFS)
		text_make(why, size, "efivarfs is read-only: mount -o remount,rw /" EFIVARS);
	else if ((error == -EACCES || error == -EPERM) && geteuid())
		text_make(why, size, "needs root");
	else
		text_make(why, size, "/" EFIVARS "/" TOKEN_VARIABLE ": %s", strerror(-error));
	return error;
}

/* The kernel makes the file of a name that it does not know immutable (fs/efivarfs/inode.c,
 * efivarfs_get_inode()). Returns 0 if the variable is gone, or -errno. */
static int delete_variable(int dir)
{
	int r = sysfs_mutable(dir, TOKEN_VARIABLE);

	/* A directory that stands for efivarfs may have no such flag. */
	if (!r || r == -ENOTTY || r == -EOPNOTSUPP)
		r = sysfs_unlink(dir, TOKEN_VARIABLE);
	return r == -ENOENT ? 0 : r;
}

/* One write(2) is one call of the firmware: the variable is there whole, or not at all. What fails
 * leaves an empty file, until efivarfs is mounted the next time. */
static int write_variable(int dir, const char *token)
{
	char buf[TOKEN_ATTRIBUTES + ONCE_TOKEN_MAX] = ATTRIBUTES_TEXT;
	size_t n = strlen(token);
	int error = 0;

	if (n >= ONCE_TOKEN_MAX)
		return -E2BIG;
	text_make(buf + TOKEN_ATTRIBUTES, ONCE_TOKEN_MAX, "%s", token);
	int fd = openat(dir, TOKEN_VARIABLE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	ssize_t wrote = write(fd, buf, TOKEN_ATTRIBUTES + n);
	if (wrote != (ssize_t)(TOKEN_ATTRIBUTES + n))
		error = wrote < 0 ? -errno : -EIO;
	if (close(fd) && !error)
		error = -errno;
	if (error)
		delete_variable(dir);
	return error;
}

static int efi_pending(const struct roots *roots, char *token, size_t size)
{
	char *text;
	ssize_t n = whole_file(roots->root, EFIVARS "/" TOKEN_VARIABLE, VARIABLE_MAX, &text);

	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return (int)n;
	/* What is half there, or is not of this version, is no token for the boot either. */
	struct token found = { .word = TOKEN_NONE };
	if (n > TOKEN_ATTRIBUTES && (size_t)n - TOKEN_ATTRIBUTES < size)
		token_parse((struct slice){ text + TOKEN_ATTRIBUTES, (size_t)n - TOKEN_ATTRIBUTES },
			    &found);
	if (found.word)
		memcpy(token, text + TOKEN_ATTRIBUTES, (size_t)n - TOKEN_ATTRIBUTES + 1);
	free(text);
	return found.word != TOKEN_NONE;
}

/* True: the variable has this text. */
static bool holds(const struct roots *roots, const char *token)
{
	char *text;
	ssize_t n = whole_file(roots->root, EFIVARS "/" TOKEN_VARIABLE, VARIABLE_MAX, &text);
	bool is = n > TOKEN_ATTRIBUTES && !strcmp(text + TOKEN_ATTRIBUTES, token);

	if (n >= 0)
		free(text);
	return is;
}

static int efi_arm(const struct roots *roots, const char *token, char *why, size_t size)
{
	int dir = sysfs_dir(roots->root, EFIVARS);
	int r = dir < 0 ? dir : delete_variable(dir);

	if (!r)
		r = write_variable(dir, token);
	if (dir >= 0)
		close(dir);
	if (!r && !holds(roots, token))
		r = -EIO;
	return r ? efi_failed(r, why, size) : 0;
}

static int efi_cancel(const struct roots *roots, char *why, size_t size)
{
	int dir = sysfs_dir(roots->root, EFIVARS);
	int r = dir < 0 ? dir : delete_variable(dir);

	if (dir >= 0)
		close(dir);
	return r && r != -ENOENT ? efi_failed(r, why, size) : 0;
}

const struct once_means once_efi = {
	.name = "EFI variable",
	.probe = "0 profile that has a name of the length that is the longest one\n",
	.there = efi_there,
	.arm = efi_arm,
	.pending = efi_pending,
	.cancel = efi_cancel,
};
