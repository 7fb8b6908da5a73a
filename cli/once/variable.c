/* SPDX-License-Identifier: GPL-2.0-or-later */
/* variable.c - see variable.h */
#include "variable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"

/* The kernel makes the file of a name that it does not know immutable (fs/efivarfs/inode.c,
 * efivarfs_get_inode()). */
static int delete_file(int dir, const char *name)
{
	int r = sysfs_mutable(dir, name);

	/* A directory that stands for efivarfs may have no such flag. */
	if (!r || r == -ENOTTY || r == -EOPNOTSUPP)
		r = sysfs_unlink(dir, name);
	return r == -ENOENT ? 0 : r;
}

/* What fails leaves an empty file, until efivarfs is mounted the next time. */
static int write_file(int dir, const char *name, const void *data, size_t n)
{
	char buf[VARIABLE_ATTRIBUTES + VARIABLE_DATA_MAX] = { 7 };
	const size_t whole = VARIABLE_ATTRIBUTES + n;
	int error = 0;

	if (n > VARIABLE_DATA_MAX)
		return -E2BIG;
	memcpy(buf + VARIABLE_ATTRIBUTES, data, n);
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	ssize_t wrote = write(fd, buf, whole);
	if (wrote != (ssize_t)whole)
		error = wrote < 0 ? -errno : -EIO;
	if (close(fd) && !error)
		error = -errno;
	if (error)
		delete_file(dir, name);
	return error;
}

int variable_put(const struct roots *roots, const char *name, const void *data, size_t n)
{
	int dir = sysfs_dir(roots->root, VARIABLE_DIR);
	int r = dir < 0 ? dir : delete_file(dir, name);

	if (!r)
		r = write_file(dir, name, data, n);
	if (dir >= 0)
		close(dir);
	return r;
}

int variable_delete(const struct roots *roots, const char *name)
{
	int dir = sysfs_dir(roots->root, VARIABLE_DIR);
	int r = dir < 0 ? dir : delete_file(dir, name);

	if (dir >= 0)
		close(dir);
	return r;
}

int variable_failed(int error, const char *name, char *why, size_t size)
{
	if (error == -ENOSPC)
		text_make(why, size, "the firmware has no room for a variable: delete old ones, "
			  "such as dump-type0-* in /" VARIABLE_DIR);
	else if (error == -EROFS)
		text_make(why, size, "efivarfs is read-only: mount -o remount,rw /" VARIABLE_DIR);
	else if ((error == -EACCES || error == -EPERM) && geteuid())
		text_make(why, size, "needs root");
	else
		text_make(why, size, "/" VARIABLE_DIR "/%s: %s", name, strerror(-error));
	return error;
}
