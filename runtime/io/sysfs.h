/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysfs.h - the only calls that touch files, directories, links and modules.
 *
 * All take a directory fd and a path below it. So a program can work on a copy of a tree, and
 * works on the right tree after the boot has moved its mounts. The unit tests link a scripted
 * kernel in place of this file.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "runtime/core/text.h"

/* Returns an fd of the directory, or -errno. Every call here returns -EBADF if `at` is
 * negative. */
int sysfs_dir(int at, const char *path);

/* Reads an attribute into buf and adds a NUL. Uses one read(2), as an attribute comes whole or
 * not at all. Returns its length without the NUL, or -errno; -E2BIG: it has cap bytes or more. */
ssize_t sysfs_read(int at, const char *path, char *buf, size_t cap);

/* The same for any file, read to its end. -EISDIR: it is a directory. */
ssize_t sysfs_read_file(int at, const char *path, char *buf, size_t cap);

/* Returns 0 if the path leads to a regular file, or -errno; -ENODEV: it leads to a directory, a
 * FIFO, a socket or a device. */
int sysfs_regular(int at, const char *path);

/* Calls each(line, arg) for every line of a file of any length, without its newline and cut after
 * 128 bytes, until it returns other than 0. Returns that value; 0 after the last line; or -errno
 * if the file cannot be opened. */
int sysfs_lines(int at, const char *path, int (*each)(struct slice line, void *arg), void *arg);

/* Reads exactly n bytes at an offset (config space). Returns 0, or -errno; -EIO: there are
 * fewer. */
int sysfs_read_at(int at, const char *path, void *buf, size_t n, off_t offset);

/* Writes the text with one write(2), as an attribute takes it whole or not at all. Returns 0, or
 * -errno. */
int sysfs_write(int at, const char *path, const char *text);

/* Reads the last component of a link's target (a driver's name, a group's number), or with whole
 * = 1 the target itself. Returns its length, or -errno; -ENOENT: no such link. */
ssize_t sysfs_link(int at, const char *path, int whole, char *buf, size_t cap);

/* Returns true if a line of the file has this word, between blanks, in its first 128 bytes. */
int sysfs_has_word(int at, const char *path, const char *word);

/* Returns true if the block device is claimed in the kernel: it is mounted, or a part of md or
 * ZFS. */
int sysfs_is_claimed(int at, const char *path);

/* Calls each(name, arg) for every entry whose name does not begin with a dot, until it returns
 * other than 0. Returns that value; 0 after the last entry; or -errno. If `path` is NULL it lists
 * `at` itself, which must not have been listed before. Do not call it from each(): the entries
 * are in a static buffer. */
int sysfs_list(int at, const char *path, int (*each)(const char *name, void *arg), void *arg);

/* Returns true if the path leads to a file of any kind. */
int sysfs_exists(int at, const char *path);

/* Loads a module from an uncompressed file. Returns 0, or -errno; -EEXIST: it is loaded already,
 * -ENOEXEC: it is for another kernel, -EKEYREJECTED: it is unsigned and the kernel locked
 * down. */
int sysfs_load_module(int at, const char *path, const char *params);

/* Clears the flag of an immutable file. Returns 0, or -errno. */
int sysfs_mutable(int at, const char *path);

/* Makes an empty file in a directory, which is made if it is missing. Returns 0, or -errno. */
int sysfs_touch(int at, const char *dir, const char *name);

/* Removes a file. Returns 0, or -errno. */
int sysfs_unlink(int at, const char *path);

/* Mounts a file system that has no device on /path; and unmounts it. Return 0, or -errno. */
int sysfs_mount(const char *path, const char *type);
int sysfs_umount(const char *path);

/* --- not in the boot binary */

/* From now on, paths below this fd cannot leave it: in a --sysroot, an absolute link or ".." must
 * not lead to the host's files. Returns 0, or -errno; -ENOSYS: the kernel is older than 5.6. */
int sysfs_confine(int root);

/* Returns what open(2) returns, or -errno. */
int sysfs_open(int at, const char *path, int flags);

/* Writes the absolute path of a file, with links resolved, for libraries that open it themselves.
 * Returns its length, or -errno. */
ssize_t sysfs_path(int at, const char *path, char *buf, size_t cap);
